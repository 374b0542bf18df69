//! The comparison for a terminal. It has everything.

use super::sections::Cell;
use super::{Moment, Newly, sections};
use crate::shown::{Columns, shown};
use crate::write::seconds;
use std::fmt::Write as _;

/// Every list, and the sums at the end.
pub fn text(newly: &Newly) -> String {
    let mut out = format!(
        "What {} contains that it did not\n  before: {}\n  now:    {}\n",
        shown(&newly.now.project),
        moment(&newly.before),
        moment(&newly.now)
    );
    if newly.before.project != newly.now.project {
        let other = shown(&newly.before.project);
        let _ = writeln!(
            out,
            "  the older record is of a project that is called {other}"
        );
    }
    for section in sections::all(newly) {
        if section.rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{} ({})", section.title, section.rows.len());
        if !section.advice.is_empty() {
            let _ = writeln!(out, "  {}", section.advice);
        }
        let mut columns = Columns::default();
        // Each row begins with a mark of ours, so that no text of a stranger begins a line.
        if section.head.len() > 1 {
            columns.row([" "].iter().chain(section.head));
        }
        for row in &section.rows {
            columns.row(std::iter::once("-").chain(row.iter().map(Cell::text)));
        }
        out.push_str(&columns.text(2));
    }
    if newly.is_quiet() {
        out.push_str("\nNothing: both records say the same.\n");
    }
    let _ = writeln!(out, "\n{}", newly.line());
    out
}

fn moment(moment: &Moment) -> String {
    match &moment.commit {
        Some(commit) => format!("{}, commit {}", seconds(moment.made), shown(commit)),
        None => seconds(moment.made),
    }
}
