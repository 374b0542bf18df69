//! What a question or an exemption is about, as people write it.

use crate::{Ecosystem, PackageName, ReleaseId, Version, printable};

/// A text names no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text} names no package: {why}; write name, name@version, name==version (PyPI) or \
     pkg:npm/name@version"
)]
pub struct PackageSpecError {
    /// What was written, safe to print.
    text: String,
    /// Why not, as a clause.
    why: String,
}

/// A package, or one release of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSpec {
    /// The package.
    pub package: PackageName,
    /// The version, where one is named.
    pub version: Option<Version>,
}

impl PackageSpec {
    /// Reads `name`, `name@version`, `name==version` (PyPI), or a package URL with or without
    /// a version.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str, ecosystem: Ecosystem) -> Result<Self, PackageSpecError> {
        let refuse = |why: &str| PackageSpecError {
            text: printable(text, 120),
            why: why.to_owned(),
        };
        let text = text.trim();
        let (ecosystem, rest, sign) = match text.strip_prefix("pkg:") {
            Some(rest) => {
                let (kind, rest) = rest
                    .split_once('/')
                    .ok_or_else(|| refuse("it has no name"))?;
                let ecosystem = kind.parse().map_err(|e| refuse(&format!("{e}")))?;
                let decoded = rest.replace("%40", "@").replace("%2F", "/");
                (
                    ecosystem,
                    decoded.replace("%2B", "+").replace("%21", "!"),
                    "@",
                )
            }
            None if text.contains("==") => (Ecosystem::PyPi, text.to_owned(), "=="),
            None => (ecosystem, text.to_owned(), "@"),
        };
        // An `@` at the start belongs to the scope.
        let (name, version) = match rest.rfind(sign).filter(|at| *at > 0) {
            Some(at) => (&rest[..at], Some(&rest[at + sign.len()..])),
            None => (rest.as_str(), None),
        };
        let package = PackageName::new(ecosystem, name).map_err(|e| refuse(&e.to_string()))?;
        let version = version.map(Version::new).transpose();
        Ok(Self {
            package,
            version: version.map_err(|e| refuse(&e.to_string()))?,
        })
    }

    /// The release, where one is named.
    pub fn release(&self) -> Option<ReleaseId> {
        let version = self.version.clone()?;
        Some(ReleaseId::new(self.package.clone(), version))
    }

    /// As a policy file writes it.
    pub fn about(&self) -> String {
        let kind = self.package.ecosystem().purl_type();
        match &self.version {
            Some(version) => format!("pkg:{kind}/{}@{version}", self.package),
            None => format!("pkg:{kind}/{}", self.package),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(text: &str, ecosystem: Ecosystem) -> String {
        match PackageSpec::parse(text, ecosystem) {
            Ok(target) => target.about(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_package_or_a_release_is_named_in_the_ways_that_people_know() {
        assert_eq!(about("left", Ecosystem::Npm), "pkg:npm/left");
        assert_eq!(
            about("@acme/ui@1.0.0", Ecosystem::Npm),
            "pkg:npm/@acme/ui@1.0.0"
        );
        assert_eq!(about("@acme/ui", Ecosystem::Npm), "pkg:npm/@acme/ui");
        assert_eq!(
            about("pkg:npm/%40acme/ui@1.0.0", Ecosystem::PyPi),
            "pkg:npm/@acme/ui@1.0.0"
        );
        assert_eq!(
            about("Left_Pad==1.0", Ecosystem::Npm),
            "pkg:pypi/left-pad@1.0"
        );
        assert_eq!(
            about("serde@1.0.1", Ecosystem::Cargo),
            "pkg:cargo/serde@1.0.1"
        );
    }

    #[test]
    fn what_names_none_is_refused_with_what_would_do() {
        assert_eq!(
            about("pkg:npm", Ecosystem::Npm),
            "pkg:npm names no package: it has no name; write name, name@version, name==version (PyPI) or pkg:npm/name@version"
        );
        assert!(about("a b", Ecosystem::Npm).contains("names no package"));
        assert!(about("left@", Ecosystem::Npm).contains("names no package"));
        assert!(about("", Ecosystem::Npm).contains("names no package"));
    }
}
