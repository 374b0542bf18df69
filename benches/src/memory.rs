//! How fast the gate starts, and how much memory it uses: idle, and after documents of
//! every size went through it in both forms.

use crate::document::{self, Setting, Shape};
use crate::error::{Doing as _, Error};
use crate::gate::Gate;
use crate::home::Home;
use crate::process;
use crate::report::{Bar, Part, Row};
use crate::stats::{median, range};
use bytes::Bytes;
use customs_model::{Digest, DigestAlgorithm, SignedDuration, Timestamp};
use customs_replay::{Bound, Faults, Request, Response, Server};
use futures_util::future::try_join_all;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

const MB: f64 = 1e6;
const STARTS: usize = 15;
const FORMS: [&str; 2] = ["application/vnd.npm.install-v1+json", "application/json"];

/// Measures.
pub async fn measure(program: &Path, shapes: &[Shape]) -> Result<Part, Error> {
    let mut rows = vec![start(program).await?];
    let server = upstream(shapes).await?;
    let largest = shapes.last().map_or_else(String::new, Shape::megabytes);
    let alone = load(program, &server, shapes, false).await?;
    rows.push(row(
        "memory, 3 s after the start",
        String::new(),
        alone.idle,
        Bar::AtMost(30.0),
        "≤ 30 MB",
    ));
    let what = format!(
        "peak, {} documents up to {largest}, both forms",
        shapes.len()
    );
    rows.push(row(
        &format!("{what}, one after another"),
        format!(
            "{:.1} s, {:.0} MB out",
            alone.seconds,
            alone.out as f64 / MB
        ),
        alone.peak,
        Bar::AtMost(100.0),
        "≤ 100 MB",
    ));
    let together = load(program, &server, shapes, true).await?;
    rows.push(row(
        &format!("{what}, all at once"),
        format!(
            "{:.1} s, {:.0} MB out",
            together.seconds,
            together.out as f64 / MB
        ),
        together.peak,
        Bar::None,
        "",
    ));
    let mut notes = vec![
        "Start: from starting the process in an empty home to its answer to a health request, \
         median of 15. Memory: `VmRSS` and `VmHWM` of the gate's process. The documents have \
         releases of the last hours and days, so that rules are asked; their dependencies and \
         tarballs are served too. Nothing is in the gate's cache before."
            .to_owned(),
    ];
    if alone.idle.is_none() {
        notes.push(
            "Memory was not measured, because this system has no `/proc/PID/status`.".to_owned(),
        );
    }
    Ok(Part {
        name: "memory",
        figures: "Beside it",
        value: "Measured",
        rows,
        notes,
    })
}

async fn start(program: &Path) -> Result<Row, Error> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let home = Home::new(None)?;
        let (gate, took) = Gate::start(program, &home).await?;
        times.push(took.as_secs_f64() * 1e3);
        gate.stop().await;
    }
    let middle = median(&times);
    let (low, high) = range(&times);
    Ok(Row {
        what: "start to the first answer".to_owned(),
        figures: format!("{low:.0} to {high:.0} ms"),
        value: Some((middle, format!("{middle:.0} ms"))),
        bar: Bar::AtMost(50.0),
        bar_text: "≤ 50 ms",
    })
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
            let megabytes = bytes as f64 / MB;
            (megabytes, format!("{megabytes:.1} MB"))
        }),
        bar,
        bar_text,
    }
}

/// What one gate needed.
struct Load {
    idle: Option<u64>,
    peak: Option<u64>,
    seconds: f64,
    out: u64,
}

async fn load(
    program: &Path,
    server: &Server,
    shapes: &[Shape],
    at_once: bool,
) -> Result<Load, Error> {
    let home = Home::new(None)?;
    let (gate, _) = Gate::start(program, &home).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = process::memory(gate.pid());
    let token = gate.begin(&format!("{}/", server.base())).await?;
    let begun = Instant::now();
    let fetches = shapes
        .iter()
        .flat_map(|shape| FORMS.map(|form| gate.fetch(&token, shape.name, form)));
    let out = if at_once {
        try_join_all(fetches).await?.iter().sum()
    } else {
        let mut out = 0;
        for fetch in fetches {
            out += fetch.await?;
        }
        out
    };
    let seconds = begun.elapsed().as_secs_f64();
    let peak = process::peak(gate.pid());
    gate.stop().await;
    Ok(Load {
        idle,
        peak,
        seconds,
        out,
    })
}

/// A registry of the generated documents. Any other name is a small package of its own,
/// since the gate looks at what young releases depend on.
async fn upstream(shapes: &[Shape]) -> Result<Server, Error> {
    let bound = Bound::new().await.doing("take a loopback port")?;
    let base = bound.base();
    let tarball = tarball().doing("pack a tarball")?;
    let mut hasher = customs_model::Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(&tarball);
    let digest: Digest = hasher.finish();
    let integrity = digest.to_sri();
    let now = Timestamp::now();
    let newest = now
        .checked_sub(SignedDuration::from_hours(1))
        .unwrap_or(now);
    let mut documents = HashMap::new();
    for shape in shapes {
        let setting = Setting {
            base: &base,
            newest,
            integrity: &integrity,
        };
        let mut bytes = Vec::with_capacity(shape.bytes as usize + (1 << 20));
        document::write(shape, setting, &mut bytes).doing("generate a document")?;
        documents.insert(shape.name, Bytes::from(bytes));
    }
    let answer = move |request: &Request| {
        if request.method != "GET" && request.method != "HEAD" {
            return Response::of(405, "application/json", "{}");
        }
        let name = request.bare_path().trim_start_matches('/');
        if name.ends_with(".tgz") {
            return Response::of(200, "application/octet-stream", tarball.clone());
        }
        match documents.get(name) {
            Some(bytes) => Response::of(200, "application/json", bytes.clone()),
            None => small(name, &base, &integrity),
        }
    };
    Ok(bound.serve(answer, Faults::none()))
}

/// A package with one old version that every range of the generated documents takes.
fn small(name: &str, base: &str, integrity: &str) -> Response {
    let version = "1.99.0";
    let document = serde_json::json!({
        "name": name,
        "dist-tags": { "latest": version },
        "versions": { version: {
            "name": name,
            "version": version,
            "dist": {
                "tarball": format!("{base}/{name}/-/{name}-{version}.tgz"),
                "integrity": integrity,
            },
        }},
        "time": { "created": "2020-01-01T00:00:00.000Z", version: "2020-01-01T00:00:00.000Z" },
    });
    Response::of(200, "application/json", document.to_string())
}

/// One for all: what is in it does not matter here.
fn tarball() -> std::io::Result<Bytes> {
    let zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(zipped);
    let manifest = br#"{"name":"bench","version":"1.0.0"}"#;
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "package/package.json", &manifest[..])?;
    archive.into_inner()?.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_replay::Body;

    #[test]
    fn any_name_is_a_package_that_the_generated_ranges_take() {
        let Body::Bytes(bytes) = small("dep-1", "http://127.0.0.1:1", "sha512-AA==").body else {
            panic!("a small document is bytes");
        };
        let index = customs_ecosystem::npm::Packument::read(&bytes[..]).unwrap();
        assert_eq!(index.versions.len(), 1);
        assert!(tarball().unwrap().len() > 50);
    }
}
