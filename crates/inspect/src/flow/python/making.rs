//! What happens when a class of Python is made, and what a text calls that a module runs.

use super::super::reach::Queue;
use super::super::{Analysis, Site};
use super::Class;
use crate::ir::{Expr, ExprId, FuncId, Program, ScopeId};
use crate::pure::FileId;
use customs_model::Zone;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Bytes of a text that is looked at for what it calls.
const TEXT: usize = 4 << 10;
/// Calls of it.
const CALLS: usize = 64;

impl Analysis<'_> {
    /// The class that tells another one that it is made from it: `base.__init_subclass__()`.
    pub(super) fn class_made_from(
        &mut self,
        program: &Program,
        file: FileId,
        told: ExprId,
    ) -> Option<Class> {
        let Expr::Member(base, _) = program.expr(told) else {
            return None;
        };
        let known = self.python.made_from.get(&file).map(Rc::clone);
        let made = known.unwrap_or_else(|| {
            let mut made = FxHashMap::default();
            for (at, expr) in program.exprs.iter().enumerate() {
                let Expr::Class(entries) = *expr else {
                    continue;
                };
                for pair in program.list(entries).chunks_exact(2) {
                    if let Expr::Spread(base) = program.expr(pair[0]) {
                        made.insert(base, ExprId(at as u32));
                    }
                }
            }
            let made = Rc::new(made);
            self.python.made_from.insert(file, Rc::clone(&made));
            made
        });
        made.get(&base).map(|class| (file, *class))
    }

    /// Members of an `Enum` are made with the class itself.
    pub(super) fn made_members(
        &mut self,
        program: &Program,
        site: Site,
        callee: ExprId,
        base: &str,
        zone: Zone,
        queue: &mut Queue,
    ) {
        if !matches!(
            base,
            "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag"
        ) {
            return;
        }
        let Some(class) = self.class_made_from(program, site.file, callee) else {
            return;
        };
        for (file, function) in
            self.methods_named(class, &["__init__", "__new__", "_generate_next_value_"])
        {
            queue.push(zone, file, function);
        }
    }

    /// Functions of a module that a text calls which the module runs: `exec("go()")`.
    pub(super) fn called_in_text(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        if !matches!(path, "exec" | "eval" | "builtins.exec" | "builtins.eval") {
            return;
        }
        let Some(text) = args.first() else {
            return;
        };
        let text = self.machine.fold(site.file, *text);
        let Some(text) = text.known_text().filter(|text| text.len() <= TEXT) else {
            return;
        };
        // What it calls has to stand in it.
        if !text.contains('(') {
            return;
        }
        let Ok(run) = crate::python::read(text) else {
            return;
        };
        let calls = run.calls.iter().take(CALLS);
        for (call, function) in calls {
            let Expr::Call { callee, .. } = run.expr(*call) else {
                continue;
            };
            let Expr::Name(atom, scope) = run.expr(callee) else {
                continue;
            };
            if *function != FuncId(0) || run.resolve(atom, scope).is_some() {
                continue;
            }
            let symbol = program
                .atom(run.name(atom))
                .and_then(|atom| program.declared.get(&(ScopeId(0), atom)));
            let Some(symbol) = symbol else {
                continue;
            };
            for value in &program.symbol(*symbol).values {
                match program.expr(*value) {
                    Expr::Function(function) => queue.push(zone, site.file, function),
                    Expr::Class(_) => {
                        self.class((site.file, *value), zone, Some(site), queue);
                    }
                    _ => {}
                }
            }
        }
    }
}
