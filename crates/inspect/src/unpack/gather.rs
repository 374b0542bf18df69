//! Files that no archive holds, read under the same bounds as if they had been packed.

use super::{File, LONG_HEAD, Sink, Tree, Trick};
use crate::limit::Unpacking;
use std::io::{self, Read};

/// Gathers the files of a folder. Which ones there are, their caller says.
///
/// ```
/// use customs_inspect::{Gather, Unpacking, inspect_tree};
/// let limits = Unpacking::default();
/// let mut files = Gather::new(&limits);
/// files.file(b"package/a.js", &b"a()"[..], 3, false)?;
/// assert_eq!(inspect_tree(&files.finish()).files, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Gather<'l>(Sink<'l>);

impl std::fmt::Debug for Gather<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gather").field(&self.0.tree).finish()
    }
}

impl<'l> Gather<'l> {
    /// None yet.
    pub fn new(limits: &'l Unpacking) -> Self {
        Self(Sink::new(limits))
    }

    /// Whether one more may come; if not, that is told in the tree.
    pub fn room(&mut self) -> bool {
        self.0.room("")
    }

    /// A file: its path with `/` between parts, its bytes, how long it is said to be. An
    /// archive is opened. Of what is over a bound only the beginning is kept.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(
        &mut self,
        path: &[u8],
        bytes: impl Read,
        length: u64,
        executable: bool,
    ) -> io::Result<()> {
        let bound = self.0.entry_bound().min(self.0.inflatable());
        let most = if length > bound {
            bound.min(LONG_HEAD as u64)
        } else {
            bound
        };
        let mut kept = Vec::new();
        // It may have grown since its length was asked for.
        let mut bytes = bytes.take(most + 1);
        bytes.read_to_end(&mut kept)?;
        let read = kept.len() as u64;
        let length = if read > most {
            kept.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            length.max(read)
        } else {
            read
        };
        self.0.inflated(read);
        let file = File {
            bytes: kept.into(),
            length,
            executable,
        };
        self.0.take(path, "", file, 0);
        Ok(())
    }

    /// A symbolic link.
    pub fn link(&mut self, path: &[u8], target: &[u8]) {
        self.0.link(path, target, "", true);
    }

    /// A device, a socket, or whatever else is no file.
    pub fn special(&mut self, path: &[u8]) {
        self.0
            .odd(Trick::SpecialFile, &String::from_utf8_lossy(path));
    }

    /// All of them, as a tree.
    pub fn finish(self) -> Tree {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::Content;
    use crate::{inspect_tree, unpack::Kind};

    fn gathered(limits: &Unpacking, files: &[(&str, &str)]) -> Tree {
        let mut gather = Gather::new(limits);
        for (path, text) in files {
            let length = text.len() as u64;
            gather
                .file(path.as_bytes(), text.as_bytes(), length, false)
                .unwrap();
        }
        gather.finish()
    }

    const MANIFEST: (&str, &str) = (
        "package/package.json",
        r#"{"scripts": {"postinstall": "node a.js"}}"#,
    );

    fn is_judged(tree: &Tree) -> bool {
        inspect_tree(tree).unread.iter().all(|part| !part.reached)
    }

    #[test]
    fn a_file_over_a_bound_that_a_hook_runs_is_not_passed_over() {
        let long = "a();".repeat(100);
        let one = Unpacking {
            entry: 399,
            ..Unpacking::default()
        };
        let all = Unpacking {
            kept: 420,
            ..Unpacking::default()
        };
        let work = Unpacking {
            inflated: 100,
            ..Unpacking::default()
        };
        for limits in [one, all, work] {
            let tree = gathered(&limits, &[MANIFEST, ("package/a.js", &long)]);
            assert_eq!(tree.entries[1].length, 400);
            assert!(matches!(tree.entries[1].content, Content::Head(_)));
            assert!(!is_judged(&tree), "{limits:?}");
            let tree = gathered(
                &limits,
                &[MANIFEST, ("package/a.js", "1"), ("package/b.js", &long)],
            );
            assert!(is_judged(&tree), "nothing runs b.js: {limits:?}");
        }
    }

    #[test]
    fn a_file_that_grew_is_not_taken_for_whole() {
        let limits = Unpacking {
            entry: 10,
            ..Unpacking::default()
        };
        let mut gather = Gather::new(&limits);
        gather
            .file(b"package/a.js", io::repeat(b'a'), 1, true)
            .unwrap();
        let tree = gather.finish();
        assert!(matches!(tree.entries[0].content, Content::Head(_)));
        assert_eq!(tree.entries[0].length, 11);
        assert!(tree.entries[0].executable);
        assert_eq!(tree.entries[0].kind, Kind::Text);
    }
}
