//! Where evidence of origin lies: with the ledger, since nobody can ask a registry for what it took
//! away. Before it did so it lay in the cache, and is moved over when a gate starts.

use crate::error::Failure;
use crate::paths;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Folders below that of evidence: what it is, and the beginning of a digest.
const DEPTH: usize = 2;

/// Where evidence lies: in the cache only as long as no gate has moved it.
pub fn folder() -> Result<PathBuf, Failure> {
    let (own, before) = places()?;
    Ok(match !own.is_dir() && before.is_dir() {
        true => before,
        false => own,
    })
}

/// The folder of a gate that starts, with what lay in the cache moved into it.
pub fn settled() -> Result<PathBuf, Failure> {
    let (own, before) = places()?;
    if before.is_dir() {
        paths::private_folder(&paths::data()?)?;
        if let Err(error) = move_over(&before, &own) {
            let at = before.display();
            tracing::warn!(%error, "some evidence stays at {at}: the gate does not find it there");
        }
    }
    Ok(own)
}

fn places() -> Result<(PathBuf, PathBuf), Failure> {
    let own = paths::data()?.join(paths::EVIDENCE);
    Ok((own, paths::cache()?.join(paths::EVIDENCE)))
}

/// Moves a folder, and its files one by one where the other one is there already or lies on another
/// disk. What lies at both places stays at both.
fn move_over(from: &Path, to: &Path) -> io::Result<()> {
    if from == to || !to.exists() && std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    move_files(from, to, DEPTH)
}

fn move_files(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        // What is half written stays.
        let is_whole = path.extension().is_some_and(|end| end == "json");
        if kind.is_dir() && depth > 0 {
            move_files(&path, &target, depth - 1)?;
        } else if kind.is_file() && is_whole && !target.exists() {
            move_file(&path, &target)?;
        }
    }
    match std::fs::remove_dir(from) {
        Err(error) if !is_expected(error.kind()) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Something stays in it, or somebody else removed it.
const fn is_expected(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotFound
    )
}

fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    if std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut copy = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut std::fs::File::open(from)?, &mut copy)?;
    copy.as_file().sync_all()?;
    copy.persist(to).map_err(|error| error.error)?;
    std::fs::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn what_lay_in_the_cache_is_moved_and_nothing_is_written_over_or_lost() {
        let home = tempfile::tempdir().unwrap();
        let (from, to) = (home.path().join("cache"), home.path().join("data"));
        put(&from, "artifacts/ab/one.json", "1");
        put(&from, "suspects/ab/two.json", "2");
        move_over(&from, &to).unwrap();
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        assert_eq!(read(to.join("artifacts/ab/one.json")), "1");
        assert!(!from.exists());
        // An older customs wrote there once more.
        put(&from, "artifacts/ab/one.json", "older");
        put(&from, "artifacts/ab/three.json", "3");
        put(&from, "phantoms/cd/four.json", "4");
        move_over(&from, &to).unwrap();
        assert_eq!(read(to.join("artifacts/ab/one.json")), "1");
        assert_eq!(read(to.join("artifacts/ab/three.json")), "3");
        assert_eq!(read(to.join("phantoms/cd/four.json")), "4");
        assert_eq!(read(to.join("suspects/ab/two.json")), "2");
        assert_eq!(read(from.join("artifacts/ab/one.json")), "older");
        assert!(!from.join("phantoms").exists());
    }
}
