use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{shown, spoken};
use super::LockRule;
use customs_ecosystem::lockfile::{Kind, Package, Source};
use customs_model::Severity;
use std::collections::HashSet;

/// A dependency that no registry delivers.
pub(super) struct OutsideRegistry;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-outside-registry",
    title: "Something comes from a repository, an address or a file.",
    what: "Names each package that is taken from a git repository, from an address that is asked for as such, or \
           from a packed file of this machine, with who asks for it. Folders and members of the workspace are \
           the project's own and not named.",
    why: "What passes no registry has no publish time, nobody can withdraw it, and no advisory names it. A \
          branch or tag can be moved.",
    effect: "a note where the project asks for it itself; warns where a package asks for it, where nobody does, \
             and where a repository is not pinned to a commit",
    to_do: "Ask whether a release of a registry does as well. Where it must be, pin it to a commit.",
    fires: &[
        "`tool@git+ssh://git@code.example/a/tool.git#<commit>`, which package `a` asks for.",
        "A repository with a branch instead of a commit behind `#`.",
    ],
    silent: &["`workspace:`, `link:`, a folder, a patch of a registry's release."],
    learnt_from: "TanStack's worm (May 2026) arrived as a commit of a fork; pnpm's `blockExoticSubdeps`.",
};

impl LockRule for OutsideRegistry {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let asked = Asked::of(view);
        for (number, package) in view.graph.packages.iter().enumerate() {
            let what = match package.source {
                Source::Git => "a repository",
                Source::Url => "an address",
                Source::Path if is_packed(package) => "a packed file",
                Source::Path | Source::Registry | Source::Bundled => continue,
            };
            let whom = asked.whom(view, number);
            let pinned = package.source != Source::Git || is_pinned(view.graph.kind(), package);
            let severity = match whom {
                _ if !pinned => Severity::Medium,
                Whom::Project | Whom::NotTold => Severity::Note,
                Whom::Package(_) => Severity::Low,
                Whom::Nobody if package.source == Source::Path => Severity::Low,
                Whom::Nobody => Severity::Medium,
            };
            let who = match whom {
                Whom::Project => "the project asks for it".to_owned(),
                Whom::Package(by) => format!("{by} asks for it"),
                Whom::Nobody => "nobody in this file asks for it".to_owned(),
                Whom::NotTold => "the file does not say who asks for it".to_owned(),
            };
            let open = if pinned {
                ""
            } else {
                "; it is not pinned to a commit"
            };
            findings.add(Said {
                severity,
                message: format!("{} comes from {what}: {who}{open}", named(package)),
                file: view.path,
                line: Some(package.line),
                release: view.graph.release(package),
                evidence: package
                    .resolved
                    .iter()
                    .map(|from| format!("from: {}", shown(from)))
                    .collect(),
            });
        }
    }
}

/// Where the version is an address, the name alone is said.
fn named(package: &Package) -> String {
    match package.version.contains([':', '/']) {
        true => shown(&package.name),
        false => spoken(package),
    }
}

fn is_packed(package: &Package) -> bool {
    let from = package.resolved.as_deref().unwrap_or(&package.version);
    let from = from.split("::").next().unwrap_or(from);
    let from = from.split('#').next().unwrap_or(from);
    [".tgz", ".tar.gz", ".tar", ".whl", ".zip"]
        .iter()
        .any(|end| from.ends_with(end))
}

/// Whether a commit stands behind an address. Three formats keep it elsewhere, and always.
fn is_pinned(kind: Kind, package: &Package) -> bool {
    if matches!(kind, Kind::PnpmLock | Kind::PoetryLock | Kind::PylockToml) {
        return true;
    }
    let from = package.resolved.as_deref().unwrap_or(&package.version);
    from.split(['#', '@', '=', '/', '&', ':'])
        .any(|part| matches!(part.len(), 40 | 64) && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Who asks for each package.
struct Asked<'a> {
    in_manifests: HashSet<&'a str>,
    by_project: Vec<bool>,
    by_package: Vec<Option<usize>>,
}

enum Whom {
    Project,
    Package(String),
    Nobody,
    NotTold,
}

impl<'a> Asked<'a> {
    fn of(view: &LockfileView<'a>) -> Self {
        let graph = view.graph;
        let mut by_project = vec![false; graph.packages.len()];
        let mut by_package = vec![None; graph.packages.len()];
        for to in graph
            .importers
            .iter()
            .flat_map(|i| &i.asks)
            .filter_map(|ask| ask.to)
        {
            if let Some(asked) = by_project.get_mut(to) {
                *asked = true;
            }
        }
        for (from, package) in graph.packages.iter().enumerate() {
            for to in package.asks.iter().filter_map(|ask| ask.to) {
                if let Some(by @ None) = by_package.get_mut(to) {
                    *by = Some(from);
                }
            }
        }
        let asks = view.manifests.iter().flat_map(|manifest| &manifest.asks);
        Self {
            in_manifests: asks.map(|ask| ask.name.as_str()).collect(),
            by_project,
            by_package,
        }
    }

    fn whom(&self, view: &LockfileView<'_>, number: usize) -> Whom {
        let package = view.graph.packages.get(number);
        let in_manifest = package.is_some_and(|package| {
            let names = package.keys.iter().map(|key| key.name.as_str());
            names
                .chain([package.name.as_str()])
                .any(|name| self.in_manifests.contains(name) || view.is_overridden(name))
        });
        if in_manifest || self.by_project.get(number) == Some(&true) {
            return Whom::Project;
        }
        let by = self.by_package.get(number).copied().flatten();
        match by.and_then(|by| view.graph.packages.get(by)) {
            Some(by) => Whom::Package(spoken(by)),
            None if !view.graph.roots_known && view.manifests.is_empty() => Whom::NotTold,
            None => Whom::Nobody,
        }
    }
}
