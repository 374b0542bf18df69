//! Who asks for a package that no registry delivers, and in which words.

mod place;
mod words;

use super::super::super::view::{LockfileView, Sent};
use super::super::super::words::{shown, spoken};
use customs_ecosystem::lockfile::{Ask, Importer, Kind, Manifest, Package, Source};
use customs_ecosystem::pypi::normal_name;
use customs_model::Ecosystem;
use std::collections::{HashMap, HashSet};
use words::of_spec;
pub(super) use words::{Words, of_npm};

/// What follows from who asks.
pub(super) enum Whom {
    /// The project asks for it from there, or says so by an override.
    Project,
    /// A package asks for it; its name and version.
    Package(String),
    /// Nobody does.
    Nobody,
    /// The file does not say.
    NotTold,
    /// All that is asked for is a release of a registry.
    ForRelease {
        by: String,
        words: String,
        /// Whether all overrides are known.
        certain: bool,
    },
    /// Another repository or file is asked for.
    ForAnother { by: String, words: String },
    /// A package asks for it from there, and the project for a release.
    PackageAgainstProject { by: String, words: String },
}

/// Who uses the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Project,
    Package(usize),
    /// Yarn's key: whoever asks.
    Key,
}

/// All that is asked of each package.
pub(super) struct Asked {
    words: Vec<Vec<(Who, Words)>>,
}

impl Asked {
    pub fn of(view: &LockfileView<'_>) -> Self {
        let graph = view.graph;
        let mut words: Vec<Vec<(Who, Words)>> = vec![Vec::new(); graph.packages.len()];
        let mut add = |to: usize, who: Who, said: Words| {
            // Registries' own releases are asked for most, and are not judged here.
            let judged = graph.packages.get(to).is_some_and(is_judged);
            if let Some(of) = words.get_mut(to).filter(|_| judged) {
                of.push((who, said));
            }
        };
        let manifests = Manifests::of(view);
        for importer in &graph.importers {
            let own = own_words(view, importer);
            for (ask, to) in importer.asks.iter().filter_map(|a| Some((a, a.to?))) {
                if graph.packages.get(to).is_some_and(is_judged) {
                    add(to, Who::Project, manifests.words(view, importer, &own, ask));
                }
            }
        }
        for (from, package) in graph.packages.iter().enumerate() {
            for (ask, to) in package.asks.iter().filter_map(|a| Some((a, a.to?))) {
                if graph.packages.get(to).is_some_and(is_judged) {
                    let said = of_spec(view.ecosystem(), ask.spec.as_deref());
                    add(to, Who::Package(from), said);
                }
            }
        }
        if matches!(graph.kind(), Kind::YarnClassic | Kind::YarnBerry) {
            for (number, package) in graph.packages.iter().enumerate() {
                for key in package.keys.iter().filter(|_| is_judged(package)) {
                    let said = of_spec(Ecosystem::Npm, key.spec.as_deref());
                    add(number, Who::Key, said);
                }
            }
        }
        let mut asked = Self { words };
        asked.by_name(view, &manifests);
        asked
    }

    /// Where no project leads to a package, the manifests tell by its name.
    fn by_name(&mut self, view: &LockfileView<'_>, manifests: &Manifests<'_>) {
        if !view.graph.packages.iter().any(is_judged) {
            return;
        }
        let mut times: HashMap<&str, usize> = HashMap::new();
        for package in &view.graph.packages {
            names(package).for_each(|name| *times.entry(name).or_default() += 1);
        }
        for (package, words) in view.graph.packages.iter().zip(&mut self.words) {
            if !is_judged(package) || words.iter().any(|(who, _)| *who == Who::Project) {
                continue;
            }
            for name in names(package) {
                let Some(asks) = manifests.by_name.get(key_of(view, name).as_str()) else {
                    continue;
                };
                for (manifest, ask) in asks {
                    let said = match manifests.of_ask(view, manifest, ask) {
                        // One of several of the name may be meant.
                        Words::Release(_) if times.get(name) != Some(&1) => continue,
                        said => said,
                    };
                    words.push((Who::Project, said));
                }
            }
        }
    }

    pub fn whom(&self, view: &LockfileView<'_>, number: usize) -> Whom {
        let Some(package) = view.graph.packages.get(number) else {
            return Whom::Nobody;
        };
        if let Some(whom) = self.by_override(view, number, package) {
            return whom;
        }
        let words = self
            .words
            .get(number)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let by = |who: &Who| match who {
            Who::Project => "the project".to_owned(),
            Who::Key => "whoever needs it".to_owned(),
            Who::Package(from) => view
                .graph
                .packages
                .get(*from)
                .map_or_else(|| "a package".to_owned(), spoken),
        };
        let (mut fitting, mut other, mut release, mut untold) = (None, None, None, None);
        for (who, said) in words {
            let (slot, text) = match said {
                Words::Release(text) => (&mut release, text.as_str()),
                Words::Untold => (&mut untold, ""),
                Words::Elsewhere(text) if place::fits(text, package, view.graph.kind()) => {
                    (&mut fitting, "")
                }
                Words::Elsewhere(text) => (&mut other, text.as_str()),
            };
            // The project's own words count before those of packages.
            let better = |known: &(Who, &str)| rank(*who) < rank(known.0);
            if slot.as_ref().is_none_or(better) {
                *slot = Some((*who, text));
            }
        }
        let is_project = |of: &Option<(Who, &str)>| matches!(of, Some((Who::Project, _)));
        // Words of the project that are not known may lead there.
        if is_project(&untold) && !is_project(&other) && !is_project(&release) {
            return Whom::Project;
        }
        match (fitting, other, release, untold) {
            (Some((Who::Project, _)), ..) => Whom::Project,
            (Some((who, _)), _, Some((Who::Project, words)), _) => Whom::PackageAgainstProject {
                by: by(&who),
                words: shown(words),
            },
            (Some((Who::Package(_), _)), ..) => by_package(&by, fitting),
            (None, Some((who, words)), ..) => Whom::ForAnother {
                by: by(&who),
                words: shown(words),
            },
            (None, None, Some((who, words)), _) => Whom::ForRelease {
                by: by(&who),
                words: if words.is_empty() {
                    "any version".to_owned()
                } else {
                    shown(words)
                },
                certain: view.ecosystem() != Ecosystem::Npm || view.knows_overrides(),
            },
            (None, None, None, Some((Who::Package(_), _))) => by_package(&by, untold),
            (Some((Who::Key, _)), ..) | (None, None, None, None | Some(_)) => {
                match !view.graph.roots_known && view.manifests.is_empty() {
                    true => Whom::NotTold,
                    false => Whom::Nobody,
                }
            }
        }
    }
}

impl Asked {
    /// What an override of the project says about where a package comes from. One that counts below a
    /// package says nothing about what the project asks for itself.
    fn by_override(
        &self,
        view: &LockfileView<'_>,
        number: usize,
        package: &Package,
    ) -> Option<Whom> {
        let words = self.words.get(number);
        let words = words.map(Vec::as_slice).unwrap_or_default();
        let is_asked = words
            .iter()
            .any(|(who, said)| *who == Who::Project && matches!(said, Words::Release(_)));
        let counts = |sent: &&Sent| match &sent.below {
            None => true,
            Some(below) => !is_asked && is_below(view, number, below),
        };
        let sent: Vec<&Sent> = names(package)
            .flat_map(|name| view.sent_elsewhere(name))
            .filter(counts)
            .collect();
        let kind = view.graph.kind();
        let is_sent = sent.iter().any(|sent| place::fits(&sent.to, package, kind));
        // One for other versions of it may not be meant.
        let is_worded = || {
            let mut own = words.iter().filter(|(who, _)| *who == Who::Project);
            own.any(|(_, said)| match said {
                Words::Elsewhere(text) => place::fits(text, package, kind),
                Words::Release(_) | Words::Untold => false,
            })
        };
        match is_sent || (!sent.is_empty() && is_worded()) {
            true => Some(Whom::Project),
            false => sent.first().map(|sent| Whom::ForAnother {
                by: "an override of the project".to_owned(),
                words: shown(&sent.to),
            }),
        }
    }
}

/// Whether a package is needed, by whatever way, by one of a name.
fn is_below(view: &LockfileView<'_>, number: usize, name: &str) -> bool {
    let packages = &view.graph.packages;
    let starts = packages.iter().enumerate();
    let starts = starts.filter(|(_, one)| names(one).any(|other| other == name));
    let mut waiting: Vec<usize> = starts.map(|(at, _)| at).collect();
    let mut seen = vec![false; packages.len()];
    while let Some(at) = waiting.pop() {
        let asks = packages.get(at).map(|one| one.asks.as_slice());
        for to in asks.unwrap_or_default().iter().filter_map(|ask| ask.to) {
            if to == number {
                return true;
            }
            if let Some(seen) = seen.get_mut(to).filter(|seen| !**seen) {
                *seen = true;
                waiting.push(to);
            }
        }
    }
    false
}

fn by_package(by: &dyn Fn(&Who) -> String, of: Option<(Who, &str)>) -> Whom {
    of.map_or(Whom::Nobody, |(who, _)| Whom::Package(by(&who)))
}

const fn rank(who: Who) -> u8 {
    match who {
        Who::Project => 0,
        Who::Package(_) => 1,
        Who::Key => 2,
    }
}

fn is_judged(package: &Package) -> bool {
    matches!(package.source, Source::Git | Source::Url | Source::Path)
}

/// The names that a package goes by.
fn names(package: &Package) -> impl Iterator<Item = &str> {
    let keys = package.keys.iter().map(|key| key.name.as_str());
    let own = Some(package.name.as_str());
    let own = own.filter(|own| package.keys.iter().all(|key| key.name != *own));
    let mut seen = HashSet::new();
    keys.chain(own).filter(move |name| seen.insert(*name))
}

/// A name as manifests and lockfiles are compared by it.
fn key_of(view: &LockfileView<'_>, name: &str) -> String {
    match view.ecosystem() {
        Ecosystem::PyPi => normal_name(name),
        Ecosystem::Npm | Ecosystem::Cargo => name.to_owned(),
    }
}

/// The specifiers that uv repeats apart from what they lead to, by name.
type OwnWords<'a> = HashMap<String, Vec<&'a str>>;

fn own_words<'a>(view: &LockfileView<'_>, importer: &'a Importer) -> OwnWords<'a> {
    let mut own = OwnWords::new();
    if view.graph.kind() == Kind::UvLock {
        for ask in &importer.asks {
            if let Some(spec) = ask.spec.as_deref() {
                own.entry(key_of(view, &ask.name)).or_default().push(spec);
            }
        }
    }
    own
}

/// What the manifests ask for.
struct Manifests<'a> {
    by_name: HashMap<String, Vec<(&'a Manifest, &'a Ask)>>,
    by_folder: HashMap<&'a str, &'a Manifest>,
    /// cargo names members, and not their folders.
    by_own_name: HashMap<&'a str, &'a Manifest>,
    shared: HashMap<&'a str, &'a Ask>,
    elsewhere: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Manifests<'a> {
    fn of(view: &LockfileView<'a>) -> Self {
        let all = view.manifests;
        let mut by_name: HashMap<String, Vec<(&Manifest, &Ask)>> = HashMap::new();
        for manifest in all {
            for ask in &manifest.asks {
                let of = by_name.entry(key_of(view, &ask.name)).or_default();
                of.push((manifest, ask));
            }
        }
        let named = all.iter().filter_map(|m| Some((m.name.as_deref()?, m)));
        let shared = all.iter().flat_map(|m| &m.shared);
        let mut elsewhere: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, to) in all.iter().flat_map(|m| &m.elsewhere) {
            elsewhere.entry(name).or_default().push(to);
        }
        Self {
            by_name,
            by_folder: all.iter().map(|m| (m.folder.as_str(), m)).collect(),
            by_own_name: named.collect(),
            shared: shared.map(|ask| (ask.name.as_str(), ask)).collect(),
            elsewhere,
        }
    }

    /// The words of a project: those of its manifest, where that was read and has the name, else
    /// what the lockfile repeats of them.
    fn words(
        &self,
        view: &LockfileView<'_>,
        importer: &Importer,
        own: &OwnWords<'_>,
        ask: &Ask,
    ) -> Words {
        let manifest = match view.ecosystem() {
            Ecosystem::Cargo => importer
                .name
                .as_deref()
                .and_then(|name| self.by_own_name.get(name)),
            Ecosystem::Npm | Ecosystem::PyPi => {
                self.by_folder.get(importer.path.trim_end_matches('/'))
            }
        };
        let name = key_of(view, &ask.name);
        let of_manifest = manifest.into_iter().flat_map(|manifest| {
            let of_name = self.by_name.get(&name).map(Vec::as_slice);
            let of_name = of_name.unwrap_or_default().iter();
            of_name.filter(move |(other, _)| std::ptr::eq(*other, *manifest))
        });
        let mut said: Vec<Words> = of_manifest
            .map(|(manifest, ask)| self.of_ask(view, manifest, ask))
            .collect();
        if said.is_empty() {
            let specs = match ask.spec.as_deref() {
                Some(spec) => vec![spec],
                None => own.get(&name).cloned().unwrap_or_default(),
            };
            let own = specs.into_iter();
            said = own
                .map(|spec| match view.ecosystem() {
                    Ecosystem::Npm => of_npm(view, &ask.name, Some(spec)),
                    other => of_spec(other, Some(spec)),
                })
                .collect();
        }
        // Asked for in several tables or with markers: what sends it elsewhere counts.
        let counts = |words: &Words| match words {
            Words::Elsewhere(_) => 0,
            Words::Untold => 1,
            Words::Release(_) => 2,
        };
        said.into_iter().min_by_key(counts).unwrap_or(Words::Untold)
    }

    fn of_ask(&self, view: &LockfileView<'_>, manifest: &Manifest, ask: &Ask) -> Words {
        let name = key_of(view, &ask.name);
        match view.ecosystem() {
            Ecosystem::Npm => of_npm(view, &ask.name, ask.spec.as_deref()),
            Ecosystem::PyPi | Ecosystem::Cargo if self.elsewhere.contains_key(name.as_str()) => {
                let places = self.elsewhere.get(name.as_str());
                let places = places.map(Vec::as_slice).unwrap_or_default();
                // Where several conditions lead to is not known here.
                Words::Elsewhere(match places {
                    [first, rest @ ..] if rest.iter().all(|one| one == first) => {
                        (*first).to_owned()
                    }
                    _ => String::new(),
                })
            }
            Ecosystem::PyPi if manifest.incomplete => Words::Untold,
            Ecosystem::PyPi => match (view.graph.kind(), ask.spec.as_deref()) {
                // Poetry's own words are not kept.
                (Kind::PoetryLock, None) => Words::Release(String::new()),
                // A list that is written by hand, or from something else, asks for itself.
                (Kind::RequirementsTxt | Kind::PylockToml, _) => Words::Untold,
                (_, spec) => of_spec(Ecosystem::PyPi, spec),
            },
            Ecosystem::Cargo => match ask.spec.as_deref() {
                Some("workspace") => match self.shared.get(ask.name.as_str()) {
                    Some(shared) => of_spec(Ecosystem::Cargo, shared.spec.as_deref()),
                    None => Words::Untold,
                },
                spec => of_spec(Ecosystem::Cargo, spec),
            },
        }
    }
}
