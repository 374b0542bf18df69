//! Changes of files: shown as a diff, and written only where the files are still as they were read.

use crate::error::{Doing as _, Failure};
use customs_model::printable;
use similar::TextDiff;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Bytes of a file that is changed.
const MOST: u64 = 8 << 20;
/// Lines around a change.
const AROUND: usize = 1;

/// The files, each as it was and as it is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::verify) struct Edits(BTreeMap<PathBuf, Edit>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    before: String,
    after: String,
}

impl Edits {
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|edit| edit.before == edit.after)
    }

    /// A file as it is to be so far.
    ///
    /// # Errors
    /// It cannot be read, or lies behind a link. Safe to print.
    pub fn text(&mut self, path: &Path) -> Result<&str, String> {
        Ok(&self.edit(path)?.after)
    }

    /// A file as it is to be, where it was changed.
    pub fn changed(&self, path: &Path) -> Option<&str> {
        let edit = self.0.get(path)?;
        (edit.before != edit.after).then_some(&*edit.after)
    }

    /// Sets what a file is to be.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn set(&mut self, path: &Path, after: String) -> Result<(), String> {
        self.edit(path)?.after = after;
        Ok(())
    }

    fn edit(&mut self, path: &Path) -> Result<&mut Edit, String> {
        if !self.0.contains_key(path) {
            let before = read(path)?;
            let edit = Edit {
                after: before.clone(),
                before,
            };
            self.0.insert(path.to_owned(), edit);
        }
        let edit = self.0.get_mut(path);
        edit.ok_or_else(|| "it is not there".to_owned())
    }

    /// The changes, as a diff.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        for (path, edit) in self.0.iter().filter(|(_, edit)| edit.before != edit.after) {
            let name = printable(&path.display().to_string(), 300);
            let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
            let diff = TextDiff::from_lines(&edit.before, &edit.after);
            let mut diff = diff.unified_diff();
            let diff = diff.context_radius(AROUND).header(&name, &name);
            out.push_str(&readable(&diff.to_string()));
        }
        out
    }

    /// Writes them. A file that changed since it was read is left as it is.
    pub fn write(&self) -> Result<(), Failure> {
        let changed: Vec<_> = self
            .0
            .iter()
            .filter(|(_, edit)| edit.before != edit.after)
            .collect();
        for (path, edit) in &changed {
            let shown = printable(&path.display().to_string(), 300);
            let now = read(path).doing(format_args!("read {shown} again"))?;
            if now != edit.before {
                return Err(Failure::work(format!(
                    "{shown} changed since it was read; nothing was written"
                )));
            }
        }
        for (path, edit) in changed {
            let shown = printable(&path.display().to_string(), 300);
            let doing = format!("write {shown}");
            let about = std::fs::metadata(path).doing(&doing)?;
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            // Whole or not at all, with the rights that it has.
            let mut file = tempfile::NamedTempFile::new_in(folder).doing(&doing)?;
            file.write_all(edit.after.as_bytes()).doing(&doing)?;
            file.as_file()
                .set_permissions(about.permissions())
                .doing(&doing)?;
            file.persist(path)
                .map_err(|error| error.error)
                .doing(&doing)?;
        }
        Ok(())
    }
}

/// A diff as people read it: with spaces for tabs, and without the carriage returns of a file's
/// line ends. Whatever else steers a terminal is made plain when it is written.
fn readable(diff: &str) -> String {
    diff.replace("\r\n", "\n").replace('\t', "    ")
}

fn read(path: &Path) -> Result<String, String> {
    let shown = printable(&path.display().to_string(), 300);
    let about = std::fs::symlink_metadata(path).map_err(|why| format!("{shown}: {why}"))?;
    if !about.is_file() {
        return Err(format!("{shown} is a link or no file; change it by hand"));
    }
    let bytes = crate::verify::lock::bytes(path, MOST).map_err(|why| format!("{shown}: {why}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::readable;
    use crate::output::plain_text;

    #[test]
    fn a_diff_shows_no_escapes_for_tabs_and_line_ends() {
        let diff = "-\t\"left\": \"1\"\r\n+\t\"left\": \"2\"\r\n";
        assert_eq!(
            plain_text(&readable(diff)),
            "-    \"left\": \"1\"\n+    \"left\": \"2\"\n"
        );
        assert_eq!(plain_text(&readable("a\rb\n")), "a\\u{d}b\n");
    }
}
