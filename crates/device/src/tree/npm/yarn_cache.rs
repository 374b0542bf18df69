//! What Yarn 1 keeps unpacked, beside the artifact that it unpacked. It copies the folder into trees and
//! does not look at the artifact again: what is changed here is installed into the next project.

use super::layout::{Installed, Layout, MANIFEST};
use super::package::wanted;
use super::{Lock, Manager, Options, kept};
use crate::artifact::YarnClassicCache;
use crate::tree::{Difference, DifferenceKind, TreeReport, disk};
use customs_model::printable;
use serde_json::Value;
use std::path::Path;

/// What Yarn 1 notes of a package.
const NOTE: &str = ".yarn-metadata.json";

/// What Yarn 1 puts into a package's folder and copies into no tree: the artifact, which is hashed as a
/// copy of its own, and its note.
const OWN: [&str; 2] = [".yarn-tarball.tgz", NOTE];

/// Scripts that run at install.
const HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Checks what Yarn 1 keeps unpacked (`yarn cache dir`) of what a lockfile of it names, against the
/// artifacts. Places are relative to the cache. Other releases than the locked ones are other projects'.
pub fn check_yarn_cache(cache: &Path, lock: &Lock, options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    if lock.manager != Manager::YarnClassic {
        return report;
    }
    let places = kept::unpatched(&lock.places);
    let entries = YarnClassicCache::new(cache);
    let mut layout = Layout::default();
    for placed in &places.placed {
        match entries.unpacked(&wanted(placed)) {
            Ok(all) => {
                let installed = all.into_iter().map(|place| (place, Installed { placed }));
                layout.installed.extend(installed);
            }
            Err(why) => {
                // It is the same for all of them.
                report.not_checked.push(why.to_string());
                break;
            }
        }
    }
    kept::compare(cache, lock, &places, &layout, options, is_own, &mut report);
    for package in &mut report.packages {
        if let Some(why) = foreign_script(&cache.join(&package.place)) {
            package.differences.push(Difference {
                why: vec![why],
                ..Difference::new(NOTE, DifferenceKind::Modified)
            });
            package.judge();
        }
    }
    report
}

/// Whether Yarn 1 itself put a file into a package's folder. Of the package's programs it keeps links
/// in `.bin`; one that leads out of the package is not of its making.
fn is_own(folder: &Path, path: &str) -> bool {
    if OWN.contains(&path) {
        return true;
    }
    let link = path.strip_prefix(".bin/");
    let is_link = link.is_some_and(|name| !name.contains('/'))
        && folder
            .join(path)
            .symlink_metadata()
            .is_ok_and(|meta| meta.is_symlink());
    let real = |path: &Path| path.canonicalize().ok();
    match (is_link, real(&folder.join(path)), real(folder)) {
        (true, Some(target), Some(folder)) => target.starts_with(folder),
        _ => false,
    }
}

/// A script at install that only Yarn's note has. It takes the note for the manifest of what it installs,
/// so it runs that.
fn foreign_script(folder: &Path) -> Option<String> {
    let read = |name: &str| -> Option<Value> {
        // What cannot be read says nothing, to Yarn neither.
        let bytes = disk::read_up_to(&folder.join(name), MANIFEST).ok()??;
        serde_json::from_slice(&bytes).ok()
    };
    let note = read(NOTE)?;
    let own = read("package.json").unwrap_or_default();
    HOOKS.iter().find_map(|hook| {
        let noted = note["manifest"]["scripts"][hook].as_str()?;
        let is_own = own["scripts"][hook] == noted;
        // What Yarn adds where a package has no script of its own.
        let is_build = *hook == "install"
            && noted == "node-gyp rebuild"
            && folder.join("binding.gyp").is_file();
        (!is_own && !is_build).then(|| {
            format!(
                "it says that {hook} runs {:?}, and the package does not",
                printable(noted, 200)
            )
        })
    })
}
