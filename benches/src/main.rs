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
mod install;
mod machine;
mod memory;
mod process;
mod record;
mod render;
mod report;
mod stats;
mod warm;

use clap::{Parser, Subcommand, ValueEnum};
use error::{Doing as _, Error};
use machine::Machine;
use report::Part;
use std::path::PathBuf;
use std::process::ExitCode;

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
    let Subject::Gate(arguments) = Arguments::parse().subject;
    match run(&arguments) {
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

/// Measures each part and says how many figures miss their bar.
fn run(arguments: &Gate) -> Result<usize, Error> {
    // A second call would find it in place, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let program =
        std::path::absolute(&arguments.program).map_err(Error::io("find", &arguments.program))?;
    if !program.is_file() {
        return Err(Error::said(
            "the built program is not there; call this as `cargo xtask bench`, which builds it",
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start the runtime")?;
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
        tell(arguments, &part, &machine)?;
    }
    Ok(missed)
}

fn tell(arguments: &Gate, part: &Part, machine: &Machine) -> Result<(), Error> {
    let quick = if arguments.quick { " --quick" } else { "" };
    let command = format!("cargo xtask bench gate{quick} {}", part.name);
    let text = part.markdown(machine, &command);
    println!("\n{text}");
    if arguments.quick {
        return Ok(());
    }
    report::keep(&arguments.document, part.name, &text)
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
