//! What builders call by its name, wherever it is from: hooks of a back-end that hands on those of
//! another module, classes and functions that settings of a project name.

use super::super::Analysis;
use super::super::reach::{BUILD_HOOKS, Queue};
use crate::ir::{Atom, Expr, FuncId, Language, Program, ScopeId};
use crate::pure::{FileId, Surroundings as _, Value};
use customs_model::Zone;
use rustc_hash::FxHashMap;

impl Analysis<'_> {
    /// Enters what a file has under a name.
    pub(in crate::flow) fn enter_named(
        &mut self,
        file: FileId,
        name: &str,
        zone: Zone,
        queue: &mut Queue,
    ) {
        match self.machine.named(file, name) {
            Value::Function(closure) => queue.push(zone, closure.file, closure.function),
            Value::Object(object) if object.is_class => {
                if let Some(class) = object.class {
                    self.class(class, zone, None, queue);
                }
            }
            _ => {}
        }
    }

    /// Methods that a framework calls as soon as a program starts which has the package among its
    /// parts: `ready` of Django's `AppConfig`.
    ///
    /// Source: Django's documentation of `AppConfig.ready`.
    pub(in crate::flow) fn called_at_start(
        &mut self,
        program: &Program,
        file: FileId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        if program.language != Language::Python
            || zone <= Zone::Called
            || program.atom("AppConfig").is_none()
            || program.atom("ready").is_none()
        {
            return;
        }
        for expr in &program.exprs {
            let Expr::Class(entries) = *expr else {
                continue;
            };
            let pairs = program.list(entries).to_vec();
            let is_app = pairs
                .chunks_exact(2)
                .any(|pair| match program.expr(pair[0]) {
                    Expr::Spread(base) => matches!(
                        self.machine.fold(file, base).path(),
                        Some("django.apps.AppConfig" | "django.apps.config.AppConfig")
                    ),
                    _ => false,
                });
            for pair in pairs.chunks_exact(2).filter(|_| is_app) {
                if program.text(pair[0]) == Some("ready")
                    && let Expr::Function(function) = program.expr(pair[1])
                {
                    queue.push(zone, file, function);
                }
            }
        }
    }

    /// Modules that a file asks for a name which they do not have: `from .b import a`, where `b`
    /// has a `__getattr__`.
    pub(in crate::flow) fn asked_modules(
        &mut self,
        program: &Program,
        file: FileId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        if program.language != Language::Python {
            return;
        }
        let mut asked: FxHashMap<Atom, Option<(FileId, FuncId)>> = FxHashMap::default();
        for (specifier, _) in &program.imports {
            if !asked.contains_key(specifier) {
                let answers = self.answers_for_names(file, program.name(*specifier));
                asked.insert(*specifier, answers);
            }
        }
        asked.retain(|_, answers| answers.is_some());
        if asked.is_empty() {
            return;
        }
        for expr in &program.exprs {
            let Expr::Member(object, name) = *expr else {
                continue;
            };
            let module = match program.expr(object) {
                Expr::Module(specifier) => specifier,
                _ => continue,
            };
            let Some(Some((target, function))) = asked.get(&module) else {
                continue;
            };
            let name = program.name(name);
            let is_there = name.starts_with("__")
                || !matches!(self.machine.named(*target, name), Value::Undefined);
            if !is_there {
                queue.push(zone, *target, *function);
            }
        }
    }

    /// The function of a module that answers for names which it does not have.
    fn answers_for_names(&mut self, file: FileId, specifier: &str) -> Option<(FileId, FuncId)> {
        let target = self.package.resolve(file, specifier)?;
        let program = self.program(target)?;
        let atom = program.atom("__getattr__")?;
        let symbol = program.declared.get(&(ScopeId(0), atom))?;
        let values = program.symbol(*symbol).values.iter();
        let mut functions = values.filter_map(|value| match program.expr(*value) {
            Expr::Function(function) => Some((target, function)),
            _ => None,
        });
        functions.next()
    }

    /// Hooks that a back-end does not define where it stands: `from own import build_wheel`,
    /// `from own import *`, `build_wheel = build`.
    pub(in crate::flow) fn hooks_of_others(
        &mut self,
        program: &Program,
        file: FileId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        // A script that imports the like does not hand it on.
        if self.package.file(file).path == "setup.py" {
            return;
        }
        for hook in BUILD_HOOKS.iter().take_while(|hook| **hook != "initialize") {
            let declared = program.atom(hook).and_then(|atom| {
                let symbol = program.declared.get(&(ScopeId(0), atom))?;
                Some(program.symbol(*symbol).values.to_vec())
            });
            let is_own = declared.as_ref().is_some_and(|values| {
                values
                    .iter()
                    .all(|value| matches!(program.expr(*value), Expr::Function(_)))
            });
            if is_own || declared.is_none() && program.stars.is_empty() {
                continue;
            }
            if let Value::Function(closure) = self.machine.named(file, hook)
                && closure.function != FuncId(0)
            {
                queue.push(zone, closure.file, closure.function);
            }
        }
    }
}
