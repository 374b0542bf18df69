//! Texts of strangers as people may be shown them: in a terminal, in a log of a CI, on a page.

use crate::limit;
use customs_model::printable;

/// One line that steers nothing: no terminal, and no runner that reads commands from logs.
/// `##[…]` and `##vso[…]` count anywhere in a line; `::…::` only at its beginning, where no
/// table of customs has a text of a stranger.
pub(crate) fn shown(text: &str) -> String {
    printable(text, limit::SHOWN).replace("##", "#\\u{23}")
}

/// A text as code in Markdown. Inside code nothing becomes a link, an image, a mention or HTML;
/// what would end the code, or the cell of a table, is written as an escape.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let text = printable(text, limit::CELL).replace("##", "#\\u{23}");
    let text = text.replace('`', "\\u{60}").replace('|', "\\u{7c}");
    // A dollar beside a backtick begins a formula on some pages.
    format!("`{}`", text.replace('$', "\\u{24}"))
}

/// Rows of a table in columns as wide as their widest cell. Nothing is wrapped or cut.
#[derive(Default)]
pub(crate) struct Columns {
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// Adds a row; its cells are made safe.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| shown(cell.as_ref()));
        self.rows.push(cells.collect());
    }

    /// The lines, each behind so many blanks.
    pub(crate) fn text(&self, indent: usize) -> String {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let padded = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"));
            let line = padded.collect::<Vec<_>>().join("  ");
            out.push_str(&" ".repeat(indent));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::HOSTILE;

    /// Fails where a text would steer a terminal or a runner.
    pub(crate) fn steers_nothing(text: &str) {
        for line in text.split('\n') {
            assert_eq!(printable(line, usize::MAX), line);
            assert!(!line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##["), "{line}");
        }
    }

    #[test]
    fn commands_to_a_runner_are_only_text() {
        steers_nothing(&shown(HOSTILE));
        assert_eq!(shown("##[group]"), "#\\u{23}[group]");
        assert_eq!(shown("###vso[a]"), "#\\u{23}#vso[a]");
    }

    #[test]
    fn code_in_markdown_cannot_be_left() {
        let text = code(HOSTILE);
        assert_eq!(text.matches('`').count(), 2);
        assert!(!text.contains(['|', '\n', '$']), "{text}");
        assert_eq!(code(""), "(empty)");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut columns = Columns::default();
        columns.row(["a", "bcd", ""]);
        columns.row(["äöü", "e", "f"]);
        assert_eq!(columns.text(1), " a    bcd\n äöü  e    f\n");
    }
}
