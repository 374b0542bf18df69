mod schema;

use super::*;
use customs_model::{Confidence, Ecosystem, PackageName, RuleId, Version};
use std::collections::BTreeMap;

fn place(file: &str, line: u32, column: u32, bytes: (u32, u32)) -> Place {
    Place {
        file: file.to_owned(),
        line,
        column,
        bytes,
    }
}

fn hop(what: &str, at: Place) -> Hop {
    Hop::told(what.to_owned(), at)
}

fn finding(rule: &'static str, severity: Severity, message: &str, path: Vec<Hop>) -> Finding {
    Finding {
        rule: RuleId::of(rule),
        severity,
        confidence: Confidence::High,
        message: message.to_owned(),
        evidence: Vec::new(),
        path,
    }
}

/// A secret that is sent, in files and with words that try to deceive.
fn secret() -> Finding {
    finding(
        "secret-to-network",
        Severity::Critical,
        "the environment goes to collect.invalid, when it is installed or built",
        vec![
            hop(
                "`process.env` is read",
                place("package/a b.js", 1, 9, (8, 19)),
            ),
            hop(
                "it is sent by [fetch](https://evil.invalid)\u{1b}[31m",
                place("package/in\u{202e}dex.js", 7, 3, (120, 141)),
            ),
        ],
    )
}

fn verdict(standing: Standing, findings: Vec<Finding>, not_checked: &[&str]) -> Verdict {
    Verdict {
        standing,
        findings,
        not_checked: not_checked.iter().map(|what| (*what).to_owned()).collect(),
    }
}

/// Where the program was started.
fn here() -> &'static Path {
    Path::new("/home/me/app")
}

fn log_of(subjects: &[Subject<'_>]) -> Value {
    log(subjects, &RuleSet::standard())
}

/// With its keys in order: a build with YARA keeps them as they were written.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(all) => Value::Array(all.iter().map(sorted).collect()),
        Value::Object(map) => {
            let keys: BTreeMap<&String, &Value> = map.iter().collect();
            let pairs = keys.into_iter();
            Value::Object(
                pairs
                    .map(|(key, value)| (key.clone(), sorted(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

#[test]
fn a_log_has_the_way_from_source_to_sink() {
    let twins = finding(
        "forged-archive",
        Severity::Note,
        "A and a: two names that some disks hold for one",
        Vec::new(),
    );
    let verdict = verdict(
        Standing::Malicious,
        vec![secret(), twins],
        &["package/big.js: it was too large to be kept"],
    );
    let mut log = log_of(&[Subject::archive("odd name.tgz", here(), &verdict)]);
    // What rules say of themselves is told by their pages.
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["rules"] = json!("RULES");
    driver["version"] = json!("VERSION");
    let text = serde_json::to_string_pretty(&sorted(&log)).unwrap();
    insta::assert_snapshot!(text, @r##"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "artifacts": [
            {
              "description": {
                "text": "odd name.tgz"
              },
              "location": {
                "uri": "odd%20name.tgz"
              },
              "roles": [
                "analysisTarget"
              ]
            },
            {
              "location": {
                "uri": "odd%20name.tgz/package/in%E2%80%AEdex.js"
              },
              "parentIndex": 0
            },
            {
              "location": {
                "uri": "odd%20name.tgz/package/a%20b.js"
              },
              "parentIndex": 0
            }
          ],
          "columnKind": "unicodeCodePoints",
          "invocations": [
            {
              "executionSuccessful": true,
              "toolExecutionNotifications": [
                {
                  "level": "warning",
                  "locations": [
                    {
                      "logicalLocations": [
                        {
                          "fullyQualifiedName": "odd name.tgz",
                          "kind": "package"
                        }
                      ],
                      "physicalLocation": {
                        "artifactLocation": {
                          "index": 0,
                          "uri": "odd%20name.tgz"
                        },
                        "region": {
                          "startLine": 1
                        }
                      }
                    }
                  ],
                  "message": {
                    "text": "odd name.tgz: package/big.js: it was too large to be kept"
                  }
                }
              ]
            }
          ],
          "results": [
            {
              "codeFlows": [
                {
                  "threadFlows": [
                    {
                      "locations": [
                        {
                          "location": {
                            "logicalLocations": [
                              {
                                "fullyQualifiedName": "odd name.tgz",
                                "kind": "package"
                              }
                            ],
                            "message": {
                              "text": "`process.env` is read"
                            },
                            "physicalLocation": {
                              "artifactLocation": {
                                "index": 2,
                                "uri": "odd%20name.tgz/package/a%20b.js"
                              },
                              "region": {
                                "byteLength": 11,
                                "byteOffset": 8,
                                "startColumn": 9,
                                "startLine": 1
                              }
                            }
                          }
                        },
                        {
                          "location": {
                            "logicalLocations": [
                              {
                                "fullyQualifiedName": "odd name.tgz",
                                "kind": "package"
                              }
                            ],
                            "message": {
                              "text": "it is sent by [fetch] (https://evil.invalid)\\u{1b}[31m"
                            },
                            "physicalLocation": {
                              "artifactLocation": {
                                "index": 1,
                                "uri": "odd%20name.tgz/package/in%E2%80%AEdex.js"
                              },
                              "region": {
                                "byteLength": 21,
                                "byteOffset": 120,
                                "startColumn": 3,
                                "startLine": 7
                              }
                            }
                          }
                        }
                      ]
                    }
                  ]
                }
              ],
              "level": "error",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "odd name.tgz",
                      "kind": "package"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "index": 1,
                      "uri": "odd%20name.tgz/package/in%E2%80%AEdex.js"
                    },
                    "region": {
                      "byteLength": 21,
                      "byteOffset": 120,
                      "startColumn": 3,
                      "startLine": 7
                    }
                  }
                }
              ],
              "message": {
                "text": "the environment goes to collect.invalid, when it is installed or built"
              },
              "partialFingerprints": {
                "customsPath/v1": "c24a4fcd9a3a7997440e9c4391bdf376"
              },
              "properties": {
                "confidence": "high",
                "severity": "critical"
              },
              "ruleId": "secret-to-network",
              "ruleIndex": 0
            },
            {
              "level": "note",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "odd name.tgz",
                      "kind": "package"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "index": 0,
                      "uri": "odd%20name.tgz"
                    },
                    "region": {
                      "startLine": 1
                    }
                  }
                }
              ],
              "message": {
                "text": "A and a: two names that some disks hold for one"
              },
              "partialFingerprints": {
                "customsPath/v1": "db46ea650c66a0138f2fefbbf1252340"
              },
              "properties": {
                "confidence": "high",
                "severity": "note"
              },
              "ruleId": "forged-archive",
              "ruleIndex": 1
            }
          ],
          "tool": {
            "driver": {
              "name": "customs",
              "rules": "RULES",
              "version": "VERSION"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    "##);
}

#[test]
fn a_rule_that_spoke_explains_itself_once() {
    let verdict = verdict(Standing::Malicious, vec![secret(), secret()], &[]);
    let log = log_of(&[Subject::archive("a.tgz", here(), &verdict)]);
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    assert_eq!(rules.len(), 1);
    let doc = RuleSet::standard().doc("secret-to-network").unwrap();
    assert_eq!(rules[0]["shortDescription"]["text"], doc.title);
    let help = rules[0]["help"]["text"].as_str().unwrap();
    assert!(
        help.ends_with("customs explain secret-to-network"),
        "{help}"
    );
}

#[test]
fn a_match_of_the_users_own_rules_explains_itself_as_well() {
    let own = finding("own-rule", Severity::High, "your rule", Vec::new());
    let verdict = verdict(Standing::Suspicious, vec![own], &[]);
    let log = log_of(&[Subject::archive("a.tgz", here(), &verdict)]);
    let rule = &log["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "own-rule");
    assert!(rule["help"]["text"].is_string(), "{rule}");
}

#[test]
fn what_could_not_be_judged_is_no_success() {
    let verdict = verdict(Standing::NotJudged, Vec::new(), &["the artifact: cut off"]);
    let log = log_of(&[Subject::archive("a.tgz", here(), &verdict)]);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "error");
    assert_eq!(
        notification["message"]["text"],
        "a.tgz: the artifact: cut off"
    );
}

#[test]
fn files_of_one_name_in_two_archives_are_two_artifacts() {
    let verdict = verdict(Standing::Malicious, vec![secret()], &[]);
    let log = log_of(&[
        Subject::archive("a.tgz", here(), &verdict),
        Subject::archive("b.tgz", here(), &verdict),
    ]);
    let artifacts = log["runs"][0]["artifacts"].as_array().unwrap();
    let parents: Vec<Option<u64>> = artifacts
        .iter()
        .map(|artifact| artifact.get("parentIndex").and_then(Value::as_u64))
        .collect();
    assert_eq!(parents, [None, Some(0), Some(0), None, Some(3), Some(3)]);
}

#[test]
fn a_file_of_a_folder_is_named_from_where_the_folder_is() {
    let clean = verdict(Standing::Clean, Vec::new(), &[]);
    assert_eq!(
        Subject::folder("./lib/", here(), &clean).file("package/src/a b.js"),
        "lib/src/a%20b.js"
    );
    assert_eq!(
        Subject::folder(".", here(), &clean).file("package/a.js"),
        "a.js"
    );
    assert_eq!(
        Subject::archive("a.tgz", here(), &clean).file("package/a.js"),
        "a.tgz/package/a.js"
    );
}

#[cfg(unix)]
#[test]
fn no_address_is_absolute_or_leads_out_of_the_working_folder() {
    let clean = verdict(Standing::Clean, Vec::new(), &[]);
    for (path, told) in [
        ("/home/me/app/vendor/a.tgz", "vendor/a.tgz/package/a.js"),
        ("/elsewhere/a.tgz", "a.tgz/package/a.js"),
        ("../../a.tgz", "a.tgz/package/a.js"),
        ("./a.tgz", "a.tgz/package/a.js"),
    ] {
        let subject = Subject::archive(path, here(), &clean);
        assert_eq!(subject.file("package/a.js"), told);
    }
    for (path, told) in [
        ("/home/me/app/lib", "lib/a.js"),
        ("/home/me/app", "a.js"),
        ("/elsewhere/lib", "a.js"),
        ("../lib", "a.js"),
    ] {
        let subject = Subject::folder(path, here(), &clean);
        assert_eq!(subject.file("package/a.js"), told);
        assert!(!subject.uri.is_empty());
    }
}

#[test]
fn a_finding_without_a_place_stands_at_the_first_line() {
    let bare = finding("forged-archive", Severity::High, "odd", Vec::new());
    let verdict = verdict(Standing::Suspicious, vec![bare], &[]);
    let log = log_of(&[Subject::archive("a.tgz", here(), &verdict)]);
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 1);
}

#[test]
fn tool_and_rules_are_linked_where_an_address_is_known() {
    let verdict = verdict(Standing::Malicious, vec![secret()], &[]);
    let mut log = log_of(&[Subject::archive("a.tgz", here(), &verdict)]);
    let driver = &mut log["runs"][0]["tool"]["driver"];
    add_links(driver, Some("https://code.example/customs"), link::of_rule);
    assert_eq!(driver["informationUri"], "https://code.example/customs");
    assert_eq!(
        driver["rules"][0]["helpUri"],
        "https://code.example/customs/blob/main/docs/rules/secret-to-network.md"
    );
}

#[test]
fn a_release_is_named_by_its_package_url_without_the_scheme() {
    let clean = verdict(Standing::Clean, Vec::new(), &[]);
    let package = PackageName::new(Ecosystem::Npm, "@a/b").unwrap();
    let release = ReleaseId::new(package, Version::new("1.0.0").unwrap());
    let log = log_of(&[Subject::release(&release, &clean)]);
    let artifact = &log["runs"][0]["artifacts"][0];
    assert_eq!(artifact["location"]["uri"], "npm/%40a/b@1.0.0");
    assert_eq!(artifact["description"]["text"], "@a/b@1.0.0");
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_versions_rise() {
    let of = |folder: &str, line: u32, what: &str| {
        let at = place(&format!("{folder}/build.rs"), line, 1, (0, 1));
        fingerprint(&finding(
            "build-time-network",
            Severity::Medium,
            "",
            vec![hop(what, at)],
        ))
    };
    let first = of("serde-1.0.1", 3, "a request");
    assert_eq!(first, of("serde-1.0.2", 90, "a request"));
    assert_ne!(first, of("serde-1.0.1", 3, "another request"));
    assert_ne!(first, of("serde-1.0.1/other", 3, "a request"));
}
