//! The bodies of the fuzz targets for records and signed summaries, run over small corpora and
//! mutations of them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/inclusion.rs"]
mod inclusion;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use customs_inclusion::{dsse, key, vsa};
use inclusion::{BODIES, SEED, signed};

fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *BODIES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    short::run(name, seeds, tokens, count, &|data| body(data));
}

#[test]
fn records_in_every_format() {
    let seeds = [include_bytes!("record.json").to_vec()];
    assert!(
        customs_inclusion::json::read(&seeds[0]).is_ok(),
        "the seed is a record"
    );
    let tokens = [
        "{",
        "[",
        "\"",
        ",",
        "null",
        "\"yes\"",
        "{\"answer\": \"no\"}",
        "\u{202e}",
        "\u{9b}",
        "\\u001b[2J",
        "::error::",
        "##[x]",
        "| a |",
        "`",
        "</td>",
        "sha256:",
        "pkg:npm/a@1",
        "1e999",
        "\\n",
    ];
    run("records", &seeds, &tokens, 500);
}

#[test]
fn envelopes_that_nobody_signed() {
    let own = key::of_seed(&SEED);
    let sealed = dsse::seal(vsa::PAYLOAD_TYPE, &signed(), &own).expect("JSON");
    let pem = dsse::public_pem(&own.verifying_key());
    let behind = |way: u8, text: &str| [&[way], text.as_bytes()].concat();
    let seeds = [
        behind(0, &sealed),
        behind(1, &sealed),
        behind(2, &key::private_pem(&own)),
        behind(3, &pem),
    ];
    let tokens = [
        "\"",
        "{",
        "=",
        "A",
        "-----BEGIN",
        "\n",
        "null",
        "\u{202e}",
        "\"signatures\": [",
    ];
    run("envelopes", &seeds, &tokens, 900);
}
