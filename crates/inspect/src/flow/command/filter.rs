//! Programs that turn the text that comes in into another one, as far as it can be computed
//! without running them. What cannot is none, and whoever runs what comes out is told so.

use super::OUTPUT;
use super::edit::edited;
use super::escape::escaped;
use crate::pure::HOLE_START;
use rustc_hash::{FxHashMap, FxHashSet};

/// Letters of a set.
const SET: usize = 4_096;

/// What a program makes of a text, where its words and the text are known.
pub(super) fn computed(name: &str, words: &[&str], text: &str) -> Option<String> {
    let is_known = |text: &str| !text.contains(HOLE_START);
    if text.len() > OUTPUT {
        return None;
    }
    if name == "cat" && words.iter().all(|word| *word == "-") {
        return Some(text.to_owned());
    }
    if !is_known(text) || !words.iter().all(|word| is_known(word)) {
        return None;
    }
    let out = match name {
        "rev" => by_lines(text, |line| line.chars().rev().collect()),
        "tac" => text.lines().rev().collect::<Vec<_>>().join("\n"),
        "tr" => translated(words, text)?,
        "cut" => cut(words, text)?,
        "sed" => edited(words, text)?,
        "head" | "tail" => end_of(name == "tail", words, text)?,
        _ => return None,
    };
    (out.len() <= OUTPUT).then_some(out)
}

fn by_lines(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(change).collect::<Vec<_>>().join("\n")
}

/// `tr SET SET`, `tr -d SET`, `tr -s SET`, each of the complement with `-c`.
fn translated(words: &[&str], text: &str) -> Option<String> {
    let (mut deletes, mut squeezes, mut complement) = (false, false, false);
    let mut sets = Vec::new();
    for word in words {
        let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty());
        match letters {
            Some(letters) if sets.is_empty() => {
                for letter in letters.chars() {
                    match letter {
                        'd' => deletes = true,
                        's' => squeezes = true,
                        'c' | 'C' => complement = true,
                        _ => return None,
                    }
                }
            }
            _ => sets.push(set(word)?),
        }
    }
    let mut sets = sets.into_iter();
    let (from, to) = (sets.next()?, sets.next());
    let known: FxHashSet<char> = from.iter().copied().collect();
    let is_in = |c: char| known.contains(&c) != complement;
    match (to, deletes, squeezes) {
        (None, true, false) => Some(text.chars().filter(|c| !is_in(*c)).collect()),
        (None, false, true) => {
            let mut last = None;
            let keeps = |c: &char| {
                let again = last == Some(*c) && is_in(*c);
                last = Some(*c);
                !again
            };
            Some(text.chars().filter(keeps).collect())
        }
        (Some(to), false, false) => {
            let end = *to.last()?;
            let others = to.iter().copied().chain(std::iter::repeat(end));
            // Of a letter that stands there twice the last place counts.
            let instead: FxHashMap<char, char> = from.iter().copied().zip(others).collect();
            let change = |c: char| match (complement, is_in(c)) {
                (true, true) => end,
                (true, false) => c,
                (false, _) => instead.get(&c).copied().unwrap_or(c),
            };
            Some(text.chars().map(change).collect())
        }
        _ => None,
    }
}

/// The letters of a set: `a-z`, `\n`, `[:upper:]`.
fn set(text: &str) -> Option<Vec<char>> {
    let mut letters: Vec<(char, bool)> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((class, behind)) = rest
            .strip_prefix("[:")
            .and_then(|inner| inner.split_once(":]"))
        {
            letters.extend(class_of(class)?.map(|c| (c, false)));
            rest = behind;
            continue;
        }
        // `[x*9]` and `[=x=]`.
        if rest.starts_with("[=") || c == '[' && rest.contains('*') {
            return None;
        }
        let taken = match rest
            .strip_prefix('\\')
            .and_then(|inner| inner.chars().next())
        {
            None => c.len_utf8(),
            Some('0'..='7') => {
                let digits = rest.chars().skip(1).take(3);
                1 + digits.take_while(|c| matches!(c, '0'..='7')).count()
            }
            Some(next) => 1 + next.len_utf8(),
        };
        let (piece, behind) = rest.split_at_checked(taken)?;
        let whole = if taken > 1 && c == '\\' {
            let plain = escaped(piece);
            plain
                .strip_prefix('\\')
                .filter(|rest| !rest.is_empty())
                .map_or(plain.clone(), str::to_owned)
        } else {
            piece.to_owned()
        };
        letters.push((whole.chars().next()?, piece == "-"));
        rest = behind;
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((first, _)) = letters.get(at).copied() {
        match (letters.get(at + 1), letters.get(at + 2)) {
            (Some((_, true)), Some((last, _))) => {
                if first > *last {
                    return None;
                }
                out.extend((first..=*last).take(SET));
                at += 3;
            }
            _ => {
                out.push(first);
                at += 1;
            }
        }
        if out.len() > SET {
            return None;
        }
    }
    Some(out)
}

fn class_of(name: &str) -> Option<impl Iterator<Item = char>> {
    let is_in: fn(&char) -> bool = match name {
        "upper" => char::is_ascii_uppercase,
        "lower" => char::is_ascii_lowercase,
        "alpha" => char::is_ascii_alphabetic,
        "digit" => char::is_ascii_digit,
        "alnum" => char::is_ascii_alphanumeric,
        "punct" => char::is_ascii_punctuation,
        "space" => char::is_ascii_whitespace,
        _ => return None,
    };
    Some(('\0'..='\u{7f}').filter(is_in))
}

/// `cut -c LIST`, `cut -d X -f LIST`.
fn cut(words: &[&str], text: &str) -> Option<String> {
    let (mut list, mut by_field, mut between) = (None, false, '\t');
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let option = word.strip_prefix('-')?;
        let kind = option.chars().next()?;
        let value = match option.get(1..) {
            Some("") | None => *words.next()?,
            Some(value) => value,
        };
        match kind {
            'c' => list = Some(parts(value)?),
            'b' if text.is_ascii() => list = Some(parts(value)?),
            'f' => (list, by_field) = (Some(parts(value)?), true),
            'd' => between = value.chars().next()?,
            _ => return None,
        }
    }
    let list = list?;
    let is_taken = |position: usize| {
        list.iter()
            .any(|(from, to)| (*from..=*to).contains(&(position + 1)))
    };
    Some(by_lines(text, |line| {
        if !by_field {
            let letters = line.chars().enumerate();
            return letters
                .filter(|(at, _)| is_taken(*at))
                .map(|(_, c)| c)
                .collect();
        }
        if !line.contains(between) {
            return line.to_owned();
        }
        let fields = line.split(between).enumerate();
        let taken: Vec<&str> = fields
            .filter(|(at, _)| is_taken(*at))
            .map(|(_, f)| f)
            .collect();
        taken.join(&between.to_string())
    }))
}

/// `1,3-5,7-`.
fn parts(list: &str) -> Option<Vec<(usize, usize)>> {
    let bound = |text: &str, otherwise: usize| {
        if text.is_empty() {
            Some(otherwise)
        } else {
            text.parse().ok()
        }
    };
    list.split(',')
        .take(SET)
        .map(|part| match part.split_once('-') {
            Some((from, to)) => Some((bound(from, 1)?, bound(to, usize::MAX)?)),
            None => part.parse().ok().map(|one: usize| (one, one)),
        })
        .collect()
}

/// `head -n 3`, `tail -n +2`, `head -c 10`.
fn end_of(is_tail: bool, words: &[&str], text: &str) -> Option<String> {
    let (mut count, mut from_start, mut letters) = (10_usize, false, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let option = word.strip_prefix('-')?;
        let value = match option.chars().next()? {
            kind @ ('n' | 'c') => {
                letters = kind == 'c';
                match option.get(1..) {
                    Some("") | None => *words.next()?,
                    Some(value) => value,
                }
            }
            _ => option,
        };
        from_start = is_tail && value.starts_with('+');
        count = value.trim_start_matches('+').parse().ok()?;
    }
    let skipped = |all: usize| match (is_tail, from_start) {
        (true, true) => count.saturating_sub(1),
        (true, false) => all.saturating_sub(count),
        (false, _) => 0,
    };
    let taken = if is_tail { usize::MAX } else { count };
    Some(if letters {
        let skipped = skipped(text.chars().count());
        text.chars().skip(skipped).take(taken).collect()
    } else {
        let skipped = skipped(text.lines().count());
        let lines: Vec<&str> = text.lines().skip(skipped).take(taken).collect();
        lines.join("\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: &str, words: &[&str], text: &str) -> String {
        computed(name, words, text).unwrap_or_else(|| "not known".to_owned())
    }

    #[test]
    fn letters_are_translated() {
        for (words, text, out) in [
            (vec!["a-z", "n-za-m"], "phey", "curl"),
            (vec!["A-Za-z", "N-ZA-Mn-za-m"], "Phey", "Curl"),
            (vec!["[a-z]", "[A-Z]"], "a[b]", "A[B]"),
            (vec!["[:lower:]", "[:upper:]"], "ab1", "AB1"),
            (vec!["-d", "X\\n"], "cXuX\nrl", "curl"),
            (vec!["_", " "], "a_b", "a b"),
            (vec!["abc", "x"], "aabbcd", "xxxxxd"),
            (vec!["-s", " "], "a   b", "a b"),
            (vec!["-cd", "a-z"], "c-u-r-l", "curl"),
            (vec!["\\143", "d"], "c", "d"),
            (vec!["a-", "b_"], "a-", "b_"),
            (vec!["z-a", "a"], "a", "not known"),
            (vec!["--help"], "a", "not known"),
        ] {
            assert_eq!(made("tr", &words, text), out, "{words:?}");
        }
    }

    #[test]
    fn parts_of_lines_are_taken() {
        assert_eq!(made("cut", &["-c", "2-4"], "xcurlx\nyz"), "cur\nz");
        assert_eq!(made("cut", &["-c1,3-"], "abcd"), "acd");
        assert_eq!(made("cut", &["-d:", "-f2"], "a:b:c\nd"), "b\nd");
        assert_eq!(made("cut", &["-d", ":", "-f", "1,3"], "a:b:c"), "a:c");
        assert_eq!(made("cut", &["--complement", "-c1"], "a"), "not known");
        assert_eq!(made("rev", &[], "lruc\nhs"), "curl\nsh");
        assert_eq!(made("tac", &[], "a\nb"), "b\na");
        assert_eq!(made("head", &["-n", "1"], "a\nb"), "a");
        assert_eq!(made("tail", &["-n", "+2"], "a\nb\nc"), "b\nc");
        assert_eq!(made("tail", &["-1"], "a\nb"), "b");
        assert_eq!(made("head", &["-c4"], "curlx"), "curl");
        assert_eq!(made("awk", &["{print $1}"], "a b"), "not known");
        assert_eq!(made("sed", &["s/a/b/"], "a\u{fdd0}?\u{fdd1}"), "not known");
    }
}
