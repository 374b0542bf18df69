//! Functions that a call may mean besides the one that it is folded to.
//!
//! A name can be given to several: by `if` and `else`, by `try: from fast import f` and
//! `except: def f()`, or twice in a row. Folding decides for one of them. Each may be the one
//! that runs, so each is entered.

use super::index::class_of;
use super::python::by_turns;
use super::{Analysis, Site};
use crate::ir::{Atom, Export, Expr, ExprId, FuncId, Language, Program, ScopeId, SymbolId};
use crate::pure::{FileId, Surroundings as _, Value};
use customs_model::Zone;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// Functions that one call may mean.
pub(super) const MOST: usize = 16;
/// Names that stand for other names.
const LEVELS: u8 = 6;

/// A class and its file.
type Class = (FileId, ExprId);

/// Expressions that were asked for their classes, with the least level at which they were. Most
/// questions lead to one or two of them.
#[derive(Debug, Default)]
struct Seen {
    few: SmallVec<[((FileId, ExprId), u8); Self::FEW]>,
    /// The others, where there are more.
    others: FxHashMap<(FileId, ExprId), u8>,
}

impl Seen {
    /// Those that are looked at one by one.
    const FEW: usize = 8;

    /// Notes that one is asked at a level; gives whether it was asked at none as near before.
    fn is_new(&mut self, place: (FileId, ExprId), level: u8) -> bool {
        let mut few = self.few.iter_mut();
        if let Some((_, before)) = few.find(|(known, _)| *known == place) {
            return is_nearer(before, level);
        }
        if self.few.len() < Self::FEW {
            self.few.push((place, level));
            return true;
        }
        match self.others.entry(place) {
            Entry::Occupied(mut before) => is_nearer(before.get_mut(), level),
            Entry::Vacant(new) => {
                new.insert(level);
                true
            }
        }
    }
}

/// Takes the nearer one of two levels; gives whether it is the new one. Nearer to what was asked,
/// more levels are left.
fn is_nearer(before: &mut u8, level: u8) -> bool {
    let is_nearer = level < *before;
    if is_nearer {
        *before = level;
    }
    is_nearer
}

/// Functions, by their files.
pub(super) type Fellows = Rc<[(FileId, FuncId)]>;

impl Analysis<'_> {
    /// Functions that a callee may mean besides what it was folded to.
    pub(super) fn fellows(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        callee: ExprId,
        folded: &Value,
        zone: Zone,
    ) -> Fellows {
        let file = site.file;
        if let Some(known) = self.fellows.get(&(file, callee)) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        self.growing.ask(zone);
        self.meant(program, file, callee, 0, &mut found);
        if let Some(inner) = called_through(program, callee).filter(|_| folded.is_unknown()) {
            self.meant(program, file, inner, 0, &mut found);
        }
        if let Value::Object(object) = folded
            && let Some(class) = object.class.filter(|_| !object.is_class)
        {
            self.under_name(class, "__call__", 0, &mut found);
        }
        if is_open(program, callee, folded, zone) {
            let callee = called_through(program, callee).unwrap_or(callee);
            self.of_objects(file, callee, &mut found);
        }
        if program.language == Language::Rust && folded.is_unknown() && found.is_empty() {
            self.of_unknown_object(program, file, callee, &mut found);
        }
        if let Value::Function(closure) = folded {
            let own = (closure.file, closure.function);
            if let Some(program) = self.program(closure.file) {
                of_same_name(&program, closure.file, closure.function, &mut found);
            }
            found.retain(|other| *other != own);
        }
        let found: Fellows = if found.is_empty() {
            Rc::clone(self.fellows.usual())
        } else {
            found.into()
        };
        let is_whole = program.language != Language::JavaScript || zone > Zone::Called;
        if self.growing.close(site) && is_whole {
            self.fellows.insert((file, callee), Rc::clone(&found));
        }
        found
    }

    /// Methods of Rust by their name, where nothing is known of what they are called on: those of
    /// types of the file of which values are made.
    fn of_unknown_object(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if let Expr::Member(_, name) = program.expr(callee)
            && let Some(methods) = program.atom(&format!("method {}", program.name(name)))
            && let Some(symbol) = program.declared.get(&(ScopeId(0), methods))
        {
            self.values(program, file, *symbol, 0, found);
        }
    }

    /// Functions that objects of a class have under a name.
    pub(super) fn all_under_name(&mut self, class: Class, name: &str) -> Vec<(FileId, FuncId)> {
        let mut found = Vec::new();
        self.under_name(class, name, 0, &mut found);
        found
    }

    /// Functions that an expression names.
    pub(super) fn meant(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if level > LEVELS || found.len() >= MOST {
            return;
        }
        match program.expr(expr) {
            Expr::Function(function) => note(found, (file, function)),
            Expr::Name(atom, scope) => {
                if let Some(symbol) = program.resolve(atom, scope) {
                    self.values(program, file, symbol, level, found);
                }
            }
            Expr::Cond(_, then, other) | Expr::Logic(_, then, other) => {
                self.meant(program, file, then, level + 1, found);
                self.meant(program, file, other, level + 1, found);
            }
            Expr::Member(object, name)
                if is_own_names(program, object) || is_own_module(program, object) =>
            {
                if let Some(symbol) = program.declared.get(&(ScopeId(0), name)) {
                    self.values(program, file, *symbol, level, found);
                }
            }
            // `for name, f in pairs: f()`.
            Expr::Member(object, name)
                if program.language == Language::Python
                    && matches!(program.expr(object), Expr::Element(_)) =>
            {
                if let Expr::Element(over) = program.expr(object) {
                    let part = program.shared_name(name);
                    self.meant_by_turns(program, file, over, Some(&part), found);
                }
            }
            Expr::Member(object, name) => match module_of(program, object) {
                Some(module) => {
                    if let Some(target) = self.package.resolve(file, &module) {
                        self.named_there(target, program.name(name), level, found);
                    }
                }
                None => {
                    let name = program.shared_name(name);
                    if program.language == Language::Python {
                        self.of_own_table(program, file, object, Some(&name), level, found);
                    }
                    for class in self.classes(program, file, object, level) {
                        self.under_name(class, &name, level + 1, found);
                    }
                    self.of_table(program, file, object, &name, level, found);
                    self.methods_by_turns(program, file, object, &name, level, found);
                    self.functions_by_turns(program, file, expr, level, found);
                }
            },
            Expr::Element(over) if program.language == Language::Python => {
                self.meant_by_turns(program, file, over, None, found);
                self.of_own_table(program, file, over, None, level, found);
            }
            Expr::Param(function, position) if program.language == Language::Python => {
                // A function that is handed over is entered where that happens.
                for (program, file, arg) in self.handed_in(file, function, position) {
                    if let Some(class) = self.class_of_object(&program, file, arg) {
                        self.under_name(class, "__call__", level + 1, found);
                    }
                }
            }
            // `self.table[name]()`.
            Expr::Index(table, _)
                if program.language == Language::Python
                    && matches!(program.expr(table), Expr::Member(..)) =>
            {
                self.of_own_table(program, file, table, None, level, found);
            }
            // `globals()["f"]`.
            Expr::Index(object, key) if is_own_names(program, object) => {
                self.named_by(program, file, key, level, found);
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args);
                match (program.expr(callee), args) {
                    // `globals().get("f")`.
                    (Expr::Member(names, get), [key, ..])
                        if program.name(get) == "get" && is_own_names(program, names) =>
                    {
                        self.named_by(program, file, *key, level, found);
                    }
                    // `getattr(sys.modules[__name__], "f")`.
                    (Expr::Name(getattr, _), [object, key, ..])
                        if program.name(getattr) == "getattr"
                            && is_own_module(program, *object) =>
                    {
                        self.named_by(program, file, *key, level, found);
                    }
                    // `getattr(self, "do_" + name)`.
                    (Expr::Name(getattr, scope), [object, key, ..])
                        if program.language == Language::Python
                            && program.name(getattr) == "getattr"
                            && program.resolve(getattr, scope).is_none() =>
                    {
                        self.meant_by_getattr(program, file, *object, *key, level, found);
                    }
                    _ => self.functions_by_turns(program, file, expr, level, found),
                }
            }
            Expr::Assign(_, value) => self.meant(program, file, value, level + 1, found),
            _ => self.functions_by_turns(program, file, expr, level, found),
        }
    }

    /// Functions that the module itself has under a name that is computed.
    fn named_by(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if let Value::Text(name) = self.machine.fold(file, key)
            && let Some(atom) = program.atom(&name)
            && let Some(symbol) = program.declared.get(&(ScopeId(0), atom))
        {
            self.values(program, file, *symbol, level, found);
        }
    }

    /// The classes that an object may be made from.
    pub(super) fn classes(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        level: u8,
    ) -> Vec<Class> {
        self.classes_besides(program, file, object, level, &mut Seen::default())
    }

    /// The classes that an object may be made from, besides those of what was asked already: fields
    /// that are made of each other would be gone through on all ways from one to the other.
    fn classes_besides(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        level: u8,
        seen: &mut Seen,
    ) -> Vec<Class> {
        if level > LEVELS {
            return Vec::new();
        }
        if !seen.is_new((file, object), level) {
            return Vec::new();
        }
        match program.expr(object) {
            Expr::This(function) => {
                let Some(class) = class_of(program, function) else {
                    return Vec::new();
                };
                // An object of one below it has its own methods.
                let mut found = vec![(file, class)];
                found.extend(self.made_below((file, class)));
                found
            }
            Expr::Param(function, position) => {
                let mut found = Vec::new();
                for (program, file, arg) in self.handed_in(file, function, position) {
                    for class in self.classes_besides(&program, file, arg, level + 1, seen) {
                        if found.len() < MOST && !found.contains(&class) {
                            found.push(class);
                        }
                    }
                }
                found
            }
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope);
                let values = symbol.map(|symbol| program.symbol(symbol).values.to_vec());
                self.classes_of(program, file, &values.unwrap_or_default(), level, seen)
            }
            Expr::Element(over) if program.language == Language::Python => {
                self.classes_by_turns(program, file, over, None, false)
            }
            // `for make in classes: make().run()`.
            Expr::Call { callee, .. }
                if program.language == Language::Python
                    && let Some((over, part)) = by_turns(program, callee) =>
            {
                let part = part.as_deref();
                self.classes_by_turns(program, file, over, part, true)
            }
            // What is put into a field somewhere in the class.
            Expr::Member(this, field) if is_this(program, this) => {
                let fields = self.fields(program, file, this, field);
                self.classes_of(program, file, &fields, level, seen)
            }
            _ => match self.machine.fold(file, object) {
                Value::Object(object) => object.class.into_iter().collect(),
                _ => Vec::new(),
            },
        }
    }

    /// The function that a table has under a name, where callers hand the table in.
    fn of_table(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        if level > LEVELS || program.language != Language::JavaScript {
            return;
        }
        match program.expr(object) {
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope);
                let values = symbol.map(|symbol| program.symbol(symbol).values.to_vec());
                for value in values.into_iter().flatten().take(MOST) {
                    if matches!(program.expr(value), Expr::Param(..) | Expr::Name(..)) {
                        self.of_table(program, file, value, name, level + 1, found);
                    }
                }
            }
            Expr::Param(function, position) => {
                for (program, file, arg) in self.handed_in(file, function, position) {
                    if let Value::Object(table) = self.machine.fold(file, arg)
                        && table.class.is_none()
                    {
                        let entries = table.entries.borrow();
                        let last = entries.iter().rev().find(|(key, _)| **key == *name);
                        if let Some((_, Value::Function(closure))) = last {
                            note(found, (closure.file, closure.function));
                        }
                    } else {
                        self.of_table(&program, file, arg, name, level + 1, found);
                    }
                }
            }
            _ => {}
        }
    }

    fn classes_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        values: &[ExprId],
        level: u8,
        seen: &mut Seen,
    ) -> Vec<Class> {
        let mut found = Vec::new();
        for value in values.iter().take(MOST) {
            for class in self.classes_besides(program, file, *value, level + 1, seen) {
                if found.len() < MOST && !found.contains(&class) {
                    found.push(class);
                }
            }
        }
        found
    }

    /// What is put into a field of the object itself.
    pub(super) fn fields_of_self(
        &mut self,
        program: &Program,
        file: FileId,
        object: ExprId,
        field: Atom,
    ) -> Vec<ExprId> {
        if is_this(program, object) {
            self.fields(program, file, object, field)
        } else {
            Vec::new()
        }
    }

    /// What is put into a field of `this`.
    fn fields(
        &mut self,
        program: &Program,
        file: FileId,
        this: ExprId,
        field: Atom,
    ) -> Vec<ExprId> {
        let Some(function) = this_of(program, this) else {
            return Vec::new();
        };
        let index = self.index(file);
        let values = index.and_then(|index| {
            let class = class_of(program, function);
            index.fields.get(&(class, field)).cloned()
        });
        values.unwrap_or_default()
    }

    /// Functions that objects of a class have under a name: what is put into the field, its own
    /// method, or that of a class above it.
    pub(super) fn under_name(
        &mut self,
        class: Class,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let (Some(program), Some(index)) = (self.program(class.0), self.index(class.0)) else {
            return;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return;
        };
        if level > LEVELS {
            return;
        }
        let field = program.atom(name).map(|name| (Some(class.1), name));
        let fields = field.and_then(|field| index.fields.get(&field)).cloned();
        for value in fields.into_iter().flatten().take(MOST) {
            self.meant(&program, class.0, value, level + 1, found);
        }
        let entries = program.list(entries).to_vec();
        let own = entries
            .chunks_exact(2)
            .filter(|pair| program.text(pair[0]) == Some(name));
        let own: Vec<ExprId> = own.map(|pair| pair[1]).collect();
        if !own.is_empty() {
            for value in own {
                self.meant(&program, class.0, value, level + 1, found);
            }
            return;
        }
        for pair in entries.chunks_exact(2) {
            if let Expr::Spread(base) = program.expr(pair[0])
                && let Value::Object(base) = self.machine.fold(class.0, base)
                && let Some(base) = base.class.filter(|_| base.is_class)
            {
                self.under_name(base, name, level + 1, found);
            }
        }
    }

    /// Functions that a variable is given.
    fn values(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        for value in program.symbol(symbol).values.iter().take(MOST) {
            self.meant(program, file, *value, level + 1, found);
        }
    }

    /// Functions that a module hands out under a name.
    fn named_there(
        &mut self,
        target: FileId,
        name: &str,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let Some(program) = self.program(target) else {
            return;
        };
        let Some(atom) = program.atom(name) else {
            return;
        };
        if program.language == Language::JavaScript {
            for export in &program.exports {
                if let Export::Value(exported, value) = export
                    && *exported == atom
                {
                    self.meant(&program, target, *value, level + 1, found);
                }
            }
        } else if let Some(symbol) = program.declared.get(&(ScopeId(0), atom)) {
            self.values(&program, target, *symbol, level, found);
        }
    }
}

/// Whether what is called is not known, and runs without a call from outside.
pub(super) fn is_open(program: &Program, callee: ExprId, folded: &Value, zone: Zone) -> bool {
    program.language == Language::JavaScript
        && zone > Zone::Called
        && match folded {
            Value::Function(_) => false,
            Value::Object(object) => !object.is_class,
            Value::Native(native) => {
                // What is written so is of the module, a class above, or behind a proxy.
                const OPEN: [&str; 4] = ["exports.", "module.exports.", "super.", "Proxy()"];
                OPEN.iter().any(|open| native.path.starts_with(open)) || is_of_this(program, callee)
            }
            _ => true,
        }
}

/// Whether it is something of `this` in a function that is no method of a class: folding takes
/// that for the global object.
fn is_of_this(program: &Program, callee: ExprId) -> bool {
    let mut at = callee;
    for _ in 0..LEVELS {
        at = match program.expr(at) {
            Expr::Member(object, _) | Expr::Index(object, _) => object,
            _ => return this_of(program, at).is_some_and(|function| function != FuncId(0)),
        };
    }
    false
}

/// The function of JavaScript that `f.call(…)` or `f.apply(…)` calls.
pub(super) fn called_through(program: &Program, callee: ExprId) -> Option<ExprId> {
    match program.expr(callee) {
        Expr::Member(inner, how) if program.language == Language::JavaScript => {
            matches!(program.name(how), "call" | "apply").then_some(inner)
        }
        _ => None,
    }
}

/// The specifier of the module that an expression is, where that is written out.
fn module_of(program: &Program, object: ExprId) -> Option<Rc<str>> {
    let object = match program.expr(object) {
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let [only] = program.symbol(symbol).values[..] else {
                return None;
            };
            only
        }
        _ => object,
    };
    match program.expr(object) {
        Expr::Module(specifier) => Some(program.shared_name(specifier)),
        // `from . import a` may mean a module.
        Expr::Logic(_, _, inner) => match program.expr(inner) {
            Expr::Module(specifier) => Some(program.shared_name(specifier)),
            _ => None,
        },
        _ => None,
    }
}

/// The function that an expression is `this` or `self` of.
fn this_of(program: &Program, object: ExprId) -> Option<FuncId> {
    match program.expr(object) {
        Expr::This(function) => Some(function),
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            match program.symbol(symbol).values[..] {
                [only] => match program.expr(only) {
                    Expr::This(function) => Some(function),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_this(program: &Program, object: ExprId) -> bool {
    this_of(program, object).is_some()
}

/// Whether it is `globals()`, `locals()` or `vars()`.
fn is_own_names(program: &Program, object: ExprId) -> bool {
    let Expr::Call { callee, args, .. } = program.expr(object) else {
        return false;
    };
    program.language == Language::Python
        && program.list(args).is_empty()
        && matches!(program.expr(callee), Expr::Name(name, scope)
            if matches!(program.name(name), "globals" | "locals" | "vars")
                && program.resolve(name, scope).is_none())
}

/// Whether it is `sys.modules[__name__]`.
fn is_own_module(program: &Program, object: ExprId) -> bool {
    let Expr::Index(modules, key) = program.expr(object) else {
        return false;
    };
    let is_modules = matches!(program.expr(modules), Expr::Member(_, name)
        if program.name(name) == "modules");
    let is_own = matches!(program.expr(key), Expr::Name(name, _)
        if program.name(name) == "__name__");
    program.language == Language::Python && is_modules && is_own
}

/// Methods that the class of one has under the same name.
fn of_same_name(
    program: &Program,
    file: FileId,
    function: FuncId,
    found: &mut Vec<(FileId, FuncId)>,
) {
    let Some(class) = program.function(function).class else {
        return;
    };
    let Expr::Class(entries) = program.expr(class) else {
        return;
    };
    let entries = program.list(entries);
    let is_it = |pair: &&[ExprId]| program.expr(pair[1]) == Expr::Function(function);
    let Some(name) = entries
        .chunks_exact(2)
        .find(is_it)
        .and_then(|pair| program.text(pair[0]))
    else {
        return;
    };
    for pair in entries.chunks_exact(2) {
        if program.text(pair[0]) == Some(name)
            && let Expr::Function(other) = program.expr(pair[1])
        {
            note(found, (file, other));
        }
    }
}

pub(super) fn note(found: &mut Vec<(FileId, FuncId)>, one: (FileId, FuncId)) {
    if found.len() < MOST && !found.contains(&one) {
        found.push(one);
    }
}

#[cfg(test)]
mod tests;
