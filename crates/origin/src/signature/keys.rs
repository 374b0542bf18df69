//! The keys of a registry: those that came with the program, and those that it publishes.

use super::limit;
use crate::sigstore::PublicKey;
use crate::why::{Refusal, Why};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use customs_model::{Digest, Timestamp, printable};
use serde::{Deserialize, Serialize};

/// The keys of the public npm registry, as of January 2025, with when they began and ended.
/// Source: its keys endpoint; the numbers of both are recomputed by a test.
const EMBEDDED: [(&str, Option<&str>, Option<&str>); 2] = [
    (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==",
        None,
        Some("2025-01-29T00:00:00Z"),
    ),
    (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==",
        Some("2025-01-13T00:00:00Z"),
        None,
    ),
];

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// `npm:signatures`.
    Signatures,
    /// `npm:attestations`.
    Attestations,
}

/// A key of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `SHA256:…`, recomputed from the key itself: a swapped key under an old id is seen.
    pub id: String,
    /// The key.
    pub public: PublicKey,
    /// When it began, where that is known.
    pub began: Option<Timestamp>,
    /// When it ended, or will end.
    pub ended: Option<Timestamp>,
    /// What it may sign; none where the document does not say, which allows both.
    pub usage: Option<Usage>,
}

/// A key of a document that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The id that the document gives it; safe to print.
    pub id: String,
    /// The reason.
    pub because: String,
}

/// The keys that signatures are checked with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    keys: Vec<Key>,
    rejected: Vec<Rejected>,
}

/// Why a document of keys cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not JSON of the form `{"keys": […]}`.
    #[error(
        "the registry's keys cannot be read: {0}; fetch them again with `customs trust update`"
    )]
    Unreadable(String),
    /// It exceeds [`limit::DOCUMENT`] or [`limit::KEYS`].
    #[error("the document of keys is larger than what is read ({0})")]
    TooLarge(String),
    /// None of its keys can be used.
    #[error("the document holds no key that can be used{0}")]
    Empty(String),
}

/// Both forms in one: that of the keys endpoint (`keyid`, `key`, `expires`) and that of the
/// Sigstore TUF repository (`keyId`, `publicKey`, `keyUsage`), which the npm client prefers.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "keyId")]
    keyid: String,
    key: Option<String>,
    scheme: Option<String>,
    expires: Option<Timestamp>,
    #[serde(rename = "keyUsage")]
    usage: Option<String>,
    #[serde(rename = "publicKey")]
    public: Option<TufKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TufKey {
    raw_bytes: String,
    valid_for: Option<Window>,
}

#[derive(Deserialize)]
struct Window {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Keys {
    /// The two keys of the public npm registry that this program came with.
    pub fn embedded() -> Self {
        let time = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let keys = EMBEDDED.iter().filter_map(|(spki, began, ended)| {
            let (id, public) = parse(spki).ok()?;
            Some(Key {
                id,
                public,
                began: time(*began),
                ended: time(*ended),
                usage: None,
            })
        });
        Self {
            keys: keys.collect(),
            rejected: Vec::new(),
        }
    }

    /// The document of the keys endpoint, or a `keys.json` of the trust folder.
    ///
    /// # Errors
    /// Not such a document, too large, or without one key that can be used. A single key that
    /// cannot is left out and listed in [`Self::rejected`].
    pub fn from_json(json: &[u8]) -> Result<Self, KeysError> {
        if json.len() > limit::DOCUMENT {
            return Err(KeysError::TooLarge(format!("{} bytes", json.len())));
        }
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| KeysError::Unreadable(printable(&error.to_string(), 200)))?;
        if document.keys.len() > limit::KEYS {
            return Err(KeysError::TooLarge(format!("{} keys", document.keys.len())));
        }
        let mut all = Self::default();
        for entry in document.keys {
            let id = printable(&entry.keyid, 80);
            match entry.key() {
                Ok(key) => all.keys.push(key),
                Err(because) => all.rejected.push(Rejected { id, because }),
            }
        }
        if all.keys.is_empty() {
            let first = all.rejected.first();
            let why = first
                .map(|r| format!(" ({}: {})", r.id, r.because))
                .unwrap_or_default();
            return Err(KeysError::Empty(why));
        }
        Ok(all)
    }

    /// Those of both; where both have a key, what `self` says of it counts.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for key in others.keys {
            if !self.keys.iter().any(|known| known.id == key.id) {
                self.keys.push(key);
            }
        }
        self.rejected.extend(others.rejected);
        self
    }

    /// All keys.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// What a document held and was not taken.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// When the newest key began, where any says so: how old the keys are.
    pub fn newest(&self) -> Option<Timestamp> {
        self.keys.iter().filter_map(|key| key.began).max()
    }

    pub(crate) fn find(&self, id: &str, usage: Usage) -> Result<&Key, Refusal> {
        self.keys
            .iter()
            .find(|key| key.id == id && key.usage.is_none_or(|may| may == usage))
            .ok_or_else(|| {
                let detail = format!(
                    "{}: a newer key, or another registry's; run `customs trust update`",
                    printable(id, 80)
                );
                Refusal::new(Why::UnknownKey, detail)
            })
    }
}

impl Entry {
    fn key(self) -> Result<Key, String> {
        if let Some(scheme) = self.scheme.filter(|scheme| scheme != "ecdsa-sha2-nistp256") {
            return Err(format!(
                "the scheme {:?} is not known",
                printable(&scheme, 40)
            ));
        }
        let window = self.public.as_ref().and_then(|key| key.valid_for.as_ref());
        let (began, end) = window.map_or((None, None), |w| (w.start, w.end));
        let spki = match (&self.key, &self.public) {
            (Some(key), _) => key,
            (None, Some(key)) => &key.raw_bytes,
            (None, None) => return Err("it has no key".to_owned()),
        };
        let (id, public) = parse(spki)?;
        if id != self.keyid {
            return Err(format!("its key is that of {id}"));
        }
        let usage = match self.usage.as_deref() {
            None => None,
            Some("npm:signatures") => Some(Usage::Signatures),
            Some("npm:attestations") => Some(Usage::Attestations),
            Some(other) => return Err(format!("the use {:?} is not known", printable(other, 40))),
        };
        Ok(Key {
            id,
            public,
            began,
            ended: self.expires.or(end),
            usage,
        })
    }
}

/// A key and its id: `SHA256:` and the base64 of the SHA-256 of the key as OpenSSH writes it
/// (RFC 5656, 3.1), which is neither the DER nor the PEM.
fn parse(spki: &str) -> Result<(String, PublicKey), String> {
    let der = STANDARD
        .decode(spki)
        .map_err(|error| format!("its base64: {error}"))?;
    let public = PublicKey::from_spki(&der).ok_or("it is not a key of ECDSA P-256")?;
    // The point is the end of the structure, as its fields have one length each.
    let point = der.last_chunk::<65>().ok_or("it is too short")?;
    let mut wire = Vec::with_capacity(104);
    for part in [b"ecdsa-sha2-nistp256".as_slice(), b"nistp256", point] {
        let length = u32::try_from(part.len()).map_err(|error| error.to_string())?;
        wire.extend_from_slice(&length.to_be_bytes());
        wire.extend_from_slice(part);
    }
    let id = STANDARD_NO_PAD.encode(Digest::sha256(&wire).as_bytes());
    Ok((format!("SHA256:{id}"), public))
}
