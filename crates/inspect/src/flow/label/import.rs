//! What one file of a package makes and another one uses: `require("./a").token`,
//! `import { token } from "./a.js"`, `from .a import TOKEN`.
//!
//! A value has no label where it is imported; it has those of the expression that the other file
//! hands out under that name. So it is asked from the importer back: which module an expression
//! is, what that module hands out under one name, and what that stands for in its turn. Nothing
//! else of the module is looked at. Where the whole of a module goes somewhere, all of what it
//! hands out does.

mod part;
mod stand;

use super::exported::Exported;
use super::member::is_variable_name;
use super::{Label, Step, union};
use crate::flow::{Analysis, Context};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, Span, SymbolId};
use crate::pure::FileId;
use customs_model::{SourceKind, Zone};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Bounds of what is looked at.
mod limit {
    /// Steps from an expression to what it stands for.
    pub const LEVELS: u8 = 12;
    /// Things that one expression may stand for.
    pub const MOST: usize = 16;
    /// Values of one variable, and callers of one function.
    pub const VALUES: usize = 8;
    /// Modules whose names are all handed on by another one.
    pub const MODULES: usize = 256;
    /// Values of one module that is used as a whole.
    pub const WHOLE: usize = 32;
    /// Steps for one question.
    pub const STEPS: u32 = 1024;
}

/// What an imported expression stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// A module of the package.
    Module(FileId),
    /// A value that a module makes.
    Value(FileId, ExprId),
    /// A variable of a module of Python.
    Variable(FileId, SymbolId),
    /// Something of such a value, nobody knows which part.
    Within(FileId, ExprId),
}

/// Expressions that make what is handed out, with their files.
type Made = Rc<[(FileId, ExprId)]>;

/// What is remembered of imports.
#[derive(Debug, Default)]
pub(in crate::flow) struct Imports {
    /// What expressions stand for, in no way in particular.
    known: FxHashMap<(FileId, ExprId), Stands>,
    /// What files have under names, as far as asked.
    named: FxHashMap<(FileId, Rc<str>), Rc<[Stand]>>,
    /// Names of files that are being asked about.
    open_names: Vec<(FileId, Rc<str>)>,
    /// What files hand out, as far as asked.
    exported: FxHashMap<FileId, Rc<Exported>>,
    /// What files hand out in a roundabout way, as far as asked.
    put: FxHashMap<(FileId, Rc<str>), Made>,
    /// What is left of [`limit::STEPS`].
    steps: u32,
    /// Expressions that are being asked about.
    open: Vec<(FileId, ExprId)>,
    /// The answer depends on how the code is reached.
    contextual: bool,
    /// Something was cut off.
    cut: bool,
}

/// None: it is not imported.
type Stands = Option<Rc<[Stand]>>;

impl Analysis<'_> {
    /// The labels of an expression that is a part of what another file hands out. None: it is no
    /// such part.
    pub(super) fn imported_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        key: Option<&str>,
        context: Option<&Rc<Context>>,
    ) -> Option<Vec<Label>> {
        self.imports.steps = limit::STEPS;
        self.imports.contextual = false;
        let stands = self.stands(program, file, expr, context, 0);
        self.asking.contextual |= self.imports.contextual;
        let stands = stands?;
        let mut out = Vec::new();
        for stand in stands.iter().copied() {
            let (from, labels) = match stand {
                Stand::Module(target) => (target, self.whole_module(target)),
                Stand::Value(target, value) => (target, self.labels(target, value, None).to_vec()),
                Stand::Variable(target, symbol) => (target, self.variable_of(target, symbol)),
                Stand::Within(target, value) => {
                    let labels = self.labels(target, value, None).to_vec();
                    (target, self.parts_of(labels, key, target, value))
                }
            };
            let labels = self.handed_over_from(from, labels, file, program.span(expr));
            union(&mut out, &labels);
        }
        Some(out)
    }

    /// The expression of another file that an imported one stands for, where it is only one.
    pub(in crate::flow) fn made_elsewhere(
        &mut self,
        file: FileId,
        expr: ExprId,
    ) -> Option<(FileId, ExprId)> {
        let program = self.program(file)?;
        self.imports.steps = limit::STEPS;
        let stands = self.stands(&program, file, expr, None, 0)?;
        match stands[..] {
            [Stand::Value(from, made)] => Some((from, made)),
            [Stand::Variable(from, symbol)] => {
                let program = self.program(from)?;
                match program.symbol(symbol).values[..] {
                    [only] => Some((from, only)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether an expression is a module of the package as a whole.
    pub(super) fn is_module(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> bool {
        self.imports.steps = limit::STEPS;
        let stands = self.stands(program, file, expr, context, 0);
        stands.is_some_and(|stands| matches!(stands[..], [Stand::Module(_)]))
    }

    fn handed_over_from(
        &mut self,
        from: FileId,
        labels: Vec<Label>,
        file: FileId,
        span: Span,
    ) -> Vec<Label> {
        if from == file || labels.is_empty() {
            return labels;
        }
        let step = Step::HandedOut(self.package.file(from).path.as_str().into());
        self.hop(labels, &step, file, span)
    }

    fn variable_of(&mut self, file: FileId, symbol: SymbolId) -> Vec<Label> {
        match self.program(file) {
            Some(program) => self.variable(&program, file, symbol, None),
            None => Vec::new(),
        }
    }

    /// What is known of a part by what it is a part of: of an environment its variable.
    fn parts_of(
        &self,
        labels: Vec<Label>,
        key: Option<&str>,
        file: FileId,
        value: ExprId,
    ) -> Vec<Label> {
        let span = self
            .program(file)
            .map_or_else(Span::default, |program| program.span(value));
        labels
            .into_iter()
            .flat_map(|label| match (label.kind, key) {
                (SourceKind::Environment, Some(key)) if is_variable_name(key) => {
                    self.environment_variable(key, file, span)
                }
                // An object that is made with a look at the environment is not all of it.
                (SourceKind::Environment, Some(_)) => Vec::new(),
                _ => vec![label],
            })
            .collect()
    }

    /// The labels of a name of Python that comes with all the names of another module.
    pub(super) fn starred_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
    ) -> Vec<Label> {
        let Expr::Name(atom, _) = program.expr(expr) else {
            return Vec::new();
        };
        if program.language != Language::Python || program.stars.is_empty() {
            return Vec::new();
        }
        let mut seen = vec![file];
        match self.by_stars(program, file, program.name(atom), &mut seen) {
            Some((target, symbol)) => {
                let labels = self.variable_of(target, symbol);
                self.handed_over_from(target, labels, file, program.span(expr))
            }
            None => Vec::new(),
        }
    }

    /// All of what a module hands out.
    fn whole_module(&mut self, target: FileId) -> Vec<Label> {
        let mut out = Vec::new();
        let mut left = limit::WHOLE;
        self.note_whole(target, &mut vec![target], &mut left, &mut out);
        out
    }

    fn note_whole(
        &mut self,
        target: FileId,
        seen: &mut Vec<FileId>,
        left: &mut usize,
        out: &mut Vec<Label>,
    ) {
        let Some(program) = self.program(target) else {
            return;
        };
        if program.language != Language::JavaScript {
            return;
        }
        let exported = self.exported(&program, target);
        for (value, function) in exported.all_values() {
            if *left == 0 {
                return;
            }
            *left -= 1;
            if self.hands_out(target, function) {
                let labels = self.labels(target, value, None);
                union(out, &labels);
            }
        }
        for specifier in &exported.modules {
            if let Some(inner) = self.package.resolves(target, program.name(*specifier))
                && !seen.contains(&inner)
                && seen.len() < limit::MODULES
            {
                seen.push(inner);
                self.note_whole(inner, seen, left, out);
            }
        }
    }

    /// Whether a function that hands something out runs by when its module is there.
    fn hands_out(&self, file: FileId, function: FuncId) -> bool {
        self.zone_of(file, function) >= self.by_then(file)
    }

    /// The zone that what is put onto a module must be of: what waits for callers is not there
    /// when the module is loaded at install.
    pub(in crate::flow) fn by_then(&self, file: FileId) -> Zone {
        match self.zone_of(file, FuncId(0)) {
            Zone::Never | Zone::Called => Zone::Called,
            _ => Zone::Command,
        }
    }

    fn exported(&mut self, program: &Program, file: FileId) -> Rc<Exported> {
        let of = || Rc::new(Exported::of(program));
        Rc::clone(self.imports.exported.entry(file).or_insert_with(of))
    }
}

fn note(found: &mut Vec<Stand>, more: &Stands) {
    for stand in more.iter().flat_map(|stands| stands.iter()) {
        if found.len() < limit::MOST && !found.contains(stand) {
            found.push(*stand);
        }
    }
}

#[cfg(test)]
mod tests;
