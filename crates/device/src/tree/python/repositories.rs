//! What uv keeps of repositories (`git-v2` of its cache): clones, and the checkouts that it builds packages from.

use super::clones::is_of_build;
use crate::tree::checkouts::{self, Kept};
use crate::tree::disk::There;
use crate::tree::{Difference, DifferenceKind, Options, Standing, TreeReport};
use customs_ecosystem::lockfile::{Locked, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names of a folder that are looked through.
const NAMES: usize = 10_000;
/// Clones that are tried with one commit: their names are digests of addresses, which nobody undoes.
const CLONES: usize = 50;

/// Checks what uv checked out of repositories for these entries: it builds from there again without a look at the
/// files. Places are relative to the cache.
pub(super) fn check(cache: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let entries: Vec<&Locked> = locked
        .iter()
        .filter(|entry| entry.source == Source::Git)
        .collect();
    let all = clones(cache);
    let mut report = TreeReport::default();
    for bucket in buckets(cache) {
        let kept = Kept {
            home: cache,
            top: &format!("{bucket}/checkouts"),
            clones: &|_| all.clone(),
            lockfile: "the lockfile",
            manager: "uv",
            tells_absent: false,
            explain: &built,
        };
        report.extend(checkouts::check(&kept, &entries, options));
    }
    report
}

/// Builds write beside the sources, and some take from there what an earlier one left.
fn built(difference: &Difference) -> Standing {
    match difference.kind == DifferenceKind::Extra && is_of_build(&difference.path) {
        true => Standing::MadeHere {
            maker: "a build from this checkout".into(),
            pinned: None,
        },
        false => Standing::Unexplained,
    }
}

/// uv's clones, sorted.
pub(super) fn clones(cache: &Path) -> Vec<PathBuf> {
    let all = buckets(cache).into_iter().flat_map(|bucket| {
        let top = cache.join(bucket).join("db");
        let names = folders(&top);
        names.into_iter().map(move |name| top.join(name))
    });
    all.take(CLONES).collect()
}

/// `git-v0` and its successors.
fn buckets(cache: &Path) -> BTreeSet<String> {
    let mut names = folders(cache);
    names.retain(|name| name.starts_with("git-v"));
    names
}

/// The folders in a folder. What cannot be read has none: that no clone is at hand is told where one is needed.
fn folders(folder: &Path) -> BTreeSet<String> {
    let entries = folder.read_dir().into_iter().flatten().take(NAMES);
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            There::look(&entry.path()).is_folder().then_some(name)
        })
        .collect()
}
