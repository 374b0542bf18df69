//! Plug'n'Play: packages are used out of Yarn's zips, so the zip is what is installed. Which zip
//! that is, and who gets which package, says a map ([`files`]).

mod files;
mod known;
mod map;
mod version;

pub(super) use files::files;
pub(super) use map::Hashed;

use super::{Tree, absent};
use crate::artifact::{Candidate, Form, Poisoned, Wanted, digest_of};
use crate::tree::{Against, Difference, DifferenceKind, PackageTree, TreeReport, each};
use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::npm::Machine;
use customs_model::{Digest, printable};
use std::num::NonZeroUsize;
use std::path::Path;

/// Checks each zip that the lockfile names, and gives their digests.
pub(super) fn zips(
    tree: &Tree<'_>,
    threads: Option<NonZeroUsize>,
    report: &mut TreeReport,
) -> Hashed {
    let mut all = Hashed::new();
    let mut placed: Vec<&Placed> = tree.places.placed.iter().collect();
    // One zip, however many names it is asked for by.
    placed.sort_by(|a, b| (&a.release, &a.resolved).cmp(&(&b.release, &b.resolved)));
    placed.dedup_by(|a, b| a.release == b.release && a.resolved == b.resolved);
    let looked = each(&placed, threads, |placed| {
        let mut hashed = Hashed::new();
        let (package, poisoned) = zip(tree, placed, &mut hashed);
        (package, poisoned, hashed)
    });
    for (package, poisoned, hashed) in looked {
        report.packages.push(package);
        report.poisoned.extend(poisoned);
        all.extend(hashed);
    }
    all
}

fn zip(tree: &Tree<'_>, placed: &Placed, hashed: &mut Hashed) -> (PackageTree, Vec<Poisoned>) {
    let mut package = PackageTree::new(
        placed.release.clone(),
        placed.release.package.as_str().to_owned(),
    );
    let machine = Machine::here();
    let is_elsewhere = placed.platforms.restricts() && !placed.platforms.take(machine);
    let found = match &placed.archive {
        Some(archive) => look(tree, placed, archive, &mut package, hashed),
        None => Err(
            "the lockfile promises no digest of its zip; Yarn writes none for packages of one platform"
                .to_owned(),
        ),
    };
    let poisoned = match found {
        Ok(Some(poisoned)) => poisoned,
        Ok(None) if is_elsewhere => {
            return (absent(placed, tree.manager, machine, false), Vec::new());
        }
        Ok(None) => {
            package.open.push("its zip is not in Yarn's cache".into());
            Vec::new()
        }
        Err(_) if is_elsewhere && placed.archive.is_none() => {
            return (absent(placed, tree.manager, machine, false), Vec::new());
        }
        Err(why) => {
            package.open.push(why);
            Vec::new()
        }
    };
    package.judge();
    (package, poisoned)
}

/// Hashes the zips of a package. None: there is none. The inner values are the copies that are
/// others.
fn look(
    tree: &Tree<'_>,
    placed: &Placed,
    archive: &Digest,
    package: &mut PackageTree,
    hashed: &mut Hashed,
) -> Result<Option<Vec<Poisoned>>, String> {
    let wanted = Wanted {
        release: &placed.release,
        digests: &[],
        archive: Some(archive),
        resolved: placed.resolved.as_deref(),
    };
    for source in tree.sources {
        let zips = source.all(&wanted).map_err(|why| why.to_string())?;
        let zips = zips.iter().filter(|zip| zip.form == Form::YarnZip);
        let mut poisoned = Vec::new();
        let mut any = false;
        for zip in zips {
            poisoned.extend(one(tree, placed, archive, zip, package, hashed)?);
            any = true;
        }
        if any {
            return Ok(Some(poisoned));
        }
    }
    Ok(None)
}

/// Hashes one zip.
fn one(
    tree: &Tree<'_>,
    placed: &Placed,
    archive: &Digest,
    zip: &Candidate,
    package: &mut PackageTree,
    hashed: &mut Hashed,
) -> Result<Option<Poisoned>, String> {
    let inside = zip.path.strip_prefix(tree.project).ok();
    let place = inside.map(Path::as_os_str).or_else(|| zip.path.file_name());
    // The place of one that is wrong stays.
    if let Some(place) = place.filter(|_| package.differences.is_empty()) {
        package.place = place.to_string_lossy().into_owned();
    }
    let found = digest_of(&zip.path, archive.algorithm()).map_err(|why| {
        let why = printable(&why.to_string(), 200);
        format!("its zip cannot be read: {why}")
    })?;
    // What has no real path is hashed again where the map names it.
    if let Ok(real) = std::fs::canonicalize(&zip.path) {
        hashed.insert(real, found.clone());
    }
    package.files += 1;
    package.against = Some(Against::Artifact {
        digest: archive.clone(),
        from: zip.from.clone(),
    });
    if found == *archive {
        return Ok(None);
    }
    // Nothing else is used but this zip: what is wrong with it is wrong here.
    package.differences.push(Difference {
        expected: Some(archive.clone()),
        found: Some(found.clone()),
        ..Difference::new("", DifferenceKind::Modified)
    });
    Ok(Some(Poisoned {
        cache: zip.from.clone(),
        path: zip.path.display().to_string(),
        release: placed.release.clone(),
        promised: archive.clone(),
        found,
    }))
}
