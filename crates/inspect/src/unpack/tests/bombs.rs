//! Entries that unpack to far more than they take, and entries that cannot be unpacked.

use super::*;
use crate::inspect_tree;

/// A zip archive whose headers say another length.
fn saying(length: u32) -> Vec<u8> {
    let mut bytes = zip("a/b.py", "a/b.py", &[b'x'; 1000]);
    let directory = bytes.len() - 22 - 46 - "a/b.py".len();
    for at in [22, directory + 24] {
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
    bytes
}

#[test]
fn an_entry_that_unpacks_to_far_more_than_it_takes_is_told() {
    assert!(tricks(&read(&saying(60 << 20))).contains(&Trick::Bomb));
    // As much is honest where it is no more than what text gives.
    assert!(!tricks(&read(&saying(100_000))).contains(&Trick::Bomb));
    assert!(!crate::unpack::zip::is_bomb(1 << 20, 60 << 20));
}

#[test]
fn a_module_of_a_wheel_that_is_encrypted_or_packed_by_an_unknown_method_is_not_judged() {
    let is_judged = |path: &str, at: usize, value: u8| {
        let mut bytes = zip(path, path, b"x = 1");
        let directory = bytes.len() - 22 - 46 - path.len();
        bytes[directory + at] = value;
        let metadata = crate::unpack::text_file("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
        let mut tree = read(&bytes);
        tree.entries.push(metadata);
        inspect_tree(&tree).unread.iter().all(|part| !part.reached)
    };
    for (at, value) in [(8, 1), (10, 77)] {
        assert!(!is_judged("a/__init__.py", at, value));
        assert!(is_judged("a/data.bin", at, value));
    }
    assert!(is_judged("a/__init__.py", 8, 0));
}
