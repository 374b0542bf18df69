//! Code that changed, for who reviews it.

use super::rows::{Counts, Shown, counts, shown};
use super::text::Text;
use customs_inspect::{Entry, Tree};
use customs_model::{ContentKind, FileFact, Inspection, Place, Zone};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Lines of one file and of all that are shown. What is around a place that is named is shown
/// beyond that.
const LINES: usize = 120;
const ALL: usize = 800;

/// A file that runs, or says what runs, and is not what it was.
#[derive(Debug, Serialize)]
pub(super) struct Changed {
    /// Its path below the top folder, as data.
    pub path: String,
    /// What happened to it.
    pub what: String,
    /// Lines that only the later one has, and that only the earlier one has.
    pub added: usize,
    pub removed: usize,
    /// The change, safe to print.
    pub lines: Vec<String>,
    /// Lines of the change that are not shown.
    pub left_out: usize,
}

/// Manifests are shown although nothing runs them: they say what runs.
const MANIFESTS: [&str; 6] = [
    "package.json",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "Cargo.toml",
    "binding.gyp",
];

/// The files of a tree by their path below the top folder. Of two with one path the later one
/// is unpacked over the earlier one.
struct Files<'t>(HashMap<&'t str, &'t Entry>);

impl<'t> Files<'t> {
    fn of(tree: &'t Tree) -> Self {
        let is_wheel = tree.entries.iter().any(|entry| {
            let below = entry.path.split_once('/');
            below.is_some_and(|(top, name)| top.ends_with(".dist-info") && name == "METADATA")
        });
        let entries = tree.entries.iter();
        Self(
            entries
                .map(|entry| (below_top(is_wheel, &entry.path), entry))
                .collect(),
        )
    }

    fn text(&self, file: &FileFact) -> Option<&'t [u8]> {
        let is_text = matches!(file.content, ContentKind::Code | ContentKind::Text);
        let entry: &'t Entry = self.0.get(file.path.as_str()).filter(|_| is_text)?;
        entry.bytes()
    }

    /// The places in a file, as line and column.
    fn places(&self, file: &FileFact, places: &[&Place]) -> Vec<(u32, u32)> {
        let Some(entry) = self.0.get(file.path.as_str()) else {
            return Vec::new();
        };
        let here = places.iter().filter(|place| place.file == entry.path);
        here.map(|place| (place.line, place.column)).collect()
    }
}

fn below_top(is_wheel: bool, path: &str) -> &str {
    match path.split_once('/') {
        Some((_, below)) if !is_wheel => below,
        _ => path,
    }
}

/// The files that run and changed: manifests first, then the strongest zone. Each is named,
/// with how much of it changed; the lines around the places that are given are always shown.
pub(super) fn changed(
    before: &Tree,
    facts_before: &Inspection,
    after: &Tree,
    facts_after: &Inspection,
    places: &[&Place],
) -> Vec<Changed> {
    let by_path = |facts: &'_ Inspection| -> HashMap<String, FileFact> {
        let files = facts.layout.iter();
        files.map(|f| (f.path.clone(), f.clone())).collect()
    };
    let (earlier, later) = (by_path(facts_before), by_path(facts_after));
    let (files_before, files_after) = (Files::of(before), Files::of(after));
    let mut left = ALL;
    let mut out = Vec::new();
    for file in in_order(facts_after) {
        let old = earlier.get(&file.path);
        if old.is_some_and(|old| old.digest.is_some() && old.digest == file.digest) {
            continue;
        }
        let what = if old.is_none() { "new" } else { "changed" };
        let new_text = files_after.text(file);
        let old_text = old.and_then(|old| files_before.text(old));
        let Some(new_text) = new_text else {
            out.push(without_lines(file, what));
            continue;
        };
        let (old_text, new_text) = Text::pair(&file.path, old_text, new_text);
        let counts = counts(&old_text, &new_text);
        let places = files_after.places(file, places);
        let found = if left == 0 && places.is_empty() {
            Shown {
                lines: Vec::new(),
                left_out: counts.added + counts.removed,
            }
        } else {
            shown(&old_text, &new_text, &places, LINES.min(left))
        };
        left = left.saturating_sub(found.lines.len());
        out.push(Changed {
            path: file.path.clone(),
            what: happened(what, file.zone),
            added: counts.added,
            removed: counts.removed,
            lines: found.lines,
            left_out: found.left_out,
        });
    }
    let gone = in_order(facts_before);
    for file in gone.into_iter().filter(|f| !later.contains_key(&f.path)) {
        let lines = files_before.text(file).map_or(0, |text| {
            let text = Text::alone(&file.path, text);
            let Counts { removed, .. } = counts(&text, &Text::default());
            removed
        });
        out.push(Changed {
            removed: lines,
            left_out: lines,
            ..without_lines(file, "removed")
        });
    }
    out
}

/// The files that are named where they changed, in the order in which somebody reads them.
fn in_order(facts: &Inspection) -> Vec<&FileFact> {
    let is_manifest = |file: &FileFact| MANIFESTS.contains(&file.path.as_str());
    let mut files: Vec<&FileFact> = facts
        .layout
        .iter()
        .filter(|file| file.zone > Zone::Never || is_manifest(file))
        .collect();
    files.sort_by_key(|file| (!is_manifest(file), Reverse(file.zone), file.path.as_str()));
    files
}

fn without_lines(file: &FileFact, what: &str) -> Changed {
    Changed {
        path: file.path.clone(),
        what: happened(what, file.zone),
        added: 0,
        removed: 0,
        lines: Vec::new(),
        left_out: 0,
    }
}

/// What happened to a file, and when it runs.
fn happened(what: &str, zone: Zone) -> String {
    match zone {
        Zone::Never => format!("{what}; nothing that runs reaches it"),
        Zone::Called
        | Zone::Command
        | Zone::Folder
        | Zone::Import
        | Zone::Start
        | Zone::Install => format!("{what}; it runs {}", zone.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_inspect::{Content, Kind, inspect_tree};

    const MANIFEST: (&str, &str) = ("package.json", r#"{"main": "index.js"}"#);

    fn tree(files: &[(&str, &str)]) -> Tree {
        let entry = |(path, text): &(&str, &str)| Entry {
            path: format!("package/{path}"),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        };
        Tree {
            entries: files.iter().map(entry).collect(),
            ..Tree::default()
        }
    }

    fn between(before: &Tree, after: &Tree, places: &[&Place]) -> Vec<Changed> {
        let (was, is) = (inspect_tree(before), inspect_tree(after));
        changed(before, &was, after, &is, places)
    }

    #[test]
    fn a_manifest_comes_first_and_every_changed_file_is_named_however_many_lines_changed() {
        let long: String = (0..2000).map(|n| format!("f({n});\n")).collect();
        let names: Vec<String> = (0..20).map(|n| format!("a{n}.js")).collect();
        let main: String = names
            .iter()
            .map(|n| format!("require('./{n}');\n"))
            .collect();
        let mut files = vec![("index.js", main.as_str())];
        files.push(MANIFEST);
        files.extend(names.iter().map(|name| (name.as_str(), long.as_str())));
        let found = between(&tree(&[]), &tree(&files), &[]);
        assert_eq!(found[0].path, "package.json");
        assert_eq!(found[0].what, "new; nothing that runs reaches it");
        assert_eq!(found.len(), files.len());
        let last = found.iter().find(|file| file.path == "a9.js").unwrap();
        assert_eq!((last.added, last.lines.len()), (2000, 0));
        assert_eq!(last.left_out, 2000);
    }

    #[test]
    fn lines_around_a_place_are_shown_where_no_room_is_left() {
        let pad: String = (0..2000).map(|n| format!("f({n});\n")).collect();
        let names: Vec<String> = (0..20).map(|n| format!("a{n}.js")).collect();
        let main: String = names
            .iter()
            .map(|n| format!("require('./{n}');\n"))
            .collect();
        let last = format!("{pad}evil();\n{pad}");
        let mut files = vec![MANIFEST, ("index.js", main.as_str())];
        files.extend(names.iter().map(|name| (name.as_str(), pad.as_str())));
        files.retain(|(name, _)| *name != "a9.js");
        files.push(("a9.js", &last));
        let place = Place {
            file: "package/a9.js".to_owned(),
            line: 2001,
            column: 1,
            bytes: (0, 0),
        };
        let found = between(&tree(&[]), &tree(&files), &[&place]);
        let found = found.iter().find(|file| file.path == "a9.js").unwrap();
        assert!(found.lines.iter().any(|line| line == "+ evil();"));
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let before = tree(&[
            MANIFEST,
            ("index.js", "require('./a.js')"),
            ("a.js", "f();\ng();\n"),
        ]);
        let found = between(&before, &tree(&[MANIFEST, ("index.js", "1")]), &[]);
        let gone = found.iter().find(|file| file.path == "a.js").unwrap();
        assert!(gone.what.starts_with("removed;"), "{}", gone.what);
        assert_eq!(gone.removed, 2);
    }

    #[test]
    fn a_folder_with_the_name_of_the_top_one_hides_nothing() {
        let files = [("index.js", "require('./package/a.js')"), ("a.js", "1")];
        let before = tree(&[MANIFEST, files[0], files[1], ("package/a.js", "f();")]);
        let after = tree(&[MANIFEST, files[0], files[1], ("package/a.js", "evil();")]);
        let found = between(&before, &after, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].lines, ["- f();", "+ evil();"]);
    }
}
