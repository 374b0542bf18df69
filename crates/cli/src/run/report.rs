//! The report at the end of a run, for people.

use super::WholeReport;
use customs_gate::{Checked, HeldEntry, NotCheckedEntry, RunReport};
use customs_model::printable;
use std::fmt::Write as _;

/// Lines of each kind that are shown; the rest is counted.
const MOST: usize = 12;

/// The report: one line of counts, then what a reader has to know, worst first.
pub fn text(report: &WholeReport) -> String {
    let mut out = String::new();
    if !report.protected {
        out.push_str(
            "customs: NOT PROTECTED: nothing of this command arrived at the gate. It asked no \
             registry, worked from its cache, or goes another way; check with: customs doctor\n",
        );
    }
    let gate = &report.gate;
    let _ = writeln!(out, "customs: {}", counts(gate));
    lines(
        &mut out,
        gate.refused
            .iter()
            .map(|r| format!("refused {}: {}", r.what, r.why)),
    );
    let (blocked, held): (Vec<_>, Vec<_>) = gate.held.iter().partition(|h| h.action == "block");
    lines(&mut out, blocked.into_iter().chain(held).map(hidden));
    lines(
        &mut out,
        gate.although
            .iter()
            .map(|t| format!("locked {}: {}", t.release.spoken(), t.why)),
    );
    lines(&mut out, cached(&report.not_through_gate).into_iter());
    lines(
        &mut out,
        gate.warnings
            .iter()
            .map(|w| match w.starts_with("warning") {
                true => w.clone(),
                false => format!("warning: {w}"),
            }),
    );
    lines(&mut out, gate.not_checked.iter().map(not_checked));
    lines(&mut out, gate.not_read.iter().map(not_read));
    lines(
        &mut out,
        gate.not_known.iter().map(|n| format!("not known: {n}")),
    );
    lines(
        &mut out,
        report
            .problems
            .iter()
            .map(|p| format!("note: {}", printable(p, 400))),
    );
    out
}

/// Caches bypass a gate: what speaks against a release is said for each, the rest is
/// counted.
fn cached(all: &[Checked]) -> Vec<String> {
    let mut told = Vec::new();
    let (mut before, mut never) = (0, 0);
    for checked in all {
        let name = checked.release.spoken();
        let verdict = match (&checked.decision, &checked.not_known) {
            (_, Some(because)) => format!("not known, because {because}"),
            (Some(decision), None) if !decision.action.allows() => {
                let rule = decision
                    .decisive()
                    .map(|r| r.rule.to_string())
                    .unwrap_or_default();
                format!("policy would {} it (rule {rule})", decision.action.word())
            }
            _ if checked.delivered.is_some() => {
                before += 1;
                continue;
            }
            _ => {
                never += 1;
                continue;
            }
        };
        told.push(format!(
            "{name}: from the client's cache, not through the gate: {verdict}"
        ));
    }
    let counted = [
        (never, "never delivered by this gate"),
        (before, "delivered by this gate before"),
    ];
    for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
        told.push(format!(
            "{count} from the client's cache, {what}: nothing against them"
        ));
    }
    told
}

fn counts(gate: &RunReport) -> String {
    let blocked = gate.held.iter().filter(|h| h.action == "block").count();
    format!(
        "{} delivered, {} held, {} blocked, {} refused",
        gate.delivered.len(),
        gate.held.len() - blocked,
        blocked,
        gate.refused.len()
    )
}

fn hidden(entry: &HeldEntry) -> String {
    let state = match (entry.action.as_str(), entry.until) {
        ("block", None) => "blocked".to_owned(),
        ("block", Some(until)) => {
            format!(
                "blocked until reviewed, at the latest {}",
                customs_rules::show_end(until)
            )
        }
        (_, Some(until)) => format!("held until {}", customs_rules::show_end(until)),
        (_, None) => "held".to_owned(),
    };
    let took = entry
        .took
        .as_ref()
        .map(|v| format!("; took {v}"))
        .unwrap_or_default();
    let shows = entry
        .shows
        .as_ref()
        .map(|shows| format!("; its code shows {}", printable(shows, 400)))
        .unwrap_or_default();
    format!(
        "{} {state}{took}: {} ({}){shows}",
        entry.release.spoken(),
        entry.why,
        entry.rule
    )
}

fn not_checked(entry: &NotCheckedEntry) -> String {
    format!("not checked of {}: {}", names(entry), entry.what)
}

/// Of releases that nobody got.
fn not_read(entry: &NotCheckedEntry) -> String {
    format!("not read of {}: {}", names(entry), entry.what)
}

fn names(entry: &NotCheckedEntry) -> String {
    let mut names: Vec<String> = entry.releases.iter().take(3).map(|r| r.spoken()).collect();
    let left = entry.releases.len() - names.len();
    if left > 0 {
        names.push(format!("{left} more"));
    }
    names.join(", ")
}

fn lines(out: &mut String, all: impl Iterator<Item = String>) {
    let mut shown = 0;
    let mut left = 0;
    for line in all {
        if shown < MOST {
            // Sentences of the gate are safe to print; whatever answers may be no gate.
            let _ = writeln!(out, "  {}", printable(&line, 2_000));
            shown += 1;
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let _ = writeln!(out, "  … and {left} more; --report FILE has them all");
    }
}
