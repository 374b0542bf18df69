//! Collects a graph while a format is read: packages beside the entries that they belong to.

use super::super::entries::Entries;
use super::super::tree::Fault;
use super::super::{Kind, Lockfile, Source, requirements};
use super::{Ask, AskKind, Commands, Graph, Importer, Key, Linked, NamedFile, Package, Stated};

pub(super) struct Builder<'t> {
    kind: Kind,
    /// Takes the entries, by the same code that reads the file without a graph.
    pub entries: Entries<'t>,
    /// Offsets with the number of the entry that stands there, in order.
    places: Vec<(usize, usize)>,
    pub packages: Vec<Package>,
    pub importers: Vec<Importer>,
    pub format: String,
    pub roots_known: bool,
    pub overrides: Vec<(String, String)>,
    pub hooked: bool,
    pub links: Vec<Linked>,
    pub stated: Vec<Stated>,
}

impl<'t> Builder<'t> {
    pub fn new(kind: Kind, text: &'t str) -> Self {
        Self {
            kind,
            entries: Entries::new(kind.ecosystem(), text),
            places: Vec::new(),
            packages: Vec::new(),
            importers: Vec::new(),
            format: String::new(),
            roots_known: true,
            overrides: Vec::new(),
            hooked: false,
            links: Vec::new(),
            stated: Vec::new(),
        }
    }

    /// The entries are read: from now on they are found by where they stand.
    pub fn place(&mut self) {
        self.places = self.entries.places().to_vec();
        // Where several stand at one place the first counts.
        self.places.sort_by_key(|(at, _)| *at);
        self.places.dedup_by_key(|(at, _)| *at);
    }

    /// A package that stands at `at`, with what its entry says. `name`, `version` and `source`
    /// count where it has no entry.
    pub fn package(&self, at: usize, name: &str, version: &str, source: Source) -> Package {
        let place = self.places.binary_search_by_key(&at, |(at, _)| *at);
        let entry = place.ok().and_then(|place| self.places.get(place));
        let entry = entry.map(|(_, entry)| *entry);
        let locked = entry.and_then(|entry| self.entries.found().get(entry));
        Package {
            entry,
            name: name.to_owned(),
            version: version.to_owned(),
            keys: Vec::new(),
            source: locked.map_or(source, |locked| locked.source),
            resolved: locked.and_then(|locked| locked.resolved.clone()),
            checksum: None,
            files: Vec::new(),
            asks: Vec::new(),
            commands: Commands::None,
            dev: false,
            optional: false,
            conditional: false,
            bundles: false,
            line: self.entries.line(at),
        }
    }

    /// A format that names releases and nothing else.
    pub fn flat(&mut self, text: &str) -> Result<(), Fault> {
        requirements::read(text, &mut self.entries)?;
        self.roots_known = false;
        let places = self.entries.places().to_vec();
        self.place();
        for (at, entry) in places {
            let Some(locked) = self.entries.found().get(entry) else {
                continue;
            };
            let (name, version) = (&locked.release.package, &locked.release.version);
            let package = self.package(at, name.as_str(), version.as_str(), locked.source);
            self.packages.push(package);
        }
        Ok(())
    }

    pub fn finish(self) -> Graph {
        let (entries, skipped, faults) = self.entries.finish();
        Graph {
            lockfile: Lockfile {
                kind: self.kind,
                entries,
                skipped,
                faults,
            },
            format: self.format,
            packages: self.packages,
            importers: self.importers,
            roots_known: self.roots_known,
            overrides: self.overrides,
            hooked: self.hooked,
            links: self.links,
            stated: self.stated,
        }
    }
}

impl Key {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            spec: None,
        }
    }
}

impl Ask {
    pub(super) fn new(name: &str, spec: Option<&str>, kind: AskKind) -> Self {
        Self {
            name: name.to_owned(),
            spec: spec.map(str::to_owned),
            kind,
            to: None,
        }
    }
}

impl NamedFile {
    /// By its address or, without one, by its name.
    pub(super) fn new(name: Option<&str>, url: Option<&str>, hash: Option<&str>) -> Option<Self> {
        let of_url = url.and_then(|url| url.split(['#', '?']).next()?.rsplit('/').next());
        Some(Self {
            name: super::super::urls::decode(name.or(of_url)?, 1)?,
            url: url.map(str::to_owned),
            digest: hash.and_then(|hash| hash.parse().ok()),
        })
    }
}
