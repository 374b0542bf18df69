use super::limit;
use super::tree::{Fault, Node};
use std::ops::Range;

/// A URL that a client fetches as written, and where it stands.
///
/// The fragment (`#sha1`, `#commit`) is not part of it: it is never sent, and stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlAt {
    /// The bytes that a replacement takes the place of.
    pub span: Range<usize>,
    /// The URL, with the file's escapes and percent-encoding undone.
    pub url: String,
    pub(super) writing: Writing,
}

/// How a URL is written where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Writing {
    /// As it is, between quotes.
    Quoted,
    /// As it is, without quotes: brackets and commas would end it.
    Bare,
    /// Percent-encoded this many times (Yarn's `__archiveUrl`).
    Percent(u8),
    /// A string with escapes, or a block text. The span is the whole of it; it is written
    /// anew as a quoted string with what stood around the URL.
    Escaped {
        before: String,
        after: String,
        percent: u8,
    },
}

/// Collects the URLs of one text.
pub(super) struct Urls<'t> {
    text: &'t str,
    found: Vec<UrlAt>,
}

impl<'t> Urls<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Takes a value if it is a URL.
    pub fn node(&mut self, node: Option<&Node<'_>>) -> Result<(), Fault> {
        let Some(text) = node.and_then(|n| n.text()) else {
            return Ok(());
        };
        self.part(node, 0..text.len(), 0)
    }

    /// Takes a part of a value's text if it is a URL, percent-encoded `percent` times.
    pub fn part(
        &mut self,
        node: Option<&Node<'_>>,
        part: Range<usize>,
        percent: u8,
    ) -> Result<(), Fault> {
        let Some((node, text)) = node.and_then(|n| Some((n, n.text()?))) else {
            return Ok(());
        };
        let mut part = part;
        if percent == 0 {
            part.end = part.start + without_fragment(&text[part.clone()]).len();
        }
        let Some(url) = decode(&text[part.clone()], percent).filter(|url| is_url(url)) else {
            return Ok(());
        };
        let span = node.span();
        let raw = &self.text[span.clone()];
        let bare = raw == text;
        let inner = span.start + usize::from(!bare);
        let plain = percent == 0 || encode(&url, percent) == text[part.clone()];
        let url = if bare || is_quoted(raw, text) && plain {
            UrlAt {
                span: inner + part.start..inner + part.end,
                url,
                writing: match (percent, bare) {
                    (0, true) => Writing::Bare,
                    (0, false) => Writing::Quoted,
                    (percent, _) => Writing::Percent(percent),
                },
            }
        } else {
            UrlAt {
                span,
                url,
                writing: Writing::Escaped {
                    before: text[..part.start].to_owned(),
                    after: text[part.end..].to_owned(),
                    percent,
                },
            }
        };
        self.push(url)
    }

    /// Takes a stretch of the text itself if it is a URL.
    pub fn stretch(&mut self, span: Range<usize>, writing: Writing) -> Result<(), Fault> {
        let url = without_fragment(&self.text[span.clone()]);
        if !is_url(url) {
            return Ok(());
        }
        self.push(UrlAt {
            span: span.start..span.start + url.len(),
            url: url.to_owned(),
            writing,
        })
    }

    fn push(&mut self, url: UrlAt) -> Result<(), Fault> {
        if self.found.len() >= limit::NODES {
            return Err(Fault::Limit {
                what: "URLs",
                limit: limit::NODES,
            });
        }
        self.found.push(url);
        Ok(())
    }

    /// In the order of the text, none within another.
    pub fn finish(mut self) -> Vec<UrlAt> {
        self.found.sort_by_key(|url| (url.span.start, url.span.end));
        let mut end = 0;
        self.found.retain(|url| {
            let apart = url.span.start >= end;
            if apart {
                end = url.span.end;
            }
            apart
        });
        self.found
    }
}

/// `text` between one pair of quotes, without escapes.
fn is_quoted(raw: &str, text: &str) -> bool {
    raw.len() == text.len() + 2 && &raw[1..raw.len() - 1] == text
}

/// Whether a text is an absolute URL rather than a path or a name.
pub(super) fn is_url(text: &str) -> bool {
    // A scheme has no colon, so the first one ends it. Few specifiers have any.
    let Some(colon) = memchr::memchr(b':', text.as_bytes()) else {
        return false;
    };
    let (scheme, rest) = text.as_bytes().split_at(colon);
    rest.starts_with(b"://")
        && !scheme.is_empty()
        && scheme
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
}

pub(super) fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

/// Undoes percent-encoding; none if the result is no text.
pub(crate) fn decode(text: &str, times: u8) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..times {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            let hex = |b: u8| {
                char::from(b)
                    .to_digit(16)
                    .and_then(|d| u8::try_from(d).ok())
            };
            rest = tail;
            match (first, tail) {
                (b'%', &[high, low, ..]) => match (hex(high), hex(low)) {
                    (Some(high), Some(low)) => {
                        bytes.push(high * 16 + low);
                        rest = &tail[2..];
                    }
                    _ => bytes.push(first),
                },
                _ => bytes.push(first),
            }
        }
        text = String::from_utf8(bytes).ok()?;
    }
    Some(text)
}

/// Percent-encodes as JavaScript's `encodeURIComponent` does.
pub(super) fn encode(text: &str, times: u8) -> String {
    let mut text = text.to_owned();
    for _ in 0..times {
        let mut out = String::with_capacity(text.len() * 2);
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        text = out;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_that_of_javascript() {
        let url = "http://127.0.0.1:4873/@a/b/-/b-1.0.0.tgz?x=1";
        let once = "http%3A%2F%2F127.0.0.1%3A4873%2F%40a%2Fb%2F-%2Fb-1.0.0.tgz%3Fx%3D1";
        assert_eq!(encode(url, 1), once);
        assert_eq!(decode(once, 1).as_deref(), Some(url));
        assert_eq!(decode(&encode(url, 2), 2).as_deref(), Some(url));
        assert_eq!(decode("%", 1).as_deref(), Some("%"));
        assert_eq!(decode("%4", 1).as_deref(), Some("%4"));
        assert_eq!(decode("%ff", 1), None);
    }

    #[test]
    fn only_absolute_urls_are_urls() {
        for url in ["https://a", "git+ssh://git@h/x", "http://127.0.0.1:1/"] {
            assert!(is_url(url), "{url}");
        }
        for no in ["", "packages/a", "://x", "a b://c", "file:x", "./a"] {
            assert!(!is_url(no), "{no}");
        }
    }
}
