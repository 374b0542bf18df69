//! How long it takes to say whether what lies here is what was meant: an installed tree beside the
//! least that any check must do with the same files, and the pieces that the other questions are
//! made of.

mod artifacts;
pub mod floor;
mod pieces;
mod project;
mod rows;
mod tree;

use crate::error::Error;
use crate::report::Part;
use std::path::{Path, PathBuf};

const ROUNDS: usize = 7;

/// Arguments of `bench verify`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How often each is measured
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// A small tree and two rounds; nothing is written
    #[arg(long)]
    pub quick: bool,
    /// The built program
    #[arg(long, env = "CUSTOMS_BIN", hide = true)]
    pub program: PathBuf,
    /// The document that keeps the tables
    #[arg(long, default_value = "docs/benchmarks.md", hide = true)]
    pub document: PathBuf,
}

impl Arguments {
    /// The command line that measures the same again, without paths of this machine.
    pub fn command(&self) -> String {
        let mut text = "cargo xtask bench verify".to_owned();
        if self.quick {
            text += " --quick";
        }
        if self.rounds != ROUNDS {
            text += &format!(" --rounds {}", self.rounds);
        }
        text
    }
}

/// Measures.
pub async fn measure(arguments: &Arguments, program: &Path) -> Result<Part, Error> {
    let rounds = match arguments.quick {
        true => 2,
        false => arguments.rounds.max(1),
    };
    eprintln!("bench: verify: the pieces …");
    let pieces = pieces::measure(rounds)?;
    eprintln!("bench: verify: installing a project …");
    let project = project::install(arguments.quick).await?;
    eprintln!("bench: verify: the tree …");
    let tree = tree::measure(program, &project, rounds).await?;
    eprintln!("bench: verify: what artifacts say …");
    let artifacts = artifacts::measure(program, &project, rounds).await?;
    let mut rows = rows::of_tree(&tree);
    rows.extend(rows::of_artifacts(&artifacts));
    rows.extend(rows::of_pieces(&pieces));
    Ok(Part {
        name: "verify",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes: rows::notes(&project, &tree, &artifacts),
    })
}
