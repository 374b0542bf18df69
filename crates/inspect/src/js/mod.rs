//! JavaScript and TypeScript, read by oxc.

mod expression;
mod function;
mod module;
mod pattern;
mod statement;

use crate::ir::{Builder, Language, Program, Span};
use crate::limit::reading;
use crate::nesting::nesting;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType};

/// Reads a source text. The path only says which dialect is tried first: a claim, not
/// the truth.
///
/// # Errors
/// Why it is no program in any dialect, a part of a sentence.
pub fn read(source: &str, path: &str) -> Result<Program, String> {
    if nesting(source, Language::JavaScript) > reading::ESTIMATE {
        return Err(reading::TOO_DEEP.to_owned());
    }
    let mut first_error = None;
    for dialect in Dialect::of(path).tried() {
        match parse(source, dialect) {
            Ok(program) => return Ok(program),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| "it cannot be parsed".to_owned()))
}

/// What the ending of a name claims of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// A module.
    Module,
    /// A module of `CommonJS`.
    CommonJs,
    /// Any: a script or a module, and what bundlers read.
    Any,
}

impl Dialect {
    /// What a path claims.
    pub fn of(path: &str) -> Self {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "mjs" => Self::Module,
            "cjs" => Self::CommonJs,
            _ => Self::Any,
        }
    }

    /// The dialects to try, in turn. Node runs a `.js` file as a script or as a module; a
    /// bundler reads TypeScript and JSX from it.
    fn tried(self) -> Vec<SourceType> {
        match self {
            Self::TypeScript => vec![SourceType::ts(), SourceType::tsx()],
            Self::Tsx => vec![SourceType::tsx()],
            Self::Module => vec![SourceType::mjs().with_jsx(true), SourceType::tsx()],
            Self::CommonJs => vec![
                SourceType::cjs().with_jsx(true),
                SourceType::cjs(),
                SourceType::mjs(),
            ],
            Self::Any => vec![
                SourceType::unambiguous().with_jsx(true),
                SourceType::cjs().with_jsx(true),
                SourceType::script(),
                SourceType::tsx(),
                SourceType::ts(),
            ],
        }
    }
}

fn parse(source: &str, dialect: SourceType) -> Result<Program, String> {
    let allocator = Allocator::default();
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(&allocator, source, dialect)
        .with_options(options)
        .parse();
    if parsed.panicked {
        let why = parsed.diagnostics.iter().next().map_or_else(
            || "it cannot be parsed".to_owned(),
            |d| d.message.to_string(),
        );
        // It may quote the source.
        return Err(customs_model::printable(&why, 120));
    }
    let mut lowering = Lowering {
        builder: Builder::new(Language::JavaScript),
    };
    if parsed.program.source_type.is_module() {
        lowering.builder.es_module();
    }
    let body = lowering.block(&parsed.program.body);
    // The tree is larger than the form that it is lowered to.
    drop(parsed);
    drop(allocator);
    lowering.builder.rework(crate::pure::plain);
    lowering.builder.settle();
    Ok(lowering.builder.finish(body))
}

/// Turns oxc's tree into a program.
struct Lowering {
    builder: Builder,
}

impl Lowering {
    /// Runs a step one level down; past the bound nothing is lowered, and that is said.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.builder.enter_deeper() {
            return None;
        }
        let done = step(self);
        self.builder.leave_deeper();
        Some(done)
    }
}

fn span(node: &impl GetSpan) -> Span {
    let span = node.span();
    Span {
        start: span.start,
        end: span.end,
    }
}
