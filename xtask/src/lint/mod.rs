//! `cargo xtask lint`: everything that is judged without running a test. All checks run, so
//! that one call tells everything.

mod dependencies;
mod files;
mod floors;
mod forbidden;
mod size;

use crate::error::Error;
use crate::workspace::{Workspace, words};
use files::Tracked;
use std::process::{Command, Stdio};

/// All checks.
pub fn all(workspace: &Workspace) -> Result<(), Error> {
    let mut report = Report::default();
    own_checks(workspace, &mut report)?;
    report.command(
        "formatting",
        &mut workspace.cargo(&["fmt", "--all", "--check"]),
    );
    report.command(
        "clippy",
        &mut workspace.cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]),
    );
    report.command(
        "documentation",
        workspace
            .cargo(&["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    licences(workspace, &mut report);
    report.close()
}

/// The checks that are the house's own.
pub fn own(workspace: &Workspace) -> Result<(), Error> {
    let mut report = Report::default();
    own_checks(workspace, &mut report)?;
    report.close()
}

fn own_checks(workspace: &Workspace, report: &mut Report) -> Result<(), Error> {
    let tracked = Tracked::read(workspace)?;
    let places = forbidden::find(&tracked, &forbidden::rules(workspace.root()));
    report.places("no registry host and no path of a machine", &places);
    report.places(
        "crates import from lower floors only",
        &floors::check(workspace.root())?,
    );
    report.places(
        "every dependency is told",
        &dependencies::check(workspace.root())?,
    );
    report.note(&size::report(&tracked));
    for file in tracked.not_read() {
        report.note(&format!(
            "{file}: not checked for hosts and paths, because it is too large"
        ));
    }
    Ok(())
}

/// Licences, banned crates and sources, as `deny.toml` wants them. The tool takes minutes to
/// compile, so it is used where it is and missed out loud where it is not.
fn licences(workspace: &Workspace, report: &mut Report) {
    let there = workspace
        .cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if there {
        report.command(
            "licences and sources",
            &mut workspace.cargo(&["deny", "check", "licenses", "bans", "sources"]),
        );
    } else {
        report.note(
            "licences and sources: not checked, because cargo-deny is not installed \
             (cargo install --locked cargo-deny)",
        );
    }
}

/// What the checks said so far.
#[derive(Default)]
struct Report {
    passed: Vec<String>,
    broken: Vec<String>,
}

impl Report {
    /// A check that is a command.
    fn command(&mut self, name: &str, command: &mut Command) {
        eprintln!("lint: {}", words(command));
        match command.stdin(Stdio::null()).status() {
            Ok(status) if status.success() => self.passed.push(name.to_owned()),
            Ok(_) => self.broken.push(name.to_owned()),
            Err(error) => {
                eprintln!("lint: {name}: cannot start `{}`: {error}", words(command));
                self.broken.push(name.to_owned());
            }
        }
    }

    /// A check that lists the places that break it.
    fn places(&mut self, name: &str, places: &[String]) {
        for place in places {
            eprintln!("lint: {place}");
        }
        if places.is_empty() {
            &mut self.passed
        } else {
            &mut self.broken
        }
        .push(name.to_owned());
    }

    /// Something to know that breaks nothing.
    fn note(&self, text: &str) {
        println!("lint: {text}");
    }

    fn close(self) -> Result<(), Error> {
        if self.broken.is_empty() {
            println!("lint: good: {}", self.passed.join("; "));
            return Ok(());
        }
        Err(Error::Checks(format!(
            "lint: to mend: {}",
            self.broken.join("; ")
        )))
    }
}
