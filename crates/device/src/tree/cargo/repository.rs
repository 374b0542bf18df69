//! Vendored crates of repositories, held against the commits that Cargo.lock names.
//!
//! `cargo vendor` copies the files of the crate's folder as the commit has them, writes what links lead to in
//! their place, leaves out what the manifest excludes, and writes the manifest anew ([`super::manifest`]). The
//! commit's objects are in cargo's own clones below its home.

use super::folder::Folder;
use super::list::LIST;
use super::manifest::{Manifest, Rewritten};
use crate::tree::commit::{self, Commit, Part};
use crate::tree::disk;
use crate::tree::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing};
use customs_ecosystem::cargo::Checksum;
use customs_model::Digest;
use customs_origin::source::AttributeRules;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names that are looked through for a clone, and clones of one name that are tried.
const NAMES: usize = 10_000;
const CLONES: usize = 20;
/// Manifests of one commit that are read to find the crate's.
const MANIFESTS: usize = 2_000;
/// Bytes of a manifest.
const MANIFEST: u64 = 1 << 20;
/// The manifest of a crate.
const FILE: &str = "Cargo.toml";

/// Holds a folder against the commit. The error is why that could not be done, safe to print.
pub(super) fn against_commit(
    folder: &Folder<'_>,
    list: &Checksum,
    home: Option<&Path>,
    tree: &mut PackageTree,
) -> Result<(), String> {
    let resolved = folder.entry.resolved.as_deref().unwrap_or_default();
    let id = commit::named(resolved)
        .ok_or("it comes from a repository, and Cargo.lock does not name the commit")?;
    let clones = home.map(|home| clones(home, resolved)).unwrap_or_default();
    let mut commit = Commit::read(&clones, id).map_err(|why| {
        format!(
            "it comes from a repository, of whose commit {} nothing is at hand ({why})",
            id.short()
        )
    })?;
    let name = folder.entry.release.package.as_str();
    let (below, written) = place(&mut commit, name, folder.entry.release.version.as_str())?;
    let part = Part {
        below: &below,
        follows: true,
    };
    let left_out = LeftOut::of(&commit, &part, &written);
    let rewritten = rewritten(folder.root, &mut commit, &part, &written, &left_out)?;
    let listed = list.package.is_none();
    let explain = |difference: &Difference| {
        let what = match (difference.kind, difference.path.as_str()) {
            (DifferenceKind::Modified, FILE) if rewritten.runs.is_empty() => {
                "cargo vendor writes it anew; it builds and runs what the commit's does"
            }
            (DifferenceKind::Extra, LIST) if listed => "cargo vendor's list",
            (DifferenceKind::Missing, path) if left_out.is(path) => "cargo vendor leaves it out",
            _ => return None,
        };
        Some(Cause::Manager { what: what.into() })
    };
    let checked = commit.compare_part(&part, folder.root, folder.found, &explain)?;
    tree.files = checked.compared.files;
    tree.differences = checked.compared.differences;
    tree.open.extend(checked.open);
    tree.against = Some(Against::Commit {
        id: id.to_string(),
        from: "cargo's clone of its repository".to_owned(),
    });
    let mut differences = tree.differences.iter_mut();
    let is_rewritten =
        |one: &&mut Difference| one.path == FILE && one.kind == DifferenceKind::Modified;
    if let Some(difference) = differences.find(is_rewritten) {
        let Rewritten { runs, rest } = rewritten;
        difference.why = runs;
        if !rest.is_empty() {
            tree.open.push(format!(
                "cargo vendor wrote its {FILE} anew, and what it says of these could not be matched with the \
                 commit's: {}",
                rest.join(", ")
            ));
        }
    }
    judge_list(folder, list, tree);
    Ok(())
}

/// A list that names other bytes than lie there lies, and one that leaves a file out makes cargo blind to what is
/// done to it.
fn judge_list(folder: &Folder<'_>, list: &Checksum, tree: &mut PackageTree) {
    let mut comparer = crate::tree::Comparer::new(folder.root);
    let files = folder.found.entries.iter();
    let mut files = files.filter(|(path, there)| {
        there.kind == disk::FoundKind::File && !matches!(path.as_str(), LIST | ".cargo-ok")
    });
    let agrees = files.all(|(path, there)| {
        let listed = list.files.get(path);
        listed.is_some_and(|listed| {
            let found = comparer.digest(path, there, listed.algorithm());
            found.is_ok_and(|found: Digest| found == *listed)
        })
    });
    let is_whole = list
        .files
        .keys()
        .all(|path| folder.found.entries.contains_key(path));
    if agrees && is_whole {
        return;
    }
    for difference in &mut tree.differences {
        if difference.path == LIST {
            difference.standing = Standing::Unexplained;
        }
    }
}

/// cargo's clones of the repository of an address: `NAME-` and sixteen digits below `git/db`.
fn clones(home: &Path, resolved: &str) -> Vec<PathBuf> {
    let address = resolved.split(['#', '?']).next().unwrap_or_default();
    let last = address.trim_end_matches('/').rsplit(['/', ':']).next();
    let last = last.unwrap_or_default();
    let name = last.strip_suffix(".git").unwrap_or(last);
    let top = home.join("git/db");
    // A folder that cannot be read has no clone; that none is at hand is told.
    let Ok(entries) = top.read_dir() else {
        return Vec::new();
    };
    let names = entries.take(NAMES).filter_map(|entry| {
        let found = entry.ok()?.file_name().into_string().ok()?;
        let (of, digits) = found.rsplit_once('-')?;
        let is_its = of.eq_ignore_ascii_case(name) && digits.len() == 16;
        is_its.then_some(found)
    });
    let names: BTreeSet<String> = names.collect();
    names
        .into_iter()
        .take(CLONES)
        .map(|name| top.join(name))
        .collect()
}

/// The folder of a crate in a commit, and its manifest.
fn place(commit: &mut Commit, name: &str, version: &str) -> Result<(String, Manifest), String> {
    let manifests: Vec<String> = commit
        .tree()
        .iter()
        .filter(|(path, _)| path.rsplit('/').next() == Some(FILE))
        .map(|(path, _)| path.to_owned())
        .take(MANIFESTS + 1)
        .collect();
    if manifests.len() > MANIFESTS {
        return Err(format!(
            "it comes from a repository with more than {MANIFESTS} manifests, which are not read"
        ));
    }
    let mut found = Vec::new();
    for path in manifests {
        let bytes = commit.bytes(&path)?.unwrap_or_default();
        // One that is no manifest is no crate's; repositories hold broken ones for tests.
        let Some(manifest) = Manifest::read(&bytes) else {
            continue;
        };
        if manifest.name() == Some(name) {
            let below = path.strip_suffix(FILE).unwrap_or_default();
            found.push((below.trim_end_matches('/').to_owned(), manifest));
        }
    }
    // Repositories hold crates of the same name for tests.
    if found.len() > 1 {
        found.retain(|(_, manifest)| manifest.version().is_none_or(|own| own == version));
    }
    let many = found.len();
    match (found.pop(), many) {
        (Some(one), 1) => Ok(one),
        (None, _) => Err("no manifest of its commit has its name".to_owned()),
        // cargo itself takes any of them.
        (Some(_), _) => Err(format!("{many} manifests of its commit have its name")),
    }
}

/// How the manifest that lies here fits that of the commit.
fn rewritten(
    root: &Path,
    commit: &mut Commit,
    part: &Part<'_>,
    written: &Manifest,
    left_out: &LeftOut,
) -> Result<Rewritten, String> {
    // One that cannot be read differs, and the comparison says so.
    let bytes = disk::read_up_to(&root.join(FILE), MANIFEST).ok().flatten();
    let Some(here) = bytes.as_deref().and_then(Manifest::read) else {
        return Ok(Rewritten {
            runs: vec![format!("its {FILE} is none that can be read")],
            rest: Vec::new(),
        });
    };
    let workspace = workspace(commit, part.below, written)?;
    let tree = commit.tree();
    let has = |path: &str| tree.get(&part.whole(path)).is_some() && !left_out.is(path);
    Ok(here.fits(written, workspace.as_ref(), &has))
}

/// The workspace that a crate inherits from: the nearest manifest above with one.
fn workspace(
    commit: &mut Commit,
    below: &str,
    written: &Manifest,
) -> Result<Option<Manifest>, String> {
    if let Some(named) = written.workspace() {
        let Some(folder) = climbed(below, named) else {
            return Ok(None);
        };
        return read_at(commit, &folder);
    }
    let mut folder = below;
    loop {
        if let Some(manifest) = read_at(commit, folder)?
            && manifest.is_workspace()
        {
            return Ok(Some(manifest));
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// A folder as a manifest names it, seen from its own.
fn climbed(from: &str, named: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn read_at(commit: &mut Commit, folder: &str) -> Result<Option<Manifest>, String> {
    let path = match folder {
        "" => FILE.to_owned(),
        folder => format!("{folder}/{FILE}"),
    };
    let bytes = commit.bytes(&path)?;
    Ok(bytes.as_deref().and_then(Manifest::read))
}

/// What cargo vendor does not copy.
struct LeftOut {
    /// Folders of other crates, below this one.
    crates: Vec<String>,
    exclude: Option<AttributeRules>,
    include: Option<AttributeRules>,
}

impl LeftOut {
    fn of(commit: &Commit, part: &Part<'_>, written: &Manifest) -> Self {
        let paths = commit.tree().iter();
        let nested = paths.filter_map(|(path, _)| {
            let inside = part.inside(path)?.strip_suffix(FILE)?;
            inside.ends_with('/').then(|| inside.to_owned())
        });
        Self {
            crates: nested.collect(),
            exclude: written.patterns("exclude").and_then(rules),
            include: written.patterns("include").and_then(rules),
        }
    }

    fn is(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        if matches!(
            name,
            ".gitignore" | ".gitattributes" | ".gitmodules" | ".cargo-ok"
        ) {
            return true;
        }
        if self.crates.iter().any(|nested| path.starts_with(nested)) {
            return true;
        }
        match (&self.include, &self.exclude) {
            // Where both are given `include` counts.
            (Some(include), _) => !matches(include, path),
            (None, Some(exclude)) => matches(exclude, path),
            (None, None) => false,
        }
    }
}

/// Patterns of `include` and `exclude`, which are those of `.gitignore`. None where one of them takes another
/// one back, or is not read here: then nothing is explained by them.
fn rules(patterns: Vec<String>) -> Option<AttributeRules> {
    let mut text = String::new();
    for pattern in &patterns {
        let is_read = !pattern.is_empty()
            && !pattern.starts_with(['!', '#', '['])
            && !pattern.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\'));
        if !is_read {
            return None;
        }
        text.push_str(pattern.trim_end_matches('/'));
        text.push_str(" export-ignore\n");
    }
    let rules = AttributeRules::read([(".gitattributes", text.as_bytes())]);
    Some(rules)
}

/// Whether a pattern names a path, or a folder above it.
fn matches(rules: &AttributeRules, path: &str) -> bool {
    let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    above.chain([path]).any(|path| rules.of(path).export_ignore)
}
