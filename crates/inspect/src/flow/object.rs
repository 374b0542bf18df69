//! What objects of JavaScript have under a name, where folding does not tell: what is put onto
//! functions, prototypes and what a module hands out, before or behind the call.
//!
//! It is asked backwards, from a call that is not known. An object is known by what makes it, so
//! that only what is put onto that one counts; when it is put there, and whether something else
//! is put there later, does not.

mod handed;
mod has;
mod made;
mod puts;
mod touch;

use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Accessor, Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Surroundings as _, Value};
use customs_model::Zone;
pub(super) use has::written_key;
use puts::{Puts, last_name};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Bounds of what is looked at.
mod limit {
    /// Steps from an expression to what makes its value.
    pub const LEVELS: u8 = 14;
    /// Things that one expression may be.
    pub const MOST: usize = 12;
    /// Steps for one call.
    pub const STEPS: u32 = 256;
    /// Steps for all calls of a package.
    pub const ALL: u32 = 1 << 18;
    /// Times that one call is asked about, as more becomes known.
    pub const TIMES: u8 = 6;
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
    /// How often calls were asked about.
    times: FxHashMap<(FileId, ExprId), u8>,
    /// Expressions that are being looked at.
    open: Vec<(FileId, ExprId, By)>,
    steps: u32,
    left: u32,
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            puts: FxHashMap::default(),
            touches: FxHashMap::default(),
            times: FxHashMap::default(),
            open: Vec::new(),
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
        if let Some(program) = self.program(file)
            && let Expr::Member(_, name) = program.expr(callee)
            && !self.puts(&program, file).may_have(program.name(name))
        {
            return Vec::new();
        }
        let times = self.objects.times.entry((file, callee)).or_default();
        if *times >= limit::TIMES {
            return Vec::new();
        }
        *times += 1;
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
        // What is given to itself, `a = a || {}`, is nothing more by that.
        let open = (at.file, at.expr, at.by);
        if self.objects.open.contains(&open) {
            return;
        }
        self.objects.open.push(open);
        self.note_things_here(&program, at, level, found);
        self.objects.open.pop();
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn note_things_here(
        &mut self,
        program: &Rc<Program>,
        at: At,
        level: u8,
        found: &mut Vec<Thing>,
    ) {
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
                    self.note_handed_out(program, file, level, found);
                }
                None if program.name(atom) == "super" => {
                    let function = program.scopes[scope.at()].function;
                    self.note_above(program, file, function, level, found);
                }
                None => {}
            },
            Expr::Param(function, position) => {
                self.note_given(at, function, position, level, found);
            }
            Expr::This(function) => self.note_this(program, file, function, level, found),
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
                self.note_member(program, of(object), &name, level, found);
            }
            // Folding the key costs: only what is something is worth it.
            Expr::Index(object, key) if !self.things(of(object), level + 1).is_empty() => {
                for name in self.names_of(program, file, key, level) {
                    self.note_member(program, of(object), &name, level, found);
                }
            }
            Expr::Call { callee, args, new } => {
                let args = program.list(args).to_vec();
                if new && is_global(program, callee, "Proxy") {
                    note(found, Thing::Made(file, at.expr, at.by));
                } else if new {
                    self.note_new(at, callee, level, found);
                } else {
                    self.note_call(program, at, callee, &args, level, found);
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

/// Whether an expression is a name that nothing in the file declares.
fn is_global(program: &Program, expr: ExprId, name: &str) -> bool {
    matches!(program.expr(expr), Expr::Name(atom, scope)
        if program.name(atom) == name && program.resolve(atom, scope).is_none())
}

#[cfg(test)]
mod tests;
