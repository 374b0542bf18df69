//! How the old beginning of a chain is closed before it is removed.
//!
//! A checkpoint says "the first so many records of this chain were there, this is the hash of the
//! last of them, and they were removed on purpose". The record behind them carries that hash, so the
//! chain still hangs together; the signature tells what its owner removed from what somebody else
//! did. A head says nothing of the kind: whoever can edit the database could cut a chain at any.

use crate::{ChainId, PublicKey};
use customs_model::{Digest, Timestamp};
use ed25519_dalek::{Signature, Signer as _, SigningKey};

/// The closed and removed beginning of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub chain: ChainId,
    /// How many records it stands for.
    pub count: u64,
    /// The hash of the last of them.
    pub hash: Digest,
    /// The instant of the last of them.
    pub until: Timestamp,
    /// When this was said.
    pub at: Timestamp,
    /// Who said it, 64 hexadecimal digits.
    pub public_key: String,
    /// Ed25519 over [`Checkpoint::signed_text`], hexadecimal.
    pub signature: String,
}

impl Checkpoint {
    /// Says it.
    pub fn sign(
        key: &SigningKey,
        chain: ChainId,
        count: u64,
        hash: Digest,
        until: Timestamp,
        at: Timestamp,
    ) -> Self {
        let mut checkpoint = Self {
            chain,
            count,
            hash,
            until,
            at,
            public_key: PublicKey(key.verifying_key()).to_string(),
            signature: String::new(),
        };
        let signature = key.sign(checkpoint.signed_text().as_bytes());
        checkpoint.signature = hex::encode(signature.to_bytes());
        checkpoint
    }

    /// What is signed: six lines.
    pub fn signed_text(&self) -> String {
        format!(
            "customs-ledger-checkpoint-v1\n{}\n{}\n{}\n{}\n{}\n",
            self.chain,
            self.count,
            self.hash,
            self.until.as_microsecond(),
            self.at.as_microsecond()
        )
    }

    /// Whether the owner of its key said this.
    fn is_signed(&self) -> bool {
        let mut bytes = [0; 64];
        let Some(key) = PublicKey::parse(&self.public_key) else {
            return false;
        };
        hex::decode_to_slice(&self.signature, &mut bytes).is_ok()
            && key
                .0
                .verify_strict(
                    self.signed_text().as_bytes(),
                    &Signature::from_bytes(&bytes),
                )
                .is_ok()
    }

    /// Whether it counts for who trusts this key: what is wrong with it (`Err`), or why it could
    /// not be checked (`Ok(Some)`).
    pub fn check(&self, key: Option<&PublicKey>) -> Result<Option<&'static str>, &'static str> {
        if !self.is_signed() {
            return Err(
                "its beginning was removed, and what says so was not signed by a ledger's key",
            );
        }
        match key {
            None => Ok(Some("no public key was given")),
            Some(key) if key.to_string() == self.public_key => Ok(None),
            Some(_) => Ok(Some("another gate's key closed it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_counts_for_its_own_key_and_not_after_an_edit() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let chain = ChainId::parse(&"01".repeat(16)).unwrap();
        let mut checkpoint = Checkpoint::sign(&key, chain, 9, Digest::sha256(b"x"), at, at);
        let own = PublicKey(key.verifying_key());
        let other = PublicKey(SigningKey::from_bytes(&[8; 32]).verifying_key());
        assert_eq!(checkpoint.check(Some(&own)), Ok(None));
        assert!(checkpoint.check(Some(&other)).unwrap().is_some());
        assert!(checkpoint.check(None).unwrap().is_some());
        checkpoint.count = 10;
        assert!(checkpoint.check(Some(&own)).is_err());
    }
}
