//! `customs`: a registry firewall, and what else keeps a machine's dependencies honest.
//!
//! This file is the table of what the program can do; each command has a file.

mod client;
mod collect;
mod daemon;
mod diff;
mod doctor;
mod error;
mod evidence;
mod explain;
mod gate;
mod included;
mod inspect;
#[cfg(test)]
mod integrations;
mod ledger;
mod link;
mod lockfiles;
mod output;
mod paths;
mod place;
mod policy;
mod process;
mod progress;
mod replay;
mod run;
mod safe;
#[cfg(test)]
mod sarif_form;
mod shim;
#[cfg(test)]
#[path = "../../../fuzz/src/short.rs"]
mod short;
mod stop;
mod trust;
mod verify;
mod watch;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Reading code is many small pieces of memory, made and given back on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every install goes through customs: only releases that policy admits are offered,
/// only bytes that were verified are delivered.
#[derive(Parser)]
#[command(name = "customs", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 nothing to object to · 1 findings or broken · 2 usage · \
3 nothing to check · 4 could not do the work · 5 `check --fix` wrote changes. `run` returns its command's code; 125, 126 and 127 \
when customs itself fails, the command cannot run, or is not found.";

#[derive(Subcommand)]
enum Command {
    /// Run a command with every package manager in it pointed at the gate.
    ///
    /// Example: customs run -- npm install
    Run(run::Arguments),
    /// What the code of a release, archive, folder or whole project can do, read without running it.
    ///
    /// Exit codes: 0 clean, 1 suspicious or malicious, 3 not judged.
    Inspect(inspect::Arguments),
    /// What a release can do that the one before it could not, and the code that changed.
    ///
    /// Example: customs diff axios@1.14.0 axios@1.14.1
    ///
    /// Exit codes: 0 nothing new, 1 malicious, or suspicious with something new, 3 not judged.
    Diff(diff::Arguments),
    /// Follow the packages of lockfiles; inspect each new release as it appears.
    ///
    /// Example: customs watch --log releases.jsonl package-lock.json
    Watch(watch::Arguments),
    /// Prove that each installed client really goes through the gate.
    Doctor(doctor::Arguments),
    /// Ask the ledger: who received a release, and is it intact.
    Ledger(ledger::Arguments),
    /// Whether the paths of a report stand in an artifact, looked up without the engine.
    ///
    /// Example: customs evidence report.json left-1.0.1.tgz
    ///
    /// Exit codes: 0 nothing is contradicted, 1 something is.
    Evidence(evidence::Arguments),
    /// Whether what lies here is what was meant to be here: installed files, lockfiles, origin.
    ///
    /// Asks no network. Compares every installed file with the artifact that the lockfile names,
    /// as far as a copy of it lies on this computer (the gate's store, the package manager's
    /// cache, each copy hashed again). Nothing of a package is run.
    ///
    /// Examples:
    ///   customs verify
    ///   customs verify --deep --caches web services/api
    ///   customs verify --base origin/main --format markdown
    ///   customs verify --pin
    ///
    /// Exit codes: 0 no answer is no (what was not checked is listed and counted), 1 an answer is
    /// no, with --strict also where something was not checked, 2 usage, 3 nothing to check, 4 the
    /// work could not be done (customs.lock or a trust root cannot be read).
    #[command(verbatim_doc_comment)]
    Verify(verify::Arguments),
    /// For CI: the same as `verify`, with artifacts and evidence fetched, and whether policy admits
    /// what is locked: the gate's own judgement of each release, with the verdicts that were kept.
    ///
    /// Examples:
    ///   customs check
    ///   customs check --advisories osv/npm.zip --policy policy.toml
    ///   customs check --fix
    ///   customs check --strict --format sarif > customs.sarif
    ///   customs check --base "$BASE" --format markdown
    ///
    /// Exit codes: as those of `verify`; with --fix also 5, changes were written: run the commands
    /// that were shown and check again.
    #[command(verbatim_doc_comment)]
    Check(verify::check::CheckArguments),
    /// What proofs of origin are verified with, and how old it is.
    ///
    /// Example: customs trust show
    Trust(trust::Arguments),
    /// What exactly a project contains: every package, artifact and file, where it comes from, and
    /// what is newly included.
    ///
    /// Examples: customs included · customs included --json --output record.json ·
    /// customs included --compare record.json · customs included --format vsa --key KEY
    ///
    /// Exit codes: 0 nothing to object to, 1 an answer is no (with --compare: what is new needs a
    /// reviewer; with --format vsa: FAILED), 3 nothing is there.
    Included(included::Arguments),
    /// Why a release is held, what another policy would change, and exemptions while gates run.
    Policy(policy::Arguments),
    /// What a rule means, why it is there and how to live with it.
    Explain(explain::Arguments),
    /// Replay an attack with inert packages, with and without the gate.
    Replay(replay::Arguments),
    /// The gate itself: `customs run` starts one for this user; with --config one serves a team.
    ///
    /// Example: customs gate --config customs-gate.toml
    Gate(gate::Arguments),
    /// Put named artifacts into a folder; `cargo xtask calibrate fetch` calls it.
    #[command(hide = true)]
    Collect(collect::Arguments),
}

fn main() -> ExitCode {
    // Called under a package manager's name: point it at the gate and step aside.
    if let Some(code) = shim::stand_in() {
        return code;
    }
    match Arguments::parse().command {
        Command::Run(arguments) => run::main(arguments),
        Command::Inspect(arguments) => output::end(inspect::main(arguments)),
        Command::Diff(arguments) => output::end(diff::main(arguments)),
        Command::Watch(arguments) => output::end(watch::main(arguments)),
        Command::Doctor(arguments) => output::end(doctor::main(arguments)),
        Command::Ledger(arguments) => output::end(ledger::main(arguments)),
        Command::Evidence(arguments) => output::end(evidence::main(&arguments)),
        Command::Verify(arguments) => output::end(verify::main(arguments)),
        Command::Check(arguments) => output::end(verify::check::main(arguments)),
        Command::Trust(arguments) => output::end(trust::main(arguments)),
        Command::Included(arguments) => output::end(included::main(arguments)),
        Command::Policy(arguments) => output::end(policy::main(arguments)),
        Command::Explain(arguments) => output::end(explain::main(&arguments)),
        Command::Replay(arguments) => output::end(replay::main(arguments)),
        Command::Gate(arguments) => output::end(gate::main(arguments)),
        Command::Collect(arguments) => output::end(collect::main(arguments)),
    }
}
