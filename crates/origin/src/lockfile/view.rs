use super::address::Address;
use customs_ecosystem::lockfile::{Graph, Kind, Locked, Manifest, Package, Source, asked_source};
use customs_model::{DigestAlgorithm, Ecosystem};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What the user knows of where packages come from.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The registries that the user's own client configuration names. Empty: not known, and the
    /// lockfile is compared with itself.
    pub expected_origins: Vec<ExpectedOrigin>,
    /// Hosts (with their ports, where one is written) that may be named; empty: any.
    pub allowed_hosts: Vec<String>,
    /// Hosts under which the gate itself is reached.
    pub own_hosts: Vec<String>,
    /// The workspace that the project is a member of, where it has a lockfile of its own (pnpm).
    pub workspace: Option<Workspace>,
    /// What the project's catalogs say, as settings are called: `catalog.NAME`, `catalogs.CATALOG.NAME`.
    pub catalogs: BTreeMap<String, String>,
    /// What the settings beside the project say to take instead (`overrides` of `pnpm-workspace.yaml`):
    /// selectors and what stands in their place. None: not known, or a hook may change it.
    pub overrides: Option<BTreeMap<String, String>>,
}

/// A workspace around a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The project's folder, relative to the workspace's.
    pub own: String,
    /// The folders of all members, relative to the workspace's; `""` is its root.
    pub members: BTreeSet<String>,
}

/// A registry that the user's client is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedOrigin {
    /// `@scope`, for a registry of that scope alone.
    pub scope: Option<String>,
    /// Its address; for cargo as `Cargo.lock` writes it.
    pub address: String,
}

/// One lockfile as the rules see it.
#[derive(Debug)]
pub struct LockfileView<'a> {
    /// The lockfile's path, for people.
    pub path: &'a str,
    /// What it says.
    pub graph: &'a Graph,
    /// The manifests of the project and its members; empty where they were not read.
    pub manifests: &'a [Manifest],
    /// What the user knows.
    pub options: &'a Options,
    overridden: HashSet<String>,
    /// What stands for those of them that are sent elsewhere than to a registry, or may be.
    sent_elsewhere: HashMap<String, Vec<Sent>>,
    /// The addresses of [`Options::expected_origins`], read once.
    origins: Vec<Option<Address<'a>>>,
    /// The addresses of all entries, read once for all rules.
    addresses: Vec<Option<Address<'a>>>,
}

impl<'a> LockfileView<'a> {
    /// A view of a lockfile, with the manifests that could be read.
    pub fn new(
        path: &'a str,
        graph: &'a Graph,
        manifests: &'a [Manifest],
        options: &'a Options,
    ) -> Self {
        let rules = graph.overrides.iter();
        let rules = rules.chain(manifests.iter().flat_map(|m| &m.overrides));
        let ecosystem = graph.kind().ecosystem();
        let name = |(selector, _): &(String, String)| selected(selector).to_owned();
        let mut sent_elsewhere: HashMap<String, Vec<Sent>> = HashMap::new();
        for rule in rules.clone() {
            let (selector, with) = rule;
            let with = resolved(with, manifests);
            if leads_elsewhere(ecosystem, &with) {
                let of = sent_elsewhere.entry(name(rule)).or_default();
                of.push(Sent {
                    below: parent(selector),
                    to: with,
                });
            }
        }
        let overridden = rules.map(name);
        let origins = options.expected_origins.iter();
        let origins = origins.map(|origin| Address::parse(&origin.address));
        Self {
            path,
            graph,
            manifests,
            options,
            overridden: overridden.collect(),
            sent_elsewhere,
            origins: origins.collect(),
            addresses: graph
                .lockfile
                .entries
                .iter()
                .map(|locked| Address::parse(locked.resolved.as_deref()?))
                .collect(),
        }
    }

    /// Whether the project says to take something else for a name.
    pub(super) fn is_overridden(&self, name: &str) -> bool {
        self.overridden.contains(name)
    }

    /// What the project says to take for a name that no registry delivers, or may not.
    pub(super) fn sent_elsewhere(&self, name: &str) -> &[Sent] {
        self.sent_elsewhere.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether all that the project says to take instead is known.
    pub(super) fn knows_overrides(&self) -> bool {
        match self.graph.kind() {
            Kind::PnpmLock | Kind::BunLock => !self.graph.hooked,
            _ => !self.manifests.is_empty(),
        }
    }

    /// The words that stand in a catalog for those of somebody who points at it (`catalog:`, `catalog:NAME`).
    pub(super) fn in_catalog(&self, package: &str, words: &str) -> Option<&'a str> {
        let catalog = words.strip_prefix("catalog:")?.trim();
        let of = |key: String| self.options.catalogs.get(&key).map(String::as_str);
        match catalog {
            "" | "default" => of(format!("catalog.{package}"))
                .or_else(|| of(format!("catalogs.default.{package}"))),
            catalog => of(format!("catalogs.{catalog}.{package}")),
        }
    }

    pub(super) fn ecosystem(&self) -> Ecosystem {
        self.graph.kind().ecosystem()
    }

    /// The packages with their entries; an entry that stands several times is here once.
    pub(super) fn locked(&self) -> impl Iterator<Item = (&'a Package, &'a Locked)> {
        let mut seen = vec![false; self.graph.lockfile.entries.len()];
        self.every_locked().filter(move |(package, _)| {
            let seen = package.entry.and_then(|entry| seen.get_mut(entry));
            seen.is_some_and(|seen| !std::mem::replace(seen, true))
        })
    }

    /// The packages with their entries, at each place where they stand.
    pub(super) fn every_locked(&self) -> impl Iterator<Item = (&'a Package, &'a Locked)> {
        let graph = self.graph;
        let packages = graph.packages.iter();
        packages.filter_map(move |package| Some((package, graph.locked(package)?)))
    }

    /// The packages that a registry is asked for.
    pub(super) fn of_registry(&self) -> impl Iterator<Item = (&'a Package, &'a Locked)> {
        self.locked()
            .filter(|(_, locked)| locked.source == Source::Registry)
    }

    /// The address that tells where a package comes from, by its entry.
    pub(super) fn address(&self, package: &Package) -> Option<&Address<'a>> {
        self.addresses.get(package.entry?)?.as_ref()
    }

    /// The registries that the user's configuration names, each with its address, where that can
    /// be read.
    pub(super) fn origins(
        &self,
    ) -> impl Iterator<Item = (&'a ExpectedOrigin, Option<&Address<'a>>)> {
        let addresses = self.origins.iter().map(Option::as_ref);
        self.options.expected_origins.iter().zip(addresses)
    }

    /// Whether an address is the gate's own.
    pub(super) fn is_own(&self, address: &Address<'_>) -> bool {
        let mut hosts = self.options.own_hosts.iter();
        hosts.any(|host| address.is_at(host))
    }

    /// Whether an address is one of those that the user's configuration or the gate names. Who
    /// names `https` has not named the same host by `http`.
    pub(super) fn is_configured(&self, address: &Address<'_>) -> bool {
        let mut known = self.origins.iter().flatten();
        let is_it =
            |known: &Address<'_>| known.host == address.host && known.scheme == address.scheme;
        self.is_own(address) || known.any(is_it)
    }
}

/// What an override says to take for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    /// The package below which it counts; none: everywhere.
    pub below: Option<String>,
    /// Its words.
    pub to: String,
}

/// `$name` stands for what the project asks for under that name.
pub(super) fn resolved(with: &str, manifests: &[Manifest]) -> String {
    let asked = with.strip_prefix('$').and_then(|name| {
        let mut own = manifests.iter().filter(|one| one.folder.is_empty());
        own.find_map(|manifest| manifest.ask(name)?.spec.clone())
    });
    asked.unwrap_or_else(|| with.to_owned())
}

/// Where the `>` of a selector stands that is no part of a range: `a@>=1>b`.
fn steps(selector: &str) -> Vec<&str> {
    let (mut steps, mut start) = (Vec::new(), 0);
    for (at, _) in selector.match_indices('>') {
        let before = selector.get(..at).and_then(|head| head.chars().last());
        if before.is_some_and(|c| !" |@<>=".contains(c)) && !selector[at..].starts_with(">=") {
            steps.push(&selector[start..at]);
            start = at + 1;
        }
    }
    steps.push(&selector[start..]);
    steps
}

/// The package below which a selector counts: `a>b`, `a/b`, `a/**/b`; none for `b` and `**/b`.
pub(super) fn parent(selector: &str) -> Option<String> {
    let steps = steps(selector);
    let last = *steps.last()?;
    if let Some(above) = steps.len().checked_sub(2).and_then(|at| steps.get(at)) {
        return Some(selected(above).to_owned());
    }
    let above = without_version(last).strip_suffix(selected(last))?;
    let above = above.trim_end_matches("**/").trim_end_matches('/');
    (!above.is_empty()).then(|| selected(above).to_owned())
}

/// Whether what stands in a package's place comes from no registry, or may not.
fn leads_elsewhere(ecosystem: Ecosystem, with: &str) -> bool {
    match ecosystem {
        Ecosystem::Npm => asked_source(with) != Some(Source::Registry),
        Ecosystem::PyPi | Ecosystem::Cargo => {
            with == "another source" || with.starts_with('@') || with.contains(':')
        }
    }
}

/// The name that an override's selector means: `a@^1>@s/b@2`, `**/b`, `a/**/b`, `@s/a/b`.
pub(super) fn selected(selector: &str) -> &str {
    let last = steps(selector).last().copied().unwrap_or(selector).trim();
    let last = without_version(last);
    let mut slashes = last.rmatch_indices('/');
    let Some((slash, _)) = slashes.next() else {
        return last;
    };
    let start = slashes.next().map_or(0, |(at, _)| at + 1);
    match last[start..].starts_with('@') {
        true => &last[start..],
        false => &last[slash + 1..],
    }
}

/// An `@` that does not start a scope starts a version.
pub(super) fn without_version(name: &str) -> &str {
    let name = name.trim();
    let version_at = name
        .match_indices('@')
        .find(|(at, _)| *at > 0 && !name[..*at].ends_with('/'));
    version_at.map_or(name, |(at, _)| &name[..at])
}

/// The strongest algorithm of an entry's digests.
pub(super) fn strongest(locked: &Locked) -> Option<DigestAlgorithm> {
    locked
        .digests
        .iter()
        .map(customs_model::Digest::algorithm)
        .max()
}

#[cfg(test)]
mod tests {
    use super::{parent, selected};

    #[test]
    fn selectors_of_every_client_mean_their_last_name() {
        for (selector, name) in [
            ("a", "a"),
            ("@s/a", "@s/a"),
            ("a@^1", "a"),
            ("@s/a@1", "@s/a"),
            ("a>b", "b"),
            ("a@>=1", "a"),
            ("a@>=1 <2>b", "b"),
            ("a@1>@s/b@2", "@s/b"),
            ("**/b", "b"),
            ("a/**/@s/b", "@s/b"),
            ("a/b", "b"),
        ] {
            assert_eq!(selected(selector), name, "{selector}");
        }
    }

    #[test]
    fn a_selector_says_below_whom_it_counts() {
        for (selector, below) in [
            ("a", None),
            ("**/a", None),
            ("@s/a@1", None),
            ("a>b", Some("a")),
            ("@s/a@1>@s/b@2", Some("@s/a")),
            ("a/b", Some("a")),
            ("ab/b", Some("ab")),
            ("@s/a/**/b", Some("@s/a")),
        ] {
            assert_eq!(parent(selector).as_deref(), below, "{selector}");
        }
    }
}
