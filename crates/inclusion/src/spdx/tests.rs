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
    insta::assert_snapshot!(text.replace(&version, "customs-VERSION"), @r#"
    {
      "SPDXID": "SPDXRef-Package-npm-left-pad-1.3.0",
      "annotations": [
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:tree=no"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:signature=yes"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:attestation=yes"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:verdict=yes"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:verdict:standing=clean"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:origin:identity=acme/tool, release.yml, by GitHub"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:origin:repository=https://github.com/acme/tool"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:origin:commit=0123456789abcdef0123456789abcdef01234567"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:place=node_modules/left-pad"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:place=packages/a/node_modules/left-pad"
        },
        {
          "annotationDate": "2026-08-26T10:00:00Z",
          "annotationType": "OTHER",
          "annotator": "Tool: customs-VERSION",
          "comment": "customs:depends-on-absent=pkg:npm/gone@0.0.1"
        }
      ],
      "checksums": [
        {
          "algorithm": "SHA512",
          "checksumValue": "124a910c7a0656a41d5d900e7bcb8b8a73c05e9e2a051df579f3117f7eae0c6febc5a3519cf0e656ab2b717f2848bdc4fbf14f42897b63cf98896150a76ec04d"
        }
      ],
      "copyrightText": "NOASSERTION",
      "downloadLocation": "NOASSERTION",
      "externalRefs": [
        {
          "referenceCategory": "PACKAGE-MANAGER",
          "referenceLocator": "pkg:npm/left-pad@1.3.0",
          "referenceType": "purl"
        }
      ],
      "filesAnalyzed": true,
      "licenseConcluded": "NOASSERTION",
      "licenseDeclared": "NOASSERTION",
      "licenseInfoFromFiles": [
        "NOASSERTION"
      ],
      "name": "left-pad",
      "packageVerificationCode": {
        "packageVerificationCodeValue": "04dac7f9b5ba6203b90637c8bc65592197718103"
      },
      "primaryPackagePurpose": "LIBRARY",
      "versionInfo": "1.3.0"
    }
    "#);
}

#[test]
fn files_have_both_digests_and_belong_to_their_package() {
    let document = document(&record());
    let good = "SPDXRef-Package-npm--acme-tool-1.2.3";
    let relationships = document["relationships"].as_array().unwrap();
    let contained = relationships
        .iter()
        .filter(|r| r["spdxElementId"] == good && r["relationshipType"] == "CONTAINS")
        .map(|r| {
            entry(
                &document,
                "files",
                r["relatedSpdxElement"].as_str().unwrap(),
            )
        });
    let contained: Vec<&Value> = contained.collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&contained).unwrap(), @r#"
    [
      {
        "SPDXID": "SPDXRef-File-3c69acf22486f0fcd99ce11ae04db4c0",
        "checksums": [
          {
            "algorithm": "SHA1",
            "checksumValue": "6ad25e581acf59567d974af7d8793bb90695109f"
          },
          {
            "algorithm": "SHA256",
            "checksumValue": "6db33a852dd933203e30de8cde8712589d54e2b0bd871219fd79d7de44562b11"
          }
        ],
        "comment": "customs:standing=same; customs:size=19",
        "copyrightText": "NOASSERTION",
        "fileName": "./index.js",
        "licenseConcluded": "NOASSERTION",
        "licenseInfoInFiles": [
          "NOASSERTION"
        ]
      },
      {
        "SPDXID": "SPDXRef-File-839e8f6c6c5fa01fe77efdcab7054dc9",
        "checksums": [
          {
            "algorithm": "SHA1",
            "checksumValue": "5f36b2ea290645ee34d943220a14b54ee5ea5be5"
          },
          {
            "algorithm": "SHA256",
            "checksumValue": "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
          }
        ],
        "comment": "customs:standing=same; customs:size=3",
        "copyrightText": "NOASSERTION",
        "fileName": "./package.json",
        "licenseConcluded": "NOASSERTION",
        "licenseInfoInFiles": [
          "NOASSERTION"
        ]
      }
    ]
    "#);
}

#[test]
fn the_code_of_a_package_is_the_sha1_over_the_sorted_sha1s() {
    let record = record();
    let document = document(&record);
    let good = entry(
        &document,
        "packages",
        "SPDXRef-Package-npm--acme-tool-1.2.3",
    );
    let mut all: Vec<String> = ["module.exports = 1\n", "{}\n"]
        .map(|content| digest(DigestAlgorithm::Sha1, content).to_hex())
        .to_vec();
    all.sort();
    let code = digest(DigestAlgorithm::Sha1, &all.concat()).to_hex();
    assert_eq!(
        good["packageVerificationCode"],
        json!({ "packageVerificationCodeValue": code })
    );
}

#[test]
fn dependencies_lead_to_packages_and_those_that_are_absent_are_told() {
    let mut record = record();
    record
        .packages
        .push(package("pkg:npm/left-pad@1.3.0", &["elsewhere"]));
    let document = document(&record);
    let relationships = document["relationships"].as_array().unwrap().iter();
    let on: Vec<&Value> = relationships
        .filter(|r| r["relationshipType"] == "DEPENDS_ON")
        .map(|r| &r["relatedSpdxElement"])
        .collect();
    let both = [
        "SPDXRef-Package-npm-left-pad-1.3.0",
        "SPDXRef-Package-npm-left-pad-1.3.0-2",
    ];
    assert_eq!(on, both);
    let changed = entry(&document, "packages", both[1]);
    assert!(
        changed
            .to_string()
            .contains("customs:depends-on-absent=pkg:npm/gone@0.0.1")
    );
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
    let names = document["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["fileName"]);
    let expected = format!("./{}", crate::testing::HOSTILE);
    assert_eq!(
        names.filter(|name| **name == expected).count(),
        record.packages.len() + record.loose.len()
    );
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_document_complies_and_is_always_the_same(record in any_record()) {
        document(&record);
        prop_assert_eq!(text(&shuffled(&record)).unwrap(), text(&record).unwrap());
    }
}
