//! A streaming JSON reader that never builds a tree.
//!
//! Registry documents reach 110 MB. Reading one into a tree costs several times its
//! size in memory and was the reason why every peer needs up to 1.2 GB. This reader
//! holds one buffer, hands out keys and short strings, and copies or skips the rest.

use std::io::{self, Read, Write};

mod scan;

/// Bounds on what a stranger's document may ask for.
pub mod limit {
    /// Bytes held at a time.
    pub const BUFFER: usize = 128 * 1024;
    /// Nesting.
    pub const DEPTH: usize = 128;
    /// Bytes of one string that is read rather than skipped.
    pub const STRING: usize = 64 * 1024;
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The source failed.
    #[error("the document could not be read: {0}")]
    Io(#[from] io::Error),
    /// Not JSON, or not the JSON that was expected.
    #[error("the document is not what it should be: {what} at byte {at}")]
    Syntax {
        /// What was expected or found.
        what: &'static str,
        /// Offset from the start of the document.
        at: u64,
    },
    /// A bound of [`limit`].
    #[error("the document exceeds a bound: {what} at byte {at}")]
    Limit {
        /// Which one.
        what: &'static str,
        /// Offset from the start of the document.
        at: u64,
    },
}

/// Where skipped bytes go.
enum Sink<'w> {
    Nowhere,
    To(&'w mut dyn Write),
}

impl Sink<'_> {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Nowhere => Ok(()),
            Sink::To(out) => out.write_all(bytes),
        }
    }
}

/// The reader. Positions are byte offsets from the start of the document.
pub struct JsonReader<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    base: u64,
}

impl<R: Read> JsonReader<R> {
    /// Reads from `source`, which needs no buffering of its own.
    pub fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; limit::BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            base: 0,
        }
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    fn syntax(&self, what: &'static str) -> JsonError {
        JsonError::Syntax {
            what,
            at: self.offset(),
        }
    }

    fn refill(&mut self) -> Result<bool, JsonError> {
        self.base += self.end as u64;
        self.start = 0;
        self.end = 0;
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(n) => {
                    self.end = n;
                    return Ok(n > 0);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    #[inline]
    fn byte(&mut self) -> Result<Option<u8>, JsonError> {
        if self.start == self.end && !self.refill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.start]))
    }

    /// The next byte that is not white space, not consumed.
    pub fn peek(&mut self) -> Result<u8, JsonError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.start += 1,
                Some(b) => return Ok(b),
                None => return Err(self.syntax("it ends too early")),
            }
        }
    }

    /// Consumes one expected byte.
    ///
    /// # Errors
    /// Any other byte comes first.
    pub fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.peek()? == byte {
            self.start += 1;
            Ok(())
        } else {
            Err(self.syntax(what))
        }
    }

    /// Only white space is left.
    ///
    /// # Errors
    /// Something else is.
    pub fn end(&mut self) -> Result<(), JsonError> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.start += 1,
                Some(_) => return Err(self.syntax("something stands behind its end")),
                None => return Ok(()),
            }
        }
    }

    /// Walks the members of an object. `member` gets the reader behind the colon and
    /// must consume the value.
    ///
    /// # Errors
    /// Not an object, or what `member` returns.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.expect(b'{', "an object was expected")?;
        if self.peek()? == b'}' {
            self.start += 1;
            return Ok(());
        }
        let mut key = String::new();
        loop {
            self.string(&mut key)?;
            self.expect(b':', "a colon was expected")?;
            member(self, &key)?;
            match self.peek()? {
                b',' => self.start += 1,
                b'}' => {
                    self.start += 1;
                    return Ok(());
                }
                _ => return Err(self.syntax("a comma or brace was expected")),
            }
        }
    }

    /// Reads a string, with its escapes resolved, into `out`.
    ///
    /// # Errors
    /// Not a string, not UTF-8, or longer than [`limit::STRING`].
    pub fn string(&mut self, out: &mut String) -> Result<(), JsonError> {
        out.clear();
        self.expect(b'"', "a string was expected")?;
        // Nearly every string lies in the buffer whole and without an escape.
        let window = &self.buffer[self.start..self.end];
        let stop = scan::string_stop(window);
        if window.get(stop) == Some(&b'"') && stop <= limit::STRING {
            let text = std::str::from_utf8(&window[..stop])
                .map_err(|_| self.syntax("a string is not UTF-8"))?;
            if has_control(text) {
                return Err(self.syntax("a string holds a control character"));
            }
            out.push_str(text);
            self.start += stop + 1;
            return Ok(());
        }
        self.long_string(out)
    }

    /// A string that has escapes, or that a buffer's end cuts.
    fn long_string(&mut self, out: &mut String) -> Result<(), JsonError> {
        let mut raw = std::mem::take(out).into_bytes();
        let mut escaped = false;
        loop {
            if self.start == self.end && !self.refill()? {
                return Err(self.syntax("a string does not end"));
            }
            let window = &self.buffer[self.start..self.end];
            let stop = scan::string_stop(window);
            raw.extend_from_slice(&window[..stop]);
            if raw.len() > limit::STRING {
                return Err(JsonError::Limit {
                    what: "a string is too long",
                    at: self.offset(),
                });
            }
            let found = window.get(stop).copied();
            self.start += stop;
            match found {
                None => {}
                Some(b'"') => {
                    self.start += 1;
                    break;
                }
                Some(_) => {
                    escaped = true;
                    raw.push(b'\\');
                    self.start += 1;
                    let next = self
                        .byte()?
                        .ok_or_else(|| self.syntax("a string does not end"))?;
                    raw.push(next);
                    self.start += 1;
                }
            }
        }
        let text = String::from_utf8(raw).map_err(|_| self.syntax("a string is not UTF-8"))?;
        *out = if escaped {
            serde_json::from_str(&format!("\"{text}\""))
                .map_err(|_| self.syntax("a string has a broken escape"))?
        } else if has_control(&text) {
            return Err(self.syntax("a string holds a control character"));
        } else {
            text
        };
        Ok(())
    }

    /// Reads a string value; any other value is skipped and gives `None`.
    ///
    /// # Errors
    /// As [`JsonReader::string`] and [`JsonReader::skip`].
    pub fn string_or_skip(&mut self) -> Result<Option<String>, JsonError> {
        if self.peek()? == b'"' {
            let mut text = String::new();
            self.string(&mut text)?;
            Ok(Some(text))
        } else {
            self.skip()?;
            Ok(None)
        }
    }

    /// Consumes one value of any kind.
    ///
    /// # Errors
    /// It is not well-formed enough to find its end, or nested too deep.
    pub fn skip(&mut self) -> Result<(), JsonError> {
        self.value(&mut Sink::Nowhere)
    }

    /// Copies one value byte by byte.
    ///
    /// # Errors
    /// As [`JsonReader::skip`], and what `out` returns.
    pub fn copy(&mut self, out: &mut dyn Write) -> Result<(), JsonError> {
        self.value(&mut Sink::To(out))
    }

    fn value(&mut self, sink: &mut Sink<'_>) -> Result<(), JsonError> {
        match self.peek()? {
            b'"' => {
                // Nearly every string lies in the buffer whole and without an escape.
                let window = &self.buffer[self.start..self.end];
                let stop = 1 + scan::string_stop(&window[1..]);
                if window.get(stop) != Some(&b'"') {
                    return self.nested(sink);
                }
                sink.take(&window[..=stop])?;
                self.start += stop + 1;
                Ok(())
            }
            b'{' | b'[' => self.nested(sink),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.scalar(sink),
            _ => Err(self.syntax("a value was expected")),
        }
    }

    /// Strings, objects and arrays: only quotes and brackets matter for finding the end.
    /// What is kept is parsed properly by whoever uses it; what is skipped reaches nobody.
    /// Bytes are handed on a buffer at a time: one small write per string cost more than
    /// the search itself.
    fn nested(&mut self, sink: &mut Sink<'_>) -> Result<(), JsonError> {
        let mut nesting = scan::Nesting::new();
        loop {
            if self.start == self.end && !self.refill()? {
                return Err(self.syntax("it ends too early"));
            }
            let window = &self.buffer[self.start..self.end];
            match nesting.walk(window) {
                scan::Walk::On => {
                    sink.take(window)?;
                    self.start = self.end;
                }
                scan::Walk::End(at) => {
                    sink.take(&window[..at])?;
                    self.start += at;
                    return Ok(());
                }
                scan::Walk::TooDeep(at) => {
                    self.start += at;
                    return Err(JsonError::Limit {
                        what: "nested too deep",
                        at: self.offset(),
                    });
                }
                scan::Walk::Mismatch(at) => {
                    self.start += at;
                    return Err(self.syntax("brackets do not match"));
                }
            }
        }
    }

    fn scalar(&mut self, sink: &mut Sink<'_>) -> Result<(), JsonError> {
        loop {
            match self.byte()? {
                Some(b @ (b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) => {
                    sink.take(&[b])?;
                    self.start += 1;
                }
                _ => return Ok(()),
            }
        }
    }
}

fn has_control(text: &str) -> bool {
    // All of them, without an early end: the compiler then looks at many at once.
    text.bytes().fold(false, |found, b| found | (b < 0x20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out one byte at a time, so that every boundary is crossed.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match (self.0.split_first(), out.first_mut()) {
                (Some((first, rest)), Some(slot)) => {
                    *slot = *first;
                    self.0 = rest;
                    Ok(1)
                }
                _ => Ok(0),
            }
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::btree_map("\\PC{0,6}", inner, 0..5)
                    .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_copied_value_is_the_value(value in json()) {
            let text = serde_json::to_vec_pretty(&value).unwrap();
            let mut copy = Vec::new();
            let mut reader = JsonReader::new(Drip(&text));
            reader.copy(&mut copy).unwrap();
            reader.end().unwrap();
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&copy).unwrap(), value);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = JsonReader::new(&bytes[..]);
            let _ = reader.object(|r, _| r.skip());
            let mut reader = JsonReader::new(Drip(&bytes));
            let _ = reader.skip();
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(1_000_000);
        let error = JsonReader::new(deep.as_bytes()).skip().unwrap_err();
        assert!(matches!(error, JsonError::Limit { .. }), "{error}");
    }

    #[test]
    fn escapes_in_keys_are_resolved() {
        let mut keys = Vec::new();
        JsonReader::new(&br#"{"a\u0062\"":1,"c":[{}]}"#[..])
            .object(|r, key| {
                keys.push(key.to_owned());
                r.skip()
            })
            .unwrap();
        assert_eq!(keys, ["ab\"", "c"]);
    }
}
