//! The pure machine: computes what a program would compute from its own constants.
//!
//! A closed subset of both languages, under a budget of steps, without clock, chance,
//! network, files or environment: what those would give is a *hole* in a text or a path
//! of a library, never a value. It is no JavaScript engine and can become none: what it
//! does not know it calls unknown, and goes on.
//!
//! It works in two ways. *Lazily*, an expression is folded from the values that its
//! variables have anywhere. Where a variable is built up in a loop or an array is turned
//! by a function, the body of the function around it is *run* once, forgivingly, and the
//! variable is looked up in what that left.

mod aside;
mod builtin;
mod called;
mod circle;
mod evaluate;
mod evaluated;
mod export;
mod extended;
mod field;
mod given;
mod global;
mod imports;
mod invoke;
mod measured;
mod method;
mod names;
mod operate;
mod paths;
mod plain;
mod property;
mod run;
mod source;
mod stands_for;
#[cfg(test)]
mod tests;
mod url;
mod value;
mod variable;
mod variables;

pub(crate) use builtin::names_beside;
pub(crate) use export::{is_exports, is_module};
pub(crate) use invoke::made_file;
pub(crate) use names::{Changes, Names};
pub use plain::plain;
pub use url::data_url;
pub use value::{
    Closure, FileId, Frame, HOLE, HOLE_END, HOLE_START, Native, Object, VARIABLE, Value,
    number_text, shown,
};

use crate::ir::{ExprId, Field, FuncId, Language, Program, SymbolId};
use crate::limit::evaluating;
use circle::Circle;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// What the machine asks about the package around a file.
pub trait Surroundings {
    /// The program of a file.
    fn program(&self, file: FileId) -> Option<Rc<Program>>;
    /// The file that a specifier means in a file.
    fn resolve(&self, from: FileId, specifier: &str) -> Option<FileId>;
    /// The bytes of a file without a program (JSON and the like).
    fn data(&self, file: FileId) -> Option<Rc<[u8]>>;
    /// The bytes of any file, by its path in the package.
    fn content(&self, path: &str) -> Option<Rc<[u8]>>;
    /// The bytes of the one file whose path ends with a name.
    fn content_named(&self, name: &str) -> Option<Rc<[u8]>>;
    /// The path of a file in its package.
    fn path(&self, file: FileId) -> &str;
    /// The file whose content is this text, if it is one that nobody would read as code; it
    /// is read as code of the same language from now on.
    fn data_file(&self, _from: FileId, _text: &[u8]) -> Option<FileId> {
        None
    }
    /// The file that a dependency begins with that lies in the archive itself.
    fn dependency(&self, _name: &str) -> Option<FileId> {
        None
    }
}

/// The pure machine of one package.
pub struct Machine<'s> {
    surroundings: &'s dyn Surroundings,
    steps: u32,
    /// Bytes of large values that may still be made.
    large: usize,
    depth: u32,
    /// Values of variables, folded lazily.
    symbols: FxHashMap<(FileId, SymbolId), Kept<Value>>,
    /// Results of calls, folded lazily.
    calls: FxHashMap<(FileId, ExprId), Kept<Value>>,
    /// What running a function once left.
    frames: FxHashMap<(FileId, FuncId), Kept<Rc<Frame>>>,
    observed: FxHashMap<(FileId, ExprId), Vec<Value>>,
    /// The paths of files that are opened, as last evaluated, by the call that opens them.
    opened: FxHashMap<(FileId, ExprId), Rc<str>>,
    exports: FxHashMap<FileId, Value>,
    /// What files put into what they hand out, as far as somebody asked.
    put: FxHashMap<FileId, Rc<export::Put>>,
    /// What files say of their own functions, as far as somebody asked.
    said: FxHashMap<FileId, Rc<given::Said>>,
    /// The files that modules evaluate, as far as somebody asked.
    evaluated: FxHashMap<FileId, Option<FileId>>,
    /// Functions that functions of a table are always called with.
    given: FxHashMap<(FileId, FuncId, u16), Value>,
    /// Texts of functions, as far as somebody asked.
    sources: FxHashMap<(FileId, FuncId), Value>,
    /// What files put into fields of their classes, as far as somebody asked.
    fields: FxHashMap<FileId, Rc<field::Fields>>,
    /// What files put on all values of a kind, as far as somebody asked.
    on_all: FxHashMap<FileId, Option<Rc<extended::OnAll>>>,
    /// What of a library fields hold, as far as somebody asked.
    held: FxHashMap<(FileId, Field), Kept<Option<Value>>>,
    /// Fields of which it is asked now, each with the number of its question.
    holding: FxHashMap<(FileId, Field), u32>,
    /// What things of libraries are called.
    paths: paths::Paths,
    /// What is being computed now, each with the number of its question.
    folding: FxHashMap<(FileId, SymbolId), u32>,
    running: FxHashMap<(FileId, FuncId), u32>,
    exporting: FxHashMap<FileId, u32>,
    /// Calls that run now with something that is not known, and how often each.
    again: FxHashMap<invoke::Again, u8>,
    circle: Circle,
    /// What may have been left in the body that is running.
    perhaps: run::Perhaps,
    /// What functions of Rust gave that were called with values that are soon compared.
    given_back: FxHashMap<called::Called, Value>,
    /// What running functions with the arguments of a frame left, the last one of each.
    left_with: FxHashMap<(FileId, FuncId), variable::Left>,
    /// What the generators that are running have given so far, innermost last.
    yields: Vec<Vec<Value>>,
    /// Long texts that are gone through letter by letter.
    measures: measured::Measures,
    /// Only a glance is taken: its answers may be of a budget that ended.
    glancing: bool,
    /// Steps of the glance that is taken.
    glance: u32,
    /// What is looked at runs before anybody calls it.
    runs_unasked: bool,
    /// Glances at what stands in files that did not come to an end, by the files' numbers.
    tired: Vec<u16>,
    /// The glance has come upon something that was not computed to its end.
    hasty: bool,
    /// Modules that were asked whether they change what they import.
    changing: FxHashSet<FileId>,
    /// Modules that were run for the sake of others.
    aside: usize,
}

/// Something that the machine keeps.
#[derive(Debug, Clone)]
struct Kept<T> {
    what: T,
    /// It is of a glance that did not come to its end: a full look does not believe it.
    doubtful: bool,
}

impl<'s> Machine<'s> {
    /// A machine for a package.
    pub fn new(surroundings: &'s dyn Surroundings) -> Self {
        Self {
            surroundings,
            steps: evaluating::STEPS,
            large: evaluating::LARGE_SUM,
            depth: 0,
            symbols: FxHashMap::default(),
            calls: FxHashMap::default(),
            frames: FxHashMap::default(),
            observed: FxHashMap::default(),
            opened: FxHashMap::default(),
            exports: FxHashMap::default(),
            put: FxHashMap::default(),
            said: FxHashMap::default(),
            evaluated: FxHashMap::default(),
            given: FxHashMap::default(),
            sources: FxHashMap::default(),
            fields: FxHashMap::default(),
            on_all: FxHashMap::default(),
            held: FxHashMap::default(),
            holding: FxHashMap::default(),
            paths: paths::Paths::default(),
            folding: FxHashMap::default(),
            running: FxHashMap::default(),
            exporting: FxHashMap::default(),
            again: FxHashMap::default(),
            circle: Circle::default(),
            perhaps: run::Perhaps::default(),
            given_back: FxHashMap::default(),
            left_with: FxHashMap::default(),
            yields: Vec::new(),
            measures: measured::Measures::default(),
            glancing: false,
            glance: 0,
            runs_unasked: true,
            hasty: false,
            tired: Vec::new(),
            changing: FxHashSet::default(),
            aside: 0,
        }
    }

    /// Gives the machine a budget, whatever it had.
    pub const fn give_steps(&mut self, steps: u32) {
        self.steps = steps;
    }

    /// Says whether what is looked at from now on runs before anybody calls it: then glances go
    /// further.
    pub const fn look_at_what_runs(&mut self, unasked: bool) {
        self.runs_unasked = unasked;
    }

    /// What is left of its budget.
    pub const fn left(&self) -> u32 {
        self.steps
    }

    /// Whether the budget is spent.
    pub const fn spent(&self) -> bool {
        self.steps == 0
    }

    /// Notes what a function of a table is called with, whoever calls it.
    /// Says whether that is new.
    pub fn give(&mut self, file: FileId, function: FuncId, position: u16, value: Value) -> bool {
        let known = self.given.insert((file, function, position), value);
        known.is_none()
    }

    /// Forgets what was folded of a file when less of it was known.
    pub fn forget(&mut self, file: FileId) {
        self.symbols.retain(|(of, _), _| *of != file);
        self.calls.retain(|(of, _), _| *of != file);
        self.frames.retain(|(of, _), _| *of != file);
        self.held.retain(|(of, _), _| *of != file);
        self.fields.remove(&file);
        self.exports.remove(&file);
    }

    /// What an expression of a file is, as far as that is known without running anything
    /// and without looking far: most of what is asked is a name or two away.
    pub fn fold(&mut self, file: FileId, expr: ExprId) -> Value {
        self.glance(file, |machine| machine.fold_fully(file, expr))
    }

    /// The same with arguments for the functions around it.
    pub fn glance_in(&mut self, file: FileId, expr: ExprId, frame: &Rc<Frame>) -> Value {
        self.glance(file, |machine| machine.fold_in(file, expr, frame))
    }

    fn glance(&mut self, file: FileId, look: impl FnOnce(&mut Self) -> Value) -> Value {
        // Where many glances came to nothing, the next one will as well.
        let tired = self.tired.get(file as usize).copied().unwrap_or(0);
        let most = match (tired < evaluating::LONG_GLANCES, self.runs_unasked) {
            (true, true) => evaluating::GLANCE,
            (true, false) => evaluating::GLANCE_AT_CALLED,
            (false, true) => evaluating::SHORT_GLANCE,
            (false, false) => evaluating::SHORT_GLANCE_AT_CALLED,
        };
        let reserve = self.steps.saturating_sub(most);
        self.steps -= reserve;
        let glancing = std::mem::replace(&mut self.glancing, true);
        let glance = std::mem::replace(&mut self.glance, most);
        let hasty = std::mem::take(&mut self.hasty);
        let value = look(self);
        if self.spent() {
            let file = file as usize;
            if file >= self.tired.len() {
                self.tired.resize(file + 1, 0);
            }
            if let Some(tired) = self.tired.get_mut(file) {
                *tired = tired.saturating_add(1);
            }
        }
        self.glancing = glancing;
        self.glance = glance;
        self.hasty = hasty;
        self.steps += reserve;
        value
    }

    /// Whether what is kept may be used: a full look computes again what a glance could
    /// not compute to its end.
    fn usable(&mut self, doubtful: bool) -> bool {
        if !doubtful {
            return true;
        }
        self.hasty |= self.glancing;
        self.glancing
    }

    /// What is to be kept now, with whether it was computed to its end.
    fn kept<T>(&self, what: T, short: bool) -> Kept<T> {
        Kept {
            what,
            doubtful: self.glancing && (self.hasty || self.spent() || short),
        }
    }

    /// The same with the whole budget: for what reaches a sink.
    pub fn fold_fully(&mut self, file: FileId, expr: ExprId) -> Value {
        let Some(program) = self.surroundings.program(file) else {
            return Value::Unknown;
        };
        self.eval(&program, file, expr, None)
    }

    /// Calls a value.
    pub fn apply(&mut self, function: &Value, args: Vec<Value>, language: Language) -> Value {
        self.invoke(function, Value::Undefined, args, false, language)
    }

    /// The arguments that a call had when the function around it was run.
    pub fn observed(&mut self, file: FileId, function: FuncId, call: ExprId) -> Option<Vec<Value>> {
        let program = self.surroundings.program(file)?;
        self.ran(&program, file, function);
        self.observed.get(&(file, call)).cloned()
    }

    /// [`Machine::fold_fully`] with arguments for the functions around it.
    pub fn fold_in(&mut self, file: FileId, expr: ExprId, frame: &Rc<Frame>) -> Value {
        let Some(program) = self.surroundings.program(file) else {
            return Value::Unknown;
        };
        self.eval(&program, file, expr, Some(frame))
    }

    /// Whether a value may be held: a large one only while there is room for it.
    fn fits(&self, value: &Value) -> bool {
        let bytes = match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.borrow().len(),
            Value::Array(items) => items.borrow().len().saturating_mul(size_of::<Value>()),
            _ => 0,
        };
        bytes < evaluating::LARGE || bytes <= self.large
    }

    /// Takes the size of a value from the budget. A large one that is new is taken from what
    /// the machine may hold of them as well; past that it is not known.
    fn charge(&mut self, value: Value) -> Value {
        // Here, and where the result of a call is kept: nobody else has it yet.
        const HELD: usize = 2;
        let (steps, bytes, new) = match &value {
            Value::Text(text) => (text.len() / 128, text.len(), Rc::strong_count(text) <= HELD),
            Value::Bytes(bytes) => {
                let length = bytes.borrow().len();
                (length / 128, length, Rc::strong_count(bytes) <= HELD)
            }
            Value::Array(items) => {
                let length = items.borrow().len();
                let bytes = length.saturating_mul(size_of::<Value>());
                (length / 4, bytes, Rc::strong_count(items) <= HELD)
            }
            _ => (0, 0, false),
        };
        self.pay(steps);
        if !new || bytes < evaluating::LARGE {
            return value;
        }
        if let Some(left) = self.large.checked_sub(bytes) {
            self.large = left;
            value
        } else {
            self.steps = 0;
            Value::Unknown
        }
    }

    /// Takes from the budget that something large is gone through or moved once.
    fn pay_for_looking(&mut self, value: &Value) {
        self.pay(match value {
            Value::Text(text) => text.len() / evaluating::LOOKED_AT,
            Value::Bytes(bytes) => bytes.borrow().len() / evaluating::LOOKED_AT,
            Value::Array(items) => items.borrow().len() / evaluating::MOVED,
            _ => 0,
        });
    }

    fn pay(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_sub(steps);
    }

    /// Takes work that no value shows from the budget, in bytes.
    fn pay_for_bytes(&mut self, bytes: u64) {
        self.pay(usize::try_from(bytes / 128).unwrap_or(usize::MAX));
    }

    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }
}
