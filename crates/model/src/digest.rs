use crate::{ParseError, printable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use std::fmt;

/// The hash functions that registries promise artifacts by, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestAlgorithm {
    /// npm's `shasum`. Broken for collisions; kept because old releases have nothing else.
    Sha1,
    /// PyPI and cargo.
    Sha256,
    /// Rare in npm integrity strings.
    Sha384,
    /// npm's `integrity`.
    Sha512,
}

impl DigestAlgorithm {
    /// The name as SRI and most tools write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Bytes of a digest.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|a| a.name() == name)
    }
}

/// The identity of an artifact. Facts, approvals and evidence bind to it; names and
/// versions are how people speak about it. Shown as `sha256:<hex>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    bytes: [u8; 64],
}

impl Digest {
    fn from_bytes(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != algorithm.length() {
            return None;
        }
        let mut all = [0; 64];
        all[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            algorithm,
            bytes: all,
        })
    }

    /// The SHA-256 of some bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        hasher.update(bytes);
        hasher.finish()
    }

    /// A SHA-256 that was computed elsewhere.
    pub const fn from_sha256(bytes: [u8; 32]) -> Self {
        let mut all = [0; 64];
        let mut at = 0;
        while at < bytes.len() {
            all[at] = bytes[at];
            at += 1;
        }
        Self {
            algorithm: DigestAlgorithm::Sha256,
            bytes: all,
        }
    }

    /// From hexadecimal text.
    ///
    /// # Errors
    /// Wrong length for the algorithm (corrupted 39- and 63-character indicators
    /// circulate in public reports), or a character that is not hexadecimal.
    pub fn from_hex(algorithm: DigestAlgorithm, text: &str) -> Result<Self, ParseError> {
        hex::decode(text)
            .ok()
            .and_then(|bytes| Self::from_bytes(algorithm, &bytes))
            .ok_or_else(|| ParseError::Digest(printable(text, 140), "wrong length or alphabet"))
    }

    /// The strongest digest of a subresource-integrity string (`sha512-… sha1-…`).
    ///
    /// # Errors
    /// No entry with a known algorithm and a right length.
    pub fn from_sri(text: &str) -> Result<Self, ParseError> {
        text.split_ascii_whitespace()
            .filter_map(|entry| {
                let (algorithm, value) = entry.split_once('-')?;
                let value = value.split('?').next()?;
                // What does not fit is longer than any digest.
                let mut room = [0; 96];
                let length = STANDARD.decode_slice(value, &mut room).ok()?;
                let bytes = room.get(..length)?;
                Self::from_bytes(DigestAlgorithm::from_name(algorithm)?, bytes)
            })
            .max_by_key(|digest| digest.algorithm)
            .ok_or_else(|| {
                ParseError::Digest(printable(text, 140), "no entry with a known algorithm")
            })
    }

    /// `sha512-<base64>`, npm's form.
    pub fn to_sri(&self) -> String {
        format!(
            "{}-{}",
            self.algorithm.name(),
            STANDARD.encode(self.as_bytes())
        )
    }

    /// The hash function.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The raw digest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.length()]
    }

    /// Lower-case hexadecimal, without the algorithm.
    pub fn to_hex(&self) -> String {
        hex::encode(self.as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let refuse = |why| ParseError::Digest(printable(text, 140), why);
        let (algorithm, value) = text
            .split_once(':')
            .ok_or_else(|| refuse("no algorithm before ':'"))?;
        let algorithm =
            DigestAlgorithm::from_name(algorithm).ok_or_else(|| refuse("unknown algorithm"))?;
        Self::from_hex(algorithm, value)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Computes one digest over bytes that arrive in pieces.
pub struct Hasher(Inner);

enum Inner {
    Sha1(Box<sha1::Sha1>),
    Sha256(Box<sha2::Sha256>),
    Sha384(Box<sha2::Sha384>),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// An empty one.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha1 => Inner::Sha1(Box::default()),
            DigestAlgorithm::Sha256 => Inner::Sha256(Box::default()),
            DigestAlgorithm::Sha384 => Inner::Sha384(Box::default()),
            DigestAlgorithm::Sha512 => Inner::Sha512(Box::default()),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Inner::Sha1(h) => h.update(bytes),
            Inner::Sha256(h) => h.update(bytes),
            Inner::Sha384(h) => h.update(bytes),
            Inner::Sha512(h) => h.update(bytes),
        }
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Digest {
        let (algorithm, bytes) = match self.0 {
            Inner::Sha1(h) => (DigestAlgorithm::Sha1, h.finalize().to_vec()),
            Inner::Sha256(h) => (DigestAlgorithm::Sha256, h.finalize().to_vec()),
            Inner::Sha384(h) => (DigestAlgorithm::Sha384, h.finalize().to_vec()),
            Inner::Sha512(h) => (DigestAlgorithm::Sha512, h.finalize().to_vec()),
        };
        let mut all = [0; 64];
        all[..bytes.len()].copy_from_slice(&bytes);
        Digest {
            algorithm,
            bytes: all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_the_wrong_length_is_refused() {
        // A 39-character SHA-1 of axios 1.14.1 circulates in public reports.
        let short = "2553649f2322049666871cea80a5d0d6adc700c";
        assert!(Digest::from_hex(DigestAlgorithm::Sha1, short).is_err());
    }

    #[test]
    fn the_strongest_entry_of_an_integrity_string_is_taken() {
        let sha512 = {
            let mut h = Hasher::new(DigestAlgorithm::Sha512);
            h.update(b"x");
            h.finish()
        };
        let sha1 = {
            let mut h = Hasher::new(DigestAlgorithm::Sha1);
            h.update(b"x");
            h.finish()
        };
        let both = format!("{} {}", sha1.to_sri(), sha512.to_sri());
        assert_eq!(Digest::from_sri(&both).unwrap(), sha512);
        assert!(Digest::from_sri("sha512-AAAA").is_err());
        assert_eq!(sha512.to_string().parse::<Digest>().unwrap(), sha512);
    }
}
