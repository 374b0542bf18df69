//! Roots and signatures that nobody should believe, and more of them than anybody needs. Each is refused
//! for a reason of its own.

use super::super::{File, TufError, limit};
use super::repository::{Keys, Repository, Signer, file, with_signatures};
use serde_json::json;

#[test]
fn too_few_signatures_are_told_for_each_file() {
    let few = |file, found, needed| TufError::Signatures {
        file,
        found,
        needed,
    };
    let mut root = Repository::new();
    let said = root.keys.says(1);
    let bytes = file(&said, &[&root.keys.root[0]]);
    root.files.insert("1.root.json".to_owned(), bytes);
    assert_eq!(root.refused(), few(File::Root(1), 1, 2));

    let mut targets = Repository::new();
    let said = targets.says_targets();
    let bytes = file(&said, &[&targets.keys.root[0], &targets.keys.online]);
    let said = targets.says_snapshot(&bytes);
    targets.publish_snapshot(&said);
    targets.put("targets.json", bytes);
    assert_eq!(targets.refused(), few(File::Targets, 1, 2));

    let mut timestamp = Repository::new();
    let said = timestamp.says_timestamp(&timestamp.get("1.snapshot.json"));
    let bytes = file(&said, &[&Signer::new(), &timestamp.keys.root[0]]);
    timestamp.files.insert("timestamp.json".to_owned(), bytes);
    assert_eq!(timestamp.refused(), few(File::Timestamp, 0, 1));
}

#[test]
fn a_threshold_of_nought_is_none() {
    let mut repository = Repository::new();
    let mut said = repository.keys.says(1);
    said["roles"]["timestamp"]["threshold"] = json!(0);
    let bytes = file(&said, &repository.keys.two());
    repository.files.insert("1.root.json".to_owned(), bytes);
    let refused = repository.refused();
    assert!(
        matches!(
            refused,
            TufError::Unreadable {
                file: File::Timestamp,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn a_key_that_signs_twice_does_not_count_twice() {
    let mut repository = Repository::new();
    let said = repository.keys.says(2);
    let one = &repository.keys.root[0];
    let bytes = with_signatures(&said, &[one.sign(&said), one.sign(&said)]);
    let (file, key) = (File::Root(2), one.id.clone());
    repository.files.insert("2.root.json".to_owned(), bytes);
    assert_eq!(repository.refused(), TufError::SignedTwice { file, key });
}

#[test]
fn one_key_under_two_ids_does_not_count_twice() {
    let mut repository = Repository::new();
    let first = &repository.keys.root[0];
    let mut said = repository.keys.says(2);
    let mut object = first.object.clone();
    object["keyval"]["public"] = json!(
        object["keyval"]["public"]
            .as_str()
            .unwrap()
            .replace('\n', "\r\n")
    );
    said["keys"]["another"] = object;
    said["roles"]["root"]["keyids"] = json!([first.id, "another"]);
    let mut again = first.sign(&said);
    again["keyid"] = json!("another");
    let bytes = with_signatures(&said, &[first.sign(&said), again]);
    let (file, one, other) = (File::Root(2), first.id.clone(), "another".to_owned());
    repository.files.insert("2.root.json".to_owned(), bytes);
    assert_eq!(
        repository.refused(),
        TufError::KeyTwice { file, one, other }
    );
}

#[test]
fn a_key_under_the_digest_of_another_is_refused() {
    let mut repository = Repository::new();
    let mut said = repository.keys.says(2);
    let id = repository.keys.root[2].id.clone();
    said["keys"][&id] = Signer::new().object;
    let bytes = file(&said, &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), bytes);
    let file = File::Root(2);
    assert_eq!(repository.refused(), TufError::KeyId { file, id });
}

#[test]
fn a_free_id_has_to_stay_with_its_key() {
    let named = || {
        let mut keys = Keys::new();
        keys.root[2].id = "third".to_owned();
        keys
    };
    let mut repository = Repository::at(named(), 1);
    let mut said = repository.keys.says(2);
    said["keys"]["third"] = Signer::new().object;
    let bytes = file(&said, &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), bytes);
    let id = "third".to_owned();
    assert_eq!(repository.refused(), TufError::KeyChanged { id });
}

#[test]
fn a_signature_under_the_id_of_another_key_does_not_count() {
    let mut repository = Repository::new();
    let said = repository.keys.says(2);
    let [first, second, third] = &repository.keys.root;
    let mut lent = third.sign(&said);
    lent["keyid"] = json!(second.id);
    let bytes = with_signatures(&said, &[first.sign(&said), lent]);
    repository.files.insert("2.root.json".to_owned(), bytes);
    assert_eq!(
        repository.refused(),
        TufError::Signatures {
            file: File::Root(2),
            found: 1,
            needed: 2
        }
    );
}

#[test]
fn no_root_is_skipped() {
    let mut repository = Repository::new();
    let third = file(&repository.keys.says(3), &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), third);
    assert_eq!(
        repository.refused(),
        TufError::RootVersion { had: 1, got: 3 }
    );
    let same = repository.get("1.root.json");
    repository.files.insert("2.root.json".to_owned(), same);
    assert_eq!(
        repository.refused(),
        TufError::RootVersion { had: 1, got: 1 }
    );
}

#[test]
fn a_root_that_only_the_new_keys_signed_is_anybodys() {
    let mut repository = Repository::new();
    let new = Keys::new();
    let second = file(&new.says(2), &new.two());
    repository.files.insert("2.root.json".to_owned(), second);
    assert_eq!(
        repository.refused(),
        TufError::NotByTheOld {
            file: File::Root(2),
            found: 0,
            needed: 2
        }
    );
}

#[test]
fn a_root_that_only_the_old_keys_signed_locks_nobody_out() {
    let mut repository = Repository::new();
    let second = file(&Keys::new().says(2), &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), second);
    assert_eq!(
        repository.refused(),
        TufError::Signatures {
            file: File::Root(2),
            found: 0,
            needed: 2
        }
    );
}

#[test]
fn roots_without_an_end_are_not_followed() {
    let mut repository = Repository::new();
    for version in 2..=limit::ROTATIONS + 2 {
        let root = file(&repository.keys.says(version), &repository.keys.two());
        let name = format!("{version}.root.json");
        repository.files.insert(name, root);
    }
    let limit = limit::ROTATIONS;
    assert_eq!(repository.refused(), TufError::EndlessRoots { limit });
}

#[test]
fn more_than_is_read_of_a_file_is_refused() {
    let too_long = |file, limit| TufError::TooLong { file, limit };
    let mut root = Repository::new();
    let mut bytes = root.get("1.root.json");
    bytes.resize(usize::try_from(limit::ROOT).unwrap() + 1, b' ');
    root.files.insert("2.root.json".to_owned(), bytes);
    assert_eq!(root.refused(), too_long(File::Root(2), limit::ROOT));

    let mut timestamp = Repository::new();
    let mut bytes = timestamp.get("timestamp.json");
    bytes.resize(usize::try_from(limit::TIMESTAMP).unwrap() + 1, b' ');
    timestamp.files.insert("timestamp.json".to_owned(), bytes);
    let limit = limit::TIMESTAMP;
    assert_eq!(timestamp.refused(), too_long(File::Timestamp, limit));

    // The list says so before anything is fetched.
    let mut target = Repository::new();
    let mut said = target.says_targets();
    said["targets"][super::TARGET]["length"] = json!(limit::TARGET + 1);
    target.publish_targets(&said);
    assert_eq!(target.refused(), too_long(File::Target, limit::TARGET));
}

#[test]
fn more_keys_and_signatures_than_anybody_needs_are_refused() {
    let mut repository = Repository::new();
    let said = repository.keys.says(2);
    let one = repository.keys.root[0].sign(&said);
    let bytes = with_signatures(&said, &vec![one; limit::KEYS + 1]);
    repository.files.insert("2.root.json".to_owned(), bytes);
    let refused = repository.refused().to_string();
    assert!(refused.contains("101 signatures"), "{refused}");
    let mut said = repository.keys.says(2);
    let ids: Vec<String> = (0..=limit::KEYS).map(|n| n.to_string()).collect();
    said["roles"]["snapshot"]["keyids"] = json!(ids);
    let bytes = file(&said, &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), bytes);
    let refused = repository.refused().to_string();
    assert!(refused.contains("101 keys"), "{refused}");
}
