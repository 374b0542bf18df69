use super::*;
use std::io::Write as _;

const RECORD: &str = r#"{"id":"MAL-1","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]}]}"#;

fn read(path: &Path) -> Result<Snapshot, LoadError> {
    Snapshot::from_path(path, Timestamp::UNIX_EPOCH)
}

fn export(path: &Path, entries: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, text) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn a_folder_is_read_to_its_depth_and_only_its_records() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("osv/npm/a");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("MAL-1.json"), RECORD).unwrap();
    std::fs::write(deep.join("MAL-2.json"), RECORD.replace("MAL-1", "MAL-2")).unwrap();
    std::fs::write(home.path().join("README.md"), "no record").unwrap();
    std::fs::create_dir(home.path().join(".git")).unwrap();
    std::fs::write(home.path().join(".git/x.json"), "no record either").unwrap();
    let snapshot = read(home.path()).unwrap();
    assert_eq!((snapshot.len(), snapshot.malformed()), (2, 0));
}

#[test]
fn an_export_and_a_single_record_say_the_same_as_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("MAL-1.json"), RECORD).unwrap();
    let zip = home.path().join("all.zip");
    export(&zip, &[("MAL-1.json", RECORD)]);
    let name = |path: &Path| read(path).unwrap().name().to_owned();
    assert_eq!(name(&folder), name(&zip));
    assert_eq!(name(&folder), name(&folder.join("MAL-1.json")));
}

#[test]
fn a_malformed_entry_is_named_by_its_path() {
    let home = tempfile::tempdir().unwrap();
    let zip = home.path().join("all.zip");
    export(
        &zip,
        &[
            ("MAL-1.json", RECORD),
            ("npm/MAL-2.json", "{"),
            ("notes.txt", "x"),
        ],
    );
    let snapshot = read(&zip).unwrap();
    assert_eq!(
        (snapshot.len(), snapshot.problems()[0].name.as_str()),
        (1, "npm/MAL-2.json")
    );
}

#[test]
fn an_empty_folder_is_an_error_and_not_a_clean_bill() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("advisories");
    std::fs::create_dir(&folder).unwrap();
    let said = |e: LoadError| {
        e.to_string()
            .replace(&*home.path().to_string_lossy(), "HOME")
    };
    insta::assert_snapshot!(said(read(&folder).unwrap_err()),
        @"advisories at HOME/advisories: nothing to read there; give a folder of OSV records, one .json record or an OSV export .zip");
    std::fs::write(folder.join("package.json"), "{}").unwrap();
    insta::assert_snapshot!(said(read(&folder).unwrap_err()),
        @"advisories at HOME/advisories: nothing to read there (1 malformed; package.json: it is not an OSV record: missing field `id` at line 1 column 2); give a folder of OSV records, one .json record or an OSV export .zip");
    insta::assert_snapshot!(said(read(&home.path().join("gone")).unwrap_err()),
        @"advisories at HOME/gone: No such file or directory (os error 2); check the path and its permissions");
    let zip = home.path().join("bad.zip");
    std::fs::write(&zip, "PK no").unwrap();
    assert!(matches!(read(&zip), Err(LoadError::Kind { .. })));
    let text = home.path().join("bad.txt");
    std::fs::write(&text, RECORD).unwrap();
    assert!(matches!(read(&text), Err(LoadError::Kind { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_so_a_loop_ends() {
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(home.path(), home.path().join("again")).unwrap();
    std::fs::write(home.path().join("MAL-1.json"), RECORD).unwrap();
    assert_eq!(read(home.path()).unwrap().len(), 1);
}
