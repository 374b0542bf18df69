//! A short summary for the page of a CI step or a comment: the sums, and what is not so.

use crate::limit;
use crate::question::{Counts, Question, many};
use crate::record::Record;
use crate::shown::code;
use crate::write::seconds;
use customs_model::Answer;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The summary. Every text of a stranger in it is code; lists have at most [`limit::ROWS`] rows
/// and say how many are left out.
pub fn summary(record: &Record) -> String {
    let record = record.sorted();
    let counts = Counts::of(&record);
    let mut out = format!(
        "### What {} contains\n\nSeen at {}{}. {}.\n\n",
        code(&record.project),
        seconds(record.made),
        at_commit(record.commit.as_deref()),
        counts.line()
    );
    out.push_str("| | yes | no | not checked |\n|---|---:|---:|---:|\n");
    for question in Question::ALL {
        let tally = counts.of_question(question);
        let (words, yes, no) = (question.words(), tally.yes, tally.no);
        let _ = writeln!(out, "| {words} | {yes} | {no} | {} |", tally.not_checked);
    }
    rows(&mut out, "Not so", ["package", "what"], &wrong(&record));
    rows(&mut out, "Not checked", ["what", "because"], &not_checked(&record));
    out
}

/// `, commit …`, or nothing.
pub(crate) fn at_commit(commit: Option<&str>) -> String {
    commit.map_or_else(String::new, |commit| format!(", commit {}", code(commit)))
}

fn wrong(record: &Record) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    for package in &record.packages {
        for question in Question::ALL {
            if question.answer(package) == Answer::No {
                let name = code(&package.release.to_string());
                rows.push([name, question.refusal().to_owned()]);
            }
        }
    }
    rows
}

fn not_checked(record: &Record) -> Vec<[String; 2]> {
    let mut reasons: BTreeMap<(Question, String), usize> = BTreeMap::new();
    for package in &record.packages {
        for question in Question::ALL {
            if let Answer::NotChecked(because) = question.answer(package) {
                *reasons.entry((question, because)).or_default() += 1;
            }
        }
    }
    let of_packages = reasons.into_iter().map(|((question, because), count)| {
        let what = format!("{} of {}", question.key(), many(count, "package"));
        [what, code(&because)]
    });
    let of_project = record.not_checked.iter().map(|part| ["project".to_owned(), code(part)]);
    of_packages.chain(of_project).collect()
}

/// A table whose cells are Markdown already, under a title; nothing where there are no rows.
pub(crate) fn rows<const N: usize, T: AsRef<str>>(
    out: &mut String,
    title: &str,
    head: [&str; N],
    rows: &[[T; N]],
) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "\n#### {title}\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows.iter().take(limit::ROWS) {
        let cells: Vec<&str> = row.iter().map(AsRef::as_ref).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    let more = rows.len().saturating_sub(limit::ROWS);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more; the text has all of them.");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::shown::tests::steers_nothing;
    use crate::testing::{any_record, hostile_record, record, shuffled};
    use proptest::prelude::*;

    /// Fails where a table has a row of another width, or a text has left its code.
    pub(crate) fn is_well_formed(text: &str) {
        steers_nothing(text);
        let mut width = None;
        for line in text.lines() {
            let backticks = line.matches('`').count();
            assert!(backticks.is_multiple_of(2), "{line}");
            let outside: String = line.split('`').step_by(2).collect();
            for bad in ["<", "@", "](", "://", "\\"] {
                assert!(!outside.contains(bad), "{bad} in {line}");
            }
            if !line.starts_with('|') {
                width = None;
                continue;
            }
            let bars = line.matches('|').count();
            assert_eq!(*width.get_or_insert(bars), bars, "{line}");
        }
    }

    #[test]
    fn a_page_shows_the_sums_and_what_is_not_so() {
        insta::assert_snapshot!(summary(&record()), @"");
    }

    #[test]
    fn no_text_of_a_stranger_leaves_its_cell_or_becomes_a_link() {
        is_well_formed(&summary(&hostile_record()));
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let mut record = record();
        record.not_checked = (0..limit::ROWS + 7).map(|n| format!("part {n}")).collect();
        let text = summary(&record);
        // Three reasons of packages stand before those of the project.
        assert!(text.contains("and 11 more; the text has all of them."), "{text}");
    }

    proptest! {
        #[test]
        fn whatever_is_in_it_the_page_stays_whole(record in any_record()) {
            let text = summary(&record);
            is_well_formed(&text);
            prop_assert_eq!(summary(&shuffled(&record)), text);
        }
    }
}
