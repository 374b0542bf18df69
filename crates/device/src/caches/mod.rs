//! Shared caches and stores: is what lies there what it says it is? No manager asks again once
//! something lies there, so what is wrong there is carried into the next project (measured for
//! bun, uv and pnpm with frozen lockfiles and hashes).
//!
//! Only what a lockfile names is looked at ([`locked`]), and all of pnpm's store ([`pnpm_files`]),
//! whose files do not say whose they are.

mod pnpm;

pub use pnpm::{StoreFile, pnpm_files};

use crate::artifact::{Form, Poisoned, Source, Wanted, digest_of};
use crate::tree::each;
use customs_ecosystem::lockfile::places::Places;
use customs_model::{Digest, DigestAlgorithm, printable};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Bounds on what is read.
pub mod limit {
    /// Files of one cache or store.
    pub const FILES: usize = 2_000_000;
    /// Bytes of all files together.
    pub const BYTES: u64 = 256 << 30;
    /// Lines about what was not read.
    pub const NOTES: usize = 1000;
}

/// What was found in caches and stores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheReport {
    /// Copies that were hashed.
    pub looked_at: u64,
    /// Those that are not what they should be.
    pub poisoned: Vec<Poisoned>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
}

impl CacheReport {
    fn note(&mut self, note: String) {
        match self.not_checked.len() {
            count if count < limit::NOTES => self.not_checked.push(note),
            limit::NOTES => self
                .not_checked
                .push("and more, which is not listed".into()),
            _ => {}
        }
    }
}

/// Hashes every copy, in every source, of what a lockfile names. The tree check reads only the
/// first that is right.
pub fn locked(
    places: &Places,
    sources: &[Box<dyn Source>],
    threads: Option<NonZeroUsize>,
) -> CacheReport {
    let mut report = CacheReport::default();
    let mut files: BTreeSet<(PathBuf, usize, Digest, String)> = BTreeSet::new();
    for (index, placed) in places.placed.iter().enumerate() {
        let wanted = Wanted {
            release: &placed.release,
            digests: &placed.digests,
            archive: placed.archive.as_ref(),
            resolved: placed.resolved.as_deref(),
        };
        for source in sources {
            let candidates = match source.all(&wanted) {
                Ok(candidates) => candidates,
                Err(why) => {
                    report.note(why.to_string());
                    continue;
                }
            };
            for candidate in candidates {
                let promised = match candidate.form {
                    Form::YarnZip => placed.archive.as_ref(),
                    Form::Artifact => wanted.strongest(),
                };
                if let Some(promised) = promised {
                    files.insert((candidate.path, index, promised.clone(), candidate.from));
                }
            }
        }
    }
    // The same copy for several places is one.
    let mut files: Vec<_> = files.into_iter().collect();
    files.dedup_by(|a, b| a.0 == b.0 && a.2 == b.2);
    let found = each(&files, threads, |(path, _, promised, _)| {
        digest_of(path, promised.algorithm())
    });
    for ((path, index, promised, from), found) in files.into_iter().zip(found) {
        let Some(placed) = places.placed.get(index) else {
            continue;
        };
        match found {
            Ok(found) => {
                report.looked_at += 1;
                if found != promised {
                    report.poisoned.push(Poisoned {
                        cache: from,
                        path: path.display().to_string(),
                        release: placed.release.clone(),
                        promised,
                        found,
                    });
                }
            }
            Err(why) => {
                let path = printable(&path.display().to_string(), 200);
                report.note(format!("{path} cannot be read: {why}"));
            }
        }
    }
    report.poisoned.sort();
    report
}

/// A digest by the hexadecimal text that a path is made of.
fn by_hex(algorithm: DigestAlgorithm, parts: &[&str]) -> Option<Digest> {
    Digest::from_hex(algorithm, &parts.concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::{ByDigest, NpmCache};
    use crate::tree::testing::sha512;
    use customs_ecosystem::lockfile::{Kind, places};
    use std::fs;

    #[test]
    fn every_copy_of_what_a_lockfile_names_is_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let good = sha512(b"good");
        let hex = good.to_hex();
        let store = folder.path().join("store/sha512").join(&hex[..2]);
        fs::create_dir_all(&store).unwrap();
        fs::write(store.join(&hex[2..]), "good").unwrap();
        let cache = folder.path().join("npm/_cacache/content-v2/sha512");
        let cache = cache.join(&hex[..2]).join(&hex[2..4]);
        fs::create_dir_all(&cache).unwrap();
        fs::write(cache.join(&hex[4..]), "evil").unwrap();
        let lock = format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/a": {{"version": "1.0.0", "integrity": "{}"}}}}}}"#,
            good.to_sri()
        );
        let places = places::read(Kind::PackageLock, lock.as_bytes()).unwrap();
        let sources: Vec<Box<dyn Source>> = vec![
            Box::new(ByDigest::gate(folder.path().join("store"))),
            Box::new(NpmCache::new(folder.path().join("npm"))),
        ];
        let report = locked(&places, &sources, None);
        assert_eq!(report.looked_at, 2);
        assert_eq!(report.poisoned.len(), 1);
        assert_eq!(report.poisoned[0].cache, "npm's cache");
        assert_eq!(report.poisoned[0].found, sha512(b"evil"));
    }
}
