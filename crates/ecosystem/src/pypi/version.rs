//! Python's version order and specifiers (PEP 440).

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};
use std::cmp::Ordering;
use std::str::FromStr;

/// Longer text is neither a version nor a specifier.
const LONGEST: usize = 2048;

fn parse(text: &str) -> Option<Version> {
    (text.len() <= LONGEST)
        .then(|| Version::from_str(text).ok())
        .flatten()
}

/// The one spelling that all spellings of a version have in common (`1.0-RC_1` is
/// `1.0rc1`). `None` for what is no version.
pub fn canonical(version: &str) -> Option<String> {
    parse(version).map(|v| v.to_string())
}

/// Which of two versions is newer. `None` if one of them is no version.
pub fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.cmp(&parse(b)?))
}

/// Whether it is a prerelease or development release. What is no version is none.
pub fn is_prerelease(version: &str) -> bool {
    parse(version).is_some_and(|v| v.any_prerelease())
}

/// The line of releases: the first number, below 1.0 the first two (`0.3`), behind the
/// epoch where there is one (`1!2`). For calendar versions that is the year.
pub fn release_line(version: &str) -> Option<String> {
    let version = parse(version)?;
    let release = version.release();
    let number = |at: usize| release.get(at).copied().unwrap_or(0);
    let line = match number(0) {
        0 => format!("0.{}", number(1)),
        major => major.to_string(),
    };
    Some(match version.epoch() {
        0 => line,
        epoch => format!("{epoch}!{line}"),
    })
}

/// Whether an installer would take a version for a specifier: as [`contains`], but a
/// prerelease only where the specifier itself names one. `None` if either cannot be
/// read.
pub fn satisfies(version: &str, specifier: &str) -> Option<bool> {
    let (version, specifiers) = (parse(version)?, specifiers(specifier)?);
    let named = || {
        specifiers
            .iter()
            .filter(|s| !matches!(s.operator(), Operator::NotEqual | Operator::NotEqualStar))
            .any(|s| s.version().any_prerelease())
    };
    Some(all_contain(&specifiers, &version) && (!version.any_prerelease() || named()))
}

/// Whether a version lies in a specifier, prereleases included: what a denial or an
/// advisory means by a range. `None` if either cannot be read.
pub fn contains(version: &str, specifier: &str) -> Option<bool> {
    Some(all_contain(&specifiers(specifier)?, &parse(version)?))
}

fn specifiers(text: &str) -> Option<VersionSpecifiers> {
    let text = text.trim();
    // Metadata from before PEP 508 puts them into parentheses.
    let text = text
        .strip_prefix('(')
        .and_then(|t| t.strip_suffix(')'))
        .unwrap_or(text);
    (text.len() <= LONGEST)
        .then(|| VersionSpecifiers::from_str(text).ok())
        .flatten()
}

fn all_contain(specifiers: &VersionSpecifiers, version: &Version) -> bool {
    specifiers.iter().all(|s| one_contains(s, version))
}

/// `==1.2.*` must not match `1`, which is `1.0`: the library compares only as many
/// numbers as both have, so the version is filled up with zeros first.
fn one_contains(specifier: &VersionSpecifier, version: &Version) -> bool {
    let wanted = specifier.version().release().len();
    if specifier.operator().is_star() && version.release().len() < wanted {
        let filled = version
            .release()
            .iter()
            .copied()
            .chain(std::iter::repeat(0))
            .take(wanted)
            .collect::<Vec<_>>();
        return specifier.contains(&version.clone().with_release(filled));
    }
    specifier.contains(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_is_that_of_pep_440() {
        let ordered = [
            "1.0.dev1",
            "1.0a1",
            "1.0b2",
            "1.0rc1",
            "1.0",
            "1.0.post1",
            "1.1",
            "1.10",
            "1!0.1",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
        }
        assert_eq!(compare("1.0", "1.0.0"), Some(Ordering::Equal));
        assert_eq!(compare("1.0", "latest"), None);
    }

    #[test]
    fn a_line_is_the_first_number_that_is_not_zero() {
        let lines = ["1.82.8", "0.3.1", "2026.1", "1!2.0", "0", "x"].map(release_line);
        assert_eq!(
            lines.map(Option::unwrap_or_default),
            ["1", "0.3", "2026", "1!2", "0.0", ""]
        );
    }

    #[test]
    fn an_installer_takes_a_prerelease_only_where_one_is_named() {
        assert_eq!(satisfies("2.0a1", ">=1.0"), Some(false));
        assert_eq!(satisfies("2.0a1", ">=2.0a1"), Some(true));
        assert_eq!(satisfies("2.0a1", "!=2.0a2"), Some(false));
        assert_eq!(contains("2.0a1", ">=1.0"), Some(true));
    }

    #[test]
    fn specifiers_are_read_in_old_and_new_form() {
        assert_eq!(satisfies("1.5", "(>=1.0,<2)"), Some(true));
        assert_eq!(satisfies("1.5", ""), Some(true));
        assert_eq!(satisfies("1.5.2", "~=1.5.1"), Some(true));
        assert_eq!(satisfies("1.6.0", "~=1.5.1"), Some(false));
        assert_eq!(satisfies("1.5", "^1.0"), None);
        assert_eq!(satisfies("nope", ">=1"), None);
    }

    #[test]
    fn a_star_fills_short_versions_with_zeros() {
        assert_eq!(satisfies("1", "==1.2.*"), Some(false));
        assert_eq!(satisfies("1", "==1.0.*"), Some(true));
        assert_eq!(satisfies("1", "!=1.2.*"), Some(true));
        assert_eq!(satisfies("1.2.7", "==1.2.*"), Some(true));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(a in "\\PC{0,40}", b in "[0-9.!a-z+*<>=~, -]{0,40}") {
            let _ = (compare(&a, &b), satisfies(&a, &b), satisfies(&b, &a), release_line(&b));
            let _ = (contains("1.0", &b), canonical(&b), is_prerelease(&b));
        }
    }
}
