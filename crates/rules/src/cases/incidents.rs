//! What happened, as dossiers. All names are public history; nothing here is code.

use super::{decided, spoke, under, without_ages};
use crate::sample::{at, dossier, predecessor, version};
use crate::{RuleSet, judge, sentence};
use customs_model::{
    Action, AddedDependency, Dossier, Evidence, IdentityActivity, Known, Origin, PackageName,
    Publisher, PublisherKind, Standing, UnmetDependency,
};

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

fn pipeline() -> Origin {
    origin(
        "GitHub Actions",
        "github.example",
        PublisherKind::TrustedPublisher,
        Evidence::TrustedPublisher,
    )
}

fn axios(number: &str, published: &str) -> Dossier {
    let mut d = dossier("npm", "axios", number, published);
    d.manifest
        .dependencies
        .insert("follow-redirects".to_owned(), "^1.15.0".to_owned());
    d.history.earliest = Some(at("2014-08-29T23:08:36Z"));
    d.history.earlier_publishers = vec!["jasonsaayman".to_owned(), "GitHub Actions".to_owned()];
    d.history.earlier_mail_domains = vec!["gmail.example".to_owned(), "github.example".to_owned()];
    d.origin = pipeline();
    d.predecessor = Some(predecessor(&d, "1.14.0"));
    d
}

fn plain_crypto_js() -> AddedDependency {
    AddedDependency {
        name: "plain-crypto-js".to_owned(),
        requirement: "^4.2.1".to_owned(),
        newest: Some(version("4.2.1")),
        artifact: None,
        published: Known::Is(at("2026-03-30T23:59:12Z")),
        package_earliest: Known::Is(at("2026-03-30T05:57:32Z")),
        runs: Known::Is(true),
    }
}

fn axios_1_14_1() -> Dossier {
    let mut d = axios("1.14.1", "2026-03-31T00:21:58Z");
    d.origin = origin(
        "jasonsaayman",
        "proton.example",
        PublisherKind::Account,
        Evidence::None,
    );
    d.manifest
        .dependencies
        .insert("plain-crypto-js".to_owned(), "^4.2.1".to_owned());
    d.added_dependencies = vec![plain_crypto_js()];
    d.history.previous_publication = Some(at("2026-03-27T19:01:40Z"));
    d.unmet = vec![UnmetDependency {
        package: PackageName::new(customs_model::Ecosystem::Npm, "plain-crypto-js").unwrap(),
        requirement: "^4.2.1".to_owned(),
        until: Some(at("2026-04-29T05:57:32Z")),
    }];
    d
}

#[test]
fn axios_1_14_1_is_blocked_by_its_new_dependency_whatever_the_ages() {
    let decision = under(&without_ages(), &axios_1_14_1(), at("2026-03-31T00:23:27Z"));
    assert!(matches!(decision.action, Action::Block { .. }));
    insta::assert_snapshot!(spoke(&decision), @"block lost-origin, block young-dependency-runs-at-install, hold unmet-dependency");
    let verdict = judge(&axios_1_14_1(), &RuleSet::standard());
    assert_eq!(verdict.standing, Standing::Suspicious);
    let found: Vec<String> = verdict
        .findings
        .iter()
        .map(|f| format!("{}: {}", f.rule, f.message))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    young-dependency-runs-at-install: it adds plain-crypto-js@4.2.1, published 22 min before it, which runs code at install
    lost-origin: 1.14.0 came with a trusted publisher, this one does not, and e-mail domain proton.example is new to the package, it adds dependency plain-crypto-js
    "#);
}

#[test]
fn each_rule_alone_stops_axios_1_14_1_or_says_nothing() {
    let stops: Vec<&str> = RuleSet::standard()
        .docs()
        .map(|doc| doc.id)
        .filter(|alone| {
            let mut policy = crate::Policy::default();
            for doc in RuleSet::standard().docs().filter(|doc| doc.id != *alone) {
                policy.set_mode(doc.id, crate::Mode::Off).unwrap();
            }
            !under(&policy, &axios_1_14_1(), at("2026-03-31T00:23:27Z"))
                .action
                .allows()
        })
        .collect();
    assert_eq!(
        stops,
        [
            "young-dependency-runs-at-install",
            "lost-origin",
            "version-age",
            "unmet-dependency"
        ]
    );
}

#[test]
fn axios_0_30_4_never_had_evidence_and_is_blocked_by_its_dependency_and_its_burst() {
    let mut d = axios_1_14_1();
    d.release.version = version("0.30.4");
    d.published = Known::Is(at("2026-03-31T01:00:57Z"));
    d.history.lines_within_hour = 2;
    let before = d.predecessor.as_mut().unwrap();
    before.version = version("0.30.3");
    before.origin = origin(
        "jasonsaayman",
        "gmail.example",
        PublisherKind::Account,
        Evidence::None,
    );
    let decision = under(&without_ages(), &d, at("2026-03-31T01:01:00Z"));
    insta::assert_snapshot!(spoke(&decision), @"block young-dependency-runs-at-install, hold unmet-dependency, hold release-burst");
}

#[test]
fn the_payload_itself_is_held_as_a_young_name_that_imitates() {
    let mut d = dossier("npm", "plain-crypto-js", "4.2.1", "2026-03-30T23:59:12Z");
    d.history.earliest = Some(at("2026-03-30T05:57:32Z"));
    d.manifest
        .runs
        .scripts
        .insert("postinstall".to_owned(), "node setup.js".to_owned());
    d.manifest.repository = Some("git+https://github.com/brix/crypto-js.git".to_owned());
    d.likeness = crate::imitates(
        &d.release.package,
        &d.manifest,
        crate::PopularNames::built_in(customs_model::Ecosystem::Npm),
        |_| false,
    );
    insta::assert_snapshot!(spoke(&decided(&d, "2026-03-31T00:21:58Z")), @"hold name-imitation, hold name-age, hold version-age");
}

#[test]
fn axios_1_13_3_was_honest_and_is_admitted_after_72_hours_with_a_warning() {
    let mut d = axios("1.13.3", "2026-01-26T10:00:00Z");
    d.origin = origin(
        "jasonsaayman",
        "gmail.example",
        PublisherKind::Account,
        Evidence::None,
    );
    assert_eq!(
        spoke(&decided(&d, "2026-01-29T09:59:59Z")),
        "hold version-age, warn lost-origin"
    );
    let after = decided(&d, "2026-01-29T10:00:00Z");
    assert_eq!(
        (spoke(&after).as_str(), after.action),
        ("warn lost-origin", Action::Allow)
    );
}

#[test]
fn mastra_is_blocked_by_its_new_dependency_and_its_burst() {
    let mut d = dossier("npm", "@mastra/core", "0.99.1", "2026-06-17T01:20:00Z");
    d.history.earlier_publishers = vec!["maintainer".to_owned()];
    d.history.earlier_mail_domains = vec!["mastra.example".to_owned()];
    d.activity = Known::Is(IdentityActivity {
        packages_within_hour: 98,
    });
    d.origin = origin(
        "maintainer",
        "mastra.example",
        PublisherKind::Account,
        Evidence::None,
    );
    d.predecessor = Some(predecessor(&d, "0.99.0"));
    d.origin = origin(
        "old-contributor",
        "gone.example",
        PublisherKind::Account,
        Evidence::None,
    );
    d.manifest
        .dependencies
        .insert("easy-day-js".to_owned(), "^1.11.0".to_owned());
    d.added_dependencies = vec![AddedDependency {
        name: "easy-day-js".to_owned(),
        requirement: "^1.11.0".to_owned(),
        newest: Some(version("1.11.22")),
        artifact: None,
        published: Known::Is(at("2026-06-17T01:01:00Z")),
        package_earliest: Known::Is(at("2026-06-16T07:00:00Z")),
        runs: Known::Is(true),
    }];
    let decision = under(&without_ages(), &d, at("2026-06-17T01:30:00Z"));
    insta::assert_snapshot!(spoke(&decision), @"block young-dependency-runs-at-install, hold release-burst");
}

#[test]
fn arrayref_is_blocked_by_the_build_script_of_its_new_dependency() {
    let mut d = dossier("cargo", "arrayref", "0.3.10", "2026-08-20T12:00:00Z");
    d.history.previous_publication = Some(at("2024-08-16T00:00:00Z"));
    d.predecessor = Some(predecessor(&d, "0.3.9"));
    d.manifest
        .dependencies
        .insert("proc-macro1".to_owned(), "^1".to_owned());
    d.added_dependencies = vec![AddedDependency {
        name: "proc-macro1".to_owned(),
        requirement: "^1".to_owned(),
        newest: Some(version("1.0.107")),
        artifact: None,
        published: Known::Is(at("2026-08-20T11:00:00Z")),
        package_earliest: Known::Is(at("2026-08-19T20:00:00Z")),
        runs: Known::Is(true),
    }];
    let decision = under(&without_ages(), &d, at("2026-08-20T12:05:00Z"));
    insta::assert_snapshot!(spoke(&decision), @"block young-dependency-runs-at-install, hold dormant-name");
}

#[test]
fn litellm_is_held_for_its_new_pth_file() {
    let mut d = dossier("pypi", "litellm", "1.82.8", "2026-03-24T10:52:00Z");
    d.predecessor = Some(predecessor(&d, "1.82.6"));
    d.manifest.runs.startup_hook = Some(true);
    assert_eq!(
        spoke(&under(&without_ages(), &d, at("2026-03-24T11:00:00Z"))),
        "hold new-install-script"
    );
}

#[test]
fn chalk_and_debug_changed_nothing_but_code_and_only_their_age_holds_them() {
    let mut d = dossier("npm", "chalk", "5.6.1", "2025-09-08T13:16:00Z");
    d.origin = origin("qix", "qix.example", PublisherKind::Account, Evidence::None);
    d.predecessor = Some(predecessor(&d, "5.6.0"));
    assert_eq!(
        spoke(&decided(&d, "2025-09-08T13:30:00Z")),
        "hold version-age"
    );
    assert_eq!(
        under(&without_ages(), &d, at("2025-09-08T13:30:00Z")).action,
        Action::Allow
    );
}

#[test]
fn a_worm_with_valid_provenance_is_held_by_its_script_and_its_age() {
    let mut d = dossier(
        "npm",
        "@tanstack/history",
        "1.161.9",
        "2026-05-11T19:20:00Z",
    );
    d.origin = pipeline();
    d.activity = Known::Is(IdentityActivity {
        packages_within_hour: 42,
    });
    d.predecessor = Some(predecessor(&d, "1.161.8"));
    d.manifest
        .runs
        .scripts
        .insert("preinstall".to_owned(), "node router_init.js".to_owned());
    assert_eq!(
        spoke(&decided(&d, "2026-05-11T19:25:00Z")),
        "hold new-install-script, hold version-age"
    );
}

#[test]
fn a_binding_gyp_runs_at_install_although_no_script_says_so() {
    let mut d = dossier("npm", "autotel", "2.26.4", "2026-06-03T23:30:00Z");
    d.predecessor = Some(predecessor(&d, "2.26.3"));
    d.manifest.runs.binding_gyp = Some(true);
    let decision = under(&without_ages(), &d, at("2026-06-04T00:00:00Z"));
    assert_eq!(
        decision.reasons[0].message,
        "adds binding.gyp, which 2.26.3 did not have"
    );
    assert_eq!(
        decision.action,
        Action::Hold {
            until: at("2026-06-10T23:30:00Z")
        }
    );
}

#[test]
fn a_refusal_says_what_why_until_when_and_what_to_do() {
    let d = axios_1_14_1();
    let blocked = decided(&d, "2026-03-31T00:25:58Z");
    insta::assert_snapshot!(sentence(&blocked, &d.release, Some(&version("1.14.0"))), @"customs: axios@1.14.1 is blocked until somebody reviews it, at the latest until 2026-04-30 00:22 UTC (rule lost-origin: 1.14.0 came with a trusted publisher, this one does not, and e-mail domain proton.example is new to the package, it adds dependency plain-crypto-js). Blocked by policy, not by permissions; retrying does not help. Taken instead: 1.14.0. Ask: customs explain lost-origin");

    let plain = axios("1.14.1", "2026-03-31T00:21:58Z");
    let held = decided(&plain, "2026-03-31T00:25:58Z");
    insta::assert_snapshot!(sentence(&held, &plain.release, None), @"customs: axios@1.14.1 is held until 2026-04-03 00:22 UTC (rule version-age: published 2026-03-31 00:21 UTC, policy wants 72 h). Blocked by policy, not by permissions; retrying does not help. Ask: customs explain version-age");

    let mut denied = axios("1.14.1", "2026-03-31T00:21:58Z");
    denied.advisories = Known::Is(vec![customs_model::AdvisoryMatch {
        id: "MAL-2026-2307".to_owned(),
        malicious: true,
        summary: "Malware in\u{1b}[31m axios\nand more".to_owned(),
        source: "osv.example".to_owned(),
        reviewed: true,
        fixed_in: Vec::new(),
    }]);
    insta::assert_snapshot!(sentence(&decided(&denied, "2030-01-01T00:00:00Z"), &denied.release, None), @r#"customs: axios@1.14.1 is blocked (rule known-malicious: MAL-2026-2307 (osv.example): Malware in\u{1b}[31m axios\u{a}and more). Blocked by policy, not by permissions; retrying does not help. Ask: customs explain known-malicious"#);
}
