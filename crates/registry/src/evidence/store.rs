//! Evidence on disk: one JSON file for each release and artifact digest, and one for the phantoms of
//! each package. Safe to delete at any time; what it holds is verified each time it is read.

use super::{ArtifactEvidence, SCHEMA};
use customs_model::{Digest, PackageName, ReleaseId, Timestamp, Version, printable};
use customs_origin::source::PhantomSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Bounds on what is read.
mod limit {
    /// Bytes of one file: a document of attestations and what documents show.
    pub const FILE: u64 = 24 << 20;
    /// Releases of a package whose phantoms are kept.
    pub const PHANTOMS: usize = 10;
    /// Files of evidence that are looked through for those of a few releases.
    pub const LISTED: usize = 100_000;
    /// Bytes of a file's head, in which its release stands.
    pub const HEAD: u64 = 4096;
    /// Files of evidence that are looked at by whoever collects them.
    pub const FILES: usize = 1_000_000;
    /// Marks of artifacts with false attestations. Honest registries have none.
    pub const SUSPECTS: usize = 10_000;
}

/// The folder of marks.
const SUSPECTS: &str = "suspects";

/// Version of the schema of kept phantoms.
const PHANTOMS: &str = "customs/phantoms-v1";

/// Why something of the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk.
    #[error(
        "stored evidence at {path} cannot be used: {why}; delete it, or choose another data folder with CUSTOMS_DATA_DIR"
    )]
    Disk {
        /// The file, safe to print.
        path: String,
        /// The system's reason.
        why: io::Error,
    },
    /// It is not what was written there.
    #[error(
        "stored evidence at {path} cannot be used: {why}; delete it and fetch it again with --fetch"
    )]
    Content {
        /// The file, safe to print.
        path: String,
        /// What is wrong, safe to print.
        why: String,
    },
}

/// A file of evidence, as whoever collects sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFile {
    /// The artifact that it is of.
    pub artifact: Digest,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes.
    pub length: u64,
    /// When it was written.
    pub written: Option<Timestamp>,
}

/// A folder of evidence.
#[derive(Debug, Clone)]
pub struct EvidenceStore {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Suspect {
    schema: String,
    release: ReleaseId,
    artifact: Digest,
}

#[derive(Serialize, Deserialize)]
struct Phantoms {
    schema: String,
    package: String,
    /// The newest kept last.
    releases: Vec<(Version, PhantomSet)>,
}

impl EvidenceStore {
    /// In this folder, which need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// What is stored of an artifact. `None`: nothing.
    ///
    /// # Errors
    /// Something lies there and cannot be used.
    pub fn read(
        &self,
        release: &ReleaseId,
        artifact: &Digest,
    ) -> Result<Option<ArtifactEvidence>, StoreError> {
        let path = self.path("artifacts", &format!("{release}\n{artifact}"));
        let Some(found) = read::<ArtifactEvidence>(&path)? else {
            return Ok(None);
        };
        if found.schema != SCHEMA {
            // Of another version of the program: as if nothing were there.
            return Ok(None);
        }
        if found.release != *release || found.artifact != *artifact {
            return Err(content(&path, "it is of another artifact"));
        }
        Ok(Some(found))
    }

    /// The digests of the artifacts that something is stored of, for these releases: what registries
    /// promised when they were asked. What cannot be read promises nothing.
    pub fn artifacts_of(&self, releases: &BTreeSet<ReleaseId>) -> BTreeMap<ReleaseId, Vec<Digest>> {
        let mut found: BTreeMap<ReleaseId, Vec<Digest>> = BTreeMap::new();
        if releases.is_empty() {
            return found;
        }
        let folders = std::fs::read_dir(self.folder.join("artifacts"));
        let folders = folders.into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()));
        for file in files.flatten().flatten().take(limit::LISTED) {
            let path = file.path();
            if !named_at_head(&path).is_some_and(|one| releases.contains(&one)) {
                continue;
            }
            if let Ok(Some(evidence)) = read::<ArtifactEvidence>(&path)
                && evidence.schema == SCHEMA
                && releases.contains(&evidence.release)
                && path == self.path("artifacts", &key_of(&evidence))
            {
                let all = found.entry(evidence.release).or_default();
                all.push(evidence.artifact);
            }
        }
        for all in found.values_mut() {
            all.sort();
        }
        found
    }

    /// Every file of evidence, with the artifact that it is of. What names none at its head is left
    /// out, and so is what goes away meanwhile.
    ///
    /// # Errors
    /// The disk, or there are more than a million.
    pub fn files(&self) -> Result<Vec<EvidenceFile>, StoreError> {
        let all = self.folder.join("artifacts");
        let mut found = Vec::new();
        for folder in entries(&all)?.into_iter().filter(|path| path.is_dir()) {
            for path in entries(&folder)? {
                let Some(artifact) = at_head::<Digest>(&path, "artifact") else {
                    continue;
                };
                let Ok(meta) = std::fs::metadata(&path) else {
                    continue;
                };
                if found.len() >= limit::FILES {
                    return Err(content(&all, "it holds more files than are looked at"));
                }
                let written = meta.modified().ok();
                found.push(EvidenceFile {
                    artifact,
                    path,
                    length: meta.len(),
                    written: written.and_then(|at| Timestamp::try_from(at).ok()),
                });
            }
        }
        Ok(found)
    }

    /// Stores evidence, together with what was stored before of the same artifact.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, evidence: &ArtifactEvidence) -> Result<(), StoreError> {
        write(&self.path("artifacts", &key_of(evidence)), evidence)
    }

    /// Marks an artifact, or takes the mark off: an attestation of it was false when it was last
    /// looked at. Whoever delivers it looks again first.
    ///
    /// # Errors
    /// The disk.
    pub fn suspect(
        &self,
        release: &ReleaseId,
        artifact: &Digest,
        is_suspect: bool,
    ) -> Result<(), StoreError> {
        let path = self.path(SUSPECTS, &format!("{release}\n{artifact}"));
        if is_suspect {
            let suspect = Suspect {
                schema: SCHEMA.to_owned(),
                release: release.clone(),
                artifact: artifact.clone(),
            };
            return write(&path, &suspect);
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(&path)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Every artifact that is marked.
    ///
    /// # Errors
    /// The disk, or a mark that cannot be read: then not all are known.
    pub fn suspects(&self) -> Result<Vec<(ReleaseId, Digest)>, StoreError> {
        let mut found = Vec::new();
        let all = self.folder.join(SUSPECTS);
        for folder in entries(&all)? {
            for path in entries(&folder)? {
                if found.len() >= limit::SUSPECTS {
                    return Err(content(&all, "it holds more marks than are read"));
                }
                if path.extension().is_some_and(|end| end == "json")
                    && let Some(suspect) = read::<Suspect>(&path)?
                {
                    found.push((suspect.release, suspect.artifact));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The phantoms of releases of a package that were compared with their source, but for those
    /// of one version.
    ///
    /// # Errors
    /// Something lies there and cannot be used.
    pub fn phantoms(
        &self,
        package: &PackageName,
        but: &Version,
    ) -> Result<Vec<PhantomSet>, StoreError> {
        let all = self.all_phantoms(package)?.into_iter();
        let others = all.filter(|(version, _)| version != but);
        Ok(others.map(|(_, set)| set).collect())
    }

    /// Keeps the phantoms of a release.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_phantoms(
        &self,
        package: &PackageName,
        version: &Version,
        set: &PhantomSet,
    ) -> Result<(), StoreError> {
        let mut releases = self.all_phantoms(package)?;
        releases.retain(|(other, _)| other != version);
        releases.push((version.clone(), set.clone()));
        let surplus = releases.len().saturating_sub(limit::PHANTOMS);
        releases.drain(..surplus);
        let kept = Phantoms {
            schema: PHANTOMS.to_owned(),
            package: key(package),
            releases,
        };
        write(&self.path("phantoms", &key(package)), &kept)
    }

    fn all_phantoms(&self, package: &PackageName) -> Result<Kept, StoreError> {
        let path = self.path("phantoms", &key(package));
        match read::<Phantoms>(&path)? {
            Some(found) if found.schema == PHANTOMS && found.package == key(package) => {
                Ok(found.releases)
            }
            Some(found) if found.schema == PHANTOMS => {
                Err(content(&path, "it is of another package"))
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    fn path(&self, kind: &str, key: &str) -> PathBuf {
        let hex = Digest::sha256(key.as_bytes()).to_hex();
        let (first, rest) = hex.split_at(2);
        self.folder
            .join(kind)
            .join(first)
            .join(format!("{rest}.json"))
    }
}

type Kept = Vec<(Version, PhantomSet)>;

/// What lies in a folder, in order. Nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk(folder)(error)),
    };
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<io::Result<_>>().map_err(disk(folder))?;
    paths.sort();
    Ok(paths)
}

fn key(package: &PackageName) -> String {
    format!("{} {package}", package.ecosystem())
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

fn content(path: &Path, why: &str) -> StoreError {
    StoreError::Content {
        path: shown(path),
        why: printable(why, 200),
    }
}

fn disk(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = shown(path);
    move |why| StoreError::Disk {
        path: path.clone(),
        why,
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit::FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(disk(path))?;
    if bytes.len() as u64 > limit::FILE {
        return Err(content(path, "it is larger than what is read"));
    }
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| content(path, &error.to_string()))
}

/// Whole or not at all.
fn key_of(evidence: &ArtifactEvidence) -> String {
    format!("{}\n{}", evidence.release, evidence.artifact)
}

/// The release that a file of evidence names at its head.
fn named_at_head(path: &Path) -> Option<ReleaseId> {
    at_head(path, "release")
}

/// What a file of evidence says at its head, which is read instead of all of it. A text within
/// another one has its quotes escaped, so it is not taken for this one.
fn at_head<T: FromStr>(path: &Path, key: &str) -> Option<T> {
    let mut head = Vec::new();
    let mut file = File::open(path).ok()?.take(limit::HEAD);
    file.read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    let (_, rest) = head.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"')?.0.parse().ok()
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Beside it lies the ledger, which is its user's alone.
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(disk(path))?;
    let bytes = serde_json::to_vec(value).map_err(|error| content(path, &error.to_string()))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(disk(path))?;
    file.write_all(&bytes).map_err(disk(path))?;
    file.persist(path)
        .map_err(|error| disk(path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Offer, Told};
    use super::*;
    use customs_origin::history::{Seen, Shown};

    fn evidence() -> ArtifactEvidence {
        let release: ReleaseId = "pkg:npm/%40s/n@1.0.0".parse().unwrap();
        ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            file: "n-1.0.0.tgz".to_owned(),
            artifact: Digest::sha256(b"tarball"),
            registry: "registry.example/".to_owned(),
            asked: Timestamp::from_second(1_700_000_000).unwrap(),
            offer: Offer::Npm {
                signatures: Told::Absent,
                attestations: Told::Failed("x".to_owned()),
            },
            shown: Shown::nothing_asked(release.clone(), "x"),
            earlier: vec![Shown::nothing_asked(release.clone(), "y")],
            people: Seen::Is(super::super::Crowd::default()),
            repository: None,
            commit: None,
            release,
        }
    }

    #[test]
    fn what_was_stored_is_read_again_and_nothing_is_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        let evidence = evidence();
        let read = |store: &EvidenceStore| store.read(&evidence.release, &evidence.artifact);
        assert_eq!(read(&store).unwrap(), None);
        store.write(&evidence).unwrap();
        assert_eq!(read(&store).unwrap(), Some(evidence.clone()));
        let other = Digest::sha256(b"other");
        assert_eq!(store.read(&evidence.release, &other).unwrap(), None);
    }

    #[test]
    fn whoever_collects_sees_which_artifact_a_file_is_of() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        assert_eq!(store.files().unwrap(), []);
        let mut evidence = evidence();
        evidence.file = r#"x","artifact":"sha256:00"#.to_owned();
        store.write(&evidence).unwrap();
        let other = store.path("artifacts", "other");
        std::fs::create_dir_all(other.parent().unwrap()).unwrap();
        std::fs::write(other, "{}").unwrap();
        let files = store.files().unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].artifact, evidence.artifact);
        assert_eq!(files[0].path, store.path("artifacts", &key_of(&evidence)));
        let length = std::fs::metadata(&files[0].path).unwrap().len();
        assert_eq!(files[0].length, length);
        assert!(files[0].written.is_some());
    }

    #[test]
    fn the_digests_that_were_promised_of_a_release_are_found_without_knowing_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        let one = evidence();
        let mut other = one.clone();
        other.release = "pkg:npm/other@1.0.0".parse().unwrap();
        store.write(&one).unwrap();
        store.write(&other).unwrap();
        let asked = BTreeSet::from([one.release.clone()]);
        let found = BTreeMap::from([(one.release.clone(), vec![one.artifact.clone()])]);
        assert_eq!(store.artifacts_of(&asked), found);
        // One that lies under another name is nobody's.
        let moved = store.path("artifacts", "moved");
        std::fs::create_dir_all(moved.parent().unwrap()).unwrap();
        std::fs::rename(store.path("artifacts", &key_of(&one)), moved).unwrap();
        assert!(store.artifacts_of(&asked).is_empty());
    }

    #[test]
    fn a_file_that_was_edited_is_an_error_and_not_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        let evidence = evidence();
        store.write(&evidence).unwrap();
        let key = format!("{}\n{}", evidence.release, evidence.artifact);
        let path = store.path("artifacts", &key);
        std::fs::write(&path, b"{").unwrap();
        let error = store
            .read(&evidence.release, &evidence.artifact)
            .unwrap_err();
        assert!(error.to_string().contains("--fetch"), "{error}");
        let mut other = evidence.clone();
        other.artifact = Digest::sha256(b"other");
        std::fs::write(&path, serde_json::to_vec(&other).unwrap()).unwrap();
        let error = store
            .read(&evidence.release, &evidence.artifact)
            .unwrap_err();
        assert!(error.to_string().contains("another artifact"), "{error}");
    }

    #[test]
    fn a_mark_is_found_again_until_it_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        let evidence = evidence();
        assert_eq!(store.suspects().unwrap(), []);
        let mark = |is| store.suspect(&evidence.release, &evidence.artifact, is);
        mark(true).unwrap();
        mark(true).unwrap();
        let marked = (evidence.release.clone(), evidence.artifact.clone());
        assert_eq!(store.suspects().unwrap(), [marked]);
        mark(false).unwrap();
        mark(false).unwrap();
        assert_eq!(store.suspects().unwrap(), []);
    }

    #[test]
    fn phantoms_of_other_releases_are_what_one_is_compared_with() {
        let folder = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(folder.path());
        let package = evidence().release.package;
        for n in 0..12 {
            let version = Version::new(&format!("1.{n}.0")).unwrap();
            let set = PhantomSet::of(&version, [format!("dist/{n}.js").as_str()]);
            store.keep_phantoms(&package, &version, &set).unwrap();
        }
        let but = Version::new("1.11.0").unwrap();
        let kept = store.phantoms(&package, &but).unwrap();
        assert_eq!(kept.len(), limit::PHANTOMS - 1);
        assert!(kept.iter().all(|set| !set.paths.contains_key("dist/11.js")));
    }
}
