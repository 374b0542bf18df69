use super::super::doc::LockRuleDoc;
use super::super::finding::{Findings, Said};
use super::super::view::LockfileView;
use super::super::words::{count, spoken};
use super::LockRule;
use customs_model::Severity;
use std::collections::BTreeSet;

/// Packages that say they run a script at install.
pub(super) struct RunsAtInstall;

static DOC: LockRuleDoc = LockRuleDoc {
    id: "lock-install-scripts",
    title: "Packages run scripts when they are installed.",
    what: "Lists the packages whose entry claims a script at install (npm's `hasInstallScript`, pnpm's \
           `requiresBuild`, formats 5 and 6). The claim is the lockfile's; what the artifact says counts. \
           With `--base`, one that is new is said as such.",
    why: "Code that runs at install needs nobody to call it.",
    effect: "a note; with `--base` a warning for a release that runs one where the version before did not",
    to_do: "Allow scripts for the packages that need them and for no others (`allowScripts`, \
            `onlyBuiltDependencies`, `trustedDependencies`).",
    fires: &["`\"hasInstallScript\": true`"],
    silent: &["Formats that do not say it: Yarn, bun, pnpm from 9 on, Python, cargo."],
    learnt_from: "Shai-Hulud (2025) and axios (March 2026) arrived with a postinstall script.",
};

impl LockRule for RunsAtInstall {
    fn doc(&self) -> &'static LockRuleDoc {
        &DOC
    }

    fn judge(&self, view: &LockfileView<'_>, findings: &mut Findings<'_>) {
        let locked = view.locked();
        let running: BTreeSet<String> = locked
            .filter(|(_, locked)| locked.has_install_script == Some(true))
            .map(|(package, _)| spoken(package))
            .collect();
        if running.is_empty() {
            return;
        }
        findings.add(Said {
            severity: Severity::Note,
            message: format!(
                "{} scripts at install",
                match running.len() {
                    1 => "1 release runs".to_owned(),
                    many => format!("{} run", count(many, "release", "releases")),
                }
            ),
            file: view.path,
            line: None,
            release: None,
            evidence: running.into_iter().collect(),
        });
    }
}
