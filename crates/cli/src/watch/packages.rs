//! Which packages are followed: those that lockfiles take from a registry.

use super::pins::Pins;
use crate::error::{Doing as _, Failure};
use crate::lockfiles::{Walk, lockfiles};
use crate::output::say;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_model::{PackageName, printable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The packages, and what is worth saying about the files.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Each package with the client whose lockfile names it first: its configuration says
    /// which registry is asked.
    pub(super) packages: BTreeMap<PackageName, &'static str>,
    /// What the lockfiles promise releases to be.
    pub(super) pins: Pins,
    /// What is not followed, a sentence each. Safe to print.
    pub(super) left_out: Vec<String>,
}

/// Reads lockfiles. A folder stands for those of the project in it and of the projects
/// below; no path at all for the current folder.
///
/// # Errors
/// A file that was named cannot be read or is no lockfile; there is none.
pub(super) fn follow(paths: &[PathBuf]) -> Result<Followed, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut followed = Followed::default();
    for path in paths {
        if !path.is_dir() {
            add(path, &mut followed)?;
            continue;
        }
        let found = lockfiles(path, Walk::default())?;
        let left_out = found.left_out.into_iter();
        followed
            .left_out
            .extend(left_out.map(|(what, because)| format!("{what}: {because}")));
        for file in found.found {
            // One that nobody named may be a fixture of a test.
            if let Err(failure) = add(&file, &mut followed) {
                followed.left_out.push(failure.to_string());
            }
        }
    }
    if followed.packages.is_empty() {
        for sentence in &followed.left_out {
            say(&format!("customs: {sentence}"));
        }
        return Err(Failure::nothing(
            "the lockfiles take nothing from a registry",
        ));
    }
    Ok(followed)
}

fn add(path: &Path, followed: &mut Followed) -> Result<(), Failure> {
    let shown = printable(&path.display().to_string(), 300);
    let length = std::fs::metadata(path)
        .doing(format_args!("read {shown}"))?
        .len();
    if length > lockfile::limit::BYTES as u64 {
        let bound = lockfile::limit::BYTES >> 20;
        return Err(Failure::work(format!("{shown} is over {bound} MiB")));
    }
    let bytes = std::fs::read(path).doing(format_args!("read {shown}"))?;
    let name = path.file_name().and_then(|name| name.to_str());
    let head = &bytes[..bytes.len().min(400)];
    let kind = name
        .and_then(|name| Kind::of_file_name(name, head))
        .ok_or_else(|| Failure::usage(format!("{shown} is no lockfile that customs knows")))?;
    let read = lockfile::read(kind, &bytes)
        .map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    let mut elsewhere = 0;
    for entry in read.entries {
        match entry.source {
            Source::Registry => {
                // Yarn 4's digest is that of an archive of its own.
                if kind != Kind::YarnBerry {
                    followed.pins.add(&entry.release, entry.digests, &shown);
                }
                let package = entry.release.package;
                followed
                    .packages
                    .entry(package)
                    .or_insert_with(|| client_of(kind));
            }
            Source::Git | Source::Url => elsewhere += 1,
            Source::Path | Source::Bundled => {}
        }
    }
    if elsewhere > 0 {
        followed.left_out.push(format!(
            "{shown}: {elsewhere} packages come from a repository or an address of their own and \
             are not followed"
        ));
    }
    let unread = read.skipped.len();
    if let Some(first) = read.skipped.first() {
        followed.left_out.push(format!(
            "{shown}: {unread} entries could not be read, the first at {first}"
        ));
    }
    Ok(())
}

/// The client whose configuration counts for a lockfile.
const fn client_of(kind: Kind) -> &'static str {
    match kind {
        Kind::PackageLock => "npm",
        Kind::PnpmLock => "pnpm",
        Kind::YarnClassic | Kind::YarnBerry => "yarn",
        Kind::BunLock => "bun",
        Kind::UvLock => "uv",
        Kind::RequirementsTxt | Kind::PoetryLock | Kind::PylockToml => "pip",
        Kind::CargoLock => "cargo",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn spoken(followed: &Followed) -> Vec<String> {
        let packages = followed.packages.iter();
        packages
            .map(|(package, client)| format!("{client} {package}"))
            .collect()
    }

    const YARN: &str = "ms@^2.1.1:\n  version \"2.1.2\"\n  resolved \"https://registry.example/ms/-/ms-2.1.2.tgz\"\n";

    #[test]
    fn a_folder_stands_for_the_lockfiles_in_it() {
        let folder = written(&[("yarn.lock", YARN), ("requirements.txt", "flask==3.0.0\n")]);
        let followed = follow(&[folder.path().to_owned()]).unwrap();
        assert_eq!(spoken(&followed), ["yarn ms", "pip flask"]);
    }

    #[test]
    fn lockfiles_that_name_two_contents_of_one_release_are_noticed() {
        let lock = |digit: &str| {
            let digest = digit.repeat(40);
            format!("{YARN}  integrity sha1-{}\n", base64_of_hex(&digest))
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, digit) in [("web", "a"), ("api", "b")] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            let path = folder.path().join(name).join("yarn.lock");
            std::fs::write(path, lock(digit)).unwrap();
        }
        let followed = follow(&[folder.path().to_owned()]).unwrap();
        let conflicts = followed.pins.conflicts();
        assert_eq!(conflicts.len(), 1, "{:?}", followed.pins);
        assert_eq!(conflicts[0].0.spoken(), "ms@2.1.2");
    }

    fn base64_of_hex(hex: &str) -> String {
        let digest = customs_model::Digest::from_hex(customs_model::DigestAlgorithm::Sha1, hex);
        let sri = digest.unwrap().to_sri();
        sri.split_once('-').unwrap().1.to_owned()
    }

    #[test]
    fn a_file_that_was_named_and_is_no_lockfile_is_an_error() {
        let folder = written(&[("notes.txt", "hello")]);
        let failure = follow(&[folder.path().join("notes.txt")]).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(follow(&[folder.path().join("gone.lock")]).is_err());
    }

    #[test]
    fn nothing_to_follow_is_said() {
        for files in [&[][..], &[("requirements.txt", "\n")], &[("uv.lock", "{")]] {
            let folder = written(files);
            let failure = follow(&[folder.path().to_owned()]).unwrap_err();
            assert_eq!(failure.code, 3, "{failure}");
        }
    }
}
