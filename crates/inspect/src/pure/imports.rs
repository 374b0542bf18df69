//! Modules of Python: what imports mean that are written as calls, and the names that a module
//! has besides those that it declares.

use super::value::{FileId, Frame, HOLE_START, Object, Value};
use super::{Machine, Native, builtin};
use crate::ir::{Binary, Expr, ExprId, FuncId, Language, Program, ScopeId, Stmt};
use crate::package::{folder, join};
use std::rc::Rc;

/// Modules that hand all their names on to each other, and those of one file.
const STARS: usize = 64;
/// Names of names.
const LEVELS: u8 = 4;

impl Machine<'_> {
    /// A name that a module does not declare: handed on by a star, or a module below it.
    pub(super) fn name_besides(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
    ) -> Option<Value> {
        if program.language != Language::Python {
            return None;
        }
        self.name_by_stars(program, target, name, false, &mut vec![target])
            .or_else(|| self.module_below(target, name))
            .or_else(|| self.name_by_stars(program, target, name, true, &mut vec![target]))
    }

    fn name_by_stars(
        &mut self,
        program: &Rc<Program>,
        target: FileId,
        name: &str,
        libraries: bool,
        seen: &mut Vec<FileId>,
    ) -> Option<Value> {
        for star in program.stars.iter().take(STARS) {
            let Some(file) = self.surroundings.resolve(target, program.name(*star)) else {
                continue;
            };
            if seen.contains(&file) || seen.len() >= STARS {
                continue;
            }
            seen.push(file);
            let Some(inner) = self.surroundings.program(file) else {
                continue;
            };
            let symbol = inner.atom(name).and_then(|atom| {
                let declared = inner.declared.get(&(ScopeId(0), atom));
                declared.copied()
            });
            let found = match symbol {
                Some(symbol) => Some(self.lazy_variable(&inner, file, symbol, FuncId(0))),
                None => self.name_by_stars(&inner, file, name, libraries, seen),
            };
            if let Some(value) = found.filter(|value| !value.is_unknown()) {
                return Some(value);
            }
        }
        libraries
            .then(|| star_of_library(self, program, target, name))
            .flatten()
    }

    /// What a name means that a module does not declare and imports with all the names of
    /// others.
    pub(super) fn name_of_stars(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: &str,
        is_of_language: bool,
    ) -> Option<Value> {
        let own = self.name_by_stars(program, file, name, false, &mut vec![file]);
        if is_of_language || own.is_some() {
            // Only a module of the package gives it another meaning.
            return own;
        }
        self.name_by_stars(program, file, name, true, &mut vec![file])
    }

    /// A module that lies in the folder of a package.
    fn module_below(&mut self, target: FileId, name: &str) -> Option<Value> {
        let is_package = self.surroundings.path(target).ends_with("__init__.py");
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_package || !is_name || name.starts_with("__") {
            return None;
        }
        let below = self.surroundings.resolve(target, &format!(".{name}"))?;
        self.surroundings.program(below)?;
        Some(self.python_module(below))
    }

    /// A module of the package, or the data that stands in its place.
    pub(super) fn python_module(&mut self, target: FileId) -> Value {
        let program = self.surroundings.program(target);
        match program.filter(|program| program.language == Language::Python) {
            Some(_) => names_of(target, Vec::new()),
            None => self.exports_of(target),
        }
    }

    /// A name of a module of the package.
    pub(super) fn name_of_module(&mut self, module: FileId, name: &str) -> Value {
        self.named_export(module, name)
    }

    /// What stands first in a function's body, where that is a text.
    pub(super) fn documentation(&self, file: FileId, function: FuncId) -> Value {
        let Some(program) = self.surroundings.program(file) else {
            return Value::Unknown;
        };
        // Its parameters are given their values first.
        let body = program.block(program.function(function).body).iter();
        let first = body
            .filter_map(|statement| match statement {
                Stmt::Expr(expr) if matches!(program.expr(*expr), Expr::Assign(..)) => None,
                Stmt::Expr(expr) => Some(Some(*expr)),
                _ => Some(None),
            })
            .next();
        let text = first.flatten().and_then(|expr| program.text(expr));
        text.map_or(Value::Null, Value::text)
    }

    /// What a file has under a name.
    pub fn named(&mut self, file: FileId, name: &str) -> Value {
        self.named_export(file, name)
    }

    /// Where a file of the package lies that is asked for by a path beside the one that asks:
    /// `require.resolve("./a.csv")`.
    pub(super) fn resolved_path(&self, file: FileId, specifier: &Value) -> Option<Value> {
        let specifier = specifier
            .known_text()
            .filter(|text| text.starts_with('.'))?;
        let path = match self.surroundings.resolve(file, specifier) {
            Some(target) => self.surroundings.path(target).to_owned(),
            None => builtin::normal(&join(folder(self.surroundings.path(file)), specifier)),
        };
        self.surroundings.content(&path)?;
        Some(Value::host(&format!("package/{path}")))
    }

    /// The module that a call imports.
    pub(super) fn imported_by_call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        native: &Native,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let specifier = match &*native.path {
            "eval" | "builtins.eval" => {
                let [text] = args else {
                    return None;
                };
                let text = self.eval(program, file, *text, frame);
                return self.name_in_text(program, file, text.known_text()?);
            }
            "pkgutil.resolve_name" => return self.resolved_name(program, file, args, frame),
            "importlib.util.module_from_spec" => {
                let spec = self.eval(program, file, *args.first()?, frame);
                let Value::Native(Native { made_at, .. }) = spec else {
                    return None;
                };
                return self.module_at(made_at?, frame);
            }
            "importlib.machinery.SourceFileLoader().load_module" => {
                return self.module_at(native.made_at?, frame);
            }
            _ => self.imported_name(program, file, &native.path, args, frame)?,
        };
        let whole = self.module(file, &specifier, Language::Python);
        Some(whole)
    }

    /// What a text means that is no more than a name of the module around.
    fn name_in_text(&mut self, program: &Rc<Program>, file: FileId, text: &str) -> Option<Value> {
        let atom = program.atom(text.trim())?;
        let symbol = *program.declared.get(&(ScopeId(0), atom))?;
        Some(self.lazy_variable(program, file, symbol, FuncId(0)))
    }

    /// The name of the module that a call gives, as it is resolved from the file.
    fn imported_name(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        path: &str,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<String> {
        match path {
            "importlib.import_module" | "import_module" => {
                let name = argument(program, args, 0, "name")?;
                let name = self.module_name(program, file, name, frame, 0)?;
                let Some(package) = argument(program, args, 1, "package") else {
                    return Some(name);
                };
                let package = self.module_name(program, file, package, frame, 0)?;
                if !name.starts_with('.') || name.starts_with("..") || package == "." {
                    return Some(name);
                }
                Some(format!("{package}{name}"))
            }
            "__import__" | "builtins.__import__" | "importlib.__import__" => {
                let name = argument(program, args, 0, "name")?;
                let name = self.module_name(program, file, name, frame, 0)?;
                let level = argument(program, args, 4, "level")
                    .and_then(|level| self.eval(program, file, level, frame).number());
                let dots = level.filter(|level| (1.0..8.0).contains(level));
                let name = match dots {
                    Some(dots) => format!("{}{name}", ".".repeat(dots as usize)),
                    None => name,
                };
                let takes_last = argument(program, args, 3, "fromlist").is_some_and(|list| {
                    !matches!(program.expr(list), Expr::Array(items) if program.list(items).is_empty())
                });
                if takes_last || name.starts_with('.') {
                    return Some(name);
                }
                // Without a list of names it gives the package at the top.
                name.split('.').next().map(str::to_owned)
            }
            _ => None,
        }
    }

    /// The file of the package that a call loads, for whoever enters it.
    pub fn loaded_by_call(&mut self, file: FileId, call: ExprId) -> Option<FileId> {
        let program = self.surroundings.program(file)?;
        let Expr::Call { callee, args, .. } = program.expr(call) else {
            return None;
        };
        let Value::Native(native) = self.fold(file, callee) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let name = match &*native.path {
            "importlib.import_module" | "import_module" => {
                self.imported_name(&program, file, &native.path, &args, None)?
            }
            "runpy.run_module" | "__import__" | "importlib.__import__" => {
                let name = argument(&program, &args, 0, "name")
                    .or_else(|| argument(&program, &args, 0, "mod_name"))?;
                self.module_name(&program, file, name, None, 0)?
            }
            "pkgutil.resolve_name" => {
                let name = self.fold(file, *args.first()?);
                let name = name.known_text()?.to_owned();
                name.split(':').next()?.to_owned()
            }
            _ => return None,
        };
        self.surroundings.resolve(file, &name)
    }

    /// A module's name; what is said by the name of the module around stands relative to it.
    fn module_name(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        name: ExprId,
        frame: Option<&Rc<Frame>>,
        level: u8,
    ) -> Option<String> {
        if level > LEVELS {
            return None;
        }
        let own = |expr: ExprId| match program.expr(expr) {
            Expr::Name(atom, scope) if program.resolve(atom, scope).is_none() => {
                match program.name(atom) {
                    "__package__" => true,
                    "__name__" => self.surroundings.path(file).ends_with("__init__.py"),
                    _ => false,
                }
            }
            _ => false,
        };
        if own(name) {
            return Some(".".to_owned());
        }
        let behind = match program.expr(name) {
            Expr::Binary(Binary::Add, left, right) if own(left) => vec![right],
            Expr::Concat(parts) => match program.list(parts) {
                [first, rest @ ..] if own(*first) => rest.to_vec(),
                _ => Vec::new(),
            },
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope);
                if let Some([only]) = symbol.map(|symbol| &program.symbol(symbol).values[..])
                    && matches!(program.expr(*only), Expr::Binary(..) | Expr::Concat(_))
                    && let Some(name) = self.module_name(program, file, *only, frame, level + 1)
                {
                    return Some(name);
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        if behind.is_empty() {
            let value = self.eval(program, file, name, frame);
            return value.known_text().map(str::to_owned);
        }
        let mut text = String::new();
        for part in behind {
            text.push_str(self.eval(program, file, part, frame).known_text()?);
        }
        text.starts_with('.').then_some(text)
    }

    /// `pkgutil.resolve_name("a.b:c")`.
    fn resolved_name(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let name = self.eval(program, file, *args.first()?, frame);
        let (module, parts) = name.known_text()?.split_once(':')?;
        let mut value = self.module(file, module, Language::Python);
        for part in parts.split('.').take(8) {
            value = self.get(&value, part, Language::Python);
        }
        Some(value)
    }

    /// The module that a call loads from a path: `spec_from_file_location("a", path)`.
    fn module_at(&mut self, made: (FileId, ExprId), frame: Option<&Rc<Frame>>) -> Option<Value> {
        let program = self.surroundings.program(made.0)?;
        let Expr::Call { args, .. } = program.expr(made.1) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let path = argument(&program, &args, 1, "location")
            .or_else(|| argument(&program, &args, 1, "path"))?;
        let frame = frame.filter(|frame| frame.file == made.0);
        let path = self.eval(&program, made.0, path, frame);
        let target = self.surroundings.resolve(made.0, path.any_text()?)?;
        self.surroundings.program(target)?;
        Some(self.python_module(target))
    }

    /// `sys.modules[name]`, where it is one of the package.
    pub(super) fn listed_module(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        frame: Option<&Rc<Frame>>,
    ) -> Option<Value> {
        let name = self.module_name(program, file, key, frame, 0)?;
        self.module_by_name(file, &name)
    }

    /// A module of the package by its name.
    pub(super) fn module_by_name(&mut self, file: FileId, name: &str) -> Option<Value> {
        let target = self.surroundings.resolve(file, name)?;
        self.surroundings.program(target)?;
        Some(self.python_module(target))
    }
}

/// The names of a module of the package, as a value.
pub(super) fn names_of(module: FileId, entries: Vec<(Rc<str>, Value)>) -> Value {
    Value::Object(Rc::new(Object {
        entries: entries.into(),
        module: Some(module),
        ..Object::default()
    }))
}

/// An argument by its position or name.
fn argument(program: &Program, args: &[ExprId], position: usize, name: &str) -> Option<ExprId> {
    let mut named = None;
    for (at, arg) in args.iter().enumerate() {
        match program.expr(*arg) {
            Expr::Keywords(entries) => {
                let mut pairs = program.list(entries).chunks_exact(2);
                named = pairs
                    .find(|pair| program.text(pair[0]) == Some(name))
                    .map(|pair| pair[1]);
            }
            Expr::Spread(_) => return None,
            _ if at == position => return Some(*arg),
            _ => {}
        }
    }
    named
}

/// A name of a library that is imported with all its names.
fn star_of_library(
    machine: &Machine<'_>,
    program: &Program,
    file: FileId,
    name: &str,
) -> Option<Value> {
    if name.starts_with('_') || name.contains(HOLE_START) {
        return None;
    }
    let mut stars = program.stars.iter().take(STARS);
    let library = stars.find(|star| {
        let star = program.name(**star);
        !star.starts_with('.') && machine.surroundings.resolve(file, star).is_none()
    })?;
    Some(Value::native(format!("{}.{name}", program.name(*library))))
}
