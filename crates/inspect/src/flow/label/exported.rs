//! What a file of JavaScript hands out, as it is written.

use crate::ir::{Atom, Export, Expr, ExprId, FuncId, Program};
use crate::pure::{is_exports, is_module};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Names that stand for what is handed out, one behind the other.
const LEVELS: u8 = 4;
/// Values of one name.
const VALUES: usize = 8;

/// A value, and the function in which it is handed out.
pub(super) type Given = (ExprId, FuncId);

/// What a file hands out, by name.
#[derive(Debug, Default)]
pub(super) struct Exported {
    named: FxHashMap<Rc<str>, Vec<Given>>,
    /// The same, in the order in which it is written.
    order: Vec<Given>,
    /// As a whole: `module.exports = a`.
    pub wholes: Vec<Given>,
    /// All of these: `Object.assign(exports, a)`.
    pub copied: Vec<Given>,
    /// All of what these modules hand out: `export * from "./a.js"`.
    pub modules: Vec<Atom>,
}

impl Exported {
    /// Looks through what a file puts into properties, once.
    pub fn of(program: &Program) -> Self {
        let mut out = Self::default();
        for export in &program.exports {
            match export {
                Export::Value(name, value) => {
                    out.put(program.shared_name(*name), (*value, FuncId(0)));
                }
                Export::All(specifier) => out.modules.push(*specifier),
            }
        }
        for store in &program.stores {
            let given = (store.value, store.function);
            if is_handed_out(program, store.object, 0) {
                let computed = store.computed.and_then(|key| program.text(key));
                match (store.key, computed) {
                    (Some(key), _) => out.put(program.shared_name(key), given),
                    (None, Some(key)) => out.put(key.into(), given),
                    (None, None) => {}
                }
            } else if is_module(program, store.object)
                && store.key.is_some_and(|key| program.name(key) == "exports")
            {
                // `module.exports = exports = a`.
                let value = given_last(program, store.value);
                if !is_handed_out(program, value, 0) {
                    out.wholes.push((value, store.function));
                }
            }
        }
        out.calls(program);
        out
    }

    /// `Object.assign(exports, a)`, `__exportStar(require("./a"), exports)`.
    fn calls(&mut self, program: &Program) {
        // Whoever has neither names nothing that is handed out in a call.
        if program.atom("exports").is_none() {
            return;
        }
        for (call, function) in &program.calls {
            let Expr::Call { callee, args, .. } = program.expr(*call) else {
                continue;
            };
            let name = match program.expr(callee) {
                Expr::Name(atom, _) | Expr::Member(_, atom) => program.name(atom),
                _ => continue,
            };
            match (name, program.list(args)) {
                ("assign", [object, more @ ..]) if is_handed_out(program, *object, 0) => {
                    self.copied
                        .extend(more.iter().map(|value| (*value, *function)));
                }
                ("__exportStar" | "_export_star", [from, object])
                    if is_handed_out(program, *object, 0) =>
                {
                    self.copied.push((*from, *function));
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, name: Rc<str>, given: Given) {
        let named = self.named.entry(name).or_default();
        if named.len() < VALUES {
            named.push(given);
            self.order.push(given);
        }
    }

    /// What is handed out under a name.
    pub fn under(&self, name: &str) -> &[Given] {
        self.named.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everything, in the order in which it is written.
    pub fn all_values(&self) -> impl Iterator<Item = Given> {
        let wholes = self.wholes.iter().chain(&self.copied);
        wholes.chain(&self.order).copied()
    }
}

/// What is given at the end of `a = b = c`.
fn given_last(program: &Program, mut value: ExprId) -> ExprId {
    for _ in 0..LEVELS {
        match program.expr(value) {
            Expr::Assign(_, inner) => value = inner,
            _ => break,
        }
    }
    value
}

/// Whether an expression is the object that a file hands out: `exports`, `module.exports`, or a
/// name of its own for it.
fn is_handed_out(program: &Program, object: ExprId, level: u8) -> bool {
    if is_exports(program, object) {
        return true;
    }
    if level > LEVELS {
        return false;
    }
    match program.expr(object) {
        Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
            let values = &program.symbol(symbol).values;
            values.len() <= VALUES
                && values
                    .iter()
                    .any(|value| is_handed_out(program, *value, level + 1))
        }),
        // `const api = module.exports = {}`.
        Expr::Assign(target, value) => {
            is_exports(program, target) || is_handed_out(program, value, level + 1)
        }
        _ => false,
    }
}
