//! Counts and lists of paths, for sentences.

use customs_model::printable;

/// Paths that a sentence lists.
const LISTED: usize = 3;
/// Letters of one path.
const LETTERS: usize = 120;

/// `1 file`, `2 files`.
pub fn files(count: usize) -> String {
    if count == 1 {
        "1 file".to_owned()
    } else {
        format!("{count} files")
    }
}

/// The first few, safe to print, and how many more there are.
pub fn list(paths: &[&str]) -> String {
    let shown: Vec<String> = paths
        .iter()
        .take(LISTED)
        .map(|path| printable(path, LETTERS))
        .collect();
    let more = paths.len().saturating_sub(LISTED);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}
