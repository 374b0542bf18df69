//! A release whose content is not what it was: pure.

use super::fresh::{Fresh, Listed};
use customs_model::{Digest, PackageName, ReleaseId};
use serde::Serialize;
use std::collections::BTreeMap;

/// A digest that was named for a release, on PyPI for a file, and who named it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The version; on PyPI the file.
    pub(super) key: &'a str,
    /// What it was.
    pub(super) digest: &'a Digest,
    /// The end of "it was … ". Safe to print.
    pub(super) by: &'a str,
}

/// Another content than the one that was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Altered {
    /// The first one.
    pub(super) first: Digest,
    /// The one that the registry names now.
    pub(super) now: Digest,
    /// Where the first one was seen. Safe to print.
    pub(super) seen: String,
}

impl Altered {
    /// A sentence, safe to print.
    pub(super) fn words(&self) -> String {
        format!(
            "its content is not what it was: {} now, and {} {}",
            self.now, self.first, self.seen
        )
    }
}

/// What is listed with another digest than a known one; each once, by the first that is known.
///
/// Digests of other algorithms say nothing about each other: a registry that begins to name
/// stronger ones has changed nothing.
pub(super) fn altered<'a>(
    package: &PackageName,
    listed: &Listed,
    known: impl Iterator<Item = Known<'a>>,
) -> Vec<Fresh> {
    let entries: BTreeMap<&str, _> = listed.entries().map(|e| (e.key.as_str(), e)).collect();
    let mut found: BTreeMap<&str, Fresh> = BTreeMap::new();
    for known in known {
        let Some(entry) = entries.get(known.key) else {
            continue;
        };
        let algorithm = known.digest.algorithm();
        let mut same = entry.digests.iter().filter(|d| d.algorithm() == algorithm);
        let Some(now) = same.clone().next() else {
            continue;
        };
        if same.any(|digest| digest == known.digest) || found.contains_key(known.key) {
            continue;
        }
        let fresh = Fresh {
            release: ReleaseId::new(package.clone(), entry.version.clone()),
            keys: [entry.key.clone()].into(),
            published: entry.published,
            digests: BTreeMap::new(),
            altered: Some(Box::new(Altered {
                first: known.digest.clone(),
                now: now.clone(),
                seen: known.by.to_owned(),
            })),
        };
        found.insert(known.key, fresh);
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::super::fresh::testing::listed_with;
    use super::*;
    use customs_model::{DigestAlgorithm, Ecosystem};

    fn digest(content: &str) -> Digest {
        Digest::sha256(content.as_bytes())
    }

    fn found(listed: &Listed, known: &[(&str, Digest)]) -> Vec<Fresh> {
        let package = PackageName::new(Ecosystem::Npm, "a").unwrap();
        let known = known.iter().map(|(key, digest)| Known {
            key,
            digest,
            by: "at the first look",
        });
        altered(&package, listed, known)
    }

    #[test]
    fn another_digest_for_the_same_release_is_told_with_both() {
        let listed = listed_with(&[("1.0.0", "new"), ("1.0.1", "same")]);
        let known = [("1.0.0", digest("old")), ("1.0.1", digest("same"))];
        let all = found(&listed, &known);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].release.spoken(), "a@1.0.0");
        let words = all[0].altered.as_ref().unwrap().words();
        let expected = format!(
            "its content is not what it was: {} now, and {} at the first look",
            digest("new"),
            digest("old")
        );
        assert_eq!(words, expected);
    }

    #[test]
    fn a_release_that_is_gone_and_a_digest_of_another_algorithm_are_no_other_content() {
        let listed = listed_with(&[("1.0.0", "new")]);
        let other = Digest::from_hex(DigestAlgorithm::Sha1, &"0".repeat(40)).unwrap();
        let known = [("1.0.0", other), ("0.9.0", digest("old"))];
        assert_eq!(found(&listed, &known), []);
    }

    #[test]
    fn of_two_that_know_it_the_first_speaks() {
        let listed = listed_with(&[("1.0.0", "new")]);
        let known = [("1.0.0", digest("one")), ("1.0.0", digest("two"))];
        let all = found(&listed, &known);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].altered.as_ref().unwrap().first, digest("one"));
    }
}
