//! `customs.lock`: a small committed file. One line per record, sorted, so that a review shows
//! one changed line for one changed fact, and a merge conflict is about whole records.
//!
//! ```text
//! customs-lock 1
//! identity npm:axios line=1 version=1.14.0 evidence=signature,provenance repository=… first=… last=…
//! accept npm:chokidar line=4 version=4.0.2 what=provenance on=2026-01-02 reason="published by hand"
//! made node_modules/.prisma/client/index.js digest=sha256:… maker="prisma generate"
//! ```
//!
//! A value stands bare where it holds neither blanks nor `"`, `\`, `=`, `#`; otherwise it is quoted,
//! with `\"`, `\\` and, for what people cannot see, `\u{…}`. Nothing invisible is taken raw.

mod read;
mod text;
mod write;

pub(super) use read::is_conflict;

use super::{Accepted, LineRecord, Made, ReleaseLine};
use customs_model::{DigestAlgorithm, PackageName, Version};
use std::collections::BTreeMap;

/// Bounds on what a stranger's file may ask for.
pub mod limit {
    /// Bytes of the file.
    pub const BYTES: usize = 16 * 1024 * 1024;
    /// Records of all kinds.
    pub const RECORDS: usize = 100_000;
    /// Bytes of one value, as it is meant, and of one path.
    pub const VALUE: usize = 4096;
    /// Bytes of one line. A value of invisible characters is ten times as long when written.
    pub const LINE: usize = 256 * 1024;
}

/// The version of the format.
pub const FORMAT: u32 = 1;

/// What a `customs.lock` says. Sorted by kind, package, line and version or path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustFile {
    lines: BTreeMap<(PackageName, ReleaseLine), LineRecord>,
    accepted: BTreeMap<(PackageName, ReleaseLine), BTreeMap<Version, Accepted>>,
    made: BTreeMap<String, Made>,
    /// How many acceptances there are, so that each new record need not count them.
    acceptances: usize,
}

/// Why a file, or a record for one, is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A line that cannot be read.
    #[error("customs.lock, line {line}: {what}; {hint}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong. Safe to print.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// More than a bound of [`limit`].
    #[error("customs.lock, line {line}: more than {limit} {what}; check who wrote it")]
    Limit {
        /// Counted from 1; where the bound was hit.
        line: usize,
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// A record that the file could not hold.
    #[error("{subject} cannot be recorded in customs.lock: {why}; {hint}")]
    Record {
        /// What it is about. Safe to print.
        subject: String,
        /// The reason.
        why: &'static str,
        /// What to do.
        hint: &'static str,
    },
}

impl TrustFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It exceeds a bound of [`limit`], is of a newer format, holds a conflict that nobody
    /// resolved, the same record twice, or a line that is none. Each names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        read::file(bytes)
    }

    /// The file as it is written: always the same bytes for the same records.
    pub fn render(&self) -> String {
        write::file(self)
    }

    /// The record of a release line.
    pub fn line(&self, package: &PackageName, line: ReleaseLine) -> Option<&LineRecord> {
        self.lines.get(&(package.clone(), line))
    }

    /// All records of release lines, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &LineRecord> {
        self.lines.values()
    }

    /// What was accepted in a release line, sorted by the text of the version.
    pub fn accepted_in(
        &self,
        package: &PackageName,
        line: ReleaseLine,
    ) -> impl Iterator<Item = &Accepted> {
        let of_line = self.accepted.get(&(package.clone(), line));
        of_line.into_iter().flat_map(BTreeMap::values)
    }

    /// All that was accepted, sorted.
    pub fn accepted(&self) -> impl Iterator<Item = &Accepted> {
        self.accepted.values().flat_map(BTreeMap::values)
    }

    /// The pin of a file that was made here, by its path relative to the project.
    pub fn made(&self, path: &str) -> Option<&Made> {
        self.made.get(path)
    }

    /// All pins of files, sorted by path.
    pub fn all_made(&self) -> impl Iterator<Item = &Made> {
        self.made.values()
    }

    /// Records a line, in place of what was recorded of it. It does not ask whether that is a
    /// downgrade: [`record`](super::record) and [`accept`](super::accept) do.
    ///
    /// # Errors
    /// A value that the file cannot hold, or a record that contradicts itself.
    pub fn set_line(&mut self, record: LineRecord) -> Result<(), FileError> {
        self.room()?;
        check::line(&record)?;
        self.lines
            .insert((record.package.clone(), record.line), record);
        Ok(())
    }

    /// Records what a person accepted.
    ///
    /// # Errors
    /// As [`set_line`](Self::set_line).
    pub fn set_accepted(&mut self, accepted: Accepted) -> Result<(), FileError> {
        self.room()?;
        check::accepted(&accepted)?;
        let of_line = self
            .accepted
            .entry((accepted.package.clone(), accepted.line))
            .or_default();
        let before = of_line.insert(accepted.version.clone(), accepted);
        self.acceptances += usize::from(before.is_none());
        Ok(())
    }

    /// Pins a file that was made here.
    ///
    /// # Errors
    /// A path that is empty, absolute, or holds `.` or `..`; a digest that is no SHA-256.
    pub fn set_made(&mut self, made: Made) -> Result<(), FileError> {
        self.room()?;
        check::made(&made)?;
        self.made.insert(made.path.clone(), made);
        Ok(())
    }

    /// Takes the pin of a file away.
    pub fn forget_made(&mut self, path: &str) -> Option<Made> {
        self.made.remove(path)
    }

    /// Takes the record of a line away, with what was accepted in it: its next release is trusted
    /// on first use again. [`changes`](super::changes) tells a review.
    pub fn forget_line(&mut self, package: &PackageName, line: ReleaseLine) -> Option<LineRecord> {
        let key = (package.clone(), line);
        let accepted = self.accepted.remove(&key);
        self.acceptances -= accepted.map_or(0, |of_line| of_line.len());
        self.lines.remove(&key)
    }

    fn count(&self) -> usize {
        self.lines.len() + self.acceptances + self.made.len()
    }

    fn room(&self) -> Result<(), FileError> {
        if self.count() < limit::RECORDS {
            return Ok(());
        }
        Err(FileError::Limit {
            line: self.count() + 1,
            what: "records",
            limit: limit::RECORDS,
        })
    }
}

/// What every record keeps to, wherever it comes from.
mod check {
    use super::{Accepted, DigestAlgorithm, FileError, LineRecord, Made, ReleaseLine, limit};
    use crate::history::Axis;
    use customs_model::{PackageName, ReleaseId, Version, printable};

    pub(super) fn line(record: &LineRecord) -> Result<(), FileError> {
        let subject = || subject(&record.package, record.line);
        of_line(&record.package, record.line, &record.version)?;
        let proven = record.evidence.contains(&Axis::Provenance);
        if proven != record.identity.is_some() {
            return Err(refuse(
                subject(),
                (
                    "provenance is evidence exactly where an issuer and an identity are named",
                    "verify it again",
                ),
            ));
        }
        if record.first_seen > record.last_seen {
            return Err(refuse(
                subject(),
                (
                    "it was first seen after it was last seen",
                    "verify it again",
                ),
            ));
        }
        let Some(pin) = &record.identity else {
            return Ok(());
        };
        let numbered = [&pin.repository, &pin.owner];
        let texts = [
            Some(&pin.issuer),
            pin.subject.as_ref(),
            pin.workflow.as_ref(),
            pin.signer.as_ref(),
            pin.environment.as_ref(),
            pin.trigger.as_ref(),
        ]
        .into_iter()
        .chain(numbered.iter().map(|n| n.as_ref().map(|n| &n.uri)))
        .chain(
            numbered
                .iter()
                .map(|n| n.as_ref().and_then(|n| n.id.as_ref())),
        );
        for text in texts.flatten() {
            short(text, subject)?;
        }
        Ok(())
    }

    pub(super) fn accepted(accepted: &Accepted) -> Result<(), FileError> {
        let subject = || subject(&accepted.package, accepted.line);
        of_line(&accepted.package, accepted.line, &accepted.version)?;
        if accepted.reason.trim().is_empty() {
            return Err(refuse(
                subject(),
                ("an acceptance needs a reason", "write one"),
            ));
        }
        if accepted.what.is_empty() {
            return Err(refuse(
                subject(),
                ("an acceptance says what it accepts", "name it"),
            ));
        }
        short(&accepted.reason, subject)
    }

    pub(super) fn made(made: &Made) -> Result<(), FileError> {
        let subject = || printable(&made.path, 200);
        let plain = |part: &str| !matches!(part, "" | "." | "..");
        if !made.path.split('/').all(plain) || made.path.contains('\0') {
            return Err(refuse(
                subject(),
                (
                    "its path is not inside the project",
                    "write it relative, with / and without ..",
                ),
            ));
        }
        if made.digest.algorithm() != DigestAlgorithm::Sha256 {
            return Err(refuse(
                subject(),
                ("its digest is no SHA-256", "hash it again"),
            ));
        }
        short(&made.path, subject)?;
        short(&made.maker, subject)
    }

    fn of_line(
        package: &PackageName,
        line: ReleaseLine,
        version: &Version,
    ) -> Result<(), FileError> {
        let release = ReleaseId::new(package.clone(), version.clone());
        if ReleaseLine::of(&release) == Some(line) {
            return Ok(());
        }
        Err(refuse(
            subject(package, line),
            ("its version is not of that release line", "verify it again"),
        ))
    }

    fn short(text: &str, subject: impl Fn() -> String) -> Result<(), FileError> {
        if text.len() <= limit::VALUE {
            return Ok(());
        }
        Err(refuse(
            subject(),
            (
                "a value of it is longer than 4096 bytes",
                "check where it comes from",
            ),
        ))
    }

    fn subject(package: &PackageName, line: ReleaseLine) -> String {
        format!("{package} (line {line})")
    }

    fn refuse(subject: String, (why, hint): (&'static str, &'static str)) -> FileError {
        FileError::Record { subject, why, hint }
    }
}

#[cfg(test)]
mod tests;
