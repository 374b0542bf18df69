//! Identifiers of SPDX: `SPDXRef-` and letters, digits, `.` and `-` (clause 3.2 and annex of
//! 2.3), each once in a document.

use serde::Serialize;
use std::collections::BTreeSet;

/// The longest part that is made of a name; what tells two apart is put behind it.
const LONGEST: usize = 200;

/// An identifier that stands in the document once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Those that are taken.
#[derive(Default)]
pub(super) struct Ids(BTreeSet<String>);

impl Ids {
    /// The identifier that the document itself must have.
    pub(super) fn document(&mut self) -> Name {
        self.take(&["DOCUMENT"])
    }

    /// A new one made of these parts. Where another one is spelled the same, a number is put
    /// behind it; names come in one order, so the numbers are always the same.
    pub(super) fn take(&mut self, parts: &[&str]) -> Name {
        let plain: String = parts
            .join("-")
            .chars()
            .take(LONGEST)
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let first = format!("SPDXRef-{plain}");
        let mut name = first.clone();
        let mut number = 1_usize;
        while !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{first}-{number}");
        }
        Name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_spelled_the_same_get_numbers_which_nobody_else_has() {
        let mut ids = Ids::default();
        let mut take = |text: &str| ids.take(&[text]).0;
        assert_eq!(take("@a/b"), "SPDXRef--a-b");
        assert_eq!(take("a-2"), "SPDXRef-a-2");
        assert_eq!(take("a"), "SPDXRef-a");
        assert_eq!(take("a"), "SPDXRef-a-3");
        assert_eq!(take("\u{202e}\n"), "SPDXRef---");
        assert_eq!(take("名"), "SPDXRef--");
        assert_eq!(take("é"), "SPDXRef---2");
    }
}
