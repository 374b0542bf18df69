//! What modules hand out, and what is read of it.

use super::value::{FileId, Object, Value};
use super::{Machine, builtin};
use crate::ir::{Atom, Expr, ExprId, FuncId, Language, Program, Store};
use std::rc::Rc;

impl Machine<'_> {
    fn is_exporting(&mut self, file: FileId) -> bool {
        let number = self.exporting.get(&file).copied();
        self.circle.cut_at(number)
    }

    /// What a module hands out, or the library's module of that name.
    pub(super) fn module(&mut self, file: FileId, specifier: &str, language: Language) -> Value {
        if let Some(target) = self.surroundings.resolve(file, specifier) {
            let value = self.exports_of(target);
            self.change_imports(file);
            return value;
        }
        let specifier = specifier.strip_prefix("node:").unwrap_or(specifier);
        // What is meant relative to a file and is not there is nothing of a library.
        if language != Language::Rust && specifier.starts_with('.') {
            return Value::Unknown;
        }
        Value::native(specifier)
    }

    pub(super) fn exports_of(&mut self, file: FileId) -> Value {
        if let Some(value) = self.exports.get(&file) {
            return value.clone();
        }
        if self.is_exporting(file) {
            return Value::Unknown;
        }
        let open = self.circle.open();
        self.exporting.insert(file, open.number());
        let value = match self.surroundings.program(file) {
            Some(program) => self.exports_of_program(&program, file),
            None => match self.surroundings.data(file) {
                Some(data) => serde_json::from_slice(&data)
                    .map_or(Value::Unknown, |json| builtin::from_json(&json)),
                None => Value::Unknown,
            },
        };
        self.exporting.remove(&file);
        let closed = self.circle.close(open, false);
        if closed.whole || self.exporting.is_empty() || !value.is_unknown() {
            self.exports.insert(file, value.clone());
        }
        value
    }

    fn exports_of_program(&mut self, program: &Rc<Program>, file: FileId) -> Value {
        let mut entries: Vec<(Rc<str>, Value)> = Vec::new();
        let mut whole = None;
        if matches!(program.language, Language::Python | Language::Rust) {
            for ((scope, atom), symbol) in &program.declared {
                if *scope == program.function(FuncId(0)).scope {
                    let value = self.lazy_variable(program, file, *symbol, FuncId(0));
                    entries.push((program.name(*atom).into(), value));
                }
            }
            if let Some(target) = self.evaluated_in(program, file)
                && let Value::Object(inner) = self.exports_of(target)
            {
                entries.extend(inner.entries.borrow().iter().cloned());
            }
            let is_package = program.language == Language::Python
                && self.surroundings.path(file).ends_with("__init__.py");
            return Value::Object(Rc::new(Object {
                entries: entries.into(),
                package: is_package.then_some(file),
                ..Object::default()
            }));
        }
        for export in &program.exports {
            match export {
                crate::ir::Export::Value(name, value) => {
                    let value = self.eval(program, file, *value, None);
                    entries.push((program.name(*name).into(), value));
                }
                crate::ir::Export::All(specifier) => {
                    if let Value::Object(object) =
                        self.module(file, program.name(*specifier), program.language)
                    {
                        entries.extend(object.entries.borrow().iter().cloned());
                    }
                }
            }
        }
        for store in &program.stores {
            if is_exports(program, store.object) {
                if let Some(key) = store.key {
                    let value = self.eval(program, file, store.value, None);
                    entries.push((program.name(key).into(), value));
                } else if let Some(key) = store.computed {
                    self.under_key(program, file, key, store.value, &mut entries);
                }
            } else if is_module(program, store.object)
                && store.key.is_some_and(|key| program.name(key) == "exports")
            {
                whole = Some(self.eval(program, file, store.value, None));
            }
        }
        self.handed_by_calls(program, file, whole_export(program), &mut entries);
        if whole.is_none()
            && entries.is_empty()
            && let Some(target) = self.evaluated_in(program, file)
        {
            return self.exports_of(target);
        }
        match whole {
            Some(Value::Object(object)) => {
                object.entries.borrow_mut().extend(entries);
                Value::Object(object)
            }
            Some(value) if entries.is_empty() => value,
            // A function with properties: the function is what counts.
            Some(value @ Value::Function(_)) => value,
            _ => Value::object(entries),
        }
    }

    /// The file of the package that an expression means as a module, where its names are
    /// variables.
    pub(super) fn named_of_module(
        &self,
        program: &Program,
        file: FileId,
        object: ExprId,
    ) -> Option<FileId> {
        if program.language == Language::JavaScript {
            return None;
        }
        let Expr::Module(atom) = program.expr(object) else {
            return None;
        };
        self.surroundings.resolve(file, program.name(atom))
    }

    /// A module below a package of Python, by its name: `p.b` behind `import p.b`.
    pub(super) fn below_package(&mut self, package: FileId, name: &str) -> Option<Value> {
        let inner = self.surroundings.resolve(package, &format!(".{name}"))?;
        Some(self.exports_of(inner))
    }

    /// One name of such a module: nothing else of it is looked at.
    pub(super) fn named_export(&mut self, target: FileId, name: &str) -> Value {
        self.named_below(target, name, 0)
    }

    /// The same of a module that another one took all names of, `level` times.
    fn named_below(&mut self, target: FileId, name: &str, level: u8) -> Value {
        let Some(program) = self.surroundings.program(target) else {
            return Value::Unknown;
        };
        let symbol = program.atom(name).and_then(|atom| {
            program
                .declared
                .get(&(crate::ir::ScopeId(0), atom))
                .copied()
        });
        if let Some(symbol) = symbol {
            return self.lazy_variable(&program, target, symbol, FuncId(0));
        }
        if let Some(value) = self.evaluated_name(&program, target, name) {
            return value;
        }
        if let Some(value) = self.named_by_star(&program, target, name, level) {
            return value;
        }
        let is_package = program.language == Language::Python
            && self.surroundings.path(target).ends_with("__init__.py");
        let inner = is_package.then(|| self.below_package(target, name));
        inner.flatten().unwrap_or(Value::Undefined)
    }

    /// What a name means that a module of Python took over with all others of another module
    /// of its package: `from .b import *`.
    pub(super) fn named_by_star(
        &mut self,
        program: &Program,
        file: FileId,
        name: &str,
        level: u8,
    ) -> Option<Value> {
        /// Modules that take all names of another one, one behind the other.
        const LEVELS: u8 = 4;
        /// Modules that one module takes all names of.
        const STARS: usize = 8;
        // A star leaves out what begins so.
        if level >= LEVELS || name.starts_with('_') || program.language != Language::Python {
            return None;
        }
        // The last one holds.
        for star in program.stars.iter().rev().take(STARS) {
            let target = self.surroundings.resolve(file, program.name(*star));
            let found = target.map(|target| self.named_below(target, name, level + 1));
            if let Some(value) = found
                && !matches!(value, Value::Undefined | Value::Unknown)
            {
                return Some(value);
            }
        }
        None
    }

    /// `import.meta.url` and its neighbours: where the module lies.
    pub(super) fn of_import_meta(&self, file: FileId, name: &str) -> Value {
        let path = self.surroundings.path(file);
        match name {
            "url" | "filename" => Value::host(&format!("package/{path}")),
            "dirname" => Value::host(&format!("package/{}", folder(path))),
            other => Value::native(format!("import.meta.{other}")),
        }
    }

    /// `exports.a`, read in the module itself.
    pub(super) fn own_export(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: crate::ir::Atom,
    ) -> Value {
        let stored = program
            .stores
            .iter()
            .find(|store| store.key == Some(name) && is_exports(program, store.object));
        match stored {
            Some(store) => self.eval(program, file, store.value, None),
            None => match self.of_whole_export(program, file, name) {
                Value::Unknown | Value::Undefined => {
                    Value::native(format!("exports.{}", program.name(name)))
                }
                value => value,
            },
        }
    }

    /// `module.exports.a` behind `module.exports = {…}` or `= new Class()`.
    fn of_whole_export(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: crate::ir::Atom,
    ) -> Value {
        let mut wholes = program.stores.iter().filter(|store| {
            is_module(program, store.object)
                && store.key.is_some_and(|key| program.name(key) == "exports")
        });
        // Of several nobody knows which one holds.
        let (Some(whole), None) = (wholes.next(), wholes.next()) else {
            return Value::Unknown;
        };
        // `module.exports = module.exports.default` asks for itself.
        if self.is_exporting(file) {
            return Value::Unknown;
        }
        let open = self.circle.open();
        self.exporting.insert(file, open.number());
        let object = self.eval(program, file, whole.value, None);
        self.exporting.remove(&file);
        self.circle.close(open, false);
        match object {
            Value::Object(_) => self.get(&object, program.name(name), program.language),
            _ => Value::Unknown,
        }
    }
}

pub(super) fn is_exports(program: &Program, object: ExprId) -> bool {
    match program.expr(object) {
        Expr::Name(atom, scope) => {
            program.name(atom) == "exports" && program.resolve(atom, scope).is_none()
        }
        Expr::Member(module, key) => program.name(key) == "exports" && is_module(program, module),
        _ => false,
    }
}

pub(super) fn is_import_meta(program: &Program, object: ExprId) -> bool {
    matches!(program.expr(object), Expr::Name(atom, _) if program.name(atom) == "import.meta")
}

/// What a file hands out as a whole: the last `module.exports = value`.
pub(crate) fn whole_export(program: &Program) -> Option<ExprId> {
    let mut stores = program.stores.iter().rev();
    let is_whole = |store: &&Store| {
        is_module(program, store.object)
            && store.key.is_some_and(|key| program.name(key) == "exports")
    };
    stores.find(is_whole).map(|store| store.value)
}

/// What a file puts under one name of what it hands out: `exports.a = value`, and the entries of
/// each `module.exports = {…}`.
pub(crate) fn exports_under(program: &Program, name: Atom, most: usize) -> Vec<ExprId> {
    let mut found = Vec::new();
    for store in &program.stores {
        if found.len() >= most {
            break;
        }
        if store.key == Some(name) && is_exports(program, store.object) {
            found.push(store.value);
        } else if store.key.is_some_and(|key| program.name(key) == "exports")
            && is_module(program, store.object)
            && let Expr::Object(entries) = program.expr(store.value)
        {
            let mut pairs = program.list(entries).chunks_exact(2).rev();
            let pair = pairs.find(|pair| program.text(pair[0]) == Some(program.name(name)));
            found.extend(pair.map(|pair| pair[1]));
        }
    }
    found
}

fn is_module(program: &Program, object: ExprId) -> bool {
    match program.expr(object) {
        Expr::Name(atom, scope) => {
            program.name(atom) == "module" && program.resolve(atom, scope).is_none()
        }
        _ => false,
    }
}

pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
