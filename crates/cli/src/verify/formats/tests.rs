//! Every format of reports that are made for it: hostile texts, more findings than are taken, and
//! what each code host demands.

use super::{Manner, ReportFile, Shape};
use crate::verify::report::{PackageOrigin, Report, SCHEMA, Subject};
use crate::verify::{annotations, gitlab, junit, markdown, sarif, wrong};
use customs_model::{Answer, Known, ReleaseId, RuleId, Severity, Timestamp};
use customs_origin::lockfile::{Added, Installed, Judgement, LockChange, LockFinding};
use customs_origin::source::{FindingKind, ObjectId, SourceFinding, SourceReport};
use customs_origin::{Evidence, Finding, OriginAnswer, Why};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const EVIL: &str =
    "\u{1b}[2J\u{0}\u{fffe}]]>&<\"'::error::x,y:z%0A\r\n##[error]@someone www.a.example";

fn release(name: &str) -> ReleaseId {
    format!("pkg:npm/{name}@1.0.0").parse().unwrap()
}

fn finding(name: &str, message: String, severity: Severity) -> LockFinding {
    LockFinding {
        rule: RuleId::of("lock-address"),
        severity,
        message,
        file: "package-lock.json".into(),
        line: Some(7),
        release: Some(release(name)),
        evidence: vec!["was a".into(), "now b".into()],
    }
}

fn subject(findings: Vec<LockFinding>) -> Subject {
    let locked = Judgement {
        findings,
        not_checked: Vec::new(),
    };
    Subject {
        folder: ".".into(),
        lockfile: Some("package-lock.json".into()),
        in_repository: "apps/a b/package-lock.json".into(),
        lines: BTreeMap::new(),
        members: Vec::new(),
        kind: "npm".into(),
        tree: Answer::Yes,
        installed: None,
        lock: locked.answer(),
        locked,
        change: None,
        origin: Answer::not_checked("evidence of origin was not asked for"),
        packages: Vec::new(),
    }
}

fn report(subjects: Vec<Subject>) -> Report {
    Report {
        schema: SCHEMA,
        made: Timestamp::UNIX_EPOCH,
        subjects,
        base: None,
        settings: Vec::new(),
        trust: Vec::new(),
        together: Judgement::default(),
        roots: Vec::new(),
        not_checked: Vec::new(),
    }
}

fn many(number: usize, severity: Severity) -> Report {
    let all = (0..number).map(|at| finding("a", format!("finding {at}"), severity));
    report(vec![subject(all.collect())])
}

fn hostile() -> Report {
    // A rule's message is safe to print; nothing may rest on it.
    let mut evil = subject(vec![finding("a", EVIL.into(), Severity::High)]);
    evil.lockfile = Some(format!("{EVIL}/package-lock.json"));
    evil.in_repository = format!("{EVIL}/package-lock.json");
    evil.tree = Answer::not_checked(EVIL);
    Report {
        not_checked: vec![EVIL.into()],
        ..report(vec![evil])
    }
}

const STRICT: Manner = Manner {
    verbose: false,
    strict: true,
};

fn package(origin: OriginAnswer) -> PackageOrigin {
    PackageOrigin {
        release: release("left"),
        artifact: None,
        origin,
        history: None,
        source: None,
        verdict: Known::not_known("nobody asked"),
    }
}

// --- The list that all of them are made from

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

// --- SARIF

#[test]
fn sarif_has_all_that_a_code_host_demands() {
    for report in [
        report(Vec::new()),
        many(3, Severity::Medium),
        many(6_000, Severity::High),
        hostile(),
    ] {
        demanded(&sarif::log(&report));
    }
}

/// What GitHub's documentation demands of a file, beside its schema.
fn demanded(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().unwrap();
    assert!(runs.len() <= 20);
    let run = &runs[0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() <= 25_000);
    for rule in rules {
        for part in ["shortDescription", "fullDescription", "help"] {
            let text = rule[part]["text"].as_str().unwrap();
            assert!(!text.is_empty());
            assert!(part == "help" || text.chars().count() <= 1_024, "{text}");
        }
        let tags = rule["properties"]["tags"].as_array();
        assert!(tags.is_none_or(|tags| tags.len() <= 20));
        let security = rule["properties"]["security-severity"].as_str();
        let security: f64 = security.unwrap_or("1.0").parse().unwrap();
        assert!(security > 0.0 && security <= 10.0);
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() <= 5_000);
    let mut prints = BTreeSet::new();
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.is_empty() && text.chars().count() <= 1_000);
        assert!(!text.chars().any(char::is_control), "{text:?}");
        let locations = result["locations"].as_array().unwrap();
        assert_eq!(locations.len(), 1);
        let place = &locations[0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains([' ', ':', '#', '?', '\\']));
        assert!(uri.is_ascii() && !uri.is_empty());
        let print = &result["partialFingerprints"]["customs/v1"];
        assert!(prints.insert(print.as_str().unwrap().to_owned()));
    }
    for note in run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
    {
        assert!(note["message"]["text"].as_str().unwrap().chars().count() <= 1_000);
    }
    assert!(log.to_string().len() < 10_000_000);
}

#[test]
fn results_that_code_hosts_do_not_keep_are_left_out_and_counted() {
    let log = sarif::log(&many(6_000, Severity::High));
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("1000 results are left out"), "{notes}");
}

#[test]
fn a_message_of_escapes_is_no_longer_than_what_is_taken() {
    let long = "\u{1b}](x".repeat(5_000);
    let report = report(vec![subject(vec![finding("a", long, Severity::High)])]);
    demanded(&sarif::log(&report));
}

#[test]
fn a_file_that_does_not_compress_stays_below_what_is_taken() {
    let one = "\u{10348}".repeat(990);
    let all = (0..5_000).map(|at| finding("a", format!("{at} {one}"), Severity::High));
    let report = report(vec![subject(all.collect())]);
    let log = sarif::log(&report);
    assert!(log.to_string().len() < 10_000_000);
    assert!(log.to_string().contains("results are left out"));
}

// --- JUnit

/// How often each element is there; fails where it is no XML.
fn elements(text: &str) -> BTreeMap<String, usize> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut counts = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    attribute.unwrap();
                }
                let name = element.name().as_ref().to_owned();
                let name = String::from_utf8_lossy(name.as_ref()).into_owned();
                *counts.entry(name).or_default() += 1;
            }
            Event::Eof => return counts,
            _ => {}
        }
    }
}

#[test]
fn junit_is_xml_whatever_strangers_write() {
    let text = junit::text(&hostile(), Manner::default()).unwrap();
    assert!(elements(&text)["testcase"] > 3);
    let illegal = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && c != '\n');
    assert!(!text.contains(illegal), "{text:?}");
}

#[test]
fn junit_has_a_case_for_each_question_and_each_finding_that_fails() {
    let mut one = subject(vec![
        finding("a", "fails".into(), Severity::High),
        finding("a", "warns".into(), Severity::Low),
    ]);
    one.packages = Vec::new();
    let report = report(vec![one]);
    let text = junit::text(&report, Manner::default()).unwrap();
    insta::assert_snapshot!(text, @"");
    let strict = elements(&junit::text(&report, STRICT).unwrap());
    assert_eq!(strict["error"], 1);
    assert!(!strict.contains_key("skipped"));
}

// --- GitHub's annotations

#[test]
fn annotations_are_one_line_each_and_command_nothing_else() {
    let text = annotations::text(&hostile(), Manner::default());
    for line in text.lines() {
        assert!(
            line.starts_with("::error ") || line.starts_with("::notice "),
            "{line}"
        );
        let properties = line.split("::").nth(1).unwrap();
        let (_, properties) = properties.split_once(' ').unwrap();
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "title"].contains(&name), "{line}");
            assert!(!value.contains([':', ',']), "{line}");
        }
    }
    assert!(!text.contains("##["), "{text}");
    assert!(text.contains("%250A"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn github_shows_ten_of_a_kind_so_the_last_one_counts_the_rest() {
    let ten = annotations::text(&many(10, Severity::High), Manner::default());
    assert_eq!(ten.matches("::error ").count(), 10);
    assert!(!ten.contains("more of this kind"));
    let more = annotations::text(&many(30, Severity::Low), Manner::default());
    let warnings: Vec<&str> = more
        .lines()
        .filter(|l| l.starts_with("::warning "))
        .collect();
    assert_eq!(warnings.len(), 10);
    assert_eq!(
        warnings[0],
        "::warning file=apps/a b/package-lock.json,line=7,title=customs%3A lock-address::finding 0%0Awas a%0Anow b"
    );
    assert!(
        warnings[9].contains("21 more of this kind"),
        "{}",
        warnings[9]
    );
}

#[test]
fn what_was_not_checked_is_a_notice_and_with_strict_an_error() {
    let report = report(vec![subject(Vec::new())]);
    let text = annotations::text(&report, Manner::default());
    assert!(text.starts_with("::notice title=customs%3A not checked::package-lock.json: origin"));
    assert!(annotations::text(&report, STRICT).starts_with("::error "));
}

// --- GitLab's code quality

#[test]
fn code_quality_has_what_gitlab_demands() {
    for (report, number) in [(many(2, Severity::High), 3), (hostile(), 4)] {
        let text = gitlab::text(&report, Manner::default()).unwrap();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let value: Value = serde_json::from_str(&text).unwrap();
        let issues = value.as_array().unwrap();
        assert_eq!(issues.len(), number, "{text}");
        let mut prints = BTreeSet::new();
        for issue in issues {
            for key in ["description", "check_name", "fingerprint"] {
                assert!(!issue[key].as_str().unwrap().is_empty());
            }
            assert!(prints.insert(issue["fingerprint"].to_string()));
            let severity = issue["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
            assert!(!issue["location"]["path"].as_str().unwrap().is_empty());
        }
    }
}

// --- Markdown

fn added(name: &str) -> LockChange {
    LockChange {
        file: "package-lock.json".into(),
        added: vec![Added {
            installed: Installed {
                name: name.into(),
                version: "1.0.0".into(),
                release: Some(release(name)),
                line: 7,
                from: None,
                way: Vec::new(),
                direct: true,
                install_script: false,
                bundled: false,
                commands: Vec::new(),
            },
        }],
        ..LockChange::default()
    }
}

#[test]
fn the_comment_shows_what_changed_and_counts_what_did_not() {
    let mut one = subject(vec![
        finding("new", "new@1.0.0 is odd".into(), Severity::High),
        finding("old", "old@1.0.0 is odd".into(), Severity::High),
    ]);
    one.change = Some(added("new"));
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(vec![one])
    };
    insta::assert_snapshot!(markdown::text(&report), @"");
}

#[test]
fn without_a_base_the_comment_shows_all_that_is_wrong() {
    let mut report = many(2, Severity::High);
    report.together.findings = vec![finding(
        "b",
        "two lockfiles differ".into(),
        Severity::Medium,
    )];
    let text = markdown::text(&report);
    for part in ["finding 0", "finding 1", "two lockfiles differ"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_comments_headline_is_the_answer() {
    let mut report = report(vec![subject(Vec::new())]);
    assert!(markdown::text(&report).contains("**customs verify: not checked.**"));
    report.subjects[0].origin = Answer::Yes;
    assert!(markdown::text(&report).contains("**customs verify: yes.**"));
    // What several lockfiles show is no answer of a single one.
    report.together.findings = vec![finding("b", "they differ".into(), Severity::High)];
    let text = markdown::text(&report);
    assert!(text.contains("**customs verify: NO.**"), "{text}");
    assert!(text.contains("lockfiles together no"), "{text}");
}

#[test]
fn a_base_without_a_change_says_so() {
    let mut one = subject(Vec::new());
    one.change = Some(LockChange::default());
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(vec![one])
    };
    assert!(markdown::text(&report).contains("Nothing that is locked changed since `0123abcd`."));
}

#[test]
fn a_comment_fits_where_it_is_put_and_folds_that_are_opened_are_closed() {
    let subjects = (0..200).map(|_| {
        let mut one = subject(Vec::new());
        let mut change = added("a");
        change.added = vec![change.added[0].clone(); 60];
        one.change = Some(change);
        one
    });
    let report = Report {
        base: Some("0123abcd".into()),
        ..report(subjects.collect())
    };
    let text = markdown::text(&report);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("is too long for a comment"));
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("</details>").count()
    );
}

#[test]
fn what_strangers_write_is_nothing_in_a_comment() {
    let text = markdown::text(&hostile());
    for part in ["@someone", "www.a", "<\"", "\u{1b}", "##["] {
        assert!(!text.contains(part), "{part:?} is in {text}");
    }
}

// --- Files beside the answer

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
