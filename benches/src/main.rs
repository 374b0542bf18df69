//! The benchmarks of customs, each as a ratio to a floor or a peer in the same run.
//!
//! `cargo xtask bench` builds the program that is measured and then runs this one. What is
//! measured, and where it falls short, stands in `docs/benchmarks.md`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to the person who called it"
)]

mod cold;
mod document;
mod error;
mod gate;
mod home;
mod inspect;
mod install;
mod machine;
mod memory;
mod process;
mod record;
mod render;
mod report;
mod serve;
mod stats;
mod verify;
mod warm;

use clap::{Parser, Subcommand, ValueEnum};
use error::{Doing as _, Error};
use machine::Machine;
use report::Part;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// As the program itself: pieces that are measured in this process cost what they cost there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The benchmarks of customs.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// The registry firewall: rendering, memory, warm and cold installs
    Gate(Gate),
    /// The engine and `customs inspect`: time beside the floor and a peer, and memory
    Inspect(inspect::Arguments),
    /// `customs verify`: a tree beside the floor, bundles, signatures and lockfiles
    Verify(verify::Arguments),
    /// `customs gate` as a server: speed beside nginx, the ledger, advisories, memory, the page
    Serve(serve::Arguments),
    /// What `verify` is measured beside, in a process of its own
    #[command(hide = true)]
    Floor {
        /// The list of what to read
        list: PathBuf,
    },
}

#[derive(clap::Args)]
struct Gate {
    /// Which parts; all without one
    #[arg(value_enum)]
    parts: Vec<Measure>,
    /// Rendering and memory with three documents; installs are skipped, nothing is written
    #[arg(long)]
    quick: bool,
    /// The built program
    #[arg(long, env = "CUSTOMS_BIN", hide = true)]
    program: PathBuf,
    /// The document that keeps the tables
    #[arg(long, default_value = "docs/benchmarks.md", hide = true)]
    document: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Reading and rendering documents, beside bare passes over the same bytes
    Render,
    /// Start, idle and peak memory
    Memory,
    /// Processor time of an installation that the gate has seen before
    Warm,
    /// A first installation beside one without a gate
    Cold,
}

fn main() -> ExitCode {
    let measured = match Arguments::parse().subject {
        Subject::Gate(arguments) => gate(&arguments),
        Subject::Inspect(arguments) => inspect(&arguments),
        Subject::Verify(arguments) => verify(&arguments),
        Subject::Serve(arguments) => serve(&arguments),
        Subject::Floor { list } => verify::floor::run(&list).map(|()| 0),
    };
    match measured {
        Ok(0) => ExitCode::SUCCESS,
        Ok(missed) => {
            eprintln!("bench: {missed} figures miss their bar");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures each part of the gate and says how many figures miss their bar.
fn gate(arguments: &Gate) -> Result<usize, Error> {
    // A second call would find it in place, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let program = built(&arguments.program)?;
    let runtime = runtime()?;
    let shapes = document::shapes(arguments.quick);
    let mut missed = 0;
    for measure in parts(arguments) {
        let machine = Machine::now();
        eprintln!("bench: {} …", name(measure));
        let part = match measure {
            Measure::Render => render::measure(&shapes)?,
            Measure::Memory => runtime.block_on(memory::measure(&program, &shapes))?,
            Measure::Warm => runtime.block_on(warm::measure(&program))?,
            Measure::Cold => runtime.block_on(cold::measure(&program))?,
        };
        missed += part.missed();
        let quick = if arguments.quick { " --quick" } else { "" };
        let command = format!("cargo xtask bench gate{quick} {}", part.name);
        let document = (!arguments.quick).then_some(arguments.document.as_path());
        tell(&part, &machine, &command, document)?;
    }
    Ok(missed)
}

/// Measures inspection and says how many figures miss their bar.
fn inspect(arguments: &inspect::Arguments) -> Result<usize, Error> {
    let program = built(&arguments.program)?;
    built(&arguments.calibrate)?;
    let machine = Machine::now();
    let part = runtime()?.block_on(inspect::measure(arguments, &program))?;
    let document = (!arguments.quick).then_some(arguments.document.as_path());
    tell(&part, &machine, &arguments.command(), document)?;
    Ok(part.missed())
}

/// Measures verification and says how many figures miss their bar.
fn verify(arguments: &verify::Arguments) -> Result<usize, Error> {
    let program = built(&arguments.program)?;
    let machine = Machine::now();
    let part = runtime()?.block_on(verify::measure(arguments, &program))?;
    let document = (!arguments.quick).then_some(arguments.document.as_path());
    tell(&part, &machine, &arguments.command(), document)?;
    Ok(part.missed())
}

/// Measures the gate as a server and says how many figures miss their bar.
fn serve(arguments: &serve::Arguments) -> Result<usize, Error> {
    let program = built(&arguments.program)?;
    let runtime = runtime()?;
    let mut missed = 0;
    for measure in arguments.parts() {
        let machine = Machine::now();
        let part = runtime.block_on(serve::measure(measure, arguments, &program))?;
        missed += part.missed();
        let document = (!arguments.quick).then_some(arguments.document.as_path());
        tell(&part, &machine, &arguments.command(&part), document)?;
    }
    Ok(missed)
}

/// A program that was built for this run, wherever a command has its folder.
fn built(program: &Path) -> Result<PathBuf, Error> {
    let program = std::path::absolute(program).map_err(Error::io("find", program))?;
    if program.is_file() {
        return Ok(program);
    }
    Err(Error::said(
        "the built program is not there; call this as `cargo xtask bench`, which builds it",
    ))
}

fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start the runtime")
}

/// Prints a part, and keeps it where there is a document to keep it in.
fn tell(
    part: &Part,
    machine: &Machine,
    command: &str,
    document: Option<&Path>,
) -> Result<(), Error> {
    let text = part.markdown(machine, command);
    println!("\n{text}");
    match document {
        None => Ok(()),
        Some(document) => report::keep(document, part.name, &text),
    }
}

fn parts(arguments: &Gate) -> Vec<Measure> {
    let all = if arguments.parts.is_empty() {
        Measure::value_variants()
    } else {
        &arguments.parts
    };
    let quick = |part: &&Measure| matches!(part, Measure::Render | Measure::Memory);
    all.iter()
        .filter(|part| !arguments.quick || quick(part))
        .copied()
        .collect()
}

const fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::Render => "render",
        Measure::Memory => "memory",
        Measure::Warm => "warm",
        Measure::Cold => "cold",
    }
}
