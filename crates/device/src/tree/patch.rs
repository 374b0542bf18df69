//! Unified diffs, as `git diff` writes them, applied in memory: what patch-package, pnpm and Yarn
//! do to a package, so that a patched file can be told from one that somebody edited.
//!
//! No fuzz: a hunk that does not stand where it says does not apply, and then nothing is
//! explained by it.

use std::collections::BTreeMap;

/// Bounds on what a patch file may ask for.
pub mod limit {
    /// Bytes of a patch file.
    pub const BYTES: u64 = 16 << 20;
    /// Files in it.
    pub const FILES: usize = 10_000;
    /// Lines of a file that it is applied to.
    pub const LINES: usize = 2_000_000;
}

/// Why a patch cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a unified diff.
    #[error("line {0} is no part of a unified diff")]
    Syntax(usize),
    /// A bound of [`limit`].
    #[error("it has too many {0}")]
    Limit(&'static str),
    /// A hunk does not fit the file.
    #[error("the hunk at line {0} of the file does not fit it")]
    Hunk(usize),
}

/// What a patch does to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePatch {
    /// The path before; none where the file is new.
    pub old: Option<String>,
    /// The path after; none where the file is deleted.
    pub new: Option<String>,
    hunks: Vec<Hunk>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Hunk {
    /// The first line of the old text, from 1.
    start: usize,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Same(Vec<u8>),
    Gone(Vec<u8>),
    Added(Vec<u8>),
}

impl Line {
    fn text(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Same(text) | Self::Gone(text) | Self::Added(text) => text,
        }
    }
}

/// Reads a patch file. `strip` is what to take off each path behind `a/` or `b/`
/// (`node_modules/x/` for patch-package).
///
/// # Errors
/// It is no unified diff, or exceeds a bound.
pub fn read(bytes: &[u8], strip: &str) -> Result<Vec<FilePatch>, Error> {
    let mut files: Vec<FilePatch> = Vec::new();
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let mut renamed_from = None;
    while let Some((number, line)) = lines.next() {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        if let Some(rest) = text.strip_prefix("diff --git ") {
            if files.len() >= limit::FILES {
                return Err(Error::Limit("files"));
            }
            let (old, new) = both_paths(rest, strip);
            files.push(FilePatch {
                old,
                new,
                hunks: Vec::new(),
            });
        } else if let Some(path) = text.strip_prefix("--- ") {
            // Plain diffs have no line before this one.
            if files.last().is_none_or(|file| !file.hunks.is_empty()) {
                files.push(FilePatch::default());
            }
            if let Some(file) = files.last_mut() {
                file.old = path_of(path, strip);
            }
        } else if let Some(path) = text.strip_prefix("+++ ") {
            if let Some(file) = files.last_mut() {
                file.new = path_of(path, strip);
            }
        } else if text.starts_with("deleted file mode") {
            if let Some(file) = files.last_mut() {
                file.new = None;
            }
        } else if text.starts_with("new file mode") {
            if let Some(file) = files.last_mut() {
                file.old = None;
            }
        } else if let Some(path) = text.strip_prefix("rename from ") {
            renamed_from = Some(path.strip_prefix(strip).unwrap_or(path).to_owned());
        } else if let Some(path) = text.strip_prefix("rename to ") {
            if let Some(file) = files.last_mut() {
                file.old = renamed_from.take();
                file.new = Some(path.strip_prefix(strip).unwrap_or(path).to_owned());
            }
        } else if let Some(rest) = text.strip_prefix("@@ ") {
            let (start, old, new) = ranges(rest).ok_or(Error::Syntax(number + 1))?;
            let lines = body(&mut lines, old, new)?;
            match files.last_mut() {
                Some(file) => file.hunks.push(Hunk { start, lines }),
                None => return Err(Error::Syntax(number + 1)),
            }
        } else if text.starts_with("\\ ") {
            // "No newline at end of file" belongs to the line before.
            if let Some(line) = files
                .last_mut()
                .and_then(|file| file.hunks.last_mut()?.lines.last_mut())
            {
                drop_newline(line.text());
            }
        }
        // Everything else is words for people: index, mode, a mail's head.
    }
    Ok(files)
}

/// The lines of a hunk.
fn body<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a [u8])>,
    mut old: usize,
    mut new: usize,
) -> Result<Vec<Line>, Error> {
    let mut out: Vec<Line> = Vec::new();
    while old > 0 || new > 0 {
        let Some((number, line)) = lines.next() else {
            return Err(Error::Syntax(0));
        };
        let syntax = Error::Syntax(number + 1);
        let (mark, text) = line.split_first().ok_or(Error::Syntax(number + 1))?;
        let text = text.to_vec();
        match mark {
            b' ' => {
                old = old.checked_sub(1).ok_or(syntax.clone())?;
                new = new.checked_sub(1).ok_or(syntax)?;
                out.push(Line::Same(text));
            }
            // Some editors take the blank off an empty line of context.
            b'\n' => {
                old = old.checked_sub(1).ok_or(syntax.clone())?;
                new = new.checked_sub(1).ok_or(syntax)?;
                out.push(Line::Same(b"\n".to_vec()));
            }
            b'-' => {
                old = old.checked_sub(1).ok_or(syntax)?;
                out.push(Line::Gone(text));
            }
            b'+' => {
                new = new.checked_sub(1).ok_or(syntax)?;
                out.push(Line::Added(text));
            }
            b'\\' => {
                if let Some(line) = out.last_mut() {
                    drop_newline(line.text());
                }
            }
            _ => return Err(syntax),
        }
    }
    Ok(out)
}

fn drop_newline(text: &mut Vec<u8>) {
    if text.last() == Some(&b'\n') {
        text.pop();
    }
}

/// `-1,4 +1,5 @@ …`: the first old line, and how many old and new lines there are.
fn ranges(text: &str) -> Option<(usize, usize, usize)> {
    let mut parts = text.split(' ');
    let range = |part: &str| -> Option<(usize, usize)> {
        match part.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((part.parse().ok()?, 1)),
        }
    };
    let (start, old) = range(parts.next()?.strip_prefix('-')?)?;
    let (_, new) = range(parts.next()?.strip_prefix('+')?)?;
    (parts.next()? == "@@" && old <= limit::LINES && new <= limit::LINES)
        .then_some((start, old, new))
}

/// `a/x b/x`.
fn both_paths(text: &str, strip: &str) -> (Option<String>, Option<String>) {
    match text.find(" b/") {
        Some(at) => {
            let (old, new) = text.split_at(at);
            (path_of(old, strip), path_of(new.trim_start(), strip))
        }
        None => (None, None),
    }
}

fn path_of(text: &str, strip: &str) -> Option<String> {
    let text = text.split('\t').next().unwrap_or(text);
    if text == "/dev/null" {
        return None;
    }
    let text = text
        .strip_prefix("a/")
        .or_else(|| text.strip_prefix("b/"))
        .unwrap_or(text);
    Some(text.strip_prefix(strip).unwrap_or(text).to_owned())
}

impl FilePatch {
    /// The file after the patch.
    ///
    /// # Errors
    /// A hunk does not stand where it says.
    pub fn apply(&self, before: &[u8]) -> Result<Vec<u8>, Error> {
        let old: Vec<&[u8]> = before.split_inclusive(|byte| *byte == b'\n').collect();
        if old.len() > limit::LINES {
            return Err(Error::Limit("lines"));
        }
        let mut out = Vec::with_capacity(before.len());
        let mut at = 0;
        for hunk in &self.hunks {
            // A hunk without old lines stands behind the line that it names.
            let adds = hunk.lines.iter().all(|line| matches!(line, Line::Added(_)));
            let start = match adds {
                true => hunk.start,
                false => hunk.start.saturating_sub(1),
            };
            let misfit = Error::Hunk(hunk.start);
            out.extend(old.get(at..start).ok_or(misfit.clone())?.concat());
            at = start;
            for line in &hunk.lines {
                match line {
                    Line::Added(text) => out.extend_from_slice(text),
                    Line::Same(text) | Line::Gone(text) => {
                        let there = old.get(at).ok_or(misfit.clone())?;
                        if there != text {
                            return Err(misfit);
                        }
                        if matches!(line, Line::Same(_)) {
                            out.extend_from_slice(text);
                        }
                        at += 1;
                    }
                }
            }
        }
        out.extend(old.get(at..).unwrap_or_default().concat());
        Ok(out)
    }
}

/// What a patch makes of the files of an artifact: content by path, none where it deletes one.
/// `content` gives a file's bytes before.
///
/// # Errors
/// A hunk does not fit.
pub fn results<'a>(
    patches: &[FilePatch],
    mut content: impl FnMut(&str) -> Option<&'a [u8]>,
) -> Result<BTreeMap<String, Option<Vec<u8>>>, Error> {
    let mut out: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for patch in patches {
        let before = match &patch.old {
            Some(old) => match out.get(old).cloned() {
                Some(content) => content.unwrap_or_default(),
                None => content(old).unwrap_or_default().to_vec(),
            },
            None => Vec::new(),
        };
        let after = patch.apply(&before)?;
        if let Some(old) = &patch.old {
            out.insert(old.clone(), None);
        }
        if let Some(new) = &patch.new {
            out.insert(new.clone(), Some(after));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATCH: &[u8] = b"diff --git a/node_modules/x/a.js b/node_modules/x/a.js\nindex 1..2 100644\n--- a/node_modules/x/a.js\n+++ b/node_modules/x/a.js\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\ndiff --git a/node_modules/x/new.js b/node_modules/x/new.js\nnew file mode 100644\n--- /dev/null\n+++ b/node_modules/x/new.js\n@@ -0,0 +1,1 @@\n+fresh\n\\ No newline at end of file\ndiff --git a/node_modules/x/old.js b/node_modules/x/old.js\ndeleted file mode 100644\n--- a/node_modules/x/old.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";

    #[test]
    fn a_patch_changes_adds_and_deletes() {
        let patches = read(PATCH, "node_modules/x/").unwrap();
        let content = |path: &str| match path {
            "a.js" => Some(&b"one\ntwo\nthree\nfour\n"[..]),
            "old.js" => Some(&b"gone\n"[..]),
            _ => None,
        };
        let results = results(&patches, content).unwrap();
        assert_eq!(
            results["a.js"].as_deref(),
            Some(&b"one\n2\nthree\nfour\n"[..])
        );
        assert_eq!(results["new.js"].as_deref(), Some(&b"fresh"[..]));
        assert_eq!(results["old.js"], None);
    }

    #[test]
    fn a_hunk_that_does_not_fit_explains_nothing() {
        let patches = read(PATCH, "node_modules/x/").unwrap();
        assert_eq!(patches[0].apply(b"one\nTWO\nthree\n"), Err(Error::Hunk(1)));
        assert_eq!(patches[0].apply(b""), Err(Error::Hunk(1)));
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        assert!(read(b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n one\n", "").is_err());
        assert!(read(b"@@ -1 +1 @@\n-a\n+b\n", "").is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_patches_never_panic(
            text in "(--- a/x\n|\\+\\+\\+ b/x\n|@@ -[0-3],[0-3] \\+[0-3],[0-3] @@\n|[ +-][ab]\n|\\\\ no\n|diff --git a/x b/x\n|rename from x\n){0,12}",
            before in "([ab]\n){0,4}",
        ) {
            if let Ok(patches) = read(text.as_bytes(), "") {
                for patch in patches {
                    // Whether it fits is chance here; that it returns is what is asked.
                    let _ = patch.apply(before.as_bytes());
                }
            }
        }
    }
}
