//! The manifests of an artifact against those of a commit, for each ecosystem.

use super::artifact::Artifact;
use super::manifest::FieldDifference;
use super::manifest_python::{self as python, BuildFiles};
use super::tree::{Blobs, SourceTree};
use super::{ArtifactKind, Context, manifest_cargo, manifest_npm, path};
use customs_model::printable;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The main manifest of both sides was read.
    pub compared: bool,
    /// With the name of the manifest in the artifact.
    pub differences: Vec<(String, FieldDifference)>,
    /// What could not be read. One sentence each.
    pub not_checked: Vec<String>,
}

/// Compares the manifests that an artifact of this kind has.
pub fn compare(
    artifact: &Artifact,
    tree: &SourceTree,
    blobs: &Blobs,
    context: &Context,
    base: &str,
) -> Manifests {
    match context.kind {
        ArtifactKind::NpmTarball => npm(artifact, tree, blobs, context, base),
        ArtifactKind::Crate => cargo(artifact, tree, blobs, base),
        ArtifactKind::Sdist | ArtifactKind::Wheel => of_python(artifact, tree, blobs),
    }
}

fn npm(
    artifact: &Artifact,
    tree: &SourceTree,
    blobs: &Blobs,
    context: &Context,
    base: &str,
) -> Manifests {
    let file = "package.json";
    let commit = blob(tree, blobs, &path::join(base, file)).and_then(|b| manifest_npm::read(b));
    let ours = content(artifact, file).and_then(manifest_npm::read);
    match (commit, ours) {
        (Some(commit), Some(ours)) => {
            let found = manifest_npm::compare(&commit, &ours, context.release.version.as_str());
            Manifests::of(file, found)
        }
        _ => Manifests::unread(file),
    }
}

fn cargo(artifact: &Artifact, tree: &SourceTree, blobs: &Blobs, base: &str) -> Manifests {
    let file = "Cargo.toml";
    let commit = blob(tree, blobs, &path::join(base, file)).and_then(|b| manifest_cargo::read(b));
    let ours = content(artifact, file).and_then(manifest_cargo::read);
    let (Some(commit), Some(ours)) = (commit, ours) else {
        return Manifests::unread(file);
    };
    let workspace = workspace(tree, blobs, base);
    let workspace = workspace.as_ref();
    let mut found = Manifests::of(file, manifest_cargo::compare(&commit, &ours, workspace));
    let unknown = manifest_cargo::unknown(&commit, workspace);
    if unknown > 0 {
        found.not_checked.push(format!(
            "Cargo.toml takes {unknown} dependencies from a workspace whose manifest was not found in the commit; of these only the names were compared."
        ));
    }
    found
}

/// The nearest manifest above (or at) the package that has a workspace.
fn workspace(tree: &SourceTree, blobs: &Blobs, base: &str) -> Option<toml::Table> {
    let mut folder = base;
    loop {
        let read = blob(tree, blobs, &path::join(folder, "Cargo.toml"))
            .and_then(|b| manifest_cargo::read(b))
            .filter(|table| table.contains_key("workspace"));
        if read.is_some() || folder.is_empty() {
            return read;
        }
        folder = path::folder(folder);
    }
}

fn of_python(artifact: &Artifact, tree: &SourceTree, blobs: &Blobs) -> Manifests {
    let Some(files) = BuildFiles::read(tree, blobs) else {
        return Manifests {
            not_checked: vec![
                "The commit has no build file that names dependencies and commands; those of the artifact were not compared.".to_owned(),
            ],
            ..Manifests::default()
        };
    };
    let mut found = Manifests {
        compared: true,
        ..Manifests::default()
    };
    if files.cut {
        found.not_checked.push(
            "The commit has more build files than are read; a dependency or command that one of them names may be called new.".to_owned(),
        );
    }
    for (at, file) in artifact
        .files
        .iter()
        .filter(|(at, _)| python::is_metadata(at))
    {
        let Some(text) = file.text() else {
            found.not_checked.push(format!(
                "{} is too long or no text, so what it asks for was not compared.",
                printable(at, 200)
            ));
            continue;
        };
        let differences = match path::name(at) {
            "METADATA" | "PKG-INFO" => python::dependencies(text, &files),
            "entry_points.txt" => python::entry_points(text, &files),
            _ => Vec::new(),
        };
        found
            .differences
            .extend(differences.into_iter().map(|d| (at.clone(), d)));
    }
    found
}

impl Manifests {
    fn of(file: &str, differences: Vec<FieldDifference>) -> Self {
        Self {
            compared: true,
            differences: differences
                .into_iter()
                .map(|d| (file.to_owned(), d))
                .collect(),
            not_checked: Vec::new(),
        }
    }

    fn unread(file: &str) -> Self {
        Self {
            not_checked: vec![format!(
                "{file} could not be read in the commit or in the artifact, so what is installed and run by it was not compared."
            )],
            ..Self::default()
        }
    }
}

fn blob<'b>(tree: &SourceTree, blobs: &'b Blobs, at: &str) -> Option<&'b Vec<u8>> {
    let (_, id) = tree.follow(at, blobs)?;
    blobs.get(&id)
}

fn content<'a>(artifact: &'a Artifact, path: &str) -> Option<&'a [u8]> {
    artifact.files.get(path)?.content()
}
