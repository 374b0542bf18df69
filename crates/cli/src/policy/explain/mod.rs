//! `customs policy explain`: what policy offers of a package now, and why it holds the rest.
//!
//! The gate's ledger and memory are asked first. Where they do not know, the registries of the
//! client's own configuration are.

mod offline;
mod online;
mod text;

use super::memory::Memory;
use super::under::{self, OfGate};
use crate::error::{Doing as _, Failure};
use crate::output;
use customs_ecosystem::{cargo, npm, pypi};
use customs_gate::{advisories, grants};
use customs_intel::Snapshot;
use customs_model::{
    Action, Clock as _, Ecosystem, Known, PackageSpec, Reason, SystemClock, Timestamp, Version,
};
use customs_registry::version_order;
use customs_rules::Policy;
use serde::Serialize;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `customs policy explain`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The package, or one release of it: name, name@version, name==version (PyPI), pkg:npm/name
    #[arg(value_name = "PACKAGE[@VERSION]")]
    target: String,
    /// The ecosystem of a name without one
    #[arg(long, default_value = "npm", value_name = "NAME")]
    ecosystem: Ecosystem,
    #[command(flatten)]
    under: under::Arguments,
    /// Known-malware advisories: an OSV folder, file or export
    #[arg(long, value_name = "PATH", env = "CUSTOMS_ADVISORIES")]
    advisories: Option<PathBuf>,
    /// Ask no registry, whatever is not known
    #[arg(long, conflicts_with = "online")]
    offline: bool,
    /// Ask the registry, whatever is known
    #[arg(long)]
    online: bool,
    #[command(flatten)]
    format: output::Format,
}

/// What is said of a package.
#[derive(Debug, Serialize)]
struct Explained {
    /// `customs/policy-explain-v1`.
    schema: &'static str,
    package: String,
    /// The version that was asked about; none: all of them.
    version: Option<Version>,
    at: Timestamp,
    /// What the policy is called.
    policy: String,
    digest: String,
    source: Source,
    /// What a resolver gets that asks for no version in particular.
    resolves: Option<Version>,
    /// Releases that are offered, all of them counted.
    offered: usize,
    /// All in all.
    known: usize,
    /// Those of which there is something to say, or the one that was asked about.
    releases: Vec<Release>,
    /// Exemptions that are about the package.
    exemptions: Vec<String>,
    notes: Vec<String>,
}

/// Who was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "asked")]
enum Source {
    /// The gate's ledger and memory.
    Ledger {
        /// When the gate last looked at the package's document.
        looked: Option<Timestamp>,
    },
    /// A registry, now.
    Registry,
}

/// One release.
#[derive(Debug, Clone, Serialize)]
struct Release {
    version: Version,
    state: State,
    /// When it was published, as far as that is known.
    published: Option<Timestamp>,
    /// Since when the ledger has it in this state.
    since: Option<Timestamp>,
    /// When it changes by time alone.
    until: Option<Timestamp>,
    /// The rules that speak, the decisive one first.
    reasons: Vec<Reason>,
    /// What could not be looked at, or judged.
    not_known: Vec<String>,
}

/// Where a release stands. In the order in which files of one release stand for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// A resolver may take it.
    Offered,
    /// Not known, for the reasons that are given.
    NotKnown,
    /// Not yet.
    Held,
    /// Not at all, or not before somebody reviews it.
    Blocked,
    /// Its entry cannot be read, or is one of more than anybody looks at.
    NotLookedAt,
    /// Its registry has withdrawn it.
    Withdrawn,
}

impl State {
    fn of(action: &Action) -> Self {
        match action {
            Action::Allow => Self::Offered,
            Action::Hold { .. } => Self::Held,
            Action::Block { .. } => Self::Blocked,
        }
    }
}

/// What an answer is made from.
struct Question {
    target: PackageSpec,
    policy: Policy,
    advisories: Known<Arc<Snapshot>>,
    now: Timestamp,
}

/// All releases, and what a resolver would take.
struct Answer {
    source: Source,
    releases: Vec<Release>,
    latest: Option<Version>,
    notes: Vec<String>,
}

/// Explains.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let now = SystemClock.now();
    let target = PackageSpec::parse(&arguments.target, arguments.ecosystem);
    let target = target.map_err(|why| Failure::usage(why.to_string()))?;
    let here = std::env::current_dir().doing("find the current folder")?;
    let under = arguments.under.read(Some(&here))?;
    let (policy, name) = (under.policy, under.name);
    let mut notes: Vec<String> = policy
        .problems(now)
        .iter()
        .map(ToString::to_string)
        .collect();
    notes.extend(under.notes);
    let memory = Memory::open()?;
    let policy = match &memory {
        Some(memory) => {
            let granted = grants(&*memory.store).doing("read the exemptions")?;
            let (policy, refused) = policy.with_grants(&granted, now);
            notes.extend(refused);
            policy
        }
        None => policy,
    };
    let of_gate = under
        .gate
        .as_ref()
        .and_then(|gate| gate.advisories.as_deref());
    let named = arguments.advisories.as_deref().or(of_gate);
    let (advisories, why) = advisories(named, now);
    notes.extend(why);
    let question = Question {
        target,
        policy,
        advisories,
        now,
    };
    let mut memory = memory;
    let place = Asking {
        here: &here,
        gate: under.gate,
    };
    let answer = answer(&question, memory.as_mut(), arguments, place)?;
    let explained = explained(question, name, answer, notes);
    if arguments.format.is_json() {
        let whole = serde_json::to_string_pretty(&explained).doing("write the result")?;
        output::result(&(output::plain_json(&whole) + "\n"))?;
    } else {
        output::result(&text::text(&explained))?;
    }
    Ok(explained.code())
}

/// Whose registries are asked: those of the gate, else those of the client's own configuration.
struct Asking<'a> {
    here: &'a Path,
    gate: Option<OfGate>,
}

/// From the ledger where that knows, else from the registry.
fn answer(
    question: &Question,
    mut memory: Option<&mut Memory>,
    arguments: &Arguments,
    place: Asking<'_>,
) -> Result<Answer, Failure> {
    if !arguments.online
        && let Some(memory) = memory.as_deref_mut()
        && let Some(answer) = offline::ask(question, memory)?
        && (arguments.offline || answer.is_known(question))
    {
        return Ok(answer);
    }
    if arguments.offline {
        return Err(Failure::nothing(format!(
            "the gate's ledger and memory know nothing of {}; without --offline the registry is asked",
            question.target.about()
        )));
    }
    online::ask(question, memory, place)
}

impl Answer {
    /// Whether the ledger's answer needs no registry: about one release all that decides is
    /// recorded; about a package its document was looked at lately.
    fn is_known(&self, question: &Question) -> bool {
        let open = |release: &Release| release.state == State::NotKnown;
        match &question.target.version {
            Some(version) => {
                let mut about = self.releases.iter().filter(|one| one.version == *version);
                about.any(|release| !open(release) && !release.reasons.is_empty())
            }
            None => {
                let fresh = matches!(self.source, Source::Ledger { looked: Some(at) }
                    if question.now.duration_since(at) < offline::FRESH);
                fresh && !self.releases.iter().any(open)
            }
        }
    }
}

fn explained(
    question: Question,
    policy: String,
    answer: Answer,
    mut notes: Vec<String>,
) -> Explained {
    notes.extend(answer.notes);
    let ecosystem = question.target.package.ecosystem();
    let compare = version_order(ecosystem);
    let mut releases = answer.releases;
    releases
        .sort_by(|a, b| compare(b.version.as_str(), a.version.as_str()).unwrap_or(Ordering::Equal));
    let offered = releases.iter().filter(|one| one.state == State::Offered);
    let resolves = answer.latest.or_else(|| {
        let mut stable = offered
            .clone()
            .filter(|one| !is_prerelease(ecosystem, &one.version));
        let first = stable.next().or_else(|| offered.clone().next());
        first.map(|one| one.version.clone())
    });
    let (offered, known) = (offered.count(), releases.len());
    releases.retain(|one| match &question.target.version {
        Some(version) => one.version == *version,
        None => one.state != State::Offered || !one.reasons.is_empty(),
    });
    let about = |one: &&customs_rules::Exemption| {
        let text = one.about();
        text.strip_prefix(&package_line(&question.target))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    let exemptions = question.policy.exemptions().iter().filter(about);
    Explained {
        schema: "customs/policy-explain-v1",
        package: package_line(&question.target),
        version: question.target.version.clone(),
        at: question.now,
        digest: question.policy.digest().to_string(),
        policy,
        source: answer.source,
        resolves,
        offered,
        known,
        releases,
        exemptions: exemptions
            .map(|one| {
                let id = one
                    .id()
                    .map_or_else(|| format!("line {}", one.line()), str::to_owned);
                format!("{id}: {} from {}", one.about(), one.line_of_record())
            })
            .collect(),
        notes,
    }
}

/// `pkg:npm/@acme/ui`, as a policy file writes it.
fn package_line(target: &PackageSpec) -> String {
    let package = &target.package;
    format!("pkg:{}/{package}", package.ecosystem().purl_type())
}

fn is_prerelease(ecosystem: Ecosystem, version: &Version) -> bool {
    let version = version.as_str();
    match ecosystem {
        Ecosystem::Npm => npm::NpmVersion::parse(version).is_some_and(|v| v.is_prerelease()),
        Ecosystem::PyPi => pypi::is_prerelease(version),
        Ecosystem::Cargo => cargo::is_prerelease(version),
    }
}

impl Explained {
    /// 0 offered, 1 not, 3 not known.
    fn code(&self) -> u8 {
        if self.version.is_none() {
            return if self.resolves.is_some() { 0 } else { 1 };
        }
        match self.releases.first().map(|one| one.state) {
            Some(State::Offered) => 0,
            Some(State::NotKnown) | None => 3,
            Some(State::Held | State::Blocked | State::NotLookedAt | State::Withdrawn) => 1,
        }
    }
}

#[cfg(test)]
mod tests;
