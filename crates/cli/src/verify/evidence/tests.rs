//! Projects with a folder of evidence of their own: a real signature, and what people name or ask for.

use super::super::report::{PackageOrigin, Report};
use super::super::testing::{Scene, commit, sha512};
use super::super::{code, text};
use customs_model::{Answer, Digest, ReleaseId};
use customs_origin::history::{Outcome, Seen, Shown};
use customs_origin::signature::Signature;
use customs_registry::evidence::{ArtifactEvidence, Offer, SCHEMA, Told};
use std::fs;

/// A release that the public registry signed; quoted in nodejs/corepack#612.
const SIGNED: &str = "sha512-yJhHsGZ92rUDlru9AIoqQ887WB79Wc9dmqiSPqH7S4EGwEHVQNCKywlQN1lNc+vFHh7InuQMiLMLimbA+uCsGw==";
const KEY: &str = "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U";
const SIG: &str = "MEUCIQDlkgmNyZjT7KUY8AO6jH7Gs3fyiXG8nbTnuLbd8fOS2AIgXyJ6SaYhumMFzUYQAZPJGhsnlaD5N0X2MZsbG+eS/Xo=";

/// What the registry offers of that release, for an artifact of this digest.
fn offered(artifact: Digest) -> ArtifactEvidence {
    let release: ReleaseId = "pkg:npm/pnpm@10.1.0".parse().unwrap();
    ArtifactEvidence {
        schema: SCHEMA.into(),
        shown: Shown::nothing_asked(release.clone(), "nobody asked"),
        release,
        file: String::new(),
        artifact,
        registry: "registry.example/".into(),
        asked: "2026-11-24T12:00:00Z".parse().unwrap(),
        offer: Offer::Npm {
            signatures: Told::Here(vec![Signature {
                keyid: KEY.into(),
                sig: SIG.into(),
            }]),
            attestations: Told::Absent,
        },
        earlier: Vec::new(),
        people: Seen::not_asked("nobody asked"),
        repository: None,
        commit: None,
    }
}

fn signed() -> Digest {
    Digest::from_sri(SIGNED).unwrap()
}

/// A project that locks the release, with what the registry offers of it.
fn scene() -> Scene {
    let scene = Scene::locks("pnpm", "10.1.0", SIGNED).asking();
    scene.keep(&offered(signed()));
    scene
}

/// What a line says that had an attestation.
const PROVENANCE: &str = "signature,provenance repository=https://github.com/pnpm/pnpm repository-id=59550895 workflow=.github/workflows/release.yml ref=tag builder=hosted issuer=https://token.actions.githubusercontent.com";

/// What was found of the release; the project itself is a package, too.
fn of_release(report: &Report) -> &PackageOrigin {
    let mut packages = report.subjects[0].packages.iter();
    let found = packages.find(|package| package.release.package.as_str() == "pnpm");
    found.unwrap()
}

/// A line of `customs.lock` about the release before, which showed this.
fn before(evidence: &str) -> String {
    format!(
        "customs-lock 1\n\nidentity npm:pnpm line=10 version=10.0.0 evidence={evidence} first=2026-01-01 last=2026-01-01\n"
    )
}

#[test]
fn evidence_that_is_here_and_holds_is_a_yes() {
    let report = scene().look(&[]);
    let subject = &report.subjects[0];
    assert_eq!(subject.origin, Answer::Yes, "{:?}", report.not_checked);
    assert_eq!(of_release(&report).origin.signature, Answer::Yes);
    assert!(!report.roots.is_empty());
}

#[test]
fn where_nothing_is_kept_nothing_is_green_and_it_says_what_to_do() {
    let report = Scene::locks("pnpm", "10.1.0", SIGNED).asking().look(&[]);
    assert!(matches!(report.subjects[0].origin, Answer::NotChecked(_)));
    let said = report.not_checked.join("\n");
    assert!(said.contains("--fetch"), "{said}");
    assert_eq!((code(&report, false), code(&report, true)), (0, 1));
}

#[test]
fn evidence_of_another_artifact_does_not_count_for_this_one() {
    let other = sha512(b"other bytes");
    let scene = Scene::locks("pnpm", "10.1.0", &other.to_sri()).asking();
    scene.keep(&offered(signed()));
    let report = scene.look(&[]);
    assert!(matches!(report.subjects[0].origin, Answer::NotChecked(_)));
    // A registry that hands it out for these bytes makes it false.
    scene.keep(&offered(other));
    let report = scene.look(&[]);
    assert_eq!(report.subjects[0].origin, Answer::No);
    assert_eq!(code(&report, false), 1);
}

#[test]
fn a_trust_root_that_was_named_and_cannot_be_used_ends_the_command() {
    let scene = scene();
    let file = scene.path("root.json");
    let named = ["--trusted-root", file.to_str().unwrap()];
    let failure = scene.refused(&named);
    assert_eq!(failure.code, 2, "{failure}");
    assert!(failure.to_string().contains("it is not there"), "{failure}");
    fs::write(&file, "{}").unwrap();
    let failure = scene.refused(&named);
    assert_eq!(failure.code, 4, "{failure}");
    assert!(failure.to_string().contains("root.json"), "{failure}");
}

#[test]
fn renewed_keys_that_cannot_be_read_end_the_command() {
    let scene = scene();
    scene.write("trust/npm_keys.json", b"[]");
    let failure = scene.refused(&[]);
    assert_eq!(failure.code, 4);
    assert!(failure.to_string().contains("npm_keys.json"), "{failure}");
}

#[test]
fn a_customs_lock_that_cannot_be_read_ends_the_command() {
    for scene in [scene(), Scene::npm()] {
        scene.write("app/customs.lock", b"<<<<<<< HEAD\n");
        let failure = scene.refused(&[]);
        assert_eq!(failure.code, 4);
        assert!(failure.to_string().contains("customs.lock"), "{failure}");
    }
}

#[test]
fn an_acceptance_that_is_not_taken_ends_the_command() {
    let scene = scene();
    let of = |release| ["--accept", release, "--reason", "looked at it"];
    let failure = scene.refused(&of("pkg:npm/other@1.0.0"));
    assert_eq!(failure.code, 2);
    assert!(failure.to_string().contains("in no lockfile"), "{failure}");
    let failure = scene.refused(&of("pkg:npm/pnpm@10.1.0"));
    assert_eq!(failure.code, 2);
    assert!(failure.to_string().contains("lost nothing"), "{failure}");
}

#[test]
fn a_loss_is_accepted_once_though_two_lockfiles_hold_the_release() {
    let scene = scene();
    let lock = fs::read(scene.path("app/package-lock.json")).unwrap();
    scene.write("app/web/package-lock.json", &lock);
    scene.write("app/customs.lock", before(PROVENANCE).as_bytes());
    let words = ["--accept", "pkg:npm/pnpm@10.1.0", "--reason", "by hand"];
    let report = scene.look(&words);
    assert_eq!(report.subjects.len(), 2);
    let file = fs::read_to_string(scene.path("app/customs.lock")).unwrap();
    assert_eq!(file.matches("\naccept ").count(), 1, "{file}");
}

#[test]
fn an_update_that_cannot_be_written_ends_the_command() {
    let scene = scene();
    // A folder cannot be replaced by a file, and is no file to read either.
    fs::create_dir(scene.path("app/customs.lock")).unwrap();
    assert_eq!(scene.refused(&["--update"]).code, 4);
}

#[test]
fn pins_are_written_beside_what_the_same_run_recorded() {
    let scene = Scene::npm().asking();
    let lock = fs::read_to_string(scene.path("app/package-lock.json")).unwrap();
    let mut lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    lock["packages"]["node_modules/pnpm"] = serde_json::json!({
        "version": "10.1.0", "integrity": SIGNED, "optional": true,
        "resolved": "https://registry.example/pnpm/-/pnpm-10.1.0.tgz",
    });
    scene.write("app/package-lock.json", lock.to_string().as_bytes());
    scene.keep(&offered(signed()));
    scene.write("app/node_modules/.cache/tool/x.js", b"made\n");
    let (_, open, pins) = scene.asked(&["--update", "--pin"]);
    assert_eq!(open.len(), 1);
    pins.write(open).unwrap();
    let file = fs::read_to_string(scene.path("app/customs.lock")).unwrap();
    assert!(file.contains("identity npm:pnpm"), "{file}");
    assert!(file.contains("made node_modules/.cache"), "{file}");
}

#[test]
fn proofs_that_hold_are_no_yes_while_the_history_cannot_be_judged() {
    let scene = scene();
    let file = before("signature,trusted-publisher");
    scene.write("app/customs.lock", file.as_bytes());
    let report = scene.look(&[]);
    let subject = &report.subjects[0];
    let history = of_release(&report).history.as_ref().unwrap();
    assert!(
        matches!(history.outcome, Outcome::NotChecked(_)),
        "{history:?}"
    );
    assert_eq!(
        subject.origin,
        Answer::not_checked("of 1 of 1 packages the trust history could not be judged")
    );
    assert!(text::text(&report, false).contains("its proofs hold, but"));
}

#[test]
fn a_customs_lock_that_a_change_brings_does_not_speak_for_it() {
    let scene = scene();
    commit(&scene);
    // It would call the release one that lost what it never had.
    let file = before(PROVENANCE);
    scene.write("app/customs.lock", file.as_bytes());
    let outcome = |words: &[&str]| {
        let report = scene.look(words);
        let history = of_release(&report).history.clone();
        (report.trust.len(), history.unwrap().outcome)
    };
    assert_eq!(outcome(&[]), (0, Outcome::Warn));
    assert_eq!(outcome(&["--base", "main"]), (1, Outcome::Quiet));
}

#[test]
fn a_customs_lock_that_a_change_removes_speaks_all_the_same() {
    let scene = scene();
    let file = before(PROVENANCE);
    scene.write("app/customs.lock", file.as_bytes());
    commit(&scene);
    fs::remove_file(scene.path("app/customs.lock")).unwrap();
    let report = scene.look(&["--base", "main"]);
    let history = of_release(&report).history.as_ref().unwrap();
    assert_eq!(history.outcome, Outcome::Warn);
    assert_eq!(report.trust.len(), 1);
}

#[test]
fn another_customs_lock_below_is_said_to_be_unread() {
    let scene = scene();
    let lock = fs::read(scene.path("app/package-lock.json")).unwrap();
    scene.write("app/web/package-lock.json", &lock);
    scene.write("app/customs.lock", b"customs-lock 1\n");
    scene.write("app/web/customs.lock", b"customs-lock 1\n");
    let report = scene.look(&[]);
    let said = |line: &&String| line.starts_with("web/customs.lock was not read: customs.lock");
    assert_eq!(report.not_checked.iter().filter(said).count(), 1);
}

#[test]
fn whether_what_is_new_runs_at_install_is_taken_from_the_registry_s_document_or_not_checked() {
    let scene = Scene::empty().asking();
    let head = "# yarn lockfile v1\n\n\n";
    scene.write("app/yarn.lock", head.as_bytes());
    let manifest = br#"{"name":"app","version":"1.0.0","dependencies":{"pnpm":"^10.1.0"}}"#;
    scene.write("app/package.json", manifest);
    commit(&scene);
    let entry = format!(
        "{head}pnpm@^10.1.0:\n  version \"10.1.0\"\n  resolved \"https://registry.example/pnpm/-/pnpm-10.1.0.tgz#{}\"\n  integrity {SIGNED}\n",
        "0a".repeat(20)
    );
    scene.write("app/yarn.lock", entry.as_bytes());
    let open = |report: &Report| {
        let all = &report.subjects[0].locked.not_checked;
        all.iter()
            .any(|why| why.starts_with("whether 1 new package runs"))
    };
    let report = scene.look(&["--base", "main"]);
    assert!(open(&report), "{:?}", report.subjects[0].locked);
    assert!(matches!(report.subjects[0].lock, Answer::NotChecked(_)));
    assert!(!open(&scene.look(&[])));
    let mut told = offered(signed());
    told.shown.scripts = Seen::Is(["postinstall".to_owned()].into());
    told.shown.published = Some("2024-01-01T00:00:00Z".parse().unwrap());
    scene.keep(&told);
    let report = scene.look(&["--base", "main"]);
    assert!(!open(&report), "{:?}", report.subjects[0].locked);
    let text = text::text(&report, false);
    assert!(text.contains("+ pnpm 10.1.0"), "{text}");
    assert!(text.contains(" days ago"), "{text}");
    let findings = &report.subjects[0].change.as_ref().unwrap().findings;
    assert!(
        findings
            .iter()
            .any(|one| one.rule.as_str() == "lock-new-install-script"),
        "{findings:?}"
    );
}
