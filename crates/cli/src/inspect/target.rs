//! What a person names: a path, a package URL, `name@version`, `name==version`.

use crate::error::Failure;
use customs_ecosystem::lockfile::Kind;
use customs_model::{Ecosystem, PackageName, ReleaseId, Version, printable};
use std::path::{Path, PathBuf};

/// A target, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An archive on disk.
    Archive(PathBuf),
    /// A folder, read as a package.
    Folder(PathBuf),
    /// A lockfile: all that it names.
    Lockfile(PathBuf),
    /// A release of a registry.
    Release(ReleaseId),
}

impl Target {
    /// For people, safe to print.
    pub fn spoken(&self) -> String {
        match self {
            Self::Archive(path) | Self::Folder(path) | Self::Lockfile(path) => {
                printable(&path.display().to_string(), 300)
            }
            Self::Release(release) => release.spoken(),
        }
    }
}

/// Reads a target. A path that is there is a path, whatever else it could mean.
///
/// # Errors
/// It is neither a file or folder that is there nor the name of a release.
pub fn read(text: &str, ecosystem: Ecosystem) -> Result<Target, Failure> {
    let path = Path::new(text);
    if let Ok(about) = std::fs::metadata(path) {
        if !about.is_dir() {
            regular(path, &about)?;
        }
        return Ok(if about.is_dir() {
            Target::Folder(path.to_owned())
        } else if is_lockfile(path) {
            Target::Lockfile(path.to_owned())
        } else {
            Target::Archive(path.to_owned())
        });
    }
    release(text, ecosystem).map(Target::Release)
}

/// Refuses a pipe or a device: it may never end.
pub fn regular(path: &Path, about: &std::fs::Metadata) -> Result<(), Failure> {
    if about.is_file() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} is neither a file nor a folder; name an archive, a folder or a release",
        printable(&path.display().to_string(), 300)
    )))
}

/// Whether a file's name is that of a lockfile.
pub fn is_lockfile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Kind::of_file_name(&name, &head(path)).is_some()
}

/// The first bytes of a file: some names are used by several tools.
pub fn head(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut head = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // A file that cannot be read shows when it is opened for what it is.
        let _ = file.take(4096).read_to_end(&mut head);
    }
    head
}

fn release(text: &str, ecosystem: Ecosystem) -> Result<ReleaseId, Failure> {
    let refuse = |why: &str| {
        Failure::usage(format!(
            "{} is no file or folder here, and {why}; name a path, name@version, name==version (PyPI) or \
             pkg:npm/name@version",
            printable(text, 120)
        ))
    };
    if text.starts_with("pkg:") {
        return text
            .parse()
            .map_err(|error: customs_model::ParseError| refuse(&error.to_string()));
    }
    let (ecosystem, name, version) = if let Some((name, version)) = text.split_once("==") {
        (Ecosystem::PyPi, name, version)
    } else {
        // The first `@` of a scoped name is not the one before its version.
        let at = text.rfind('@').filter(|at| *at > 0);
        let at = at.ok_or_else(|| refuse("it names no version"))?;
        (ecosystem, &text[..at], &text[at + 1..])
    };
    let package = PackageName::new(ecosystem, name).map_err(|error| refuse(&error.to_string()))?;
    let version = Version::new(version).map_err(|error| refuse(&error.to_string()))?;
    Ok(ReleaseId::new(package, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> String {
        match read(text, Ecosystem::Npm) {
            Ok(Target::Release(release)) => release.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(failure) => format!("error {}", failure.code),
        }
    }

    #[test]
    fn a_release_is_named_in_the_ways_that_people_know() {
        assert_eq!(purl("axios@1.14.1"), "pkg:npm/axios@1.14.1");
        assert_eq!(purl("@scope/a@1.0.0"), "pkg:npm/%40scope/a@1.0.0");
        assert_eq!(purl("litellm==1.82.8"), "pkg:pypi/litellm@1.82.8");
        assert_eq!(purl("pkg:cargo/serde@1.0.1"), "pkg:cargo/serde@1.0.1");
    }

    #[cfg(unix)]
    #[test]
    fn what_may_never_end_is_refused() {
        let Err(failure) = read("/dev/zero", Ecosystem::Npm) else {
            panic!("a device is no target");
        };
        assert_eq!(failure.code, 2);
        let why = "/dev/zero is neither a file nor a folder";
        assert!(failure.to_string().starts_with(why), "{failure}");
    }

    #[test]
    fn what_is_neither_is_refused_with_what_would_do() {
        assert_eq!(purl("axios"), "error 2");
        assert_eq!(purl("@scope/a"), "error 2");
        assert_eq!(purl("pkg:gem/a@1"), "error 2");
    }
}
