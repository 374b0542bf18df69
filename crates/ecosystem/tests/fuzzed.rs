//! The bodies of the fuzz targets for lockfiles and environments, run over the fixtures and
//! mutations of them: short, without a fuzzer, and with the same inputs every time.

#![allow(
    clippy::expect_used,
    reason = "the bodies of fuzz targets say what is wrong by a panic"
)]

#[path = "../../../fuzz/src/lockfiles.rs"]
mod lockfiles;
#[path = "../../../fuzz/src/settings.rs"]
mod settings;
#[path = "../../../fuzz/src/short.rs"]
mod short;

use customs_ecosystem::lockfile::Kind;
use lockfiles::BODIES;
use std::path::Path;

fn run(name: &str, seeds: &[Vec<u8>], tokens: &[&str], count: usize) {
    let (_, body) = *BODIES
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target of this name");
    short::run(name, seeds, tokens, count, &|data| body(data));
}

fn behind(way: u8, text: &[u8]) -> Vec<u8> {
    [&[way], text].concat()
}

#[test]
fn lockfiles_of_all_kinds_as_graphs_and_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lockfile/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files
        .iter()
        .filter_map(|path| {
            let bytes = std::fs::read(path).expect("a fixture");
            let name = path.file_name()?.to_str()?;
            // Fixtures of older versions carry them in their names.
            let plain: Vec<&str> = name
                .split('.')
                .filter(|part| !(part.starts_with('v') && part.len() == 2) && *part != "old")
                .collect();
            let plain = plain
                .join(".")
                .replace("yarn-berry", "yarn")
                .replace("yarn-classic", "yarn");
            let kind = Kind::of_file_name(&plain, &bytes)?;
            let at = Kind::ALL.iter().position(|one| *one == kind)?;
            Some(behind(u8::try_from(at).ok()?, &bytes))
        })
        .collect();
    assert_eq!(seeds.len(), files.len(), "every fixture is a seed");
    let tokens = [
        "\"node_modules/a/node_modules/b\": {",
        "\"dependencies\": {",
        "\"link\": true,",
        "}",
        "]",
        "npm:a@1",
        "workspace:*",
        "patch:",
        "file:../",
        "[[package]]\n",
        "packages:\n",
        "  '/a@1':\n",
        "\"@s/n@^1\":\n  version: 1\n",
        "\u{202e}",
        "\\u0000",
        "- ",
        ": ",
        "&a ",
        "*a",
    ];
    run("graphs", &seeds, &tokens, 250);
}

#[test]
fn what_installers_of_python_leave() {
    let mut pyc = b"\xcb\x0d\x0d\x0a\0\0\0\0\0\0\0\0\x07\0\0\0".to_vec();
    pyc.extend_from_slice(b"\xe3\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\xf3\x04\0\0\0\x97\0y\0)\x01N)\0r\x03\0\0\0\0import a\n");
    let seeds = [
        behind(0, b"a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n\"a,\"\"b.py\",,\n../../../bin/x,,\n"),
        behind(1, b"[console_scripts]\na = b.c:d [e]\nf=g\n\n[gui_scripts]\nh = i:j.k\n"),
        behind(2, br#"{"url": "https://a.example/b.git", "vcs_info": {"vcs": "git", "commit_id": "0123456789abcdef0123456789abcdef01234567"}}"#),
        behind(2, br#"{"url": "file:///a", "dir_info": {"editable": true}}"#),
        behind(3, b"home = /usr/bin\nversion = 3.12.1\ninclude-system-site-packages = false\n"),
        behind(4, &pyc),
    ];
    let tokens = [
        ",",
        "\"",
        "\"\"",
        "\n",
        "sha256=",
        "sha1=",
        "[console_scripts]\n",
        " = ",
        ":",
        "{",
        "[",
        "\u{e3}",
        "\u{202e}",
        "r\0\0\0\0",
        "(\u{7f}",
        "\0",
    ];
    run("environments", &seeds, &tokens, 1_500);
}

#[test]
fn settings_manifests_and_changes_of_them() {
    let texts: [&[u8]; settings::WAYS] = [
        b"registry=https://registry.example/\n@s:registry = \"https://s.example/\"\n; a\n[section]\na[]=b\n",
        b"registry \"https://registry.example\"\n# a\n\"@s:registry\" https://s.example\n",
        b"npmRegistryServer: \"https://registry.example\"\nnpmScopes:\n  s:\n    npmRegistryServer: &a https://s.example\n",
        b"packages:\n  - 'a/*'\noverrides:\n  ms: 2.0.0\nonlyBuiltDependencies: [a, b]\n",
        b"[install]\nregistry = \"https://registry.example\"\n[install.scopes]\ns = { url = \"https://s.example\" }\n",
        b"[source.crates-io]\nreplace-with = 'v'\n[[a]]\nname = 'b'\n[patch.crates-io]\nc = { path = '../c' }\n",
        b"[global]\nindex-url = https://index.example/simple\nextra-index-url =\n  https://a.example\n  https://b.example\n",
        b"[[index]]\nname = \"own\"\nurl = \"https://index.example/simple\"\n",
        br#"{"dependencies": {"a": "^1", "b": "npm:c@2"}, "overrides": {"d": {".": "1", "e": "2"}}, "workspaces": ["x/*"]}"#,
        b"[package]\nname = \"a\"\n[dependencies]\nb = \"1\"\nc = { package = \"d\", git = \"https://git.example/d\" }\n[patch.crates-io]\nb = { path = \"b\" }\n",
        b"[project]\nname = \"a\"\ndependencies = [\"b>=1; python_version < '3.12'\"]\n[tool.poetry.dependencies]\nc = \"^1\"\n[tool.uv.sources]\nb = { git = \"https://git.example/b\" }\n",
        b"[patch.crates-io]\nc = { git = \"https://git.example/c\" }\n",
        b"{\n\t\"name\": \"a\",\r\n\t\"overrides\": {\"ms\": \"1\"}\n}\n",
    ];
    let seeds: Vec<Vec<u8>> = (0_u8..)
        .zip(texts)
        .map(|(way, text)| behind(way, text))
        .collect();
    let tokens = [
        "[",
        "]",
        "{",
        "}",
        "=",
        " = \"",
        "\"\"\"",
        "'''",
        "&a ",
        "*a",
        "<<: ",
        "\n  - ",
        "[[a]]\n",
        "a.b.c = 1\n",
        "\"overrides\": {",
        "\\u0000",
        "\u{202e}",
        "${",
        "%(",
        ",",
    ];
    short::run("settings", &seeds, &tokens, 2_000, &settings::settings);
}
