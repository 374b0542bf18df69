//! Functions that are handed to tools for command lines and servers: they wait for a command or a
//! request.

use super::Analysis;
use crate::ir::{Expr, ExprId, FuncId, Program, SymbolId};
use crate::know;
use crate::pure::{FileId, Value};
use std::rc::Rc;

impl Analysis<'_> {
    /// Whether a call only notes a handler: a command's, a route's.
    pub(super) fn registers(&self, program: &Rc<Program>, callee: ExprId, value: &Value) -> bool {
        let by_tool = value.path().is_some_and(know::is_of_handlers);
        let Expr::Member(_, name) = program.expr(callee) else {
            return by_tool;
        };
        by_tool
            || matches!(
                program.name(name),
                "action" | "command" | "addCommand" | "subcommand"
            ) && !matches!(value, Value::Function(_))
    }

    /// Whether a function is handed to what makes it a command of another one: `@cli.command()`,
    /// `cli.add_command(function)`, where `cli` has a decorator of a tool for command lines.
    pub(super) fn is_of_command(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
    ) -> bool {
        /// Groups of commands within each other.
        const GROUPS: usize = 8;
        let mut file = file;
        let mut program = Rc::clone(program);
        let mut decorator = callee;
        for _ in 0..GROUPS {
            // It is called with its settings first, or stands as it is.
            if let Expr::Call { callee, .. } = program.expr(decorator) {
                decorator = callee;
            }
            let Expr::Member(group, name) = program.expr(decorator) else {
                return false;
            };
            if !matches!(
                program.name(name),
                "command" | "group" | "callback" | "result_callback" | "add_command"
            ) {
                return false;
            }
            let closure = match self.machine.fold(file, group) {
                Value::Function(closure) => closure,
                Value::Object(object) if !object.is_class => {
                    let name = program.name(name);
                    return object
                        .class
                        .is_some_and(|class| self.is_of_tool(class, name));
                }
                _ => return false,
            };
            let (Some(inner), Some(index)) = (self.program(closure.file), self.index(closure.file))
            else {
                return false;
            };
            let above = index.decorators.get(&closure.function);
            let above = above.map(Vec::as_slice).unwrap_or_default();
            for callee in above {
                let value = self.machine.fold(closure.file, *callee);
                if value.path().is_some_and(know::is_of_handlers) {
                    return true;
                }
            }
            // The last one above a `def` is the first one that is written.
            let Some(first) = above.first() else {
                return false;
            };
            decorator = *first;
            file = closure.file;
            program = inner;
        }
        false
    }

    /// Whether a class is made from one of a tool for command lines, and what it has under a name
    /// does not itself call what it is handed.
    fn is_of_tool(&mut self, class: (FileId, ExprId), name: &str) -> bool {
        if !self.derives_from_tool(class, 0) {
            return false;
        }
        self.all_under_name(class, name)
            .into_iter()
            .all(|(file, function)| !self.calls_what_it_gets(file, function))
    }

    fn derives_from_tool(&mut self, class: (FileId, ExprId), level: u8) -> bool {
        const LEVELS: u8 = 8;
        let Some(program) = self.program(class.0).filter(|_| level < LEVELS) else {
            return false;
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return false;
        };
        let entries = program.list(entries).to_vec();
        entries.chunks_exact(2).any(|pair| {
            let Expr::Spread(base) = program.expr(pair[0]) else {
                return false;
            };
            match self.machine.fold(class.0, base) {
                Value::Native(native) => know::is_of_handlers(&native.path),
                Value::Object(base) if base.is_class => base
                    .class
                    .is_some_and(|base| self.derives_from_tool(base, level + 1)),
                _ => false,
            }
        })
    }

    /// Whether a function, or one in it, calls a parameter by its name.
    fn calls_what_it_gets(&mut self, file: FileId, function: FuncId) -> bool {
        let (Some(program), Some(index)) = (self.program(file), self.index(file)) else {
            return true;
        };
        let is_inside = |mut at: FuncId| loop {
            if at == function {
                return true;
            }
            match program.function(at).parent {
                Some(parent) => at = parent,
                None => return false,
            }
        };
        let is_parameter = |symbol: SymbolId| {
            let values = program.symbol(symbol).values.iter();
            values
                .map(|value| program.expr(*value))
                .any(|value| matches!(value, Expr::Param(..) | Expr::Rest(..)))
        };
        let calls = index.calls.iter().filter(|(at, _)| is_inside(*at));
        let mut calls = calls.flat_map(|(_, calls)| calls);
        calls.any(|call| match program.expr(*call) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Name(name, scope) => program.resolve(name, scope).is_some_and(is_parameter),
                _ => false,
            },
            _ => false,
        })
    }
}
