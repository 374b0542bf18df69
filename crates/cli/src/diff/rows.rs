//! Lines of two texts beside each other, made readable: nothing that changed hides behind
//! blanks, or far along a line.

use super::text::Text;
use customs_model::printable;
use similar::{DiffOp, DiffTag, TextDiff};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Characters of a line that is shown; what is longer is shown in several.
const WIDTH: usize = 160;
/// Characters of a line up to which all of it is shown; of a longer one only what is around
/// the places that count.
const WHOLE: usize = 1_000;
/// Characters before and behind such a place.
const BEFORE: usize = 60;
const BEHIND: usize = 100;
/// Places of one line that are shown.
const PLACES: usize = 8;
/// Blanks in a row from which they are counted, not shown.
const BLANKS: usize = 32;
/// Lines in which one line is shown.
const PIECES: usize = 16;
/// Lines up to which two texts are aligned; larger ones are compared as sets of lines.
const ALIGNED: usize = 20_000;
/// Unchanged lines around a change.
const AROUND: usize = 2;

/// A line of a difference.
pub(super) struct Row {
    mark: char,
    /// Which line of the later text, where it is one of it.
    at: Option<usize>,
    /// Which line of the earlier text, where it is none of the later one.
    was: Option<usize>,
    /// Characters of it that are the first ones to differ.
    focus: Option<usize>,
}

/// How many lines only one of two texts has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub added: usize,
    pub removed: usize,
}

/// How many lines only one of both has: linear in the length of both.
pub(super) fn counts(before: &Text, after: &Text) -> Counts {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let lines = before.lines();
    let mut removed = lines.len();
    for line in lines {
        *known.entry(line).or_default() += 1;
    }
    let mut added = 0;
    for line in after.lines() {
        match known.get_mut(line) {
            Some(count) if *count > 0 => {
                *count -= 1;
                removed -= 1;
            }
            _ => added += 1,
        }
    }
    Counts { added, removed }
}

/// The changed lines and what stands around them; `None` stands between two that are not
/// beside each other.
fn difference(before: &[&str], after: &[&str]) -> Vec<Option<Row>> {
    if before.len().max(after.len()) > ALIGNED {
        return only_in(before, after);
    }
    let diff = TextDiff::configure()
        .algorithm(similar::Algorithm::Patience)
        .diff_slices(before, after);
    let mut rows = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !rows.is_empty() {
            rows.push(None);
        }
        for op in &group {
            rows.extend(of_operation(op, before, after).into_iter().map(Some));
        }
    }
    rows
}

fn of_operation(op: &DiffOp, before: &[&str], after: &[&str]) -> Vec<Row> {
    let (old, new) = (op.old_range(), op.new_range());
    let now = |mark: char, at: usize, focus: Option<usize>| Row {
        mark,
        at: Some(at),
        was: None,
        focus,
    };
    let differs = |was: usize, at: usize| {
        let (was, at) = (before.get(was)?, after.get(at)?);
        let same = was.chars().zip(at.chars()).take_while(|(a, b)| a == b);
        Some(same.count())
    };
    if op.tag() == DiffTag::Equal {
        return new.map(|at| now(' ', at, None)).collect();
    }
    let gone = old.clone().map(|was| Row {
        mark: '-',
        at: None,
        was: Some(was),
        focus: differs(was, new.start + (was - old.start)).filter(|_| !new.is_empty()),
    });
    let come = new.clone().map(|at| {
        let focus = differs(old.start + (at - new.start), at).filter(|_| !old.is_empty());
        now('+', at, focus)
    });
    gone.chain(come).collect()
}

/// Lines that only the later text has, in its order: linear in the length of both.
fn only_in(before: &[&str], after: &[&str]) -> Vec<Option<Row>> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in before {
        *counts.entry(line).or_default() += 1;
    }
    let mut rows = Vec::new();
    for (at, line) in after.iter().enumerate() {
        match counts.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => rows.push(Some(Row {
                mark: '+',
                at: Some(at),
                was: None,
                focus: None,
            })),
        }
    }
    rows
}

/// A difference for people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Safe to print.
    pub lines: Vec<String>,
    /// Lines of the difference that are not among them.
    pub left_out: usize,
}

/// Two texts beside each other in about so many lines. What is around a place (line and column
/// of the later text, from 1) is shown whatever their number is; then the beginning and the end.
pub(super) fn shown(before: &Text, after: &Text, places: &[(u32, u32)], most: usize) -> Shown {
    let (old, new) = (before.lines(), after.lines());
    let rows = difference(&old, &new);
    let mut at: HashMap<usize, Vec<usize>> = HashMap::new();
    for (line, column) in places {
        if let Some((line, column)) = after.find(*line, *column) {
            at.entry(line).or_default().push(column);
        }
    }
    let line_of = |row: &Row| match (row.at, row.was) {
        (Some(at), _) => new.get(at).copied().unwrap_or_default(),
        (None, Some(was)) => old.get(was).copied().unwrap_or_default(),
        (None, None) => "",
    };
    let focus_of = |row: &Row| {
        let places = row.at.and_then(|line| at.get(&line));
        let mut focus: Vec<usize> = places.into_iter().flatten().copied().collect();
        focus.extend(row.focus);
        focus
    };
    let is_place = |row: &Option<Row>| {
        let line = row.as_ref().and_then(|row| row.at);
        line.is_some_and(|line| at.contains_key(&line))
    };
    let text_of = |row: &Row| pieces(row.mark, line_of(row), &focus_of(row));
    let keep = kept(&rows, is_place, |row| text_of(row).len(), most);

    let mut out = Shown::default();
    let mut skipped = 0;
    let mut blank: Option<(char, usize)> = None;
    for (row, keep) in rows.iter().zip(keep) {
        let Some(row) = row else {
            if keep && skipped == 0 {
                end_blanks(&mut out.lines, &mut blank);
                out.lines.push("…".to_owned());
            }
            continue;
        };
        if !keep {
            skipped += 1;
            out.left_out += 1;
            continue;
        }
        if skipped > 0 {
            end_blanks(&mut out.lines, &mut blank);
            out.lines.push(left_out(skipped));
            skipped = 0;
        }
        match &mut blank {
            Some((mark, count)) if *mark == row.mark && line_of(row).trim().is_empty() => {
                *count += 1;
                continue;
            }
            _ => end_blanks(&mut out.lines, &mut blank),
        }
        if line_of(row).trim().is_empty() {
            blank = Some((row.mark, 1));
        } else {
            out.lines.extend(text_of(row));
        }
    }
    end_blanks(&mut out.lines, &mut blank);
    if skipped > 0 {
        out.lines.push(left_out(skipped));
    }
    out
}

fn left_out(count: usize) -> String {
    match count {
        1 => "… 1 line left out".to_owned(),
        count => format!("… {count} lines left out"),
    }
}

/// Lines without anything in them, as one.
fn end_blanks(lines: &mut Vec<String>, blank: &mut Option<(char, usize)>) {
    match blank.take() {
        None => {}
        Some((mark, 1)) => lines.push(mark.to_string().trim_end().to_owned()),
        Some((mark, count)) => lines.push(format!("{mark} …({count} empty lines)…")),
    }
}

/// Which lines are shown: those around places, then the first ones and the last ones.
fn kept(
    rows: &[Option<Row>],
    is_place: impl Fn(&Option<Row>) -> bool,
    cost: impl Fn(&Row) -> usize,
    most: usize,
) -> Vec<bool> {
    let mut keep = vec![false; rows.len()];
    let mut left = most;
    for (at, _) in rows.iter().enumerate().filter(|(_, row)| is_place(row)) {
        for near in at.saturating_sub(AROUND)..=at + AROUND {
            if let Some(keep @ false) = keep.get_mut(near) {
                *keep = true;
                left = left.saturating_sub(1);
            }
        }
    }
    let mut take = |at: usize, share: &mut usize| {
        let costs = rows.get(at).and_then(Option::as_ref).map_or(1, &cost);
        if costs > *share {
            return false;
        }
        if let Some(keep @ false) = keep.get_mut(at) {
            *keep = true;
            *share -= costs;
        }
        true
    };
    // Padding at one end does not push the other one out.
    let mut end = left / 4;
    left -= end;
    let mut first = 0;
    while first < rows.len() && take(first, &mut left) {
        first += 1;
    }
    end += left;
    for at in (first..rows.len()).rev() {
        if !take(at, &mut end) {
            break;
        }
    }
    keep
}

/// A line in lines that are short enough, safe to print.
fn pieces(mark: char, line: &str, focus: &[usize]) -> Vec<String> {
    let text: Vec<char> = windowed(line.trim_end(), focus).chars().collect();
    let mut out: Vec<String> = Vec::new();
    for piece in text.chunks(WIDTH) {
        let piece: String = piece.iter().collect();
        if out.len() == PIECES {
            let more = text.len() - PIECES * WIDTH;
            out.push(format!("{mark} …({more} characters more of this line)"));
            break;
        }
        let again = if out.is_empty() { "" } else { "…" };
        out.push(format!("{mark} {again}{piece}"));
    }
    out.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A line without what is too much of it: many blanks in a row, and of a very long one what is
/// far from its beginning, its end, and the places that count. What is left out is counted.
fn windowed(line: &str, focus: &[usize]) -> String {
    let chars: Vec<char> = line.chars().collect();
    let words = words(&chars);
    let solid: usize = words.iter().map(|(from, to)| to - from).sum();
    let mut windows = words.clone();
    if solid > WHOLE {
        let begins = words.iter().map(|(from, _)| *from);
        let end = chars.len().saturating_sub(BEFORE);
        let mut places: Vec<usize> = focus.iter().copied().take(PLACES).collect();
        places.extend(begins.take(PLACES));
        places.push(end);
        windows = places
            .into_iter()
            .map(|at| (at.saturating_sub(BEFORE), (at + BEHIND).min(chars.len())))
            .collect();
        windows.sort_unstable();
    }
    let mut out = String::new();
    let mut shown = 0;
    for (from, to) in windows {
        let from = from.max(shown);
        if from >= to {
            continue;
        }
        gap(&mut out, chars.get(shown..from).unwrap_or_default());
        let piece: String = chars.get(from..to).unwrap_or_default().iter().collect();
        out.push_str(&printable(&piece.replace('\t', "  "), piece.len() * 2));
        shown = to;
    }
    gap(&mut out, chars.get(shown..).unwrap_or_default());
    out
}

/// Stretches between which many blanks stand.
fn words(chars: &[char]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let (mut from, mut blanks) = (0, 0);
    for (at, c) in chars.iter().enumerate() {
        if c.is_whitespace() {
            blanks += 1;
            continue;
        }
        if blanks >= BLANKS {
            if at - blanks > from {
                words.push((from, at - blanks));
            }
            from = at;
        }
        blanks = 0;
    }
    words.push((from, chars.len()));
    words
}

fn gap(out: &mut String, chars: &[char]) {
    if chars.is_empty() {
        return;
    }
    let what = if chars.iter().all(|c| c.is_whitespace()) {
        "blanks"
    } else {
        "characters"
    };
    // Writing into a text cannot fail.
    let _ = write!(out, "…({} {what})…", chars.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(before: &str, after: &str, places: &[(u32, u32)], most: usize) -> Vec<String> {
        let (before, after) = Text::both("a.js", before, after);
        shown(&before, &after, places, most).lines
    }

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let lines = lines("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n", &[], 99);
        assert_eq!(lines, ["  b", "  c", "- d", "+ X", "  e", "  f"]);
    }

    #[test]
    fn one_long_line_is_broken_into_statements_and_only_those_that_changed_are_shown() {
        let piece = "a('x;y');".repeat(200);
        let lines = lines(&piece, &format!("{piece}evil();"), &[], 99);
        assert_eq!(lines.last().map(String::as_str), Some("+ evil();"));
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_text_of_very_many_lines_shows_what_only_the_later_one_has() {
        let before = "same\n".repeat(ALIGNED + 1);
        let lines = lines(&before, &format!("{before}new\n"), &[], 99);
        assert_eq!(lines, ["+ new"]);
    }

    #[test]
    fn what_stands_behind_many_blanks_is_shown() {
        let blanks = " ".repeat(300);
        let after = format!("{blanks}evil();\nb();{blanks}more();{blanks}\n");
        let told = ["+ …(300 blanks)…evil();", "+ b();…(300 blanks)…more();"];
        assert_eq!(lines("", &after, &[], 99), told);
        let empty = "\n".repeat(5000);
        let told = ["+ a", "+ …(5000 empty lines)…", "+ evil();"];
        assert_eq!(lines("", &format!("a\n{empty}evil();"), &[], 9999), told);
    }

    #[test]
    fn of_a_very_long_line_the_first_difference_and_each_place_are_shown() {
        let text = |middle: &str| {
            let (a, b) = ("a".repeat(4000), "b".repeat(4000));
            format!("x = '{a}{middle}{b}{a}PLACE{a}end'")
        };
        let lines = lines(&text("was"), &text("evil"), &[(1, 12_010)], 99).join("\n");
        for shown in ["x = 'aaa", "evil", "PLACE", "end'", "characters)…"] {
            assert!(lines.contains(shown), "{shown}: {lines}");
        }
        assert!(lines.len() < 3000, "{}", lines.len());
    }

    #[test]
    fn padding_pushes_neither_a_place_nor_the_end_out_and_what_is_left_out_is_counted() {
        let mut after: Vec<String> = (0..1000).map(|n| format!("pad{n}();")).collect();
        after[500] = "evil();".to_owned();
        let text = Text::alone("a.js", after.join("\n").as_bytes());
        let found = shown(&Text::default(), &text, &[(501, 1)], 20);
        let lines = found.lines.join("\n");
        for told in ["pad0()", "evil()", "pad999()", "lines left out"] {
            assert!(lines.contains(told), "{told}: {lines}");
        }
        let code = found.lines.iter().filter(|line| line.starts_with('+'));
        assert_eq!(code.count() + found.left_out, 1000);
        // Where there is no room for anything else as well.
        let found = shown(&Text::default(), &text, &[(501, 1)], 0);
        assert!(found.lines.iter().any(|line| line == "+ evil();"));
    }

    #[test]
    fn counts_are_those_of_lines_that_only_one_has() {
        let (before, after) = Text::both("a.js", "a\nb\nb\n", "a\nb\nc\nd");
        let (added, removed) = (2, 1);
        assert_eq!(counts(&before, &after), Counts { added, removed });
    }
}
