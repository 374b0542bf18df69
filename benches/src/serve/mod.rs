//! `customs gate` as a server for many: how fast it is beside nginx with the same bytes, how many
//! deliveries its ledger takes, how soon an advisory counts, how much memory it needs.

mod advisory;
mod ledger;
mod load;
mod memory;
mod nginx;
mod page;
mod peer;
mod team;
mod upstream;

use crate::error::Error;
use crate::report::Part;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Rounds of what is measured beside nginx.
const ROUNDS: usize = 5;
/// Minutes of mixed load.
const MINUTES: u64 = 10;
/// Packages that are decided again.
const PACKAGES: usize = 100_000;
/// Deliveries in the ledger of the page.
const DELIVERIES: usize = 1_000_000;
/// Connections of the load.
const CONNECTIONS: usize = 8;

/// Arguments of `bench serve`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Which parts; all without one
    #[arg(value_enum)]
    parts: Vec<Measure>,
    /// How often each is measured beside nginx
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// Minutes of mixed load in which memory is watched
    #[arg(long, default_value_t = MINUTES)]
    minutes: u64,
    /// Packages that are decided again after a new advisory
    #[arg(long, default_value_t = PACKAGES)]
    packages: usize,
    /// Deliveries in the ledger that the page is asked over
    #[arg(long, default_value_t = DELIVERIES)]
    deliveries: usize,
    /// Short and small; nothing is written
    #[arg(long)]
    pub quick: bool,
    /// The built program
    #[arg(long, env = "CUSTOMS_BIN", hide = true)]
    pub program: PathBuf,
    /// The document that keeps the tables
    #[arg(long, default_value = "docs/benchmarks.md", hide = true)]
    pub document: PathBuf,
}

/// A part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Documents, artifacts and 304 answers beside nginx with the same bytes
    Peer,
    /// Recorded deliveries in a second, and how soon they are on disk
    Ledger,
    /// How soon a new advisory counts, and what deciding anew takes
    Advisory,
    /// Memory with a thousand readers who take nothing, and under a mixed load
    Memory,
    /// The page over a large ledger
    Page,
}

impl Arguments {
    /// The parts that are asked for.
    pub fn parts(&self) -> Vec<Measure> {
        match self.parts.is_empty() {
            true => Measure::value_variants().to_vec(),
            false => self.parts.clone(),
        }
    }

    /// The command line that measures a part again, without paths of this machine.
    pub fn command(&self, part: &Part) -> String {
        let name = part.name.trim_start_matches("serve-");
        let mut text = format!("cargo xtask bench serve {name}");
        if self.quick {
            text += " --quick";
        }
        let numbers = [
            ("rounds", self.rounds, ROUNDS),
            ("minutes", self.minutes as usize, MINUTES as usize),
            ("packages", self.packages, PACKAGES),
            ("deliveries", self.deliveries, DELIVERIES),
        ];
        for (name, number, usual) in numbers {
            if number != usual {
                text += &format!(" --{name} {number}");
            }
        }
        text
    }
}

/// Measures one part.
pub async fn measure(
    measure: Measure,
    arguments: &Arguments,
    program: &Path,
) -> Result<Part, Error> {
    match measure {
        Measure::Peer => peer::measure(program, arguments).await,
        Measure::Ledger => ledger::measure(program, arguments).await,
        Measure::Advisory => advisory::measure(program, arguments).await,
        Measure::Memory => memory::measure(program, arguments).await,
        Measure::Page => page::measure(program, arguments).await,
    }
}
