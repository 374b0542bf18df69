//! Commands that compare a download with a digest or a signature.
//!
//! A check counts for the files that it names, from there on, where what it is compared with
//! comes with the package and where the script does not go on when it fails.

use super::{At, Variables};
use crate::flow::Analysis;
use crate::pure::HOLE_START;
use crate::shell::{Link, Script};

/// What happens in a command line where a command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum Stop {
    /// The next command runs as well.
    Nothing,
    /// The rest of its list does not run.
    List,
    /// Nothing else runs, or somebody decides by it.
    All,
}

/// Digits of a digest.
const DIGITS: usize = 32;
/// Letters of a key.
const KEY: usize = 40;
/// Commands behind `||` among which one must end the script.
const NEAR: usize = 3;
/// Commands of a function among which one must end the script.
const FUNCTION: usize = 8;
/// Under this name the variables of a script hold that it ends with the first failure.
const FAIL_FAST: &str = "-e";
/// The same, that a pipe fails with any of its commands.
const PIPE_FAIL: &str = "-o pipefail";

/// `set -e`, `set -euo pipefail`, and their end.
pub(super) fn fail_fast(options: &[&str], variables: &mut Variables) {
    let on = |text: &&str| {
        text.strip_prefix('-')
            .is_some_and(|letters| !letters.starts_with('-') && letters.contains('e'))
            || *text == "errexit"
    };
    if options.iter().any(|text| text.starts_with("+e")) {
        variables.remove(FAIL_FAST);
    } else if options.iter().any(on) {
        variables.insert(FAIL_FAST.to_owned(), Default::default());
    }
    if options.contains(&"pipefail") {
        if options.iter().any(|text| text.starts_with('+')) {
            variables.remove(PIPE_FAIL);
        } else {
            variables.insert(PIPE_FAIL.to_owned(), Default::default());
        }
    }
}

/// What happens where a command of a script fails. `functions` are those that it defined.
pub(super) fn stop(
    script: &Script,
    number: usize,
    variables: &Variables,
    functions: &[(String, Script)],
) -> Stop {
    let Some(command) = script.commands.get(number) else {
        return Stop::Nothing;
    };
    if command.tested {
        return Stop::All;
    }
    match command.link {
        Link::Or => {
            let next = script.commands.iter().skip(number + 1).take(NEAR);
            // `|| { echo …; rm …; exit 1; }`. What runs something else first does not end.
            let mut names = next
                .filter_map(|command| command.words.first())
                .map(|word| word.text.as_str())
                .skip_while(|name| matches!(*name, "echo" | "printf" | "rm" | "cat" | "cd"));
            let is_fast = variables.contains_key(FAIL_FAST);
            let ends = names
                .next()
                .is_some_and(|name| ends(name, functions, is_fast));
            if ends { Stop::All } else { Stop::Nothing }
        }
        // The end of such a list is no failure of the script, whatever came of its parts.
        Link::And => Stop::List,
        // Otherwise what comes of a pipe is what comes of its last command.
        Link::Pipe if !variables.contains_key(PIPE_FAIL) => Stop::Nothing,
        Link::Pipe | Link::Then if variables.contains_key(FAIL_FAST) => Stop::All,
        Link::Pipe | Link::Then => Stop::Nothing,
    }
}

/// Whether a command ends the script that it stands in.
fn ends(name: &str, functions: &[(String, Script)], is_fast: bool) -> bool {
    let exits = |body: &Script| {
        let names = body.commands.iter().filter_map(|one| one.words.first());
        names.take(FUNCTION).any(|word| word.text == "exit")
    };
    match name {
        "exit" | "return" => true,
        "false" => is_fast,
        // `die() { echo "$1"; exit 1; }`.
        other => functions
            .iter()
            .rev()
            .find(|(function, _)| function == other)
            .is_some_and(|(_, body)| exits(body)),
    }
}

impl Analysis<'_> {
    /// The files that a command compares with something that comes with the package.
    pub(super) fn checked_files(
        &self,
        base: &str,
        texts: &[&str],
        told: Option<&str>,
        at: &At,
    ) -> Vec<String> {
        match base {
            "minisign" => self.signed_by_minisign(texts, at),
            "cosign" => self.signed_by_cosign(texts, at),
            _ => self.summed(texts, told, at),
        }
    }

    /// `DIGEST  NAME` by lines, as the programs write it themselves: from the input, or from a
    /// file of the package.
    fn summed(&self, texts: &[&str], told: Option<&str>, at: &At) -> Vec<String> {
        let checks = |text: &&str| {
            *text == "--check"
                || text
                    .strip_prefix('-')
                    .is_some_and(|letters| !letters.starts_with('-') && letters.contains('c'))
        };
        if !texts.iter().any(checks) {
            return Vec::new();
        }
        let lists = texts
            .iter()
            .filter(|text| !text.starts_with('-'))
            .filter_map(|path| self.own_text(path, at));
        let mut text: String = lists.collect::<Vec<_>>().join("\n");
        if let Some(told) = told {
            text.push('\n');
            text.push_str(told);
        }
        let mut words = text.split_whitespace().peekable();
        let mut names = Vec::new();
        while let Some(word) = words.next() {
            let digest = word.len() >= DIGITS && word.chars().all(|c| c.is_ascii_hexdigit());
            if digest && let Some(name) = words.peek() {
                names.push(name.trim_start_matches('*').to_owned());
            }
        }
        names
    }

    /// `minisign -Vm FILE -P KEY`.
    fn signed_by_minisign(&self, texts: &[&str], at: &At) -> Vec<String> {
        let short = |text: &str, letter: char| {
            text.starts_with('-') && !text.starts_with("--") && text.contains(letter)
        };
        let behind = |letter: char| {
            let at = texts
                .iter()
                .position(|&text| short(text, letter) && text.ends_with(letter))?;
            texts.get(at + 1).copied()
        };
        let verifies = texts.iter().any(|&text| short(text, 'V'));
        let key = behind('P').is_some_and(is_key)
            || behind('p').is_some_and(|path| self.own_text(path, at).is_some());
        match behind('m') {
            Some(file) if verifies && key => vec![file.to_owned()],
            _ => Vec::new(),
        }
    }

    /// `cosign verify-blob --key FILE --signature FILE FILE`.
    fn signed_by_cosign(&self, texts: &[&str], at: &At) -> Vec<String> {
        if texts.first() != Some(&"verify-blob") {
            return Vec::new();
        }
        let value = |option: &str| {
            texts.iter().enumerate().find_map(|(number, text)| {
                match text.strip_prefix(option)?.strip_prefix('=') {
                    Some(value) => Some(value),
                    None if *text == option => texts.get(number + 1).copied(),
                    None => None,
                }
            })
        };
        let key = value("--key").is_some_and(|path| self.own_text(path, at).is_some());
        // Without a key of its own it asks who signed, and who that must be stands here.
        let identity = ["--certificate-identity", "--certificate-identity-regexp"]
            .into_iter()
            .any(|option| {
                value(option).is_some_and(|who| !who.contains(HOLE_START) && who.len() > 8)
            });
        match texts.last() {
            Some(file) if (key || identity) && !file.starts_with('-') => vec![(*file).to_owned()],
            _ => Vec::new(),
        }
    }

    /// The text of a file that comes with the package and was not written over.
    fn own_text(&self, path: &str, at: &At) -> Option<String> {
        if self.cells.written(path).is_some() {
            return None;
        }
        let id = self.package_file(path, at)?;
        let bytes = self.package.file(id).bytes.as_deref()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Files were checked; it counts as far as the script stops where the check fails.
    pub(super) fn check_holds(&mut self, names: Vec<String>) {
        if self.stop == Stop::Nothing {
            return;
        }
        for name in names {
            self.cells.check(&name, true);
            if self.stop == Stop::List && self.listed.len() < 64 {
                self.listed.push(name);
            }
        }
    }

    /// What was checked for the rest of a list of commands is not checked behind it.
    pub(super) fn list_ends(&mut self) {
        for name in std::mem::take(&mut self.listed) {
            self.cells.check(&name, false);
        }
    }
}

/// A key that is written out.
fn is_key(text: &str) -> bool {
    text.len() >= KEY
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
}
