//! What registries offer as evidence of where a release comes from: signatures, attestations,
//! what their documents say of it and of the releases before it, and a store of all that on disk.
//!
//! Nothing is judged here, and nothing of it is believed: [`customs_origin`] verifies the proofs
//! against the digest that a lockfile names, however long they have been lying in the store.
//! Each release is asked for by itself; one that fails fails nothing else.

mod builder;
mod cargo;
mod handed_on;
mod npm;
mod past;
mod pypi;
mod refuted;
mod store;
mod trusted;

pub use builder::{adds_to, built_before, other_builder};
pub use cargo::Pace;
pub use handed_on::{HandedOn, Kind};
pub use npm::{OfferedSignatures, offered_signatures};
pub use past::{Crowd, MOST_EARLIER, people};
pub use refuted::false_attestations;
pub use store::{EvidenceFile, EvidenceStore, StoreError};
pub use trusted::{TrustFolder, TrustFolderError, Trusted, trust_file};

use crate::http::{Ask, FetchError, bounded};
use crate::judge::{Context, Registry};
use crate::upstream::Upstream;
use customs_model::{Digest, Ecosystem, ReleaseId, SignedDuration, Timestamp, printable};
use customs_origin::Offered;
use customs_origin::history::{Seen, Shown};
use customs_origin::signature::Signature;
use reqwest::header::ACCEPT;
use serde::{Deserialize, Serialize};
use url::Url;

/// Version of the schema of what is stored.
pub const SCHEMA: &str = "customs/evidence-v1";

/// Bounds on what is asked for.
pub mod limit {
    /// Bytes of a document of attestations or of a provenance object. Real ones have some 40 KiB.
    pub const ATTESTATIONS: usize = 8 << 20;
    /// Bytes of what a web API says of one release.
    pub const API: usize = 1 << 20;
    /// Files of one release whose evidence is asked for.
    pub const FILES: usize = 100;
    /// Releases that are asked about at the same time, for who asks about many.
    pub const TOGETHER: usize = 16;
}

/// A piece of evidence that a registry was asked for, or which kind of nothing came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told<T> {
    /// Here it is.
    Here(T),
    /// The registry answered, and has none for this release.
    Absent,
    /// The registry says that there is one and does not hand it out, or hands out none for any
    /// package.
    Stripped,
    /// It could not be asked, because … One clause, safe to print.
    Failed(String),
}

/// What is offered for one artifact, by ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ecosystem", rename_all = "kebab-case")]
pub enum Offer {
    /// npm.
    Npm {
        /// `dist.signatures`.
        signatures: Told<Vec<Signature>>,
        /// The document of attestations, as it came.
        attestations: Told<String>,
    },
    /// PyPI.
    Pypi {
        /// The provenance object of the file, as it came.
        provenance: Told<String>,
    },
    /// cargo.
    Cargo {
        /// `trustpub_data`, as it came.
        publisher: Told<String>,
    },
}

/// What a registry told about one artifact of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactEvidence {
    /// Version of the schema.
    pub schema: String,
    /// Which release.
    pub release: ReleaseId,
    /// Its file's name; safe to compare, not to print as it is.
    pub file: String,
    /// The artifact's digest, by whoever asked (a lockfile).
    pub artifact: Digest,
    /// The registry that was asked: host and path.
    pub registry: String,
    /// When.
    pub asked: Timestamp,
    /// The proofs.
    pub offer: Offer,
    /// What its document shows, unsigned.
    pub shown: Shown,
    /// What the document shows of earlier releases, unsigned.
    pub earlier: Vec<Shown>,
    /// Who published earlier releases.
    pub people: Seen<Crowd>,
    /// The repository that the document names, unsigned.
    pub repository: Option<String>,
    /// The commit that the document names (`gitHead`), unsigned.
    pub commit: Option<String>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which release.
    pub release: &'a ReleaseId,
    /// The digests that a lockfile promises of its files.
    pub digests: &'a [Digest],
}

/// How much is asked for.
#[derive(Debug, Clone, Copy)]
enum Asking<'a> {
    /// What documents say that are at hand. What they only name is [`NOT_ASKED`].
    AtHand,
    /// All that there may be, and web APIs at this pace.
    All(&'a Pace),
}

/// Why something that a document names is not there, where only documents were looked at.
const NOT_ASKED: &str = "it was not asked for it when the artifact was delivered; `--fetch` does";

/// How old a document may be that is looked at again for its evidence only.
const AT_HAND: SignedDuration = SignedDuration::from_hours(24);

/// Why nothing is known of a release. A sentence without its end, safe to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missed {
    /// No registry is configured for it.
    #[error(
        "no {0} registry is configured for it; configure one in the package manager's own settings"
    )]
    NoRegistry(Ecosystem),
    /// The registry does not have it.
    #[error("{0} does not have it")]
    Unknown(String),
    /// The lockfile promises nothing that evidence could be held against.
    #[error("the lockfile promises no digest for it, so no evidence can be held against it")]
    NoDigest,
    /// No file of the registry is one that the lockfile promises.
    #[error("no file that {0} has is one that the lockfile promises")]
    OtherFiles(String),
    /// It could not be asked.
    #[error("{0}")]
    Failed(String),
}

impl From<FetchError> for Missed {
    fn from(error: FetchError) -> Self {
        Self::Failed(because(&error))
    }
}

impl Registry {
    /// What the registry of a release says of its origin, for each file that the lockfile
    /// promises. It goes to the registry that the user's configuration names for this package,
    /// and to no other one.
    ///
    /// # Errors
    /// The registry has no such release, or gives no usable answer.
    pub async fn evidence(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
        pace: &Pace,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        self.all_evidence(context, wanted, Asking::All(pace)).await
    }

    /// The same as far as documents say it that are at hand: for who has just delivered a file
    /// by such a document. A proof that the document only names has [`Told::Failed`].
    ///
    /// # Errors
    /// As [`Self::evidence`].
    pub async fn evidence_at_hand(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        self.all_evidence(context, wanted, Asking::AtHand).await
    }

    async fn all_evidence(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
        asking: Asking<'_>,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        if wanted.digests.is_empty() {
            return Err(Missed::NoDigest);
        }
        match wanted.release.package.ecosystem() {
            Ecosystem::Npm => self.npm_evidence(context, wanted, asking).await,
            Ecosystem::PyPi => self.pypi_evidence(context, wanted, asking).await,
            Ecosystem::Cargo => self.cargo_evidence(context, wanted, asking).await,
        }
    }

    /// A small document that belongs to a release. *Absent* where the registry has none.
    async fn piece(
        &self,
        upstream: &Upstream,
        url: Url,
        accept: &str,
        limit: usize,
    ) -> Told<String> {
        let asked = async {
            let ask = Ask::get(url.clone()).header(ACCEPT, accept);
            let response = self.fetcher.ask(upstream, ask).await?;
            match response.status().as_u16() {
                200 => bounded(response, limit).await.map(Some),
                404 | 410 => Ok(None),
                _ => Err(FetchError::of_status(&url, &response)),
            }
        };
        match asked.await {
            Ok(Some(bytes)) => told(&bytes),
            Ok(None) => Told::Absent,
            Err(error) => Told::Failed(because(&error)),
        }
    }
}

/// What came. A page that asks for a password, with which a network answers in the place of a registry,
/// is no piece of evidence: kept as one it would be held against the release for ever.
fn told(bytes: &[u8]) -> Told<String> {
    match std::str::from_utf8(bytes) {
        Err(_) => Told::Failed("the registry's answer is not UTF-8".to_owned()),
        Ok(text) if !text.trim_start().starts_with('{') => Told::Failed(
            "the answer is no JSON object: something between may have answered for the registry"
                .to_owned(),
        ),
        Ok(text) => Told::Here(text.to_owned()),
    }
}

fn because(error: &FetchError) -> String {
    printable(&error.to_string(), 300)
}

impl<T> Told<T> {
    /// The thing, if it is here.
    pub const fn here(&self) -> Option<&T> {
        match self {
            Self::Here(thing) => Some(thing),
            Self::Absent | Self::Stripped | Self::Failed(_) => None,
        }
    }

    /// For whoever verifies. That it could not be asked is *not asked* there; why is for who
    /// tells it ([`Self::failed`]).
    pub fn offered<U>(&self, take: impl FnOnce(&T) -> U) -> Offered<U> {
        match self {
            Self::Here(thing) => Offered::Here(take(thing)),
            Self::Absent => Offered::Absent,
            Self::Stripped => Offered::Stripped,
            Self::Failed(_) => Offered::NotAsked,
        }
    }

    /// Why it could not be asked.
    pub fn failed(&self) -> Option<&str> {
        match self {
            Self::Failed(why) => Some(why),
            Self::Here(_) | Self::Absent | Self::Stripped => None,
        }
    }

    /// Whether it was only left out so far: nobody asked the registry for it yet.
    pub fn is_left_out(&self) -> bool {
        self.failed() == Some(NOT_ASKED)
    }

    /// The registry does not pass on any: what was taken for absent was stripped.
    pub fn strip(&mut self) {
        if matches!(self, Self::Absent) {
            *self = Self::Stripped;
        }
    }

    /// What is known after another look. A proof that was once here is one still, whatever a
    /// registry says of it today: it is verified against the same bytes.
    #[must_use]
    fn or_before(self, before: Self) -> Self {
        match (self, before) {
            (Self::Here(now), _) => Self::Here(now),
            (_, Self::Here(before)) => Self::Here(before),
            (Self::Failed(_), before @ (Self::Absent | Self::Stripped)) => before,
            (now, _) => now,
        }
    }
}

impl Offer {
    /// Whether all that there may be is here or known to be absent, so that another look would
    /// tell nothing new.
    pub const fn is_settled(&self) -> bool {
        match self {
            Self::Npm {
                signatures,
                attestations,
            } => {
                matches!(signatures, Told::Here(_))
                    && matches!(attestations, Told::Here(_) | Told::Absent)
            }
            Self::Pypi { provenance } => matches!(provenance, Told::Here(_)),
            Self::Cargo { publisher } => matches!(publisher, Told::Here(_) | Told::Absent),
        }
    }

    /// The attestations or the provenance object; none where the ecosystem has none.
    pub const fn attestation(&self) -> Option<&Told<String>> {
        match self {
            Self::Npm { attestations, .. } => Some(attestations),
            Self::Pypi { provenance } => Some(provenance),
            Self::Cargo { .. } => None,
        }
    }

    fn or_before(self, before: Self) -> Self {
        match (self, before) {
            (
                Self::Npm {
                    signatures,
                    attestations,
                },
                Self::Npm {
                    signatures: old_signatures,
                    attestations: old_attestations,
                },
            ) => Self::Npm {
                signatures: signatures.or_before(old_signatures),
                attestations: attestations.or_before(old_attestations),
            },
            (Self::Pypi { provenance }, Self::Pypi { provenance: old }) => Self::Pypi {
                provenance: provenance.or_before(old),
            },
            (Self::Cargo { publisher }, Self::Cargo { publisher: old }) => Self::Cargo {
                publisher: publisher.or_before(old),
            },
            (now, _) => now,
        }
    }
}

impl ArtifactEvidence {
    /// What is known after another look; see [`Told`].
    #[must_use]
    pub fn or_before(mut self, before: Self) -> Self {
        if self.release == before.release && self.artifact == before.artifact {
            self.offer = self.offer.or_before(before.offer);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_that_was_here_stays_whatever_a_registry_says_later() {
        let here = || Told::Here(1);
        assert_eq!(Told::Absent.or_before(here()), here());
        assert_eq!(Told::Stripped.or_before(here()), here());
        assert_eq!(Told::Failed("x".into()).or_before(here()), here());
        assert_eq!(Told::Here(2).or_before(here()), Told::Here(2));
        assert_eq!(
            Told::Failed("x".into()).or_before(Told::<u8>::Absent),
            Told::Absent
        );
        assert_eq!(Told::Absent.or_before(Told::<u8>::Stripped), Told::Absent);
    }

    #[test]
    fn a_page_that_stands_in_the_place_of_evidence_is_none() {
        assert_eq!(told(b" {\"a\": 1"), Told::Here(" {\"a\": 1".to_owned()));
        for other in [&b"<html>log in</html>"[..], b"", b"null", b"\xff{"] {
            assert!(matches!(told(other), Told::Failed(_)), "{other:?}");
        }
    }

    #[test]
    fn only_what_is_whole_is_not_asked_for_again() {
        let npm = |signatures, attestations| {
            Offer::Npm {
                signatures,
                attestations,
            }
            .is_settled()
        };
        let signed = || Told::Here(Vec::new());
        assert!(npm(signed(), Told::Absent));
        assert!(npm(signed(), Told::Here(String::new())));
        assert!(!npm(signed(), Told::Failed(String::new())));
        assert!(!npm(signed(), Told::Stripped));
        assert!(!npm(Told::Absent, Told::Absent));
    }
}
