//! Artifacts that lie on this machine, found by the digest that a lockfile promises and hashed
//! before anything in them is believed.

use customs_device::artifact::{Form, Source, Wanted, tarball};
use customs_ecosystem::lockfile::Locked;
use customs_model::{Digest, DigestAlgorithm, Ecosystem, Hasher, printable};
use customs_origin::source::ArtifactKind;
use customs_origin::vcs::VcsInfo;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Bounds on what is looked through and read.
mod limit {
    /// Bytes of an artifact that is compared with its source.
    pub const ARTIFACT: u64 = 512 << 20;
    /// Folders of indexes below cargo's home.
    pub const INDEXES: usize = 100;
}

/// The file in which cargo writes the commit down.
const VCS_INFO: &str = ".cargo_vcs_info.json";

/// Where copies may lie.
#[derive(Clone, Copy)]
pub(in crate::verify) struct AtHand<'a> {
    /// Stores and caches.
    pub places: &'a [Box<dyn Source>],
    /// cargo's home, which keeps each `.crate` that it fetched.
    pub cargo_home: Option<&'a Path>,
}

/// An artifact's bytes, which are what the lockfile promises.
pub(in crate::verify) struct Bytes {
    pub bytes: Vec<u8>,
    pub kind: ArtifactKind,
}

impl AtHand<'_> {
    /// The files that may be a copy of one of these artifacts.
    fn candidates(&self, entry: &Locked, digests: &[Digest]) -> Vec<PathBuf> {
        let wanted = Wanted {
            release: &entry.release,
            digests,
            archive: None,
            resolved: entry.resolved.as_deref(),
        };
        let mut found: Vec<PathBuf> = self
            .places
            .iter()
            // A place that cannot be read is told by the tree check, which needs it more.
            .filter_map(|place| place.find(&wanted).ok().flatten())
            .filter(|candidate| candidate.form == Form::Artifact)
            .map(|candidate| candidate.path)
            .collect();
        if entry.release.package.ecosystem() == Ecosystem::Cargo {
            found.extend(self.of_cargo(entry));
        }
        found
    }

    fn of_cargo(&self, entry: &Locked) -> Vec<PathBuf> {
        let Some(cache) = self.cargo_home.map(|home| home.join("registry/cache")) else {
            return Vec::new();
        };
        // Without such a folder nothing was fetched by cargo here.
        let Ok(indexes) = std::fs::read_dir(cache) else {
            return Vec::new();
        };
        let name = format!("{}-{}.crate", entry.release.package, entry.release.version);
        let mut found: Vec<PathBuf> = indexes
            .flatten()
            .take(limit::INDEXES)
            .map(|index| index.path().join(&name))
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        found
    }

    /// The bytes of one of these artifacts.
    ///
    /// # Errors
    /// None is here, or none that is what is promised. One sentence, safe to print.
    pub(in crate::verify) fn bytes(
        &self,
        entry: &Locked,
        digests: &[Digest],
    ) -> Result<Bytes, String> {
        let spoken = entry.release.spoken();
        let candidates = self.candidates(entry, digests);
        if candidates.is_empty() {
            return Err(format!(
                "The artifact of {spoken} is not at hand; fetch it with `--fetch`."
            ));
        }
        for path in candidates {
            let bytes = read(&path).map_err(|why| {
                let path = printable(&path.display().to_string(), 200);
                format!("{path} cannot be read: {why}.")
            })?;
            if digests.iter().any(|digest| *digest == hash(&bytes, digest)) {
                let kind = kind(entry.release.package.ecosystem(), &bytes);
                return Ok(Bytes { bytes, kind });
            }
        }
        Err(format!(
            "No copy of the artifact of {spoken} is what the lockfile promises; fetch it with `--fetch`."
        ))
    }

    /// What a crate wrote down about its commit; none where it is not at hand or does not say.
    pub(super) fn vcs_info(&self, entry: &Locked) -> Option<VcsInfo> {
        if entry.release.package.ecosystem() != Ecosystem::Cargo {
            return None;
        }
        let stem = format!("{}-{}", entry.release.package, entry.release.version);
        let keep = BTreeSet::from([VCS_INFO.to_owned(), format!("{stem}/{VCS_INFO}")]);
        self.candidates(entry, &entry.digests)
            .iter()
            .find_map(|path| {
                // A copy that cannot be read is told by the tree check.
                let read = tarball::read(path, &[DigestAlgorithm::Sha256], &keep).ok()?;
                let right = read.digests.iter().any(|d| entry.digests.contains(d));
                let bytes = read.kept.values().next().filter(|_| right)?;
                // A crate that names no commit has none of this evidence, which is ordinary.
                VcsInfo::read(bytes).ok()
            })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit::ARTIFACT + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit::ARTIFACT {
        let why = format!("it has more than {} bytes", limit::ARTIFACT);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

fn hash(bytes: &[u8], like: &Digest) -> Digest {
    let mut hasher = Hasher::new(like.algorithm());
    hasher.update(bytes);
    hasher.finish()
}

fn kind(ecosystem: Ecosystem, bytes: &[u8]) -> ArtifactKind {
    match ecosystem {
        Ecosystem::Npm => ArtifactKind::NpmTarball,
        Ecosystem::Cargo => ArtifactKind::Crate,
        Ecosystem::PyPi if bytes.starts_with(b"PK") => ArtifactKind::Wheel,
        Ecosystem::PyPi => ArtifactKind::Sdist,
    }
}
