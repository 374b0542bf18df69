//! The words of a record: what a project contains, package by package, file by file.

use crate::question::Question;
use customs_model::{Answer, Digest, Known, ReleaseId, Standing, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a project contains at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this schema; written as `customs/included-v1`.
    #[serde(with = "schema")]
    pub schema: u32,
    /// What people call the project (its folder, or the name of its manifest).
    pub project: String,
    /// The commit that is checked out, where it is a clone.
    pub commit: Option<String>,
    /// When it was looked at.
    pub made: Timestamp,
    /// The lockfiles that it was read from: path in the project, and digest.
    pub lockfiles: Vec<(String, Digest)>,
    /// Every package, sorted by release and place.
    pub packages: Vec<Included>,
    /// Files that belong to no package (caches, what somebody put among packages), by their path
    /// in the project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loose: Vec<IncludedFile>,
    /// What was not looked at, and why.
    pub not_checked: Vec<String>,
    /// Of what stands in `not_checked`: the questions whose answers it may change, none for a remark. What
    /// is not here may change all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub touches: BTreeMap<String, BTreeSet<Question>>,
}

impl Record {
    /// The version of the schema that this code writes and reads.
    pub const SCHEMA: u32 = 1;

    /// The same record in the one order in which it is written: whatever order its parts were
    /// found in, the texts are the same to the byte. What stands there twice stands there once.
    #[must_use]
    pub fn sorted(&self) -> Self {
        let mut record = self.clone();
        for package in &mut record.packages {
            package.sort();
        }
        sort_files(&mut record.loose);
        let by_name = |a: &Included, b: &Included| {
            let by_place = || a.places.cmp(&b.places);
            let by_bytes = || a.artifact.cmp(&b.artifact);
            let by_name = a.release.cmp(&b.release);
            by_name.then_with(by_place).then_with(by_bytes)
        };
        record.packages.sort_by(by_name);
        let is_same = |a: &Included, b: &Included| by_name(a, b).is_eq();
        for accounts in record.packages.chunk_by_mut(is_same) {
            if accounts.len() > 1 {
                // Each is digested once, however many a hostile record has.
                accounts.sort_by_cached_key(|one| Digest::sha256(format!("{one:?}").as_bytes()));
            }
        }
        record.packages.dedup();
        once(&mut record.lockfiles);
        once(&mut record.not_checked);
        let noted: BTreeSet<&String> = record.not_checked.iter().collect();
        record.touches.retain(|note, _| noted.contains(note));
        record
    }

    /// How many parts that were not looked at may change the answer to one of these questions.
    pub fn open_for(&self, questions: &BTreeSet<Question>) -> usize {
        let notes: BTreeSet<&String> = self.not_checked.iter().collect();
        let may_change = |note: &&&String| match self.touches.get(**note) {
            Some(touched) => !touched.is_disjoint(questions),
            None => true,
        };
        notes.iter().filter(may_change).count()
    }
}

/// Just the version of a record's schema.
#[derive(Deserialize)]
pub(crate) struct SchemaOnly {
    #[serde(with = "schema")]
    pub(crate) schema: u32,
}

/// One package that the project contains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Included {
    /// Which release.
    pub release: ReleaseId,
    /// Where it lies, relative to the project; empty for what is locked and not installed.
    pub places: Vec<String>,
    /// The digests of the artifact that the lockfile promises and, where it was hashed, of its bytes.
    pub artifact: Vec<Digest>,
    /// Whose bytes they are, where they were at hand.
    pub artifact_from: Option<String>,
    /// Every file that lies there, by path.
    pub files: Vec<IncludedFile>,
    /// Which releases it depends on, where the lockfile says it.
    pub depends_on: Vec<ReleaseId>,
    /// Whether what lies there is what the artifact holds.
    pub tree: Answer,
    /// Where it comes from.
    pub origin: Origin,
    /// What its code was judged to be.
    pub verdict: Known<Standing>,
    /// Exemptions that apply to it: reason, owner and end, one line each.
    pub exemptions: Vec<String>,
}

impl Included {
    /// Whether it is locked and rightly lies nowhere, as a package for another system.
    pub fn is_rightly_absent(&self) -> bool {
        self.places.is_empty() && self.tree == Answer::Yes
    }

    fn sort(&mut self) {
        once(&mut self.places);
        once(&mut self.artifact);
        once(&mut self.depends_on);
        once(&mut self.exemptions);
        sort_files(&mut self.files);
    }
}

/// One file of an installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludedFile {
    /// Relative to the package's place, with `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-1, because SPDX 2.3 demands it.
    pub sha1: Digest,
    /// SHA-256.
    pub sha256: Digest,
    /// `same`, `explained`, `made here`, `unexplained`, `not compared`: what the tree check says
    /// of it. `same` is said only where the artifact's own bytes were compared.
    pub standing: String,
}

impl IncludedFile {
    /// Whether nothing explains why it differs from the artifact's.
    pub fn is_unexplained(&self) -> bool {
        self.standing == "unexplained"
    }

    fn key(&self) -> (&str, &Digest, &Digest, u64, &str) {
        let Self {
            path,
            size,
            sha1,
            sha256,
            standing,
        } = self;
        (path, sha256, sha1, *size, standing)
    }
}

/// What is known of where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Whether the registry signed this name, version and digest.
    pub signature: Answer,
    /// Whether an attestation of how it was built was verified for this digest.
    pub attestation: Answer,
    /// Who built it, in one line for people.
    pub identity: Option<String>,
    /// The repository that the attestation names.
    pub repository: Option<String>,
    /// The commit that the attestation names.
    pub commit: Option<String>,
}

fn sort_files(files: &mut Vec<IncludedFile>) {
    files.sort_by(|a, b| a.key().cmp(&b.key()));
    files.dedup();
}

fn once<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

/// The version of the schema as readers of several formats tell it: `customs/included-v1`.
mod schema {
    use customs_model::printable;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    const NAME: &str = "customs/included-v";

    pub(super) fn serialize<S: Serializer>(
        version: &u32,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{NAME}{version}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let digits = text.strip_prefix(NAME).filter(|digits| {
            !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| {
                D::Error::custom(format!(
                    "its schema is {:?}, not {NAME}1",
                    printable(&text, 60)
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{record, shuffled};

    #[test]
    fn the_order_in_which_things_were_found_is_forgotten() {
        let found = record();
        assert_eq!(shuffled(&found).sorted(), found.sorted());
        assert_ne!(shuffled(&found), found.sorted());
    }

    #[test]
    fn two_accounts_of_one_package_stay_two_and_the_same_one_is_told_once() {
        let mut record = record();
        let mut other = record.packages[0].clone();
        record.packages.push(other.clone());
        assert_eq!(record.sorted().packages.len(), record.packages.len() - 1);
        other.files.clear();
        record.packages.push(other);
        assert_eq!(record.sorted().packages.len(), record.packages.len() - 1);
    }
}
