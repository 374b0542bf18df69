//! The body of the fuzz target for what is kept of answers, run over small seeds and mutations of
//! them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/answers.rs"]
mod answers;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use customs_model::Digest;

#[test]
fn the_store_of_evidence_and_reports() {
    let artifact = Digest::sha256(b"artifact");
    let behind = |way: u8, text: &str| [&[way], text.as_bytes()].concat();
    let evidence = format!(
        r#"{{"schema":"customs/evidence-v1","release":"pkg:npm/a@1.0.0","file":"a-1.0.0.tgz","artifact":"{artifact}","registry":"registry.example","asked":"2026-01-02T00:00:00Z","offer":"none"}}"#
    );
    let suspect = format!(
        r#"{{"schema":"customs/evidence-v1","release":"pkg:npm/a@1.0.0","artifact":"{artifact}"}}"#
    );
    let phantoms =
        r#"{"schema":"customs/phantoms-v1","package":"npm a","releases":[["1.0.0",{}]]}"#;
    let verdict = r#"{"standing":"malicious","findings":[{"rule":"secret-to-network","severity":"critical","confidence":"high","message":"m","evidence":[],"path":[{"what":"`process.env` is read","at":{"file":"package/a.js","line":1,"column":13,"bytes":[12,23]}}]}],"not_checked":[]}"#;
    serde_json::from_str::<customs_model::Verdict>(verdict).expect("a verdict");
    let seeds = [
        behind(0, &evidence),
        behind(1, &suspect),
        behind(2, phantoms),
        behind(3, verdict),
    ];
    let tokens = [
        "{",
        "[",
        "]",
        "}",
        "null",
        "\"path\":",
        "\"bytes\":[4294967295,0]",
        "4294967295",
        "-1",
        "\"pkg:npm/a@1.0.0\"",
        "\u{202e}",
        "\\u001b",
        ",",
    ];
    short::run("answers", &seeds, &tokens, 800, &answers::answers);
}
