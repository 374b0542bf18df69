//! A key of ECDSA P-256 with SHA-256, the only kind that registries sign with.

use sigstore_verify::crypto::{SigningScheme, VerificationKey};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};
use std::sync::Arc;

/// A public key of P-256. It is read once, when it is made, and not for each signature.
#[derive(Clone)]
pub struct PublicKey {
    spki: DerPublicKey,
    key: Arc<VerificationKey>,
}

impl PublicKey {
    /// From a `SubjectPublicKeyInfo` in DER, as registries publish it.
    pub fn from_spki(der: &[u8]) -> Option<Self> {
        let spki = DerPublicKey::new(der.to_vec());
        // Why it is none, the caller says in its own words.
        let key = VerificationKey::from_spki_with_scheme(&spki, SigningScheme::EcdsaP256Sha256);
        let key = Arc::new(key.ok()?);
        Some(Self { spki, key })
    }

    /// The key in DER.
    pub fn as_spki(&self) -> &[u8] {
        self.spki.as_bytes()
    }

    /// Whether `signature` (DER) is one by this key over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::from_bytes(signature);
        self.key.verify(message, &signature).is_ok()
    }

    pub(super) fn der(&self) -> DerPublicKey {
        self.spki.clone()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_spki() == other.as_spki()
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.spki.to_base64())
    }
}
