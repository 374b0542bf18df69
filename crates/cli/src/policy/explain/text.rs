//! The explanation for people.

use super::{Explained, Release, Source, State};
use customs_model::{Reason, printable};
use customs_rules::{show_end, show_instant};
use std::fmt::Write as _;

/// Releases that are shown; JSON has all.
const SHOWN: usize = 40;

/// The whole of it.
pub fn text(explained: &Explained) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let source = match &explained.source {
        Source::Ledger { looked: Some(at) } => {
            format!(
                "from the gate's ledger; its document was looked at {}",
                show_instant(*at)
            )
        }
        Source::Ledger { looked: None } => "from the gate's ledger".to_owned(),
        Source::Registry => "asked at its registry now".to_owned(),
    };
    let _ = writeln!(
        out,
        "{} under {}, {}",
        explained.package,
        printable(&explained.policy, 300),
        show_instant(explained.at)
    );
    let _ = writeln!(out, "({source})");
    for one in explained.releases.iter().take(SHOWN) {
        out.push('\n');
        release(&mut out, one);
    }
    let more = explained.releases.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more, with --format json");
    }
    out.push('\n');
    end(&mut out, explained);
    out
}

fn end(out: &mut String, explained: &Explained) {
    if let Some(version) = &explained.version
        && explained.releases.is_empty()
    {
        let _ = writeln!(out, "{version} is not known: neither offered nor held.");
    }
    let _ = match &explained.resolves {
        Some(version) => writeln!(
            out,
            "A resolver gets {version}; {} of {} releases are offered.",
            explained.offered, explained.known
        ),
        None => writeln!(
            out,
            "A resolver gets nothing: none of {} releases is offered.",
            explained.known
        ),
    };
    for line in &explained.exemptions {
        let _ = writeln!(out, "exemption {}", printable(line, 500));
    }
    for note in &explained.notes {
        let _ = writeln!(out, "note: {}", printable(note, 500));
    }
}

fn release(out: &mut String, one: &Release) {
    let state = match (one.state, one.until) {
        (State::Offered, _) => "offered".to_owned(),
        (State::NotKnown, _) => "NOT KNOWN".to_owned(),
        (State::Held, Some(until)) => format!("held until {}", show_end(until)),
        (State::Held, None) => "held".to_owned(),
        (State::Blocked, Some(until)) => format!("blocked until {}", show_end(until)),
        (State::Blocked, None) => "blocked".to_owned(),
        (State::NotLookedAt, _) => "not offered: nobody could look at it".to_owned(),
        (State::Withdrawn, _) => "withdrawn by its registry".to_owned(),
    };
    let since = match (one.since, one.published) {
        (Some(at), _) => format!(", since {}", show_instant(at)),
        (None, Some(at)) if one.state != State::Offered => {
            format!(", published {}", show_instant(at))
        }
        (None, _) => String::new(),
    };
    let _ = writeln!(out, "{}  {state}{since}", one.version);
    for reason in &one.reasons {
        let _ = writeln!(out, "    {}", said(reason));
    }
    for why in &one.not_known {
        let _ = writeln!(out, "    not known: {}", printable(why, 400));
    }
}

fn said(reason: &Reason) -> String {
    let message = printable(&reason.message, 400);
    match &reason.waived {
        Some(why) => format!(
            "{}: {message}; no effect: {}",
            reason.rule,
            printable(why, 300)
        ),
        None => match reason.asks.until() {
            Some(until) => format!("{}: {message} (until {})", reason.rule, show_end(until)),
            None => format!("{}: {message}", reason.rule),
        },
    }
}
