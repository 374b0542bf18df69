//! The findings of a source comparison.

use customs_model::Severity;
use serde::{Deserialize, Serialize};

/// Paths that one finding lists.
pub const LISTED: usize = 20;

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The commit has other bytes at the path.
    Modified,
    /// A field of a manifest that decides what is installed, runs or is entered.
    ManifestField,
    /// A file that can run, is in no commit, and stands where sources stand.
    PhantomExecutable,
    /// A file that is in no commit and was in no release before.
    NewPhantom,
    /// Built files that can run, where no release before was compared.
    FirstPhantoms,
    /// A file that can run has the bytes of one for tests, examples or documentation.
    FromTests,
    /// No branch and no tag of the clone holds the commit.
    CommitNowhere,
    /// A tag is named for the version and names another commit.
    OtherTag,
    /// No tag is named for the version.
    NoTag,
    /// cargo says that the work tree had changes.
    DirtyTree,
    /// cargo wrote down another commit than the one that is compared.
    OtherCommit,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFinding {
    /// What.
    pub kind: FindingKind,
    /// How bad it would be. From [`Severity::Medium`] on, the answer is *no*.
    pub severity: Severity,
    /// One sentence, safe to print.
    pub sentence: String,
    /// The files, at most `LISTED`. Not safe to print as they are.
    pub paths: Vec<String>,
}

impl SourceFinding {
    pub(super) fn new(kind: FindingKind, severity: Severity, sentence: String) -> Self {
        Self {
            kind,
            severity,
            sentence,
            paths: Vec::new(),
        }
    }

    pub(super) fn about(mut self, paths: &[&str]) -> Self {
        self.paths = paths
            .iter()
            .take(LISTED)
            .map(|path| (*path).to_owned())
            .collect();
        self
    }
}
