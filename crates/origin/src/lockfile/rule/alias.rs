use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Ask, Kind, Package, Source};
use customs_ecosystem::npm::resolve_alias;
use customs_model::{Ecosystem, Severity};
use std::collections::{BTreeSet, HashSet};

/// A package that is installed under another name than its own.
pub(super) struct Alias;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-alias",
    title: "A package is installed under another package's name.",
    what: "An alias (`\"a\": \"npm:b@1\"`) puts b where a is expected. It is honest where somebody asks for it: \
           the project, a package, an override. One that nobody asks for is a swap: the folder or key says \
           is-number, the package is is-odd.",
    why: "Whoever requires `is-number` gets the other package, and most lists show the expected name.",
    effect: "fails where nobody asks for it; a warning where that cannot be told, since the manifest with its \
             overrides was not read; a note that lists the aliases that are asked for",
    to_do: "Ask who wants the alias. If nobody does, restore the entry from the last commit that was \
            reviewed.",
    fires: &[
        "bun.lock: `\"is-number\": [\"is-odd@3.0.1\", …]`, while the project asks for `is-number ^7.0.0`.",
        "yarn.lock of Yarn 4: key `is-number@npm:^7.0.0`, resolution `is-odd@npm:3.0.1`.",
    ],
    silent: &[
        "`string-width-cjs`, which a package asks for as `npm:string-width@^4.2.0` (listed as a note).",
        "An override or resolution of the project that says `npm:other@1`.",
    ],
    learnt_from: "Yarn 4.18 `--immutable` installs is-odd where the resolution line was swapped and the checksum \
                  removed (measured, November 2026).",
};

impl LockRule for Alias {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        if view.ecosystem() != Ecosystem::Npm {
            return;
        }
        let mut asked = BTreeSet::new();
        match view.graph.kind() {
            Kind::PnpmLock => by_asks(view, &mut asked, findings),
            Kind::YarnClassic | Kind::YarnBerry => by_patterns(view, &mut asked, findings),
            _ => by_places(view, &mut asked, findings),
        }
        if asked.is_empty() {
            return;
        }
        findings.add(Said {
            severity: Severity::Note,
            message: format!(
                "{} under another name, as somebody asks for",
                match asked.len() {
                    1 => "1 package is installed".to_owned(),
                    many => format!("{many} packages are installed"),
                }
            ),
            file: view.path,
            line: None,
            release: None,
            evidence: asked.into_iter().collect(),
        });
    }
}

/// npm and bun: folders and keys, of which an ask must tell.
fn by_places(view: &LockfileView<'_>, asked: &mut BTreeSet<String>, findings: &mut Findings<'_>) {
    let graph = view.graph;
    let asks = graph.packages.iter().flat_map(|p| &p.asks);
    let asks = asks.chain(graph.importers.iter().flat_map(|i| &i.asks));
    let asks = asks.chain(view.manifests.iter().flat_map(|m| &m.asks));
    let mut aliases: HashSet<(&str, &str)> = asks.filter_map(alias).collect();
    let rules = view.manifests.iter().flat_map(|m| &m.overrides);
    for (_, with) in rules.chain(&graph.overrides) {
        // Whatever the selector means, somebody asked for the real package.
        aliases.insert(("", resolve_alias("", with).0));
    }
    for package in aliased(view) {
        let Some(key) = package.keys.iter().find(|key| key.name != package.name) else {
            continue;
        };
        let name = package.name.as_str();
        if aliases.contains(&(key.name.as_str(), name)) || aliases.contains(&("", name)) {
            asked.insert(line(package, &key.name));
        } else if graph.roots_known || !view.manifests.is_empty() {
            unasked(view, package, &key.name, findings);
        }
    }
}

/// The name that is asked for and the one that is meant by it.
fn alias(ask: &Ask) -> Option<(&str, &str)> {
    let spec = ask.spec.as_deref()?;
    let real = resolve_alias(&ask.name, spec).0;
    (real != ask.name).then_some((ask.name.as_str(), real))
}

/// pnpm: an ask leads to a package of another name. What a package's own manifest asks for in
/// which words is not in the file, so only the project's asks are compared.
fn by_asks(view: &LockfileView<'_>, asked: &mut BTreeSet<String>, findings: &mut Findings<'_>) {
    for ask in view.graph.importers.iter().flat_map(|i| &i.asks) {
        let Some(package) = ask.to.and_then(|to| view.graph.packages.get(to)) else {
            continue;
        };
        if package.name == ask.name || package.source != Source::Registry {
            continue;
        }
        let spec = ask.spec.as_deref().unwrap_or_default();
        let told = ["npm:", "jsr:", "catalog:", "workspace:"]
            .iter()
            .any(|protocol| spec.starts_with(protocol));
        match told || view.is_overridden(&ask.name) {
            true => {
                asked.insert(line(package, &ask.name));
            }
            false => unasked(view, package, &ask.name, findings),
        }
    }
}

/// Yarn: the keys are what is asked for.
fn by_patterns(view: &LockfileView<'_>, asked: &mut BTreeSet<String>, findings: &mut Findings<'_>) {
    for package in aliased(view) {
        for key in package.keys.iter().filter(|key| key.name != package.name) {
            let spec = key.spec.as_deref().unwrap_or_default();
            let real = resolve_alias(&key.name, spec).0;
            match real == package.name || spec.starts_with("jsr:") {
                true => {
                    asked.insert(line(package, &key.name));
                }
                false => unasked(view, package, &key.name, findings),
            }
        }
    }
}

fn aliased<'a>(view: &LockfileView<'a>) -> impl Iterator<Item = &'a Package> {
    let packages = view.graph.packages.iter();
    packages.filter(|package| {
        package.source == Source::Registry && package.keys.iter().any(|k| k.name != package.name)
    })
}

fn line(package: &Package, installed: &str) -> String {
    format!("{} is {}", shown(installed), spoken(package))
}

fn unasked(
    view: &LockfileView<'_>,
    package: &Package,
    installed: &str,
    findings: &mut Findings<'_>,
) {
    let (severity, but) = match view.graph.kind() {
        Kind::YarnClassic | Kind::YarnBerry => (Severity::High, ""),
        _ if view.knows_overrides() => (Severity::High, ""),
        _ => (
            Severity::Medium,
            " (an override could; the manifest was not read)",
        ),
    };
    findings.add(Said {
        severity,
        message: format!(
            "{} would be installed as {}, and nobody asks for that{but}",
            spoken(package),
            shown(installed)
        ),
        file: view.path,
        line: Some(package.line),
        release: view.graph.release(package),
        evidence: Vec::new(),
    });
}
