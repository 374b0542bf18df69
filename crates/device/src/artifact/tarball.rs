//! Reads a tarball in one pass: hashed as it is packed, inflated, and each file in it hashed.
//! Nothing is written, and no more than a buffer of it is in memory.
//!
//! Of an entry's path the first part is taken off, whatever it is called (`package/`, `lodash/`,
//! `node/`), as all five managers do. What stands behind the archive's end is not read: a
//! manager that installs it would leave files that the tree check calls extra.

use super::limit;
use crate::tree::disk;
use customs_model::{Digest, DigestAlgorithm, Hasher, printable};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

/// What is in a tarball.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Its entries in their order, paths without their first part. Twice the same path is twice
    /// here.
    pub entries: Vec<Entry>,
    /// Digests of the packed bytes, one for each algorithm that was asked for.
    pub digests: Vec<Digest>,
    /// The manifest at its top, where it is not too long.
    pub manifest: Option<Vec<u8>>,
    /// Content of the files that were asked for.
    pub kept: BTreeMap<String, Vec<u8>>,
    /// Entries that no manager can install as they are. Safe to print.
    pub notes: Vec<String>,
    /// Why its entries could not be read. There are none then; the digests hold. Safe to print.
    pub fault: Option<String>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Without its first part.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File(FileEntry),
    /// A symbolic link and where it leads, as written.
    Symlink(String),
    /// A hard link to another path of the archive, as written there.
    Hardlink(String),
    /// A folder.
    Folder,
    /// A device, a pipe, or what nobody knows.
    Other,
}

/// The facts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEntry {
    /// Bytes.
    pub size: u64,
    /// Of its content; none where [`Beside`] found the same bytes beside it.
    pub sha256: Option<[u8; 32]>,
    /// One of the bits for execution is set.
    pub executable: bool,
    /// The same content without the CR at the end of its `#!` line, where it has one. npm and bun
    /// take it off programs.
    pub without_cr: Option<[u8; 32]>,
}

/// Why a tarball could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system or the format.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A bound of [`limit`].
    #[error("it has more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
}

/// Which files' content to keep.
pub type Keep<'a> = &'a BTreeSet<String>;

/// Compares a file's content with what lies at its path, byte by byte: cheaper than to hash both.
/// Asked for files of no more than [`limit::BESIDE`] bytes.
pub type Beside<'a> = &'a mut dyn FnMut(&str, &[u8]) -> bool;

/// Reads a tarball. `algorithms` are those to hash its packed bytes with.
///
/// # Errors
/// The file cannot be read, or is too long. What is in it and cannot be read is
/// [`Unpacked::fault`]: that a copy is another artifact is the better answer.
pub fn read(
    path: &Path,
    algorithms: &[DigestAlgorithm],
    keep: Keep<'_>,
) -> Result<Unpacked, Error> {
    read_beside(path, algorithms, keep, &mut |_, _| false)
}

/// The same, asking of each file whether its bytes lie beside it.
///
/// # Errors
/// As [`read`].
pub fn read_beside(
    path: &Path,
    algorithms: &[DigestAlgorithm],
    keep: Keep<'_>,
    beside: Beside<'_>,
) -> Result<Unpacked, Error> {
    let file = disk::open(path)?;
    if file.metadata()?.len() > limit::PACKED {
        return Err(Error::Limit {
            what: "bytes",
            limit: limit::PACKED,
        });
    }
    let hashers = algorithms.iter().map(|a| Hasher::new(*a)).collect();
    let mut packed = BufReader::with_capacity(64 * 1024, Tee { file, hashers });
    let gzip = packed.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut out = Unpacked::default();
    let read = if gzip {
        entries(
            &mut MultiGzDecoder::new(&mut packed),
            keep,
            beside,
            &mut out,
        )
    } else {
        entries(&mut packed, keep, beside, &mut out)
    };
    // The digest is of all bytes, whether or not they could be read as an archive.
    io::copy(&mut packed, &mut io::sink())?;
    let hashers = packed.into_inner().hashers;
    out.digests = hashers.into_iter().map(Hasher::finish).collect();
    if let Err(error) = read {
        out.entries.clear();
        out.manifest = None;
        out.fault = Some(printable(&error.to_string(), 300));
    }
    Ok(out)
}

/// Hashes what is read from a file.
struct Tee {
    file: File,
    hashers: Vec<Hasher>,
}

impl Read for Tee {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        for hasher in &mut self.hashers {
            hasher.update(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}

fn entries(
    reader: &mut dyn Read,
    keep: Keep<'_>,
    beside: Beside<'_>,
    out: &mut Unpacked,
) -> Result<(), Error> {
    let bounded = reader.take(limit::UNPACKED);
    let mut archive = tar::Archive::new(bounded);
    let mut buffer = Vec::with_capacity(128 * 1024);
    for entry in archive.entries()? {
        if out.entries.len() >= limit::ENTRIES {
            return Err(Error::Limit {
                what: "entries",
                limit: limit::ENTRIES as u64,
            });
        }
        let mut entry = entry?;
        let whole = entry.path_bytes().into_owned();
        let Some(path) = inner_path(&whole, out) else {
            continue;
        };
        let link = |entry: &tar::Entry<'_, _>| {
            let name = entry.link_name_bytes().unwrap_or_default();
            String::from_utf8_lossy(&name).into_owned()
        };
        let kind = match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let kept = if path == "package.json" {
                    limit::MANIFEST
                } else if keep.contains(&path) {
                    limit::KEPT
                } else {
                    0
                };
                let (file, content) = match entry.size() <= limit::BESIDE {
                    true => small(&mut entry, &path, kept, beside, &mut buffer)?,
                    false => large(&mut entry, kept, &mut buffer)?,
                };
                match content {
                    Some(content) if path == "package.json" => {
                        if keep.contains(&path) {
                            out.kept.insert(path.clone(), content.clone());
                        }
                        out.manifest = Some(content);
                    }
                    Some(content) => {
                        out.kept.insert(path.clone(), content);
                    }
                    None => {}
                }
                Kind::File(file)
            }
            tar::EntryType::Symlink => Kind::Symlink(link(&entry)),
            tar::EntryType::Link => Kind::Hardlink(link(&entry)),
            tar::EntryType::Directory => Kind::Folder,
            // Headers about headers; the reader has taken in what they say.
            tar::EntryType::XGlobalHeader | tar::EntryType::XHeader => continue,
            _ => Kind::Other,
        };
        out.entries.push(Entry { path, kind });
    }
    Ok(())
}

/// The path behind its first part, with `/`, without empty parts; none where it names nothing
/// or leaves the folder.
fn inner_path(whole: &[u8], out: &mut Unpacked) -> Option<String> {
    let whole = String::from_utf8_lossy(whole);
    let (_, inner) = whole.split_once('/')?;
    let parts: Vec<&str> = inner
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.is_empty() {
        return None;
    }
    let bad = parts.contains(&"..") || whole.contains('\0') || whole.len() > limit::PATH;
    if bad {
        if out.notes.len() < 100 {
            let path = printable(&whole, 200);
            out.notes
                .push(format!("an entry that leaves the package: {path}"));
        }
        return None;
    }
    Some(parts.join("/"))
}

/// Takes in a whole file, compares it with what lies beside it, and hashes it if that is another.
fn small<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    path: &str,
    kept: u64,
    beside: Beside<'_>,
    buffer: &mut Vec<u8>,
) -> Result<(FileEntry, Option<Vec<u8>>), Error> {
    let executable = entry.header().mode()? & 0o111 != 0;
    let size = entry.size();
    buffer.clear();
    entry.read_to_end(buffer)?;
    if buffer.len() as u64 != size {
        return Err(Error::Read(io::Error::from(io::ErrorKind::UnexpectedEof)));
    }
    let cr = first_line_cr(buffer);
    // Programs whose first line changes are told by their digests.
    let same = cr.is_none() && beside(path, buffer);
    let without_cr = cr.map(|cr| {
        let mut other = Sha256::new();
        other.update(buffer.get(..cr).unwrap_or_default());
        other.update(buffer.get(cr + 1..).unwrap_or_default());
        other.finalize().into()
    });
    let file = FileEntry {
        size,
        sha256: (!same).then(|| Sha256::digest(&*buffer).into()),
        executable,
        without_cr,
    };
    Ok((file, (size <= kept && kept > 0).then(|| buffer.clone())))
}

/// Hashes a file piece by piece, and keeps its content where it has no more than `kept` bytes.
fn large<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    kept: u64,
    buffer: &mut Vec<u8>,
) -> Result<(FileEntry, Option<Vec<u8>>), Error> {
    buffer.resize(128 * 1024, 0);
    let executable = entry.header().mode()? & 0o111 != 0;
    let announced = entry.size();
    let mut keep = (kept > 0 && announced <= kept).then(Vec::new);
    let mut hasher = Sha256::new();
    let mut fixed: Option<Sha256> = None;
    let mut size = 0u64;
    loop {
        let count = entry.read(buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if count == 0 {
            break;
        }
        if size == 0
            && let Some(cr) = first_line_cr(piece)
        {
            let mut other = Sha256::new();
            other.update(piece.get(..cr).unwrap_or_default());
            other.update(piece.get(cr + 1..).unwrap_or_default());
            fixed = Some(other);
        } else if let Some(other) = &mut fixed {
            other.update(piece);
        }
        hasher.update(piece);
        if let Some(keep) = &mut keep {
            keep.extend_from_slice(piece);
        }
        size += count as u64;
    }
    if size != announced {
        return Err(Error::Read(io::Error::from(io::ErrorKind::UnexpectedEof)));
    }
    let file = FileEntry {
        size,
        sha256: Some(hasher.finalize().into()),
        executable,
        without_cr: fixed.map(|hasher| hasher.finalize().into()),
    };
    Ok((file, keep))
}

/// Where the CR stands that ends a `#!` line.
fn first_line_cr(piece: &[u8]) -> Option<usize> {
    if !piece.starts_with(b"#!") {
        return None;
    }
    let end = piece.iter().take(4096).position(|byte| *byte == b'\n')?;
    let cr = end.checked_sub(1)?;
    (piece.get(cr) == Some(&b'\r')).then_some(cr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::testing::{Tarball, sha256};
    use proptest::prelude::*;

    fn read_bytes(bytes: &[u8]) -> Result<Unpacked, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tgz");
        std::fs::write(&path, bytes).unwrap();
        read(&path, &[DigestAlgorithm::Sha512], &BTreeSet::new())
    }

    #[test]
    fn the_first_part_of_a_path_is_taken_off_whatever_it_is_called() {
        let bytes = Tarball::under("lodash")
            .file("package.json", b"{}")
            .file("a/b.js", b"b")
            .bytes();
        let unpacked = read_bytes(&bytes).unwrap();
        let paths: Vec<&str> = unpacked.entries.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(paths, ["package.json", "a/b.js"]);
        assert_eq!(unpacked.manifest.as_deref(), Some(&b"{}"[..]));
        let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
        hasher.update(&bytes);
        assert_eq!(unpacked.digests, [hasher.finish()]);
    }

    #[test]
    fn a_program_s_first_line_is_also_known_without_its_cr() {
        let bytes = Tarball::new()
            .file("cli.js", b"#!/usr/bin/env node\r\nx\r\n")
            .bytes();
        let unpacked = read_bytes(&bytes).unwrap();
        let Kind::File(file) = unpacked.entries[0].kind else {
            panic!("no file")
        };
        assert_eq!(file.without_cr, Some(sha256(b"#!/usr/bin/env node\nx\r\n")));
    }

    #[test]
    fn an_entry_that_leaves_the_package_is_said_and_not_taken() {
        let bytes = Tarball::new()
            .raw("package/../../x", b"x")
            .file("y", b"y")
            .bytes();
        let unpacked = read_bytes(&bytes).unwrap();
        assert_eq!(unpacked.entries.len(), 1);
        assert_eq!(unpacked.notes.len(), 1);
    }

    #[test]
    fn what_is_cut_short_has_a_digest_and_no_entries() {
        let bytes = Tarball::new().file("a", &[7; 100_000]).bytes();
        let unpacked = read_bytes(&bytes[..bytes.len() / 2]).unwrap();
        assert!(unpacked.fault.is_some() && unpacked.entries.is_empty());
        assert_eq!(unpacked.digests.len(), 1);
    }

    proptest! {
        #[test]
        fn damaged_archives_never_panic(at in any::<prop::sample::Index>(), with in any::<[u8; 4]>()) {
            let mut bytes = Tarball::new().file("a/b", b"content").link("l", "a/b").plain();
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&with);
            let unpacked = read_bytes(&bytes).unwrap();
            for entry in unpacked.entries {
                prop_assert!(!entry.path.split('/').any(|part| part == ".." || part.is_empty()));
            }
        }
    }
}
