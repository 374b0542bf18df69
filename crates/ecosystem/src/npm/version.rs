//! npm version order, as the semver package of the npm command line has it.

use std::cmp::Ordering;
use std::fmt;

/// A parsed npm version. Build metadata is dropped: it takes no part in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmVersion {
    /// First number.
    pub major: u64,
    /// Second number.
    pub minor: u64,
    /// Third number.
    pub patch: u64,
    /// Prerelease identifiers; empty for a stable version.
    pub pre: Vec<Identifier>,
}

/// One dot-separated part of a prerelease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// Digits only: compared as a number, below every word.
    Number(u64),
    /// Anything else: compared as bytes.
    Word(Box<str>),
}

/// The largest number that the reference implementation accepts (2^53 - 1).
const MAX_SAFE: u64 = (1 << 53) - 1;

pub(super) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if !digits || leading_zero {
        return None;
    }
    text.parse().ok().filter(|n| *n <= MAX_SAFE)
}

pub(super) fn identifiers(text: &str) -> Option<Vec<Identifier>> {
    text.split('.')
        .map(|part| {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return None;
            }
            if part.bytes().all(|b| b.is_ascii_digit()) {
                return number(part).map(Identifier::Number);
            }
            Some(Identifier::Word(part.into()))
        })
        .collect()
}

impl NpmVersion {
    /// Parses `1.2.3-beta.1+build`, with an optional leading `v` or `=`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 256 {
            return None;
        }
        let text = text.trim_start_matches(['v', '=']).trim_start();
        let text = text.split_once('+').map_or(text, |(before, _)| before);
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, identifiers(pre)?),
            None => (text, Vec::new()),
        };
        let mut numbers = core.split('.').map(number);
        let version = Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            patch: numbers.next()??,
            pre,
        };
        numbers.next().is_none().then_some(version)
    }

    /// Whether it is a prerelease.
    pub fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }

    /// The three numbers.
    pub(super) fn core(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Number(_), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(_)) => Ordering::Greater,
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
        }
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NpmVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.core().cmp(&other.core()).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.pre.cmp(&other.pre),
            }
        })
    }
}

impl PartialOrd for NpmVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NpmVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        for (i, part) in self.pre.iter().enumerate() {
            f.write_str(if i == 0 { "-" } else { "." })?;
            match part {
                Identifier::Number(n) => write!(f, "{n}")?,
                Identifier::Word(w) => f.write_str(w)?,
            }
        }
        Ok(())
    }
}

/// The release line: what semver promises not to break within. The major number;
/// below 1.0 the minor, since `^0.30.0` ends there.
pub fn release_line(version: &NpmVersion) -> (u64, u64) {
    if version.major > 0 {
        (version.major, 0)
    } else {
        (0, version.minor + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_specification() {
        let sorted = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.9.0",
            "1.10.0",
            "1.21.0",
        ];
        for pair in sorted.windows(2) {
            assert!(
                NpmVersion::parse(pair[0]) < NpmVersion::parse(pair[1]),
                "{pair:?}"
            );
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "latest",
            "1.2.3-",
            "1.2.3-a..b",
        ] {
            assert_eq!(NpmVersion::parse(bad), None, "{bad:?}");
        }
        assert_eq!(
            NpmVersion::parse(" v1.2.3+x ").unwrap().to_string(),
            "1.2.3"
        );
    }

    #[test]
    fn a_line_below_one_is_its_minor() {
        let line = |v| release_line(&NpmVersion::parse(v).unwrap());
        assert_eq!(line("1.14.1"), line("1.0.0"));
        assert_ne!(line("0.30.4"), line("0.29.0"));
        assert_ne!(line("0.30.4"), line("1.14.1"));
    }
}
