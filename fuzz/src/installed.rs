//! Bodies that read what package managers leave beside what they install, and what lies in a
//! clone. The first byte chooses the file that holds the bytes.

use customs_device::clone::head;
use customs_device::tree::npm::{Lock, check};
use customs_device::tree::{Caches, Options, TreeReport, cargo::check_vendor};
use customs_ecosystem::cargo::{Checksum, Settings};
use customs_ecosystem::lockfile::{self, Kind};
use customs_model::printable;
use customs_origin::source::object;
use customs_origin::source::{ObjectFormat, ObjectId};
use std::fs;
use std::path::Path;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 2] = [("installed", installed), ("repositories", repositories)];

const PNPM: &str = "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==}\nsnapshots:\n  a@1.0.0: {}\n";
const YARN: &str = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n";
const CARGO: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\n";

/// The records of managers: a lockfile, and where the bytes stand beside it.
const RECORDS: [(&str, &str, &str); 8] = [
    ("pnpm-lock.yaml", PNPM, "node_modules/.modules.yaml"),
    ("pnpm-lock.yaml", PNPM, "node_modules/.pnpm/lock.yaml"),
    (
        "pnpm-lock.yaml",
        PNPM,
        "node_modules/.pnpm-workspace-state-v1.json",
    ),
    ("yarn.lock", YARN, "node_modules/.yarn-integrity"),
    ("yarn.lock", YARN, "node_modules/.yarn-state.yml"),
    ("yarn.lock", YARN, "node_modules/.package-map.json"),
    ("yarn.lock", YARN, ".pnp.cjs"),
    // pnpm's own index lies in its store.
    ("pnpm-lock.yaml", PNPM, "store/index.db"),
];

/// Records of npm's managers, and cargo's lists of vendored crates.
///
/// # Panics
/// Where what is said steers a terminal.
pub fn installed(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let way = usize::from(*way) % (RECORDS.len() + 3);
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    match RECORDS.get(way) {
        Some((lockfile, text, record)) => {
            write(&at(lockfile), text.as_bytes());
            write(
                &at("node_modules/.pnpm/a@1.0.0/node_modules/a/package.json"),
                b"{}",
            );
            write(&at("node_modules/a/package.json"), b"{}");
            write(&at(record), bytes);
            let lock = Lock::open(&at(lockfile)).expect("a lockfile");
            let options = Options {
                caches: Caches {
                    pnpm_store: Some(at("store")),
                    ..Caches::default()
                },
                ..Options::default()
            };
            told(&check(folder.path(), &lock, &options));
        }
        None if way == RECORDS.len() => {
            if let Err(error) = Checksum::parse(bytes) {
                plain(&error.to_string());
            }
            if let Err(error) = Settings::parse(bytes) {
                plain(&error.to_string());
            }
        }
        None => {
            let locked = lockfile::read(Kind::CargoLock, CARGO.as_bytes()).expect("a lockfile");
            write(&at("vendor/alpha/src/lib.rs"), b"");
            let is_list = way == RECORDS.len() + 1;
            let list: &[u8] = if is_list { bytes } else { b"{\"files\":{}}" };
            let manifest: &[u8] = if is_list { b"" } else { bytes };
            write(&at("vendor/alpha/.cargo-checksum.json"), list);
            write(&at("vendor/alpha/Cargo.toml"), manifest);
            told(&check_vendor(
                folder.path(),
                &locked.entries,
                &Options::default(),
            ));
        }
    }
}

/// The files of a clone that say what is checked out, and objects of git.
///
/// # Panics
/// Where what is said steers a terminal, or an object is not read back as it was.
pub fn repositories(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let files = ["HEAD", "packed-refs", "refs/heads/main", "commondir"];
    let way = usize::from(*way) % (files.len() + 3);
    if let Some(file) = files.get(way) {
        let folder = tempfile::tempdir().expect("a folder");
        let git = folder.path().join(".git");
        write(&git.join("objects/x"), b"");
        write(&git.join("refs/x"), b"");
        write(&git.join("HEAD"), b"ref: refs/heads/main\n");
        write(&git.join(file), bytes);
        return of_clone(folder.path());
    }
    match way - files.len() {
        0 => {
            let folder = tempfile::tempdir().expect("a folder");
            write(&folder.path().join(".git"), bytes);
            of_clone(folder.path());
        }
        1 => {
            for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
                match object::read_folder(format, bytes) {
                    Ok(entries) => assert!(entries.len() <= bytes.len()),
                    Err(error) => plain(&error.to_string()),
                }
            }
        }
        _ => {
            for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
                match object::tree_of_commit(format, bytes) {
                    Ok(id) => assert_eq!(id.format(), format),
                    Err(error) => plain(&error.to_string()),
                }
            }
            let text = String::from_utf8_lossy(bytes);
            match ObjectId::parse(&text) {
                Ok(id) => assert_eq!(id.to_string(), text.to_ascii_lowercase()),
                Err(error) => plain(&error.to_string()),
            }
        }
    }
}

fn of_clone(folder: &Path) {
    if let Err(error) = head(folder) {
        plain(&error.to_string());
    }
}

fn told(report: &TreeReport) {
    report.not_checked.iter().for_each(|line| plain(line));
    for package in &report.packages {
        package.open.iter().for_each(|line| plain(line));
    }
}

fn write(path: &Path, bytes: &[u8]) {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("a folder");
    }
    fs::write(path, bytes).expect("a file");
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
