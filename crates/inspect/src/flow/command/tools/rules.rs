//! `make`: what a file of rules runs.

use crate::flow::command::defined::Defined;
use rustc_hash::FxHashMap;

/// A word of a command line, with what is in it.
type Text = (String, Vec<crate::flow::label::Label>);

/// Variables that are known, letters of one line with their values, levels of values in values,
/// and values that are put in.
const VARIABLES: usize = 256;
const LINE: usize = 16 << 10;
const LEVELS: u8 = 4;
const PUT_IN: usize = 4_096;

/// What the words of `make` say: the folder that it goes to, the file of rules that is named,
/// and the rules that are wanted.
pub(super) fn words_of_make(args: &[Text]) -> (String, Option<String>, Vec<&str>) {
    let mut folder = String::new();
    let mut file = None;
    let mut wanted = Vec::new();
    let mut rest = args.iter().map(|(text, _)| text.as_str());
    while let Some(text) = rest.next() {
        let value = |names: &[&str], rest: &mut dyn Iterator<Item = &str>| {
            if names.contains(&text) {
                return rest.next().map(str::to_owned);
            }
            let joined = names.iter().find_map(|name| {
                let value = text.strip_prefix(name)?;
                let value = match name.starts_with("--") {
                    true => value.strip_prefix('=')?,
                    false => value,
                };
                (!value.is_empty()).then_some(value)
            });
            joined.map(str::to_owned)
        };
        if !text.starts_with('-') {
            if !text.contains('=') {
                wanted.push(text);
            }
        } else if let Some(value) = value(&["-C", "--directory"], &mut rest) {
            folder = crate::package::join(&folder, &value);
        } else if let Some(value) = value(&["-f", "--file", "--makefile"], &mut rest) {
            file = Some(value);
        }
    }
    (folder, file, wanted)
}

/// The variables of a file of rules that are given a value where nothing is asked.
fn variables_of(text: &str) -> FxHashMap<&str, &str> {
    let mut known = FxHashMap::from_iter([("CC", "cc"), ("CXX", "c++"), ("MAKE", "make")]);
    for line in text.lines().filter(|line| !line.starts_with(['\t', '#'])) {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.trim_end_matches([':', '?', '+']).trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !name.is_empty() && name.chars().all(is_name) && known.len() < VARIABLES {
            known.insert(name, value.trim());
        }
    }
    known
}

/// A line with the values of variables in it, and with what it asks a shell.
fn expanded(line: &str, variables: &FxHashMap<&str, &str>, levels: u8, left: &mut usize) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        if let Some(behind) = rest.strip_prefix("(shell ") {
            out.push_str("$(");
            rest = behind;
            continue;
        }
        let inside = rest
            .strip_prefix('(')
            .map(|inside| (inside, ')'))
            .or_else(|| rest.strip_prefix('{').map(|inside| (inside, '}')));
        let value = inside.and_then(|(inside, end)| {
            let (name, behind) = inside.split_once(end)?;
            Some((*variables.get(name)?, behind))
        });
        match value {
            Some((value, behind)) if levels > 0 && *left > 0 && out.len() + value.len() < LINE => {
                *left -= 1;
                out.push_str(&expanded(value, variables, levels - 1, left));
                rest = behind;
            }
            _ => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

/// The lines that some rules run, or the first one: with those of the rules that they need first.
pub(super) fn lines_of_rules(text: &str, wanted: &[&str], defined: &Defined) -> Vec<String> {
    /// Rules that are gone through.
    const RULES: usize = 64;
    let mut variables = variables_of(text);
    variables.extend(defined.all());
    let mut left = PUT_IN;
    let mut rules: Vec<(Vec<&str>, Vec<&str>, Vec<String>)> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix('\t') {
            if let Some((_, _, lines)) = rules.last_mut() {
                let command = command.trim_start_matches(['@', '-', '+', ' ']);
                lines.push(expanded(command, &variables, LEVELS, &mut left));
            }
        } else if let Some((targets, needs)) = line.split_once(':')
            && !needs.starts_with('=')
            && !line.starts_with(['#', ' '])
        {
            let targets = targets.split_whitespace().collect();
            rules.push((targets, needs.split_whitespace().collect(), Vec::new()));
        }
    }
    rules.truncate(RULES);
    let first = rules
        .iter()
        .find(|(targets, ..)| targets.iter().any(|target| !target.starts_with('.')))
        .and_then(|(targets, ..)| targets.first().copied());
    let mut open: Vec<&str> = match (wanted, first) {
        ([], Some(first)) => vec![first],
        (wanted, _) => wanted.to_vec(),
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    while let Some(target) = open.pop() {
        if seen.contains(&target) {
            continue;
        }
        seen.push(target);
        for (_, needs, own) in rules
            .iter()
            .filter(|(targets, ..)| targets.contains(&target))
        {
            open.extend(needs.iter().copied());
            lines.splice(0..0, own.iter().cloned());
        }
    }
    lines
}
