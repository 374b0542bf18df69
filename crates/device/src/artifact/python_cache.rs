use super::{Candidate, Form, Source, SourceError, Wanted, digest_of, limit};
use crate::tree::disk;
use customs_ecosystem::pypi::canonical;
use customs_model::{
    Digest, DigestAlgorithm, Ecosystem, PackageName, ReleaseId, Version, printable,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Files by the release that they say they are of. A hint where to look, and no more.
type Index = BTreeMap<ReleaseId, Vec<Kept>>;

/// One file. A lockfile promises a digest for each platform, so it is asked for many.
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    /// Its SHA-256, computed when it is first asked for; none where it cannot be read. A hint as
    /// well: who takes the file hashes what is read of it.
    sha256: OnceLock<Option<Digest>>,
}

impl Kept {
    fn is_promised(&self, wanted: &Wanted<'_>) -> bool {
        wanted.digests.iter().any(|promised| {
            let algorithm = promised.algorithm();
            let compute = || digest_of(&self.path, algorithm).ok();
            match algorithm {
                DigestAlgorithm::Sha256 => {
                    self.sha256.get_or_init(compute).as_ref() == Some(promised)
                }
                _ => compute().as_ref() == Some(promised),
            }
        })
    }
}

/// A folder of artifacts by whatever names, looked through once.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    from: &'static str,
    index: OnceLock<Result<Index, String>>,
}

impl Folder {
    fn new(path: PathBuf, from: &'static str) -> Self {
        Self {
            path,
            from,
            index: OnceLock::new(),
        }
    }

    /// The first file that claims to be of the release and has a digest that is promised. One that
    /// has another is no poisoned copy: it may be for another platform.
    fn find(
        &self,
        wanted: &Wanted<'_>,
        claimed: impl Fn(&Path) -> Option<ReleaseId>,
    ) -> Result<Option<Candidate>, SourceError> {
        let index = self
            .index
            .get_or_init(|| self.read(claimed).map_err(|why| why.to_string()));
        let index = index.as_ref().map_err(|why| SourceError {
            from: self.from.to_owned(),
            path: printable(&self.path.display().to_string(), 300),
            why: io::Error::other(why.clone()),
        })?;
        let found = index.get(&key(wanted.release)).and_then(|files| {
            let mut files = files.iter();
            files.find(|copy| copy.is_promised(wanted))
        });
        Ok(found.map(|copy| Candidate {
            path: copy.path.clone(),
            from: self.from.to_owned(),
            form: Form::Artifact,
        }))
    }

    fn read(&self, claimed: impl Fn(&Path) -> Option<ReleaseId>) -> io::Result<Index> {
        let mut index = Index::new();
        let found = match disk::walk(&self.path, &BTreeSet::new()) {
            Ok(found) => found,
            Err(why) if disk::is_absent(&why) => return Ok(index),
            Err(why) => return Err(why),
        };
        for (place, entry) in found.entries {
            if entry.kind != disk::FoundKind::File {
                continue;
            }
            let path = self.path.join(place);
            // What is no artifact is passed over.
            if let Some(release) = claimed(&path) {
                let sha256 = OnceLock::new();
                let copy = Kept { path, sha256 };
                index.entry(key(&release)).or_default().push(copy);
            }
        }
        Ok(index)
    }
}

/// pip's HTTP cache (`http-v2`, since pip 23.3): answers by the digest of their address, each with
/// its content in a file that ends with `.body`. Wheels are told by their own `.dist-info`; before
/// that, pip kept the content inside of the answer, where it is not looked for.
#[derive(Debug)]
pub struct PipHttpCache(Folder);

impl PipHttpCache {
    /// As `pip cache dir` names it.
    pub fn new(cache: &Path) -> Self {
        Self(Folder::new(cache.join("http-v2"), "pip's cache"))
    }
}

impl Source for PipHttpCache {
    fn name(&self) -> &str {
        self.0.from
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        self.0.find(wanted, release_of_wheel)
    }
}

/// Poetry's artifacts (`artifacts`): files under their own names, in folders by the digest of
/// where they come from.
#[derive(Debug)]
pub struct PoetryArtifacts(Folder);

impl PoetryArtifacts {
    /// By Poetry's cache (`poetry config cache-dir`).
    pub fn new(cache: &Path) -> Self {
        Self(Folder::new(cache.join("artifacts"), "Poetry's cache"))
    }
}

impl Source for PoetryArtifacts {
    fn name(&self) -> &str {
        self.0.from
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        self.0.find(wanted, release_of_name)
    }
}

fn key(release: &ReleaseId) -> ReleaseId {
    release_by(release.package.as_str(), release.version.as_str())
        .unwrap_or_else(|| release.clone())
}

/// All spellings of a release are one here: `1.0` and `1.0.0` are the same version.
fn release_by(name: &str, version: &str) -> Option<ReleaseId> {
    let mut version = canonical(version).unwrap_or_else(|| version.to_owned());
    while let Some(shorter) = version.strip_suffix(".0") {
        version = shorter.to_owned();
    }
    Some(ReleaseId::new(
        PackageName::new(Ecosystem::PyPi, name).ok()?,
        Version::new(&version).ok()?,
    ))
}

/// By the one `.dist-info` in the directory of a zip.
fn release_of_wheel(path: &Path) -> Option<ReleaseId> {
    let is_body = path.extension().is_some_and(|end| end == "body");
    let mut file = disk::open(path).ok().filter(|_| is_body)?;
    let mut head = [0; 4];
    file.read_exact(&mut head).ok()?;
    if head != *b"PK\x03\x04" {
        return None;
    }
    dist_info(file)
}

fn dist_info(file: File) -> Option<ReleaseId> {
    let archive = ::zip::ZipArchive::new(BufReader::new(file)).ok()?;
    if archive.len() > limit::ENTRIES {
        return None;
    }
    let stem = archive.file_names().find_map(|name| {
        name.as_ref()
            .ok()?
            .split_once(".dist-info/")
            .map(|(stem, _)| stem.to_owned())
    })?;
    let (name, version) = stem.split_once('-')?;
    release_by(name, version)
}

/// `name-version-….whl`, `name-version.tar.gz`.
fn release_of_name(path: &Path) -> Option<ReleaseId> {
    let name = path.file_name()?.to_str()?;
    let (package, version) = match name.strip_suffix(".whl") {
        Some(stem) => {
            let mut parts = stem.split('-');
            (parts.next()?, parts.next()?)
        }
        None => {
            let stem = [".tar.gz", ".zip", ".tar.bz2"]
                .iter()
                .find_map(|end| name.strip_suffix(end))?;
            stem.rsplit_once('-')?
        }
    };
    release_by(package, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Digest;
    use std::fs;
    use std::io::Write as _;

    fn wheel(version: &str) -> Vec<u8> {
        let mut zip = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = ::zip::write::SimpleFileOptions::default();
        zip.start_file(format!("a_b-{version}.dist-info/METADATA"), options)
            .unwrap();
        zip.write_all(version.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn release() -> ReleaseId {
        "pkg:pypi/a-b@1.0.0".parse().unwrap()
    }

    fn find(source: &dyn Source, digest: &Digest) -> Option<PathBuf> {
        let release = release();
        let wanted = Wanted {
            release: &release,
            digests: std::slice::from_ref(digest),
            archive: None,
            resolved: None,
        };
        source.find(&wanted).unwrap().map(|found| found.path)
    }

    #[test]
    fn a_wheel_in_pip_s_cache_is_found_by_what_it_holds() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("http-v2/a/b");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("1.body"), wheel("1.0")).unwrap();
        fs::write(folder.join("1"), "headers").unwrap();
        fs::write(folder.join("2.body"), wheel("2.0")).unwrap();
        fs::write(folder.join("3.body"), "<html>").unwrap();
        let source = PipHttpCache::new(cache.path());
        let found = find(&source, &Digest::sha256(&wheel("1.0")));
        assert_eq!(found, Some(folder.join("1.body")));
        assert_eq!(find(&source, &Digest::sha256(b"other")), None);
        let none = PipHttpCache::new(&cache.path().join("none"));
        assert_eq!(find(&none, &Digest::sha256(b"other")), None);
    }

    #[test]
    fn a_copy_is_hashed_once_however_many_digests_are_asked_for() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("artifacts/ab");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a_b-1.0.0-py3-none-any.whl");
        fs::write(&path, "any").unwrap();
        let source = PoetryArtifacts::new(cache.path());
        assert_eq!(find(&source, &Digest::sha256(b"other")), None);
        // It is not read again: what is found is hashed by whoever takes it.
        fs::remove_file(&path).unwrap();
        assert_eq!(find(&source, &Digest::sha256(b"any")), Some(path));
    }

    #[test]
    fn a_wheel_in_poetry_s_cache_is_found_by_its_name_and_counts_by_its_digest() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("artifacts/ab/cd");
        fs::create_dir_all(&folder).unwrap();
        let linux = folder.join("a_b-1.0.0-py3-none-linux_x86_64.whl");
        fs::write(&linux, "linux").unwrap();
        fs::write(folder.join("a_b-1.0.0-py3-none-any.whl"), "any").unwrap();
        fs::write(folder.join("a-b-1.0.tar.gz"), "source").unwrap();
        let source = PoetryArtifacts::new(cache.path());
        assert_eq!(find(&source, &Digest::sha256(b"linux")), Some(linux));
        let sdist = find(&source, &Digest::sha256(b"source"));
        assert_eq!(sdist, Some(folder.join("a-b-1.0.tar.gz")));
        assert_eq!(find(&source, &Digest::sha256(b"other")), None);
    }
}
