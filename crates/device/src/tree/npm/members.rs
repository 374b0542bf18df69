//! The members of a project, by the patterns of its manifest: where a lockfile does not name them.

use crate::tree::disk;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Bytes of the manifest.
const MANIFEST: u64 = 8 << 20;
/// Patterns that are looked at.
const PATTERNS: usize = 1000;
/// Folders that are looked at.
const FOLDERS: usize = 10_000;
/// Levels of folders that `**` stands for.
const LEVELS: usize = 6;

/// The folders that are members, relative to the project. A pattern that leaves it names none, nor
/// does a manifest that cannot be read: what lies there then explains nothing.
pub(super) fn of(project: &Path) -> BTreeSet<String> {
    let text = disk::read_up_to(&project.join("package.json"), MANIFEST);
    let text = text.ok().flatten().unwrap_or_default();
    let root: Value = serde_json::from_slice(&text).unwrap_or_default();
    let listed = match &root["workspaces"] {
        Value::Object(settings) => settings.get("packages").unwrap_or(&Value::Null),
        listed => listed,
    };
    let patterns = listed.as_array().map_or(&[][..], Vec::as_slice);
    let mut search = Search {
        project,
        left: FOLDERS,
        found: BTreeSet::new(),
    };
    for pattern in patterns.iter().take(PATTERNS).filter_map(Value::as_str) {
        let parts: Vec<&str> = pattern
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        if !pattern.starts_with(['/', '!']) && !parts.contains(&"..") {
            search.below("", &parts, 0);
        }
    }
    search.found
}

struct Search<'a> {
    project: &'a Path,
    left: usize,
    found: BTreeSet<String>,
}

impl Search<'_> {
    fn below(&mut self, folder: &str, parts: &[&str], level: usize) {
        let Some((first, rest)) = parts.split_first() else {
            if !folder.is_empty() && self.project.join(folder).join("package.json").is_file() {
                self.found.insert(folder.to_owned());
            }
            return;
        };
        if *first == "**" {
            self.below(folder, rest, level);
            if level < LEVELS {
                for name in self.folders(folder) {
                    self.below(&join(folder, &name), parts, level + 1);
                }
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
        let Ok(entries) = std::fs::read_dir(self.project.join(folder)) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in entries.flatten().take(self.left) {
            self.left = self.left.saturating_sub(1);
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name().into_string().ok();
            let name = name.filter(|name| name != "node_modules" && !name.starts_with('.'));
            names.extend(name.filter(|_| is_folder));
        }
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
            let found: Vec<String> = of(project.path()).into_iter().collect();
            found.join(" ")
        };
        assert_eq!(told(r#"["packages/*", "./one/"]"#), "one packages/a");
        assert_eq!(
            told(r#"{"packages": ["packages/**"]}"#),
            "packages/a packages/deep/b"
        );
        assert_eq!(told(r#"["tools/lint-*"]"#), "tools/lint-x");
        assert_eq!(told(r#"["../*", "/", "!one", "*/../one"]"#), "");
        assert_eq!(told("7"), "");
    }
}
