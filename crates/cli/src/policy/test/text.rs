//! The report for people.

use super::{Group, Report};
use customs_rules::show_instant;
use std::fmt::Write as _;

/// Releases of one group that are shown; JSON has more.
const SHOWN: usize = 30;

/// The whole report.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{} over {} to {}: {} and {} looked at",
        report.policy,
        show_instant(report.from),
        show_instant(report.to),
        counted(report.deliveries, "delivery", "deliveries"),
        counted(report.refusals, "refusal", "refusals"),
    );
    if let Some(name) = &report.advisories {
        let _ = writeln!(out, "with the advisories {name}");
    }
    let all = report.not_judged.events == 0;
    let held = "was delivered and would be held or refused";
    group(&mut out, &report.stricter, held, all);
    let freed = "was refused and would be delivered";
    group(&mut out, &report.looser, freed, all);
    let unknown = &report.not_judged;
    if unknown.events > 0 {
        let _ = writeln!(
            out,
            "\nNOT judged again: {}, which may go either way",
            counted(unknown.events, "event", "events")
        );
        for (why, some) in &unknown.because {
            let _ = writeln!(out, "  {} × {why}", some.events);
            let _ = writeln!(out, "      {}", some.releases.join(", "));
        }
    }
    for note in &report.notes {
        let _ = writeln!(out, "\n{note}");
    }
    let _ = writeln!(
        out,
        "\n{} would be as they were.",
        counted(report.unchanged, "event", "events")
    );
    out
}

fn group(out: &mut String, group: &Group, what: &str, all: bool) {
    if group.events == 0 {
        let far = if all {
            ""
        } else {
            ", as far as it was judged again"
        };
        let _ = writeln!(out, "\nNothing {what}{far}.");
        return;
    }
    let _ = writeln!(
        out,
        "\nWhat {what}: {} of {}",
        counted(group.events, "event", "events"),
        counted(group.releases as u64, "release", "releases"),
    );
    for (rule, events) in &group.by_rule {
        let _ = writeln!(out, "  {rule}: {events}");
    }
    for one in group.listed.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}  {}: {}", one.release, one.rule, one.why);
        let age = match one.only_its_age {
            true => "; a lockfile that names it would be served",
            false => "",
        };
        let times = counted(one.events, "time", "times");
        let _ = writeln!(out, "      {times}, last {}{age}", show_instant(one.last));
        for who in &one.asked_by {
            let _ = writeln!(out, "      asked by {who}");
        }
        if one.more_askers > 0 {
            let _ = writeln!(out, "      and {} requests of others", one.more_askers);
        }
    }
    let more = group.listed.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more, with --format json");
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}
