//! Synthetic trees: what is tampered with is told, and what is ordinary is explained.

use super::*;
use crate::tree::testing::{Tarball, sha512};
use crate::tree::{Against, Caches};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

mod bun_cache;
mod evidence;
mod explained;
mod hostile;
mod lists;
mod managers;
mod modes;
mod own;
mod pnp;
mod records;
mod stores;
mod strays;
mod tampering;
mod unbound;
mod yarn_cache;

/// A project with a store of artifacts beside it.
struct World {
    folder: tempfile::TempDir,
    lock: BTreeMap<String, serde_json::Value>,
}

impl World {
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            lock: BTreeMap::new(),
        };
        fs::create_dir_all(world.project().join("node_modules")).unwrap();
        world
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.project().join(path)
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Keeps an artifact in the store and gives its integrity.
    fn keep(&self, bytes: &[u8]) -> Digest {
        let digest = sha512(bytes);
        let hex = digest.to_hex();
        let folder = self.store().join("sha512").join(&hex[..2]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&hex[2..]), bytes).unwrap();
        digest
    }

    fn lock(&mut self, place: &str, version: &str, digest: &Digest, more: serde_json::Value) {
        let mut entry = serde_json::json!({"version": version, "integrity": digest.to_sri()});
        let more = more.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(more);
        self.lock.insert(place.to_owned(), entry);
    }

    /// A package with a manifest, a module and a program, installed as npm does it.
    fn install(&mut self, name: &str, version: &str) {
        let manifest = manifest(name, version);
        let bytes = Tarball::new()
            .file("package.json", manifest.as_bytes())
            .file("index.js", b"module.exports = 1;\n")
            .file("cli.js", b"#!/usr/bin/env node\n")
            .bytes();
        let digest = self.keep(&bytes);
        let place = format!("node_modules/{name}");
        self.lock(&place, version, &digest, serde_json::json!({}));
        self.write(&format!("{place}/package.json"), manifest);
        self.write(&format!("{place}/index.js"), "module.exports = 1;\n");
        self.write(&format!("{place}/cli.js"), "#!/usr/bin/env node\n");
        executable(&self.at(&format!("{place}/cli.js")));
    }

    fn options(&self) -> Options {
        Options {
            gate_store: Some(self.store()),
            ..Options::default()
        }
    }

    fn write_lock(&self) {
        let lock = serde_json::json!({"lockfileVersion": 3, "packages": self.lock});
        self.write("package-lock.json", lock.to_string());
    }

    fn check(&self, options: &Options) -> TreeReport {
        self.write_lock();
        self.check_with("package-lock.json", options)
    }

    fn check_with(&self, lockfile: &str, options: &Options) -> TreeReport {
        let lock = Lock::open(&self.at(lockfile)).unwrap();
        check(&self.project(), &lock, options)
    }

    fn told(&self) -> String {
        told(&self.check(&self.options()))
    }
}

fn manifest(name: &str, version: &str) -> String {
    format!(r#"{{"name": "{name}", "version": "{version}", "bin": {{"{name}": "cli.js"}}}}"#)
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn link(target: &str, at: &Path) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, at).unwrap();
}

fn told(report: &TreeReport) -> String {
    let mut out = String::new();
    for package in &report.packages {
        let answer = match &package.answer {
            Answer::Yes => "yes".to_owned(),
            Answer::No => "NO".to_owned(),
            Answer::NotChecked(because) => format!("not checked: {because}"),
        };
        writeln!(out, "{} {answer}", package.release.spoken()).unwrap();
        if let Some(decoy) = &package.decoy {
            writeln!(out, "  claims to be {decoy}").unwrap();
        }
        for difference in &package.differences {
            writeln!(out, "  {}", one(difference)).unwrap();
        }
    }
    for difference in &report.loose {
        writeln!(out, "loose {}", one(difference)).unwrap();
    }
    for poisoned in &report.poisoned {
        writeln!(
            out,
            "poisoned {} {}",
            poisoned.cache,
            poisoned.release.spoken()
        )
        .unwrap();
    }
    for note in &report.not_checked {
        writeln!(out, "note {note}").unwrap();
    }
    out
}

fn one(difference: &Difference) -> String {
    let standing = match &difference.standing {
        Standing::Unexplained => "UNEXPLAINED".to_owned(),
        Standing::MadeHere { maker, .. } => format!("made here by {maker}"),
        Standing::Explained(cause) => match cause {
            Cause::Manager { what } | Cause::Installer { what } => what.clone(),
            Cause::CopyOf { release, path } => format!("copy of {} {path}", release.spoken()),
            Cause::Patch { file } => format!("patch {file}"),
            Cause::Bytecode { source } => source.clone(),
            Cause::OtherPlatform => "for another platform".to_owned(),
        },
    };
    let mut out = format!("{:?} {}: {standing}", difference.kind, difference.path);
    for why in &difference.why {
        out += &format!("\n    why {}: {why}", difference.path);
    }
    out
}
