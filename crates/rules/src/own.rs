//! The user's own YARA rules, as findings.
//!
//! They speak to who inspects, on the command line; the gate does not ask them, so no policy
//! names them and `own-rule` is none of the rules that judge a dossier.

use crate::Findings;
use crate::doc::{Facts, RuleDoc};
use crate::judge;
use customs_model::{Hop, OwnMatch, OwnMatches, Place, Standing, Verdict, printable};

/// What `own-rule` says about itself.
pub(crate) static DOC: RuleDoc = RuleDoc {
    id: "own-rule",
    title: "One of your own YARA rules matches.",
    what: "`customs inspect --own-rules PATH` asks your YARA rules about every file of what is inspected, those of \
           archives in archives too. Each match of a rule and a file is a finding. How bad it is the rule says itself: \
           `severity` in its `meta` is \"note\", \"low\", \"medium\", \"high\" or \"critical\"; without it, \"medium\".",
    why: "What you look for is yours to say. A match says that words or bytes stand in a file, not that anything \
          runs them.",
    effect: "critical makes the verdict malicious, low to high make it suspicious; the gate does not ask these rules",
    ends: "when the rule no longer matches",
    settings: &[],
    facts: Facts {
        npm: "every file of the tarball",
        pypi: "every file of the wheel or source archive",
        cargo: "every file of the crate",
    },
    fires: &[
        "A rule for the address of an earlier attack matches `package/setup.js`.",
        "A rule with `hash.sha256(0, filesize)` names a file that was bad before.",
    ],
    silent: &[
        "A private rule: it serves other rules only.",
        "A file that was not kept whole, or took too long: it is told as not checked.",
    ],
    learnt_from: "teams that keep YARA rules for their incidents already.",
};

/// Adds to a verdict what the user's own rules say of the artifact.
pub fn add_own_rules(verdict: &mut Verdict, own: &OwnMatches) {
    let mut findings = Findings::default();
    for one in &own.matches {
        findings.add_path(&DOC, one.severity, message(one), path(one));
    }
    if own.left_out > 0 {
        findings.not_checked(format!(
            "your own rules match {} more times, none of them worse than what is told",
            own.left_out
        ));
    }
    for part in &own.unchecked {
        findings.not_checked(format!(
            "{}: your own rules were not asked: {}",
            printable(&part.path, 160),
            printable(&part.because, 300)
        ));
    }
    if own.more_unchecked > 0 {
        findings.not_checked(format!(
            "your own rules were not asked about {} more files",
            own.more_unchecked
        ));
    }
    let said = judge::verdict(findings);
    verdict.standing = match (verdict.standing, said.standing) {
        // Proof is proof, whatever could not be read beside it.
        (Standing::Malicious, _) | (_, Standing::Malicious) => Standing::Malicious,
        (before, own) => before.max(own),
    };
    verdict.findings.extend(said.findings);
    verdict.not_checked.extend(said.not_checked);
}

fn message(one: &OwnMatch) -> String {
    let about = one
        .description
        .as_ref()
        .map(|text| format!(": {}", printable(text, 300)))
        .unwrap_or_default();
    format!(
        "your rule {} ({}) matches {}{about}",
        printable(&one.rule, 120),
        printable(&one.namespace, 200),
        printable(&one.file, 160)
    )
}

/// Where it matches. Each step names the rule, since what is known by rule and path must not
/// be taken for another rule's.
fn path(one: &OwnMatch) -> Vec<Hop> {
    if one.places.is_empty() {
        let whole = Place {
            file: one.file.clone(),
            line: 1,
            column: 1,
            bytes: (0, 0),
        };
        return vec![Hop::told(
            format!("{} matches the file as a whole", one.rule),
            whole,
        )];
    }
    let step = |hop: &Hop| {
        Hop::told(
            format!("{} of {} matches", hop.what, one.rule),
            hop.at.clone(),
        )
    };
    one.places.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Severity, UnreadPart};

    fn matched(severity: Severity, places: Vec<Hop>) -> OwnMatches {
        OwnMatches {
            matches: vec![OwnMatch {
                rule: "marked".to_owned(),
                namespace: "own.yar".to_owned(),
                file: "package/a.js".to_owned(),
                severity,
                description: Some("a word\u{1b}[31m".to_owned()),
                places,
            }],
            ..OwnMatches::default()
        }
    }

    fn verdict(standing: Standing) -> Verdict {
        Verdict {
            standing,
            findings: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    fn standing(before: Standing, severity: Severity) -> Standing {
        let mut verdict = verdict(before);
        add_own_rules(&mut verdict, &matched(severity, Vec::new()));
        verdict.standing
    }

    #[test]
    fn a_match_is_a_finding_that_names_the_rule_its_file_and_the_place() {
        let place = Place {
            file: "package/a.js".to_owned(),
            line: 2,
            column: 10,
            bytes: (20, 32),
        };
        let hop = Hop::told("$word".to_owned(), place.clone());
        let mut verdict = verdict(Standing::Clean);
        add_own_rules(&mut verdict, &matched(Severity::High, vec![hop]));
        assert_eq!(verdict.standing, Standing::Suspicious);
        let finding = &verdict.findings[0];
        assert_eq!(finding.rule.as_str(), "own-rule");
        assert_eq!(
            finding.message,
            "your rule marked (own.yar) matches package/a.js: a word\\u{1b}[31m"
        );
        assert_eq!(finding.path[0].what, "$word of marked matches");
        assert_eq!(finding.path[0].at, place);
        assert_eq!(
            finding.evidence,
            ["package/a.js:2:10: $word of marked matches"]
        );
    }

    #[test]
    fn a_match_of_a_file_as_a_whole_still_names_the_file() {
        let mut verdict = verdict(Standing::Clean);
        add_own_rules(&mut verdict, &matched(Severity::Low, Vec::new()));
        assert_eq!(verdict.findings[0].path[0].at.file, "package/a.js");
    }

    #[test]
    fn severity_decides_and_no_verdict_gets_milder() {
        use Standing::{Clean, Malicious, NotJudged, Suspicious};
        assert_eq!(standing(Clean, Severity::Note), Clean);
        assert_eq!(standing(Clean, Severity::Medium), Suspicious);
        assert_eq!(standing(Clean, Severity::Critical), Malicious);
        assert_eq!(standing(Suspicious, Severity::Note), Suspicious);
        assert_eq!(standing(Malicious, Severity::Low), Malicious);
        assert_eq!(standing(NotJudged, Severity::High), NotJudged);
        assert_eq!(standing(NotJudged, Severity::Critical), Malicious);
    }

    #[test]
    fn what_was_not_told_and_not_checked_is_said() {
        let own = OwnMatches {
            left_out: 3,
            unchecked: vec![UnreadPart {
                path: "package/a.bin".to_owned(),
                because: "it took too long".to_owned(),
                reached: false,
            }],
            more_unchecked: 2,
            ..OwnMatches::default()
        };
        let mut verdict = verdict(Standing::Clean);
        add_own_rules(&mut verdict, &own);
        assert_eq!(verdict.standing, Standing::Clean);
        assert_eq!(
            verdict.not_checked,
            [
                "your own rules match 3 more times, none of them worse than what is told",
                "package/a.bin: your own rules were not asked: it took too long",
                "your own rules were not asked about 2 more files",
            ]
        );
    }
}
