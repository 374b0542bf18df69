//! What lockfiles promise the content of a release to be, and where two of them disagree.
//!
//! npm and cargo only: there a release has one artifact. Of a Python release each lockfile
//! names the files that its own tool looked at.

use super::altered::Known;
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Version};
use std::collections::BTreeMap;

/// The digests that lockfiles name.
#[derive(Debug, Default)]
pub(super) struct Pins(BTreeMap<PackageName, BTreeMap<Version, Vec<Pin>>>);

#[derive(Debug)]
struct Pin {
    digest: Digest,
    /// The end of "it was …". Safe to print.
    by: String,
}

impl Pins {
    /// Notes what a lockfile promises. Its name is safe to print.
    pub(super) fn add(&mut self, release: &ReleaseId, digests: Vec<Digest>, lockfile: &str) {
        if release.package.ecosystem() == Ecosystem::PyPi || digests.is_empty() {
            return;
        }
        let versions = self.0.entry(release.package.clone()).or_default();
        let pins = versions.entry(release.version.clone()).or_default();
        for digest in digests {
            if !pins.iter().any(|pin| pin.digest == digest) {
                pins.push(Pin {
                    digest,
                    by: format!("in {lockfile}"),
                });
            }
        }
    }

    /// What is promised of a package, without what lockfiles disagree about.
    pub(super) fn of(&self, package: &PackageName) -> impl Iterator<Item = Known<'_>> {
        let versions = self.0.get(package).into_iter().flatten();
        versions
            .filter(|(_, pins)| conflict(pins).is_none())
            .flat_map(|(version, pins)| {
                pins.iter().map(move |pin| Known {
                    key: version.as_str(),
                    digest: &pin.digest,
                    by: &pin.by,
                })
            })
    }

    /// The releases that lockfiles promise different contents of, with a sentence that is safe
    /// to print.
    pub(super) fn conflicts(&self) -> Vec<(ReleaseId, String)> {
        let releases = self.0.iter().flat_map(|(package, versions)| {
            versions.iter().map(move |(version, pins)| {
                let release = ReleaseId::new(package.clone(), version.clone());
                (release, pins)
            })
        });
        releases
            .filter_map(|(release, pins)| {
                let (one, other) = conflict(pins)?;
                let words = format!(
                    "lockfiles name two contents of it: {} {}, and {} {}",
                    one.digest, one.by, other.digest, other.by
                );
                Some((release, words))
            })
            .collect()
    }
}

/// Two digests of one algorithm.
fn conflict(pins: &[Pin]) -> Option<(&Pin, &Pin)> {
    pins.iter().enumerate().find_map(|(at, one)| {
        let algorithm = one.digest.algorithm();
        let mut later = pins.iter().skip(at + 1);
        let other = later.find(|pin| pin.digest.algorithm() == algorithm)?;
        Some((one, other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::DigestAlgorithm;

    fn pins(all: &[(&str, Digest, &str)]) -> Pins {
        let mut pins = Pins::default();
        for (release, digest, lockfile) in all {
            pins.add(&release.parse().unwrap(), vec![digest.clone()], lockfile);
        }
        pins
    }

    fn digest(content: &str) -> Digest {
        Digest::sha256(content.as_bytes())
    }

    #[test]
    fn two_lockfiles_that_disagree_are_told_and_neither_is_believed() {
        let one = ("pkg:npm/a@1.0.0", digest("one"), "web/package-lock.json");
        let other = ("pkg:npm/a@1.0.0", digest("two"), "api/package-lock.json");
        let pins = pins(&[one, other]);
        let all = pins.conflicts();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0.to_string(), "pkg:npm/a@1.0.0");
        for name in ["web/package-lock.json", "api/package-lock.json"] {
            assert!(all[0].1.contains(name), "{}", all[0].1);
        }
        assert_eq!(pins.of(&all[0].0.package).count(), 0);
    }

    #[test]
    fn the_same_content_by_two_algorithms_is_no_disagreement() {
        let weak = Digest::from_hex(DigestAlgorithm::Sha1, &"0".repeat(40)).unwrap();
        let pins = pins(&[
            ("pkg:npm/a@1.0.0", digest("one"), "package-lock.json"),
            ("pkg:npm/a@1.0.0", weak, "yarn.lock"),
            ("pkg:npm/a@1.0.0", digest("one"), "pnpm-lock.yaml"),
        ]);
        assert_eq!(pins.conflicts(), []);
        let package = PackageName::new(Ecosystem::Npm, "a").unwrap();
        let known: Vec<&str> = pins.of(&package).map(|known| known.by).collect();
        assert_eq!(known, ["in package-lock.json", "in yarn.lock"]);
    }

    #[test]
    fn files_of_a_python_release_are_many() {
        let pins = pins(&[
            ("pkg:pypi/a@1.0", digest("one"), "uv.lock"),
            ("pkg:pypi/a@1.0", digest("two"), "requirements.txt"),
        ]);
        assert_eq!(pins.conflicts(), []);
    }
}
