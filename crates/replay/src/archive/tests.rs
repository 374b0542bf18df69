use super::*;
use std::io::Read as _;

fn package(text: &str) -> Package {
    toml::from_str(text).unwrap()
}

fn artifact(ecosystem: Ecosystem, text: &str) -> Artifact {
    let package = package(text);
    Artifact::of(ecosystem, &package, &package.releases[0]).unwrap()
}

fn untar(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), text)
        })
        .collect()
}

const NPM: &str = r#"
    name = "@s/a"
    releases = [{ version = "1.2.3", published = "2026-01-01T00:00:00Z", tags = ["latest"],
                  dependencies = { b = "^1" }, marker = "postinstall" }]"#;

#[test]
fn an_npm_tarball_holds_its_manifest_and_what_the_marker_needs() {
    let artifact = artifact(Ecosystem::Npm, NPM);
    assert_eq!(artifact.file_name, "a-1.2.3.tgz");
    let files = untar(&artifact.bytes);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        [
            "package/index.js",
            "package/package.json",
            "package/setup.js"
        ]
    );
    let manifest: Value = serde_json::from_str(&files["package/package.json"]).unwrap();
    assert_eq!(manifest["scripts"]["postinstall"], "node setup.js");
    assert_eq!(Some(manifest), artifact.manifest);
    insta::assert_snapshot!(files["package/setup.js"], @r#"
// Inert: leaves a mark only where the replay asks for one.
if (process.env.CUSTOMS_REPLAY_MARKER) {
  require('fs').appendFileSync(process.env.CUSTOMS_REPLAY_MARKER, '@s/a@1.2.3\n');
}
"#);
}

#[test]
fn a_binding_gyp_comes_without_any_script() {
    let artifact = artifact(Ecosystem::Npm, &NPM.replace("postinstall", "binding-gyp"));
    assert!(untar(&artifact.bytes).contains_key("package/binding.gyp"));
    assert!(artifact.manifest.unwrap().get("scripts").is_none());
}

#[test]
fn a_wheel_has_a_record_that_its_files_match() {
    let artifact = artifact(
        Ecosystem::PyPi,
        r#"name = "Lite-LLM"
           releases = [{ version = "1.0.0", published = "2026-01-01T00:00:00Z", dependencies = { b = ">=1" },
                         marker = "startup" }]"#,
    );
    assert_eq!(artifact.file_name, "lite_llm-1.0.0-py3-none-any.whl");
    let mut zip = ::zip::ZipArchive::new(io::Cursor::new(artifact.bytes.to_vec())).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(entry.name().unwrap().into_owned(), text);
    }
    let record = files["lite_llm-1.0.0.dist-info/RECORD"].clone();
    for line in record.lines().filter(|l| !l.ends_with(",,")) {
        let (path, rest) = line.split_once(',').unwrap();
        let (_, size) = rest.split_once(',').unwrap();
        assert_eq!(files[path].len().to_string(), size, "{path}");
    }
    assert_eq!(files["lite_llm_init.pth"], "import lite_llm_startup\n");
    let metadata = files["lite_llm-1.0.0.dist-info/METADATA"].clone();
    assert!(metadata.contains("Requires-Dist: b>=1\n"));
    assert_eq!(artifact.metadata.unwrap(), metadata);
}

#[test]
fn an_sdist_brings_its_own_build_back_end() {
    let artifact = artifact(
        Ecosystem::PyPi,
        r#"name = "a"
           releases = [{ version = "1.0.0", published = "2026-01-01T00:00:00Z", sdist = true, marker = "build" }]"#,
    );
    assert_eq!(
        (artifact.kind, artifact.file_name.as_str()),
        (ArtifactKind::Sdist, "a-1.0.0.tar.gz")
    );
    let files = untar(&artifact.bytes);
    assert!(files["a-1.0.0/pyproject.toml"].contains("requires = []"));
    assert!(files["a-1.0.0/backend.py"].contains(payload::MARKER_VARIABLE));
}

#[test]
fn a_crate_names_its_build_script() {
    let artifact = artifact(
        Ecosystem::Cargo,
        r#"name = "a"
           description = "says \"a\""
           releases = [{ version = "1.0.0", published = "2026-01-01T00:00:00Z", marker = "build",
                         dependencies = { b-c = "^1" } }]"#,
    );
    let files = untar(&artifact.bytes);
    insta::assert_snapshot!(files["a-1.0.0/Cargo.toml"], @r#"
[package]
name = "a"
version = "1.0.0"
edition = "2021"
license = "MIT"
description = 'says "a"'
build = "build.rs"

[dependencies.b-c]
version = "^1"
"#);
    assert!(files["a-1.0.0/build.rs"].contains(payload::MARKER_VARIABLE));
}
