//! What cargo checked out of repositories (`git/checkouts`), held against the commits that Cargo.lock names.
//!
//! cargo looks at the files of a checkout never again once its `.cargo-ok` is there. The commit's id stands in
//! Cargo.lock, and the clone below `git/db` has its objects, so nothing has to be fetched to compare them.

use super::file_stem;
use crate::tree::commit::{self, Checked, Commit};
use crate::tree::disk::{self, There};
use crate::tree::{
    Against, Cause, Difference, DifferenceKind, Options, PackageTree, TreeReport, each,
};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Digest, printable};
use customs_origin::source::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bounds on what is looked through to find a checkout.
mod limit {
    /// Repositories, and checkouts of one repository.
    pub const NAMES: usize = 10_000;
    /// The shortest name of a checkout that is taken for a commit's. cargo takes as many digits as tell
    /// the commit from all others of its repository, and at least seven.
    pub const SHORT: usize = 7;
}

/// Checks what was checked out of repositories for these entries. Paths are relative to cargo's home.
pub(super) fn check(home: &Path, entries: &[&Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    if entries.is_empty() {
        return report;
    }
    let mut of_commits: BTreeMap<ObjectId, Vec<&Locked>> = BTreeMap::new();
    for entry in entries {
        match entry.resolved.as_deref().and_then(commit::named) {
            Some(id) => of_commits.entry(id).or_default().push(entry),
            None => report.not_checked.push(format!(
                "{}: Cargo.lock does not name the commit that it is built from; let cargo write it again",
                entry.release.spoken()
            )),
        }
    }
    let checkouts = checkouts(home, of_commits.keys(), &mut report);
    let mut jobs = Vec::new();
    for (id, entries) in &of_commits {
        match checkouts.get(id) {
            Some(places) => jobs.extend(places.iter().map(|place| (*id, place, entries))),
            None => {
                let mut names: Vec<String> = entries.iter().map(|one| file_stem(one)).collect();
                names.sort();
                report.not_checked.push(format!(
                    "{}: commit {} is not checked out here",
                    printable(&names.join(", "), 200),
                    id.short()
                ));
            }
        }
    }
    let found = each(&jobs, options.threads, |(id, place, entries)| {
        let checked = compare(home, place, *id);
        told(place, *id, entries, checked)
    });
    report.packages.extend(found.into_iter().flatten());
    report
}

/// The checkouts of each commit, relative to the home, sorted.
fn checkouts<'a>(
    home: &Path,
    commits: impl Iterator<Item = &'a ObjectId> + Clone,
    report: &mut TreeReport,
) -> BTreeMap<ObjectId, Vec<String>> {
    let mut found: BTreeMap<ObjectId, Vec<String>> = BTreeMap::new();
    let top = "git/checkouts";
    for repository in names(home, top, report) {
        let place = format!("{top}/{repository}");
        for short in names(home, &place, report) {
            let is_name =
                |id: &&ObjectId| short.len() >= limit::SHORT && id.to_string().starts_with(&short);
            for id in commits.clone().filter(is_name) {
                found
                    .entry(*id)
                    .or_default()
                    .push(format!("{place}/{short}"));
            }
        }
    }
    found
}

/// What lies in a folder of the home, sorted.
fn names(home: &Path, place: &str, report: &mut TreeReport) -> BTreeSet<String> {
    let listed = home.join(place).read_dir().and_then(|entries| {
        let names = entries.take(limit::NAMES + 1);
        let names = names.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.collect::<std::io::Result<Vec<Option<String>>>>()
    });
    match listed {
        Ok(names) if names.len() > limit::NAMES => {
            let most = limit::NAMES;
            report
                .not_checked
                .push(format!("{place} holds more than {most} names"));
            BTreeSet::new()
        }
        // A name that is no text is none that cargo gave.
        Ok(names) => names.into_iter().flatten().collect(),
        Err(why) if disk::is_absent(&why) => BTreeSet::new(),
        Err(why) => {
            let shown = printable(place, 200);
            report
                .not_checked
                .push(format!("{shown} cannot be read: {why}"));
            BTreeSet::new()
        }
    }
}

/// Compares one checkout. The error is why it could not be, safe to print.
fn compare(home: &Path, place: &str, id: ObjectId) -> Result<Checked, String> {
    let root = home.join(place);
    // What a link leads to is another folder than the one that cargo made.
    if !There::look(&root).is_folder() {
        return Err("its checkout is no folder".to_owned());
    }
    let outside = BTreeSet::from([".git".to_owned()]);
    let found = disk::walk(&root, &outside)
        .map_err(|why| format!("its folder cannot be looked through: {why}"))?;
    let repository = place.split('/').nth(2).unwrap_or_default();
    let clones: [PathBuf; 2] = [home.join("git/db").join(repository), root.clone()];
    let mut commit = Commit::read(&clones, id)?;
    commit.compare(&root, &found, &is_mark)
}

/// `.cargo-ok`, empty, which cargo writes when all is checked out.
fn is_mark(difference: &Difference) -> Option<Cause> {
    let is_mark = difference.path == ".cargo-ok"
        && difference.kind == DifferenceKind::Extra
        && difference.found == Some(Digest::sha256(b""));
    is_mark.then(|| Cause::Manager {
        what: "cargo's mark that everything is checked out".into(),
    })
}

/// What is told of the crates that are built from one checkout: what differs is told with the first of them.
fn told(
    place: &str,
    id: ObjectId,
    entries: &[&Locked],
    checked: Result<Checked, String>,
) -> Vec<PackageTree> {
    let mut checked = Some(checked);
    let mut wrong = None;
    let mut out = Vec::new();
    for entry in entries {
        let mut tree = PackageTree::new(entry.release.clone(), place);
        match checked.take() {
            Some(Ok(found)) => {
                tree.against = Some(against(id));
                tree.files = found.compared.files;
                tree.differences = found.compared.differences;
                tree.open = found.open;
            }
            Some(Err(why)) => tree.open.push(format!(
                "its checkout could not be compared with the commit that Cargo.lock names: {why}"
            )),
            // The others are of the same files.
            None => match (&wrong, out.first()) {
                (None, Some(first)) => {
                    let first: &PackageTree = first;
                    tree.against.clone_from(&first.against);
                    tree.differences.clone_from(&first.differences);
                }
                (wrong, _) => tree.open.extend(wrong.clone()),
            },
        }
        tree.judge();
        if wrong.is_none() {
            wrong = match &tree.answer {
                Answer::Yes => None,
                Answer::NotChecked(why) => Some(why.clone()),
                Answer::No => Some(format!(
                    "its checkout is not the commit that Cargo.lock names, as is told with {}",
                    tree.release.spoken()
                )),
            };
        }
        out.push(tree);
    }
    out
}

fn against(id: ObjectId) -> Against {
    Against::Commit {
        id: id.to_string(),
        from: "cargo's clone of its repository".to_owned(),
    }
}
