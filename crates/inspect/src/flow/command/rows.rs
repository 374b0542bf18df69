//! Programs that are started by a table, row by row: `for name, words in TABLE: run([name, *words])`.

use super::Labels;
use super::start::{quoted, word_text};
use crate::flow::{Analysis, Site};
use crate::ir::{Compound, Expr, ExprId, Program};
use crate::pure::Value;
use customs_model::Zone;
use std::rc::Rc;

/// Rows that are looked at.
const ROWS: usize = 8;
/// Parts of arguments within each other.
const LEVELS: u8 = 4;

/// A loop: what it gives to its body, and over what it goes.
type Round = (ExprId, ExprId);

impl Analysis<'_> {
    /// Starts what each row of a table says, where the arguments of a call are those of the rows
    /// of a loop around it. Gives whether they are.
    pub(super) fn started_by_rows(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) -> bool {
        let Some(first) = args.first().copied() else {
            return false;
        };
        let round = args.iter().find_map(|arg| round_of(program, *arg, 0));
        let Some((target, over)) = round else {
            return false;
        };
        let rows = self
            .machine
            .rows(program, site.file, target, over, args, ROWS);
        let mut lines: Vec<String> = Vec::new();
        for row in rows {
            let mut words = Vec::new();
            for value in &row {
                match value {
                    Value::Array(items) => words.extend(items.borrow().iter().map(word_text)),
                    Value::Text(_) | Value::Bytes(_) => words.push(word_text(value)),
                    _ => {}
                }
            }
            let is_known = words
                .first()
                .is_some_and(|name| !name.is_empty() && !name.contains(crate::pure::HOLE_START));
            let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            let line = line.join(" ");
            if is_known && !lines.contains(&line) {
                lines.push(line);
            }
        }
        for line in &lines {
            let labels: Labels = Vec::new().into();
            self.started(program, site, path, first, Some(line.clone()), labels, zone);
        }
        !lines.is_empty()
    }
}

/// The loop of whose turn an expression is made.
fn round_of(program: &Program, expr: ExprId, level: u8) -> Option<Round> {
    if level > LEVELS {
        return None;
    }
    match program.expr(expr) {
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let over = program.symbol(symbol).values.iter().find_map(|value| {
                let mut at = *value;
                for _ in 0..LEVELS {
                    match program.expr(at) {
                        Expr::Element(over) => return Some(over),
                        Expr::Member(object, _) | Expr::Index(object, _) => at = object,
                        _ => return None,
                    }
                }
                None
            })?;
            program
                .compounds
                .iter()
                .find_map(|compound| match compound {
                    Compound::Each {
                        target, over: of, ..
                    } if *of == over => Some((*target, *of)),
                    _ => None,
                })
        }
        Expr::Array(items) => {
            let mut items = program.list(items).iter();
            items.find_map(|item| round_of(program, *item, level + 1))
        }
        Expr::Spread(inner) => round_of(program, inner, level + 1),
        Expr::Call { callee, .. } => round_of(program, callee, level + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
