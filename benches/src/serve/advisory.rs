//! How soon a new advisory counts for everybody, and what it takes to decide anew what was decided.

use super::load::{self, Connection};
use super::team::Prepared;
use super::upstream::{self, artifact_name, artifact_path};
use super::{Arguments, CONNECTIONS};
use crate::error::{Doing as _, Error};
use crate::report::{Bar, Part, Row};
use crate::stats::{median, range};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Advisories that are published one after the other.
const ADVISORIES: usize = 10;
/// How long an advisory may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures.
pub async fn measure(program: &Path, arguments: &Arguments) -> Result<Part, Error> {
    let packages = match arguments.quick {
        true => 500,
        false => arguments.packages.max(1),
    };
    let advisories = if arguments.quick { 2 } else { ADVISORIES };
    let server = upstream::start(&[], advisories).await?;
    let prepared =
        Prepared::new(&format!("{}/", server.base()))?.with("advisories = \"advisories\"");
    let folder = prepared.folder().join("advisories");
    fs::create_dir(&folder).map_err(Error::io("make", &folder))?;
    publish(&folder, 0, "nobody-has-this-package")?;
    let gate = prepared.start(program).await?;
    for at in 0..advisories {
        let answer = load::once(gate.port, &gate.get(&artifact_path(at), &[]))?;
        if answer.status != 200 {
            return Err(Error::said(format!("the gate answered {}", answer.status)));
        }
    }
    let requests: Arc<[Vec<u8>]> = (0..packages)
        .map(|at| gate.get(&format!("/cached-{at}"), &[("Accept-Encoding", "gzip")]))
        .collect();
    eprintln!("bench: serve: {packages} packages for the first time …");
    let first = load::each(gate.port, &requests, 200, CONNECTIONS)?;
    eprintln!("bench: serve: {packages} packages, decided before …");
    let before = load::each(gate.port, &requests, 200, CONNECTIONS)?;
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
    let asked = server.count("/cached-") - asked;
    gate.stop().await?;
    let (low, high) = range(&times);
    let of = |what: &str, done: load::Done, bar, bar_text| Row {
        what: format!("{packages} packages, {what}"),
        figures: format!("{:.0} answers/s", done.rate()),
        value: Some((done.seconds, format!("{:.1} s", done.seconds))),
        bar,
        bar_text,
    };
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
            "asked again after the advisories: each decided anew",
            again,
            Bar::AtMost(5.0),
            "≤ 5 s",
        ),
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
             answers over HTTP, the last one with a decision in each."
                .to_owned(),
            format!(
                "The registry was asked for {asked} documents during the last row: a document is asked \
                 for anew five minutes after it was confirmed."
            ),
        ],
    })
}

/// Asks until it is refused; when that was.
fn until_refused(port: u16, request: &[u8]) -> Result<Instant, Error> {
    let mut connection = Connection::open(port)?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match connection.status(request)? {
            200 => std::thread::sleep(Duration::from_millis(5)),
            403 => return Ok(Instant::now()),
            other => return Err(Error::said(format!("the gate answered {other}"))),
        }
    }
    Err(Error::said("an advisory did not come into force"))
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
