use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::words;
use customs_model::{Dossier, Inspection, Severity, SignedDuration, printable};

/// A release whose code could not be read where it runs.
pub(super) struct NotJudged;

static HOLD: Setting = Setting {
    rule: "not-judged",
    key: "hold",
    what: "how long a young release waits, counted from its publish time",
    default: Amount::Time(SignedDuration::from_hours(7 * 24)),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "not-judged",
    title: "Code that runs unasked and could not be read is told, and held while it is young.",
    what: "A file of the artifact that runs at install, at start, at import, when a folder is opened or as a \
           command could not be read: it is over a bound, or no dialect of its language allows it. So is a file \
           that a command starts at install or at start and that is not read here: a program, compiled code, or a \
           language such as Perl, Ruby or Lua. What nothing that runs reaches does not count, and neither does \
           what a compiler makes of the package's sources as long as nothing starts it.",
    why: "Who can make a scanner give up must not be let through for it. After a week others have looked, and a \
          file of a dialect that is not read would be held for ever.",
    effect: "hold; a warning afterwards",
    ends: "7 d after publication",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the tarball's code",
        pypi: "the file's code",
        cargo: "the crate's build script and macros",
    },
    fires: &[
        "The hook of a young release is nested deeper than any parser goes.",
        "A postinstall script says `perl x.pl`, or starts a program that lies in the package.",
    ],
    silent: &[
        "A large data file, or a test in an unknown dialect, that nothing reaches.",
        "A native module that is built from its sources when it is installed.",
    ],
    learnt_from: "padding against scanners: files of many megabytes around a loader of one line.",
};

impl Rule for NotJudged {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn judge(&self, dossier: &Dossier, findings: &mut Findings) {
        let Some(code) = &dossier.code else {
            return;
        };
        for part in &code.unread {
            findings.not_checked(words::unread_part(part));
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let code = case.dossier.code.as_ref()?;
        let message = message(code)?;
        let warn = || Some(Ask::warn(message.clone()));
        // One that is proven malicious is not held for what could not be read beside it.
        let proven = |f: &customs_model::Finding| f.severity == Severity::Critical;
        let Some(published) = case
            .recent()
            .filter(|_| !case.verdict.findings.iter().any(proven))
        else {
            return warn();
        };
        let until =
            words::later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || message.clone()).or_else(warn)
    }
}

fn message(code: &Inspection) -> Option<String> {
    let unread = code.unread.iter().find(|part| part.reached)?;
    let what = if unread.path.is_empty() {
        "its code".to_owned()
    } else {
        format!("{}, which runs unasked,", printable(&unread.path, 160))
    };
    Some(format!(
        "{what} could not be read: {}",
        printable(&unread.because, 160)
    ))
}

#[cfg(test)]
mod tests {
    use crate::sample::{at, dossier};
    use crate::{Policy, RuleSet, decide, judge};
    use customs_model::{
        Action, Confidence, Decision, Epoch, Finding, Inspection, RuleId, Severity, Standing,
        UnreadPart,
    };
    use std::sync::Arc;

    const PUBLISHED: &str = "2026-03-01T00:00:00Z";

    fn decided(reached: bool, policy: &str, now: &str) -> (Standing, Decision) {
        let mut dossier = dossier("npm", "pkg", "1.2.4", PUBLISHED);
        dossier.code = Some(Arc::new(Inspection {
            unread: vec![UnreadPart {
                path: "package/setup.js".to_owned(),
                because: "it is nested too deep".to_owned(),
                reached,
            }],
            ..Inspection::default()
        }));
        let ages = "[rules.version-age]\nmode = \"off\"\n[rules.name-age]\nmode = \"off\"\n";
        let text = format!("version = 1\n{policy}{ages}");
        let policy = Policy::parse(&text, "customs.toml").unwrap();
        let verdict = judge(&dossier, &RuleSet::standard());
        let decision = decide(&dossier, &verdict, &policy, at(now), &Epoch::default());
        (verdict.standing, decision)
    }

    fn until(text: &str) -> Action {
        Action::Hold { until: at(text) }
    }

    #[test]
    fn a_young_one_is_held_for_7_days_and_told_afterwards() {
        let (standing, held) = decided(true, "", "2026-03-01T01:00:00Z");
        assert_eq!(standing, Standing::NotJudged);
        assert_eq!(held.action, until("2026-03-08T00:00:00Z"));
        assert_eq!(held.next_change, Some(at("2026-03-08T00:00:00Z")));
        for now in ["2026-03-08T00:00:00Z", "2026-03-30T00:00:00Z"] {
            let (_, told) = decided(true, "", now);
            assert_eq!(told.action, Action::Allow, "{now}");
            assert_eq!(told.reasons.len(), 1, "{now}: {:?}", told.reasons);
            assert!(told.reasons[0].message.contains("it is nested too deep"));
        }
    }

    #[test]
    fn an_old_one_is_never_held_whatever_a_policy_says_of_young_ones() {
        let long = "[rules.not-judged]\nhold = \"90d\"\n";
        let (_, held) = decided(true, long, "2026-03-08T00:00:00Z");
        assert_eq!(held.action, until("2026-03-31T00:00:00Z"), "30 days");
        let (standing, told) = decided(true, long, "2026-03-31T00:00:00Z");
        assert_eq!(standing, Standing::NotJudged, "the verdict knows no clock");
        assert_eq!(told.action, Action::Allow);
        assert_eq!(told.reasons.len(), 1, "{:?}", told.reasons);
    }

    #[test]
    fn a_policy_may_hold_shorter_or_not_at_all() {
        let now = "2026-03-02T00:00:00Z";
        let (_, short) = decided(true, "[rules.not-judged]\nhold = \"36h\"\n", now);
        assert_eq!(short.action, until("2026-03-02T12:00:00Z"));
        let (_, warned) = decided(true, "[rules.not-judged]\nmode = \"warn\"\n", now);
        assert_eq!(warned.action, Action::Allow);
        assert_eq!(warned.reasons.len(), 1);
        let (_, off) = decided(true, "[rules.not-judged]\nmode = \"off\"\n", now);
        assert!(off.reasons.is_empty(), "{:?}", off.reasons);
    }

    #[test]
    fn what_nothing_that_runs_reaches_is_said_and_neither_holds_nor_warns() {
        let (standing, decision) = decided(false, "", "2026-03-02T00:00:00Z");
        assert_eq!(standing, Standing::Clean);
        assert!(decision.reasons.is_empty(), "{:?}", decision.reasons);
    }

    #[test]
    fn one_that_is_proven_malicious_is_not_held_for_what_was_not_read_beside_it() {
        let mut dossier = dossier("npm", "pkg", "1.2.4", PUBLISHED);
        dossier.code = Some(Arc::new(Inspection {
            unread: vec![UnreadPart {
                path: String::new(),
                because: "cut off".to_owned(),
                reached: true,
            }],
            ..Inspection::default()
        }));
        let mut verdict = judge(&dossier, &RuleSet::standard());
        verdict.findings.push(Finding {
            rule: RuleId::of("secret-to-network"),
            severity: Severity::Critical,
            confidence: Confidence::High,
            message: "it sends all".to_owned(),
            evidence: Vec::new(),
            path: Vec::new(),
        });
        let now = at("2026-03-02T00:00:00Z");
        let policy = Policy::default();
        let decision = decide(&dossier, &verdict, &policy, now, &Epoch::default());
        assert_eq!(decision.action, Action::Block { until: None });
        let not_judged = |r: &&customs_model::Reason| r.rule.as_str() == "not-judged";
        let asks = decision.reasons.iter().find(not_judged).map(|r| &r.asks);
        assert_eq!(asks, Some(&Action::Allow));
    }
}
