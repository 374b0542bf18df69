//! Folders that are filled from elsewhere: what is unpacked there, cloned or copied. The names of the
//! files are not known, so all that is run below such a folder came with it.

use super::super::is_foreign;
use super::super::label::{Label, union};
use crate::pure::{FileId, HOLE, HOLE_END, HOLE_START};
use customs_model::Zone;

/// Folders that are told from each other.
const MOST: usize = 64;

/// One folder that was filled.
#[derive(Debug, Clone)]
struct Filled {
    folder: String,
    labels: Vec<Label>,
    zone: Zone,
    /// Where it was filled.
    file: Option<FileId>,
    /// What came was compared with a digest, or is what a commit names.
    checked: bool,
}

/// All folders that are filled from elsewhere.
#[derive(Debug, Default)]
pub(in crate::flow) struct Folders {
    filled: Vec<Filled>,
}

/// What is run below a folder that was filled.
pub(super) struct Came {
    pub labels: Vec<Label>,
    pub zone: Zone,
    pub file: Option<FileId>,
}

impl Folders {
    /// A folder is filled; the empty path is the one that the code runs in. Only what comes from
    /// elsewhere counts.
    pub fn fill(
        &mut self,
        folder: &str,
        labels: &[Label],
        zone: Zone,
        file: Option<FileId>,
        checked: bool,
    ) {
        let labels: Vec<Label> = labels
            .iter()
            .filter(|label| is_foreign(label.kind))
            .take(super::LABELS)
            .cloned()
            .collect();
        // Of a folder that is not known nothing can be told apart.
        if labels.is_empty() || folder.starts_with(HOLE) || self.filled.len() >= MOST {
            return;
        }
        self.filled.push(Filled {
            folder: placed(folder),
            labels,
            zone,
            file,
            checked,
        });
    }

    /// A clone is set to what a commit names, which its digest binds, or to something else.
    pub fn bind(&mut self, folder: &str, holds: bool) {
        let folder = placed(folder);
        let of_folder = self.filled.iter_mut().filter(|one| one.folder == folder);
        for filled in of_folder {
            filled.checked = holds;
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.filled.is_empty()
    }

    /// What came into the folders that a path lies below.
    pub fn labels_of(&self, path: &str) -> Vec<Label> {
        let mut out = Vec::new();
        for filled in self.around(path) {
            union(&mut out, &filled.labels);
        }
        out
    }

    /// Whether a path is such a folder itself, or lies below one.
    pub fn is_in(&self, path: &str) -> bool {
        let path = placed(path);
        let mut filled = self.filled.iter();
        filled.any(|filled| filled.folder == path && !path.is_empty()) || self.has(&path)
    }

    /// Whether a path lies below such a folder.
    pub fn has(&self, path: &str) -> bool {
        self.around(path).next().is_some()
    }

    /// Whether all that came there was checked; none where nothing did.
    pub fn are_checked(&self, path: &str) -> Option<bool> {
        let mut around = self.around(path).peekable();
        around.peek()?;
        Some(around.all(|filled| filled.checked))
    }

    pub(super) fn came(&self, path: &str) -> Vec<Came> {
        let around = self.around(path);
        let came = around.map(|filled| Came {
            labels: filled.labels.clone(),
            zone: filled.zone,
            file: filled.file,
        });
        came.collect()
    }

    fn around(&self, path: &str) -> impl Iterator<Item = &Filled> {
        let is_path = path.contains(['/', '\\']);
        let path = placed(path);
        self.filled
            .iter()
            .filter(move |filled| is_path && is_below(&filled.folder, &path))
    }
}

/// Whether a path lies below a folder, both as [`placed`] gives them.
fn is_below(folder: &str, path: &str) -> bool {
    if folder.is_empty() {
        return !path.is_empty() && !path.starts_with(['/', HOLE_START]) && !path.contains(':');
    }
    path.strip_prefix(folder)
        .is_some_and(|rest| folder.ends_with('/') || rest.starts_with('/'))
}

/// A path as it is compared: what lies in the package, or where the code runs, by its way from there.
fn placed(path: &str) -> String {
    let path = path.replace('\\', "/");
    // `<package/folder>/file`, `<cwd>/file`.
    let inside = path.strip_prefix(HOLE_START).and_then(|rest| {
        let rest = match rest.strip_prefix("package/") {
            Some(rest) => rest,
            None => rest
                .strip_prefix("cwd")
                .filter(|rest| rest.starts_with(HOLE_END))?,
        };
        Some(
            rest.replace(HOLE_END, "")
                .trim_start_matches('/')
                .to_owned(),
        )
    });
    let path = inside.unwrap_or(path);
    let is_from_root = path.starts_with('/');
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    let plain = parts.collect::<Vec<_>>().join("/");
    match is_from_root && !plain.is_empty() {
        true => format!("/{plain}"),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_a_folder_however_both_are_written() {
        let hole = |name: &str, rest: &str| format!("{HOLE_START}{name}{HOLE_END}{rest}");
        let own = format!("{HOLE_START}package/{HOLE_END}");
        for (folder, path) in [
            ("b", "./b/run".to_owned()),
            ("./b/", "b/a/run".to_owned()),
            ("/tmp/b", "/tmp/b/run".to_owned()),
            ("", "./run".to_owned()),
            (".", "b/run".to_owned()),
            ("b", format!("{own}/b/run")),
            ("b", hole("cwd", "/b/run")),
            (&hole("temp", "/b"), hole("temp", "/b/run")),
            ("b", format!("{HOLE_START}package/b{HOLE_END}/run")),
            ("b", r".\b\run.exe".to_owned()),
        ] {
            assert!(is_below(&placed(folder), &placed(&path)), "{folder} {path}");
        }
        for (folder, path) in [
            ("b", "/b/run"),
            ("b", "bc/run"),
            ("/tmp/b", "/tmp/bc"),
            ("", "/usr/bin/node"),
            ("", "https://a.example/b"),
        ] {
            assert!(!is_below(&placed(folder), &placed(path)), "{folder} {path}");
        }
    }
}
