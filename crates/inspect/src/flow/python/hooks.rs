//! What builders call by its name, wherever it is from: hooks of a back-end that hands on those of
//! another module, classes and functions that settings of a project name.

use super::super::Analysis;
use super::super::reach::{BUILD_HOOKS, Queue};
use crate::ir::{Expr, FuncId, Program, ScopeId};
use crate::pure::{FileId, Value};
use customs_model::Zone;

impl Analysis<'_> {
    /// Enters what a file has under a name.
    pub(in crate::flow) fn enter_named(
        &mut self,
        file: FileId,
        name: &str,
        zone: Zone,
        queue: &mut Queue,
    ) {
        match self.machine.named(file, name) {
            Value::Function(closure) => queue.push(zone, closure.file, closure.function),
            Value::Object(object) if object.is_class => {
                if let Some(class) = object.class {
                    self.class(class, zone, None, queue);
                }
            }
            _ => {}
        }
    }

    /// Hooks that a back-end does not define where it stands: `from own import build_wheel`,
    /// `from own import *`, `build_wheel = build`.
    pub(in crate::flow) fn hooks_of_others(
        &mut self,
        program: &Program,
        file: FileId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        // A script that imports the like does not hand it on.
        if self.package.file(file).path == "setup.py" {
            return;
        }
        for hook in BUILD_HOOKS.iter().take_while(|hook| **hook != "initialize") {
            let declared = program.atom(hook).and_then(|atom| {
                let symbol = program.declared.get(&(ScopeId(0), atom))?;
                Some(program.symbol(*symbol).values.to_vec())
            });
            let is_own = declared.as_ref().is_some_and(|values| {
                values
                    .iter()
                    .all(|value| matches!(program.expr(*value), Expr::Function(_)))
            });
            if is_own || declared.is_none() && program.stars.is_empty() {
                continue;
            }
            if let Value::Function(closure) = self.machine.named(file, hook)
                && closure.function != FuncId(0)
            {
                queue.push(zone, closure.file, closure.function);
            }
        }
    }
}
