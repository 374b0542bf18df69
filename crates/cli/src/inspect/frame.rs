//! Lines of code for people, safe to print.

use customs_inspect::Tree;
use customs_model::{Place, printable};

/// Characters of a line that are shown.
const WIDTH: usize = 100;

/// The line of a place with a mark under it; none where the file has no such line.
pub(crate) fn frame(tree: &Tree, place: &Place) -> Option<String> {
    let entry = tree
        .entries
        .iter()
        .rev()
        .find(|entry| entry.path == place.file)?;
    let text = String::from_utf8_lossy(entry.bytes()?);
    let line = text.lines().nth(place.line.checked_sub(1)? as usize)?;
    let column = (place.column.saturating_sub(1)) as usize;
    // A bundle is one line: what is around the place is enough.
    let from = column.saturating_sub(WIDTH / 3);
    let piece: String = line.chars().skip(from).take(WIDTH).collect();
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
