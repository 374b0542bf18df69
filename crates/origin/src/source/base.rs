//! Which folder of a commit an artifact was made from.

use super::artifact::Artifact;
use super::tree::{Blobs, SourceTree};
use super::{ArtifactKind, Context, VcsInfo, manifest_npm, path};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files of an artifact that have a say.
const VOTERS: usize = 5_000;

/// A folder of a commit, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The folder; empty for the top. Not safe to print as it is.
    pub folder: String,
    /// How it was found.
    pub found_by: FoundBy,
}

/// How the folder was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// The package says so (`repository.directory`, `path_in_vcs`).
    Told,
    /// Its `package.json` has the package's name.
    ManifestName,
    /// Most files that are the same stand below it.
    MostFiles,
    /// Nothing said otherwise.
    Top,
}

impl Base {
    /// Finds it. A folder that the package names and the commit does not have is not believed.
    pub fn find(artifact: &Artifact, tree: &SourceTree, blobs: &Blobs, context: &Context) -> Self {
        let written = artifact.files.get(".cargo_vcs_info.json");
        let of_crate = match context.kind {
            ArtifactKind::Crate => written.and_then(|file| VcsInfo::read(file.content()?)),
            ArtifactKind::NpmTarball | ArtifactKind::Sdist | ArtifactKind::Wheel => None,
        };
        let told = context
            .directory
            .clone()
            .or(of_crate.map(|info| info.path_in_vcs));
        if let Some(folder) = told.and_then(|told| path::resolve("", &told))
            && tree.has_folder(&folder)
        {
            return Self {
                folder,
                found_by: FoundBy::Told,
            };
        }
        let by_name = match context.kind {
            ArtifactKind::NpmTarball => {
                by_manifest_name(tree, blobs, context.release.package.as_str())
            }
            ArtifactKind::Crate | ArtifactKind::Sdist | ArtifactKind::Wheel => None,
        };
        by_name
            .or_else(|| by_most_files(artifact, tree))
            .unwrap_or(Self {
                folder: String::new(),
                found_by: FoundBy::Top,
            })
    }
}

fn by_manifest_name(tree: &SourceTree, blobs: &Blobs, package: &str) -> Option<Base> {
    let named = |at: &str| {
        let manifest = blobs
            .get(&tree.file(at)?)
            .and_then(|bytes| manifest_npm::read(bytes))?;
        (manifest.get("name")?.as_str()? == package).then(|| path::folder(at).to_owned())
    };
    tree.iter()
        .filter(|(at, _)| path::name(at) == "package.json")
        .filter_map(|(at, _)| named(at))
        // Copies for tests stand deeper than the package itself.
        .min_by_key(|folder| {
            (
                folder.matches('/').count() + usize::from(!folder.is_empty()),
                folder.clone(),
            )
        })
        .map(|folder| Base {
            folder,
            found_by: FoundBy::ManifestName,
        })
}

fn by_most_files(artifact: &Artifact, tree: &SourceTree) -> Option<Base> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    // An empty file is the same everywhere and says nothing.
    for (file, facts) in artifact
        .files
        .iter()
        .filter(|(_, f)| f.size > 0)
        .take(VOTERS)
    {
        let mut ids = vec![facts.id];
        ids.extend(facts.unix_id);
        for folder in ids
            .iter()
            .flat_map(|id| tree.places_of(id))
            .filter_map(|place| path::before(place, file))
        {
            *votes.entry(folder).or_default() += 1;
        }
    }
    let most = votes.iter().max_by_key(|(folder, votes)| {
        (
            **votes,
            std::cmp::Reverse(folder.len()),
            std::cmp::Reverse(**folder),
        )
    })?;
    Some(Base {
        folder: (*most.0).to_owned(),
        found_by: FoundBy::MostFiles,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{artifact, context, tree};
    use super::*;

    fn found(
        kind: ArtifactKind,
        told: Option<&str>,
        source: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> (String, FoundBy) {
        let (tree, blobs) = tree(source);
        let mut context = context(kind, "pkg", "1.0.0");
        context.directory = told.map(str::to_owned);
        let base = Base::find(&artifact(kind, files), &tree, &blobs, &context);
        (base.folder, base.found_by)
    }

    #[test]
    fn a_folder_is_told_or_found_by_its_manifest_or_by_what_is_the_same() {
        let mono = [
            ("package.json", r#"{"name": "root"}"#),
            ("packages/pkg/package.json", r#"{"name": "pkg"}"#),
            ("tests/fixtures/deep/pkg/package.json", r#"{"name": "pkg"}"#),
            ("packages/pkg/a.js", "a"),
        ];
        let npm = ArtifactKind::NpmTarball;
        let files = [("a.js", "a")];
        let at = "packages/pkg".to_owned();
        assert_eq!(
            found(npm, Some("./packages/pkg/"), &mono, &files),
            (at.clone(), FoundBy::Told)
        );
        assert_eq!(
            found(npm, None, &mono, &files),
            (at.clone(), FoundBy::ManifestName)
        );
        assert_eq!(
            found(npm, Some("not/there"), &mono, &files),
            (at, FoundBy::ManifestName)
        );
        let python = [
            ("src/pkg/a.py", "a"),
            ("src/pkg/b.py", "b"),
            ("pkg/a.py", "a"),
        ];
        let wheel = [("pkg/a.py", "a"), ("pkg/b.py", "b")];
        assert_eq!(
            found(ArtifactKind::Wheel, None, &python, &wheel),
            ("src".to_owned(), FoundBy::MostFiles)
        );
        assert_eq!(
            found(ArtifactKind::Wheel, None, &[("x", "x")], &wheel).1,
            FoundBy::Top
        );
    }
}
