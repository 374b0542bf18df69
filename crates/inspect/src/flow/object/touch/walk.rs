//! Goes through the bodies of functions for what may run without being called by name.

use super::{AS_JSON, AS_TEXT, AS_VALUE, AWAITED, BY_TURNS, Hidden, SHOWN, TESTED, Touch, Touches};
use crate::flow::object::puts::last_name;
use crate::ir::{
    Binary, Block, Compound, Expr, ExprId, FuncId, Language, List, Loop, Program, Stmt, Unary,
};
use std::rc::Rc;

/// Places of one file that are looked at.
const PLACES: usize = 4_096;

/// Goes through the bodies of functions.
struct Walk<'p> {
    program: &'p Program,
    hidden: Hidden,
    found: Vec<(ExprId, Touch)>,
    left: usize,
}

/// What happens in a file, where anything of it runs in such a way.
pub(super) fn touches(program: &Program) -> Touches {
    let mut touches = Touches::default();
    if program.language != Language::JavaScript {
        return touches;
    }
    let hidden = Hidden::of(program);
    if hidden.properties.is_empty() && hidden.methods.is_empty() {
        return touches;
    }
    let mut walk = Walk {
        program,
        hidden,
        found: Vec::new(),
        left: PLACES,
    };
    for (number, function) in program.functions.iter().enumerate() {
        walk.block(function.body);
        if !walk.found.is_empty() {
            touches.insert(FuncId(number as u32), std::mem::take(&mut walk.found));
        }
        if walk.left == 0 {
            break;
        }
    }
    touches
}

impl Walk<'_> {
    fn block(&mut self, block: Block) {
        let mut blocks = vec![block];
        while let Some(block) = blocks.pop() {
            for statement in self.program.block(block) {
                match statement {
                    Stmt::Expr(expr) | Stmt::Throw(expr) | Stmt::Return(Some(expr)) => {
                        self.expr(*expr);
                    }
                    Stmt::Return(None) | Stmt::Break | Stmt::Continue => {}
                    Stmt::Compound(id) => self.compound(self.program.compound(*id), &mut blocks),
                }
            }
        }
    }

    fn compound(&mut self, compound: &Compound, blocks: &mut Vec<Block>) {
        match compound {
            Compound::If(test, then, other) => {
                self.expr(*test);
                blocks.extend([*then, *other]);
            }
            Compound::Loop(Loop {
                init,
                test,
                update,
                body,
                ..
            }) => {
                test.iter().chain(update).for_each(|expr| self.expr(*expr));
                blocks.extend([*init, *body]);
            }
            Compound::Each {
                over, keys, body, ..
            } => {
                self.expr(*over);
                if !keys {
                    self.asked(*over, *over, BY_TURNS);
                }
                blocks.push(*body);
            }
            Compound::Try(body, handler, last) => {
                blocks.extend([*body, *last]);
                blocks.extend(handler);
            }
            Compound::Switch(subject, cases) => {
                self.expr(*subject);
                for (test, body) in cases {
                    test.iter().for_each(|test| self.expr(*test));
                    blocks.push(*body);
                }
            }
            Compound::Block(block) => blocks.push(*block),
        }
    }

    /// What happens in an expression, outside of the functions in it.
    fn expr(&mut self, expr: ExprId) {
        let mut waiting = vec![expr];
        while let Some(expr) = waiting.pop() {
            self.look(expr);
            parts(self.program, expr, &mut waiting);
        }
    }

    fn look(&mut self, at: ExprId) {
        let program = self.program;
        match program.expr(at) {
            Expr::Member(object, name) => {
                let name = program.shared_name(name);
                if self.hidden.properties.contains(&name) {
                    self.touch(at, Touch::Read(object, name));
                } else if &*name == "0" {
                    // `const [a] = object`.
                    self.asked(at, object, BY_TURNS);
                }
            }
            Expr::Index(object, key) => {
                self.asked(at, key, AS_TEXT);
                let name = program.text(key).map(Rc::from);
                if let Some(name) = name.filter(|name| self.hidden.properties.contains(name)) {
                    self.touch(at, Touch::Read(object, name));
                }
            }
            Expr::Assign(target, _) => {
                if let Expr::Member(object, name) = program.expr(target) {
                    let name = program.shared_name(name);
                    if self.hidden.properties.contains(&name) {
                        self.touch(at, Touch::Written(object, name));
                    }
                }
            }
            Expr::Object(entries) => {
                for pair in program.list(entries).chunks_exact(2) {
                    match program.expr(pair[0]) {
                        Expr::Spread(all) => self.touch(pair[0], Touch::ReadWhole(all)),
                        _ => self.asked(pair[0], pair[0], AS_TEXT),
                    }
                }
            }
            Expr::Array(items) => self.spreads(items),
            Expr::Concat(parts) => {
                for part in program.list(parts) {
                    self.asked(*part, *part, AS_TEXT);
                }
            }
            Expr::Unary(Unary::Plus | Unary::Neg | Unary::BitNot, value) => {
                self.asked(at, value, AS_VALUE);
            }
            Expr::Binary(Binary::Is, _, right) => self.asked(at, right, TESTED),
            Expr::Binary(_, left, right) => {
                self.asked(left, left, AS_VALUE);
                self.asked(right, right, AS_VALUE);
            }
            Expr::Await(value) => self.asked(at, value, AWAITED),
            Expr::Yield(value) => match program.expr(value) {
                Expr::Spread(over) => self.asked(at, over, BY_TURNS),
                _ => self.asked(at, value, BY_TURNS),
            },
            Expr::Call { callee, args, .. } => {
                self.spreads(args);
                self.handed(callee, program.list(args));
            }
            _ => {}
        }
    }

    fn spreads(&mut self, items: List) {
        for item in self.program.list(items) {
            if let Expr::Spread(over) = self.program.expr(*item) {
                self.asked(*item, over, BY_TURNS);
            }
        }
    }

    /// What functions of the library ask of what they are handed.
    fn handed(&mut self, callee: ExprId, args: &[ExprId]) {
        let Some(name) = last_name(self.program, callee, 0) else {
            return;
        };
        let Some(first) = args.first().copied() else {
            return;
        };
        match name {
            "String" => self.asked(first, first, AS_TEXT),
            "Number" | "BigInt" => self.asked(first, first, AS_VALUE),
            "stringify" => {
                self.asked(first, first, AS_JSON);
                self.touch(first, Touch::ReadWhole(first));
            }
            "log" | "info" | "warn" | "error" | "inspect" => self.asked(first, first, SHOWN),
            "values" | "entries" => self.touch(first, Touch::ReadWhole(first)),
            "assign" => {
                for more in &args[1..] {
                    self.touch(*more, Touch::ReadWhole(*more));
                }
                self.written_whole(first, &args[1..]);
            }
            "from" | "Set" | "Map" | "all" | "race" | "any" | "allSettled" => {
                self.asked(first, first, BY_TURNS);
            }
            "resolve" => self.asked(first, first, AWAITED),
            "get" if args.len() > 1 => {
                if let Some(name) = self.program.text(args[1]) {
                    self.touch(first, Touch::Read(first, name.into()));
                }
            }
            _ => {}
        }
    }

    /// `Object.assign(object, { name: value })`.
    fn written_whole(&mut self, object: ExprId, more: &[ExprId]) {
        for from in more {
            if let Expr::Object(entries) = self.program.expr(*from) {
                for pair in self.program.list(entries).chunks_exact(2) {
                    let name = self.program.text(pair[0]).map(Rc::from);
                    if let Some(name) = name.filter(|name| self.hidden.properties.contains(name)) {
                        self.touch(pair[0], Touch::Written(object, name));
                    }
                }
            }
        }
    }

    fn asked(&mut self, at: ExprId, object: ExprId, methods: &'static [&'static str]) {
        if self.hidden.has_any(methods) {
            self.touch(at, Touch::Asked(object, methods));
        }
    }

    fn touch(&mut self, at: ExprId, touch: Touch) {
        let object = match &touch {
            Touch::Read(object, _)
            | Touch::Written(object, _)
            | Touch::ReadWhole(object)
            | Touch::Asked(object, _) => *object,
        };
        let may_be = matches!(
            self.program.expr(object),
            Expr::Name(..)
                | Expr::Member(..)
                | Expr::Index(..)
                | Expr::Call { .. }
                | Expr::Object(_)
                | Expr::Array(_)
                | Expr::Class(_)
                | Expr::This(_)
                | Expr::Assign(..)
        );
        if may_be && self.left > 0 {
            self.left -= 1;
            self.found.push((at, touch));
        }
    }
}

/// The expressions in an expression, outside of the functions in it.
fn parts(program: &Program, expr: ExprId, into: &mut Vec<ExprId>) {
    match program.expr(expr) {
        Expr::Const(_)
        | Expr::Name(..)
        | Expr::Param(..)
        | Expr::Rest(..)
        | Expr::This(_)
        | Expr::Function(_)
        | Expr::Module(_) => {}
        Expr::Member(inner, _)
        | Expr::Unary(_, inner)
        | Expr::Await(inner)
        | Expr::Spread(inner)
        | Expr::Yield(inner)
        | Expr::Element(inner)
        | Expr::Key(inner)
        | Expr::Import(inner) => into.push(inner),
        // What is assigned to is not read.
        Expr::Assign(target, value) => {
            match program.expr(target) {
                Expr::Member(object, _) => into.push(object),
                Expr::Index(object, key) => into.extend([object, key]),
                _ => {}
            }
            into.push(value);
        }
        Expr::Update { target, .. } => into.push(target),
        Expr::Index(one, other) | Expr::Binary(_, one, other) | Expr::Logic(_, one, other) => {
            into.extend([one, other]);
        }
        Expr::Cond(test, then, other) => into.extend([test, then, other]),
        Expr::Slice(object, list) => {
            into.push(object);
            into.extend(program.list(list));
        }
        Expr::Call { callee, args, .. } => {
            into.push(callee);
            into.extend(program.list(args));
        }
        Expr::Array(list)
        | Expr::Object(list)
        | Expr::Keywords(list)
        | Expr::Class(list)
        | Expr::Concat(list)
        | Expr::Sequence(list)
        | Expr::Comprehend(list)
        | Expr::Other(list) => into.extend(program.list(list)),
    }
}
