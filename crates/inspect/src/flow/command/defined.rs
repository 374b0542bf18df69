//! Variables that a command line gives to the rules of a builder: `cmake -DNAME=VALUE`,
//! `make NAME=VALUE`.
//!
//! Rules have a text of their own. Of what the command line around them was given only what it
//! hands to them by a name comes in, and only where they use that name.

use crate::flow::Labels;
use crate::flow::label::Label;
use crate::pure::{HOLE, HOLE_START};
use crate::shell::Word;
use std::rc::Rc;

/// A word of a command line, with what is in it.
type Text = (String, Vec<Label>);

/// Such variables of one command line.
const MOST: usize = 256;

/// Variables with their values, and what is in the holes of these.
#[derive(Debug, Default)]
pub(super) struct Defined {
    values: Vec<(String, String)>,
    holes: Option<Labels>,
}

impl Defined {
    /// `-DNAME=VALUE`, `-D NAME:TYPE=VALUE`, and what `cmake-js` hands on (`--CDNAME=VALUE`).
    pub(super) fn of_cmake(args: &[Text], holes: &Labels) -> Self {
        let mut words = args.iter();
        let mut found = Self::with(holes);
        while let Some((text, _)) = words.next() {
            let text = text.strip_prefix("--C").unwrap_or(text);
            let text = text.strip_prefix('-').unwrap_or(text);
            match text.strip_prefix('D') {
                Some("") => {
                    if let Some((text, _)) = words.next() {
                        found.note(text);
                    }
                }
                Some(text) => found.note(text),
                None => {}
            }
        }
        found
    }

    /// `NAME=VALUE`.
    pub(super) fn of_make(args: &[Text], holes: &Labels) -> Self {
        let mut found = Self::with(holes);
        for (text, _) in args.iter().filter(|(text, _)| !text.starts_with('-')) {
            found.note(text);
        }
        found
    }

    fn with(holes: &Labels) -> Self {
        Self {
            values: Vec::new(),
            holes: Some(Rc::clone(holes)),
        }
    }

    fn note(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else {
            return;
        };
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.values.len() < MOST && !name.is_empty() && name.chars().all(is_name) {
            // What begins empty may be filled where nobody looks.
            let value = if value.is_empty() { HOLE } else { value };
            self.values.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut all = self.values.iter().rev();
        let found = all.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All of them with their values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.values.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What is in the holes of a line that these values were put into, and that has no others.
    pub(super) fn in_line(&self, line: &str) -> Labels {
        self.labels(line.contains(HOLE_START))
    }

    /// What is in the holes of the values that some words use.
    pub(super) fn in_words(&self, words: &[String]) -> Labels {
        let mut open = self.values.iter();
        self.labels(open.any(|(name, value)| {
            let used = format!("${{{name}}}");
            value.contains(HOLE_START) && words.iter().any(|word| word.contains(&used))
        }))
    }

    fn labels(&self, is_used: bool) -> Labels {
        let holes = self.holes.as_ref().filter(|_| is_used);
        holes.cloned().unwrap_or_else(|| Rc::from([]))
    }
}

/// Whether a word of a script uses what the script was started with.
pub(super) fn names_an_argument(word: &Word) -> bool {
    let mut names = word.variables.iter();
    // `$@` has no name.
    let all = word.variables.is_empty() && word.substitutions.is_empty();
    all || names.any(|name| matches!(name.as_bytes(), [b'@' | b'*' | b'1'..=b'9', ..]))
}

#[cfg(test)]
mod tests;
