//! The elements of lists, by where they are written out, filled or made.

use super::{LEVELS, MOST, Turn};
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Arguments behind those that have a name.
const REST: u16 = 8;

impl Analysis<'_> {
    /// The elements of a list, by what it is written out as and what is put into it.
    pub(super) fn elements(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        list: ExprId,
        level: u8,
    ) -> Vec<Turn> {
        if level > LEVELS || !self.growing.looks() {
            return Vec::new();
        }
        let mut found = Vec::new();
        match program.expr(list) {
            Expr::Array(items) => {
                for item in program.list(items).iter().take(MOST) {
                    match program.expr(*item) {
                        Expr::Spread(inner) => {
                            found.extend(self.elements(program, file, inner, level + 1));
                        }
                        _ => found.push(Turn::At(file, *item)),
                    }
                }
            }
            Expr::Await(inner) | Expr::Assign(_, inner) | Expr::Spread(inner) => {
                found = self.elements(program, file, inner, level + 1);
            }
            Expr::Logic(_, one, other) | Expr::Cond(_, one, other) => {
                found = self.elements(program, file, one, level + 1);
                found.extend(self.elements(program, file, other, level + 1));
            }
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return found;
                };
                let values = program.symbol(symbol).values.to_vec();
                for value in values.into_iter().take(MOST) {
                    found.extend(self.elements(program, file, value, level + 1));
                }
                let index = self.index(file);
                let put = index.and_then(|index| index.mutations.get(&symbol).cloned());
                let put = put.into_iter().flatten().take(MOST);
                found.extend(put.map(|value| Turn::At(file, value)));
            }
            // `(...steps) => steps.reduce((value, step) => step(value), first)`.
            Expr::Rest(function, from) => {
                for position in from..from.saturating_add(REST) {
                    let handed = self.handed_in(file, function, position);
                    if handed.is_empty() || found.len() >= MOST {
                        break;
                    }
                    let handed = handed.into_iter();
                    found.extend(handed.map(|(_, file, arg)| Turn::At(file, arg)));
                }
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                found = self.elements_of_call(program, file, (callee, &args), level);
            }
            // A list that is handed in, or kept in a table.
            _ => {
                for turn in self.turns_of(program, file, list, level + 1) {
                    found.extend(self.elements_of_turn(turn, level));
                }
            }
        }
        if found.is_empty() {
            found = known_elements(&self.machine.fold(file, list));
        }
        found.truncate(MOST);
        found
    }

    fn elements_of_turn(&mut self, turn: Turn, level: u8) -> Vec<Turn> {
        match turn {
            Turn::At(file, expr) => match self.program(file) {
                Some(program) => self.elements(&program, file, expr, level + 1),
                None => Vec::new(),
            },
            Turn::Known(value) => known_elements(&value),
        }
    }

    fn elements_of_call(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        (callee, args): (ExprId, &[ExprId]),
        level: u8,
    ) -> Vec<Turn> {
        if let Expr::Member(list, method) = program.expr(callee) {
            match program.name(method) {
                "filter" | "slice" | "sort" | "toSorted" | "reverse" | "toReversed" | "values"
                | "splice" | "concat" | "flat" => {
                    let mut found = self.elements(program, file, list, level + 1);
                    if program.name(method) == "concat" {
                        for arg in args {
                            found.push(Turn::At(file, *arg));
                            found.extend(self.elements(program, file, *arg, level + 1));
                        }
                    }
                    if program.name(method) == "flat" {
                        let lists = found.clone();
                        for list in lists {
                            found.extend(self.elements_of_turn(list, level));
                        }
                    }
                    return found;
                }
                "map" | "flatMap" => {
                    let Some(Value::Function(made)) =
                        args.first().map(|made| self.machine.fold(file, *made))
                    else {
                        return Vec::new();
                    };
                    return self.given_back(made.file, made.function);
                }
                "from" | "of" if matches!(program.expr(list), Expr::Name(name, _) if program.name(name) == "Array") =>
                {
                    return if program.name(method) == "of" {
                        args.iter().map(|arg| Turn::At(file, *arg)).collect()
                    } else if let Some(list) = args.first() {
                        self.elements(program, file, *list, level + 1)
                    } else {
                        Vec::new()
                    };
                }
                _ => {}
            }
        }
        match self.machine.fold(file, callee) {
            Value::Function(made) => self.given_back(made.file, made.function),
            // `new Set([a, b])`.
            Value::Native(native) if matches!(&*native.path, "Set" | "Promise.all") => {
                match args.first() {
                    Some(list) => self.elements(program, file, *list, level + 1),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// What a function gives back, and what a generator yields.
    fn given_back(&mut self, file: FileId, function: FuncId) -> Vec<Turn> {
        let Some(program) = self.program(file) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for given in program.function(function).returns.iter().take(MOST) {
            match program.expr(*given) {
                Expr::Array(items) => {
                    let items = program.list(items).iter();
                    found.extend(items.map(|item| Turn::At(file, *item)));
                }
                Expr::Yield(inner) => found.push(Turn::At(file, inner)),
                _ => found.push(Turn::At(file, *given)),
            }
        }
        found
    }
}

/// The elements of a value that was folded.
fn known_elements(value: &Value) -> Vec<Turn> {
    match value {
        Value::Array(items) => {
            let items = items.borrow();
            items.iter().take(MOST).cloned().map(Turn::Known).collect()
        }
        _ => Vec::new(),
    }
}
