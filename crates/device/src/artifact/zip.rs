//! Reads zips (Yarn 4's own, and wheels): hashed first, then read by their directory, as those do
//! who use them. A file that changes between the two is refused.

use super::limit;
use super::unpacked::{Beside, FileEntry, Inside, Kind, Reading, Unpacked};
use crate::tree::disk::{self, Stamp};
use customs_model::Hasher;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::Path;

/// Reads a zip, beside which nothing lies.
///
/// # Errors
/// As [`read_beside`].
pub fn read(path: &Path, reading: &Reading<'_>) -> io::Result<Unpacked> {
    read_beside(path, reading, &mut |_, _| false)
}

/// Reads a zip, asking of each file whether its bytes lie beside it.
///
/// # Errors
/// The file cannot be read, or is too long. What is in it and cannot be read is
/// [`Unpacked::fault`].
pub fn read_beside(path: &Path, reading: &Reading<'_>, beside: Beside<'_>) -> io::Result<Unpacked> {
    let mut file = disk::open(path)?;
    let before = file.metadata()?;
    if before.len() > limit::PACKED {
        return Err(super::too_long());
    }
    let mut hashers: Vec<_> = reading.algorithms.iter().map(|a| Hasher::new(*a)).collect();
    super::each_piece(&mut file, |piece| {
        hashers.iter_mut().for_each(|hasher| hasher.update(piece));
    })?;
    let mut out = Unpacked::default();
    out.digests = hashers.into_iter().map(Hasher::finish).collect();
    file.rewind()?;
    let again = file.try_clone()?;
    let mut read = entries(file, reading, beside, &mut out);
    if Stamp::of(&again.metadata()?) != Stamp::of(&before) {
        read = Err(io::Error::other("it was changed while it was read"));
    }
    if let Err(why) = read {
        out.fail(&why);
    }
    Ok(out)
}

fn entries(
    file: File,
    reading: &Reading<'_>,
    beside: Beside<'_>,
    out: &mut Unpacked,
) -> io::Result<()> {
    let mut archive = ::zip::ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > limit::ENTRIES {
        return Err(io::Error::other("it has too many entries"));
    }
    let mut left = limit::UNPACKED;
    let mut buffer = vec![0; 64 * 1024];
    let mut whole = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let is_folder = entry.is_dir();
        // Names without the mark for UTF-8 are of the first code page of the PC, by the format,
        // and for installers of wheels; Yarn does not care.
        let name = match reading.inside {
            Inside::Whole => entry.name().map_err(io::Error::other)?.into_owned(),
            Inside::Folder(_) | Inside::FirstPart => {
                String::from_utf8_lossy(entry.name_raw()).into_owned()
            }
        };
        let Some(path) = out.inner_path(name.as_bytes(), reading.inside) else {
            continue;
        };
        if is_folder {
            out.push(path, Kind::Folder)?;
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o100_644);
        let is_link = mode & 0o170_000 == 0o120_000;
        let keep = match is_link {
            true => limit::PATH as u64,
            false => (reading.keep)(&path),
        };
        let is_small = entry.size() <= limit::BESIDE && !is_link;
        let (size, sha256, content) = if is_small {
            small(&mut entry, &path, keep, beside, &mut left, &mut whole)?
        } else {
            let (size, sha256, content) = content(&mut entry, keep, &mut left, &mut buffer)?;
            (size, Some(sha256), content)
        };
        let kind = if is_link {
            let target = content.ok_or_else(|| io::Error::other("a link in it is too long"))?;
            Kind::Symlink(String::from_utf8_lossy(&target).into_owned())
        } else {
            out.keep(&path, content)?;
            Kind::File(FileEntry {
                size,
                sha256,
                executable: mode & 0o111 != 0,
                without_cr: None,
            })
        };
        out.push(path, kind)?;
    }
    Ok(())
}

/// What is known of a file: its length, its digest where it is not what lies beside it, and its content
/// where it is asked for.
type Known = (u64, Option<[u8; 32]>, Option<Vec<u8>>);

/// Takes in a whole file, compares it with what lies beside it, and hashes it if that is another.
fn small(
    entry: &mut impl Read,
    path: &str,
    keep: u64,
    beside: Beside<'_>,
    left: &mut u64,
    whole: &mut Vec<u8>,
) -> io::Result<Known> {
    whole.clear();
    // What it says of its length may be wrong.
    entry.take(limit::BESIDE + 1).read_to_end(whole)?;
    let size = whole.len() as u64;
    if size > limit::BESIDE {
        return Err(io::Error::other("a file in it is longer than it says"));
    }
    *left = left
        .checked_sub(size)
        .ok_or_else(|| io::Error::other("it has too many bytes in it"))?;
    let sha256 = (!beside(path, whole)).then(|| Sha256::digest(&*whole).into());
    let kept = (keep > 0 && size <= keep).then(|| whole.clone());
    Ok((size, sha256, kept))
}

/// A file's length, digest, and content where it has no more than `keep` bytes.
fn content(
    entry: &mut impl Read,
    keep: u64,
    left: &mut u64,
    buffer: &mut [u8],
) -> io::Result<(u64, [u8; 32], Option<Vec<u8>>)> {
    let mut hasher = Sha256::new();
    let mut kept = (keep > 0).then(Vec::new);
    let mut size = 0u64;
    loop {
        let count = entry.read(buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if count == 0 {
            break;
        }
        *left = left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("it has too many bytes in it"))?;
        size += count as u64;
        hasher.update(piece);
        match &mut kept {
            Some(content) if size <= keep => content.extend_from_slice(piece),
            _ => kept = None,
        }
    }
    Ok((size, hasher.finalize().into(), kept))
}
