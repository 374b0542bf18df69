use super::*;
use crate::sample::{at, dossier};
use crate::{RuleSet, decide, judge};
use customs_model::{
    Action, AdvisoryMatch, Confidence, Decision, Epoch, Finding, Known, RuleId, Standing,
};

fn grant(rules: &[&str]) -> Grant {
    Grant {
        id: "EX-1".to_owned(),
        about: "pkg:npm/pkg@1.2.4".to_owned(),
        digests: Vec::new(),
        rules: rules.iter().map(ToString::to_string).collect(),
        reason: "hot fix".to_owned(),
        owner: "platform".to_owned(),
        until: at("2026-11-05T00:00:00Z"),
        although_malicious: false,
        by: Some("user:ann".to_owned()),
        agent: None,
    }
}

fn young() -> Dossier {
    dossier("npm", "pkg", "1.2.4", "2026-11-03T00:00:00Z")
}

fn decided(dossier: &Dossier, policy: &Policy, now: &str) -> Decision {
    let verdict = judge(dossier, &RuleSet::standard());
    decide(dossier, &verdict, policy, at(now), &Epoch::default())
}

fn with(grant: &Grant, now: &str) -> (Policy, Vec<String>) {
    Policy::default().with_grants(std::slice::from_ref(grant), at(now))
}

#[test]
fn a_young_release_is_admitted_until_the_exemption_ends() {
    let (policy, refused) = with(&grant(&["version-age"]), "2026-11-04T00:00:00Z");
    assert_eq!(refused, [""; 0]);
    let decision = decided(&young(), &policy, "2026-11-04T00:00:00Z");
    assert_eq!(decision.action, Action::Allow);
    insta::assert_snapshot!(decision.reasons[0].waived.as_ref().unwrap(), @"exempted by platform until 2026-11-05 00:00 UTC: hot fix (EX-1)");
    assert_eq!(decision.next_change, Some(at("2026-11-05T00:00:00Z")));
    let later = decided(&young(), &policy, "2026-11-05T00:00:00Z");
    assert!(matches!(later.action, Action::Hold { .. }));
    assert_ne!(policy.digest(), Policy::default().digest());
}

#[test]
fn it_is_bound_to_the_artifact_that_was_looked_at() {
    let mut bound = grant(&["version-age"]);
    bound.digests = vec![Digest::sha256(b"as it was")];
    let (policy, _) = with(&bound, "2026-11-04T00:00:00Z");
    let mut release = young();
    release.digests = vec![Digest::sha256(b"replaced")];
    let decision = decided(&release, &policy, "2026-11-04T00:00:00Z");
    assert!(matches!(decision.action, Action::Hold { .. }));
    release.digests.push(Digest::sha256(b"as it was"));
    assert!(
        decided(&release, &policy, "2026-11-04T00:00:00Z")
            .action
            .allows()
    );
}

#[test]
fn known_malware_needs_a_word_of_its_own() {
    let mut release = dossier("npm", "pkg", "1.2.4", "2020-03-01T00:00:00Z");
    release.advisories = Known::Is(vec![AdvisoryMatch {
        id: "MAL-1".to_owned(),
        malicious: true,
        summary: "steals".to_owned(),
        source: "a folder".to_owned(),
        reviewed: true,
        fixed_in: Vec::new(),
    }]);
    let now = "2026-11-04T00:00:00Z";
    let mut asked = grant(&["known-malicious"]);
    let (policy, refused) = with(&asked, now);
    insta::assert_snapshot!(refused.join("\n"), @"the exemption EX-1 of pkg:npm/pkg@1.2.4 is NOT applied: known-malicious is waived only with an explicit word for it (--although-malicious)");
    assert!(!decided(&release, &policy, now).action.allows());
    asked.although_malicious = true;
    let (policy, refused) = with(&asked, now);
    assert_eq!(refused, [""; 0]);
    assert!(decided(&release, &policy, now).action.allows());
}

#[test]
fn a_proof_of_malice_ends_an_exemption_that_was_granted_before_it_was_found() {
    let now = at("2026-11-04T00:00:00Z");
    let found = |severity| Verdict {
        standing: Standing::Suspicious,
        findings: vec![Finding {
            rule: RuleId::of("secret-to-network"),
            severity,
            confidence: Confidence::High,
            message: "it sends secrets".to_owned(),
            evidence: Vec::new(),
            path: Vec::new(),
        }],
        not_checked: Vec::new(),
    };
    let waives = |asked: &Grant, severity| {
        let (policy, refused) = with(asked, "2026-11-04T00:00:00Z");
        assert_eq!(refused, [""; 0]);
        let verdict = found(severity);
        let found = policy.exemption_for(&young(), &verdict, "secret-to-network", now);
        found.is_some()
    };
    let mut asked = grant(&["secret-to-network"]);
    assert!(waives(&asked, Severity::High));
    assert!(!waives(&asked, Severity::Critical));
    asked.although_malicious = true;
    assert!(waives(&asked, Severity::Critical));
}

#[test]
fn an_exemption_of_a_file_waives_no_known_malware_whatever_it_says() {
    let text = "version = 1\n[[exemption]]\nmatch = \"pkg:npm/pkg\"\nrules = [\"known-malicious\"]\nreason = \"x\"\nowner = \"y\"\nuntil = \"never\"\n";
    let policy = Policy::parse(text, "policy.toml").unwrap();
    assert_eq!(policy.exemptions().len(), 0);
}

#[test]
fn who_is_no_approver_of_the_policy_in_force_has_granted_nothing() {
    let policy = "version = 1\n[roles]\napprovers = [\"user:bob\"]\n";
    let policy = Policy::parse(policy, "policy.toml").unwrap();
    let now = at("2026-11-04T00:00:00Z");
    let (same, refused) = policy.with_grants(&[grant(&["version-age"])], now);
    assert_eq!(same, policy);
    insta::assert_snapshot!(refused.join("\n"), @"the exemption EX-1 of pkg:npm/pkg@1.2.4 is NOT applied: user:ann is none of the policy's approvers; ask user:bob");
}

#[test]
fn what_ended_is_gone_and_new_ones_take_the_place_of_old_ones() {
    let (policy, refused) = with(&grant(&["version-age"]), "2026-11-05T00:00:00Z");
    assert_eq!((policy, refused), (Policy::default(), Vec::new()));
    let (policy, _) = with(&grant(&["version-age"]), "2026-11-04T00:00:00Z");
    let (none, _) = policy.with_grants(&[], at("2026-11-04T00:00:00Z"));
    assert_eq!(none, Policy::default());
}

#[test]
fn what_is_not_well_formed_is_said() {
    let why = |change: &dyn Fn(&mut Grant)| {
        let mut asked = grant(&["version-age"]);
        change(&mut asked);
        asked.check().unwrap_err()
    };
    insta::assert_snapshot!(why(&|g| g.about = "pkg:npm/@acme/*".to_owned()), @"an exemption is bound to a name, a version, a range or a digest, not to a '*'");
    insta::assert_snapshot!(why(&|g| g.rules = vec!["version-aeg".to_owned()]), @r#"no rule "version-aeg"; did you mean "version-age"?"#);
    insta::assert_snapshot!(why(&|g| g.rules.clear()), @"it names no rule");
    insta::assert_snapshot!(why(&|g| g.rules = vec!["denied".to_owned()]), @"what the policy denies is not exempted at run time; take it out of deny");
    insta::assert_snapshot!(why(&|g| g.owner = " ".to_owned()), @"it has no owner");
}
