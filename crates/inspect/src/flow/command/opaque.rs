//! Texts that are given to a program which makes others of them, and then to one that runs them.

use super::filter::computed;
use super::{At, Piped, base_name};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::pure::{HOLE_END, HOLE_START};
use customs_model::SourceKind;

/// Letters of a text from which on it can be a command.
const LETTERS: usize = 8;

impl Analysis<'_> {
    /// What a command gives, with what is to be told of it where it was given a text that stands
    /// in the package and what it makes of it is not computed.
    pub(super) fn made_of(
        &self,
        input: &Piped,
        words: &[(String, Vec<Label>)],
        mut out: Piped,
        at: &At,
    ) -> Piped {
        let is_given = input.opaque.is_some()
            || input
                .text
                .as_deref()
                .is_some_and(|text| letters(text) >= LETTERS);
        // Of these it is told already whose text is run.
        let is_told = out.labels.iter().any(|label| {
            matches!(
                label.kind,
                SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque
            )
        });
        if !is_given || is_told || out.text.is_some() || out.opaque.is_some() {
            return out;
        }
        if let Some((name, _)) = words.first() {
            out.opaque = Some(self.source(SourceKind::Decoded, base_name(name), at));
        }
        out
    }

    /// What a program makes of a text, paid for by commands that may still be gone through.
    pub(super) fn filtered(&mut self, name: &str, words: &[&str], text: &str) -> Option<String> {
        /// Letters that are looked at for one command, and letters of words that double it.
        const LOOKED_AT: usize = 1_024;
        const WORDS: usize = 64;
        let words_length: usize = words.iter().map(|word| word.len()).sum();
        let cost = (text.len() / LOOKED_AT).saturating_mul(1 + words_length / WORDS);
        self.commands = self
            .commands
            .saturating_sub(u32::try_from(cost).unwrap_or(u32::MAX));
        if self.commands == 0 {
            return None;
        }
        computed(name, words, text)
    }

    /// What comes in at an interpreter: data from elsewhere, and a text that was changed so that
    /// nobody knows what is run.
    pub(super) fn input_interpreted(&mut self, interpreter: &str, input: &Piped, at: &At) {
        self.interpreted(interpreter, &input.labels, at);
        self.interpreted(interpreter, input.opaque.as_slice(), at);
    }
}

/// How many letters of a text are known.
fn letters(text: &str) -> usize {
    let mut inside = 0_usize;
    let mut count = 0;
    for c in text.chars() {
        match c {
            HOLE_START => inside += 1,
            HOLE_END => inside = inside.saturating_sub(1),
            c if inside == 0 && !c.is_whitespace() => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_machine_knows_is_no_letter() {
        assert_eq!(letters("a \u{fdd0}$HOME\u{fdd1} b"), 2);
        assert_eq!(letters(""), 0);
    }
}
