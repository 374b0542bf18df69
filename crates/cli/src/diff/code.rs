//! Code that changed, for who reviews it.

use customs_inspect::Tree;
use customs_model::{ContentKind, FileFact, Inspection, Zone, printable};
use serde::Serialize;
use similar::{ChangeTag, DiffOp, TextDiff};
use std::collections::{BTreeMap, HashMap};

/// Lines of one file and of all that are shown, and characters of a line.
const LINES: usize = 120;
const ALL: usize = 800;
const WIDTH: usize = 160;
/// Bytes of a line from which a file is broken into statements first.
const LONG: usize = 1_000;
/// Lines up to which two texts are aligned; larger ones are compared as sets of lines.
const ALIGNED: usize = 20_000;
/// Unchanged lines around a change.
const AROUND: usize = 2;

/// A file of code that runs and is not what it was.
#[derive(Debug, Serialize)]
pub(super) struct Changed {
    /// Its path below the top folder, as data.
    pub path: String,
    /// What happened to it.
    pub what: String,
    /// The change, safe to print.
    pub lines: Vec<String>,
}

/// The files that run and changed, the strongest zone first.
pub(super) fn changed(
    before: &Tree,
    facts_before: &Inspection,
    after: &Tree,
    facts_after: &Inspection,
) -> Vec<Changed> {
    let earlier: BTreeMap<&str, &FileFact> = facts_before
        .layout
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let reads = |file: &&FileFact| {
        let is_text = matches!(file.content, ContentKind::Code | ContentKind::Text);
        file.zone > Zone::Never && is_text || MANIFESTS.contains(&file.path.as_str())
    };
    let mut files: Vec<&FileFact> = facts_after.layout.iter().filter(reads).collect();
    files.sort_by_key(|file| (std::cmp::Reverse(file.zone), file.path.as_str()));
    let mut left = ALL;
    let mut out = Vec::new();
    for file in files {
        let old = earlier.get(file.path.as_str());
        if old.is_some_and(|old| old.digest.is_some() && old.digest == file.digest) {
            continue;
        }
        let Some(new_text) = text(after, &file.path) else {
            continue;
        };
        let old_text = old.and_then(|_| text(before, &file.path));
        let what = if old_text.is_none() { "new" } else { "changed" };
        let mut lines = difference(&old_text.unwrap_or_default(), &new_text);
        let most = LINES.min(left);
        if lines.len() > most {
            let more = lines.len() - most;
            lines.truncate(most);
            lines.push(format!("… and {more} more lines"));
        }
        left = left.saturating_sub(lines.len());
        out.push(Changed {
            path: file.path.clone(),
            what: format!("{what}, {}", file.zone.words()),
            lines,
        });
        if left == 0 {
            break;
        }
    }
    out
}

/// Manifests are shown although nothing runs them: they say what runs.
const MANIFESTS: [&str; 5] = [
    "package.json",
    "setup.py",
    "pyproject.toml",
    "Cargo.toml",
    "binding.gyp",
];

fn text(tree: &Tree, path: &str) -> Option<String> {
    let entries = || tree.entries.iter().rev();
    let below = |entry: &&customs_inspect::Entry| {
        entry
            .path
            .split_once('/')
            .is_some_and(|(_, below)| below == path)
    };
    let entry = entries()
        .find(|entry| entry.path == path)
        .or_else(|| entries().find(below))?;
    Some(readable(&String::from_utf8_lossy(entry.bytes()?)))
}

/// A text in lines that can be compared: what stands in one long line is broken behind
/// each statement.
fn readable(text: &str) -> String {
    if !text.lines().any(|line| line.len() > LONG) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for c in text.chars() {
        out.push(c);
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) if c == '\n' => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if matches!(c, ';' | '{' | '}') => out.push('\n'),
            None => {}
        }
    }
    out
}

fn difference(before: &str, after: &str) -> Vec<String> {
    if before.lines().count().max(after.lines().count()) > ALIGNED {
        return only_in(before, after);
    }
    let diff = TextDiff::configure()
        .algorithm(similar::Algorithm::Patience)
        .diff_lines(before, after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !lines.is_empty() {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|op: &DiffOp| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(shown(mark, change.value()));
        }
    }
    lines
}

/// Lines that only the later text has, in its order: linear in the length of both.
fn only_in(before: &str, after: &str) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in before.lines() {
        *counts.entry(line).or_default() += 1;
    }
    let mut lines = Vec::new();
    for line in after.lines() {
        match counts.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lines.push(shown('+', line)),
        }
    }
    lines
}

fn shown(mark: char, line: &str) -> String {
    let line = line.trim_end().replace('\t', "  ");
    let text = printable(&line, WIDTH);
    format!("{mark} {text}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let lines = difference("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n");
        assert_eq!(lines, ["  b", "  c", "- d", "+ X", "  e", "  f"]);
    }

    #[test]
    fn one_long_line_is_broken_into_statements_and_only_those_that_changed_are_shown() {
        let piece = "a('x;y');".repeat(200);
        let (before, after) = (readable(&piece), readable(&format!("{piece}evil();")));
        let lines = difference(&before, &after);
        assert_eq!(lines.last().map(String::as_str), Some("+ evil();"));
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_text_of_very_many_lines_shows_what_only_the_later_one_has() {
        let before = "same\n".repeat(ALIGNED + 1);
        let lines = difference(&before, &format!("{before}new\n"));
        assert_eq!(lines, ["+ new"]);
    }
}
