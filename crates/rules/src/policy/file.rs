//! The policy file: `customs.toml`. Every key is known or an error with a place.

use super::exemption::Place;
use super::matching::{Match, NamePattern};
use super::{LockedMode, Mode, Policy};
use crate::distance::did_you_mean;
use crate::doc::{Amount, Setting};
use crate::rule;
use crate::words;
use customs_model::printable;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod exemption;

/// A policy file that cannot be used. One line for each thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", shown(problems))]
pub struct PolicyError {
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong in a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named; empty for text that came from elsewhere.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            write!(f, "error: {}", self.message)
        } else {
            write!(
                f,
                "error: {}:{}:{}: {}",
                self.file, self.line, self.column, self.message
            )
        }
    }
}

fn shown(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn one_problem(message: String) -> PolicyError {
    PolicyError {
        problems: vec![Problem {
            file: String::new(),
            line: 1,
            column: 1,
            message,
        }],
    }
}

pub(super) fn unknown_rule(id: &str) -> PolicyError {
    one_problem(no_rule(id))
}

pub(super) fn no_rule(id: &str) -> String {
    no("rule", id, rule::ALL.iter().map(|rule| rule.doc().id))
}

/// `no rule "x"; did you mean "y"?`, or what there is, where that is short.
fn no<'a>(what: &str, text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match did_you_mean(text, known.iter().copied()) {
        Some(meant) => format!("; did you mean {meant:?}?"),
        None if known.len() <= 10 => format!("; known here: {}", known.join(", ")),
        None => String::new(),
    };
    format!("no {what} {:?}{hint}", printable(text, 60))
}

/// A file that is larger holds no policy that a person wrote.
const LARGEST: usize = 4 << 20;

/// The longest reason or owner that a decision repeats.
pub(super) const LONGEST_TEXT: usize = 200;

const TOP: [&str; 10] = [
    "version",
    "observe",
    "locked",
    "urgent-fix",
    "change-window",
    "deny",
    "private",
    "rules",
    "exemption",
    "roles",
];

impl Policy {
    /// Reads a policy file. `file` is what messages call it.
    ///
    /// An exemption that is not well formed is left out and stands in
    /// [`Self::problems`]; everything else that is wrong refuses the file.
    ///
    /// # Errors
    /// Every problem of the file at once, each with its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, PolicyError> {
        let mut reader = Reader {
            text,
            file,
            problems: Vec::new(),
            policy: Self::default(),
        };
        reader.read();
        let Reader {
            mut problems,
            policy,
            ..
        } = reader;
        problems.sort_by_key(|problem| (problem.line, problem.column));
        if problems.is_empty() {
            Ok(policy)
        } else {
            Err(PolicyError { problems })
        }
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

struct Reader<'t> {
    text: &'t str,
    file: &'t str,
    problems: Vec<Problem>,
    policy: Policy,
}

impl Reader<'_> {
    fn read(&mut self) {
        if self.text.len() > LARGEST {
            self.problem(0, "the file is larger than 4 MiB".to_owned());
            return;
        }
        let table = match DeTable::parse(self.text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                self.problem(
                    at,
                    error
                        .message()
                        .lines()
                        .next()
                        .unwrap_or("no TOML")
                        .to_owned(),
                );
                return;
            }
        };
        self.version(table.get_ref());
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "version" => {}
                "observe" => self.flag("observe", value, |policy, on| policy.observe = on),
                "urgent-fix" => self.flag("urgent-fix", value, |policy, on| policy.urgent_fix = on),
                "locked" => self.locked(value),
                "change-window" => self.change_window(value),
                "deny" => self.deny(value),
                "private" => self.private(value),
                "rules" => self.rules(value),
                "exemption" => self.exemptions(value),
                "roles" => self.roles(value),
                other => self.problem(key.span().start, no("key", other, TOP)),
            }
        }
    }

    fn version(&mut self, table: &DeTable<'_>) {
        let version = table
            .iter()
            .find(|(key, _)| key.get_ref().as_ref() == "version")
            .map(|(_, v)| v);
        match version {
            None => self.problem(
                0,
                "the file does not say its format; write version = 1 at its top".to_owned(),
            ),
            Some(value) if integer(value) == Some(1) => {}
            Some(value) => {
                self.problem(
                    value.span().start,
                    "this customs reads version = 1 only".to_owned(),
                );
            }
        }
    }

    fn flag(&mut self, key: &'static str, value: &Value<'_>, set: impl FnOnce(&mut Policy, bool)) {
        match value.get_ref().as_bool() {
            Some(on) => {
                set(&mut self.policy, on);
                self.policy.stated.insert(key);
            }
            None => self.problem(value.span().start, format!("{key} is true or false")),
        }
    }

    fn locked(&mut self, value: &Value<'_>) {
        if let Some(mode) = self.word("locked", value, &LockedMode::ALL) {
            self.policy.locked = mode;
            self.policy.stated.insert("locked");
        }
    }

    fn change_window(&mut self, value: &Value<'_>) {
        if let Some(Amount::Time(of)) = self.amount(
            "change-window",
            value,
            Amount::Time(words::parse_duration("30d").unwrap_or_default()),
        ) {
            self.policy.change_window = of;
            self.policy.stated.insert("change-window");
        }
    }

    fn deny(&mut self, value: &Value<'_>) {
        for (at, text) in self.texts("deny", value) {
            match Match::parse(&text) {
                Ok(what) => self.policy.denied.insert(what),
                Err(why) => self.problem(at, why),
            }
        }
    }

    fn private(&mut self, value: &Value<'_>) {
        for (at, text) in self.texts("private", value) {
            match NamePattern::parse(&text) {
                Ok(pattern) => self.policy.private.push(pattern),
                Err(why) => self.problem(at, why),
            }
        }
    }

    fn rules(&mut self, value: &Value<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            return self.problem(
                value.span().start,
                "rules is a table: [rules.version-age]".to_owned(),
            );
        };
        for (key, value) in table {
            match (rule::find(key.get_ref()), value.get_ref().as_table()) {
                (Some(rule), Some(table)) => self.rule(rule.doc().id, rule.doc().settings, table),
                (Some(_), None) => {
                    let example = format!(
                        "a rule is a table: [rules.{}] with mode = \"warn\"",
                        key.get_ref()
                    );
                    self.problem(value.span().start, example);
                }
                (None, _) => self.problem(key.span().start, no_rule(key.get_ref())),
            }
        }
    }

    fn rule(&mut self, id: &'static str, settings: &[&'static Setting], table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if name == "mode" {
                if let Some(mode) = self.word("mode", value, &Mode::ALL) {
                    self.policy.modes.insert(id, mode);
                }
            } else if let Some(setting) = settings.iter().find(|setting| setting.key == name) {
                if let Some(amount) = self.amount(setting.key, value, setting.default) {
                    self.policy.settings.insert((id, setting.key), amount);
                }
            } else {
                let known = settings.iter().map(|setting| setting.key).chain(["mode"]);
                self.problem(key.span().start, no("key", name, known));
            }
        }
    }

    fn exemptions(&mut self, value: &Value<'_>) {
        let Some(all) = value.get_ref().as_array() else {
            return self.problem(
                value.span().start,
                "an exemption is written [[exemption]]".to_owned(),
            );
        };
        for value in all {
            let place = self.place(value.span().start);
            match value
                .get_ref()
                .as_table()
                .map(|table| exemption::read(table, place))
            {
                Some(Ok(exemption)) => self.policy.exemptions.push(exemption),
                Some(Err((at, why))) => {
                    let message = format!("{why}; this exemption is NOT applied");
                    let problem = self.at(at.unwrap_or(value.span().start), message);
                    self.policy.problems.push(problem);
                }
                None => self.problem(
                    value.span().start,
                    "an exemption is written [[exemption]]".to_owned(),
                ),
            }
        }
    }

    fn roles(&mut self, value: &Value<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            let example = "roles is a table: [roles] with approvers = [\"user:name\"]";
            return self.problem(value.span().start, example.to_owned());
        };
        for (key, value) in table {
            if key.get_ref() == "approvers" {
                let named = self.listed("approvers", value, "user:name");
                let named = named.into_iter().map(|(_, name)| name).collect();
                self.policy.roles.approvers = Some(named);
            } else {
                self.problem(key.span().start, no("key", key.get_ref(), ["approvers"]));
            }
        }
    }

    // Values.

    fn word<T: Copy>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = value.get_ref().as_str().unwrap_or_default();
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            self.problem(
                value.span().start,
                format!("{key} is one of {}", known.join(", ")),
            );
        }
        found
    }

    fn amount(&mut self, key: &str, value: &Value<'_>, like: Amount) -> Option<Amount> {
        let (found, wanted) = match like {
            Amount::Time(_) => (
                value
                    .get_ref()
                    .as_str()
                    .and_then(words::parse_duration)
                    .map(Amount::Time),
                "a time such as \"72h\" or \"7d\", at most ten years",
            ),
            Amount::Count(_) => (
                integer(value)
                    .and_then(|n| u32::try_from(n).ok())
                    .filter(|n| *n >= 1)
                    .map(Amount::Count),
                "a whole number from 1 on",
            ),
        };
        if found.is_none() {
            self.problem(value.span().start, format!("{key} is {wanted}"));
        }
        found
    }

    fn texts(&mut self, key: &str, value: &Value<'_>) -> Vec<(usize, String)> {
        self.listed(key, value, "pkg:npm/name")
    }

    fn listed(&mut self, key: &str, value: &Value<'_>, such: &str) -> Vec<(usize, String)> {
        let Some(all) = value.get_ref().as_array() else {
            self.problem(
                value.span().start,
                format!("{key} is a list of texts: [{such:?}]"),
            );
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in all {
            match value.get_ref().as_str() {
                Some(text) => texts.push((value.span().start, text.to_owned())),
                None => self.problem(value.span().start, format!("{key} is a list of texts")),
            }
        }
        texts
    }

    // Problems.

    fn problem(&mut self, at: usize, message: String) {
        let problem = self.at(at, message);
        self.problems.push(problem);
    }

    fn at(&self, at: usize, message: String) -> Problem {
        let Place { file, line, column } = self.place(at);
        Problem {
            file,
            line,
            column,
            message,
        }
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Place {
            file: self.file.to_owned(),
            line,
            column,
        }
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    let number = value.get_ref().as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Why an exemption is left out, and where in the file that stands.
type Refused = (Option<usize>, String);

#[cfg(test)]
mod tests;
