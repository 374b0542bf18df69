//! What a watch asks of the world. The loop knows nothing else, so a test can be one.

use super::feed::Changed;
use super::fresh::{Fresh, Listed};
use crate::inspect::beside::Input;
use customs_model::{PackageName, Timestamp, Verdict};
use std::time::Duration;

/// What a registry lists for a package at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The registry, without its credential.
    pub(super) from: String,
    /// What it lists.
    pub(super) listed: Listed,
    /// Requests that it took.
    pub(super) requests: u32,
}

/// What was found in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// The verdict.
    pub(super) verdict: Verdict,
    /// The files of the release before it that its own were compared with.
    pub(super) predecessors: Vec<Input>,
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            predecessors: Vec::new(),
        }
    }
}

/// Why a package could not be asked about. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missed {
    /// A sentence.
    pub(super) why: String,
    /// How long its registry wants to be left alone, where it says so.
    pub(super) rest: Option<Duration>,
}

impl From<String> for Missed {
    fn from(why: String) -> Self {
        Self { why, rest: None }
    }
}

/// Registries, a reader of code, a feed of changes and a clock.
pub(super) trait World: Send + Sync + 'static {
    /// What is listed now, asked from the registry itself and not from memory.
    ///
    /// # Errors
    /// It could not be asked, or has no such package.
    fn list(&self, package: &PackageName) -> impl Future<Output = Result<Look, Missed>> + Send;

    /// What the code of a new release can do.
    ///
    /// # Errors
    /// A sentence, safe to print: it could not be fetched. It may be there in a moment.
    fn inspect(&self, fresh: &Fresh) -> impl Future<Output = Result<Judged, String>> + Send;

    /// Whether there is a feed of changes.
    fn has_feed(&self) -> bool;

    /// What changed since the last question.
    ///
    /// # Errors
    /// A sentence, safe to print.
    fn changes(&self) -> impl Future<Output = Result<Changed, String>> + Send;

    /// The present instant.
    fn now(&self) -> Timestamp;
}
