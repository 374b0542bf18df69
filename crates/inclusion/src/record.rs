use customs_model::{Answer, Digest, Known, ReleaseId, Standing, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything that a project contains at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this schema.
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
    /// What was not looked at, and why.
    pub not_checked: Vec<String>,
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
    /// `same`, `explained`, `made here`, `unexplained`: what the tree check says of it.
    pub standing: String,
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
