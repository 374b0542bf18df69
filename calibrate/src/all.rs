//! Everything that is measured of the judgement, in one run: held against its bars, and
//! written into `docs/detection.md`.

use crate::budgets::{Set, Spending};
use crate::document::keep;
use crate::population::Population;
use crate::releases::Releases;
use crate::score::{Scored, Seen};
use crate::shapes::Shapes;
use crate::stats::Count;
use crate::transformed::Transformed;
use crate::{Error, bars, population, releases, shapes, tables, transformed};
use customs_model::Standing;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// T, what many people install: the lists, and how many artifacts each must hold.
pub const POPULAR: [(&str, usize); 3] = [
    ("npm-popular", 3_500),
    ("pypi-popular", 300),
    ("crates-popular", 1_000),
];
/// H, what looks guilty.
const HARD: [&str; 2] = ["npm-hard", "pypi-hard"];
/// R, adjacent releases.
pub const RELEASES: &str = "npm-releases";

/// Arguments of `cargo xtask calibrate all`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only about so many archives and pairs of each list; nothing is written then
    #[arg(long)]
    take: Option<usize>,
    /// About so many chains of two transforms, and so many of three
    #[arg(long, default_value_t = 1500)]
    chains: usize,
    /// Chooses the chains and what they choose
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder of the lists
    #[arg(long, default_value = "calibration")]
    lists: PathBuf,
    /// The folder of their archives
    #[arg(long, default_value = "target/calibration/files")]
    files: PathBuf,
    /// The folder of the shapes
    #[arg(long, default_value = "crates/inspect/shapes")]
    shapes: PathBuf,
    /// The document that keeps the tables
    #[arg(long, default_value = "docs/detection.md", hide = true)]
    document: PathBuf,
}

/// All that was measured.
pub struct Measured {
    /// T.
    pub popular: Vec<Population>,
    /// H.
    pub hard: Vec<Population>,
    /// R.
    pub releases: Releases,
    /// The shapes of attacks, and their twins.
    pub shapes: Shapes,
    /// The same, transformed.
    pub transformed: Transformed,
    /// What all of them score.
    pub scored: Scored,
    /// Whether everything was taken.
    pub whole: bool,
}

impl Measured {
    /// How many of a set stand so.
    pub fn count(lists: &[Population], standing: Standing) -> Count {
        lists.iter().map(|list| list.count(standing)).sum()
    }

    /// What each rule spends of its budget.
    pub fn spending(&self) -> Spending {
        let mut spending = Spending::default();
        for (set, lists) in [(Set::Popular, &self.popular), (Set::Hard, &self.hard)] {
            for row in lists.iter().flat_map(|list| &list.rows) {
                spending.add(set, &row.name, &row.said);
            }
        }
        for outcome in &self.releases.outcomes {
            spending.add(Set::Releases, &outcome.file, &outcome.said);
        }
        spending
    }

    /// Archives and pairs that are not there.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.popular
            .iter()
            .chain(&self.hard)
            .flat_map(|list| &list.missing)
            .chain(&self.releases.missing)
            .map(String::as_str)
    }
}

/// Measures everything, prints one report, and keeps its tables where everything was taken.
///
/// # Errors
/// Something cannot be read, or a figure misses its bar.
pub fn report(arguments: &Arguments) -> Result<(), Error> {
    let measured = measure(arguments)?;
    let bars = bars::judge(&measured);
    let parts = tables::parts(&measured, &bars);
    for part in &parts {
        println!("\n### {}\n\n{}", part.name, part.text.trim());
    }
    for name in measured.missing().take(20) {
        println!("not there: {name}");
    }
    if measured.whole {
        keep(&arguments.document, &parts)?;
    }
    match bars.iter().filter(|bar| bar.holds == Some(false)).count() {
        0 => Ok(()),
        missed => Err(Error::Bars(missed)),
    }
}

fn measure(arguments: &Arguments) -> Result<Measured, Error> {
    let list = |name: &str| arguments.lists.join(format!("{name}.list"));
    let population = |name: &str| {
        eprintln!("calibrate: {name} …");
        population::measure(&list(name), &arguments.files, arguments.take)
    };
    let popular: Vec<Population> = POPULAR
        .iter()
        .map(|(name, _)| population(name))
        .collect::<Result<_, _>>()?;
    let hard: Vec<Population> = HARD
        .iter()
        .map(|name| population(name))
        .collect::<Result<_, _>>()?;
    eprintln!("calibrate: {RELEASES} …");
    let releases = releases::measure(&list(RELEASES), &arguments.files, arguments.take)?;
    eprintln!("calibrate: shapes …");
    let shapes = shapes::measure(&arguments.shapes, None)?;
    eprintln!("calibrate: transformed …");
    let chains = arguments
        .take
        .map_or(arguments.chains, |take| take.min(arguments.chains));
    let transformed = transformed::measure(&arguments.shapes, None, chains, arguments.seed)?;
    eprintln!("calibrate: score …");
    // What stands on two lists is one package.
    let honest: BTreeMap<&str, &Seen> = popular
        .iter()
        .chain(&hard)
        .flat_map(|list| &list.rows)
        .map(|row| (row.name.as_str(), &row.seen))
        .collect();
    let honest = honest.into_values().cloned().collect();
    let scored = Scored::beside(honest, &arguments.shapes)?;
    Ok(Measured {
        popular,
        hard,
        releases,
        shapes,
        transformed,
        scored,
        whole: arguments.take.is_none(),
    })
}
