use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration};

/// A script that runs at install or build, where there was none.
pub(super) struct NewInstallScript;

pub(super) static HOLD: Setting = Setting {
    rule: "new-install-script",
    key: "hold",
    what: "how long the release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "new-install-script",
    title: "A release that begins to run code at install waits longer.",
    what: "Compares with the predecessor in the release line: a new preinstall, install or postinstall \
           script, a new binding.gyp (npm builds it unasked), a new build.rs or procedural macro, a new build \
           back-end or .pth file. A script whose command changed is a note. Without a predecessor it is \
           silent: the age rules cover a first release.",
    why: "Code that runs at install needs nobody to call it. Worms add a preinstall to every package that \
          they reach; binding.gyp carried one past --ignore-scripts.",
    effect: "hold",
    ends: "7 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "`scripts` of the document; binding.gyp from the artifact's entries",
        pypi: "which files are offered; .pth and build back-end from the artifact's entries",
        cargo: "build.rs, `build` and `proc-macro` from the crate's manifest and entries",
    },
    fires: &[
        "1.2.4 has a postinstall and 1.2.3 has none.",
        "A crate gains a build.rs in a patch release.",
        "A wheel gains a .pth file (LiteLLM).",
    ],
    silent: &[
        "Every release has had the same postinstall for years.",
        "The first release of a native package.",
    ],
    learnt_from: "Shai-Hulud (2025), LiteLLM (March 2026), Miasma's binding.gyp (June 2026), arrayref (August 2026).",
};

impl Rule for NewInstallScript {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(before) = &dossier.predecessor else {
            return;
        };
        let (runs, ran) = (&dossier.manifest.runs, &before.manifest.runs);
        if let Some(message) = message(dossier) {
            findings.add(&DOC, Severity::Medium, Confidence::High, message);
        }
        let changed = change::changed_scripts(runs, ran);
        if !changed.is_empty() {
            let message = format!(
                "changes the command of {} against {}",
                words::list(&changed, 3),
                before.version
            );
            findings.add(&DOC, Severity::Note, Confidence::High, message);
        }
        for unseen in change::not_looked_at(dossier.release.package.ecosystem(), runs, ran) {
            findings.not_checked(format!(
                "whether it adds a {unseen}: not looked at in both releases"
            ));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let message = message(case.dossier)?;
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || message)
    }
}

fn message(dossier: &Dossier) -> Option<String> {
    let before = dossier.predecessor.as_ref()?;
    let new = change::new_scripts(&dossier.manifest.runs, &before.manifest.runs);
    (!new.is_empty()).then(|| {
        format!(
            "adds {}, which {} did not have",
            words::list(&new, 4),
            before.by_artifact()
        )
    })
}
