//! The bodies of the fuzz targets for copies of artifacts and for patches, run over small corpora
//! and mutations of them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/copies.rs"]
mod copies;
#[path = "../../../fuzz/src/installed.rs"]
mod installed;
#[path = "../../../fuzz/src/pack.rs"]
mod pack;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use pack::{gzip, tar, zip};

fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *copies::BODIES
        .iter()
        .chain(&installed::BODIES)
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    short::run(name, seeds, tokens, count, &|data| body(data));
}

fn behind(way: u8, bytes: &[u8]) -> Vec<u8> {
    [&[way], bytes].concat()
}

#[test]
fn copies_of_artifacts() {
    let files: [(&str, &[u8]); 3] = [
        ("package/package.json", b"{\"name\": \"a\"}"),
        ("package/bin/a", b"#!/usr/bin/env node\r\n"),
        ("package/b/../c", b"c"),
    ];
    let inside: [(&str, &[u8]); 2] = [
        ("node_modules/a/package.json", b"{}"),
        ("node_modules/a/b.js", b"1"),
    ];
    let seeds = [
        behind(0, &gzip(&tar(&files))),
        behind(0, &tar(&files)),
        behind(
            0,
            &[gzip(&tar(&files[..1])), gzip(&tar(&files[1..]))].concat(),
        ),
        behind(1, &zip(&inside)),
        behind(1, &zip(&files)),
    ];
    let tokens = [
        "\0",
        "ustar",
        "../",
        "PK\u{1}\u{2}",
        "PK\u{3}\u{4}",
        "PK\u{5}\u{6}",
        "\u{1f}",
        "30 path=a/b/c\n",
        "node_modules/a/",
    ];
    run("copies", &seeds, &tokens, 400);
}

#[test]
fn patches_that_are_applied() {
    let seeds: Vec<Vec<u8>> = [
        "a\nb\nc\n\0diff --git a/node_modules/a/x.js b/node_modules/a/x.js\nindex 1..2 100644\n--- a/node_modules/a/x.js\n+++ b/node_modules/a/x.js\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
        "\0diff --git a/y b/y\nnew file mode 100644\n--- /dev/null\n+++ b/y\n@@ -0,0 +1,1 @@\n+y\n\\ No newline at end of file\n",
        "z\n\0diff --git a/z b/z\ndeleted file mode 100644\n--- a/z\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-z\n",
        "q\n\0diff --git a/q b/r\nsimilarity index 100%\nrename from q\nrename to r\n",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    let tokens = [
        "@@ -1,3 +1,3 @@\n",
        "@@ -0,0 +1,99999999999 @@\n",
        "+",
        "-",
        " ",
        "\n",
        "--- a/",
        "+++ b/",
        "/dev/null",
        "GIT binary patch\n",
        "rename from ",
        "\\ No newline\n",
        "\r\n",
    ];
    run("patches", &seeds, &tokens, 1_500);
}

#[test]
fn records_of_managers_and_lists_of_cargo() {
    let seeds = [
        behind(0, br#"{"storeDir": "/srv/store/v10", "layoutVersion": 5, "skipped": []}"#),
        behind(0, b"storeDir: /srv/store/v10\nlayoutVersion: 5\nhoistedDependencies:\n  a@1.0.0:\n    a: private\n"),
        behind(1, b"lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-x}\n"),
        behind(2, br#"{"lastValidatedTimestamp": 1, "projects": {}, "settings": {}}"#),
        behind(3, br#"{"flags": [], "lockfileEntries": {"a@^1.0.0": "https://registry.example/a/-/a-1.0.0.tgz#01"}}"#),
        behind(4, b"__metadata:\n  version: 1\n\n\"own@workspace:.\":\n  locations:\n    - \"packages/own\"\n"),
        behind(5, br#"{"packages": {"a": {"url": "../../evil"}}}"#),
        behind(6, b"const RAW_RUNTIME_STATE = '{}';\n"),
        behind(7, b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20"),
        behind(8, br#"{"files":{"src/lib.rs":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"package":null}"#),
        behind(8, b"[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = \"third\"\n"),
        behind(9, br#"{"files":{"src/lib.rs":"e3b0","../x":"00"},"package":"00"}"#),
        behind(10, b"[package]\nname = \"alpha\"\nversion = \"1.0.0\"\n"),
    ];
    let tokens = [
        "{", "[", "\"a\": ", "- ", "&a ", "*a", "../", "/", "\n  ", "\u{202e}", "}", "\"", "\0",
        "<<: *a",
    ];
    run("installed", &seeds, &tokens, 400);
}

#[test]
fn refs_of_clones_and_objects_of_git() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let raw = [&b"100644 a.js\0"[..], &[7; 20], b"40000 lib\0", &[9; 20]].concat();
    let packed = format!("# pack-refs with: peeled\n{id} refs/heads/main\n^{id}\n");
    let commit = format!("tree {id}\nparent {id}\nauthor a <a@b.example> 1 +0000\n\nx\n");
    let seeds = [
        behind(0, b"ref: refs/heads/main\n"),
        behind(0, id.as_bytes()),
        behind(1, packed.as_bytes()),
        behind(2, format!("{id}\n").as_bytes()),
        behind(3, b"../.git\n"),
        behind(4, b"gitdir: ../other/.git/worktrees/a\n"),
        behind(5, &raw),
        behind(6, commit.as_bytes()),
        behind(6, id.as_bytes()),
    ];
    let tokens = [
        "ref: ",
        "refs/heads/",
        "../",
        "gitdir: ",
        "\0",
        "40000 ",
        "160000 ",
        "tree ",
        "\n",
        "^",
        "/",
        ".lock",
    ];
    run("repositories", &seeds, &tokens, 400);
}
