//! How much memory the gate has when a thousand readers take nothing, and whether it grows under a
//! load of everything.

use super::load::{self, Connection};
use super::team::{Prepared, TeamGate};
use super::upstream::{self, SHAPES, artifact_path};
use super::{Arguments, CONNECTIONS};
use crate::error::Error;
use crate::process;
use crate::report::{Bar, Part, Row};
use crate::stats::median;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Readers that take nothing.
const READERS: usize = 1_000;
/// Artifacts that are asked for in turn.
const ARTIFACTS: usize = 100;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Growth from the second fifth to the last one that is taken for none.
const GROWTH: f64 = 1.05;

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let (readers, artifacts) = match arguments.quick {
        true => (100, 4),
        false => (READERS, ARTIFACTS),
    };
    let time = match arguments.quick {
        true => Duration::from_secs(5),
        false => Duration::from_secs(60 * arguments.minutes.max(1)),
    };
    let server = upstream::start(&SHAPES, artifacts).await?;
    let gate = Prepared::new(&format!("{}/", server.base()))?
        .start(program)
        .await?;
    let requests = everything(&gate, artifacts);
    for request in &requests {
        load::once(gate.port, request)?;
    }
    let pid = gate.pid().unwrap_or_default();
    let before = process::memory(pid);
    eprintln!("bench: serve: {readers} readers that take nothing …");
    let stalled = stalled(&gate, readers, artifacts)?;
    eprintln!("bench: serve: mixed load for {} s …", time.as_secs());
    let (looks, answers) = mixed(&gate, requests, time)?;
    let peak = process::peak(pid);
    gate.stop().await?;
    let fifth = looks.len() / 5;
    let part = |from: usize| {
        median(
            looks
                .get(from * fifth..(from + 1) * fifth)
                .unwrap_or_default(),
        )
    };
    let (early, late) = (part(1), part(4));
    let growth = late / early;
    let rows = vec![
        row(
            "after every document and artifact once",
            String::new(),
            before,
            Bar::None,
            "",
        ),
        row(
            &format!(
                "{readers} readers that take nothing: half an artifact of 0.6 MB, half a document of 21 MB"
            ),
            "3 s after they asked".to_owned(),
            stalled,
            Bar::AtMost(150.0),
            "≤ 150 MB",
        ),
        Row {
            what: format!("growth under mixed load of {}", spoken(time)),
            figures: format!(
                "{early:.0} MB in the second fifth, {late:.0} MB in the last; {answers} answers"
            ),
            value: (!growth.is_nan()).then(|| (growth, format!("{growth:.2} times"))),
            bar: Bar::AtMost(GROWTH),
            bar_text: "≤ 1.05 times",
        },
        row(
            "the most after all of it",
            String::new(),
            peak,
            Bar::AtMost(150.0),
            "≤ 150 MB",
        ),
    ];
    Ok(Part {
        name: "serve-memory",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes: vec![format!(
            "`VmRSS`, and `VmHWM` in the last row, of the gate's process. Mixed load: {CONNECTIONS} \
             connections that ask in turn for the four documents in four codings, {artifacts} artifacts, \
             parts of them, and small packages that nobody asked for before."
        )],
    })
}

fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn row(what: &str, figures: String, bytes: Option<u64>, bar: Bar, bar_text: &'static str) -> Row {
    Row {
        what: what.to_owned(),
        figures: if figures.is_empty() {
            "-".to_owned()
        } else {
            figures
        },
        value: bytes.map(|bytes| {
            let megabytes = bytes as f64 / 1e6;
            (megabytes, format!("{megabytes:.0} MB"))
        }),
        bar,
        bar_text,
    }
}

fn everything(gate: &TeamGate, artifacts: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for shape in &SHAPES {
        for encoding in ["gzip", "br", "zstd", "identity"] {
            let path = format!("/{}", shape.name);
            all.push(gate.get(&path, &[("Accept-Encoding", encoding)]));
        }
    }
    for at in 0..artifacts {
        all.push(gate.get(&artifact_path(at), &[]));
    }
    all
}

/// Readers that ask and take nothing; the gate's memory while they stand.
fn stalled(gate: &TeamGate, readers: usize, artifacts: usize) -> Result<Option<u64>, Error> {
    let document = gate.get("/serve-twenty", &[]);
    let mut standing = Vec::with_capacity(readers);
    for at in 0..readers {
        let mut reader = Connection::open(gate.port)?;
        if at % 2 == 0 {
            reader.send(&document)?;
        } else {
            reader.send(&gate.get(&artifact_path(at % artifacts), &[]))?;
        }
        standing.push(reader);
    }
    std::thread::sleep(Duration::from_secs(3));
    Ok(gate.pid().and_then(process::memory))
}

/// Everything at once for so long: memory in megabytes at each look, and how much was answered.
fn mixed(
    gate: &TeamGate,
    requests: Vec<Vec<u8>>,
    time: Duration,
) -> Result<(Vec<f64>, u64), Error> {
    let requests: Arc<[Vec<u8>]> = requests.into();
    let over = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(0));
    let credential = gate.credential.clone();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|first| {
            let (requests, over, next) = (requests.clone(), over.clone(), next.clone());
            let (port, credential) = (gate.port, credential.clone());
            std::thread::spawn(move || -> Result<u64, Error> {
                let mut connection = Connection::open(port)?;
                let mut answers = 0;
                let turn = requests.iter().cycle().skip(first * 13);
                for request in turn {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    connection.ask(request, 200)?;
                    let new = next.fetch_add(1, Ordering::Relaxed);
                    let path = format!("/mixed-{new}");
                    let headers = [("Authorization", credential.as_str())];
                    connection.ask(&load::get(port, &path, &headers), 200)?;
                    let part = [
                        ("Authorization", credential.as_str()),
                        ("Range", "bytes=1000-99999"),
                    ];
                    connection.ask(&load::get(port, &artifact_path(0), &part), 206)?;
                    answers += 3;
                }
                Ok(answers)
            })
        })
        .collect();
    let begun = Instant::now();
    let mut looks = Vec::new();
    while begun.elapsed() < time && !clients.iter().any(std::thread::JoinHandle::is_finished) {
        std::thread::sleep(LOOK);
        let memory = gate.pid().and_then(process::memory);
        looks.extend(memory.map(|bytes| bytes as f64 / 1e6));
    }
    over.store(true, Ordering::Relaxed);
    let mut answers = 0;
    for client in clients {
        let part = client.join();
        answers += part.map_err(|_| Error::said("a client ended early"))??;
    }
    Ok((looks, answers))
}
