//! What a file says of its own functions where they stand: what one that is called where it is
//! made is called with, and what is put onto one.

use super::Machine;
use super::value::{Closure, FileId, Frame, Value};
use super::variable::frame_of;
use crate::ir::{Atom, Expr, ExprId, FuncId, Language, List, Program};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Properties of functions that are kept of one file.
const PROPERTIES: usize = 4_096;

/// What a file says of its own functions.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What those are called with that are called where they are made, and how many of these
    /// are no arguments.
    called: FxHashMap<FuncId, (List, usize)>,
    /// What is put onto functions: `f.a = b`. None where that happens twice.
    own: FxHashMap<(FuncId, Atom), Option<ExprId>>,
}

impl Said {
    fn of(program: &Program) -> Self {
        let mut said = Self::default();
        if program.language != Language::JavaScript {
            return said;
        }
        for (call, _) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let (called, before) = match program.expr(callee) {
                // `(function (a) {…}).call(this, b)`.
                Expr::Member(inner, how) if program.name(how) == "call" => (inner, 1),
                _ => (callee, 0),
            };
            // One with a name may call itself, with other arguments.
            if let Expr::Function(function) = program.expr(called)
                && program.function(function).name.is_none()
            {
                said.called.insert(function, (args, before));
            }
        }
        for store in &program.stores {
            let Some(key) = store.key else {
                continue;
            };
            for function in functions_of(program, store.object) {
                // Elsewhere it may never be put there. What it puts onto itself is there once it
                // was called.
                let parent = program.function(function).parent;
                let is_own =
                    parent == Some(store.function) || stands_in(program, store.function, function);
                if is_own && said.own.len() < PROPERTIES {
                    let own = said.own.entry((function, key));
                    own.and_modify(|known| *known = None)
                        .or_insert(Some(store.value));
                }
            }
        }
        said
    }
}

/// The functions of the file that a name stands for, where it stands for nothing else: a function
/// that is replaced by one that it makes itself is both.
fn functions_of(program: &Program, object: ExprId) -> Vec<FuncId> {
    const MOST: usize = 2;
    let Expr::Name(atom, scope) = program.expr(object) else {
        return Vec::new();
    };
    let Some(symbol) = program.resolve(atom, scope) else {
        return Vec::new();
    };
    let values = &program.symbol(symbol).values;
    if values.len() > MOST {
        return Vec::new();
    }
    let functions = values.iter().map(|value| match program.expr(*value) {
        Expr::Function(function) => Some(function),
        _ => None,
    });
    functions.collect::<Option<_>>().unwrap_or_default()
}

/// Whether a function is another one, or stands in it.
fn stands_in(program: &Program, function: FuncId, around: FuncId) -> bool {
    /// Functions in each other that are looked at.
    const LEVELS: usize = 4;
    let mut at = Some(function);
    for _ in 0..LEVELS {
        match at {
            Some(here) if here == around => return true,
            Some(here) => at = program.function(here).parent,
            None => return false,
        }
    }
    false
}

impl Machine<'_> {
    /// What a function gets that is called where it is made, and was not called otherwise.
    pub(super) fn given_at_once(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
        index: u16,
        frame: Option<&Rc<Frame>>,
    ) -> Value {
        let is_called =
            frame_of(frame, file, function).is_some_and(|frame| frame.arguments.is_some());
        if is_called || program.language != Language::JavaScript {
            return Value::Unknown;
        }
        let said = self.said(program, file);
        let Some((args, before)) = said.called.get(&function) else {
            return Value::Unknown;
        };
        let args = program.list(*args);
        let spread = |arg: &ExprId| matches!(program.expr(*arg), Expr::Spread(_));
        match args.get(before + usize::from(index)) {
            Some(arg) if !args.iter().any(spread) => self.eval(program, file, *arg, None),
            _ => Value::Unknown,
        }
    }

    /// What is put onto a function under a name.
    pub(super) fn own_of_function(&mut self, closure: &Closure, name: &str) -> Value {
        let Some(program) = self.surroundings.program(closure.file) else {
            return Value::Unknown;
        };
        if program.language != Language::JavaScript {
            return Value::Unknown;
        }
        let said = self.said(&program, closure.file);
        let own = program.atom(name).map(|name| (closure.function, name));
        match own.and_then(|own| said.own.get(&own)) {
            Some(Some(value)) => self.eval(&program, closure.file, *value, closure.frame.as_ref()),
            _ => Value::Unknown,
        }
    }

    fn said(&mut self, program: &Program, file: FileId) -> Rc<Said> {
        if let Some(known) = self.said.get(&file) {
            return Rc::clone(known);
        }
        let said = Rc::new(Said::of(program));
        self.said.insert(file, Rc::clone(&said));
        said
    }
}
