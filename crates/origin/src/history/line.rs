//! Release lines: what a release is compared within.

use customs_ecosystem::{cargo, npm, pypi};
use customs_model::{Ecosystem, ReleaseId, Version, printable};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A release line: the first number of a version; below 1.0 the first two, behind the epoch
/// where PEP 440 has one (`1`, `0.30`, `1!2`). Prereleases belong to the line that they lead to.
///
/// For cargo it is wider than a caret requirement, which below 0.1 ends at each release: a line
/// of one release has no history to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReleaseLine {
    epoch: u64,
    major: u64,
    /// Some below 1.0 only.
    minor: Option<u64>,
}

/// Why a text is no release line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no release line; it is a number, or 0 and a number as in 0.30")]
pub struct LineError(String);

impl ReleaseLine {
    /// The line of a release. None where its version has no place in its ecosystem's order.
    pub fn of(release: &ReleaseId) -> Option<Self> {
        let text = release.version.as_str();
        match release.package.ecosystem() {
            Ecosystem::Npm => {
                let version = npm::NpmVersion::parse(text)?;
                Some(Self::new(0, version.major, version.minor))
            }
            Ecosystem::PyPi => pypi::release_line(text)?.parse().ok(),
            Ecosystem::Cargo => {
                let line = cargo::release_line(text)?;
                let mut numbers = line.split('.').map(|n| n.parse::<u64>().ok());
                let major = numbers.next()??;
                Some(Self::new(0, major, numbers.next().flatten().unwrap_or(0)))
            }
        }
    }

    fn new(epoch: u64, major: u64, minor: u64) -> Self {
        Self {
            epoch,
            major,
            minor: (major == 0).then_some(minor),
        }
    }
}

/// Which of two versions is newer in its ecosystem's order. None if one has no place in it.
pub(super) fn compare(ecosystem: Ecosystem, a: &Version, b: &Version) -> Option<Ordering> {
    customs_ecosystem::compare(ecosystem, a.as_str(), b.as_str())
}

/// Whether a release is a prerelease. What has no place in the order is none.
pub(super) fn is_prerelease(release: &ReleaseId) -> bool {
    let text = release.version.as_str();
    match release.package.ecosystem() {
        Ecosystem::Npm => npm::NpmVersion::parse(text).is_some_and(|v| v.is_prerelease()),
        Ecosystem::PyPi => pypi::is_prerelease(text),
        Ecosystem::Cargo => cargo::is_prerelease(text),
    }
}

impl fmt::Display for ReleaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}!", self.epoch)?;
        }
        write!(f, "{}", self.major)?;
        match self.minor {
            Some(minor) => write!(f, ".{minor}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ReleaseLine {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        let refuse = || LineError(printable(text, 40));
        let number = |text: &str| {
            // One spelling only: neither `+1` nor `01`.
            text.parse::<u64>()
                .ok()
                .filter(|n| n.to_string() == text)
                .ok_or_else(refuse)
        };
        let (epoch, rest) = text.split_once('!').map_or((0, text), |(epoch, rest)| {
            // `0!` is no spelling: an epoch of nought is not written.
            (
                number(epoch).unwrap_or(0),
                if epoch == "0" { "" } else { rest },
            )
        });
        if text.contains('!') && epoch == 0 {
            return Err(refuse());
        }
        let line = match rest.split_once('.') {
            Some((major, minor)) => Self {
                epoch,
                major: number(major)?,
                minor: Some(number(minor)?),
            },
            None => Self {
                epoch,
                major: number(rest)?,
                minor: None,
            },
        };
        if (line.major == 0) == line.minor.is_some() {
            Ok(line)
        } else {
            Err(refuse())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(release: &str) -> String {
        let release: ReleaseId = release.parse().unwrap();
        ReleaseLine::of(&release).map_or_else(|| "none".to_owned(), |line| line.to_string())
    }

    #[test]
    fn a_line_is_the_major_and_below_one_the_minor() {
        let of = |releases: &[&str]| {
            releases
                .iter()
                .map(|r| line(r))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            of(&[
                "pkg:npm/axios@1.14.1",
                "pkg:npm/axios@0.30.4",
                "pkg:npm/a@2.0.0-beta.1",
                "pkg:npm/a@latest",
            ]),
            "1 0.30 2 none"
        );
        assert_eq!(
            of(&[
                "pkg:pypi/a@0.3",
                "pkg:pypi/a@2026.1",
                "pkg:pypi/a@1%212.0rc1",
                "pkg:pypi/a@0",
                "pkg:pypi/a@x",
            ]),
            "0.3 2026 1!2 0.0 none"
        );
        assert_eq!(
            of(&[
                "pkg:cargo/a@0.0.7",
                "pkg:cargo/a@0.0.8",
                "pkg:cargo/a@0.3.9",
                "pkg:cargo/a@3.0.0-rc.1",
            ]),
            "0.0 0.0 0.3 3"
        );
    }

    #[test]
    fn lines_are_in_the_order_of_their_numbers() {
        let parse = |text: &str| text.parse::<ReleaseLine>().unwrap();
        assert!(parse("9") < parse("10"));
        assert!(parse("0.9") < parse("0.30"));
        assert!(parse("0.30") < parse("1"));
        assert!(parse("2026") < parse("1!1"));
    }

    #[test]
    fn only_one_spelling_of_a_line_is_taken() {
        for bad in [
            "", "1.2", "0", "01", "+1", "0!1", "!1", "1!", "x", "x!1", "0.1.2", "1.", "-1",
        ] {
            assert!(bad.parse::<ReleaseLine>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(epoch in 0u64..3, major in 0u64..40, minor in 0u64..40) {
            let line = ReleaseLine::new(epoch, major, minor);
            prop_assert_eq!(line.to_string().parse::<ReleaseLine>().unwrap(), line);
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,20}") {
            if let Ok(line) = text.parse::<ReleaseLine>() {
                prop_assert_eq!(line.to_string(), text);
            }
        }
    }
}
