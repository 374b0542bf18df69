mod schema;

use super::*;
use crate::testing::{any_record, hostile_record, package, record, shuffled};
use customs_model::Answer;
use proptest::prelude::*;
use schema::complies;
use serde_json::Value;

fn document(record: &Record) -> Value {
    let document: Value = serde_json::from_str(&text(record).unwrap()).unwrap();
    complies(&document);
    document
}

/// The component of a package.
fn component<'a>(document: &'a Value, reference: &str) -> &'a Value {
    let components = document["components"].as_array().unwrap();
    let mut all = components.iter();
    all.find(|component| component["bom-ref"] == reference).unwrap()
}

#[test]
fn a_package_stands_with_its_digests_places_files_and_answers() {
    let document = document(&record());
    let changed = component(&document, "pkg:npm/left-pad@1.3.0");
    insta::assert_snapshot!(serde_json::to_string_pretty(changed).unwrap(), @"");
}

#[test]
fn the_document_says_who_made_it_when_and_what_is_not_in_it() {
    let mut document = document(&record());
    document["metadata"]["tools"]["components"][0]["version"] = "VERSION".into();
    document.as_object_mut().unwrap().remove("components");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @"");
}

#[test]
fn a_scope_is_the_group_of_a_name() {
    let document = document(&record());
    let scoped = component(&document, "pkg:npm/%40acme/tool@1.2.3");
    assert_eq!(scoped["group"], "@acme");
    assert_eq!(scoped["name"], "tool");
}

#[test]
fn one_release_with_two_accounts_has_two_references_and_both_are_depended_on() {
    let mut record = record();
    record.packages.push(package("pkg:npm/left-pad@1.3.0", &["elsewhere"]));
    let document = document(&record);
    let on = &document["dependencies"][0];
    assert_eq!(on["ref"], "pkg:npm/%40acme/tool@1.2.3");
    let both = ["pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.0#2"];
    assert_eq!(on["dependsOn"], serde_json::json!(both));
}

#[test]
fn an_address_is_one_only_where_it_is_verified_and_plain() {
    let mut record = record();
    let url = |record: &Record| {
        let document = document(record);
        component(&document, "pkg:npm/%40acme/tool@1.2.3")["externalReferences"][0]["url"].clone()
    };
    assert_eq!(url(&record), "https://github.com/acme/tool");
    for bad in ["javascript:alert(1)", "https://a.example/\u{202e}", "https://u@a.example", "https://"] {
        record.packages[0].origin.repository = Some(bad.to_owned());
        assert_eq!(url(&record), Value::Null, "{bad}");
    }
    record.packages[0].origin.repository = Some("https://github.com/acme/tool".to_owned());
    record.packages[0].origin.attestation = Answer::not_checked("offline");
    assert_eq!(url(&record), Value::Null);
}

#[test]
fn a_serial_number_is_the_same_for_the_same_record_only() {
    let mut other = record();
    other.packages[0].files[0].standing = "explained".to_owned();
    let number = |record: &Record| document(record)["serialNumber"].clone();
    assert_eq!(number(&shuffled(&record())), number(&record()));
    assert_ne!(number(&other), number(&record()));
}

#[test]
fn hostile_names_are_told_exactly_and_steer_nothing() {
    let record = hostile_record();
    let text = text(&record).unwrap();
    crate::shown::tests::steers_nothing(&text.replace("##[", ""));
    let document = document(&record);
    assert_eq!(document["metadata"]["component"]["name"], crate::testing::HOSTILE);
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_document_complies_and_is_always_the_same(record in any_record()) {
        document(&record);
        prop_assert_eq!(text(&shuffled(&record)).unwrap(), text(&record).unwrap());
    }
}
