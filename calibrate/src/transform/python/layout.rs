//! T4: code that is never run. T5: no comments, short indents. T10: comments.

use super::{Code, at, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, PRAGMAS, is_name};
use ruff_python_ast::token::TokenKind;

/// Adds branches whose condition is always false, functions that nobody calls, and padding.
pub fn dead(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for (number, (start, _)) in code.lines().into_iter().enumerate() {
            if number == 0 || random.chance(1, 2) {
                let with = match random.below(3) {
                    0 => function(text, random),
                    1 => padding(text, random),
                    _ => branch(text, random),
                };
                edits.insert(start, with);
            }
        }
        edits.apply(text)
    })
}

fn never(random: &mut Random) -> String {
    let number = 3 + random.below(90);
    match random.below(5) {
        0 => format!("len(\"{number}\") > {}", number + 4),
        1 => format!("({number} * {number} + {number}) % 2 == 1"),
        2 => format!("isinstance({number}, str)"),
        3 => format!("abs(-{number}) < 0"),
        _ => format!("[] and {number}"),
    }
}

fn branch(text: &str, random: &mut Random) -> String {
    let name = random.name(text);
    let number = random.below(1000);
    match random.below(3) {
        0 => format!("if {}:\n    print(\"step {number}\")\n", never(random)),
        1 => format!("if {}:\n    {name} = [{number}] * 3\n", never(random)),
        _ => format!(
            "while {}:\n    {name} = {number}\n    break\n",
            never(random)
        ),
    }
}

fn function(text: &str, random: &mut Random) -> String {
    let name = random.name(text);
    format!(
        "def {name}(a, b=None):\n    c = {}\n    if {}:\n        return a\n    return c == b\n",
        random.below(1000),
        never(random)
    )
}

fn padding(text: &str, random: &mut Random) -> String {
    let name = random.name(text);
    let numbers: Vec<String> = (0..16 + random.below(48))
        .map(|_| random.below(4096).to_string())
        .collect();
    format!("{name} = [{}]\n", numbers.join(", "))
}

/// Writes the tokens again with as little as they need between them.
pub fn minify(_path: &str, text: &str, _random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let strings = code.strings();
        let mut out = String::new();
        // A line that says how the file is to be read stays.
        for line in text.lines().take(2) {
            if line.starts_with('#') && (line.starts_with("#!") || line.contains("coding")) {
                out.push_str(line);
                out.push('\n');
            }
        }
        let mut depth = 0_usize;
        let mut at_line = true;
        let mut done = 0;
        for token in code.tokens {
            let (start, end) = at(token);
            match token.kind() {
                TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::EndOfFile => {}
                TokenKind::Indent => depth += 1,
                TokenKind::Dedent => depth = depth.saturating_sub(1),
                TokenKind::Newline => {
                    out.push('\n');
                    at_line = true;
                }
                _ if start < done => {}
                _ => {
                    // A string is written as a whole, and what is in it passed by.
                    let end = strings
                        .iter()
                        .find(|(from, _)| *from == start)
                        .map_or(end, |(_, to)| *to);
                    let piece = text.get(start..end)?;
                    if at_line {
                        out.push_str(&" ".repeat(depth));
                        at_line = false;
                    } else if needs_space(&out, piece) {
                        out.push(' ');
                    }
                    out.push_str(piece);
                    done = end;
                }
            }
        }
        (out != text).then_some(out)
    })
}

fn needs_space(before: &str, piece: &str) -> bool {
    let (Some(before), Some(after)) = (before.chars().next_back(), piece.chars().next()) else {
        return false;
    };
    (is_name(before) && (is_name(after) || matches!(after, '"' | '\'')))
        // `1 .real`, and `a if b else"c"` read by old versions.
        || (before.is_ascii_digit() && after == '.')
        || (matches!(before, '"' | '\'') && (is_name(after) || matches!(after, '"' | '\'')))
        || (before == '.' && (after == '.' || after.is_ascii_digit()))
        // `from . import a`: the dot and the keyword.
        || (before == '.' && piece == "import")
        || (matches!(before, ':' | '<' | '>' | '=' | '!' | '*' | '/' | '-' | '+') && after == '=')
}

/// Puts comments behind lines and between them.
pub fn comment(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for (start, _) in code.lines() {
            if random.chance(1, 2) {
                edits.insert(start, format!("\n# {}\n", pragma(random)));
            }
        }
        let mut commented = false;
        for token in code.tokens {
            match token.kind() {
                TokenKind::Comment => commented = true,
                TokenKind::Newline | TokenKind::NonLogicalNewline => {
                    let (start, end) = at(token);
                    // Inside of parentheses a comment may stand too; a line that is empty
                    // stays empty.
                    let is_line = end > start && !blank(code, start);
                    if !commented && is_line && random.chance(1, 3) {
                        edits.insert(start, format!("  # {}", pragma(random)));
                    }
                    commented = false;
                }
                _ => {}
            }
        }
        edits.apply(text)
    })
}

fn blank(code: &Code<'_>, at: usize) -> bool {
    code.text.get(..at).is_none_or(|text| {
        text.rsplit('\n')
            .next()
            .is_none_or(|line| line.trim().is_empty())
    })
}

fn pragma(random: &mut Random) -> &'static str {
    random.pick(PRAGMAS).copied().unwrap_or("noqa")
}
