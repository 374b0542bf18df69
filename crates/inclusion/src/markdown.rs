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
/// and say how many are left out; the page never outgrows a comment.
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
    for (title, head, list) in [
        ("Not so", ["package", "what"], wrong(&record)),
        ("Not checked", ["what", "because"], not_checked(&record)),
    ] {
        if !list.is_empty() {
            let _ = write!(out, "\n#### {title}\n\n");
            rows(&mut out, &head, &list);
        }
    }
    out
}

/// `, commit …`, or nothing.
pub(crate) fn at_commit(commit: Option<&str>) -> String {
    commit.map_or_else(String::new, |commit| format!(", commit {}", code(commit)))
}

fn wrong(record: &Record) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for package in &record.packages {
        for question in Question::ALL {
            if question.answer(package) == Answer::No {
                let name = code(&package.release.to_string());
                rows.push(vec![name, question.refusal().to_owned()]);
            }
        }
    }
    let stray = record.loose.iter().filter(|file| file.is_unexplained());
    rows.extend(stray.map(|file| {
        let what = "it belongs to no package, and nothing explains it";
        vec![code(&file.path), what.to_owned()]
    }));
    rows
}

fn not_checked(record: &Record) -> Vec<Vec<String>> {
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
        vec![what, code(&because)]
    });
    let of_project = record
        .not_checked
        .iter()
        .map(|part| vec!["project".to_owned(), code(part)]);
    of_packages.chain(of_project).collect()
}

/// A table whose cells are Markdown already; says how many rows had no place.
pub(crate) fn rows(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    let rule = "---|".repeat(head.len());
    let _ = writeln!(out, "| {} |\n|{rule}", head.join(" | "));
    let mut shown = 0;
    for row in rows.iter().take(limit::ROWS) {
        let line = row.join(" | ");
        if out.len() + line.len() > limit::PAGE {
            break;
        }
        let _ = writeln!(out, "| {line} |");
        shown += 1;
    }
    let more = rows.len() - shown;
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
        insta::assert_snapshot!(summary(&record()), @r#"
        ### What `shop` contains

        Seen at 2026-08-26T10:00:00Z, commit `89abcdef0123456789abcdef0123456789abcdef`. 5 packages (1 not installed), 4 files, 1 exempted; 1 part of the project not looked at.

        | | yes | no | not checked |
        |---|---:|---:|---:|
        | what lies there is what the artifact holds | 3 | 1 | 1 |
        | the registry signed this name, version and digest | 4 | 1 | 0 |
        | an attestation of how it was built is verified | 4 | 0 | 1 |
        | its code was judged, and nothing was found | 2 | 1 | 2 |

        #### Not so

        | package | what |
        |---|---|
        | `pkg:npm/left-pad@1.3.0` | what lies there is not what the artifact holds |
        | `pkg:npm/plain-crypto-js@4.2.1` | something was found in its code |
        | `pkg:pypi/zope-interface@6.0%2Blocal` | no signature of the registry holds for it |

        #### Not checked

        | what | because |
        |---|---|
        | tree of 1 package | `it is not installed` |
        | attestation of 1 package | `the evidence is not here; run customs verify --fetch` |
        | verdict of 1 package | `its bytes are not here` |
        | verdict of 1 package | `its code could not be judged` |
        | project | `web/: no lockfile` |
        "#);
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
        assert!(
            text.contains("and 11 more; the text has all of them."),
            "{text}"
        );
    }

    #[test]
    fn a_page_of_endless_names_stays_a_page() {
        let mut record = record();
        let long = "\u{202e}".repeat(1_000);
        record.not_checked = (0..limit::ROWS).map(|n| format!("{n}{long}")).collect();
        record.packages.clear();
        for n in 0..limit::ROWS {
            let mut package = crate::testing::package(&format!("pkg:npm/p{n}@1"), &[]);
            package.tree = Answer::not_checked(format!("{n}{long}"));
            record.packages.push(package);
        }
        let text = summary(&record);
        assert!(text.len() < 65_536, "{}", text.len());
        assert!(
            text.contains("and 41 more;") || text.contains("and 40 more;"),
            "{text}"
        );
        is_well_formed(&text);
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
