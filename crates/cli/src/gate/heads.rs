//! Signed heads are kept apart from the ledger as well: whoever cuts its end would have to find
//! both.

use crate::error::Failure;
use crate::place::Place;
use customs_store::HEADS_FILE;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the heads of a ledger are, and where their copy is.
#[derive(Clone)]
pub struct Heads {
    heads: PathBuf,
    copy: PathBuf,
}

impl Heads {
    /// Those of the ledger at `place`.
    pub fn of(place: &Place) -> Result<Self, Failure> {
        Ok(Self {
            heads: place.folder()?.join(HEADS_FILE),
            copy: place.heads_copy()?,
        })
    }

    /// Copies what is new, again and again.
    pub async fn copy_always(self) {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tick.tick().await;
            self.copy();
        }
    }

    /// Copies what is new.
    pub fn copy(&self) {
        let to = std::fs::metadata(&self.copy);
        let Ok(from) = std::fs::metadata(&self.heads) else {
            return;
        };
        // Heads are appended, so the same length is the same file.
        if to.is_ok_and(|to| to.len() == from.len()) {
            return;
        }
        if let Err(error) = append_new(&self.heads, &self.copy) {
            tracing::warn!(%error, "the signed heads could not be copied");
        }
    }
}

/// Adds the lines that the copy lacks. What it has and the file has not stays: that is
/// what the copy is for.
fn append_new(heads: &Path, copy: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let known = match std::fs::read_to_string(copy) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let known: std::collections::HashSet<&str> = known.lines().collect();
    let now = std::fs::read_to_string(heads)?;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(copy)?;
    for line in now
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        if !known.contains(line.trim_end()) {
            file.write_all(line.as_bytes())?;
        }
    }
    Ok(())
}
