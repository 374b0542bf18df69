//! T3, T8, T9: words of a command line, written otherwise.

use super::{In, places};
use crate::transform::Random;
use crate::transform::edit::{Edits, base64};

/// Commands that may stand in a variable.
const COMMANDS: &[&str] = &[
    "curl", "wget", "sh", "bash", "nc", "ncat", "python", "python3", "base64", "env", "printenv",
    "cat", "chmod", "node", "npm", "rm", "tar", "openssl", "xxd", "ssh", "scp", "git", "nslookup",
    "dig", "host", "find", "grep", "sed", "awk", "perl", "ruby", "hostname", "whoami", "uname",
];

/// Words of plain characters outside of single quotes: start and end.
pub(super) fn words(text: &str) -> Vec<(usize, usize)> {
    let places = places(text);
    let bytes = text.as_bytes();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./:_-@%+,".contains(&byte);
    let mut words = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let open = matches!(places[start], In::Plain | In::Double);
        if !open || !is_plain(bytes[start]) {
            start += 1;
            continue;
        }
        let mut end = start;
        while end < bytes.len() && is_plain(bytes[end]) && places[end] == places[start] {
            end += 1;
        }
        words.push((start, end));
        start = end;
    }
    words
}

pub(super) const fn end_of_set(lines: bool) -> &'static str {
    if lines { "\n" } else { "; " }
}

/// T3: addresses and paths that are put together when they are used.
pub fn encode_all(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let mut edits = Edits::default();
    let mut before = String::new();
    for (start, end) in words(text) {
        let word = text.get(start..end)?;
        let outside = text.get(..start).and_then(|text| text.chars().next_back());
        let behind = text.get(end..).and_then(|text| text.chars().next());
        // A name, an option, a part of an expansion or of an assignment is no whole word.
        let is_part = outside.is_some_and(|c| "$={}[]~*?\\!".contains(c))
            || behind.is_some_and(|c| "=({}[]*?~".contains(c));
        let is_long = word.len() >= 6 && (word.contains('/') || word.contains('.'));
        // A word alone between blanks is a command or an argument; a part of a quoted text
        // may be one too.
        if is_part || !is_long || word.starts_with('-') || random.chance(1, 5) {
            continue;
        }
        edits.replace(start, end, encode(word, text, lines, &mut before, random));
    }
    Some((before, edits.apply(text)?))
}

/// A word that gives the same text; what it needs is set `before`.
fn encode(word: &str, text: &str, lines: bool, before: &mut String, random: &mut Random) -> String {
    let end_of_set = end_of_set(lines);
    let name = random.name(text);
    let value = match random.below(6) {
        0 => format!("$(printf %s {} | base64 -d)", base64(word.as_bytes())),
        1 => {
            let digits: String = word.bytes().map(|byte| format!("\\{byte:03o}")).collect();
            format!("$(printf '{digits}')")
        }
        2 => {
            let reversed: String = word.chars().rev().collect();
            format!("$(echo '{reversed}' | rev)")
        }
        _ => {
            let (first, second) = word.split_at(1 + random.below(word.len() - 1));
            let other = random.name(text);
            before.push_str(&format!(
                "{name}='{first}'{end_of_set}{other}='{second}'{end_of_set}"
            ));
            return format!("${{{name}}}${{{other}}}");
        }
    };
    before.push_str(&format!("{name}={value}{end_of_set}"));
    format!("${{{name}}}")
}

/// The places of commands that may be named otherwise.
fn commands(text: &str) -> Vec<(usize, usize)> {
    let places = places(text);
    words(text)
        .into_iter()
        .filter(|(start, end)| {
            let (before, behind) = (text.get(..*start), text.get(*end..));
            text.get(*start..*end)
                .is_some_and(|w| COMMANDS.contains(&w))
                && places.get(*start) == Some(&In::Plain)
                && before.is_some_and(begins_command)
                && behind
                    .and_then(|behind| behind.chars().next())
                    .is_none_or(|c| c.is_whitespace() || ";|&)".contains(c))
        })
        .collect()
}

/// T8: commands from variables.
pub fn alias(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let mut edits = Edits::default();
    let mut before = String::new();
    for (start, end) in commands(text) {
        let word = text.get(start..end)?;
        if random.chance(1, 5) {
            continue;
        }
        let name = random.name(text);
        before.push_str(&format!("{name}={word}{}", end_of_set(lines)));
        edits.replace(start, end, format!("${name}"));
    }
    Some((before, edits.apply(text)?))
}

/// T9: commands whose names only the shell puts together.
pub fn computed(text: &str, _lines: bool, random: &mut Random) -> Option<(String, String)> {
    let mut edits = Edits::default();
    for (start, end) in commands(text) {
        let word = text.get(start..end)?;
        if random.chance(1, 6) {
            continue;
        }
        let (first, second) = word.split_at(1 + random.below(word.len().saturating_sub(1)));
        let with = match random.below(5) {
            0 => format!("{first}\"\"{second}"),
            1 => format!("'{first}'{second}"),
            2 => format!("$(printf '%s%s' '{first}' '{second}')"),
            3 => {
                let reversed: String = word.chars().rev().collect();
                format!("$(echo {reversed} | rev)")
            }
            _ => format!("$(printf %s {} | base64 -d)", base64(word.as_bytes())),
        };
        edits.replace(start, end, with);
    }
    Some((String::new(), edits.apply(text)?))
}

/// What stands before says that a command begins.
pub(super) fn begins_command(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '\t']);
    let word = trimmed
        .rsplit(|c: char| c.is_whitespace() || ";|&(".contains(c))
        .next()
        .unwrap_or("");
    trimmed.is_empty()
        || trimmed.ends_with(['\n', ';', '|', '&', '(', '`'])
        || matches!(word, "then" | "do" | "else" | "{" | "!" | "if" | "while")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_single_quotes_and_comments_stay() {
        let text = "curl 'http://a.invalid/x' http://b.invalid/y # http://c.invalid/z\n";
        let words: Vec<&str> = words(text).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert_eq!(words, ["curl", "http://b.invalid/y"]);
    }

    #[test]
    fn a_command_is_what_begins_one() {
        assert!(begins_command(""));
        assert!(begins_command("a | "));
        assert!(begins_command("if a; then "));
        assert!(!begins_command("echo "));
    }
}
