use crate::{Ecosystem, PackageName, ParseError, Version, printable};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One version of one package: what people call `axios@1.14.1`. Written and parsed
/// as a package URL (<https://github.com/package-url/purl-spec>).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReleaseId {
    /// The package.
    pub package: PackageName,
    /// The version.
    pub version: Version,
}

impl ReleaseId {
    /// Joins the two.
    pub const fn new(package: PackageName, version: Version) -> Self {
        Self { package, version }
    }

    /// `name@version`, as people say it.
    pub fn spoken(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.package.as_str();
        write!(f, "pkg:{}/", self.package.ecosystem().purl_type())?;
        match name.strip_prefix('@') {
            Some(rest) => write!(f, "%40{rest}")?,
            None => f.write_str(name)?,
        }
        f.write_str("@")?;
        // `+` and `!` are the only characters of a version that a URL reserves.
        for c in self.version.as_str().chars() {
            match c {
                '+' => f.write_str("%2B")?,
                '!' => f.write_str("%21")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for ReleaseId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let refuse = |why| ParseError::PackageUrl(printable(text, 80), why);
        let rest = text
            .strip_prefix("pkg:")
            .ok_or_else(|| refuse("it does not start with pkg:"))?;
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        let (kind, rest) = rest
            .split_once('/')
            .ok_or_else(|| refuse("it has no type"))?;
        let (name, version) = rest
            .rsplit_once('@')
            .ok_or_else(|| refuse("it has no version behind '@'"))?;
        let ecosystem: Ecosystem = kind.parse()?;
        let name = name
            .replace("%40", "@")
            .replace("%2F", "/")
            .replace("%2f", "/");
        let version = version
            .replace("%2B", "+")
            .replace("%2b", "+")
            .replace("%21", "!");
        Ok(Self::new(
            PackageName::new(ecosystem, &name)?,
            Version::new(&version)?,
        ))
    }
}

impl Serialize for ReleaseId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReleaseId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_package_url_reads_back_as_what_was_written(
            scope in proptest::option::of("[a-z][a-z0-9-]{0,8}"),
            name in "[a-zA-Z][a-zA-Z0-9._-]{0,20}",
            version in "[0-9]\\.[0-9]{1,3}\\.[0-9](-[a-z]{1,4}\\.[0-9])?(\\+[a-z0-9]{1,6})?",
        ) {
            let name = match scope { Some(s) => format!("@{s}/{name}"), None => name };
            let release = ReleaseId::new(
                PackageName::new(Ecosystem::Npm, &name).unwrap(),
                Version::new(&version).unwrap(),
            );
            prop_assert_eq!(release.to_string().parse::<ReleaseId>().unwrap(), release);
        }
    }
}
