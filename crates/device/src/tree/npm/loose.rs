//! What lies around the packages: programs, links, records, caches, and what nobody explains.

use super::explain::Explainer;
use super::layout::STORE;
use super::manifest::Manifest;
use super::patches::Patched;
use super::pnp::{self, Hashed};
use super::records;
use super::{Manager, Tree};
use crate::tree::disk;
use crate::tree::seen::{Remembered, fingerprint};
use crate::tree::{
    Cause, Difference, DifferenceKind, Expected, Proven, Standing, TreeReport, compare,
};
use customs_ecosystem::lockfile::Kind;
use customs_ecosystem::lockfile::places::{self, Place};
use customs_model::{Digest, printable};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Looks at what lies loose. What was found is added to the report. `hashed` are Yarn's zips that were
/// hashed for it.
pub(super) fn loose(
    tree: &Tree<'_>,
    hashed: &Hashed,
    report: &mut TreeReport,
    remember: &mut Vec<(String, Remembered)>,
) {
    let places: Vec<&str> = tree.layout.installed.keys().map(String::as_str).collect();
    let installed = Digest::sha256(places.join("\n").as_bytes());
    for root in &tree.layout.roots {
        // A root that lies in another one's way is looked through there.
        root_folder(tree, root, &installed, report, remember);
    }
    if tree.manager == Manager::YarnBerry {
        pnp::files(tree, hashed, report);
    }
    report.loose.sort_by(|a, b| a.path.cmp(&b.path));
}

fn root_folder(
    tree: &Tree<'_>,
    root: &str,
    installed: &Digest,
    report: &mut TreeReport,
    remember: &mut Vec<(String, Remembered)>,
) {
    let folder = tree.project.join(root);
    let found = match disk::walk(&folder, &tree.outside(root)) {
        Ok(found) => found,
        Err(why) => {
            let shown = printable(root, 200);
            report
                .not_checked
                .push(format!("{shown} cannot be looked through: {why}"));
            // Whatever lies loose in it, nobody saw it.
            let unseen = Difference::new(root, DifferenceKind::Unreadable);
            report.loose.push(unseen);
            return;
        }
    };
    let depends: [&[u8]; 3] = [root.as_bytes(), installed.as_bytes(), b"loose"];
    let print = fingerprint(&found, &depends, tree.now);
    if let Some(Remembered::Loose(_, differences)) = tree.memory.look(root, print.as_deref()) {
        report.loose.extend(differences.iter().cloned());
        return;
    }
    let mut explainer = Explainer {
        place: root,
        is_root: true,
        links: tree.links,
        release: None,
        alternates: &BTreeMap::new(),
        patched: &Patched::default(),
        manager: tree.manager,
        manifest: &Manifest::default(),
        runs_at_install: false,
        took_own: Cell::new(false),
    };
    let (expected, proven) = (Expected::default(), Proven::new());
    let compared = compare(&expected, &proven, &folder, &found, &mut explainer);
    // What a note was about would be forgotten, and what own files are compared with may change.
    let is_all = compared.notes.is_empty() && !explainer.took_own.get();
    report.not_checked.extend(compared.notes);
    let mut differences = compared.differences;
    for difference in &mut differences {
        difference.path = format!("{root}/{}", difference.path);
        if difference.standing == Standing::Unexplained
            && difference.path == "node_modules/.package-lock.json"
        {
            match tree.manager {
                Manager::Npm => hidden_lockfile(tree, difference),
                // It stays where another manager installs over npm's tree, and only npm reads it.
                Manager::Pnpm | Manager::YarnClassic | Manager::YarnBerry | Manager::Bun => {
                    difference.standing = Standing::MadeHere {
                        maker: "npm, in an earlier installation".to_owned(),
                        pinned: None,
                    }
                }
            }
        }
        records::judge(tree, root, difference);
    }
    let fine = differences
        .iter()
        .all(|difference| difference.standing != Standing::Unexplained);
    if let Some(print) = print.filter(|_| fine && is_all) {
        remember.push((
            print,
            Remembered::Loose(root.to_owned(), differences.clone()),
        ));
    }
    report.loose.append(&mut differences);
}

/// npm's list of what is installed is explained when the lockfile says the same of each entry.
fn hidden_lockfile(tree: &Tree<'_>, difference: &mut Difference) {
    let path = tree.project.join(&difference.path);
    let read = disk::read_up_to(&path, customs_ecosystem::lockfile::limit::BYTES as u64);
    // Read again: it may have changed since it was hashed.
    let Ok(Some(bytes)) = read else {
        return;
    };
    if difference.found.as_ref() != Some(&Digest::sha256(&bytes)) {
        return;
    }
    let Ok(hidden) = places::read(Kind::PackageLock, &bytes) else {
        return;
    };
    // With the linked strategy the places in it are those of the store, which stand in no lockfile;
    // there the release that lies at such a place is the one that is meant.
    type Told<'a> = (&'a customs_model::ReleaseId, &'a [Digest]);
    let mut known: BTreeMap<Told<'_>, BTreeSet<&Place>> = BTreeMap::new();
    for placed in &tree.places.placed {
        let told = (&placed.release, placed.digests.as_slice());
        known.entry(told).or_default().insert(&placed.place);
    }
    let same = hidden.placed.iter().all(|placed| {
        let told = (&placed.release, placed.digests.as_slice());
        let stored = || match &placed.place {
            Place::At(place) => {
                let there = tree.layout.installed.get(place);
                place.starts_with(STORE)
                    && there.is_some_and(|one| one.placed.release == placed.release)
            }
            Place::Folder(_) => false,
        };
        let places = known.get(&told);
        places.is_some_and(|places| places.contains(&placed.place) || stored())
    });
    if same {
        difference.standing = Standing::Explained(Cause::Installer {
            what: "npm's own list of what is installed; the lockfile says the same".into(),
        });
    }
}
