//! What a variable holds: what a run of the function around it left, or what is assigned to it
//! anywhere.

use super::value::{Closure, FileId, Frame, HOLE, HOLE_START, Object, Value};
use super::{Machine, operate};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, SymbolId};
use std::rc::Rc;

/// What running a function with the arguments of a frame left.
#[derive(Debug)]
pub(super) struct Left {
    /// That frame.
    asked: Rc<Frame>,
    run: Rc<Frame>,
    /// A bound ended it.
    cut: bool,
    /// It was that of a glance: a full look runs it again.
    hasty: bool,
}

/// The function that a name is declared for: of several the last one, in both languages.
fn declared(program: &Program, symbol: SymbolId) -> Option<(ExprId, FuncId)> {
    let values = program.symbol(symbol).values.iter();
    let mut functions = values.filter_map(|value| match program.expr(*value) {
        Expr::Function(function) => Some((*value, function)),
        _ => None,
    });
    let first = functions.next()?;
    let is_declared = |(_, function): &(ExprId, FuncId)| program.function(*function).name.is_some();
    let last = functions.rfind(is_declared);
    Some(last.unwrap_or(first))
}

impl Machine<'_> {
    /// A variable: what a run left in it, or what is assigned to it anywhere.
    pub(super) fn variable(
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
            if let Some((_, function)) = declared(program, symbol) {
                return Value::Function(Rc::new(Closure {
                    file,
                    function,
                    frame: Some(Rc::clone(frame)),
                    this: None,
                }));
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
        let owner = frame.function;
        let mut folded = self.left_with(program, file, symbol, frame);
        if folded.is_none() && is_filled(program, symbol) {
            // What is put into it by the body is there once the body was run.
            folded = self.left_in(program, file, owner, symbol);
            folded = folded.filter(|left| !left.is_unknown());
        }
        if folded.is_none() {
            for value in program.symbol(symbol).values.iter().take(8) {
                let value = self.eval(program, file, *value, Some(frame));
                folded = Some(match folded {
                    None => value,
                    Some(before) => operate::either(before, value),
                });
            }
        }
        // Values that do not agree: the last one holds, where a run says which that is.
        if folded.as_ref().is_some_and(Value::is_unknown) && program.symbol(symbol).values.len() > 1
        {
            folded = self.left_in(program, file, owner, symbol);
        }
        self.folding.remove(&(file, symbol));
        self.circle.close(open, false);
        folded.unwrap_or(Value::Unknown)
    }

    /// What running a function of Rust, with the arguments of a frame, leaves in a variable
    /// whose value is changed where it stands: `path.push(name)`.
    fn left_with(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        frame: &Rc<Frame>,
    ) -> Option<Value> {
        if !is_changed_path(program, symbol) {
            return None;
        }
        let key = (file, frame.function);
        let known = self
            .left_with
            .get(&key)
            .filter(|left| Rc::ptr_eq(&left.asked, frame) && (!left.hasty || self.glancing))
            .map(|left| (Rc::clone(&left.run), left.cut));
        let (run, cut) = match known {
            Some(known) => {
                if known.1 {
                    self.circle.cut_short();
                }
                known
            }
            None => {
                let open = self.circle.open();
                let (run, cut) = self.run_with(program, file, frame);
                // What is unknown inside of a circle may be known later.
                if self.circle.close(open, true).whole {
                    let left = Left {
                        asked: Rc::clone(frame),
                        run: Rc::clone(&run),
                        cut,
                        hasty: cut && self.glancing,
                    };
                    self.left_with.insert(key, left);
                }
                (run, cut)
            }
        };
        self.hasty |= self.glancing && cut;
        let left = run.variables.borrow().get(&symbol.0).cloned();
        left.filter(|value| !value.is_unknown())
            .map(|left| if cut { perhaps_changed(left) } else { left })
    }

    /// Runs a function with the arguments of a frame. Gives also whether a bound ended it.
    fn run_with(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        frame: &Rc<Frame>,
    ) -> (Rc<Frame>, bool) {
        let run = Rc::new(Frame {
            file,
            function: frame.function,
            parent: frame.parent.clone(),
            variables: Default::default(),
            arguments: frame.arguments.clone(),
            this: frame.this.clone(),
            lazy: false,
        });
        // Half of what is left is the most that one body may use.
        let reserve = self.steps / 2;
        self.steps -= reserve;
        self.yields.push(Vec::new());
        let _ = self.body(program, file, frame.function, &run);
        self.yields.pop();
        let cut = self.spent();
        self.steps += reserve;
        (run, cut)
    }

    /// Whether a variable is being folded: what comes of it in a circle is not known yet.
    fn is_folding(&mut self, file: FileId, symbol: SymbolId) -> bool {
        let number = self.folding.get(&(file, symbol)).copied();
        self.circle.cut_at(number)
    }

    pub(super) fn is_running(&mut self, file: FileId, function: FuncId) -> bool {
        let number = self.running.get(&(file, function)).copied();
        self.circle.cut_at(number)
    }

    /// Whether nearly all of a glance is left: what cannot be computed with it now will not
    /// be by the next glance.
    pub(super) const fn has_whole_glance(&self) -> bool {
        self.glancing && self.steps + 64 >= self.glance
    }

    pub(super) fn lazy_variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        owner: FuncId,
    ) -> Value {
        if let Some(known) = self.symbols.get(&(file, symbol)) {
            let doubtful = known.doubtful;
            // One that a full look does not believe is copied for nothing, which is seldom.
            let value = known.what.clone();
            if self.usable(doubtful) {
                return value;
            }
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
                let first = declared(program, symbol).map_or(*first, |(value, _)| value);
                // A function that replaces itself when it is called: the last one holds.
                let last = (values.len() > 1)
                    .then(|| self.left_in(program, file, owner, symbol))
                    .flatten();
                match last {
                    Some(value @ Value::Function(_)) => value,
                    _ => self.eval(program, file, first, None),
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
                        let folded = folded.unwrap_or(Value::Unknown);
                        if is_changed_path(program, symbol) {
                            perhaps_changed(folded)
                        } else {
                            folded
                        }
                    }
                }
            }
        };
        self.folding.remove(&(file, symbol));
        // Inside of a circle a value may be known later.
        let closed = self.circle.close(open, plenty);
        if closed.whole || !value.is_unknown() {
            let kept = self.kept(value.clone(), closed.short);
            self.symbols.insert((file, symbol), kept);
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
        let left = frame.variables.borrow().get(&symbol.0).cloned()?;
        // Where the run was cut short its end may not have been reached.
        let cut = self
            .frames
            .get(&(file, owner))
            .is_some_and(|kept| kept.doubtful);
        Some(if cut && is_changed_path(program, symbol) {
            perhaps_changed(left)
        } else {
            left
        })
    }

    pub(super) fn this(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let mut at = function;
        while program.function(at).arrow && program.function(at).class.is_none() {
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
                is_class: program.function(at).on_class,
                open: true,
                ..Object::default()
            })),
            None if at == FuncId(0) => Value::native("module.exports"),
            None => Value::native("globalThis"),
        }
    }
}

/// Whether a variable of Rust is changed where it stands: `path.push(name)`.
fn is_changed_path(program: &Program, symbol: SymbolId) -> bool {
    program.language == Language::Rust && program.symbol(symbol).mutated
}

/// Whether a list or a table is changed where it stands.
fn is_filled(program: &Program, symbol: SymbolId) -> bool {
    let symbol = program.symbol(symbol);
    let mut values = symbol.values.iter();
    program.language != Language::Rust
        && symbol.mutated
        && values.any(|value| {
            matches!(
                program.expr(*value),
                Expr::Array(_) | Expr::Object(_) | Expr::Call { .. }
            )
        })
}

/// A path to which something may have been added that is not known.
fn perhaps_changed(value: Value) -> Value {
    match value {
        Value::Text(path) if path.starts_with(HOLE_START) => Value::text(&format!("{path}{HOLE}")),
        other => other,
    }
}

/// Whether a value can be taken as it is: nothing that is changed in place later.
fn is_simple(program: &Program, value: ExprId, mutated: bool) -> bool {
    match program.expr(value) {
        Expr::Array(_) | Expr::Object(_) => !mutated,
        Expr::Call { .. } if mutated => false,
        Expr::Update { .. } | Expr::Element(_) | Expr::Key(_) => false,
        // A path that is changed where it stands, whatever it was made from.
        _ => !(mutated && program.language == Language::Rust),
    }
}

pub(super) fn frame_of(
    frame: Option<&Rc<Frame>>,
    file: FileId,
    function: FuncId,
) -> Option<&Rc<Frame>> {
    let mut at = frame;
    while let Some(frame) = at {
        if frame.file == file && frame.function == function {
            return Some(frame);
        }
        at = frame.parent.as_ref();
    }
    None
}
