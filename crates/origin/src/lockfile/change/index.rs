//! A lockfile by names and versions.

use super::super::address::Address;
use super::super::words::shown;
use super::Installed;
use customs_ecosystem::lockfile::{Commands, Graph, Locked, NamedFile, Package, Source, Way};
use customs_model::Ecosystem;
use std::collections::BTreeMap;

pub(super) struct Index<'a> {
    pub graph: &'a Graph,
    /// Names, versions and the places where each release stands.
    pub packages: BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>>,
    ways: Vec<Way>,
}

impl<'a> Index<'a> {
    pub fn of(graph: &'a Graph) -> Self {
        let mut packages: BTreeMap<&str, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
        for (number, package) in graph.packages.iter().enumerate() {
            let (name, version) = match graph.release(package) {
                Some(release) => (release.package.as_str(), release.version.as_str()),
                None => (package.name.as_str(), package.version.as_str()),
            };
            // A repository's commit is no version.
            let version = if version.contains([':', '/']) {
                ""
            } else {
                version
            };
            let versions = packages.entry(name).or_default();
            versions.entry(version).or_default().push(number);
        }
        Self {
            graph,
            packages,
            ways: graph.ways(),
        }
    }

    pub fn places(&self, name: &str, version: &str) -> impl Iterator<Item = &'a Package> {
        let graph = self.graph;
        let versions = self.packages.get(name);
        let numbers = versions
            .and_then(|v| v.get(version))
            .cloned()
            .unwrap_or_default();
        numbers
            .into_iter()
            .filter_map(move |number| graph.packages.get(number))
    }

    /// The package of a release that stands at one place.
    pub fn only(&self, name: &str, version: &str) -> Option<&'a Package> {
        match self.packages.get(name)?.get(version)?.as_slice() {
            [number] => self.graph.packages.get(*number),
            _ => None,
        }
    }

    pub fn locked(&self, name: &str, version: &str) -> impl Iterator<Item = &'a Locked> {
        let graph = self.graph;
        self.places(name, version)
            .filter_map(move |package| graph.locked(package))
    }

    /// Whether a release runs a script at install: yes where any of its places says so; none where
    /// one of them does not tell, as most formats do not.
    fn runs_script(&self, name: &str, version: &str) -> Option<bool> {
        let mut known = Some(false);
        for package in self.places(name, version) {
            match self.says_script(package) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => known = None,
            }
        }
        known
    }

    fn says_script(&self, package: &Package) -> Option<bool> {
        let locked = self.graph.locked(package);
        let said = locked.and_then(|locked| locked.has_install_script);
        // Installing a wheel runs nothing of it; a source archive is built.
        let is_wheel = |file: &NamedFile| file.name.ends_with(".whl");
        let wheels = !package.files.is_empty() && package.files.iter().all(is_wheel);
        said.or_else(|| wheels.then_some(false))
    }

    pub fn installed(&self, name: &str, version: &str) -> Option<Installed> {
        let numbers = self.packages.get(name)?.get(version)?;
        // The place with the shortest way in tells most.
        let number = numbers
            .iter()
            .copied()
            .min_by_key(|number| self.way(*number).len())?;
        let package = self.graph.packages.get(number)?;
        let way = self.way(number);
        let runs_script = self.runs_script(name, version);
        let commands = match &package.commands {
            Commands::Named(names) => names.iter().map(|name| shown(name)).collect(),
            Commands::None | Commands::Some => Vec::new(),
        };
        Some(Installed {
            name: shown(name),
            version: shown(version),
            release: self.graph.release(package).cloned(),
            line: package.line,
            from: self.from(package),
            direct: matches!(self.ways.get(number), Some(Way::Project)),
            way,
            install_script: runs_script == Some(true),
            // What lies in the project is its own: its scripts are part of what is reviewed.
            install_script_known: runs_script.is_some() || package.source == Source::Path,
            bundled: package.source == Source::Bundled,
            commands,
            publisher: None,
            published: None,
            days: None,
        })
    }

    /// Who brought a package in, beginning with the one that asks for it.
    fn way(&self, number: usize) -> Vec<String> {
        let mut way = Vec::new();
        let mut at = number;
        while let Some(Way::Package(by)) = self.ways.get(at) {
            let Some(package) = self.graph.packages.get(*by) else {
                break;
            };
            way.push(shown(&format!("{}@{}", package.name, package.version)));
            at = *by;
            if way.len() >= super::super::limit::WAY {
                way.push("…".to_owned());
                break;
            }
        }
        way
    }

    /// The host or place that a package comes from.
    fn from(&self, package: &Package) -> Option<String> {
        let address = address_of(self.graph, package)?;
        Some(match Address::parse(address) {
            Some(parsed) => shown(&parsed.host),
            None => shown(address),
        })
    }
}

/// Where a package comes from, as written; for a registry's release of Yarn 4 only an address of
/// its own.
pub(super) fn address_of<'a>(graph: &'a Graph, package: &'a Package) -> Option<&'a str> {
    match graph.locked(package) {
        Some(locked) => locked.resolved.as_deref(),
        None => package.resolved.as_deref(),
    }
}

/// The line of releases that a version belongs to.
pub(super) fn line(ecosystem: Ecosystem, version: &str) -> Option<String> {
    match ecosystem {
        Ecosystem::Npm => {
            use customs_ecosystem::npm::{NpmVersion, release_line};
            let (major, minor) = release_line(&NpmVersion::parse(version)?);
            Some(format!("{major}.{minor}"))
        }
        Ecosystem::PyPi => customs_ecosystem::pypi::release_line(version),
        Ecosystem::Cargo => customs_ecosystem::cargo::release_line(version),
    }
}
