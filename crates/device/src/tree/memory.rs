use super::seen::{Remembered, Seen};
use super::{Options, TreeReport};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, DigestAlgorithm, Hasher};
use std::collections::BTreeSet;
use std::path::Path;

/// What is remembered of one tree, as far as the options ask for it.
#[derive(Debug)]
pub(super) struct Memory {
    seen: Option<Seen>,
    deep: bool,
}

impl Memory {
    /// Opens it for a folder and what is locked for it. Why an existing file is not used is added
    /// to the report.
    pub fn open(options: &Options, folder: &Path, lock: Digest, report: &mut TreeReport) -> Self {
        let seen = options.seen.as_ref().map(|path| {
            let (seen, why) = Seen::open(path, folder, lock);
            report.not_checked.extend(why);
            seen
        });
        Self {
            seen,
            deep: options.deep,
        }
    }

    /// What was found in a folder, if nothing changed in it since.
    pub fn look(&self, place: &str, fingerprint: Option<&str>) -> Option<&Remembered> {
        let seen = self.seen.as_ref().filter(|_| !self.deep)?;
        seen.look(place, fingerprint?)
    }

    /// Remembers what was found, and forgets all places but these.
    pub fn keep(
        self,
        found: Vec<(String, Remembered)>,
        places: &BTreeSet<String>,
        report: &mut TreeReport,
    ) {
        let Some(mut seen) = self.seen else { return };
        for (fingerprint, what) in found {
            seen.remember(fingerprint, what);
        }
        if let Err(why) = seen.save(places) {
            report
                .not_checked
                .push(format!("what was found could not be remembered: {why}"));
        }
    }
}

/// A digest over all that a lockfile says and that a check goes by.
pub(super) fn digest_of(locked: &[Locked]) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for entry in locked {
        part(&entry.release.to_string());
        part(&format!("{:?}", entry.source));
        part(entry.resolved.as_deref().unwrap_or_default());
        part(&entry.digests.len().to_string());
        for digest in &entry.digests {
            part(&digest.to_string());
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_ecosystem::lockfile::Source;

    #[test]
    fn another_promise_is_another_lock() {
        let entry = |digests: Vec<Digest>| Locked {
            release: "pkg:cargo/a@1.0.0".parse().unwrap(),
            source: Source::Registry,
            digests,
            resolved: None,
            has_install_script: None,
            line: None,
        };
        let one = digest_of(&[entry(vec![Digest::sha256(b"1")])]);
        assert_eq!(one, digest_of(&[entry(vec![Digest::sha256(b"1")])]));
        assert_ne!(one, digest_of(&[entry(vec![Digest::sha256(b"2")])]));
        assert_ne!(one, digest_of(&[entry(Vec::new())]));
    }
}
