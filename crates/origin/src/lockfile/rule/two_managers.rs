use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::shown;
use super::LockRule;
use customs_ecosystem::lockfile::Kind;
use customs_model::Severity;
use std::collections::BTreeMap;

/// Lockfiles of two package managers in one folder.
pub(super) struct TwoManagers;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-two-managers",
    title: "Two package managers have locked the same project.",
    what: "Looks for lockfiles of npm, pnpm, Yarn and bun, or of uv and Poetry, in one folder; also for \
           package-lock.json beside npm-shrinkwrap.json, which npm then ignores.",
    why: "Only one of them is what gets installed, and reviews look at the other. The second one grows old and \
          holds versions that nobody checks any more.",
    effect: "warns",
    to_do: "Delete the lockfile that is not used.",
    fires: &["package-lock.json and yarn.lock in one folder."],
    silent: &["requirements.txt or pylock.toml beside uv.lock: they are exported from it."],
    learnt_from: "Projects that changed their package manager and kept both files.",
};

impl LockRule for TwoManagers {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge_together(&self, views: &[LockfileView<'_>], findings: &mut Findings<'_>) {
        let mut folders: BTreeMap<(&str, &str), Vec<&LockfileView<'_>>> = BTreeMap::new();
        for view in views {
            let folder = view.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if let Some(family) = family(view.graph.kind()) {
                folders.entry((folder, family)).or_default().push(view);
            }
        }
        for views in folders.values() {
            let (Some(first), true) = (views.first(), views.len() > 1) else {
                continue;
            };
            let names: Vec<String> = views.iter().map(|view| shown(view.path)).collect();
            findings.add(Said {
                severity: Severity::Low,
                message: format!(
                    "{} lock the same project: only one of them is what gets installed",
                    names.join(" and ")
                ),
                file: first.path,
                line: None,
                release: None,
                evidence: Vec::new(),
            });
        }
    }
}

/// Those that stand for each other.
fn family(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock => Some("npm"),
        Kind::UvLock | Kind::PoetryLock => Some("python"),
        Kind::RequirementsTxt | Kind::PylockToml | Kind::CargoLock => None,
    }
}
