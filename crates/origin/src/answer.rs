//! What is said of one artifact's origin, in one value.

use crate::identity::Identity;
use crate::sigstore::{Checked, Instance, Proof};
use crate::why::{Refusal, Why};
use customs_model::{Answer, Timestamp};
use serde::{Deserialize, Serialize};

/// A kind of evidence of origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The registry's signature over name, version and digest.
    RegistrySignature,
    /// The registry's attestation that it accepted the release (npm).
    RegistryPublish,
    /// The publisher's attestation that this is what it published (PyPI).
    Publish,
    /// Where, from what and by what it was built.
    Provenance,
    /// A statement of another kind.
    Other,
}

/// Something that a party may or may not have handed over. Its absence is three things, and only
/// one of them says something about the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offered<T> {
    /// Here it is.
    Here(T),
    /// Upstream says that there is none for this release.
    Absent,
    /// Something between upstream and here does not pass it on.
    Stripped,
    /// Nobody asked.
    NotAsked,
}

/// A claim that two sources make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Where the source is.
    Repository,
    /// The repository's number.
    RepositoryId,
    /// The number of who owns it.
    OwnerId,
    /// The ref that was built.
    Ref,
    /// The commit that was built.
    Commit,
    /// The workflow's file.
    Workflow,
    /// The ref that the workflow's file was taken from.
    WorkflowRef,
    /// What started the run.
    Trigger,
    /// The run.
    Run,
    /// The deployment environment.
    Environment,
    /// Who confirmed the identity.
    Issuer,
    /// An e-mail address.
    Mail,
}

/// Something that a person should see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// A piece of evidence that was not accepted.
    Refused {
        /// Which.
        evidence: Evidence,
        /// Why.
        why: Why,
        /// The particulars.
        detail: String,
    },
    /// The workflow's own statement contradicts the certificate.
    PredicateDiffers {
        /// In what.
        field: Field,
        /// What the workflow says.
        predicate: String,
        /// What the authority says.
        certificate: String,
    },
    /// The index names another publisher than the certificate.
    PublisherDiffers {
        /// In what.
        field: Field,
        /// What the index says.
        publisher: String,
        /// What the authority says.
        certificate: String,
    },
    /// Attestations that hold were signed by several identities; the first is shown.
    SeveralIdentities {
        /// The subject of another one.
        other: String,
    },
    /// Two unsigned statements about the commit of a crate contradict each other.
    CommitDiffers {
        /// What the registry recorded of the run that published.
        registry: String,
        /// What the artifact says of itself.
        artifact: String,
    },
}

/// A piece of evidence that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Which.
    pub evidence: Evidence,
    /// What it says: the predicate's type.
    pub predicate_type: String,
    /// Whose authorities confirmed it.
    pub instance: Instance,
    /// What was verified of it.
    pub checked: Checked,
    /// When it was signed, by everybody who confirmed it.
    pub times: Vec<Timestamp>,
}

/// What is known of one artifact's origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginAnswer {
    /// Whether the registry signed this very digest.
    pub signature: Answer,
    /// Whether an attestation of who built it holds for this very artifact.
    pub attestation: Answer,
    /// Who built it, where that was verified.
    pub identity: Option<Identity>,
    /// Each piece of evidence that holds.
    pub verified: Vec<Verified>,
    /// What a person should see.
    pub findings: Vec<Finding>,
    /// What helps to understand the answers, a sentence each; safe to print.
    pub notes: Vec<String>,
}

impl OriginAnswer {
    /// Nothing was looked at yet.
    pub fn unseen() -> Self {
        Self {
            signature: Answer::not_checked("nobody asked for signatures"),
            attestation: Answer::not_checked("nobody asked for attestations"),
            identity: None,
            verified: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn refuse(&mut self, evidence: Evidence, refusal: &Refusal) {
        self.findings.push(Finding::Refused {
            evidence,
            why: refusal.why,
            detail: refusal.detail.clone(),
        });
    }

    /// Takes an identity that was verified. The document around attestations is not signed: who
    /// adds one of their own to it must not go unseen.
    pub(crate) fn identify(&mut self, identity: Identity) {
        let anonymous = |identity: &Identity| Identity {
            run: None,
            ..identity.clone()
        };
        match &self.identity {
            None => self.identity = Some(identity),
            Some(first) if anonymous(first) == anonymous(&identity) => {}
            Some(_) => self.findings.push(Finding::SeveralIdentities {
                other: identity.subject,
            }),
        }
    }

    pub(crate) fn hold(&mut self, evidence: Evidence, predicate_type: &str, proof: &Proof) {
        self.verified.push(Verified {
            evidence,
            predicate_type: customs_model::printable(predicate_type, 200),
            instance: proof.instance,
            checked: proof.checked,
            times: proof.times.clone(),
        });
    }
}

impl<T> Offered<T> {
    /// The thing, or *not checked* with the reason that fits its absence.
    pub(crate) fn here(&self, what: &str) -> Result<&T, Answer> {
        match self {
            Self::Here(thing) => Ok(thing),
            Self::Absent => Err(Answer::not_checked(format!("the release has no {what}"))),
            Self::Stripped => Err(Answer::not_checked(format!(
                "the registry that is used does not pass on any {what}; ask one that does"
            ))),
            Self::NotAsked => Err(Answer::not_checked(format!(
                "no {what} is at hand; fetch it with `--fetch`"
            ))),
        }
    }
}

impl Evidence {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RegistrySignature => "the registry's signature",
            Self::RegistryPublish => "the registry's publish attestation",
            Self::Publish => "the publish attestation",
            Self::Provenance => "the provenance",
            Self::Other => "an attestation",
        }
    }
}

impl Field {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::RepositoryId => "number of the repository",
            Self::OwnerId => "number of its owner",
            Self::Ref => "ref",
            Self::Commit => "commit",
            Self::Workflow => "workflow",
            Self::WorkflowRef => "ref of the workflow",
            Self::Trigger => "trigger",
            Self::Run => "run",
            Self::Environment => "environment",
            Self::Issuer => "issuer",
            Self::Mail => "e-mail address",
        }
    }
}

impl Finding {
    /// A sentence; safe to print.
    pub fn words(&self) -> String {
        match self {
            Self::Refused {
                evidence,
                why,
                detail,
            } => {
                let refusal = Refusal::new(*why, detail);
                format!("{} was not accepted: {refusal}", evidence.words())
            }
            Self::PredicateDiffers {
                field,
                predicate,
                certificate,
            } => format!(
                "the workflow names the {} {predicate}, its certificate {certificate}",
                field.words()
            ),
            Self::PublisherDiffers {
                field,
                publisher,
                certificate,
            } => format!(
                "the index names the {} {publisher}, the certificate {certificate}",
                field.words()
            ),
            Self::SeveralIdentities { other } => {
                format!("its attestations come from several identities, {other} among them")
            }
            Self::CommitDiffers { registry, artifact } => format!(
                "the registry recorded the commit {registry}, the artifact names {artifact}"
            ),
        }
    }
}
