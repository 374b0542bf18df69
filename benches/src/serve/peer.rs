//! The gate beside nginx, with the same bytes, workers, connections and load.
//!
//! A body is what the gate itself answers, compressed as the client accepts it; nginx has it as a
//! file. The gate looks who asks, judges by policy and keeps its ledger; nginx does none of it.

use super::load::{self, Done};
use super::nginx::Nginx;
use super::team::{Prepared, TeamGate};
use super::upstream::{self, SHAPES, artifact_path};
use super::{Arguments, CONNECTIONS};
use crate::error::Error;
use crate::process;
use crate::report::{Bar, Part, Row};
use crate::stats::{median, range};
use std::path::Path;
use std::time::Duration;

/// Artifacts that are asked for in turn: more than a cache in memory should hold.
const ARTIFACTS: usize = 100;
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";
/// What clients say that they accept.
const ENCODINGS: [&str; 3] = ["gzip", "br", "zstd"];

/// What is asked for.
struct Subject {
    what: String,
    /// Of the gate.
    gate: Vec<Vec<u8>>,
    /// Of nginx: paths, and what is asked beside.
    files: Vec<String>,
    status: u16,
    /// Whether it has bars, or is there to be known.
    judged: bool,
}

/// What a round came to: the gate, nginx copying, nginx with `sendfile`.
#[derive(Default)]
struct Rounds {
    gate: Vec<Done>,
    copying: Vec<Done>,
    sending: Vec<Done>,
    /// Processor time of the gate for an answer, in microseconds.
    processor: Vec<f64>,
}

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let (rounds, time) = match arguments.quick {
        true => (1, Duration::from_millis(300)),
        false => (arguments.rounds.max(1), Duration::from_secs(2)),
    };
    let artifacts = if arguments.quick { 4 } else { ARTIFACTS };
    let server = upstream::start(&SHAPES, artifacts).await?;
    let registry = format!("{}/", server.base());
    let gate = Prepared::new(&registry)?.start(program).await?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let nginx = Nginx::start(workers).await?;
    let subjects = subjects(&gate, nginx.as_ref(), artifacts)?;
    let mut rows = Vec::new();
    for subject in &subjects {
        eprintln!("bench: serve: {} …", subject.what);
        let done = rounds_of(subject, &gate, nginx.as_ref(), rounds, time)?;
        rows.extend(rows_of(subject, &done));
    }
    let peak = gate.pid().and_then(process::peak);
    let notes = notes(nginx.as_ref(), workers, rounds, time, peak);
    gate.stop().await?;
    Ok(Part {
        name: "serve-peer",
        figures: "Answers/s, bytes/s: gate; nginx",
        value: "Gate ÷ nginx",
        rows,
        notes,
    })
}

/// Everything that is asked for, each answered once, its body put beside.
fn subjects(
    gate: &TeamGate,
    nginx: Option<&Nginx>,
    artifacts: usize,
) -> Result<Vec<Subject>, Error> {
    let mut all = Vec::new();
    let put = |name: &str, bytes: &[u8]| match nginx {
        Some(nginx) => nginx.put(name, bytes),
        None => Ok(()),
    };
    for shape in &SHAPES {
        for encoding in ENCODINGS {
            let headers = [("Accept", ABBREVIATED), ("Accept-Encoding", encoding)];
            let request = gate.get(&format!("/{}", shape.name), &headers);
            let answer = answered(gate, &request)?;
            let name = format!("{}.{encoding}", shape.name);
            put(&name, &answer.body)?;
            let coded = answer.header("content-encoding").unwrap_or("identity");
            let kilobytes = answer.body.len() as f64 / 1e3;
            // The three differ in nothing but their size: gzip has the bars.
            if encoding == "gzip" || shape.name == "serve-twenty" {
                all.push(Subject {
                    what: format!(
                        "document, {}, {coded} ({kilobytes:.0} kB)",
                        shape.megabytes()
                    ),
                    gate: vec![request.clone()],
                    files: vec![format!("/{name}")],
                    status: 200,
                    judged: encoding == "gzip",
                });
            }
        }
    }
    let mut tarballs = Vec::new();
    for at in 0..artifacts {
        let request = gate.get(&artifact_path(at), &[]);
        load::first(gate.port, &request)?;
        let answer = answered(gate, &request)?;
        put(&format!("artifact-{at}"), &answer.body)?;
        tarballs.push((request, format!("/artifact-{at}")));
    }
    let (requests, files) = tarballs.into_iter().unzip();
    all.push(Subject {
        what: format!("artifact, 0.6 MB, {artifacts} of them in turn"),
        gate: requests,
        files,
        status: 200,
        judged: true,
    });
    let headers = [("Accept", ABBREVIATED), ("Accept-Encoding", "gzip")];
    let path = format!("/{}", SHAPES[0].name);
    all.push(not_modified(
        gate,
        "document",
        &path,
        &headers,
        "/serve-half.gzip",
    )?);
    all.push(not_modified(
        gate,
        "artifact (a record each)",
        &artifact_path(0),
        &[],
        "/artifact-0",
    )?);
    Ok(all)
}

fn answered(gate: &TeamGate, request: &[u8]) -> Result<load::Answer, Error> {
    let line = request
        .split(|byte| *byte == b'\r')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let answer = load::once(gate.port, request);
    let answer = answer.map_err(|error| Error::said(format!("{line}: {error}")))?;
    if answer.status == 200 {
        return Ok(answer);
    }
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    Err(Error::said(format!(
        "the gate answered {}: {text}",
        answer.status
    )))
}

/// What is asked with the `ETag` that was answered before.
fn not_modified(
    gate: &TeamGate,
    what: &str,
    path: &str,
    headers: &[(&str, &str)],
    file: &str,
) -> Result<Subject, Error> {
    let first = answered(gate, &gate.get(path, headers))?;
    let etag = first
        .header("etag")
        .ok_or_else(|| Error::said("the gate's answer has no ETag"))?;
    let mut headers = headers.to_vec();
    headers.push(("If-None-Match", etag));
    Ok(Subject {
        what: format!("304, {what}"),
        gate: vec![gate.get(path, &headers)],
        files: vec![file.to_owned()],
        status: 304,
        judged: true,
    })
}

fn rounds_of(
    subject: &Subject,
    gate: &TeamGate,
    nginx: Option<&Nginx>,
    rounds: usize,
    time: Duration,
) -> Result<Rounds, Error> {
    let mut all = Rounds::default();
    let beside = |port: u16| -> Result<Vec<Vec<u8>>, Error> {
        let mut requests = Vec::new();
        for path in &subject.files {
            let plain = load::get(port, path, &[]);
            requests.push(if subject.status == 304 {
                let answer = load::once(port, &plain)?;
                let etag = answer.header("etag").unwrap_or_default().to_owned();
                load::get(port, path, &[("If-None-Match", &etag)])
            } else {
                plain
            });
        }
        Ok(requests)
    };
    let asked = match nginx {
        Some(nginx) => Some((nginx, beside(nginx.copying)?, beside(nginx.sending)?)),
        None => None,
    };
    let run =
        |port, requests: &[Vec<u8>]| load::run(port, requests, subject.status, CONNECTIONS, time);
    // Once for nothing, so that all of it is in memory.
    run(gate.port, &subject.gate)?;
    for _ in 0..rounds {
        let before = gate.pid().and_then(process::seconds);
        let done = run(gate.port, &subject.gate)?;
        let after = gate.pid().and_then(process::seconds);
        if let Some((before, after)) = before.zip(after) {
            let each = (after - before) * 1e6 / done.answers.max(1) as f64;
            all.processor.push(each);
        }
        all.gate.push(done);
        if let Some((nginx, copying, sending)) = &asked {
            all.copying.push(run(nginx.copying, copying)?);
            all.sending.push(run(nginx.sending, sending)?);
        }
    }
    Ok(all)
}

fn rows_of(subject: &Subject, rounds: &Rounds) -> Vec<Row> {
    let processor = match median(&rounds.processor) {
        each if each.is_nan() => String::new(),
        each => format!(", {each:.0} µs of processor each"),
    };
    let own = format!("{}{processor}", spoken(&rounds.gate));
    let beside = [
        ("sendfile off", &rounds.copying, 0.8, "≥ 0.8"),
        ("sendfile on", &rounds.sending, 0.6, "≥ 0.6"),
    ];
    let rows = beside.into_iter().map(|(how, peer, bar, bar_text)| {
        let ratios: Vec<f64> = rounds
            .gate
            .iter()
            .zip(peer)
            .map(|(a, b)| a.rate() / b.rate())
            .collect();
        let (low, high) = range(&ratios);
        let middle = median(&ratios);
        Row {
            what: format!("{}; {how}", subject.what),
            figures: match peer.is_empty() {
                true => format!("{own}; nginx is not installed"),
                false => format!("{own}; {}", spoken(peer)),
            },
            value: (!peer.is_empty())
                .then(|| (middle, format!("{middle:.2} ({low:.2} to {high:.2})"))),
            bar: match subject.judged {
                true => Bar::AtLeast(bar),
                false => Bar::None,
            },
            bar_text: if subject.judged { bar_text } else { "" },
        }
    });
    rows.collect()
}

fn spoken(done: &[Done]) -> String {
    let of = |value: &dyn Fn(&Done) -> f64| median(&done.iter().map(value).collect::<Vec<_>>());
    let (rate, bytes) = (of(&Done::rate), of(&Done::byte_rate));
    match bytes {
        bytes if bytes >= 1e9 => format!("{rate:.0}/s, {:.2} GB/s", bytes / 1e9),
        bytes if bytes > 0.0 => format!("{rate:.0}/s, {:.0} MB/s", bytes / 1e6),
        _ => format!("{rate:.0}/s"),
    }
}

fn notes(
    nginx: Option<&Nginx>,
    workers: usize,
    rounds: usize,
    time: Duration,
    peak: Option<u64>,
) -> Vec<String> {
    let mut notes = vec![format!(
        "Plain HTTP on loopback, no access log; {workers} workers each, {CONNECTIONS} connections, the \
         load in a process beside them on the same processors: threads that send the next request \
         when the answer is there, and have the kernel throw its body away. {rounds} rounds of {} s \
         of each in turn; medians, ratios of the same round, in brackets their range.",
        time.as_secs_f64()
    )];
    notes.push(
        "The gate: a token, the default policy, the ledger in SQLite; every delivery of an artifact is \
         recorded, and so is a 304 for one. The newest releases of the documents are held. Documents are \
         the abbreviated form."
            .to_owned(),
    );
    match nginx {
        Some(nginx) => notes.push(format!(
            "nginx {}: the bodies that the gate answered, as files; a config of its own, without \
             `open_file_cache`.",
            nginx.version
        )),
        None => {
            notes.push("nginx is not installed here, so nothing stands beside the gate.".to_owned())
        }
    }
    if let Some(peak) = peak {
        notes.push(format!(
            "Most memory of the gate after all of it: {:.0} MB.",
            peak as f64 / 1e6
        ));
    }
    notes
}
