//! Running function bodies: statements and assignments.

use super::value::{FileId, Frame, REST, Value};
use super::variable::frame_of;
use super::{Machine, operate};
use crate::ir::{Block, Compound, Expr, ExprId, FuncId, Loop, Program, Stmt, Unary};
use crate::limit::evaluating;
use std::rc::Rc;

/// How a statement ended.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
    Throw,
}

/// What may have been left behind a guard that is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Perhaps {
    /// The loop.
    round: bool,
    /// The function.
    body: bool,
}

impl Machine<'_> {
    /// Runs the body of a function.
    pub(super) fn body(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
        frame: &Rc<Frame>,
    ) -> Flow {
        let around = std::mem::take(&mut self.perhaps);
        let flow = self.block(program, file, program.function(function).body, frame);
        self.perhaps = around;
        flow
    }

    /// What running a function once, with arguments that nobody knows, leaves in its
    /// variables.
    pub(super) fn ran(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
    ) -> Option<Rc<Frame>> {
        if let Some(known) = self.frames.get(&(file, function)).cloned()
            && self.usable(known.doubtful)
        {
            return Some(known.what);
        }
        if self.is_running(file, function) {
            return None;
        }
        let open = self.circle.open();
        self.running.insert((file, function), open.number());
        let parent = match program.function(function).parent {
            Some(parent) => self.ran(program, file, parent),
            None => None,
        };
        let frame = Rc::new(Frame {
            file,
            function,
            parent,
            variables: Default::default(),
            arguments: None,
            this: Value::Unknown,
            lazy: false,
        });
        // Half of what is left is the most that one body may use.
        let reserve = self.steps / 2;
        self.steps -= reserve;
        self.yields.push(Vec::new());
        let _ = self.body(program, file, function, &frame);
        self.yields.pop();
        let kept = self.kept(Rc::clone(&frame), self.circle.is_short());
        self.hasty |= self.glancing && self.spent();
        self.steps += reserve;
        self.running.remove(&(file, function));
        self.circle.close(open, false);
        self.frames.insert((file, function), kept);
        Some(frame)
    }

    fn block(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        block: Block,
        frame: &Rc<Frame>,
    ) -> Flow {
        for statement in program.block(block) {
            if !self.step() {
                self.circle.cut_short();
                return Flow::Throw;
            }
            match self.statement(program, file, *statement, frame) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn statement(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        statement: Stmt,
        frame: &Rc<Frame>,
    ) -> Flow {
        let here = Some(frame);
        match statement {
            Stmt::Expr(expr) => {
                self.eval(program, file, expr, here);
                Flow::Next
            }
            Stmt::Return(value) => {
                let value = value.map_or(Value::Undefined, |value| {
                    self.eval(program, file, value, here)
                });
                Flow::Return(value)
            }
            Stmt::Break => Flow::Break,
            Stmt::Continue => Flow::Continue,
            Stmt::Throw(value) => {
                self.eval(program, file, value, here);
                Flow::Throw
            }
            Stmt::Compound(id) => self.compound(program, file, program.compound(id), frame),
        }
    }

    fn compound(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        compound: &Compound,
        frame: &Rc<Frame>,
    ) -> Flow {
        let here = Some(frame);
        match compound {
            Compound::If(test, then, other) => {
                match self.eval(program, file, *test, here).truth() {
                    Some(true) => self.block(program, file, *then, frame),
                    Some(false) => self.block(program, file, *other, frame),
                    // A guard that is not known counts as if it held, and as if it did not.
                    None => {
                        let first = self.block(program, file, *then, frame);
                        let second = self.block(program, file, *other, frame);
                        match (first, second) {
                            (Flow::Return(value), Flow::Return(other)) => {
                                Flow::Return(operate::either(value, other))
                            }
                            (first, second) => {
                                self.perhaps_left(&first);
                                self.perhaps_left(&second);
                                Flow::Next
                            }
                        }
                    }
                }
            }
            Compound::Loop(round) => self.turns(program, file, *round, frame),
            Compound::Each {
                target,
                over,
                keys,
                body,
            } => self.each(program, file, (*target, *over, *keys, *body), frame),
            Compound::Try(body, handler, last) => {
                let mut flow = self.block(program, file, *body, frame);
                if matches!(flow, Flow::Throw)
                    && let Some(handler) = handler
                {
                    flow = self.block(program, file, *handler, frame);
                }
                match self.block(program, file, *last, frame) {
                    Flow::Next => flow,
                    other => other,
                }
            }
            Compound::Switch(subject, cases) => self.switch(program, file, *subject, cases, frame),
            Compound::Block(block) => self.block(program, file, *block, frame),
        }
    }

    /// Notes how a branch ended that may have been taken.
    const fn perhaps_left(&mut self, flow: &Flow) {
        match flow {
            Flow::Next | Flow::Continue => {}
            Flow::Break => self.perhaps.round = true,
            Flow::Return(_) | Flow::Throw => self.perhaps.body = true,
        }
    }

    fn turns(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        round: Loop,
        frame: &Rc<Frame>,
    ) -> Flow {
        let around = std::mem::take(&mut self.perhaps);
        let flow = self.rounds(program, file, round, frame);
        self.perhaps = Perhaps {
            round: around.round,
            body: around.body || self.perhaps.body,
        };
        flow
    }

    fn rounds(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        round: Loop,
        frame: &Rc<Frame>,
    ) -> Flow {
        let Loop {
            init,
            test,
            update,
            body,
            post,
        } = round;
        let _ = self.block(program, file, init, frame);
        let is_endless = test.is_none_or(|test| always_holds(program, test));
        let mut unsure_since = None;
        let mut first = true;
        loop {
            if !(post && first)
                && let Some(test) = test
            {
                match self.eval(program, file, test, Some(frame)).truth() {
                    Some(true) => {}
                    Some(false) => return Flow::Next,
                    None if first => {}
                    None => return Flow::Next,
                }
            }
            first = false;
            match self.block(program, file, body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                other => return other,
            }
            if let Some(update) = update {
                self.eval(program, file, update, Some(frame));
            }
            if self.spent() {
                return Flow::Throw;
            }
            // Where it may have been left, which is not known, it goes on for a while: not long where
            // nothing else ends it, longer where a test may. Whoever looks for a file in one folder
            // above the other never comes to a root that is not known.
            if self.perhaps.round || self.perhaps.body {
                let most = match is_endless {
                    true => evaluating::UNSURE,
                    false => evaluating::UNSURE_TESTED,
                };
                let since = *unsure_since.get_or_insert(self.steps);
                if since.saturating_sub(self.steps) >= most {
                    return Flow::Next;
                }
            }
        }
    }

    fn each(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        parts: (ExprId, ExprId, bool, Block),
        frame: &Rc<Frame>,
    ) -> Flow {
        let around = self.perhaps.round;
        let flow = self.elements(program, file, parts, frame);
        self.perhaps.round = around;
        flow
    }

    fn elements(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        parts: (ExprId, ExprId, bool, Block),
        frame: &Rc<Frame>,
    ) -> Flow {
        let (target, over, keys, body) = parts;
        let over = self.eval(program, file, over, Some(frame));
        let elements = if keys {
            keys_of(&over)
        } else {
            operate::elements(&over)
        };
        // What is not known has one element that is not known.
        for element in elements.unwrap_or_else(|| vec![Value::Unknown]) {
            self.assign(program, file, target, element, Some(frame));
            match self.block(program, file, body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break,
                other => return other,
            }
            if self.spent() {
                return Flow::Throw;
            }
        }
        Flow::Next
    }

    fn switch(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        subject: ExprId,
        cases: &[(Option<ExprId>, Block)],
        frame: &Rc<Frame>,
    ) -> Flow {
        let subject = self.eval(program, file, subject, Some(frame));
        let mut start = None;
        for (index, (test, _)) in cases.iter().enumerate() {
            let Some(test) = test else {
                continue;
            };
            let test = self.eval(program, file, *test, Some(frame));
            if operate::equal(&subject, &test) == Some(true) {
                start = Some(index);
                break;
            }
        }
        let start = start.or_else(|| cases.iter().position(|(test, _)| test.is_none()));
        let Some(start) = start else {
            return Flow::Next;
        };
        for (_, block) in &cases[start..] {
            match self.block(program, file, *block, frame) {
                Flow::Next => {}
                Flow::Break => return Flow::Next,
                other => return other,
            }
        }
        Flow::Next
    }

    /// Puts a value where it belongs. Without a frame nothing is changed.
    pub(super) fn assign(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        target: ExprId,
        value: Value,
        frame: Option<&Rc<Frame>>,
    ) {
        let Some(here) = frame else {
            return;
        };
        match program.expr(target) {
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return;
                };
                let owner = FuncId(program.symbol(symbol).function);
                let home = frame_of(frame, file, owner).unwrap_or(here);
                home.variables.borrow_mut().insert(symbol.0, value);
            }
            Expr::Member(object, key) => {
                let object = self.eval(program, file, object, frame);
                put(&object, &Value::Text(program.shared_name(key)), value);
            }
            Expr::Index(object, key) => {
                let object = self.eval(program, file, object, frame);
                let key = self.eval(program, file, key, frame);
                put(&object, &key, value);
            }
            Expr::Array(targets) => {
                let elements = operate::elements(&value);
                for (index, target) in program.list(targets).to_vec().into_iter().enumerate() {
                    let element = elements
                        .as_ref()
                        .and_then(|all| all.get(index))
                        .cloned()
                        .unwrap_or(Value::Unknown);
                    self.assign(program, file, target, element, frame);
                }
            }
            _ => {}
        }
    }
}

/// Whether the test of a loop is a constant that holds: `true`, `1`, `!![]`.
fn always_holds(program: &Program, test: ExprId) -> bool {
    match program.expr(test) {
        Expr::Const(_) | Expr::Array(_) => true,
        Expr::Unary(Unary::Not, inner) => always_holds(program, inner),
        _ => false,
    }
}

fn keys_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(
            (0..items.borrow().len())
                .map(|index| Value::text(&index.to_string()))
                .collect(),
        ),
        Value::Native(native) if native.is_module() => Some(vec![Value::text(REST)]),
        Value::Object(object) if !object.open => Some(
            object
                .entries
                .borrow()
                .iter()
                .map(|(key, _)| Value::Text(key.clone()))
                .collect(),
        ),
        _ => None,
    }
}

pub(super) fn put(object: &Value, key: &Value, value: Value) {
    match object {
        Value::Array(items) => {
            let Some(index) = key.number().filter(|n| *n >= 0.0 && n.fract() == 0.0) else {
                return;
            };
            let index = index as usize;
            let mut items = items.borrow_mut();
            if index < items.len() {
                items[index] = value;
            } else if index < items.len() + 1024 {
                items.resize(index, Value::Undefined);
                items.push(value);
            }
        }
        Value::Bytes(bytes) => {
            let (Some(index), Some(byte)) = (key.number(), value.number()) else {
                return;
            };
            if let Some(place) = bytes.borrow_mut().get_mut(index as usize) {
                *place = super::value::to_u32(byte) as u8;
            }
        }
        Value::Object(object) => {
            // Most keys are texts already.
            let key: Rc<str> = match key {
                Value::Text(key) => Rc::clone(key),
                _ => match key.as_text() {
                    Some(key) => key.into(),
                    None => return,
                },
            };
            let mut entries = object.entries.borrow_mut();
            if let Some((_, place)) = entries.iter_mut().find(|(known, _)| *known == key) {
                *place = value;
            } else if entries.len() < 1 << 16 {
                entries.push((key, value));
            }
        }
        _ => {}
    }
}
