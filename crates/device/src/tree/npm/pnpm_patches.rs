//! The patch files of pnpm 11 and later: its lockfile has their digests, and its settings their
//! paths. One whose bytes are not what the lockfile promises explains nothing.

use crate::tree::{disk, patch};
use customs_ecosystem::lockfile::places::Placed;
use customs_ecosystem::lockfile::{SETTINGS_BYTES, SettingsKind};
use customs_model::{Digest, printable};
use std::collections::BTreeSet;
use std::path::Path;

/// The settings, beside the lockfile.
const WORKSPACE: &str = "pnpm-workspace.yaml";
/// Where older ones stand.
const MANIFEST: &str = "package.json";
/// Bytes of the manifest.
const BYTES: u64 = 8 << 20;
/// Patches that are looked at.
const PATCHES: usize = 10_000;

/// Names the patch file of each package of which the lockfile has a digest only. Gives what was not
/// found or not read, safe to print.
pub(super) fn name(project: &Path, placed: &mut [Placed]) -> Vec<String> {
    let mut notes = BTreeSet::new();
    if placed.iter().all(|placed| placed.patch_digest.is_none()) {
        return Vec::new();
    }
    let mut named = Vec::new();
    for (file, read) in [
        (WORKSPACE, workspace(project)),
        (MANIFEST, manifest(project)),
    ] {
        match read {
            Ok(found) => named.extend(found),
            Err(why) => {
                let why = printable(&why, 300);
                notes.insert(format!("patches may be missing: {file} {why}"));
            }
        }
    }
    if named.len() > PATCHES {
        named.truncate(PATCHES);
        notes.insert(format!("there are more than {PATCHES} patches"));
    }
    let named: Vec<Named> = named
        .into_iter()
        .filter_map(|(key, path)| {
            Some(Named {
                digests: digests(project, &path)?,
                key,
                path,
            })
        })
        .collect();
    for placed in placed {
        let Some(digest) = &placed.patch_digest else {
            continue;
        };
        let mut fitting = named.iter();
        let fitting = fitting
            .find(|one| one.is_of(placed.release.package.as_str()) && one.digests.contains(digest));
        match fitting {
            Some(one) => placed.patch = Some(one.path.clone()),
            None => {
                let spoken = placed.release.spoken();
                notes.insert(format!(
                    "{spoken}: no patch that {WORKSPACE} or {MANIFEST} names has the digest that the lockfile promises ({digest})"
                ));
            }
        }
    }
    notes.into_iter().collect()
}

/// A patch that the settings name.
struct Named {
    /// A name, or a name and a version or a range.
    key: String,
    path: String,
    digests: [Digest; 2],
}

impl Named {
    fn is_of(&self, package: &str) -> bool {
        let rest = self.key.strip_prefix(package);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    }
}

/// The digests of a file: as it is, and with line feeds only, which is what pnpm hashes. What cannot
/// be read has none: then no patch fits, which is said.
fn digests(project: &Path, path: &str) -> Option<[Digest; 2]> {
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return None;
    }
    let bytes = disk::read_up_to(&project.join(path), patch::limit::BYTES).ok()??;
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            plain.push(byte);
        }
    }
    Some([Digest::sha256(&bytes), Digest::sha256(&plain)])
}

type Found = Result<Vec<(String, String)>, String>;

fn workspace(project: &Path) -> Found {
    let Some(text) = read(project, WORKSPACE, SETTINGS_BYTES as u64)? else {
        return Ok(Vec::new());
    };
    let settings = SettingsKind::PnpmWorkspace.read(&text);
    let settings = settings.map_err(|why| format!("cannot be read: {why}"))?;
    let patches = settings.iter().filter_map(|(key, paths)| {
        let key = key.strip_prefix("patchedDependencies.")?;
        Some((key.to_owned(), paths.first()?.clone()))
    });
    Ok(patches.map(|(key, path)| (key, plain(&path))).collect())
}

fn manifest(project: &Path) -> Found {
    let Some(text) = read(project, MANIFEST, BYTES)? else {
        return Ok(Vec::new());
    };
    let root: serde_json::Value =
        serde_json::from_slice(&text).map_err(|why| format!("is no JSON: {why}"))?;
    let patches = root["pnpm"]["patchedDependencies"].as_object();
    let patches = patches.into_iter().flatten();
    let paths = patches.filter_map(|(key, path)| Some((key.clone(), plain(path.as_str()?))));
    Ok(paths.collect())
}

fn plain(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

fn read(project: &Path, name: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
    match disk::read_up_to(&project.join(name), most) {
        Ok(Some(text)) => Ok(Some(text)),
        Ok(None) => Err("is too long".to_owned()),
        Err(why) if disk::is_absent(&why) => Ok(None),
        Err(why) => Err(format!("cannot be read: {why}")),
    }
}
