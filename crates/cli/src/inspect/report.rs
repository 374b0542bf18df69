//! What was found, for people and for programs.

use super::{Inspected, frame};
use crate::error::{Doing as _, Failure};
use customs_model::{Capability, Finding, Severity, Standing, Zone, printable};
use serde::Serialize;
use std::fmt::Write as _;

/// Lines of what it can do and of what was not read.
const MANY: usize = 12;

/// For people.
pub(super) fn text(one: &Inspected) -> String {
    let mut out = String::new();
    let inspection = &one.inspection;
    let _ = writeln!(out, "{}: {}", one.name, words(one.verdict.standing));
    let _ = writeln!(
        out,
        "  {} files, {} bytes",
        inspection.files, inspection.bytes
    );
    let mut findings: Vec<&Finding> = one.verdict.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
    {
        let _ = writeln!(out, "\n  {}: {}", finding.rule, finding.message);
        for hop in &finding.path {
            let _ = writeln!(out, "    {}: {}", hop.at, printable(&hop.what, 160));
            if let Some(frame) = frame::frame(&one.tree, &hop.at) {
                let _ = writeln!(out, "{frame}");
            }
        }
        let _ = writeln!(
            out,
            "    why this matters: customs explain {}",
            finding.rule
        );
    }
    let notes = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .count();
    if notes > 0 {
        let _ = writeln!(
            out,
            "\n  {notes} notes on what an honest release may do as well (--format json shows them)"
        );
    }
    capabilities(&mut out, &inspection.capabilities);
    if !one.verdict.not_checked.is_empty() {
        let _ = writeln!(out, "\n  not read:");
        for what in one.verdict.not_checked.iter().take(MANY) {
            let _ = writeln!(out, "    {what}");
        }
        if one.verdict.not_checked.len() > MANY {
            let _ = writeln!(out, "    and {} more", one.verdict.not_checked.len() - MANY);
        }
    }
    out
}

fn capabilities(out: &mut String, capabilities: &[Capability]) {
    let unasked: Vec<&Capability> = capabilities
        .iter()
        .filter(|capability| capability.zone >= Zone::Folder)
        .collect();
    if unasked.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  what it does without being called:");
    for capability in unasked.iter().take(MANY) {
        let detail = capability
            .detail
            .as_deref()
            .map(|detail| format!(" ({})", printable(detail, 80)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "    {}{detail}, {} — {}",
            capability.name,
            capability.zone.words(),
            capability.at
        );
    }
    if unasked.len() > MANY {
        let _ = writeln!(out, "    and {} more", unasked.len() - MANY);
    }
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Clean => "clean (no rule speaks; that is not a promise)",
        Standing::Suspicious => "suspicious",
        Standing::Malicious => "malicious",
        Standing::NotJudged => "not judged",
    }
}

/// For programs.
#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    verdict: &'a customs_model::Verdict,
    inspection: &'a customs_model::Inspection,
}

pub(super) fn json(all: &[Inspected]) -> Result<String, Failure> {
    let targets = all
        .iter()
        .map(|one| Target {
            target: &one.name,
            verdict: &one.verdict,
            inspection: &one.inspection,
        })
        .collect();
    let report = Report {
        schema: "customs.inspect/1",
        targets,
    };
    Ok(serde_json::to_string_pretty(&report).doing("write the report")? + "\n")
}
