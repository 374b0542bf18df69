//! A lockfile with the manifests beside it, and where its packages should come from.

use super::discover::Project;
use super::root::Root;
use super::surroundings::Surroundings;
use super::{cargo_config, catalogs, overrides};
use customs_device::tree::npm::Around;
use customs_ecosystem::lockfile::{
    Error as LockfileError, Graph, Kind, Manifest, ManifestKind, SETTINGS_BYTES, limit,
};
use customs_model::{Ecosystem, printable};
use customs_origin::lockfile::{Judgement, LockfileView, Options, Workspace, judge};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

#[cfg(test)]
mod tests;

/// Members of a workspace whose manifests are read.
const MEMBERS: usize = 5_000;

/// A lockfile that was read.
#[derive(Debug)]
pub(super) struct Read {
    /// Its path, as it is told.
    pub told: String,
    /// What it says.
    pub graph: Graph,
    /// The manifests of the project and its members.
    pub manifests: Vec<Manifest>,
    /// Where its packages should come from.
    pub options: Options,
    /// What could not be read, and why. Safe to print.
    pub unread: Vec<String>,
}

impl Read {
    /// Reads the lockfile of a project.
    ///
    /// # Errors
    /// It cannot be read, or is not what its tool writes. Safe to print.
    pub fn of(
        project: &Project,
        around: &Surroundings,
        root: &Root,
        allowed_hosts: &[String],
    ) -> Option<Result<Self, Unread>> {
        let (path, kind) = project.lockfile.as_ref()?;
        let told = root.told(path);
        let graph = match graph(path) {
            Ok(graph) => graph,
            Err(why) => {
                return Some(Err(Unread {
                    why: format!("{}: {}", printable(&told, 300), why.why),
                    ..why
                }));
            }
        };
        let mut unread = Vec::new();
        let mut manifests = manifests(&project.folder, &graph, &mut unread);
        if *kind == Kind::CargoLock {
            cargo_config::take(&project.folder, &mut manifests, &mut unread);
        }
        let options = Options {
            expected_origins: match has_addresses(&graph) {
                // There is nothing that could be of another registry, and nobody is asked.
                false => Vec::new(),
                true => (around.origins)(&project.folder, *kind).unwrap_or_else(|why| {
                    unread.push(why);
                    Vec::new()
                }),
            },
            allowed_hosts: allowed_hosts.to_vec(),
            own_hosts: around.own_hosts.clone(),
            workspace: workspace(&project.folder, &graph),
            catalogs: catalogs::of(&project.folder, *kind, &mut unread),
            overrides: overrides::of(&project.folder, *kind),
        };
        Some(Ok(Self {
            told,
            graph,
            manifests,
            options,
            unread,
        }))
    }

    /// As the rules see it.
    pub fn view(&self) -> LockfileView<'_> {
        LockfileView::new(&self.told, &self.graph, &self.manifests, &self.options)
    }

    /// What the rules say.
    pub fn judge(&self) -> Judgement {
        let mut judgement = judge(&self.view());
        judgement.not_checked.extend(self.unread.iter().cloned());
        judgement
    }

    /// Folders of the workspace's members, which have no lockfile of their own.
    pub fn members(&self) -> Vec<String> {
        let importers = self.graph.importers.iter();
        let mut members: Vec<String> = importers
            .map(|importer| importer.path.trim_end_matches('/').to_owned())
            .filter(|path| !path.is_empty() && path != ".")
            .collect();
        members.sort();
        members.dedup();
        members
    }
}

/// The workspace of pnpm around a project, where a link of its lockfile could lead into it.
fn workspace(folder: &Path, graph: &Graph) -> Option<Workspace> {
    if graph.kind() != Kind::PnpmLock || graph.links.is_empty() {
        return None;
    }
    let Around { own, members } = Around::of(folder)?;
    Some(Workspace { own, members })
}

/// Whether a lockfile says where anything is fetched from.
fn has_addresses(graph: &Graph) -> bool {
    let is_address = |text: &String| text.contains("://");
    let entries = graph.lockfile.entries.iter();
    let mut of_entries = entries.filter_map(|entry| entry.resolved.as_ref());
    let mut of_packages = graph.packages.iter().flat_map(|package| {
        let files = package.files.iter().filter_map(|file| file.url.as_ref());
        package.resolved.iter().chain(files)
    });
    of_entries.any(is_address) || of_packages.any(is_address)
}

/// Reads a lockfile by its path.
///
/// # Errors
/// In words for people, safe to print.
pub(super) fn graph(path: &Path) -> Result<Graph, Unread> {
    let bytes = bytes(path, limit::BYTES as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = Kind::of_file_name(&name, &bytes)
        .ok_or_else(|| "it is no lockfile that is known".to_owned())?;
    Graph::read(kind, &bytes).map_err(|why| Unread {
        broken: match &why {
            // Not every list of requirements is written in UTF-8.
            LockfileError::Syntax { kind, line, .. } if *kind != Kind::RequirementsTxt => {
                Some(*line)
            }
            LockfileError::Syntax { .. }
            | LockfileError::Later { .. }
            | LockfileError::Limit { .. }
            | LockfileError::Replacement { .. } => None,
        },
        why: why.to_string(),
    })
}

/// Why a lockfile was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    /// For people, safe to print.
    pub why: String,
    /// It is not what its tool writes, which no client can use either: from which line on.
    pub broken: Option<u32>,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self { why, broken: None }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

/// The bytes of a file that may be a stranger's.
///
/// # Errors
/// In words for people, safe to print.
pub(super) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let read = || {
        let about = std::fs::metadata(path)?;
        if !about.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        let mut bytes = Vec::new();
        let mut file = std::fs::File::open(path)?.take(most + 1);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|why| format!("it cannot be read: {why}"))?;
    match bytes.len() as u64 > most {
        true => Err(format!("it has more than {most} bytes and is not read")),
        false => Ok(bytes),
    }
}

/// The manifests of a project and its members. What cannot be read is added to `unread`.
pub(super) fn manifests(folder: &Path, graph: &Graph, unread: &mut Vec<String>) -> Vec<Manifest> {
    let kind = match graph.kind().ecosystem() {
        Ecosystem::Npm => ManifestKind::PackageJson,
        Ecosystem::Cargo => ManifestKind::CargoToml,
        Ecosystem::PyPi => ManifestKind::Pyproject,
    };
    let members = graph
        .importers
        .iter()
        .map(|importer| importer.path.as_str());
    let of_patterns = match graph.kind() {
        Kind::YarnClassic => customs_device::tree::npm::members_of(folder),
        _ => BTreeSet::new(),
    };
    let mut folders: Vec<&str> = members
        .chain(of_patterns.iter().map(String::as_str))
        // A member outside of the project's folder is another project.
        .filter(|path| !path.split('/').any(|part| part == "..") && !path.starts_with('/'))
        .chain([""])
        .collect();
    folders.sort_unstable();
    folders.dedup();
    if folders.len() > MEMBERS {
        unread.push(format!(
            "the manifests of more than {MEMBERS} members are not compared with the lockfile"
        ));
        folders.truncate(MEMBERS);
    }
    let mut manifests = Vec::new();
    for member in folders {
        let path = folder.join(member).join(kind.file_name());
        if !path.exists() {
            continue;
        }
        let read = bytes(&path, SETTINGS_BYTES as u64)
            .and_then(|bytes| Manifest::read(kind, &bytes).map_err(|why| why.to_string()));
        match read {
            Ok(manifest) => manifests.push(Manifest {
                folder: member.to_owned(),
                ..manifest
            }),
            Err(why) => unread.push(format!(
                "{}: {why}",
                printable(&path.display().to_string(), 300)
            )),
        }
    }
    manifests
}
