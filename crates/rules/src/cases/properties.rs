//! What holds for every dossier.

use super::under;
use crate::sample::{at, dossier, predecessor, version};
use crate::{Age, Policy};
use customs_model::{
    Action, AddedDependency, Dossier, Evidence, FirstSight, IdentityActivity, Known, NameLikeness,
    Origin, PackageName, Publisher, PublisherKind, SignedDuration, Timestamp, UnmetDependency,
};
use proptest::option;
use proptest::prelude::*;

const HOUR: i64 = 3600;

/// An instant within some 60 days around the present, to the minute.
fn instant() -> impl Strategy<Value = Timestamp> {
    (-45 * 24 * 60i64..15 * 24 * 60).prop_map(|minutes| now() + SignedDuration::from_mins(minutes))
}

fn now() -> Timestamp {
    at("2026-11-24T12:00:00Z")
}

fn origin() -> impl Strategy<Value = Origin> {
    let kind = prop_oneof![
        Just(PublisherKind::Account),
        Just(PublisherKind::TrustedPublisher)
    ];
    let evidence = prop_oneof![
        Just(Evidence::None),
        Just(Evidence::Provenance),
        Just(Evidence::TrustedPublisher)
    ];
    ("[ab]", kind, evidence).prop_map(|(name, kind, evidence)| Origin {
        publisher: Known::Is(Publisher {
            mail_domain: Some(format!("{name}.example")),
            name,
            kind,
        }),
        evidence: Known::Is(evidence),
    })
}

fn added() -> impl Strategy<Value = AddedDependency> {
    let runs = prop_oneof![
        Just(Known::Is(true)),
        Just(Known::Is(false)),
        Just(Known::not_known("gone"))
    ];
    (instant(), instant(), runs).prop_map(|(published, earliest, runs)| AddedDependency {
        name: "dep".to_owned(),
        requirement: "*".to_owned(),
        newest: Some(version("1.0.0")),
        artifact: None,
        published: Known::Is(published),
        package_earliest: Known::Is(earliest.min(published)),
        runs,
    })
}

prop_compose! {
    fn times()(
        published in option::weighted(0.8, instant()),
        before in option::weighted(0.2, instant()),
        modified in option::weighted(0.3, instant()),
        seen in instant(),
        baseline in any::<bool>(),
        gap in option::of(0i64..30 * 24),
    ) -> Dossier {
        let mut d = dossier("npm", "pkg", "1.2.4", "2026-11-24T12:00:00Z");
        d.published = published.map_or(Known::NotApplicable, Known::Is);
        d.published_before = before;
        d.last_modified = modified;
        let seen = seen.min(now());
        let not_before = gap.filter(|_| !baseline).map(|hours| seen - SignedDuration::from_hours(hours));
        d.first_seen = Some(FirstSight { at: seen, baseline, not_before });
        d
    }
}

prop_compose! {
    fn any_dossier()(
        mut d in times(),
        earliest in option::of(instant()),
        previous in option::of(-800i64..0),
        lines in 1usize..3,
        packages in 1usize..7,
        dependencies in prop::collection::vec(added(), 0..3),
        unmet in prop::collection::vec(option::of(instant()), 0..2),
        (before, after) in (origin(), origin()),
        changes in prop::array::uniform4(any::<bool>()),
    ) -> Dossier {
        d.history.earliest = earliest;
        d.history.previous_publication = previous.map(|days| now() + SignedDuration::from_hours(24 * days));
        d.history.lines_within_hour = lines;
        d.activity = Known::Is(IdentityActivity { packages_within_hour: packages });
        d.history.earlier_publishers = vec!["a".to_owned()];
        d.origin = before;
        if changes[0] {
            d.predecessor = Some(predecessor(&d, "1.2.3"));
        }
        d.origin = after;
        d.manifest.runs.binding_gyp = Some(changes[1]);
        d.added_dependencies = dependencies;
        let dep = PackageName::new(customs_model::Ecosystem::Npm, "dep").unwrap();
        d.unmet = unmet.into_iter().map(|until| UnmetDependency {
            package: dep.clone(), requirement: "*".to_owned(), until,
        }).collect();
        d.likeness = changes[2].then(|| NameLikeness { of: dep, how: "alike".to_owned() });
        d
    }
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c == '\u{202e}')
}

fn exempting(expires: Timestamp) -> Policy {
    super::policy(&format!(
        "[[exemption]]\nmatch = \"pkg:npm/pkg\"\nrules = [\"version-age\", \"new-install-script\"]\n\
         reason = \"r\"\nowner = \"o\"\nexpires = \"{expires}\"\n"
    ))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn until_the_next_change_nothing_changes_and_then_it_does(
        d in any_dossier(),
        expires in instant(),
        exempted in any::<bool>(),
        part in 0.0..1.0f64,
    ) {
        let policy = if exempted { exempting(expires) } else { Policy::default() };
        let decision = under(&policy, &d, now());
        let horizon = now() + SignedDuration::from_hours(24 * 90);
        let end = decision.next_change.unwrap_or(horizon);
        prop_assert!(end > now());
        let seconds = end.duration_since(now()).as_secs() as f64 * part;
        let between = (now() + SignedDuration::from_secs(seconds as i64)).min(end - SignedDuration::from_nanos(1));
        prop_assert_eq!(&under(&policy, &d, between).action, &decision.action);
        let last = end - SignedDuration::from_nanos(1);
        prop_assert_eq!(&under(&policy, &d, last).action, &decision.action);
        if let Some(next) = decision.next_change {
            prop_assert_ne!(&under(&policy, &d, next).action, &decision.action);
        }
    }

    #[test]
    fn nothing_but_malware_and_denials_lasts_for_ever(d in any_dossier()) {
        match under(&Policy::default(), &d, now()).action {
            Action::Allow => {}
            Action::Hold { until } => prop_assert!(until > now()),
            Action::Block { until } => prop_assert!(until.is_some_and(|until| until > now())),
        }
        let far = under(&Policy::default(), &d, now() + SignedDuration::from_hours(24 * 60));
        prop_assert_eq!(far.action, Action::Allow);
    }

    #[test]
    fn a_version_older_than_the_limit_is_never_held_for_its_age(d in any_dossier()) {
        let age = Age::of(&d, now());
        let old = age.since().is_none_or(|since| now().duration_since(since).as_secs() >= 72 * HOUR);
        let decision = under(&Policy::default(), &d, now());
        let held_for_age = decision.reasons.iter().any(|r| {
            ["version-age", "publish-time-unknown"].contains(&r.rule.as_str()) && !r.asks.allows()
        });
        prop_assert_eq!(held_for_age, !old);
    }

    #[test]
    fn an_honest_publish_time_is_the_age(published in instant(), late in 0i64..40 * 24, look in 1i64..40 * 24) {
        let published = published.min(now());
        let mut d = dossier("npm", "pkg", "1.2.4", "2026-11-24T12:00:00Z");
        d.published = Known::Is(published);
        let seen = (published + SignedDuration::from_hours(late)).min(now());
        let not_before = Some(published - SignedDuration::from_hours(look));
        d.first_seen = Some(FirstSight { at: seen, baseline: false, not_before });
        prop_assert_eq!(Age::of(&d, now()), Age::Published(published));
    }

    #[test]
    fn the_same_question_has_the_same_answer(d in any_dossier()) {
        let answer = || serde_json::to_string(&under(&Policy::default(), &d, now())).unwrap();
        prop_assert_eq!(answer(), answer());
    }

    #[test]
    fn a_stricter_policy_admits_nothing_more(d in any_dossier()) {
        let strict = super::policy("[rules.version-age]\nage = \"14d\"\n[rules.new-install-script]\nhold = \"20d\"\n");
        let (sum, ignored) = Policy::default().tightened_by(&strict);
        prop_assert!(ignored.is_empty());
        if under(&sum, &d, now()).action.allows() {
            prop_assert!(under(&Policy::default(), &d, now()).action.allows());
        }
    }

    #[test]
    fn every_message_is_one_printable_line(d in any_dossier(), text in "\\PC{0,10}[\u{0}-\u{1f}\u{202e}]{0,3}") {
        let mut d = d;
        d.added_dependencies.iter_mut().for_each(|a| a.name.push_str(&text));
        d.manifest.runs.scripts.insert(text.clone(), text.clone());
        let decision = under(&Policy::default(), &d, now());
        let line = crate::sentence(&decision, &d.release, None);
        prop_assert!(is_printable(&line), "{}", line);
        for reason in &decision.reasons {
            prop_assert!(is_printable(&reason.message), "{}", reason.message);
        }
    }
}
