use super::{Ask, Case, Rule};
use crate::Findings;
use crate::doc::{Amount, Facts, RuleDoc, Setting, Tighter};
use crate::novelty::compare;
use customs_model::{
    Confidence, Delta, Dossier, Inspection, Novelty as Change, NoveltyKind, Severity,
    SignedDuration, Zone, printable,
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
        let Some(before) = &dossier.predecessor else {
            return;
        };
        if dossier.code.is_some() && before.code.is_none() {
            findings.not_checked(
                "what its code does that its predecessor's did not: that one was not read"
                    .to_owned(),
            );
        }
    }

    fn compare(&self, before: &Inspection, after: &Inspection, findings: &mut Findings) {
        let delta = compare(&[before], after);
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

/// What happens without anybody asking for it. Nothing of it comes from a layout: whoever
/// gathers a dossier leaves that out.
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

#[cfg(test)]
mod tests {
    use crate::sample::{dossier, predecessor};
    use crate::{RuleSet, judge, judge_code, judge_code_against};
    use customs_model::{
        Capability, CodeShape, ContentKind, FileFact, Finding, Inspection, Place, Sign, SignKind,
        Zone,
    };
    use std::sync::Arc;

    fn file(path: &str, content: ContentKind, tail: u32) -> FileFact {
        FileFact {
            path: path.to_owned(),
            digest: Some(tail.to_string()),
            length: u64::from(tail),
            content,
            zone: Zone::Install,
            shape: Some(CodeShape {
                longest_line: 80,
                entropy: 4_500,
                tail: Some(tail),
            }),
        }
    }

    #[test]
    fn no_rule_tells_another_thing_where_the_layout_was_left_out() {
        let place = Place {
            file: "package/a.js".to_owned(),
            line: 1,
            column: 1,
            bytes: (0, 1),
        };
        let before = Inspection {
            layout: vec![file("index.js", ContentKind::Code, 30)],
            ..Inspection::default()
        };
        let now = Inspection {
            capabilities: vec![Capability {
                name: "network".to_owned(),
                zone: Zone::Install,
                detail: None,
                at: place.clone(),
            }],
            signs: vec![Sign {
                kind: SignKind::InstallCommand,
                zone: Zone::Install,
                detail: "node a.js".to_owned(),
                at: place,
            }],
            layout: vec![
                file("index.js", ContentKind::Code, 4_000),
                file("a.node", ContentKind::Native, 0),
                file("a.zip", ContentKind::Archive, 0),
            ],
            ..Inspection::default()
        };
        let without = |inspection: &Inspection| Inspection {
            layout: Vec::new(),
            ..inspection.clone()
        };
        let told = |before: Inspection, now: Inspection| {
            let mut dossier = dossier("npm", "pkg", "1.2.4", "2026-03-01T00:00:00Z");
            let mut earlier = predecessor(&dossier, "1.2.3");
            earlier.code = Some(Arc::new(before));
            dossier.predecessor = Some(earlier);
            dossier.code = Some(Arc::new(now));
            judge(&dossier, &RuleSet::standard())
        };
        let with_layouts = told(before.clone(), now.clone());
        let of_novelty = |f: &&Finding| f.rule.as_str() == "novelty";
        assert_eq!(with_layouts.findings.iter().filter(of_novelty).count(), 2);
        assert_eq!(with_layouts, told(without(&before), without(&now)));
    }

    #[test]
    fn code_beside_its_predecessor_is_told_the_same_without_a_dossier() {
        let now = Inspection {
            capabilities: vec![Capability {
                name: "network".to_owned(),
                zone: Zone::Install,
                detail: None,
                at: Place {
                    file: "package/a.js".to_owned(),
                    line: 1,
                    column: 1,
                    bytes: (0, 1),
                },
            }],
            ..Inspection::default()
        };
        let rules = RuleSet::standard();
        let told = |verdict: customs_model::Verdict| {
            let findings = verdict.findings.into_iter();
            findings.filter(|f| f.rule.as_str() == "novelty").count()
        };
        assert_eq!(told(judge_code(&now, &rules)), 0);
        let before = Inspection::default();
        assert_eq!(told(judge_code_against(&before, &now, &rules)), 1);
        assert_eq!(told(judge_code_against(&now, &now, &rules)), 0);
    }
}
