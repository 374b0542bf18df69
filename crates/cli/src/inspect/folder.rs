//! A folder as a tree, as if it had been packed.

use crate::error::{Doing as _, Failure};
use customs_inspect::{Gather, Tree, Unpacking};
use customs_model::printable;
use std::fs::{self, DirEntry, File, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Reads a folder; archives in it are opened, links are listed and not followed.
pub(super) fn read(root: &Path) -> Result<Tree, Failure> {
    let limits = Unpacking::default();
    let mut gather = Gather::new(&limits);
    let first = list(root)?;
    // An unpacked wheel has no top folder; everything else has one.
    let wheel = first
        .iter()
        .any(|entry| entry.file_name().to_string_lossy().ends_with(".dist-info"));
    let top = if wheel { "" } else { "package/" };
    let mut waiting = Vec::new();
    let mut here = Some((first, top.as_bytes().to_vec()));
    while let Some((entries, prefix)) = here {
        for entry in entries {
            let path = [&prefix, entry.file_name().as_encoded_bytes()].concat();
            let kind = entry.file_type().doing(looking(&entry))?;
            if kind.is_dir() {
                waiting.push((entry.path(), [&path, &b"/"[..]].concat()));
            } else if gather.room() {
                add(&mut gather, &entry, kind, &path)?;
            } else {
                return Ok(gather.finish());
            }
        }
        here = match waiting.pop() {
            Some((folder, prefix)) => Some((list(&folder)?, prefix)),
            None => None,
        };
    }
    Ok(gather.finish())
}

/// What stands in a folder, in the order of names.
fn list(folder: &Path) -> Result<Vec<DirEntry>, Failure> {
    let listing = || format!("list {}", shown(folder));
    let entries = fs::read_dir(folder).doing(listing())?;
    let mut entries: Vec<DirEntry> = entries.collect::<io::Result<_>>().doing(listing())?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn add(
    gather: &mut Gather<'_>,
    entry: &DirEntry,
    kind: FileType,
    path: &[u8],
) -> Result<(), Failure> {
    if kind.is_symlink() {
        let target: PathBuf = fs::read_link(entry.path()).doing(looking(entry))?;
        gather.link(path, target.as_os_str().as_encoded_bytes());
        return Ok(());
    }
    if !kind.is_file() {
        gather.special(path);
        return Ok(());
    }
    let about = entry.metadata().doing(looking(entry))?;
    let reading = || format!("read {}", shown(&entry.path()));
    let file = File::open(entry.path()).doing(reading())?;
    gather
        .file(path, file, about.len(), executable(&about))
        .doing(reading())
}

#[cfg(unix)]
fn executable(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o111 != 0
}

/// Where files have no such bit, none of them says that it is a program.
#[cfg(not(unix))]
const fn executable(_: &fs::Metadata) -> bool {
    false
}

fn looking(entry: &DirEntry) -> String {
    format!("look at {}", shown(&entry.path()))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

#[cfg(test)]
mod tests {
    use super::super::{code, on_disk, tree_of};
    use super::*;
    use customs_model::Standing;
    use std::io::Write as _;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn paths(tree: &Tree) -> Vec<&str> {
        tree.entries.iter().map(|entry| &*entry.path).collect()
    }

    #[test]
    fn a_hook_that_is_too_large_to_be_read_is_not_judged() {
        let hook = br#"{"scripts": {"postinstall": "node a.js"}}"#;
        let folder = folder(&[("package.json", hook), ("a.js", b"a()")]);
        let inspected = on_disk(folder.path()).unwrap();
        assert_eq!(code(inspected.verdict.standing), 0);
        // Zeros, without a byte of them on the disk.
        let large = File::create(folder.path().join("a.js")).unwrap();
        large.set_len(Unpacking::default().entry + 1).unwrap();
        let inspected = on_disk(folder.path()).unwrap();
        assert_eq!(inspected.verdict.standing, Standing::NotJudged);
    }

    #[test]
    fn an_archive_in_a_folder_is_opened() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(3);
        tar.append_data(&mut header, "x/b.js", &b"b()"[..]).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&tar.into_inner().unwrap()).unwrap();
        let folder = folder(&[("in/a.tgz", &packed.finish().unwrap())]);
        let tree = tree_of(folder.path()).unwrap();
        let expected = ["package/in/a.tgz", "package/in/a.tgz!/x/b.js"];
        assert_eq!(paths(&tree), expected);
    }

    #[test]
    fn an_unpacked_wheel_has_no_top_folder() {
        let folder = folder(&[("a-1.dist-info/METADATA", b""), ("a.py", b"")]);
        let tree = tree_of(folder.path()).unwrap();
        assert_eq!(paths(&tree), ["a.py", "a-1.dist-info/METADATA"]);
    }

    #[test]
    fn a_folder_with_nothing_in_it_is_not_clean() {
        let folder = folder(&[]);
        fs::create_dir(folder.path().join("empty")).unwrap();
        let inspected = on_disk(folder.path()).unwrap();
        assert_eq!(code(inspected.verdict.standing), 3);
        assert_eq!(inspected.verdict.not_checked, ["there is nothing to read"]);
    }

    #[cfg(unix)]
    #[test]
    fn modes_links_and_sockets_are_told_apart() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = folder(&[("a", b"#!/bin/sh\n"), ("b", b"")]);
        let program = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("a"), program).unwrap();
        symlink("../../out", folder.path().join("c")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("d")).unwrap();
        let tree = tree_of(folder.path()).unwrap();
        let programs: Vec<bool> = tree.entries.iter().map(|entry| entry.executable).collect();
        assert_eq!(programs, [true, false, false]);
        let oddities = tree.oddities.iter();
        let oddities: Vec<&str> = oddities.map(|oddity| &*oddity.path).collect();
        assert_eq!(oddities, ["package/c", "package/d"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_read() {
        assert_eq!(tree_of(Path::new("/dev/null")).unwrap_err().code, 2);
    }
}
