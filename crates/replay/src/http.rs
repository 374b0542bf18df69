//! The little of HTTP that an upstream needs, as values.

use bytes::Bytes;

/// A request, as far as an answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// The path with its query, as it was sent.
    pub path: String,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
}

impl Request {
    /// A `GET` without any header.
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// The same with an `Accept` header.
    #[must_use]
    pub fn accept(mut self, accept: &str) -> Self {
        self.accept = Some(accept.into());
        self
    }

    /// The path without its query.
    pub fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or(&self.path)
    }

    /// Whether a media type is accepted by name.
    pub fn accepts(&self, kind: &str) -> bool {
        self.accept.as_deref().is_some_and(|a| {
            a.split(',')
                .any(|one| one.split(';').next().is_some_and(|t| t.trim() == kind))
        })
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers; `Content-Length` is made from the body.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// What follows the headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// These bytes.
    Bytes(Bytes),
    /// A piece, again and again, up to a length: an artifact of a gigabyte that needs
    /// no gigabyte of memory.
    Repeated {
        /// The piece.
        unit: Bytes,
        /// Bytes in all.
        length: u64,
    },
}

/// How large a repeated piece is made: what is sent at once.
const PIECE: usize = 64 << 10;

impl Body {
    /// A text over and over, up to a length.
    pub fn repeated(text: &[u8], length: u64) -> Self {
        let times = if text.is_empty() {
            0
        } else {
            PIECE.div_ceil(text.len())
        };
        Self::Repeated {
            unit: text.repeat(times).into(),
            length,
        }
    }

    /// Bytes in all.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Repeated { unit, length } if !unit.is_empty() => *length,
            Self::Repeated { .. } => 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `most` bytes from `at` on; empty at the end.
    pub fn slice(&self, at: u64, most: usize) -> Bytes {
        if at >= self.len() {
            return Bytes::new();
        }
        let left = self.len() - at;
        let (unit, start) = match self {
            Self::Bytes(bytes) => (bytes, at),
            Self::Repeated { unit, .. } => (unit, at % unit.len() as u64),
        };
        // Both fit: they lie inside a buffer that is in memory.
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(unit.len());
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let end = start.saturating_add(most.min(left)).min(unit.len());
        unit.slice(start..end)
    }
}

impl Response {
    /// An answer with a body of one kind, and a strong validator.
    pub fn of(status: u16, kind: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.into())],
            body: Body::Bytes(body.into()),
        }
    }

    /// *Not found*, in the words of npm's protocol, which the others do not mind.
    pub fn not_found() -> Self {
        Self::of(404, "application/json", r#"{"error":"Not found"}"#)
    }

    /// The same with one header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The body of a small answer as text, for tests and messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body.slice(0, usize::MAX)).into_owned()
    }
}

/// Whoever answers requests: a scenario, or a generated document of a benchmark.
pub trait Answer: Send + Sync + 'static {
    /// The answer to one request.
    fn answer(&self, request: &Request) -> Response;
}

impl<F: Fn(&Request) -> Response + Send + Sync + 'static> Answer for F {
    fn answer(&self, request: &Request) -> Response {
        self(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_body_is_read_piece_by_piece_to_its_exact_length() {
        let body = Body::Repeated {
            unit: Bytes::from_static(b"abc"),
            length: 8,
        };
        assert_eq!(Body::repeated(b"abc", 8).slice(1, 3), "bca");
        let (mut at, mut all) = (0, Vec::new());
        loop {
            let piece = body.slice(at, 2);
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            all.extend_from_slice(&piece);
        }
        assert_eq!(all, b"abcabcab");
        assert!(Body::repeated(b"", 8).is_empty());
    }

    #[test]
    fn a_media_type_is_found_among_others_and_their_weights() {
        let request = Request::get("/x").accept("application/a; q=0.9, application/b+json;q=0.1");
        assert!(request.accepts("application/a") && request.accepts("application/b+json"));
        assert!(!request.accepts("application/b"));
    }
}
