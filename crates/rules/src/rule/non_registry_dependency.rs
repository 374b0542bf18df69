use super::{Ask, Case, Rule, change};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Confidence, Dossier, Severity, SignedDuration, printable};

/// A dependency that comes from outside a registry, newly added.
pub(super) struct NonRegistryDependency;

static HOLD: Setting = Setting {
    rule: "non-registry-dependency",
    key: "hold",
    what: "how long the release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "non-registry-dependency",
    title: "A release that begins to depend on a git repository, URL or file waits longer.",
    what: "Compares with the predecessor in the release line. Another commit of the same repository is not \
           new; another place for the same name is.",
    why: "What comes from a repository or a URL passes no registry: no publish time, no digest, no removal. \
          TanStack's worm arrived as a commit that belonged to no branch.",
    effect: "hold",
    ends: "7 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "specifications in `dependencies` and `optionalDependencies`",
        pypi: "`Requires-Dist: name @ URL` of the core metadata",
        cargo: "not applicable: the index holds registry dependencies only",
    },
    fires: &["`\"tool\": \"github:someone/tool#abc\"`, where the release before had no tool."],
    silent: &[
        "The same repository at another commit.",
        "A git dependency of a package's first release.",
    ],
    learnt_from: "TanStack (May 2026) and look-alike download hosts.",
};

impl Rule for NonRegistryDependency {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        if let Some(message) = message(dossier) {
            findings.add(&DOC, Severity::Medium, Confidence::High, message);
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
    let new: Vec<String> = change::new_exotic(dossier, before)
        .into_iter()
        .map(|d| {
            format!(
                "{} from {}",
                printable(&d.name, 60),
                printable(&d.spec, 100)
            )
        })
        .collect();
    (!new.is_empty()).then(|| {
        format!(
            "adds a dependency from outside the registry: {}",
            new[..new.len().min(3)].join(", ")
        )
    })
}
