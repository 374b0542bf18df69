use super::{Count, Fault, Node, Value, limit};

/// How strict to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lockfile) enum Style {
    /// JSON.
    Strict,
    /// JSON with comments and trailing commas, as bun writes it.
    Relaxed,
}

/// Reads one JSON value and nothing behind it.
pub(in crate::lockfile) fn parse(text: &str, style: Style) -> Result<Node<'_>, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        style,
        count: Count::default(),
        open: Vec::new(),
    };
    // Some editors write a byte order mark; npm reads over it.
    if text.starts_with('\u{feff}') {
        reader.at = 3;
    }
    let value = reader.value(0)?;
    reader.space()?;
    if reader.at < text.len() {
        return Err(reader.fault("text after the end"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    style: Style,
    count: Count,
    /// The pairs of all maps that are not at their end, so that each map is made once, of its size.
    open: Vec<(Node<'t>, Node<'t>)>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, what: &str) -> Fault {
        Fault::at(self.at, what)
    }

    fn space(&mut self) -> Result<(), Fault> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if self.style == Style::Relaxed => self.comment()?,
                _ => break,
            }
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix("/*") {
            match inside.find("*/") {
                Some(end) => end + 4,
                None => return Err(self.fault("a comment without end")),
            }
        } else {
            return Err(self.fault("a stray '/'"));
        };
        self.at += length;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node<'t>, Fault> {
        if depth > limit::DEPTH {
            return Err(Fault::DEPTH);
        }
        self.count.one()?;
        self.space()?;
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(_) => self.word(),
            None => Err(self.fault("the end, where a value should be")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node<'t>, Fault> {
        let start = self.at;
        self.at += 1;
        let first = self.open.len();
        while self.more(b'}', self.open.len() == first)? {
            if self.peek() != Some(b'"') {
                return Err(self.fault("a key should start with '\"'"));
            }
            self.count.one()?;
            let key = self.string()?;
            self.space()?;
            if self.peek() != Some(b':') {
                return Err(self.fault("no ':' behind a key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            self.open.push((key, value));
        }
        let pairs = self.open.drain(first..).collect();
        Ok(Node::new(Value::Map(pairs), start..self.at))
    }

    fn array(&mut self, depth: usize) -> Result<Node<'t>, Fault> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        while self.more(b']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Node::new(Value::List(items.into()), start..self.at))
    }

    /// Steps over a comma or the closing bracket; whether another item stands there.
    fn more(&mut self, close: u8, first: bool) -> Result<bool, Fault> {
        self.space()?;
        let mut comma = false;
        if !first && self.peek() == Some(b',') {
            comma = true;
            self.at += 1;
            self.space()?;
        }
        match self.peek() {
            Some(byte) if byte == close => {
                if comma && self.style == Style::Strict {
                    return Err(self.fault("a comma before the closing bracket"));
                }
                self.at += 1;
                Ok(false)
            }
            Some(_) if first || comma => Ok(true),
            Some(_) => Err(self.fault("no comma between two values")),
            None => Err(self.fault("the end inside a bracket")),
        }
    }

    fn string(&mut self) -> Result<Node<'t>, Fault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[end.min(bytes.len())..]) else {
                return Err(self.fault("a string without end"));
            };
            end += found;
            if bytes[end] == b'"' {
                break;
            }
            escaped = true;
            end += 2;
        }
        self.at = end + 1;
        let inner = &self.text[start + 1..end];
        // Over all bytes, without an early end: the compiler looks at many at a time then.
        let controls = inner.bytes().fold(false, |any, b| any | (b < 0x20));
        let text = if escaped || controls {
            serde_json::from_str(&self.text[start..=end])
                .map(Value::Own)
                .map_err(|_| Fault::at(start, "a string with a character that JSON forbids"))?
        } else {
            Value::Text(inner)
        };
        Ok(Node::new(text, start..self.at))
    }

    /// Numbers, `true`, `false`, `null`: kept as written.
    fn word(&mut self) -> Result<Node<'t>, Fault> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        let known = matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok();
        if !known {
            return Err(Fault::at(start, "a value that JSON does not know"));
        }
        Ok(Node::new(Value::Text(word), start..self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_equal_keys_counts_as_it_does_for_npm() {
        let node = parse(r#"{"a": "1", "a": "2"}"#, Style::Strict).unwrap();
        assert_eq!(node.get_text("a"), Some("2"));
    }

    #[test]
    fn spans_point_at_the_text_with_its_quotes() {
        let text = "{ \"k\" : [ \"v\\u0041\", 1.5e3 ] }";
        let node = parse(text, Style::Strict).unwrap();
        let items = node.get("k").unwrap().list();
        assert_eq!(&text[items[0].span()], "\"v\\u0041\"");
        assert_eq!(items[0].text(), Some("vA"));
        assert_eq!(items[1].text(), Some("1.5e3"));
    }

    #[test]
    fn comments_and_trailing_commas_are_read_only_where_the_format_has_them() {
        let text = "{ // why\n \"a\": [1, /* x */ 2,], }\n";
        assert!(parse(text, Style::Relaxed).is_ok());
        assert!(parse(text, Style::Strict).is_err());
        assert!(parse("[1,]", Style::Strict).is_err());
        assert_eq!(
            parse(r#"["http://x//y", "/* no */"]"#, Style::Relaxed)
                .unwrap()
                .list()[0]
                .text(),
            Some("http://x//y")
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for bad in [
            "",
            "{",
            "[1 2]",
            "{\"a\" 1}",
            "{a: 1}",
            "nul",
            "\"",
            "\"\\",
            "{} x",
            "[,]",
            "{,}",
            "\"a\nb\"",
            "\"\\ud800\"",
            "<<<<<<< HEAD",
            "/* x",
        ] {
            assert!(parse(bad, Style::Relaxed).is_err(), "{bad:?}");
        }
        let deep = "[".repeat(100);
        assert!(matches!(
            parse(&deep, Style::Strict),
            Err(Fault::Limit { .. })
        ));
    }
}
