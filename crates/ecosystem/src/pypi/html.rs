//! As much HTML as a simple index page has: start tags with attributes, comments,
//! character references. Text between tags says nothing and is skipped.

use super::simple::{SimpleError, limit};
use std::io::BufRead;

/// A start tag.
pub(super) struct Tag {
    /// Lower case.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute, its references resolved; empty where it has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn parse(text: &str) -> Option<Self> {
        let end = text
            .find(|c: char| c.is_ascii_whitespace() || c == '/')
            .unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let mut attributes = Vec::new();
        while let Some((attribute, behind)) = attribute(rest) {
            attributes.push(attribute);
            rest = behind;
        }
        Some(Self {
            name: name.to_ascii_lowercase(),
            attributes,
        })
    }
}

/// The next attribute and what stands behind it.
fn attribute(text: &str) -> Option<((String, String), &str)> {
    let text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    if text.is_empty() {
        return None;
    }
    // A name may begin with `=`, and with nothing else that ends one.
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
        .map_or(text.len(), |(at, _)| at);
    let (name, rest) = text.split_at(end);
    let name = name.to_ascii_lowercase();
    let Some(rest) = rest.trim_ascii_start().strip_prefix('=') else {
        return Some(((name, String::new()), rest));
    };
    let rest = rest.trim_ascii_start();
    let quoted = ['"', '\'']
        .iter()
        .find_map(|quote| rest.strip_prefix(*quote)?.split_once(*quote));
    let (value, rest) = quoted.unwrap_or_else(|| {
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        rest.split_at(end)
    });
    Some(((name, unescape(value)), rest))
}

/// Hands every start tag of a page to `each`.
pub(super) fn tags(
    mut source: impl BufRead,
    mut each: impl FnMut(Tag) -> Result<(), SimpleError>,
) -> Result<(), SimpleError> {
    let mut bytes = Vec::new();
    while to_tag(&mut source)? {
        read_tag(&mut source, &mut bytes)?;
        if bytes.starts_with(b"!--") {
            continue;
        }
        let Some(tag) = Tag::parse(&String::from_utf8_lossy(&bytes)) else {
            continue;
        };
        if matches!(tag.name.as_str(), "script" | "style") {
            skip_raw(&mut source, &tag.name)?;
        }
        each(tag)?;
    }
    Ok(())
}

/// Goes behind the next `<`.
fn to_tag(source: &mut impl BufRead) -> Result<bool, SimpleError> {
    loop {
        let window = source.fill_buf()?;
        if window.is_empty() {
            return Ok(false);
        }
        let (skip, found) = match memchr::memchr(b'<', window) {
            Some(at) => (at + 1, true),
            None => (window.len(), false),
        };
        source.consume(skip);
        if found {
            return Ok(true);
        }
    }
}

/// Reads up to the `>` that ends the tag: none within quotes, and for a comment the one
/// behind `--`. Of a comment only the last bytes are kept.
fn read_tag(source: &mut impl BufRead, tag: &mut Vec<u8>) -> Result<(), SimpleError> {
    tag.clear();
    let mut quote = None;
    loop {
        let Some(byte) = next(source)? else {
            return Err(SimpleError::Tag);
        };
        let comment = tag.starts_with(b"!--");
        match (byte, quote) {
            (b'>', _) if comment && tag.ends_with(b"--") => return Ok(()),
            (b'>', None) if !comment => return Ok(()),
            (b, Some(open)) if b == open => quote = None,
            (b'"' | b'\'', None) if !comment && tag.trim_ascii_end().ends_with(b"=") => {
                quote = Some(byte);
            }
            _ => {}
        }
        if comment && tag.len() > 16 {
            tag.drain(3..tag.len() - 2);
        }
        if tag.len() >= limit::FILE {
            return Err(SimpleError::Tag);
        }
        tag.push(byte);
    }
}

/// Skips the content of an element whose content is no markup.
fn skip_raw(source: &mut impl BufRead, name: &str) -> Result<(), SimpleError> {
    while to_tag(source)? {
        let mut end = std::iter::once(b'/').chain(name.bytes());
        loop {
            let Some(expected) = end.next() else {
                return Ok(());
            };
            match source.fill_buf()?.first() {
                Some(byte) if byte.eq_ignore_ascii_case(&expected) => source.consume(1),
                _ => break,
            }
        }
    }
    Ok(())
}

fn next(source: &mut impl BufRead) -> Result<Option<u8>, SimpleError> {
    let byte = source.fill_buf()?.first().copied();
    if byte.is_some() {
        source.consume(1);
    }
    Ok(byte)
}

/// Resolves the character references that occur in attributes of an index page.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(text: &str) -> Option<(char, &str)> {
    // The longest that is understood: `&#x10ffff;`.
    let end = text.bytes().take(12).position(|b| b == b';')?;
    let c = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((c, &text[end + 1..]))
}

/// Makes text safe in HTML, in attributes and between tags.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(html: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut found = Vec::new();
        tags(html.as_bytes(), |tag| {
            found.push((tag.name, tag.attributes));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn attributes_are_read_in_every_quoting() {
        let tags = all("<A HREF=\"x>y\" b='&gt;=3.7' c = d e data-yanked/>text<br/></a>");
        insta::assert_debug_snapshot!(tags, @r#"
        [
            (
                "a",
                [
                    (
                        "href",
                        "x>y",
                    ),
                    (
                        "b",
                        ">=3.7",
                    ),
                    (
                        "c",
                        "d",
                    ),
                    (
                        "e",
                        "",
                    ),
                    (
                        "data-yanked",
                        "",
                    ),
                ],
            ),
            (
                "br",
                [],
            ),
        ]
        "#);
    }

    #[test]
    fn what_stands_in_comments_and_scripts_is_no_tag() {
        let long = "-".repeat(200_000);
        let html = format!(
            "<!-- <a href=x> {long} \" --><script>'<a>' < </scrip></SCRIPT ><style><a></style><b>"
        );
        let names: Vec<_> = all(&html).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["script", "style", "b"]);
    }

    #[test]
    fn a_tag_without_end_is_refused() {
        let refused = |html: &str| tags(html.as_bytes(), |_| Ok(())).is_err();
        assert!(refused("<a href=\"x"));
        assert!(refused(&format!("<a {}>", "x".repeat(70_000))));
    }

    #[test]
    fn unknown_references_stay_as_they_are() {
        assert_eq!(
            unescape("a&b &x; &#0;&#x41;&#66; &amp;lt;&"),
            "a&b &x; \0AB &lt;&"
        );
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back(text in "\\PC{0,40}") {
            prop_assert_eq!(unescape(&escape(&text)), text);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = tags(&bytes[..], |_| Ok(()));
            let _ = Tag::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
