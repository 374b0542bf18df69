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

mod builtin;
mod circle;
mod evaluated;
mod method;
mod operate;
mod plain;
mod run;
#[cfg(test)]
mod tests;
mod url;
mod value;

pub(crate) use builtin::names_beside;
pub use plain::plain;
pub use url::data_url;
pub use value::{
    Closure, FileId, Frame, HOLE, HOLE_END, HOLE_START, Native, Object, Value, number_text, shown,
};

use circle::Circle;

use crate::ir::{Const, Expr, ExprId, FuncId, Language, Program, SymbolId};
use crate::limit::evaluating;
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
    /// Steps that other files may take.
    left: u64,
    /// Steps that glances may take.
    glances: u64,
    /// Bytes of large values that may still be made.
    large: usize,
    depth: u32,
    /// Values of variables, folded lazily.
    symbols: FxHashMap<(FileId, SymbolId), Value>,
    /// Results of calls, folded lazily.
    calls: FxHashMap<(FileId, ExprId), Value>,
    /// What running a function once left.
    frames: FxHashMap<(FileId, FuncId), Rc<Frame>>,
    observed: FxHashMap<(FileId, ExprId), Vec<Value>>,
    exports: FxHashMap<FileId, Value>,
    /// The files that modules evaluate, as far as somebody asked.
    evaluated: FxHashMap<FileId, Option<FileId>>,
    /// Functions that functions of a table are always called with.
    given: FxHashMap<(FileId, FuncId, u16), Value>,
    /// What is being computed now, each with the number of its question.
    folding: FxHashMap<(FileId, SymbolId), u32>,
    running: FxHashMap<(FileId, FuncId), u32>,
    exporting: FxHashMap<FileId, u32>,
    circle: Circle,
    /// What the generators that are running have given so far, innermost last.
    yields: Vec<Vec<Value>>,
    /// Only a glance is taken: its answers may be of a budget that ended.
    glancing: bool,
    /// The glance has come upon something that was not computed to its end.
    hasty: bool,
    /// Answers of such glances: a full look does not believe them.
    doubtful: FxHashSet<Kept>,
}

/// Something that the machine keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kept {
    Symbol(FileId, SymbolId),
    Call(FileId, ExprId),
    Frame(FileId, FuncId),
}

impl<'s> Machine<'s> {
    /// A machine for a package.
    pub fn new(surroundings: &'s dyn Surroundings) -> Self {
        Self {
            surroundings,
            steps: evaluating::STEPS,
            left: evaluating::ALL_STEPS,
            glances: evaluating::ALL_GLANCES,
            large: evaluating::LARGE_SUM,
            depth: 0,
            symbols: FxHashMap::default(),
            calls: FxHashMap::default(),
            frames: FxHashMap::default(),
            observed: FxHashMap::default(),
            exports: FxHashMap::default(),
            evaluated: FxHashMap::default(),
            given: FxHashMap::default(),
            folding: FxHashMap::default(),
            running: FxHashMap::default(),
            exporting: FxHashMap::default(),
            circle: Circle::default(),
            yields: Vec::new(),
            glancing: false,
            hasty: false,
            doubtful: FxHashSet::default(),
        }
    }

    /// Gives the machine its budget for the next file.
    pub fn refill(&mut self) {
        self.left += u64::from(self.steps);
        self.steps = u32::try_from(self.left)
            .unwrap_or(u32::MAX)
            .min(evaluating::STEPS);
        self.left -= u64::from(self.steps);
    }

    /// Whether the budgets of the whole artifact are spent: what is asked from now on is not
    /// known, whatever it is.
    pub const fn is_exhausted(&self) -> bool {
        self.glances == 0 || (self.left == 0 && self.steps == 0)
    }

    /// Whether the budget is spent.
    pub const fn spent(&self) -> bool {
        self.steps == 0
    }

    /// Notes what a function of a table is called with, whoever calls it.
    pub fn give(&mut self, file: FileId, function: FuncId, position: u16, value: Value) {
        self.given.insert((file, function, position), value);
    }

    /// What an expression of a file is, as far as that is known without running anything
    /// and without looking far: most of what is asked is a name or two away.
    pub fn fold(&mut self, file: FileId, expr: ExprId) -> Value {
        self.glance(|machine| machine.fold_fully(file, expr))
    }

    /// The same with arguments for the functions around it.
    pub fn glance_in(&mut self, file: FileId, expr: ExprId, frame: &Rc<Frame>) -> Value {
        self.glance(|machine| machine.fold_in(file, expr, frame))
    }

    fn glance(&mut self, look: impl FnOnce(&mut Self) -> Value) -> Value {
        // Many glances at one file must not take what its sinks need, nor blind what stands
        // behind them.
        let budget = u32::try_from(self.glances)
            .unwrap_or(u32::MAX)
            .min(evaluating::GLANCE);
        let reserve = std::mem::replace(&mut self.steps, budget);
        let glancing = std::mem::replace(&mut self.glancing, true);
        let hasty = std::mem::take(&mut self.hasty);
        let value = look(self);
        self.glancing = glancing;
        self.hasty = hasty;
        self.glances -= u64::from(budget - self.steps.min(budget));
        self.steps = reserve;
        value
    }

    /// Whether what is kept may be used: a full look computes again what a glance could
    /// not compute to its end.
    fn usable(&mut self, kept: Kept) -> bool {
        if !self.doubtful.contains(&kept) {
            return true;
        }
        self.hasty |= self.glancing;
        self.glancing
    }

    /// Notes whether what is kept now was computed to its end.
    fn note(&mut self, kept: Kept, short: bool) {
        if self.glancing && (self.hasty || self.spent() || short) {
            self.doubtful.insert(kept);
        } else {
            self.doubtful.remove(&kept);
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

    fn eval(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        if self.depth >= evaluating::DEPTH || !self.step() {
            self.circle.cut_short();
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.eval_here(program, file, expr, frame);
        self.depth -= 1;
        // What is large costs what it is large.
        if !matches!(
            program.expr(expr),
            Expr::Const(_) | Expr::Name(..) | Expr::Member(..)
        ) {
            return self.charge(value);
        }
        value
    }

    #[allow(clippy::too_many_lines, reason = "one arm a kind of expression")]
    fn eval_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        match program.expr(expr) {
            Expr::Const(constant) => constant_value(program.constant(constant)),
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => self.variable(program, file, symbol, frame),
                None => self.global(program, file, program.name(atom)),
            },
            Expr::Param(function, index) => {
                match argument(frame, file, function, usize::from(index)) {
                    Value::Unknown if !self.given.is_empty() => {
                        let given = self.given.get(&(file, function, index));
                        given.cloned().unwrap_or(Value::Unknown)
                    }
                    value => value,
                }
            }
            Expr::Rest(function, index) => {
                match frame_of(frame, file, function).and_then(|f| f.arguments.as_ref()) {
                    Some(arguments) => {
                        Value::array(arguments.iter().skip(usize::from(index)).cloned().collect())
                    }
                    None => Value::Unknown,
                }
            }
            Expr::This(function) => self.this(program, file, function, frame),
            Expr::Member(object, name) if self.named_of_module(program, file, object).is_some() => {
                let target = self.named_of_module(program, file, object);
                self.named_export(target.unwrap_or(file), program.name(name))
            }
            Expr::Member(object, name) if is_import_meta(program, object) => {
                self.of_import_meta(file, program.name(name))
            }
            Expr::Member(object, name) if is_exports(program, object) => {
                self.own_export(program, file, name)
            }
            Expr::Member(object, name) => {
                let object = self.eval(program, file, object, frame);
                self.get(&object, program.name(name), program.language)
            }
            Expr::Index(object, key) => {
                let object = self.eval(program, file, object, frame);
                let key = self.eval(program, file, key, frame);
                self.index(&object, &key, program.language)
            }
            Expr::Slice(object, parts) => {
                let object = self.eval(program, file, object, frame);
                let parts: Vec<Value> = program
                    .list(parts)
                    .iter()
                    .map(|part| self.eval(program, file, *part, frame))
                    .collect();
                operate::slice(&object, &parts)
            }
            Expr::Call { callee, args, new } => {
                if frame.is_none()
                    && let Some(known) = self.calls.get(&(file, expr)).cloned()
                    && self.usable(Kept::Call(file, expr))
                {
                    return known;
                }
                if frame.is_some() {
                    return self.call(program, file, expr, callee, program.list(args), new, frame);
                }
                let plenty = self.has_whole_glance();
                let open = self.circle.open();
                let value = self.call(program, file, expr, callee, program.list(args), new, None);
                let closed = self.circle.close(open, plenty);
                if closed.whole || !value.is_unknown() {
                    self.note(Kept::Call(file, expr), closed.short);
                    self.calls.insert((file, expr), value.clone());
                }
                value
            }
            Expr::Function(function) => Value::Function(Rc::new(Closure {
                file,
                function,
                frame: frame.cloned(),
                this: arrow_this(program, function, frame),
            })),
            Expr::Array(items) => match self.items(program, file, program.list(items), frame) {
                Some(items) => Value::array(items),
                None => Value::Unknown,
            },
            Expr::Object(entries) | Expr::Keywords(entries) => {
                self.object(program, file, program.list(entries), frame)
            }
            Expr::Class(_) => Value::Object(Rc::new(Object {
                class: Some((file, expr)),
                is_class: true,
                ..Object::default()
            })),
            Expr::Concat(parts) => {
                let mut out = String::new();
                for part in program.list(parts) {
                    let value = self.eval(program, file, *part, frame);
                    out.push_str(&value.as_text().unwrap_or_else(|| HOLE.to_owned()));
                    if out.len() > evaluating::STRING {
                        return Value::Unknown;
                    }
                }
                Value::Text(out.into())
            }
            Expr::Unary(operator, value) => {
                let value = self.eval(program, file, value, frame);
                operate::unary(operator, &value)
            }
            Expr::Binary(operator, left, right) => {
                let left = self.eval(program, file, left, frame);
                let right = self.eval(program, file, right, frame);
                self.pay_for_looking(&left);
                self.pay_for_looking(&right);
                operate::binary(operator, &left, &right, program.language)
            }
            Expr::Logic(logic, left, right) => {
                let left = self.eval(program, file, left, frame);
                let takes_left = match logic {
                    crate::ir::Logic::And => left.truth().map(|holds| !holds),
                    crate::ir::Logic::Or => left.truth(),
                    crate::ir::Logic::Nullish => match left {
                        Value::Unknown => None,
                        Value::Undefined | Value::Null => Some(false),
                        _ => Some(true),
                    },
                };
                match takes_left {
                    Some(true) => left,
                    Some(false) => self.eval(program, file, right, frame),
                    None => {
                        // Of `a.b || fallback` the left is what it is called for.
                        let right = self.eval(program, file, right, frame);
                        if left.is_unknown() { right } else { left }
                    }
                }
            }
            Expr::Cond(test, then, other) => match self.eval(program, file, test, frame).truth() {
                Some(true) => self.eval(program, file, then, frame),
                Some(false) => self.eval(program, file, other, frame),
                None => {
                    let first = self.eval(program, file, then, frame);
                    let second = self.eval(program, file, other, frame);
                    operate::either(first, second)
                }
            },
            Expr::Assign(target, value) => {
                let value = self.eval(program, file, value, frame);
                self.assign(program, file, target, value.clone(), frame);
                value
            }
            Expr::Update { target, up, prefix } => {
                let Some(before) = self.eval(program, file, target, frame).number() else {
                    self.assign(program, file, target, Value::Unknown, frame);
                    return Value::Unknown;
                };
                let after = if up { before + 1.0 } else { before - 1.0 };
                self.assign(program, file, target, Value::Number(after), frame);
                Value::Number(if prefix { after } else { before })
            }
            Expr::Await(value) | Expr::Spread(value) => {
                let value = self.eval(program, file, value, frame);
                settled(value)
            }
            Expr::Yield(value) if program.language == Language::Python => {
                let value = self.eval(program, file, value, frame);
                if let Some(given) = self.yields.last_mut()
                    && given.len() < 1 << 16
                {
                    given.push(value);
                }
                Value::Unknown
            }
            Expr::Yield(_) => Value::Unknown,
            Expr::Element(over) => {
                let over = self.eval(program, file, over, frame);
                match &over {
                    Value::Array(items) if items.borrow().len() == 1 => items.borrow()[0].clone(),
                    _ => Value::Unknown,
                }
            }
            Expr::Key(_) => Value::Unknown,
            Expr::Module(atom) => self.module(file, program.name(atom), program.language),
            Expr::Import(specifier) => {
                let specifier = self.eval(program, file, specifier, frame);
                match specifier.known_text() {
                    Some(specifier) => self.module(file, specifier, program.language),
                    None => Value::Unknown,
                }
            }
            Expr::Sequence(items) => {
                let mut last = Value::Undefined;
                for item in program.list(items) {
                    last = self.eval(program, file, *item, frame);
                }
                last
            }
            Expr::Comprehend(parts) => self.comprehend(program, file, program.list(parts), frame),
            Expr::Other(_) => Value::Unknown,
        }
    }

    /// A variable: what a run left in it, or what is assigned to it anywhere.
    fn variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let owner = FuncId(program.symbol(symbol).function);
        if let Some(frame) = frame_of(frame, file, owner) {
            if let Some(value) = frame.variables.borrow().get(&symbol.0) {
                return value.clone();
            }
            // A function is there before its statement is reached.
            for value in &program.symbol(symbol).values {
                if let Expr::Function(function) = program.expr(*value) {
                    return Value::Function(Rc::new(Closure {
                        file,
                        function,
                        frame: Some(Rc::clone(frame)),
                        this: None,
                    }));
                }
            }
            if frame.lazy {
                return self.variable_with(program, file, symbol, frame);
            }
            if frame.arguments.is_some() && owner != FuncId(0) {
                return Value::Undefined;
            }
        }
        self.lazy_variable(program, file, symbol, owner)
    }

    /// A variable of a function of which only the arguments are known.
    fn variable_with(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        frame: &Rc<Frame>,
    ) -> Value {
        if self.is_folding(file, symbol) {
            return Value::Unknown;
        }
        let open = self.circle.open();
        self.folding.insert((file, symbol), open.number());
        let mut folded: Option<Value> = None;
        for value in program.symbol(symbol).values.iter().take(8) {
            let value = self.eval(program, file, *value, Some(frame));
            folded = Some(match folded {
                None => value,
                Some(before) => operate::either(before, value),
            });
        }
        self.folding.remove(&(file, symbol));
        self.circle.close(open, false);
        folded.unwrap_or(Value::Unknown)
    }

    /// Whether a variable is being folded: what comes of it in a circle is not known yet.
    fn is_folding(&mut self, file: FileId, symbol: SymbolId) -> bool {
        let number = self.folding.get(&(file, symbol)).copied();
        self.circle.cut_at(number)
    }

    fn is_running(&mut self, file: FileId, function: FuncId) -> bool {
        let number = self.running.get(&(file, function)).copied();
        self.circle.cut_at(number)
    }

    fn is_exporting(&mut self, file: FileId) -> bool {
        let number = self.exporting.get(&file).copied();
        self.circle.cut_at(number)
    }

    /// Whether nearly all of a glance is left: what cannot be computed with it now will not
    /// be by the next glance.
    const fn has_whole_glance(&self) -> bool {
        self.glancing && self.steps + 64 >= evaluating::GLANCE
    }

    fn lazy_variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        owner: FuncId,
    ) -> Value {
        if let Some(value) = self.symbols.get(&(file, symbol)).cloned()
            && self.usable(Kept::Symbol(file, symbol))
        {
            return value;
        }
        if self.is_folding(file, symbol) {
            return Value::Unknown;
        }
        let plenty = self.has_whole_glance();
        let open = self.circle.open();
        self.folding.insert((file, symbol), open.number());
        let values = &program.symbol(symbol).values;
        let value = match values.as_slice() {
            [] => Value::Unknown,
            [only] if is_simple(program, *only, program.symbol(symbol).mutated) => {
                self.eval(program, file, *only, None)
            }
            // One function, whatever else is assigned to its name later.
            [first, ..]
                if values
                    .iter()
                    .all(|value| matches!(program.expr(*value), Expr::Function(_))) =>
            {
                // A function that replaces itself when it is called: the last one holds.
                let last = (values.len() > 1)
                    .then(|| self.left_in(program, file, owner, symbol))
                    .flatten();
                match last {
                    Some(value @ Value::Function(_)) => value,
                    _ => self.eval(program, file, *first, None),
                }
            }
            _ => {
                match self.left_in(program, file, owner, symbol) {
                    Some(value) if !value.is_unknown() => value,
                    _ => {
                        // Nothing came of it: the values one by one, if they agree.
                        let mut folded: Option<Value> = None;
                        for value in values.iter().take(16) {
                            let value = self.eval(program, file, *value, None);
                            folded = Some(match folded {
                                None => value,
                                Some(before) => operate::either(before, value),
                            });
                        }
                        folded.unwrap_or(Value::Unknown)
                    }
                }
            }
        };
        self.folding.remove(&(file, symbol));
        // Inside of a circle a value may be known later.
        let closed = self.circle.close(open, plenty);
        if closed.whole || !value.is_unknown() {
            self.note(Kept::Symbol(file, symbol), closed.short);
            self.symbols.insert((file, symbol), value.clone());
        }
        value
    }

    /// What running the function around a variable left in it.
    fn left_in(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        owner: FuncId,
        symbol: SymbolId,
    ) -> Option<Value> {
        let frame = self.ran(program, file, owner)?;
        frame.variables.borrow().get(&symbol.0).cloned()
    }

    fn this(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let mut at = function;
        while program.function(at).arrow {
            match program.function(at).parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
        if let Some(frame) = frame_of(frame, file, at) {
            return frame.this.clone();
        }
        match program.function(at).class {
            Some(class) => Value::Object(Rc::new(Object {
                class: Some((file, class)),
                open: true,
                ..Object::default()
            })),
            None if at == FuncId(0) => Value::native("module.exports"),
            None => Value::native("globalThis"),
        }
    }

    fn global(&mut self, program: &Rc<Program>, file: FileId, name: &str) -> Value {
        match (program.language, name) {
            (
                Language::JavaScript,
                "globalThis" | "window" | "self" | "global" | "top" | "frames",
            ) => Value::native("globalThis"),
            (Language::JavaScript, "__dirname") => {
                Value::host(&format!("package/{}", folder(self.surroundings.path(file))))
            }
            (_, "__filename" | "__file__") => {
                Value::host(&format!("package/{}", self.surroundings.path(file)))
            }
            (Language::JavaScript, "NaN") => Value::Number(f64::NAN),
            (Language::JavaScript, "Infinity") => Value::Number(f64::INFINITY),
            (Language::Python, "__doc__") => {
                match program.block(program.function(FuncId(0)).body).first() {
                    Some(crate::ir::Stmt::Expr(expr)) => {
                        program.text(*expr).map_or(Value::Null, Value::text)
                    }
                    _ => Value::Null,
                }
            }
            (Language::Python, "builtins" | "__builtins__") => Value::native("builtins"),
            (Language::Python, "__name__") => Value::Unknown,
            (Language::Python, name)
                if !program.stars.is_empty()
                    && program.stars.len() < 8
                    && !is_python_builtin(name) =>
            {
                let stars: Vec<String> = program
                    .stars
                    .iter()
                    .map(|star| program.name(*star).to_owned())
                    .collect();
                for star in stars {
                    match self.module(file, &star, Language::Python) {
                        Value::Object(module) => {
                            let found = module
                                .entries
                                .borrow()
                                .iter()
                                .find(|(key, _)| **key == *name)
                                .map(|(_, value)| value.clone());
                            if let Some(value) = found {
                                return value;
                            }
                        }
                        Value::Native(module) => {
                            return Value::native(format!("{}.{name}", module.path));
                        }
                        _ => {}
                    }
                }
                Value::native(name)
            }
            (Language::Rust, name) => match self.surroundings.dependency(name) {
                Some(target) => self.exports_of(target),
                None => Value::native(name),
            },
            _ => match self.evaluated.get(&file) {
                // Only of a module of which it is known that it evaluates a file.
                Some(Some(_)) => self
                    .evaluated_name(program, file, name)
                    .unwrap_or_else(|| Value::native(name)),
                _ => Value::native(name),
            },
        }
    }

    /// What a module hands out, or the library's module of that name.
    fn module(&mut self, file: FileId, specifier: &str, language: Language) -> Value {
        if let Some(target) = self.surroundings.resolve(file, specifier) {
            return self.exports_of(target);
        }
        let specifier = specifier.strip_prefix("node:").unwrap_or(specifier);
        // What is meant relative to a file and is not there is nothing of a library.
        if language != Language::Rust && specifier.starts_with('.') {
            return Value::Unknown;
        }
        Value::native(specifier)
    }

    fn exports_of(&mut self, file: FileId) -> Value {
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
    fn named_of_module(&self, program: &Program, file: FileId, object: ExprId) -> Option<FileId> {
        if program.language == Language::JavaScript {
            return None;
        }
        let Expr::Module(atom) = program.expr(object) else {
            return None;
        };
        self.surroundings.resolve(file, program.name(atom))
    }

    /// One name of such a module: nothing else of it is looked at.
    fn named_export(&mut self, target: FileId, name: &str) -> Value {
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
                .unwrap_or(Value::Undefined),
        }
    }

    /// `import.meta.url` and its neighbours: where the module lies.
    fn of_import_meta(&self, file: FileId, name: &str) -> Value {
        let path = self.surroundings.path(file);
        match name {
            "url" | "filename" => Value::host(&format!("package/{path}")),
            "dirname" => Value::host(&format!("package/{}", folder(path))),
            other => Value::native(format!("import.meta.{other}")),
        }
    }

    /// `exports.a`, read in the module itself.
    fn own_export(&mut self, program: &Rc<Program>, file: FileId, name: crate::ir::Atom) -> Value {
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

    fn items(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        items: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Option<Vec<Value>> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(program, file, *item, frame);
            if let Expr::Spread(_) = program.expr(*item) {
                out.extend(operate::elements(&value)?);
            } else {
                out.push(value);
            }
            if out.len() > 1 << 20 {
                return None;
            }
        }
        Some(out)
    }

    fn object(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        entries: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let mut out = Vec::with_capacity(entries.len() / 2);
        let mut open = false;
        for pair in entries.chunks_exact(2) {
            let value = self.eval(program, file, pair[1], frame);
            if let Expr::Spread(_) = program.expr(pair[0]) {
                match value {
                    Value::Object(object) => {
                        open |= object.open;
                        out.extend(object.entries.borrow().iter().cloned());
                    }
                    Value::Undefined | Value::Null => {}
                    _ => open = true,
                }
                continue;
            }
            match self.eval(program, file, pair[0], frame) {
                Value::Text(key) => out.push((key, value)),
                Value::Number(number) => out.push((number_text(number).into(), value)),
                _ => open = true,
            }
        }
        Value::Object(Rc::new(Object {
            entries: out.into(),
            open,
            ..Object::default()
        }))
    }

    fn comprehend(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        parts: &[ExprId],
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let [target, over, body, rest @ ..] = parts else {
            return Value::Unknown;
        };
        let over = self.eval(program, file, *over, frame);
        let Some(elements) = operate::elements(&over) else {
            return Value::Unknown;
        };
        // The target lives in a frame of its own where nothing is run around it.
        let owner = self.owner_of(program, *target);
        let frame = match frame {
            Some(frame) => Rc::clone(frame),
            None => Rc::new(Frame {
                file,
                function: owner,
                parent: None,
                variables: Default::default(),
                arguments: None,
                this: Value::Unknown,
                lazy: false,
            }),
        };
        let mut out = Vec::new();
        for element in elements {
            self.assign(program, file, *target, element, Some(&frame));
            let mut wanted = true;
            for condition in rest {
                match self.eval(program, file, *condition, Some(&frame)).truth() {
                    Some(holds) => wanted &= holds,
                    None => return Value::Unknown,
                }
            }
            if wanted {
                let value = self.eval(program, file, *body, Some(&frame));
                if matches!(program.expr(*body), Expr::Comprehend(_)) {
                    match operate::elements(&value) {
                        Some(values) => out.extend(values),
                        None => return Value::Unknown,
                    }
                } else {
                    out.push(value);
                }
            }
            if self.spent() {
                return Value::Unknown;
            }
        }
        Value::array(out)
    }

    fn owner_of(&self, program: &Program, target: ExprId) -> FuncId {
        match program.expr(target) {
            Expr::Name(_, scope) => program.scopes[scope.at()].function,
            _ => FuncId(0),
        }
    }
}

/// Whether a value can be taken as it is: nothing that is changed in place later.
fn is_simple(program: &Program, value: ExprId, mutated: bool) -> bool {
    match program.expr(value) {
        Expr::Array(_) | Expr::Object(_) => !mutated,
        Expr::Call { .. } if mutated => false,
        Expr::Update { .. } | Expr::Element(_) | Expr::Key(_) => false,
        _ => true,
    }
}

fn is_exports(program: &Program, object: ExprId) -> bool {
    match program.expr(object) {
        Expr::Name(atom, scope) => {
            program.name(atom) == "exports" && program.resolve(atom, scope).is_none()
        }
        Expr::Member(module, key) => program.name(key) == "exports" && is_module(program, module),
        _ => false,
    }
}

fn is_import_meta(program: &Program, object: ExprId) -> bool {
    matches!(program.expr(object), Expr::Name(atom, _) if program.name(atom) == "import.meta")
}

fn is_module(program: &Program, object: ExprId) -> bool {
    match program.expr(object) {
        Expr::Name(atom, scope) => {
            program.name(atom) == "module" && program.resolve(atom, scope).is_none()
        }
        _ => false,
    }
}

fn constant_value(constant: &Const) -> Value {
    match constant {
        Const::Null => Value::Null,
        Const::Undefined => Value::Undefined,
        Const::Bool(value) => Value::Bool(*value),
        Const::Number(value) => Value::Number(*value),
        Const::Text(text) => Value::Text(Rc::clone(text)),
        Const::Bytes(bytes) => Value::bytes(bytes.to_vec()),
        Const::Regex(regex) => Value::Regex(Rc::clone(regex)),
    }
}

fn frame_of(frame: Option<&Rc<Frame>>, file: FileId, function: FuncId) -> Option<&Rc<Frame>> {
    let mut at = frame;
    while let Some(frame) = at {
        if frame.file == file && frame.function == function {
            return Some(frame);
        }
        at = frame.parent.as_ref();
    }
    None
}

fn argument(frame: Option<&Rc<Frame>>, file: FileId, function: FuncId, index: usize) -> Value {
    match frame_of(frame, file, function).and_then(|frame| frame.arguments.as_ref()) {
        Some(arguments) => arguments.get(index).cloned().unwrap_or(Value::Undefined),
        None => Value::Unknown,
    }
}

fn arrow_this(program: &Program, function: FuncId, frame: Option<&Rc<Frame>>) -> Option<Value> {
    if program.function(function).arrow {
        frame.map(|frame| frame.this.clone())
    } else {
        None
    }
}

/// What waiting for a value gives.
fn settled(value: Value) -> Value {
    match value {
        Value::Native(native) if native.path.ends_with("()") => Value::Native(native),
        other => other,
    }
}

/// Names that mean the same whatever is imported.
fn is_python_builtin(name: &str) -> bool {
    matches!(
        name,
        "exec"
            | "eval"
            | "compile"
            | "open"
            | "print"
            | "len"
            | "str"
            | "int"
            | "bytes"
            | "bytearray"
            | "chr"
            | "ord"
            | "range"
            | "list"
            | "dict"
            | "tuple"
            | "set"
            | "map"
            | "filter"
            | "zip"
            | "enumerate"
            | "reversed"
            | "sorted"
            | "sum"
            | "min"
            | "max"
            | "getattr"
            | "setattr"
            | "hasattr"
            | "globals"
            | "locals"
            | "vars"
            | "__import__"
            | "__builtins__"
            | "type"
            | "isinstance"
            | "super"
            | "Exception"
            | "object"
            | "iter"
            | "next"
            | "any"
            | "all"
    )
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
