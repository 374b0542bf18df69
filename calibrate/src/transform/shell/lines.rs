//! T4, T5, T10: lines that mean nothing, put in and taken out.

use super::words::end_of_set;
use super::{In, places};
use crate::transform::Random;
use crate::transform::edit::{Edits, PRAGMAS, has_word};

/// Where lines end between two whole commands, outside of everything: the bytes behind the
/// line feeds. Where the nesting cannot be told by words, nowhere.
pub(super) fn whole(text: &str) -> Vec<usize> {
    if has_word(text, "case") || has_word(text, "function") {
        return Vec::new();
    }
    let places = places(text);
    let mut depth = 0_i32;
    let mut word = String::new();
    let mut whole = Vec::new();
    let mut line = String::new();
    for (at, c) in text.char_indices() {
        let plain = places.get(at) == Some(&In::Plain);
        let in_comment = places.get(at) == Some(&In::Comment);
        if plain && (c.is_whitespace() || ";&|(){}`".contains(c)) {
            depth += match word.as_str() {
                "if" | "for" | "while" | "until" | "select" => 1,
                "fi" | "done" => -1,
                _ => 0,
            };
            word.clear();
            depth += match c {
                '(' | '{' => 1,
                ')' | '}' => -1,
                // One end of a substitution looks like the other.
                '`' => return Vec::new(),
                _ => 0,
            };
        } else if plain {
            word.push(c);
        } else if !in_comment {
            word.push('"');
        }
        if plain && c == '\n' {
            let last = line.trim_end();
            if depth == 0
                && !["|", "&&", "||", "\\", "()"]
                    .iter()
                    .any(|end| last.ends_with(end))
            {
                whole.push(at + 1);
            }
            line.clear();
        } else if !in_comment {
            line.push(c);
        }
    }
    // The words were not those of the language.
    if depth == 0 { whole } else { Vec::new() }
}

/// T4: branches that are never taken and functions that nobody calls.
pub fn dead(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    if text.contains("$?") {
        return None;
    }
    let function = format!(
        "{}() {{ echo \"{}\"; }}{}",
        random.name(text),
        random.below(1000),
        end_of_set(lines)
    );
    if !lines {
        return Some((format!("{function}{}; ", branch(random)), text.to_owned()));
    }
    let mut edits = Edits::default();
    for at in whole(text) {
        let next = text.get(at..)?.trim_start();
        // What follows `if …` on a line of its own belongs to it.
        if !next.is_empty() && random.chance(1, 2) {
            edits.insert(at, format!("{}\n", branch(random)));
        }
    }
    let body = edits.apply(text).unwrap_or_else(|| text.to_owned());
    Some((format!("{function}{}\n", branch(random)), body))
}

fn branch(random: &mut Random) -> String {
    let number = 3 + random.below(90);
    match random.below(3) {
        0 => format!(
            "if [ {number} -gt {} ]; then echo \"step {number}\"; fi",
            number * 2
        ),
        1 => format!("if test -z \"{number}\"; then printf '%s' {number}; fi"),
        _ => format!("for _i in; do echo {number}; done"),
    }
}

/// T5: no comments, no blank lines, no indentation, and one line where lines are whole
/// commands.
pub fn minify(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    if !lines {
        return None;
    }
    let places = places(text);
    let ends = whole(text);
    let join = random.chance(2, 3);
    let mut out = String::new();
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        let place = places.get(at).copied().unwrap_or(In::Plain);
        if place == In::Comment || (at_start && place == In::Plain && c.is_whitespace()) {
            continue;
        }
        if place == In::Plain && c == '\n' {
            let cut = out.trim_end_matches([' ', '\t']).len();
            // A blank behind a backslash is a part of the word.
            if !out[..cut].ends_with('\\') {
                out.truncate(cut);
            }
            let ends_itself = out.ends_with(['&', ';', '{', '(']);
            if join && ends.binary_search(&(at + 1)).is_ok() {
                out.push_str(if ends_itself { " " } else { ";" });
            } else {
                out.push('\n');
            }
            // The next line is a part of this one, and its blanks part words.
            at_start = !out.ends_with("\\\n");
            continue;
        }
        at_start = false;
        out.push(c);
    }
    (out != text && !out.trim().is_empty()).then_some((String::new(), out))
}

/// T10: comments between lines, and commands that do nothing.
pub fn comment(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let pragma = |random: &mut Random| random.pick(PRAGMAS).copied().unwrap_or("noqa");
    if !lines {
        // A hook is one line; the colon does nothing with its words.
        return Some((format!(": '{}'; ", pragma(random)), text.to_owned()));
    }
    let places = places(text);
    let mut edits = Edits::default();
    edits.insert(0, format!("# {}\n", pragma(random)));
    for (at, _) in text.match_indices('\n') {
        let continues = at > 0 && text.as_bytes().get(at - 1) == Some(&b'\\');
        if places.get(at) == Some(&In::Plain) && !continues && random.chance(1, 2) {
            edits.insert(at + 1, format!("\n  # {}\n", pragma(random)));
        }
    }
    Some((String::new(), edits.apply(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_where_nothing_is_open() {
        let text = "a=1\nif b; then\n  c |\n  d\nfi\ne && \\\nf\ng() {\n  h\n}\n";
        let whole: Vec<&str> = whole(text).into_iter().map(|at| &text[at..]).collect();
        assert_eq!(
            whole,
            [
                &text[4..],
                "e && \\\nf\ng() {\n  h\n}\n",
                "g() {\n  h\n}\n",
                ""
            ]
        );
    }

    #[test]
    fn whole_commands_stand_on_one_line() {
        let text = "a 'x  y' # c\n\n  b &\nif c; then\n  d\nfi\n";
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..16 {
            seen.insert(minify(text, true, &mut Random::new(seed)).unwrap().1);
        }
        assert_eq!(
            Vec::from_iter(seen),
            [
                "a 'x  y'\nb &\nif c; then\nd\nfi\n",
                "a 'x  y';b & if c; then\nd\nfi;"
            ]
        );
    }
}
