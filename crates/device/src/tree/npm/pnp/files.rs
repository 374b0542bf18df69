//! The files that Yarn writes beside the lockfile for Plug'n'Play. They are code, and run first in
//! each program of the project; tools that bundle read the map in them as well.

use super::Hashed;
use super::known::{self, Whose};
use super::map::{self, Judged, Settings};
use super::version::Yarn;
use crate::tree::disk::{self, There};
use crate::tree::npm::Tree;
use crate::tree::npm::layout::MANIFEST;
use crate::tree::{Cause, Comparer, Difference, DifferenceKind, Standing, TreeReport};
use customs_ecosystem::npm::pnp::{self, PnpError, limit};
use customs_model::{Digest, printable};
use serde_json::Value;
use std::collections::BTreeSet;

const SCRIPT: &str = ".pnp.cjs";
const LOADER: &str = ".pnp.loader.mjs";
const DATA: &str = ".pnp.data.json";
/// That of Yarn 2, which tools still read.
const OLD: &str = ".pnp.js";

/// Looks at each of them. `hashed` are the zips that were.
pub(in crate::tree::npm) fn files(tree: &Tree<'_>, hashed: &Hashed, report: &mut TreeReport) {
    let mut project: Option<Project> = None;
    for name in [SCRIPT, LOADER, DATA, OLD] {
        let there = There::look(&tree.project.join(name));
        if there == There::Nothing {
            continue;
        }
        let mut difference = Comparer::new(tree.project).extra(name, name, there);
        // A link or a folder is nothing that Yarn writes there.
        if there.is_file() && difference.kind == DifferenceKind::Extra {
            difference.standing = Standing::MadeHere {
                maker: "Yarn: its loader of modules, code that each program here runs first".into(),
                pinned: None,
            };
            let project = project.get_or_insert_with(|| Project::of(tree));
            let told = project.judge(tree, hashed, name, &mut difference);
            report.not_checked.extend(told);
        }
        report.loose.push(difference);
    }
}

/// What the project's own files say.
struct Project {
    settings: Settings,
    /// The version of Yarn that writes these files, by what the project says.
    yarn: Option<Yarn>,
}

impl Project {
    fn of(tree: &Tree<'_>) -> Self {
        let read = |name: &str| {
            // What cannot be read says nothing, and then nothing is excused by it.
            let read = disk::read_up_to(&tree.project.join(name), MANIFEST);
            read.ok().flatten()
        };
        let manifest: Value = read("package.json")
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let resolutions = manifest["resolutions"].as_object();
        let resolved: BTreeSet<String> = resolutions
            .into_iter()
            .flatten()
            .map(|(selector, _)| selected(selector).to_owned())
            .collect();
        let settings = read(".yarnrc.yml").unwrap_or_default();
        let settings = String::from_utf8_lossy(&settings).into_owned();
        let mut lines = settings.lines();
        let ignores = lines.any(|line| line.starts_with("pnpIgnorePatterns:"));
        let mut lines = settings.lines();
        let path = lines.find_map(|line| line.strip_prefix("yarnPath:"));
        let tools = read(".tool-versions").unwrap_or_default();
        let yarn = Yarn::named(tree.project, path, &manifest, &tools);
        Self {
            settings: Settings { resolved, ignores },
            yarn,
        }
    }

    /// Judges one file by what it says. What it gives is to be told.
    fn judge(
        &self,
        tree: &Tree<'_>,
        hashed: &Hashed,
        name: &str,
        difference: &mut Difference,
    ) -> Vec<String> {
        let path = tree.project.join(name);
        let bytes = match disk::read_up_to(&path, limit::BYTES as u64) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                return vec![format!(
                    "{name} is too long to be compared with the lockfile"
                )];
            }
            Err(why) => return vec![format!("{name} cannot be read: {why}")],
        };
        // Read again: it may have changed since it was hashed.
        let digest = Digest::sha256(&bytes);
        if difference.found.as_ref() != Some(&digest) {
            return vec![format!("{name} changed while it was looked at")];
        }
        if name == LOADER {
            match (known::loader(&digest), self.measured()) {
                (Some(version), _) => explain(difference, "loader of modules", version),
                (None, Some(yarn)) => {
                    difference.standing = Standing::Unexplained;
                    difference.why.push(not_of("it", yarn));
                }
                (None, None) => {}
            }
            return Vec::new();
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return vec![format!("{name} is no text, so nothing of it was compared")];
        };
        let read = match name {
            SCRIPT => self.script(tree, hashed, &text, difference),
            DATA => pnp::read_map(&text).map(|map| self.map(tree, hashed, &map, difference, None)),
            // Yarn 2 wrote the map as code.
            _ => Ok(Vec::new()),
        };
        let told = read.unwrap_or_else(|why| vec![format!("it was not compared: {why}")]);
        told.into_iter()
            .map(|told| format!("{name}: {told}"))
            .collect()
    }

    /// `.pnp.cjs`: the program, and the map where it holds one.
    fn script(
        &self,
        tree: &Tree<'_>,
        hashed: &Hashed,
        text: &str,
        difference: &mut Difference,
    ) -> Result<Vec<String>, PnpError> {
        let file = pnp::read(text)?;
        let whose = known::program(file.program);
        let version = match whose {
            Whose::Known(version) => Some(version),
            Whose::Unknown | Whose::StartedBy => None,
        };
        let told = match &file.map {
            Some(map) => self.map(tree, hashed, map, difference, version),
            // The map is a file of its own, which is judged by itself.
            None => {
                if let Some(version) = version {
                    explain(difference, "program for its map", version);
                }
                Vec::new()
            }
        };
        if let (Whose::Unknown, Some(yarn)) = (whose, self.measured()) {
            difference.standing = Standing::Unexplained;
            difference.why.push(not_of("its program", yarn));
        }
        Ok(told)
    }

    /// A map. `version` is that of the program around it, where it is known; data need none.
    fn map(
        &self,
        tree: &Tree<'_>,
        hashed: &Hashed,
        map: &pnp::PnpMap,
        difference: &mut Difference,
        version: Option<&str>,
    ) -> Vec<String> {
        let Some(graph) = tree.graph else {
            return vec!["the lockfile was not read with it".to_owned()];
        };
        let Judged { wrong, open } = map::judge(tree, graph, map, &self.settings, hashed);
        let is_data = difference.path == DATA;
        if !wrong.is_empty() {
            difference.standing = Standing::Unexplained;
            difference.why.extend(wrong);
        } else if open.is_empty() {
            match version {
                Some(version) => explain(difference, "map of packages, and its program", version),
                None if is_data => {
                    difference.standing = Standing::Explained(Cause::Installer {
                        what: "Yarn's map of packages; it says what the lockfile says".into(),
                    });
                }
                None => {}
            }
        }
        open
    }

    /// The version that the project names, if its programs were measured.
    fn measured(&self) -> Option<&Yarn> {
        let yarn = self.yarn.as_ref();
        yarn.filter(|yarn| known::is_measured(&yarn.version))
    }
}

fn explain(difference: &mut Difference, what: &str, version: &str) {
    difference.standing = Standing::Explained(Cause::Installer {
        what: format!("Yarn's {what}, as Yarn {version} writes it"),
    });
}

fn not_of(what: &str, yarn: &Yarn) -> String {
    format!(
        "{what} is not that of Yarn {}, which {} names, nor that of another version that was measured: let that \
         version write it again",
        printable(&yarn.version, 40),
        yarn.named_by
    )
}

/// The name that a selector of `resolutions` is about: `a/b`, `a@npm:1.0.0/@s/b@^2`.
fn selected(selector: &str) -> &str {
    let parts: Vec<(usize, &str)> = {
        let mut at = 0;
        let mut parts = Vec::new();
        for part in selector.split('/') {
            parts.push((at, part));
            at += part.len() + 1;
        }
        parts
    };
    let Some(&(last, _)) = parts.last() else {
        return selector;
    };
    let start = match parts.len().checked_sub(2).and_then(|at| parts.get(at)) {
        Some(&(scope, part)) if part.starts_with('@') => scope,
        Some(_) | None => last,
    };
    let name = selector.get(start..).unwrap_or(selector);
    let version = name.get(1..).and_then(|rest| rest.find('@'));
    version.map_or(name, |at| &name[..at + 1])
}

#[cfg(test)]
mod tests {
    use super::selected;

    #[test]
    fn resolutions_are_about_their_last_name() {
        for (selector, name) in [
            ("a", "a"),
            ("@s/a", "@s/a"),
            ("a/b", "b"),
            ("a/@s/b", "@s/b"),
            ("@s/a/b", "b"),
            ("a@npm:1.0.0/b@npm:^2", "b"),
            ("@s/a@npm:1.0.0", "@s/a"),
        ] {
            assert_eq!(selected(selector), name, "{selector}");
        }
    }
}
