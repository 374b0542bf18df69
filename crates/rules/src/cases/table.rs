//! Each row of the default policy, on both sides of its border.

use super::{decided, policy, spoke, under};
use crate::sample::{at, dossier, predecessor, version};
use customs_model::{
    Action, AddedDependency, AdvisoryMatch, Digest, Dossier, Evidence, ExoticDependency,
    FirstSight, IdentityActivity, Known, NameLikeness, Origin, PackageName, Publisher,
    PublisherKind, Route, UnmetDependency,
};

pub(super) const PUBLISHED: &str = "2026-03-01T00:00:00Z";

fn release() -> Dossier {
    dossier("npm", "pkg", "1.2.4", PUBLISHED)
}

/// A release that differs in nothing from the one before.
pub(super) fn update() -> Dossier {
    let mut d = release();
    d.predecessor = Some(predecessor(&d, "1.2.3"));
    d
}

/// Held one second before `end`, admitted at it, and the decision knew it.
#[track_caller]
pub(super) fn ends_at(dossier: &Dossier, end: &str, rule: &str) {
    let policy = super::without_ages();
    let before = under(
        &policy,
        dossier,
        at(end) - std::time::Duration::from_secs(1),
    );
    assert!(!before.action.allows(), "{before:?}");
    assert_eq!(before.decisive().map(|r| r.rule.as_str()), Some(rule));
    assert_eq!(
        (before.action.until(), before.next_change),
        (Some(at(end)), Some(at(end)))
    );
    let after = under(&policy, dossier, at(end));
    assert_eq!((after.action, after.next_change), (Action::Allow, None));
}

#[test]
fn a_version_is_held_until_72_hours() {
    let d = release();
    let held = decided(&d, "2026-03-03T23:59:00Z");
    assert_eq!(
        held.action,
        Action::Hold {
            until: at("2026-03-04T00:00:00Z")
        }
    );
    assert_eq!(spoke(&held), "hold version-age");
    assert_eq!(decided(&d, "2026-03-04T00:00:00Z").action, Action::Allow);
}

#[test]
fn a_name_is_held_until_7_days() {
    let mut d = release();
    d.history.earliest = Some(at("2026-02-26T00:00:00Z"));
    let held = decided(&d, "2026-03-04T23:59:00Z");
    assert_eq!(
        (spoke(&held).as_str(), held.action.until()),
        ("hold name-age", Some(at("2026-03-05T00:00:00Z")))
    );
    assert_eq!(decided(&d, "2026-03-05T00:00:00Z").action, Action::Allow);
}

#[test]
fn without_a_publish_time_the_artifact_counts() {
    let mut d = release();
    d.published = Known::NotApplicable;
    d.last_modified = Some(at(PUBLISHED));
    assert_eq!(
        spoke(&decided(&d, "2026-03-03T23:59:00Z")),
        "hold publish-time-unknown"
    );
    assert_eq!(decided(&d, "2026-03-04T00:00:00Z").action, Action::Allow);
}

#[test]
fn a_baseline_is_admitted_and_reported_as_age_not_known() {
    let mut d = release();
    d.published = Known::not_known("the page has no upload-time");
    d.first_seen = Some(FirstSight {
        at: at(PUBLISHED),
        baseline: true,
        not_before: None,
    });
    let decision = decided(&d, PUBLISHED);
    assert_eq!(decision.action, Action::Allow);
    assert_eq!(spoke(&decision), "warn publish-time-unknown");
    assert!(decision.reasons[0].message.starts_with("age not known"));
}

#[test]
fn what_appears_later_without_a_time_counts_from_first_sight() {
    let mut d = release();
    d.published = Known::NotApplicable;
    d.first_seen = Some(FirstSight {
        at: at(PUBLISHED),
        baseline: false,
        not_before: None,
    });
    assert_eq!(
        spoke(&decided(&d, "2026-03-03T23:59:00Z")),
        "hold publish-time-unknown"
    );
    assert_eq!(decided(&d, "2026-03-04T00:00:00Z").action, Action::Allow);
}

#[test]
fn a_publish_time_that_moved_backwards_is_held_7_days_from_first_sight() {
    let mut d = release();
    d.published = Known::Is(at("2020-01-01T00:00:00Z"));
    d.published_before = Some(at(PUBLISHED));
    d.first_seen = Some(FirstSight {
        at: at("2026-03-01T01:00:00Z"),
        baseline: false,
        not_before: None,
    });
    ends_at(&d, "2026-03-08T01:00:00Z", "publish-time-anomaly");
}

#[test]
fn a_backdated_version_is_held_7_days_from_first_sight() {
    let mut d = release();
    d.first_seen = Some(FirstSight {
        at: at("2026-03-20T00:00:00Z"),
        baseline: false,
        not_before: Some(at("2026-03-19T00:00:00Z")),
    });
    ends_at(&d, "2026-03-27T00:00:00Z", "publish-time-anomaly");
    assert_eq!(
        spoke(&decided(&d, "2026-03-20T00:00:00Z")),
        "hold publish-time-anomaly, hold version-age"
    );
}

#[test]
fn a_publish_time_in_the_future_is_held_7_days_from_first_sight() {
    let mut d = release();
    d.published = Known::Is(at("2099-01-01T00:00:00Z"));
    d.first_seen = Some(FirstSight {
        at: at(PUBLISHED),
        baseline: false,
        not_before: None,
    });
    ends_at(&d, "2026-03-08T00:00:00Z", "publish-time-anomaly");
    d.first_seen = None;
    let decision = decided(&d, PUBLISHED);
    assert_eq!(
        decision.action,
        Action::Hold {
            until: at("2026-03-08T00:00:00Z")
        },
        "from now, for want of better"
    );
}

#[test]
fn a_clock_that_is_nine_minutes_behind_is_no_anomaly() {
    assert_eq!(
        spoke(&decided(&release(), "2026-02-28T23:51:00Z")),
        "hold version-age"
    );
    assert_eq!(
        spoke(&decided(&release(), "2026-02-28T23:49:00Z")),
        "hold publish-time-anomaly, hold version-age"
    );
}

fn added(published: &str, earliest: &str, runs: Known<bool>) -> AddedDependency {
    AddedDependency {
        name: "dep".to_owned(),
        requirement: "^1.0.0".to_owned(),
        newest: Some(version("1.0.1")),
        artifact: None,
        published: Known::Is(at(published)),
        package_earliest: Known::Is(at(earliest)),
        runs,
    }
}

#[test]
fn a_young_dependency_that_runs_at_install_blocks_until_it_is_14_days_old() {
    let mut d = update();
    d.added_dependencies = vec![added(
        "2026-02-28T12:00:00Z",
        "2016-01-01T00:00:00Z",
        Known::Is(true),
    )];
    ends_at(
        &d,
        "2026-03-14T12:00:00Z",
        "young-dependency-runs-at-install",
    );
    let held = under(&super::without_ages(), &d, at(PUBLISHED));
    assert!(matches!(held.action, Action::Block { .. }));
}

#[test]
fn a_dependency_is_young_at_71_hours_and_not_at_72() {
    let blocks = |published: &str, earliest: &str| {
        let mut d = update();
        d.added_dependencies = vec![added(published, earliest, Known::Is(true))];
        !under(&super::without_ages(), &d, at(PUBLISHED))
            .action
            .allows()
    };
    assert!(blocks("2026-02-26T00:00:01Z", "2016-01-01T00:00:00Z"));
    assert!(!blocks("2026-02-26T00:00:00Z", "2016-01-01T00:00:00Z"));
    assert!(
        blocks("2026-03-03T23:59:59Z", "2016-01-01T00:00:00Z"),
        "published after its parent"
    );
    assert!(!blocks("2026-03-04T00:00:00Z", "2016-01-01T00:00:00Z"));
    assert!(
        blocks("2026-02-25T00:00:00Z", "2026-02-22T00:00:01Z"),
        "the name was not 7 d old"
    );
    assert!(!blocks("2026-02-25T00:00:00Z", "2026-02-22T00:00:00Z"));
}

#[test]
fn a_young_dependency_that_runs_nothing_counts_for_nothing() {
    let mut d = update();
    d.added_dependencies = vec![added(
        "2026-02-28T23:00:00Z",
        "2026-02-28T23:00:00Z",
        Known::Is(false),
    )];
    assert_eq!(under(&super::without_ages(), &d, at(PUBLISHED)).reasons, []);
    d.added_dependencies = vec![added(
        "2026-02-28T23:00:00Z",
        "2016-01-01T00:00:00Z",
        Known::Is(true),
    )];
    d.predecessor = None;
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "a first release"
    );
}

#[test]
fn a_young_dependency_that_could_not_be_read_holds_until_it_is_old() {
    let mut d = update();
    d.added_dependencies = vec![added(
        "2026-02-28T23:00:00Z",
        "2016-01-01T00:00:00Z",
        Known::not_known("the artifact is gone"),
    )];
    ends_at(
        &d,
        "2026-03-03T23:00:00Z",
        "young-dependency-runs-at-install",
    );
}

#[test]
fn a_new_install_script_is_held_7_days() {
    let change: [fn(&mut Dossier); 4] = [
        |d| {
            drop(
                d.manifest
                    .runs
                    .scripts
                    .insert("postinstall".into(), "node setup.js".into()),
            )
        },
        |d| d.manifest.runs.binding_gyp = Some(true),
        |d| d.manifest.runs.build_script = Some(true),
        |d| d.manifest.runs.startup_hook = Some(true),
    ];
    for change in change {
        let mut d = update();
        change(&mut d);
        ends_at(&d, "2026-03-08T00:00:00Z", "new-install-script");
        // The next release with the same script is as before.
        d.predecessor = Some(predecessor(&d, "1.2.3"));
        assert_eq!(under(&super::without_ages(), &d, at(PUBLISHED)).reasons, []);
        d.predecessor = None;
        assert_eq!(
            under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
            [],
            "a first release"
        );
    }
}

#[test]
fn a_new_dependency_from_outside_the_registry_is_held_7_days() {
    let exotic = |spec: &str| ExoticDependency {
        name: "tool".to_owned(),
        spec: spec.to_owned(),
    };
    let mut d = update();
    d.manifest.exotic = vec![exotic("github:someone/tool#abc")];
    ends_at(&d, "2026-03-08T00:00:00Z", "non-registry-dependency");
    d.predecessor = Some(predecessor(&d, "1.2.3"));
    d.manifest.exotic = vec![exotic("github:someone/tool#def")];
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "another commit"
    );
    d.manifest.exotic = vec![exotic("github:stranger/tool#def")];
    ends_at(&d, "2026-03-08T00:00:00Z", "non-registry-dependency");
}

fn origin(name: &str, domain: &str, kind: PublisherKind, evidence: Evidence) -> Origin {
    let publisher = Publisher {
        name: name.to_owned(),
        mail_domain: Some(domain.to_owned()),
        kind,
    };
    Origin {
        publisher: Known::Is(publisher),
        evidence: Known::Is(evidence),
    }
}

fn by_hand(domain: &str) -> Origin {
    origin("mia", domain, PublisherKind::Account, Evidence::None)
}

fn by_pipeline() -> Origin {
    origin(
        "GitHub Actions",
        "github.example",
        PublisherKind::TrustedPublisher,
        Evidence::TrustedPublisher,
    )
}

fn published_by(before: Origin, now: Origin) -> Dossier {
    let mut d = update();
    d.history.earlier_publishers = vec!["mia".to_owned(), "GitHub Actions".to_owned()];
    d.history.earlier_mail_domains = vec!["mia.example".to_owned(), "github.example".to_owned()];
    d.origin = now;
    d.predecessor.as_mut().unwrap().origin = before;
    d
}

#[test]
fn a_burst_with_a_new_mail_domain_is_held_7_days() {
    let mut d = published_by(by_hand("mia.example"), by_hand("proton.example"));
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "no burst"
    );
    d.history.lines_within_hour = 2;
    ends_at(&d, "2026-03-08T00:00:00Z", "release-burst");
    d.history.lines_within_hour = 1;
    d.activity = Known::Is(IdentityActivity {
        packages_within_hour: 4,
    });
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "four packages"
    );
    d.activity = Known::Is(IdentityActivity {
        packages_within_hour: 5,
    });
    ends_at(&d, "2026-03-08T00:00:00Z", "release-burst");
}

#[test]
fn a_name_that_imitates_is_held_until_it_is_30_days_old() {
    let mut d = release();
    d.likeness = Some(NameLikeness {
        of: PackageName::new(customs_model::Ecosystem::Npm, "axios").unwrap(),
        how: "one letter away".to_owned(),
    });
    d.history.earliest = Some(at("2026-02-20T00:00:00Z"));
    ends_at(&d, "2026-03-22T00:00:00Z", "name-imitation");
    d.history.earliest = Some(at("2026-01-01T00:00:00Z"));
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "an old look-alike"
    );
}

#[test]
fn a_dormant_name_that_wakes_warns_and_is_held_with_a_second_finding() {
    let mut d = update();
    d.history.previous_publication = Some(at("2025-03-01T00:00:00Z"));
    assert_eq!(
        under(&super::without_ages(), &d, at(PUBLISHED)).reasons,
        [],
        "365 d to the second"
    );
    d.history.previous_publication = Some(at("2025-02-28T23:59:59Z"));
    let warned = under(&super::without_ages(), &d, at(PUBLISHED));
    assert_eq!(
        (spoke(&warned).as_str(), &warned.action),
        ("warn dormant-name", &Action::Allow)
    );

    d.origin = by_hand("mia.example");
    d.predecessor.as_mut().unwrap().origin = by_pipeline();
    d.history.earlier_publishers = vec!["mia".to_owned()];
    d.history.earlier_mail_domains = vec!["mia.example".to_owned()];
    let held = under(&super::without_ages(), &d, at(PUBLISHED));
    assert_eq!(spoke(&held), "hold dormant-name, warn lost-origin");
    assert_eq!(held.action.until(), Some(at("2026-03-08T00:00:00Z")));
}

#[test]
fn lost_origin_alone_warns_and_with_another_change_blocks_for_30_days() {
    let alone = published_by(by_pipeline(), by_hand("mia.example"));
    let decision = under(&super::without_ages(), &alone, at(PUBLISHED));
    assert_eq!(
        (spoke(&decision).as_str(), decision.action),
        ("warn lost-origin", Action::Allow)
    );

    let mut with_domain = alone.clone();
    with_domain.origin = by_hand("proton.example");
    ends_at(&with_domain, "2026-03-31T00:00:00Z", "lost-origin");

    let mut with_dependency = alone.clone();
    with_dependency
        .manifest
        .dependencies
        .insert("dep".to_owned(), "^1".to_owned());
    ends_at(&with_dependency, "2026-03-31T00:00:00Z", "lost-origin");

    let mut with_script = alone.clone();
    with_script
        .manifest
        .runs
        .scripts
        .insert("install".to_owned(), "x".to_owned());
    ends_at(&with_script, "2026-03-31T00:00:00Z", "lost-origin");

    let mut not_known = with_domain;
    not_known.origin = Origin {
        publisher: Known::NotApplicable,
        evidence: Known::not_known("no answer"),
    };
    assert_eq!(
        under(&super::without_ages(), &not_known, at(PUBLISHED)).reasons,
        []
    );
    assert_eq!(
        crate::judge(&not_known, &crate::RuleSet::standard()).not_checked,
        ["evidence of origin: no answer"]
    );
}

fn advisory(malicious: bool) -> AdvisoryMatch {
    AdvisoryMatch {
        id: "MAL-2026-2307".to_owned(),
        malicious,
        summary: "Malware in pkg".to_owned(),
        source: "osv.example".to_owned(),
        reviewed: true,
        fixed_in: Vec::new(),
    }
}

#[test]
fn known_malware_is_blocked_at_any_age_and_never_waived() {
    let mut d = release();
    d.advisories = Known::Is(vec![advisory(false), advisory(true)]);
    d.route = Route::Private;
    let exempt = policy(
        "private = [\"pkg:npm/pkg\"]\n[[exemption]]\nmatch = \"pkg:npm/pkg\"\nrules = [\"version-age\", \"denied\"]\n\
         reason = \"x\"\nowner = \"y\"\nuntil = \"never\"\n",
    );
    let decision = under(&exempt, &d, at("2036-01-01T00:00:00Z"));
    assert_eq!(decision.action, Action::Block { until: None });
    assert_eq!(
        (spoke(&decision).as_str(), decision.next_change),
        ("block known-malicious", None)
    );

    d.advisories = Known::Is(vec![advisory(false)]);
    assert_eq!(
        under(&exempt, &d, at("2036-01-01T00:00:00Z")).reasons,
        [],
        "a vulnerability"
    );
    d.advisories = Known::not_known("the folder is gone");
    let verdict = crate::judge(&d, &crate::RuleSet::standard());
    assert_eq!(verdict.not_checked, ["advisories: the folder is gone"]);
    assert_eq!(
        under(&exempt, &d, at("2036-01-01T00:00:00Z")).action,
        Action::Allow
    );
}

#[test]
fn what_the_policy_denies_is_blocked_at_any_age() {
    let mut d = release();
    d.digests = vec![Digest::sha256(b"bad")];
    let digest = format!("deny = [\"{}\"]\n", d.digests[0]);
    for line in [
        "deny = [\"pkg:npm/pkg\"]\n",
        "deny = [\"pkg:npm/pkg@1.2.4\"]\n",
        "deny = [\"pkg:npm/pk*\"]\n",
        &digest,
    ] {
        let decision = under(&policy(line), &d, at("2036-01-01T00:00:00Z"));
        assert_eq!(decision.action, Action::Block { until: None }, "{line}");
    }
    let other = under(
        &policy("deny = [\"pkg:npm/pkg@1.2.5\"]\n"),
        &d,
        at("2036-01-01T00:00:00Z"),
    );
    assert_eq!(other.action, Action::Allow);
}

#[test]
fn a_release_waits_for_the_dependency_that_it_cannot_do_without() {
    let unmet = |until: Option<&str>| UnmetDependency {
        package: PackageName::new(customs_model::Ecosystem::Npm, "dep").unwrap(),
        requirement: "^2".to_owned(),
        until: until.map(at),
    };
    let mut d = release();
    d.unmet = vec![
        unmet(Some("2026-03-10T00:00:00Z")),
        unmet(Some("2026-03-12T00:00:00Z")),
    ];
    ends_at(&d, "2026-03-12T00:00:00Z", "unmet-dependency");
    d.unmet.push(unmet(None));
    let blocked = under(&super::without_ages(), &d, at(PUBLISHED));
    assert_eq!(
        blocked.action,
        Action::Block {
            until: Some(at("2026-03-31T00:00:00Z"))
        }
    );
}

#[test]
fn rules_about_change_judge_nothing_that_is_30_days_old() {
    let mut d = published_by(by_pipeline(), by_hand("proton.example"));
    d.manifest.runs.binding_gyp = Some(true);
    d.added_dependencies = vec![added(
        "2026-02-28T23:00:00Z",
        "2026-02-28T23:00:00Z",
        Known::Is(true),
    )];
    d.history.lines_within_hour = 9;
    let last = under(&Policy30::long_holds(), &d, at("2026-03-30T23:59:59Z"));
    assert!(!last.action.allows());
    assert_eq!(last.action.until(), Some(at("2026-03-31T00:00:00Z")));
    assert_eq!(
        under(&Policy30::long_holds(), &d, at("2026-03-31T00:00:00Z")).reasons,
        []
    );
}

/// Every hold of a rule about change longer than the window.
struct Policy30;

impl Policy30 {
    fn long_holds() -> crate::Policy {
        policy(
            "[rules.new-install-script]\nhold = \"90d\"\n[rules.release-burst]\nhold = \"90d\"\n\
             [rules.lost-origin]\nends = \"90d\"\n[rules.young-dependency-runs-at-install]\nends = \"90d\"\n",
        )
    }
}
