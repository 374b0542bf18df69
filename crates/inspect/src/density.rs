//! How much memory the tree of a source text takes, estimated before a parser builds it.
//!
//! Trees are many times larger than texts: a letter and a semicolon are a statement of a
//! hundred bytes and more. Nothing is known here of comments, texts and templates, so that
//! nobody can mislead it: every word counts as the costliest thing that a word can be, every
//! sign as what a sign alone can be. Honest code, minified as well, has a word in six to
//! twelve bytes and stays below what is allowed up to 24 MiB; a larger file has to be read in pieces.

use crate::ir::Language;

/// Bytes of a tree.
#[derive(Clone, Copy)]
struct Cost {
    /// Of a word that is a statement of its own.
    word: usize,
    /// Of a sign: an empty statement, a bracket, an operator.
    sign: usize,
}

impl Cost {
    /// By the sizes of the parsers' types, with the lists that hold them.
    const fn of(language: Language) -> Self {
        let (word, sign) = match language {
            Language::JavaScript => (112, 32),
            Language::Python => (160, 48),
            Language::Rust => (240, 96),
        };
        Self { word, sign }
    }

    /// What a text of a length takes at most: words and signs by turns.
    const fn most(self, length: usize) -> usize {
        (self.word + self.sign).saturating_mul(length.div_ceil(2))
    }
}

/// What a byte of a source text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// It stands between others.
    Blank,
    Word,
    Sign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Sign; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            // Quotes alone are nothing.
            b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' => Class::Blank,
            // Escapes are part of a text.
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'\\' | 0x80..=0xff => {
                Class::Word
            }
            _ => Class::Sign,
        };
        byte += 1;
    }
    classes
};

/// An estimate of how many bytes the tree of a source text takes; of a text that is too short
/// to reach a bound, how many it takes at most.
pub fn tree(source: &str, language: Language, bound: usize) -> usize {
    let cost = Cost::of(language);
    let most = cost.most(source.len());
    if most <= bound {
        return most;
    }
    let (mut words, mut signs) = (0_usize, 0_usize);
    let mut last = Class::Blank;
    for byte in source.bytes() {
        let class = CLASSES[usize::from(byte)];
        words += usize::from(class == Class::Word && last != Class::Word);
        signs += usize::from(class == Class::Sign);
        last = class;
    }
    words
        .saturating_mul(cost.word)
        .saturating_add(signs.saturating_mul(cost.sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::reading;
    use crate::{js, python, rust};
    use proptest::prelude::*;

    const ALL: [Language; 3] = [Language::JavaScript, Language::Python, Language::Rust];

    fn fits(piece: &str, bytes: usize, language: Language) -> bool {
        let text = piece.repeat(bytes / piece.len());
        tree(&text, language, reading::TREE) <= reading::TREE
    }

    #[test]
    fn what_is_dense_does_not_fit() {
        for language in ALL {
            for piece in ["a\n", "a;", ";", "[],", "()=>a,"] {
                assert!(!fits(piece, reading::SOURCE, language), "{piece:?}");
            }
        }
    }

    #[test]
    fn what_people_write_fits() {
        for (language, bytes, piece) in [
            (
                Language::JavaScript,
                24 << 20,
                "  const answer = await client.request(address, { method: 'GET' });\n",
            ),
            // Minified.
            (
                Language::JavaScript,
                16 << 20,
                "function e(t,n){return t.prototype.handle=function(r){return n.call(this,r)}}",
            ),
            (
                Language::JavaScript,
                reading::SOURCE,
                "const a=\"\\x68\\x65\\x6c\\x6c\\x6f\";",
            ),
            (
                Language::Python,
                16 << 20,
                "        self.answer = self.client.request(address, timeout=timeout)\n",
            ),
            (
                Language::Rust,
                8 << 20,
                "pub const ERROR_INSUFFICIENT_BUFFER: WIN32_ERROR = 122u32;\n",
            ),
        ] {
            assert!(fits(piece, bytes, language), "{piece:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_parsed() {
        let text = "a;".repeat(reading::SOURCE / 2);
        let dense = Some(reading::TOO_DENSE.to_owned());
        assert_eq!(js::read(&text, "a.js").err(), dense);
        assert_eq!(python::read(&text).err(), dense);
        assert_eq!(rust::read(&text).err(), dense);
    }

    proptest! {
        #[test]
        fn nothing_takes_more_than_the_most(text in "\\PC{0,200}") {
            for language in ALL {
                let counted = tree(&text, language, 0);
                prop_assert!(counted <= Cost::of(language).most(text.len()));
            }
        }

        #[test]
        fn more_text_takes_no_less(text in "\\PC{0,60}", more in "\\PC{0,60}") {
            for language in ALL {
                let both = format!("{text}{more}");
                prop_assert!(tree(&text, language, 0) <= tree(&both, language, 0));
            }
        }
    }
}
