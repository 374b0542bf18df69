use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::novelty::compare;
use customs_model::{
    Confidence, Delta, Dossier, Novelty as Change, NoveltyKind, Severity, SignedDuration, Zone,
    printable,
};

/// A release that does unasked what the ones before it did not.
pub(super) struct Novelty;

static HOLD: Setting = Setting {
    rule: "novelty",
    key: "hold",
    what: "how long a release waits that does something new without being asked, counted from its publish time",
    default: Amount::Time(SignedDuration::ZERO),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "novelty",
    title: "What a release does that its predecessor did not is told.",
    what: "The code of a young release opens the network, starts processes or runs text as code at install or at \
           start, and the code of its predecessor did not; or a command runs at install that did not; \
           or data goes where it did not. Compared are summaries of what code does, not its text.",
    why: "A patch that begins to do something at install is rare among honest releases and is what hijacked ones \
          have in common.",
    effect: "warn",
    ends: "30 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the code of both tarballs",
        pypi: "the code of both files",
        cargo: "the build scripts and macros of both crates",
    },
    fires: &["1.2.4 has a hook that asks a host for something; 1.2.3 had none."],
    silent: &[
        "A new function that opens the network when it is called.",
        "A release whose predecessor was not read: that is said as not known.",
    ],
    learnt_from: "rates of novelty between adjacent releases: new network at install in none of 101 patches.",
};

impl Rule for Novelty {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(delta) = delta(dossier) else {
            if dossier.code.is_some() && dossier.predecessor.is_some() {
                findings.not_checked(
                    "what its code does that its predecessor's did not: that one was not read"
                        .to_owned(),
                );
            }
            return;
        };
        for change in unasked(&delta) {
            findings.add(&DOC, Severity::Note, Confidence::High, sentence(change));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let mut findings = case.verdict.findings.iter();
        let first = findings.find(|finding| finding.rule.as_str() == DOC.id)?;
        let before = case.dossier.predecessor.as_ref()?;
        let message = format!("{} ({} did not)", first.message, before.by_artifact());
        let hold = case.policy.duration(&HOLD);
        case.hold_for(published, hold, || message.clone())
            .or_else(|| Some(Ask::warn(message)))
    }
}

fn delta(dossier: &Dossier) -> Option<Delta> {
    let now = dossier.code.as_deref()?;
    let before = dossier.predecessor.as_ref()?.code.as_deref()?;
    Some(compare(&[before], now))
}

/// What happens without anybody asking for it.
fn unasked(delta: &Delta) -> impl Iterator<Item = &Change> {
    delta.novelties.iter().filter(|change| match change.kind {
        NoveltyKind::Hook => true,
        NoveltyKind::Capability | NoveltyKind::EarlierZone => change.zone >= Zone::Start,
        NoveltyKind::Flow => change.zone >= Zone::Folder,
        _ => false,
    })
}

fn sentence(change: &Change) -> String {
    format!(
        "{} {}, {}",
        change.kind.words(),
        printable(&change.what, 160),
        change.zone.words()
    )
}
