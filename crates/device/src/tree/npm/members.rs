//! The members of a project, by the patterns of its manifest: where a lockfile does not name them.

use crate::tree::disk;
use customs_model::printable;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Bytes of the manifest.
const MANIFEST: u64 = 8 << 20;
/// Patterns that are looked at.
const PATTERNS: usize = 1000;
/// Parts of one pattern.
const PARTS: usize = 64;
/// Folders that are looked at.
const FOLDERS: usize = 10_000;
/// Levels of folders that `**` stands for.
const LEVELS: usize = 16;

/// The folders that are members, relative to the project, and what was not looked at, safe to print.
/// A pattern that leaves the project names none: what lies there explains nothing.
pub(super) fn of(project: &Path) -> (BTreeSet<String>, Vec<String>) {
    let mut search = Search {
        project,
        left: FOLDERS,
        found: BTreeSet::new(),
        notes: BTreeSet::new(),
    };
    match patterns(project) {
        Ok(patterns) => search.all(&patterns),
        Err(why) => search.note(&format!("its manifest {why}")),
    }
    (search.found, search.notes.into_iter().collect())
}

/// The same by the settings of pnpm, whose root is a member as well.
pub(super) fn of_pnpm(root: &Path, patterns: &[String]) -> BTreeSet<String> {
    let mut search = Search {
        project: root,
        left: FOLDERS,
        found: BTreeSet::new(),
        notes: BTreeSet::new(),
    };
    search.all(patterns);
    search.found.insert(String::new());
    search.found
}

/// The patterns of the project's manifest.
fn patterns(project: &Path) -> Result<Vec<String>, String> {
    let text = match disk::read_up_to(&project.join("package.json"), MANIFEST) {
        Ok(Some(text)) => text,
        Ok(None) => return Err("is too long".to_owned()),
        Err(why) if disk::is_absent(&why) => return Ok(Vec::new()),
        Err(why) => return Err(format!("cannot be read: {why}")),
    };
    let root: Value = serde_json::from_slice(&text).map_err(|why| format!("is no JSON: {why}"))?;
    let listed = match &root["workspaces"] {
        Value::Object(settings) => settings.get("packages").unwrap_or(&Value::Null),
        listed => listed,
    };
    let no_list = || "has workspaces that are no list of texts".to_owned();
    match listed {
        Value::Null => Ok(Vec::new()),
        Value::Array(all) => all
            .iter()
            .map(|one| Some(one.as_str()?.to_owned()))
            .collect::<Option<_>>()
            .ok_or_else(no_list),
        _ => Err(no_list()),
    }
}

struct Search<'a> {
    project: &'a Path,
    left: usize,
    found: BTreeSet<String>,
    notes: BTreeSet<String>,
}

impl Search<'_> {
    fn note(&mut self, why: &str) {
        let why = printable(why, 300);
        self.notes
            .insert(format!("members of the project may be missing: {why}"));
    }

    fn all(&mut self, patterns: &[String]) {
        if patterns.len() > PATTERNS {
            self.note(&format!("there are more than {PATTERNS} patterns"));
        }
        let mut excluded = BTreeSet::new();
        for pattern in patterns.iter().take(PATTERNS) {
            match pattern.strip_prefix('!') {
                None => self.one(pattern),
                Some(pattern) => {
                    let found = std::mem::take(&mut self.found);
                    self.one(pattern);
                    excluded.extend(std::mem::replace(&mut self.found, found));
                }
            }
        }
        self.found.retain(|folder| !excluded.contains(folder));
    }

    fn one(&mut self, pattern: &str) {
        let mut parts: Vec<&str> = pattern
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        parts.dedup_by(|a, b| *a == "**" && *b == "**");
        if pattern.starts_with('/') || parts.contains(&"..") {
            self.note(&format!("the pattern {pattern} leaves it"));
        } else if parts.len() > PARTS {
            self.note(&format!("a pattern has more than {PARTS} parts"));
        } else {
            self.below("", &parts, 0);
        }
    }

    /// No deeper than a pattern has parts and `**` levels.
    fn below(&mut self, folder: &str, parts: &[&str], level: usize) {
        let Some((first, rest)) = parts.split_first() else {
            if !folder.is_empty() && self.project.join(folder).join("package.json").is_file() {
                self.found.insert(folder.to_owned());
            }
            return;
        };
        if *first == "**" {
            self.below(folder, rest, level);
            let names = self.folders(folder);
            if level >= LEVELS {
                if !names.is_empty() {
                    self.note(&format!("`**` was followed for {LEVELS} levels"));
                }
                return;
            }
            for name in names {
                self.below(&join(folder, &name), parts, level + 1);
            }
        } else if first.contains('*') {
            for name in self.folders(folder) {
                if fits(&name, first) {
                    self.below(&join(folder, &name), rest, level);
                }
            }
        } else {
            self.below(&join(folder, first), rest, level);
        }
    }

    /// Names of the folders in one, no links; those that no member lies in are left out.
    fn folders(&mut self, folder: &str) -> Vec<String> {
        let entries = match std::fs::read_dir(self.project.join(folder)) {
            Ok(entries) => entries,
            Err(why) if disk::is_absent(&why) => return Vec::new(),
            Err(why) => {
                self.note(&format!("{folder} cannot be read: {why}"));
                return Vec::new();
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            if self.left == 0 {
                self.note(&format!("there are more than {FOLDERS} entries to look at"));
                break;
            }
            self.left -= 1;
            let kind = entry.and_then(|entry| Ok((entry.file_type()?, entry.file_name())));
            match kind {
                Ok((kind, name)) if kind.is_dir() => match name.into_string() {
                    Ok(name) if name == "node_modules" || name.starts_with('.') => {}
                    Ok(name) => names.push(name),
                    Err(_) => self.note(&format!("a name in {folder} is no text")),
                },
                Ok(_) => {}
                Err(why) => self.note(&format!("{folder} cannot be read: {why}")),
            }
        }
        names.sort_unstable();
        names
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// Whether a name fits a pattern in which `*` stands for any letters.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.split_once(piece) {
            Some((_, behind)) => left = behind,
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_the_patterns_of_the_manifest() {
        let project = tempfile::tempdir().unwrap();
        let manifest = |folder: &str, text: &str| {
            let folder = project.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("package.json"), text).unwrap();
        };
        for folder in [
            "packages/a",
            "packages/deep/b",
            "tools/lint-x",
            "tools/other",
            "one",
            "packages/node_modules/c",
        ] {
            manifest(folder, "{}");
        }
        let told = |workspaces: &str| {
            manifest("", &format!(r#"{{"workspaces": {workspaces}}}"#));
            let (found, notes) = of(project.path());
            let found: Vec<String> = found.into_iter().collect();
            (found.join(" "), notes.len())
        };
        let fine = |found: &str| (found.to_owned(), 0);
        assert_eq!(told(r#"["packages/*", "./one/"]"#), fine("one packages/a"));
        assert_eq!(
            told(r#"{"packages": ["packages/**"]}"#),
            fine("packages/a packages/deep/b")
        );
        assert_eq!(told(r#"["tools/lint-*"]"#), fine("tools/lint-x"));
        assert_eq!(told(r#"["tools/*", "!tools/other"]"#), fine("tools/lint-x"));
        assert_eq!(told(r#"["absent/*"]"#), fine(""));
    }

    #[test]
    fn what_is_not_looked_at_is_said() {
        let project = tempfile::tempdir().unwrap();
        let notes = |manifest: &str| {
            std::fs::write(project.path().join("package.json"), manifest).unwrap();
            let (found, notes) = of(project.path());
            assert_eq!(found, BTreeSet::new());
            notes.join("\n")
        };
        let of = |pattern: &str| notes(&format!(r#"{{"workspaces": ["{pattern}"]}}"#));
        insta::assert_snapshot!(of("../x"), @"members of the project may be missing: the pattern ../x leaves it");
        // As deep as the stack, if each part were a level.
        insta::assert_snapshot!(of(&"a/".repeat(200_000)), @"members of the project may be missing: a pattern has more than 64 parts");
        insta::assert_snapshot!(notes(r#"{"workspaces": 7}"#), @"members of the project may be missing: its manifest has workspaces that are no list of texts");
        assert!(notes("{").contains("its manifest is no JSON"));
        std::fs::create_dir_all(project.path().join("d/".repeat(LEVELS + 2))).unwrap();
        insta::assert_snapshot!(of("**"), @"members of the project may be missing: `**` was followed for 16 levels");
        std::fs::remove_file(project.path().join("package.json")).unwrap();
        assert!(super::of(project.path()).1.is_empty());
    }
}
