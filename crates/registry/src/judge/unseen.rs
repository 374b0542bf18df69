//! Artifacts that a judgement would know more by, and that nobody waits for: those of
//! releases that are held, and of predecessors. Whoever has time reads them; the document
//! is judged again then.

use super::archive::Kind;
use super::gather::Gaps;
use super::{Judged, Registry};
use crate::upstream::Upstream;
use customs_model::{Digest, ReleaseId, Unread, Version};

/// Artifacts of one document that are named, at most.
const MOST: usize = 64;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// Which release it is of.
    pub release: ReleaseId,
    /// What it is read for.
    pub wish: Wish,
    url: String,
    digest: Digest,
    kind: Kind,
}

/// What an artifact is read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Its release is held: what it holds is known when the hold ends.
    Held,
    /// This release comes after it: what is new in that one is known then.
    Before(Version),
}

impl Unseen {
    /// Names an artifact. `None`: its document names no address or promises no digest, so
    /// that only who delivers it could read it.
    pub(super) fn new(
        release: ReleaseId,
        wish: Wish,
        url: Option<String>,
        digest: Option<&Digest>,
        kind: Kind,
    ) -> Option<Self> {
        Some(Self {
            release,
            wish,
            url: url?,
            digest: digest?.clone(),
            kind,
        })
    }

    /// A name of the bytes and of how they are read.
    pub fn key(&self) -> String {
        format!("{} {}", self.digest, self.kind.word())
    }

    /// The release about which something is not known without it.
    pub fn about(&self) -> ReleaseId {
        match &self.wish {
            Wish::Held => self.release.clone(),
            Wish::Before(version) => ReleaseId::new(self.release.package.clone(), version.clone()),
        }
    }

    /// What is not known without it, a part of a sentence.
    pub fn spoken(&self) -> String {
        match &self.wish {
            Wish::Held => "its code, while it is held".to_owned(),
            Wish::Before(_) => format!(
                "what its code does that {}'s did not",
                customs_model::printable(self.release.version.as_str(), 80)
            ),
        }
    }
}

impl Judged {
    /// What it would know more by.
    pub fn unseen(&self) -> &[Unseen] {
        &self.unseen
    }
}

impl Gaps {
    /// Names an artifact that nobody waits for.
    pub(super) fn unseen(&self, unseen: Option<Unseen>) {
        let Some(unseen) = unseen else {
            return;
        };
        let mut all = self.unseen_so_far();
        let is_named = all.iter().any(|other| other.key() == unseen.key());
        if all.len() < MOST && !is_named {
            all.push(unseen);
        }
    }
}

impl Registry {
    /// Reads an artifact that nobody waits for, when nobody else is being served. What it
    /// says is known from then on, and what was judged without it is judged again by who
    /// asks next.
    ///
    /// # Errors
    /// It could not be fetched or read.
    pub async fn read_unseen(&self, upstream: &Upstream, unseen: &Unseen) -> Result<(), Unread> {
        let Unseen {
            url, digest, kind, ..
        } = unseen;
        let read = self.facts_when_idle(upstream, url, digest, *kind);
        read.await.map(|_| ())
    }

    /// Whether reading it would ask an upstream for something.
    pub fn must_be_fetched(&self, unseen: &Unseen) -> bool {
        !self.is_seen(unseen) && self.artifacts.cached(&unseen.digest).is_none()
    }

    /// Whether somebody read it since it was named.
    pub(super) fn is_seen(&self, unseen: &Unseen) -> bool {
        self.inspections.holds(&unseen.digest, unseen.kind)
    }
}
