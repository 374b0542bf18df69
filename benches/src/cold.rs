//! What a first installation costs more than one without a gate.

use crate::error::{Doing as _, Error};
use crate::gate::Gate;
use crate::home::{self, Home};
use crate::install::{self, Install};
use crate::machine;
use crate::record::{Player, Recorder, Tape};
use crate::report::{Bar, Part, Row};
use crate::stats::{interval, median};
use customs_replay::{Bound, Fault, Faults, Server};
use std::path::Path;
use std::time::Duration;

/// Pairs on loopback, and on the registry itself.
const PAIRS: (usize, usize) = (7, 2);
/// What every answer of the loopback upstream waits.
const LATENCY: Duration = Duration::from_millis(40);
/// Bytes a second of the loopback upstream, shared by all its answers.
const BANDWIDTH: u64 = 50_000_000;
/// The most that the gate may add.
const BAR: f64 = 1.05;

/// Measures.
pub async fn measure(program: &Path) -> Result<Part, Error> {
    let registry = home::registry().await?;
    let bound = Bound::new().await.doing("take a loopback port")?;
    // Documents name the address, so the tape is served where it was recorded.
    let address = bound.base();
    let tape = Tape::default();
    let recorder = Recorder::new(tape.clone(), &registry, &address)?;
    let server = bound.serve(recorder, Faults::none());
    record(program, &address).await?;
    let size = tape.size();
    let at = server.address();
    drop(server);

    let player = Player::new(tape);
    let server = serve(at, player.clone()).await?;
    let loopback = pairs(program, &format!("{address}/"), PAIRS.0, Some(&server)).await?;
    drop(server);
    let real = pairs(program, &registry, PAIRS.1, None).await?;

    let mut notes = vec![
        format!(
            "Loopback: {} recorded answers of the configured registry, {:.0} MB, served as they \
             came but for the registry's address; {} ms before each answer, {} MB/s shared by \
             all. {} questions were not on the record (answered 404).",
            size.0,
            size.1 as f64 / 1e6,
            LATENCY.as_millis(),
            BANDWIDTH / 1_000_000,
            player.missing(),
        ),
        "Each installation has a home, an npm cache and a gate of its own, all empty: what \
         `customs run` needs to start the gate, to find the clients' settings and to write its \
         report is in its time. Pairs are interleaved, every second one the other way round."
            .to_owned(),
    ];
    notes.extend(loopback.notes("loopback"));
    notes.extend(real.notes("configured registry"));
    Ok(Part {
        name: "cold",
        figures: "Direct; through the gate",
        value: "Ratio (interval of the median)",
        rows: vec![
            loopback.row("loopback upstream", Bar::AtMost(BAR), "≤ 1.05"),
            real.row("configured registry", Bar::None, ""),
        ],
        notes,
    })
}

/// One installation without and one with a gate ask everything that either will ask.
async fn record(program: &Path, address: &str) -> Result<(), Error> {
    let registry = format!("{address}/");
    one(None, &registry).await?;
    one(Some(program), &registry).await?;
    Ok(())
}

async fn serve(at: std::net::SocketAddr, player: Player) -> Result<Server, Error> {
    let mut line = Fault::default();
    line.latency = Some(LATENCY);
    line.bandwidth = Some(BANDWIDTH);
    let faults = Faults::everywhere(line);
    // The recorder's server lets go of the port a moment after it is dropped.
    for _ in 0..100 {
        if let Ok(bound) = Bound::at(at).await {
            return Ok(bound.serve(player, faults));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Error::said("the recorded port is taken by another program"))
}

/// One installation in a home of its own, through a gate of its own.
async fn one(program: Option<&Path>, registry: &str) -> Result<Install, Error> {
    let home = Home::new(Some(registry))?;
    let Some(program) = program else {
        return install::direct(&home, "direct").await;
    };
    let install = install::through(program, &home, "gate").await?;
    Gate::find(&home).await?.stop().await;
    Ok(install)
}

/// Pairs of wall seconds.
#[derive(Default)]
struct Pairs {
    direct: Vec<f64>,
    gate: Vec<f64>,
    /// What the upstream was asked by one installation of each kind, where it counts.
    asked: Option<(usize, usize)>,
    packages: usize,
    differences: usize,
    loads: Vec<String>,
}

async fn pairs(
    program: &Path,
    registry: &str,
    count: usize,
    server: Option<&Server>,
) -> Result<Pairs, Error> {
    let mut pairs = Pairs::default();
    for number in 0..count {
        let before = asked(server);
        let first_is_direct = number % 2 == 0;
        let first = one((!first_is_direct).then_some(program), registry).await?;
        let between = asked(server);
        let second = one(first_is_direct.then_some(program), registry).await?;
        let questions = (between - before, asked(server) - between);
        let (direct, gate, questions) = if first_is_direct {
            (first, second, questions)
        } else {
            (second, first, (questions.1, questions.0))
        };
        pairs.asked = server.map(|_| questions);
        eprintln!(
            "bench: pair {}: direct {:.1} s, through the gate {:.1} s",
            number + 1,
            direct.seconds,
            gate.seconds
        );
        pairs.packages = direct.installed.len();
        pairs.differences = pairs
            .differences
            .max(install::differences(&direct.installed, &gate.installed));
        pairs.direct.push(direct.seconds);
        pairs.gate.push(gate.seconds);
        pairs
            .loads
            .push(machine::load().unwrap_or_else(|| "not known".to_owned()));
    }
    Ok(pairs)
}

/// Requests that a loopback upstream had so far.
fn asked(server: Option<&Server>) -> usize {
    server.map_or(0, |server| server.count("/"))
}

impl Pairs {
    fn row(&self, what: &str, bar: Bar, bar_text: &'static str) -> Row {
        let ratios: Vec<f64> = self
            .gate
            .iter()
            .zip(&self.direct)
            .map(|(gate, direct)| gate / direct)
            .collect();
        let (middle, range) = (median(&ratios), interval(&ratios));
        Row {
            what: format!("{what}, {} pairs", ratios.len()),
            figures: format!("{:.2} s; {:.2} s", median(&self.direct), median(&self.gate)),
            value: Some((
                middle,
                format!(
                    "{middle:.3} ({:.3} to {:.3}, {:.0} %)",
                    range.low,
                    range.high,
                    range.confidence * 100.0
                ),
            )),
            bar,
            bar_text,
        }
    }

    fn notes(&self, what: &str) -> Vec<String> {
        let mut notes = vec![format!(
            "{what}: {} packages, load average after each pair: {}.",
            self.packages,
            self.loads.join(", ")
        )];
        if let Some((direct, gate)) = self.asked {
            notes.push(format!(
                "{what}: npm alone asked it {direct} times, the gate {gate} times."
            ));
        }
        if self.differences > 0 {
            notes.push(format!(
                "{what}: up to {} packages differ between a direct installation and one \
                 through the gate, which holds what is too young.",
                self.differences
            ));
        }
        notes
    }
}
