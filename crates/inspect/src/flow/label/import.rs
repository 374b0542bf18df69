//! What one file of a package makes and another one uses: `require("./a").token`,
//! `import { token } from "./a.js"`, `from .a import TOKEN`.
//!
//! A value has no label where it is imported; it has those of the expression that the other file
//! hands out under that name. So it is asked from the importer back: which module an expression
//! is, what that module hands out under one name, and what that stands for in its turn. Nothing
//! else of the module is looked at. Where the whole of a module goes somewhere, all of what it
//! hands out does.

use super::exported::Exported;
use super::member::is_variable_name;
use super::{Label, Step, union};
use crate::flow::{Analysis, Context};
use crate::ir::{Const, Expr, ExprId, FuncId, Language, Program, ScopeId, Span, SymbolId};
use crate::pure::{FileId, Value, is_exports};
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
    pub const MODULES: usize = 32;
    /// Values of one module that is used as a whole.
    pub const WHOLE: usize = 32;
    /// Steps for one question.
    pub const STEPS: u32 = 256;
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

/// What is remembered of imports.
#[derive(Debug, Default)]
pub(in crate::flow) struct Imports {
    /// What expressions stand for, in no way in particular.
    known: FxHashMap<(FileId, ExprId), Stands>,
    /// What files hand out, as far as asked.
    exported: FxHashMap<FileId, Rc<Exported>>,
    /// What files hand out in a roundabout way, as far as asked.
    put: FxHashMap<(FileId, Rc<str>), Rc<[(FileId, ExprId)]>>,
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
            if self.zone_of(target, function) > Zone::Never {
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

    fn exported(&mut self, program: &Program, file: FileId) -> Rc<Exported> {
        let of = || Rc::new(Exported::of(program));
        Rc::clone(self.imports.exported.entry(file).or_insert_with(of))
    }

    /// What an expression stands for in other files.
    fn stands(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        if let Some(known) = self.imports.known.get(&(file, expr)) {
            return known.clone();
        }
        let Some(left) = self.imports.steps.checked_sub(1) else {
            self.imports.cut = true;
            return None;
        };
        if level > limit::LEVELS || self.imports.open.contains(&(file, expr)) {
            self.imports.cut = true;
            return None;
        }
        self.imports.steps = left;
        self.imports.open.push((file, expr));
        let outer = (
            std::mem::take(&mut self.imports.contextual),
            std::mem::take(&mut self.imports.cut),
        );
        let found = self.stands_here(program, file, expr, context, level + 1);
        self.imports.open.pop();
        // What was cut off says nothing of what is asked from elsewhere.
        if !self.imports.contextual && (!self.imports.cut || level == 0) {
            self.imports.known.insert((file, expr), found.clone());
        }
        self.imports.contextual |= outer.0;
        self.imports.cut = level > 0 && (self.imports.cut || outer.1);
        found
    }

    fn stands_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        match program.expr(expr) {
            Expr::Module(atom) => self.module_named(file, program.name(atom)),
            Expr::Import(specifier) => self.module_by(file, specifier),
            Expr::Await(inner) | Expr::Assign(_, inner) => {
                self.stands(program, file, inner, context, level)
            }
            Expr::Sequence(items) => {
                let last = *program.list(items).last()?;
                self.stands(program, file, last, context, level)
            }
            // `from . import a` is a name of the package or a module in it.
            Expr::Logic(_, left, right) | Expr::Cond(_, left, right) => {
                let mut all = Vec::new();
                for side in [left, right] {
                    note(&mut all, &self.stands(program, file, side, context, level));
                }
                (!all.is_empty()).then(|| all.into())
            }
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                let values = program.symbol(symbol).values.clone();
                self.each(program, file, &values, context, level)
            }
            Expr::Param(function, position) => {
                self.stands_of_parameter(file, function, position, context, level)
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                self.stands_of_call(program, file, expr, callee, &args, context, level)
            }
            Expr::Member(object, name) => {
                let name = program.shared_name(name);
                self.stands_of_member(program, file, object, &name, context, level)
            }
            Expr::Index(object, key) => {
                let object_stands = self.stands(program, file, object, context, level)?;
                let key = self.look_at(file, key, None);
                let name = key.known_text()?.to_owned();
                Some(self.named_of(&object_stands, &name, level))
            }
            _ => None,
        }
    }

    /// What a variable stands for whose values are all imported.
    fn each(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        values: &[ExprId],
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        if values.len() > limit::VALUES {
            return None;
        }
        let mut all = Vec::new();
        let mut any = false;
        for value in values {
            if is_nothing(program, *value) {
                continue;
            }
            let stands = self.stands(program, file, *value, context, level)?;
            any = true;
            note(&mut all, &Some(stands));
        }
        any.then(|| all.into())
    }

    /// What a parameter stands for, where all that it is given is imported.
    fn stands_of_parameter(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        if let Some(context) = context.filter(|c| c.file == file && c.function == function) {
            self.imports.contextual = true;
            let caller = self.program(context.caller_file)?;
            let arg =
                self.argument(context.caller_file, &context.args, file, function, position)?;
            let outer = context.caller.clone();
            return self.stands(&caller, context.caller_file, arg, outer.as_ref(), level);
        }
        let mut all = Vec::new();
        let mut any = false;
        let callers = self.callers.get(&(file, function)).cloned();
        for site in callers.iter().flatten().take(limit::VALUES) {
            let caller = self.program(site.file)?;
            let args = self.arguments(&caller, *site);
            let arg = self.argument(site.file, &args, file, function, position)?;
            let stands = self.stands(&caller, site.file, arg, None, level)?;
            any = true;
            note(&mut all, &Some(stands));
        }
        // `import("./a.js").then(a => …)`.
        let passed = self.passed.get(&(file, function)).cloned();
        for site in passed.iter().flatten().take(limit::VALUES) {
            let around = self.program(site.file)?;
            let Expr::Call { callee, .. } = around.expr(site.expr) else {
                return None;
            };
            let Expr::Member(promise, how) = around.expr(callee) else {
                return None;
            };
            if around.name(how) != "then" || position != 0 {
                return None;
            }
            let stands = self.stands(&around, site.file, promise, None, level)?;
            any = true;
            note(&mut all, &Some(stands));
        }
        any.then(|| all.into())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    fn stands_of_call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        if let Some(specifier) = program.specifier(expr) {
            return self.module_named(file, specifier);
        }
        let first = *args.first()?;
        if program.language == Language::Python {
            return self.module_of_python(file, expr);
        }
        // What compilers put around modules gives the module.
        if is_around_modules(program, callee) {
            return self.stands(program, file, first, context, level);
        }
        let is_require = self.look_at(file, callee, None).path() == Some("require");
        is_require.then(|| self.module_by(file, first)).flatten()
    }

    fn stands_of_member(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        name: &str,
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Stands {
        if let Some(stands) = self.stands(program, file, object, context, level) {
            return Some(self.named_of(&stands, name, level));
        }
        // `exports.a`, read in the module itself.
        if program.language == Language::JavaScript && is_exports(program, object) {
            let mut found = Vec::new();
            self.note_exported_here(program, file, name, level, &mut found);
            return (!found.is_empty()).then(|| found.into());
        }
        // A table of modules that stands in the file itself.
        if program.language == Language::JavaScript {
            let parts = self.parts(program, file, object, name)?;
            return self.each(program, file, &parts, context, level);
        }
        None
    }

    /// What things have under a name.
    fn named_of(&mut self, of: &[Stand], name: &str, level: u8) -> Rc<[Stand]> {
        let mut found = Vec::new();
        for stand in of.iter().copied() {
            match stand {
                Stand::Module(target) => self.note_exported(target, name, level, &mut found),
                Stand::Value(target, value) => {
                    self.note_part(target, value, name, level, &mut found);
                }
                Stand::Variable(target, symbol) => {
                    self.note_part_of_variable(target, symbol, name, level, &mut found);
                }
                Stand::Within(..) => note(&mut found, &Some([stand].into())),
            }
        }
        found.into()
    }

    /// Something of a value that a module makes.
    fn note_part(
        &mut self,
        file: FileId,
        value: ExprId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some(program) = self.program(file) else {
            return;
        };
        match self.parts(&program, file, value, name) {
            Some(parts) => {
                for part in parts {
                    self.note_value(&program, file, part, level, found);
                }
            }
            None => note(found, &Some([Stand::Within(file, value)].into())),
        }
    }

    /// The same of a variable.
    fn note_part_of_variable(
        &mut self,
        file: FileId,
        symbol: SymbolId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some(program) = self.program(file) else {
            return;
        };
        if let Some(parts) = self.parts_of_variable(&program, file, symbol, name) {
            for part in parts {
                self.note_value(&program, file, part, level, found);
            }
            return;
        }
        for value in program.symbol(symbol).values.iter().take(limit::VALUES) {
            note(found, &Some([Stand::Within(file, *value)].into()));
        }
    }

    /// What an expression of another module stands for: itself, unless that is imported too.
    fn note_value(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        value: ExprId,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        match self.stands(program, file, value, None, level) {
            Some(stands) => note(found, &Some(stands)),
            None => note(found, &Some([Stand::Value(file, value)].into())),
        }
    }

    /// What a module hands out under a name.
    fn note_exported(&mut self, target: FileId, name: &str, level: u8, found: &mut Vec<Stand>) {
        let Some(program) = self.program(target) else {
            return;
        };
        match program.language {
            Language::Python => self.note_name(&program, target, name, level, found),
            Language::JavaScript => {
                self.note_exported_here(&program, target, name, level, found);
            }
            Language::Rust => {}
        }
    }

    fn note_exported_here(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let before = found.len();
        let exported = self.exported(program, target);
        for (value, function) in exported.under(name) {
            if self.zone_of(target, *function) > Zone::Never {
                self.note_value(program, target, *value, level, found);
            }
        }
        let mut wholes = Vec::new();
        for (value, function) in &exported.wholes {
            if self.zone_of(target, *function) > Zone::Never {
                self.note_value(program, target, *value, level, &mut wholes);
            }
        }
        // A module of the old kind is its own default.
        if name == "default" && found.len() == before && !program.es_module {
            match wholes.is_empty() {
                true => note(found, &Some([Stand::Module(target)].into())),
                false => note(found, &Some(wholes.into())),
            }
            return;
        }
        for (value, function) in &exported.copied {
            if self.zone_of(target, *function) > Zone::Never {
                self.note_value(program, target, *value, level, &mut wholes);
            }
        }
        for stand in self.named_of(&wholes, name, level).iter() {
            note(found, &Some([*stand].into()));
        }
        if name != "default" && level < limit::LEVELS {
            for specifier in exported.modules.iter().take(limit::MODULES) {
                let Some(left) = self.imports.steps.checked_sub(1) else {
                    self.imports.cut = true;
                    return;
                };
                self.imports.steps = left;
                if let Some(inner) = self.package.resolves(target, program.name(*specifier)) {
                    self.note_exported(inner, name, level + 1, found);
                }
            }
        }
        if found.len() == before {
            for (file, value) in self.put_in_a_roundabout_way(target, name).iter() {
                if let Some(program) = self.program(*file) {
                    self.note_value(&program, *file, *value, level, found);
                }
            }
        }
    }

    /// What is put onto what a module hands out by functions that define and copy.
    fn put_in_a_roundabout_way(&mut self, file: FileId, name: &str) -> Rc<[(FileId, ExprId)]> {
        let key = (file, Rc::from(name));
        if let Some(known) = self.imports.put.get(&key) {
            return Rc::clone(known);
        }
        let found: Rc<[(FileId, ExprId)]> = self.put_on_exports(file, name).into();
        self.imports.put.insert(key, Rc::clone(&found));
        found
    }

    /// What a module of Python has under a name: a variable, or what is imported into it.
    fn note_name(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<Stand>,
    ) {
        let Some((file, symbol)) = self.by_name(program, target, name, &mut Vec::new()) else {
            let is_package = self.package.file(target).path.ends_with("__init__.py");
            let below = self.package.resolves(target, &format!(".{name}"));
            if let Some(below) = below.filter(|below| is_package && *below != target) {
                note(found, &Some([Stand::Module(below)].into()));
            }
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let values = program.symbol(symbol).values.clone();
        match self.each(&program, file, &values, None, level) {
            Some(stands) => note(found, &Some(stands)),
            None => note(found, &Some([Stand::Variable(file, symbol)].into())),
        }
    }

    fn by_name(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        seen: &mut Vec<FileId>,
    ) -> Option<(FileId, SymbolId)> {
        if seen.contains(&target) || seen.len() >= limit::MODULES {
            return None;
        }
        seen.push(target);
        let atom = program.atom(name);
        let symbol = atom.and_then(|atom| program.declared.get(&(ScopeId(0), atom)).copied());
        match symbol {
            Some(symbol) => Some((target, symbol)),
            None => self.by_stars(program, target, name, seen),
        }
    }

    fn by_stars(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: &str,
        seen: &mut Vec<FileId>,
    ) -> Option<(FileId, SymbolId)> {
        for star in program.stars.iter().take(limit::MODULES) {
            let target = self.package.resolves(file, program.name(*star));
            let Some((target, inner)) = target.and_then(|id| Some((id, self.program(id)?))) else {
                continue;
            };
            if let Some(found) = self.by_name(&inner, target, name, seen) {
                return Some(found);
            }
        }
        None
    }

    fn module_named(&mut self, file: FileId, specifier: &str) -> Stands {
        let target = self.package.resolves(file, specifier)?;
        self.program(target)?;
        Some([Stand::Module(target)].into())
    }

    fn module_by(&mut self, file: FileId, specifier: ExprId) -> Stands {
        let specifier = self.look_at(file, specifier, None).as_text()?;
        self.module_named(file, &specifier)
    }

    /// A module of Python that is imported by a call.
    fn module_of_python(&mut self, file: FileId, expr: ExprId) -> Stands {
        match self.look_at(file, expr, None) {
            Value::Object(object) => object.module.map(|target| [Stand::Module(target)].into()),
            _ => None,
        }
    }
}

fn note(found: &mut Vec<Stand>, more: &Stands) {
    for stand in more.iter().flat_map(|stands| stands.iter()) {
        if found.len() < limit::MOST && !found.contains(stand) {
            found.push(*stand);
        }
    }
}

/// `let a; … a = require("./a")`: what stands first is nothing.
fn is_nothing(program: &Program, value: ExprId) -> bool {
    matches!(program.expr(value), Expr::Const(constant)
        if matches!(program.constant(constant), Const::Null | Const::Undefined))
}

/// Functions of compilers that give the module that they get, or one that has it as its default.
fn is_around_modules(program: &Program, callee: ExprId) -> bool {
    let name = match program.expr(callee) {
        Expr::Name(atom, _) | Expr::Member(_, atom) => program.name(atom),
        _ => return false,
    };
    matches!(
        name,
        "__importStar"
            | "__importDefault"
            | "__toESM"
            | "__toCommonJS"
            | "_interopRequireDefault"
            | "_interopRequireWildcard"
            | "_interopDefault"
            | "_interopNamespace"
            | "_interopDefaultLegacy"
            | "_interop_require_default"
            | "_interop_require_wildcard"
    )
}
