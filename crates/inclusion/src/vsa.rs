//! A signed SLSA verification summary (<https://slsa.dev/spec/v1.0/verification_summary>): an
//! in-toto statement about the digests of all artifacts of a record.
//!
//! The form knows only `PASSED` and `FAILED`. *Passed* is said only where each question that the
//! policy demands has a yes for every package that is there and nothing was left out that could change
//! one of them; what was not checked makes it *failed*, and the counts stand beside it. Levels are customs' own: a
//! provenance that holds does not prove a level of SLSA.

mod statement;
#[cfg(test)]
mod tests;

pub use statement::{Outcome, Predicate, Resource, Statement, Subject, Verifier};

use crate::dsse::{self, EnvelopeError};
use crate::json;
use crate::question::{Counts, Question};
use crate::record::{Included, IncludedFile, Record};
use crate::write::{TOOL, TOOL_VERSION, seconds};
use customs_model::{Digest, printable};
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::collections::{BTreeMap, BTreeSet};

/// The type of the payload in its envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://slsa.dev/verification_summary/v1";
/// The level of what did not pass.
const FAILED: &str = "FAILED";

/// Why there is no summary.
#[derive(Debug, thiserror::Error)]
pub enum VsaError {
    /// Nothing to speak about.
    #[error("the record has no artifact with a digest, so there is nothing to state")]
    NoSubject,
    /// Nothing would be verified.
    #[error("the policy of a summary demands no answer; name at least one question")]
    NothingDemanded,
    /// It cannot be written.
    #[error("cannot write the statement: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing is proved.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The right key signed something else.
    #[error("what is signed is no verification summary: {0}")]
    NoSummary(String),
}

/// Who states it, and against what.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who verified, as an address. Readers accept only pairs of this and a key.
    pub verifier: String,
    /// What the artifacts are part of, as an address.
    pub resource: String,
    /// The policy.
    pub policy: Resource,
    /// The attestations that were looked at; all of them, or none where that is not known.
    pub inputs: Vec<Resource>,
    /// The questions that each package must have a yes to.
    pub demanded: BTreeSet<Question>,
}

/// Makes the statement. Nothing is signed yet.
///
/// # Errors
/// No package has a digest, or nothing is demanded.
pub fn state(record: &Record, order: &Order) -> Result<Statement, VsaError> {
    if order.demanded.is_empty() {
        return Err(VsaError::NothingDemanded);
    }
    let record = record.sorted();
    let subject = subjects(&record);
    if subject.is_empty() {
        return Err(VsaError::NoSubject);
    }
    let counts = Counts::of(&record);
    let without_digest = record
        .packages
        .iter()
        .filter(|p| p.artifact.is_empty() && !p.is_rightly_absent())
        .count();
    let not_looked_at = record.open_for(&order.demanded);
    let demanded = order.demanded.iter();
    let is_all_yes = demanded
        .clone()
        .all(|q| counts.of_question(*q).is_all_yes());
    // What lies among packages and nothing explains is no package's, so no question has it.
    let is_odd = order.demanded.contains(&Question::Tree)
        && record.loose.iter().any(IncludedFile::is_unexplained);
    let is_whole = without_digest == 0 && not_looked_at == 0 && !is_odd;
    let result = if is_all_yes && is_whole {
        Outcome::Passed
    } else {
        Outcome::Failed
    };
    let levels = match result {
        Outcome::Passed => demanded
            .map(|question| level(*question).to_owned())
            .collect(),
        Outcome::Failed => vec![FAILED.to_owned()],
    };
    Ok(Statement {
        kind: STATEMENT.to_owned(),
        subject,
        predicate_type: PREDICATE.to_owned(),
        predicate: Predicate {
            verifier: Verifier {
                id: order.verifier.clone(),
                version: BTreeMap::from([(TOOL.to_owned(), TOOL_VERSION.to_owned())]),
            },
            time_verified: seconds(record.made),
            resource_uri: order.resource.clone(),
            policy: order.policy.clone(),
            input_attestations: order.inputs.clone(),
            verification_result: result,
            verified_levels: levels,
            dependency_levels: dependency_levels(&counts),
            slsa_version: "1.0".to_owned(),
            demanded: order.demanded.clone(),
            counts: counts.answers,
            without_digest,
            not_looked_at,
            record: digest_set([&Digest::sha256(json::text(&record)?.as_bytes())]),
        },
    })
}

/// The statement in a signed envelope.
///
/// # Errors
/// None that JSON could have with these texts; passed on instead of assumed.
pub fn sign(statement: &Statement, key: &SigningKey) -> Result<String, VsaError> {
    let payload = serde_json::to_vec(statement)?;
    Ok(dsse::seal(PAYLOAD_TYPE, &payload, key)?)
}

/// The statement of an envelope, if the owner of this key signed it. Whether that owner may
/// speak as this verifier, about this resource and under this policy, is the caller's to ask.
///
/// # Errors
/// The signature does not hold, or it is over something else than a summary.
pub fn verify(envelope: &[u8], key: &VerifyingKey) -> Result<Statement, VsaError> {
    let payload = dsse::open(envelope, PAYLOAD_TYPE, key)?;
    let refuse = |why: &str| VsaError::NoSummary(printable(why, 400));
    let statement: Statement =
        serde_json::from_slice(&payload).map_err(|error| refuse(&error.to_string()))?;
    if statement.kind != STATEMENT {
        return Err(refuse(&format!("its _type is {}", statement.kind)));
    }
    if statement.predicate_type != PREDICATE {
        return Err(refuse(&format!(
            "its predicateType is {}",
            statement.predicate_type
        )));
    }
    if statement.subject.is_empty() || statement.subject.iter().any(|s| s.digest.is_empty()) {
        return Err(refuse(
            "it speaks about no artifact, or about one without a digest",
        ));
    }
    let is_failed = statement
        .predicate
        .verified_levels
        .iter()
        .any(|level| level == FAILED);
    if is_failed != (statement.predicate.verification_result == Outcome::Failed) {
        return Err(refuse("its result and its levels contradict each other"));
    }
    Ok(statement)
}

/// One subject for each artifact. A release may have several artifacts (wheels), which shows in
/// several digests of one kind; then each digest is a subject.
fn subjects(record: &Record) -> Vec<Subject> {
    let mut all = BTreeSet::new();
    // Of what rightly lies nowhere nothing was verified.
    let there = record.packages.iter().filter(|p| !p.is_rightly_absent());
    for package in there {
        all.extend(artifacts(package).into_iter().map(|digest| Subject {
            name: package.release.to_string(),
            digest,
        }));
    }
    all.into_iter().collect()
}

fn artifacts(package: &Included) -> Vec<BTreeMap<String, String>> {
    let digests = &package.artifact;
    let kinds: BTreeSet<_> = digests.iter().map(Digest::algorithm).collect();
    if digests.is_empty() {
        Vec::new()
    } else if kinds.len() == digests.len() {
        vec![digest_set(digests)]
    } else {
        digests.iter().map(|digest| digest_set([digest])).collect()
    }
}

fn digest_set<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> BTreeMap<String, String> {
    let named = digests.into_iter();
    named
        .map(|digest| (digest.algorithm().name().to_owned(), digest.to_hex()))
        .collect()
}

fn dependency_levels(counts: &Counts) -> BTreeMap<String, usize> {
    let reached = counts.answers.iter().filter(|(_, tally)| tally.yes > 0);
    reached
        .map(|(question, tally)| (level(*question).to_owned(), tally.yes))
        .collect()
}

/// Own values, one track each. They must not begin with `SLSA_`.
const fn level(question: Question) -> &'static str {
    match question {
        Question::Tree => "CUSTOMS_TREE_AS_IN_ARTIFACT",
        Question::Signature => "CUSTOMS_SIGNED_BY_REGISTRY",
        Question::Attestation => "CUSTOMS_ATTESTATION_VERIFIED",
        Question::Verdict => "CUSTOMS_CODE_JUDGED_CLEAN",
    }
}
