//! Writing for people and programs: results on stdout, everything else on stderr.

use crate::error::Failure;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// How a result is written. `--json` is short for `--format json`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Format {
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// For people.
    Text,
    /// For programs; its schema is versioned.
    Json,
}

impl Format {
    /// Whether a program reads it.
    pub fn is_json(self) -> bool {
        self.json || self.format == Shape::Json
    }
}

/// Writes a result. A reader that went away (`… | head`) is a quiet end.
pub fn result(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::work(format!("cannot write the result: {error}"))),
    }
}

/// Says something about customs itself.
pub fn say(text: &str) {
    // Where stderr is closed nobody listens.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Ends a command: prints its failure, gives its exit code.
pub fn end(outcome: Result<u8, Failure>) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            say(&format!("customs: {failure}"));
            ExitCode::from(failure.code)
        }
    }
}
