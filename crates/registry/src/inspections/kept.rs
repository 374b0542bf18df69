//! Facts on disk, in a folder for each engine that read them.

use crate::judge::archive::{ArtifactFacts, Kind};
use customs_inspect::ENGINE_VERSION;
use customs_model::Digest;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of the facts of one artifact: what is more is neither written nor loaded.
const MOST: u64 = 16 << 20;

/// The facts that this engine read.
pub(super) struct Kept(PathBuf);

/// Looks up what this engine read of an artifact, below a cache's folder, and changes nothing there:
/// for who only asks. None where nobody has read it.
pub(super) fn look_up(folder: &Path, digest: &Digest, kind: Kind) -> Option<ArtifactFacts> {
    Kept(folder.join(format!("engine-{ENGINE_VERSION}"))).load(digest, kind)
}

/// Facts as they are written; none where the bytes are something else.
pub(super) fn facts_of(bytes: &[u8]) -> Option<ArtifactFacts> {
    let facts: ArtifactFacts = serde_json::from_slice(bytes).ok()?;
    Some(facts.with_layout_apart())
}

impl Kept {
    /// Keeps facts below `folder`. Those of older engines are removed.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let own = folder.join(format!("engine-{ENGINE_VERSION}"));
        fs::create_dir_all(&own)?;
        crate::clear_half_written(&own)?;
        remove_older(folder, ENGINE_VERSION);
        Ok(Self(own))
    }

    /// What was kept; a file that another program left there says nothing.
    pub fn load(&self, digest: &Digest, kind: Kind) -> Option<ArtifactFacts> {
        let path = self.path(digest, kind);
        if fs::metadata(&path).ok()?.len() > MOST {
            return None;
        }
        facts_of(&fs::read(path).ok()?)
    }

    /// Keeps facts.
    ///
    /// # Errors
    /// They are more than would be loaded again, or cannot be written.
    pub fn save(&self, digest: &Digest, kind: Kind, facts: &ArtifactFacts) -> io::Result<()> {
        let target = self.path(digest, kind);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(&self.0)?;
        let mut writer = Bounded {
            inner: io::BufWriter::new(&file),
            left: MOST,
        };
        serde_json::to_writer(&mut writer, facts)?;
        writer.flush()?;
        drop(writer);
        file.persist(target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Where the facts of an artifact lie.
    pub(super) fn path(&self, digest: &Digest, kind: Kind) -> PathBuf {
        let hex = digest.to_hex();
        self.0
            .join(&hex[..2])
            .join(format!("{}-{}.json", &hex[2..], kind.word()))
    }
}

/// Writes no more than it may.
struct Bounded<W> {
    inner: W,
    left: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            let why = format!("its facts are more than {MOST} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        let written = self.inner.write(bytes)?;
        self.left = self.left.saturating_sub(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Removes what older engines left: nobody reads it any more. Whoever cannot remove it
/// loses some space and nothing else.
fn remove_older(folder: &Path, engine: u32) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::warn!(%error, "facts of older engines cannot be looked for");
            return;
        }
    };
    for entry in entries.flatten() {
        // A link is no folder of ours.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let found = entry.file_name().to_str().and_then(engine_of);
        if !is_folder || found.is_none_or(|found| found >= engine) {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            let path = entry.path();
            let path = path.display();
            tracing::warn!(%error, %path, "facts of an older engine cannot be removed");
        }
    }
}

/// The engine that a folder is named by, written as we write it.
fn engine_of(name: &str) -> Option<u32> {
    let number = name.strip_prefix("engine-")?;
    let engine: u32 = number.parse().ok()?;
    (engine.to_string() == number).then_some(engine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Inspection, RunsCode};
    use std::sync::Arc;

    /// Facts that take a little more than so many bytes on disk.
    fn facts(bytes: usize) -> ArtifactFacts {
        ArtifactFacts {
            runs: RunsCode {
                startup_hook: Some(true),
                ..RunsCode::default()
            },
            code: Arc::new(Inspection {
                unimported: vec!["a".repeat(bytes)],
                ..Inspection::default()
            }),
            ..ArtifactFacts::default()
        }
    }

    fn files_below(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().flatten();
        entries
            .map(|entry| {
                if entry.file_type().unwrap().is_dir() {
                    files_below(&entry.path())
                } else {
                    1
                }
            })
            .sum()
    }

    #[test]
    fn what_is_written_is_loaded_again_and_what_would_not_be_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let digest = Digest::sha256(b"a");
        let most = usize::try_from(MOST).unwrap();
        let error = kept.save(&digest, Kind::Wheel, &facts(most)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(files_below(folder.path()), 0);
        assert!(kept.load(&digest, Kind::Wheel).is_none());

        let around = serde_json::to_vec(&facts(0)).unwrap().len();
        let largest = facts(most - around);
        kept.save(&digest, Kind::Wheel, &largest).unwrap();
        let written = fs::metadata(kept.path(&digest, Kind::Wheel)).unwrap();
        assert_eq!(written.len(), MOST);
        let loaded = kept.load(&digest, Kind::Wheel).unwrap();
        assert_eq!((loaded.runs, loaded.code), (largest.runs, largest.code));
        assert!(kept.load(&digest, Kind::Sdist).is_none());
    }

    #[test]
    fn folders_of_older_engines_go_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "engine-0",
            "engine-6",
            "engine-7",
            "engine-8",
            "engine-06",
            "engine-+6",
            "engine-",
            "engine-a",
            "engine-6.old",
            "other",
        ];
        for name in names {
            fs::create_dir_all(folder.path().join(name).join("ab")).unwrap();
            fs::write(folder.path().join(name).join("ab/c.json"), "{}").unwrap();
        }
        fs::write(folder.path().join("engine-5"), "a file").unwrap();
        remove_older(folder.path(), 7);
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut expected: Vec<&str> = names[2..].to_vec();
        expected.push("engine-5");
        expected.sort_unstable();
        assert_eq!(left, expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_named_like_an_older_engine_is_not_followed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("mine"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), folder.path().join("engine-1")).unwrap();
        remove_older(folder.path(), 7);
        assert!(other.path().join("mine").exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        remove_older(&folder.path().join("nowhere"), 7);
    }
}
