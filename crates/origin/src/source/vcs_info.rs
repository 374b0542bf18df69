//! `.cargo_vcs_info.json`: the commit that a crate says it was packaged from. Self-reported, and
//! unsigned.

use super::object::ObjectId;
use super::{Artifact, ArtifactKind, NamedBy, manifest_npm};
use serde::Deserialize;

/// Bytes that are read; cargo writes some 100.
pub const LONGEST: usize = 16 << 10;

/// What cargo wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VcsInfo {
    /// The commit.
    pub commit: ObjectId,
    /// The work tree had changes that were not committed. Ordinary: 6 of 252 crates of a real
    /// closure say so.
    pub dirty: bool,
    /// The package's folder below the top; empty for the top.
    pub path_in_vcs: String,
}

#[derive(Deserialize)]
struct Written {
    git: WrittenGit,
    #[serde(default)]
    path_in_vcs: Option<String>,
}

#[derive(Deserialize)]
struct WrittenGit {
    sha1: String,
    #[serde(default)]
    dirty: Option<bool>,
}

impl VcsInfo {
    /// Reads it; none where it is none or names no commit in full.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST {
            return None;
        }
        // A crate that names no commit is an ordinary crate without this evidence.
        let written: Written = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            commit: ObjectId::parse(&written.git.sha1).ok()?,
            dirty: written.git.dirty == Some(true),
            path_in_vcs: written.path_in_vcs.unwrap_or_default(),
        })
    }
}

/// The commit that an artifact names itself: cargo's VCS info, or `gitHead` in the `package.json` of
/// packages that some tools publish. Unsigned; what provenance names is better.
pub fn named_commit(artifact: &Artifact, kind: ArtifactKind) -> Option<(ObjectId, NamedBy)> {
    let content = |path: &str| artifact.files.get(path)?.content();
    match kind {
        ArtifactKind::Crate => {
            let info = VcsInfo::read(content(".cargo_vcs_info.json")?)?;
            Some((info.commit, NamedBy::VcsInfo))
        }
        ArtifactKind::NpmTarball => {
            let manifest = manifest_npm::read(content("package.json")?)?;
            // What is no full id names no commit for certain.
            let commit = ObjectId::parse(manifest.get("gitHead")?.as_str()?).ok()?;
            Some((commit, NamedBy::GitHead))
        }
        ArtifactKind::Sdist | ArtifactKind::Wheel => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::artifact;
    use super::*;

    #[test]
    fn an_artifact_may_name_its_commit() {
        let sha1 = "1".repeat(40);
        let npm = format!(r#"{{"gitHead": "{sha1}"}}"#);
        let npm = artifact(ArtifactKind::NpmTarball, &[("package.json", &npm)]);
        let (commit, by) = named_commit(&npm, ArtifactKind::NpmTarball).unwrap();
        assert_eq!((commit.to_string(), by), (sha1, NamedBy::GitHead));
        let short = artifact(
            ArtifactKind::NpmTarball,
            &[("package.json", r#"{"gitHead": "111"}"#)],
        );
        assert_eq!(named_commit(&short, ArtifactKind::NpmTarball), None);
    }

    #[test]
    fn what_cargo_writes_is_read() {
        let sha1 = "1".repeat(40);
        let text =
            format!(r#"{{"git": {{"sha1": "{sha1}", "dirty": true}}, "path_in_vcs": "crates/a"}}"#);
        let info = VcsInfo::read(text.as_bytes()).unwrap();
        assert!(info.dirty);
        assert_eq!(
            (info.commit.to_string(), info.path_in_vcs.as_str()),
            (sha1, "crates/a")
        );
        assert_eq!(VcsInfo::read(br#"{"git": {"sha1": "abc"}}"#), None);
    }
}
