//! `customs policy`: why a release is held, what another policy would change, and exemptions
//! while gates run.

mod exempt;
mod explain;
mod memory;
mod test;
mod under;
mod who;

use crate::error::Failure;

/// Arguments of `customs policy`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Which releases of a package policy offers now, and why each of the others is held.
    ///
    /// Examples: customs policy explain axios · customs policy explain pkg:pypi/requests@2.32.0 ·
    /// customs policy explain axios --config customs-gate.toml --token ci-main
    ///
    /// Exit codes: 0 offered (of a package: something of it), 1 held or blocked, 3 not known.
    Explain(explain::Arguments),
    /// What would change if another policy, or further advisories, were in force: the deliveries
    /// and refusals of the last days, judged again.
    ///
    /// Example: customs policy test --policy stricter.toml --days 14
    ///
    /// Exit codes: 0 nothing would change, 1 something would, 3 it is not known of everything
    /// and nothing else would change, or nothing is recorded.
    Test(test::Arguments),
    /// Exempt a release from rules, for a reason, until an end; list exemptions; end one.
    ///
    /// Examples:
    ///   customs policy exempt left-pad@1.3.0 --rule version-age --reason "hot fix, reviewed" \
    ///     --owner platform@acme.example --until 2027-01-15
    ///   customs policy exempt --list
    ///   customs policy exempt --end EX-1a2b3c4d5e
    ///   customs policy exempt --list --gate URL --token-file token
    ///
    /// It counts for every run of this gate, also for those that are open, until its end. Each
    /// change is a record of the ledger. An agent may not; who may say `[roles]` of the policy.
    #[command(verbatim_doc_comment)]
    Exempt(exempt::Arguments),
}

/// Does it.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Explain(arguments) => explain::main(&arguments),
        Command::Test(arguments) => test::main(&arguments),
        Command::Exempt(arguments) => exempt::main(&arguments),
    }
}
