use super::{Ask, Case, Rule, lane_objection};
use crate::age::Age;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Dossier, SignedDuration, printable};

/// A version that is too young.
pub(super) struct VersionAge;

static AGE: Setting = Setting {
    rule: "version-age",
    key: "age",
    what: "how old a release must be",
    default: Amount::Time(SignedDuration::from_hours(72)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "version-age",
    title: "A release must have been public for a while before it is offered.",
    what: "The time since the publish time that the registry tells. The urgent-fix lane admits a young \
           release early: a reviewed advisory names it as the fix of a version that would be taken \
           otherwise, and it adds no dependency and no script and loses no evidence of origin. Exactly \
           pinned siblings of the same publication come with it. The package's own word opens no lane.",
    why: "Most poisoned releases are found and removed within hours. The first victim of axios@1.14.1 fell \
          89 seconds after publication, and the first public advisory was usable only five minutes before \
          the removal: nothing but waiting could help.",
    effect: "hold",
    ends: "at 72 h of age",
    settings: &[&AGE],
    facts: Facts {
        npm: "`time` of the document",
        pypi: "`upload-time` of the file",
        cargo: "`pubtime` of the index",
    },
    fires: &["A release that was published 71 h 59 min ago."],
    silent: &[
        "A release that was published 72 h ago.",
        "A patch published an hour ago that a reviewed advisory names as the fix of the version in use.",
        "A name that is routed to a private upstream.",
    ],
    learnt_from: "axios (31 March 2026), nearly every hijack since 2018.",
};

impl Rule for VersionAge {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        // Without a publish time, publish-time-unknown speaks instead.
        let Age::Published(published) = case.age else {
            return None;
        };
        let wanted = case.policy.duration(&AGE);
        let mut ask = case.hold_for(published, wanted, || {
            format!(
                "published {}, policy wants {}",
                words::instant(published),
                words::duration(wanted)
            )
        })?;
        if case.policy.urgent_fix
            && let Some(cause) = haste(case.dossier)
        {
            match lane_objection(case.dossier) {
                None => ask.waived = Some(format!("urgent fix: {cause}")),
                Some(objection) => ask.message += &format!("; no urgent-fix lane, as {objection}"),
            }
        }
        Some(ask)
    }
}

/// Why a release should pass early, if a reviewed advisory says so.
fn haste(dossier: &Dossier) -> Option<String> {
    if let Some(fix) = dossier.fixes.iter().find(|fix| fix.reviewed) {
        return Some(format!(
            "{} ({}) names it as the fix of {}",
            printable(&fix.id, 40),
            printable(&fix.source, 60),
            fix.for_version
        ));
    }
    dossier
        .lane_sibling_of
        .as_ref()
        .map(|fix| format!("it was published with {}", fix.spoken()))
}
