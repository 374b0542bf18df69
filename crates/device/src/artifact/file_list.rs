//! What is in an artifact, written down by the gate that delivered it: each file with its digest.
//!
//! Such a list outlives the artifact's bytes, which a cache may drop at any time. It was made of
//! bytes that had the digest that it is known by, and nobody can tell that from the list itself: it
//! shows what is wrong, and agreement with it is no *yes*.

use super::unpacked::{Entry, FileEntry, Inside, Kind, Reading, Unpacked};
use super::verified::Packing;
use super::{Candidate, Form, Listed, Source, SourceError, Wanted, is_file, limit, tarball, zip};
use crate::tree::disk;
use crate::tree::python::keep_of_wheel;
use customs_model::{Digest, DigestAlgorithm, Ecosystem, ReleaseId, printable};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of one list: what is more is neither written nor read.
const MOST: u64 = 16 << 20;
/// The version of what stands in it.
const SCHEMA: &str = "customs/artifact-files-v1";
/// Whose they are, in words.
const NAME: &str = "the gate's list of its files";

/// A folder of such lists, `<algorithm>/<first two of hex>/<rest>.json`, by the artifact's digest.
#[derive(Debug, Clone)]
pub struct FileLists {
    folder: PathBuf,
}

/// A list as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileList {
    schema: String,
    digest: Digest,
    packing: Packing,
    /// Which part of the archive's paths the package is.
    inside: String,
    entries: Vec<Item>,
    /// Content of the files that are looked into.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Item {
    File {
        path: String,
        size: u64,
        sha256: Digest,
        #[serde(default, skip_serializing_if = "is_false")]
        executable: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        without_cr: Option<Digest>,
    },
    Symlink {
        path: String,
        target: String,
    },
    Hardlink {
        path: String,
        target: String,
    },
    Folder {
        path: String,
    },
    Other {
        path: String,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl FileLists {
    /// Those below a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        let (first, rest) = hex.split_at_checked(2).unwrap_or((&hex, ""));
        let folder = self.folder.join(digest.algorithm().name()).join(first);
        folder.join(format!("{rest}.json"))
    }

    /// Writes down what is in an artifact that lies at `path`, under the digest that it was checked
    /// by, unless that was done before. Its bytes are hashed again while they are read. Whether there
    /// is a list now: of some archives there is none (source archives of Python, what cannot be read).
    ///
    /// # Errors
    /// The artifact cannot be read, has other bytes, or the list cannot be written.
    pub fn keep(
        &self,
        release: &ReleaseId,
        file: &str,
        path: &Path,
        digest: &Digest,
    ) -> io::Result<bool> {
        let target = self.path(digest);
        if target.is_file() {
            return Ok(true);
        }
        let Some(bytes) = written(release, file, path, digest)? else {
            return Ok(false);
        };
        if bytes.len() as u64 > MOST {
            return Ok(false);
        }
        let folder = target.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder)?;
        let mut partial = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(folder)?;
        partial.write_all(&bytes)?;
        partial.persist(target).map_err(|error| error.error)?;
        Ok(true)
    }

    /// The list of an artifact, as an archive would be read that way. None where there is none, or
    /// where it lacks what is asked of an archive.
    ///
    /// # Errors
    /// It cannot be read, or is no such list.
    fn read(
        &self,
        digest: &Digest,
        packing: Packing,
        reading: &Reading<'_>,
    ) -> io::Result<Option<Unpacked>> {
        let Some(bytes) = disk::read_up_to(&self.path(digest), MOST)? else {
            return Ok(None);
        };
        let list: FileList = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
        if list.schema != SCHEMA || list.digest != *digest {
            return Err(io::Error::other("it is of something else"));
        }
        if list.packing != packing || list.inside != inside_in_words(reading.inside) {
            return Ok(None);
        }
        list.unpacked(reading)
    }
}

impl Source for FileLists {
    fn name(&self) -> &str {
        NAME
    }

    /// Never: it holds no bytes.
    fn find(&self, _: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        Ok(None)
    }

    fn list(
        &self,
        wanted: &Wanted<'_>,
        packing: Packing,
        reading: &Reading<'_>,
    ) -> Result<Option<Listed>, SourceError> {
        let mut digests: Vec<_> = wanted.digests.iter().collect();
        digests.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm()));
        for digest in digests {
            let path = self.path(digest);
            if !is_file(&path, NAME)? {
                continue;
            }
            let read = self.read(digest, packing, reading);
            let read = read.map_err(|why| SourceError {
                from: NAME.to_owned(),
                path: printable(&path.display().to_string(), 300),
                why,
            })?;
            if let Some(unpacked) = read {
                let candidate = Candidate {
                    path,
                    from: NAME.to_owned(),
                    form: Form::Artifact,
                };
                let digest = digest.clone();
                return Ok(Some(Listed {
                    candidate,
                    digest,
                    unpacked,
                }));
            }
        }
        Ok(None)
    }
}

/// A list of what is in an artifact. None where none can be made of it.
fn written(
    release: &ReleaseId,
    file: &str,
    path: &Path,
    digest: &Digest,
) -> io::Result<Option<Vec<u8>>> {
    let algorithms = [digest.algorithm()];
    let stem = format!("{}-{}", release.package, release.version);
    let manifest = |path: &str| u64::from(path == "package.json") * limit::MANIFEST;
    let (packing, inside, keep): (_, _, &dyn Fn(&str) -> u64) = match release.package.ecosystem() {
        Ecosystem::Npm => (Packing::Tarball, Inside::FirstPart, &manifest),
        Ecosystem::Cargo => (Packing::Tarball, Inside::Folder(&stem), &|_| 0),
        Ecosystem::PyPi if file.ends_with(".whl") => (Packing::Zip, Inside::Whole, &keep_of_wheel),
        Ecosystem::PyPi => return Ok(None),
    };
    let reading = Reading {
        algorithms: &algorithms,
        inside,
        keep,
    };
    let read = match packing {
        Packing::Tarball => tarball::read(path, &reading).map_err(io::Error::other)?,
        Packing::Zip => zip::read(path, &reading)?,
    };
    if !read.digests.contains(digest) {
        return Err(io::Error::other(
            "its bytes are not the ones that were checked",
        ));
    }
    let entries: Option<Vec<Item>> = read.entries.into_iter().map(listed).collect();
    let (None, Some(entries)) = (read.fault, entries) else {
        return Ok(None);
    };
    let is_text = |(path, bytes)| Some((path, String::from_utf8(bytes).ok()?));
    let list = FileList {
        schema: SCHEMA.to_owned(),
        digest: digest.clone(),
        packing,
        inside: inside_in_words(inside),
        entries,
        // What is no text is missed by who needs it.
        kept: read.kept.into_iter().filter_map(is_text).collect(),
        notes: read.notes,
    };
    Ok(Some(serde_json::to_vec(&list).map_err(io::Error::other)?))
}

fn inside_in_words(inside: Inside<'_>) -> String {
    match inside {
        Inside::FirstPart => "behind the first part".to_owned(),
        Inside::Folder(folder) => format!("in {folder}"),
        Inside::Whole => "all".to_owned(),
    }
}

/// None: a file whose digest nobody computed.
fn listed(entry: Entry) -> Option<Item> {
    let path = entry.path;
    Some(match entry.kind {
        Kind::File(file) => Item::File {
            path,
            size: file.size,
            sha256: digest_of(file.sha256?)?,
            executable: file.executable,
            without_cr: match file.without_cr {
                Some(bytes) => Some(digest_of(bytes)?),
                None => None,
            },
        },
        Kind::Symlink(target) => Item::Symlink { path, target },
        Kind::Hardlink(target) => Item::Hardlink { path, target },
        Kind::Folder => Item::Folder { path },
        Kind::Other => Item::Other { path },
    })
}

fn digest_of(bytes: [u8; 32]) -> Option<Digest> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::from_hex(DigestAlgorithm::Sha256, &hex).ok()
}

fn bytes_of(digest: &Digest) -> io::Result<[u8; 32]> {
    let bytes = digest.as_bytes().try_into();
    bytes.map_err(|_| io::Error::other("a digest in it is of another algorithm"))
}

impl FileList {
    /// What reading the archive would give. None where content is asked for that it lacks.
    fn unpacked(mut self, reading: &Reading<'_>) -> io::Result<Option<Unpacked>> {
        let mut out = Unpacked::default();
        for item in self.entries {
            let (path, kind) = match item {
                Item::File {
                    path,
                    size,
                    sha256,
                    executable,
                    without_cr,
                } => {
                    let asked = (reading.keep)(&path);
                    if asked > 0 && size <= asked {
                        match self.kept.remove(&path) {
                            Some(text) => out.keep(&path, Some(text.into_bytes()))?,
                            // Of a path that occurs twice the last is kept, which was taken.
                            None if out.kept.contains_key(&path) => {}
                            None => return Ok(None),
                        }
                    }
                    let file = FileEntry {
                        size,
                        sha256: Some(bytes_of(&sha256)?),
                        executable,
                        without_cr: without_cr.as_ref().map(bytes_of).transpose()?,
                    };
                    (path, Kind::File(file))
                }
                Item::Symlink { path, target } => (path, Kind::Symlink(target)),
                Item::Hardlink { path, target } => (path, Kind::Hardlink(target)),
                Item::Folder { path } => (path, Kind::Folder),
                Item::Other { path } => (path, Kind::Other),
            };
            out.push(path, kind)?;
        }
        out.notes = self.notes;
        Ok(Some(out))
    }
}

#[cfg(test)]
#[path = "file_list/tests.rs"]
mod tests;
