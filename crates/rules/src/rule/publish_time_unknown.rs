use super::{Ask, Case, Rule};
use crate::age::Age;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::SignedDuration;

/// A release whose registry does not say when it was published.
pub(super) struct PublishTimeUnknown;

static AGE: Setting = Setting {
    rule: "publish-time-unknown",
    key: "age",
    what: "how long a release waits, counted from Last-Modified or first sight",
    default: Amount::Time(SignedDuration::from_hours(72)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "publish-time-unknown",
    title: "A release without a publish time is aged by what else is known.",
    what: "Speaks when the registry tells no publish time. The artifact's `Last-Modified` counts. Without \
           one, what stood in the first document that was ever seen of a package is a baseline: it is \
           admitted and reported as *age not known*. What appears later counts from first sight.",
    why: "Mirrors and private registries leave publish times out. Calling such a release old would let a \
          fresh attack in; calling it young would hold everything for ever.",
    effect: "hold; a baseline is admitted and reported",
    ends: "72 h after Last-Modified or first sight",
    settings: &[&AGE],
    facts: Facts {
        npm: "documents without `time`; then the artifact's header",
        pypi: "pages without `upload-time`; then the file's header",
        cargo: "index lines without `pubtime`; then the download's header",
    },
    fires: &["A version that appears in a known package's document and has no time, for 72 h."],
    silent: &[
        "A release with a publish time.",
        "A release whose artifact was last modified a year ago.",
    ],
    learnt_from: "registry proxies that drop or replace `time` (seen in the lab).",
};

impl Rule for PublishTimeUnknown {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let wanted = case.policy.duration(&AGE);
        let policy = || words::duration(wanted);
        match case.age {
            Age::Published(_) => None,
            Age::LastModified(at) => case.hold_for(at, wanted, || {
                format!(
                    "publish time not known, artifact of {}, policy wants {}",
                    words::instant(at),
                    policy()
                )
            }),
            Age::FirstSeen(at) => case.hold_for(at, wanted, || {
                format!(
                    "publish time not known, first seen {}, policy wants {}",
                    words::instant(at),
                    policy()
                )
            }),
            Age::NotKnown => Some(Ask::warn(
                "age not known: it stood in the first document seen".to_owned(),
            )),
        }
    }
}
