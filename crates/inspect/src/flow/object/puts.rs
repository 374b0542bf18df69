//! Which objects of a file are given what, as it is written: by assignments, by calls of the
//! library that define properties, and by functions that copy all of one object onto another.
//!
//! Compilers and bundlers write such functions, each with names of its own. They are known by
//! what they do: `function (to, all) { for (var n in all) define(to, n, { get: all[n] }) }`.

use super::super::index::symbol_of;
use crate::ir::{Expr, ExprId, FuncId, Logic, Program, Store, SymbolId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Bounds of what is looked at in one file.
mod limit {
    /// Objects that are given something under one name.
    pub const OBJECTS: usize = 48;
    /// Objects that are given all of another.
    pub const COPIES: usize = 512;
    /// Rounds in which functions are found that have others copy.
    pub const ROUNDS: usize = 3;
    /// Expressions of a large file.
    pub const LARGE: usize = 1 << 14;
    /// Names that stand for others.
    pub const LEVELS: u8 = 4;
}

/// What an object is given under a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put {
    /// The object.
    pub object: ExprId,
    /// What it is given.
    pub value: ExprId,
    /// A function that gives the value, instead of the value.
    pub getter: bool,
    /// Where it happens.
    pub function: FuncId,
}

/// An object that is given all that another one has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Copy {
    /// The object.
    pub object: ExprId,
    /// The other one.
    pub from: ExprId,
    /// It has functions that give the values.
    pub getters: bool,
    /// Where it happens.
    pub function: FuncId,
}

/// What stands behind an object when it lacks a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind {
    /// The object, or the function or class that it is the prototype of.
    pub object: ExprId,
    /// What stands behind it, or the function or class that that is the prototype of.
    pub above: ExprId,
    /// Prototypes are meant.
    pub prototypes: bool,
}

/// What a file gives to objects.
#[derive(Debug, Default)]
pub(super) struct Puts {
    named: FxHashMap<Rc<str>, Vec<Put>>,
    /// Under names that are computed, in files that are not large.
    pub computed: Vec<Store>,
    /// All of an object.
    pub copies: Vec<Copy>,
    /// What stands behind objects.
    pub behind: Vec<Behind>,
    /// Names that objects and classes of the file have, where it is a large one that asks for
    /// no other file of its package: it has no others.
    names: Option<FxHashSet<Rc<str>>>,
    /// The objects that a function is put into.
    placed: FxHashMap<FuncId, Vec<ExprId>>,
}

/// A function that copies, by its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Copier {
    to: u16,
    from: u16,
    getters: bool,
}

impl Puts {
    pub fn of(program: &Program) -> Self {
        let mut puts = Self::default();
        for store in &program.stores {
            puts.store(program, store);
        }
        for (call, function) in &program.calls {
            puts.call(program, *call, *function);
        }
        for (at, expr) in program.exprs.iter().enumerate() {
            if let Expr::Object(entries) = expr {
                for pair in program.list(*entries).chunks_exact(2) {
                    if let Expr::Function(function) = program.expr(pair[1]) {
                        puts.place(function, ExprId(at as u32));
                    }
                }
            }
        }
        puts.copiers(program);
        puts.names = puts.all_names(program);
        puts
    }

    /// Whether anything in reach of the file may have a name.
    pub fn may_have(&self, name: &str) -> bool {
        let names = self.names.as_ref();
        names.is_none_or(|names| names.contains(name) || self.named.contains_key(name))
    }

    fn all_names(&self, program: &Program) -> Option<FxHashSet<Rc<str>>> {
        let is_own = |specifier: &str| specifier.starts_with(['.', '#']);
        let asks = |(call, _): &(ExprId, FuncId)| match program.expr(*call) {
            Expr::Call { callee, args, .. } => {
                let first = program.list(args).first();
                let text = first.and_then(|first| program.text(*first));
                text.is_some_and(is_own) && last_name(program, callee, 0) == Some("require")
            }
            Expr::Import(specifier) => program.text(specifier).is_some_and(is_own),
            _ => false,
        };
        if program.size() < limit::LARGE
            || program.calls.iter().any(asks)
            || program
                .imports
                .iter()
                .any(|(name, _)| is_own(program.name(*name)))
        {
            return None;
        }
        let mut names = FxHashSet::default();
        for expr in &program.exprs {
            if let Expr::Object(entries) | Expr::Class(entries) = expr {
                let keys = program.list(*entries).iter().step_by(2);
                names.extend(keys.filter_map(|key| program.text(*key).map(Rc::from)));
            }
        }
        Some(names)
    }

    /// What objects are given under a name.
    pub fn under(&self, name: &str) -> &[Put] {
        self.named.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects that a function is put into.
    pub fn around(&self, function: FuncId) -> &[ExprId] {
        let placed = self.placed.get(&function).map(Vec::as_slice);
        placed.unwrap_or_default()
    }

    fn place(&mut self, function: FuncId, object: ExprId) {
        let placed = self.placed.entry(function).or_default();
        if placed.len() < limit::OBJECTS {
            placed.push(object);
        }
    }

    fn put(&mut self, name: Rc<str>, put: Put) {
        let named = self.named.entry(name).or_default();
        if named.len() < limit::OBJECTS {
            named.push(put);
        }
    }

    fn store(&mut self, program: &Program, store: &Store) {
        if let Expr::Function(function) = program.expr(store.value) {
            self.place(function, store.object);
        }
        if let Some(key) = store.key {
            if program.name(key) == "__proto__" {
                self.behind.push(Behind {
                    object: store.object,
                    above: store.value,
                    prototypes: false,
                });
            }
            let put = Put {
                object: store.object,
                value: store.value,
                getter: false,
                function: store.function,
            };
            self.put(program.shared_name(key), put);
        } else if let Some(key) = store.computed {
            if let Expr::Index(from, same) = program.expr(store.value)
                && is_same(program, key, same)
            {
                self.copy(store.object, from, false, store.function);
            } else if self.computed.len() < limit::COPIES && program.size() < limit::LARGE {
                self.computed.push(*store);
            }
        }
    }

    fn copy(&mut self, object: ExprId, from: ExprId, getters: bool, function: FuncId) {
        let copy = Copy {
            object,
            from,
            getters,
            function,
        };
        if self.copies.len() < limit::COPIES && !self.copies.contains(&copy) {
            self.copies.push(copy);
        }
    }

    fn call(&mut self, program: &Program, call: ExprId, function: FuncId) {
        let Expr::Call { callee, args, .. } = program.expr(call) else {
            return;
        };
        let args = program.list(args);
        let Some(name) = last_name(program, callee, 0) else {
            return;
        };
        match (name, args) {
            ("defineProperty", [object, key, descriptor]) => {
                self.define(program, *object, *key, *descriptor, function);
            }
            ("__defineGetter__", [key, getter]) => {
                if let (Expr::Member(object, _), Some(name)) =
                    (program.expr(callee), program.text(*key))
                {
                    let put = Put {
                        object,
                        value: *getter,
                        getter: true,
                        function,
                    };
                    self.put(name.into(), put);
                }
            }
            ("defineProperties", [object, all]) => {
                if let Expr::Object(entries) = program.expr(*all) {
                    for pair in program.list(entries).to_vec().chunks_exact(2) {
                        self.define(program, *object, pair[0], pair[1], function);
                    }
                }
            }
            ("assign" | "extend" | "_extend", [object, more @ ..]) => {
                for from in more {
                    self.copy(*object, *from, false, function);
                }
            }
            // What compilers' libraries of helpers call it.
            ("__exportStar" | "_export_star", [from, object]) => {
                self.copy(*object, *from, false, function);
            }
            ("inherits" | "__extends" | "_inherits" | "_inheritsLoose", [object, above, ..]) => {
                self.behind.push(Behind {
                    object: *object,
                    above: *above,
                    prototypes: true,
                });
            }
            ("setPrototypeOf", [object, above]) => self.behind.push(Behind {
                object: *object,
                above: *above,
                prototypes: false,
            }),
            _ => {}
        }
    }

    fn define(
        &mut self,
        program: &Program,
        object: ExprId,
        key: ExprId,
        descriptor: ExprId,
        function: FuncId,
    ) {
        let Some(parts) = entries(program, descriptor) else {
            return;
        };
        let part = |name: &str| {
            let mut pairs = parts.chunks_exact(2);
            let found = pairs.find(|pair| program.text(pair[0]) == Some(name));
            found.map(|pair| pair[1])
        };
        let (value, getter) = (part("value"), part("get"));
        let Some(given) = value.or(getter) else {
            return;
        };
        let getter = value.is_none();
        if let Some(name) = program.text(key) {
            let put = Put {
                object,
                value: given,
                getter,
                function,
            };
            self.put(name.into(), put);
            if !getter && let Expr::Function(function) = program.expr(given) {
                self.place(function, object);
            }
            return;
        }
        // Name by name: `define(to, n, { get: all[n] })`, and
        // `define(to, n, { get: () => from[n] })`.
        let (read, getters) = match program.expr(given) {
            Expr::Function(inner) if getter => match program.function(inner).returns[..] {
                [only] => (only, false),
                _ => return,
            },
            _ => (given, getter),
        };
        if let Expr::Index(from, same) = program.expr(read)
            && is_same(program, key, same)
        {
            self.copy(object, from, getters, function);
        }
        // `get: Object.getOwnPropertyDescriptor(all, n).get`.
        if let Expr::Member(inner, _) = program.expr(read)
            && let Expr::Call { callee, args, .. } = program.expr(inner)
            && let [from, same] = *program.list(args)
            && last_name(program, callee, 0) == Some("getOwnPropertyDescriptor")
            && is_same(program, key, same)
        {
            self.copy(object, from, getters, function);
        }
    }

    /// Finds the functions that copy what they are given, and what calls of them copy.
    fn copiers(&mut self, program: &Program) {
        let mut known: FxHashMap<FuncId, Copier> = FxHashMap::default();
        for copy in std::mem::take(&mut self.copies) {
            match copier(program, &copy) {
                Some((function, copier)) => {
                    known.entry(function).or_insert(copier);
                }
                None => self.copies.push(copy),
            }
        }
        if known.is_empty() {
            return;
        }
        let calls: Vec<(ExprId, FuncId, FuncId)> = program
            .calls
            .iter()
            .filter_map(|(call, around)| {
                let Expr::Call { callee, .. } = program.expr(*call) else {
                    return None;
                };
                Some((*call, *around, function_named(program, callee, 0)?))
            })
            .collect();
        for round in 0..limit::ROUNDS {
            let before = known.len();
            for (call, around, function) in &calls {
                let Some(how) = known.get(function).copied() else {
                    continue;
                };
                let Some(copy) = copy_by(program, *call, *around, how) else {
                    continue;
                };
                match copier(program, &copy) {
                    Some((function, copier)) if round + 1 < limit::ROUNDS => {
                        known.entry(function).or_insert(copier);
                    }
                    Some(_) => {}
                    None => self.copy(copy.object, copy.from, copy.getters, copy.function),
                }
            }
            if known.len() == before && round > 0 {
                break;
            }
        }
    }
}

/// What a call of a function that copies copies.
fn copy_by(program: &Program, call: ExprId, around: FuncId, how: Copier) -> Option<Copy> {
    let Expr::Call { args, .. } = program.expr(call) else {
        return None;
    };
    let args = program.list(args);
    let from = *args.get(usize::from(how.from))?;
    let object = *args.get(usize::from(how.to))?;
    Some(Copy {
        object,
        from,
        getters: how.getters,
        function: around,
    })
}

/// The function that copies what it is given, where both are its parameters.
fn copier(program: &Program, copy: &Copy) -> Option<(FuncId, Copier)> {
    let (function, from) = parameter(program, copy.from)?;
    let (other, to) = parameter(program, copy.object)?;
    (function == other).then_some((
        function,
        Copier {
            to,
            from,
            getters: copy.getters,
        },
    ))
}

/// The function and the position of a parameter that a name is, where it is never anything else.
fn parameter(program: &Program, expr: ExprId) -> Option<(FuncId, u16)> {
    let symbol = match program.expr(expr) {
        Expr::Name(atom, scope) => program.resolve(atom, scope)?,
        _ => return None,
    };
    match program.symbol(symbol).values[..] {
        [only] => match program.expr(only) {
            Expr::Param(function, position) => Some((function, position)),
            _ => None,
        },
        _ => None,
    }
}

/// The last part of the name that is called, through names that stand for it:
/// `var d = Object.defineProperty; d(…)`.
pub(super) fn last_name(program: &Program, callee: ExprId, level: u8) -> Option<&str> {
    match program.expr(callee) {
        Expr::Member(_, name) => Some(program.name(name)),
        Expr::Name(name, scope) => {
            let Some(symbol) = program.resolve(name, scope) else {
                return Some(program.name(name));
            };
            match program.symbol(symbol).values[..] {
                [only] if level < limit::LEVELS => match program.expr(only) {
                    Expr::Member(..) | Expr::Name(..) => last_name(program, only, level + 1),
                    _ => Some(program.name(name)),
                },
                _ => Some(program.name(name)),
            }
        }
        Expr::Sequence(parts) if level < limit::LEVELS => {
            let last = program.list(parts).last()?;
            last_name(program, *last, level + 1)
        }
        _ => None,
    }
}

/// The function of the file that is called by its name: `var a = (this && this.a) || function`.
pub(super) fn function_named(program: &Program, callee: ExprId, level: u8) -> Option<FuncId> {
    if level > limit::LEVELS {
        return None;
    }
    match program.expr(callee) {
        Expr::Function(function) => Some(function),
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            match program.symbol(symbol).values[..] {
                [only] => function_named(program, only, level + 1),
                _ => None,
            }
        }
        Expr::Logic(Logic::Or, _, other) => function_named(program, other, level + 1),
        Expr::Cond(_, then, other) => function_named(program, then, level + 1)
            .or_else(|| function_named(program, other, level + 1)),
        Expr::Assign(_, value) => function_named(program, value, level + 1),
        Expr::Sequence(parts) => {
            let last = program.list(parts).last()?;
            function_named(program, *last, level + 1)
        }
        _ => None,
    }
}

/// The entries of an object that stands there or is given to a name.
fn entries(program: &Program, object: ExprId) -> Option<&[ExprId]> {
    match program.expr(object) {
        Expr::Object(entries) => Some(program.list(entries)),
        Expr::Name(..) => {
            let values = &program.symbol(variable(program, object)?).values;
            values.iter().find_map(|value| match program.expr(*value) {
                Expr::Object(entries) => Some(program.list(entries)),
                _ => None,
            })
        }
        _ => None,
    }
}

fn variable(program: &Program, expr: ExprId) -> Option<SymbolId> {
    match program.expr(expr) {
        Expr::Name(..) => symbol_of(program, expr),
        _ => None,
    }
}

/// Whether both are the same variable, or the first is given the second where it is not there.
fn is_same(program: &Program, one: ExprId, other: ExprId) -> bool {
    let (Some(one), Some(other)) = (variable(program, one), variable(program, other)) else {
        return false;
    };
    let mut values = program.symbol(one).values.iter();
    one == other || values.any(|value| variable(program, *value) == Some(other))
}
