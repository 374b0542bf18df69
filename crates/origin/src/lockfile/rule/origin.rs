mod crates;
mod files;

use super::super::address::Address;
use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::{ExpectedOrigin, LockfileView};
use super::super::words::{count, shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Locked, Package};
use customs_model::{Ecosystem, Severity};
use std::collections::BTreeMap;

/// A release that comes from another registry than the rest.
pub(super) struct OtherOrigin;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-origin",
    title: "A release comes from another registry than the one that is meant.",
    what: "With the user's client configuration: compares the host of each address with the registries that it \
           names, for a scope with those of the scope (cargo: the whole source). Without it: names a release \
           that alone comes from a host while all others of its scope (or all without one) come from \
           elsewhere; for cargo, where no manifest names a registry, each release of another one than cargo's own. \
           For Python also names a release whose files lie alone at another host than those of its index.",
    why: "The registry decides what a name means. An entry that asks a stranger's host gets the stranger's \
          package, with a digest that fits it.",
    effect: "fails for single releases where the configuration is known; warns where it is not known, or where \
             most of the file is of another registry than the configured one; fails for a crate of a registry that no \
             manifest names, and where some files of one release of Python lie elsewhere than the others",
    to_do: "If the host is a mirror of yours, put it into the client's configuration. Otherwise let the package \
            manager write the entry again.",
    fires: &[
        "One of 300 unscoped packages at https://mirror.example, the rest at https://registry.example.",
        "A crate is of `registry+https://index.example/`, and no Cargo.toml names a registry.",
        "The wheel of a release in uv.lock lies at files.other.example, all other files at files.example.",
        "`@acme/*` is configured to npm.acme.example, and @acme/ui comes from registry.example.",
    ],
    silent: &[
        "Two registries with several packages each, as in lockfiles that npm and Yarn both wrote.",
        "A scope that has a registry of its own.",
        "Python and cargo, where the manifest names further indexes or registries.",
    ],
    learnt_from: "Dependency confusion (2021), and lockfiles with a single changed host in pull requests.",
};

impl LockRule for OtherOrigin {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        files::judge(view, findings);
        match view.options.expected_origins.is_empty() {
            true if crates::are_known(view) => crates::judge(view, findings),
            true => by_itself(view, findings),
            false => by_configuration(view, findings),
        }
    }
}

type Entry<'a> = (&'a Package, &'a Locked);

fn by_configuration(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    for (origin, address) in view.origins() {
        if address.is_none() && view.ecosystem() != Ecosystem::Cargo {
            findings.not_checked(format!(
                "{}: {} of your configuration is no address that can be read, so nothing was compared with it",
                shown(view.path),
                shown(&origin.address)
            ));
        }
    }
    let mut total = 0;
    let mut others: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
    for (package, locked) in view.of_registry() {
        let Some(address) = view.address(package) else {
            continue;
        };
        total += 1;
        if !is_expected(view, locked, address) {
            others
                .entry(&*address.host)
                .or_default()
                .push((package, locked));
        }
    }
    for (host, entries) in others {
        // Most of the file: it was written for another registry, which is no swap.
        if entries.len() * 2 > total && entries.len() > 2 {
            let line = entries.first().map(|(package, _)| package.line);
            findings.add(Said {
                severity: Severity::Low,
                message: format!(
                    "{} of {} come from {}, which your configuration does not name",
                    entries.len(),
                    count(total, "release", "releases"),
                    shown(host)
                ),
                file: view.path,
                line,
                release: None,
                evidence: Vec::new(),
            });
            continue;
        }
        for (package, locked) in entries {
            let message = format!(
                "{} comes from {}, which your configuration does not name for it",
                spoken(package),
                shown(host)
            );
            add(view, (package, locked), Severity::High, message, findings);
        }
    }
}

fn is_expected(view: &LockfileView<'_>, locked: &Locked, address: &Address<'_>) -> bool {
    if view.is_own(address) {
        return true;
    }
    let scope = locked.release.package.scope();
    let of_scope =
        |origin: &ExpectedOrigin| origin.scope.is_some() && origin.scope.as_deref() == scope;
    let has_own = view.origins().any(|(origin, _)| of_scope(origin));
    view.origins()
        .filter(|(origin, _)| match has_own {
            true => of_scope(origin),
            false => origin.scope.is_none(),
        })
        .any(|(origin, known)| match view.ecosystem() {
            Ecosystem::Cargo => {
                let bare = |text: &str| {
                    let text = text.split_once('+').map_or(text, |(_, rest)| rest);
                    text.trim_end_matches('/').to_owned()
                };
                bare(&origin.address) == bare(locked.resolved.as_deref().unwrap_or_default())
            }
            Ecosystem::Npm | Ecosystem::PyPi => {
                known.is_some_and(|known| known.host == address.host)
            }
        })
}

/// Releases that alone come from a host: fewer than this many others tell nothing.
const OTHERS: usize = 3;

fn by_itself(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    let mut scopes: BTreeMap<Option<&str>, BTreeMap<&str, Vec<Entry<'_>>>> = BTreeMap::new();
    for (package, locked) in view.of_registry() {
        if let Some(address) = view.address(package)
            && !view.is_configured(address)
        {
            let scope = locked.release.package.scope();
            let hosts = scopes.entry(scope).or_default();
            hosts
                .entry(&*address.host)
                .or_default()
                .push((package, locked));
        }
    }
    let Some(severity) = severity(view) else {
        return;
    };
    for hosts in scopes.values() {
        let usual = hosts.iter().max_by_key(|(_, entries)| entries.len());
        let Some((usual, many)) = usual.filter(|(_, entries)| entries.len() >= OTHERS) else {
            continue;
        };
        for (host, entries) in hosts.iter().filter(|(_, entries)| entries.len() == 1) {
            let Some((package, locked)) = entries.first().copied() else {
                continue;
            };
            let message = format!(
                "{} alone comes from {}, while {} come from {}",
                spoken(package),
                shown(host),
                many.len(),
                shown(usual)
            );
            add(view, (package, locked), severity, message, findings);
        }
    }
}

/// Python and cargo have further sources often, and their manifests name them.
fn severity(view: &LockfileView<'_>) -> Option<Severity> {
    match view.ecosystem() {
        Ecosystem::Npm => Some(Severity::Medium),
        Ecosystem::PyPi | Ecosystem::Cargo => match view.manifests {
            [] => Some(Severity::Note),
            read if read.iter().any(|manifest| manifest.names_sources) => None,
            _ => Some(Severity::Medium),
        },
    }
}

fn add(
    view: &LockfileView<'_>,
    (package, locked): Entry<'_>,
    severity: Severity,
    message: String,
    findings: &mut Findings<'_>,
) {
    let address = locked.resolved.as_deref().unwrap_or_default();
    findings.add(Said {
        severity,
        message,
        file: view.path,
        line: Some(package.line),
        release: Some(&locked.release),
        evidence: vec![format!("address: {}", shown(address))],
    });
}
