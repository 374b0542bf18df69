//! What bun keeps unpacked, in `<name>@<version>@@@1` for each release. Its trees share inodes with it, or
//! are copied from it without another look: what is changed here is installed into the next project.

use super::layout::{Installed, Layout, is_folder, read_manifest};
use super::manifest::same_version;
use super::{Lock, Manager, Options, kept};
use crate::tree::{Difference, DifferenceKind, TreeReport, disk};
use customs_ecosystem::lockfile::places::Placed;
use customs_model::printable;
use std::io;
use std::path::Path;

/// Folders of the cache that are looked at.
const FOLDERS: usize = 200_000;

/// Checks what bun keeps unpacked of what a lockfile of it names, against the artifacts. Places are
/// relative to the cache. Other releases than the locked ones are other projects'.
pub fn check_bun_cache(cache: &Path, lock: &Lock, options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    if lock.manager != Manager::Bun {
        return report;
    }
    let places = kept::unpatched(&lock.places);
    let names = match names(cache) {
        Ok(names) => names,
        Err(why) if disk::is_absent(&why) => return report,
        Err(why) => {
            let shown = printable(&cache.to_string_lossy(), 200);
            let note = format!("{shown}: bun's cache cannot be read: {why}");
            report.not_checked.push(note);
            let unseen = Difference::new("", DifferenceKind::Unreadable);
            report.loose.push(unseen);
            return report;
        }
    };
    let mut layout = Layout::default();
    for name in &names {
        if let Some(placed) = meant(cache, name, &places.placed) {
            layout.installed.insert(name.clone(), Installed { placed });
        }
    }
    kept::compare(
        cache,
        lock,
        &places,
        &layout,
        options,
        |_, _| false,
        &mut report,
    );
    report
}

/// The folders of the cache, those of a scope with it. Links are only other names of them.
fn names(cache: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for name in folders(cache, "")? {
        // `@scope/name@1.0.0@@@1` lies in a folder of its scope.
        match name.starts_with('@') && !name.contains("@@@") {
            true => names.extend(folders(cache, &name)?),
            false => names.push(name),
        }
        if names.len() > FOLDERS {
            let why = format!("it has more than {FOLDERS} folders");
            return Err(io::Error::other(why));
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn folders(cache: &Path, below: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(cache.join(below))? {
        // A name that is no text is none that bun gives.
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        let name = match below.is_empty() {
            true => name,
            false => format!("{below}/{name}"),
        };
        if is_folder(&cache.join(&name)) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The locked release that a folder is of. bun writes a hash in the place of what stands behind the
/// three numbers of a version; then its manifest says which it is.
fn meant<'a>(cache: &Path, folder: &str, placed: &'a [Placed]) -> Option<&'a Placed> {
    let (name, version, host) = parts(folder)?;
    let named = placed.iter().filter(|placed| {
        placed.release.package.as_str() == name && is_from(placed.resolved.as_deref(), host)
    });
    let version_of = |placed: &Placed| placed.release.version.as_str().to_owned();
    let mut same = named.clone().filter(|placed| version_of(placed) == version);
    if let Some(placed) = same.next() {
        return Some(placed);
    }
    let (numbers, _) = version.split_once(['-', '+'])?;
    let is_hashed = |placed: &&Placed| {
        let version = version_of(placed);
        let rest = version.strip_prefix(numbers);
        rest.is_some_and(|rest| rest.starts_with(['-', '+']))
    };
    let hashed: Vec<&Placed> = named.filter(is_hashed).collect();
    if hashed.is_empty() {
        return None;
    }
    let manifest = read_manifest(&cache.join(folder))?;
    let claimed = manifest.version?;
    let mut hashed = hashed.into_iter();
    hashed.find(|placed| same_version(&claimed, &version_of(placed)))
}

/// Name, version and registry of `<name>@<version>@@<registry>@@@<layout>`; the default registry has
/// none.
fn parts(folder: &str) -> Option<(&str, &str, Option<&str>)> {
    let (front, layout) = folder.rsplit_once("@@@")?;
    if layout.is_empty() || !layout.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (front, host) = match front.split_once("@@") {
        Some((front, host)) => (front, Some(host)),
        None => (front, None),
    };
    let (name, version) = front.rsplit_once('@')?;
    (!name.is_empty()).then_some((name, version, host))
}

/// Whether a folder of a registry may be what the lockfile takes from this address.
fn is_from(resolved: Option<&str>, host: Option<&str>) -> bool {
    let (Some(resolved), Some(host)) = (resolved, host) else {
        return true;
    };
    let Some((_, rest)) = resolved.split_once("://") else {
        return true;
    };
    let named = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // bun leaves out what a folder's name cannot hold.
    let plain =
        |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
    plain(host).starts_with(&plain(named)) || plain(named).starts_with(&plain(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_cache_says_a_name_a_version_and_perhaps_a_registry() {
        assert_eq!(parts("a@1.0.0@@@1"), Some(("a", "1.0.0", None)));
        assert_eq!(parts("@s/a@1.0.0@@@2"), Some(("@s/a", "1.0.0", None)));
        let host = Some("registry.example");
        assert_eq!(
            parts("a@1.0.0@@registry.example@@@1"),
            Some(("a", "1.0.0", host))
        );
        for other in ["a@1.0.0", "a", "@@@1", "@T@sha512-00", "a@1.0.0@@@x"] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn a_copy_of_another_registry_is_not_held_against_the_lockfile() {
        let from = |host| is_from(Some("https://own.example/a/-/a-1.0.0.tgz"), host);
        assert!(from(None) && from(Some("own.example")));
        assert!(!from(Some("other.example")));
        assert!(is_from(None, Some("own.example")));
    }
}
