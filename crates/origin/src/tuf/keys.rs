//! The keys of a root: each under an id of its own, and under its own id.

use super::{File, TufError, limit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Digest, printable};
use serde_json::{Map, Value, json};
use sigstore_tuf::canonical_json::to_canonical_bytes;
use sigstore_tuf::{Key, Root};
use std::collections::BTreeMap;

/// # Errors
/// Too many keys, one under two ids of a role, or one under the digest of another.
pub(super) fn check(file: File, root: &Root) -> Result<(), TufError> {
    let named = root.roles.values().map(|role| role.keyids.len());
    let most = named.chain([root.keys.len()]).max().unwrap_or_default();
    if most > limit::KEYS {
        return Err(TufError::unreadable(file, &format!("it has {most} keys")));
    }
    for (id, key) in &root.keys {
        if is_digest(id) && !own_ids(key).contains(id) {
            let id = printable(id, 80);
            return Err(TufError::KeyId { file, id });
        }
    }
    for role in root.roles.values() {
        let mut seen: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
        for id in &role.keyids {
            let Some(key) = root.keys.get(id) else {
                continue;
            };
            let before = seen.insert(material(key), id);
            if let Some(other) = before.filter(|other| other != id) {
                return Err(TufError::KeyTwice {
                    file,
                    one: printable(other, 80),
                    other: printable(id, 80),
                });
            }
        }
    }
    Ok(())
}

/// An id means one key, in all roots.
///
/// # Errors
/// One means another key than before.
pub(super) fn stay(old: &Root, new: &Root) -> Result<(), TufError> {
    let changed = |(id, key): &(&String, &Key)| {
        let before = old.keys.get(*id);
        before.is_some_and(|before| material(before) != material(key))
    };
    match new.keys.iter().find(changed) {
        None => Ok(()),
        Some((id, _)) => Err(TufError::KeyChanged {
            id: printable(id, 80),
        }),
    }
}

/// What a key is, however it is written: its DER, or its raw bytes.
fn material(key: &Key) -> Vec<u8> {
    let public = key.keyval.public.trim();
    let armour = |line: &&str| !line.starts_with("-----");
    let body: String = public.lines().map(str::trim).filter(armour).collect();
    if public.starts_with("-----")
        && let Ok(der) = STANDARD.decode(&body)
    {
        return der;
    }
    public.to_ascii_lowercase().into_bytes()
}

/// Ids are free text. One that looks like a digest is meant as the digest of its key.
fn is_digest(id: &str) -> bool {
    id.len() == 64
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The digests that tools give a key as its id: of all its fields, of those that every key has, and of
/// those with the algorithms that older tools named in it.
fn own_ids(key: &Key) -> Vec<String> {
    let mut bare = Map::new();
    bare.insert("keytype".to_owned(), json!(key.keytype));
    bare.insert("scheme".to_owned(), json!(key.scheme));
    bare.insert("keyval".to_owned(), json!({"public": key.keyval.public}));
    let mut old = bare.clone();
    let algorithms = json!(["sha256", "sha512"]);
    old.insert("keyid_hash_algorithms".to_owned(), algorithms);
    // What cannot be written in the canonical form has no id.
    let whole = serde_json::to_value(key).ok();
    let all = [Some(Value::Object(bare)), Some(Value::Object(old)), whole];
    let canonical = all.iter().flatten().map(to_canonical_bytes);
    canonical
        .filter_map(Result::ok)
        .map(|bytes| Digest::sha256(&bytes).to_hex())
        .collect()
}
