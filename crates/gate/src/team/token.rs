//! Tokens: a secret that one machine, person or agent shows. Kept as a digest only.

use customs_model::{Digest, Timestamp};
use std::fmt;
use std::str::FromStr;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Read packages.
    Install,
    /// Read packages, and have writes passed on with the client's own credential.
    Publish,
    /// Read the metrics, and nothing else.
    Monitor,
    /// Look at the page and the metrics: who received what, and what is held. No packages.
    Read,
    /// Grant and end exemptions, and see what [`Role::Read`] sees. No packages: who lets something
    /// through is not the one who asks for it.
    Approve,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Install,
        Self::Publish,
        Self::Monitor,
        Self::Read,
        Self::Approve,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Publish => "publish",
            Self::Monitor => "monitor",
            Self::Read => "read",
            Self::Approve => "approve",
        }
    }
}

/// One token, as the file of tokens has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is; the ledger calls it `token:NAME`.
    pub name: String,
    /// The digest of the secret.
    pub digest: TokenDigest,
    /// What it may do.
    pub role: Role,
    /// The policy it is under; none: the gate's.
    pub policy: Option<String>,
    /// When it ends; none: it does not.
    pub expires: Option<Timestamp>,
    /// It was taken back.
    pub revoked: bool,
}

/// The SHA-256 of a token's secret. Secrets are 32 random bytes that customs makes, so no slower
/// digest is needed: there is nothing to guess.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

/// A text is no digest of a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token is kept as sha256: and 64 digits; `customs gate token NAME` makes one and prints that"
)]
pub struct TokenError;

impl TokenDigest {
    /// Of a secret.
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes
            .iter_mut()
            .zip(Digest::sha256(secret.as_bytes()).as_bytes())
        {
            *to = *from;
        }
        Self(bytes)
    }

    /// What it is looked up by.
    pub(super) fn prefix(&self) -> [u8; 8] {
        let mut prefix = [0; 8];
        for (to, from) in prefix.iter_mut().zip(self.0) {
            *to = from;
        }
        prefix
    }

    /// Compares without telling how much of it was right.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        std::hint::black_box(pairs.fold(0, |differs, (a, b)| differs | (a ^ b))) == 0
    }
}

impl FromStr for TokenDigest {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let digits = text.strip_prefix("sha256:").ok_or(TokenError)?;
        let bytes = hex::decode(digits).map_err(|_| TokenError)?;
        Ok(Self(bytes.try_into().map_err(|_| TokenError)?))
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

/// A digest is no secret; a log is longer without it.
impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written_and_knows_its_secret_only() {
        let digest = TokenDigest::of("a secret");
        let read: TokenDigest = digest.to_string().parse().unwrap();
        assert!(read.is_same(&digest));
        assert!(!read.is_same(&TokenDigest::of("a secreu")));
        assert_eq!(format!("{digest:?}"), "sha256:…");
    }

    #[test]
    fn what_is_no_digest_says_how_to_get_one() {
        for text in [
            "",
            "a secret",
            "sha256:",
            "sha256:zz",
            "sha512:00",
            "sha256:00",
        ] {
            let error = text.parse::<TokenDigest>().unwrap_err();
            assert!(error.to_string().contains("customs gate token"), "{text}");
        }
    }
}
