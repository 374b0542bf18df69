//! What a call of Python runs besides what it names: methods that the library or the language
//! calls of a class of the package, and modules that are imported by a call.

mod handed;
mod hooks;
mod library;
mod making;
mod meaning;
mod put;
mod turn;
mod value;

#[cfg(test)]
mod runs_tests;
#[cfg(test)]
mod sends_tests;
#[cfg(test)]
mod tests;

pub(super) use meaning::by_turns;

use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Surroundings as _, Value};
use customs_model::Zone;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// A class and its file.
type Class = (FileId, ExprId);

/// Classes above one that are looked at.
pub(super) const CLASSES: usize = 256;
/// Methods of them that one call runs.
const METHODS: usize = 64;

/// What is remembered of Python's own ways.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// Functions that code puts on classes, with their names and when.
    on_classes: FxHashMap<Class, Vec<(Rc<str>, FileId, FuncId)>>,
    /// Classes and those above them, as far as asked.
    above: FxHashMap<Class, Rc<[Class]>>,
    /// What makes classes, as far as asked.
    makers: FxHashMap<Class, Value>,
    /// Classes that are commands of a build, as far as asked.
    commands: FxHashMap<Class, bool>,
    /// The classes of files, by the expressions of what they are made from.
    made_from: FxHashMap<FileId, Rc<FxHashMap<ExprId, ExprId>>>,
    /// The folders in which files look for modules besides, as far as asked.
    pub(super) folders: FxHashMap<FileId, Rc<[String]>>,
    /// Calls whose modules were entered, and when.
    loaded: FxHashSet<(FileId, ExprId, Zone)>,
}

impl Analysis<'_> {
    /// Enters what a call of Python runs besides what it names.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn python_call(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        callee: ExprId,
        args: &[ExprId],
        value: &Value,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        if program.language != Language::Python {
            return;
        }
        match value {
            Value::Native(native) => {
                let path = Rc::clone(&native.path);
                self.loaded_by(program, site, &path, args, zone, queue);
                self.told_library(program, site, &path, args, zone, queue);
                self.calls_own(program, site, callee, &path, zone, first, queue);
                self.called_in_text(program, site, &path, args, zone, queue);
                if let Some(base) = path.strip_suffix(".__init_subclass__") {
                    self.made_members(program, site, callee, base, zone, queue);
                }
            }
            // `C()` of a class that another class makes.
            Value::Object(class) if class.is_class => {
                if let Some(class) = class.class {
                    self.maker_runs(class, "__call__", zone, site, first, queue);
                }
            }
            _ => {}
        }
        let Expr::Member(object, name) = program.expr(callee) else {
            return;
        };
        let tells = program.name(name) == "__init_subclass__";
        let is_on_class = match value {
            Value::Function(closure) => self
                .program(closure.file)
                .is_some_and(|program| program.function(closure.function).on_class),
            _ => false,
        };
        if !tells && !is_on_class {
            return;
        }
        let Value::Object(object) = self.machine.fold(site.file, object) else {
            return;
        };
        let Some(class) = object.class.filter(|_| object.is_class) else {
            return;
        };
        if !tells {
            // What the method makes and calls is of this class.
            self.made(class, zone);
            return;
        }
        self.maker_runs(class, "", zone, site, first, queue);
        // What is told of the class that is made calls methods of that one.
        if is_on_class && let Some(made) = self.class_made_from(program, site.file, callee) {
            self.made(made, zone);
        }
    }

    /// What makes a class runs: its metaclass, or a method of that.
    fn maker_runs(
        &mut self,
        class: Class,
        method: &str,
        zone: Zone,
        site: Site,
        first: bool,
        queue: &mut Queue,
    ) {
        let found = self.maker_of(class);
        match (&found, method) {
            (Value::Function(closure), "") => {
                self.calls(closure.file, closure.function, site, first);
                queue.push(zone, closure.file, closure.function);
            }
            (Value::Object(maker), _) if maker.is_class => {
                let Some(maker) = maker.class else {
                    return;
                };
                if method.is_empty() {
                    self.class(maker, zone, Some(site).filter(|_| first), queue);
                }
                for (file, function) in self.methods_named(maker, &[method]) {
                    queue.push(zone, file, function);
                }
            }
            _ => {}
        }
    }

    /// The metaclass of a class.
    fn maker_of(&mut self, class: Class) -> Value {
        if let Some(known) = self.python.makers.get(&class) {
            return known.clone();
        }
        let mut maker = Value::Unknown;
        for above in self.classes_above(class).iter() {
            let Some(program) = self.program(above.0) else {
                continue;
            };
            let Expr::Class(entries) = program.expr(above.1) else {
                continue;
            };
            let mut pairs = program.list(entries).chunks_exact(2);
            let named = pairs.find(|pair| program.text(pair[0]) == Some("__metaclass__"));
            if let Some(pair) = named {
                maker = self.machine.fold(above.0, pair[1]);
                break;
            }
        }
        self.python.makers.insert(class, maker.clone());
        maker
    }

    /// The module that a call imports or runs.
    fn loaded_by(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        if !matches!(
            path,
            "importlib.import_module"
                | "import_module"
                | "importlib.__import__"
                | "__import__"
                | "pkgutil.resolve_name"
                | "runpy.run_module"
        ) || !self.python.loaded.insert((site.file, site.expr, zone))
        {
            return;
        }
        if let Some(target) = self.machine.loaded_by_call(site.file, site.expr) {
            if path == "runpy.run_module" {
                self.enter_file(target, zone, true, queue);
            } else {
                queue.push(zone, target, FuncId(0));
            }
            return;
        }
        // One of several names, in a loop over them.
        let Some(name) = args.first() else {
            return;
        };
        if matches!(program.expr(*name), Expr::Const(_)) {
            return;
        }
        for value in self.by_turns(site.file, *name) {
            if let Some(name) = value.known_text()
                && let Some(target) = self.package.resolve(site.file, name)
            {
                queue.push(zone, target, FuncId(0));
            }
        }
    }

    /// Methods that a class has under some names, its own and those of the classes above it.
    pub(super) fn methods_named(&mut self, class: Class, names: &[&str]) -> Vec<(FileId, FuncId)> {
        let mut found: Vec<(FileId, FuncId)> = Vec::new();
        let mut known: FxHashSet<Rc<str>> = FxHashSet::default();
        let is_asked = |name: &str| {
            names.iter().any(|asked| match asked.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == *asked,
            })
        };
        for class in self.classes_above(class).iter().copied() {
            for (name, file, function) in self.python.on_classes.get(&class).into_iter().flatten() {
                if is_asked(name) {
                    found.push((*file, *function));
                }
            }
            let Some(program) = self.program(class.0) else {
                continue;
            };
            let Expr::Class(entries) = program.expr(class.1) else {
                continue;
            };
            for pair in program.list(entries).chunks_exact(2) {
                if let Some(name) = program.text(pair[0])
                    && is_asked(name)
                    && found.len() < METHODS
                    && let Expr::Function(function) = program.expr(pair[1])
                    // The class below has its own in its place.
                    && known.insert(name.into())
                {
                    found.push((class.0, function));
                }
            }
        }
        found
    }

    /// A class and those of the package above it, the nearest first.
    pub(super) fn classes_above(&mut self, class: Class) -> Rc<[Class]> {
        if let Some(known) = self.python.above.get(&class) {
            return Rc::clone(known);
        }
        let mut all = vec![class];
        let mut at = 0;
        while let Some(class) = all.get(at).copied() {
            at += 1;
            for base in self.bases(class) {
                if all.len() < CLASSES && !all.contains(&base) {
                    all.push(base);
                }
            }
        }
        let all: Rc<[Class]> = all.into();
        // What was not known for want of steps may be later.
        if !self.machine.spent() {
            self.python.above.insert(class, Rc::clone(&all));
        }
        all
    }

    /// Whether a class is made from a command of a build, whose methods its installer calls.
    pub(super) fn is_command(&mut self, class: Class) -> bool {
        if let Some(known) = self.python.commands.get(&class) {
            return *known;
        }
        let mut is_command = false;
        for class in self.classes_above(class).iter().copied() {
            let Some(program) = self.program(class.0) else {
                continue;
            };
            let Expr::Class(entries) = program.expr(class.1) else {
                continue;
            };
            for pair in program.list(entries).to_vec().chunks_exact(2) {
                if let Expr::Spread(base) = program.expr(pair[0])
                    && let Value::Native(base) = self.machine.fold(class.0, base)
                {
                    is_command |=
                        base.path.starts_with("setuptools.") || base.path.starts_with("distutils.");
                }
            }
        }
        self.python.commands.insert(class, is_command);
        is_command
    }
}
