use crate::error::Error;
use crate::workspace::{Needed, Workspace};
use std::fs;
use std::process::Command;

/// A file larger than this is data, not something that a person wrote.
const MAX_BYTES: u64 = 16 << 20;

/// The project's files: what git tracks, and what it would track after the next `git add`.
pub struct Tracked {
    files: Vec<(String, Vec<u8>)>,
    not_read: Vec<String>,
}

impl Tracked {
    /// Reads all of them.
    pub fn read(workspace: &Workspace) -> Result<Self, Error> {
        let git = Needed {
            program: "git",
            needed_for: "knowing which files belong to the project",
            remedy: "install git",
        };
        let mut command = Command::new(git.program);
        command.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let list = git.output(command.current_dir(workspace.root()))?;

        let mut tracked = Self {
            files: Vec::new(),
            not_read: Vec::new(),
        };
        for name in list
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
        {
            let name = String::from_utf8_lossy(name).into_owned();
            let path = workspace.root().join(&name);
            // Deleted and not yet committed, or a link: nothing to read.
            let Ok(about) = fs::symlink_metadata(&path) else {
                continue;
            };
            if about.len() > MAX_BYTES {
                tracked.not_read.push(name);
            } else if about.is_file() {
                let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
                tracked.files.push((name, bytes));
            }
        }
        tracked.files.sort();
        // A file with a merge conflict is listed once for each side.
        tracked.files.dedup();
        Ok(tracked)
    }

    /// Names, with `/` between folders, and contents, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The files that were left aside for their size.
    pub fn not_read(&self) -> &[String] {
        &self.not_read
    }

    /// Files of a test.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        Self {
            files: files.collect(),
            not_read: Vec::new(),
        }
    }
}
