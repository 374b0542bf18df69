//! What `customs verify` found, as one value: the text, the JSON, SARIF and `customs included`
//! are made from it.

use customs_device::tree::TreeReport;
use customs_model::{Answer, Digest, Known, ReleaseId, Standing, Timestamp};
use customs_origin::history::Judgement as HistoryJudgement;
use customs_origin::lockfile::{Judgement as LockJudgement, LockChange, SettingChange};
use customs_origin::source::SourceReport;
use customs_origin::{OriginAnswer, roots::Age};
use serde::Serialize;

/// Version of the schema of the JSON.
pub const SCHEMA: &str = "customs/verify-v1";

/// Everything that was asked in one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of the schema.
    pub schema: &'static str,
    /// When it was looked.
    pub made: Timestamp,
    /// What was looked at, by path.
    pub subjects: Vec<Subject>,
    /// What a change of the settings does, with `--base`.
    pub settings: Vec<SettingChange>,
    /// What several lockfiles together show.
    pub together: LockJudgement,
    /// How old the roots of trust are that were used.
    pub roots: Vec<Age>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
}

/// One lockfile with the tree that was installed from it, one Python environment, or one folder
/// of vendored crates.
#[derive(Debug, Serialize)]
pub struct Subject {
    /// The folder, relative to where it was asked, `.` for that itself. Not safe to print as it is.
    pub folder: String,
    /// The lockfile, relative to where it was asked.
    pub lockfile: Option<String>,
    /// What it is, for people ("npm", "Python environment", "cargo vendor").
    pub kind: String,
    /// Whether what lies there is what the lockfile says.
    pub tree: Answer,
    /// What was found of it; none where nothing was looked at.
    pub installed: Option<TreeReport>,
    /// Whether the lockfile says what it should.
    pub lock: Answer,
    /// What was found in it.
    pub locked: LockJudgement,
    /// What changed since `--base`.
    pub change: Option<LockChange>,
    /// Whether every package comes from where it should.
    pub origin: Answer,
    /// What is known of where each package comes from, in the order of the releases.
    pub packages: Vec<PackageOrigin>,
}

/// Where one package comes from.
#[derive(Debug, Serialize)]
pub struct PackageOrigin {
    /// Which release.
    pub release: ReleaseId,
    /// The digest that the evidence was held against.
    pub artifact: Option<Digest>,
    /// What the evidence says.
    pub origin: OriginAnswer,
    /// What its history says to that; none where nothing was asked.
    pub history: Option<HistoryJudgement>,
    /// What its source says, with `--source`.
    pub source: Option<SourceReport>,
    /// What its code was judged to be, where somebody has read it.
    pub verdict: Known<Standing>,
}
