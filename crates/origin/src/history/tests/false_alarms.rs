//! Releases that other tools cried out about (the references are in each test). None may block.

use super::*;

fn quiet(shown: &Shown, earlier: &[Shown]) -> String {
    let judgement = both(shown, earlier);
    assert_eq!(judgement.outcome, Outcome::Quiet, "{}", judgement.sentence);
    judgement.asides.join(" ")
}

fn warns(shown: &Shown, earlier: &[Shown]) -> String {
    let judgement = both(shown, earlier);
    assert_eq!(judgement.outcome, Outcome::Warn, "{}", judgement.sentence);
    judgement.sentence
}

/// pnpm#10202, npm/node-semver#886: lines 5 and 6 never had provenance, 7 had before and after.
#[test]
fn semver_6_3_1_and_5_7_2_are_of_lines_that_never_had_provenance() {
    let npm = "npm/node-semver";
    let seventh = [
        offered("semver@7.5.2", 10),
        attested("semver@7.5.3", 20, npm),
    ];
    let aside = quiet(
        &by_hand("semver@6.3.1", 30),
        &[&[by_hand("semver@6.3.0", 1)], &seventh[..]].concat(),
    );
    assert_eq!(
        aside,
        "7.5.3 of line 7 has provenance; line 6 never showed any"
    );
    let earlier = [&[by_hand("semver@5.7.1", 1)], &seventh[..]].concat();
    quiet(&by_hand("semver@5.7.2", 30), &earlier);
}

/// aube#1088: a backport on the day after 10.1.3.
#[test]
fn octokit_endpoint_9_0_6_is_a_backport() {
    let earlier = [
        by_hand("@octokit/endpoint@9.0.5", 1),
        attested("@octokit/endpoint@10.1.3", 44, "octokit/endpoint.js"),
    ];
    quiet(&by_hand("@octokit/endpoint@9.0.6", 45), &earlier);
}

/// aube#1113: by hand, by the only maintainer; line 2 by a trusted publisher.
#[test]
fn hono_node_server_1_19_15_is_a_backport_by_hand() {
    let earlier = [
        by_hand("@hono/node-server@1.19.14", 400),
        trusted("@hono/node-server@2.0.10", 560, "honojs/node-server"),
    ];
    quiet(&by_hand("@hono/node-server@1.19.15", 570), &earlier);
}

/// microsoft/FluidFramework#27260. So 0.30.4, which was an attack, is silent here as well: the
/// rules about new dependencies and scripts have to speak.
#[test]
fn axios_0_30_3_is_a_backport_by_hand_and_0_30_4_is_not_caught_here() {
    let mut earlier = vec![
        by_hand("axios@0.30.2", 300),
        trusted("axios@1.13.5", 400, "axios/axios"),
    ];
    let backport = by_hand("axios@0.30.3", 413);
    quiet(&backport, &earlier);
    earlier.push(backport);
    let attack = Shown {
        publisher: Seen::Is(person("maintainer", "proton.example")),
        dependencies: Seen::Is(names(&["follow-redirects", "plain-crypto-js"])),
        ..by_hand("axios@0.30.4", 455)
    };
    quiet(&attack, &earlier);
}

/// A backport one day after 1.1.8.
#[test]
fn langchain_core_0_3_80_is_a_backport() {
    let earlier = [
        by_hand("@langchain/core@0.3.79", 300),
        trusted("@langchain/core@1.1.8", 356, "langchain-ai/langchainjs"),
    ];
    quiet(&by_hand("@langchain/core@0.3.80", 357), &earlier);
}

/// pnpm#12529.
#[test]
fn ua_parser_js_1_0_41_is_of_another_line_than_what_is_attested() {
    let earlier = [
        by_hand("ua-parser-js@1.0.40", 1),
        attested("ua-parser-js@2.0.4", 200, "faisalman/ua-parser-js"),
    ];
    quiet(&by_hand("ua-parser-js@1.0.41", 210), &earlier);
}

#[test]
fn undici_5_is_of_another_line_than_what_is_attested() {
    let earlier = [
        by_hand("undici@5.28.4", 1),
        attested("undici@6.21.1", 20, "nodejs/undici"),
        attested("undici@7.2.3", 21, "nodejs/undici"),
    ];
    quiet(&by_hand("undici@5.28.5", 22), &earlier);
}

/// pnpm#10622: another line had a trusted publisher, this one provenance only.
#[test]
fn vite_6_4_1_has_what_its_line_has() {
    let earlier = [
        attested("vite@6.4.0", 280, "vitejs/vite"),
        trusted("vite@7.1.10", 285, "vitejs/vite"),
    ];
    quiet(&attested("vite@6.4.1", 290, "vitejs/vite"), &earlier);
}

/// 47ng/nuqs#1378: the same line, the same author, never to be repaired.
#[test]
fn chokidar_4_0_2_and_4_0_3_warn() {
    let repository = "paulmillr/chokidar";
    let mut earlier = vec![
        attested("chokidar@4.0.0", 1, repository),
        attested("chokidar@4.0.1", 8, repository),
        attested("chokidar@5.0.0", 440, repository),
    ];
    let second = by_hand("chokidar@4.0.2", 95);
    insta::assert_snapshot!(warns(&second, &earlier), @r"4.0.1 was built by GitHub Actions of paulmillr/chokidar; 4.0.2 has no provenance and was published by a person (maintainer).");
    earlier.push(second);
    warns(&by_hand("chokidar@4.0.3", 96), &earlier);
}

/// nodejs/undici#4666: the same line, whose earlier releases were attested.
#[test]
fn undici_types_6_21_0_warns() {
    let earlier = [
        attested("undici-types@6.19.8", 1, "nodejs/undici"),
        attested("undici-types@6.20.0", 60, "nodejs/undici"),
    ];
    warns(&by_hand("undici-types@6.21.0", 90), &earlier);
}

/// axios#7338: by hand after a release that failed, by somebody who published before.
#[test]
fn axios_1_13_3_warns() {
    let earlier = [
        by_hand("axios@1.8.0", 60),
        trusted("axios@1.13.1", 300, "axios/axios"),
        trusted("axios@1.13.2", 308, "axios/axios"),
    ];
    insta::assert_snapshot!(warns(&by_hand("axios@1.13.3", 392), &earlier), @r"1.13.2 was built by GitHub Actions of axios/axios; 1.13.3 has no provenance and no trusted publisher and was published by a person (maintainer).");
}

/// radix-ui/primitives#4068: an oversight, published again.
#[test]
fn radix_ui_1_6_4_warns() {
    let earlier = [
        trusted("radix-ui@1.6.2", 1, "radix-ui/primitives"),
        trusted("radix-ui@1.6.3", 9, "radix-ui/primitives"),
    ];
    warns(&by_hand("radix-ui@1.6.4", 20), &earlier);
}

/// better-auth#6328, ts-api-utils#771: stable, without what betas or predecessors had.
#[test]
fn better_auth_1_4_2_and_ts_api_utils_2_1_1_warn() {
    let repository = "better-auth/better-auth";
    let betas = [
        offered("better-auth@1.4.0-beta.1", 1),
        attested("better-auth@1.4.2-beta.1", 9, repository),
    ];
    insta::assert_snapshot!(warns(&by_hand("better-auth@1.4.2", 20), &betas), @r"1.4.2-beta.1 was built by GitHub Actions of better-auth/better-auth; 1.4.2 has no provenance and was published by a person (maintainer) (only prereleases had it).");
    let stable = [
        betas.as_slice(),
        &[trusted("better-auth@1.4.1", 15, repository)],
    ]
    .concat();
    warns(&by_hand("better-auth@1.4.2", 20), &stable);
    let earlier = [
        attested("ts-api-utils@2.0.1", 1, "JoshuaKGoldberg/ts-api-utils"),
        attested("ts-api-utils@2.1.0", 30, "JoshuaKGoldberg/ts-api-utils"),
    ];
    warns(&by_hand("ts-api-utils@2.1.1", 60), &earlier);
}

/// A beta's evidence blocks nothing, even where a dependency is new.
#[test]
fn what_only_betas_had_never_blocks_a_stable_release() {
    let betas = [attested(
        "better-auth@1.4.2-beta.1",
        9,
        "better-auth/better-auth",
    )];
    let shown = Shown {
        dependencies: Seen::Is(names(&["new"])),
        ..by_hand("better-auth@1.4.2", 20)
    };
    warns(&shown, &betas);
}

/// pnpm#10622, swatchbook#1232: reported without detail. In the same line they warn, in another
/// one they are quiet.
#[test]
fn what_was_reported_without_detail_is_quiet_or_warns() {
    for (release, before, other) in [
        (
            "eslint-import-resolver-typescript@3.10.1",
            "eslint-import-resolver-typescript@3.10.0",
            "eslint-import-resolver-typescript@4.3.4",
        ),
        (
            "detect-port@1.6.1",
            "detect-port@1.6.0",
            "detect-port@2.1.0",
        ),
        (
            "tailwind-merge@2.6.1",
            "tailwind-merge@2.6.0",
            "tailwind-merge@3.3.1",
        ),
    ] {
        warns(
            &by_hand(release, 30),
            &[attested(before, 20, "a/b"), attested(other, 25, "a/b")],
        );
        quiet(
            &by_hand(release, 30),
            &[by_hand(before, 20), attested(other, 25, "a/b")],
        );
    }
}

/// pnpm#11887: staged releases show the approver where the trusted publisher stood.
#[test]
fn tinyexec_staged_is_quiet() {
    let earlier = [
        trusted("tinyexec@1.0.1", 200, "tinylibs/tinyexec"),
        trusted("tinyexec@1.0.2", 230, "tinylibs/tinyexec"),
    ];
    let staged = Shown {
        approval: Seen::Is("approver".into()),
        publisher: Seen::Is(person("approver", "approver.example")),
        ..attested("tinyexec@1.1.0", 510, "tinylibs/tinyexec")
    };
    quiet(&staged, &earlier);
    let mut file = recorded(&earlier);
    let judgement = judged(&staged, &earlier, &file);
    let updated = record(&mut file, &staged, &judgement, day(510));
    assert!(matches!(updated, Updated::Newer { .. }), "{updated:?}");
}

/// pnpm#13693: pnpm could not update itself, since a staged release came before.
#[test]
fn pnpm_after_a_staged_release_is_quiet() {
    let staged = Shown {
        approval: Seen::Is("approver".into()),
        trusted_publisher: Seen::Absent,
        ..trusted("pnpm@12.20.0", 590, "pnpm/pnpm")
    };
    let aside = quiet(&trusted("pnpm@12.21.0", 600, "pnpm/pnpm"), &[staged]);
    assert_eq!(
        aside,
        "It was published by the trusted publisher without the approval that an earlier release had"
    );
}

/// CircleCI's trusted publishing carries no provenance.
#[test]
fn a_trusted_publisher_of_circleci_is_quiet_without_provenance() {
    let circle = |release: &str, on: i64| Shown {
        trusted_publisher: Seen::Is(Provider::CircleCi),
        publisher: Seen::Is(Publisher {
            name: "CircleCI".into(),
            mail_domain: None,
            kind: PublisherKind::TrustedPublisher,
        }),
        ..by_hand(release, on)
    };
    quiet(&circle("a@1.1.0", 20), &[circle("a@1.0.0", 10)]);
    quiet(&circle("a@1.1.0", 20), &[by_hand("a@1.0.0", 10)]);
    // That it took over from another pipeline is told, with both.
    let moved = warns(&circle("a@1.1.0", 20), &[trusted("a@1.0.0", 10, "a/a")]);
    insta::assert_snapshot!(moved, @r"From 1.0.0 to 1.1.0 the trusted publisher changed from GitHub Actions to CircleCI.");
    // Once it has, the next release says nothing more.
    let earlier = [trusted("a@1.0.0", 10, "a/a"), circle("a@1.1.0", 20)];
    let next = judged(&circle("a@1.2.0", 30), &earlier, &TrustFile::default());
    assert_eq!(next.outcome, Outcome::Quiet, "{}", next.sentence);
}

/// microsoft/FluidFramework#26949: an internal feed stripped the evidence.
#[test]
fn sinclair_typebox_0_34_49_from_a_feed_that_strips_is_not_checked() {
    let verified = attested("@sinclair/typebox@0.34.48", 1, "sinclairzx81/typebox");
    let file = recorded(&[verified]);
    let shown = Shown {
        signature: Seen::Absent,
        publisher: Seen::Absent,
        ..by_hand("@sinclair/typebox@0.34.49", 20)
    };
    let judgement = judged(&shown, &[], &file);
    assert_eq!(judgement.outcome, Outcome::NotChecked(Unseen::Stripped));
    insta::assert_snapshot!(judgement.sentence, @r"0.34.49 was not checked against 0.34.48: evidence was stripped on the way (signature of the registry, provenance, trusted publisher, approval by a person).");
}
