//! Texts that were read before.
//!
//! One call may be reached in many ways that all give it the same text. What that text does was told
//! when it was read first, and is paid for once.

use super::Effect;
use crate::flow::around::Around;
use crate::ir::Language;
use crate::unpack::Entry;
use customs_model::{Place, Zone};
use rustc_hash::FxHashMap;

/// Texts that are remembered.
const MOST: usize = 512;

/// All that decides what reading a text comes to.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// Of the text and of what lies beside it.
    digest: blake3::Hash,
    folder: String,
    language: Language,
    zone: Zone,
    place: Place,
    /// What it gives is called.
    is_called: bool,
    /// How much of the package was known to run.
    running: usize,
}

impl Asked {
    pub fn of(
        text: &str,
        beside: &[Entry],
        folder: &str,
        (language, zone, place): (Language, Zone, &Place),
        is_called: bool,
        running: usize,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(text.as_bytes());
        for entry in beside {
            // No path holds a zero.
            hasher.update(&[0]);
            hasher.update(entry.path.as_bytes());
        }
        Self {
            digest: hasher.finalize(),
            folder: folder.to_owned(),
            language,
            zone,
            place: place.clone(),
            is_called,
            running,
        }
    }
}

/// What reading a text came to, besides what was found.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub effect: Effect,
    pub around: Vec<Around>,
    pub started: Vec<Vec<String>>,
}

/// Texts that were read, with what that came to.
#[derive(Debug, Default)]
pub(in crate::flow) struct Texts(FxHashMap<Asked, Known>);

impl Texts {
    pub(super) fn get(&self, asked: &Asked) -> Option<Known> {
        self.0.get(asked).cloned()
    }

    pub(super) fn note(&mut self, asked: Asked, known: Known) {
        if self.0.len() < MOST {
            self.0.insert(asked, known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::text_file;

    #[test]
    fn a_text_is_known_where_all_that_decides_is_the_same() {
        let place = |line| Place {
            file: "a.js".to_owned(),
            line,
            column: 1,
            bytes: (0, 1),
        };
        let asked = |text: &str, beside: &[Entry], zone, line, called| {
            let parts = (Language::JavaScript, zone, &place(line));
            Asked::of(text, beside, "", parts, called, 1)
        };
        let mut texts = Texts::default();
        let known = Known {
            effect: Effect::Nothing,
            around: Vec::new(),
            started: Vec::new(),
        };
        texts.note(asked("a()", &[], Zone::Import, 1, false), known);
        let effect = |asked: Asked| texts.get(&asked).map(|known| known.effect);
        let same = effect(asked("a()", &[], Zone::Import, 1, false));
        assert_eq!(same, Some(Effect::Nothing));
        let neighbour = [text_file("b.js", "")];
        for other in [
            asked("b()", &[], Zone::Import, 1, false),
            asked("a()", &neighbour, Zone::Import, 1, false),
            asked("a()", &[], Zone::Install, 1, false),
            asked("a()", &[], Zone::Import, 2, false),
            asked("a()", &[], Zone::Import, 1, true),
        ] {
            assert_eq!(effect(other), None);
        }
    }
}
