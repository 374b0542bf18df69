//! What a file's name says.

use super::version::canonical;
use customs_model::{Ecosystem, PackageName, Version};

/// What an installer does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// It is unpacked.
    Wheel,
    /// Its build back-end runs.
    Sdist,
    /// No installer of today takes it: eggs, installers of Windows, signatures.
    Other,
}

/// Endings that pip unpacks as a source archive, longest first.
const SDIST: [&str; 12] = [
    ".tar.lzma",
    ".tar.bz2",
    ".tar.gz",
    ".tar.xz",
    ".tar.lz",
    ".tar.Z",
    ".tgz",
    ".tbz",
    ".txz",
    ".tlz",
    ".tar",
    ".zip",
];

/// Endings of old kinds of distributions, whose versions are still worth knowing.
const OLD: [&str; 5] = [".egg", ".exe", ".msi", ".rpm", ".dmg"];

impl FileKind {
    /// By the ending, as installers decide it: case counts.
    pub fn of(filename: &str) -> Self {
        if filename.ends_with(".whl") {
            Self::Wheel
        } else if SDIST.iter().any(|end| filename.ends_with(end)) {
            Self::Sdist
        } else {
            Self::Other
        }
    }
}

/// The version that a file belongs to, in its canonical spelling. `None` where the name
/// is another project's or its version is none: such a file belongs to no release, and
/// installers pass over it.
pub fn version_of(filename: &str, package: &PackageName) -> Option<Version> {
    let text = match FileKind::of(filename) {
        FileKind::Wheel => wheel(filename.strip_suffix(".whl")?, package)?,
        FileKind::Sdist => {
            let end = SDIST.iter().find(|end| filename.ends_with(**end))?;
            behind_name(filename.strip_suffix(end)?, package)?.to_owned()
        }
        FileKind::Other => {
            let end = OLD.iter().find(|end| filename.ends_with(**end))?;
            let rest = behind_name(filename.strip_suffix(end)?, package)?;
            rest.split('-').next()?.to_owned()
        }
    };
    Version::new(&canonical(&text)?).ok()
}

/// `name-version(-build)?-python-abi-platform`.
fn wheel(stem: &str, package: &PackageName) -> Option<String> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (name, version) = match parts.as_slice() {
        [name, version, _, _, _] => (name, version),
        [name, version, build, _, _, _] if build.starts_with(|c: char| c.is_ascii_digit()) => {
            (name, version)
        }
        _ => return None,
    };
    // A dash cannot stand in a wheel's version; writers put `_` in its place.
    is(name, package).then(|| version.replace('_', "-"))
}

/// An sdist's name may hold dashes itself: the version begins behind the first dash
/// whose left side is the project's name, as pip finds it.
fn behind_name<'a>(stem: &'a str, package: &PackageName) -> Option<&'a str> {
    stem.match_indices('-')
        .map(|(at, _)| (&stem[..at], &stem[at + 1..]))
        .find(|(name, _)| is(name, package))
        .map(|(_, version)| version)
}

fn is(name: &str, package: &PackageName) -> bool {
    PackageName::new(Ecosystem::PyPi, name).is_ok_and(|name| name == *package)
}

/// Whether a name can stand in a path, a page and an archive without doing harm there.
pub(super) fn is_plain(filename: &str) -> bool {
    !filename.is_empty()
        && filename.len() <= 400
        && !filename.starts_with(['.', '-', ' '])
        && filename
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+!~=(),@- ".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(filename: &str, project: &str) -> Option<String> {
        let package = PackageName::new(Ecosystem::PyPi, project).unwrap();
        version_of(filename, &package).map(|v| v.to_string())
    }

    #[test]
    fn versions_are_found_in_every_kind_of_name() {
        for (filename, project, expected) in [
            ("litellm-1.82.8-py3-none-any.whl", "litellm", "1.82.8"),
            ("a_b-1.0-1-py3-none-any.whl", "a-b", "1.0"),
            ("a_b-1.0.RC1-py3-none-any.whl", "a-b", "1.0rc1"),
            (
                "torch-2.1.0+cu121-cp311-cp311-linux_x86_64.whl",
                "torch",
                "2.1.0+cu121",
            ),
            ("zope.interface-5.0.0.tar.gz", "zope-interface", "5.0.0"),
            (
                "backports-datetime-fromisoformat-2.0.zip",
                "backports.datetime_fromisoformat",
                "2.0",
            ),
            ("a-1.0-1.tar.gz", "a", "1.0.post1"),
            ("a-1.0.tar.bz2", "a", "1.0"),
            ("a-1.0-py2.7.egg", "a", "1.0"),
            ("a-1.0.win32-py2.7.exe", "a", ""),
            ("a-1.0.tar.gz.asc", "a", ""),
            ("other-1.0.tar.gz", "a", ""),
            ("other-1.0-py3-none-any.whl", "a", ""),
            ("a-latest.tar.gz", "a", ""),
            ("a-1.0-x-py3-none-any.whl", "a", ""),
            ("a.whl", "a", ""),
        ] {
            assert_eq!(
                version(filename, project).unwrap_or_default(),
                expected,
                "{filename}"
            );
        }
    }

    #[test]
    fn whatever_pip_would_build_is_an_sdist() {
        let kinds = ["a-1.tar.gz", "a-1.zip", "a-1.tgz", "a-1.tar.xz"].map(FileKind::of);
        assert_eq!(kinds, [FileKind::Sdist; 4]);
        let kinds = ["a-1.egg", "a-1.tar.gz.asc", "a-1.WHL"].map(FileKind::of);
        assert_eq!(kinds, [FileKind::Other; 3]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_plain() {
        for bad in [
            "", ".", "..", "../a.whl", "a/b.whl", "a\\b", "a\nb", "a\"b", ".hidden", "ä.whl",
        ] {
            assert!(!is_plain(bad), "{bad:?}");
        }
        assert!(is_plain("a_b-1.0+local.1-py3-none-any.whl"));
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in "\\PC{0,40}", end in "(\\.whl|\\.tar\\.gz|\\.egg)?") {
            let _ = version(&format!("{name}{end}"), "a");
        }
    }
}
