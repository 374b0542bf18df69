//! The gate's own controls: `customs run` talks to the running gate through them.

use crate::report::RunReport;
use customs_model::{Decision, ReleaseId, Timestamp};
use customs_registry::Upstreams;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A gate says who it is, to whoever asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the program.
    pub version: String,
    /// See [`crate::proof`].
    pub proof: String,
    /// Runs that are open.
    pub runs: usize,
}

/// Begins a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRequest {
    /// The command, for records.
    pub command: String,
    /// The process that began it: when it is gone, so is the run.
    #[serde(default)]
    pub pid: Option<u32>,
    /// The upstreams of the client configuration that the command would have used.
    pub upstreams: Upstreams,
    /// Those of clients whose own configuration says something else. Such a client
    /// shows the run's credential with its name behind a dot.
    #[serde(default)]
    pub of_client: BTreeMap<String, Upstreams>,
    /// The policy in force; the default without one.
    pub policy: Option<NamedText>,
    /// A policy found in the project, which may only tighten.
    pub project_policy: Option<NamedText>,
    /// Advisories: a folder, a file or an export.
    pub advisories: Option<PathBuf>,
    /// Refuse writes.
    pub read_only: bool,
    /// The agent that the environment declares.
    pub agent: Option<String>,
    /// What the project and the command themselves ask npm's registries for: name and
    /// range. What follows from it is fetched ahead.
    #[serde(default)]
    pub roots: BTreeMap<String, String>,
}

/// The text of a file, with the name that messages about it use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedText {
    /// The file.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A run has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReply {
    /// Its name.
    pub id: String,
    /// Its credential.
    pub token: String,
    /// What of the project's policy was not followed, a sentence each.
    pub ignored: Vec<String>,
    /// What is not known in this run, a sentence each.
    pub not_known: Vec<String>,
}

/// Asks about releases without delivering them: lockfiles, trees, caches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckRequest {
    /// Which.
    pub releases: Vec<ReleaseId>,
}

/// The answer about one release.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub release: ReleaseId,
    /// The decision; none when nothing had to be decided, or nothing is known.
    pub decision: Option<Decision>,
    /// Whether it would be delivered if a lockfile asked for it.
    pub deliverable: bool,
    /// When this gate last delivered it, to whomever.
    #[serde(default)]
    pub delivered: Option<Timestamp>,
    /// Why it could not be looked at.
    pub not_known: Option<String>,
}

/// Ends a run and hands out its report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunEnd {
    /// What happened.
    pub report: RunReport,
}

/// How a running gate is found. Readable by its user only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateFile {
    /// The port on loopback.
    pub port: u16,
    /// The process.
    pub pid: u32,
    /// The secret of the controls.
    pub secret: String,
    /// The version of the program.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// Tells apart what gates open as their ledger; none: what lies in the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}
