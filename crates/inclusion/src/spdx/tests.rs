mod schema;

use super::*;
use crate::testing::{any_record, digest, hostile_record, package, record, shuffled};
use proptest::prelude::*;
use schema::complies;
use serde_json::{Value, json};

fn document(record: &Record) -> Value {
    let document: Value = serde_json::from_str(&text(record).unwrap()).unwrap();
    complies(&document);
    document
}

fn entry<'a>(document: &'a Value, list: &str, id: &str) -> &'a Value {
    let mut all = document[list].as_array().unwrap().iter();
    all.find(|entry| entry["SPDXID"] == id).unwrap()
}

#[test]
fn a_package_stands_with_its_checksums_purl_code_and_answers() {
    let version = format!("customs-{TOOL_VERSION}");
    let document = document(&record());
    let changed = entry(&document, "packages", "SPDXRef-Package-npm-left-pad-1.3.0");
    let text = serde_json::to_string_pretty(changed).unwrap();
    insta::assert_snapshot!(text.replace(&version, "customs-VERSION"), @"");
}

#[test]
fn files_have_both_digests_and_belong_to_their_package() {
    let document = document(&record());
    let good = "SPDXRef-Package-npm--acme-tool-1.2.3";
    let relationships = document["relationships"].as_array().unwrap();
    let contained = relationships
        .iter()
        .filter(|r| r["spdxElementId"] == good && r["relationshipType"] == "CONTAINS")
        .map(|r| entry(&document, "files", r["relatedSpdxElement"].as_str().unwrap()));
    let contained: Vec<&Value> = contained.collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&contained).unwrap(), @"");
}

#[test]
fn the_code_of_a_package_is_the_sha1_over_the_sorted_sha1s() {
    let record = record();
    let document = document(&record);
    let good = entry(&document, "packages", "SPDXRef-Package-npm--acme-tool-1.2.3");
    let mut all: Vec<String> = ["module.exports = 1\n", "{}\n"]
        .map(|content| digest(DigestAlgorithm::Sha1, content).to_hex())
        .to_vec();
    all.sort();
    let code = digest(DigestAlgorithm::Sha1, &all.concat()).to_hex();
    assert_eq!(good["packageVerificationCode"], json!({ "packageVerificationCodeValue": code }));
}

#[test]
fn dependencies_lead_to_packages_and_those_that_are_absent_are_told() {
    let mut record = record();
    record.packages.push(package("pkg:npm/left-pad@1.3.0", &["elsewhere"]));
    let document = document(&record);
    let relationships = document["relationships"].as_array().unwrap().iter();
    let on: Vec<&Value> = relationships
        .filter(|r| r["relationshipType"] == "DEPENDS_ON")
        .map(|r| &r["relatedSpdxElement"])
        .collect();
    let both = ["SPDXRef-Package-npm-left-pad-1.3.0", "SPDXRef-Package-npm-left-pad-1.3.0-2"];
    assert_eq!(on, both);
    let changed = entry(&document, "packages", both[1]);
    assert!(changed.to_string().contains("customs:depends-on-absent=pkg:npm/gone@0.0.1"));
}

#[test]
fn a_namespace_is_the_same_for_the_same_record_only() {
    let mut other = record();
    other.not_checked.clear();
    let namespace = |record: &Record| document(record)["documentNamespace"].clone();
    assert_eq!(namespace(&shuffled(&record())), namespace(&record()));
    assert_ne!(namespace(&other), namespace(&record()));
}

#[test]
fn a_file_without_a_sha1_is_refused_by_name() {
    let mut record = record();
    let file = &mut record.packages[0].files[0];
    file.sha1 = file.sha256.clone();
    assert_eq!(
        text(&record).unwrap_err().to_string(),
        "\"index.js\" of @acme/tool@1.2.3 has no SHA-1 and SHA-256: make the record anew"
    );
}

#[test]
fn hostile_names_are_told_exactly_and_steer_nothing() {
    let record = hostile_record();
    crate::shown::tests::steers_nothing(&text(&record).unwrap().replace("##[", ""));
    let document = document(&record);
    assert_eq!(document["name"], crate::testing::HOSTILE);
    let names = document["files"].as_array().unwrap().iter().map(|file| &file["fileName"]);
    let expected = format!("./{}", crate::testing::HOSTILE);
    assert_eq!(names.filter(|name| **name == expected).count(), record.packages.len());
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_document_complies_and_is_always_the_same(record in any_record()) {
        document(&record);
        prop_assert_eq!(text(&shuffled(&record)).unwrap(), text(&record).unwrap());
    }
}
