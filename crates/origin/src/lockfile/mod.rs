//! Is what a lockfile names what was meant?
//!
//! [`judge`] asks every rule about one lockfile, [`judge_together`] what only several of them
//! show, [`explain`] what a change of one does, [`settings_changes`] where the configuration in
//! the same change takes packages from, [`judge_registry`] whether the registry promises the
//! same digests, [`judge_artifacts`] whether artifacts say the same of themselves. All of it is pure: values in, values out; nothing is fetched.
//!
//! A package manager does not ask these questions: most install a lockfile that names one package
//! and points at another without a word (measured, November 2026: npm 11.19, Yarn 1.22 and 4.18,
//! bun 1.4.5).
//!
//! ```
//! use customs_ecosystem::lockfile::{Graph, Kind};
//! use customs_origin::lockfile::{LockfileView, Options, judge};
//! let text = b"is-number@^7.0.0:\n  version \"7.0.0\"\n  resolved \"https://registry.example/is-odd/-/is-odd-3.0.1.tgz#65101baf3727d728b66fa62f50cda7f2d3989601\"\n";
//! let graph = Graph::read(Kind::YarnClassic, text)?;
//! let options = Options::default();
//! let judgement = judge(&LockfileView::new("yarn.lock", &graph, &[], &options));
//! assert!(judgement.findings.iter().any(|f| f.rule.as_str() == "lock-address"));
//! # Ok::<(), customs_ecosystem::lockfile::Error>(())
//! ```

mod address;
mod artifact;
#[cfg(test)]
mod cases;
mod change;
mod doc;
mod finding;
mod open;
mod registry;
mod rule;
mod settings;
#[cfg(test)]
mod testing;
mod view;
mod words;

pub use artifact::{OwnManifest, judge_artifacts};
pub use change::{
    Added, Facts, Installed, LockChange, Moved, Removed, Rewritten, What, explain, markdown, text,
    value,
};
pub use doc::{LockRuleDoc, page};
pub use finding::{Judgement, LockFinding, Outcome};
pub use registry::{Promised, against_registry, judge_registry};
pub use rule::{docs, judge, judge_together, unreadable};
pub use settings::{
    Effect, FileChange, SettingChange, program_changed, programs, settings_changes,
};
pub use view::{ExpectedOrigin, LockfileView, Options, Workspace};

/// Bounds on what is said about one lockfile.
pub mod limit {
    /// Findings of one rule; how many more there are is said.
    pub const FINDINGS: usize = 200;
    /// Lines of evidence of one finding; how many more there are is said.
    pub const EVIDENCE: usize = 20;
    /// Releases that are named one by one in a text for people.
    pub const NAMED: usize = 40;
    /// Reasons why entries were not compared with a registry; how many more there are is said.
    pub const REASONS: usize = 100;
    /// Steps of the way that a release came in by, in a text for people.
    pub const WAY: usize = 8;
}
