//! Commands that compare a download with a digest or a signature.
//!
//! A check counts for the files that it names, from there on, where what it is compared with
//! comes with the package and where the script does not go on when it fails.

use super::{At, Variables};
use crate::flow::Analysis;
use crate::pure::HOLE_START;
use crate::shell::{Command, Link, Script};

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
/// Files of a shell or of a list of commands that are known to be checked.
const NAMES: usize = 64;
/// Under this name the variables of a script hold that it ends with the first failure.
const FAIL_FAST: &str = "-e";
/// The same, that a pipe fails with any of its commands.
const PIPE_FAIL: &str = "-o pipefail";
/// The same, that somebody looks at how the commands around end, so that no failure among
/// them ends anything by itself.
const PASSED_OVER: &str = "-e passed over";

/// What a script has set of all that.
pub(super) struct Settings([bool; 3]);

impl Settings {
    const NAMES: [&str; 3] = [FAIL_FAST, PIPE_FAIL, PASSED_OVER];

    pub(super) fn of(variables: &Variables) -> Self {
        Self(Self::NAMES.map(|name| variables.contains_key(name)))
    }

    pub(super) fn restore(&self, variables: &mut Variables) {
        for (name, is_set) in Self::NAMES.into_iter().zip(self.0) {
            set(name, is_set, variables);
        }
    }
}

fn set(name: &str, is_set: bool, variables: &mut Variables) {
    if is_set {
        variables.insert(name.to_owned(), Default::default());
    } else {
        variables.remove(name);
    }
}

/// A shell that knows nothing of the one that started it, with its options.
pub(super) fn new_shell(options: &[&str], variables: &mut Variables) {
    for name in Settings::NAMES {
        variables.remove(name);
    }
    fail_fast(options, variables);
}

/// Whether somebody looks at how a command ends: `set -e` does not count in it then.
pub(super) fn is_passed_over(command: &Command) -> bool {
    command.tested || matches!(command.link, Link::And | Link::Or)
}

/// `set -e` does not count from here on, if it did; gives whether it counted before.
pub(super) fn pass_over(passed_over: bool, variables: &mut Variables) -> bool {
    let before = variables.contains_key(PASSED_OVER);
    pass_over_as(before || passed_over, variables);
    before
}

pub(super) fn pass_over_as(passed_over: bool, variables: &mut Variables) {
    set(PASSED_OVER, passed_over, variables);
}

/// Whether a failure ends the script by itself.
fn is_fail_fast(variables: &Variables) -> bool {
    variables.contains_key(FAIL_FAST) && !variables.contains_key(PASSED_OVER)
}

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
            let next = script.commands.get(number + 1..).unwrap_or_default();
            if fails(next, functions, is_fail_fast(variables)) {
                Stop::All
            } else {
                Stop::Nothing
            }
        }
        // The end of such a list is no failure of the script, whatever came of its parts.
        Link::And => Stop::List,
        // Otherwise what comes of a pipe is what comes of its last command.
        Link::Pipe if !variables.contains_key(PIPE_FAIL) => Stop::Nothing,
        Link::Pipe | Link::Then if is_fail_fast(variables) => Stop::All,
        Link::Pipe | Link::Then => Stop::Nothing,
    }
}

/// Whether the commands behind `||` end the script: `|| { echo …; rm …; exit 1; }`. What runs
/// something else first does not end.
fn fails(next: &[Command], functions: &[(String, Script)], is_fast: bool) -> bool {
    for command in next.iter().take(NEAR) {
        if let Some(group) = &command.group {
            let inside = &group.script.commands;
            // `( …; exit 1 )` ends itself only, and the script where that is a failure.
            return if group.subshell || command.link == Link::Pipe {
                is_fast && command.link == Link::Then && fails_apart(inside, functions)
            } else {
                fails(inside, functions, is_fast)
            };
        }
        let Some(word) = command.words.first() else {
            continue;
        };
        if is_quiet(&word.text) {
            continue;
        }
        return command.link != Link::Pipe && ends(&word.text, functions, is_fast);
    }
    false
}

/// Commands that end nothing and run nothing.
fn is_quiet(name: &str) -> bool {
    matches!(name, "echo" | "printf" | "rm" | "cat" | "cd")
}

/// Whether commands end their own shell with a failure, for certain: `exit` alone ends it as
/// the command in front of it ended.
fn fails_apart(commands: &[Command], functions: &[(String, Script)]) -> bool {
    for command in commands.iter().take(NEAR) {
        if let Some(group) = &command.group {
            return command.link == Link::Then && fails_apart(&group.script.commands, functions);
        }
        let Some(word) = command.words.first() else {
            continue;
        };
        if is_quiet(&word.text) {
            continue;
        }
        let function = functions.iter().rev().find(|one| one.0 == word.text);
        return command.link == Link::Then
            && match function {
                Some((_, body)) => body.commands.iter().take(FUNCTION).any(exits_with_failure),
                None => exits_with_failure(command),
            };
    }
    false
}

/// `exit 1`.
fn exits_with_failure(command: &Command) -> bool {
    let mut words = command.words.iter().map(|word| word.text.as_str());
    words.next() == Some("exit")
        && words
            .next()
            .and_then(|code| code.parse::<u8>().ok())
            .is_some_and(|code| code != 0)
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
    pub(super) fn own_text(&self, path: &str, at: &At) -> Option<String> {
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
            match (self.stop, &mut self.apart) {
                // What cannot be taken back is not taken for checked.
                (Stop::List, _) if self.listed.len() >= NAMES => continue,
                (Stop::List, _) => self.listed.push(name.clone()),
                (Stop::All, Some(apart)) => {
                    if apart.len() >= NAMES || self.cells.is_checked(&name) {
                        continue;
                    }
                    apart.push(name.clone());
                }
                (Stop::All, None) | (Stop::Nothing, _) => {}
            }
            self.cells.check(&name, true);
        }
    }

    /// Files were checked in a shell that is over.
    pub(super) fn checked_apart(&mut self, names: Vec<String>) {
        // How the last command ends is how the line ends, and whoever started it decides by it.
        if self.stop == Stop::Nothing && self.is_last {
            if let Some(apart) = &mut self.apart {
                apart.extend(names);
                apart.truncate(NAMES);
            }
            return;
        }
        for name in &names {
            self.cells.check(name, false);
        }
        self.check_holds(names);
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
