//! What a lockfile asks for although it is not offered.

use super::{decided, policy, under};
use crate::sample::{at, dossier, predecessor};
use crate::{LockedOutcome, Policy, RuleSet, judge, locked_decision};
use customs_model::{Dossier, Evidence, Known, Origin};

const PUBLISHED: &str = "2026-03-01T00:00:00Z";
const SOON: &str = "2026-03-01T01:00:00Z";

fn outcome(policy: &Policy, dossier: &Dossier) -> LockedOutcome {
    let decision = under(policy, dossier, at(SOON));
    locked_decision(
        dossier,
        &decision,
        &judge(dossier, &RuleSet::standard()),
        policy,
    )
}

fn refused(policy: &Policy, dossier: &Dossier) -> String {
    match outcome(policy, dossier) {
        LockedOutcome::Refuse { because } => because,
        delivered @ LockedOutcome::Deliver { .. } => panic!("{delivered:?}"),
    }
}

fn update() -> Dossier {
    let mut d = dossier("npm", "pkg", "1.2.4", PUBLISHED);
    d.predecessor = Some(predecessor(&d, "1.2.3"));
    d
}

#[test]
fn what_is_held_for_its_age_alone_is_delivered_and_reported() {
    match outcome(&Policy::default(), &update()) {
        LockedOutcome::Deliver {
            reported: Some(text),
        } => {
            insta::assert_snapshot!(text, @"pkg@1.2.4 is in the lockfile and younger than the policy wants until 2026-03-04 00:00 UTC; delivered, as nothing but its age speaks against it")
        }
        other => panic!("{other:?}"),
    }
    let old = decided(&update(), "2027-01-01T00:00:00Z");
    let verdict = judge(&update(), &RuleSet::standard());
    assert_eq!(
        locked_decision(&update(), &old, &verdict, &Policy::default()),
        LockedOutcome::Deliver { reported: None }
    );
}

#[test]
fn an_install_hook_a_young_name_or_another_finding_refuses() {
    let default = Policy::default();
    let mut hook = update();
    hook.manifest
        .runs
        .scripts
        .insert("install".to_owned(), "node-gyp rebuild".to_owned());
    hook.predecessor = Some(predecessor(&hook, "1.2.3"));
    assert_eq!(
        refused(&default, &hook),
        "it is young and runs code at install (install)"
    );

    let mut unknown = update();
    unknown.manifest.runs = customs_model::RunsCode::default();
    assert!(refused(&default, &unknown).ends_with("is not known"));

    let mut name = update();
    name.history.earliest = Some(at(PUBLISHED));
    assert_eq!(
        refused(&default, &name),
        "it is not held for its age alone: name-age speaks too"
    );

    let mut warned = update();
    warned.origin = Origin {
        publisher: Known::NotApplicable,
        evidence: Known::Is(Evidence::Provenance),
    };
    warned.predecessor = Some(predecessor(&warned, "1.2.3"));
    warned.origin.evidence = Known::Is(Evidence::None);
    assert_eq!(
        refused(&default, &warned),
        "it is not held for its age alone: lost-origin speaks too"
    );
    let quiet = policy("[rules.lost-origin]\nmode = \"off\"\n");
    assert!(matches!(
        outcome(&quiet, &warned),
        LockedOutcome::Deliver { .. }
    ));

    assert_eq!(
        refused(&policy("deny = [\"pkg:npm/pkg\"]\n"), &update()),
        "it is blocked"
    );
}

#[test]
fn enforce_refuses_whatever_is_not_admitted() {
    let enforce = policy("locked = \"enforce\"\n");
    assert!(refused(&enforce, &update()).contains("enforce"));
    let observe = policy("locked = \"enforce\"\nobserve = true\n");
    assert_eq!(
        outcome(&observe, &update()),
        LockedOutcome::Deliver { reported: None }
    );
}
