//! Core metadata and entry points against what the commit's build files say.
//!
//! Back ends write metadata from sources that cannot be run here (`setup.py`, plugins). So it is
//! asked only whether each name stands anywhere in the commit's build files: a dependency or a
//! command that no such file names was put in later.

use super::build::contains_word;
use super::manifest::{FieldDifference, FieldKind, bounded, limit};
use super::path;
use super::tree::{Blobs, SourceTree};
use customs_ecosystem::pypi::normal_name as normal;

/// Whether the back end writes this file.
pub fn is_metadata(file: &str) -> bool {
    let is_folder = |part: &str| part.ends_with(".dist-info") || part.ends_with(".egg-info");
    file == "PKG-INFO" || path::folder(file).split('/').any(is_folder)
}

/// Whether a file of a tree may say what is asked for or what commands there are.
pub fn is_build_file(name: &str) -> bool {
    matches!(
        name,
        "pyproject.toml" | "setup.py" | "setup.cfg" | "Pipfile" | "Cargo.toml" | "meson.build"
    ) || ((name.contains("requirements") || name.contains("constraints"))
        && (name.ends_with(".txt") || name.ends_with(".in")))
}

/// The text of the commit's build files, in the form in which names are compared.
pub struct BuildFiles {
    text: String,
    /// Some did not fit.
    pub cut: bool,
}

impl BuildFiles {
    /// None where the commit has none, or none was read.
    pub fn read(tree: &SourceTree, blobs: &Blobs) -> Option<Self> {
        let mut all = Self {
            text: String::new(),
            cut: false,
        };
        for (at, entry) in tree.iter() {
            if !is_build_file(path::name(at)) {
                continue;
            }
            match blobs.get(&entry.id) {
                Some(bytes) if all.text.len() + bytes.len() <= limit::BUILD_FILES => {
                    all.text.push_str(&normal(&String::from_utf8_lossy(bytes)));
                    all.text.push('\n');
                }
                Some(_) | None => all.cut = true,
            }
        }
        (!all.text.is_empty()).then_some(all)
    }

    fn name(&self, name: &str) -> bool {
        contains_word(&self.text, &normal(name))
    }
}

/// Dependencies of core metadata (`METADATA`, `PKG-INFO`) that no build file names.
pub fn dependencies(metadata: &str, files: &BuildFiles) -> Vec<FieldDifference> {
    let headers = metadata
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.strip_prefix("Requires-Dist:"))
        .take(limit::LINES);
    let found = headers
        .map(str::trim)
        .filter(|requirement| !files.name(name_of(requirement)))
        .map(|requirement| {
            FieldDifference::new(
                &format!("Requires-Dist {}", name_of(requirement)),
                FieldKind::Dependency,
                None,
                Some(requirement.to_owned()),
            )
        })
        .collect();
    bounded(found)
}

/// Commands and plugins of `entry_points.txt` that no build file names.
pub fn entry_points(text: &str, files: &BuildFiles) -> Vec<FieldDifference> {
    let entries = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .take(limit::LINES);
    let found = entries
        .map(|(name, target)| (name.trim(), target.trim()))
        .filter(|(name, target)| {
            let module = target.split([':', '[', ' ']).next().unwrap_or_default();
            !(files.name(name) && files.name(module))
        })
        .map(|(name, target)| {
            FieldDifference::new(
                &format!("entry point {name}"),
                FieldKind::EntryPoint,
                None,
                Some(target.to_owned()),
            )
        })
        .collect();
    bounded(found)
}

fn name_of(requirement: &str) -> &str {
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    requirement.get(..end).unwrap_or(requirement)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tree;
    use super::*;

    #[test]
    fn a_dependency_that_no_build_file_names_is_said() {
        let (tree, blobs) = tree(&[(
            "pyproject.toml",
            "dependencies = [\"typing_extensions>=4\"]\n[project.scripts]\na = \"pkg.cli:main\"",
        )]);
        let files = BuildFiles::read(&tree, &blobs).unwrap();
        let metadata = "Name: a\nRequires-Dist: typing-extensions>=4\nRequires-Dist: evil-ext ; extra == 'x'\n\nRequires-Dist: in-the-text";
        let found = dependencies(metadata, &files);
        assert_eq!(found.len(), 1);
        insta::assert_snapshot!(found[0].sentence("METADATA"), @"Requires-Dist evil-ext (evil-ext ; extra == 'x') stands in METADATA of the artifact only; the commit does not have it.");
        let commands = entry_points(
            "[console_scripts]\na = pkg.cli:main\nb = pkg.other:run\n",
            &files,
        );
        assert_eq!(commands.len(), 1);
        assert!(commands[0].field.ends_with(" b"));
    }

    #[test]
    fn what_a_back_end_writes_is_known_by_its_place() {
        for file in [
            "PKG-INFO",
            "a-1.dist-info/METADATA",
            "src/a.egg-info/SOURCES.txt",
        ] {
            assert!(is_metadata(file), "{file}");
        }
        assert!(!is_metadata("a/PKG-INFO"));
    }
}
