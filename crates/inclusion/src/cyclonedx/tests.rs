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
    all.find(|component| component["bom-ref"] == reference)
        .unwrap()
}

#[test]
fn a_package_stands_with_its_digests_places_files_and_answers() {
    let document = document(&record());
    let changed = component(&document, "pkg:npm/left-pad@1.3.0");
    insta::assert_snapshot!(serde_json::to_string_pretty(changed).unwrap(), @r#"
    {
      "bom-ref": "pkg:npm/left-pad@1.3.0",
      "components": [
        {
          "hashes": [
            {
              "alg": "SHA-1",
              "content": "37c6c57bedf4305ef41249c1794760b5cb8fad17"
            },
            {
              "alg": "SHA-256",
              "content": "d67e2e944994496c8d8ec76eed0cf9f09679448d584b532bebf941852a37f5ed"
            }
          ],
          "name": "index.js",
          "properties": [
            {
              "name": "customs:size",
              "value": "7"
            },
            {
              "name": "customs:standing",
              "value": "unexplained"
            }
          ],
          "type": "file"
        },
        {
          "hashes": [
            {
              "alg": "SHA-1",
              "content": "0c93713c1e43fccf897b7b4f02e822c65d557fdf"
            },
            {
              "alg": "SHA-256",
              "content": "3673014e72b67383be302485694555a57ad393afdebaed6ded110a775bd0556d"
            }
          ],
          "name": "node_modules/.cache/x",
          "properties": [
            {
              "name": "customs:size",
              "value": "6"
            },
            {
              "name": "customs:standing",
              "value": "made here"
            }
          ],
          "type": "file"
        }
      ],
      "evidence": {
        "occurrences": [
          {
            "location": "node_modules/left-pad"
          },
          {
            "location": "packages/a/node_modules/left-pad"
          }
        ]
      },
      "externalReferences": [
        {
          "comment": "named by a verified attestation",
          "type": "vcs",
          "url": "https://github.com/acme/tool"
        }
      ],
      "hashes": [
        {
          "alg": "SHA-512",
          "content": "124a910c7a0656a41d5d900e7bcb8b8a73c05e9e2a051df579f3117f7eae0c6febc5a3519cf0e656ab2b717f2848bdc4fbf14f42897b63cf98896150a76ec04d"
        }
      ],
      "name": "left-pad",
      "properties": [
        {
          "name": "customs:tree",
          "value": "no"
        },
        {
          "name": "customs:signature",
          "value": "yes"
        },
        {
          "name": "customs:attestation",
          "value": "yes"
        },
        {
          "name": "customs:verdict",
          "value": "yes"
        },
        {
          "name": "customs:verdict:standing",
          "value": "clean"
        },
        {
          "name": "customs:origin:identity",
          "value": "acme/tool, release.yml, by GitHub"
        },
        {
          "name": "customs:origin:repository",
          "value": "https://github.com/acme/tool"
        },
        {
          "name": "customs:origin:commit",
          "value": "0123456789abcdef0123456789abcdef01234567"
        },
        {
          "name": "customs:depends-on-absent",
          "value": "pkg:npm/gone@0.0.1"
        }
      ],
      "purl": "pkg:npm/left-pad@1.3.0",
      "type": "library",
      "version": "1.3.0"
    }
    "#);
}

#[test]
fn the_document_says_who_made_it_when_and_what_is_not_in_it() {
    let mut document = document(&record());
    document["metadata"]["tools"]["components"][0]["version"] = "VERSION".into();
    document.as_object_mut().unwrap().remove("components");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap(), @r#"
    {
      "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
      "bomFormat": "CycloneDX",
      "compositions": [
        {
          "aggregate": "incomplete",
          "assemblies": [
            "project"
          ]
        },
        {
          "aggregate": "unknown",
          "dependencies": [
            "project",
            "pkg:npm/plain-crypto-js@4.2.1",
            "pkg:pypi/zope-interface@6.0%2Blocal",
            "pkg:cargo/serde@1.0.0"
          ]
        }
      ],
      "dependencies": [
        {
          "dependsOn": [
            "pkg:npm/left-pad@1.3.0"
          ],
          "ref": "pkg:npm/%40acme/tool@1.2.3"
        }
      ],
      "metadata": {
        "component": {
          "bom-ref": "project",
          "name": "shop",
          "type": "application"
        },
        "properties": [
          {
            "name": "customs:commit",
            "value": "89abcdef0123456789abcdef0123456789abcdef"
          },
          {
            "name": "customs:lockfile",
            "value": "sha256:fafaf5267cc04d3bf900715b87a59a8825b8a1881a3c7e0c47ae2645578cf983 Cargo.lock"
          },
          {
            "name": "customs:lockfile",
            "value": "sha256:0c030586945fe504b604ecc2e875c38ede400cd5cd73da9730302162e6b02c6f package-lock.json"
          },
          {
            "name": "customs:not-checked",
            "value": "web/: no lockfile"
          },
          {
            "name": "customs:count:tree",
            "value": "yes 3, no 1, not checked 1"
          },
          {
            "name": "customs:count:signature",
            "value": "yes 4, no 1, not checked 0"
          },
          {
            "name": "customs:count:attestation",
            "value": "yes 4, no 0, not checked 1"
          },
          {
            "name": "customs:count:verdict",
            "value": "yes 2, no 1, not checked 2"
          }
        ],
        "timestamp": "2026-08-26T10:00:00Z",
        "tools": {
          "components": [
            {
              "name": "customs",
              "type": "application",
              "version": "VERSION"
            }
          ]
        }
      },
      "serialNumber": "urn:uuid:2a87bafb-5691-5731-8a39-0e1b29958c31",
      "specVersion": "1.6",
      "version": 1
    }
    "#);
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
    record
        .packages
        .push(package("pkg:npm/left-pad@1.3.0", &["elsewhere"]));
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
    for bad in [
        "javascript:alert(1)",
        "https://a.example/\u{202e}",
        "https://u@a.example",
        "https://",
    ] {
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
    assert_eq!(
        document["metadata"]["component"]["name"],
        crate::testing::HOSTILE
    );
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_document_complies_and_is_always_the_same(record in any_record()) {
        document(&record);
        prop_assert_eq!(text(&shuffled(&record)).unwrap(), text(&record).unwrap());
    }
}
