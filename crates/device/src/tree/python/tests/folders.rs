//! Packages that the lockfile takes from a folder, installed editable.

use super::*;

#[test]
fn a_line_leads_into_the_folder_that_the_lockfile_names_or_is_told() {
    let mut lab = Lab::new();
    lab.locked.push(Locked {
        source: Source::Path,
        digests: Vec::new(),
        resolved: Some("libs/own".into()),
        ..locked("own", Digest::sha256(b""))
    });
    let project = lab.folder.path().canonicalize().unwrap();
    for folder in ["libs/own/src", "evil"] {
        fs::create_dir_all(project.join(folder)).unwrap();
    }
    let install = |folder: &str| {
        let line = format!("{}\n", project.join(folder).display());
        let info = "own-1.0.dist-info/METADATA";
        let metadata = "Metadata-Version: 2.1\nName: own\nVersion: 1.0\n";
        lab.edit("own.pth", &line);
        lab.edit(info, metadata);
        let rows = [
            ("own.pth".to_owned(), line),
            (info.to_owned(), metadata.to_owned()),
        ];
        lab.record("own", &rows);
    };
    for folder in ["libs/own", "libs/own/src"] {
        install(folder);
        assert_eq!(lab.stray(), [""; 0], "{folder}");
    }
    for folder in ["evil", "libs"] {
        install(folder);
        assert_eq!(lab.stray(), ["Extra own.pth"], "{folder}");
    }
}
