//! The commit that an artifact says it was made from. Self-reported, and unsigned.

use super::object::ObjectId;
use super::{Artifact, ArtifactKind, NamedBy, manifest_npm};
use crate::vcs::VcsInfo;

/// What cargo wrote into a crate; none where it wrote nothing that can be read: an ordinary crate
/// without this evidence.
pub(super) fn of_crate(artifact: &Artifact) -> Option<VcsInfo> {
    let file = artifact.files.get(".cargo_vcs_info.json")?;
    VcsInfo::read(file.content()?).ok()
}

/// The commit that an artifact names itself: cargo's VCS info, or `gitHead` in the `package.json` of
/// packages that some tools publish. Unsigned; what provenance names is better.
pub fn named_commit(artifact: &Artifact, kind: ArtifactKind) -> Option<(ObjectId, NamedBy)> {
    let content = |path: &str| artifact.files.get(path)?.content();
    match kind {
        ArtifactKind::Crate => {
            let info = of_crate(artifact)?;
            // It was read as 40 or 64 hexadecimal digits.
            let commit = ObjectId::parse(&info.commit).ok()?;
            Some((commit, NamedBy::VcsInfo))
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
    fn a_crate_may_name_its_commit() {
        let sha1 = "1".repeat(40);
        let text = format!(r#"{{"git": {{"sha1": "{sha1}"}}, "path_in_vcs": "crates/a"}}"#);
        let of = |text: &str| artifact(ArtifactKind::Crate, &[(".cargo_vcs_info.json", text)]);
        let (commit, by) = named_commit(&of(&text), ArtifactKind::Crate).unwrap();
        assert_eq!((commit.to_string(), by), (sha1, NamedBy::VcsInfo));
        assert_eq!(of_crate(&of(&text)).unwrap().path, "crates/a");
        assert_eq!(of_crate(&of(r#"{"git": {"sha1": "abc"}}"#)), None);
    }
}
