//! Reads a tarball in one pass: hashed as it is packed, inflated, and each file in it hashed.
//! Nothing is written, and no more than a buffer of it is in memory.
//!
//! What stands behind the archive's end is not read: a manager that installs it would leave files
//! that the tree check calls extra.

use super::limit;
use super::unpacked::{Beside, FileEntry, Kind, Reading, Unpacked};
use crate::tree::disk;
use customs_model::Hasher;
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

/// Why a tarball could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system or the format.
    #[error("{0}")]
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

/// Reads a tarball, beside which nothing lies.
///
/// # Errors
/// As [`read_beside`].
pub fn read(path: &Path, reading: &Reading<'_>) -> Result<Unpacked, Error> {
    read_beside(path, reading, &mut |_, _| false)
}

/// Reads a tarball, asking of each file whether its bytes lie beside it.
///
/// # Errors
/// The file cannot be read, or is too long. What is in it and cannot be read is
/// [`Unpacked::fault`]: that a copy is another artifact is the better answer.
pub fn read_beside(
    path: &Path,
    reading: &Reading<'_>,
    beside: Beside<'_>,
) -> Result<Unpacked, Error> {
    let file = disk::open(path)?;
    if file.metadata()?.len() > limit::PACKED {
        return Err(Error::Limit {
            what: "bytes",
            limit: limit::PACKED,
        });
    }
    let hashers = reading.algorithms.iter().map(|a| Hasher::new(*a));
    let hashers = hashers.collect();
    let mut packed = BufReader::with_capacity(64 * 1024, Tee { file, hashers });
    let gzip = packed.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut out = Unpacked::default();
    let read = if gzip {
        // Headers have 512 bytes; to inflate as little at a time is slow.
        let inflated = MultiGzDecoder::new(&mut packed);
        let mut inflated = BufReader::with_capacity(64 * 1024, inflated);
        entries(&mut inflated, reading, beside, &mut out)
    } else {
        entries(&mut packed, reading, beside, &mut out)
    };
    // The digest is of all bytes, whether or not they could be read as an archive.
    let most = limit::PACKED;
    if io::copy(&mut (&mut packed).take(most), &mut io::sink())? == most {
        return Err(Error::Limit {
            what: "bytes",
            limit: most,
        });
    }
    let hashers = packed.into_inner().hashers;
    out.digests = hashers.into_iter().map(Hasher::finish).collect();
    if let Err(error) = read {
        out.fail(&error);
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
    reading: &Reading<'_>,
    beside: Beside<'_>,
    out: &mut Unpacked,
) -> Result<(), Error> {
    let left = Cell::new(limit::HEADERS);
    let metered = Metered {
        inner: reader.take(limit::UNPACKED),
        left: &left,
    };
    let mut archive = tar::Archive::new(metered);
    let mut buffer = Vec::with_capacity(128 * 1024);
    let mut all = archive.entries()?;
    let mut announced = 0u64;
    loop {
        left.set(limit::HEADERS);
        let Some(entry) = all.next() else {
            return Ok(());
        };
        let mut entry = entry?;
        // A bomb says its size before it is read.
        announced = announced.saturating_add(entry.size());
        if announced > limit::UNPACKED {
            return Err(Error::Limit {
                what: "bytes in it",
                limit: limit::UNPACKED,
            });
        }
        // What is not read of it is passed over with the next one.
        left.set(entry.size().saturating_add(limit::HEADERS));
        let Some(path) = out.inner_path(&entry.path_bytes(), reading.inside) else {
            continue;
        };
        let link = |entry: &tar::Entry<'_, _>| {
            let name = entry.link_name_bytes().unwrap_or_default();
            String::from_utf8_lossy(&name).into_owned()
        };
        let kind = match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let kept = (reading.keep)(&path);
                let (file, content) = match entry.size() <= limit::BESIDE {
                    true => small(&mut entry, &path, kept, beside, &mut buffer)?,
                    false => large(&mut entry, kept, &mut buffer)?,
                };
                out.keep(&path, content)?;
                Kind::File(file)
            }
            tar::EntryType::Symlink => Kind::Symlink(link(&entry)),
            tar::EntryType::Link => Kind::Hardlink(link(&entry)),
            tar::EntryType::Directory => Kind::Folder,
            // Headers about headers; the reader has taken in what they say.
            tar::EntryType::XGlobalHeader | tar::EntryType::XHeader => continue,
            _ => Kind::Other,
        };
        out.push(path, kind)?;
        io::copy(&mut entry, &mut io::sink())?;
    }
}

/// Reads no more between two entries than headers may have: names without end would be kept in
/// memory.
struct Metered<'a, R> {
    inner: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left.get()).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            let limit = limit::HEADERS;
            let why = format!("it has more than {limit} bytes in one header");
            return Err(io::Error::other(why));
        }
        let count = self
            .inner
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get().saturating_sub(count as u64));
        Ok(count)
    }
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
    // No more than `limit::BESIDE`, and a little for the reader to see the end.
    buffer.reserve_exact(usize::try_from(size).unwrap_or_default() + 64);
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
    use super::super::unpacked::Inside;
    use super::*;
    use crate::tree::testing::{Tarball, sha256};
    use customs_model::DigestAlgorithm;
    use proptest::prelude::*;

    fn read_bytes(bytes: &[u8]) -> Result<Unpacked, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tgz");
        std::fs::write(&path, bytes).unwrap();
        let reading = Reading {
            algorithms: &[DigestAlgorithm::Sha512],
            inside: Inside::FirstPart,
            keep: &|path| u64::from(path == "package.json") * limit::MANIFEST,
        };
        read(&path, &reading)
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
        assert_eq!(unpacked.kept["package.json"], b"{}");
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
    fn a_name_without_end_is_not_taken_into_memory() {
        let name = vec![b'a'; 2 * usize::try_from(limit::HEADERS).unwrap()];
        let bytes = Tarball::new().long_name(&name).file("a", b"a").bytes();
        let unpacked = read_bytes(&bytes).unwrap();
        insta::assert_snapshot!(unpacked.fault.unwrap(), @"it has more than 1048576 bytes in one header");
        assert_eq!(unpacked.digests.len(), 1);
    }

    #[test]
    fn what_is_no_file_and_has_content_all_the_same_is_passed_over() {
        let bytes = Tarball::new()
            .other("p", &vec![0; 3 << 20])
            .file("a", b"a")
            .bytes();
        let unpacked = read_bytes(&bytes).unwrap();
        assert_eq!(unpacked.fault, None);
        assert_eq!(unpacked.entries.len(), 2);
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
