//! Who asks for a release, and which versions would do.

use super::{Project, same_line};
use crate::verify::policy::Asking;
use customs_ecosystem::lockfile::{AskKind, Manifest};
use customs_ecosystem::npm::{NpmVersion, Range, is_exotic, resolve_alias};
use customs_ecosystem::{cargo, pypi};
use customs_model::{Ecosystem, ReleaseId, Version, printable};

/// Everybody who asks for a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Who {
    /// The project and its members.
    pub direct: Vec<Direct>,
    /// Other packages.
    pub packages: Vec<Package>,
    /// Versions of the same package that the lockfile has beside it.
    pub beside: usize,
}

/// A manifest of the project that asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Direct {
    /// The manifest's folder below the project's; empty for the project itself.
    pub folder: String,
    /// The name that it is asked for by, which may be an alias.
    pub name: String,
    /// In which words.
    pub spec: String,
    /// How.
    pub kind: AskKind,
}

/// A package that asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// Its name.
    pub name: String,
    /// Which versions would do, by its own document; none where that does not say.
    pub range: Option<String>,
    /// Its own document says that it asks for it.
    pub declared: bool,
}

impl Who {
    /// Whether a version would do for everybody. Where somebody's range is not known it has to be
    /// of the same release line. A prerelease stands in for nothing but a prerelease.
    pub fn allows(&self, release: &ReleaseId, version: &Version) -> bool {
        let ecosystem = release.package.ecosystem();
        let (old, new) = (release.version.as_str(), version.as_str());
        if is_prerelease(ecosystem, new) && !is_prerelease(ecosystem, old) {
            return false;
        }
        let nearby = || same_line(ecosystem, old, new);
        if self.direct.is_empty() && self.packages.is_empty() {
            return nearby();
        }
        let direct = self.direct.iter().all(|one| {
            // The project's own pin of the refused version is what is replaced.
            match is_exactly(ecosystem, &one.spec, old) {
                true => nearby(),
                false => satisfies(ecosystem, &one.spec, new).unwrap_or_else(nearby),
            }
        });
        let packages = self.packages.iter().all(|one| match &one.range {
            Some(range) => satisfies(ecosystem, range, new).unwrap_or_else(nearby),
            None => nearby(),
        });
        direct && packages
    }

    /// What could not be told of ranges. Safe to print.
    pub fn note(&self, release: &ReleaseId) -> Option<String> {
        let unknown = self
            .packages
            .iter()
            .filter(|one| one.range.is_none())
            .count();
        let nobody = self.direct.is_empty() && self.packages.is_empty();
        (unknown > 0 || nobody).then(|| {
            format!(
                "which versions of {} would do is not told by whoever asks for it; this one is of the same \
                 release line",
                release.package
            )
        })
    }

    /// The ranges, in words. Safe to print.
    pub fn words(&self) -> String {
        let direct = self.direct.iter();
        let direct = direct.map(|one| ("the project".to_owned(), Some(&one.spec)));
        let packages = self.packages.iter();
        let packages = packages.map(|one| (printable(&one.name, 80), one.range.as_ref()));
        let all = direct
            .chain(packages)
            .take(4)
            .map(|(who, range)| match range {
                Some(range) => format!("{who}: {}", printable(range, 80)),
                None => format!("{who}: the same release line"),
            });
        let all: Vec<String> = all.collect();
        match all.is_empty() {
            true => "the same release line".to_owned(),
            false => all.join(", "),
        }
    }
}

/// Everybody who asks for a release.
pub(super) async fn who(asking: &Asking<'_>, project: &Project<'_>, release: &ReleaseId) -> Who {
    let graph = &project.graph;
    let entries = graph.lockfile.entries.iter();
    let beside = entries
        .filter(|one| one.release.package == release.package && one.release != *release)
        .count();
    let mut packages: Vec<Package> = Vec::new();
    for package in &graph.packages {
        let leads = package.asks.iter().find(|ask| {
            let to = ask.to.and_then(|at| graph.packages.get(at));
            to.and_then(|to| graph.release(to)) == Some(release)
        });
        let Some(ask) = leads else { continue };
        // Lockfiles mostly repeat the version; the package's own document has the range.
        let declared = match graph.locked(package) {
            Some(entry) => asking.range(entry, &ask.name).await,
            None => None,
        };
        let written = ask.spec.clone();
        let written = written.filter(|spec| spec != release.version.as_str());
        let found = Package {
            name: package.name.clone(),
            declared: declared.is_some(),
            range: declared.or(written),
        };
        if !packages.contains(&found) {
            packages.push(found);
        }
    }
    Who {
        direct: direct(project.manifests, release),
        packages,
        beside,
    }
}

/// A range that the locked version is in is one that led to it.
fn direct(manifests: &[Manifest], release: &ReleaseId) -> Vec<Direct> {
    let ecosystem = release.package.ecosystem();
    let shared = manifests.iter().flat_map(|manifest| &manifest.shared);
    let mut out = Vec::new();
    for manifest in manifests {
        for ask in &manifest.asks {
            let inherited = shared.clone().find(|one| one.name == ask.name);
            let spec = ask.spec.as_ref().or_else(|| inherited?.spec.as_ref());
            let Some(spec) = spec else { continue };
            if real_name(ecosystem, &ask.name, spec) == release.package.as_str()
                && satisfies(ecosystem, spec, release.version.as_str()) == Some(true)
            {
                out.push(Direct {
                    folder: manifest.folder.clone(),
                    name: ask.name.clone(),
                    spec: spec.clone(),
                    kind: ask.kind,
                });
            }
        }
    }
    out
}

fn real_name(ecosystem: Ecosystem, name: &str, spec: &str) -> String {
    match ecosystem {
        Ecosystem::Npm => resolve_alias(name, spec).0.to_owned(),
        Ecosystem::PyPi | Ecosystem::Cargo => {
            let name = customs_model::PackageName::new(ecosystem, name);
            name.map(|name| name.as_str().to_owned())
                .unwrap_or_default()
        }
    }
}

/// Whether a version is in a range; none where the range is none of a registry.
pub(super) fn satisfies(ecosystem: Ecosystem, range: &str, version: &str) -> Option<bool> {
    match ecosystem {
        Ecosystem::Npm => {
            let (_, wanted) = resolve_alias("", range);
            if is_exotic(wanted) {
                return None;
            }
            let version = NpmVersion::parse(version)?;
            Some(Range::parse(wanted)?.satisfied_by(&version))
        }
        Ecosystem::PyPi => match range.split(';').next().unwrap_or_default().trim() {
            "" => Some(true),
            wanted => pypi::satisfies(version, wanted),
        },
        Ecosystem::Cargo => cargo::satisfies(version, range),
    }
}

fn is_exactly(ecosystem: Ecosystem, range: &str, version: &str) -> bool {
    let range = match ecosystem {
        Ecosystem::Npm => resolve_alias("", range).1,
        Ecosystem::PyPi => range.split(';').next().unwrap_or_default(),
        Ecosystem::Cargo => range,
    };
    range.trim().trim_start_matches(['=', 'v', ' ']) == version
        // `1.2.3` of cargo is a caret.
        && (ecosystem != Ecosystem::Cargo || range.trim_start().starts_with('='))
}

fn is_prerelease(ecosystem: Ecosystem, version: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => NpmVersion::parse(version).is_some_and(|it| it.is_prerelease()),
        Ecosystem::PyPi => pypi::is_prerelease(version),
        Ecosystem::Cargo => cargo::is_prerelease(version),
    }
}
