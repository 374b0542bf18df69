//! Unpacking, bounded. The archives are pinned, so nothing here is expected to happen; it
//! is checked all the same, because a pin is only as careful as the person who moved it.

use super::pins::Registry;
use crate::error::Error;
use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// The largest of the tools unpacks to some 110 MB in one file.
const MAX_BYTES: u64 = 1 << 30;
/// pnpm's launcher, the one with most files, holds about a thousand.
const MAX_ENTRIES: usize = 20_000;

/// Unpacks an archive over a folder; files that are already there are replaced.
pub fn unpack(archive: &Path, registry: Registry, into: &Path) -> Result<(), Error> {
    let name = archive
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let file = File::open(archive).map_err(Error::io("open", archive))?;
    let mut writer = Writer {
        archive: name,
        into,
        bytes: 0,
        entries: 0,
    };
    match registry {
        Registry::Npm => npm(file, &mut writer),
        Registry::Pypi => wheel(file, &mut writer),
    }
}

/// Unpacks a `.tar.gz` with one folder around everything, without that folder.
pub fn tarball(archive: &Path, into: &Path) -> Result<(), Error> {
    unpack(archive, Registry::Npm, into)
}

/// An npm archive: one folder of any name (nearly always `package`) around everything.
fn npm(file: File, writer: &mut Writer<'_>) -> Result<(), Error> {
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    for entry in archive.entries().map_err(|error| writer.refuse(error))? {
        let mut entry = entry.map_err(|error| writer.refuse(error))?;
        let path = entry
            .path()
            .map_err(|error| writer.refuse(error))?
            .into_owned();
        let path: PathBuf = path.components().skip(1).collect();
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        let kind = entry.header().entry_type();
        if kind.is_file() {
            writer.file(&path, executable, &mut entry)?;
        } else if !kind.is_dir() {
            return Err(writer.refuse(format!("{} is neither file nor folder", path.display())));
        }
    }
    Ok(())
}

fn wheel(file: File, writer: &mut Writer<'_>) -> Result<(), Error> {
    let mut archive = zip::ZipArchive::new(file).map_err(|error| writer.refuse(error))?;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| writer.refuse(error))?;
        let name = entry.name().map_err(|error| writer.refuse(error))?;
        let path = PathBuf::from(name.into_owned());
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0);
        if entry.is_symlink() {
            return Err(writer.refuse(format!("{} is a link", path.display())));
        }
        if !entry.is_dir() {
            writer.file(&path, executable, &mut entry)?;
        }
    }
    Ok(())
}

struct Writer<'a> {
    archive: String,
    into: &'a Path,
    bytes: u64,
    entries: usize,
}

impl Writer<'_> {
    fn file(&mut self, path: &Path, executable: bool, from: &mut impl Read) -> Result<(), Error> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(self.refuse(format!("it holds more than {MAX_ENTRIES} files")));
        }
        if !stays_inside(path) {
            return Err(self.refuse(format!("{} leads out of its folder", path.display())));
        }
        let target = self.into.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
        }
        let mut file = File::create(&target).map_err(Error::io("write", &target))?;
        let left = MAX_BYTES - self.bytes;
        let written =
            io::copy(&mut from.take(left + 1), &mut file).map_err(Error::io("write", &target))?;
        if written > left {
            return Err(self.refuse(format!("it unpacks to more than {MAX_BYTES} bytes")));
        }
        self.bytes += written;
        set_executable(&target, executable)
    }

    fn refuse(&self, why: impl ToString) -> Error {
        Error::Archive {
            archive: self.archive.clone(),
            why: why.to_string(),
        }
    }
}

fn stays_inside(path: &Path) -> bool {
    let mut parts = path.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Makes a file startable; on Windows its name does that.
pub fn set_executable(path: &Path, executable: bool) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(Error::io("set the mode of", path))?;
    }
    #[cfg(not(unix))]
    let _ = (path, executable);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// A gzipped tar whose header carries the path as it is: the `tar` crate would refuse
    /// to write some of them.
    fn archive(folder: &Path, path: &str, kind: tar::EntryType) -> PathBuf {
        let file = folder.join("a.tgz");
        let mut builder = tar::Builder::new(GzEncoder::new(
            File::create(&file).unwrap(),
            Compression::fast(),
        ));
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(2);
        header.set_mode(0o755);
        header.set_cksum();
        builder.append(&header, &b"hi"[..]).unwrap();
        builder.into_inner().unwrap().finish().unwrap();
        file
    }

    fn unpacked(path: &str, kind: tar::EntryType) -> (tempfile::TempDir, Result<(), Error>) {
        let folder = tempfile::tempdir().unwrap();
        let file = archive(folder.path(), path, kind);
        let result = unpack(&file, Registry::Npm, &folder.path().join("out"));
        (folder, result)
    }

    #[test]
    fn the_outermost_folder_of_an_npm_archive_is_left_away() {
        let (folder, result) = unpacked("package/bin/tool", tar::EntryType::Regular);
        result.unwrap();
        let file = folder.path().join("out/bin/tool");
        assert_eq!(fs::read(&file).unwrap(), b"hi");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o755
            );
        }
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for path in ["package/../../up", "package", "package//../x"] {
            let (_, result) = unpacked(path, tar::EntryType::Regular);
            let error = result.unwrap_err().to_string();
            assert!(error.contains("leads out of its folder"), "{path}: {error}");
        }
    }

    #[test]
    fn a_link_is_refused() {
        let (_, result) = unpacked("package/link", tar::EntryType::Symlink);
        assert!(
            result
                .unwrap_err()
                .to_string()
                .contains("neither file nor folder")
        );
    }

    #[test]
    fn a_later_part_replaces_the_file_of_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("pnpm"), b"placeholder").unwrap();
        let file = archive(folder.path(), "package/pnpm", tar::EntryType::Regular);
        unpack(&file, Registry::Npm, &out).unwrap();
        assert_eq!(fs::read(out.join("pnpm")).unwrap(), b"hi");
    }

    #[test]
    fn a_wheel_keeps_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.whl");
        let mut writer = zip::ZipWriter::new(File::create(&file).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file("uv-1.data/scripts/uv", options).unwrap();
        writer.write_all(b"hi").unwrap();
        writer.finish().unwrap();
        unpack(&file, Registry::Pypi, &folder.path().join("out")).unwrap();
        assert!(folder.path().join("out/uv-1.data/scripts/uv").is_file());
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tgz");
        fs::write(&file, b"<html>").unwrap();
        for registry in [Registry::Npm, Registry::Pypi] {
            let error = unpack(&file, registry, &folder.path().join("out")).unwrap_err();
            assert!(
                error.to_string().starts_with("a.tgz was not unpacked: "),
                "{error}"
            );
        }
    }
}
