//! Which folder of a commit an artifact was made from.

use super::artifact::Artifact;
use super::tree::{Blobs, SourceTree};
use super::{ArtifactKind, Context, manifest_cargo, manifest_npm, path, vcs_info};
use customs_model::printable;
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
    /// Finds it, and says what was doubtful about it. Manifests of the commit that have the
    /// package's name come first: what the package says of itself is its publisher's word, and
    /// could lead into a folder of fixtures.
    pub(super) fn find(
        artifact: &Artifact,
        tree: &SourceTree,
        blobs: &Blobs,
        context: &Context,
    ) -> (Self, Option<String>) {
        let told = told(artifact, context);
        let folder = told.as_deref().and_then(|told| path::resolve("", told));
        let folder = folder.filter(|folder| tree.has_folder(folder));
        let named = named_folders(tree, blobs, context);
        let base = |folder: &str, found_by| Self {
            folder: folder.to_owned(),
            found_by,
        };
        let found = match (&folder, named.first()) {
            (Some(told), _) if named.contains(told) => base(told, FoundBy::Told),
            (_, Some(nearest)) => base(nearest, FoundBy::ManifestName),
            (Some(told), None) => base(told, FoundBy::Told),
            (None, None) => by_most_files(artifact, tree).unwrap_or(base("", FoundBy::Top)),
        };
        let remark = found.remark(
            told.as_deref(),
            folder.as_deref(),
            !named.is_empty(),
            context,
        );
        (found, remark)
    }

    fn remark(
        &self,
        told: Option<&str>,
        existing: Option<&str>,
        named: bool,
        context: &Context,
    ) -> Option<String> {
        let has_manifest = match context.kind {
            ArtifactKind::NpmTarball | ArtifactKind::Crate => true,
            ArtifactKind::Sdist | ArtifactKind::Wheel => false,
        };
        let with = if self.folder.is_empty() {
            "the top".to_owned()
        } else {
            printable(&self.folder, 200)
        };
        if has_manifest && !named {
            return Some(format!(
                "No manifest of the commit has the name of this package; it was compared with {with}."
            ));
        }
        let told = told?;
        (existing != Some(&self.folder)).then(|| {
            format!(
                "The package says that it lies in {}, but {with} has its name in this commit and was compared.",
                printable(told, 200)
            )
        })
    }
}

/// What the asker or the artifact says.
fn told(artifact: &Artifact, context: &Context) -> Option<String> {
    let content = |path: &str| artifact.files.get(path)?.content();
    let of_artifact = || match context.kind {
        ArtifactKind::Crate => vcs_info::of_crate(artifact).map(|info| info.path),
        ArtifactKind::NpmTarball => {
            let manifest = manifest_npm::read(content("package.json")?)?;
            let directory = manifest.get("repository")?.get("directory")?;
            directory.as_str().map(str::to_owned)
        }
        ArtifactKind::Sdist | ArtifactKind::Wheel => None,
    };
    context.directory.clone().or_else(of_artifact)
}

/// Folders whose manifest has the package's name, those near the top first: copies for tests stand
/// deeper than the package itself. None of Python, whose manifests may leave the name to a program.
fn named_folders(tree: &SourceTree, blobs: &Blobs, context: &Context) -> Vec<String> {
    let (file, name_of): (&str, NameOf) = match context.kind {
        ArtifactKind::NpmTarball => ("package.json", npm_name),
        ArtifactKind::Crate => ("Cargo.toml", cargo_name),
        ArtifactKind::Sdist | ArtifactKind::Wheel => return Vec::new(),
    };
    let mut folders: Vec<(usize, &str)> = tree
        .iter()
        .filter(|(at, _)| path::name(at) == file)
        .filter(|(at, _)| {
            let read = tree.file(at).and_then(|id| name_of(blobs.get(&id)?));
            read.as_deref() == Some(context.release.package.as_str())
        })
        .map(|(at, _)| path::folder(at))
        .map(|folder| {
            (
                path::ends(folder).count() - usize::from(folder.is_empty()),
                folder,
            )
        })
        .collect();
    folders.sort_unstable();
    folders
        .into_iter()
        .map(|(_, folder)| folder.to_owned())
        .collect()
}

/// Reads the name out of a manifest.
type NameOf = fn(&[u8]) -> Option<String>;

fn npm_name(bytes: &[u8]) -> Option<String> {
    Some(manifest_npm::read(bytes)?.get("name")?.as_str()?.to_owned())
}

fn cargo_name(bytes: &[u8]) -> Option<String> {
    let manifest = manifest_cargo::read(bytes)?;
    let package = manifest
        .get("package")
        .or_else(|| manifest.get("project"))?;
    Some(package.get("name")?.as_str()?.to_owned())
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
        let (base, _) = Base::find(&artifact(kind, files), &tree, &blobs, &context);
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
        // Where the publisher would like to be compared.
        assert_eq!(
            found(npm, Some("tests"), &mono, &files),
            ("packages/pkg".to_owned(), FoundBy::ManifestName)
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
