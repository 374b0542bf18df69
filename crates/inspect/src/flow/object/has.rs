//! What something has under a name: what stands in what makes it, what is put onto it, and what
//! stands behind it.

use super::puts::last_name;
use super::{At, Had, Maker, Thing, is_global, limit};
use crate::flow::Analysis;
use crate::ir::{Accessor, Export, Expr, ExprId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

impl Analysis<'_> {
    /// What a thing has under a name, for who reads it.
    pub(super) fn has(&mut self, thing: Thing, name: &str, level: u8) -> Vec<Had> {
        let mut found = self.has_any(thing, name, level);
        found.retain(|(_, accessor)| *accessor != Some(Accessor::Set));
        found
    }

    pub(super) fn has_any(&mut self, thing: Thing, name: &str, level: u8) -> Vec<Had> {
        let mut found = Vec::new();
        self.note_held(thing, name, level, &mut found);
        found
    }

    pub(super) fn note_held(&mut self, thing: Thing, name: &str, level: u8, found: &mut Vec<Had>) {
        let Some(left) = self.objects.steps.checked_sub(1) else {
            return;
        };
        self.objects.steps = left;
        if level > limit::LEVELS {
            return;
        }
        let file = thing.file();
        let Some(program) = self.program(file) else {
            return;
        };
        self.note_own(&program, thing, name, level, found);
        self.note_put(&program, thing, name, level, found);
        if found.is_empty() {
            self.note_behind(&program, thing, name, level, found);
        }
    }

    /// What stands in what makes it.
    pub(super) fn note_own(
        &mut self,
        program: &Rc<Program>,
        thing: Thing,
        name: &str,
        level: u8,
        found: &mut Vec<Had>,
    ) {
        match thing {
            Thing::Made(file, object, by) => {
                let Expr::Object(entries) = program.expr(object) else {
                    return;
                };
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    let at = At {
                        file,
                        expr: pair[1],
                        by,
                    };
                    if let Expr::Spread(all) = program.expr(pair[0]) {
                        for thing in self.things(At { expr: all, ..at }, level + 1) {
                            self.note_held(thing, name, level + 1, found);
                        }
                    } else if self.is_key(program, file, pair[0], name) {
                        found.push((at, accessor_of(program, pair[1])));
                    }
                }
            }
            Thing::Class(file, class)
            | Thing::Of(file, Maker::Class(class))
            | Thing::Prototype(file, Maker::Class(class)) => {
                let Expr::Class(entries) = program.expr(class) else {
                    return;
                };
                for pair in program.list(entries).to_vec().chunks_exact(2) {
                    if !self.is_key(program, file, pair[0], name) {
                        continue;
                    }
                    let at = At {
                        file,
                        expr: pair[1],
                        by: None,
                    };
                    found.push((at, accessor_of(program, pair[1])));
                }
            }
            Thing::Exports(file) => {
                for export in &program.exports {
                    match export {
                        Export::Value(known, value) if program.name(*known) == name => {
                            let at = At {
                                file,
                                expr: *value,
                                by: None,
                            };
                            found.push((at, None));
                        }
                        Export::Value(..) => {}
                        Export::All(specifier) => {
                            let mut all = Vec::new();
                            self.note_module(file, program.name(*specifier), level, &mut all);
                            for thing in all {
                                self.note_held(thing, name, level + 1, found);
                            }
                        }
                    }
                }
            }
            Thing::Function(..)
            | Thing::Of(_, Maker::Function(_))
            | Thing::Prototype(_, Maker::Function(_)) => {}
        }
    }

    /// Whether a key is a name, which is written out, folded, or one of the language's symbols.
    pub(super) fn is_key(
        &mut self,
        program: &Program,
        file: FileId,
        key: ExprId,
        name: &str,
    ) -> bool {
        match written_key(program, key) {
            Some(written) => *written == *name,
            None => self.machine.fold(file, key).known_text() == Some(name),
        }
    }

    /// The names that a key may be; of what is called itself each of several.
    pub(super) fn names_of(
        &mut self,
        program: &Program,
        file: FileId,
        key: ExprId,
        level: u8,
    ) -> Vec<Rc<str>> {
        if let Some(name) = written_key(program, key) {
            return vec![name];
        }
        let values = if level == 0 {
            self.possible(file, key, 0)
        } else {
            vec![self.machine.fold(file, key)]
        };
        let mut names = Vec::new();
        for value in values.into_iter().take(limit::MOST) {
            if let Some(name) = value.known_text() {
                names.push(name.into());
            } else if let Value::Number(number) = value {
                names.push(number.to_string().into());
            }
        }
        names
    }

    /// What is put onto it.
    pub(super) fn note_put(
        &mut self,
        program: &Rc<Program>,
        thing: Thing,
        name: &str,
        level: u8,
        found: &mut Vec<Had>,
    ) {
        let file = thing.file();
        let puts = self.puts(program, file);
        let of = |expr: ExprId| At {
            file,
            expr,
            by: thing.by(),
        };
        for put in puts.under(name) {
            if self.is_it(program, of(put.object), thing, level)
                && self.runs_by_then(file, put.function)
            {
                found.push((of(put.value), put.getter.then_some(Accessor::Get)));
            }
        }
        for store in &puts.computed {
            if let Some(key) = store.computed
                && self.is_it(program, of(store.object), thing, level)
                && self.runs_by_then(file, store.function)
                && self.machine.fold(file, key).known_text() == Some(name)
            {
                found.push((of(store.value), None));
            }
        }
        for copy in &puts.copies {
            if !self.is_it(program, of(copy.object), thing, level)
                || !self.runs_by_then(file, copy.function)
            {
                continue;
            }
            for from in self.things(of(copy.from), level + 1) {
                if from == thing {
                    continue;
                }
                let start = found.len();
                self.note_held(from, name, level + 1, found);
                if copy.getters {
                    for (_, accessor) in &mut found[start..] {
                        *accessor = Some(Accessor::Get);
                    }
                }
            }
        }
    }

    /// Whether an expression is a thing.
    pub(super) fn is_it(&mut self, program: &Program, object: At, thing: Thing, level: u8) -> bool {
        // Most objects of other kinds are told apart without looking far.
        let may_be = match (program.expr(object.expr), thing) {
            (Expr::Object(_), Thing::Made(_, made, _)) => made == object.expr,
            (Expr::Object(_) | Expr::Array(_), _) => false,
            _ => true,
        };
        may_be && self.things(object, level + 1).contains(&thing)
    }

    /// What stands behind it: classes and prototypes above it, what is given as a whole.
    pub(super) fn note_behind(
        &mut self,
        program: &Rc<Program>,
        thing: Thing,
        name: &str,
        level: u8,
        found: &mut Vec<Had>,
    ) {
        let mut above = Vec::new();
        let file = thing.file();
        let puts = self.puts(program, file);
        let at = |expr: ExprId| At {
            file,
            expr,
            by: thing.by(),
        };
        match thing {
            Thing::Of(file, maker) => above.push(Thing::Prototype(file, maker)),
            Thing::Prototype(_, Maker::Function(_)) => {
                // `F.prototype = Object.create(B.prototype)`, `= new B`.
                for put in puts.under("prototype") {
                    if self.is_maker(at(put.object), thing, level) {
                        above.extend(self.things(at(put.value), level + 1));
                    }
                }
            }
            Thing::Made(_, expr, _) => match program.expr(expr) {
                // `Object.create(above)`, `new Proxy(object, handler)`.
                Expr::Call { args, new, .. } => {
                    let args = program.list(args).to_vec();
                    if let Some(first) = args.first() {
                        above.extend(self.things(at(*first), level + 1));
                    }
                    if let (true, Some(handler)) = (new, args.get(1)) {
                        self.note_trap(at(*handler), level, found);
                    }
                }
                Expr::Object(entries) => {
                    self.note_proto(program, file, program.list(entries), level, &mut above);
                }
                _ => {}
            },
            Thing::Class(_, class) | Thing::Prototype(_, Maker::Class(class)) => {
                self.note_bases(program, thing, class, level, &mut above);
            }
            Thing::Function(..) | Thing::Exports(_) => {}
        }
        for behind in &puts.behind {
            if !behind.prototypes {
                if self.is_it(program, at(behind.object), thing, level) {
                    above.extend(self.things(at(behind.above), level + 1));
                }
            } else if matches!(thing, Thing::Prototype(..))
                && self.is_maker(at(behind.object), thing, level)
            {
                for thing in self.things(at(behind.above), level + 1) {
                    above.extend(thing.prototype());
                }
            }
        }
        above.truncate(limit::MOST);
        for other in above {
            if other != thing {
                self.note_held(other, name, level + 1, found);
            }
        }
    }

    /// What the handler of a proxy gives whoever reads.
    pub(super) fn note_trap(&mut self, handler: At, level: u8, found: &mut Vec<Had>) {
        for handler in self.things(handler, level + 1) {
            for (at, _) in self.has(handler, "get", level + 1) {
                found.push((at, Some(Accessor::Get)));
            }
        }
    }

    /// The classes above a class, or their prototypes.
    pub(super) fn note_bases(
        &mut self,
        program: &Rc<Program>,
        thing: Thing,
        class: ExprId,
        level: u8,
        above: &mut Vec<Thing>,
    ) {
        let Expr::Class(entries) = program.expr(class) else {
            return;
        };
        for pair in program.list(entries).to_vec().chunks_exact(2) {
            if let Expr::Spread(base) = program.expr(pair[0]) {
                let at = At {
                    file: thing.file(),
                    expr: base,
                    by: None,
                };
                for base in self.things(at, level + 1) {
                    match (thing, base) {
                        (Thing::Class(..), _) => above.push(base),
                        // Methods of a class stand in it, and are found there.
                        (_, Thing::Class(file, class)) => {
                            above.push(Thing::Of(file, Maker::Class(class)));
                        }
                        (_, base) => above.extend(base.prototype()),
                    }
                }
            }
        }
    }

    /// Whether a prototype is that of an expression.
    pub(super) fn is_maker(&mut self, object: At, thing: Thing, level: u8) -> bool {
        let makers = self.things(object, level + 1);
        makers.iter().any(|maker| maker.prototype() == Some(thing))
    }
}

/// A key as it is written: a text, or a symbol by the name that everybody knows it by.
pub(in crate::flow) fn written_key(program: &Program, key: ExprId) -> Option<Rc<str>> {
    match program.expr(key) {
        Expr::Member(symbol, name) if is_global(program, symbol, "Symbol") => {
            Some(format!("Symbol.{}", program.name(name)).into())
        }
        Expr::Member(inspect, custom) if program.name(custom) == "custom" => {
            last_name(program, inspect, 0).map(|name| format!("{name}.custom").into())
        }
        Expr::Call { callee, args, .. } => {
            let [name] = *program.list(args) else {
                return None;
            };
            let is_shared = matches!(program.expr(callee), Expr::Member(symbol, how)
                if program.name(how) == "for" && is_global(program, symbol, "Symbol"));
            is_shared.then(|| {
                program
                    .text(name)
                    .map(|name| format!("Symbol.for {name}").into())
            })?
        }
        // `const s = Symbol()`: it is told by where it is made.
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let [only] = program.symbol(symbol).values[..] else {
                return None;
            };
            match program.expr(only) {
                Expr::Call { callee, .. } if is_global(program, callee, "Symbol") => {
                    Some(format!("Symbol at {}", only.0).into())
                }
                _ => None,
            }
        }
        _ => program.text(key).map(Rc::from),
    }
}

/// When a function runs that stands in an object.
fn accessor_of(program: &Program, value: ExprId) -> Option<Accessor> {
    match program.expr(value) {
        Expr::Function(function) => program.function(function).accessor,
        _ => None,
    }
}
