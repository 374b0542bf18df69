//! The statement as it is written. Members that are not of the specification have addresses as
//! names, as its rules for parsing ask.

use crate::question::{Question, Tally};
use customs_model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An in-toto statement, version 1, with a verification summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Which form of statement.
    #[serde(rename = "_type")]
    pub kind: String,
    /// The artifacts, sorted.
    pub subject: Vec<Subject>,
    /// Which form of predicate.
    pub predicate_type: String,
    /// What is stated.
    pub predicate: Predicate,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The package URL of its release.
    pub name: String,
    /// Its digests, by the name of their algorithm, hexadecimal.
    pub digest: BTreeMap<String, String>,
}

/// The verification summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Who verified.
    pub verifier: Verifier,
    /// When the record was made, to the second.
    pub time_verified: String,
    /// What the artifacts are part of.
    pub resource_uri: String,
    /// What they were verified against.
    pub policy: Resource,
    /// The attestations that were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_attestations: Vec<Resource>,
    /// The sum.
    pub verification_result: Outcome,
    /// `FAILED`, or a level of customs for each question that was demanded.
    pub verified_levels: Vec<String>,
    /// How many packages of the project reach which level.
    #[serde(default)]
    pub dependency_levels: BTreeMap<String, usize>,
    /// The version of SLSA that the form is of.
    pub slsa_version: String,
    /// The questions that each package had to have a yes to.
    #[serde(rename = "customs:demanded")]
    pub demanded: BTreeSet<Question>,
    /// Yes, no, not checked, and rightly absent for each question, demanded or not.
    #[serde(rename = "customs:counts")]
    pub counts: BTreeMap<Question, Tally>,
    /// Packages of which no digest is known, so that they are no subjects.
    #[serde(rename = "customs:withoutDigest")]
    pub without_digest: usize,
    /// Parts of the project that were not looked at and that may change an answer that is demanded.
    #[serde(rename = "customs:notLookedAt")]
    pub not_looked_at: usize,
    /// The digest of the record's JSON.
    #[serde(rename = "customs:record")]
    pub record: BTreeMap<String, String>,
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// An address.
    pub id: String,
    /// The programs that did it, with their versions.
    #[serde(default)]
    pub version: BTreeMap<String, String>,
}

/// Something that is named and known by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its address.
    pub uri: String,
    /// Its digests, by the name of their algorithm, hexadecimal.
    pub digest: BTreeMap<String, String>,
}

impl Resource {
    /// Something with one digest.
    pub fn new(uri: impl Into<String>, digest: &Digest) -> Self {
        let name = digest.algorithm().name().to_owned();
        Self {
            uri: uri.into(),
            digest: BTreeMap::from([(name, digest.to_hex())]),
        }
    }
}

/// The two values that the form knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Each answer that was demanded is a yes, and nothing was left out.
    Passed,
    /// Something is not so, or nobody looked.
    Failed,
}
