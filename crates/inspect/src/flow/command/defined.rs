//! Variables that a command line gives to the rules of a builder: `cmake -DNAME=VALUE`,
//! `make NAME=VALUE`.
//!
//! Rules have a text of their own. Of what the command line around them was given only what it
//! hands to them by a name comes in, and only where they use that name.

use crate::flow::Labels;
use crate::flow::label::Label;
use crate::pure::HOLE_START;
use crate::shell::Word;

/// Such variables of one command line.
const MOST: usize = 256;

/// Variables with their values and what is in these.
#[derive(Debug, Default)]
pub(super) struct Defined(Vec<(String, String, Vec<Label>)>);

impl Defined {
    /// `-DNAME=VALUE`, `-D NAME:TYPE=VALUE`, and what `cmake-js` hands on (`--CDNAME=VALUE`).
    pub(super) fn of_cmake(args: &[(String, Vec<Label>)]) -> Self {
        let mut words = args.iter();
        let mut found = Self::default();
        while let Some((text, labels)) = words.next() {
            let text = text.strip_prefix("--C").map_or(text.as_str(), |rest| rest);
            let text = text.strip_prefix('-').unwrap_or(text);
            match text.strip_prefix('D') {
                Some("") => {
                    if let Some((text, labels)) = words.next() {
                        found.note(text, labels);
                    }
                }
                Some(text) => found.note(text, labels),
                None => {}
            }
        }
        found
    }

    /// `NAME=VALUE`.
    pub(super) fn of_make(args: &[(String, Vec<Label>)]) -> Self {
        let mut found = Self::default();
        for (text, labels) in args.iter().filter(|(text, _)| !text.starts_with('-')) {
            found.note(text, labels);
        }
        found
    }

    fn note(&mut self, text: &str, labels: &[Label]) {
        let Some((name, value)) = text.split_once('=') else {
            return;
        };
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.0.len() < MOST && !name.is_empty() && name.chars().all(is_name) {
            let labels = labels.to_vec();
            self.0.push((name.to_owned(), value.to_owned(), labels));
        }
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter().rev();
        let found = all.find(|(known, ..)| known == name);
        found.map(|(_, value, _)| value.as_str())
    }

    /// All of them with their values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, value, _)| (name.as_str(), value.as_str()))
    }

    /// What is in the holes of a line that these values were put into, and that has no others.
    pub(super) fn in_line(&self, line: &str) -> Labels {
        match line.contains(HOLE_START) {
            true => self.labels(|_| true),
            false => self.labels(|_| false),
        }
    }

    /// What is in the holes of the values that some words use.
    pub(super) fn in_words(&self, words: &[String]) -> Labels {
        self.labels(|name| {
            let used = format!("${{{name}}}");
            words.iter().any(|word| word.contains(&used))
        })
    }

    fn labels(&self, is_used: impl Fn(&str) -> bool) -> Labels {
        let open = self.0.iter();
        let open = open.filter(|(name, value, _)| value.contains(HOLE_START) && is_used(name));
        open.flat_map(|(.., labels)| labels.iter().cloned())
            .take(super::LABELS)
            .collect()
    }
}

/// Whether a word of a script uses what the script was started with.
pub(super) fn names_an_argument(word: &Word) -> bool {
    let mut names = word.variables.iter();
    names.any(|name| matches!(name.as_bytes(), [b'@' | b'*' | b'1'..=b'9', ..]))
}

#[cfg(test)]
mod tests;
