//! How records hang together.
//!
//! Every process that writes has a chain of its own, named by 16 random bytes, so
//! that no two writers ever have to agree on who comes next. Record `n` of a chain
//! carries the hash of record `n - 1`; the first one carries [`genesis`]. The hash is
//! SHA-256 over these parts, in this order:
//!
//! | Part | Form |
//! |---|---|
//! | `customs-ledger-record-v1` | the text |
//! | chain | 16 bytes |
//! | sequence, from 1 | u64, big-endian |
//! | instant, microseconds since 1970 | i64, big-endian |
//! | kind | u32 length, text |
//! | body | u64 length, the bytes as they are stored |
//! | hash of the record before | 32 bytes |

use crate::StoreError;
use customs_model::{Digest, DigestAlgorithm, Hasher, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

const DOMAIN: &[u8] = b"customs-ledger-record-v1";

/// The name of one writing process's chain. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId([u8; 16]);

impl ChainId {
    /// A new one.
    pub(crate) fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| StoreError::NoRandomness(e.to_string()))?;
        Ok(Self(bytes))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ChainId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not 32 hexadecimal digits"))
    }
}

/// What the first record of a chain carries in place of a predecessor's hash.
pub(crate) fn genesis(chain: ChainId) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    hasher.update(DOMAIN);
    hasher.update(&chain.0);
    hasher.finish()
}

/// The parts of a record that its hash covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub chain: ChainId,
    pub seq: u64,
    /// Microseconds since 1970.
    pub at: i64,
    pub kind: &'a str,
    pub body: &'a [u8],
    pub prev: &'a Digest,
}

impl Link<'_> {
    /// The record's hash.
    pub fn hash(&self) -> Digest {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        hasher.update(DOMAIN);
        hasher.update(&self.chain.0);
        hasher.update(&self.seq.to_be_bytes());
        hasher.update(&self.at.to_be_bytes());
        // Lengths keep a byte from moving between two neighbouring parts unseen.
        hasher.update(
            &u32::try_from(self.kind.len())
                .unwrap_or(u32::MAX)
                .to_be_bytes(),
        );
        hasher.update(self.kind.as_bytes());
        hasher.update(&(self.body.len() as u64).to_be_bytes());
        hasher.update(self.body);
        hasher.update(self.prev.as_bytes());
        hasher.finish()
    }
}

/// The end of a chain: how many records it has, and the hash of the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tip {
    pub chain: ChainId,
    pub count: u64,
    pub hash: Digest,
}

impl Tip {
    /// Of a chain without a record.
    pub fn empty(chain: ChainId) -> Self {
        Self {
            chain,
            count: 0,
            hash: genesis(chain),
        }
    }
}

/// Instants are stored in microseconds; what is hashed and signed must be what is stored.
pub(crate) fn microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(prev: &'a Digest, kind: &'a str, body: &'a [u8]) -> Link<'a> {
        Link {
            chain: ChainId([7; 16]),
            seq: 1,
            at: 5,
            kind,
            body,
            prev,
        }
    }

    #[test]
    fn the_hash_is_the_one_that_the_table_describes() {
        let prev = genesis(ChainId([7; 16]));
        let mut bytes = DOMAIN.to_vec();
        bytes.extend([7; 16]);
        bytes.extend(1u64.to_be_bytes());
        bytes.extend(5i64.to_be_bytes());
        bytes.extend(4u32.to_be_bytes());
        bytes.extend(b"note");
        bytes.extend(2u64.to_be_bytes());
        bytes.extend(b"{}");
        bytes.extend(prev.as_bytes());
        assert_eq!(link(&prev, "note", b"{}").hash(), Digest::sha256(&bytes));
    }

    #[test]
    fn a_byte_that_moves_from_kind_to_body_changes_the_hash() {
        let prev = genesis(ChainId([7; 16]));
        assert_ne!(
            link(&prev, "ab", b"c").hash(),
            link(&prev, "a", b"bc").hash()
        );
    }

    #[test]
    fn a_chain_name_reads_back_as_written() {
        let chain = ChainId::random().unwrap();
        assert_eq!(ChainId::parse(&chain.to_string()), Some(chain));
        assert_eq!(ChainId::parse("zz"), None);
    }
}
