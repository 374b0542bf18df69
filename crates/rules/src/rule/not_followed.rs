use super::{Ask, Case, Rule};
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words::later;
use customs_model::{SignedDuration, Zone};

/// A release whose code was read, and not followed to its end.
pub(super) struct NotFollowed;

static HOLD: Setting = Setting {
    rule: "not-followed",
    key: "hold",
    what: "how long a young release waits whose code is more than is followed, counted from its publish time",
    default: Amount::Time(SignedDuration::ZERO),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "not-followed",
    title: "Code that is more than is followed is told.",
    what: "Every file of the artifact was read, and its code that runs at import is more than the steps that are \
           spent on following where data goes: what comes behind is not known. Code that runs at install or at \
           start has steps of its own; where those end, the release is not judged.",
    why: "Large bundles are common and honest, so that nobody can hold them all; but who wants to hide something \
          may hide it behind much else. A policy may wait for others to look.",
    effect: "warn",
    ends: "30 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the tarball's code",
        pypi: "the file's code",
        cargo: "the crate's build script and macros",
    },
    fires: &["A young release is one bundle of 20 MB that runs when it is imported."],
    silent: &[
        "A file that could not be read: that is told, and held where it runs (`not-judged`).",
        "The same bundle a month later: that it was not followed stands in the report of who got it.",
    ],
    learnt_from: "code that is put behind a large honest bundle, so that whoever reads it gives up before.",
};

impl Rule for NotFollowed {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let code = case.dossier.code.as_ref()?;
        let zone = code.unfollowed.filter(|zone| is_unasked(*zone))?;
        let published = case.recent()?;
        let message = format!(
            "not followed to its end: what all of its code does {} is not known",
            zone.words()
        );
        let hold = case.policy.duration(&HOLD);
        let until = later(published, hold).min(case.window_end(published));
        case.hold_until(until, || message.clone())
            .or_else(|| Some(Ask::warn(message)))
    }
}

/// Nobody calls it. What runs at install or at start is `not-judged` then.
fn is_unasked(zone: Zone) -> bool {
    zone >= Zone::Folder && zone < Zone::Start
}

#[cfg(test)]
mod tests {
    use crate::sample::{at, dossier};
    use crate::{Policy, RuleSet, decide, judge};
    use customs_model::{Action, Decision, Epoch, Inspection, Standing, UnreadPart, Zone};
    use std::sync::Arc;

    fn unfollowed(zone: Zone) -> Inspection {
        let hooks = zone >= Zone::Start;
        Inspection {
            unread: vec![UnreadPart {
                path: String::new(),
                because: "its code is larger than what is followed".to_owned(),
                reached: hooks,
            }],
            unfollowed: Some(zone),
            ..Inspection::default()
        }
    }

    fn decided(code: Inspection, policy: &str, now: &str) -> (Standing, Decision) {
        let mut dossier = dossier("npm", "pkg", "1.2.4", "2026-03-01T00:00:00Z");
        dossier.code = Some(Arc::new(code));
        let ages = "[rules.version-age]\nmode = \"off\"\n[rules.name-age]\nmode = \"off\"\n";
        let text = format!("version = 1\n{ages}{policy}");
        let policy = Policy::parse(&text, "customs.toml").unwrap();
        let verdict = judge(&dossier, &RuleSet::standard());
        let decision = decide(&dossier, &verdict, &policy, at(now), &Epoch::default());
        (verdict.standing, decision)
    }

    fn spoke(decision: &Decision) -> Vec<&str> {
        decision.reasons.iter().map(|r| r.rule.as_str()).collect()
    }

    #[test]
    fn it_is_a_warning_and_the_release_is_judged() {
        let (standing, decision) = decided(unfollowed(Zone::Import), "", "2026-03-02T00:00:00Z");
        assert_eq!(
            (standing, &decision.action),
            (Standing::Clean, &Action::Allow)
        );
        assert_eq!(spoke(&decision), ["not-followed"]);
        assert!(
            decision.reasons[0]
                .message
                .contains("not followed to its end")
        );
        let (_, later) = decided(unfollowed(Zone::Import), "", "2026-04-02T00:00:00Z");
        assert!(spoke(&later).is_empty(), "a month later it is not checked");
    }

    #[test]
    fn a_policy_may_hold_for_it_and_no_longer_than_the_window() {
        let hold = "[rules.not-followed]\nhold = \"5d\"\n";
        let (_, held) = decided(unfollowed(Zone::Import), hold, "2026-03-02T00:00:00Z");
        let until = at("2026-03-06T00:00:00Z");
        assert_eq!(held.action, Action::Hold { until });
        assert_eq!(held.next_change, Some(until));
        let (_, over) = decided(unfollowed(Zone::Import), hold, "2026-03-06T00:00:00Z");
        assert_eq!(over.action, Action::Allow);
        let hold = "[rules.not-followed]\nhold = \"300d\"\n";
        let (_, held) = decided(unfollowed(Zone::Import), hold, "2026-03-02T00:00:00Z");
        let until = at("2026-03-31T00:00:00Z");
        assert_eq!(held.action, Action::Hold { until });
    }

    #[test]
    fn what_is_called_is_no_warning_and_hooks_are_the_other_rule() {
        let now = "2026-03-02T00:00:00Z";
        let (_, called) = decided(unfollowed(Zone::Called), "", now);
        assert!(spoke(&called).is_empty());
        let (standing, hook) = decided(unfollowed(Zone::Install), "", now);
        assert_eq!(standing, Standing::NotJudged);
        assert_eq!(spoke(&hook), ["not-judged"]);
    }
}
