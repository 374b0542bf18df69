//! Version ranges of a policy file: comparators joined by commas, in the version
//! order of the ecosystem.

use customs_model::{Ecosystem, Version};
use std::fmt;
use std::str::FromStr as _;

/// A set of versions.
#[derive(Clone, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// npm and cargo.
    Semver(semver::VersionReq),
    /// PyPI.
    Pep440(pep440_rs::VersionSpecifiers),
}

impl VersionRange {
    /// Reads `>=1.2, <2`.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let kind = match ecosystem {
            Ecosystem::Npm | Ecosystem::Cargo => {
                Kind::Semver(semver::VersionReq::parse(text).ok()?)
            }
            Ecosystem::PyPi => Kind::Pep440(pep440_rs::VersionSpecifiers::from_str(text).ok()?),
        };
        Some(Self {
            text: text.trim().to_owned(),
            kind,
        })
    }

    /// Whether a version lies in it. What is no version of the ecosystem lies nowhere.
    pub fn contains(&self, version: &Version) -> bool {
        match &self.kind {
            // A line of a policy means prereleases too: whoever denies `>=1.0.0` does not
            // want 1.0.1-rc.1.
            Kind::Semver(range) => semver::Version::parse(version.as_str()).is_ok_and(|version| {
                range.matches(&version)
                    || !version.pre.is_empty()
                        && range.matches(&semver::Version {
                            pre: semver::Prerelease::EMPTY,
                            ..version
                        })
            }),
            Kind::Pep440(range) => pep440_rs::Version::from_str(version.as_str())
                .is_ok_and(|version| range.contains(&version)),
        }
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_uses_the_version_order_of_its_ecosystem() {
        let version = |text| Version::new(text).unwrap();
        let npm = VersionRange::parse(Ecosystem::Npm, ">=1.2, <2").unwrap();
        assert!(npm.contains(&version("1.10.0")));
        assert!(!npm.contains(&version("2.0.0")));
        assert!(!npm.contains(&version("not-a-version")));
        assert!(npm.contains(&version("1.3.0-rc.1")));
        assert!(!npm.contains(&version("2.0.0-rc.1")));
        let pypi = VersionRange::parse(Ecosystem::PyPi, ">=1.2, <2").unwrap();
        assert!(pypi.contains(&version("1.10.post1")));
        assert!(!pypi.contains(&version("1.2rc1")));
        assert!(VersionRange::parse(Ecosystem::Npm, ">=1.x.y").is_none());
    }
}
