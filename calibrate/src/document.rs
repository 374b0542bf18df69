//! Tables between marks in a document: what is written by hand stays.

use crate::Error;
use std::path::Path;

/// A table, and what marks its place.
#[derive(Debug)]
pub struct Part {
    /// The name in the marks.
    pub name: &'static str,
    /// Markdown.
    pub text: String,
}

/// Puts each part between its marks; everything else in the document stays.
///
/// # Errors
/// The document cannot be read or written, or has no marks for a part: then nothing is
/// written.
pub fn keep(document: &Path, parts: &[Part]) -> Result<(), Error> {
    let mut text = std::fs::read_to_string(document).map_err(|e| Error::io(document, e))?;
    for part in parts {
        text = replace(&text, part).ok_or_else(|| Error::Marks {
            path: document.display().to_string(),
            begin: begin(part),
            end: end(part),
        })?;
    }
    std::fs::write(document, text).map_err(|e| Error::io(document, e))
}

fn replace(old: &str, part: &Part) -> Option<String> {
    let (begin, end) = (begin(part), end(part));
    let (before, rest) = old.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    let text = part.text.trim();
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

fn begin(part: &Part) -> String {
    format!("<!-- calibrate: {} -->", part.name)
}

fn end(part: &Part) -> String {
    format!("<!-- end of {} -->", part.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &'static str) -> Part {
        Part {
            name,
            text: "new\n".to_owned(),
        }
    }

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let old = "a\n<!-- calibrate: x -->\nold\n<!-- end of x -->\nb\n";
        let new = replace(old, &part("x")).unwrap();
        assert_eq!(new, "a\n<!-- calibrate: x -->\nnew\n<!-- end of x -->\nb\n");
        assert_eq!(replace(&new, &part("x")).unwrap(), new);
        assert!(replace(old, &part("y")).is_none());
    }

    #[test]
    fn the_document_has_a_place_for_every_part() {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/detection.md");
        let text = std::fs::read_to_string(document).unwrap();
        for name in crate::tables::PARTS {
            assert!(replace(&text, &part(name)).is_some(), "{name}");
        }
    }
}
