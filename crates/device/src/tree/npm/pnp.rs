//! Plug'n'Play: packages are used out of Yarn's zips, so the zip is what is installed.

use super::{Tree, absent};
use crate::artifact::{Form, Poisoned, Wanted, digest_of};
use crate::tree::{Against, Difference, DifferenceKind, PackageTree, TreeReport, each};
use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::npm::Machine;
use customs_model::{Digest, printable};
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

fn zip(tree: &Tree<'_>, placed: &Placed) -> (PackageTree, Option<Poisoned>) {
    let mut package = PackageTree::new(
        placed.release.clone(),
        placed.release.package.as_str().to_owned(),
    );
    let machine = Machine::here();
    let is_elsewhere = placed.platforms.restricts() && !placed.platforms.take(machine);
    let found = match &placed.archive {
        Some(archive) => look(tree, placed, archive, &mut package),
        None => Err(
            "the lockfile promises no digest of its zip; Yarn writes none for packages of one platform"
                .to_owned(),
        ),
    };
    let poisoned = match found {
        Ok(Some(poisoned)) => poisoned,
        Ok(None) if is_elsewhere => return (absent(placed, tree.manager, machine, false), None),
        Ok(None) => {
            package.open.push("its zip is not in Yarn's cache".into());
            None
        }
        Err(_) if is_elsewhere && placed.archive.is_none() => {
            return (absent(placed, tree.manager, machine, false), None);
        }
        Err(why) => {
            package.open.push(why);
            None
        }
    };
    package.judge();
    (package, poisoned)
}

/// Hashes the zip of a package. None: there is none. The inner value is the copy that is another.
fn look(
    tree: &Tree<'_>,
    placed: &Placed,
    archive: &Digest,
    package: &mut PackageTree,
) -> Result<Option<Option<Poisoned>>, String> {
    let wanted = Wanted {
        release: &placed.release,
        digests: &[],
        archive: Some(archive),
        resolved: placed.resolved.as_deref(),
    };
    for source in tree.sources {
        let candidate = match source.find(&wanted).map_err(|why| why.to_string())? {
            Some(candidate) if candidate.form == Form::YarnZip => candidate,
            Some(_) | None => continue,
        };
        if let Ok(inside) = candidate.path.strip_prefix(tree.project) {
            package.place = inside.to_string_lossy().into_owned();
        } else if let Some(name) = candidate.path.file_name() {
            package.place = name.to_string_lossy().into_owned();
        }
        let found = digest_of(&candidate.path, archive.algorithm()).map_err(|why| {
            let why = printable(&why.to_string(), 200);
            format!("its zip cannot be read: {why}")
        })?;
        package.files = 1;
        package.against = Some(Against::Artifact {
            digest: archive.clone(),
            from: candidate.from.clone(),
        });
        if found == *archive {
            return Ok(Some(None));
        }
        // Nothing else is used but this zip: what is wrong with it is wrong here.
        package.differences.push(Difference {
            expected: Some(archive.clone()),
            found: Some(found.clone()),
            ..Difference::new("", DifferenceKind::Modified)
        });
        return Ok(Some(Some(Poisoned {
            cache: candidate.from,
            path: candidate.path.display().to_string(),
            release: placed.release.clone(),
            promised: archive.clone(),
            found,
        })));
    }
    Ok(None)
}
