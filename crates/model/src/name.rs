use crate::{Ecosystem, ParseError, printable};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A package name, checked and normalised by the rules of its ecosystem.
///
/// npm keeps case (old packages have capitals), PyPI is normalised as PEP 503 says,
/// cargo keeps its spelling and compares `-` and `_` as different, as its index does.
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageName {
    ecosystem: Ecosystem,
    name: Arc<str>,
}

/// The longest name that any of the registries has ever accepted (npm: 214).
const LONGEST: usize = 214;

impl PackageName {
    /// Checks a name.
    ///
    /// # Errors
    /// Names that are empty, too long, or hold anything but the characters that the
    /// ecosystem's own specification allows: no traversal, no control characters.
    pub fn new(ecosystem: Ecosystem, name: &str) -> Result<Self, ParseError> {
        let refuse = |why| ParseError::Name {
            ecosystem,
            name: printable(name, 60),
            why,
        };
        if name.is_empty() {
            return Err(refuse("it is empty"));
        }
        if name.len() > LONGEST {
            return Err(refuse("it is longer than 214 bytes"));
        }
        let normal = match ecosystem {
            Ecosystem::Npm => npm(name).map_err(refuse)?,
            Ecosystem::PyPi => pypi(name).map_err(refuse)?,
            Ecosystem::Cargo => cargo(name).map_err(refuse)?,
        };
        Ok(Self {
            ecosystem,
            name: normal,
        })
    }

    /// The ecosystem whose rules it follows.
    pub const fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// The normalised text, with its scope where it has one (`@scope/name`).
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// `@scope` of an npm name.
    pub fn scope(&self) -> Option<&str> {
        self.name
            .strip_prefix('@')
            .and_then(|_| self.name.split_once('/'))
            .map(|(scope, _)| scope)
    }

    /// The name without its npm scope.
    pub fn unscoped(&self) -> &str {
        match self.scope() {
            Some(scope) => &self.name[scope.len() + 1..],
            None => &self.name,
        }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for PackageName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "{}:{}",
            self.ecosystem.purl_type(),
            self.name
        ))
    }
}

impl<'de> Deserialize<'de> for PackageName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let (ecosystem, name) = text
            .split_once(':')
            .ok_or_else(|| serde::de::Error::custom("no ecosystem"))?;
        let ecosystem = ecosystem.parse().map_err(serde::de::Error::custom)?;
        Self::new(ecosystem, name).map_err(serde::de::Error::custom)
    }
}

/// URL-safe characters as `validate-npm-package-name` has them for *old* packages:
/// capitals and `~'!()*` occur in names that still get downloads.
fn npm(name: &str) -> Result<Arc<str>, &'static str> {
    let part = |part: &str| -> Result<(), &'static str> {
        if part.is_empty() {
            return Err("a part of it is empty");
        }
        if part.starts_with('.') {
            return Err("a part of it starts with a dot");
        }
        if !part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.~'!()*".contains(&b))
        {
            return Err("it holds a character that is not URL-safe");
        }
        Ok(())
    };
    match name.strip_prefix('@') {
        Some(rest) => {
            let (scope, bare) = rest
                .split_once('/')
                .ok_or("a scope needs a name behind it")?;
            part(scope)?;
            part(bare)?;
        }
        None => part(name)?,
    }
    Ok(name.into())
}

/// PEP 508 characters, normalised as PEP 503 says: runs of `-_.` become one `-`.
fn pypi(name: &str) -> Result<Arc<str>, &'static str> {
    let bytes = name.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    if !edge(bytes.first()) || !edge(bytes.last()) {
        return Err("it does not start and end with a letter or digit");
    }
    let mut normal = String::with_capacity(name.len());
    let mut dash = false;
    for b in bytes {
        match b {
            b'-' | b'_' | b'.' => dash = true,
            b if b.is_ascii_alphanumeric() => {
                if dash {
                    normal.push('-');
                    dash = false;
                }
                normal.push(char::from(b.to_ascii_lowercase()));
            }
            _ => return Err("it holds a character other than letters, digits, '-', '_', '.'"),
        }
    }
    Ok(normal.into())
}

fn cargo(name: &str) -> Result<Arc<str>, &'static str> {
    if name.len() > 64 {
        return Err("it is longer than 64 bytes");
    }
    if !name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Err("it holds a character other than letters, digits, '-', '_'");
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_their_ecosystem() {
        let name = |e, n| PackageName::new(e, n).map(|n| n.as_str().to_owned());
        assert_eq!(
            name(Ecosystem::PyPi, "Zope.Interface__x").unwrap(),
            "zope-interface-x"
        );
        assert_eq!(name(Ecosystem::Npm, "@babel/core").unwrap(), "@babel/core");
        assert_eq!(name(Ecosystem::Npm, "JSONStream").unwrap(), "JSONStream");
        for bad in [
            "..", ".", "a/b", "@/x", "@a/", "@a", "a\\b", "a b", "a\0", "@a/../b", "ü",
        ] {
            assert!(name(Ecosystem::Npm, bad).is_err(), "{bad:?}");
        }
        for bad in ["-a", "a-", "a/b", "", "a b"] {
            assert!(name(Ecosystem::PyPi, bad).is_err(), "{bad:?}");
        }
        let long = "a".repeat(10_000);
        assert!(name(Ecosystem::Cargo, &long[..65]).is_err());
        assert!(name(Ecosystem::Npm, &long).is_err());
    }

    #[test]
    fn scope_and_bare_name_are_told_apart() {
        let name = PackageName::new(Ecosystem::Npm, "@a/b").unwrap();
        assert_eq!((name.scope(), name.unscoped()), (Some("@a"), "b"));
        let name = PackageName::new(Ecosystem::Npm, "b").unwrap();
        assert_eq!((name.scope(), name.unscoped()), (None, "b"));
    }
}
