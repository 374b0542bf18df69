//! Real repositories and real archives for tests.

use customs_model::{Ecosystem, PackageName, ReleaseId, Version};
use customs_origin::source::{ArtifactKind, Context, NamedBy, ObjectId};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A repository that git made, with a branch `main`.
pub struct Repo(pub tempfile::TempDir);

impl Repo {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        let mut all = vec!["init", "--quiet", "--initial-branch=main"];
        all.extend(arguments);
        repo.git(&all);
        repo
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    pub fn write(&self, files: &[(&str, &str)]) {
        for (file, content) in files {
            let path = self.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    /// Writes and commits; gives the commit.
    pub fn commit(&self, files: &[(&str, &str)]) -> ObjectId {
        self.write(files);
        self.git(&["add", "--all", "--force"]);
        self.git(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "a commit",
        ]);
        self.head()
    }

    pub fn head(&self) -> ObjectId {
        ObjectId::parse(self.git(&["rev-parse", "HEAD"]).trim()).unwrap()
    }

    pub fn tag(&self, name: &str) {
        self.git(&["tag", "--annotate", name, "--message", "a release"]);
    }
}

pub fn git(at: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(at)
        .args([
            "-c",
            "core.autocrlf=false",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .env_remove("GIT_DIR")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@mail.example")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@mail.example")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn tarball(files: &[(&str, &str)]) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gz);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, format!("package/{path}"), content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

pub fn context(kind: ArtifactKind, commit: ObjectId) -> Context {
    let ecosystem = match kind {
        ArtifactKind::NpmTarball => Ecosystem::Npm,
        ArtifactKind::Crate => Ecosystem::Cargo,
        ArtifactKind::Sdist | ArtifactKind::Wheel => Ecosystem::PyPi,
    };
    let package = PackageName::new(ecosystem, "widget").unwrap();
    Context {
        release: ReleaseId::new(package, Version::new("1.2.3").unwrap()),
        kind,
        commit,
        named_by: NamedBy::Provenance,
        directory: None,
    }
}
