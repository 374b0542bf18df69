//! The engine and the floor, as the calibration measures them: it knows the engine's
//! libraries, so it is run as a program and its document is read.

use crate::error::{Doing as _, Error};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of the document that is read here.
const SCHEMA: u32 = 1;

/// What the calibration tells of a list. Times are milliseconds.
#[derive(Debug, Clone, Deserialize)]
pub struct Speed {
    schema: u32,
    /// Threads that measured at the same time.
    pub threads: usize,
    /// What inflates, in the floor and in the engine.
    pub inflater: String,
    /// What the floor is made of.
    pub floor: String,
    /// Archives that the list names.
    pub listed: usize,
    /// Of these, chosen.
    pub chosen: usize,
    /// Of the chosen, not there.
    pub missing: usize,
    /// Measured.
    pub artifacts: usize,
    /// Their bytes, unpacked.
    pub unpacked_bytes: u64,
    /// One for each round; none where nothing was measured.
    pub rounds: Vec<Round>,
    /// Of the engine.
    pub engine_ms: Option<Quantiles>,
    /// The slowest first.
    pub slowest: Vec<Slow>,
    /// The largest first.
    pub largest: Vec<Large>,
    /// All that were measured.
    pub paths: Vec<String>,
    /// The engine on one thread and on all.
    pub scaling: Option<Scaling>,
}

/// Sums over all archives.
#[derive(Debug, Clone, Deserialize)]
pub struct Round {
    /// Of the floor.
    pub floor_ms: f64,
    /// Of the engine.
    pub engine_ms: f64,
    /// Engine / floor.
    pub ratio: f64,
}

/// Of one artifact.
#[derive(Debug, Clone, Deserialize)]
pub struct Quantiles {
    /// Half take less.
    pub median: f64,
    /// 99 % take less.
    pub p99: f64,
    /// None takes more.
    pub worst: f64,
}

/// An archive that takes long.
#[derive(Debug, Clone, Deserialize)]
pub struct Slow {
    /// Its file's name.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// What the floor takes.
    pub floor_ms: f64,
}

/// An archive that is large.
#[derive(Debug, Clone, Deserialize)]
pub struct Large {
    /// Where it lies.
    pub path: String,
}

/// The engine alone.
#[derive(Debug, Clone, Deserialize)]
pub struct Scaling {
    /// How many.
    pub artifacts: usize,
    /// On one thread.
    pub one_thread_ms: f64,
    /// On all threads.
    pub all_threads_ms: f64,
    /// How many times as fast.
    pub ratio: f64,
}

impl Speed {
    /// So many of the largest archives and as many of the slowest, each once.
    pub fn heaviest(&self, count: usize) -> Vec<PathBuf> {
        let largest = self.largest.iter().take(count).map(|large| &large.path);
        let slowest = self.slowest.iter().take(count).map(|slow| &slow.path);
        let mut out: Vec<PathBuf> = Vec::new();
        for path in largest.chain(slowest).map(PathBuf::from) {
            if !out.contains(&path) {
                out.push(path);
            }
        }
        out
    }
}

/// Runs the calibration on a list; what it says meanwhile goes to stderr.
pub fn measure(
    calibrate: &Path,
    list: &Path,
    files: &Path,
    take: Option<usize>,
    rounds: usize,
) -> Result<Speed, Error> {
    let mut command = Command::new(calibrate);
    command
        .arg("speed")
        .arg(list)
        .arg("--files")
        .arg(files)
        .args(["--rounds", &rounds.to_string(), "--json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(take) = take {
        command.args(["--take", &take.to_string()]);
    }
    let output = command
        .output()
        .map_err(Error::io("start the calibration", calibrate))?;
    if !output.status.success() {
        return Err(Error::said(format!(
            "the calibration failed ({}); its own message stands above",
            output.status
        )));
    }
    read(&output.stdout)
}

fn read(document: &[u8]) -> Result<Speed, Error> {
    let speed: Speed = serde_json::from_slice(document).doing("read the calibration's document")?;
    if speed.schema == SCHEMA {
        Ok(speed)
    } else {
        Err(Error::said(format!(
            "the calibration writes documents of version {}, and {SCHEMA} is read here",
            speed.schema
        )))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A document as the calibration writes it.
    pub const DOCUMENT: &str = r#"{"schema":1,"list":"calibration/npm-popular.list","threads":2,
        "inflater":"zlib-rs","floor":"flate2 with zlib-rs, tar","listed":9,"chosen":3,"missing":1,
        "artifacts":2,"unpacked_bytes":3000000,
        "rounds":[{"floor_ms":100.0,"engine_ms":150.0,"ratio":1.5},
                  {"floor_ms":100.0,"engine_ms":250.0,"ratio":2.5},
                  {"floor_ms":100.0,"engine_ms":180.0,"ratio":1.8}],
        "engine_ms":{"median":0.5,"p99":150.0,"worst":2700.0},
        "slowest":[{"name":"b.tgz","path":"f/b.tgz","floor_ms":9.0,"engine_ms":2700.0},
                   {"name":"a.tgz","path":"f/a.tgz","floor_ms":1.0,"engine_ms":0.5}],
        "largest":[{"path":"f/c.tgz","packed_bytes":9},{"path":"f/b.tgz","packed_bytes":8}],
        "paths":["f/a.tgz","f/b.tgz"],
        "scaling":{"artifacts":2,"one_thread_ms":400.0,"all_threads_ms":200.0,"ratio":2.0}}"#;

    /// That document, read.
    pub fn speed() -> Speed {
        read(DOCUMENT.as_bytes()).unwrap()
    }

    #[test]
    fn the_largest_and_the_slowest_come_once_each() {
        let names = |count| -> Vec<String> {
            let heaviest = speed().heaviest(count);
            heaviest
                .iter()
                .map(|path| path.display().to_string())
                .collect()
        };
        assert_eq!(names(10), ["f/c.tgz", "f/b.tgz", "f/a.tgz"]);
        assert_eq!(names(1), ["f/c.tgz", "f/b.tgz"]);
    }

    #[test]
    fn another_version_is_refused() {
        let other = DOCUMENT.replace("\"schema\":1", "\"schema\":2");
        assert!(read(other.as_bytes()).is_err());
        assert!(read(b"{}").is_err());
    }
}
