//! Releases that must be spoken of.

use super::*;

/// Five releases of a line by a trusted publisher, ten days apart.
fn line(name: &str, repository: &str) -> Vec<Shown> {
    (0..5)
        .map(|at| trusted(&format!("{name}@1.{at}.0"), at * 10, repository))
        .collect()
}

fn outcome(shown: &Shown, earlier: &[Shown]) -> Outcome {
    both(shown, earlier).outcome
}

#[test]
fn axios_1_14_1_is_blocked() {
    let mut earlier = vec![by_hand("axios@1.8.0", 60)];
    for (at, version) in ["1.13.4", "1.13.5", "1.13.6", "1.14.0"].iter().enumerate() {
        let on = 392 + 15 * i64::try_from(at).unwrap();
        earlier.push(trusted(&format!("axios@{version}"), on, "axios/axios"));
    }
    let attack = Shown {
        publisher: Seen::Is(person("maintainer", "proton.example")),
        dependencies: Seen::Is(names(&["follow-redirects", "plain-crypto-js"])),
        ..by_hand("axios@1.14.1", 455)
    };
    let judgement = both(&attack, &earlier);
    assert_eq!(judgement.outcome, Outcome::Block);
    insta::assert_snapshot!(judgement.sentence, @r"1.14.0 was built by GitHub Actions of axios/axios; 1.14.1 has no provenance and no trusted publisher, was published by a person (maintainer) from a new e-mail domain (proton.example) and adds the dependency plain-crypto-js.");
    assert_eq!(judgement.asides, Vec::<String>::new());

    // Each of its companions would have been enough.
    let domain = Shown {
        dependencies: Seen::Is(names(&["follow-redirects"])),
        ..attack.clone()
    };
    let dependency = Shown {
        publisher: Seen::Is(person("maintainer", "maintainer.example")),
        ..attack.clone()
    };
    assert_eq!(outcome(&domain, &earlier), Outcome::Block);
    assert_eq!(outcome(&dependency, &earlier), Outcome::Block);
}

#[test]
fn cline_2_3_0_warns_at_least() {
    let earlier = [
        attested("cline@2.2.2", 1, "cline/cline"),
        attested("cline@2.2.3", 9, "cline/cline"),
        // Published later: it says nothing about what came before.
        attested("cline@2.4.0", 30, "cline/cline"),
    ];
    let attack = by_hand("cline@2.3.0", 20);
    assert_eq!(outcome(&attack, &earlier), Outcome::Warn);
    let with_script = Shown {
        scripts: Seen::Is(names(&["postinstall"])),
        ..attack
    };
    assert_eq!(outcome(&with_script, &earlier), Outcome::Block);
}

/// pnpm#8889.
#[test]
fn nx_of_august_2025_is_blocked() {
    let earlier = [offered("nx@21.4.0", 200), offered("nx@21.4.1", 215)];
    let attack = Shown {
        scripts: Seen::Is(names(&["postinstall"])),
        ..by_hand("nx@21.5.0", 237)
    };
    let judgement = both(&attack, &earlier);
    assert_eq!(judgement.outcome, Outcome::Block);
    insta::assert_snapshot!(judgement.sentence, @r"21.4.1 came with provenance; 21.5.0 has no provenance, was published by a person (maintainer) and adds the script postinstall.");
}

/// Valid provenance of the right repository and workflow, from a ref that is neither a tag nor
/// the main branch.
#[test]
fn tanstack_of_may_2026_warns_by_its_ref() {
    let earlier = line("@tanstack/history", "TanStack/router");
    let attack = trusted("@tanstack/history@1.5.0", 60, "TanStack/router");
    let attack = rebuilt(attack, |identity| {
        identity.git_ref = Some("refs/pull/7/merge".into())
    });
    let judgement = both(&attack, &earlier);
    assert_eq!(judgement.outcome, Outcome::Warn);
    insta::assert_snapshot!(judgement.sentence, @r"From 1.4.0 to 1.5.0 the ref changed from the main branch to another ref (refs/pull/7/merge).");
    let with_script = Shown {
        scripts: Seen::Is(names(&["prepare"])),
        ..attack
    };
    assert_eq!(outcome(&with_script, &earlier), Outcome::Block);
}

#[test]
fn a_repository_that_was_resurrected_under_its_old_name_warns() {
    let attack = rebuilt(trusted("a@1.5.0", 60, "a/a"), |identity| {
        identity.repository.as_mut().unwrap().id = Some("9009".into());
    });
    let judgement = both(&attack, &line("a", "a/a"));
    assert_eq!(judgement.outcome, Outcome::Warn);
    insta::assert_snapshot!(judgement.sentence, @r"From 1.4.0 to 1.5.0 the repository changed from a/a (id 1001) to a/a (id 9009), another one of the same name.");
    // One that does not tell its number any more may be another one as well.
    let unnumbered = rebuilt(trusted("a@1.5.0", 60, "a/a"), |identity| {
        identity.repository.as_mut().unwrap().id = None;
    });
    assert_eq!(outcome(&unnumbered, &line("a", "a/a")), Outcome::Warn);
}

#[test]
fn a_repository_that_was_renamed_is_a_note() {
    let renamed = rebuilt(trusted("a@1.5.0", 60, "a/a"), |identity| {
        identity.repository.as_mut().unwrap().uri = "https://github.com/a/b".into();
    });
    let judgement = both(&renamed, &line("a", "a/a"));
    assert_eq!(judgement.outcome, Outcome::Note);
    insta::assert_snapshot!(judgement.sentence, @r"From 1.4.0 to 1.5.0 the repository was renamed from a/a (id 1001) to a/b (id 1001).");
}

#[test]
fn each_part_of_an_identity_that_weakens_or_moves_warns() {
    type Change = fn(&mut Identity);
    let changes: [(&str, Change); 8] = [
        ("workflow", |i| {
            i.workflow = Some(".github/workflows/ci.yml".into())
        }),
        ("builder", |i| i.builder = Some(BuilderClass::SelfHosted)),
        ("builder", |i| i.builder = None),
        ("signing workflow", |i| {
            i.signer = Some("x/y/.github/workflows/z.yml".into())
        }),
        ("owner", |i| {
            i.owner.as_mut().unwrap().id = Some("3003".into())
        }),
        ("issuer", |i| i.issuer = "https://gitlab.com".into()),
        ("ref", |i| i.git_ref = None),
        ("trigger", |i| {
            i.trigger = Some("pull_request_target".into())
        }),
    ];
    for (part, change) in changes {
        let shown = rebuilt(trusted("a@1.5.0", 60, "a/a"), change);
        let judgement = both(&shown, &line("a", "a/a"));
        assert_eq!(judgement.outcome, Outcome::Warn, "{}", judgement.sentence);
        let parts: Vec<&str> = judgement
            .changes
            .iter()
            .filter_map(|change| match change {
                super::Change::Identity { part, .. } => Some(*part),
                _ => None,
            })
            .collect();
        assert_eq!(parts, [part]);
        let with_dependency = Shown {
            dependencies: Seen::Is(names(&["follow-redirects", "new"])),
            ..shown
        };
        assert_eq!(outcome(&with_dependency, &line("a", "a/a")), Outcome::Block);
    }
}

#[test]
fn a_stronger_identity_is_quiet() {
    let shown = rebuilt(trusted("a@1.5.0", 60, "a/a"), |identity| {
        identity.git_ref = Some("refs/tags/v1.5.0".into());
        identity.environment = Some("release".into());
        identity.trigger = Some("release".into());
    });
    assert_eq!(outcome(&shown, &line("a", "a/a")), Outcome::Quiet);
}

/// The loss of one axis is seen whatever the others do.
#[test]
fn a_lost_signature_or_approval_warns() {
    let earlier = line("a", "a/a");
    let unsigned = Shown {
        signature: Seen::Absent,
        ..trusted("a@1.5.0", 60, "a/a")
    };
    assert_eq!(outcome(&unsigned, &earlier), Outcome::Warn);
    let staged = |release: &str, on: i64| Shown {
        approval: Seen::Is("approver".into()),
        ..attested(release, on, "a/a")
    };
    let direct = attested("a@1.5.0", 60, "a/a");
    assert_eq!(outcome(&direct, &[staged("a@1.4.0", 40)]), Outcome::Warn);
}

/// A token that publishes from a pipeline of its own cannot pass off old provenance as new.
#[test]
fn a_false_proof_is_blocked_where_a_true_one_is_usual_and_cannot_be_accepted() {
    let earlier = line("a", "a/a");
    let forged = Shown {
        provenance: Seen::Is(Provenance::Refuted("its subject is a@1.4.0".into())),
        ..trusted("a@1.5.0", 60, "a/a")
    };
    let judgement = both(&forged, &earlier);
    assert_eq!(judgement.outcome, Outcome::Block);
    insta::assert_snapshot!(judgement.sentence, @r"In 1.5.0 the provenance is false: its subject is a@1.4.0.");
    let mut file = recorded(&earlier);
    let before = file.clone();
    let refused = accept(&mut file, &forged, &judgement, "it is fine", day(61));
    assert!(matches!(refused, Err(AcceptError::False(_))));
    assert_eq!(file, before);
    let first = judged(&forged, &[], &TrustFile::default());
    assert_eq!(first.outcome, Outcome::Warn, "first use never blocks");
}

/// Five harmless releases in an hour do not make the loss the line's own way.
#[test]
fn quick_releases_do_not_push_the_evidence_out_of_sight() {
    let mut earlier = line("a", "a/a");
    for at in 1..=8 {
        earlier.push(by_hand(&format!("a@1.4.{at}"), 60));
    }
    let attack = Shown {
        dependencies: Seen::Is(names(&["follow-redirects", "new"])),
        ..by_hand("a@1.5.0", 61)
    };
    let judgement = judged(&attack, &earlier, &TrustFile::default());
    assert_eq!(judgement.outcome, Outcome::Block, "{}", judgement.sentence);
}
