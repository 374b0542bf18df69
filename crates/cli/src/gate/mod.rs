//! `customs gate`: the process that serves. For one user it is started by `customs run` and joined
//! by the next; for a team it is started by whatever runs services, with a config file.

mod ask;
mod backup;
mod config;
pub mod evidence;
mod files;
mod heads;
mod keep;
mod live;
mod local;
mod read;
mod schema;
mod server;
mod setup;
mod shelf;
mod token;

use crate::error::Failure;
use crate::place::Place;
use std::path::PathBuf;

pub use ask::RemoteGate;
pub use keep::settle;
pub use live::Live;

/// Arguments of `customs gate`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Serve a team, as this file says; docs/team.md has all of its keys. Without it the gate of
    /// one user is started, which is what `customs run` does.
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG")]
    config: Option<PathBuf>,
    /// Read the config and everything that it names, say what is wrong with it, and serve nothing.
    #[arg(long, requires = "config")]
    check: bool,
    /// End by itself when no run is open and nothing was asked for so many seconds.
    #[arg(long, default_value_t = 600, conflicts_with = "config", hide = true)]
    linger: u64,
    #[command(flatten)]
    place: Place,
}

/// What else `customs gate` does.
#[derive(clap::Subcommand)]
enum What {
    /// The JSON schema of the config file, or of the file of tokens.
    Schema(schema::Arguments),
    /// Make a token, and what to write into the file of tokens.
    ///
    /// Example: customs gate token ci-main --for 90d --to /etc/customs/tokens.toml
    Token(token::Arguments),
    /// Point this user's package managers at a team's gate, or take that back.
    ///
    /// Shows what it would write; --write writes it, --undo puts back byte for byte what was there.
    ///
    /// Example: customs gate setup https://gate.example:8443 --token-file token --write
    #[allow(rustdoc::bare_urls, reason = "it is read in a terminal")]
    Setup(setup::Arguments),
    /// Copy ledger, memory, artifacts and lists into a folder, while gates serve.
    ///
    /// Example: customs gate backup /backup/2026-11-30 --config customs-gate.toml
    Backup(backup::Arguments),
    /// Make ledger, memory, artifacts and lists of a backup, where nothing is recorded yet.
    ///
    /// Everything is held against its digest, and the chains are followed. What was recorded after the
    /// backup is marked as a gap.
    Restore(backup::RestoreArguments),
    /// Remove artifacts and lists by age and size, and old records of the ledger; never what was
    /// delivered in the last 30 days.
    ///
    /// Example: customs gate gc --age 90d --size 50GB --dry-run
    Gc(keep::Arguments),
}

/// Serves until told to stop, or does what was asked for.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    match (arguments.what, arguments.config) {
        (Some(What::Schema(of)), _) => schema::main(&of),
        (Some(What::Token(of)), _) => token::main(&of),
        (Some(What::Setup(of)), _) => setup::main(&of),
        (Some(What::Backup(of)), _) => backup::main(&of),
        (Some(What::Restore(of)), _) => backup::restore_main(&of),
        (Some(What::Gc(of)), _) => keep::main(&of),
        (None, Some(config)) if arguments.check => server::check(&config),
        (None, Some(config)) => server::main(&config, &arguments.place),
        (None, None) => local::main(&arguments.place, arguments.linger),
    }
}
