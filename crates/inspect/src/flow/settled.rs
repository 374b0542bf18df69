//! What callbacks are given that is known before they run: what a promise is settled with, what a
//! timer hands on, what a file of the package holds.
//!
//! `import('./x').then(m => m.go())` calls `go` of that module as `require('./x').go()` does.

use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::Value;
use customs_model::Zone;
use std::rc::Rc;

impl Analysis<'_> {
    /// Notes what a call gives to the functions that stand among its arguments, as far as it is
    /// one thing that is known.
    pub(super) fn gives_to_callbacks(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        value: &Value,
        callee: ExprId,
        args: &[ExprId],
    ) {
        if program.language != Language::JavaScript || matches!(value, Value::Function(_)) {
            return;
        }
        let Some((at, function)) =
            args.iter()
                .enumerate()
                .find_map(|(at, arg)| match program.expr(*arg) {
                    Expr::Function(function) => Some((at, function)),
                    _ => None,
                })
        else {
            return;
        };
        match (program.expr(callee), value) {
            (Expr::Member(promise, method), _) if at == 0 && program.name(method) == "then" => {
                let settled = self.machine.fold(site.file, promise);
                self.gives(site, function, 0, settled);
            }
            (Expr::Member(list, method), _) if at == 0 && goes_through(program.name(method)) => {
                if let Value::Array(items) = self.machine.fold(site.file, list)
                    && let [only] = &items.borrow()[..]
                {
                    self.gives(site, function, 0, only.clone());
                }
            }
            (_, Value::Native(native)) if is_timer(&native.path) && at == 0 => {
                for (position, arg) in args.iter().skip(2).take(8).enumerate() {
                    let given = self.machine.fold(site.file, *arg);
                    self.gives(site, function, position as u16, given);
                }
            }
            (_, Value::Native(native)) if matches!(&*native.path, "fs.readFile") && at > 0 => {
                let mut asked = Vec::new();
                for arg in &args[..at] {
                    asked.push(self.machine.fold(site.file, *arg));
                }
                let reads = Value::native("fs.readFileSync");
                let read = self.machine.apply(&reads, asked, program.language);
                self.gives(site, function, 1, read);
            }
            _ => {}
        }
    }

    /// What is waited for and has a function `then` is asked by it.
    pub(super) fn awaited(&mut self, site: Site, value: ExprId, zone: Zone, queue: &mut Queue) {
        let value = self.machine.fold(site.file, value);
        if !matches!(value, Value::Object(_)) {
            return;
        }
        if let Value::Function(then) = self.machine.property(&value, "then") {
            queue.push(zone, then.file, then.function);
        }
    }

    fn gives(&mut self, site: Site, function: FuncId, position: u16, value: Value) {
        let is_known = match &value {
            Value::Unknown | Value::Undefined | Value::Null => false,
            // What a call of a library gives is a promise, and not what it is settled with.
            Value::Native(native) => !native.path.contains("()"),
            _ => true,
        };
        if is_known {
            self.machine.give(site.file, function, position, value);
        }
    }
}

/// Whether a method calls what it gets with each element, one after the other.
fn goes_through(method: &str) -> bool {
    matches!(
        method,
        "forEach" | "map" | "filter" | "some" | "every" | "find" | "findIndex" | "flatMap"
    )
}

fn is_timer(path: &str) -> bool {
    let path = path.strip_prefix("timers.").unwrap_or(path);
    matches!(path, "setTimeout" | "setImmediate" | "setInterval")
}

#[cfg(test)]
mod tests;
