//! Bytes that changed although the version did not.

use super::{FileChange, OtherArtifact, OtherFile, OtherFiles, Pair};
use crate::question::many;
use crate::record::{Included, IncludedFile, Record};
use customs_model::{Digest, DigestAlgorithm};
use std::collections::{BTreeMap, BTreeSet};

/// Another artifact. Only digests of kinds that both records have say something: a record that
/// adds a stronger one names the same artifact.
pub(super) fn artifact(pair: &Pair<'_>) -> Option<OtherArtifact> {
    let (before, now) = (digests(pair.before), digests(pair.now));
    let kinds = |all: &BTreeSet<&Digest>| -> BTreeSet<DigestAlgorithm> {
        all.iter().map(|digest| digest.algorithm()).collect()
    };
    let (had, has) = (kinds(&before), kinds(&now));
    let only = |these: &BTreeSet<&Digest>, others: &BTreeSet<&Digest>, kinds: &BTreeSet<_>| {
        let only = these.difference(others);
        let only = only.filter(|digest| kinds.contains(&digest.algorithm()));
        only.map(|digest| (*digest).clone()).collect::<Vec<_>>()
    };
    let new = only(&now, &before, &had);
    (!new.is_empty()).then(|| OtherArtifact {
        release: pair.release.clone(),
        before: only(&before, &now, &has),
        now: new,
        has_common: before.intersection(&now).next().is_some(),
    })
}

fn digests<'a>(packages: &[&'a Included]) -> BTreeSet<&'a Digest> {
    packages
        .iter()
        .flat_map(|package| &package.artifact)
        .collect()
}

/// Other files. Where only one record lists files there is nothing to compare with, which is
/// said once.
pub(super) fn files(both: &[Pair<'_>], not_compared: &mut Vec<String>) -> Vec<OtherFiles> {
    let mut all = Vec::new();
    let mut unlisted = 0;
    for pair in both {
        let (before, now) = (by_path(pair.before), by_path(pair.now));
        if before.is_empty() != now.is_empty() {
            unlisted += 1;
            continue;
        }
        let files = changes(&before, &now);
        if !files.is_empty() {
            all.push(OtherFiles {
                release: pair.release.clone(),
                files,
            });
        }
    }
    if unlisted > 0 {
        let packages = many(unlisted, "package");
        not_compared.push(format!(
            "the files of {packages}: only one of the records lists them"
        ));
    }
    all
}

/// Other files that belong to no package.
pub(super) fn loose(old: &Record, new: &Record) -> Vec<OtherFile> {
    let copies = |record| by_path_of(std::iter::once(record));
    changes(&copies(&old.loose), &copies(&new.loose))
}

/// Every copy of each path.
type Copies<'a> = BTreeMap<&'a str, Vec<&'a IncludedFile>>;

fn by_path<'a>(packages: &[&'a Included]) -> Copies<'a> {
    by_path_of(packages.iter().map(|package| &package.files))
}

fn by_path_of<'a>(lists: impl Iterator<Item = &'a Vec<IncludedFile>>) -> Copies<'a> {
    let mut all: Copies<'a> = BTreeMap::new();
    for file in lists.flatten() {
        all.entry(&file.path).or_default().push(file);
    }
    all
}

fn changes(before: &Copies<'_>, now: &Copies<'_>) -> Vec<OtherFile> {
    let paths: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
    let none = Vec::new();
    let mut all = Vec::new();
    for path in paths {
        let copies = now.get(path).unwrap_or(&none);
        let had = hashes(before.get(path).unwrap_or(&none));
        let has = hashes(copies);
        let change = match (had.is_empty(), has.is_empty()) {
            (true, _) => FileChange::New,
            (false, true) => FileChange::Gone,
            // Fewer different copies are nothing new.
            (false, false) if has.is_subset(&had) => continue,
            (false, false) => FileChange::Changed,
        };
        let is_new = |file: &&&IncludedFile| !had.contains(&file.sha256);
        let standing = copies.iter().find(is_new).map_or("", |file| &file.standing);
        all.push(OtherFile {
            path: path.to_owned(),
            change,
            standing: standing.to_owned(),
            before: had.into_iter().cloned().collect(),
            now: has.into_iter().cloned().collect(),
        });
    }
    all
}

fn hashes<'a>(files: &[&'a IncludedFile]) -> BTreeSet<&'a Digest> {
    files.iter().map(|file| &file.sha256).collect()
}
