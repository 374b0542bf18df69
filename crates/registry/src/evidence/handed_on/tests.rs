use super::*;
use customs_ecosystem::pypi::{CoreMetadata, Yanked};
use serde_json::{Value, json};

fn version(text: &str) -> Version {
    Version::new(text).unwrap()
}

fn objects(all: &[Value]) -> Named {
    let versions: Vec<Version> = (0..all.len())
        .map(|n| version(&format!("{n}.0.0")))
        .collect();
    let read = all.iter().map(|object| match object {
        Value::Null => Err("unreadable".to_owned()),
        object => Object::read(object.to_string().as_bytes()),
    });
    of_objects(versions.iter().zip(read))
}

fn signed() -> Value {
    json!({"dist": {"signatures": [{"keyid": "k", "sig": "s"}]}})
}

fn attested() -> Value {
    json!({"dist": {"attestations": {"url": "u"}}})
}

fn of_attestations(named: &Named, told: Option<Told<String>>) -> HandedOn {
    attestations(Kind::Attestations, ON_NPM, named, told.as_ref())
}

#[test]
fn one_signed_release_shows_that_signatures_are_handed_on() {
    let named = objects(&[json!({}), signed(), Value::Null]);
    assert_eq!(signatures(&named).answer, Answer::Yes);
}

#[test]
fn where_no_release_of_a_signed_package_is_signed_they_are_stripped() {
    let told = signatures(&objects(&[json!({"dist": {}}), attested()]));
    assert_eq!(told.answer, Answer::No);
    assert_eq!(
        told.seen.unwrap(),
        "sigstore is published with them, and of its 2 releases here none has any"
    );
}

#[test]
fn what_cannot_be_read_or_is_not_there_says_nothing() {
    for named in [objects(&[]), objects(&[json!({}), Value::Null])] {
        for told in [signatures(&named), of_attestations(&named, None)] {
            assert!(matches!(told.answer, Answer::NotChecked(_)), "{told:?}");
            assert!(told.seen.is_none());
        }
    }
}

#[test]
fn attestations_have_to_be_handed_out_and_not_only_named() {
    let named = objects(&[json!({}), attested(), attested()]);
    assert_eq!(named.attested, Some(version("1.0.0")));
    let of = |told| of_attestations(&named, Some(told)).answer;
    assert_eq!(of(Told::Here("{}".to_owned())), Answer::Yes);
    assert_eq!(of(Told::Stripped), Answer::No);
    assert_eq!(
        of(Told::Failed("it answered 500".to_owned())),
        Answer::not_checked("it answered 500")
    );
    let none = of_attestations(&objects(&[signed()]), None);
    assert_eq!(none.answer, Answer::No, "{none:?}");
}

fn file(name: &str, provenance: Option<&str>) -> File {
    File {
        filename: name.to_owned(),
        url: format!("https://files.example/{name}"),
        digests: Vec::new(),
        size: None,
        upload_time: None,
        upload_time_digits: 0,
        requires_python: None,
        yanked: Yanked::No,
        core_metadata: CoreMetadata::Absent,
        provenance: provenance.map(str::to_owned),
        gpg_sig: None,
        version: Some(version("1.0.0")),
    }
}

#[test]
fn a_page_without_a_provenance_address_has_them_stripped() {
    let bare = [file("a-1.0.0.tar.gz", None), file("a-1.0.0.zip", None)];
    let (named, asked) = of_files(&bare);
    assert!(asked.is_none());
    let told = attestations(Kind::Provenance, ON_PYPI, &named, None);
    assert_eq!(told.answer, Answer::No);
    assert_eq!(
        told.seen.unwrap(),
        "pypi-attestations is published with them, and of its 2 files here none has any"
    );
}

#[test]
fn the_last_file_of_a_page_that_names_one_is_asked_for() {
    let files = [
        file("a-1.0.0.tar.gz", Some("https://index.example/1")),
        file("a-1.0.1.tar.gz", Some("https://index.example/2")),
        file("a-1.0.2.tar.gz", None),
    ];
    let (_, asked) = of_files(&files);
    assert_eq!(asked.unwrap().filename, "a-1.0.1.tar.gz");
}
