//! Who asks for which release: the project and its members, and every package of a lockfile.
//!
//! A lockfile names more than releases: under which name each is installed, who asks for it and
//! in which words, what is optional, which files of it may be fetched. [`Graph::read`] gives all
//! of it beside what [`read`](super::read) gives, by reading the file once.
//!
//! What a format does not say stays empty and is told: `package-lock.json` of format 1, both
//! `yarn.lock` of Yarn 1 and the Python formats but uv's do not say what the project itself asks
//! for ([`Graph::roots_known`]).

mod builder;
mod bun;
mod cargo;
mod npm;
mod npm_legacy;
mod pnpm;
mod poetry;
mod pylock;
#[cfg(test)]
mod testing;
mod uv;
mod yarn_berry;
mod yarn_classic;

use super::{Error, Kind, Locked, Lockfile, Source, error_of, text_of};
use crate::pypi;
use builder::Builder;
use customs_model::{Digest, PackageName, ReleaseId};
pub(super) use npm::asks as npm_asks;
use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};

/// A lockfile with all that it says about who asks for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The releases, as [`read`](super::read) gives them.
    pub lockfile: Lockfile,
    /// The number of the format, as written. Empty where the format has none.
    pub format: String,
    /// The packages, in the order of the file: one for each place or key, so that one release
    /// may be here several times. Members of the workspace are [`importers`](Self::importers).
    pub packages: Vec<Package>,
    /// The project and the members of its workspace.
    pub importers: Vec<Importer>,
    /// Whether the file says what the project asks for.
    pub roots_known: bool,
    /// What the file says to take instead (`overrides`, `resolutions`): a selector and what
    /// stands in its place.
    pub overrides: Vec<(String, String)>,
    /// Whether code of the project may have changed what packages ask for (pnpm's
    /// `.pnpmfile.cjs`).
    pub hooked: bool,
    /// What the project or a member asks for and gets by a link to a folder (pnpm). Other formats
    /// have packages for such folders.
    pub links: Vec<Linked>,
    /// What its client was given in the place of packages' own metadata (uv's `dependency-metadata`).
    pub stated: Vec<Stated>,
}

/// What stands in the place of a package's own metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The package.
    pub package: PackageName,
    /// Its version, as written; none: every one for which nothing else is stated.
    pub version: Option<String>,
    /// The names of what it asks for on every machine and without extras.
    pub always: BTreeSet<String>,
}

/// A folder that stands for what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The folder of whoever asks, as [`Importer::path`]; that of the lockfile for a package.
    pub importer: String,
    /// The package that gets it, as `name@version`; none for a project.
    pub by: Option<String>,
    /// The name that it is asked for by.
    pub name: String,
    /// In which words, where the file repeats them.
    pub spec: Option<String>,
    /// Where it leads, from the folder of whoever asks.
    pub target: String,
    /// Where it stands, counted from 1.
    pub line: u32,
}

/// One package at one place of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its number in [`Lockfile::entries`]; none where that has no entry for it.
    pub entry: Option<usize>,
    /// The real name, as written.
    pub name: String,
    /// The version, as written; empty where none is.
    pub version: String,
    /// The names and specifiers that it is kept under: what is installed as which name.
    pub keys: Vec<Key>,
    /// Where the client takes it from.
    pub source: Source,
    /// As written; see [`Locked::resolved`].
    pub resolved: Option<String>,
    /// The client's own checksum where it is of something else than the artifact (Yarn 4: of
    /// its archive).
    pub checksum: Option<String>,
    /// The files that may be fetched for it (Python).
    pub files: Vec<NamedFile>,
    /// What it asks for.
    pub asks: Vec<Ask>,
    /// Names of the commands that it brings; only `true` or a list is known in some formats.
    pub commands: Commands,
    /// It is installed for developers only.
    pub dev: bool,
    /// Its absence is no error.
    pub optional: bool,
    /// It is installed on some platforms only.
    pub conditional: bool,
    /// It carries other packages in its own artifact.
    pub bundles: bool,
    /// Where it starts, counted from 1.
    pub line: u32,
}

/// The commands of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Commands {
    /// The format does not tell, or there are none.
    #[default]
    None,
    /// There are some; the format does not name them.
    Some,
    /// Their names.
    Named(Vec<String>),
}

/// A name that a package is installed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The specifier that led to it, where the format keeps packages by specifiers (Yarn).
    pub spec: Option<String>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Its name, without a path.
    pub name: String,
    /// Where it is fetched from, where that is written.
    pub url: Option<String>,
    /// The digest that is promised.
    pub digest: Option<Digest>,
}

/// The project, or a member of its workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Importer {
    /// Its folder below the lockfile's; empty for the project itself.
    pub path: String,
    /// Its name, where the file gives one.
    pub name: Option<String>,
    /// What it asks for.
    pub asks: Vec<Ask>,
    /// Where it starts, counted from 1.
    pub line: u32,
}

/// Something that a project or package asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The name that it is asked for by, which may be an alias.
    pub name: String,
    /// In which words, where the file repeats them.
    pub spec: Option<String>,
    /// How.
    pub kind: AskKind,
    /// The package that it leads to, by its number in [`Graph::packages`]. None for members of
    /// the workspace, for what is not installed, and where it cannot be told.
    pub to: Option<usize>,
}

/// How something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AskKind {
    /// To run.
    Runtime,
    /// To develop.
    Dev,
    /// If it can be had.
    Optional,
    /// The one who installs should have it.
    Peer,
}

impl Graph {
    /// Reads a lockfile with all that it says about who asks for what.
    ///
    /// ```
    /// use customs_ecosystem::lockfile::{Graph, Kind};
    /// let text = b"a@^1:\n  version \"1.0.0\"\n  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.0\"\n";
    /// let graph = Graph::read(Kind::YarnClassic, text)?;
    /// assert_eq!(graph.packages[0].asks[0].to, Some(1));
    /// # Ok::<(), customs_ecosystem::lockfile::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](super::read).
    pub fn read(kind: Kind, bytes: &[u8]) -> Result<Self, Error> {
        let text = text_of(kind, bytes)?;
        let mut builder = Builder::new(kind, text);
        let out = &mut builder;
        let read = match kind {
            Kind::PackageLock => npm::read(text, out),
            Kind::PnpmLock => pnpm::read(text, out),
            Kind::YarnClassic => yarn_classic::read(text, out),
            Kind::YarnBerry => yarn_berry::read(text, out),
            Kind::BunLock => bun::read(text, out),
            Kind::UvLock => uv::read(text, out),
            Kind::RequirementsTxt => out.flat(text),
            Kind::PoetryLock => poetry::read(text, out),
            Kind::PylockToml => pylock::read(text, out),
            Kind::CargoLock => cargo::read(text, out),
        };
        read.map_err(|fault| error_of(kind, text, fault))?;
        Ok(builder.finish())
    }

    /// Which tool's file it is.
    pub fn kind(&self) -> Kind {
        self.lockfile.kind
    }

    /// The entry of a package in [`Lockfile::entries`].
    pub fn locked(&self, package: &Package) -> Option<&Locked> {
        self.lockfile.entries.get(package.entry?)
    }

    /// The release of a package, where its version is written.
    pub fn release(&self, package: &Package) -> Option<&ReleaseId> {
        self.locked(package).map(|locked| &locked.release)
    }

    /// What stands in the place of the metadata of a release, as uv finds it: by its version, else by its
    /// name alone.
    pub fn stated_of(&self, release: &ReleaseId) -> Option<&Stated> {
        let of_name = || {
            let stated = self.stated.iter();
            stated.filter(|one| one.package == release.package)
        };
        let version = release.version.as_str();
        let is_same = |written: &str| {
            written == version || pypi::compare(written, version) == Some(Ordering::Equal)
        };
        let exact = of_name().find(|one| one.version.as_deref().is_some_and(is_same));
        exact.or_else(|| of_name().find(|one| one.version.is_none()))
    }

    /// For each package the one that brought it in by the shortest way, none for what the
    /// project asks for itself: the way from a package to the project.
    ///
    /// Where the file does not say what the project asks for, what nobody else asks for counts
    /// as asked for by it.
    pub fn ways(&self) -> Vec<Way> {
        let mut ways = vec![Way::Nobody; self.packages.len()];
        let mut queue = VecDeque::new();
        let start = |at: usize, ways: &mut Vec<Way>, queue: &mut VecDeque<usize>| {
            if let Some(way @ Way::Nobody) = ways.get_mut(at) {
                *way = Way::Project;
                queue.push_back(at);
            }
        };
        let asked = self.importers.iter().flat_map(|i| &i.asks);
        for at in asked.filter_map(|ask| ask.to) {
            start(at, &mut ways, &mut queue);
        }
        if !self.roots_known {
            let mut wanted = vec![false; self.packages.len()];
            for at in self
                .packages
                .iter()
                .flat_map(|p| &p.asks)
                .filter_map(|a| a.to)
            {
                if let Some(wanted) = wanted.get_mut(at) {
                    *wanted = true;
                }
            }
            for (at, _) in wanted.iter().enumerate().filter(|(_, wanted)| !**wanted) {
                start(at, &mut ways, &mut queue);
            }
        }
        while let Some(from) = queue.pop_front() {
            let asks = self.packages.get(from).map(|p| p.asks.as_slice());
            for at in asks.unwrap_or_default().iter().filter_map(|ask| ask.to) {
                if let Some(way @ Way::Nobody) = ways.get_mut(at) {
                    *way = Way::Package(from);
                    queue.push_back(at);
                }
            }
        }
        ways
    }
}

/// Who brought a package in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The project, or a member of its workspace.
    Project,
    /// Another package, by its number.
    Package(usize),
    /// Nobody that the file names.
    Nobody,
}

#[cfg(test)]
mod tests {
    use super::testing::graph;
    use super::*;

    #[test]
    fn every_fixture_has_the_entries_that_reading_gives() {
        for (kind, text) in super::super::testing::FIXTURES {
            let read = super::super::read(kind, text.as_bytes()).unwrap();
            let graph = Graph::read(kind, text.as_bytes()).unwrap();
            assert_eq!(graph.lockfile, read, "{kind}");
            for ask in graph.packages.iter().flat_map(|p| &p.asks) {
                assert!(ask.to.is_none_or(|to| to < graph.packages.len()));
            }
        }
    }

    #[test]
    fn the_way_in_is_the_shortest_and_a_circle_ends() {
        let text = "a@1:\n  version \"1.0.0\"\n  dependencies:\n    b \"1\"\n\nb@1:\n  version \"1.0.0\"\n  dependencies:\n    c \"1\"\n\nc@1:\n  version \"1.0.0\"\n  dependencies:\n    b \"1\"\n";
        let graph = Graph::read(Kind::YarnClassic, text.as_bytes()).unwrap();
        assert_eq!(
            graph.ways(),
            [Way::Project, Way::Package(0), Way::Package(1)]
        );
    }

    #[test]
    fn requirements_are_flat() {
        insta::assert_snapshot!(graph(Kind::RequirementsTxt, "anyio==4.4.0\nidna==3.7\n"), @r"
        1: anyio@4.4.0
        2: idna@3.7
        ");
    }
}
