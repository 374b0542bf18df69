//! Where a comment, a text or a regular expression ends.

use super::Reading;
use crate::ir::Language;

impl Reading<'_> {
    /// The end of the line that is read.
    pub(super) fn end_of_line(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |length| self.at + length)
    }

    /// The first byte behind a comment, if one begins here.
    pub(super) fn behind_comment(&mut self) -> Option<usize> {
        match self.next() {
            b'/' => Some(self.end_of_line()),
            b'*' if !self.no_end => {
                let from = self.at + 2;
                let end = memchr::memmem::find(self.bytes.get(from..)?, b"*/");
                self.no_end = end.is_none();
                end.map(|length| from + length + 2)
            }
            _ => None,
        }
    }

    /// The closing quote of a text that ends on its line, else the opening one.
    pub(super) fn behind_text(&mut self, quote: u8) -> usize {
        let at = self.at;
        if quote == b'\'' && self.is(Language::Rust) {
            // A character, or the name of a lifetime.
            let is_char = self.next() == b'\\' || self.bytes.get(at + 2) == Some(&b'\'');
            if !is_char {
                return at;
            }
        }
        let which = usize::from(quote == b'\'');
        // Whoever begins within a text that does not close does not close either.
        if at < self.unclosed[which] {
            return at;
        }
        let mut end = at + 1;
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b'\\' => end += 1,
                b'\n' => break,
                byte if *byte == quote => return end,
                _ => {}
            }
            end += 1;
        }
        self.unclosed[which] = end;
        at
    }

    /// The last slash of a regular expression that ends on its line, else the first one.
    pub(super) fn behind_regex(&mut self) -> usize {
        let at = self.at;
        if at < self.unclosed[2] {
            return at;
        }
        let mut in_set = false;
        let mut end = at + 1;
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b'\\' => end += 1,
                b'\n' => break,
                b'[' => in_set = true,
                b']' => in_set = false,
                b'/' if !in_set => return end,
                _ => {}
            }
            end += 1;
        }
        self.unclosed[2] = end;
        at
    }
}
