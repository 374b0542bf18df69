//! A bundle as it comes from a stranger, read within bounds.

use super::limit;
use crate::why::{Refusal, Why};
use serde_json::Value;
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{Bundle as Theirs, SignatureContent, TransparencyLogEntry};

/// A Sigstore bundle of version 0.1, 0.2 or 0.3. Nothing of it is verified yet.
/// Format: <https://github.com/sigstore/protobuf-specs>.
#[derive(Debug, Clone)]
pub struct Bundle(pub(super) Theirs);

impl Bundle {
    /// Reads one.
    ///
    /// # Errors
    /// Larger than [`limit::BUNDLE`], not JSON, without what every bundle has, of an unknown media
    /// type, with several signatures, or with more entries than [`limit`] allows.
    pub fn read(json: &[u8]) -> Result<Self, Refusal> {
        if json.len() > limit::BUNDLE {
            let detail = format!("{} bytes, {} are read", json.len(), limit::BUNDLE);
            return Err(Refusal::new(Why::TooLarge, detail));
        }
        let value = serde_json::from_slice(json)
            .map_err(|error| Refusal::new(Why::Unreadable, error.to_string()))?;
        Self::from_value(value)
    }

    /// From parsed JSON, as converters make it.
    pub(crate) fn from_value(mut value: Value) -> Result<Self, Refusal> {
        plain(&mut value);
        let bundle: Theirs = serde_json::from_value(value)
            .map_err(|error| Refusal::new(Why::Unreadable, error.to_string()))?;
        let bundle = Self(bundle);
        bundle.check_counts()?;
        Ok(bundle)
    }

    /// What the bundle calls the key that signed it; none where a certificate did.
    pub fn key_hint(&self) -> Option<&str> {
        match &self.0.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Some(&key.hint),
            _ => None,
        }
    }

    /// The bytes that were signed, where it is an envelope. Not to be believed before the bundle
    /// was verified.
    pub(crate) fn payload(&self) -> Option<&[u8]> {
        match &self.0.content {
            SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes()),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> &[TransparencyLogEntry] {
        &self.0.verification_material.tlog_entries
    }

    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.0
            .signing_certificate()
            .map(|certificate| certificate.as_bytes())
    }

    /// What a chain has beside the certificate that signed. None in version 0.3, which has no chain.
    pub(super) fn chain(&self) -> impl Iterator<Item = &[u8]> {
        let all = match &self.0.verification_material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } => &**certificates,
            _ => &[],
        };
        all.iter()
            .skip(1)
            .map(|certificate| certificate.raw_bytes.as_bytes())
    }

    pub(super) fn timestamps(&self) -> impl Iterator<Item = &[u8]> {
        let data = &self.0.verification_material.timestamp_verification_data;
        data.rfc3161_timestamps
            .iter()
            .map(|timestamp| timestamp.signed_timestamp.as_bytes())
    }

    fn check_counts(&self) -> Result<(), Refusal> {
        let certificates = match &self.0.verification_material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } => {
                certificates.len()
            }
            _ => 1,
        };
        for (what, count, most) in [
            ("entries of a log", self.entries().len(), limit::ENTRIES),
            ("timestamps", self.timestamps().count(), limit::TIMESTAMPS),
            ("certificates", certificates, limit::CERTIFICATES),
        ] {
            if count > most {
                let detail = format!("{count} {what}, {most} are read");
                return Err(Refusal::new(Why::TooLarge, detail));
            }
        }
        // The library verifies what an entry has; an entry that has nothing would pass.
        let bare = |entry: &TransparencyLogEntry| {
            entry.inclusion_proof.is_none() && entry.inclusion_promise.is_none()
        };
        if self.entries().iter().any(bare) {
            let detail = "an entry has neither a proof nor a promise";
            return Err(Refusal::new(Why::LogProof, detail));
        }
        Ok(())
    }
}

/// Writers differ: some write `null` for what is absent, and protobuf's JSON writes integers of 64
/// bits as strings while others write numbers. Both mean the same. The depth of the JSON is
/// bounded by its parser.
fn plain(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for (name, member) in members.iter_mut() {
                match member {
                    Value::Number(number)
                        if matches!(&**name, "logIndex" | "treeSize" | "integratedTime") =>
                    {
                        *member = Value::String(number.to_string());
                    }
                    _ => plain(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
