//! Lockfiles and findings for tests.

use super::{Judgement, LockfileView, Options, judge};
use customs_ecosystem::lockfile::{Graph, Kind, Manifest, ManifestKind};
use std::fmt::Write as _;

pub(super) fn graph(kind: Kind, text: &str) -> Graph {
    Graph::read(kind, text.as_bytes()).unwrap()
}

pub(super) fn manifest(kind: ManifestKind, folder: &str, text: &str) -> Manifest {
    Manifest {
        folder: folder.to_owned(),
        ..Manifest::read(kind, text.as_bytes()).unwrap()
    }
}

/// All that is said about one lockfile, one line each.
pub(super) fn said(kind: Kind, text: &str) -> String {
    said_with(kind, text, &[], &Options::default())
}

pub(super) fn said_with(
    kind: Kind,
    text: &str,
    manifests: &[Manifest],
    options: &Options,
) -> String {
    let graph = graph(kind, text);
    lines(&judge(&LockfileView::new(
        kind.file_name(),
        &graph,
        manifests,
        options,
    )))
}

pub(super) fn lines(judgement: &Judgement) -> String {
    let mut out = String::new();
    for finding in &judgement.findings {
        let line = finding
            .line
            .map(|line| format!(" line {line}"))
            .unwrap_or_default();
        writeln!(
            out,
            "{} {}{line}: {}",
            finding.outcome().word(),
            finding.rule,
            finding.message
        )
        .unwrap();
        for evidence in &finding.evidence {
            writeln!(out, "    {evidence}").unwrap();
        }
    }
    for what in &judgement.not_checked {
        writeln!(out, "not checked: {what}").unwrap();
    }
    out
}

/// Rules that speak with more than a note.
pub(super) fn loud(text: &str) -> String {
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with("failed") || line.starts_with("warning"))
        .collect::<Vec<_>>()
        .join("\n")
}
