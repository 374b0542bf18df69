//! Sigstore bundles, verified offline: the only module that knows the crate `sigstore-verify`,
//! whose API changes with every minor version.
//!
//! What is verified: the signature over the payload, the certificate's chain at every confirmed
//! time, that the bundle brings no root of its own, its publication (SCT), the log's proof, checkpoint and promise, that the log's entry
//! describes this very signature, and the artifact's digest. What is *not*: whom the identity
//! belongs to, and what the statement says of which package ([`crate::statement`]).

mod bundle;
mod chain;
mod checkpoint;
mod claims;
mod der;
mod errors;
mod key;
mod logged;
mod material;

pub use bundle::Bundle;
pub use key::PublicKey;
/// Makes the keys of the tests' own authorities.
#[cfg(test)]
pub(crate) use sigstore_verify::crypto::KeyPair;

use crate::identity::{Identity, is_issuer};
use crate::why::{Refusal, Why};
use customs_model::{Digest, DigestAlgorithm, Timestamp};
use material::Material;
use serde::{Deserialize, Serialize};
use sigstore_verify::trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot,
};
use sigstore_verify::types::{Artifact, ArtifactDigest, HashAlgorithm};
use sigstore_verify::{
    Policy, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier,
};

/// What is read of a bundle and of a trust root.
pub mod limit {
    /// Bytes of a bundle. Real ones have 5 to 40 KiB.
    pub const BUNDLE: usize = 2 << 20;
    /// Entries of transparency logs in a bundle. Real ones have one.
    pub const ENTRIES: usize = 8;
    /// Timestamps in a bundle. Real ones have none or one.
    pub const TIMESTAMPS: usize = 8;
    /// Certificates in a bundle. Real ones have up to three.
    pub const CERTIFICATES: usize = 8;
    /// Bytes of a trust root. Real ones have up to 30 KiB.
    pub const ROOT: usize = 1 << 20;
    /// Logs and authorities of a trust root, of each kind.
    pub const AUTHORITIES: usize = 200;
}

/// Who signs release attestations of GitHub's own instance, and confirms them: their certificates
/// have this subject and no issuer.
pub const GITHUB_RELEASES: &str = "https://dotcom.releases.github.com";

/// Whose authorities stand behind a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instance {
    /// Sigstore's public instance, with public logs.
    PublicGood,
    /// GitHub's own, for private repositories and release attestations: a timestamp, but no
    /// public log and no proof that the certificate was published.
    GitHub,
    /// A root that the user named.
    Own,
}

/// Why a trust root cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It is not a `trusted_root.json`.
    #[error("the trust root cannot be used: {0}; take one that `customs trust update` wrote")]
    Unreadable(String),
    /// It holds keys of Sigstore's public test instance.
    #[error(
        "the trust root holds keys of Sigstore's test instance, under which anybody may sign \
         anything; take the root of the public instance"
    )]
    Staging,
    /// It exceeds [`limit::ROOT`] or [`limit::AUTHORITIES`].
    #[error("the trust root is larger than what is read ({0})")]
    TooLarge(String),
}

/// A trust root, ready to verify. Making one takes about 0.1 ms.
pub struct Authority {
    instance: Instance,
    verifier: Verifier,
    material: Material,
}

/// What a proof is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The artifact itself.
    Bytes(&'a [u8]),
    /// Its SHA-256 or SHA-512, as a lockfile names it.
    Digest(&'a Digest),
}

/// What was verified of a bundle. A relaxed check never looks like a full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The certificate comes from an authority and was valid at each confirmed time.
    pub certificate: bool,
    /// The certificate was published in a log of certificates.
    pub sct: bool,
    /// The signature stands in a transparency log.
    pub log: bool,
    /// The issuer is one that was asked for.
    pub issuer: bool,
}

/// A bundle that holds.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose authorities confirmed it.
    pub instance: Instance,
    /// The bytes that were signed, where it was an envelope.
    pub payload: Option<Vec<u8>>,
    /// Who signed, by the certificate; none where a key did.
    pub identity: Option<Identity>,
    /// The ref that the workflow's own file was taken from.
    pub workflow_ref: Option<String>,
    /// What was verified.
    pub checked: Checked,
    /// The confirmed times of signing, earliest first.
    pub times: Vec<Timestamp>,
}

impl Authority {
    /// From a `trusted_root.json`.
    ///
    /// # Errors
    /// Not one, too large, with keys that cannot be used, or that of the test instance.
    pub fn from_json(json: &[u8], instance: Instance) -> Result<Self, RootError> {
        let authority = Self::read(json, instance)?;
        match authority.material.shares_a_key_with(material::staging()) {
            true => Err(RootError::Staging),
            false => Ok(authority),
        }
    }

    /// From any root, that of the test instance too, which the public conformance suite rests on.
    /// Anybody may sign anything there: no program but `examples/conformance.rs` is built with it.
    ///
    /// # Errors
    /// As for [`Self::from_json`], apart from the test instance.
    #[cfg(feature = "conformance")]
    pub fn from_json_of_any_instance(json: &[u8]) -> Result<Self, RootError> {
        Self::read(json, Instance::Own)
    }

    fn read(json: &[u8], instance: Instance) -> Result<Self, RootError> {
        if json.len() > limit::ROOT {
            return Err(RootError::TooLarge(format!("{} bytes", json.len())));
        }
        let unreadable =
            |error: String| RootError::Unreadable(customs_model::printable(&error, 200));
        let text = std::str::from_utf8(json).map_err(|error| unreadable(error.to_string()))?;
        let root = TrustedRoot::from_json(text).map_err(|error| unreadable(error.to_string()))?;
        let material = Material::of(&root)?;
        let verifier = Verifier::new(&root).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self {
            instance,
            verifier,
            material,
        })
    }

    /// The public instance's root, as it came with this program.
    ///
    /// # Errors
    /// None in a released program; a test reads it.
    pub fn public_good() -> Result<Self, RootError> {
        Self::from_json(
            SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(),
            Instance::PublicGood,
        )
    }

    /// GitHub's root, as it came with this program. It is renewed about every seven months.
    ///
    /// # Errors
    /// As for [`Self::public_good`].
    pub fn github() -> Result<Self, RootError> {
        Self::from_json(SIGSTORE_GITHUB_TRUSTED_ROOT.as_bytes(), Instance::GitHub)
    }

    /// The root of an instance as it came with this program; the public one for a root of the
    /// user's own.
    pub(crate) const fn embedded_json(instance: Instance) -> &'static str {
        match instance {
            Instance::GitHub => SIGSTORE_GITHUB_TRUSTED_ROOT,
            Instance::PublicGood | Instance::Own => SIGSTORE_PRODUCTION_TRUSTED_ROOT,
        }
    }

    /// Whose root it is.
    pub const fn instance(&self) -> Instance {
        self.instance
    }

    /// When its newest log or authority took office: what it is too old for lies behind that.
    /// None where the root does not say.
    pub const fn newest(&self) -> Option<Timestamp> {
        self.material.newest
    }

    /// Whether it knows the authority that issued a bundle's certificate.
    pub fn knows_issuer_of(&self, bundle: &Bundle) -> bool {
        bundle
            .certificate()
            .and_then(der::issuer_key)
            .is_some_and(|key| self.material.keys.contains(key))
    }

    /// Whether both have a log or an authority in common: then they are of one instance.
    pub(crate) fn shares_with(&self, other: &Self) -> bool {
        self.material.shares_a_key_with(&other.material)
    }

    /// Verifies a bundle that was signed with a certificate, in full. Of GitHub's own instance
    /// there is neither log nor SCT to verify, and [`Proof::checked`] says so; a timestamp by its
    /// authority is demanded instead, under which the certificate's chain has to hold.
    ///
    /// Any identity is accepted that one of `issuers` confirmed: who it is stands in the proof. One
    /// that ends with a slash stands for those of single organisations below it.
    ///
    /// # Errors
    /// The first thing that stands against it.
    pub fn verify(
        &self,
        bundle: &Bundle,
        subject: Subject<'_>,
        issuers: &[&str],
    ) -> Result<Proof, Refusal> {
        let policy = match self.instance {
            Instance::PublicGood | Instance::Own => VerificationPolicy::any_identity(),
            Instance::GitHub => VerificationPolicy::any_identity()
                .skip_tlog_unsafe()
                .skip_sct(),
        };
        if bundle.key_hint().is_some() {
            let detail = "it was signed with a key, not with a certificate";
            return Err(Refusal::new(Why::Unsupported, detail));
        }
        chain::check(bundle, self)?;
        self.check_log(bundle, policy.verifies_tlog())?;
        self.check_timestamp(bundle)?;
        let result = self.ask(bundle, subject, &policy)?;
        let issuer = self.issuer(&result);
        if !issuers.iter().any(|allowed| is_issuer(allowed, issuer)) {
            let detail = format!("{issuer:?}; asked for: {}", issuers.join(", "));
            return Err(Refusal::new(Why::Issuer, detail));
        }
        let (identity, workflow_ref) = result
            .certificate()
            .and_then(|certificate| claims::identity(certificate, issuer))
            .ok_or_else(|| Refusal::new(Why::CertificateMalformed, "it names no subject"))?;
        let proof = self.proof(bundle, &result, Some(identity), workflow_ref);
        chain::check_time(bundle, &proof).map(|()| proof)
    }

    /// Verifies a bundle that was signed with a key, and that it stands in the log.
    ///
    /// # Errors
    /// The first thing that stands against it.
    pub fn verify_with_key(
        &self,
        bundle: &Bundle,
        subject: Subject<'_>,
        key: &PublicKey,
    ) -> Result<Proof, Refusal> {
        if bundle.key_hint().is_none() {
            let detail = "it was signed with a certificate, not with a key";
            return Err(Refusal::new(Why::Unsupported, detail));
        }
        let policy = PublicKeyVerificationPolicy::new(key.der());
        self.check_log(bundle, policy.verifies_tlog())?;
        let result = self.ask(bundle, subject, &policy)?;
        Ok(self.proof(bundle, &result, None, None))
    }

    /// What the library says.
    fn ask(
        &self,
        bundle: &Bundle,
        subject: Subject<'_>,
        policy: &impl Policy,
    ) -> Result<VerificationResult, Refusal> {
        let artifact = subject.artifact()?;
        let Some(encoded) = logged::Encoded::of(bundle) else {
            let result = self.verifier.verify(artifact, &bundle.0, policy);
            let result = result.map_err(|error| self.explain(errors::refusal(&error), bundle))?;
            return checkpoint::check(bundle).map(|()| result);
        };
        logged::check_artifact(bundle, subject)?;
        let artifact = Artifact::from_blob(&encoded.encoding);
        let result = self.verifier.verify(artifact, &encoded.bundle, policy);
        let result = result.map_err(|error| self.explain(logged::refusal(&error), bundle))?;
        checkpoint::check(bundle).map(|()| result)
    }

    /// The certificate's issuer. GitHub's own releases have none: GitHub is both.
    fn issuer<'a>(&self, result: &'a VerificationResult) -> &'a str {
        let subject = result.identity().map(|subject| subject.as_str());
        let own = subject
            .filter(|subject| self.instance == Instance::GitHub && *subject == GITHUB_RELEASES);
        result.issuer().or(own).unwrap_or_default()
    }

    /// The library calls it a missing proof where there is nothing to prove.
    fn check_log(&self, bundle: &Bundle, demanded: bool) -> Result<(), Refusal> {
        if demanded && bundle.entries().is_empty() {
            let detail = format!("{:?} demands one", self.instance);
            return Err(Refusal::new(Why::LogMissing, detail));
        }
        Ok(())
    }

    /// Where no log is asked, only a timestamp tells when something was signed: the time of a log
    /// that nobody asked must not take its place. That each is signed by an authority of the root
    /// is the library's check.
    fn check_timestamp(&self, bundle: &Bundle) -> Result<(), Refusal> {
        match self.instance {
            Instance::GitHub if bundle.timestamps().next().is_none() => Err(Refusal::new(
                Why::NoTime,
                "GitHub's own instance confirms it by a timestamp, and it has none",
            )),
            Instance::GitHub | Instance::PublicGood | Instance::Own => Ok(()),
        }
    }

    fn proof(
        &self,
        bundle: &Bundle,
        result: &VerificationResult,
        identity: Option<Identity>,
        workflow_ref: Option<String>,
    ) -> Proof {
        let mut times: Vec<Timestamp> = result
            .verified_timestamps()
            .iter()
            .filter_map(|time| Timestamp::from_second(time.as_second()).ok())
            .collect();
        times.sort_unstable();
        Proof {
            instance: self.instance,
            payload: bundle.payload().map(<[u8]>::to_vec),
            checked: Checked {
                certificate: result.certificate_verified(),
                sct: result.sct_verified(),
                log: result.tlog_verified(),
                issuer: identity.is_some(),
            },
            identity,
            workflow_ref,
            times,
        }
    }

    /// Tells an authority that this root does not know from a signature that is wrong.
    fn explain(&self, refusal: Refusal, bundle: &Bundle) -> Refusal {
        if !refusal.why.may_be_of_a_stale_root() {
            return refusal;
        }
        let Some(stranger) = self.material.stranger_in(bundle) else {
            return refusal;
        };
        if material::staging().knows(&stranger) {
            return Refusal::new(Why::Staging, "anybody may sign anything there");
        }
        if let Some(newest) = self.newest()
            && stranger.claimed.is_some_and(|claimed| claimed > newest)
        {
            let detail = format!(
                "{}; the root's newest entry is of {}: run `customs trust update --tuf URL` (or `--from FOLDER`)",
                stranger.words(),
                newest.strftime("%Y-%m-%d")
            );
            return Refusal::new(Why::RootTooOld, detail);
        }
        match stranger.kind {
            material::Kind::Log => Refusal::new(Why::UnknownLog, stranger.words()),
            material::Kind::Issuer | material::Kind::Timestamp => {
                Refusal::new(Why::UnknownAuthority, stranger.words())
            }
        }
    }
}

impl<'a> Subject<'a> {
    fn artifact(self) -> Result<Artifact<'a>, Refusal> {
        let digest = match self {
            Self::Bytes(bytes) => return Ok(Artifact::from_blob(bytes)),
            Self::Digest(digest) => digest,
        };
        let algorithm = match digest.algorithm() {
            DigestAlgorithm::Sha256 => HashAlgorithm::Sha2256,
            DigestAlgorithm::Sha512 => HashAlgorithm::Sha2512,
            weak @ (DigestAlgorithm::Sha1 | DigestAlgorithm::Sha384) => {
                let detail = format!("no attestation is made over {}", weak.name());
                return Err(Refusal::new(Why::Unsupported, detail));
            }
        };
        ArtifactDigest::new(algorithm, digest.as_bytes().to_vec())
            .map(Artifact::from_digest)
            .map_err(|error| Refusal::new(Why::Unsupported, error.to_string()))
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Authority({:?}, newest {:?})",
            self.instance,
            self.newest()
        )
    }
}

#[cfg(test)]
mod tests;
