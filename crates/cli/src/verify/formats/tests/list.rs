//! The list that every format is made from, and files that several are written into.

use super::super::{Manner, ReportFile, Shape};
use super::made::{finding, many, package, release, report, subject};
use crate::verify::wrong;
use customs_model::{Answer, Severity};
use customs_origin::source::{FindingKind, ObjectId, SourceFinding, SourceReport};
use customs_origin::{Evidence, Finding, OriginAnswer, Why};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn why_a_proof_was_refused_and_what_contradicts_itself_is_told() {
    let mut origin = OriginAnswer::unseen();
    origin.attestation = Answer::No;
    origin.findings = vec![
        Finding::Refused {
            evidence: Evidence::Provenance,
            why: Why::Artifact,
            detail: "it is of sha512:00".into(),
        },
        Finding::CommitDiffers {
            registry: "aaaa".into(),
            artifact: "bbbb".into(),
        },
    ];
    let mut one = subject(Vec::new());
    one.packages = vec![package(origin)];
    let told: Vec<String> = wrong::of(&one)
        .iter()
        .map(|wrong| format!("{} {}", wrong.outcome.word(), wrong.lines().join(" | ")))
        .collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("failed left@1.0.0: an attestation does not hold | "));
    assert!(told[0].contains("it is of sha512:00"), "{told:#?}");
    assert!(told[1].starts_with("warning left@1.0.0: "), "{told:#?}");
    assert!(told[1].contains("aaaa") && told[1].contains("bbbb"));
}

#[test]
fn a_source_that_is_another_one_is_told_with_its_files_and_less_is_not() {
    let commit = ObjectId::parse(&"0a".repeat(20)).unwrap();
    let said = |severity, sentence: &str| SourceFinding {
        kind: FindingKind::Modified,
        severity,
        sentence: sentence.into(),
        paths: vec!["lib/\u{1b}a.js".into()],
    };
    let mut package = package(OriginAnswer::unseen());
    package.source = Some(SourceReport {
        release: release("left"),
        commit,
        answer: Answer::No,
        counts: Default::default(),
        findings: vec![
            said(Severity::Medium, "1 file has other bytes."),
            said(Severity::Low, "Nothing much."),
        ],
        not_checked: Vec::new(),
        base: None,
        files: BTreeMap::new(),
        phantoms: Default::default(),
        place: None,
    });
    let mut one = subject(Vec::new());
    one.packages = vec![package];
    let told = wrong::of(&one);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].rule, "source-differs");
    assert_eq!(
        told[0].lines(),
        ["left@1.0.0: 1 file has other bytes.", "lib/\\u{1b}a.js"]
    );
    let text = Shape::Text
        .of(&report(vec![one]), Manner::default())
        .unwrap();
    assert!(text.contains("failed[source-differs]"), "{text}");
}

#[test]
fn no_two_findings_have_one_fingerprint() {
    let same = || finding("a", "the same".into(), Severity::High);
    let report = report(vec![subject(vec![same(), same(), same()])]);
    let all = wrong::all(&report);
    let prints: BTreeSet<String> = all.iter().map(wrong::Wrong::fingerprint).collect();
    assert_eq!((all.len(), prints.len()), (3, 3));
}

#[test]
fn one_run_writes_several_formats() {
    let folder = tempfile::tempdir().unwrap();
    let report = many(1, Severity::High);
    for format in [
        "json", "sarif", "markdown", "junit", "github", "gitlab", "text",
    ] {
        let path = folder.path().join(format);
        let copy: ReportFile = format!("{format}={}", path.display()).parse().unwrap();
        copy.write(&report, Manner::default()).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written.contains("finding 0"), "{format}: {written}");
    }
    for wrong in ["sarif", "sarif=", "nothing=x", "=x"] {
        assert!(wrong.parse::<ReportFile>().is_err(), "{wrong}");
    }
}
