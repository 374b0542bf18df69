//! Python, read by ruff's parser.

mod expression;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;

use crate::density;
use crate::ir::{Builder, Language, Program, Span};
use crate::limit::reading;
use crate::nesting::nesting;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

/// Reads a source text.
///
/// # Errors
/// Why it is no program, a part of a sentence.
pub fn read(source: &str) -> Result<Program, String> {
    if density::tree(source, Language::Python, reading::TREE) > reading::TREE {
        return Err(reading::TOO_DENSE.to_owned());
    }
    if nesting(source, Language::Python) > reading::ESTIMATE {
        return Err(reading::TOO_DEEP.to_owned());
    }
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Module));
    let module = match parsed.syntax() {
        ruff_python_ast::Mod::Module(module) => module,
        ruff_python_ast::Mod::Expression(_) => return Err("it is no module".to_owned()),
    };
    if !parsed.errors().is_empty() && module.body.len() < 2 {
        let why = parsed
            .errors()
            .first()
            .map_or_else(String::new, |error| error.error.to_string());
        return Err(customs_model::printable(&why, 120));
    }
    let mut lowering = Lowering {
        builder: Builder::new(Language::Python),
        class: None,
        methods: FxHashMap::default(),
    };
    if !parsed.errors().is_empty() {
        lowering.builder.note("parts of it cannot be parsed");
    }
    lowering.builder.expect(source.len());
    let body = lowering.block(&module.body);
    // The tree is larger than the form that it is lowered to.
    drop(parsed);
    lowering.builder.rework(crate::pure::plain);
    lowering.builder.settle();
    Ok(lowering.builder.finish(body))
}

/// Turns ruff's tree into a program.
struct Lowering {
    builder: Builder,
    /// Keys and values of the class whose body is being read.
    class: Option<Vec<crate::ir::ExprId>>,
    /// The methods of that class so far.
    methods: FxHashMap<Box<str>, crate::ir::ExprId>,
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

fn span(node: &impl Ranged) -> Span {
    let range = node.range();
    Span {
        start: range.start().to_u32(),
        end: range.end().to_u32(),
    }
}
