//! Evidence of origin as a shelf that is collected: by the artifacts that it is of, which the ledger
//! knows. Marks of artifacts whose evidence is false stay, and so does what is no artifact's.

use customs_model::Digest;
use customs_registry::evidence::EvidenceStore;
use customs_store::{Blob, Shelf, StoreError};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// The files of evidence as they were found.
pub struct EvidenceShelf(BTreeMap<Digest, (Blob, Vec<PathBuf>)>);

fn failed(doing: &'static str, path: &Path, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Folder {
        doing,
        path: path.to_owned(),
        why: why.to_string(),
    }
}

impl EvidenceShelf {
    /// Of a folder, which need not be there.
    pub fn of(folder: &Path) -> Result<Self, StoreError> {
        let files = EvidenceStore::new(folder).files();
        let files = files.map_err(|error| failed("list", folder, &error))?;
        let mut all: BTreeMap<Digest, (Blob, Vec<PathBuf>)> = BTreeMap::new();
        for file in files {
            let (blob, paths) = all.entry(file.artifact.clone()).or_insert_with(|| {
                let blob = Blob {
                    digest: file.artifact,
                    length: 0,
                    at: file.written,
                };
                (blob, Vec::new())
            });
            blob.length += file.length;
            // It is as old as the youngest; what has no time counts as new.
            blob.at = blob.at.zip(file.written).map(|(one, other)| one.max(other));
            paths.push(file.path);
        }
        Ok(Self(all))
    }
}

impl Shelf for EvidenceShelf {
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = self.0.range::<Digest, _>((from, Bound::Unbounded));
        let blobs = found.take(limit).map(|(_, (blob, _))| blob.clone());
        Ok(blobs.collect())
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        let paths = self.0.get(digest).map(|(_, paths)| paths.as_slice());
        let mut was_there = false;
        for path in paths.unwrap_or_default() {
            match std::fs::remove_file(path) {
                Ok(()) => was_there = true,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed("remove", path, &error)),
            }
        }
        Ok(was_there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_listed_and_removed_by_the_artifact_that_it_is_of() {
        let folder = tempfile::tempdir().unwrap();
        let digests = ["a", "b", "c"].map(|text| Digest::sha256(text.as_bytes()));
        let mut paths = Vec::new();
        for (at, digest) in digests.iter().enumerate() {
            // Two releases may be of the same bytes.
            for release in ["n", "m"] {
                let path = folder
                    .path()
                    .join(format!("artifacts/0{at}/{release}.json"));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                let text =
                    format!(r#"{{"release":"pkg:npm/{release}@1.0.0","artifact":"{digest}"}}"#);
                std::fs::write(&path, text).unwrap();
                paths.push(path);
            }
        }
        let shelf = EvidenceShelf::of(folder.path()).unwrap();
        let first = shelf.list(None, 2).unwrap();
        let rest = shelf.list(Some(&first[1].digest), 2).unwrap();
        let mut sorted = digests.to_vec();
        sorted.sort();
        let found = first.iter().chain(&rest).map(|blob| blob.digest.clone());
        assert_eq!(found.collect::<Vec<_>>(), sorted);
        let length = std::fs::metadata(&paths[0]).unwrap().len();
        assert!(
            first
                .iter()
                .all(|blob| blob.length == 2 * length && blob.at.is_some())
        );
        assert!(shelf.remove(&digests[0]).unwrap());
        assert!(!shelf.remove(&digests[0]).unwrap());
        let left: Vec<_> = paths.iter().filter(|path| path.exists()).collect();
        assert_eq!(left, paths[2..].iter().collect::<Vec<_>>());
    }
}
