//! The rules one by one.

use super::*;

#[test]
fn first_use_never_blocks() {
    let stranger = Shown {
        publisher: Seen::Is(person("stranger", "new.example")),
        scripts: Seen::Is(names(&["postinstall"])),
        ..by_hand("a@1.0.0", 1)
    };
    let judgement = judged(&stranger, &[], &TrustFile::default());
    assert_eq!(judgement.outcome, Outcome::Quiet);
    insta::assert_snapshot!(judgement.sentence, @r"1.0.0 is the first release of line 1 that is seen here; it shows signature of the registry.");
}

#[test]
fn what_nobody_asked_is_not_checked_and_what_is_absent_at_first_is_quiet() {
    let release = by_hand("axios@1.14.0", 1).release;
    let mut shown = Shown::nothing_asked(release, "the registry was not asked");
    let (file, past) = (TrustFile::default(), Past::default());
    let case = |shown: &Shown| {
        judge(&Case {
            shown,
            registry: REGISTRY,
            past: &past,
            file: &file,
        })
    };
    assert!(matches!(case(&shown).outcome, Outcome::NotChecked(_)));
    shown.signature = Seen::Absent;
    shown.provenance = Seen::Absent;
    shown.trusted_publisher = Seen::Absent;
    shown.approval = Seen::Absent;
    assert_eq!(case(&shown).outcome, Outcome::Quiet);
}

#[test]
fn a_new_line_that_lacks_what_the_line_below_has_is_a_note() {
    let earlier = [trusted("a@1.9.0", 1, "a/a")];
    let opened = Shown {
        publisher: Seen::Is(person("stranger", "new.example")),
        ..by_hand("a@2.0.0", 20)
    };
    let judgement = judged(&opened, &earlier, &TrustFile::default());
    assert_eq!(judgement.outcome, Outcome::Note);
    insta::assert_snapshot!(judgement.sentence, @r"2.0.0 opens release line 2 and has no provenance and no trusted publisher, which 1.9.0 of the line below has.");
}

#[test]
fn a_loss_alone_on_an_old_line_is_a_note_and_with_a_new_script_a_block() {
    let earlier = [
        attested("a@1.0.0", 1, "a/a"),
        attested("a@2.0.0", 10, "a/a"),
    ];
    let late = by_hand("a@1.0.1", 300);
    assert_eq!(both(&late, &earlier).outcome, Outcome::Note);
    assert_eq!(
        both(&by_hand("a@1.0.1", 100), &earlier).outcome,
        Outcome::Warn
    );
    let with_script = Shown {
        scripts: Seen::Is(names(&["install"])),
        ..late
    };
    assert_eq!(both(&with_script, &earlier).outcome, Outcome::Block);
}

#[test]
fn a_loss_that_has_stood_for_long_warns_and_does_not_block() {
    let mut earlier = vec![trusted("a@1.0.0", 1, "a/a")];
    for at in 1..=3 {
        earlier.push(by_hand(&format!("a@1.{at}.0"), 10 + 10 * at));
    }
    let shown = Shown {
        dependencies: Seen::Is(names(&["follow-redirects", "new"])),
        ..by_hand("a@1.4.0", 50)
    };
    assert_eq!(
        judged(&shown, &earlier, &TrustFile::default()).outcome,
        Outcome::Warn
    );
}

#[test]
fn the_three_kinds_of_nothing_have_three_answers() {
    let earlier = [attested("a@1.0.0", 1, "a/a")];
    let with = |provenance: Seen<Provenance>| {
        let shown = Shown {
            provenance,
            ..by_hand("a@1.1.0", 9)
        };
        both(&shown, &earlier)
    };
    assert_eq!(with(Seen::Absent).outcome, Outcome::Warn);
    let stripped = with(Seen::Stripped);
    assert_eq!(stripped.outcome, Outcome::NotChecked(Unseen::Stripped));
    let not_asked = with(Seen::not_asked("offline"));
    assert_eq!(not_asked.outcome, Outcome::NotChecked(Unseen::NotAsked));
    let not_carried = with(Seen::NotApplicable);
    assert_eq!(not_carried.outcome, Outcome::NotChecked(Unseen::NotCarried));
    insta::assert_snapshot!([stripped.sentence, not_asked.sentence, not_carried.sentence].join("\n"), @r"
1.1.0 was not checked against 1.0.0: evidence was stripped on the way (provenance).
1.1.0 was not checked against 1.0.0: nobody asked for the provenance (offline).
1.1.0 was not checked against 1.0.0: this registry carries no provenance.
");
}

#[test]
fn what_was_not_asked_hides_no_warning() {
    let earlier = [trusted("a@1.0.0", 1, "a/a")];
    let shown = Shown {
        provenance: Seen::not_asked("offline"),
        ..by_hand("a@1.1.0", 9)
    };
    assert_eq!(both(&shown, &earlier).outcome, Outcome::Warn);
}

#[test]
fn what_nobody_ever_asked_is_not_checked_and_what_was_never_there_cannot_be_lost() {
    let unasked = |version: &str| {
        let release = format!("pkg:npm/a@{version}").parse().unwrap();
        Shown::nothing_asked(release, "offline")
    };
    let earlier = [unasked("1.0.0")];
    let judgement = judged(&unasked("1.1.0"), &earlier, &TrustFile::default());
    assert_eq!(judgement.outcome, Outcome::NotChecked(Unseen::NotAsked));
    let earlier = [Shown {
        signature: Seen::NotApplicable,
        ..by_hand("a@1.0.0", 1)
    }];
    let judgement = judged(&unasked("1.1.0"), &earlier, &recorded(&earlier));
    assert_eq!(judgement.outcome, Outcome::Quiet);
    insta::assert_snapshot!(judgement.sentence, @r"Nobody asked what 1.1.0 shows; 1.0.0 had nothing that it could lose.");
    assert_eq!(judgement.asides.len(), 4);
}

#[test]
fn an_offer_is_no_verification() {
    let file = recorded(&[attested("a@1.0.0", 1, "a/a")]);
    let judgement = judged(&offered("a@1.1.0", 9), &[], &file);
    assert_eq!(judgement.outcome, Outcome::NotChecked(Unseen::NotVerified));
    // Where nothing was verified before, an offer follows an offer.
    let judgement = judged(
        &offered("a@1.1.0", 9),
        &[offered("a@1.0.0", 1)],
        &TrustFile::default(),
    );
    assert_eq!(judgement.outcome, Outcome::Quiet);
}

#[test]
fn nobody_is_held_to_be_new_while_not_all_earlier_releases_were_looked_at() {
    let earlier = vec![trusted("a@1.0.0", 1, "a/a")];
    let shown = Shown {
        publisher: Seen::Is(person("stranger", "new.example")),
        ..by_hand("a@1.1.0", 9)
    };
    let past = Past {
        earlier,
        ..Past::default()
    };
    let file = TrustFile::default();
    let case = Case {
        shown: &shown,
        registry: REGISTRY,
        past: &past,
        file: &file,
    };
    let judgement = judge(&case);
    assert_eq!(judgement.outcome, Outcome::Warn);
    insta::assert_snapshot!(judgement.asides.join("\n"), @r"Whether its publisher is new to the package was not checked: not all earlier releases were looked at");
    let people = Seen::Is(People::default());
    let past = Past {
        people,
        ..past.clone()
    };
    assert_eq!(
        judge(&Case {
            past: &past,
            ..case
        })
        .outcome,
        Outcome::Block
    );
}

#[test]
fn what_somebody_compared_counts_instead_of_the_sets() {
    let file = recorded(&[attested("a@1.0.0", 1, "a/a")]);
    let shown = Shown {
        dependencies: Seen::not_asked("offline"),
        ..by_hand("a@1.1.0", 9)
    };
    let with = |dependencies: &[&str]| {
        let added = Added {
            dependencies: names(dependencies),
            scripts: names(&[]),
        };
        let past = Past {
            added: Some(added),
            ..past(&[])
        };
        let case = Case {
            shown: &shown,
            registry: REGISTRY,
            past: &past,
            file: &file,
        };
        judge(&case).outcome
    };
    assert_eq!(with(&["new"]), Outcome::Block);
    assert_eq!(with(&[]), Outcome::Warn);
}

#[test]
fn an_older_release_than_the_recorded_one_lost_nothing_unless_it_is_published_since() {
    let file = recorded(&[attested("a@1.5.0", 50, "a/a")]);
    assert_eq!(
        judged(&by_hand("a@1.2.0", 10), &[], &file).outcome,
        Outcome::Quiet
    );
    assert_eq!(
        judged(&by_hand("a@1.4.9", 60), &[], &file).outcome,
        Outcome::Warn
    );
}

#[test]
fn a_prerelease_is_compared_with_all_releases_before_it() {
    let earlier = [attested("a@1.0.0", 1, "a/a")];
    assert_eq!(
        both(&by_hand("a@1.1.0-beta.1", 9), &earlier).outcome,
        Outcome::Warn
    );
}

#[test]
fn the_same_rules_hold_for_python() {
    let of = |version: &str, on: i64, provenance: Seen<Provenance>| Shown {
        release: format!("pkg:pypi/a@{version}").parse().unwrap(),
        signature: Seen::NotApplicable,
        approval: Seen::NotApplicable,
        trusted_publisher: Seen::NotApplicable,
        provenance,
        ..by_hand("a@1.0.0", on)
    };
    let identity = || Seen::Is(Provenance::Verified(Box::new(built_by("a/a"))));
    let earlier = [of("1.0", 1, identity()), of("1!0.1", 2, Seen::Absent)];
    assert_eq!(
        both(&of("1.1.post1", 9, Seen::Absent), &earlier).outcome,
        Outcome::Warn
    );
    assert_eq!(
        both(&of("1.1", 9, identity()), &earlier).outcome,
        Outcome::Quiet
    );
    assert_eq!(
        both(&of("1!0.1.1", 9, Seen::Absent), &earlier).outcome,
        Outcome::Quiet
    );
}

#[test]
fn a_version_without_a_place_in_the_order_is_not_checked() {
    let shown = by_hand("a@latest", 1);
    let judgement = judged(&shown, &[], &TrustFile::default());
    assert_eq!(judgement.outcome, Outcome::NotChecked(Unseen::NoLine));
}

#[test]
fn words_of_strangers_are_made_safe() {
    let shown = Shown {
        publisher: Seen::Is(person("a\u{1b}[31m", "x\u{202e}.example")),
        dependencies: Seen::Is(names(&["follow-redirects", "b\nc"])),
        ..by_hand("a@1.1.0", 9)
    };
    let judgement = both(&shown, &[trusted("a@1.0.0", 1, "a/a")]);
    assert_eq!(judgement.outcome, Outcome::Block);
    assert!(
        judgement
            .sentence
            .chars()
            .all(|c| !c.is_control() && c != '\u{202e}')
    );
}

fn offered_beta() -> Shown {
    offered("a@1.2.0-beta.1", 12)
}

/// Who built a release before is known only of an attestation that was verified.
#[test]
fn another_builder_is_told_on_first_use_where_the_release_before_was_verified_and_not_without() {
    let earlier = [trusted("a@1.0.0", 1, "a/a"), trusted("a@1.1.0", 9, "a/a")];
    let other = rebuilt(trusted("a@1.2.0", 20, "a/a"), |identity| {
        identity.repository.as_mut().unwrap().id = Some("9009".into());
    });
    let only_offered = judged(&other, &as_offered(&earlier), &TrustFile::default());
    assert_eq!(only_offered.outcome, Outcome::Quiet);
    assert_eq!(both(&other, &earlier).outcome, Outcome::Warn);
    let named = |earlier: &[Shown], file: &TrustFile| {
        let past = past(earlier);
        let case = Case {
            shown: &other,
            registry: REGISTRY,
            past: &past,
            file,
        };
        to_verify(&case).map(ReleaseId::spoken)
    };
    let fresh = TrustFile::default();
    let mut offered = as_offered(&earlier);
    offered.push(offered_beta());
    assert_eq!(named(&offered, &fresh).as_deref(), Some("a@1.1.0"));
    // Only a prerelease has one.
    let beta = named(&[offered_beta()], &fresh);
    assert_eq!(beta.as_deref(), Some("a@1.2.0-beta.1"));
    // Nothing is offered, it is verified, or a record says it.
    assert_eq!(named(&[by_hand("a@1.1.0", 9)], &fresh), None);
    assert_eq!(named(&earlier, &fresh), None);
    assert_eq!(named(&offered, &recorded(&earlier)), None);
}
