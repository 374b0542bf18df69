//! `cargo xtask test`: the tools, the program, then every test.
//!
//! Plain `cargo test`, since other runners leave out the examples in the documentation.
//! The end-to-end tests find what they drive in the environment: `CUSTOMS_BIN` is the
//! built program, `CUSTOMS_TOOLS` the folder of the package managers.

use crate::bench::finish;
use crate::error::Error;
use crate::tools;
use crate::workspace::{Workspace, words};
use serde::Deserialize;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// What is off in the program and tested with everything else. The rest
/// that stands behind a feature has steps of its own.
const FEATURES: [&str; 2] = ["--features", "customs/postgres,customs/nats"];

/// Runs the tests; `arguments` stand in place of `--workspace`.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    let tools = tools::install(workspace)?;
    // Some tests read what crates ship with, and ask cargo where that is: it answers without the network
    // only where all crates of the lockfile are there, those for other systems as well.
    finish(&mut workspace.cargo(&["fetch", "--locked", "--quiet"]))?;
    let mut command = workspace.cargo(&["test"]);
    let program = if arguments.is_empty() {
        command.args(["--workspace", "--no-fail-fast"]);
        command.args(FEATURES);
        build(workspace, &FEATURES)?
    } else {
        command.args(arguments);
        build(workspace, &[])?
    };
    command
        .env("CUSTOMS_TOOLS", tools)
        .env("CUSTOMS_BIN", program);

    let mut totals = Totals::default();
    let status = lines(&mut command, |line| {
        let mut out = io::stdout().lock();
        out.write_all(line)
            .and_then(|()| out.flush())
            .map_err(Error::io("write", Path::new("stdout")))?;
        totals.take(&String::from_utf8_lossy(line));
        Ok(())
    })?;
    println!("\n{totals}");
    if !status.success() {
        return Err(Error::Failed {
            command: words(&command),
            status,
        });
    }
    if arguments.is_empty() && totals.passed == 0 {
        return Err(Error::Checks("no test ran; that is no success".to_owned()));
    }
    Ok(())
}

/// Builds `customs` and says where it is. The whole workspace is selected, because cargo then
/// resolves features as it does for the tests and compiles each dependency once.
pub fn build(workspace: &Workspace, features: &[&str]) -> Result<PathBuf, Error> {
    let mut command = workspace.cargo(&[
        "build",
        "--workspace",
        "--bin=customs",
        "--message-format=json-render-diagnostics",
    ]);
    command.args(features);
    let mut program = None;
    let status = lines(&mut command, |line| {
        program = executable(line).or(program.take());
        Ok(())
    })?;
    if !status.success() {
        return Err(Error::Failed {
            command: words(&command),
            status,
        });
    }
    program.ok_or_else(|| Error::Config {
        path: workspace.root().join("crates/cli/Cargo.toml"),
        why: "cargo built it and named no program `customs`".to_owned(),
    })
}

/// Runs a command and hands over its stdout line by line; its stderr goes where ours goes.
fn lines(
    command: &mut Command,
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<ExitStatus, Error> {
    let cargo = Path::new("cargo");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::io("start", cargo))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .map_err(Error::io("read from", cargo))?
            > 0
        {
            take(&line)?;
            line.clear();
        }
    }
    child.wait().map_err(Error::io("wait for", cargo))
}

#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The program, when this line of cargo's messages is the one that names it.
fn executable(line: &[u8]) -> Option<PathBuf> {
    let message: Message = serde_json::from_slice(line).ok()?;
    (message.target?.name == "customs").then_some(message.executable)?
}

/// What all test programs said together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Totals {
    /// Adds the closing line of one test program; other lines say nothing.
    fn take(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_all_test_programs_are_added_up() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests\n",
            "test a ... ok\n",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s\n",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 12.34s\n",
        ] {
            totals.take(line);
        }
        insta::assert_snapshot!(totals, @"4 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn the_program_is_the_one_that_cargo_names() {
        let line = br#"{"reason":"compiler-artifact","target":{"name":"customs","kind":["bin"]},"executable":"/t/debug/customs"}"#;
        assert_eq!(executable(line), Some(PathBuf::from("/t/debug/customs")));
        let library = br#"{"reason":"compiler-artifact","target":{"name":"customs_model"},"executable":null}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(b"not json"), None);
    }
}
