//! What is handed to a call of Python in other ways than by its name: `call(make())`,
//! `call(*functions)`, `call(**names)`, a name that is one of several.

use super::super::reach::Queue;
use super::super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Functions of one list that is handed over.
const MOST: usize = 64;
/// Places at which a function that is asked about gives something back.
const RETURNS: usize = 8;

impl Analysis<'_> {
    /// Hands over what an argument is computed to be.
    pub(in crate::flow) fn handed_value(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        arg: ExprId,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        match program.expr(arg) {
            Expr::Const(_) | Expr::Concat(_) | Expr::Unary(..) | Expr::Binary(..) => {}
            // What goes by turns is handed over more often to be noted than to be called.
            Expr::Name(atom, scope)
                if program.resolve(atom, scope).is_some_and(|symbol| {
                    let mut values = program.symbol(symbol).values.iter();
                    values.any(|value| matches!(program.expr(*value), Expr::Element(_)))
                }) => {}
            Expr::Name(..) | Expr::Member(..) | Expr::Cond(..) | Expr::Logic(..) => {
                for (file, function) in self.functions_meant(program, site, arg, zone) {
                    self.hand_function(file, function, site, zone, first, queue);
                }
            }
            // `*functions`, `**names`.
            Expr::Spread(list) => match self.machine.fold(site.file, list) {
                Value::Array(items) => {
                    let items: Vec<Value> = items.borrow().iter().take(MOST).cloned().collect();
                    for item in items {
                        self.hand_value(&item, site, zone, first, queue);
                    }
                }
                Value::Object(object) if object.class.is_none() && object.module.is_none() => {
                    let entries = object.entries.borrow();
                    let values = entries.iter().take(MOST).map(|(_, value)| value.clone());
                    let values: Vec<Value> = values.collect();
                    drop(entries);
                    for value in values {
                        self.hand_value(&value, site, zone, first, queue);
                    }
                }
                _ => {}
            },
            Expr::Call { callee, .. } => {
                // An object is made far more often than a function is given.
                let gives = match self.machine.fold(site.file, callee) {
                    Value::Function(closure) => {
                        self.gives_functions(closure.file, closure.function)
                    }
                    Value::Native(native) => matches!(&*native.path, "eval" | "getattr"),
                    _ => false,
                };
                if gives {
                    let value = self.machine.fold(site.file, arg);
                    self.hand_value(&value, site, zone, first, queue);
                }
            }
            Expr::Index(..) => {
                let value = self.machine.fold(site.file, arg);
                self.hand_value(&value, site, zone, first, queue);
            }
            _ => {}
        }
    }

    /// Whether what a function gives back may be a function or a class.
    fn gives_functions(&mut self, file: FileId, function: FuncId) -> bool {
        let Some(program) = self.program(file) else {
            return false;
        };
        let is_one = |value: &ExprId| {
            matches!(
                program.expr(*value),
                Expr::Function(_) | Expr::Class(_) | Expr::Param(..)
            )
        };
        let mut given = program.function(function).returns.iter().take(RETURNS);
        given.any(|value| match program.expr(*value) {
            Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
                let mut values = program.symbol(symbol).values.iter();
                values.any(is_one)
            }),
            Expr::Cond(..) | Expr::Logic(..) | Expr::Index(..) => true,
            _ => is_one(value),
        })
    }

    fn hand_value(
        &mut self,
        value: &Value,
        site: Site,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        match value {
            Value::Function(closure) => {
                self.hand_function(closure.file, closure.function, site, zone, first, queue);
            }
            Value::Object(object) if object.is_class => {
                if let Some(class) = object.class {
                    self.class(class, zone, None, queue);
                }
            }
            _ => {}
        }
    }

    fn hand_function(
        &mut self,
        file: FileId,
        function: FuncId,
        site: Site,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        if first {
            self.passed_again(file, function, site);
        }
        queue.push(zone, file, function);
    }
}
