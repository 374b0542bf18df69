//! What was not looked at, by the questions whose answers it may change.

use crate::verify::report::Report;
use customs_inclusion::question::Question;
use std::collections::{BTreeMap, BTreeSet};

/// Sentences, safe to print.
#[derive(Debug, Default)]
pub struct Notes {
    /// They may change every answer.
    pub of_all: Vec<String>,
    /// Only what is said of trees.
    pub of_tree: Vec<String>,
    /// Only what is said of where packages come from.
    pub of_origin: Vec<String>,
    /// No answer about a package.
    pub of_none: Vec<String>,
}

impl Notes {
    /// Those of a report.
    pub fn of(report: &Report) -> Self {
        let mut notes = Self::default();
        for note in report.not_checked.iter().cloned() {
            let only = &report.only;
            let of = match (only.tree.contains(&note), only.origin.contains(&note)) {
                (true, false) => &mut notes.of_tree,
                (false, true) => &mut notes.of_origin,
                (true, true) | (false, false) => &mut notes.of_all,
            };
            of.push(note);
        }
        notes
    }

    /// All of them, and which questions those touch that do not touch all.
    pub fn told(self) -> (Vec<String>, BTreeMap<String, BTreeSet<Question>>) {
        let origin = [Question::Signature, Question::Attestation];
        let mut touches: BTreeMap<String, BTreeSet<Question>> = BTreeMap::new();
        for (notes, questions) in [
            (&self.of_tree, &[Question::Tree][..]),
            (&self.of_origin, &origin),
            (&self.of_none, &[]),
        ] {
            for note in notes {
                touches.entry(note.clone()).or_default().extend(questions);
            }
        }
        touches.retain(|note, _| !self.of_all.contains(note));
        let all = [self.of_all, self.of_tree, self.of_origin, self.of_none];
        (all.concat(), touches)
    }
}
