//! Runners of tests: which files of the package they run where nobody names one.

use super::Text;
use crate::flow::Analysis;
use crate::flow::command::At;
use crate::package::{folder, join};
use crate::pure::FileId;
use customs_model::Zone;

/// Files of tests that are entered.
const MOST: usize = 64;

impl Analysis<'_> {
    /// `node --test`, `jest`, `pytest`: the files that are called as tests are, or those that
    /// are named.
    pub(super) fn tests_own(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let is_python = base.starts_with("python") || base == "py";
        let is_test: fn(&str) -> bool = match (base, texts.as_slice()) {
            ("node" | "nodejs" | "tsx", all) if all.contains(&"--test") => is_of_node,
            ("bun" | "deno", ["test", ..]) | ("jest" | "vitest" | "lab" | "tap" | "uvu", _) => {
                is_of_jest
            }
            ("mocha" | "ava" | "jasmine", _) => is_of_node,
            ("pytest" | "py.test" | "nosetests" | "nose2", _) => is_of_python,
            (_, ["-m", "pytest" | "unittest" | "nose2", ..]) if is_python => is_of_python,
            _ => return,
        };
        if at.zone == Zone::Never || !self.runs_in_package(at) {
            return;
        }
        let named: Vec<String> = texts
            .iter()
            .filter(|text| !text.starts_with('-'))
            .flat_map(|text| self.named_tests(text, at))
            .collect();
        let inside = join(&at.folder, "");
        let inside = if at.folder.is_empty() { "" } else { &inside };
        let mut found: Vec<FileId> = self
            .scanned()
            .filter(|id| self.package.language(*id).is_some())
            .filter(|id| {
                let path = &self.package.file(*id).path;
                let Some(path) = path.strip_prefix(inside) else {
                    return false;
                };
                let is_below = |folder: &String| {
                    path == folder
                        || path
                            .strip_prefix(folder.as_str())
                            .is_some_and(|rest| rest.starts_with('/'))
                };
                let is_own = !path.contains("node_modules/") && !path.contains("!/");
                is_own && is_test(path) && (named.is_empty() || named.iter().any(is_below))
            })
            .collect();
        if found.len() > MOST {
            found.truncate(MOST);
            self.cut_short(at.zone);
        }
        reached.extend(found);
    }

    /// The files and folders that a word of a runner names.
    fn named_tests(&self, text: &str, at: &At) -> Vec<String> {
        let text = text.trim_start_matches("./").trim_end_matches('/');
        if text.contains('*') {
            return self.paths_like(text, at);
        }
        let is_there = self.own_path(text, at).is_some() || self.own_folder(text, at).is_some();
        let is_named = is_there && !text.is_empty() && text != ".";
        is_named.then(|| text.to_owned()).into_iter().collect()
    }
}

/// The name of a file without its folders and its endings.
fn stem(path: &str) -> (&str, &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    (name, name.rsplit_once('.').map_or(name, |(stem, _)| stem))
}

fn is_of_node(path: &str) -> bool {
    let (_, stem) = stem(path);
    let around = folder(path);
    around
        .split('/')
        .any(|part| matches!(part, "test" | "tests"))
        || stem == "test"
        || stem.starts_with("test-")
        || [".test", "-test", "_test", ".spec"]
            .iter()
            .any(|end| stem.ends_with(end))
}

fn is_of_jest(path: &str) -> bool {
    let (_, stem) = stem(path);
    let around = folder(path);
    around.split('/').any(|part| part == "__tests__")
        || matches!(stem, "test" | "spec")
        || [".test", ".spec", "_test", "_spec"]
            .iter()
            .any(|end| stem.ends_with(end))
}

fn is_of_python(path: &str) -> bool {
    let (name, stem) = stem(path);
    name.ends_with(".py")
        && (stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest")
}
