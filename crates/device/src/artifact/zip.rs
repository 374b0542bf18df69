//! Reads Yarn 4's zips: `node_modules/<name>/…`, hashed first, then read by their directory, as
//! Yarn does.

use super::limit;
use super::tarball::{Entry, FileEntry, Kind, Unpacked};
use crate::tree::disk;
use customs_model::{DigestAlgorithm, printable};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufReader, Read as _, Seek as _};
use std::path::Path;

/// Reads a zip of a package. Its digest is the whole file's SHA-512, which Yarn's `checksum` is.
///
/// # Errors
/// The file cannot be read. What is in it and cannot be read is [`Unpacked::fault`].
pub fn read(path: &Path, name: &str) -> io::Result<Unpacked> {
    let mut file = disk::open(path)?;
    if file.metadata()?.len() > limit::PACKED {
        return Err(super::too_long());
    }
    let digest = super::hash(&mut file, DigestAlgorithm::Sha512)?;
    file.rewind()?;
    let mut out = Unpacked {
        digests: vec![digest],
        ..Unpacked::default()
    };
    if let Err(why) = entries(file, name, &mut out) {
        out.entries.clear();
        out.manifest = None;
        out.fault = Some(printable(&why.to_string(), 300));
    }
    Ok(out)
}

fn entries(file: std::fs::File, name: &str, out: &mut Unpacked) -> io::Result<()> {
    let mut archive = ::zip::ZipArchive::new(BufReader::new(file)).map_err(io::Error::other)?;
    if archive.len() > limit::ENTRIES {
        return Err(io::Error::other("it has too many entries"));
    }
    let prefix = format!("node_modules/{name}/");
    let mut left = limit::UNPACKED;
    let mut buffer = vec![0; 64 * 1024];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let whole = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let Some(path) = whole.strip_prefix(&prefix) else {
            continue;
        };
        let path = path.trim_end_matches('/').to_owned();
        let bad = |part: &str| matches!(part, "" | "." | "..");
        if path.is_empty() || path.len() > limit::PATH || path.split('/').any(bad) {
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o100_644);
        let kind = if entry.is_dir() {
            Kind::Folder
        } else {
            let link = mode & 0o170_000 == 0o120_000;
            let keeps = path == "package.json" || link;
            let mut content = Vec::new();
            let mut hasher = Sha256::new();
            let mut size = 0u64;
            loop {
                let count = entry.read(&mut buffer)?;
                let piece = buffer.get(..count).unwrap_or_default();
                if count == 0 {
                    break;
                }
                left = left
                    .checked_sub(count as u64)
                    .ok_or_else(|| io::Error::other("it has too many bytes in it"))?;
                size += count as u64;
                hasher.update(piece);
                if keeps && size <= limit::MANIFEST {
                    content.extend_from_slice(piece);
                }
            }
            if link {
                Kind::Symlink(String::from_utf8_lossy(&content).into_owned())
            } else {
                if path == "package.json" {
                    out.manifest = Some(content);
                }
                Kind::File(FileEntry {
                    size,
                    sha256: Some(hasher.finalize().into()),
                    executable: mode & 0o111 != 0,
                    without_cr: None,
                })
            }
        };
        out.entries.push(Entry { path, kind });
    }
    Ok(())
}
