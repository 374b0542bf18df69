//! What registries say of releases that a lockfile does not.

use super::super::finding::{Findings, Judgement};
use super::super::words::{count, shown};
use super::{Installed, LockChange, docs, new_scripts};
use crate::history::{Seen, Shown};
use customs_model::{Publisher, PublisherKind, ReleaseId, Timestamp, Version};
use std::collections::{BTreeMap, BTreeSet};

/// Packages that are named beside a reason.
const NAMED: usize = 3;

/// What a registry's document says of a release. Nobody signed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it runs a script at install.
    pub install_script: Option<bool>,
    /// Who published it; safe to print.
    pub publisher: Option<String>,
    /// When.
    pub published: Option<Timestamp>,
}

impl Facts {
    /// Those of what a release shows.
    pub fn of(shown: &Shown) -> Self {
        Self {
            install_script: match &shown.scripts {
                Seen::Is(scripts) => Some(!scripts.is_empty()),
                Seen::Absent => Some(false),
                Seen::Stripped | Seen::NotAsked(_) | Seen::NotApplicable => None,
            },
            publisher: shown.publisher.is().map(who),
            published: shown.published,
        }
    }
}

impl LockChange {
    /// The releases of which [`learn`](Self::learn) wants to know more: those that are new, and
    /// those before them.
    pub fn wanted(&self) -> BTreeSet<ReleaseId> {
        let added = self.added.iter().map(|added| &added.installed);
        let moved = self.moved.iter().map(|moved| &moved.installed);
        let now = added.chain(moved).filter_map(|it| it.release.clone());
        let moved = self.moved.iter();
        let before = moved.filter_map(|moved| before(&moved.installed, &moved.before));
        now.chain(before).collect()
    }

    /// Adds what registries say, and how old it is by this clock. A script that either of the two says
    /// counts: a lockfile is easily edited.
    pub fn learn(&mut self, facts: &BTreeMap<ReleaseId, Facts>, now: Timestamp) {
        if facts.is_empty() {
            return;
        }
        for added in &mut self.added {
            take(&mut added.installed, facts, now);
        }
        for moved in &mut self.moved {
            take(&mut moved.installed, facts, now);
            let before = before(&moved.installed, &moved.before);
            let said = before.and_then(|id| facts.get(&id)?.install_script);
            moved.script_before = match (moved.script_before, said) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (lockfile, registry) => lockfile.or(registry),
            };
            moved.new_install_script =
                moved.installed.install_script && moved.script_before != Some(true);
        }
        let mut scripts = Judgement::default();
        let mut findings = Findings::of(docs::SCRIPTS.id, &mut scripts);
        new_scripts(&self.file, self, &mut findings);
        findings.finish();
        self.findings
            .retain(|finding| finding.rule.as_str() != docs::SCRIPTS.id);
        self.findings.extend(scripts.findings);
    }

    /// Of how many packages that the change brings nobody says whether they run a script at install;
    /// none where that is known of all. Safe to print.
    pub fn scripts_unknown(&self) -> Option<String> {
        let added = self.added.iter().map(|added| &added.installed);
        let moved = self.moved.iter().map(|moved| &moved.installed);
        let mut unknown = added
            .chain(moved)
            .filter(|it| !it.install_script_known)
            .map(|it| format!("{}@{}", it.name, it.version));
        let named: Vec<String> = unknown.by_ref().take(NAMED).collect();
        let more = unknown.count();
        let all = match named.len() + more {
            0 => return None,
            all => count(all, "new package runs", "new packages run"),
        };
        let end = if more > 0 { ", …" } else { "" };
        Some(format!(
            "whether {all} a script at install is not in this lockfile ({}{end}); of packages of npm's registries `--fetch` tells it",
            named.join(", ")
        ))
    }
}

fn who(publisher: &Publisher) -> String {
    let name = shown(&publisher.name);
    match publisher.kind {
        PublisherKind::Account => name,
        PublisherKind::TrustedPublisher => format!("{name} (a trusted publisher)"),
    }
}

fn take(installed: &mut Installed, facts: &BTreeMap<ReleaseId, Facts>, now: Timestamp) {
    let said = installed.release.as_ref().and_then(|id| facts.get(id));
    let Some(said) = said else { return };
    if let Some(runs) = said.install_script {
        installed.install_script |= runs;
        installed.install_script_known = true;
    }
    installed.publisher.clone_from(&said.publisher);
    installed.published = said.published;
    installed.days = said
        .published
        .map(|at| now.duration_since(at).as_hours() / 24);
}

/// The release before, by the version that is told.
fn before(installed: &Installed, version: &str) -> Option<ReleaseId> {
    let package = installed.release.as_ref()?.package.clone();
    Some(ReleaseId::new(package, Version::new(version).ok()?))
}
