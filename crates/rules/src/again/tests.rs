use super::*;
use crate::sample::{at, dossier};
use crate::{RuleSet, decide, judge};
use customs_model::{AdvisoryMatch, Decision, Epoch, Known, RuleId};

const NOW: &str = "2026-11-04T00:00:00Z";

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}"), "policy.toml").unwrap()
}

/// Published five days ago: old enough by default.
fn of_five_days() -> Dossier {
    dossier("npm", "pkg", "1.2.4", "2026-10-30T00:00:00Z")
}

fn decided(dossier: &Dossier, policy: &Policy) -> Decision {
    let verdict = judge(dossier, &RuleSet::standard());
    decide(dossier, &verdict, policy, at(NOW), &Epoch::default())
}

fn again(
    dossier: &Dossier,
    reasons: Option<&[Reason]>,
    under: Option<&Policy>,
    new: &str,
) -> Again {
    let past = Past {
        dossier,
        asks_advisories: dossier.advisories.known().is_some(),
        reasons,
        under,
    };
    decide_again(&past, &policy(new), at(NOW))
}

fn holds(rule: &'static str, waived: Option<&str>) -> Reason {
    Reason {
        rule: RuleId::of(rule),
        message: "it is so".to_owned(),
        asks: Action::Hold {
            until: at("2026-11-09T00:00:00Z"),
        },
        waived: waived.map(str::to_owned),
    }
}

#[test]
fn under_the_same_policy_the_same_comes_out() {
    let default = Policy::default();
    for published in [
        "2026-10-30T00:00:00Z",
        "2026-11-03T00:00:00Z",
        "2020-01-01T00:00:00Z",
    ] {
        let release = dossier("npm", "pkg", "1.2.4", published);
        let then = decided(&release, &default);
        let now = again(&release, Some(&then.reasons), Some(&default), "");
        assert_eq!(now.action, then.action, "{published}");
        assert_eq!(now.not_known, [""; 0], "{published}");
    }
}

#[test]
fn a_longer_age_holds_what_was_delivered_and_a_shorter_one_delivers_what_was_held() {
    let default = Policy::default();
    let longer = "[rules.version-age]\nage = \"7d\"\n";
    let again_ = again(&of_five_days(), Some(&[]), Some(&default), longer);
    assert_eq!(again_.offers(), Some(false));
    assert!(again_.only_its_age);
    insta::assert_snapshot!(again_.reasons[0].message, @"published 2026-10-30 00:00 UTC, policy wants 7 d");

    let young = dossier("npm", "pkg", "1.2.4", "2026-11-03T00:00:00Z");
    let then = decided(&young, &default);
    let shorter = "[rules.version-age]\nage = \"2h\"\n";
    let now = again(&young, Some(&then.reasons), Some(&default), shorter);
    assert_eq!(now.offers(), Some(true), "{now:?}");
}

#[test]
fn denials_and_new_advisories_block_what_nobody_decided_about() {
    let release = dossier("npm", "pkg", "1.2.4", "2020-01-01T00:00:00Z");
    let default = Policy::default();
    let now = again(&release, None, Some(&default), "deny = [\"pkg:npm/pkg\"]\n");
    assert_eq!(
        (now.offers(), now.reasons[0].rule.as_str()),
        (Some(false), "denied")
    );

    let mut known = release;
    known.advisories = Known::Is(vec![AdvisoryMatch {
        id: "MAL-1".to_owned(),
        malicious: true,
        summary: "steals".to_owned(),
        source: "a folder".to_owned(),
        reviewed: true,
        fixed_in: Vec::new(),
    }]);
    let now = again(&known, None, Some(&default), "");
    assert_eq!(
        (now.offers(), now.reasons[0].rule.as_str()),
        (Some(false), "known-malicious")
    );
}

#[test]
fn a_mode_that_changes_gives_a_recorded_rule_its_effect_or_takes_it() {
    let default = Policy::default();
    let spoke = [holds("dormant-name", None)];
    let now = again(
        &of_five_days(),
        Some(&spoke),
        Some(&default),
        "[rules.dormant-name]\nmode = \"warn\"\n",
    );
    assert_eq!(now.offers(), Some(true));
    assert_eq!(now.reasons[0].waived.as_deref(), Some("mode warn"));

    let warned = policy("[rules.dormant-name]\nmode = \"warn\"\n");
    let spoke = [holds("dormant-name", Some("mode warn"))];
    let now = again(&of_five_days(), Some(&spoke), Some(&warned), "");
    assert_eq!(now.offers(), Some(false));
}

#[test]
fn what_nobody_looked_at_is_not_known() {
    let off = policy("[rules.dormant-name]\nmode = \"off\"\n");
    let now = again(&of_five_days(), Some(&[]), Some(&off), "");
    assert_eq!(now.offers(), None);
    insta::assert_snapshot!(now.not_known.join("\n"), @"dormant-name was off, and did not look");

    let default = Policy::default();
    let now = again(
        &of_five_days(),
        Some(&[]),
        Some(&default),
        "[rules.dormant-name]\nafter = \"30d\"\n",
    );
    insta::assert_snapshot!(now.not_known.join("\n"), @"dormant-name.after was 365d, would be 30d: what it goes by is not kept");
    // The other way round nothing new is asked.
    let now = again(
        &of_five_days(),
        Some(&[]),
        Some(&default),
        "[rules.dormant-name]\nafter = \"999d\"\n",
    );
    assert_eq!(now.offers(), Some(true));

    let now = again(&of_five_days(), Some(&[]), None, "");
    insta::assert_snapshot!(now.not_known.join("\n"), @"the policy that it was decided under was not kept");
}

#[test]
fn a_longer_window_asks_about_releases_that_nobody_looked_at() {
    let default = Policy::default();
    let wide = "change-window = \"90d\"\n";
    let of_two_months = dossier("npm", "pkg", "1.2.4", "2026-09-01T00:00:00Z");
    let now = again(&of_two_months, None, Some(&default), wide);
    assert_eq!(now.offers(), None);
    for published in ["2026-10-30T00:00:00Z", "2020-01-01T00:00:00Z"] {
        let release = dossier("npm", "pkg", "1.2.4", published);
        let now = again(&release, Some(&[]), Some(&default), wide);
        assert_eq!(now.offers(), Some(true), "{published}: {now:?}");
    }
}

#[test]
fn what_is_refused_anyway_is_refused_whatever_is_not_known() {
    let now = again(
        &of_five_days(),
        Some(&[]),
        None,
        "deny = [\"pkg:npm/pkg\"]\n",
    );
    assert_eq!(now.offers(), Some(false));
}

#[test]
fn what_was_over_by_then_holds_nothing() {
    let mut spoke = holds("dormant-name", None);
    spoke.asks = Action::Hold { until: at(NOW) };
    let now = again(
        &of_five_days(),
        Some(&[spoke]),
        Some(&Policy::default()),
        "",
    );
    assert_eq!(now.offers(), Some(true));
}
