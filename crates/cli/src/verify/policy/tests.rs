use super::testing::Counter;
use super::*;
use crate::verify::report::Report;
use crate::verify::testing::Scene;
use crate::verify::{code, json, sarif, text, wrong};

/// 89 seconds after the bad release was published.
const AT_ONCE: &str = "2026-03-31T00:23:27Z";
/// When it is long gone.
const LATER: &str = "2026-09-01T00:00:00Z";

fn rules(of: &OfRelease) -> Vec<(&str, Outcome)> {
    let told = of.told.iter();
    told.map(|told| (told.rule.id, told.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_release_is_judged_as_the_gate_judges_it() {
    let counter = Counter::open("axios", AT_ONCE).await;
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let bad = counter.locked(&asking, "pkg:npm/axios@1.14.1").await;
    let of = asking.entry(&bad).await;
    assert_eq!(of.answer, Answer::No);
    assert_eq!(rules(&of), [("policy-refused", Outcome::Fails)]);
    let said = &of.told[0].message;
    assert!(said.starts_with("axios@1.14.1 is"), "{said}");
    assert!(said.contains("customs explain"), "{said}");
    let good = counter.locked(&asking, "pkg:npm/form-data@4.0.5").await;
    let of = asking.entry(&good).await;
    assert_eq!(
        (of.answer.clone(), of.told.len()),
        (Answer::Yes, 0),
        "{of:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_denies_is_refused_here_as_at_the_gate() {
    let counter = Counter::open("axios", LATER).await;
    let (asker, under) = (
        counter.asker(),
        counter.under(Some("version = 1\ndeny = [\"pkg:npm/form-data@4.0.5\"]\n")),
    );
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let denied = counter.locked(&asking, "pkg:npm/form-data@4.0.5").await;
    let of = asking.entry(&denied).await;
    assert_eq!(of.answer, Answer::No, "{of:?}");
    assert!(of.told[0].message.contains("denied"), "{of:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_took_back_fails_and_what_was_kept_of_its_code_counts() {
    let early = Counter::open("axios", AT_ONCE).await;
    let (asker, under) = (early.asker(), early.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let entry = early.locked(&asking, "pkg:npm/plain-crypto-js@4.2.1").await;
    early.read(&asker, &asking, &entry).await;

    let late = Counter::open("axios", LATER).await;
    let (asker, under) = (
        late.asker(),
        Under::with(None, None, under.kept().to_vec()).unwrap(),
    );
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let of = asking.entry(&entry).await;
    assert_eq!(of.answer, Answer::No);
    assert_eq!(of.verdict, Some(Standing::Malicious));
    let mut rules = rules(&of);
    rules.sort();
    assert_eq!(
        rules,
        [
            ("release-withdrawn", Outcome::Fails),
            ("verdict", Outcome::Fails)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_verdict_counts_although_nobody_can_be_asked() {
    let counter = Counter::open("axios", AT_ONCE).await;
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let entry = counter
        .locked(&asking, "pkg:npm/plain-crypto-js@4.2.1")
        .await;
    counter.read(&asker, &asking, &entry).await;
    let elsewhere = Locked {
        resolved: Some("https://elsewhere.example/a.tgz".to_owned()),
        ..entry
    };
    let of = asking.entry(&elsewhere).await;
    assert_eq!(of.answer, Answer::No);
    assert_eq!(rules(&of), [("verdict", Outcome::Fails)]);
    assert_eq!(of.not_checked.len(), 1, "{of:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_not_checked_and_never_a_yes() {
    let counter = Counter::open("axios", AT_ONCE).await;
    let (asker, under) = (counter.asker(), counter.under(None));
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let mut entry = counter.locked(&asking, "pkg:npm/form-data@4.0.5").await;
    entry.source = Source::Git;
    let of = asking.entry(&entry).await;
    assert!(matches!(of.answer, Answer::NotChecked(_)), "{of:?}");
    assert!(matches!(together(&[of]), Answer::NotChecked(_)));
    assert!(matches!(together(&[]), Answer::NotChecked(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn advisories_that_cannot_be_read_leave_every_release_unchecked() {
    let counter = Counter::open("axios", LATER).await;
    let asker = counter.asker();
    let nowhere = Path::new("nowhere/at-all");
    let under = Under::with(None, Some(nowhere), Vec::new()).unwrap();
    assert_eq!(under.notes.len(), 1);
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let entry = counter.locked(&asking, "pkg:npm/form-data@4.0.5").await;
    assert!(matches!(
        asking.entry(&entry).await.answer,
        Answer::NotChecked(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weakness_warns_and_does_not_fail() {
    let counter = Counter::open("axios", LATER).await;
    let asker = counter.asker();
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{ "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z", "summary": "weak",
        "affected": [{ "package": { "ecosystem": "npm", "name": "form-data" },
        "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": "4.0.5" }] }] }] }"#;
    std::fs::write(folder.path().join("a.json"), record).unwrap();
    let under = Under::with(None, Some(folder.path()), Vec::new()).unwrap();
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let entry = counter.locked(&asking, "pkg:npm/form-data@4.0.4").await;
    let of = asking.entry(&entry).await;
    assert_eq!(of.answer, Answer::Yes, "{of:?}");
    assert_eq!(rules(&of), [("advisory", Outcome::Warns)]);
    assert_eq!(of.told[0].evidence, ["fixed in 4.0.5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn known_malware_fails_although_its_registry_cannot_be_asked() {
    let counter = Counter::open("axios", LATER).await;
    let asker = counter.asker();
    let folder = tempfile::tempdir().unwrap();
    let record = r#"{ "id": "MAL-2026-1", "modified": "2026-04-07T14:41:20Z", "summary": "malware",
        "affected": [{ "package": { "ecosystem": "npm", "name": "axios" }, "versions": ["1.14.1"] }] }"#;
    std::fs::write(folder.path().join("a.json"), record).unwrap();
    let under = Under::with(None, Some(folder.path()), Vec::new()).unwrap();
    let asking = Asking::new(&asker, Counter::context(&under), under.kept());
    let mut entry = counter.locked(&asking, "pkg:npm/axios@1.14.1").await;
    entry.resolved = Some("https://elsewhere.example/axios.tgz".to_owned());
    let of = asking.entry(&entry).await;
    assert_eq!(of.answer, Answer::No, "{of:?}");
    assert_eq!(rules(&of), [("advisory", Outcome::Fails)]);
}

/// The report about the scene's project, with this answer.
fn with(answer: PolicyAnswer) -> Report {
    let mut report = Scene::npm().look(&[]);
    report.subjects[0].policy = Some(answer);
    report
}

fn malicious() -> PolicyAnswer {
    let release: ReleaseId = "pkg:npm/left@1.0.0".parse().unwrap();
    let of = OfRelease {
        release,
        answer: Answer::No,
        told: vec![Told {
            rule: &crate::verify::rules::VERDICT,
            outcome: Outcome::Fails,
            message: "left@1.0.0: its code was read and judged malicious".to_owned(),
            evidence: vec!["the artifact sha512:00".to_owned()],
        }],
        not_checked: Vec::new(),
        verdict: Some(Standing::Malicious),
    };
    PolicyAnswer {
        answer: together(std::slice::from_ref(&of)),
        epoch: None,
        asked: 1,
        releases: vec![of],
        notes: vec!["known malware: nobody is asked".to_owned()],
    }
}

#[test]
fn a_malicious_verdict_makes_the_answer_a_no_in_every_format() {
    let report = with(malicious());
    assert_eq!(report.answer(), Answer::No);
    assert_eq!((code(&report, false), report.sum().policy.no), (1, 1));
    let wrongs = wrong::of(&report.subjects[0]);
    assert_eq!(wrongs.len(), 1);
    assert_eq!((wrongs[0].rule.as_str(), wrongs[0].line), ("verdict", 12));
    let log = sarif::log(&report);
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "verdict");
    assert_eq!(log["runs"][0]["results"][0]["level"], "error");
    let value: serde_json::Value = serde_json::from_str(&json::text(&report).unwrap()).unwrap();
    let policy = &value["subjects"][0]["policy"];
    assert_eq!(policy["answer"]["answer"], "no");
    assert_eq!(policy["releases"][0]["told"][0]["rule"], "verdict");
    insta::assert_snapshot!(text::text(&report, false), @r##"
    package-lock.json (npm): tree yes · lockfile yes · origin not checked · policy NO

      failed[verdict]
        left@1.0.0: its code was read and judged malicious
          the artifact sha512:00
        why: What somebody on this machine has seen in an artifact counts wherever that artifact turns up.
        do:  Read what was found: customs inspect with the release's name. If it is an honest one, exempt it in the policy, with a reason; otherwise take another version and treat machines that installed it as hit.

      as they should be: 1 of 1 package; 2 files compared
        explained: 1 × npm's own list of what is installed; the lockfile says the same
      not checked
        evidence of origin was not asked for

    Policy
        known malware: nobody is asked

    1 project: tree 1 yes, 0 no, 0 not checked; lockfile 1 yes, 0 no, 0 not checked; origin 0 yes, 0 no, 1 not checked; policy 0 yes, 1 no, 0 not checked
    "##);
}

#[test]
fn who_did_not_ask_about_policy_hears_nothing_of_it() {
    let report = Scene::npm().look(&[]);
    assert!(report.subjects[0].policy.is_none());
    assert!(!text::text(&report, false).contains("policy"));
}

#[test]
fn a_policy_that_cannot_be_read_is_an_error() {
    let bad = NamedText {
        name: "policy.toml".to_owned(),
        text: "nonsense = 1\n".to_owned(),
    };
    let failure = Under::with(Some(bad), None, Vec::new()).err().unwrap();
    assert_eq!(failure.code, 2);
}
