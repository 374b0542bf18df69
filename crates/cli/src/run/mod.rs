//! `customs run -- COMMAND…`: the command's process tree goes through the gate.

mod child;
mod installed;
pub mod lockfiles;
pub mod policy;
mod report;
mod roots;

use crate::client::{self, pointing};
use crate::daemon::Controls;
use crate::error::{Doing as _, Failure};
use crate::output::say;
use crate::paths;
use crate::place::Place;
use customs_gate::{CheckRequest, Checked, RunEnd, RunReply, RunReport, RunRequest};
use customs_model::ReleaseId;
use installed::Installed;
use lockfiles::{Addresses, Lockfiles};
use serde::Serialize;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `customs run`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Known-malware advisories: an OSV folder, file or export.
    #[arg(long, value_name = "PATH", env = "CUSTOMS_ADVISORIES")]
    advisories: Option<PathBuf>,
    /// The policy file; without it the one in the configuration folder, or the default.
    #[arg(long, value_name = "FILE", env = "CUSTOMS_POLICY")]
    policy: Option<PathBuf>,
    /// Refuse publish, login, tags and other writes.
    #[arg(long)]
    read_only: bool,
    /// End with 1 when something was held although the command succeeded.
    #[arg(long, value_name = "WHAT", value_parser = ["held", "blocked"])]
    fail_on: Option<String>,
    /// No report on stderr.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    place: Place,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Lines about waits in one run.
const MOST_WAITS: usize = 10;

/// What a run tells: the gate's report, and what only this side can see.
#[derive(Debug, Default, Serialize)]
pub struct WholeReport {
    /// `customs/run-v1`.
    pub schema: &'static str,
    /// The command.
    pub command: Vec<String>,
    /// Its exit code.
    pub exit_code: u8,
    /// Whether its traffic arrived at the gate.
    pub protected: bool,
    /// What the gate saw.
    #[serde(flatten)]
    pub gate: RunReport,
    /// Locked releases that policy would not offer today.
    pub locked: Vec<Checked>,
    /// Installed, and never delivered by the gate: from the client's cache.
    pub not_through_gate: Vec<Checked>,
    /// What customs itself could not do, a sentence each.
    pub problems: Vec<String>,
}

/// A command's exit code, as a shell would say it.
pub fn exit_code(status: std::process::ExitStatus) -> u8 {
    child::code(status)
}

/// Runs the command; its exit code is the program's.
pub fn main(arguments: Arguments) -> ExitCode {
    if std::env::var_os(pointing::ACTIVE).is_some() {
        // Within a run already: the gate is there, a second one in front would only
        // hide who asks.
        return child::only(&arguments.command);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("customs: cannot start: {error}"));
            return ExitCode::from(125);
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            say(&format!("customs: {failure}"));
            ExitCode::from(125)
        }
    }
}

async fn run(arguments: Arguments) -> Result<u8, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    let discovered = client::discover(&here)?;
    let controls = Controls::connect(&arguments.place).await?;
    let gate = format!("http://127.0.0.1:{}", controls.port);
    let request = RunRequest {
        command: spoken(&arguments.command),
        pid: Some(std::process::id()),
        upstreams: discovered.upstreams.clone(),
        of_client: discovered.of_client.clone(),
        policy: policy::of_user(arguments.policy.as_deref())?,
        project_policy: policy::of_project(&here)?,
        advisories: arguments.advisories.as_deref().map(absolute).transpose()?,
        read_only: arguments.read_only,
        agent: declared_agent(),
        roots: roots::of(&here, &arguments.command),
    };
    let begun: RunReply = controls.post("runs", &request).await?;
    let mut problems = discovered.missing.clone();
    problems.extend(
        begun
            .ignored
            .iter()
            .map(|i| format!("the project's policy: {i}")),
    );
    problems.extend(
        discovered
            .from_project
            .iter()
            .map(|f| format!("chosen by the project: {f}")),
    );

    let state = paths::state()?;
    let addresses = Addresses::new(&gate, &begun.token, &discovered);
    let mut lockfiles = Lockfiles::in_reach(&here, addresses, &state);
    let sites = installed::sites_outside(&arguments.command);
    let installed_before = Installed::look(&lockfiles.folders, &sites);
    let named = lockfiles.named();
    problems.extend(named.elsewhere);
    let locked = check(&controls, &begun.id, &named.releases).await;
    let locked: Vec<Checked> = locked.into_iter().filter(stands_out).collect();
    announce_blocked(&locked, arguments.quiet);
    let shims = state.join("shims");
    pointing::make_shims(&shims).doing("make the stand-ins of the package managers")?;
    lockfiles.lead_to_gate();

    let project = pointing::Project {
        has_uv_index: declares_uv_index(&here),
        read_only: arguments.read_only,
    };
    let mut environment = pointing::environment(controls.port, &begun.token, &discovered, project);
    environment
        .set
        .push((pointing::LED.to_owned(), joined(&lockfiles.folders)));
    let outcome = tokio::select! {
        outcome = child::run(&arguments.command, environment, &shims) => outcome,
        never = say_what_waits(&controls, &begun.id, arguments.quiet) => match never {},
    };
    lockfiles.give_back();
    let (code, ran) = match outcome {
        Ok(code) => (code, true),
        Err(child::NotRun { code, why }) => {
            say(&format!("customs: {why}"));
            (code, false)
        }
    };
    // From here on the command's own code is what counts, whatever else goes wrong.
    let end = controls.get::<RunEnd>(&format!("runs/{}", begun.id)).await;
    let report = end.map(|end| end.report).unwrap_or_else(|failure| {
        problems.push(format!("the gate's report is lost: {failure}"));
        RunReport::default()
    });
    let bypassed: BTreeSet<ReleaseId> = Installed::look(&lockfiles.folders, &sites)
        .since(&installed_before)
        .into_iter()
        .filter(|release| !report.delivered.contains(release))
        .collect();
    let not_through_gate = match ran {
        true => check(&controls, &begun.id, &bypassed).await,
        false => Vec::new(),
    };
    if let Err(failure) = controls
        .delete::<RunEnd>(&format!("runs/{}", begun.id))
        .await
    {
        problems.push(format!("the run could not be ended: {failure}"));
    }
    problems.append(&mut lockfiles.problems);
    let whole = WholeReport {
        schema: "customs/run-v1",
        command: arguments
            .command
            .iter()
            .map(|a| a.to_string_lossy().into_owned())
            .collect(),
        exit_code: code,
        protected: report.arrived,
        gate: report,
        locked,
        not_through_gate,
        problems,
    };
    let written = arguments
        .report
        .as_deref()
        .map_or(Ok(()), |path| write_report(path, &whole));
    if !arguments.quiet {
        say(report::text(&whole).trim_end());
    }
    if let Err(failure) = written {
        say(&format!("customs: {failure}"));
        return Ok(if code == 0 { failure.code } else { code });
    }
    let objects = match arguments.fail_on.as_deref() {
        Some("held") => !whole.gate.held.is_empty() || !whole.gate.refused.is_empty(),
        Some("blocked") => {
            whole.gate.held.iter().any(|h| h.action == "block") || !whole.gate.refused.is_empty()
        }
        _ => false,
    };
    Ok(if code == 0 && objects { 1 } else { code })
}

fn joined(folders: &[PathBuf]) -> String {
    let joined = std::env::join_paths(folders).unwrap_or_default();
    joined.to_string_lossy().into_owned()
}

fn write_report(path: &Path, whole: &WholeReport) -> Result<(), Failure> {
    let mut bytes = serde_json::to_vec_pretty(whole).doing("write the report")?;
    bytes.push(b'\n');
    std::fs::write(path, bytes).doing(format_args!("write {}", path.display()))
}

/// A line when something has waited for more than two seconds, once for each. The client
/// draws on the same terminal, so nothing else is said while it runs.
async fn say_what_waits(controls: &Controls, run: &str, quiet: bool) -> Infallible {
    let mut said = BTreeSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        // A gate that does not answer shows in the command itself. The question also
        // tells it that this run is still there.
        let path = format!("runs/{run}/waiting");
        let waiting: Vec<String> = controls.get(&path).await.unwrap_or_default();
        for what in waiting {
            if quiet || said.len() >= MOST_WAITS {
                break;
            }
            if said.insert(what.clone()) {
                say(&format!("customs: waiting for {what}"));
            }
        }
    }
}

/// What of a lockfile is worth a word: what policy would not offer today, what it would
/// not even deliver, and what could not be looked at.
fn stands_out(checked: &Checked) -> bool {
    let refused = |d: &customs_model::Decision| !d.action.allows();
    checked.not_known.is_some() || checked.decision.as_ref().is_some_and(refused)
}

/// Caches bypass a proxy: what a lockfile pins and policy refuses is said before the
/// command starts, since the client may never ask for it.
fn announce_blocked(locked: &[Checked], quiet: bool) {
    for checked in locked.iter().filter(|c| !c.deliverable && !quiet) {
        if let Some(decision) = &checked.decision {
            say(&customs_rules::sentence(decision, &checked.release, None));
        }
    }
}

async fn check(controls: &Controls, run: &str, releases: &BTreeSet<ReleaseId>) -> Vec<Checked> {
    if releases.is_empty() {
        return Vec::new();
    }
    let request = CheckRequest {
        releases: releases.iter().cloned().collect(),
    };
    let path = format!("runs/{run}/check");
    let asked = controls.post::<Vec<Checked>>(&path, &request);
    let mut asked = std::pin::pin!(asked);
    let answer = match tokio::time::timeout(Duration::from_secs(2), &mut asked).await {
        Ok(answer) => answer,
        Err(_) => {
            say(&format!(
                "customs: looking at {} releases …",
                releases.len()
            ));
            asked.await
        }
    };
    answer.unwrap_or_else(|error| {
        say(&format!(
            "customs: the releases could not be judged: {error}"
        ));
        Vec::new()
    })
}

fn spoken(command: &[OsString]) -> String {
    command
        .iter()
        .map(|a| a.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).doing(format_args!("find {}", path.display()))
}

/// Agents say who they are in the environment. A declaration, not a proof.
pub(crate) fn declared_agent() -> Option<String> {
    let known = [
        ("CLAUDECODE", "claude-code"),
        ("CURSOR_AGENT", "cursor"),
        ("GEMINI_CLI", "gemini-cli"),
        ("CODEX_SANDBOX", "codex"),
        ("OPENCODE", "opencode"),
    ];
    std::env::var("AI_AGENT")
        .ok()
        .filter(|v| !v.is_empty())
        .or_else(|| {
            known
                .iter()
                .find(|(name, _)| std::env::var_os(name).is_some())
                .map(|(_, agent)| (*agent).to_owned())
        })
}

fn declares_uv_index(here: &Path) -> bool {
    here.ancestors().any(|folder| {
        ["pyproject.toml", "uv.toml"].iter().any(|name| {
            std::fs::read_to_string(folder.join(name))
                .is_ok_and(|t| t.contains("[[tool.uv.index]]") || t.contains("[[index]]"))
        })
    })
}
