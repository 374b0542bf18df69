//! The bodies of the fuzz targets for evidence of origin, run over small corpora and mutations of
//! them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/evidence.rs"]
mod evidence;
#[path = "../../../fuzz/src/pack.rs"]
mod pack;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use evidence::BODIES;
use pack::{gzip, tar, zip};

fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *BODIES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    short::run(name, seeds, tokens, count, &|data| body(data));
}

fn behind(way: u8, text: impl AsRef<[u8]>) -> Vec<u8> {
    [&[way], text.as_ref()].concat()
}

#[test]
fn trust_files() {
    let seeds = [TRUST_FILE, "customs-lock 1\n", "# only a comment\n"];
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|text| text.as_bytes().to_vec()).collect();
    let tokens = [
        "identity npm:",
        "accept pypi:",
        "made ",
        " line=",
        " version=1.0.0",
        " evidence=",
        " repository=",
        "sha256:",
        "\"",
        "\n\n",
        "<<<<<<< a\n",
        "=======\n",
        ">>>>>>> b\n",
        "%20",
        "\u{202e}",
        "2026-01-10",
        "provenance,",
    ];
    run("trust_file", &seeds, &tokens, 1_000);
}

/// Every kind of entry that there is.
const TRUST_FILE: &str = include_str!("trust_file.lock");

#[test]
fn the_seed_of_trust_files_is_one() {
    let file =
        customs_origin::history::TrustFile::parse(TRUST_FILE.as_bytes()).expect("a trust file");
    assert!(file.lines().count() > 0 && file.accepted().count() > 0 && file.all_made().count() > 0);
}

#[test]
fn attestations_that_nobody_signed() {
    let statement = r#"{"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "pkg:npm/a@1.0.0", "digest": {"sha256": "c7a5b0d9f0c3c7b9ab0d8a0b8f7d6e5c4b3a29180706050403020100ffeeddcc"}}], "predicateType": "https://slsa.dev/provenance/v1", "predicate": {"buildDefinition": {}, "runDetails": {}}}"#;
    let bundle = r#"{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"certificate": {"rawBytes": "MIIB"}, "tlogEntries": []}, "dsseEnvelope": {"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": "MEUC", "keyid": ""}]}}"#;
    let document = format!(
        r#"{{"attestations": [{{"predicateType": "https://slsa.dev/provenance/v1", "bundle": {bundle}}}]}}"#
    );
    let object = r#"{"version": 1, "attestation_bundles": [{"publisher": {"kind": "GitHub", "repository": "a/b", "workflow": "c.yml"}, "attestations": [{"version": 1, "envelope": {"statement": "e30=", "signature": "MEUC"}, "verification_material": {"certificate": "MIIB", "transparency_entries": [{}]}}]}]}"#;
    let root = r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [], "certificateAuthorities": [], "ctlogs": [], "timestampAuthorities": []}"#;
    let seeds = [
        behind(0, statement),
        behind(1, bundle),
        behind(2, root),
        behind(3, &document),
        behind(
            4,
            r#"{"attestations": [{"predicateType": "https://github.com/npm/attestation/tree/main/specs/publish/v0.1", "bundle": null}]}"#,
        ),
        behind(5, object),
    ];
    let tokens = [
        "{",
        "[",
        "\"",
        ",",
        ":",
        "null",
        "\\u0000",
        "\u{202e}",
        "==",
        "MII",
        "\"tlogEntries\": [",
        "\"publicKey\": {\"hint\": \"a\"}",
        "1e999",
        "-1",
        "\"subject\": []",
    ];
    run("attestations", &seeds, &tokens, 700);
}

#[test]
fn claims_about_a_commit() {
    let seeds: Vec<Vec<u8>> = [
        r#"{"git": {"sha1": "0123456789abcdef0123456789abcdef01234567", "dirty": true}, "path_in_vcs": "a/b"}"#,
        r#"{"provider": "github", "repository": "a/b", "run_id": 17, "sha": "0123456789abcdef0123456789abcdef01234567"}"#,
        r#"{"provider": "gitlab", "project_path": "a/b", "job_id": "17", "sha": "0123456789abcdef0123456789abcdef01234567"}"#,
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    run(
        "vcs",
        &seeds,
        &["\"", "{", "null", "\u{202e}", "\\u001b", "0"],
        600,
    );
}

#[test]
fn what_source_comparison_reads() {
    let files: [(&str, &[u8]); 2] = [("a-1/package.json", b"{}"), ("a-1/src/b.js", b"1")];
    let packed = gzip(&tar(&files));
    let seeds = [
        behind(
            0,
            r#"{"version": 3, "file": "a.js", "sources": ["../src/a.ts", null], "sourcesContent": ["let a = 1", null], "mappings": "AAAA;;AACA"}"#,
        ),
        behind(
            0,
            r#"{"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": {"version": 3, "sources": ["a"]}}]}"#,
        ),
        behind(
            1,
            "* text=auto\n*.js eol=crlf\n[attr]bin -text\n/b/** filter=lfs\n!c export-subst\n",
        ),
        behind(2, &packed),
        behind(3, &packed),
        behind(4, &packed),
        behind(5, zip(&files)),
    ];
    let tokens = [
        "../",
        "/",
        "\0",
        "**/",
        "[!a-",
        "PK\u{1}\u{2}",
        "\"sources\": [",
        "{",
        "\u{202e}",
        "ustar",
    ];
    run("sources", &seeds, &tokens, 800);
}

#[test]
fn repositories_that_nobody_signed() {
    let role = r#"{"keyids": ["k"], "threshold": 1}"#;
    let root = format!(
        r#"{{"signed": {{"_type": "root", "spec_version": "1.0.31", "version": 1, "expires": "2026-07-01T00:00:00Z", "consistent_snapshot": true, "keys": {{"k": {{"keytype": "ed25519", "scheme": "ed25519", "keyval": {{"public": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}}}}}, "roles": {{"root": {role}, "timestamp": {role}, "snapshot": {role}, "targets": {role}}}}}, "signatures": [{{"keyid": "k", "sig": "00ff"}}]}}"#
    );
    let seeds = [
        root.clone().into_bytes(),
        format!("{root}\0{root}\0{root}").into_bytes(),
        root.replace("ed25519", "ecdsa-sha2-nistp256").into_bytes(),
        root.replace("\"threshold\": 1", "\"threshold\": 0")
            .into_bytes(),
    ];
    let tokens = [
        "{",
        "[[[[[[[[",
        "\"",
        "\0",
        "\"keys\": {}",
        "\"signatures\": []",
        "-----BEGIN PUBLIC KEY-----\\n",
        "18446744073709551615",
        "1e999",
        "-1",
        "1.5",
        "null",
        "\\u0000",
        "\u{202e}",
        "+9999-12-31T23:59:59Z",
    ];
    run("tuf", &seeds, &tokens, 800);
}
