//! The chores of the project: `cargo xtask CHORE`.
//!
//! | Chore | What it does |
//! |---|---|
//! | `tools` | puts the pinned package managers into `target/tools` |
//! | `test` | `tools`, the `customs` binary, then every test |
//! | `lint` | formatting, clippy, documentation, licences, and the house's own checks |
//! | `tables` | replays every scenario and writes `docs/replay.md` |
//! | `ci` | `lint`, then `test` |
//! | `calibrate` | the judgement, measured: shapes of attacks, and lists of real packages; `fetch` gets these |
//! | `bench` | the release program, measured: `docs/benchmarks.md` |
//! | `conformance` | real attestations of others, and folders of Sigstore's public cases |
//! | `trees` | real projects, installed, built, tested and served, then verified |
//! | `team` | two gates on PostgreSQL and S3, the eight clients through them, and one gate killed |

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who called it"
)]

mod bench;
mod calibrate;
mod conformance;
mod error;
mod lint;
mod tables;
mod team;
mod test;
mod tools;
mod trees;
mod workspace;

use clap::{Parser, Subcommand};
use error::Error;
use std::process::ExitCode;
use workspace::Workspace;

/// The chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Put the pinned package managers into target/tools (nothing to do: nothing done)
    Tools,
    /// Get the tools, build customs, run every test of the workspace
    Test {
        /// Arguments for `cargo test`; given, they stand in place of `--workspace`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check formatting, clippy, documentation, licences and the house's own rules
    Lint {
        /// Only the house's own rules: needs no compiler, takes a second
        #[arg(long)]
        own: bool,
    },
    /// Replay every scenario and write docs/replay.md
    Tables,
    /// What continuous integration runs: lint, then test
    Ci,
    /// Measure the judgement: `calibrate fetch`, then `calibrate all`
    Calibrate {
        /// Arguments for the calibration; `--help` tells them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Hold the evidence of others against what each case asks for
    Conformance(conformance::Arguments),
    /// Install, build, test and serve real projects, and check that every difference is explained
    Trees(trees::Arguments),
    /// Start two gates on PostgreSQL and S3, run the clients through them, kill one gate
    Team(team::Arguments),
    /// Build the release program and measure it: `bench gate [PART…]`, `bench inspect [LIST…]`, `bench verify`
    Bench {
        /// Arguments for the benchmarks; `--help` tells them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<(), Error> {
    let workspace = Workspace::find()?;
    match chore {
        Chore::Tools => {
            let tools = tools::install(&workspace)?;
            println!("{}", tools.display());
            Ok(())
        }
        Chore::Test { arguments } => test::run(&workspace, &arguments),
        Chore::Lint { own: true } => lint::own(&workspace),
        Chore::Lint { own: false } => lint::all(&workspace),
        Chore::Ci => {
            lint::all(&workspace)?;
            test::run(&workspace, &[])
        }
        Chore::Tables => tables::write(&workspace),
        Chore::Calibrate { arguments } => calibrate::run(&workspace, &arguments),
        Chore::Conformance(arguments) => conformance::run(&workspace, &arguments),
        Chore::Trees(arguments) => trees::run(&workspace, &arguments),
        Chore::Team(arguments) => team::run(&workspace, &arguments),
        Chore::Bench { arguments } => bench::run(&workspace, &arguments),
    }
}
