//! What modules hand out, and what is read of it.

use super::value::{FileId, Value};
use super::{Machine, builtin, imports};
use crate::ir::{Atom, Expr, ExprId, FuncId, Language, Program};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::rc::Rc;

/// Files that a module of Rust includes.
const INCLUDED: usize = 32;

impl Machine<'_> {
    fn is_exporting(&mut self, file: FileId) -> bool {
        let number = self.exporting.get(&file).copied();
        self.circle.cut_at(number)
    }

    /// What a module hands out, or the library's module of that name.
    pub(super) fn module(&mut self, file: FileId, specifier: &str, language: Language) -> Value {
        if let Some(target) = self.surroundings.resolve(file, specifier) {
            // Names of a module of Python are looked up when they are asked for, one by one.
            let value = match language {
                Language::Python => self.python_module(target),
                Language::JavaScript | Language::Rust => self.exports_of(target),
            };
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
            if program.language == Language::Python {
                return imports::names_of(file, entries);
            }
            // What is included in a module of Rust, or named there as a whole, is a part of it.
            for star in program.stars.iter().take(INCLUDED) {
                let name = program.name(*star);
                let included = self.surroundings.resolve(file, name);
                if let Some(included) = included.filter(|_| name != "super")
                    && let Value::Object(inner) = self.exports_of(included)
                {
                    entries.extend(inner.entries.borrow().iter().cloned());
                }
            }
            return Value::object(entries);
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
                let value = self.eval(program, file, store.value, None);
                if let Some(key) = store.key {
                    entries.push((program.name(key).into(), value));
                } else if let Some(key) = store.computed
                    && let Value::Text(key) = self.eval(program, file, key, None)
                {
                    entries.push((key, value));
                }
            } else if is_module(program, store.object)
                && store.key.is_some_and(|key| program.name(key) == "exports")
            {
                whole = Some(self.eval(program, file, store.value, None));
            }
        }
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

    /// One name of such a module: nothing else of it is looked at.
    pub(super) fn named_export(&mut self, target: FileId, name: &str) -> Value {
        let Some(program) = self.surroundings.program(target) else {
            return Value::Unknown;
        };
        let symbol = program.atom(name).and_then(|atom| {
            program
                .declared
                .get(&(crate::ir::ScopeId(0), atom))
                .copied()
        });
        match symbol {
            Some(symbol) => self.lazy_variable(&program, target, symbol, FuncId(0)),
            None => self
                .evaluated_name(&program, target, name)
                .or_else(|| self.name_besides(&program, target, name))
                .unwrap_or(Value::Undefined),
        }
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
    pub(super) fn own_export(&mut self, program: &Rc<Program>, file: FileId, name: Atom) -> Value {
        let put = self.put_by(program, file);
        match put.under.get(&name) {
            Some(value) => self.eval(program, file, *value, None),
            None => match self.of_whole_export(program, file, name) {
                Value::Unknown | Value::Undefined => {
                    Value::native(format!("exports.{}", program.name(name)))
                }
                value => value,
            },
        }
    }

    /// What a file puts into what it hands out. A file is gone through once for all that is read.
    fn put_by(&mut self, program: &Program, file: FileId) -> Rc<Put> {
        let put = self
            .put
            .entry(file)
            .or_insert_with(|| Rc::new(Put::of(program)));
        Rc::clone(put)
    }

    /// `module.exports.a` behind `module.exports = {…}` or `= new Class()`.
    fn of_whole_export(&mut self, program: &Rc<Program>, file: FileId, name: Atom) -> Value {
        // Of several nobody knows which one holds.
        let [whole] = self.put_by(program, file).whole[..] else {
            return Value::Unknown;
        };
        // `module.exports = module.exports.default` asks for itself.
        if self.is_exporting(file) {
            return Value::Unknown;
        }
        let open = self.circle.open();
        self.exporting.insert(file, open.number());
        let object = self.eval(program, file, whole, None);
        self.exporting.remove(&file);
        self.circle.close(open, false);
        match object {
            Value::Object(_) => self.get(&object, program.name(name), program.language),
            _ => Value::Unknown,
        }
    }
}

/// What a file puts into what it hands out.
#[derive(Debug, Default)]
pub(super) struct Put {
    /// What is put there first, by names that are written out.
    under: FxHashMap<Atom, ExprId>,
    /// What is put in the place of all of it.
    whole: SmallVec<[ExprId; 1]>,
}

impl Put {
    fn of(program: &Program) -> Self {
        let mut put = Self::default();
        for store in &program.stores {
            let Some(key) = store.key else {
                continue;
            };
            if is_exports(program, store.object) {
                put.under.entry(key).or_insert(store.value);
            }
            if program.name(key) == "exports" && is_module(program, store.object) {
                put.whole.push(store.value);
            }
        }
        put
    }
}

/// Whether an expression is what the file hands out: `exports`, `module.exports`.
pub(crate) fn is_exports(program: &Program, object: ExprId) -> bool {
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

/// Whether it is `module`, which has that under a name.
pub(crate) fn is_module(program: &Program, object: ExprId) -> bool {
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
