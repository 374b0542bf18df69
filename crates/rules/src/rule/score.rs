use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::score::score;
use crate::words::later;
use customs_model::{Confidence, Inspection, Severity, SignedDuration};

/// Many small signs that add up.
pub(super) struct Score;

static HOLD: Setting = Setting {
    rule: "score",
    key: "hold",
    what: "how long a young release waits whose score is high, counted from its publish time",
    default: Amount::Time(SignedDuration::ZERO),
    tighter: Tighter::More,
};

static DOC: RuleDoc = RuleDoc {
    id: "score",
    title: "What many small signs add up to is told, with the sum.",
    what: "Each sign that attacks show more often than honest packages has points: ten times the logarithm of how \
           many times more often, at most 25. Of signs that are about one thing the highest counts alone. \
           From 45 points on a release is suspicious. The finding lists every sign with its points and its place, so that \
           anybody can add them up. It is never proof, whatever the sum is.",
    why: "An attack whose way from source to sink nobody can follow still opens the network at install, hides \
          text or sets an execution bit. One of these is honest now and then; several at once seldom are.",
    effect: "warn",
    ends: "with the release",
    settings: &[&HOLD],
    facts: Facts {
        npm: "the tarball's code, scripts and binding.gyp",
        pypi: "the file's code, setup.py, build hooks and .pth files",
        cargo: "the crate's build script and macros",
    },
    fires: &[
        "A hook opens the network, starts a process and takes the whole environment.",
        "A module runs decoded text at import and asks a bare address for something.",
    ],
    silent: &[
        "A client that opens the network when it is called, however many hosts it knows.",
        "An install script that starts the compiler and does nothing else.",
    ],
    learnt_from: "the shapes of attacks against real packages: `cargo xtask calibrate score` measures each sign.",
};

impl Rule for Score {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn reads_code(&self) -> bool {
        true
    }

    fn read(&self, inspection: &Inspection, _before: Option<&Inspection>, findings: &mut Findings) {
        let score = score(inspection);
        if score.is_suspicious() {
            findings.add_listed(
                &DOC,
                Severity::Medium,
                Confidence::Medium,
                score.sentence(),
                score.evidence(),
            );
        }
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let mut findings = case.verdict.findings.iter();
        let found = findings.find(|finding| finding.rule.as_str() == DOC.id)?;
        let warn = || Some(Ask::warn(found.message.clone()));
        let Some(published) = case.recent() else {
            return warn();
        };
        let until = later(published, case.policy.duration(&HOLD)).min(case.window_end(published));
        case.hold_until(until, || found.message.clone())
            .or_else(warn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CAP, Policy, RuleSet, THRESHOLD, decide, judge, judge_code, sample};
    use customs_model::{Action, Capability, Decision, Epoch, Place, Standing, Zone};
    use std::sync::Arc;

    fn can(names: &[&str]) -> Inspection {
        let capability = |name: &&str| Capability {
            name: (*name).to_owned(),
            zone: Zone::Install,
            detail: None,
            at: Place {
                file: "package/setup.js".to_owned(),
                line: 3,
                column: 1,
                bytes: (0, 1),
            },
        };
        Inspection {
            capabilities: names.iter().map(capability).collect(),
            ..Inspection::default()
        }
    }

    const MUCH: [&str; 4] = ["network", "process", "code.dynamic", "environment.all"];

    #[test]
    fn the_page_names_the_bounds_that_are_in_force() {
        assert!(DOC.what.contains(&format!("at most {CAP}.")));
        assert!(DOC.what.contains(&format!("From {THRESHOLD} points on")));
    }

    #[test]
    fn one_sign_alone_is_not_told() {
        let verdict = judge_code(&can(&["network"]), &RuleSet::standard());
        assert_eq!(verdict.standing, Standing::Clean);
        assert_eq!(verdict.findings, []);
    }

    #[test]
    fn many_signs_are_suspicious_and_listed_with_their_places_and_never_proof() {
        let verdict = judge_code(&can(&MUCH), &RuleSet::standard());
        assert_eq!(verdict.standing, Standing::Suspicious);
        let [finding] = verdict.findings.as_slice() else {
            panic!("{verdict:?}");
        };
        assert_eq!(finding.rule.as_str(), "score");
        assert_eq!(finding.evidence.len(), MUCH.len());
        assert!(
            finding
                .evidence
                .iter()
                .all(|line| line.contains("package/setup.js:3:1"))
        );
    }

    fn decided(policy: &str, now: &str) -> Decision {
        let mut dossier = sample::dossier("npm", "pkg", "1.2.4", "2026-03-01T00:00:00Z");
        dossier.code = Some(Arc::new(can(&MUCH)));
        let off = "[rules.version-age]\nmode = \"off\"\n[rules.name-age]\nmode = \"off\"\n";
        decide(
            &dossier,
            &judge(&dossier, &RuleSet::standard()),
            &Policy::parse(&format!("version = 1\n{off}{policy}"), "customs.toml").unwrap(),
            sample::at(now),
            &Epoch::default(),
        )
    }

    #[test]
    fn by_default_it_warns_and_a_policy_may_hold_young_releases_for_it() {
        let plain = decided("", "2026-03-02T00:00:00Z");
        assert!(plain.action.allows());
        assert!(plain.reasons.iter().any(|r| r.rule.as_str() == "score"));

        let hold = "[rules.score]\nhold = \"7d\"\n";
        let held = decided(hold, "2026-03-02T00:00:00Z");
        assert_eq!(
            held.action,
            Action::Hold {
                until: sample::at("2026-03-08T00:00:00Z")
            }
        );
        assert!(decided(hold, "2026-03-09T00:00:00Z").action.allows());
    }
}
