//! Patch files of the project, by the package that they change.

use super::Manager;
use crate::artifact::limit;
use crate::artifact::unpacked::Unpacked;
use crate::tree::patch::FilePatch;
use crate::tree::{disk, patch};
use customs_ecosystem::lockfile::places::{Place, Placed};
use customs_model::{Digest, ReleaseId, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Patch files that are looked at.
const FILES: usize = 10_000;

/// The patch files of a project.
#[derive(Debug, Default)]
pub(super) struct Patches {
    /// Content by path relative to the project.
    files: BTreeMap<String, Vec<u8>>,
    /// Those of patch-package, by the names of folders, the outermost first, and the version.
    named: BTreeMap<(Vec<String>, String), Vec<String>>,
}

/// What a patch makes of a package's files: digests by path, none where it deletes one.
#[derive(Debug, Default)]
pub(super) struct Patched {
    pub results: BTreeMap<String, (Option<[u8; 32]>, String)>,
    /// What files are where the patch was applied to its own result: pnpm does that to a file in
    /// which it only adds lines (measured: `patch-commit` and `rebuild` of pnpm 12.21).
    pub twice: BTreeMap<String, [u8; 32]>,
    /// There is a patch: it may say who may execute a file.
    pub sets_modes: bool,
    /// Why a patch explains nothing. Safe to print.
    pub notes: Vec<String>,
}

impl Patches {
    /// Reads the patches that the lockfile names, and those in `patches/`, where patch-package
    /// has them.
    pub fn of(project: &Path, placed: &[Placed], notes: &mut Vec<String>) -> Self {
        let mut out = Self::default();
        for path in placed.iter().filter_map(|placed| placed.patch.as_deref()) {
            out.take(project, path, notes);
        }
        let folder = match std::fs::read_dir(project.join("patches")) {
            Ok(folder) => folder,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return out,
            Err(why) => {
                notes.push(format!("patches cannot be read: {why}"));
                return out;
            }
        };
        let mut names: Vec<String> = folder
            .take(FILES)
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".patch"))
            .collect();
        names.sort_unstable();
        for name in names {
            let path = format!("patches/{name}");
            if let Some(whose) = package_of(&name)
                && out.take(project, &path, notes)
            {
                out.named.entry(whose).or_default().push(path);
            }
        }
        out
    }

    fn take(&mut self, project: &Path, path: &str, notes: &mut Vec<String>) -> bool {
        let leaves = path.split('/').any(|part| part == "..") || path.starts_with('/');
        if self.files.contains_key(path) {
            return true;
        }
        let why = if leaves {
            "it leaves the project".to_owned()
        } else {
            match disk::read_up_to(&project.join(path), patch::limit::BYTES) {
                Ok(Some(bytes)) => {
                    self.files.insert(path.to_owned(), bytes);
                    return true;
                }
                Ok(None) => "it is too long".to_owned(),
                Err(why) => why.to_string(),
            }
        };
        let path = printable(path, 200);
        notes.push(format!("the patch {path} is not used: {why}"));
        false
    }

    /// The patch files of one installed package.
    pub fn for_package<'a>(&'a self, place: &str, placed: &'a Placed) -> Vec<&'a str> {
        let folders: Vec<String> = place
            .split("node_modules/")
            .skip(1)
            .map(|name| name.trim_end_matches('/').to_owned())
            .collect();
        let version = placed.release.version.as_str().to_owned();
        let own = self.named.get(&(folders, version));
        let by_lock = placed
            .patch
            .iter()
            .filter(|path| self.files.contains_key(*path));
        by_lock
            .chain(own.into_iter().flatten())
            .map(String::as_str)
            .collect()
    }

    /// A digest of the patch files of a package, for what is remembered of it.
    pub fn digest(&self, files: &[&str]) -> Digest {
        let mut all = Vec::new();
        for file in files {
            let bytes = self.files.get(*file).map(Vec::as_slice).unwrap_or_default();
            all.extend_from_slice(Digest::sha256(bytes).as_bytes());
        }
        Digest::sha256(&all)
    }

    /// Reads the patches of a package, before its artifact is read.
    pub fn prepare<'p>(&self, files: &[&'p str], place: &str) -> Prepared<'p> {
        let strip = format!("{place}/");
        let patches = files.iter().map(|file| {
            let bytes = self.files.get(*file).map(Vec::as_slice).unwrap_or_default();
            (*file, patch::read(bytes, &strip))
        });
        let patches: Vec<_> = patches.collect();
        let readable = patches.iter().filter_map(|(_, read)| read.as_ref().ok());
        let asks = readable.flatten().filter_map(|patch| patch.old.clone());
        Prepared {
            asks: asks.collect(),
            patches,
        }
    }
}

/// The patches of one package.
pub(super) struct Prepared<'p> {
    /// By their files.
    patches: Vec<(&'p str, Result<Vec<FilePatch>, patch::Error>)>,
    /// The files of the artifact that they change.
    asks: BTreeSet<String>,
}

impl Prepared<'_> {
    /// Of a file of the artifact, up to how many bytes are asked for.
    pub fn asks_for(&self, path: &str) -> u64 {
        u64::from(self.asks.contains(path)) * limit::KEPT
    }

    /// Applies the patches to what was kept of the artifact, in memory.
    pub fn apply(&self, unpacked: &Unpacked) -> Patched {
        let mut out = Patched {
            sets_modes: !self.patches.is_empty(),
            ..Patched::default()
        };
        for (file, patches) in &self.patches {
            let content = |path: &str| unpacked.kept.get(path).map(Vec::as_slice);
            let results = patches.as_ref().map_err(Clone::clone);
            match results.and_then(|patches| Ok((patch::results(patches, content)?, patches))) {
                Ok((results, patches)) => {
                    out.twice.extend(twice(patches, &results));
                    out.take(file, results);
                }
                Err(why) => {
                    let file = printable(file, 200);
                    out.notes
                        .push(format!("the patch {file} explains nothing: {why}"));
                }
            }
        }
        out
    }
}

impl Patched {
    fn take(&mut self, file: &str, results: BTreeMap<String, Option<Vec<u8>>>) {
        for (path, after) in results {
            let digest = after.map(|bytes| sha256(&bytes));
            self.results.insert(path, (digest, file.to_owned()));
        }
    }
}

/// What the files become that a patch changes, where it is applied once more and still fits.
fn twice<'r>(
    patches: &'r [FilePatch],
    results: &'r BTreeMap<String, Option<Vec<u8>>>,
) -> impl Iterator<Item = (String, [u8; 32])> + 'r {
    patches.iter().filter_map(|patch| {
        let path = patch
            .new
            .as_ref()
            .filter(|new| Some(*new) == patch.old.as_ref())?;
        let once = results.get(path)?.as_deref()?;
        // One that does not fit again was not applied again.
        let again = patch.apply(once).ok()?;
        Some((path.clone(), sha256(&again)))
    })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(Digest::sha256(bytes).as_bytes());
    hash
}

/// The package that a patch of patch-package names: `@scope+a++b+1.0.0+001+words.patch` changes
/// `node_modules/@scope/a/node_modules/b` of release 1.0.0.
fn package_of(name: &str) -> Option<(Vec<String>, String)> {
    let stem = name.strip_suffix(".patch")?;
    let stem = stem.strip_suffix(".dev").unwrap_or(stem);
    let mut folders: Vec<&str> = stem.split("++").collect();
    let last = folders.pop()?;
    let mut parts: Vec<&str> = last.split('+').collect();
    let scope = usize::from(last.starts_with('@'));
    if parts.len() < scope + 2 {
        return None;
    }
    let version = parts.remove(scope + 1).to_owned();
    parts.truncate(scope + 1);
    let mut all: Vec<String> = folders.iter().map(|f| f.replace('+', "/")).collect();
    all.push(parts.join("/"));
    Some((all, version))
}

/// Yarn 4: the forms of a package in one folder and of one release, the patched first.
pub(super) type Twins<'a> = BTreeMap<(&'a str, &'a ReleaseId), Vec<&'a Placed>>;

/// Packages of Yarn 4's lockfile by folder and release.
pub(super) fn twins(manager: Manager, placed: &[Placed]) -> Twins<'_> {
    let mut twins = Twins::new();
    if manager != Manager::YarnBerry {
        return twins;
    }
    for placed in placed {
        if let Place::Folder(folder) = &placed.place {
            let key = (folder.as_str(), &placed.release);
            twins.entry(key).or_default().push(placed);
        }
    }
    for forms in twins.values_mut() {
        forms.sort_by_key(|placed| placed.patch.is_none() && !placed.builtin_patch);
    }
    twins
}

/// All forms of a package, itself among them; none where it has no others.
pub(super) fn twins_of<'t, 'a>(
    twins: &'t Twins<'a>,
    placed: &'t Placed,
) -> Option<&'t [&'a Placed]> {
    match &placed.place {
        Place::Folder(folder) => {
            let forms = twins.get(&(folder.as_str(), &placed.release))?;
            Some(forms)
        }
        Place::At(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_patch_files_name_the_package() {
        let of = |name| package_of(name).map(|(folders, version)| (folders.join(" > "), version));
        let some = |folders: &str, version: &str| Some((folders.to_owned(), version.to_owned()));
        assert_eq!(of("a+1.0.0.patch"), some("a", "1.0.0"));
        assert_eq!(of("@s+a+1.0.0+001+fix.patch"), some("@s/a", "1.0.0"));
        assert_eq!(of("@s+a++b+2.0.0.patch"), some("@s/a > b", "2.0.0"));
        assert_eq!(of("a.patch"), None);
        assert_eq!(of("a+1.0.0.txt"), None);
    }
}
