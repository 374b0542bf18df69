use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Ask, AskKind, Kind, Package, Source};
use customs_ecosystem::npm::{NpmVersion, Range, resolve_alias};
use customs_ecosystem::{cargo, pypi};
use customs_model::{Ecosystem, Severity};

/// A version that does not satisfy what the project asks for.
pub(super) struct VersionUnasked;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-version",
    title: "The project asks for one range, and a version outside it is locked.",
    what: "Compares the version that each of the project's own dependencies got with the range that is asked for; \
           for Yarn, each key's range with the entry's version. Names that an override or resolution is about \
           are left out, and where the overrides cannot be known nothing is said.",
    why: "A package manager does not lock what does not satisfy. Such an entry was written by hand, or the \
          manifest was changed without it.",
    effect: "warns",
    to_do: "Let the package manager write the lockfile again, and look at what it changes.",
    fires: &["The project asks for `is-number ^7.0.0`, and 3.0.1 is locked for it."],
    silent: &[
        "`overrides: {\"is-number\": \"3.0.1\"}`.",
        "Peers, tags such as `latest`, git and file dependencies.",
    ],
    learnt_from: "Lies about a version need one line in most formats (measured, November 2026).",
};

impl LockRule for VersionUnasked {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        if !view.knows_overrides() {
            return;
        }
        match view.graph.kind() {
            Kind::YarnClassic | Kind::YarnBerry => by_keys(view, findings),
            Kind::PackageLock | Kind::PnpmLock | Kind::BunLock | Kind::UvLock => {
                let asks = view.graph.importers.iter().flat_map(|i| &i.asks);
                let asks = asks.filter(|ask| ask.kind != AskKind::Peer);
                for (ask, to) in asks.filter_map(|ask| Some((ask, ask.to?))) {
                    if let Some(package) = view.graph.packages.get(to) {
                        one(view, ask, package, findings);
                    }
                }
            }
            // The lockfiles do not repeat what is asked; the manifest's rule compares these.
            Kind::RequirementsTxt | Kind::PoetryLock | Kind::PylockToml | Kind::CargoLock => {}
        }
    }
}

fn by_keys(view: &LockfileView<'_>, findings: &mut Findings<'_>) {
    for package in &view.graph.packages {
        for key in &package.keys {
            let ask = Ask {
                name: key.name.clone(),
                spec: key.spec.clone(),
                kind: AskKind::Runtime,
                to: None,
            };
            one(view, &ask, package, findings);
        }
    }
}

fn one(view: &LockfileView<'_>, ask: &Ask, package: &Package, findings: &mut Findings<'_>) {
    let Some(spec) = ask.spec.as_deref() else {
        return;
    };
    if package.source != Source::Registry
        || view.is_overridden(&ask.name)
        || view.is_overridden(&package.name)
        || satisfies(view.ecosystem(), &ask.name, spec, &package.version) != Some(false)
    {
        return;
    }
    findings.add(Said {
        severity: Severity::Medium,
        message: format!(
            "{} is locked, and {} {} is asked for",
            spoken(package),
            shown(&ask.name),
            shown(spec)
        ),
        file: view.path,
        line: Some(package.line),
        release: view.graph.release(package),
        evidence: Vec::new(),
    });
}

/// Whether a version satisfies what is asked; none where it cannot be told.
pub(super) fn satisfies(
    ecosystem: Ecosystem,
    name: &str,
    spec: &str,
    version: &str,
) -> Option<bool> {
    match ecosystem {
        Ecosystem::Npm => {
            // Yarn 4 writes a plain range as `npm:^1`, and an alias as `npm:other@^1`.
            let plain = spec.strip_prefix("npm:").unwrap_or(spec);
            let range =
                Range::parse(plain).or_else(|| Range::parse(resolve_alias(name, spec).1))?;
            let version = NpmVersion::parse(version)?;
            match range.satisfied_by(&version) {
                // A tag can lead to a prerelease, which no plain range is satisfied by.
                false if version.is_prerelease() => None,
                satisfied => Some(satisfied),
            }
        }
        Ecosystem::PyPi if spec.is_empty() => None,
        Ecosystem::PyPi => pypi::contains(version, spec),
        Ecosystem::Cargo => cargo::satisfies(version, spec),
    }
}
