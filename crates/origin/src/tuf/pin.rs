//! What one file of a repository promises of the next.

use super::{File, TufError};
use customs_model::{Digest, DigestAlgorithm, Hasher};
use sigstore_tuf::{MetaFile, TargetFile};
use std::collections::BTreeMap;

/// Algorithms that are looked at, under the framework's names for them.
const ALGORITHMS: [(&str, DigestAlgorithm); 2] = [
    ("sha256", DigestAlgorithm::Sha256),
    ("sha512", DigestAlgorithm::Sha512),
];

/// Version, length and digests, as far as they are promised.
#[derive(Debug, Clone)]
pub(super) struct Pin {
    pub version: u64,
    length: Option<u64>,
    hashes: Option<BTreeMap<String, String>>,
}

impl Pin {
    pub fn of(meta: &MetaFile) -> Self {
        Self {
            version: meta.version,
            length: meta.length,
            hashes: meta.hashes.clone(),
        }
    }

    pub fn of_target(target: &TargetFile) -> Self {
        Self {
            version: 0,
            length: Some(target.length),
            hashes: Some(target.hashes.clone()),
        }
    }

    /// # Errors
    /// Another length, or another digest; or digests of algorithms only that are not known here.
    pub fn check(&self, file: File, bytes: &[u8]) -> Result<(), TufError> {
        let got = bytes.len() as u64;
        if let Some(promised) = self.length.filter(|promised| *promised != got) {
            return Err(TufError::Length {
                file,
                promised,
                got,
            });
        }
        let Some(hashes) = &self.hashes else {
            return Ok(());
        };
        let mut looked_at = false;
        for (name, algorithm) in ALGORITHMS {
            let Some(promised) = hashes.get(name) else {
                continue;
            };
            looked_at = true;
            if !digest(algorithm, bytes)
                .to_hex()
                .eq_ignore_ascii_case(promised)
            {
                let algorithm = algorithm.name();
                return Err(TufError::Hash { file, algorithm });
            }
        }
        match looked_at {
            true => Ok(()),
            false => Err(TufError::unreadable(
                file,
                "no SHA-256 and no SHA-512 of it is promised",
            )),
        }
    }

    /// # Errors
    /// Another version.
    pub fn check_version(&self, file: File, got: u64) -> Result<(), TufError> {
        let promised = self.version;
        match promised == got {
            true => Ok(()),
            false => Err(TufError::Version {
                file,
                promised,
                got,
            }),
        }
    }
}

fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// The digest that a target's file is named by, if it is one.
pub(super) fn name_of(hashes: &BTreeMap<String, String>) -> Option<&str> {
    let is_hex = |text: &&String| {
        matches!(text.len(), 64 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut known = ALGORITHMS.iter();
    let found = known.find_map(|(name, _)| hashes.get(*name).filter(is_hex));
    found.map(String::as_str)
}
