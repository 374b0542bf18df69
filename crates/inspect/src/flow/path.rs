//! Whether two paths mean one file, however each of them is written.

use crate::pure::{HOLE, HOLE_END, HOLE_START};

/// What is known of the folder that a program stands in, and of the package's own. A package is
/// installed and built in the latter.
const FOLDERS: [&str; 2] = ["\u{fdd0}package/", "\u{fdd0}cwd"];

/// Whether two paths mean one file. A path of which nothing is known means none.
pub(super) fn same(written: &str, ran: &str) -> bool {
    let is_one = written == ran
        || ran.contains(written) && written.len() > 3
        || own(written).is_some_and(|written| Some(written) == own(ran));
    is_one && written != HOLE && written.replace(HOLE, "").len() >= 2
        || placed(written).is_some_and(|written| Some(written) == placed(ran))
}

/// A path in the package's own folder, however it was put together.
pub(super) fn own(path: &str) -> Option<String> {
    path.starts_with("\u{fdd0}package/")
        .then(|| path.replace([HOLE_START, HOLE_END], "").replace("//", "/"))
}

/// The parts of a path of which all is known, from the folder that a program stands in, or from
/// the root.
fn placed(path: &str) -> Option<Vec<&str>> {
    let below = FOLDERS.iter().find_map(|folder| path.strip_prefix(folder));
    let (folder, rest) = match below {
        Some(below) => below.split_once(HOLE_END)?,
        None => ("", path),
    };
    if folder.contains(HOLE_START) || rest.contains(HOLE_START) {
        return None;
    }
    let mut parts = Vec::new();
    if below.is_none() && rest.starts_with('/') {
        parts.push("/");
    }
    for part in folder.split('/').chain(rest.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|last| matches!(*last, ".." | "/")) => parts.push(part),
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
        .last()
        .is_some_and(|last| !matches!(*last, "/" | ".."))
        .then_some(parts)
}

#[cfg(test)]
mod tests;
