//! The rules of SPDX 2.3 for the parts that are written: members that are required and allowed,
//! forms of values, identifiers that stand once, relationships that lead somewhere.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn complies(document: &Value) {
    let required = [
        "spdxVersion",
        "dataLicense",
        "SPDXID",
        "name",
        "documentNamespace",
        "creationInfo",
        "packages",
        "files",
        "relationships",
    ];
    object(document, &required, &[]);
    assert_eq!(document["spdxVersion"], "SPDX-2.3");
    assert_eq!(document["dataLicense"], "CC0-1.0");
    assert_eq!(document["SPDXID"], "SPDXRef-DOCUMENT");
    let namespace = text(&document["documentNamespace"]);
    assert!(namespace.starts_with("urn:uuid:") && !namespace.contains('#'));
    object(&document["creationInfo"], &["created", "creators"], &[]);
    date(&document["creationInfo"]["created"]);
    for creator in list(&document["creationInfo"]["creators"]) {
        assert!(text(creator).starts_with("Tool: "));
    }
    let mut ids = BTreeSet::from(["SPDXRef-DOCUMENT".to_owned()]);
    let mut id = |entry: &Value| {
        let id = text(&entry["SPDXID"]);
        let rest = id.strip_prefix("SPDXRef-").unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        assert!(!rest.is_empty() && rest.chars().all(is_plain), "{id}");
        assert!(ids.insert(id.to_owned()), "{id} twice");
    };
    list(&document["packages"]).iter().for_each(&mut id);
    list(&document["files"]).iter().for_each(&mut id);
    list(&document["packages"]).iter().for_each(package);
    list(&document["files"]).iter().for_each(file);
    relationships(document, &ids);
}

fn package(package: &Value) {
    let required = [
        "SPDXID",
        "name",
        "downloadLocation",
        "filesAnalyzed",
        "licenseConcluded",
        "licenseDeclared",
        "copyrightText",
        "primaryPackagePurpose",
    ];
    let allowed = [
        "versionInfo",
        "packageVerificationCode",
        "checksums",
        "licenseInfoFromFiles",
        "externalRefs",
        "annotations",
    ];
    object(package, &required, &allowed);
    for key in [
        "downloadLocation",
        "licenseConcluded",
        "licenseDeclared",
        "copyrightText",
    ] {
        assert_eq!(package[key], "NOASSERTION");
    }
    assert!(["APPLICATION", "LIBRARY"].contains(&text(&package["primaryPackagePurpose"])));
    // Clause 7.9: a code exactly where files were analyzed.
    let is_analyzed = package["filesAnalyzed"].as_bool().unwrap();
    for key in ["packageVerificationCode", "licenseInfoFromFiles"] {
        assert_eq!(package.get(key).is_some(), is_analyzed, "{key}");
    }
    if let Some(code) = package.get("packageVerificationCode") {
        object(code, &["packageVerificationCodeValue"], &[]);
        hex(&code["packageVerificationCodeValue"], 40);
    }
    package.get("checksums").map(checksums);
    for reference in package.get("externalRefs").map(list).unwrap_or_default() {
        let required = ["referenceCategory", "referenceType", "referenceLocator"];
        object(reference, &required, &[]);
        assert_eq!(reference["referenceCategory"], "PACKAGE-MANAGER");
        assert_eq!(reference["referenceType"], "purl");
        assert!(text(&reference["referenceLocator"]).starts_with("pkg:"));
    }
    for note in package.get("annotations").map(list).unwrap_or_default() {
        let required = ["annotationDate", "annotationType", "annotator", "comment"];
        object(note, &required, &[]);
        date(&note["annotationDate"]);
        assert_eq!(note["annotationType"], "OTHER");
        assert!(text(&note["annotator"]).starts_with("Tool: "));
        assert!(text(&note["comment"]).starts_with("customs:"));
    }
}

fn file(file: &Value) {
    let required = [
        "fileName",
        "SPDXID",
        "checksums",
        "licenseConcluded",
        "licenseInfoInFiles",
        "copyrightText",
        "comment",
    ];
    object(file, &required, &[]);
    assert!(text(&file["fileName"]).starts_with("./"));
    let algorithms = checksums(&file["checksums"]);
    assert_eq!(algorithms, ["SHA1", "SHA256"]);
}

fn checksums(all: &Value) -> Vec<&str> {
    let mut algorithms = Vec::new();
    for checksum in list(all) {
        object(checksum, &["algorithm", "checksumValue"], &[]);
        let algorithm = text(&checksum["algorithm"]);
        let length = match algorithm {
            "SHA1" => 40,
            "SHA256" => 64,
            "SHA384" => 96,
            "SHA512" => 128,
            other => panic!("{other} is no algorithm"),
        };
        hex(&checksum["checksumValue"], length);
        algorithms.push(algorithm);
    }
    algorithms
}

fn relationships(document: &Value, ids: &BTreeSet<String>) {
    let mut described = 0;
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for relationship in list(&document["relationships"]) {
        let required = ["spdxElementId", "relationshipType", "relatedSpdxElement"];
        object(relationship, &required, &[]);
        let from = text(&relationship["spdxElementId"]);
        let to = text(&relationship["relatedSpdxElement"]);
        assert!(ids.contains(from) && ids.contains(to), "{relationship}");
        match text(&relationship["relationshipType"]) {
            "DESCRIBES" => {
                assert_eq!(from, "SPDXRef-DOCUMENT");
                // A file that belongs to no package is described by the document itself.
                match to.starts_with("SPDXRef-File-") {
                    true => *owners.entry(to).or_default() += 1,
                    false => described += 1,
                }
            }
            "CONTAINS" => *owners.entry(to).or_default() += 1,
            "DEPENDS_ON" => {}
            other => panic!("{other} is not written"),
        }
    }
    assert_eq!(described, 1);
    for file in list(&document["files"]) {
        assert_eq!(owners.get(text(&file["SPDXID"])), Some(&1), "{file}");
    }
}

fn object(value: &Value, required: &[&str], allowed: &[&str]) {
    let object = value.as_object().unwrap();
    for key in required {
        assert!(object.contains_key(*key), "no {key} in {value:#}");
    }
    for key in object.keys() {
        let is_known = required.contains(&key.as_str()) || allowed.contains(&key.as_str());
        assert!(is_known, "{key} is not allowed in {value:#}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// `2026-08-26T10:00:00Z`, without parts of a second.
fn date(value: &Value) {
    let date = text(value);
    date.parse::<customs_model::Timestamp>().unwrap();
    assert_eq!(date.len(), 20, "{date}");
}

fn hex(value: &Value, length: usize) {
    let digest = text(value);
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    assert!(
        digest.len() == length && digest.bytes().all(is_hex),
        "{digest}"
    );
}
