//! Methods of the package's classes that Python's library calls.

use super::super::reach::Queue;
use super::super::{Analysis, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know;
use crate::pure::Value;
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// A method of the library's calls others of the object that it is called on:
    /// `Worker().start()` calls `run`, where `Worker` is a thread.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn calls_own(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        callee: ExprId,
        path: &str,
        zone: Zone,
        first: bool,
        queue: &mut Queue,
    ) {
        let names = know::calls_own(path);
        let Expr::Member(object, _) = program.expr(callee) else {
            return;
        };
        if names.is_empty() {
            return;
        }
        let Value::Object(object) = self.machine.fold(site.file, object) else {
            return;
        };
        let Some(class) = object.class.filter(|_| !object.is_class) else {
            return;
        };
        for (file, function) in self.methods_named(class, names) {
            self.calls(file, function, site, first);
            queue.push(zone, file, function);
        }
    }

    /// Something of the library calls methods of an object that it is handed.
    pub(super) fn told_library(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        let names = know::calls_handed(path);
        if names.is_empty() {
            return;
        }
        let mut handed = Vec::new();
        for arg in args {
            match program.expr(*arg) {
                Expr::Keywords(entries) => {
                    let values = program.list(entries).iter().skip(1).step_by(2);
                    handed.extend(values.copied());
                }
                _ => handed.push(*arg),
            }
        }
        for arg in handed {
            let Value::Object(object) = self.machine.fold(site.file, arg) else {
                continue;
            };
            let Some(class) = object.class.filter(|_| !object.is_class) else {
                continue;
            };
            for (file, function) in self.methods_named(class, names) {
                queue.push(zone, file, function);
            }
        }
    }
}
