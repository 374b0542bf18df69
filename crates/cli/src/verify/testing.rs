//! Projects that are made for a test.

use super::caches::Caches;
use super::report::Report;
use super::surroundings::{Kept, Surroundings};
use super::{Arguments, Command, Pins, Root, ask};
use clap::Parser as _;
use customs_model::{Digest, DigestAlgorithm, Hasher};
use customs_registry::evidence::{ArtifactEvidence, EvidenceStore};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// A repository with one npm project, whose artifacts lie in npm's cache.
pub struct Scene {
    folder: tempfile::TempDir,
    kept: Option<Kept>,
}

impl Scene {
    /// With `left` 1.0.0, installed as its artifact has it.
    pub fn npm() -> Self {
        let scene = Self::empty();
        let manifest = br#"{"name":"left","version":"1.0.0"}"#;
        let tarball = tarball(&[
            ("package/package.json", manifest),
            ("package/index.js", b"module.exports = 1;\n"),
        ]);
        let digest = sha512(&tarball);
        let hex = digest.to_hex();
        let content = format!(
            "cache/npm/_cacache/content-v2/sha512/{}/{}/{}",
            &hex[..2],
            &hex[2..4],
            &hex[4..]
        );
        scene.write(&content, &tarball);
        let lock = serde_json::json!({
            "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
            "packages": {
                "": {"name": "app", "version": "1.0.0", "dependencies": {"left": "^1.0.0"}},
                "node_modules/left": {
                    "version": "1.0.0",
                    "resolved": "https://registry.example/left/-/left-1.0.0.tgz",
                    "integrity": digest.to_sri(),
                },
            },
        });
        let lock = serde_json::to_string_pretty(&lock).unwrap();
        scene.write("app/package-lock.json", lock.as_bytes());
        scene.write(
            "app/package.json",
            br#"{"name":"app","version":"1.0.0","dependencies":{"left":"^1.0.0"}}"#,
        );
        scene.write("app/node_modules/.package-lock.json", lock.as_bytes());
        scene.write("app/node_modules/left/package.json", manifest);
        scene.write("app/node_modules/left/index.js", b"module.exports = 1;\n");
        scene
    }

    /// With a lockfile that names one release with this integrity, and nothing installed.
    pub fn locks(name: &str, version: &str, integrity: &str) -> Self {
        let scene = Self::empty();
        let lock = serde_json::json!({
            "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
            "packages": {
                "": {"name": "app", "version": "1.0.0", "dependencies": {name: version}},
                format!("node_modules/{name}"): {
                    "version": version,
                    "resolved": format!("https://registry.example/{name}/-/{name}-{version}.tgz"),
                    "integrity": integrity,
                },
            },
        });
        scene.write("app/package-lock.json", lock.to_string().as_bytes());
        scene
    }

    /// Nothing but the top of a repository.
    pub fn empty() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            kept: None,
        };
        fs::create_dir_all(scene.path("app/.git")).unwrap();
        scene
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Asks about `app`.
    pub fn look(&self, words: &[&str]) -> Report {
        self.asked(words).0
    }

    /// The report, and what could be pinned.
    pub fn asked(&self, words: &[&str]) -> (Report, Vec<super::NewPin>, Pins) {
        let line: Vec<&str> = ["verify"].iter().chain(words).copied().collect();
        let arguments = Line::try_parse_from(line).unwrap().arguments;
        let root = Root::of(&[self.path("app")]);
        let around = surroundings(self.path("cache"), self.kept.clone());
        ask(&arguments, Command::Verify, &root, &around).unwrap()
    }

    /// The failure of asking about `app`.
    pub fn refused(&self, words: &[&str]) -> crate::error::Failure {
        let line: Vec<&str> = ["verify"].iter().chain(words).copied().collect();
        let arguments = Line::try_parse_from(line).unwrap().arguments;
        let root = Root::of(&[self.path("app")]);
        let around = surroundings(self.path("cache"), self.kept.clone());
        let looked = ask(&arguments, Command::Verify, &root, &around);
        looked.map(|_| ()).unwrap_err()
    }

    /// Looks for evidence of origin too, in folders of its own.
    pub fn asking(mut self) -> Self {
        self.kept = Some(Kept {
            evidence: self.path("evidence"),
            trust: self.path("trust"),
        });
        self
    }

    /// Keeps what a registry offers of an artifact.
    pub fn keep(&self, evidence: &ArtifactEvidence) {
        EvidenceStore::new(self.path("evidence"))
            .write(evidence)
            .unwrap();
    }
}

/// A machine on which only these caches are known, and no registry is.
fn surroundings(cache: PathBuf, kept: Option<Kept>) -> Surroundings {
    Surroundings {
        caches: Box::new(move |_: &Path| Caches {
            npm: Some(cache.join("npm")),
            ..Caches::default()
        }),
        origins: Box::new(|_, _| Ok(Vec::new())),
        kept,
        own_hosts: Vec::new(),
    }
}

/// Makes the scene's project a repository, with all of it committed on `main`.
pub fn commit(scene: &Scene) {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(scene.path("app"))
            .args(["-c", "user.name=a", "-c", "user.email=a@mail.example"])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    fs::remove_dir(scene.path("app/.git")).unwrap();
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all", "--force"]);
    git(&["commit", "--quiet", "--message", "base"]);
}

pub fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

pub fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, path, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
