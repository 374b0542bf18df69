//! The comparison for a page or a comment: short, with what is loud first.

use super::sections::Cell;
use super::{Newly, sections};
use crate::markdown::{at_commit, rows};
use crate::shown::code;
use crate::write::seconds;
use std::fmt::Write as _;

/// Every list with at most [`crate::limit::ROWS`] rows. They say how many are left out.
pub fn markdown(newly: &Newly) -> String {
    let mut out = format!(
        "### What {} contains that it did not\n\n**{}**\n\nBetween {}{} and {}{}.\n",
        code(&newly.now.project),
        newly.line(),
        seconds(newly.before.made),
        at_commit(newly.before.commit.as_deref()),
        seconds(newly.now.made),
        at_commit(newly.now.commit.as_deref()),
    );
    for section in sections::all(newly) {
        if section.rows.is_empty() {
            continue;
        }
        let _ = write!(out, "\n#### {} ({})\n\n", section.title, section.rows.len());
        if !section.advice.is_empty() {
            let _ = write!(out, "{}\n\n", section.advice);
        }
        let cells = section
            .rows
            .iter()
            .map(|row| row.iter().map(cell).collect());
        let cells: Vec<Vec<String>> = cells.collect();
        rows(&mut out, section.head, &cells);
    }
    if newly.is_quiet() {
        out.push_str("\nNothing: both records say the same.\n");
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Ours(text) => (*text).to_owned(),
        Cell::Theirs(text) => code(text),
    }
}
