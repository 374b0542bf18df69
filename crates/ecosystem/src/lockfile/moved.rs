//! One release of a TOML lockfile (`Cargo.lock`, `uv.lock`, `poetry.lock`, `pylock.toml`) is
//! replaced by another version of the same package, and every other byte stays: what the client
//! itself would write, where nothing else has to move.
//!
//! It is for whoever knows that the other version asks for nothing that the lockfile does not
//! have already; [`moved`] cannot know that. What comes out is read again, and given back only
//! where it says what it should and nothing else changed.

mod blocks;
mod entry;
mod files;

use super::tree::toml;
use super::{Graph, Kind, Locked, Package, Way};
use crate::pypi::normal_name;
use crate::{cargo, pypi};
use blocks::{Blocks, Changes};
use customs_model::{Digest, ReleaseId, Timestamp, Version, printable};
use entry::{of_cargo, of_poetry, of_pylock, of_uv, quoted};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The release that comes.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// Its version.
    pub version: &'a Version,
    /// Its files as the registry promises them; of a crate the one that it has.
    pub files: &'a [IncomingFile],
    /// The versions of Python that it is for, in the index's words. Of Python only.
    pub requires_python: Option<&'a str>,
    /// Names of packages that the old version asks for and this one does not.
    pub without: &'a [String],
}

/// One file of the release that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFile {
    /// Its name, without a path.
    pub name: String,
    /// Where it is fetched from.
    pub url: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
}

/// The lockfile with another version of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// All of it.
    pub text: String,
    /// What nobody asks for any more and went with it, as `name@version`.
    pub gone: Vec<String>,
}

/// Replaces a release of a lockfile by another version of its package.
///
/// # Errors
/// Why the client itself has to do it. One clause, safe to print.
pub fn moved(
    kind: Kind,
    text: &str,
    release: &ReleaseId,
    to: &Incoming<'_>,
) -> Result<Moved, String> {
    let form = Form::of(kind).ok_or("its lockfile is not one that is edited in place")?;
    let before = Graph::read(kind, text.as_bytes()).map_err(|why| why.to_string())?;
    let root = toml::parse(text).map_err(|_| "it is not TOML")?;
    let blocks = Blocks::of(form, text, &root)?;
    let at = blocks.find(release)?;
    blocks.stays_in_order(form, at, to.version)?;
    let mut changes = Changes::default();
    let block = blocks.get(at)?;
    changes.value(block.node, "version", &quoted(to.version.as_str())?)?;
    match form {
        Form::Cargo => of_cargo(text, &blocks, block, release, to, &mut changes)?,
        Form::Uv => of_uv(text, block, to, &mut changes)?,
        Form::Poetry => of_poetry(text, block, to, &mut changes)?,
        Form::Pylock => of_pylock(text, block, to, &mut changes)?,
    }
    let gone = orphans(form, &before, release, to.without)?;
    let mut entries = Vec::with_capacity(gone.len());
    for number in &gone {
        let package = before.packages.get(*number).ok_or("it changed")?;
        entries.push(blocks.at_line(text, package.line)?.span.clone());
        // cargo names a version only where a name has several: who asks for the one that stays
        // would be written in another way.
        let of_name = |other: &&Package| form.is_same_name(&other.name, &package.name);
        let stay = before.packages.iter().enumerate();
        let stay = stay.filter(|(at, other)| of_name(other) && !gone.contains(at));
        if form == Form::Cargo && stay.count() == 1 {
            let name = printable(&package.name, 80);
            return Err(format!("one version of {name} goes and one stays"));
        }
    }
    changes.cut_entries(text, entries);
    let after = changes.made(text)?;
    check(kind, &before, &after, release, to, gone.len())?;
    let name = |number: &usize| {
        let package = before.packages.get(*number)?;
        Some(format!("{}@{}", package.name, package.version))
    };
    Ok(Moved {
        text: after,
        gone: gone.iter().filter_map(name).collect(),
    })
}

/// The formats, by what an entry looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Cargo,
    Uv,
    Poetry,
    Pylock,
}

impl Form {
    const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::CargoLock => Some(Self::Cargo),
            Kind::UvLock => Some(Self::Uv),
            Kind::PoetryLock => Some(Self::Poetry),
            Kind::PylockToml => Some(Self::Pylock),
            Kind::PackageLock
            | Kind::PnpmLock
            | Kind::YarnClassic
            | Kind::YarnBerry
            | Kind::BunLock
            | Kind::RequirementsTxt => None,
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Cargo | Self::Uv | Self::Poetry => "package",
            Self::Pylock => "packages",
        }
    }

    fn is_same_name(self, a: &str, b: &str) -> bool {
        match self {
            Self::Cargo => a == b,
            Self::Uv | Self::Poetry | Self::Pylock => normal_name(a) == normal_name(b),
        }
    }

    fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Cargo => cargo::compare(a, b),
            Self::Uv | Self::Poetry | Self::Pylock => pypi::compare(a, b),
        }
    }
}

/// The packages that somebody asked for before, and nobody asks for any more.
fn orphans(
    form: Form,
    graph: &Graph,
    release: &ReleaseId,
    without: &[String],
) -> Result<Vec<usize>, String> {
    if without.is_empty() {
        return Ok(Vec::new());
    }
    if !graph.roots_known {
        return Err("the lockfile does not say what the project itself asks for".to_owned());
    }
    let was = graph.ways();
    let mut after = graph.clone();
    for package in &mut after.packages {
        let of = package
            .entry
            .and_then(|entry| graph.lockfile.entries.get(entry));
        if of.is_some_and(|of| of.release == *release) {
            let goes = |name: &str| without.iter().any(|gone| form.is_same_name(gone, name));
            package.asks.retain(|ask| !goes(&ask.name));
        }
    }
    let now = after.ways();
    let both = was.iter().zip(&now).enumerate();
    Ok(both
        .filter(|(_, (was, now))| **was != Way::Nobody && **now == Way::Nobody)
        .map(|(number, _)| number)
        .collect())
}

/// What was made says the other version with its digests, and of everything else the same.
fn check(
    kind: Kind,
    before: &Graph,
    after: &str,
    release: &ReleaseId,
    to: &Incoming<'_>,
    gone: usize,
) -> Result<(), String> {
    let wrong = || "its entry is not written as its tool writes it".to_owned();
    let after = Graph::read(kind, after.as_bytes()).map_err(|_| wrong())?;
    let is_other = |entry: &&Locked| entry.release.package == release.package;
    let plain = |entry: &Locked| {
        let digests: BTreeSet<String> = entry.digests.iter().map(ToString::to_string).collect();
        (entry.release.to_string(), entry.resolved.clone(), digests)
    };
    let old: BTreeSet<_> = before.lockfile.entries.iter().map(plain).collect();
    let new: BTreeSet<_> = after.lockfile.entries.iter().map(plain).collect();
    let came: Vec<_> = new.difference(&old).collect();
    let went: Vec<_> = old.difference(&new).collect();
    let promised: BTreeSet<String> = to
        .files
        .iter()
        .map(|file| file.digest.to_string())
        .collect();
    let wanted = ReleaseId::new(release.package.clone(), to.version.clone()).to_string();
    let is_right = match came.as_slice() {
        [(name, _, digests)] => {
            *name == wanted && !digests.is_empty() && digests.is_subset(&promised)
        }
        _ => false,
    };
    let goes = went.iter().any(|(name, _, _)| *name == release.to_string());
    let is_there = after
        .lockfile
        .entries
        .iter()
        .filter(is_other)
        .any(|entry| entry.release == *release);
    match is_right && goes && !is_there && went.len() == gone + 1 {
        true => Ok(()),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
