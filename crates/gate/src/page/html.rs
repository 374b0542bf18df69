//! HTML that is written, not assembled from text: what stands in it as markup stands in this
//! program, everything else is escaped.
//!
//! Names of elements and attributes are `&'static str`; whatever was computed goes through
//! [`Html::text`] or an attribute's value. Nothing gets past that, so no package and no client can
//! put markup on the page. Their control characters, and those that turn the direction of text,
//! are shown as `\u{…}`, and what they are called stands in `<bdi>`.

use customs_model::printable;

/// Bounds of what stands on a page.
pub mod limit {
    /// Characters of one text.
    pub const TEXT: usize = 400;
    /// Characters of one value of an attribute.
    pub const VALUE: usize = 2_000;
}

/// An attribute.
pub type Attribute<'a> = (&'static str, &'a str);

/// A document, or a part of one.
#[derive(Debug, Default)]
pub struct Html(String);

impl Html {
    /// An empty document that begins as HTML does.
    pub fn document() -> Self {
        Self("<!DOCTYPE html>\n".to_owned())
    }

    /// What was written.
    pub fn into_string(self) -> String {
        self.0
    }

    /// An element with what `inside` writes.
    pub fn el(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element that has no inside (`link`, `meta`, `input`).
    pub fn void(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.open(name, attributes);
    }

    /// An element with one text.
    pub fn say(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.el(name, attributes, |h| h.text(text));
    }

    /// Text of this program, or numbers.
    pub fn text(&mut self, text: &str) {
        escape(&mut self.0, &printable(text, limit::TEXT));
    }

    /// Text of a stranger: it has its own direction, and does not turn that of what stands
    /// beside it.
    pub fn stranger(&mut self, text: &str) {
        self.el("bdi", &[], |h| h.text(text));
    }

    /// A line break in the source, for who reads it.
    pub fn line(&mut self) {
        self.0.push('\n');
    }

    fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            self.0.push(' ');
            self.0.push_str(key);
            self.0.push_str("=\"");
            escape(&mut self.0, &printable(value, limit::VALUE));
            self.0.push('"');
        }
        self.0.push('>');
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_computed_becomes_markup() {
        let bad = "<script>&\"'\u{202e}\u{1b}[2J";
        let mut html = Html::default();
        html.el("a", &[("href", bad)], |h| h.stranger(bad));
        let shown = "&lt;script&gt;&amp;&quot;&#39;\\u{202e}\\u{1b}[2J";
        assert_eq!(
            html.into_string(),
            format!("<a href=\"{shown}\"><bdi>{shown}</bdi></a>")
        );
    }

    #[test]
    fn long_text_is_cut() {
        let mut html = Html::default();
        html.text(&"x".repeat(10_000));
        assert_eq!(html.into_string().chars().count(), limit::TEXT + 1);
    }
}
