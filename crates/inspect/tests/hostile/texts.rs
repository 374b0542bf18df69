//! Texts, manifests and paths that make a reader go back over the same bytes, and bytes that
//! are no text.

use crate::{SEND, alone, file, installed, is_unjudged, read, sends};
use customs_inspect::Entry;

/// Pieces one behind the other.
fn joined(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

#[test]
fn texts_that_make_a_reader_go_back_end() {
    let js = |code: String| {
        alone(|| installed("a.js", code.into_bytes()));
    };
    js(format!("/(a*)*b/.test('{}')", "a".repeat(100_000)));
    js(format!(
        "'{}'.replace(/{}/g, 'c')",
        "a".repeat(100_000),
        "(a?)".repeat(1_000)
    ));
    js(format!(
        "'{}'.split(/{}/)",
        "ab".repeat(100_000),
        "a{1,500}".repeat(7)
    ));
    js(format!("'a'.match(/{}/)", "a{".repeat(100_000)));
    js(format!(
        "'{}'.match(/[{}]+$/g)",
        "名".repeat(50_000),
        "a".repeat(10_000)
    ));
    js(format!(
        "const a = '{}'; let b = ''; for (let i = 0; i < a.length; i++) b += a.charCodeAt(i); eval(b)",
        "é".repeat(500_000)
    ));
    js(format!(
        "const a = [{}]; while (true) a.push(a.shift()); eval(a[0])",
        "1,".repeat(300_000)
    ));
    js(
        "const a = [1]; while (true) { a.unshift(...a); a.reverse(); a.includes(2); } eval(a)"
            .to_owned(),
    );
    js("let a = 'a'; while (true) { a = a.replace(/a/g, 'aa'); } eval(a)".to_owned());
    js("let a = ['a']; for (;;) { a = [a, a]; } eval(a.join())".to_owned());
    js((0..2_000).fold(String::new(), |all, n| {
        all + &format!("const a{n} = 'b'.repeat(4000000); eval(a{n});\n")
    }));
    // Gigabytes in one step, if what is made were not counted before.
    let large = "const a = 'b'.repeat(4000000);";
    for piece in ["a,", "'',", "[a],"] {
        let many = piece.repeat(100_000);
        js(format!("{large} eval(''.concat({many}a))"));
    }
    js(format!(
        "{large} eval(a.replace(/b+/, '{}'))",
        "$&".repeat(100_000)
    ));
    js(format!(
        "{large} eval(a.replace(/b/g, '{}'))",
        "$1".repeat(100_000)
    ));
    js(format!(
        "{large} eval(a.replaceAll('b', 'cccccccccccccccc'))"
    ));
    let fields = "{0}".repeat(100_000);
    let code = format!("a = 'b' * 4000000\nexec('{fields}'.format(a))\n");
    alone(|| installed("setup.py", code.into_bytes()));
    // Each call has a place to tell, far along one line.
    let code = format!("{}\n", "fetch(a);".repeat(100_000));
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    assert!(inspection.capabilities.len() <= 200);
    // Each call of a text that is run.
    let inner = format!("def f(a):\n    return a\n{}", "f(print)\n".repeat(20_000));
    alone(|| installed("setup.py", format!("exec({inner:?})\n").into_bytes()));
}

#[test]
fn manifests_that_make_a_reader_go_back_end() {
    let npm = || file("package/package.json", &br#"{"name": "a"}"#[..]);
    for gyp in [
        "'includes': [".repeat(200_000),
        "'action': ['a', ".repeat(100_000),
        "<!(".repeat(200_000),
        (0..50_000)
            .map(|n| format!("'<!(node a{n}.js)', "))
            .collect(),
        "'\\".repeat(200_000),
    ] {
        let inspection = alone(|| read(vec![npm(), file("package/binding.gyp", gyp.as_bytes())]));
        assert!(inspection.signs.len() <= 200);
    }
    for manifest in [
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        format!(
            "{{\"dependencies\": {{{}\"z\": \"1\"}}}}",
            (0..100_000)
                .map(|n| format!("\"d{n}\": \"1\", "))
                .collect::<String>()
        ),
        format!(
            "{{\"exports\": {}1{}}}",
            "{\".\": ".repeat(100),
            "}".repeat(100)
        ),
        format!("{{\"files\": [{}\"a\"]}}", "\"**/*\", ".repeat(100_000)),
    ] {
        alone(|| {
            read(vec![
                file("package/package.json", manifest.as_bytes()),
                file("package/index.js", &b"a()"[..]),
            ])
        });
    }
    let broken = alone(|| {
        read(vec![file(
            "package/package.json",
            "[".repeat(1_000_000).as_bytes(),
        )])
    });
    assert!(is_unjudged(&broken));
    for toml in [
        "[".repeat(500_000),
        "a.".repeat(500_000),
        "a = [".repeat(200_000),
        "[[a]]\n".repeat(100_000),
        format!("{}a = 1\n", "a.".repeat(100_000)),
        format!("[{}a]\n", "a.".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
    ] {
        alone(|| {
            read(vec![
                file("a-1.0.0/Cargo.toml", toml.as_bytes()),
                file("a-1.0.0/build.rs", &b"fn main() {}"[..]),
            ])
        });
    }
}

#[test]
fn paths_that_make_a_reader_go_back_end() {
    // Many names that are one on some disk, and very deep ones.
    let mut entries: Vec<Entry> = (0..50_000_u32)
        .map(|n| {
            file(
                &format!("package/{}/x.js", if n % 2 == 0 { "A" } else { "a" }),
                n.to_string().into_bytes(),
            )
        })
        .collect();
    entries.push(file("package/package.json", &br#"{"main": "./deep"}"#[..]));
    let deep = "a/".repeat(20_000);
    entries.push(file(
        &format!("package/{deep}index.js"),
        (0..200)
            .map(|n| format!("require('m{n}');\n"))
            .collect::<String>()
            .into_bytes(),
    ));
    alone(|| read(entries));
}

#[test]
fn what_is_no_text_is_read_as_an_interpreter_would() {
    let send = SEND.as_bytes();
    let wide = |big: bool| -> Vec<u8> {
        let units = SEND.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (what, code) in [
        ("a mark", joined(&[b"\xef\xbb\xbf", send])),
        ("UTF-16", joined(&[b"\xff\xfe", &wide(false)])),
        (
            "UTF-16, the other way round",
            joined(&[b"\xfe\xff", &wide(true)]),
        ),
        ("UTF-16, cut", joined(&[b"\xff\xfe", &wide(false), b"\n"])),
        (
            "broken bytes in a text",
            joined(&[b"const a = '\xff\xfe\xc0\xaf\xed\xa0\x80';\n", send]),
        ),
        ("a NUL in a text", joined(&[b"const a = '\0';\n", send])),
        (
            "broken bytes in a comment",
            joined(&[b"// \xf0\x9f\x98\n", send]),
        ),
        ("a hash-bang", joined(&[b"#!/usr/bin/env node\r\n", send])),
        (
            "line ends of Unicode",
            joined(&["const a = 1;\u{2028}".as_bytes(), send]),
        ),
    ] {
        let inspection = alone(|| installed("a.js", code));
        let judged = sends(&inspection) || is_unjudged(&inspection);
        assert!(judged, "{what}: {:?}", inspection.unread);
    }
    for bytes in [
        &b"\0"[..],
        b"\xff\xfe",
        b"\xfe\xff\xd8",
        b"\xef\xbb\xbf",
        b"\xff\xfe\x00\xd8",
        b"",
    ] {
        for name in ["a.js", "a.ts", "setup.py", "build.rs", "a.sh", "a.ps1"] {
            alone(|| installed(name, bytes));
        }
    }
}
