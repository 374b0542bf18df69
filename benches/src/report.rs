//! Results: a table on stdout, and the same in `docs/benchmarks.md`.

use crate::error::Error;
use crate::machine::Machine;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What a figure is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// Nothing; it is there to be known.
    None,
    /// It must not be above this.
    AtMost(f64),
    /// It must not be below this.
    AtLeast(f64),
}

/// One line of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The figure as people read it, with the floor or peer beside it.
    pub figures: String,
    /// What the bar judges, and how it is written.
    pub value: Option<(f64, String)>,
    /// The bar, in the value's unit.
    pub bar: Bar,
    /// The bar as people read it.
    pub bar_text: &'static str,
}

/// What one part measured.
#[derive(Debug)]
pub struct Part {
    /// The name that the command line knows, and that marks the block in the document.
    pub name: &'static str,
    /// Head of the column of figures.
    pub figures: &'static str,
    /// Head of the column of values.
    pub value: &'static str,
    /// The lines.
    pub rows: Vec<Row>,
    /// What a reader has to know, a sentence each.
    pub notes: Vec<String>,
}

impl Row {
    fn misses(&self) -> bool {
        match (&self.value, self.bar) {
            (_, Bar::None) => false,
            // What could not be measured holds no bar, and misses none.
            (None, _) => false,
            (Some((value, _)), Bar::AtMost(bar)) => value.is_nan() || *value > bar,
            (Some((value, _)), Bar::AtLeast(bar)) => value.is_nan() || *value < bar,
        }
    }

    fn mark(&self) -> &'static str {
        match (&self.value, self.bar) {
            (_, Bar::None) => "",
            (None, _) => "not measured",
            _ if self.misses() => "**misses**",
            _ => "holds",
        }
    }
}

impl Part {
    /// How many rows miss their bar.
    pub fn missed(&self) -> usize {
        self.rows.iter().filter(|row| row.misses()).count()
    }

    /// As Markdown.
    pub fn markdown(&self, machine: &Machine, command: &str) -> String {
        let mut text = format!("{machine} `{command}`\n\n");
        let _ = writeln!(
            text,
            "| What | {} | {} | Bar | |\n|---|---|---|---|---|",
            self.figures, self.value
        );
        for row in &self.rows {
            let value = row.value.as_ref().map_or("-", |(_, text)| text);
            let bar = if row.bar_text.is_empty() {
                "-"
            } else {
                row.bar_text
            };
            let (what, figures, mark) = (&row.what, &row.figures, row.mark());
            let _ = writeln!(text, "| {what} | {figures} | {value} | {bar} | {mark} |");
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}");
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// Puts a part's text between its marks; everything else in the document stays.
///
/// # Errors
/// The document cannot be read or written, or has no marks for this part.
pub fn keep(document: &Path, part: &str, text: &str) -> Result<(), Error> {
    let old = fs::read_to_string(document).map_err(Error::io("read", document))?;
    let new = replace(&old, part, text).ok_or_else(|| {
        Error::said(format!(
            "the document of benchmarks has no lines `{}` and `{}`; put them where the table \
             of this part belongs",
            begin(part),
            end(part)
        ))
    })?;
    fs::write(document, new).map_err(Error::io("write", document))
}

fn replace(old: &str, part: &str, text: &str) -> Option<String> {
    let (begin, end) = (begin(part), end(part));
    let (before, rest) = old.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n{end}{after}", text.trim()))
}

fn begin(part: &str) -> String {
    format!("<!-- measured: {part} -->")
}

fn end(part: &str) -> String {
    format!("<!-- end of {part} -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Option<f64>, bar: Bar) -> Row {
        Row {
            what: "x".to_owned(),
            figures: "1".to_owned(),
            value: value.map(|v| (v, v.to_string())),
            bar,
            bar_text: "2",
        }
    }

    #[test]
    fn a_bar_is_held_missed_or_not_measured() {
        assert_eq!(row(Some(2.0), Bar::AtMost(2.0)).mark(), "holds");
        assert_eq!(row(Some(2.1), Bar::AtMost(2.0)).mark(), "**misses**");
        assert_eq!(row(Some(1.9), Bar::AtLeast(2.0)).mark(), "**misses**");
        assert_eq!(row(Some(f64::NAN), Bar::AtMost(2.0)).mark(), "**misses**");
        assert_eq!(row(None, Bar::AtMost(2.0)).mark(), "not measured");
        assert_eq!(row(Some(1.0), Bar::None).mark(), "");
    }

    #[test]
    fn only_the_block_of_one_part_is_replaced() {
        let old = "a\n<!-- measured: x -->\nold\n<!-- end of x -->\nb\n<!-- measured: y -->\n<!-- end of y -->\n";
        let new = replace(old, "x", "new\n").unwrap();
        assert_eq!(
            new,
            "a\n<!-- measured: x -->\nnew\n<!-- end of x -->\nb\n<!-- measured: y -->\n<!-- end of y -->\n"
        );
        assert_eq!(replace(&new, "x", "new\n").unwrap(), new);
        assert!(replace(old, "z", "new").is_none());
    }
}
