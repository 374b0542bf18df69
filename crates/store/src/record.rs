//! What the ledger records.

use crate::exemption::ExemptionChange;
use crate::{ChainId, StoreError, Who};
use customs_model::{Decision, Digest, Epoch, ReleaseId, RuleId, Timestamp, printable};
use serde::{Deserialize, Serialize};

/// The largest body of one record. A decision with every rule speaking has some 4 kB.
pub(crate) const LARGEST_BODY: usize = 256 * 1024;

/// One thing that happened. The ledger only ever grows by these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerRecord {
    /// A process began its chain.
    Opened(Opened),
    /// It ended its chain in order. A chain without one was cut off by a crash.
    Closed(Closed),
    /// A release was decided upon, for the first time or differently than before.
    Decided(Decided),
    /// Bytes went to somebody.
    Delivered(Delivered),
    /// Somebody was refused.
    Refused(Refused),
    /// A published artifact is no longer the one that it was.
    DigestChanged(DigestChanged),
    /// A write (publish, login, tag, owner, yank) was passed on.
    Relayed(Relayed),
    /// An earlier process did not end its chain: what it did last may be missing.
    Gap(Gap),
    /// Somebody exempted releases from rules while gates run, or ended that.
    Exemption(ExemptionChange),
    /// Something else that an auditor should know.
    Note(Note),
}

/// See [`LedgerRecord::Opened`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The chain that begins.
    pub chain: ChainId,
    /// The version of customs that writes it.
    pub tool: String,
    /// When.
    pub at: Timestamp,
}

/// See [`LedgerRecord::Closed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Records before this one.
    pub records: u64,
}

/// See [`LedgerRecord::Decided`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The decision, whole, so that it can be repeated.
    pub decision: Decision,
    /// The artifacts that it is about, as the document promised them.
    pub digests: Vec<Digest>,
    /// What differs from the decision before: one sentence.
    pub changed: String,
}

/// See [`LedgerRecord::Delivered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// What.
    pub release: ReleaseId,
    /// Which file of it.
    pub artifact: String,
    /// What the file is: computed over the bytes, or promised where they were not all sent.
    pub digest: Digest,
    /// How many bytes were sent.
    pub bytes: u64,
    /// Whole or in part, and from where.
    pub served: Served,
    /// To whom.
    pub who: Who,
    /// `allow`, or what it would have been in a mode without effect.
    pub action: String,
    /// The rules that spoke.
    pub rules: Vec<RuleId>,
    /// What the rules could not look at, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<String>,
    /// Under which policy, advisories and rules.
    pub epoch: Epoch,
}

/// How an artifact reached its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// Whole, from the upstream.
    Full,
    /// Whole, from the gate's own verified copy.
    FromCache,
    /// A part of it.
    Range {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Not by the gate at all: the client had it already.
    ClientCache,
}

/// See [`LedgerRecord::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was asked for.
    #[serde(flatten)]
    pub asked: Asked,
    /// Which file of it, if it was one.
    pub artifact: Option<String>,
    /// By whom.
    pub who: Who,
    /// The rules that refused it.
    pub rules: Vec<RuleId>,
    /// The HTTP status that the client got.
    pub status: u16,
}

/// What a refused request was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A release.
    Release(ReleaseId),
    /// A path that names none. Without its query, which may hold secrets.
    Path(String),
}

/// See [`LedgerRecord::DigestChanged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestChanged {
    /// Of which release.
    pub release: ReleaseId,
    /// Which file of it.
    pub artifact: String,
    /// What it was when it was first delivered.
    pub before: Digest,
    /// What it is now.
    pub after: Digest,
}

/// See [`LedgerRecord::Relayed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// The HTTP method.
    pub method: String,
    /// What kind of endpoint it was (`publish`, `login`, `dist-tag`, `yank`).
    pub endpoint: String,
    /// Who.
    pub who: Who,
    /// The status that the upstream answered.
    pub status: u16,
}

/// See [`LedgerRecord::Gap`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The chain that was cut off.
    pub chain: ChainId,
    /// How many records it has. How many are missing cannot be known: none after a
    /// killed process, at most the last 50 ms after a power failure.
    pub records: u64,
    /// Its last record's instant.
    pub from: Option<Timestamp>,
    /// When it was noticed.
    pub to: Timestamp,
    /// The chain was longer once: the database was restored from an older backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
}

/// See [`Gap::restored`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the backup was taken.
    pub taken: Timestamp,
    /// The SHA-256 of its list of contents (`backup.json`).
    pub backup: Digest,
    /// How many records of the chain somebody signed later, as far as was known when it was
    /// restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<u64>,
}

/// See [`LedgerRecord::Note`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// One sentence.
    pub text: String,
}

impl LedgerRecord {
    /// The word that stands in the ledger for the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Closed(_) => "closed",
            Self::Decided(_) => "decided",
            Self::Delivered(_) => "delivered",
            Self::Refused(_) => "refused",
            Self::DigestChanged(_) => "digest-changed",
            Self::Relayed(_) => "relayed",
            Self::Gap(_) => "gap",
            Self::Exemption(_) => "exemption",
            Self::Note(_) => "note",
        }
    }

    /// The body as it is stored and hashed: JSON, fields in the order of their types.
    pub(crate) fn body(self) -> Result<String, StoreError> {
        let what = self.kind();
        let body = match self.cleaned() {
            Self::Opened(r) => serde_json::to_string(&r),
            Self::Closed(r) => serde_json::to_string(&r),
            Self::Decided(r) => serde_json::to_string(&r),
            Self::Delivered(r) => serde_json::to_string(&r),
            Self::Refused(r) => serde_json::to_string(&r),
            Self::DigestChanged(r) => serde_json::to_string(&r),
            Self::Relayed(r) => serde_json::to_string(&r),
            Self::Gap(r) => serde_json::to_string(&r),
            Self::Exemption(r) => serde_json::to_string(&r),
            Self::Note(r) => serde_json::to_string(&r),
        }
        .map_err(|e| StoreError::Unreadable {
            what: format!("a new record ({what})"),
            why: e.to_string(),
        })?;
        if body.len() > LARGEST_BODY {
            return Err(StoreError::TooLarge {
                what,
                bytes: body.len(),
                limit: LARGEST_BODY,
            });
        }
        Ok(body)
    }

    /// Reads a stored record back.
    pub(crate) fn read(kind: &str, body: &str) -> Result<Self, StoreError> {
        let record = match kind {
            "opened" => serde_json::from_str(body).map(Self::Opened),
            "closed" => serde_json::from_str(body).map(Self::Closed),
            "decided" => serde_json::from_str(body).map(Self::Decided),
            "delivered" => serde_json::from_str(body).map(Self::Delivered),
            "refused" => serde_json::from_str(body).map(Self::Refused),
            "digest-changed" => serde_json::from_str(body).map(Self::DigestChanged),
            "relayed" => serde_json::from_str(body).map(Self::Relayed),
            "gap" => serde_json::from_str(body).map(Self::Gap),
            "exemption" => serde_json::from_str(body).map(Self::Exemption),
            "note" => serde_json::from_str(body).map(Self::Note),
            _ => {
                return Err(StoreError::Unreadable {
                    what: format!("a record of kind {:?}", printable(kind, 40)),
                    why: "this customs does not know the kind".to_owned(),
                });
            }
        };
        record.map_err(|e| StoreError::Unreadable {
            what: format!("a record of kind {kind:?}"),
            why: e.to_string(),
        })
    }

    /// Text of strangers is made printable and short here, once, so that no writer can
    /// forget to: a ledger is read in terminals.
    fn cleaned(mut self) -> Self {
        match &mut self {
            Self::Opened(r) => r.tool = printable(&r.tool, 60),
            Self::Delivered(r) => {
                r.artifact = printable(&r.artifact, 300);
                r.action = printable(&r.action, 20);
                r.not_checked.truncate(20);
                for what in &mut r.not_checked {
                    *what = printable(what, 300);
                }
                r.who.clean();
            }
            Self::Refused(r) => {
                if let Asked::Path(path) = &mut r.asked {
                    // Tokens travel in queries.
                    *path = printable(path.split(['?', '#']).next().unwrap_or(""), 300);
                }
                r.artifact = r.artifact.as_deref().map(|a| printable(a, 300));
                r.who.clean();
            }
            Self::DigestChanged(r) => r.artifact = printable(&r.artifact, 300),
            Self::Relayed(r) => {
                r.method = printable(&r.method, 20);
                r.endpoint = printable(&r.endpoint, 60);
                r.who.clean();
            }
            Self::Exemption(r) => r.clean(),
            Self::Note(r) => r.text = printable(&r.text, 2_000),
            Self::Closed(_) | Self::Decided(_) | Self::Gap(_) => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_path_loses_its_query_and_its_escapes() {
        let refused = LedgerRecord::Refused(Refused {
            asked: Asked::Path("/a\u{1b}[2J?token=secret".to_owned()),
            artifact: None,
            who: Who::default(),
            rules: vec![RuleId::of("young-version")],
            status: 403,
        });
        let body = refused.body().unwrap();
        insta::assert_snapshot!(body, @r#"{"path":"/a\\u{1b}[2J","artifact":null,"who":{},"rules":["young-version"],"status":403}"#);
        assert!(LedgerRecord::read("refused", &body).is_ok());
    }

    #[test]
    fn a_kind_from_the_future_is_named() {
        let error = LedgerRecord::read("approved", "{}").unwrap_err();
        assert!(error.to_string().contains("\"approved\""), "{error}");
    }

    #[test]
    fn a_body_beyond_the_bound_is_refused() {
        let rules = vec![RuleId::parse(&"a".repeat(64)).unwrap(); 5_000];
        let refused = Refused {
            asked: Asked::Path("/x".to_owned()),
            artifact: None,
            who: Who::default(),
            rules,
            status: 403,
        };
        let error = LedgerRecord::Refused(refused).body().unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_stored_reads_back_the_same_and_holds_no_escape(
            text in "\\PC{0,40}|[\\x00-\\x1f\\x7f]{0,8}|.{0,80}",
            status in 100u16..600,
        ) {
            let relayed = |text: &str| LedgerRecord::Relayed(Relayed {
                method: text.to_owned(),
                endpoint: text.to_owned(),
                who: Who { client: Some(text.to_owned()), ..Who::default() },
                status,
            });
            let body = relayed(&text).body().unwrap();
            proptest::prop_assert!(!body.chars().any(char::is_control));
            let read = LedgerRecord::read("relayed", &body).unwrap();
            proptest::prop_assert_eq!(read.kind(), "relayed");
            let LedgerRecord::Relayed(read) = read else { return Ok(()) };
            proptest::prop_assert_eq!(read.method, printable(&text, 20));
        }
    }
}
