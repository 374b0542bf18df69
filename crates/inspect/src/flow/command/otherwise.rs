//! What a command line is otherwise: where a part of it is one of several values, folding says one
//! of them, and each of them may be what runs.

use super::rows::lines_of;
use crate::flow::{Analysis, Context};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Lines that are looked at besides the one that is folded.
const LINES: usize = 8;

impl Analysis<'_> {
    /// The lines that arguments make besides the one that they are folded to.
    pub(super) fn other_lines(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<String> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let mut folded: Option<Vec<Value>> = None;
        for (position, arg) in args.iter().copied().enumerate() {
            for other in self.other_values(program, file, arg, context) {
                let folded = folded.get_or_insert_with(|| {
                    let values = args.iter();
                    values
                        .map(|arg| self.fold_value(file, *arg, context))
                        .collect()
                });
                let mut row = folded.clone();
                if let Some(place) = row.get_mut(position) {
                    *place = other;
                }
                if rows.len() < LINES {
                    rows.push(row);
                }
            }
        }
        let mut lines = lines_of(rows.iter().map(Vec::as_slice));
        if let Some(folded) = folded {
            let known = lines_of(std::iter::once(folded.as_slice()));
            lines.retain(|line| !known.contains(line));
        }
        lines
    }

    /// What an argument is besides what it is folded to. Of a list one word at a time.
    fn other_values(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        arg: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Value> {
        let values = |this: &mut Self, expr| {
            this.if_chosen(program, file, expr, context, |this| {
                this.possible(file, expr, 0)
            })
        };
        let Expr::Array(words) = program.expr(arg) else {
            return values(self, arg);
        };
        let words = program.list(words).to_vec();
        let mut out = Vec::new();
        for (position, word) in words.iter().copied().enumerate() {
            let others = values(self, word);
            if others.is_empty() {
                continue;
            }
            let Value::Array(folded) = self.fold_value(file, arg, context) else {
                return out;
            };
            for other in others.into_iter().take(LINES) {
                let mut items = folded.borrow().clone();
                // A list in a list moves what comes behind it.
                if items.len() != words.len() {
                    return out;
                }
                if let Some(place) = items.get_mut(position) {
                    *place = other;
                }
                out.push(Value::array(items));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
