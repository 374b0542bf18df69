mod forged;
mod repository;
mod tampered;

use super::*;
use crate::sigstore::KeyPair;
use crate::testing::registry_file;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::Digest;
use proptest::prelude::*;
use repository::{CONTENT, Keys, NOW, Repository, Signer, canonical, file};
use serde_json::json;

#[test]
fn a_repository_that_is_right_hands_out_its_root_of_trust() {
    let repository = Repository::new();
    let renewed = repository.walk().unwrap();
    assert_eq!(renewed.trusted_root, CONTENT);
    assert_eq!((renewed.version, renewed.rotations), (1, 0));
    assert_eq!(renewed.expires, repository::LATER);
    assert_eq!(renewed.kept.root, Some(repository.get("1.root.json")));
    assert_eq!(
        renewed.kept.timestamp,
        Some(repository.get("timestamp.json"))
    );
    assert_eq!(
        renewed.kept.snapshot,
        Some(repository.get("1.snapshot.json"))
    );
    // The same state, seen again.
    repository.walk_with(renewed.kept).unwrap();
}

#[test]
fn roots_are_walked_through_one_by_one_and_what_was_kept_leads_on() {
    let mut repository = Repository::new();
    let first = repository.walk().unwrap();
    for _ in 0..3 {
        repository.version += 1;
        repository.rotate(Keys::new());
    }
    let renewed = repository.walk_with(first.kept).unwrap();
    assert_eq!((renewed.version, renewed.rotations), (4, 3));
    // From the newest root on there is nothing to walk through.
    let root = renewed.kept.root.clone().unwrap();
    let again = repository.walk_from(&root, renewed.kept).unwrap();
    assert_eq!((again.version, again.rotations), (4, 0));
}

#[test]
fn a_root_between_may_have_expired_long_ago() {
    let mut repository = Repository::new();
    let mut second = repository.keys.says(2);
    second["expires"] = json!("2020-01-01T00:00:00Z");
    let second = file(&second, &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), second);
    let third = file(&repository.keys.says(3), &repository.keys.two());
    repository.files.insert("3.root.json".to_owned(), third);
    assert_eq!(repository.walk().unwrap().version, 3);
}

#[test]
fn files_need_no_version_in_their_names_where_the_root_says_so() {
    let mut repository = Repository::new();
    let mut root = repository.keys.says(1);
    root["consistent_snapshot"] = json!(false);
    let root = file(&root, &repository.keys.two());
    repository.files.insert("1.root.json".to_owned(), root);
    for (from, to) in [
        ("1.snapshot.json".to_owned(), "snapshot.json".to_owned()),
        ("1.targets.json".to_owned(), "targets.json".to_owned()),
        (repository.target(), format!("targets/{TARGET}")),
    ] {
        let bytes = repository.files.remove(&from).unwrap();
        repository.files.insert(to, bytes);
    }
    assert_eq!(repository.walk().unwrap().trusted_root, CONTENT);
}

#[test]
fn ids_that_are_no_digests_and_fields_that_nobody_knows_are_taken_as_they_are() {
    let mut keys = Keys::new();
    keys.root[0].id = "the first key".to_owned();
    // An id of all fields, as some tools make it.
    keys.root[1].object["x-owner"] = json!("somebody\n\"else\" \u{e9}");
    keys.root[1].id = Digest::sha256(canonical(&keys.root[1].object).as_bytes()).to_hex();
    assert_eq!(Repository::at(keys, 1).walk().unwrap().version, 1);
}

#[test]
fn a_key_of_ed25519_counts_as_well() {
    // The first test vector of RFC 8032, 7.1: it signs the empty message, and no root.
    let key: sigstore_tuf::Key = serde_json::from_value(json!({
        "keytype": "ed25519",
        "scheme": "ed25519",
        "keyval": {"public": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
    }))
    .unwrap();
    let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    let bytes: Vec<u8> = (0..signature.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap())
        .collect();
    let of = |bytes: &[u8]| serde_json::from_value(json!(STANDARD.encode(bytes))).unwrap();
    key.verify(b"", &of(&bytes)).unwrap();
    assert!(key.verify(b"x", &of(&bytes)).is_err());
}

#[test]
fn what_is_kept_of_lost_keys_is_left_behind_and_no_older_state_of_the_same_keys_is() {
    let mut repository = Repository::at(Keys::new(), 9);
    let kept = repository.walk().unwrap().kept;
    // The key that signs online was lost: with new ones the count may begin anew.
    repository.version = 1;
    repository.rotate(Keys::new());
    assert_eq!(repository.walk_with(kept.clone()).unwrap().version, 2);
    // With the same keys it may not.
    let mut repository = Repository::at(repository.keys, 9);
    let kept = repository.walk().unwrap().kept;
    repository.version = 8;
    repository.publish();
    let refused = repository.walk_with(kept).unwrap_err();
    assert!(matches!(refused, TufError::Rollback { .. }), "{refused:?}");
}

#[test]
fn an_expired_state_that_was_kept_is_a_floor_all_the_same() {
    let mut repository = Repository::at(Keys::new(), 5);
    let kept = repository.walk().unwrap().kept;
    let root = repository.get("1.root.json");
    // A month and a half later the repository has gone on; an old state is still signed.
    let mut root_says = repository.keys.says(2);
    root_says["expires"] = json!("2027-01-01T00:00:00Z");
    let two = file(&root_says, &repository.keys.two());
    repository.files.insert("2.root.json".to_owned(), two);
    let mut walk = Walk::begin(&root, kept, "2026-08-01T00:00:00Z".parse().unwrap()).unwrap();
    walk.take(Some(&repository.get("2.root.json"))).unwrap();
    walk.take(None).unwrap();
    repository.version = 4;
    let mut said = repository.says_timestamp(b"");
    said["expires"] = json!("2027-01-01T00:00:00Z");
    repository.publish_timestamp(&said);
    let refused = walk
        .take(Some(&repository.get("timestamp.json")))
        .unwrap_err();
    assert!(
        matches!(refused, TufError::Rollback { had: 5, got: 4, .. }),
        "{refused:?}"
    );
}

/// The roots of the public instances, as they come with a crate: made and signed by other tools.
#[test]
fn real_roots_are_signed_by_their_own_keys_in_the_canonical_form() {
    for (name, version) in [("tuf_root", 16), ("tuf_github_root", 9)] {
        let path = format!("repository/{name}.json");
        let root = registry_file("sigstore-trust-root", &path);
        let walk = Walk::begin(&root, Kept::default(), NOW.parse().unwrap()).unwrap();
        let wanted = walk.wants().unwrap();
        // A newer release of that crate may have a newer root.
        let File::Root(next) = wanted.file else {
            panic!("{wanted:?}");
        };
        assert!(next > version, "{name}: {wanted:?}");
        // The same text with one letter changed is signed by nobody.
        let text = String::from_utf8(root).unwrap();
        let other = text.replacen("\"version\":", "\"x-version\": 1, \"version\":", 1);
        let other = match other == text {
            true => text.replacen("\"version\" :", "\"x\": 1, \"version\":", 1),
            false => other,
        };
        assert_ne!(other, text);
        let refused = Walk::begin(other.as_bytes(), Kept::default(), NOW.parse().unwrap());
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, TufError::Signatures { found: 0, .. }),
            "{refused:?}"
        );
    }
}

/// A whole repository of the framework's own tools, with keys of Ed25519 and RSA, as it comes with a crate.
/// It is right up to its last file, and lists other targets.
#[test]
fn a_repository_that_other_tools_made_is_believed_up_to_its_list_of_targets() {
    let file = |name: &str| {
        let path = format!("tests/data/tuf-reference-impl/metadata/{name}");
        registry_file("sigstore-tuf", &path)
    };
    let now = NOW.parse().unwrap();
    let mut walk = Walk::begin(&file("1.root.json"), Kept::default(), now).unwrap();
    walk.take(None).unwrap();
    walk.take(Some(&file("timestamp.json"))).unwrap();
    walk.take(Some(&file("snapshot.json"))).unwrap();
    let targets = file("targets.json");
    assert_eq!(walk.take(Some(&targets)), Err(TufError::NoTarget));
}

#[test]
fn canonical_json_is_what_signers_write() {
    let said = json!({"b": [1, -2, true, null], "a\"\\": "\n\u{e9}\u{1F600}\"\\", "A": {}});
    let ours = sigstore_tuf::canonical_json::to_canonical_bytes(&said).unwrap();
    assert_eq!(String::from_utf8(ours).unwrap(), canonical(&said));
    assert_eq!(
        canonical(&said),
        "{\"A\":{},\"a\\\"\\\\\":\"\n\u{e9}\u{1F600}\\\"\\\\\",\"b\":[1,-2,true,null]}"
    );
    assert!(sigstore_tuf::canonical_json::to_canonical_bytes(&json!(1.5)).is_err());
}

/// Hands a walk whatever is asked for, until it ends.
fn fed(root: &[u8], kept: Kept, files: &[Vec<u8>]) {
    let Ok(mut walk) = Walk::begin(root, kept, NOW.parse().unwrap()) else {
        return;
    };
    for file in files {
        if walk.wants().is_none() || walk.take(Some(file)).is_err() {
            return;
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_crash_it(
        root in prop::collection::vec(any::<u8>(), 0..200),
        files in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
    ) {
        let kept = Kept { root: files.first().cloned(), ..Kept::default() };
        fed(&root, kept, &files);
    }

    #[test]
    fn a_file_that_was_changed_anywhere_is_not_taken(
        at in any::<prop::sample::Index>(),
        which in 0..5_usize,
        byte in any::<u8>(),
    ) {
        let mut repository = shared();
        let name = match which {
            0 => "1.root.json".to_owned(),
            1 => "timestamp.json".to_owned(),
            2 => "1.snapshot.json".to_owned(),
            3 => "1.targets.json".to_owned(),
            _ => repository.target(),
        };
        let bytes = repository.files.get_mut(&name).unwrap();
        let place = at.index(bytes.len());
        let changed = bytes[place] != byte;
        bytes[place] = byte;
        // What signatures do not cover may be another text of the same: the case of a hexadecimal
        // digit, a field that nobody reads.
        if let Ok(renewed) = repository.walk() {
            prop_assert_eq!(renewed.trusted_root, CONTENT);
            prop_assert!(!changed || matches!(which, 0 | 1));
        }
    }
}

/// One repository for all cases: keys take time to make.
fn shared() -> Repository {
    use std::sync::OnceLock;
    static FILES: OnceLock<std::collections::BTreeMap<String, Vec<u8>>> = OnceLock::new();
    let files = FILES.get_or_init(|| Repository::new().files).clone();
    Repository {
        keys: Keys {
            root: [Signer::new(), Signer::new(), Signer::new()],
            online: Signer::new(),
        },
        files,
        content: CONTENT.to_vec(),
        version: 1,
    }
}
