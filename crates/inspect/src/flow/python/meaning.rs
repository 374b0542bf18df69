//! What an expression of Python may mean where it is handed over or read: functions, and the
//! classes of objects.

use super::super::fellows::MOST;
use super::super::{Analysis, Site};
use super::Class;
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// Functions that an expression may mean, at a call that they are handed to.
    pub(in crate::flow) fn functions_meant(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        expr: ExprId,
        zone: Zone,
    ) -> Vec<(FileId, FuncId)> {
        let mut found = Vec::new();
        self.growing.ask(zone);
        self.meant(program, site.file, expr, 0, &mut found);
        self.growing.close(site);
        found
    }

    /// The classes that an object may be made from, where a place reads something of it.
    pub(in crate::flow) fn classes_handed(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        object: ExprId,
        zone: Zone,
    ) -> Vec<Class> {
        self.growing.ask(zone);
        let found = self.classes(program, site.file, object, 0);
        self.growing.close(site);
        found
    }

    /// The functions that a table in a field of the object itself has, under a name where one is
    /// known: `self.table = {"a": self.run}`.
    pub(in crate::flow) fn of_own_table(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        table: ExprId,
        name: Option<&str>,
        level: u8,
        found: &mut Vec<(FileId, FuncId)>,
    ) {
        let Expr::Member(object, field) = program.expr(table) else {
            return;
        };
        for value in self.fields_of_self(program, file, object, field) {
            match program.expr(value) {
                Expr::Object(entries) => {
                    for pair in program.list(entries).to_vec().chunks_exact(2) {
                        let is_it = name.is_none_or(|name| program.text(pair[0]) == Some(name));
                        if is_it && found.len() < MOST {
                            self.meant(program, file, pair[1], level + 1, found);
                        }
                    }
                }
                Expr::Array(items) if name.is_none() => {
                    for item in program.list(items).to_vec().into_iter().take(MOST) {
                        self.meant(program, file, item, level + 1, found);
                    }
                }
                _ => {}
            }
        }
    }

    /// The class of an object that is handed over: `call(Maker())`, `call(made)`. Nothing is made
    /// for that.
    pub(in crate::flow) fn class_of_object(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        arg: ExprId,
    ) -> Option<Class> {
        let (of, is_made) = match program.expr(arg) {
            Expr::Call { callee, .. } => (callee, true),
            Expr::Name(..) | Expr::Member(..) => (arg, false),
            _ => return None,
        };
        match self.machine.fold(file, of) {
            Value::Object(object) if object.is_class == is_made => object.class,
            _ => None,
        }
    }
}

/// What a name of Python goes through in a loop, and which part of each element it is.
pub(in crate::flow) fn by_turns(
    program: &Program,
    named: ExprId,
) -> Option<(ExprId, Option<Rc<str>>)> {
    let Expr::Name(atom, scope) = program.expr(named) else {
        return None;
    };
    let symbol = program.resolve(atom, scope)?;
    let [only] = program.symbol(symbol).values[..] else {
        return None;
    };
    match program.expr(only) {
        Expr::Element(over) => Some((over, None)),
        Expr::Member(object, part) => match program.expr(object) {
            Expr::Element(over) => Some((over, Some(program.shared_name(part)))),
            _ => None,
        },
        _ => None,
    }
}
