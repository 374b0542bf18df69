//! A key of ECDSA P-256 with SHA-256, the only kind that registries sign with.

use sigstore_verify::crypto::{SigningScheme, VerificationKey};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};

/// A public key, checked to be a point of P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(DerPublicKey);

impl PublicKey {
    /// From a `SubjectPublicKeyInfo` in DER, as registries publish it.
    pub fn from_spki(der: &[u8]) -> Option<Self> {
        let key = DerPublicKey::new(der.to_vec());
        VerificationKey::from_spki_with_scheme(&key, SigningScheme::EcdsaP256Sha256)
            .is_ok()
            .then_some(Self(key))
    }

    /// The key in DER.
    pub fn as_spki(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether `signature` (DER) is one by this key over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::from_bytes(signature);
        VerificationKey::from_spki_with_scheme(&self.0, SigningScheme::EcdsaP256Sha256)
            .is_ok_and(|key| key.verify(message, &signature).is_ok())
    }

    pub(super) fn der(&self) -> DerPublicKey {
        self.0.clone()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.0.to_base64())
    }
}
