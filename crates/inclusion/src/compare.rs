//! What is newly included: two records of one project, and what a reviewer must know about the
//! way from one to the other.
//!
//! The loudest thing first: bytes that changed although no version did. That is what a poisoned
//! cache, an edited tree or a republished artifact looks like, and no lockfile shows it.

mod answers;
mod bytes;
mod markdown;
mod packages;
mod sections;
#[cfg(test)]
mod tests;
mod text;

pub use markdown::markdown;
pub use text::text;

use crate::question::{Question, many};
use crate::record::{Included, Record};
use crate::write;
use customs_model::{Answer, Digest, Known, PackageName, ReleaseId, Standing, Timestamp, Version};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the newer record holds that the older one does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Newly {
    /// Version of this schema.
    pub schema: &'static str,
    /// The older record.
    pub before: Moment,
    /// The newer record.
    pub now: Moment,
    /// Other artifacts under a version that did not change.
    pub artifacts: Vec<OtherArtifact>,
    /// Other files under a version that did not change.
    pub files: Vec<OtherFiles>,
    /// Other files among the packages that belong to none.
    pub loose: Vec<OtherFile>,
    /// Answers that were a yes and are a no, and trees that are a no and were none.
    pub lost: Vec<OtherAnswer>,
    /// Packages that are built by somebody else, or from another repository.
    pub builders: Vec<OtherBuilder>,
    /// Releases that are judged otherwise than before.
    pub verdicts: Vec<OtherVerdict>,
    /// Packages that are new.
    pub included: Vec<NewPackage>,
    /// Packages of which another version is included.
    pub moved: Vec<Moved>,
    /// Releases that are included as before, at places that are new.
    pub places: Vec<NewPlaces>,
    /// Exemptions that did not apply before.
    pub exemptions: Vec<NewExemption>,
    /// Packages that are no longer included.
    pub gone: Vec<ReleaseId>,
    /// Answers that were a yes, and nobody looked this time.
    pub unchecked: Vec<OtherAnswer>,
    /// All other answers that are not as they were.
    pub other: Vec<OtherAnswer>,
    /// What could not be compared, and why.
    pub not_compared: Vec<String>,
}

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// What people call the project.
    pub project: String,
    /// When it was looked at.
    pub made: Timestamp,
    /// The commit that was checked out.
    pub commit: Option<String>,
}

/// A release whose artifact is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherArtifact {
    /// The release.
    pub release: ReleaseId,
    /// The digests that were there before and are not now, of the kinds that both records have.
    pub before: Vec<Digest>,
    /// The digests that are there now and were not before, of the same kinds.
    pub now: Vec<Digest>,
    /// Whether some artifact is the same as before, as where a wheel was added to a release.
    pub has_common: bool,
}

/// A release whose files are others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherFiles {
    /// The release.
    pub release: ReleaseId,
    /// The files, by path.
    pub files: Vec<OtherFile>,
}

/// One file that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherFile {
    /// Relative to the package's place.
    pub path: String,
    /// What happened.
    pub change: FileChange,
    /// The SHA-256 that it had, one for each different copy.
    pub before: Vec<Digest>,
    /// The SHA-256 that it has now.
    pub now: Vec<Digest>,
    /// What the tree check says of it now; empty where it is gone.
    pub standing: String,
}

impl OtherFile {
    /// Whether it is there now, and nothing explains it.
    pub fn is_unexplained(&self) -> bool {
        self.standing == "unexplained"
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It was not there.
    New,
    /// It was there with other bytes.
    Changed,
    /// It was there.
    Gone,
}

/// An answer that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherAnswer {
    /// The release as it is now.
    pub release: ReleaseId,
    /// The question.
    pub question: Question,
    /// The answer before; of the versions before where the version is another one.
    pub before: Answer,
    /// The answer now.
    pub now: Answer,
}

/// A package whose builder is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherBuilder {
    /// The release as it is now.
    pub release: ReleaseId,
    /// Who built it, or the repository.
    pub what: Builder,
    /// As it was.
    pub before: String,
    /// As it is.
    pub now: String,
}

/// What tells who built a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Builder {
    /// The identity, compared only while the version is the same: it may name a tag.
    Identity,
    /// The repository.
    Repository,
}

/// A release that is judged otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherVerdict {
    /// The release.
    pub release: ReleaseId,
    /// As it was judged.
    pub before: Known<Standing>,
    /// As it is judged.
    pub now: Known<Standing>,
}

/// A package that was not there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewPackage {
    /// The release.
    pub release: ReleaseId,
    /// Where it lies.
    pub places: Vec<String>,
    /// The releases in the newer record that depend on it.
    pub because_of: Vec<ReleaseId>,
    /// The answers to each question.
    pub answers: BTreeMap<Question, Answer>,
    /// What its code was judged to be.
    pub verdict: Known<Standing>,
}

/// A package of which another version is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// The package.
    pub package: PackageName,
    /// The versions that are gone.
    pub from: Vec<Version>,
    /// The versions that are new.
    pub to: Vec<Version>,
    /// What the code of the new versions was judged to be: the worst.
    pub verdict: Known<Standing>,
}

/// Places where a release did not lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewPlaces {
    /// The release.
    pub release: ReleaseId,
    /// The places.
    pub places: Vec<String>,
}

/// An exemption that did not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewExemption {
    /// The release.
    pub release: ReleaseId,
    /// Reason, owner and end.
    pub exemption: String,
}

impl Newly {
    /// Whether bytes changed although no version did, evidence was lost, or something is judged
    /// worse: what a reviewer must not overlook. What nobody looked at is neither loud nor quiet.
    pub fn is_loud(&self) -> bool {
        let is_worse = |v: &OtherVerdict| answers::rank(&v.now) > answers::rank(&v.before);
        !self.artifacts.is_empty()
            || !self.files.is_empty()
            || self.loose.iter().any(OtherFile::is_unexplained)
            || !self.lost.is_empty()
            || !self.builders.is_empty()
            || self.verdicts.iter().any(is_worse)
    }

    /// Whether both records say the same.
    pub fn is_quiet(&self) -> bool {
        sections::all(self)
            .iter()
            .all(|section| section.rows.is_empty())
    }

    /// All of it in one line.
    pub fn line(&self) -> String {
        let files: usize = self.files.iter().map(|other| other.files.len()).sum();
        format!(
            "{} new, {} moved, {} gone; without a new version: {} and {} other; {} lost, {} no longer checked, {} not compared",
            many(self.included.len(), "package"),
            self.moved.len(),
            self.gone.len(),
            many(files, "file"),
            many(self.artifacts.len(), "artifact"),
            many(self.lost.len(), "answer"),
            self.unchecked.len(),
            self.not_compared.len(),
        )
    }
}

/// Compares two records of one project.
pub fn compare(old: &Record, new: &Record) -> Newly {
    let (old, new) = (old.sorted(), new.sorted());
    let (before, now) = (by_release(&old), by_release(&new));
    let both: Vec<Pair<'_>> = now
        .iter()
        .filter_map(|(release, now)| {
            let before = before.get(*release)?;
            Some(Pair {
                release,
                before,
                now,
            })
        })
        .collect();
    let packages = packages::compare(&new, &before, &now);
    let mut not_compared = new.not_checked.clone();
    let files = bytes::files(&both, &mut not_compared);
    let mut changes = answers::of_same(&both);
    changes.extend(answers::of_moved(&packages.moved, &before, &now));
    let [lost, unchecked, other] = answers::sorted(changes);
    let mut builders = answers::builders_of_same(&both);
    builders.extend(answers::builders_of_moved(&packages.moved, &before, &now));
    Newly {
        schema: "customs/newly-included-v1",
        before: Moment::of(&old),
        now: Moment::of(&new),
        artifacts: both.iter().filter_map(bytes::artifact).collect(),
        files,
        loose: bytes::loose(&old, &new),
        lost,
        builders,
        verdicts: both.iter().filter_map(answers::verdict).collect(),
        included: packages.included,
        moved: packages.moved,
        places: both.iter().filter_map(packages::places).collect(),
        exemptions: packages::exemptions(&before, &now),
        gone: packages.gone,
        unchecked,
        other,
        not_compared,
    }
}

/// The comparison as JSON.
///
/// # Errors
/// A value that JSON has no form for; none has one.
pub fn json(newly: &Newly) -> Result<String, serde_json::Error> {
    write::pretty(newly)
}

/// All accounts of each release: one release may lie at two places with different files.
type ByRelease<'a> = BTreeMap<&'a ReleaseId, Vec<&'a Included>>;

/// A release that both records have.
struct Pair<'a> {
    release: &'a ReleaseId,
    before: &'a [&'a Included],
    now: &'a [&'a Included],
}

fn by_release(record: &Record) -> ByRelease<'_> {
    let mut all: ByRelease<'_> = BTreeMap::new();
    for package in &record.packages {
        all.entry(&package.release).or_default().push(package);
    }
    all
}

impl Moment {
    fn of(record: &Record) -> Self {
        Self {
            project: record.project.clone(),
            made: record.made,
            commit: record.commit.clone(),
        }
    }
}
