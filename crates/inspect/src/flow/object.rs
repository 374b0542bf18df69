//! What objects of JavaScript have under a name, where folding does not tell: what is put onto
//! functions, prototypes and what a module hands out, before or behind the call.
//!
//! It is asked backwards, from a call that is not known. An object is known by what makes it, so
//! that only what is put onto that one counts; when it is put there, and whether something else
//! is put there later, does not.

mod puts;
mod touch;

use super::index::class_of;
use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Accessor, Export, Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Surroundings as _, Value};
use customs_model::Zone;
use puts::{Puts, function_named, last_name};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Bounds of what is looked at.
mod limit {
    /// Steps from an expression to what makes its value.
    pub const LEVELS: u8 = 14;
    /// Things that one expression may be.
    pub const MOST: usize = 12;
    /// Steps for one call.
    pub const STEPS: u32 = 384;
    /// Steps for all calls of a package.
    pub const ALL: u32 = 1 << 21;
}

/// Something that has properties, by what makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Thing {
    /// What an expression makes, in a call.
    Made(FileId, ExprId, By),
    /// A function.
    Function(FileId, FuncId),
    /// A class.
    Class(FileId, ExprId),
    /// What `new` makes of it.
    Of(FileId, Maker),
    /// Its prototype.
    Prototype(FileId, Maker),
    /// What a module hands out.
    Exports(FileId),
}

/// What `new` is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Maker {
    Function(FuncId),
    Class(ExprId),
}

/// The call of a function that something happens in, where it is known.
type By = Option<(FileId, ExprId, FuncId)>;

/// An expression, and the call that it is looked at in.
#[derive(Debug, Clone, Copy)]
struct At {
    file: FileId,
    expr: ExprId,
    by: By,
}

/// What something has under a name, and when the function runs that it is.
type Had = (At, Option<Accessor>);

/// What is kept between calls.
#[derive(Debug)]
pub(super) struct Objects {
    puts: FxHashMap<FileId, Rc<Puts>>,
    touches: FxHashMap<FileId, Rc<touch::Touches>>,
    steps: u32,
    left: u32,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            puts: FxHashMap::default(),
            touches: FxHashMap::default(),
            steps: 0,
            left: limit::ALL,
        }
    }
}

impl Analysis<'_> {
    /// Functions that a callee names through what objects have.
    pub(super) fn of_objects(
        &mut self,
        file: FileId,
        callee: ExprId,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        for thing in self.asked_of(file, callee) {
            if let Thing::Function(file, function) = thing
                && found.len() < limit::MOST
                && !found.contains(&(file, function))
            {
                found.push((file, function));
            }
        }
    }

    /// Classes that `new` is called with through what objects have.
    pub(super) fn classes_of_objects(
        &mut self,
        site: Site,
        callee: ExprId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        for thing in self.asked_of(site.file, callee) {
            if let Thing::Class(file, class) = thing {
                self.made((file, class), zone);
                self.class((file, class), zone, Some(site), queue);
            }
        }
    }

    fn asked_of(&mut self, file: FileId, callee: ExprId) -> Vec<Thing> {
        let steps = limit::STEPS.min(self.objects.left);
        self.objects.steps = steps;
        let found = self.things(
            At {
                file,
                expr: callee,
                by: None,
            },
            0,
        );
        self.objects.left -= steps - self.objects.steps;
        found
    }

    fn puts(&mut self, program: &Program, file: FileId) -> Rc<Puts> {
        if let Some(known) = self.objects.puts.get(&file) {
            return Rc::clone(known);
        }
        let puts = Rc::new(Puts::of(program));
        self.objects.puts.insert(file, Rc::clone(&puts));
        puts
    }

    /// What an expression may be.
    fn things(&mut self, at: At, level: u8) -> Vec<Thing> {
        let mut found = Vec::new();
        self.note_things(at, level, &mut found);
        found
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn note_things(&mut self, at: At, level: u8, found: &mut Vec<Thing>) {
        let Some(left) = self.objects.steps.checked_sub(1) else {
            return;
        };
        self.objects.steps = left;
        if level > limit::LEVELS || found.len() >= limit::MOST {
            return;
        }
        let Some(program) = self.program(at.file) else {
            return;
        };
        let file = at.file;
        let of = |expr: ExprId| At { expr, ..at };
        match program.expr(at.expr) {
            Expr::Function(function) => note(found, Thing::Function(file, function)),
            Expr::Class(_) => note(found, Thing::Class(file, at.expr)),
            Expr::Object(_) => note(found, Thing::Made(file, at.expr, at.by)),
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => {
                    let symbol = program.symbol(symbol);
                    // What stands outside of the function that is called is the same for all calls.
                    let by = at.by.filter(|(_, _, called)| called.0 == symbol.function);
                    for value in symbol.values.iter().take(limit::MOST) {
                        let expr = *value;
                        self.note_things(At { file, expr, by }, level + 1, found);
                    }
                }
                None if program.name(atom) == "exports" => {
                    self.note_handed_out(&program, file, level, found);
                }
                None if program.name(atom) == "super" => {
                    let function = program.scopes[scope.at()].function;
                    self.note_above(&program, file, function, level, found);
                }
                None => {}
            },
            Expr::Param(function, position) => {
                self.note_given(at, function, position, level, found);
            }
            Expr::This(function) => self.note_this(&program, file, function, level, found),
            Expr::Assign(_, value) | Expr::Await(value) => {
                self.note_things(of(value), level, found);
            }
            Expr::Sequence(parts) => {
                if let Some(last) = program.list(parts).last() {
                    self.note_things(of(*last), level, found);
                }
            }
            Expr::Cond(_, then, other) | Expr::Logic(_, then, other) => {
                self.note_things(of(then), level + 1, found);
                self.note_things(of(other), level + 1, found);
            }
            Expr::Module(specifier) => {
                let specifier = program.shared_name(specifier);
                self.note_module(file, &specifier, level, found);
            }
            Expr::Import(specifier) => {
                if let Value::Text(specifier) = self.machine.fold(file, specifier) {
                    self.note_module(file, &specifier, level, found);
                }
            }
            Expr::Member(object, name) => {
                let name = program.shared_name(name);
                self.note_member(&program, of(object), &name, level, found);
            }
            Expr::Index(object, key) => {
                for name in self.names_of(&program, file, key) {
                    self.note_member(&program, of(object), &name, level, found);
                }
            }
            Expr::Call { callee, args, new } => {
                let args = program.list(args).to_vec();
                if new && is_global(&program, callee, "Proxy") {
                    note(found, Thing::Made(file, at.expr, at.by));
                } else if new {
                    self.note_new(at, callee, level, found);
                } else {
                    self.note_call(&program, at, callee, &args, level, found);
                }
            }
            _ => {}
        }
    }

    /// What a module of the package hands out.
    fn note_module(&mut self, from: FileId, name: &str, level: u8, found: &mut Vec<Thing>) {
        if let Some(target) = self.package.resolve(from, name)
            && let Some(program) = self.program(target)
            && program.language == Language::JavaScript
        {
            self.note_handed_out(&program, target, level, found);
        }
    }

    /// What a module hands out, and what it gives for it as a whole.
    fn note_handed_out(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if found.contains(&Thing::Exports(file)) {
            return;
        }
        note(found, Thing::Exports(file));
        let puts = self.puts(program, file);
        for put in puts.under("exports") {
            if is_global(program, put.object, "module") {
                let at = At {
                    file,
                    expr: put.value,
                    by: None,
                };
                self.note_things(at, level + 1, found);
            }
        }
    }

    /// `object.name`.
    fn note_member(
        &mut self,
        program: &Rc<Program>,
        object: At,
        name: &str,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if name == "exports" && is_global(program, object.expr, "module") {
            self.note_handed_out(program, object.file, level, found);
            return;
        }
        for thing in self.things(object, level + 1) {
            match (thing, name) {
                (Thing::Function(file, function), "prototype") => {
                    note(found, Thing::Prototype(file, Maker::Function(function)));
                }
                (Thing::Class(file, class), "prototype") => {
                    note(found, Thing::Prototype(file, Maker::Class(class)));
                }
                (Thing::Of(file, maker) | Thing::Prototype(file, maker), "constructor") => {
                    note(found, maker.thing(file));
                }
                (Thing::Function(..), "call" | "apply") => note(found, thing),
                _ => {
                    let held = self.has(thing, name, level + 1);
                    // What is required is its own default where it has none.
                    if held.is_empty() && name == "default" {
                        note(found, thing);
                    }
                    for (at, accessor) in held {
                        if accessor.is_some() {
                            self.note_given_by(at, level + 1, found);
                        } else {
                            self.note_things(at, level + 1, found);
                        }
                    }
                }
            }
        }
    }

    /// What a function that an expression names gives back.
    fn note_given_by(&mut self, at: At, level: u8, found: &mut Vec<Thing>) {
        for thing in self.things(at, level + 1) {
            if let Thing::Function(file, function) = thing {
                self.note_returned(file, function, None, level + 1, found);
            }
        }
    }

    /// What a parameter is: what the call that is looked at gives it, or any call.
    fn note_given(
        &mut self,
        at: At,
        function: FuncId,
        position: u16,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some((caller, call, called)) = at.by
            && called == function
        {
            if let Some(program) = self.program(caller)
                && let Expr::Call { args, .. } = program.expr(call)
                && let Some(arg) = program.list(args).get(usize::from(position))
            {
                let at = At {
                    file: caller,
                    expr: *arg,
                    by: None,
                };
                self.note_things(at, level + 1, found);
            }
            return;
        }
        for (_, file, expr) in self.handed_in(at.file, function, position) {
            let at = At {
                file,
                expr,
                by: None,
            };
            self.note_things(at, level + 1, found);
        }
    }

    /// What `this` may be in a function.
    fn note_this(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        mut function: FuncId,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some(class) = class_of(program, function) {
            note(found, Thing::Of(file, Maker::Class(class)));
            note(found, Thing::Class(file, class));
            for (file, class) in self.made_below((file, class)) {
                note(found, Thing::Of(file, Maker::Class(class)));
            }
            return;
        }
        while let (true, Some(parent)) = (
            program.function(function).arrow,
            program.function(function).parent,
        ) {
            function = parent;
        }
        if function == FuncId(0) {
            self.note_handed_out(program, file, level, found);
            return;
        }
        note(found, Thing::Of(file, Maker::Function(function)));
        let puts = self.puts(program, file);
        for object in puts.around(function).iter().take(limit::MOST) {
            let at = At {
                file,
                expr: *object,
                by: None,
            };
            for thing in self.things(at, level + 1) {
                note(found, thing);
                if let Thing::Prototype(file, maker) = thing {
                    note(found, Thing::Of(file, maker));
                }
                self.note_with_prototype(thing, level + 1, found);
            }
        }
    }

    /// What `super` means in a function.
    fn note_above(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        mut function: FuncId,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        if let Some(class) = class_of(program, function) {
            for thing in [
                Thing::Of(file, Maker::Class(class)),
                Thing::Class(file, class),
            ] {
                self.note_bases(program, thing, class, level, found);
            }
            return;
        }
        while let (true, Some(parent)) = (
            program.function(function).arrow,
            program.function(function).parent,
        ) {
            function = parent;
        }
        let puts = self.puts(program, file);
        for object in puts.around(function).iter().take(limit::MOST) {
            if let Expr::Object(entries) = program.expr(*object) {
                self.note_proto(program, file, program.list(entries), level, found);
            }
        }
    }

    /// `__proto__` among the entries of an object.
    fn note_proto(
        &mut self,
        program: &Program,
        file: FileId,
        entries: &[ExprId],
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        for pair in entries.chunks_exact(2) {
            if program.text(pair[0]) == Some("__proto__") {
                let at = At {
                    file,
                    expr: pair[1],
                    by: None,
                };
                self.note_things(at, level + 1, found);
            }
        }
    }

    /// The functions that have an object as their prototype.
    fn note_with_prototype(&mut self, thing: Thing, level: u8, found: &mut Vec<Thing>) {
        let Thing::Made(file, object, _) = thing else {
            return;
        };
        let Some(program) = self.program(file) else {
            return;
        };
        let puts = self.puts(&program, file);
        for put in puts.under("prototype") {
            if put.value != object {
                continue;
            }
            let at = At {
                file,
                expr: put.object,
                by: None,
            };
            for thing in self.things(at, level + 1) {
                if let Thing::Function(file, function) = thing {
                    note(found, Thing::Of(file, Maker::Function(function)));
                }
            }
        }
    }

    fn note_new(&mut self, at: At, callee: ExprId, level: u8, found: &mut Vec<Thing>) {
        let callee = At { expr: callee, ..at };
        for thing in self.things(callee, level + 1) {
            match thing {
                Thing::Function(file, function) => {
                    note(found, Thing::Of(file, Maker::Function(function)));
                    // A constructor may give another object.
                    self.note_returned(file, function, None, level + 1, found);
                }
                Thing::Class(file, class) => note(found, Thing::Of(file, Maker::Class(class))),
                _ => {}
            }
        }
    }

    fn note_call(
        &mut self,
        program: &Rc<Program>,
        at: At,
        callee: ExprId,
        args: &[ExprId],
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        let of = |expr: ExprId| At { expr, ..at };
        match (last_name(program, callee, 0), args) {
            (Some("require"), [specifier, ..]) => {
                if self.machine.fold(at.file, callee).path() == Some("require") {
                    if let Value::Text(specifier) = self.machine.fold(at.file, *specifier) {
                        self.note_module(at.file, &specifier, level, found);
                    }
                    return;
                }
            }
            (Some("create"), [_, ..]) => {
                if self.machine.fold(at.file, callee).path() == Some("Object.create") {
                    note(found, Thing::Made(at.file, at.expr, at.by));
                    return;
                }
            }
            (
                Some(
                    "assign" | "freeze" | "seal" | "defineProperty" | "defineProperties"
                    | "setPrototypeOf",
                ),
                [object, ..],
            ) => {
                if self.machine.fold(at.file, callee).path().is_some() {
                    self.note_things(of(*object), level + 1, found);
                    return;
                }
            }
            (Some("bind"), _) => {
                // `f.bind(this)` is `f`.
                if let Expr::Member(function, _) = program.expr(callee) {
                    self.note_things(of(function), level + 1, found);
                }
                return;
            }
            _ => {}
        }
        if let Some(function) = function_named(program, callee, 0) {
            let by = Some((at.file, at.expr, function));
            self.note_returned(at.file, function, by, level + 1, found);
            return;
        }
        for thing in self.things(of(callee), level + 1) {
            if let Thing::Function(file, function) = thing {
                let by = Some((at.file, at.expr, function));
                self.note_returned(file, function, by, level + 1, found);
            }
        }
    }

    /// What a function gives back.
    fn note_returned(
        &mut self,
        file: FileId,
        function: FuncId,
        by: By,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
        /// Values that are given back.
        const RETURNS: usize = 6;
        let Some(program) = self.program(file) else {
            return;
        };
        for value in program.function(function).returns.iter().take(RETURNS) {
            let at = At {
                file,
                expr: *value,
                by,
            };
            self.note_things(at, level + 1, found);
        }
    }

    /// What a thing has under a name, for who reads it.
    fn has(&mut self, thing: Thing, name: &str, level: u8) -> Vec<Had> {
        let mut found = self.has_any(thing, name, level);
        found.retain(|(_, accessor)| *accessor != Some(Accessor::Set));
        found
    }

    fn has_any(&mut self, thing: Thing, name: &str, level: u8) -> Vec<Had> {
        let mut found = Vec::new();
        self.note_held(thing, name, level, &mut found);
        found
    }

    fn note_held(&mut self, thing: Thing, name: &str, level: u8, found: &mut Vec<Had>) {
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
    fn note_own(
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
    fn is_key(&mut self, program: &Program, file: FileId, key: ExprId, name: &str) -> bool {
        match written_key(program, key) {
            Some(written) => *written == *name,
            None => self.machine.fold(file, key).known_text() == Some(name),
        }
    }

    /// The names that a key may be.
    fn names_of(&mut self, program: &Program, file: FileId, key: ExprId) -> Vec<Rc<str>> {
        if let Some(name) = written_key(program, key) {
            return vec![name];
        }
        let mut names = Vec::new();
        for value in self.possible(file, key, 0).into_iter().take(limit::MOST) {
            if let Some(name) = value.known_text() {
                names.push(name.into());
            } else if let Value::Number(number) = value {
                names.push(number.to_string().into());
            }
        }
        names
    }

    /// What is put onto it.
    fn note_put(
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
    fn is_it(&mut self, program: &Program, object: At, thing: Thing, level: u8) -> bool {
        // Most objects of other kinds are told apart without looking far.
        let may_be = match (program.expr(object.expr), thing) {
            (Expr::Object(_), Thing::Made(_, made, _)) => made == object.expr,
            (Expr::Object(_) | Expr::Array(_), _) => false,
            _ => true,
        };
        may_be && self.things(object, level + 1).contains(&thing)
    }

    /// What stands behind it: classes and prototypes above it, what is given as a whole.
    fn note_behind(
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
    fn note_trap(&mut self, handler: At, level: u8, found: &mut Vec<Had>) {
        for handler in self.things(handler, level + 1) {
            for (at, _) in self.has(handler, "get", level + 1) {
                found.push((at, Some(Accessor::Get)));
            }
        }
    }

    /// The classes above a class, or their prototypes.
    fn note_bases(
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
    fn is_maker(&mut self, object: At, thing: Thing, level: u8) -> bool {
        let makers = self.things(object, level + 1);
        makers.iter().any(|maker| maker.prototype() == Some(thing))
    }
}

impl Maker {
    const fn thing(self, file: FileId) -> Thing {
        match self {
            Self::Function(function) => Thing::Function(file, function),
            Self::Class(class) => Thing::Class(file, class),
        }
    }
}

impl Thing {
    const fn file(self) -> FileId {
        match self {
            Self::Made(file, ..)
            | Self::Function(file, _)
            | Self::Class(file, _)
            | Self::Of(file, _)
            | Self::Prototype(file, _)
            | Self::Exports(file) => file,
        }
    }

    /// The call that it is made in.
    const fn by(self) -> By {
        match self {
            Self::Made(_, _, by) => by,
            _ => None,
        }
    }

    /// The prototype of what it makes.
    const fn prototype(self) -> Option<Self> {
        match self {
            Self::Function(file, function) => {
                Some(Self::Prototype(file, Maker::Function(function)))
            }
            Self::Class(file, class) => Some(Self::Prototype(file, Maker::Class(class))),
            _ => None,
        }
    }
}

fn note(found: &mut Vec<Thing>, thing: Thing) {
    if found.len() < limit::MOST && !found.contains(&thing) {
        found.push(thing);
    }
}

/// A key as it is written: a text, or a symbol by the name that everybody knows it by.
fn written_key(program: &Program, key: ExprId) -> Option<Rc<str>> {
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

/// Whether an expression is a name that nothing in the file declares.
fn is_global(program: &Program, expr: ExprId, name: &str) -> bool {
    matches!(program.expr(expr), Expr::Name(atom, scope)
        if program.name(atom) == name && program.resolve(atom, scope).is_none())
}
