//! `customs check --fix`: the smallest change after which the lockfile holds nothing that policy
//! refuses. It is shown first, with why; files are written only where somebody says so, and no
//! package manager is run: manifests are edited for npm's family, whose clients lock again, and
//! the lockfiles themselves for cargo and Python where nothing else has to move.

mod after;
mod asks;
mod edits;
mod entry;
mod npm;
mod planning;
mod requirements;
#[cfg(test)]
mod tests;

use super::policy::{Given, Under};
use super::report::Report;
use super::root::Root;
use crate::error::{Doing as _, Failure};
use crate::output::{plain_text, result, say};
use after::Replaced;
use customs_ecosystem::lockfile::{Graph, Manifest};
use customs_model::{Ecosystem, ReleaseId, Version, printable};
use edits::Edits;
use planning::plan;
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
    /// What that says, after what was replaced so far.
    pub graph: Graph,
    /// What the project and its members ask for.
    pub manifests: &'a [Manifest],
    /// What was replaced so far.
    pub replaced: Vec<Replaced>,
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
