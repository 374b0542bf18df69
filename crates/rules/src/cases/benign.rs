//! Honest releases: what they wait for, and that it ends.

use super::{decided, policy, spoke, under};
use crate::sample::{at, dossier, predecessor, version};
use customs_model::{
    Action, AddedDependency, Dossier, Evidence, FixesAdvisory, IdentityActivity, Known, Origin,
    Publisher, PublisherKind, ReleaseId, Route,
};

const PUBLISHED: &str = "2026-03-01T00:00:00Z";
const SOON: &str = "2026-03-01T01:00:00Z";
const HOUR_73: &str = "2026-03-04T01:00:00Z";

fn person(name: &str) -> Origin {
    let publisher = Publisher {
        name: name.to_owned(),
        mail_domain: Some(format!("{name}.example")),
        kind: PublisherKind::Account,
    };
    Origin {
        publisher: Known::Is(publisher),
        evidence: Known::Is(Evidence::Provenance),
    }
}

fn update() -> Dossier {
    let mut d = dossier("npm", "pkg", "1.2.4", PUBLISHED);
    d.origin = person("mia");
    d.history.earlier_publishers = vec!["mia".to_owned()];
    d.history.earlier_mail_domains = vec!["mia.example".to_owned()];
    d.predecessor = Some(predecessor(&d, "1.2.3"));
    d
}

fn urgent_fix() -> Dossier {
    let mut d = update();
    d.fixes = vec![FixesAdvisory {
        id: "GHSA-aaaa-bbbb-cccc".to_owned(),
        source: "osv.example".to_owned(),
        reviewed: true,
        for_version: version("1.2.3"),
    }];
    d
}

#[test]
fn an_urgent_fix_that_a_reviewed_advisory_names_is_admitted_at_once() {
    let decision = decided(&urgent_fix(), SOON);
    assert_eq!(decision.action, Action::Allow);
    assert_eq!(
        decision.reasons[0].waived.as_deref(),
        Some("urgent fix: GHSA-aaaa-bbbb-cccc (osv.example) names it as the fix of 1.2.3")
    );
    let closed = under(&policy("urgent-fix = false\n"), &urgent_fix(), at(SOON));
    assert_eq!(spoke(&closed), "hold version-age");
}

#[test]
fn the_packages_own_word_opens_no_lane() {
    let mut d = urgent_fix();
    d.fixes[0].reviewed = false;
    assert_eq!(spoke(&decided(&d, SOON)), "hold version-age");
}

#[test]
fn an_exactly_pinned_sibling_comes_with_the_urgent_fix() {
    let mut d = update();
    d.lane_sibling_of = Some("pkg:npm/core@1.2.4".parse::<ReleaseId>().unwrap());
    assert_eq!(decided(&d, SOON).action, Action::Allow);
}

#[test]
fn a_fix_that_brings_more_than_a_fix_waits_like_everything_else() {
    type Change = (&'static str, fn(&mut Dossier));
    let change: [Change; 7] = [
        ("it adds dependency dep", |d| {
            drop(d.manifest.dependencies.insert("dep".into(), "^1".into()))
        }),
        ("it adds or changes install", |d| {
            drop(d.manifest.runs.scripts.insert("install".into(), "x".into()))
        }),
        ("it adds or changes binding.gyp", |d| {
            d.manifest.runs.binding_gyp = Some(true)
        }),
        ("whether it adds a binding.gyp is not known", |d| {
            d.manifest.runs.binding_gyp = None
        }),
        ("it lost a provenance attestation", |d| {
            d.origin.evidence = Known::Is(Evidence::None)
        }),
        ("its evidence of origin is not known", |d| {
            d.origin.evidence = Known::not_known("no answer")
        }),
        ("nothing older to compare it with", |d| d.predecessor = None),
    ];
    for (objection, change) in change {
        let mut d = urgent_fix();
        change(&mut d);
        let decision = decided(&d, SOON);
        assert!(!decision.action.allows(), "{objection}");
        let age = decision
            .reasons
            .iter()
            .find(|r| r.rule.as_str() == "version-age")
            .unwrap();
        assert!(
            age.message
                .ends_with(&format!("no urgent-fix lane, as {objection}")),
            "{}",
            age.message
        );
    }
}

#[test]
fn the_lane_waives_the_age_of_the_version_and_nothing_else() {
    let mut d = urgent_fix();
    d.history.earliest = Some(at("2026-02-27T00:00:00Z"));
    assert_eq!(
        spoke(&decided(&d, SOON)),
        "hold name-age, waived version-age"
    );
}

#[test]
fn a_first_release_by_a_new_maintainer_is_admitted_by_hour_73() {
    let mut d = update();
    d.origin = person("noah");
    assert_eq!(spoke(&decided(&d, SOON)), "hold version-age");
    assert_eq!(decided(&d, HOUR_73).reasons, []);
}

#[test]
fn a_monorepo_of_twelve_packages_at_once_is_admitted_by_hour_73() {
    let mut d = update();
    d.activity = Known::Is(IdentityActivity {
        packages_within_hour: 12,
    });
    d.history.lines_within_hour = 2;
    d.manifest
        .dependencies
        .insert("sibling".to_owned(), "1.2.4".to_owned());
    d.added_dependencies = vec![AddedDependency {
        name: "sibling".to_owned(),
        requirement: "1.2.4".to_owned(),
        newest: Some(version("1.2.4")),
        artifact: None,
        published: Known::Is(at(PUBLISHED)),
        package_earliest: Known::Is(at(PUBLISHED)),
        runs: Known::Is(false),
    }];
    assert_eq!(spoke(&decided(&d, SOON)), "hold version-age");
    assert_eq!(decided(&d, HOUR_73).action, Action::Allow);
    let verdict = crate::judge(&d, &crate::RuleSet::standard());
    assert_eq!(
        verdict.standing,
        customs_model::Standing::Clean,
        "a burst alone is a note"
    );
}

#[test]
fn a_package_that_begins_to_need_a_build_script_is_admitted_after_7_days_and_an_hour() {
    let mut d = update();
    d.manifest
        .runs
        .scripts
        .insert("install".to_owned(), "node-gyp rebuild".to_owned());
    d.manifest.runs.binding_gyp = Some(true);
    assert_eq!(spoke(&decided(&d, HOUR_73)), "hold new-install-script");
    assert_eq!(decided(&d, "2026-03-08T01:00:00Z").action, Action::Allow);
}

#[test]
fn a_new_line_of_a_native_package_waits_for_its_age_only() {
    let mut d = update();
    d.manifest
        .runs
        .scripts
        .insert("install".to_owned(), "node-gyp rebuild".to_owned());
    d.predecessor = None;
    assert_eq!(spoke(&decided(&d, SOON)), "hold version-age");
}

#[test]
fn private_names_are_exempt_from_ages_and_from_nothing_else() {
    let mut d = update();
    d.history.earliest = Some(at(PUBLISHED));
    d.manifest.runs.binding_gyp = Some(true);
    let expected = "hold new-install-script, waived name-age, waived version-age";
    assert_eq!(
        spoke(&under(
            &policy("private = [\"pkg:npm/pk*\"]\n"),
            &d,
            at(SOON)
        )),
        expected
    );
    d.route = Route::Private;
    assert_eq!(spoke(&decided(&d, SOON)), expected);
    d.published = Known::NotApplicable;
    d.first_seen = Some(customs_model::FirstSight {
        at: at(PUBLISHED),
        baseline: false,
        not_before: None,
    });
    assert!(spoke(&decided(&d, SOON)).contains("waived publish-time-unknown"));
}

#[test]
fn an_exemption_waives_the_rules_that_it_names_until_it_ends() {
    let exempt = policy(
        "[[exemption]]\nmatch = \"pkg:npm/pkg@>=1.2.4, <1.3\"\nrules = [\"version-age\"]\nreason = \"hot fix\"\n\
         owner = \"platform@example.org\"\nexpires = 2026-03-02\n",
    );
    let d = update();
    let waived = under(&exempt, &d, at(SOON));
    assert_eq!(waived.action, Action::Allow);
    assert_eq!(
        waived.next_change,
        Some(at("2026-03-02T00:00:00Z")),
        "then the hold is back"
    );
    assert_eq!(
        waived.reasons[0].waived.as_deref(),
        Some(
            "exempted by platform@example.org until 2026-03-02 00:00 UTC: hot fix (customs.toml:2)"
        )
    );
    assert_eq!(
        spoke(&under(&exempt, &d, at("2026-03-02T00:00:00Z"))),
        "hold version-age"
    );
    let mut other = update();
    other.release.version = version("1.3.0");
    assert_eq!(spoke(&under(&exempt, &other, at(SOON))), "hold version-age");

    let used: std::collections::BTreeSet<usize> = exempt.exemptions_matching(&other).collect();
    assert_eq!(exempt.unmatched(&used).len(), 1);
    let used = exempt.exemptions_matching(&d).collect();
    assert_eq!(exempt.unmatched(&used), Vec::<&crate::Exemption>::new());
}

#[test]
fn an_exemption_can_end_with_a_fix_or_with_a_version() {
    let until = |end: &str| {
        policy(&format!(
            "[[exemption]]\nmatch = \"pkg:npm/pkg\"\nrules = [\"version-age\"]\nreason = \"r\"\nowner = \"o\"\nuntil = \"{end}\"\n"
        ))
    };
    let mut d = update();
    assert_eq!(under(&until("never"), &d, at(SOON)).action, Action::Allow);
    assert_eq!(
        under(&until("version:>=1.4"), &d, at(SOON)).action,
        Action::Allow
    );
    assert_eq!(
        spoke(&under(&until("version:>=1.2"), &d, at(SOON))),
        "hold version-age"
    );
    assert_eq!(
        under(&until("fixed:GHSA-1"), &d, at(SOON)).action,
        Action::Allow
    );
    d.advisories = Known::Is(vec![customs_model::AdvisoryMatch {
        id: "GHSA-1".to_owned(),
        malicious: false,
        summary: String::new(),
        source: String::new(),
        reviewed: true,
        fixed_in: vec![version("1.2.5")],
    }]);
    assert_eq!(
        spoke(&under(&until("fixed:GHSA-1"), &d, at(SOON))),
        "hold version-age"
    );
}

#[test]
fn a_rule_that_warns_and_a_gate_that_observes_speak_without_effect() {
    let d = update();
    let warned = under(
        &policy("[rules.version-age]\nmode = \"warn\"\n"),
        &d,
        at(SOON),
    );
    assert_eq!(
        (spoke(&warned).as_str(), warned.action),
        ("waived version-age", Action::Allow)
    );
    let observed = under(
        &policy("observe = true\ndeny = [\"pkg:npm/pkg\"]\n"),
        &d,
        at(SOON),
    );
    assert_eq!(
        (spoke(&observed).as_str(), observed.action),
        ("waived denied, waived version-age", Action::Allow)
    );
}
