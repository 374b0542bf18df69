//! Rust, read by syn. Not yet.

use crate::ir::Program;

/// Reads a source text.
///
/// # Errors
/// Why it is no program, a part of a sentence.
pub fn read(_source: &str) -> Result<Program, String> {
    Err("Rust is not read yet".to_owned())
}
