//! Reports that are made for a test.

use super::super::Manner;
use crate::verify::report::{PackageOrigin, Report, SCHEMA, Subject};
use customs_model::{Answer, Known, ReleaseId, RuleId, Severity, Timestamp};
use customs_origin::OriginAnswer;
use customs_origin::lockfile::{Judgement, LockFinding};
use std::collections::BTreeMap;

/// What a stranger may write.
pub const EVIL: &str =
    "\u{1b}[2J\u{0}\u{fffe}]]>&<\"'::error::x,y:z%0A\r\n##[error]@someone www.a.example";

/// A release of that name.
pub fn release(name: &str) -> ReleaseId {
    format!("pkg:npm/{name}@1.0.0").parse().unwrap()
}

/// A finding about it.
pub fn finding(name: &str, message: String, severity: Severity) -> LockFinding {
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

/// One project, whose lockfile has these findings.
pub fn subject(findings: Vec<LockFinding>) -> Subject {
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
        policy: None,
        packages: Vec::new(),
    }
}

/// A report of them.
pub fn report(subjects: Vec<Subject>) -> Report {
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
        only: Default::default(),
    }
}

/// A report of one project with so many findings.
pub fn many(number: usize, severity: Severity) -> Report {
    let all = (0..number).map(|at| finding("a", format!("finding {at}"), severity));
    report(vec![subject(all.collect())])
}

/// A report in which strangers wrote what they could.
pub fn hostile() -> Report {
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

/// What was not checked fails.
pub const STRICT: Manner = Manner {
    verbose: false,
    strict: true,
};

/// Where a package comes from.
pub fn package(origin: OriginAnswer) -> PackageOrigin {
    PackageOrigin {
        release: release("left"),
        artifact: None,
        origin,
        history: None,
        source: None,
        verdict: Known::not_known("nobody asked"),
    }
}
