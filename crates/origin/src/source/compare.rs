//! Every file of an artifact against a commit.

use super::artifact::{Artifact, ArtifactFile};
use super::attributes::AttributeRules;
use super::base::Base;
use super::build::Outputs;
use super::class::{Explanation, FileClass, Gap, Normalisation};
use super::manifest::FieldDifference;
use super::sourcemap::{MapMatch, SourceMap};
use super::tree::{Blobs, EntryKind, SourceTree};
use super::{ArtifactKind, Context, fields, manifest_python, path, runs, text};
use customs_model::Severity;
use std::collections::BTreeMap;

/// What a comparison found, before anything is judged.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The folder of the commit.
    pub base: Base,
    /// Every file of the artifact.
    pub files: BTreeMap<String, FileClass>,
    /// Which of them can run.
    pub runs: BTreeMap<String, bool>,
    /// Fields of manifests that differ, with the name of the manifest.
    pub fields: Vec<(String, FieldDifference)>,
    /// What could not be looked at. One sentence each, safe to print.
    pub not_checked: Vec<String>,
    /// Folders of the artifact, at its top, in which the commit has nothing at all.
    pub output_folders: Vec<String>,
}

impl Comparison {
    /// Whether a file is a phantom that can run.
    pub(super) fn is_executable(&self, path: &str) -> bool {
        self.files.get(path) == Some(&FileClass::Phantom { executable: true })
    }

    /// Whether a file stands in one of the output folders.
    pub(super) fn is_output(&self, path: &str) -> bool {
        let top = path.split_once('/').map(|(top, _)| top);
        top.is_some_and(|top| self.output_folders.iter().any(|folder| folder == top))
    }
}

/// Compares. Nothing is judged here; see [`super::report`].
pub fn compare(
    artifact: &Artifact,
    tree: &SourceTree,
    blobs: &Blobs,
    context: &Context,
) -> Comparison {
    let (base, remark) = Base::find(artifact, tree, blobs, context);
    let attributes = tree
        .iter()
        .filter(|(at, _)| path::name(at) == ".gitattributes")
        .filter_map(|(at, entry)| Some((at, blobs.get(&entry.id)?.as_slice())));
    let comparer = Comparer {
        attributes: AttributeRules::read(attributes),
        outputs: Outputs::read(&base.folder, tree, blobs),
        manifests: fields::compare(artifact, tree, blobs, context, &base.folder),
        base: &base.folder,
        artifact,
        tree,
        blobs,
        context,
    };
    let mut files: BTreeMap<String, FileClass> = artifact
        .files
        .iter()
        .map(|(path, file)| (path.clone(), comparer.class(path, file)))
        .collect();
    explain_by_neighbours(&mut files);
    let mut not_checked = artifact.remarks.clone();
    not_checked.extend(comparer.manifests.not_checked.iter().cloned());
    if comparer.outputs.is_cut() {
        not_checked.push(
            "Explaining every file by the build configurations would take too long; some are called phantoms for that alone.".to_owned(),
        );
    }
    if comparer.attributes.is_cut() {
        not_checked.push(
            "The commit has more .gitattributes than are read; some conversions may look like changes.".to_owned(),
        );
    }
    not_checked.extend(remark);
    Comparison {
        runs: artifact
            .files
            .iter()
            .map(|(path, file)| (path.clone(), comparer.runs(path, file)))
            .collect(),
        output_folders: output_folders(&files, tree, &base.folder, context.kind),
        fields: comparer.manifests.differences,
        base,
        files,
        not_checked,
    }
}

struct Comparer<'a> {
    artifact: &'a Artifact,
    tree: &'a SourceTree,
    blobs: &'a Blobs,
    context: &'a Context,
    base: &'a str,
    attributes: AttributeRules,
    outputs: Outputs,
    manifests: fields::Manifests,
}

impl Comparer<'_> {
    fn runs(&self, path: &str, file: &ArtifactFile) -> bool {
        runs::runs(self.context.release.package.ecosystem(), path, file.head())
    }

    fn class(&self, path: &str, file: &ArtifactFile) -> FileClass {
        let expected = path::join(self.base, self.inside(path));
        if self.tree.file(&expected) == Some(file.id) {
            return FileClass::Same;
        }
        // Manifests have rules of their own; everything else is bytes.
        if let Some(class) = self.manifest(path, file) {
            return class;
        }
        match self.tree.get(&expected).map(|entry| entry.kind) {
            Some(EntryKind::File | EntryKind::Executable) => {
                self.other_bytes(path, &expected, file)
            }
            Some(EntryKind::Symlink) => match self.tree.follow(&expected, self.blobs) {
                Some((from, id)) if id == file.id => FileClass::Moved { from },
                Some(_) | None => FileClass::Modified,
            },
            Some(EntryKind::Submodule) | None => self.not_there(path, &expected, file),
        }
    }

    /// Where a wheel's file stands in the source: what is below `*.data/purelib` goes to the top.
    fn inside<'p>(&self, path: &'p str) -> &'p str {
        let data = match self.context.kind {
            ArtifactKind::Wheel => path
                .split_once('/')
                .filter(|(top, _)| top.ends_with(".data")),
            ArtifactKind::NpmTarball | ArtifactKind::Crate | ArtifactKind::Sdist => None,
        };
        data.and_then(|(_, rest)| rest.split_once('/'))
            .map_or(path, |(_, rest)| rest)
    }

    fn manifest(&self, path: &str, file: &ArtifactFile) -> Option<FileClass> {
        let normal = |how| Some(FileClass::Normalised { how });
        // A field that decides what is installed or runs is no normalisation.
        let manifest = |how| {
            let loud =
                self.manifests.differences.iter().any(|(of, difference)| {
                    of == path && difference.severity() >= Severity::Medium
                });
            if loud {
                Some(FileClass::Modified)
            } else {
                normal(how)
            }
        };
        match (self.context.kind, path) {
            (ArtifactKind::NpmTarball, "package.json") if self.manifests.compared => {
                manifest(Normalisation::PackageJson)
            }
            (ArtifactKind::Crate, "Cargo.toml") if self.manifests.compared => {
                manifest(Normalisation::CargoToml)
            }
            (ArtifactKind::Crate, "Cargo.toml.orig") => {
                let authors = path::join(self.base, "Cargo.toml");
                let (_, id) = self.tree.follow(&authors, self.blobs)?;
                if id == file.id || file.unix_id == Some(id) {
                    normal(Normalisation::CargoTomlOrig)
                } else {
                    Some(FileClass::Modified)
                }
            }
            (ArtifactKind::Crate, "Cargo.lock") => normal(Normalisation::CargoLock),
            (ArtifactKind::Crate, ".cargo_vcs_info.json") => normal(Normalisation::CargoVcsInfo),
            (ArtifactKind::Sdist | ArtifactKind::Wheel, _)
                if manifest_python::is_metadata(path) && !self.runs(path, file) =>
            {
                normal(Normalisation::PythonMetadata)
            }
            _ => None,
        }
    }

    /// The commit has another file at this path.
    fn other_bytes(&self, path: &str, expected: &str, file: &ArtifactFile) -> FileClass {
        let there = self.tree.file(expected);
        let normal = |how| FileClass::Normalised { how };
        if file.unix_id.is_some() && file.unix_id == there {
            return normal(Normalisation::LineEndings);
        }
        let attributes = self.attributes.of(expected);
        let content = there.and_then(|id| self.blobs.get(&id));
        if let Some(pointer) = content.and_then(|bytes| lfs_oid(bytes)) {
            return if pointer == file.sha256.to_hex() {
                normal(Normalisation::LargeFileStorage)
            } else {
                FileClass::Modified
            };
        }
        if let Some(name) = attributes.filter {
            return FileClass::NotCompared {
                why: Gap::Filter { name },
            };
        }
        let texts = content
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .zip(file.text());
        if let Some((commit, artifact)) = texts {
            if attributes.export_subst && text::is_export_subst(commit, artifact) {
                return normal(Normalisation::ExportSubst);
            }
            if text::is_version_stamp(commit, artifact, self.context.release.version.as_str()) {
                return normal(Normalisation::VersionStamp);
            }
        }
        // Output that is committed and built anew: only a map with the commit's contents explains
        // bytes that the commit has otherwise.
        match self.by_map(path) {
            Some(explained_by) if explained_by.by_content() => {
                FileClass::Generated { explained_by }
            }
            Some(_) | None => FileClass::Modified,
        }
    }

    /// The commit has nothing at this path.
    fn not_there(&self, path: &str, expected: &str, file: &ArtifactFile) -> FileClass {
        if let Some((from, id)) = self.tree.follow(expected, self.blobs)
            && (id == file.id || file.unix_id == Some(id))
        {
            return FileClass::Moved { from };
        }
        let places = [Some(file.id), file.unix_id];
        let places = places
            .iter()
            .flatten()
            .flat_map(|id| self.tree.places_of(id));
        // The nearest: the same name first, then the shortest path.
        let near = |place: &&String| {
            (
                path::name(place) != path::name(path),
                place.len(),
                (*place).clone(),
            )
        };
        if let Some(from) = places.min_by_key(near) {
            return FileClass::Moved { from: from.clone() };
        }
        if let Some(at) = self.tree.submodule_above(expected) {
            return FileClass::NotCompared {
                why: Gap::Submodule { at: at.to_owned() },
            };
        }
        let compiled = runs::is_compiled(path, file.head());
        let explained = self
            .by_map(path)
            .or_else(|| self.outputs.explain(expected, compiled, self.tree));
        match explained {
            Some(explained_by) => FileClass::Generated { explained_by },
            None => FileClass::Phantom {
                executable: self.runs(path, file) && file.size > 0,
            },
        }
    }

    /// The map beside a file, or the map that the file itself is.
    fn by_map(&self, path: &str) -> Option<Explanation> {
        let map = if path.ends_with(".map") {
            path.to_owned()
        } else {
            format!("{path}.map")
        };
        let read = SourceMap::read(self.artifact.files.get(&map)?.content()?)?;
        match read.compare(path::folder(&path::join(self.base, &map)), self.tree) {
            MapMatch::Contents { sources } => Some(Explanation::SourceMap { map, sources }),
            MapMatch::Names { sources } => Some(Explanation::SourceMapNames { map, sources }),
            MapMatch::None => None,
        }
    }
}

/// The SHA-256 that a pointer of Git LFS names.
/// Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
fn lfs_oid(blob: &[u8]) -> Option<&str> {
    if blob.len() > 1024 {
        return None;
    }
    let text = std::str::from_utf8(blob).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/")?;
    rest.lines()
        .find_map(|line| line.strip_prefix("oid sha256:"))
}

/// Types beside a file that is the same or explained.
fn explain_by_neighbours(files: &mut BTreeMap<String, FileClass>) {
    const ENDINGS: &[(&str, &[&str])] = &[
        (".d.ts", &[".js", ".jsx", ".cjs", ".mjs"]),
        (".d.mts", &[".mjs"]),
        (".d.cts", &[".cjs"]),
    ];
    let explained: Vec<(String, String)> = files
        .iter()
        .filter(|(_, class)| matches!(class, FileClass::Phantom { .. }))
        .filter_map(|(path, _)| {
            let plain = path.strip_suffix(".map").unwrap_or(path);
            let (stem, endings) = ENDINGS
                .iter()
                .find_map(|(ending, js)| Some((plain.strip_suffix(ending)?, *js)))?;
            let file = endings
                .iter()
                .map(|ending| format!("{stem}{ending}"))
                .find(|file| {
                    matches!(
                        files.get(file),
                        Some(FileClass::Same | FileClass::Generated { .. })
                    )
                })?;
            Some((path.clone(), file))
        })
        .collect();
    for (path, file) in explained {
        let explained_by = Explanation::DeclarationOf { file };
        files.insert(path, FileClass::Generated { explained_by });
    }
}

/// Where builds of npm packages go. Folders with a dot are for tools, editors and agents.
fn output_folders(
    files: &BTreeMap<String, FileClass>,
    tree: &SourceTree,
    base: &str,
    kind: ArtifactKind,
) -> Vec<String> {
    match kind {
        ArtifactKind::NpmTarball => {}
        ArtifactKind::Crate | ArtifactKind::Sdist | ArtifactKind::Wheel => return Vec::new(),
    }
    let mut folders: Vec<String> = files
        .keys()
        .filter_map(|path| path.split_once('/'))
        .map(|(top, _)| top)
        .filter(|top| !top.starts_with('.') && !tree.has_folder(&path::join(base, top)))
        .map(str::to_owned)
        .collect();
    folders.dedup();
    folders
}
