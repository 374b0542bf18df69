//! Writing for people and programs: results on stdout, everything else on stderr.

use crate::error::Failure;
use customs_model::printable;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Characters of a line that is said.
const LONGEST: usize = 4_000;

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

/// JSON that says the same to a program and nothing to a terminal: what steers one, or turns
/// the order of letters, is written as an escape.
pub fn plain_json(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || printable(c.encode_utf8(&mut [0; 4]), 8).starts_with(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a text cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Text without anything that steers a terminal or turns the order of letters; its lines stay.
pub fn plain_text(text: &str) -> String {
    let lines = text.split('\n').map(|line| printable(line, LONGEST));
    lines.collect::<Vec<_>>().join("\n")
}

/// Says something about customs itself. Errors quote what others sent.
pub fn say(text: &str) {
    // Where stderr is closed nobody listens.
    let _ = writeln!(io::stderr().lock(), "{}", plain_text(text));
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

#[cfg(test)]
mod tests {
    use super::{plain_json, plain_text};

    #[test]
    fn json_says_the_same_and_steers_no_terminal() {
        let value = serde_json::json!({"a": "x\u{9b}31m\u{202e}y ä 名 🚢"});
        let text = serde_json::to_string(&value).unwrap();
        let plain = plain_json(&text);
        assert!(!plain.contains(['\u{9b}', '\u{202e}']), "{plain}");
        assert!(plain.contains("ä 名 🚢"), "{plain}");
        let back: serde_json::Value = serde_json::from_str(&plain).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn what_is_said_keeps_its_lines_and_steers_no_terminal() {
        assert_eq!(
            plain_text("customs: a\u{1b}[2J\n  b\u{2028}c\r\u{9b}"),
            "customs: a\\u{1b}[2J\n  b\\u{2028}c\\u{d}\\u{9b}"
        );
    }
}
