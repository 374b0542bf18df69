//! The bodies of the fuzz targets for copies of artifacts and for patches, run over small corpora
//! and mutations of them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/copies.rs"]
mod copies;
#[path = "../../../fuzz/src/pack.rs"]
mod pack;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use copies::BODIES;
use pack::{gzip, tar, zip};

fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *BODIES
        .iter()
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
