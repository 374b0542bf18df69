//! Reads a tarball in one pass: hashed as it is packed, inflated, and each file in it hashed.
//! Nothing is written, and no more than a buffer of it is in memory.
//!
//! What stands behind the archive's end is not read: a manager that installs it would leave files
//! that the tree check calls extra.

use super::content::Contents;
use super::limit;
use super::unpacked::{Beside, FileEntry, Kind, Nothing, Reading, Unpacked};
use crate::tree::disk;
use customs_model::Hasher;
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

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

/// Reads a tarball, beside which nothing lies.
///
/// # Errors
/// As [`read_beside`].
pub fn read(path: &Path, reading: &Reading<'_>) -> Result<Unpacked, Error> {
    read_beside(path, reading, &mut Nothing)
}

/// Reads a tarball, and compares its files with what lies beside it.
///
/// # Errors
/// The file cannot be read, or is too long. What is in it and cannot be read is
/// [`Unpacked::fault`]: that a copy is another artifact is the better answer.
pub fn read_beside(
    path: &Path,
    reading: &Reading<'_>,
    beside: &mut dyn Beside,
) -> Result<Unpacked, Error> {
    match pass(path, reading, beside)? {
        Pass::Done(out) => Ok(out),
        // A long file begins like the one beside it and is another: its digest is told.
        Pass::Again => match pass(path, reading, &mut Nothing)? {
            Pass::Done(out) => Ok(out),
            Pass::Again => Err(Error::Read(io::Error::other("it is never read to its end"))),
        },
    }
}

/// What one reading comes to.
enum Pass {
    Done(Unpacked),
    /// A digest is needed of a file that went by.
    Again,
}

fn pass(path: &Path, reading: &Reading<'_>, beside: &mut dyn Beside) -> Result<Pass, Error> {
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
    let mut entries = Entries {
        reading,
        contents: Contents::new(beside),
        out: Unpacked::default(),
    };
    let read = if gzip {
        // Headers have 512 bytes; to inflate as little at a time is slow.
        let inflated = MultiGzDecoder::new(&mut packed);
        entries.read(&mut BufReader::with_capacity(64 * 1024, inflated))
    } else {
        entries.read(&mut packed)
    };
    let (mut out, again) = (entries.out, entries.contents.again);
    // The digest is of all bytes, whether or not they could be read as an archive.
    let most = limit::PACKED;
    if io::copy(&mut (&mut packed).take(most), &mut io::sink())? == most {
        return Err(Error::Limit {
            what: "bytes",
            limit: most,
        });
    }
    if again && read.is_ok() {
        return Ok(Pass::Again);
    }
    let hashers = packed.into_inner().hashers;
    out.digests = hashers.into_iter().map(Hasher::finish).collect();
    if let Err(error) = read {
        out.fail(&error);
    }
    Ok(Pass::Done(out))
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

/// Reads one entry after the other.
struct Entries<'a, 'r> {
    reading: &'a Reading<'r>,
    contents: Contents<'a>,
    out: Unpacked,
}

impl Entries<'_, '_> {
    fn read(&mut self, reader: &mut dyn Read) -> Result<(), Error> {
        let left = Cell::new(limit::HEADERS);
        let metered = Metered {
            inner: reader.take(limit::UNPACKED),
            left: &left,
        };
        let mut archive = tar::Archive::new(metered);
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
            self.entry(&mut entry)?;
            io::copy(&mut entry, &mut io::sink())?;
        }
    }

    fn entry<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), Error> {
        let inside = self.reading.inside;
        let Some(path) = self.out.inner_path(&entry.path_bytes(), inside) else {
            return Ok(());
        };
        let link = |entry: &tar::Entry<'_, R>| {
            let name = entry.link_name_bytes().unwrap_or_default();
            String::from_utf8_lossy(&name).into_owned()
        };
        let kind = match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let kept = (self.reading.keep)(&path);
                let executable = entry.header().mode()? & 0o111 != 0;
                let size = entry.size();
                let content = self.contents.read(entry, &path, size, kept)?;
                self.out.keep(&path, content.kept)?;
                Kind::File(FileEntry {
                    size: content.size,
                    sha256: content.sha256,
                    executable,
                    without_cr: content.without_cr,
                })
            }
            tar::EntryType::Symlink => Kind::Symlink(link(entry)),
            tar::EntryType::Link => Kind::Hardlink(link(entry)),
            tar::EntryType::Directory => Kind::Folder,
            // Headers about headers; the reader has taken in what they say.
            tar::EntryType::XGlobalHeader | tar::EntryType::XHeader => return Ok(()),
            _ => Kind::Other,
        };
        self.out.push(path, kind)?;
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::super::content::BUFFER;
    use super::super::unpacked::Inside;
    use super::*;
    use crate::tree::beside::Installed;
    use crate::tree::testing::{Tarball, sha256};
    use customs_model::DigestAlgorithm;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

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
        insta::assert_snapshot!(unpacked.fault.unwrap(), @"it cannot be read: it has more than 1048576 bytes in one header");
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
    fn a_file_beside_the_archive_needs_no_digest_where_it_is_the_same_and_has_one_where_not() {
        let content: Vec<u8> = (0..3 * BUFFER).map(|at| (at % 251) as u8).collect();
        let with = |at: usize| {
            let mut other = content.clone();
            other[at] ^= 1;
            other
        };
        let longer = [&content[..], b"x"].concat();
        let cases = [
            ("same", content.clone(), true),
            ("other at the start", with(0), false),
            ("other in the middle", with(BUFFER + 1), false),
            ("other at the end", with(3 * BUFFER - 1), false),
            ("cut short", content[..BUFFER].to_vec(), false),
            ("longer", longer, false),
        ];
        for (what, there, same) in cases {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("installed");
            std::fs::create_dir(&root).unwrap();
            for name in ["long", "short"] {
                std::fs::write(root.join(name), &there).unwrap();
            }
            let archive = Tarball::new().file("long", &content).file("short", b"s");
            let path = folder.path().join("a.tgz");
            std::fs::write(&path, archive.bytes()).unwrap();
            let found = disk::walk(&root, &BTreeSet::new()).unwrap();
            let reading = Reading {
                algorithms: &[DigestAlgorithm::Sha512],
                inside: Inside::FirstPart,
                keep: &|_| 0,
            };
            let mut beside = Installed::new(&root, &found, &|_| false);
            let read = read_beside(&path, &reading, &mut beside).unwrap();
            let digest = |name: &str| {
                let entry = read.entries.iter().find(|e| e.path == name).unwrap();
                let Kind::File(file) = entry.kind else {
                    panic!("no file")
                };
                file.sha256
            };
            let long = (!same).then(|| sha256(&content));
            assert_eq!(digest("long"), long, "{what}");
            assert_eq!(digest("short"), Some(sha256(b"s")), "{what}");
            let alone = super::read(&path, &reading).unwrap();
            assert_eq!(alone.digests, read.digests, "{what}");
        }
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
