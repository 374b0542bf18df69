//! What a manager makes of a tarball's entries.

use super::manager::Habits;
use super::manifest::Manifest;
use crate::artifact::unpacked::{FileEntry, Kind, Unpacked};
use crate::tree::{Expected, ExpectedEntry, Proven};
use std::collections::{BTreeMap, BTreeSet};

/// What should lie in a package's folder.
#[derive(Debug, Default)]
pub(super) struct Expectation {
    pub expected: Expected,
    /// Files that lie there with the same bytes.
    pub proven: Proven,
    /// Other bytes that the manager may have made of a file, and what it did then.
    pub alternates: BTreeMap<String, ([u8; 32], &'static str)>,
}

/// Applies a manager's habits. Of a path that occurs twice the last one counts.
pub(super) fn expect(unpacked: &Unpacked, manifest: &Manifest, habits: Habits) -> Expectation {
    let mut out = Expectation::default();
    for entry in &unpacked.entries {
        let path = match habits.turns_backslashes {
            true => entry.path.replace('\\', "/"),
            false => entry.path.clone(),
        };
        if habits.drops_modules && path.starts_with("node_modules/") {
            continue;
        }
        match &entry.kind {
            Kind::File(file) => out.file(path, file, manifest, habits),
            Kind::Symlink(target) if habits.keeps_links => {
                let target = target.clone();
                out.put(path, ExpectedEntry::Link { target });
            }
            Kind::Hardlink(target) if habits.keeps_hard_links => {
                let inner = target.split_once('/').map_or("", |(_, inner)| inner);
                if let Some(file) = out.expected.entries.get(inner).cloned() {
                    out.put(path, file);
                }
            }
            Kind::Folder if habits.keeps_empty_folders => {
                out.expected
                    .entries
                    .entry(path)
                    .or_insert(ExpectedEntry::Folder);
            }
            Kind::Symlink(_) | Kind::Hardlink(_) | Kind::Folder | Kind::Other => {}
        }
    }
    if habits.renames_gitignore {
        out.rename_gitignore();
    }
    out
}

impl Expectation {
    fn put(&mut self, path: String, entry: ExpectedEntry) {
        self.alternates.remove(&path);
        self.proven.remove(&path);
        self.expected.entries.insert(path, entry);
    }

    fn file(&mut self, path: String, file: &FileEntry, manifest: &Manifest, habits: Habits) {
        let program = manifest.is_program(&path);
        let executable = Some(file.executable || program);
        let Some(digest) = file.sha256 else {
            self.alternates.remove(&path);
            self.expected.entries.remove(&path);
            self.proven.insert(path, executable);
            return;
        };
        let (mut size, mut sha256, mut alternate) = (file.size, digest, None);
        if let Some(without) = file.without_cr.filter(|_| habits.strips_cr) {
            // Programs of bundled packages are linked too, and a program whose name is taken is
            // not: both forms are the artifact's, and both are proven.
            if program {
                alternate = Some((sha256, "the first line of a program kept its CR"));
                (size, sha256) = (size.saturating_sub(1), without);
            } else {
                alternate = Some((without, "the CR of a program's first line is taken off"));
            }
        }
        let entry = ExpectedEntry::File {
            size,
            sha256,
            executable,
        };
        self.put(path.clone(), entry);
        self.alternates
            .extend(alternate.map(|alternate| (path, alternate)));
    }

    /// Whether a path of the artifact is a file here.
    pub fn has(&self, path: &str) -> bool {
        self.expected.entries.contains_key(path) || self.proven.contains_key(path)
    }

    /// `.gitignore` becomes `.npmignore`, and is dropped where one lies beside it.
    fn rename_gitignore(&mut self) {
        let is = |path: &&String| path.rsplit('/').next() == Some(".gitignore");
        let paths: BTreeSet<String> = self.expected.entries.keys().filter(is).cloned().collect();
        for path in paths {
            let Some(entry) = self.expected.entries.remove(&path) else {
                continue;
            };
            let folder = path.strip_suffix(".gitignore").unwrap_or_default();
            let renamed = format!("{folder}.npmignore");
            if !self.proven.contains_key(&renamed) {
                self.expected.entries.entry(renamed).or_insert(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Manager;
    use super::*;
    use crate::artifact::tarball;
    use crate::artifact::unpacked::{Inside, Reading};
    use crate::tree::testing::{Tarball, sha256};
    use std::fmt::Write as _;

    const SCRIPT: &[u8] = b"#!/usr/bin/env node\r\n";

    fn told(manager: Manager) -> String {
        let bytes = Tarball::new()
            .file("package.json", br#"{"name": "a", "bin": "cli.js"}"#)
            .file("cli.js", SCRIPT)
            .file(".gitignore", b"g")
            .file("both/.gitignore", b"g")
            .file("both/.npmignore", b"n")
            .file("twice", b"1")
            .file("twice", b"2")
            .link("link", "twice")
            .hard_link("hard", "twice")
            .folder("empty")
            .file("node_modules/x/i.js", b"x")
            .file("back\\slash", b"b")
            .bytes();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tgz");
        std::fs::write(&path, bytes).unwrap();
        let reading = Reading {
            algorithms: &[],
            inside: Inside::FirstPart,
            keep: &|path| u64::from(path == "package.json") * 1000,
        };
        let unpacked = tarball::read(&path, &reading).unwrap();
        let manifest = Manifest::read(&unpacked.kept["package.json"]).unwrap();
        let expectation = expect(&unpacked, &manifest, manager.habits());
        let mut out = String::new();
        for (path, entry) in expectation.expected.entries {
            let what = match entry {
                ExpectedEntry::File {
                    executable: Some(true),
                    ..
                } => "program",
                ExpectedEntry::File { sha256: s, .. } if s == sha256(b"1") => "the first",
                ExpectedEntry::File { sha256: s, .. } if s == sha256(b"2") => "the last",
                ExpectedEntry::File { sha256: s, .. } if s == sha256(b"n") => "npmignore",
                ExpectedEntry::File { .. } => "file",
                ExpectedEntry::Link { .. } => "link",
                ExpectedEntry::Folder => "folder",
            };
            write!(out, "{path} {what}; ").unwrap();
        }
        out
    }

    #[test]
    fn each_manager_makes_of_an_archive_what_was_measured() {
        insta::assert_snapshot!(told(Manager::Npm), @r".npmignore file; back\slash file; both/.npmignore npmignore; cli.js program; node_modules/x/i.js file; package.json file; twice the last;");
        insta::assert_snapshot!(told(Manager::Pnpm), @r".gitignore file; back/slash file; both/.gitignore file; both/.npmignore npmignore; cli.js program; node_modules/x/i.js file; package.json file; twice the last;");
        insta::assert_snapshot!(told(Manager::YarnClassic), @r".gitignore file; back\slash file; both/.gitignore file; both/.npmignore npmignore; cli.js program; empty folder; hard the last; link link; node_modules/x/i.js file; package.json file; twice the last;");
        insta::assert_snapshot!(told(Manager::YarnBerry), @r".gitignore file; back\slash file; both/.gitignore file; both/.npmignore npmignore; cli.js program; empty folder; link link; package.json file; twice the last;");
        insta::assert_snapshot!(told(Manager::Bun), @r".gitignore file; back\slash file; both/.gitignore file; both/.npmignore npmignore; cli.js program; node_modules/x/i.js file; package.json file; twice the last;");
    }
}
