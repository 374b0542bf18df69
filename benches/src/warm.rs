//! What the gate costs when it has seen everything before.

use crate::error::Error;
use crate::gate::Gate;
use crate::home::{self, Home};
use crate::install::{self, Install};
use crate::machine;
use crate::process;
use crate::report::{Bar, Part, Row};
use crate::stats::median;
use std::path::Path;

/// Warm rounds.
const ROUNDS: usize = 5;

/// One round, with what the gate spent on it.
struct Round {
    install: Install,
    processor: Option<f64>,
    peak: Option<u64>,
    load: String,
}

/// Measures.
pub async fn measure(program: &Path) -> Result<Part, Error> {
    let registry = home::registry().await?;
    let home = Home::new(Some(&registry))?;
    // Starts the gate as well, so there is nothing to read before it.
    let first = install::through(program, &home, "cold").await?;
    let gate = Gate::find(&home).await?;
    let cold = Round {
        install: first,
        processor: process::seconds(gate.pid()),
        peak: process::peak(gate.pid()),
        load: load(),
    };
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        let before = process::seconds(gate.pid());
        let install = install::through(program, &home, &format!("warm-{number}")).await?;
        let after = process::seconds(gate.pid());
        rounds.push(Round {
            install,
            processor: after.zip(before).map(|(after, before)| after - before),
            peak: process::peak(gate.pid()),
            load: load(),
        });
    }
    gate.stop().await;
    Ok(part(&cold, &rounds))
}

fn part(cold: &Round, warm: &[Round]) -> Part {
    let packages = cold.install.installed.len();
    let mut rows = vec![row("cold", &[cold], Bar::None, "")];
    let all: Vec<&Round> = warm.iter().collect();
    rows.push(row(
        &format!("warm, median of {}", warm.len()),
        &all,
        Bar::AtMost(1.0),
        "≤ 1.0 s",
    ));
    let mut notes = vec![format!(
        "{packages} packages; npm, empty npm cache, no lockfile, scripts off, each time; the \
         registry that this machine's npm is configured with. Processor time is that of the \
         gate's process, user and system; `customs run` beside it and npm are not in it. The \
         best peer of the reference measurement, without any policy, needed 1.6 s."
    )];
    if cold.processor.is_none() {
        notes.push("Processor time was not measured: this system has no `/proc/PID/stat`.".into());
    }
    let changed = warm
        .iter()
        .map(|round| install::differences(&cold.install.installed, &round.install.installed))
        .max()
        .unwrap_or(0);
    if changed > 0 {
        notes.push(format!(
            "A warm round installed {changed} packages otherwise than the cold one."
        ));
    }
    let loads: Vec<&str> = warm.iter().map(|round| round.load.as_str()).collect();
    notes.push(format!(
        "Load average after each warm round: {}.",
        loads.join(", ")
    ));
    Part {
        name: "warm",
        figures: "Wall; peak memory of the gate",
        value: "Processor time of the gate",
        rows,
        notes,
    }
}

fn row(what: &str, rounds: &[&Round], bar: Bar, bar_text: &'static str) -> Row {
    let middle = |of: &dyn Fn(&Round) -> Option<f64>| {
        let values: Option<Vec<f64>> = rounds.iter().map(|round| of(round)).collect();
        values.map(|values| median(&values))
    };
    let wall = middle(&|round| Some(round.install.seconds)).unwrap_or(f64::NAN);
    let peak = middle(&|round| round.peak.map(|bytes| bytes as f64 / 1e6));
    Row {
        what: what.to_owned(),
        figures: format!(
            "{wall:.1} s; {}",
            peak.map_or_else(|| "not measured".to_owned(), |peak| format!("{peak:.0} MB"))
        ),
        value: middle(&|round| round.processor).map(|s| (s, format!("{s:.2} s"))),
        bar,
        bar_text,
    }
}

fn load() -> String {
    machine::load().unwrap_or_else(|| "not known".to_owned())
}
