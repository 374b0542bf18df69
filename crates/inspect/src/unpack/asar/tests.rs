use super::super::{Tree, unpack};
use super::*;
use crate::limit::Unpacking;
use proptest::prelude::*;

/// An archive with a header and what stands behind it.
fn asar(header: &str, files: &[u8]) -> Vec<u8> {
    let mut text = header.as_bytes().to_vec();
    let length = text.len() as u32;
    text.resize(text.len().next_multiple_of(4), 0);
    let inner = text.len() as u32 + 4;
    [
        4_u32.to_le_bytes().as_slice(),
        &(inner + 4).to_le_bytes(),
        &inner.to_le_bytes(),
        &length.to_le_bytes(),
        &text,
        files,
    ]
    .concat()
}

fn read(header: &str, files: &[u8]) -> Tree {
    unpack(&asar(header, files), &Unpacking::default())
}

fn tricks(tree: &Tree) -> Vec<Trick> {
    tree.oddities.iter().map(|oddity| oddity.trick).collect()
}

#[test]
fn files_folders_links_and_what_lies_beside_are_read() {
    let tree = read(
        r#"{"files": {
            "main.js": {"size": 3, "offset": "0", "executable": true, "integrity": {
                "algorithm": "SHA256",
                "hash": "D8532F33A7E4BC58D3E39B6E5C91CE15AA2B3B75F1BD7CE9AFA8C3A1F8A2DF80",
                "blockSize": 4194304, "blocks": ["x"]}},
            "lib": {"files": {"a.js": {"size": 3, "offset": "3"}}},
            "native.node": {"size": 99, "unpacked": true},
            "link": {"link": "lib/a.js"}
        }}"#,
        b"x()a()",
    );
    let paths: Vec<&str> = tree.entries.iter().map(|entry| &*entry.path).collect();
    assert_eq!(paths, ["main.js", "lib/a.js", "link"]);
    assert_eq!(tree.entries[1].bytes(), Some(&b"a()"[..]));
    assert!(tree.entries[0].executable);
    // The digest is not the one of its content.
    assert_eq!(tricks(&tree), [Trick::OtherDigest]);
    assert_eq!(tree.unread, []);
}

#[test]
fn each_trick_of_a_header_is_told_and_what_can_be_is_read() {
    for (header, files, trick) in [
        (
            r#"{"files": {"..": {"files": {"x": {"size": 1, "offset": "0"}}}}}"#,
            "x",
            Trick::Traversal,
        ),
        (
            r#"{"files": {"__proto__": {"size": 1, "offset": "0"}}}"#,
            "x",
            Trick::StrangeName,
        ),
        (
            r#"{"files": {"a/b": {"size": 1, "offset": "0"}}}"#,
            "x",
            Trick::StrangeName,
        ),
        (
            r#"{"files": {"a": {"size": 2, "offset": "0"}, "b": {"size": 2, "offset": "1"}}}"#,
            "xyz",
            Trick::Overlap,
        ),
        (
            r#"{"files": {"a": {"size": 1, "offset": "0"}, "a": {"size": 1, "offset": "1"}}}"#,
            "xy",
            Trick::DuplicateName,
        ),
        (
            r#"{"files": {"a": {"size": 1, "offset": "0"}}}"#,
            "xyz",
            Trick::TrailingData,
        ),
        (
            r#"{"files": {"a": {"link": "../../etc/passwd"}}}"#,
            "",
            Trick::LinkOutside,
        ),
    ] {
        let tree = read(header, files.as_bytes());
        assert!(tricks(&tree).contains(&trick), "{header}: {tree:?}");
        assert!(!tree.entries.is_empty(), "{header}");
    }
}

#[test]
fn blanks_in_front_of_the_header_hide_nothing() {
    let tree = read(
        " \n\t{\"files\": {\"a\": {\"size\": 1, \"offset\": \"0\"}}}",
        b"x",
    );
    assert_eq!(tree.entries.len(), 1);
}

#[test]
fn equal_files_may_share_their_bytes() {
    let tree = read(
        r#"{"files": {"a": {"size": 1, "offset": "0"}, "b": {"size": 1, "offset": "0"}}}"#,
        b"x",
    );
    assert_eq!(tricks(&tree), []);
    assert_eq!(tree.entries.len(), 2);
}

#[test]
fn what_stands_beyond_the_end_or_nowhere_is_not_read() {
    for header in [
        r#"{"files": {"a": {"size": 9, "offset": "0"}}}"#,
        r#"{"files": {"a": {"size": 1, "offset": "18446744073709551615"}}}"#,
        r#"{"files": {"a": {"size": 1, "offset": "-1"}}}"#,
        r#"{"files": {"a": {"size": 1.5, "offset": []}}}"#,
        r#"{"files": {"a": {}}}"#,
        r#"{"files": {"a": "#,
        r#"{"files": 1}"#,
    ] {
        let tree = read(header, b"x");
        assert_eq!(tree.unread.len(), 1, "{header}: {tree:?}");
        assert!(tree.entries.is_empty(), "{header}");
    }
}

#[test]
fn one_content_under_a_hundred_thousand_names_ends_at_the_bound() {
    let names: Vec<String> = (0..1000)
        .map(|n| format!(r#""{n}": {{"size": 100000, "offset": "0"}}"#))
        .collect();
    let header = format!(r#"{{"files": {{{}}}}}"#, names.join(","));
    let limits = Unpacking {
        inflated: 1 << 20,
        ..Unpacking::default()
    };
    let tree = unpack(&asar(&header, &[b'x'; 100_000]), &limits);
    assert_eq!(tree.entries.len(), 10);
    assert!(
        tree.unread
            .iter()
            .any(|part| part.because.contains("more than the bound"))
    );
}

#[test]
fn a_tree_that_is_too_deep_or_too_wide_ends() {
    let deep = format!(
        "{}{}",
        r#"{"files":{"a":"#.repeat(10_000),
        "}}".repeat(10_000)
    );
    assert_eq!(read(&deep, b"").unread.len(), 1);
    let names: Vec<String> = (0..100)
        .map(|n| format!(r#""{n}":{{"size":0,"offset":"0"}}"#))
        .collect();
    let limits = Unpacking {
        entries: 10,
        ..Unpacking::default()
    };
    let wide = format!(r#"{{"files":{{{}}}}}"#, names.join(","));
    let tree = unpack(&asar(&wide, b""), &limits);
    assert_eq!(tree.entries.len(), 10);
    assert_eq!(tree.unread.len(), 1);
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..512),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut whole = asar(
            r#"{"files":{"a":{"size":3,"offset":"0"},"b":{"files":{"c":{"link":"a"}}}}}"#,
            &bytes,
        );
        for (at, byte) in changes {
            let at = at.index(whole.len());
            whole[at] = byte;
        }
        let tree = unpack(&whole, &Unpacking::default());
        prop_assert!(tree.entries.iter().all(|entry| entry.length <= whole.len() as u64));
    }
}
