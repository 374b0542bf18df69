//! cargo's version order and requirements, as the `semver` crate has them.

use semver::{Version, VersionReq};
use std::cmp::Ordering;

/// Longer text is neither a version nor a requirement.
const LONGEST: usize = 1024;

fn parse(text: &str) -> Option<Version> {
    (text.len() <= LONGEST)
        .then(|| Version::parse(text).ok())
        .flatten()
}

/// Which of two versions is newer. Build metadata takes no part. `None` if one of them
/// is no version.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.cmp_precedence(&parse(b)?))
}

/// Whether it is a prerelease. What is no version is none.
pub fn is_prerelease(version: &str) -> bool {
    parse(version).is_some_and(|v| !v.pre.is_empty())
}

/// The line of releases that a caret requirement stays in: the major, below 1.0 the
/// minor (`0.3`), below 0.1 the patch (`0.0.3`).
pub fn release_line(version: &str) -> Option<String> {
    let v = parse(version)?;
    Some(match (v.major, v.minor) {
        (0, 0) => format!("0.0.{}", v.patch),
        (0, minor) => format!("0.{minor}"),
        (major, _) => major.to_string(),
    })
}

/// Whether a version satisfies a requirement as cargo reads it: `1.2` means `^1.2`, and
/// a prerelease satisfies only where the requirement names one of the same three
/// numbers. `None` if either cannot be read.
pub fn satisfies(version: &str, requirement: &str) -> Option<bool> {
    let version = parse(version)?;
    if requirement.len() > LONGEST {
        return None;
    }
    Some(VersionReq::parse(requirement).ok()?.matches(&version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_precedence_and_ignores_build_metadata() {
        assert_eq!(compare("0.10.0", "0.9.0"), Some(Ordering::Greater));
        assert_eq!(compare("1.0.0-rc.1", "1.0.0"), Some(Ordering::Less));
        assert_eq!(compare("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
        assert_eq!(compare("1.0", "1.0.0"), None);
    }

    #[test]
    fn a_line_is_what_a_caret_stays_in() {
        let lines = ["1.2.3", "0.3.9", "0.0.7", "2.0.0-beta.1", "x"].map(release_line);
        assert_eq!(
            lines.map(|l| l.unwrap_or_default()),
            ["1", "0.3", "0.0.7", "2", ""]
        );
    }

    #[test]
    fn a_bare_requirement_is_a_caret() {
        assert_eq!(satisfies("1.9.0", "1.2"), Some(true));
        assert_eq!(satisfies("2.0.0", "1.2"), Some(false));
        assert_eq!(satisfies("0.3.1", "^0.2"), Some(false));
        assert_eq!(satisfies("1.3.0-rc.1", "1.2"), Some(false));
        assert_eq!(satisfies("1.3.0-rc.1", "1.3.0-alpha"), Some(true));
        assert_eq!(satisfies("1.5.0", ">=1.2, <1.6"), Some(true));
        assert_eq!(satisfies("1.5.0", "latest"), None);
    }
}
