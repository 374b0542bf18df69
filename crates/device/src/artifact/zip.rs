//! Reads zips (Yarn 4's own, and wheels): hashed first, then read by their directory, as those do
//! who use them. A file that changes between the two is refused.

use super::content::Contents;
use super::limit;
use super::unpacked::{Beside, FileEntry, Inside, Kind, Nothing, Reading, Unpacked};
use crate::tree::disk::{self, Stamp};
use customs_model::Hasher;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::Path;

/// Reads a zip, beside which nothing lies.
///
/// # Errors
/// As [`read_beside`].
pub fn read(path: &Path, reading: &Reading<'_>) -> io::Result<Unpacked> {
    read_beside(path, reading, &mut Nothing)
}

/// Reads a zip, asking of each file whether its bytes lie beside it.
///
/// # Errors
/// The file cannot be read, or is too long. What is in it and cannot be read is
/// [`Unpacked::fault`].
pub fn read_beside(
    path: &Path,
    reading: &Reading<'_>,
    beside: &mut dyn Beside,
) -> io::Result<Unpacked> {
    let mut file = disk::open(path)?;
    let before = file.metadata()?;
    if before.len() > limit::PACKED {
        return Err(super::too_long());
    }
    let mut hashers: Vec<_> = reading.algorithms.iter().map(|a| Hasher::new(*a)).collect();
    super::each_piece(&mut file, |piece| {
        hashers.iter_mut().for_each(|hasher| hasher.update(piece));
    })?;
    file.rewind()?;
    let again = file.try_clone()?;
    let mut contents = Contents::new(beside);
    let mut out = Unpacked::default();
    let mut read = entries(file, reading, &mut contents, &mut out);
    if contents.again && read.is_ok() {
        // A long file begins like the one beside it and is another: its digest is told.
        let mut file = again.try_clone()?;
        file.rewind()?;
        out = Unpacked::default();
        read = entries(file, reading, &mut Contents::new(&mut Nothing), &mut out);
    }
    out.digests = hashers.into_iter().map(Hasher::finish).collect();
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
    contents: &mut Contents<'_>,
    out: &mut Unpacked,
) -> io::Result<()> {
    let mut archive = ::zip::ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > limit::ENTRIES {
        return Err(io::Error::other("it has too many entries"));
    }
    let mut left = limit::UNPACKED;
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
        // A bomb says its size before it is read.
        let size = entry.size();
        left = left
            .checked_sub(size)
            .ok_or_else(|| io::Error::other("it has too many bytes in it"))?;
        let kind = if is_link {
            Kind::Symlink(target(&mut entry)?)
        } else {
            let keep = (reading.keep)(&path);
            let content = contents.read(&mut entry, &path, size, keep)?;
            out.keep(&path, content.kept)?;
            Kind::File(FileEntry {
                size: content.size,
                sha256: content.sha256,
                executable: mode & 0o111 != 0,
                without_cr: None,
            })
        };
        out.push(path, kind)?;
    }
    Ok(())
}

/// Where a link leads.
fn target(entry: &mut dyn Read) -> io::Result<String> {
    let mut target = Vec::new();
    entry
        .take(limit::PATH as u64 + 1)
        .read_to_end(&mut target)?;
    match target.len() > limit::PATH {
        true => Err(io::Error::other("a link in it is too long")),
        false => Ok(String::from_utf8_lossy(&target).into_owned()),
    }
}
