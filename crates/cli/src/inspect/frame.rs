//! Lines of code for people, safe to print.

use customs_inspect::Tree;
use customs_model::{Place, printable};
use std::borrow::Cow;
use std::collections::HashMap;

/// Characters of a line that are shown.
const WIDTH: usize = 100;
/// Bytes of a text from one mark to the next.
const PIECE: usize = 4096;

/// The lines of the files of a tree. Each file is gone through once, whatever the number of
/// places in it, and however long its lines are.
pub(crate) struct Frames<'t> {
    tree: &'t Tree,
    texts: HashMap<String, Option<Text<'t>>>,
}

impl<'t> Frames<'t> {
    pub(crate) fn of(tree: &'t Tree) -> Self {
        Self {
            tree,
            texts: HashMap::new(),
        }
    }

    /// The line of a place with a mark under it; none where the file has no such line.
    pub(crate) fn frame(&mut self, place: &Place) -> Option<String> {
        let tree = self.tree;
        let text = self
            .texts
            .entry(place.file.clone())
            .or_insert_with(|| text_of(tree, &place.file))
            .as_ref()?;
        let column = (place.column.saturating_sub(1)) as usize;
        // A bundle is one line: what is around the place is enough.
        let from = column.saturating_sub(WIDTH / 3);
        let piece = text.piece(place.line.checked_sub(1)? as usize, from)?;
        let cut = if from > 0 { "…" } else { "" };
        let shown = printable(&piece.replace('\t', " "), WIDTH * 2);
        let before: String = piece.chars().take(column - from).collect();
        let pad = printable(&before.replace('\t', " "), WIDTH * 2)
            .chars()
            .count()
            + cut.chars().count();
        let number = place.line.to_string();
        let gap = " ".repeat(number.len());
        Some(format!(
            "      {number} | {cut}{shown}\n      {gap} | {}^",
            " ".repeat(pad)
        ))
    }
}

/// The text of a file. Of two with one path the later one is unpacked over the earlier one.
fn text_of<'t>(tree: &'t Tree, file: &str) -> Option<Text<'t>> {
    let mut entries = tree.entries.iter().rev();
    let bytes = entries.find(|entry| entry.path == file)?.bytes()?;
    // Places are counted from behind the mark of UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    Some(Text::of(String::from_utf8_lossy(bytes)))
}

/// A text whose places are found by line and column.
struct Text<'t> {
    text: Cow<'t, str>,
    marks: Vec<Mark>,
}

/// A place of a text: line and column from 0, the column in characters.
#[derive(Clone, Copy)]
struct Mark {
    line: usize,
    column: usize,
    /// The first of its bytes.
    at: usize,
}

impl<'t> Text<'t> {
    fn of(text: Cow<'t, str>) -> Self {
        let mut here = Mark {
            line: 0,
            column: 0,
            at: 0,
        };
        let mut marks = vec![here];
        let mut next = PIECE;
        for (at, c) in text.char_indices() {
            if at >= next {
                marks.push(Mark { at, ..here });
                next = at + PIECE;
            }
            if c == '\n' {
                here.line += 1;
                here.column = 0;
            } else {
                here.column += 1;
            }
        }
        Self { text, marks }
    }

    /// What stands in a line from a column on; nothing where the line ends before it.
    fn piece(&self, line: usize, from: usize) -> Option<String> {
        let wanted = (line, from);
        let behind = self
            .marks
            .partition_point(|mark| (mark.line, mark.column) <= wanted);
        let mark = self.marks.get(behind.checked_sub(1)?)?;
        let mut here = (mark.line, mark.column);
        let mut rest = self.text.get(mark.at..)?.chars();
        while here < wanted {
            match rest.next() {
                Some('\n') if here.0 == line => return Some(String::new()),
                Some('\n') => here = (here.0 + 1, 0),
                Some(_) => here.1 += 1,
                None => return (here.0 == line && here.1 > 0).then(String::new),
            }
        }
        let rest = rest.as_str();
        // Nothing stands behind the end of the last line.
        if from == 0 && rest.is_empty() {
            return None;
        }
        let mut piece = String::new();
        let mut chars = rest.chars().take(WIDTH + 1).peekable();
        for _ in 0..WIDTH {
            match chars.next() {
                None | Some('\n') => break,
                Some('\r') if chars.peek() == Some(&'\n') => break,
                Some(c) => piece.push(c),
            }
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::{Content, Entry, Kind};
    use proptest::prelude::*;

    /// The same by going through the text from its beginning.
    fn gone_through(text: &str, line: usize, from: usize) -> Option<String> {
        let line = text.lines().nth(line)?;
        Some(line.chars().skip(from).take(WIDTH).collect())
    }

    fn of(text: &str) -> Text<'_> {
        Text::of(Cow::Borrowed(text))
    }

    proptest! {
        #[test]
        fn a_piece_is_what_stands_in_its_line(
            text in "(a|é|\r|\n|\r\n){0,24}",
            times in prop::sample::select(vec![1_usize, 700]),
            line in 0_usize..9,
            from in 0_usize..20,
            far in prop::sample::select(vec![0_usize, 3000]),
        ) {
            let text = text.repeat(times);
            let (line, from) = (line + far, from + far);
            prop_assert_eq!(of(&text).piece(line, from), gone_through(&text, line, from));
            prop_assert_eq!(of(&text).piece(0, from), gone_through(&text, 0, from));
            prop_assert_eq!(of(&text).piece(line, 0), gone_through(&text, line, 0));
        }
    }

    #[test]
    fn places_far_along_one_line_are_shown() {
        let text = "é".repeat(100_000) + "fetch(a)" + &"b".repeat(100_000);
        let tree = Tree {
            entries: vec![Entry {
                path: "a.js".to_owned(),
                content: Content::Whole(text.as_bytes().into()),
                length: text.len() as u64,
                kind: Kind::Text,
                executable: false,
            }],
            ..Tree::default()
        };
        let mut frames = Frames::of(&tree);
        let place = |line: u32, column: u32| Place {
            file: "a.js".to_owned(),
            line,
            column,
            bytes: (0, 0),
        };
        // Each of them would go over the line.
        for column in (1..=100_001).step_by(10) {
            assert!(frames.frame(&place(1, column)).is_some());
        }
        let shown = frames.frame(&place(1, 100_001)).unwrap_or_default();
        let mut lines = shown.lines();
        let (code, mark) = (
            lines.next().unwrap_or_default(),
            lines.next().unwrap_or_default(),
        );
        let at = mark.chars().position(|c| c == '^');
        let under = code.chars().position(|c| c == 'f');
        assert!(at.is_some() && at == under, "{shown}");
        assert_eq!(frames.frame(&place(2, 1)), None);
        assert_eq!(frames.frame(&place(0, 0)), None);
    }
}
