//! The measurement as one JSON document, for programs. Times are milliseconds.
//!
//! A field that is added leaves `schema` as it is; one that is taken away, or that means
//! something else, raises it.

use super::{INFLATER, LIBRARIES, Round, Scaling, Took, at, threads};
use crate::Error;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the document.
const SCHEMA: u32 = 1;
/// So many of the slowest, and of the largest archives.
const MANY: usize = 10;

#[derive(Serialize)]
struct Document {
    schema: u32,
    list: String,
    threads: usize,
    /// What inflates, in the floor and in the engine.
    inflater: &'static str,
    /// What the floor is made of.
    floor: &'static str,
    /// Archives that the list names.
    listed: usize,
    /// Of these, chosen to be measured.
    chosen: usize,
    /// Of the chosen, not there.
    missing: usize,
    /// Measured.
    artifacts: usize,
    unpacked_bytes: u64,
    /// Sums over all archives; none where nothing was measured.
    rounds: Vec<OneRound>,
    /// Of the engine, each archive by the median of its rounds.
    engine_ms: Option<Quantiles>,
    /// By the engine's time, the slowest first.
    slowest: Vec<Artifact>,
    /// By packed size, the largest first: of all that the list names and that are there.
    largest: Vec<Packed>,
    /// All that were measured, in the order of their names.
    paths: Vec<String>,
    scaling: Option<Threads>,
}

#[derive(Serialize)]
struct OneRound {
    floor_ms: f64,
    engine_ms: f64,
    ratio: f64,
}

#[derive(Serialize)]
struct Quantiles {
    median: f64,
    p99: f64,
    worst: f64,
}

#[derive(Serialize)]
struct Artifact {
    name: String,
    path: String,
    floor_ms: f64,
    engine_ms: f64,
}

#[derive(Serialize)]
struct Packed {
    path: String,
    packed_bytes: u64,
}

/// The engine alone.
#[derive(Serialize)]
struct Threads {
    artifacts: usize,
    one_thread_ms: f64,
    all_threads_ms: f64,
    ratio: f64,
}

/// The document.
pub(super) fn text(
    list: &Path,
    listed: &[PathBuf],
    chosen: usize,
    rounds: &[Round],
    mut took: Vec<Took>,
    scaling: Option<Scaling>,
) -> Result<String, Error> {
    let paths = took.iter().map(|took| words(&took.path)).collect();
    took.sort_by_key(|took| took.engine);
    let something = !took.is_empty();
    let document = Document {
        schema: SCHEMA,
        list: words(list),
        threads: threads(),
        inflater: INFLATER,
        floor: LIBRARIES,
        listed: listed.len(),
        chosen,
        missing: chosen - took.len(),
        artifacts: took.len(),
        unpacked_bytes: took.iter().map(|took| took.bytes).sum(),
        rounds: rounds
            .iter()
            .filter(|_| something)
            .map(|round| OneRound {
                floor_ms: milliseconds(round.floor),
                engine_ms: milliseconds(round.engine),
                ratio: round.ratio(),
            })
            .collect(),
        engine_ms: something.then(|| Quantiles {
            median: milliseconds(at(&took, 0.5)),
            p99: milliseconds(at(&took, 0.99)),
            worst: milliseconds(at(&took, 1.0)),
        }),
        slowest: took
            .iter()
            .rev()
            .take(MANY)
            .map(|took| Artifact {
                name: took.name(),
                path: words(&took.path),
                floor_ms: milliseconds(took.floor),
                engine_ms: milliseconds(took.engine),
            })
            .collect(),
        largest: largest(listed),
        paths,
        scaling: scaling.map(|scaling| Threads {
            artifacts: scaling.artifacts,
            one_thread_ms: milliseconds(scaling.alone),
            all_threads_ms: milliseconds(scaling.all),
            ratio: scaling.ratio(),
        }),
    };
    Ok(serde_json::to_string_pretty(&document)?)
}

fn largest(listed: &[PathBuf]) -> Vec<Packed> {
    let mut sizes: Vec<(u64, &PathBuf)> = listed
        .iter()
        .filter_map(|path| Some((std::fs::metadata(path).ok()?.len(), path)))
        .collect();
    sizes.sort();
    sizes
        .into_iter()
        .rev()
        .take(MANY)
        .map(|(packed_bytes, path)| Packed {
            path: words(path),
            packed_bytes,
        })
        .collect()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn words(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(took: Vec<Took>, scaling: Option<Scaling>) -> serde_json::Value {
        let round = Round {
            floor: took.iter().map(|t| t.floor).sum(),
            engine: took.iter().map(|t| t.engine).sum(),
        };
        let listed = [PathBuf::from("no/a.tgz"), PathBuf::from("no/b.tgz")];
        let list = Path::new("npm-x.list");
        let text = text(list, &listed, listed.len(), &[round], took, scaling).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_document_has_ratios_times_and_what_is_missing() {
        let took = vec![Took {
            path: PathBuf::from("no/a.tgz"),
            floor: Duration::from_millis(4),
            engine: Duration::from_millis(6),
            bytes: 7,
        }];
        let scaling = Scaling {
            artifacts: 1,
            alone: Duration::from_millis(6),
            all: Duration::from_millis(3),
        };
        let document = read(took, Some(scaling));
        assert_eq!(document["schema"], 1);
        assert_eq!(document["missing"], 1);
        assert_eq!(document["rounds"][0]["ratio"], 1.5);
        assert_eq!(document["engine_ms"]["worst"], 6.0);
        assert_eq!(document["slowest"][0]["name"], "a.tgz");
        assert_eq!(document["scaling"]["ratio"], 2.0);
        // Neither file is there.
        assert_eq!(document["largest"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn of_nothing_no_figure_is_told() {
        let document = read(Vec::new(), None);
        assert_eq!(document["missing"], 2);
        assert!(document["engine_ms"].is_null() && document["scaling"].is_null());
        assert_eq!(document["rounds"].as_array().unwrap().len(), 0);
    }
}
