//! Values that a variable has besides the one that it is folded to: what callers hand in where a
//! parameter has a default, and what stands in a field.

use super::LEVELS;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Language, Logic, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Expressions that are looked at for a parameter with a default.
const LOOKS: u8 = 24;

/// Callers that are asked whether they give something for a parameter.
const SITES: usize = 8;

/// Values of one field that are looked at; of one that has more nobody knows what it holds.
const FIELDS: usize = 4;

/// Expressions that are looked at for the values of one address: each call of a network is asked.
const ADDRESS: u32 = 256;

impl Analysis<'_> {
    /// The values of an address, each of them, whatever it is folded to.
    pub(in crate::flow) fn one_by_one(&mut self, file: FileId, address: ExprId) -> Vec<Value> {
        let before = std::mem::replace(&mut self.turns, true);
        self.looks = ADDRESS;
        let found = self.possible(file, address, 1);
        self.turns = before;
        found
    }

    /// Whether an expression is folded with the default of a parameter that callers hand in:
    /// it is one of several then, however much of it is known.
    pub(in crate::flow) fn has_default(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
    ) -> bool {
        match program.expr(expr) {
            Expr::Const(_) | Expr::Function(_) | Expr::Class(_) => false,
            _ => {
                let mut looks = LOOKS;
                program.language != Language::Rust
                    && self.is_made_with_default(program, file, expr, &mut looks)
            }
        }
    }

    fn is_made_with_default(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
        looks: &mut u8,
    ) -> bool {
        let Some(left) = looks.checked_sub(1) else {
            return false;
        };
        *looks = left;
        let any = |exprs: &[ExprId], looks: &mut u8| {
            let mut exprs = exprs.iter();
            exprs.any(|expr| self.is_made_with_default(program, file, *expr, looks))
        };
        match program.expr(expr) {
            Expr::Name(atom, scope) => program
                .resolve(atom, scope)
                .is_some_and(|symbol| any(&program.symbol(symbol).values, looks)),
            Expr::Logic(Logic::Nullish, left, right) => match program.expr(left) {
                Expr::Param(function, _) => {
                    let place = (file, function);
                    self.callers.contains_key(&place) || self.passed.contains_key(&place)
                }
                _ => any(&[left, right], looks),
            },
            Expr::Await(inner) | Expr::Spread(inner) | Expr::Assign(_, inner) => {
                any(&[inner], looks)
            }
            Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => {
                any(&[left, right], looks)
            }
            Expr::Cond(_, then, other) => any(&[then, other], looks),
            Expr::Concat(items) => any(program.list(items), looks),
            Expr::Call { args, .. } => any(program.list(args), looks),
            _ => false,
        }
    }

    /// Whether it is a parameter that no caller gives: its default holds.
    pub(in crate::flow) fn is_left_out(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
    ) -> bool {
        let Expr::Param(function, position) = program.expr(expr) else {
            return false;
        };
        let Some(sites) = self.callers.get(&(file, function)) else {
            return false;
        };
        let gives_none = |site: &Site| {
            self.program(site.file).is_some_and(|caller| {
                let args = self.arguments(&caller, *site);
                let arg = self.argument(site.file, &args, file, function, position);
                arg.is_none() && matches!(caller.expr(site.expr), Expr::Call { .. })
            })
        };
        !self.passed.contains_key(&(file, function))
            && sites.len() <= SITES
            && sites.iter().all(gives_none)
    }

    /// What stands under a name in an object of the package, where all of that is known.
    pub(in crate::flow) fn possible_part(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: &str,
        level: u8,
    ) -> Vec<Value> {
        // `generator.next().value`.
        if key == "value"
            && let Expr::Call { callee, .. } = program.expr(object)
            && let Expr::Member(list, method) = program.expr(callee)
            && program.name(method) == "next"
            && program.language == Language::JavaScript
        {
            return self.elements_of(file, list, level + 1);
        }
        let parts = self.parts(program, file, object, key);
        let parts = parts.filter(|parts| parts.len() <= FIELDS);
        let mut found = Vec::new();
        for part in parts.unwrap_or_default() {
            found.extend(self.possible(file, part, level + 1));
        }
        if found.is_empty() && level <= LEVELS {
            found = self.possible_above(program, file, object, key, level);
        }
        found
    }

    /// The same of the classes above that of the own object.
    fn possible_above(
        &mut self,
        program: &Program,
        file: FileId,
        object: ExprId,
        key: &str,
        level: u8,
    ) -> Vec<Value> {
        let function = program.own_object(object);
        let class = function.and_then(|function| program.class_around(function));
        let mut found = Vec::new();
        let Some(class) = class else {
            return found;
        };
        for (above, base) in self.bases((file, class)) {
            let (Some(program), Some(index)) = (self.program(above), self.index(above)) else {
                continue;
            };
            let field = program.atom(key).map(|name| (Some(base), name));
            let values = field.and_then(|field| index.fields.get(&field).cloned());
            let values = values.filter(|values| values.len() <= FIELDS);
            for value in values.unwrap_or_default() {
                found.extend(self.possible(above, value, level + 1));
            }
        }
        found
    }
}
