//! What a stranger packs: archives, and source texts in every language. The first byte
//! chooses. Nothing may panic, and the same bytes give the same answer.
#![no_main]

use customs_inspect::{Content, Entry, Tree, inspect_archive, inspect_tree, kind_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let (manifest, name) = match kind % 5 {
        0 => {
            let first = inspect_archive(bytes);
            assert_eq!(first, inspect_archive(bytes));
            return;
        }
        1 => (("package/package.json", r#"{"scripts": {"postinstall": "node a.js"}}"#), "package/a.js"),
        2 => (("a-1.0/PKG-INFO", "Name: a"), "a-1.0/setup.py"),
        3 => (("a-1.0.0/Cargo.toml", "[package]"), "a-1.0.0/build.rs"),
        _ => (("package/package.json", r#"{"scripts": {"postinstall": "sh a.sh"}}"#), "package/a.sh"),
    };
    let entry = |path: &str, bytes: &[u8]| Entry {
        path: path.to_owned(),
        content: Content::Whole(bytes.into()),
        length: bytes.len() as u64,
        kind: kind_of(bytes),
        executable: false,
    };
    let tree = Tree { entries: vec![entry(manifest.0, manifest.1.as_bytes()), entry(name, bytes)], ..Tree::default() };
    drop(inspect_tree(&tree));
});
