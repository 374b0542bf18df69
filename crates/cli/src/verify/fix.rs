//! `customs check --fix`: the smallest change after which the lockfile holds nothing that policy
//! refuses. It is shown first, with why; files are written only where somebody says so, and no
//! package manager is run: manifests are edited for npm's family, whose clients lock again, and
//! the lockfiles themselves for cargo and Python where nothing else has to move.

mod asks;
mod edits;
mod entry;
mod npm;
mod requirements;
#[cfg(test)]
mod tests;

use super::lock;
use super::policy::{Asking, Given, OfRelease, Under};
use super::report::{Report, Subject};
use super::root::Root;
use crate::error::{Doing as _, Failure};
use crate::output::{plain_text, result, say};
use asks::Who;
use customs_ecosystem::lockfile::{Graph, Kind, Locked, Manifest};
use customs_model::{Answer, Ecosystem, ReleaseId, Version, printable};
use customs_origin::lockfile::Outcome;
use edits::Edits;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// The exit code after files were written.
const WRITTEN: u8 = 5;

/// What a person wants of it.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Wanted {
    /// Show the smallest change that replaces what policy refuses, and write it where you say so
    #[arg(long)]
    pub fix: bool,
    /// Write the change without asking
    #[arg(long, requires = "fix")]
    pub yes: bool,
}

/// Everything that would be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// One for each release that is replaced.
    pub steps: Vec<Step>,
    /// What is written.
    pub edits: Edits,
    /// What to run then, in its folder: each command once, in order.
    pub commands: Vec<String>,
    /// What goes with something else that is replaced. Safe to print.
    pub gone: Vec<String>,
    /// What has no fix, and why. Safe to print.
    pub open: Vec<String>,
}

/// One release that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The lockfile, as it is told.
    pub lockfile: String,
    /// What goes.
    pub from: ReleaseId,
    /// What comes.
    pub to: Version,
    /// Why. Safe to print.
    pub why: String,
    /// What else to know, a sentence each. Safe to print.
    pub notes: Vec<String>,
}

/// A project in which something is replaced.
pub(super) struct Project<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Its lockfile.
    pub lockfile: PathBuf,
    /// What that says.
    pub graph: &'a Graph,
    /// What the project and its members ask for.
    pub manifests: &'a [Manifest],
}

/// Shows the change, and writes it where somebody says so. `aloud` leaves the standard output to
/// the report. Gives the exit code, which is `code` where nothing was written.
pub(super) fn main(
    report: &Report,
    root: &Root,
    given: &Given,
    wanted: &Wanted,
    aloud: bool,
    code: u8,
) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start what asks registries")?;
    let under = Under::of(given)?;
    let plan = runtime.block_on(plan(report, root, &under))?;
    let text = shown(&plan);
    match aloud {
        true => say(text.trim_end()),
        false => result(&plain_text(&text))?,
    }
    if plan.edits.is_empty() {
        return Ok(code);
    }
    if !(wanted.yes || agreed()) {
        say("Nothing was written; customs check --fix --yes writes it.");
        return Ok(code);
    }
    plan.edits.write()?;
    say(match plan.commands.is_empty() {
        true => "Written. Install what is locked now, and check again.",
        false => "Written. Run the commands above, and check again.",
    });
    Ok(WRITTEN)
}

/// Whether the person at the terminal agrees. Nobody there is no agreement.
fn agreed() -> bool {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    let mut answer = String::new();
    let asked = std::io::stderr().write_all(b"Write these files? [y/N] ");
    let read = asked.and_then(|()| std::io::stdin().read_line(&mut answer));
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// What would be done about everything that is refused.
///
/// # Errors
/// The policy of a project cannot be read.
async fn plan(report: &Report, root: &Root, under: &Under) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    for subject in &report.subjects {
        let refused = refused(subject);
        let Some(told) = &subject.lockfile else {
            continue;
        };
        if refused.is_empty() {
            continue;
        }
        let folder = root.base.join(&subject.folder);
        let path = root.base.join(told);
        let graph = match lock::graph(&path) {
            Ok(graph) => graph,
            Err(why) => {
                plan.open.push(format!("{}: {why}", printable(told, 300)));
                continue;
            }
        };
        let manifests = lock::manifests(&folder, &graph, &mut plan.open);
        let project = Project {
            folder: &folder,
            lockfile: path,
            graph: &graph,
            manifests: &manifests,
        };
        let (asker, context) = under.open(&folder, &graph.lockfile.entries)?;
        let asking = Asking::new(&asker, context, under.kept());
        all(&asking, &project, told, &refused, &mut plan).await;
    }
    Ok(plan)
}

/// Plans the replacement of everything that is refused in one lockfile.
async fn all(
    asking: &Asking<'_>,
    project: &Project<'_>,
    told: &str,
    refused: &[&OfRelease],
    plan: &mut Plan,
) {
    let mut failed: Vec<(&ReleaseId, Who, String)> = Vec::new();
    // What went from another lockfile still stands in this one.
    let others = plan.gone.len();
    for of in refused {
        let release = &of.release;
        // It went with another one that is replaced.
        let went = format!("{}, ", release.spoken());
        let mut gone = plan.gone.iter().skip(others);
        if gone.any(|one| one.starts_with(&went)) {
            continue;
        }
        let who = asks::who(asking, project, release).await;
        if let Err(why) = one(asking, project, told, of, &who, plan).await {
            failed.push((release, who, why));
        }
    }
    for (release, who, why) in failed {
        let spoken = release.spoken();
        let steps = plan.steps.iter().filter(|step| step.lockfile == told);
        let goes = |name: &str| steps.clone().any(|step| step.from.package.as_str() == name);
        // What a bad release brought along is asked for by nobody when that is replaced.
        let only = who.direct.is_empty() && !who.packages.is_empty();
        if only && who.packages.iter().all(|one| goes(&one.name)) {
            let names: Vec<&str> = who.packages.iter().map(|one| one.name.as_str()).collect();
            let names = printable(&names.join(", "), 200);
            plan.gone
                .push(format!("{spoken}, which only {names} asks for"));
        } else {
            plan.open.push(format!("{spoken}: {why}"));
        }
    }
}

fn refused(subject: &Subject) -> Vec<&OfRelease> {
    let all = subject.policy.iter().flat_map(|policy| &policy.releases);
    all.filter(|one| one.answer == Answer::No).collect()
}

/// Plans the replacement of one release.
async fn one(
    asking: &Asking<'_>,
    project: &Project<'_>,
    told: &str,
    refused: &OfRelease,
    who: &Who,
    plan: &mut Plan,
) -> Result<(), String> {
    let release = &refused.release;
    let entries = project.graph.lockfile.entries.iter();
    let locked = entries.clone().find(|entry| entry.release == *release);
    let locked = locked.ok_or("the lockfile changed while it was looked at")?;
    let (to, mut notes) = instead(asking, locked, who).await?;
    let mut edits = plan.edits.clone();
    let command = match project.graph.kind() {
        kind @ (Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock) => Some(npm::edit(&mut edits, project, kind, release, &to, who)?),
        Kind::RequirementsTxt => {
            let digests = asking.digests(locked, &to).await?;
            let lockfile = &project.lockfile;
            Some(requirements::edit(
                &mut edits, lockfile, release, &to, &digests,
            )?)
        }
        kind @ (Kind::CargoLock | Kind::UvLock | Kind::PoetryLock | Kind::PylockToml) => {
            match entry::edit(&mut edits, asking, project, locked, &to, who).await {
                Ok(gone) => {
                    let with = |what| format!("{what}, which only {} asks for", release.package);
                    plan.gone.extend(gone.into_iter().map(with));
                    None
                }
                Err(why) => Some(entry::by_its_client(kind, release, &to, &why, &mut notes)?),
            }
        }
    };
    plan.edits = edits;
    if let Some(command) = command {
        let command = match folder_of(told) {
            Some(folder) => format!("cd '{}' && {command}", folder.replace('\'', "'\\''")),
            None => command,
        };
        if !plan.commands.contains(&command) {
            plan.commands.push(command);
        }
    }
    let fails = refused
        .told
        .iter()
        .find(|one| one.outcome == Outcome::Fails);
    plan.steps.push(Step {
        lockfile: told.to_owned(),
        from: release.clone(),
        to,
        why: fails.map(|one| one.message.clone()).unwrap_or_default(),
        notes,
    });
    Ok(())
}

fn folder_of(told: &str) -> Option<&str> {
    told.rsplit_once('/').map(|(folder, _)| folder)
}

/// Candidates that are looked at.
const CANDIDATES: usize = 10;

/// The newest version that the gate would offer a resolver, that everybody's range allows, and
/// against which nothing speaks; with what else is to be known of it.
async fn instead(
    asking: &Asking<'_>,
    entry: &Locked,
    who: &Who,
) -> Result<(Version, Vec<String>), String> {
    let release = &entry.release;
    let offered = asking.offered(entry).await?;
    let fits = |version: &&Version| *version != &release.version && who.allows(release, version);
    let candidates: Vec<Version> = offered.iter().filter(fits).cloned().collect();
    for version in candidates.iter().take(CANDIDATES) {
        let mut locked = entry.clone();
        locked.release.version = version.clone();
        locked.digests = asking.digests(entry, version).await?;
        let of = asking.entry(&locked).await;
        // What nobody could look at of a version that the gate would offer is told beside it.
        if of.answer != Answer::No {
            let warnings = of.told.iter().filter(|one| one.outcome == Outcome::Warns);
            let mut notes: Vec<String> = warnings.map(|one| one.message.clone()).collect();
            let open = of.not_checked.iter();
            notes.extend(open.map(|why| format!("of {version} is not checked: {why}")));
            notes.extend(who.note(release));
            return Ok((version.clone(), notes));
        }
    }
    Err(match (offered.len(), candidates.len()) {
        (0, _) => "no version of it is admitted; remove it, or exempt it in the policy".to_owned(),
        (offered, 0) => format!(
            "none of the {offered} admitted versions is in the range that is asked for ({}); widen it, or remove \
             what asks for it",
            who.words()
        ),
        (_, looked) => format!(
            "none of the {} newest versions that could stand in its place is admitted",
            looked.min(CANDIDATES)
        ),
    })
}

/// The plan, for people. Texts of strangers are in it: it is made plain when it is written.
pub(super) fn shown(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.steps.is_empty() && plan.open.is_empty() {
        out.push_str("Nothing of it is refused, so there is nothing to fix.\n");
        return out;
    }
    // Writing to a string cannot fail, here and below.
    let mut lockfile = "";
    for step in &plan.steps {
        if lockfile != step.lockfile {
            lockfile = &step.lockfile;
            let _ = writeln!(out, "The smallest change for {}", printable(lockfile, 300));
        }
        let _ = writeln!(out, "  {} → {}", step.from.spoken(), step.to);
        let _ = writeln!(out, "    because {}", step.why);
        for note in &step.notes {
            let _ = writeln!(out, "    note: {note}");
        }
    }
    out.push_str(&plan.edits.shown());
    if !plan.commands.is_empty() {
        out.push_str(
            "Then let the package manager lock again; no script of a package is run by it\n",
        );
        for command in &plan.commands {
            let _ = writeln!(out, "  {command}");
        }
    }
    if !plan.gone.is_empty() {
        out.push_str(
            "Goes with it, if the other version does not ask for it; the next check tells\n",
        );
        for what in &plan.gone {
            let _ = writeln!(out, "  {what}");
        }
    }
    if !plan.open.is_empty() {
        out.push_str("Without a fix\n");
        for why in &plan.open {
            let _ = writeln!(out, "  {why}");
        }
    }
    out
}

/// Whether both are of the same release line, where no range says which versions will do.
fn same_line(ecosystem: Ecosystem, a: &str, b: &str) -> bool {
    use customs_ecosystem::{cargo, npm, pypi};
    match ecosystem {
        Ecosystem::Npm => {
            let line = |text: &str| npm::NpmVersion::parse(text).map(|it| npm::release_line(&it));
            line(a).is_some() && line(a) == line(b)
        }
        Ecosystem::PyPi => {
            pypi::release_line(a).is_some() && pypi::release_line(a) == pypi::release_line(b)
        }
        Ecosystem::Cargo => {
            cargo::release_line(a).is_some() && cargo::release_line(a) == cargo::release_line(b)
        }
    }
}
