//! A key of ECDSA P-256 under the names that the library has which verification rests on, so that what
//! its tests make can be made here with another one.

use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

/// SubjectPublicKeyInfo of a P-256 key, up to its point (RFC 5480).
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key of ECDSA P-256.
pub struct KeyPair(EcdsaKeyPair);

/// Bytes under the name that other libraries of cryptography have for them.
pub struct Bytes(Vec<u8>);

impl Bytes {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl KeyPair {
    pub fn generate_ecdsa_p256() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let how = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(how, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(how, key.as_ref(), &random);
        key.map(Self).map_err(|_| Unspecified)
    }

    pub fn sign(&self, bytes: &[u8]) -> Result<Bytes, Unspecified> {
        let signature = self.0.sign(&SystemRandom::new(), bytes)?;
        Ok(Bytes(signature.as_ref().to_vec()))
    }

    pub fn public_key_der(&self) -> Result<Bytes, Unspecified> {
        Ok(Bytes([&HEAD[..], self.0.public_key().as_ref()].concat()))
    }
}
