//! The built program in front of a client: how it is called, what its report says, and
//! that its gate is gone before its folder goes.

use super::world::World;
use super::{installed, process};
use customs_model::{Ecosystem, ReleaseId, RuleId};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Seconds without a run after which a gate ends by itself.
pub const LINGER: &str = "1";

/// How long a gate may take to end after that, before it is killed.
const PATIENCE: Duration = Duration::from_secs(15);

/// What `customs run` is given.
#[derive(Debug)]
pub struct Call {
    /// The words before the client's own.
    pub arguments: Vec<OsString>,
    report: PathBuf,
}

impl Call {
    /// Writes the policy and the advisories into the world.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn new<'a>(
        world: &World,
        policy: &str,
        advisories: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> io::Result<Self> {
        let report = world.file("report.json");
        let policy = world.put("policy.toml", policy)?;
        let mut arguments: Vec<OsString> = vec!["run".into(), "--quiet".into()];
        arguments.extend(["--report".into(), report.clone().into()]);
        arguments.extend(["--policy".into(), policy.into()]);
        let mut any = false;
        for (name, record) in advisories {
            world.put(&format!("advisories/{name}"), record)?;
            any = true;
        }
        if any {
            arguments.extend(["--advisories".into(), world.file("advisories").into()]);
        }
        arguments.push("--".into());
        Ok(Self { arguments, report })
    }

    /// The report of the run, if one was written.
    pub fn report(&self) -> Option<Told> {
        serde_json::from_slice(&fs::read(&self.report).ok()?).ok()
    }
}

/// What of `customs run --report` a trial needs.
#[derive(Debug, Deserialize)]
pub struct Told {
    /// Whether the client's traffic arrived at the gate.
    pub protected: bool,
    #[serde(default)]
    delivered: Vec<ReleaseId>,
    #[serde(default)]
    held: Vec<Stopped>,
    #[serde(default)]
    refused: Vec<Stopped>,
}

#[derive(Debug, Deserialize)]
struct Stopped {
    rule: String,
}

impl Told {
    /// What was installed and not delivered by the gate. Every cache of a trial begins
    /// empty, so it came past the gate.
    pub fn missed<'a>(&self, ecosystem: Ecosystem, took: &'a BTreeSet<String>) -> Vec<&'a str> {
        let delivered: BTreeSet<String> = self
            .delivered
            .iter()
            .map(|r| installed::spoken(ecosystem, r.package.as_str(), r.version.as_str()))
            .collect();
        let missed = took.iter().filter(|release| !delivered.contains(*release));
        missed.map(String::as_str).collect()
    }

    /// The rules that held or refused something, each once, in the order of the report.
    pub fn rules(&self) -> Vec<RuleId> {
        let mut rules: Vec<RuleId> = Vec::new();
        let all = self.held.iter().chain(&self.refused);
        for rule in all.filter_map(|stopped| RuleId::parse(&stopped.rule).ok()) {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }
}

#[derive(Deserialize)]
struct State {
    pid: u32,
}

/// Waits until the gate of a world has ended, ends it if it does not, and lets the
/// world go: a gate whose folder vanished under it would write into nowhere.
pub async fn retire(world: World) {
    let state = world.gate("state");
    let begun = Instant::now();
    while runs(&state) {
        if begun.elapsed() > PATIENCE {
            let file = fs::read(state.join("gate.json")).unwrap_or_default();
            if let Ok(state) = serde_json::from_slice::<State>(&file) {
                // The gate leads a group of its own.
                process::kill_group(state.pid);
            }
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A gate holds its lock as long as it lives, however it ends.
fn runs(state: &Path) -> bool {
    let Ok(lock) = File::options().write(true).open(state.join("gate.lock")) else {
        return false;
    };
    matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_stopped_two_things_is_named_once() {
        let text = r#"{"schema": "customs/run-v1", "protected": true,
            "held": [{"rule": "version-age", "why": "x"}, {"rule": "lost-origin"}],
            "refused": [{"what": "y", "rule": "version-age"}]}"#;
        let told: Told = serde_json::from_str(text).unwrap();
        let rules: Vec<String> = told.rules().iter().map(ToString::to_string).collect();
        assert_eq!(rules, ["version-age", "lost-origin"]);
    }

    #[test]
    fn what_the_gate_did_not_deliver_came_past_it() {
        let text = r#"{"protected": true, "delivered": ["pkg:npm/%40loom/core@4.2.0"]}"#;
        let told: Told = serde_json::from_str(text).unwrap();
        let took = BTreeSet::from(["@loom/core@4.2.0".to_owned(), "ms@2.1.3".to_owned()]);
        assert_eq!(told.missed(Ecosystem::Npm, &took), ["ms@2.1.3"]);
    }

    #[test]
    fn who_holds_the_lock_runs() {
        let state = tempfile::tempdir().unwrap();
        assert!(!runs(state.path()), "no gate ever ran here");
        let lock = File::create(state.path().join("gate.lock")).unwrap();
        lock.lock().unwrap();
        assert!(runs(state.path()));
        drop(lock);
        assert!(!runs(state.path()));
    }
}
