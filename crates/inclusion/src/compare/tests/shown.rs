//! What people, pages and programs are shown of a comparison.

use super::*;
use crate::testing::hostile_record;

/// A record in which much happened.
fn much() -> Newly {
    after(|new| {
        new.made = "2026-08-27T11:00:00Z".parse().unwrap();
        new.commit = Some("fedcba9876543210fedcba9876543210fedcba98".to_owned());
        let tool = tool(new);
        tool.files[0] = file("index.js", "module.exports = 2\n", "unexplained");
        tool.files.push(file("setup.js", "new", "unexplained"));
        tool.tree = Answer::No;
        tool.places
            .push("packages/b/node_modules/@acme/tool".to_owned());
        tool.origin.attestation = Answer::No;
        tool.verdict = Known::Is(Standing::Suspicious);
        tool.exemptions
            .push("known to us, by bob, until 2026-10-01".to_owned());
        let mut absent = package("pkg:cargo/serde@1.0.1", &[]);
        absent.origin.attestation = Answer::not_checked("offline");
        absent.origin.repository = Some("https://github.com/else/serde".to_owned());
        new.packages[3] = absent;
        new.packages[2].artifact[1] = digest(DigestAlgorithm::Sha256, "wheel three");
        new.packages[2].origin.signature = Answer::Yes;
        new.packages.pop();
        let mut helper = package("pkg:npm/helper@0.0.1", &["node_modules/helper"]);
        helper.verdict = Known::not_known("its bytes are not here");
        new.packages.push(helper);
        new.packages[1]
            .depends_on
            .push("pkg:npm/helper@0.0.1".parse().unwrap());
    })
}

#[test]
fn a_reviewer_reads_what_is_loud_first() {
    let newly = much();
    assert!(newly.is_loud());
    insta::assert_snapshot!(text(&newly), @r#"
    What shop contains that it did not
      before: 2026-08-26T10:00:00Z, commit 89abcdef0123456789abcdef0123456789abcdef
      now:    2026-08-27T11:00:00Z, commit fedcba9876543210fedcba9876543210fedcba98

    ANOTHER ARTIFACT UNDER THE SAME VERSION (1)
      A published version does not change. Either the lockfile was edited or the artifact was replaced where it comes from: do not install before you know which.
         release                        before                                                                   now
      -  PyPI zope-interface@6.0+local  sha256:b15a2c9ce7de6dc7cb1117578c3e58a3ed0c4cb8c142d13cc453fd19a1ed8bc9  sha256:666083325065eca065a859a48244d6448988ef10d331189ddb925263c73e6bc9

    OTHER FILES UNDER THE SAME VERSION (2)
      The version did not change, so its files should not. Install these packages anew from their artifacts and compare again: customs verify says which differ still. Builds on another system explain native files.
         release               what     tree check   file      sha256 before                                                     now
      -  npm @acme/tool@1.2.3  changed  unexplained  index.js  6db33a852dd933203e30de8cde8712589d54e2b0bd871219fd79d7de44562b11  a1be604e675dc717a19b5d372bbafe53bfd81d5d09d7fbb4757c1c9c47133afc
      -  npm @acme/tool@1.2.3  new      unexplained  setup.js  -                                                                 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437

    NO LONGER WHAT THE ARTIFACT HOLDS (1)
      customs verify names the files. Install these packages anew, and ask who wrote into them.
         release               question  before  now  because
      -  npm @acme/tool@1.2.3  tree      yes     no   -

    EVIDENCE OF ORIGIN THAT IS LOST (1)
      Ask why it is missing: whoever publishes without the project's own workflow cannot make it.
         release               question     before  now  because
      -  npm @acme/tool@1.2.3  attestation  yes     no   -

    Judged otherwise than before (1)
         release               before  now
      -  npm @acme/tool@1.2.3  clean   suspicious

    Newly included (1)
         release           tree  signature  attestation  verdict                              because of      places
      -  npm helper@0.0.1  yes   yes        yes          not checked: its bytes are not here  left-pad@1.3.0  node_modules/helper

    Another version (1)
      customs diff shows what changed in the code.
         package      from   to     verdict
      -  cargo serde  1.0.0  1.0.1  clean

    Installed at new places (1)
         release               places
      -  npm @acme/tool@1.2.3  packages/b/node_modules/@acme/tool

    Exempted since (1)
         release               exemption
      -  npm @acme/tool@1.2.3  known to us, by bob, until 2026-10-01

    No longer included (1)
      -  npm plain-crypto-js@4.2.1

    Not checked this time (1)
         release            question     before  now          because
      -  cargo serde@1.0.1  attestation  yes     not checked  offline

    Other answers than before (1)
         release                        question   before  now  because
      -  PyPI zope-interface@6.0+local  signature  no      yes  -

    Not compared (1)
      -  web/: no lockfile

    1 package new, 1 moved, 1 gone; without a new version: 2 files and 1 artifact other; 2 answers lost, 1 no longer checked, 1 not compared
    "#);
}

#[test]
fn a_page_shows_the_same() {
    insta::assert_snapshot!(markdown(&much()), @r#"
    ### What `shop` contains that it did not

    **1 package new, 1 moved, 1 gone; without a new version: 2 files and 1 artifact other; 2 answers lost, 1 no longer checked, 1 not compared**

    Between 2026-08-26T10:00:00Z, commit `89abcdef0123456789abcdef0123456789abcdef` and 2026-08-27T11:00:00Z, commit `fedcba9876543210fedcba9876543210fedcba98`.

    #### ANOTHER ARTIFACT UNDER THE SAME VERSION (1)

    A published version does not change. Either the lockfile was edited or the artifact was replaced where it comes from: do not install before you know which.

    | release | before | now |
    |---|---|---|
    | `PyPI zope-interface@6.0+local` | `sha256:b15a2c9ce7de6dc7cb1117578c3e58a3ed0c4cb8c142d13cc453fd19a1ed8bc9` | `sha256:666083325065eca065a859a48244d6448988ef10d331189ddb925263c73e6bc9` |

    #### OTHER FILES UNDER THE SAME VERSION (2)

    The version did not change, so its files should not. Install these packages anew from their artifacts and compare again: customs verify says which differ still. Builds on another system explain native files.

    | release | what | tree check | file | sha256 before | now |
    |---|---|---|---|---|---|
    | `npm @acme/tool@1.2.3` | changed | `unexplained` | `index.js` | `6db33a852dd933203e30de8cde8712589d54e2b0bd871219fd79d7de44562b11` | `a1be604e675dc717a19b5d372bbafe53bfd81d5d09d7fbb4757c1c9c47133afc` |
    | `npm @acme/tool@1.2.3` | new | `unexplained` | `setup.js` | - | `11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437` |

    #### NO LONGER WHAT THE ARTIFACT HOLDS (1)

    customs verify names the files. Install these packages anew, and ask who wrote into them.

    | release | question | before | now | because |
    |---|---|---|---|---|
    | `npm @acme/tool@1.2.3` | tree | yes | no | - |

    #### EVIDENCE OF ORIGIN THAT IS LOST (1)

    Ask why it is missing: whoever publishes without the project's own workflow cannot make it.

    | release | question | before | now | because |
    |---|---|---|---|---|
    | `npm @acme/tool@1.2.3` | attestation | yes | no | - |

    #### Judged otherwise than before (1)

    | release | before | now |
    |---|---|---|
    | `npm @acme/tool@1.2.3` | clean | suspicious |

    #### Newly included (1)

    | release | tree | signature | attestation | verdict | because of | places |
    |---|---|---|---|---|---|---|
    | `npm helper@0.0.1` | yes | yes | yes | `not checked: its bytes are not here` | `left-pad@1.3.0` | `node_modules/helper` |

    #### Another version (1)

    customs diff shows what changed in the code.

    | package | from | to | verdict |
    |---|---|---|---|
    | `cargo serde` | `1.0.0` | `1.0.1` | clean |

    #### Installed at new places (1)

    | release | places |
    |---|---|
    | `npm @acme/tool@1.2.3` | `packages/b/node_modules/@acme/tool` |

    #### Exempted since (1)

    | release | exemption |
    |---|---|
    | `npm @acme/tool@1.2.3` | `known to us, by bob, until 2026-10-01` |

    #### No longer included (1)

    | release |
    |---|
    | `npm plain-crypto-js@4.2.1` |

    #### Not checked this time (1)

    | release | question | before | now | because |
    |---|---|---|---|---|
    | `cargo serde@1.0.1` | attestation | yes | not checked | `offline` |

    #### Other answers than before (1)

    | release | question | before | now | because |
    |---|---|---|---|---|
    | `PyPI zope-interface@6.0+local` | signature | no | yes | - |

    #### Not compared (1)

    | what |
    |---|
    | `web/: no lockfile` |
    "#);
}

#[test]
fn a_program_reads_the_same() {
    let json: serde_json::Value = serde_json::from_str(&json(&much()).unwrap()).unwrap();
    assert_eq!(json["schema"], "customs/newly-included-v1");
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["files"]).unwrap(), @r#"
    [
      {
        "files": [
          {
            "before": [
              "sha256:6db33a852dd933203e30de8cde8712589d54e2b0bd871219fd79d7de44562b11"
            ],
            "change": "changed",
            "now": [
              "sha256:a1be604e675dc717a19b5d372bbafe53bfd81d5d09d7fbb4757c1c9c47133afc"
            ],
            "path": "index.js",
            "standing": "unexplained"
          },
          {
            "before": [],
            "change": "new",
            "now": [
              "sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"
            ],
            "path": "setup.js",
            "standing": "unexplained"
          }
        ],
        "release": "pkg:npm/%40acme/tool@1.2.3"
      }
    ]
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["included"]).unwrap(), @r#"
    [
      {
        "answers": {
          "attestation": {
            "answer": "yes"
          },
          "signature": {
            "answer": "yes"
          },
          "tree": {
            "answer": "yes"
          },
          "verdict": {
            "answer": "not_checked",
            "because": "its bytes are not here"
          }
        },
        "because_of": [
          "pkg:npm/left-pad@1.3.0"
        ],
        "places": [
          "node_modules/helper"
        ],
        "release": "pkg:npm/helper@0.0.1",
        "verdict": {
          "not_known": "its bytes are not here"
        }
      }
    ]
    "#);
}

#[test]
fn no_text_of_a_stranger_breaks_what_is_shown() {
    let mut other = hostile_record();
    other.packages[0].release = TOOL.replace("1.2.3", "9.9.9").parse().unwrap();
    for (old, new) in [(record(), other.clone()), (other, hostile_record())] {
        let newly = compare(&old, &new);
        steers_nothing(&text(&newly));
        is_well_formed(&markdown(&newly));
        steers_nothing(&json(&newly).unwrap().replace("##[", ""));
    }
}

#[test]
fn a_comment_stays_below_what_code_hosts_take() {
    let newly = after(|new| {
        for number in 0..5_000 {
            let place = format!("{}{number}", "long/".repeat(500));
            new.packages
                .push(package(&format!("pkg:npm/p{number}@1.0.0"), &[&place]));
            tool(new).files.push(file(&place, "x", "unexplained"));
        }
    });
    let page = markdown(&newly);
    assert!(page.len() < 65_536, "{}", page.len());
    assert!(page.contains("more; the text has all of them."));
    is_well_formed(&page);
}
