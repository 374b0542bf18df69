//! Rust, read by syn: build scripts and procedural macros first, which run inside of the
//! compiler, and which no other scanner reads.

mod lower;

use crate::ir::{Builder, Language, Program, Span};
use crate::limit::reading;
use crate::nesting::nesting;

/// Reads a source text.
///
/// # Errors
/// Why it is no program, a part of a sentence.
pub fn read(source: &str) -> Result<Program, String> {
    if nesting(source, Language::Rust) > reading::ESTIMATE {
        return Err(reading::TOO_DEEP.to_owned());
    }
    let file = syn::parse_file(source)
        .map_err(|error| customs_model::printable(&error.to_string(), 120))?;
    let mut lowering = lower::Lowering::new(Builder::new(Language::Rust), Lines::of(source));
    lowering.items(&file.items);
    Ok(lowering.finish())
}

/// Where each line begins: syn tells places by line and column.
struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    fn of(source: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at as u32 + 1));
        Self { starts }
    }

    fn span(&self, span: proc_macro2::Span) -> Span {
        let at = |place: proc_macro2::LineColumn| {
            self.starts
                .get(place.line.saturating_sub(1))
                .copied()
                .unwrap_or(0)
                + place.column as u32
        };
        Span {
            start: at(span.start()),
            end: at(span.end()),
        }
    }
}
