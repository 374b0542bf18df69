//! JavaScript and TypeScript, read by oxc.
//!
//! A tree takes 27 bytes for a byte of text, the form that it is lowered to far fewer. So a
//! large file is read in `pieces`: the bodies of its functions one by one.

mod compiled;
mod expression;
mod function;
mod module;
mod pattern;
mod pieces;
mod statement;
mod typed;

use crate::density;
use crate::ir::{Builder, Draft, ExprId, FuncId, Language, Program, Span};
use crate::limit::reading;
use crate::nesting::nesting;
use compiled::Compiled;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::{GetSpan, SourceType};
use pieces::{Parts, Pieces, Sizes};

/// Why a file with Flow's types is not read: TypeScript has others, and no client runs either as
/// they stand but one that takes Flow's away first.
const OF_FLOW: &str = "it is written in Flow's dialect, which is not read";

/// Reads a source text. The path only says which dialect is tried first: a claim, not
/// the truth.
///
/// # Errors
/// Why it is no program in any dialect, a part of a sentence.
pub fn read(source: &str, path: &str) -> Result<Program, String> {
    read_by(source, path, Sizes::default())
}

/// The same, with other bounds on the pieces that it is read in.
fn read_by(source: &str, path: &str, sizes: Sizes) -> Result<Program, String> {
    let dialects = Dialect::of(path).tried();
    let parts = Parts::of(source, sizes);
    let mut is_checked = false;
    let mut first_error = None;
    for dialect in dialects {
        if let Some(read) = parts
            .as_ref()
            .and_then(|parts| pieces::read(parts, dialect))
        {
            // The outline is as long as the text, and not asked for any more.
            drop(parts);
            return Ok(finish(read.0, read.1));
        }
        if !is_checked {
            // A tree of all of it: its parts may have been small enough.
            parsable(source)?;
            is_checked = true;
        }
        match whole(source, dialect) {
            Ok(program) => return Ok(program),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or_else(|| "it cannot be parsed".to_owned()))
}

/// Whether a text can be parsed within the bounds on memory and stack.
///
/// # Errors
/// Which of them it exceeds.
fn parsable(source: &str) -> Result<(), String> {
    if density::tree(source, Language::JavaScript, reading::TREE) > reading::TREE {
        return Err(reading::TOO_DENSE.to_owned());
    }
    if nesting(source, Language::JavaScript) > reading::ESTIMATE {
        return Err(reading::TOO_DEEP.to_owned());
    }
    Ok(())
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

fn parse<'a>(allocator: &'a Allocator, source: &'a str, dialect: SourceType) -> ParserReturn<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        ..ParseOptions::default()
    };
    Parser::new(allocator, source, dialect)
        .with_options(options)
        .parse()
}

/// Reads a source text by one tree of all of it.
fn whole(source: &str, dialect: SourceType) -> Result<Program, String> {
    let allocator = Allocator::default();
    let parsed = parse(&allocator, source, dialect);
    if parsed.panicked {
        let why = parsed.diagnostics.iter().next().map_or_else(
            || "it cannot be parsed".to_owned(),
            |d| d.message.to_string(),
        );
        // The parser's own words for a file that says `@flow` and is no JavaScript.
        if why == "Flow is not supported" {
            return Err(OF_FLOW.to_owned());
        }
        // It may quote the source.
        return Err(customs_model::printable(&why, 120));
    }
    let mut lowering = Lowering::new(None);
    lowering.builder.expect(source.len());
    let body = lowering.top(&parsed.program);
    // The tree is larger than the form that it is lowered to.
    drop(parsed);
    drop(allocator);
    Ok(finish(lowering.builder, body))
}

/// What is left to do without the tree.
fn finish(mut builder: Builder, body: Draft) -> Program {
    builder.rework(crate::pure::plain);
    builder.settle();
    builder.finish(body)
}

/// Turns oxc's tree into a program.
struct Lowering<'s> {
    builder: Builder,
    /// What was left out of the tree that is lowered.
    pieces: Option<Pieces<'s>>,
    /// From the places of that tree to those of the file; it wraps around.
    shift: u32,
    /// It is within the head of a `for`, where `in` is no operator.
    for_head: bool,
    /// How the function that is read was written before it was compiled.
    compiled: Compiled,
    /// The same of the function that is read next.
    next_compiled: Option<Compiled>,
    /// What is thrown and not caught so far, with the function that it is thrown in.
    thrown: Vec<(FuncId, ExprId)>,
    /// Calls that are waited for and may fail, with the function that waits.
    awaited: Vec<(FuncId, ExprId)>,
    /// Something was asked for the answer that it holds.
    reads_answer: bool,
    /// A piece is not what it was taken for: the program is good for nothing.
    failed: bool,
}

impl<'s> Lowering<'s> {
    fn new(pieces: Option<Pieces<'s>>) -> Self {
        Self {
            builder: Builder::new(Language::JavaScript),
            pieces,
            shift: 0,
            for_head: false,
            compiled: Compiled::default(),
            next_compiled: None,
            thrown: Vec::new(),
            awaited: Vec::new(),
            reads_answer: false,
            failed: false,
        }
    }

    /// The statements of the top level.
    fn top(&mut self, program: &oxc_ast::ast::Program<'_>) -> Draft {
        if program.source_type.is_module() {
            self.builder.es_module();
        }
        self.block(&program.body)
    }

    /// Runs a step one level down; past the bound nothing is lowered, and that is said.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.failed || !self.builder.enter_deeper() {
            return None;
        }
        let done = step(self);
        self.builder.leave_deeper();
        Some(done)
    }

    /// Where a node stands in the file.
    fn span(&self, node: &impl GetSpan) -> Span {
        let span = node.span();
        Span {
            start: span.start.wrapping_add(self.shift),
            end: span.end.wrapping_add(self.shift),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_in_a_file_of_javascript_are_read_as_those_of_typescript() {
        assert!(
            read(
                "// @flow\nexport const a = (b: string): number => c(b);\n",
                "a.js"
            )
            .is_ok()
        );
        assert!(
            read(
                "import type {A} from './a';\nexport default (b: A) => b;\n",
                "a.js"
            )
            .is_ok()
        );
        assert!(read("export const a: number = 1;\n", "a.mjs").is_ok());
    }

    #[test]
    fn what_only_flow_means_is_said_not_to_be_read() {
        let only_flow = "// @flow strict\nconst a = (b: any);\nopaque type C = {| d: ?string |};\n";
        assert_eq!(read(only_flow, "a.js").err().as_deref(), Some(OF_FLOW));
        let neither = read("const a = (b: any);\nopaque type C = {| d: 1 |};\n", "a.js");
        assert!(neither.is_err_and(|why| why != OF_FLOW));
    }
}
