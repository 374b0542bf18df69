//! Attacks that were not used to build the engine: `calibration/attacks/*.txt`.
//!
//! Somebody who had read of the incidents and not the engine wrote them down, as an attacker would who
//! knows that programs read his code, and honest twins beside a third of them. Shapes are what the
//! engine was built for; these say what it finds of what it was not built for, until it is.

use crate::shapes::{Case, judged, load};
use crate::stats::Count;
use crate::{Error, workers};
use customs_model::Standing;
use std::collections::BTreeMap;
use std::path::Path;

/// Judges all of them and prints what became of them.
///
/// # Errors
/// The folder cannot be read.
pub fn report(folder: &Path, all: bool) -> Result<(), Error> {
    let cases = load(folder)?;
    let standings = workers(&cases, judged);
    let mut rows: BTreeMap<(bool, String), Vec<(&Case, Standing)>> = BTreeMap::new();
    for (case, standing) in cases.iter().zip(standings) {
        let (file, _) = case.id.split_once('#').unwrap_or((&case.id, ""));
        let row = (!case.malicious, file.to_owned());
        rows.entry(row).or_default().push((case, standing));
    }
    println!("| | Packages | Malicious | Suspicious | Not judged | Clean |");
    println!("|---|---|---|---|---|---|");
    for kind in [false, true] {
        let mut sum = Vec::new();
        for ((_, file), cases) in rows.iter().filter(|((benign, _), _)| *benign == kind) {
            let what = if kind { "honest twins" } else { "attacks" };
            println!("{}", row(&format!("{what}, `{file}`"), cases));
            sum.extend(cases.iter().copied());
        }
        let what = if kind {
            "**honest twins**"
        } else {
            "**attacks**"
        };
        println!("{}", row(what, &sum));
    }
    for (case, standing) in rows.values().flatten() {
        let wanted = if case.malicious {
            Standing::Malicious
        } else {
            Standing::Clean
        };
        if all && *standing != wanted {
            println!("{} {:?}: {}", case.id, standing, case.what);
        }
    }
    Ok(())
}

fn row(what: &str, cases: &[(&Case, Standing)]) -> String {
    let mut row = format!("| {what} | {} |", cases.len());
    for standing in [
        Standing::Malicious,
        Standing::Suspicious,
        Standing::NotJudged,
        Standing::Clean,
    ] {
        let count = Count::of(cases, |(_, of)| *of == standing);
        row.push_str(&format!(" {} |", count.shown()));
    }
    row
}
