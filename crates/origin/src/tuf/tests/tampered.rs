//! States of a repository that do not fit together: expired, older than before, mixed, of other bytes.
//! Each is refused for a reason of its own.

use super::super::{File, Kept, TufError, Walk};
use super::repository::{CONTENT, Keys, LATER, NOW, PAST, Repository, file, with_signatures};
use customs_model::Digest;
use serde_json::json;

fn expired(error: &TufError) -> Option<File> {
    match error {
        TufError::Expired { file, when } => {
            assert_eq!(when, PAST);
            Some(*file)
        }
        _ => None,
    }
}

#[test]
fn expired_files_do_not_count_whichever_it_is() {
    let mut root = Repository::new();
    let mut said = root.keys.says(1);
    said["expires"] = json!(PAST);
    let bytes = file(&said, &root.keys.two());
    root.files.insert("1.root.json".to_owned(), bytes);
    assert_eq!(expired(&root.refused()), Some(File::Root(1)));

    let mut timestamp = Repository::new();
    let mut said = timestamp.says_timestamp(&timestamp.get("1.snapshot.json"));
    said["expires"] = json!(PAST);
    timestamp.publish_timestamp(&said);
    assert_eq!(expired(&timestamp.refused()), Some(File::Timestamp));

    let mut snapshot = Repository::new();
    let mut said = snapshot.says_snapshot(&snapshot.get("1.targets.json"));
    said["expires"] = json!(PAST);
    snapshot.publish_snapshot(&said);
    assert_eq!(expired(&snapshot.refused()), Some(File::Snapshot));

    let mut targets = Repository::new();
    let mut said = targets.says_targets();
    said["expires"] = json!(PAST);
    targets.publish_targets(&said);
    assert_eq!(expired(&targets.refused()), Some(File::Targets));
}

#[test]
fn a_timestamp_of_the_same_version_that_was_kept_expires_too() {
    let repository = Repository::new();
    let kept = repository.walk().unwrap().kept;
    let root = repository.get("1.root.json");
    // The root still counts on that day; nothing newer than the kept timestamp is handed out.
    let now = LATER.parse().unwrap();
    let mut walk = Walk::begin(&root, kept, now).unwrap();
    walk.take(None).unwrap();
    walk.take(Some(&repository.get("timestamp.json"))).unwrap();
    let mut said = repository.keys.says(1);
    said["expires"] = json!("2027-01-01T00:00:00Z");
    let root = file(&said, &repository.keys.two());
    let kept = repository.walk().unwrap().kept;
    let now = "2026-07-02T00:00:00Z".parse().unwrap();
    let kept = Kept { root: None, ..kept };
    let mut walk = Walk::begin(&root, kept, now).unwrap();
    walk.take(None).unwrap();
    let refused = walk.take(Some(&repository.get("timestamp.json")));
    let TufError::Expired { file, .. } = refused.unwrap_err() else {
        panic!("it expired");
    };
    assert_eq!(file, File::Timestamp);
}

#[test]
fn an_older_timestamp_is_a_rollback() {
    let mut repository = Repository::at(Keys::new(), 7);
    let kept = repository.walk().unwrap().kept;
    repository.version = 6;
    repository.publish();
    let refused = repository.walk_with(kept).unwrap_err();
    let what = "timestamp".to_owned();
    let file = File::Timestamp;
    assert_eq!(
        refused,
        TufError::Rollback {
            file,
            what,
            had: 7,
            got: 6
        }
    );
}

#[test]
fn a_newer_timestamp_that_promises_an_older_snapshot_is_a_rollback() {
    let mut repository = Repository::at(Keys::new(), 7);
    let kept = repository.walk().unwrap().kept;
    repository.version = 6;
    repository.publish();
    let mut said = repository.says_timestamp(&repository.get("6.snapshot.json"));
    said["version"] = json!(8);
    repository.publish_timestamp(&said);
    let refused = repository.walk_with(kept).unwrap_err();
    assert!(
        matches!(&refused, TufError::Rollback { file: File::Timestamp, what, had: 7, got: 6 } if what.contains("snapshot")),
        "{refused:?}"
    );
}

#[test]
fn a_newer_snapshot_that_names_older_targets_is_a_rollback() {
    let mut repository = Repository::at(Keys::new(), 7);
    let kept = repository.walk().unwrap().kept;
    repository.version = 8;
    let mut said = repository.says_snapshot(&repository.get("7.targets.json"));
    said["meta"]["targets.json"]["version"] = json!(6);
    repository.publish_snapshot(&said);
    let refused = repository.walk_with(kept).unwrap_err();
    assert!(
        matches!(&refused, TufError::Rollback { file: File::Snapshot, what, had: 7, got: 6 } if what.contains("targets")),
        "{refused:?}"
    );
}

#[test]
fn a_snapshot_that_names_less_than_the_last_one_is_refused() {
    let mut repository = Repository::new();
    let mut said = repository.says_snapshot(&repository.get("1.targets.json"));
    said["meta"]["more.json"] = json!({"version": 1});
    repository.publish_snapshot(&said);
    let kept = repository.walk().unwrap().kept;
    repository.version = 2;
    repository.publish();
    let name = "more.json".to_owned();
    assert_eq!(
        repository.walk_with(kept).unwrap_err(),
        TufError::Lost { name }
    );
}

#[test]
fn an_older_root_than_was_kept_is_a_rollback() {
    let mut repository = Repository::new();
    let old = repository.files.clone();
    repository.version = 2;
    repository.rotate(Keys::new());
    let kept = repository.walk().unwrap().kept;
    repository.files = old;
    let refused = repository.walk_with(kept).unwrap_err();
    assert!(
        matches!(
            refused,
            TufError::Rollback {
                file: File::Root(1),
                had: 2,
                got: 1,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_snapshot_of_another_state_is_not_the_promised_one() {
    let mut repository = Repository::new();
    // Both states are signed by the right keys.
    let old = repository.get("1.snapshot.json");
    repository.version = 2;
    repository.publish();
    let mut said = repository.says_timestamp(&old);
    said["meta"]["snapshot.json"]["version"] = json!(2);
    repository.publish_timestamp(&said);
    repository.put("snapshot.json", old);
    assert_eq!(
        repository.refused(),
        TufError::Version {
            file: File::Snapshot,
            promised: 2,
            got: 1
        }
    );
}

#[test]
fn targets_of_another_state_are_not_the_promised_ones() {
    let mut repository = Repository::new();
    let old = repository.get("1.targets.json");
    repository.version = 2;
    repository.publish();
    let mut said = repository.says_snapshot(&old);
    said["meta"]["targets.json"]["version"] = json!(2);
    repository.publish_snapshot(&said);
    repository.put("targets.json", old);
    assert_eq!(
        repository.refused(),
        TufError::Version {
            file: File::Targets,
            promised: 2,
            got: 1
        }
    );
}

#[test]
fn another_length_than_was_promised_is_told() {
    let mut repository = Repository::new();
    let mut longer = repository.get("1.snapshot.json");
    longer.push(b' ');
    let got = longer.len() as u64;
    repository.put("snapshot.json", longer);
    let file = File::Snapshot;
    let promised = got - 1;
    assert_eq!(
        repository.refused(),
        TufError::Length {
            file,
            promised,
            got
        }
    );
    let mut repository = Repository::new();
    repository.files.insert(repository.target(), b"{}".to_vec());
    let promised = CONTENT.len() as u64;
    assert_eq!(
        repository.refused(),
        TufError::Length {
            file: File::Target,
            promised,
            got: 2
        }
    );
}

#[test]
fn another_digest_than_was_promised_is_told() {
    let mut repository = Repository::new();
    let other = CONTENT.to_ascii_uppercase();
    repository.files.insert(repository.target(), other);
    let algorithm = "sha256";
    assert_eq!(
        repository.refused(),
        TufError::Hash {
            file: File::Target,
            algorithm
        }
    );
    let mut repository = Repository::new();
    let mut said = repository.says_snapshot(&repository.get("1.targets.json"));
    let other = Digest::sha256(b"others").to_hex();
    said["meta"]["targets.json"]["hashes"]["sha256"] = json!(other);
    repository.publish_snapshot(&said);
    assert_eq!(
        repository.refused(),
        TufError::Hash {
            file: File::Targets,
            algorithm
        }
    );
}

#[test]
fn a_digest_that_nobody_can_check_is_none() {
    let mut repository = Repository::new();
    let mut said = repository.says_snapshot(&repository.get("1.targets.json"));
    said["meta"]["targets.json"]["hashes"] = json!({"md5": "00"});
    repository.publish_snapshot(&said);
    let refused = repository.refused().to_string();
    assert!(refused.contains("no SHA-256"), "{refused}");
}

#[test]
fn what_is_missing_is_named() {
    let names = [
        ("timestamp.json", File::Timestamp),
        ("1.snapshot.json", File::Snapshot),
        ("1.targets.json", File::Targets),
    ];
    for (name, file) in names {
        let mut repository = Repository::new();
        repository.files.remove(name);
        assert_eq!(repository.refused(), TufError::Missing { file });
    }
    let mut repository = Repository::new();
    repository.files.remove(&repository.target());
    let file = File::Target;
    assert_eq!(repository.refused(), TufError::Missing { file });
    let mut said = repository.says_targets();
    said["targets"] = json!({});
    repository.publish_targets(&said);
    assert_eq!(repository.refused(), TufError::NoTarget);
}

#[test]
fn one_kind_of_file_does_not_stand_for_another() {
    let mut repository = Repository::new();
    let mut said = repository.says_snapshot(&repository.get("1.targets.json"));
    said["_type"] = json!("timestamp");
    repository.publish_snapshot(&said);
    let refused = repository.refused();
    assert!(
        matches!(
            refused,
            TufError::Unreadable {
                file: File::Snapshot,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_name_of_the_target_that_leads_elsewhere_is_no_digest() {
    let mut repository = Repository::new();
    let mut said = repository.says_targets();
    said["targets"][super::TARGET]["hashes"] = json!({"sha256": "../../x"});
    repository.publish_targets(&said);
    let refused = repository.refused().to_string();
    assert!(refused.contains("no SHA-256"), "{refused}");
}

#[test]
fn what_was_kept_and_cannot_be_used_is_not_passed_over() {
    let repository = Repository::new();
    let kept = repository.walk().unwrap().kept;
    for broken in [
        Kept {
            root: Some(b"{}".to_vec()),
            ..kept.clone()
        },
        Kept {
            timestamp: Some(b"{}".to_vec()),
            ..kept.clone()
        },
        Kept {
            snapshot: Some(b"[]".to_vec()),
            ..kept.clone()
        },
        Kept {
            timestamp: Some(Repository::new().get("timestamp.json")),
            ..kept.clone()
        },
    ] {
        let refused = repository.walk_with(broken).unwrap_err();
        assert!(matches!(refused, TufError::Kept(_)), "{refused:?}");
    }
}

#[test]
fn a_first_root_that_is_none_is_refused() {
    let now = NOW.parse().unwrap();
    let repository = Repository::new();
    for bytes in [
        b"".to_vec(),
        b"{}".to_vec(),
        repository.get("timestamp.json"),
    ] {
        let refused = Walk::begin(&bytes, Kept::default(), now).unwrap_err();
        assert!(
            matches!(
                refused,
                TufError::Unreadable {
                    file: File::Root(0),
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    let said = repository.keys.says(1);
    let bytes = with_signatures(&said, &[]);
    let refused = Walk::begin(&bytes, Kept::default(), now).unwrap_err();
    assert!(
        matches!(refused, TufError::Signatures { found: 0, .. }),
        "{refused:?}"
    );
}

#[test]
fn reasons_are_said_in_words_that_a_person_can_use() {
    let file = File::Root(7);
    let all = [
        TufError::NotByTheOld {
            file,
            found: 0,
            needed: 3,
        },
        TufError::Expired {
            file: File::Timestamp,
            when: PAST.to_owned(),
        },
        TufError::Rollback {
            file: File::Timestamp,
            what: "timestamp".to_owned(),
            had: 7,
            got: 6,
        },
        TufError::EndlessRoots { limit: 64 },
        TufError::Missing { file: File::Target }.of_kept(),
    ];
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(all.join("\n"), @"
    7.root.json is signed by 0 of the 3 keys of the root before it that have to sign it: whoever made it does not hold the keys that are trusted
    timestamp.json expired at 2026-05-01T00:00:00Z: the repository is not kept up, or somebody hands out an old state of it
    timestamp.json says version 6 of timestamp, and version 7 was seen before: an old state is handed out
    more than 64 roots follow the one that is trusted; begin with a newer one: --tuf-root FILE
    what was kept of an earlier run cannot be used: trusted_root.json is missing; delete it to begin anew
    ");
}
