//! What managers checked out of repositories and build from: cargo's `git/checkouts`, uv's `git-v2/checkouts`.
//! Held against the commits that the lockfile names.
//!
//! Neither looks at the files of a checkout again once its mark is there. The commit's id stands in the lockfile,
//! and the clones beside the checkouts have its objects, so nothing has to be fetched to compare them.

use super::commit::{self, Checked, Commit};
use super::disk::{self, There};
use super::{Against, Difference, Options, PackageTree, Standing, TreeReport, each};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, printable};
use customs_origin::source::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bounds on what is looked through to find a checkout.
mod limit {
    /// Repositories, and checkouts of one repository.
    pub const NAMES: usize = 10_000;
    /// The shortest name of a checkout that is taken for a commit's. cargo takes as many digits as tell
    /// the commit from all others of its repository, and at least seven; so does uv.
    pub const SHORT: usize = 7;
}

/// Where a manager keeps checkouts, and what is known of them.
pub(crate) struct Kept<'a> {
    /// The folder that places are relative to.
    pub home: &'a Path,
    /// The folder of checkouts below it: one folder for each repository, in it one for each commit, called by the
    /// first digits of its id.
    pub top: &'a str,
    /// Clones that may hold the commits of a repository's folder, beside the checkout itself.
    pub clones: &'a (dyn Fn(&str) -> Vec<PathBuf> + Sync),
    /// The lockfile that names the commits.
    pub lockfile: &'static str,
    /// Whose checkouts they are.
    pub manager: &'static str,
    /// Whether a commit that is not checked out is told.
    pub tells_absent: bool,
    /// What of that which differs is ordinary.
    pub explain: &'a (dyn Fn(&Difference) -> Standing + Sync),
}

/// Checks what was checked out of repositories for these entries.
pub(crate) fn check(kept: &Kept<'_>, entries: &[&Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    if entries.is_empty() {
        return report;
    }
    let mut of_commits: BTreeMap<ObjectId, Vec<&Locked>> = BTreeMap::new();
    for entry in entries {
        match entry.resolved.as_deref().and_then(commit::named) {
            Some(id) => of_commits.entry(id).or_default().push(entry),
            None => report.not_checked.push(format!(
                "{}: {} does not name the commit that it is built from; let {} write it again",
                entry.release.spoken(),
                kept.lockfile,
                kept.manager
            )),
        }
    }
    let checkouts = checkouts(kept, of_commits.keys(), &mut report);
    let mut jobs = Vec::new();
    for (id, entries) in &of_commits {
        match checkouts.get(id) {
            Some(places) => jobs.extend(places.iter().map(|place| (*id, place, entries))),
            None if !kept.tells_absent => {}
            None => {
                let stem = |one: &&Locked| {
                    let release = &one.release;
                    format!("{}-{}", release.package, release.version)
                };
                let mut names: Vec<String> = entries.iter().map(stem).collect();
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
        let checked = compare(kept, place, *id);
        told(kept, place, *id, entries, checked)
    });
    report.packages.extend(found.into_iter().flatten());
    report
}

/// The checkouts of each commit, relative to the home, sorted.
fn checkouts<'a>(
    kept: &Kept<'_>,
    commits: impl Iterator<Item = &'a ObjectId> + Clone,
    report: &mut TreeReport,
) -> BTreeMap<ObjectId, Vec<String>> {
    let mut found: BTreeMap<ObjectId, Vec<String>> = BTreeMap::new();
    let (home, top) = (kept.home, kept.top);
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
fn compare(kept: &Kept<'_>, place: &str, id: ObjectId) -> Result<Checked, String> {
    let root = kept.home.join(place);
    // What a link leads to is another folder than the one that the manager made.
    if !There::look(&root).is_folder() {
        return Err("its checkout is no folder".to_owned());
    }
    let outside = BTreeSet::from([".git".to_owned()]);
    let found = disk::walk(&root, &outside)
        .map_err(|why| format!("its folder cannot be looked through: {why}"))?;
    let inside = place.strip_prefix(kept.top).unwrap_or_default();
    let repository = inside.split('/').nth(1).unwrap_or_default();
    let mut clones = (kept.clones)(repository);
    clones.push(root.clone());
    let mut commit = Commit::read(&clones, id)?;
    let explain = |difference: &Difference| match (kept.explain)(difference) {
        Standing::Explained(cause) => Some(cause),
        Standing::MadeHere { .. } | Standing::Unexplained => None,
    };
    let mut checked = commit.compare(&root, &found, &explain)?;
    for difference in &mut checked.compared.differences {
        if difference.standing == Standing::Unexplained
            && let made @ Standing::MadeHere { .. } = (kept.explain)(difference)
        {
            difference.standing = made;
        }
    }
    Ok(checked)
}

/// What is told of the packages that are built from one checkout: what differs is told with the first of them.
fn told(
    kept: &Kept<'_>,
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
                tree.against = Some(against(kept, id));
                tree.files = found.compared.files;
                tree.differences = found.compared.differences;
                tree.open = found.open;
            }
            Some(Err(why)) => tree.open.push(format!(
                "its checkout could not be compared with the commit that {} names: {why}",
                kept.lockfile
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
                    "its checkout is not the commit that {} names, as is told with {}",
                    kept.lockfile,
                    tree.release.spoken()
                )),
            };
        }
        out.push(tree);
    }
    out
}

fn against(kept: &Kept<'_>, id: ObjectId) -> Against {
    Against::Commit {
        id: id.to_string(),
        from: format!("{}'s clone of its repository", kept.manager),
    }
}
