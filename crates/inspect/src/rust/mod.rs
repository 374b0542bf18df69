//! Rust, read by syn: build scripts and procedural macros first, which run inside of the
//! compiler, and which no other scanner reads.
//!
//! From syn's tree to the one form: paths are names with dots; a method call is a call of a
//! member; a macro is a call of its name with `!`.

mod commands;
mod expand;
mod expression;
mod foreign;
mod handed;
mod item;
mod later;
mod macros;
mod numbers;
mod pairs;
mod paths;
mod rules;
mod types;

use crate::density;
use crate::ir::{Builder, Draft, ExprId, Language, Program, Span, Stmt};
use crate::limit::reading;
use crate::nesting::nesting;
use syn::spanned::Spanned;

/// Reads a source text.
///
/// # Errors
/// Why it is no program, a part of a sentence.
pub fn read(source: &str) -> Result<Program, String> {
    if density::tree(source, Language::Rust, reading::TREE) > reading::TREE {
        return Err(reading::TOO_DENSE.to_owned());
    }
    if nesting(source, Language::Rust) > reading::ESTIMATE {
        return Err(reading::TOO_DEEP.to_owned());
    }
    // Else every text that a thread has read is kept for its places.
    proc_macro2::extra::invalidate_current_thread_spans();
    let mut lowering = Lowering::new(Builder::new(Language::Rust), Lines::of(source));
    match syn::parse_file(source) {
        Ok(file) => lowering.file(file.items),
        // What is included where a value is expected is one expression.
        Err(error) => match syn::parse_str::<syn::Expr>(source) {
            Ok(value) => {
                let value = lowering.expression(&value);
                lowering.body.push(Stmt::Expr(value));
            }
            Err(_) => return Err(customs_model::printable(&error.to_string(), 120)),
        },
    }
    Ok(lowering.finish())
}

/// Turns syn's tree into a program.
struct Lowering {
    builder: Builder,
    lines: Lines,
    body: Draft,
    types: types::Types,
    rules: rules::Rules,
    /// The type of the `impl` around.
    own: Option<String>,
    /// Names that stand for types which are not known.
    generics: Vec<String>,
    /// What the loop around gives where it is left.
    broken_with: Vec<ExprId>,
    /// Whether what is made where a name is declared is a list by the type that stands there.
    is_list: bool,
    /// The crate that the file has the macro `cmd!` of.
    commands_of: Option<String>,
}

impl Lowering {
    fn new(builder: Builder, lines: Lines) -> Self {
        Self {
            builder,
            lines,
            body: Vec::new(),
            types: types::Types::default(),
            rules: rules::Rules::default(),
            own: None,
            generics: Vec::new(),
            broken_with: Vec::new(),
            is_list: false,
            commands_of: None,
        }
    }

    fn finish(mut self) -> Program {
        // A build script and a program begin at `main`; a macro at its functions.
        self.classes();
        let at = Span::default();
        let main = self.builder.name("main", at);
        let call = self.builder.call(main, &[], false, at);
        self.body.push(Stmt::Expr(call));
        self.builder.rework(crate::pure::plain);
        self.builder.settle();
        self.builder.finish(self.body)
    }

    /// Runs a step one level down; past the bound nothing is lowered, and that is said.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.builder.enter_deeper() {
            return None;
        }
        let done = step(self);
        self.builder.leave_deeper();
        Some(done)
    }

    fn span(&self, node: &impl Spanned) -> Span {
        let span = self.lines.span(node.span());
        // What a macro gives stands partly here and partly there.
        Span {
            start: span.start,
            end: span.end.max(span.start),
        }
    }

    /// `a.b.c` as members, with the first one as a name.
    fn dotted(&mut self, path: &str, at: Span) -> ExprId {
        let mut parts = path.split('.');
        let mut value = self.builder.name(parts.next().unwrap_or_default(), at);
        for part in parts {
            value = self.builder.member(value, part, at);
        }
        value
    }
}

/// Where each line begins: syn tells places by line and column.
struct Lines {
    starts: Vec<u32>,
    /// Characters of more than a byte: the number of their line, the column behind them, and
    /// by how many bytes that is further than by characters. Sorted.
    wide: Vec<(u32, u32, u32)>,
}

impl Lines {
    fn of(source: &str) -> Self {
        let mut starts = vec![0];
        let mut wide = Vec::new();
        if source.is_ascii() {
            starts.extend(memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at as u32 + 1));
            return Self { starts, wide };
        }
        let (mut column, mut further) = (0, 0);
        for (at, c) in source.char_indices() {
            if c == '\n' {
                starts.push(at as u32 + 1);
                (column, further) = (0, 0);
                continue;
            }
            column += 1;
            if !c.is_ascii() {
                further += c.len_utf8() as u32 - 1;
                wide.push((starts.len() as u32, column, further));
            }
        }
        Self { starts, wide }
    }

    fn span(&self, span: proc_macro2::Span) -> Span {
        Span {
            start: self.at(span.start()),
            end: self.at(span.end()),
        }
    }

    fn at(&self, place: proc_macro2::LineColumn) -> u32 {
        let (line, column) = (place.line as u32, place.column as u32);
        let start = self.starts.get(place.line.saturating_sub(1));
        let behind = self
            .wide
            .partition_point(|wide| (wide.0, wide.1) <= (line, column));
        let further = behind
            .checked_sub(1)
            .and_then(|last| self.wide.get(last))
            .filter(|wide| wide.0 == line)
            .map_or(0, |wide| wide.2);
        start.copied().unwrap_or(0) + column + further
    }
}

#[cfg(test)]
mod flows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_included_as_a_value_is_one_expression() {
        let source = "/* how it is made */\na::Builder::default()\n    .raw_line(\"b\")\n";
        let program = read(source).expect("an expression");
        // Its two calls, and that of `main`.
        assert_eq!(program.calls.len(), 3);
        let (call, _) = program.calls[1];
        assert_eq!(
            program.span(call).start as usize,
            source.find("a::").unwrap()
        );
        assert!(read("&[(1, \"a\"), (2, \"b\")]").is_ok());
        for neither in ["fn", "a b", "let", "a(); b()", "{"] {
            assert!(read(neither).is_err(), "{neither}");
        }
    }
}
