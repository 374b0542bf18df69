//! Just the YAML that pnpm and Yarn write: block maps and lists, flow collections on one
//! line, quoted and plain scalars on one line, block scalars, comments, several
//! documents, `? ` keys. Anchors, tags, folded plain scalars and the rest are refused
//! with their line. A full YAML reader would bring spans in characters and thousands of
//! lines for features that no lockfile has.

use super::yaml_scalar::{Context, ends_word, plain, quoted};
use super::{Count, Fault, Node, Value, limit};
use std::collections::HashSet;

/// Reads all documents of a stream.
pub(in crate::lockfile) fn parse(text: &str) -> Result<Vec<Node<'_>>, Fault> {
    let mut reader = Reader {
        text,
        // A byte order mark.
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        count: Count::default(),
    };
    let mut documents = Vec::new();
    while reader.document_starts() {
        if let Some((at, column)) = reader.content()? {
            let document = reader.block(at, column, 0)?;
            if let Some((at, _)) = reader.content()? {
                return Err(Fault::at(at, "a line that belongs to nothing"));
            }
            if !document.is_map() {
                return Err(Fault::at(at, "a line without a key and a colon"));
            }
            documents.push(document);
            if documents.len() > limit::DEPTH {
                return Err(Fault::Limit {
                    what: "documents",
                    limit: limit::DEPTH,
                });
            }
        }
    }
    Ok(documents)
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// `key: value`
    Plain,
    /// `? key`, and `: value` on the next line.
    Marked,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    count: Count,
}

impl<'t> Reader<'t> {
    /// The rest of the line at an offset, without its end.
    fn line(&self, at: usize) -> &'t str {
        let rest = &self.text[at..];
        let line = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(end) => &rest[..end],
            None => rest,
        };
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// The start of the line behind an offset.
    fn next_line(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.text.as_bytes()[at..])
            .map_or(self.text.len(), |end| at + end + 1)
    }

    /// Steps over `---` and `...`; whether anything is left to read.
    fn document_starts(&mut self) -> bool {
        while is_marker(self.line(self.at)) {
            self.at = self.next_line(self.at);
        }
        self.at < self.text.len()
    }

    /// The next line with content in this document: its first byte and its column.
    /// Leaves `at` at the start of that line.
    fn content(&mut self) -> Result<Option<(usize, usize)>, Fault> {
        while self.at < self.text.len() {
            let line = self.line(self.at);
            let content = line.trim_start_matches(' ');
            let column = line.len() - content.len();
            if content.starts_with('\t') && !content.trim().is_empty() {
                return Err(Fault::at(self.at, "a tab in the indentation"));
            }
            if is_marker(line) {
                return Ok(None);
            }
            if !content.trim().is_empty() && !content.starts_with('#') {
                return Ok(Some((self.at + column, column)));
            }
            self.at = self.next_line(self.at);
        }
        Ok(None)
    }

    /// A block value whose first byte is at `at`. Leaves `at` at the start of a line.
    fn block(&mut self, at: usize, column: usize, depth: usize) -> Result<Node<'t>, Fault> {
        if depth > limit::DEPTH {
            return Err(Fault::DEPTH);
        }
        self.count.one()?;
        let line = self.line(at);
        if is_item(line) {
            self.list(at, column, depth)
        } else if line.starts_with('?') && ends_word(line.as_bytes().get(1), Context::Block)
            || starts_pair(line, at)?
        {
            self.pairs(at, column, depth)
        } else {
            self.inline(at, column, depth)
        }
    }

    fn list(&mut self, first: usize, column: usize, depth: usize) -> Result<Node<'t>, Fault> {
        let mut items = Vec::new();
        let mut at = first;
        loop {
            let inner = self.line(at)[1..].trim_start_matches(' ');
            let offset = self.line(at).len() - inner.len();
            if inner.is_empty() || inner.starts_with('#') {
                self.at = self.next_line(at);
                items.push(self.nested(at, column, depth)?);
            } else {
                items.push(self.block(at + offset, column + offset, depth + 1)?);
            }
            match self.content()? {
                Some((next, c)) if c == column && is_item(self.line(next)) => at = next,
                Some((next, c)) if c > column => {
                    return Err(Fault::at(next, "an indentation that fits nothing"));
                }
                _ => break,
            }
        }
        Ok(Node::new(Value::List(items.into()), first..self.at))
    }

    fn pairs(&mut self, first: usize, column: usize, depth: usize) -> Result<Node<'t>, Fault> {
        let mut pairs: Vec<(Node<'t>, Node<'t>)> = Vec::new();
        let mut at = first;
        loop {
            let (key, style) = self.key(at, column)?;
            let value = self.value(column, style, depth)?;
            pairs.push((key, value));
            match self.content()? {
                Some((next, c)) if c == column && !is_item(self.line(next)) => at = next,
                Some((next, c)) if c >= column => {
                    return Err(Fault::at(next, "an indentation that fits nothing"));
                }
                _ => break,
            }
        }
        once(&pairs)?;
        Ok(Node::new(Value::Map(pairs.into()), first..self.at))
    }

    /// The key at `at`; leaves `at` behind its colon.
    fn key(&mut self, at: usize, column: usize) -> Result<(Node<'t>, Key), Fault> {
        self.count.one()?;
        let line = self.line(at);
        if !line.starts_with('?') || !ends_word(line.as_bytes().get(1), Context::Block) {
            let key = self.scalar(at, line, Context::Block)?;
            let behind = self.line(key.span().end);
            let colon = behind.len() - behind.trim_start_matches(' ').len();
            if !is_colon(&behind[colon..]) {
                return Err(Fault::at(at, "a line without a key and a colon"));
            }
            self.at = key.span().end + colon + 1;
            return Ok((key, Key::Plain));
        }
        // Keys of more than 1,024 characters are written as `? key`, then `: value`.
        let inner = line[1..].trim_start_matches(' ');
        let start = at + line.len() - inner.len();
        let key = self.scalar(start, inner, Context::Block)?;
        self.rest_is_empty(key.span().end)?;
        self.at = self.next_line(start);
        match self.content()? {
            Some((colon, c)) if c == column && is_colon(self.line(colon)) => {
                self.at = colon + 1;
                Ok((key, Key::Marked))
            }
            _ => Err(Fault::at(at, "a '?' key without its ':' line")),
        }
    }

    /// The value behind a colon. Leaves `at` at the start of a line.
    fn value(&mut self, column: usize, key: Key, depth: usize) -> Result<Node<'t>, Fault> {
        let colon = self.at;
        let line = self.line(colon);
        let inner = line.trim_start_matches(' ');
        let start = colon + line.len() - inner.len();
        if inner.is_empty() || (inner.starts_with('#') && start > colon) {
            self.at = self.next_line(colon);
            // A list may stand at the column of its key.
            return match self.content()? {
                Some((at, c)) if c == column && is_item(self.line(at)) => {
                    self.block(at, c, depth + 1)
                }
                _ => self.nested(colon, column, depth),
            };
        }
        if inner.starts_with(['|', '>']) {
            return self.block_scalar(start, column);
        }
        match key {
            Key::Plain => self.inline(start, column, depth),
            // `: key: value` starts a map on the colon's line.
            Key::Marked => self.block(start, column + 1 + start - colon, depth + 1),
        }
    }

    /// The block that is indented deeper than `column`, or nothing.
    fn nested(&mut self, at: usize, column: usize, depth: usize) -> Result<Node<'t>, Fault> {
        match self.content()? {
            Some((next, c)) if c > column => self.block(next, c, depth + 1),
            _ => Ok(Node::new(Value::Text(""), at..at)),
        }
    }

    /// A scalar or flow collection that ends on its line.
    fn inline(&mut self, at: usize, column: usize, depth: usize) -> Result<Node<'t>, Fault> {
        self.count.one()?;
        let line = self.line(at);
        let node = match line.as_bytes().first() {
            Some(b'{' | b'[') => {
                self.at = at;
                self.flow(at + line.len(), depth + 1)?
            }
            _ => self.scalar(at, line, Context::Block)?,
        };
        self.rest_is_empty(node.span().end)?;
        self.at = self.next_line(node.span().end);
        if let Some((next, c)) = self.content()?
            && c > column
        {
            return Err(Fault::at(next, "an indentation that fits nothing"));
        }
        Ok(node)
    }

    fn scalar(&self, at: usize, line: &'t str, context: Context) -> Result<Node<'t>, Fault> {
        let scalar = match line.as_bytes().first() {
            Some(b'"' | b'\'') => quoted(line, at)?,
            _ => plain(line, at, context)?,
        };
        Ok(Node::new(scalar.text.into(), at..at + scalar.length))
    }

    fn rest_is_empty(&self, at: usize) -> Result<(), Fault> {
        let rest = self.line(at);
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let comment = trimmed.starts_with('#') && trimmed.len() < rest.len();
        if trimmed.is_empty() || comment {
            return Ok(());
        }
        Err(Fault::at(at, "text behind a value"))
    }

    /// `|` and `>` with their lines. Registries' deprecation notes are written so.
    fn block_scalar(&mut self, start: usize, column: usize) -> Result<Node<'t>, Fault> {
        let header = self.line(start);
        let folded = header.starts_with('>');
        if !header[1..]
            .trim_end()
            .chars()
            .all(|c| "+-0123456789".contains(c))
        {
            return Err(Fault::at(start, "a block text with an unknown header"));
        }
        let mut end = start + header.len();
        let mut text = String::new();
        self.at = self.next_line(start);
        while self.at < self.text.len() {
            let line = self.line(self.at);
            let content = line.trim_start_matches(' ');
            if !content.is_empty() {
                if line.len() - content.len() <= column {
                    break;
                }
                if !text.is_empty() {
                    text.push(if folded { ' ' } else { '\n' });
                }
                text.push_str(content);
                end = self.at + line.len();
            }
            self.at = self.next_line(self.at);
        }
        Ok(Node::new(Value::Own(text.into()), start..end))
    }

    /// `{…}`, `[…]` or a scalar inside one. `end` is where the line ends.
    fn flow(&mut self, end: usize, depth: usize) -> Result<Node<'t>, Fault> {
        if depth > limit::DEPTH {
            return Err(Fault::DEPTH);
        }
        self.count.one()?;
        let start = self.at;
        match self.text.as_bytes().get(start) {
            Some(b'{') => {
                let mut pairs = Vec::new();
                while self.flow_more(end, b'}', pairs.is_empty())? {
                    let key = self.flow_scalar(end)?;
                    self.flow_space(end);
                    let value = match self.text[self.at..end].starts_with(':') {
                        true => {
                            self.at += 1;
                            self.flow_space(end);
                            self.flow(end, depth + 1)?
                        }
                        false => Node::new(Value::Text(""), self.at..self.at),
                    };
                    pairs.push((key, value));
                }
                once(&pairs)?;
                Ok(Node::new(Value::Map(pairs.into()), start..self.at))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                while self.flow_more(end, b']', items.is_empty())? {
                    items.push(self.flow(end, depth + 1)?);
                }
                Ok(Node::new(Value::List(items.into()), start..self.at))
            }
            _ => self.flow_scalar(end),
        }
    }

    fn flow_scalar(&mut self, end: usize) -> Result<Node<'t>, Fault> {
        let node = self.scalar(self.at, &self.text[self.at..end], Context::Flow)?;
        self.at = node.span().end;
        Ok(node)
    }

    fn flow_space(&mut self, end: usize) {
        let rest = &self.text[self.at..end];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Steps over a bracket, a comma or the closing bracket; whether an item follows.
    fn flow_more(&mut self, end: usize, close: u8, first: bool) -> Result<bool, Fault> {
        let comma = if first {
            self.at += 1;
            true
        } else {
            self.flow_space(end);
            let comma = self.text[self.at..end].starts_with(',');
            self.at += usize::from(comma);
            comma
        };
        self.flow_space(end);
        match self
            .text
            .as_bytes()
            .get(self.at)
            .copied()
            .filter(|_| self.at < end)
        {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') | None => Err(Fault::at(
                self.at,
                "a bracket that does not end on its line",
            )),
            Some(_) if comma => Ok(true),
            Some(_) => Err(Fault::at(self.at, "no comma between two values")),
        }
    }
}

/// `---` or `...` at the start of a line.
fn is_marker(line: &str) -> bool {
    let line = line.trim_end();
    line == "---" || line == "..."
}

/// `- item` or a lone `-`.
fn is_item(line: &str) -> bool {
    line.starts_with('-') && ends_word(line.as_bytes().get(1), Context::Block)
}

fn is_colon(text: &str) -> bool {
    text.starts_with(':') && ends_word(text.as_bytes().get(1), Context::Block)
}

/// Whether a line is `key: …`.
fn starts_pair(line: &str, at: usize) -> Result<bool, Fault> {
    let key = match line.as_bytes().first() {
        Some(b'"' | b'\'') => quoted(line, at)?,
        Some(b'{' | b'[') => return Ok(false),
        _ => plain(line, at, Context::Block)?,
    };
    Ok(is_colon(line[key.length..].trim_start_matches(' ')))
}

/// The clients refuse a key that stands twice, and so does this reader: two readings of
/// one file would let a lockfile show one thing here and another there.
fn once(pairs: &[(Node<'_>, Node<'_>)]) -> Result<(), Fault> {
    let mut seen = HashSet::with_capacity(pairs.len());
    for (key, _) in pairs {
        if !seen.insert(key.text()) {
            return Err(Fault::at(key.at(), "a key that stands twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as compact JSON-like text.
    fn show(node: &Node<'_>) -> String {
        match &node.value {
            Value::Text(text) => format!("{text:?}"),
            Value::Own(text) => format!("{text:?}"),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(show).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(pairs) => {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(k, v)| format!("{}: {}", k.text().unwrap(), show(v)))
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(documents) => documents.iter().map(show).collect::<Vec<_>>().join(" --- "),
            Err(Fault::Syntax { what, .. } | Fault::Later { what, .. }) => {
                format!("refused: {what}")
            }
            Err(Fault::Limit { what, .. }) => format!("limit: {what}"),
        }
    }

    #[test]
    fn the_yaml_of_lockfiles_is_read() {
        for (text, tree) in [
            (
                "a: 1\nb: {c: 'd e', f: [x, \"y\"], g: {}}\n",
                r#"{a: "1", b: {c: "d e", f: ["x", "y"], g: {}}}"#,
            ),
            (
                "a:\n  b:\n    c: d # why\n\n  e:\nf: g\n",
                r#"{a: {b: {c: "d"}, e: ""}, f: "g"}"#,
            ),
            (
                "a:\n- x\n- y: 1\n  z: 2\nb:\n  - - q\n",
                r#"{a: ["x", {y: "1", z: "2"}], b: [["q"]]}"#,
            ),
            (
                "a: |-\n  one\n\n  two\nb: >\n  x\n  y\n",
                r#"{a: "one\ntwo", b: "x y"}"#,
            ),
            (
                "? long\n: b: c\n  d: e\n? \"q\"\n:\n  f: g\n",
                r#"{long: {b: "c", d: "e"}, q: {f: "g"}}"#,
            ),
            ("---\na: 1\n---\nb: 2\n...\n", r#"{a: "1"} --- {b: "2"}"#),
            (
                "\"a@npm:^1, b\": https://h.example/x#y\r\n'c': d\r\n",
                r#"{a@npm:^1, b: "https://h.example/x#y", c: "d"}"#,
            ),
            ("", ""),
            ("# only words\n", ""),
        ] {
            assert_eq!(read(text), tree, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "a: &x 1\n",
            "a: *x\n",
            "a: !!str 1\n",
            "a\n b: 1\n",
            "a: 1\n  b: 2\n",
            "a: b\n   c\n",
            "a: {b: c\n  }\n",
            "a: [x y] z\n",
            "a: 'b\n",
            "\ta: 1\n",
            "a: 1\na: 2\n",
            "{a: 1, a: 2}\n",
            "- a\nb: c\n",
            "a: b: c\n",
            "<<<<<<< ours\n",
            "  a: 1\nb: 2\n",
            "a: [x, , y]\n",
            "? a\nb: c\n",
            "a: |x\n  b\n",
            "%YAML 1.2\n",
            "a: {,}\n",
            "a: ]\nb: }\n:\n",
        ] {
            assert!(
                read(text).starts_with("refused"),
                "{text:?}: {}",
                read(text)
            );
        }
        let deep: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert_eq!(read(&deep), "limit: levels of nesting");
        assert_eq!(
            read(&format!("a: {}", "[".repeat(100))),
            "limit: levels of nesting"
        );
    }
}
