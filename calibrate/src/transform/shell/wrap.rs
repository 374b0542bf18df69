//! T6, T7, T11: the same commands in functions, in a dispatcher and in the background.

use super::lines::whole;
use crate::transform::Random;
use crate::transform::edit::has_word;

/// A script may stand in a function: it neither counts its arguments nor returns.
fn fits(text: &str) -> bool {
    !["shift", "return", "local", "trap"]
        .iter()
        .any(|word| has_word(text, word))
        && !text.contains("$#")
        && !is_empty(text)
}

/// A function needs a command.
fn is_empty(text: &str) -> bool {
    text.lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// A function that is called at the end gets none; a file that is read in sees them as well.
fn reads_arguments(text: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit();
    text.split('$').skip(1).any(|rest| {
        rest.trim_start_matches('{').starts_with(digits) || rest.starts_with(['@', '*'])
    }) || text.lines().any(|line| {
        ["eval", "source", "."]
            .iter()
            .any(|word| line.trim_start().starts_with(&format!("{word} ")))
    })
}

/// One that ends with a line feed.
fn closed(text: &str) -> String {
    format!("{}\n", text.trim_end_matches('\n'))
}

/// The commands in one, two or three parts that are whole for themselves.
fn parts<'a>(text: &'a str, random: &mut Random) -> Vec<&'a str> {
    let mut cuts = whole(text);
    random.shuffle(&mut cuts);
    cuts.truncate(2);
    cuts.sort_unstable();
    let mut parts = Vec::new();
    let mut from = 0;
    for cut in cuts {
        if let (Some(part), Some(rest)) = (text.get(from..cut), text.get(cut..))
            && !is_empty(part)
            && !is_empty(rest)
        {
            parts.push(part);
            from = cut;
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// T11: functions, defined in any order and called in that of the commands.
pub fn functions(text: &str, _lines: bool, random: &mut Random) -> Option<(String, String)> {
    if !fits(text) {
        return None;
    }
    let mut calls = String::new();
    let mut bodies = Vec::new();
    for part in parts(text, random) {
        let name = random.name(text);
        bodies.push(format!("{name}() {{\n{}}}\n", closed(part)));
        calls.push_str(&format!("{name} \"$@\"\n"));
    }
    random.shuffle(&mut bodies);
    Some((String::new(), format!("{}{calls}", bodies.concat())))
}

/// T6: all commands in the branches of one function, as tools that pack scripts write it.
pub fn bundle(text: &str, _lines: bool, random: &mut Random) -> Option<(String, String)> {
    if !fits(text) {
        return None;
    }
    let name = random.name(text);
    let part = random.name(text);
    let mut branches = String::new();
    let mut calls = String::new();
    for (index, commands) in parts(text, random).into_iter().enumerate() {
        branches.push_str(&format!("  m{index})\n{}  ;;\n", closed(commands)));
        calls.push_str(&format!("{name} m{index} \"$@\"\n"));
    }
    let begin = format!("{name}() {{\n  {part}=$1\n  shift\n  case \"${part}\" in\n");
    Some((
        String::new(),
        format!("{begin}{branches}  esac\n}}\n{calls}"),
    ))
}

/// T7: the commands run in the background, or when the shell ends.
pub fn later(text: &str, _lines: bool, random: &mut Random) -> Option<(String, String)> {
    if !fits(text) || has_word(text, "export") || text.contains("$!") {
        return None;
    }
    let name = random.name(text);
    let body = closed(text);
    let with = match random.below(3) {
        0 => format!("(\n{body}) &\nwait $!\n"),
        1 => format!("{{\nsleep 0\n{body}}} &\nwait $!\n"),
        _ if reads_arguments(text) => return None,
        _ => format!("{name}() {{\n{body}}}\ntrap {name} EXIT\n"),
    };
    Some((String::new(), with))
}
