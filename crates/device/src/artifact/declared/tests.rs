use super::*;
use customs_model::{Digest, ReleaseId};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

fn tgz(name: &str, text: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// A zip, uncompressed.
fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(release: &str, bytes: &[u8], promised: &Digest) -> Option<Own> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let release: ReleaseId = release.parse().unwrap();
    let wanted = Wanted {
        release: &release,
        digests: std::slice::from_ref(promised),
        archive: None,
        resolved: None,
    };
    declared(file.path(), &wanted)
}

/// What an artifact says that has the promised digest.
fn own(release: &str, bytes: &[u8]) -> Own {
    read(release, bytes, &Digest::sha256(bytes)).unwrap()
}

#[test]
fn a_manifest_is_read_out_of_the_bytes_that_are_promised_and_out_of_no_others() {
    let text = r#"{"name":"a","version":"1.0.0","dependencies":{"b":"^1","in":"1"},"bundledDependencies":["in"],"scripts":{"postinstall":"node a.js"}}"#;
    let bytes = tgz("package/package.json", text);
    let found = own("pkg:npm/a@1.0.0", &bytes).unwrap();
    assert_eq!(found.name.as_deref(), Some("a"));
    let asks: Vec<&String> = found.manifest.dependencies.keys().collect();
    assert_eq!(asks, ["b"]);
    assert!(found.manifest.runs.scripts.contains_key("postinstall"));
    assert!(read("pkg:npm/a@1.0.0", &bytes, &Digest::sha256(b"other")).is_none());
}

#[test]
fn a_crate_and_a_source_archive_name_themselves() {
    let text = "[package]\nname = \"b\"\nversion = \"2.0.0\"\n[dependencies.c]\nversion = \"1\"\n";
    let bytes = tgz("a-1.0.0/Cargo.toml", text);
    let found = own("pkg:cargo/a@1.0.0", &bytes).unwrap();
    assert_eq!(
        (found.name.as_deref(), found.version.as_deref()),
        (Some("b"), Some("2.0.0"))
    );
    let text = "Metadata-Version: 2.1\nName: b\nVersion: 2.0\n";
    for bytes in [
        tgz("a-1.0/PKG-INFO", text),
        zipped(&[("a-1.0/PKG-INFO", text)]),
    ] {
        let found = own("pkg:pypi/a@1.0", &bytes).unwrap();
        assert_eq!(found.name.as_deref(), Some("b"));
    }
}

#[test]
fn what_has_no_manifest_or_none_that_can_be_read_is_told_with_its_reason() {
    let why = |release: &str, bytes: &[u8]| own(release, bytes).unwrap_err();
    let npm = "pkg:npm/a@1.0.0";
    let all = [
        why(npm, &tgz("package/index.js", "1")),
        why(npm, &tgz("package/package.json", "{")),
        why(npm, b"no archive"),
        why(npm, b""),
        why("pkg:cargo/a@1.0.0", &tgz("a-1.0.0/Cargo.toml", "[")),
        why("pkg:pypi/a@1.0", &tgz("a-1.0/setup.py", "")),
        why("pkg:pypi/a@1.0", &zipped(&[("a.py", "")])),
        why("pkg:pypi/a@1.0", b"PK no zip"),
        why("pkg:pypi/a@1.0", &zipped(&[("a-1.0.dist-info/WHEEL", "")])),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    it has no package.json
    its package.json is no manifest of npm
    its archive cannot be read: failed to read entire block
    it has no package.json
    its Cargo.toml is no manifest of cargo
    it has no PKG-INFO
    it has neither METADATA nor PKG-INFO that can be read
    its archive cannot be read: invalid Zip archive: Could not find EOCD
    it has no METADATA
    ");
}

const A: &str = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n";
const B: &str = "Metadata-Version: 2.1\nName: b\nVersion: 2.0\n";

#[test]
fn of_several_dist_info_folders_none_is_taken_whichever_is_first() {
    let wheel = |files: &[(&str, &str)]| own("pkg:pypi/a@1.0", &zipped(files));
    let a = ("a-1.0.dist-info/METADATA", A);
    let b = ("b-2.0.dist-info/METADATA", B);
    for files in [[a, b], [b, a]] {
        let why = wheel(&files).unwrap_err();
        let told = "it has 2 folders .dist-info with METADATA";
        assert!(why.starts_with(told), "{why}");
    }
    // uv takes no notice of one without METADATA, so what the other one says is read.
    for second in [("0.dist-info/x", ""), ("b-2.0.dist-info/RECORD", "")] {
        let found = wheel(&[second, b]).unwrap();
        assert_eq!(found.name.as_deref(), Some("b"));
    }
    // What lies deeper is a file like any other.
    let deep = ("a-1.0.data/purelib/b-2.0.dist-info/METADATA", B);
    let found = wheel(&[deep, a]).unwrap();
    assert_eq!(found.name.as_deref(), Some("a"));
}

#[test]
fn a_dist_info_folder_of_another_name_is_told_and_one_that_is_written_otherwise_is_the_same() {
    let wheel = |release: &str, path: &str, text: &str| own(release, &zipped(&[(path, text)]));
    let why = wheel("pkg:pypi/a@1.0", "b-1.0.dist-info/METADATA", A).unwrap_err();
    insta::assert_snapshot!(why, @"its folder b-1.0.dist-info is not that of a, which installers refuse");
    // It calls itself another one, which is worse and told by who compares.
    let found = wheel("pkg:pypi/a@1.0", "b-2.0.dist-info/METADATA", B).unwrap();
    assert_eq!(found.name.as_deref(), Some("b"));
    // pip looks at the beginning alone.
    assert!(wheel("pkg:pypi/a@1.0", "a.dist-info/METADATA", A).is_ok());
    let why = wheel(
        "pkg:pypi/ab@1.0",
        "a-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: ab\nVersion: 1.0\n",
    );
    assert!(why.unwrap_err().contains("is not that of ab"));
    let text = "Metadata-Version: 2.1\nName: Zope.Event\nVersion: 1.0\n";
    let path = "Zope_Event-1.0.dist-info/METADATA";
    assert!(wheel("pkg:pypi/zope-event@1.0", path, text).is_ok());
}
