//! A lockfile with the manifests beside it, and where its packages should come from.

use super::discover::Project;
use super::root::Root;
use crate::client::{Discovered, discover};
use customs_ecosystem::lockfile::{
    Graph, Kind, Manifest, ManifestKind, SETTINGS_BYTES, limit,
};
use customs_model::{Ecosystem, printable};
use customs_origin::lockfile::{ExpectedOrigin, Judgement, LockfileView, Options, judge};
use std::io::Read as _;
use std::path::Path;

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
    pub fn of(project: &Project, root: &Root) -> Option<Result<Self, String>> {
        let (path, kind) = project.lockfile.as_ref()?;
        let told = root.told(path);
        let graph = match graph(path) {
            Ok(graph) => graph,
            Err(why) => return Some(Err(format!("{}: {why}", printable(&told, 300)))),
        };
        let mut unread = Vec::new();
        let manifests = manifests(&project.folder, &graph, &mut unread);
        let options = Options {
            expected_origins: expected(&project.folder, *kind, &mut unread),
            allowed_hosts: Vec::new(),
            own_hosts: own_hosts(),
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

/// Reads a lockfile by its path.
///
/// # Errors
/// In words for people, safe to print.
pub(super) fn graph(path: &Path) -> Result<Graph, String> {
    let bytes = bytes(path, limit::BYTES as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = Kind::of_file_name(&name, &bytes).ok_or("it is no lockfile that is known")?;
    Graph::read(kind, &bytes).map_err(|why| why.to_string())
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

fn manifests(folder: &Path, graph: &Graph, unread: &mut Vec<String>) -> Vec<Manifest> {
    let kind = match graph.kind().ecosystem() {
        Ecosystem::Npm => ManifestKind::PackageJson,
        Ecosystem::Cargo => ManifestKind::CargoToml,
        Ecosystem::PyPi => ManifestKind::Pyproject,
    };
    let members = graph.importers.iter().map(|importer| importer.path.as_str());
    let mut folders: Vec<&str> = members
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

/// The registries of the user's own configuration. cargo writes the source that a crate was first
/// of, whatever stands in its place, so its lockfiles are compared with themselves.
fn expected(folder: &Path, kind: Kind, unread: &mut Vec<String>) -> Vec<ExpectedOrigin> {
    let client = match kind {
        Kind::CargoLock => return Vec::new(),
        Kind::PackageLock => "npm",
        Kind::PnpmLock => "pnpm",
        Kind::YarnClassic | Kind::YarnBerry => "yarn",
        Kind::BunLock => "bun",
        Kind::UvLock => "uv",
        Kind::RequirementsTxt | Kind::PoetryLock | Kind::PylockToml => "pip",
    };
    match discover(&super::root::real(folder)) {
        Ok(found) => of_client(&found, client, kind.ecosystem()),
        Err(why) => {
            unread.push(format!(
                "which registries you use could not be found out: {why}"
            ));
            Vec::new()
        }
    }
}

fn of_client(found: &Discovered, client: &str, ecosystem: Ecosystem) -> Vec<ExpectedOrigin> {
    // Registries that only a client's own files name were not read. A configuration that is known
    // in part is no measure: the lockfile is compared with itself.
    let start = format!("{client}: ");
    if found.missing.iter().any(|missing| missing.starts_with(&start)) {
        return Vec::new();
    }
    let upstreams = found.of(client);
    let plain = |address: &url::Url, scope: Option<&String>| ExpectedOrigin {
        scope: scope.cloned(),
        address: address.to_string(),
    };
    match ecosystem {
        Ecosystem::Npm => {
            let scopes = upstreams.npm_scopes.iter();
            let scopes = scopes.map(|(scope, upstream)| plain(&upstream.base, Some(scope)));
            let all = upstreams.npm.iter().map(|upstream| plain(&upstream.base, None));
            all.chain(scopes).collect()
        }
        Ecosystem::PyPi => {
            let all = upstreams.pypi.iter();
            all.map(|upstream| plain(&upstream.base, None)).collect()
        }
        Ecosystem::Cargo => Vec::new(),
    }
}

/// Inside a run the gate's own address may stand in a lockfile.
fn own_hosts() -> Vec<String> {
    let gate = std::env::var(crate::client::pointing::GATE).unwrap_or_default();
    let host = gate.trim_start_matches("http:").trim_matches('/');
    match host.is_empty() {
        true => Vec::new(),
        false => vec![host.to_owned()],
    }
}
