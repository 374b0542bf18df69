//! The two formats of the simple API, and which one a client gets (PEP 691).

/// A representation of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Carries upload times.
    Json,
    /// What pip before 22.3 asks for.
    Html,
}

impl Format {
    /// The content type that it is served with.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/vnd.pypi.simple.v1+json",
            Self::Html => "application/vnd.pypi.simple.v1+html",
        }
    }

    /// What to ask an upstream for: JSON if it has it, since HTML has no dates.
    pub const ACCEPT: &'static str = "application/vnd.pypi.simple.v1+json, \
         application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

    /// The format of an upstream's answer.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match media_type(content_type).as_str() {
            "application/vnd.pypi.simple.v1+json"
            | "application/vnd.pypi.simple.latest+json"
            | "application/json" => Some(Self::Json),
            "application/vnd.pypi.simple.v1+html"
            | "application/vnd.pypi.simple.latest+html"
            | "text/html" => Some(Self::Html),
            _ => None,
        }
    }

    /// What a client's `Accept` prefers. HTML where it has no preference, which is what
    /// old clients and browsers mean; `None` where it takes neither.
    pub fn wanted(accept: Option<&str>) -> Option<Self> {
        let Some(accept) = accept.filter(|a| !a.trim().is_empty()) else {
            return Some(Self::Html);
        };
        let (json, html) = (weight(accept, Self::Json), weight(accept, Self::Html));
        match (json, html) {
            (0, 0) => None,
            (json, html) if json > html => Some(Self::Json),
            _ => Some(Self::Html),
        }
    }
}

fn media_type(text: &str) -> String {
    let bare = text.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

/// The highest weight, in thousandths, that `accept` gives to a format.
fn weight(accept: &str, format: Format) -> u32 {
    accept
        .split(',')
        .filter(|range| match media_type(range).as_str() {
            "*/*" => true,
            "application/*" => format == Format::Json,
            "text/*" => format == Format::Html,
            other => Format::of_content_type(other) == Some(format),
        })
        .map(quality)
        .max()
        .unwrap_or(0)
}

fn quality(range: &str) -> u32 {
    let Some(q) = range
        .split(';')
        .skip(1)
        .find_map(|parameter| parameter.trim().strip_prefix("q="))
    else {
        return 1000;
    };
    let q: f32 = q.trim().parse().unwrap_or(0.0);
    // Saturating: nonsense becomes 0 or 1000.
    (q.clamp(0.0, 1.0) * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_the_format_that_it_asks_for() {
        let pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";
        assert_eq!(Format::wanted(Some(pip)), Some(Format::Json));
        let uv = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";
        assert_eq!(Format::wanted(Some(uv)), Some(Format::Json));
        assert_eq!(Format::wanted(Some("text/html")), Some(Format::Html));
        assert_eq!(Format::wanted(Some("*/*")), Some(Format::Html));
        assert_eq!(Format::wanted(None), Some(Format::Html));
        assert_eq!(Format::wanted(Some("image/png")), None);
        assert_eq!(Format::wanted(Some("text/html;q=0")), None);
        assert_eq!(Format::wanted(Some("*/*;q=nan")), None);
    }

    #[test]
    fn an_answer_is_read_by_its_content_type() {
        assert_eq!(
            Format::of_content_type("text/html; charset=utf-8"),
            Some(Format::Html)
        );
        assert_eq!(
            Format::of_content_type("application/json"),
            Some(Format::Json)
        );
        assert_eq!(Format::of_content_type("text/plain"), None);
        assert_eq!(
            Format::of_content_type(Format::ACCEPT.split(',').next().unwrap()),
            Some(Format::Json)
        );
    }
}
