//! Plug'n'Play: packages are used out of Yarn's zips, so the zip is what is installed.

use super::Tree;
use crate::artifact::{Form, Wanted, digest_of};
use crate::tree::{Against, PackageTree, TreeReport, each};
use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::npm::Machine;
use customs_model::{Answer, printable};
use std::num::NonZeroUsize;

/// Checks each zip that the lockfile names.
pub(super) fn zips(tree: &Tree<'_>, threads: Option<NonZeroUsize>, report: &mut TreeReport) {
    let mut placed: Vec<&Placed> = tree.places.placed.iter().collect();
    // One zip, however many names it is asked for by.
    placed.sort_by(|a, b| (&a.release, &a.resolved).cmp(&(&b.release, &b.resolved)));
    placed.dedup_by(|a, b| a.release == b.release && a.resolved == b.resolved);
    for (package, poisoned) in each(&placed, threads, |placed| zip(tree, placed)) {
        report.packages.push(package);
        report.poisoned.extend(poisoned);
    }
}

fn zip(tree: &Tree<'_>, placed: &Placed) -> (PackageTree, Option<crate::artifact::Poisoned>) {
    let mut package = PackageTree {
        release: placed.release.clone(),
        place: placed.release.package.as_str().to_owned(),
        answer: Answer::Yes,
        against: None,
        files: 0,
        differences: Vec::new(),
        decoy: None,
        open: Vec::new(),
    };
    let mut refuse = |why: String| package.answer = Answer::NotChecked(why);
    let Some(archive) = &placed.archive else {
        let absent = placed.platforms.restricts() && !placed.platforms.take(Machine::here());
        if absent {
            return (
                super::absent(placed, tree.manager, Machine::here(), false),
                None,
            );
        }
        refuse("the lockfile promises no digest of its zip; Yarn writes none for packages of one platform".into());
        return (package, None);
    };
    let wanted = Wanted {
        release: &placed.release,
        digests: &[],
        archive: Some(archive),
        resolved: placed.resolved.as_deref(),
    };
    for source in tree.sources {
        let candidate = match source.find(&wanted) {
            Ok(Some(candidate)) if candidate.form == Form::YarnZip => candidate,
            Ok(_) => continue,
            Err(why) => {
                refuse(why.to_string());
                return (package, None);
            }
        };
        if let Ok(inside) = candidate.path.strip_prefix(tree.project) {
            package.place = inside.to_string_lossy().into_owned();
        } else if let Some(name) = candidate.path.file_name() {
            package.place = name.to_string_lossy().into_owned();
        }
        match digest_of(&candidate.path, archive.algorithm()) {
            Ok(found) if found == *archive => {
                package.against = Some(Against::Artifact {
                    digest: found,
                    from: candidate.from,
                });
                package.files = 1;
                return (package, None);
            }
            Ok(found) => {
                // Nothing else is used but this zip: what is wrong with it is wrong here.
                package.answer = Answer::No;
                let poisoned = super::poisoned(&candidate, &placed.release, archive, &found);
                return (package, Some(poisoned));
            }
            Err(why) => {
                let why = printable(&why.to_string(), 200);
                package.answer = Answer::not_checked(format!("its zip cannot be read: {why}"));
                return (package, None);
            }
        }
    }
    let elsewhere = placed.platforms.restricts() && !placed.platforms.take(Machine::here());
    match elsewhere {
        true => (
            super::absent(placed, tree.manager, Machine::here(), false),
            None,
        ),
        false => {
            package.answer = Answer::not_checked("its zip is not in Yarn's cache");
            (package, None)
        }
    }
}
