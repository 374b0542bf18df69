//! What an expression stands for in other files of its package.

use super::{Stand, Stands, limit, note};
use crate::flow::{Analysis, Context};
use crate::ir::{Const, Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Value, is_exports};
use std::rc::Rc;

impl Analysis<'_> {
    /// What an expression stands for in other files.
    pub(super) fn stands(
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
    pub(super) fn each(
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
