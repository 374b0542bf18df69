//! How fast documents are read and rendered, beside bare passes over the same bytes.
//!
//! Two floors. `serde_json`, told to ignore everything, from a reader: the streaming pass
//! that anybody would write, kept by others. And `JsonReader::skip`, our own pass that
//! looks for the end of the document and nothing else; reading and rendering walk over
//! the bytes once each, so half of its speed is what two such passes reach at best.

use crate::document::{self, Setting, Shape};
use crate::error::{Doing as _, Error};
use crate::report::{Bar, Part, Row};
use crate::stats::median;
use customs_ecosystem::json::JsonReader;
use customs_ecosystem::npm::{Form, Packument, Tarballs, render};
use customs_model::{Ecosystem, PackageName, Version};
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What a measurement takes at least, and how often it is repeated at least.
const LEAST: (Duration, usize) = (Duration::from_millis(600), 5);

/// What the bar asks: half the speed of the bare pass.
const BAR: f64 = 0.5;

/// Measures.
pub fn measure(shapes: &[Shape]) -> Result<Part, Error> {
    let folder = tempfile::tempdir().doing("make a temporary folder")?;
    let mut rows = Vec::new();
    for shape in shapes {
        let path = folder.path().join(shape.name);
        generate(shape, &path)?;
        rows.extend(one(shape, &path)?);
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(Part {
        name: "render",
        figures: "MB/s: read + render; `serde_json`; own skip",
        value: "Ratio to `serde_json`; to own skip",
        rows,
        notes: vec![
            "Each is the median of at least five rounds, the four passes in turn, from a file \
             in the page cache to a buffer that is thrown away. \"Read + render\" is the time of \
             both passes together, everything offered, addresses rewritten. The bar judges the \
             ratio to `serde_json`'s streaming pass (`IgnoredAny` from a buffered reader)."
                .to_owned(),
        ],
    })
}

fn generate(shape: &Shape, path: &Path) -> Result<(), Error> {
    let setting = Setting {
        base: "http://registry.example",
        newest: "2026-01-01T00:00:00Z".parse().doing("read an instant")?,
        integrity: &format!("sha512-{}==", "A".repeat(86)),
    };
    let file = File::create(path).map_err(Error::io("make", path))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    document::write(shape, setting, &mut out)
        .and_then(|()| out.flush())
        .map_err(Error::io("write", path))
}

/// Seconds of each pass.
#[derive(Default)]
struct Times {
    serde: Vec<f64>,
    skip: Vec<f64>,
    full: Vec<f64>,
    short: Vec<f64>,
}

fn one(shape: &Shape, path: &Path) -> Result<[Row; 2], Error> {
    let bytes = std::fs::metadata(path)
        .map_err(Error::io("look at", path))?
        .len() as f64;
    let name = PackageName::new(Ecosystem::Npm, shape.name).doing("name a package")?;
    let mut times = Times::default();
    let begun = Instant::now();
    // In turn, so that a busy moment of the machine meets all of them.
    while times.serde.len() < LEAST.1 || begun.elapsed() < LEAST.0 * 4 {
        times.serde.push(timed(|| bare_serde(path))?);
        times.skip.push(timed(|| bare_skip(path))?);
        times.full.push(timed(|| both(path, &name, Form::Full))?);
        times
            .short
            .push(timed(|| both(path, &name, Form::Abbreviated))?);
    }
    let speed = |seconds: &[f64]| bytes / 1e6 / median(seconds);
    let (serde, skip) = (speed(&times.serde), speed(&times.skip));
    let row = |form: &str, seconds: &[f64]| {
        let own = speed(seconds);
        let (ratio, to_skip) = (own / serde, own / skip);
        Row {
            what: format!("{}, {form}", shape.megabytes()),
            figures: format!("{own:.0}; {serde:.0}; {skip:.0}"),
            value: Some((ratio, format!("{ratio:.2}; {to_skip:.2}"))),
            bar: Bar::AtLeast(BAR),
            bar_text: "≥ 0.5",
        }
    };
    Ok([row("full", &times.full), row("abbreviated", &times.short)])
}

fn timed(run: impl FnOnce() -> Result<(), Error>) -> Result<f64, Error> {
    let begun = Instant::now();
    run()?;
    Ok(begun.elapsed().as_secs_f64())
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(Error::io("open", path))
}

fn bare_serde(path: &Path) -> Result<(), Error> {
    let reader = BufReader::with_capacity(128 << 10, open(path)?);
    let values = serde_json::Deserializer::from_reader(reader).into_iter::<IgnoredAny>();
    for value in values {
        value.doing("read a generated document with serde_json")?;
    }
    Ok(())
}

fn bare_skip(path: &Path) -> Result<(), Error> {
    let mut reader = JsonReader::new(open(path)?);
    reader
        .skip()
        .and_then(|()| reader.end())
        .doing("skip a generated document")
}

/// What the gate does with a document: one pass for the index, one for the bytes that go
/// out. Everything is offered, so that the most is copied, and addresses lead to the gate,
/// as every client but npm needs them.
fn both(path: &Path, name: &PackageName, form: Form) -> Result<(), Error> {
    let index = Packument::read(open(path)?).doing("read a generated document")?;
    let offers = |_: &Version| true;
    let tarballs = Tarballs::Gate("http://127.0.0.1:4873");
    let mut out = BufWriter::with_capacity(128 << 10, std::io::sink());
    render(open(path)?, &index, name, form, tarballs, &offers, &mut out)
        .doing("render a generated document")
}
