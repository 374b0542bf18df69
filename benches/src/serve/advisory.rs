//! How soon a new advisory counts for everybody, and what it takes to decide anew what was decided.

use super::load::{self, Connection};
use super::team::Prepared;
use super::upstream::{self, artifact_name, artifact_path, young_path};
use super::{Arguments, CONNECTIONS};
use crate::error::{Doing as _, Error};
use crate::process;
use crate::report::{Bar, Part, Row};
use crate::stats::{median, range};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Advisories that are published one after the other.
const ADVISORIES: usize = 10;
/// Of so many packages one is asked for besides that has a release of the last hour.
const ONE_IS_YOUNG: usize = 20;
/// The policy that is in force at first, and the one that comes in its place.
const FIRST: &str = "version = 1\n";
/// How long an advisory may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let packages = match arguments.quick {
        true => 500,
        false => arguments.packages.max(1),
    };
    let advisories = if arguments.quick { 2 } else { ADVISORIES };
    // The last ones are denied by the policies that follow.
    let server = upstream::start(&[], advisories + 2).await?;
    let prepared = Prepared::new(&format!("{}/", server.base()))?
        .with("advisories = \"advisories\"\npolicy = \"policy.toml\"");
    let policy = prepared.folder().join("policy.toml");
    fs::write(&policy, FIRST).map_err(Error::io("write", &policy))?;
    let folder = prepared.folder().join("advisories");
    fs::create_dir(&folder).map_err(Error::io("make", &folder))?;
    publish(&folder, 0, "nobody-has-this-package")?;
    let gate = prepared.start(program).await?;
    for at in 0..advisories + 2 {
        let answer = load::once(gate.port, &gate.get(&artifact_path(at), &[]))?;
        if answer.status != 200 {
            return Err(Error::said(format!("the gate answered {}", answer.status)));
        }
    }
    let requests: Arc<[Vec<u8>]> = (0..packages)
        .map(|at| gate.get(&format!("/cached-{at}"), &[("Accept-Encoding", "gzip")]))
        .collect();
    let young = (packages / ONE_IS_YOUNG).max(1);
    let of_young: Arc<[Vec<u8>]> = (0..young)
        .map(|at| gate.get(&young_path(at), &[("Accept-Encoding", "gzip")]))
        .collect();
    eprintln!("bench: serve: {packages} packages for the first time …");
    let first = load::each(gate.port, &requests, 200, CONNECTIONS)?;
    eprintln!("bench: serve: {packages} packages, decided before …");
    let before = load::each(gate.port, &requests, 200, CONNECTIONS)?;
    let tags = load::validators(gate.port, &requests, CONNECTIONS)?;
    let of_clients: Arc<[Vec<u8>]> = (0..packages)
        .zip(&tags)
        .map(|(at, tag)| {
            let headers = [("Accept-Encoding", "gzip"), ("If-None-Match", tag)];
            gate.get(&format!("/cached-{at}"), &headers)
        })
        .collect();
    let known = load::each(gate.port, &of_clients, 304, CONNECTIONS)?;
    eprintln!("bench: serve: advisories …");
    let mut times = Vec::new();
    for at in 0..advisories {
        let request = gate.get(&artifact_path(at), &[]);
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (port, request) = (gate.port, request.clone());
                std::thread::spawn(move || until_refused(port, &request))
            })
            .collect();
        let begun = Instant::now();
        publish(&folder, at + 1, &artifact_name(at))?;
        let mut slowest = Duration::ZERO;
        for client in clients {
            let at = client.join();
            let at = at.map_err(|_| Error::said("a client ended early"))??;
            slowest = slowest.max(at.saturating_duration_since(begun));
        }
        times.push(slowest.as_secs_f64());
    }
    eprintln!("bench: serve: {packages} packages, each decided anew …");
    let asked = server.count("/cached-");
    let again = load::each(gate.port, &requests, 200, CONNECTIONS)?;
    eprintln!("bench: serve: {packages} packages, each decided anew by a policy …");
    let deny = |at: usize| {
        let denied = artifact_name(at);
        fs::write(&policy, format!("{FIRST}deny = [\"pkg:npm/{denied}\"]\n"))
            .map_err(Error::io("write", &policy))?;
        until_refused(gate.port, &gate.get(&artifact_path(at), &[]))
    };
    deny(advisories)?;
    let by_policy = load::each(gate.port, &requests, 200, CONNECTIONS)?;
    eprintln!("bench: serve: {packages} packages, each decided anew for clients that have them …");
    deny(advisories + 1)?;
    let before_clients = gate.pid().and_then(process::seconds);
    let by_clients = load::each(gate.port, &of_clients, 304, CONNECTIONS)?;
    let spent = gate.pid().and_then(process::seconds).zip(before_clients);
    let spent = spent.map_or(0.0, |(after, before)| after - before);
    let asked = server.count("/cached-") - asked;
    eprintln!("bench: serve: {young} packages with a young release …");
    load::each(gate.port, &of_young, 200, CONNECTIONS)?;
    fs::write(&policy, FIRST).map_err(Error::io("write", &policy))?;
    until_answered(gate.port, &gate.get(&artifact_path(advisories), &[]))?;
    let judged = load::each(gate.port, &of_young, 200, CONNECTIONS)?;
    let peak = gate.pid().and_then(process::peak);
    gate.stop().await?;
    let (low, high) = range(&times);
    let of_many = |many: usize, what: &str, done: load::Done, bar, bar_text| Row {
        what: format!("{many} packages, {what}"),
        figures: format!("{:.0} answers/s", done.rate()),
        value: Some((done.seconds, format!("{:.1} s", done.seconds))),
        bar,
        bar_text,
    };
    let of = |what: &str, done, bar, bar_text| of_many(packages, what, done, bar, bar_text);
    let rows = vec![
        Row {
            what: format!(
                "an advisory is in force for {CONNECTIONS} clients that ask all the time"
            ),
            figures: format!("median {:.2} s, least {low:.2} s", median(&times)),
            value: Some((high, format!("{high:.2} s, the slowest of {advisories}"))),
            bar: Bar::AtMost(1.0),
            bar_text: "≤ 1 s",
        },
        of("asked for the first time", first, Bar::None, ""),
        of("asked again", before, Bar::None, ""),
        of(
            "asked again by clients that have them (304)",
            known,
            Bar::None,
            "",
        ),
        of(
            "asked again after the advisories: each decided anew",
            again,
            Bar::None,
            "",
        ),
        of(
            "asked again after a new policy: each decided anew",
            by_policy,
            Bar::None,
            "",
        ),
        of(
            "asked again after another policy by clients that have them (304): each decided anew",
            by_clients,
            Bar::AtMost(5.0),
            "≤ 5 s",
        ),
        of_many(
            young,
            "each with a release of the last hour, asked again after a new policy",
            judged,
            Bar::None,
            "",
        ),
        Row {
            what: "most memory of the gate after all of it".to_owned(),
            figures: "-".to_owned(),
            value: peak.map(|bytes| (bytes as f64 / 1e6, format!("{:.0} MB", bytes as f64 / 1e6))),
            bar: Bar::AtMost(150.0),
            bar_text: "≤ 150 MB",
        },
    ];
    Ok(Part {
        name: "serve-advisory",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes: vec![
            "An advisory is a new file in the folder that the config names; the time is from when it \
             is there to the last answer that is no refusal, over all clients."
                .to_owned(),
            "Nothing is decided anew before somebody asks for it, so an advisory is in force after the \
             time of the first row, however many packages are cached. The other rows are whole \
             answers over HTTP, those after advisories and policies with a decision in each. A body is read \
             from its file and sent whether something was decided or not; the bar is about the decisions, \
             so it is held against the answers without bodies."
                .to_owned(),
            format!(
                "Processor time of the gate during these: {spent:.1} s, answers included."
            ),
            "The packages have one release, of 2020, so no rule about young releases is asked of them: of \
             such a one the gate decides anew by when its last release appeared, by what the policy \
             denies and by what the advisories name, and reads no document. Those with a release of \
             the last hour are judged by their documents; it is held in each."
                .to_owned(),
            format!(
                "The registry was asked for {asked} of their documents during the rows with a decision in \
                 each: a document is asked for anew five minutes after it was confirmed."
            ),
        ],
    })
}

/// Asks until it is refused; when that was.
fn until_refused(port: u16, request: &[u8]) -> Result<Instant, Error> {
    until(port, request, 403)
}

/// Asks until it is refused no more.
fn until_answered(port: u16, request: &[u8]) -> Result<Instant, Error> {
    until(port, request, 200)
}

fn until(port: u16, request: &[u8], status: u16) -> Result<Instant, Error> {
    let mut connection = Connection::open(port)?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match connection.status(request)? {
            found if found == status => return Ok(Instant::now()),
            200 | 403 => std::thread::sleep(Duration::from_millis(5)),
            other => return Err(Error::said(format!("the gate answered {other}"))),
        }
    }
    Err(Error::said("new settings did not come into force"))
}

/// Puts an advisory in place, whole.
fn publish(folder: &Path, number: usize, package: &str) -> Result<(), Error> {
    let record = serde_json::json!({
        "id": format!("MAL-2026-{number}"),
        "modified": "2026-11-30T00:00:00Z",
        "summary": "Inert, for a benchmark",
        "affected": [{
            "package": { "ecosystem": "npm", "name": package },
            "versions": ["1.0.0"],
        }],
    });
    let aside = folder.join(format!(".{number}.tmp"));
    fs::write(&aside, record.to_string()).map_err(Error::io("write", &aside))?;
    fs::rename(&aside, folder.join(format!("MAL-2026-{number}.json")))
        .doing("put an advisory in place")
}
