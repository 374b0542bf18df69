//! Measures the judgement of customs: shapes of attacks that must be found, and real
//! packages of which nothing may be said.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who called it"
)]

mod all;
mod answers;
mod attacks;
mod bars;
mod budgets;
mod document;
mod evidence;
mod list;
mod population;
mod releases;
mod score;
mod shapes;
mod shared;
mod speed;
mod stats;
mod tables;
mod transform;
mod transformed;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The allocator of the program itself, so that what is measured here is what users get.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A result that cannot be written for programs.
    #[error("cannot write the result as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A line of a list that names no release.
    #[error("{path}, line {line}: {why}")]
    List {
        /// Which list.
        path: String,
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// One file name for different bytes.
    #[error("{path} means other bytes by {file} than a line before it; rename one of them")]
    Disagree {
        /// The list that was read second.
        path: String,
        /// The name of the archive.
        file: String,
    },
    /// Nothing that could be measured.
    #[error("nothing to measure: {0}")]
    Nothing(String),
    /// A document without a place for a table.
    #[error("{path} has no lines `{begin}` and `{end}`; put them where the table belongs")]
    Marks {
        /// The document.
        path: String,
        /// The line before the table.
        begin: String,
        /// The line behind it.
        end: String,
    },
    /// What is measured is worse than it may be.
    #[error("{0} figures miss their bar; the table of bars says which")]
    Bars(usize),
    /// What is written down is not what is measured.
    #[error("{0} signals do not have the points that are measured")]
    Points(usize),
    /// What is said of a release depends on what was read before it.
    #[error("of {0} releases something else is said behind another one than alone")]
    Otherwise(usize),
    /// Answers that are not those that are kept.
    #[error("{0}")]
    Answers(String),
    /// Evidence that does not hold.
    #[error("{0} paths are contradicted by the files that they were found in")]
    Contradicted(usize),
}

impl Error {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.display().to_string(),
            source,
        }
    }
}

/// Measures the judgement of customs.
#[derive(Parser)]
#[command(
    name = "cargo xtask calibrate",
    bin_name = "cargo xtask calibrate",
    after_help = "`cargo xtask calibrate fetch [LIST]...` puts the archives of the lists (all of \
                  calibration/ without one) into target/calibration/files."
)]
struct Arguments {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Everything, held against its bars; writes the tables of docs/detection.md
    All(all::Arguments),
    /// The shapes and their honest twins
    Shapes {
        /// Only cases whose id holds this
        only: Option<String>,
        /// The folder of the shapes
        #[arg(long, default_value = "crates/inspect/shapes")]
        folder: PathBuf,
    },
    /// What engine and rules answer to the shapes, held against what is kept beside the
    /// engine's version; fails where a version must be raised
    Answers {
        /// Keeps the new answers
        #[arg(long)]
        bless: bool,
        /// The folder of the shapes
        #[arg(long, default_value = "crates/inspect/shapes")]
        folder: PathBuf,
        /// The file of the answers
        #[arg(long, default_value = answers::KEPT)]
        kept: PathBuf,
    },
    /// The evidence of the shapes, checked without the engine; fails where it does not hold
    Evidence {
        /// Only cases whose id holds this
        only: Option<String>,
        /// The folder of the shapes
        #[arg(long, default_value = "crates/inspect/shapes")]
        folder: PathBuf,
    },
    /// The shapes after transforms that keep their meaning
    Transformed {
        /// Only cases whose id holds this
        only: Option<String>,
        /// The folder of the shapes
        #[arg(long, default_value = "crates/inspect/shapes")]
        folder: PathBuf,
        /// About so many chains of two, and so many of three
        #[arg(long, default_value_t = 2000)]
        take: usize,
        /// Chooses the chains and what they choose
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Prints one case (its whole id) after this chain instead: `T3+T9`
        #[arg(long, requires = "only")]
        show: Option<String>,
    },
    /// Attacks that were not used to build the engine, and their honest twins
    Attacks {
        /// The folder of the attacks
        #[arg(long, default_value = "calibration/attacks")]
        folder: PathBuf,
        /// Prints each that is not what it should be
        #[arg(long)]
        all: bool,
    },
    /// Some archives
    Files {
        /// Their paths
        paths: Vec<PathBuf>,
        /// Prints each step of what is found as well
        #[arg(long)]
        ways: bool,
    },
    /// A list of adjacent releases
    Releases {
        /// The list
        list: PathBuf,
        /// The folder of their archives
        #[arg(long, default_value = "target/calibration/files")]
        files: PathBuf,
        /// Only about so many of them
        #[arg(long)]
        take: Option<usize>,
    },
    /// What adjacent releases have in common, and what knowing it saves; fails where
    /// something else is said of a release behind another one than alone
    Shared {
        /// The list
        list: PathBuf,
        /// The folder of their archives
        #[arg(long, default_value = "target/calibration/files")]
        files: PathBuf,
        /// Only about so many of them
        #[arg(long)]
        take: Option<usize>,
        /// Room for what files said, in MiB; 0 shows what looking for it costs
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(..=4096))]
        room: u16,
    },
    /// The engine beside inflating, unpacking and parsing the same bytes
    Speed {
        /// The list
        list: PathBuf,
        /// The folder of their archives
        #[arg(long, default_value = "target/calibration/files")]
        files: PathBuf,
        /// Only about so many of them
        #[arg(long)]
        take: Option<usize>,
        /// How often
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// One JSON document on stdout, for programs; its schema is versioned
        #[arg(long)]
        json: bool,
    },
    /// The points of the score beside what is measured; fails where they differ
    Score {
        /// Lists of real packages
        #[arg(required = true)]
        lists: Vec<PathBuf>,
        /// The folder of their archives
        #[arg(long, default_value = "target/calibration/files")]
        files: PathBuf,
        /// The folder of the shapes
        #[arg(long, default_value = "crates/inspect/shapes")]
        shapes: PathBuf,
    },
    /// A list of real packages
    Population {
        /// The list
        list: PathBuf,
        /// The folder of their archives
        #[arg(long, default_value = "target/calibration/files")]
        files: PathBuf,
        /// Only about so many of them
        #[arg(long)]
        take: Option<usize>,
    },
    /// Prints which archives lists name: release, digest, file
    #[command(hide = true)]
    Wanted {
        /// The lists
        #[arg(required = true)]
        lists: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().part {
        Part::All(arguments) => all::report(&arguments),
        Part::Wanted { lists } => list::wanted(&lists).map(|text| print!("{text}")),
        Part::Shapes { only, folder } => shapes::report(&folder, only.as_deref()),
        Part::Answers {
            bless,
            folder,
            kept,
        } => answers::report(&folder, &kept, bless),
        Part::Evidence { only, folder } => evidence::report(&folder, only.as_deref()),
        Part::Transformed {
            only,
            folder,
            take,
            seed,
            show,
        } => match (only, show) {
            (Some(id), Some(chain)) => transformed::show(&folder, &id, &chain, seed),
            (only, _) => transformed::report(&folder, only.as_deref(), take, seed),
        },
        Part::Attacks { folder, all } => attacks::report(&folder, all),
        Part::Files { paths, ways } => population::files_report(&paths, ways),
        Part::Releases { list, files, take } => releases::report(&list, &files, take),
        Part::Score {
            lists,
            files,
            shapes,
        } => score::report(&lists, &files, &shapes),
        Part::Shared {
            list,
            files,
            take,
            room,
        } => shared::report(&list, &files, take, usize::from(room) << 20),
        Part::Speed {
            list,
            files,
            take,
            rounds,
            json,
        } => speed::report(&list, &files, take, rounds, json),
        Part::Population { list, files, take } => population::report(&list, &files, take),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calibrate: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does a step for each item, on all cores, with stacks that deep code needs; the results
/// come in the order of the items.
pub fn workers<T: Sync, R: Send>(items: &[T], step: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            let work = || loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else {
                    return;
                };
                let result = step(item);
                results
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((index, result));
            };
            if let Err(error) = std::thread::Builder::new()
                .stack_size(512 << 20)
                .spawn_scoped(scope, work)
            {
                eprintln!("calibrate: a worker cannot start: {error}");
            }
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
