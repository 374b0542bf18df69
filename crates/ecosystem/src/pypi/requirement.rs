//! One dependency as core metadata writes it (PEP 508).

use super::marker::holds_without_extra;
use customs_model::{Ecosystem, PackageName};

/// Longer text is no requirement.
const LONGEST: usize = 8192;

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The project.
    pub name: PackageName,
    /// The version specifier, without parentheses; empty for any version, and for a
    /// direct reference.
    pub specifier: String,
    /// Where a direct reference (`name @ address`) leads.
    pub url: Option<String>,
    /// The extras of it that are asked for, in their normal form.
    pub extras: Vec<String>,
    /// The marker, as written.
    pub marker: Option<String>,
    /// It applies, on some platform at least, without any extra being asked for.
    pub required: bool,
}

impl Requirement {
    /// Reads a `Requires-Dist` value. The specifier is kept as written; what cannot be
    /// compared by it is found out where it is compared.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let end = text
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let name = PackageName::new(Ecosystem::PyPi, name).ok()?;
        let (extras, rest) = extras_of(rest.trim_start())?;
        let rest = rest.trim_start();
        let (specifier, url, marker) = match rest.strip_prefix('@') {
            Some(reference) => {
                let (url, marker) = reference_and_marker(reference.trim_start());
                (String::new(), Some(url.to_owned()), marker)
            }
            None => {
                let (specifier, marker) = match rest.split_once(';') {
                    Some((specifier, marker)) => (specifier, Some(marker)),
                    None => (rest, None),
                };
                (bare(specifier.trim()).to_owned(), None, marker)
            }
        };
        Some(Self {
            name,
            specifier,
            url,
            extras,
            marker: marker.map(|marker| marker.trim().to_owned()),
            required: marker.is_none_or(holds_without_extra),
        })
    }

    /// The requirement as a report shows it: the specifier, or `@ address`.
    pub fn declared(&self) -> String {
        match &self.url {
            Some(url) => format!("@ {url}"),
            None => self.specifier.clone(),
        }
    }
}

fn extras_of(text: &str) -> Option<(Vec<String>, &str)> {
    let Some(extras) = text.strip_prefix('[') else {
        return Some((Vec::new(), text));
    };
    let (extras, rest) = extras.split_once(']')?;
    let extras = extras
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty());
    Some((extras.map(normal_name).collect(), rest))
}

/// An address may hold a semicolon; the one before a marker has a space before it.
fn reference_and_marker(text: &str) -> (&str, Option<&str>) {
    match text.split_once(|c: char| c.is_whitespace()) {
        Some((url, rest)) => (url, rest.trim_start().strip_prefix(';')),
        None => (text, None),
    }
}

fn bare(specifier: &str) -> &str {
    specifier
        .strip_prefix('(')
        .and_then(|s| s.strip_suffix(')'))
        .unwrap_or(specifier)
        .trim()
}

/// One spelling of a name (PEP 503: no case, runs of `-`, `_` and `.` are one `-`), without
/// refusing what is none; a text that holds names gets all of them in that spelling.
pub fn normal_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(normal_name("Zope._-Interface"), "zope-interface");
        assert_eq!(normal_name(""), "");
    }
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let r = Requirement::parse(text).unwrap();
        format!("{} | {} | {}", r.name, r.declared(), r.required)
    }

    #[test]
    fn requirements_are_read_in_every_form() {
        for (text, expected) in [
            ("requests", "requests |  | true"),
            ("Zope_Interface>=5,<6", "zope-interface | >=5,<6 | true"),
            ("httpx[http2, cli] (>=0.23)", "httpx | >=0.23 | true"),
            ("click >=8 ; python_version < '3.9'", "click | >=8 | true"),
            ("pytest; extra == 'test'", "pytest |  | false"),
            (
                "tool[x] @ git+https://files.example/t.git@main#egg=t;v=1 ; extra=='dev'",
                "tool | @ git+https://files.example/t.git@main#egg=t;v=1 | false",
            ),
            ("local @ file:///srv/x", "local | @ file:///srv/x | true"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_project_is_none() {
        for bad in ["", ">=1.0", "../x", "a[b", "-x"] {
            assert_eq!(Requirement::parse(bad), None, "{bad:?}");
        }
        assert_eq!(
            Requirement::parse(&format!("a=={}", "1".repeat(10_000))),
            None
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,60}", rest in "[a@;()\\[\\]'= ]{0,20}") {
            let _ = Requirement::parse(&text);
            let _ = Requirement::parse(&format!("a{rest}"));
        }
    }
}
