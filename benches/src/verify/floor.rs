//! The least that any check of a tree must do: inflate the artifacts and hash the files, with the
//! libraries and as many threads as customs has. In a process of its own, as customs is.

use crate::error::{Doing as _, Error};
use customs_model::{DigestAlgorithm, Hasher};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a thread takes next.
enum Work {
    Inflate(PathBuf),
    Hash(PathBuf),
}

/// Does the work of a list: a line `inflate <path>` or `hash <path>` each.
pub fn run(list: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(list).map_err(Error::io("read", list))?;
    let work: Vec<Work> = text.lines().filter_map(parse).collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| take(&work, &next)))
            .collect();
        started
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(done) => done,
                Err(_) => Err(Error::said("a thread of the floor failed")),
            })
    })
}

/// The list for [`run`].
pub fn list(tarballs: &[PathBuf], files: &[PathBuf]) -> Result<String, Error> {
    let mut text = String::new();
    let lines = tarballs.iter().map(|path| ("inflate", path));
    for (what, path) in lines.chain(files.iter().map(|path| ("hash", path))) {
        let path = path
            .to_str()
            .filter(|path| !path.contains('\n'))
            .ok_or_else(|| Error::said(format!("{} is no plain path", path.display())))?;
        text += &format!("{what} {path}\n");
    }
    Ok(text)
}

fn parse(line: &str) -> Option<Work> {
    let (what, path) = line.split_once(' ')?;
    match what {
        "inflate" => Some(Work::Inflate(path.into())),
        "hash" => Some(Work::Hash(path.into())),
        _ => None,
    }
}

fn take(work: &[Work], next: &AtomicUsize) -> Result<(), Error> {
    let mut piece = vec![0; 128 * 1024];
    while let Some(one) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
        match one {
            Work::Inflate(path) => {
                let file = File::open(path).map_err(Error::io("open", path))?;
                let packed = BufReader::with_capacity(64 * 1024, file);
                drain(&mut MultiGzDecoder::new(packed), &mut piece, |_| {})
            }
            Work::Hash(path) => {
                let mut file = File::open(path).map_err(Error::io("open", path))?;
                let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
                let read = drain(&mut file, &mut piece, |bytes| hasher.update(bytes));
                std::hint::black_box(hasher.finish());
                read
            }
        }
        .doing("read a file of the floor")?;
    }
    Ok(())
}

fn drain(reader: &mut dyn Read, piece: &mut [u8], mut each: impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        let count = reader.read(piece)?;
        if count == 0 {
            return Ok(());
        }
        each(piece.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    #[test]
    fn the_floor_reads_all_that_its_list_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.js");
        std::fs::write(&file, "x").unwrap();
        let tarball = folder.path().join("a.tgz");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(b"x").unwrap();
        std::fs::write(&tarball, packed.finish().unwrap()).unwrap();
        let path = folder.path().join("list");
        let text = list(std::slice::from_ref(&tarball), &[file]).unwrap();
        std::fs::write(&path, &text).unwrap();
        run(&path).unwrap();
        // What is not there, or no archive, is no floor.
        std::fs::write(&tarball, "no archive").unwrap();
        assert!(run(&path).is_err());
        std::fs::remove_file(&tarball).unwrap();
        assert!(run(&path).is_err());
    }
}
