//! What CommonJS modules hand out by calls: what compilers write for `export`.
//!
//! TypeScript, Babel, swc and esbuild define getters on `exports`, or copy all that another
//! module hands out. Which helper they call for that differs; what it is given does not.

use super::Machine;
use super::export::is_exports;
use super::value::{FileId, Value};
use crate::ir::{Expr, ExprId, Program, SymbolId};
use std::rc::Rc;

/// Names that are taken from such calls of one module.
const MOST: usize = 4_096;

/// What a module hands out, in the order in which it is written.
pub(super) type Entries = Vec<(Rc<str>, Value)>;

impl Machine<'_> {
    /// What calls put onto what a module hands out. `whole` is what `module.exports` is given
    /// as a whole.
    pub(super) fn handed_by_calls(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        whole: Option<ExprId>,
        entries: &mut Entries,
    ) {
        let alias = whole.and_then(|whole| only_argument(program, whole));
        for (call, _) in &program.calls {
            let Expr::Call {
                callee,
                args,
                new: false,
            } = program.expr(*call)
            else {
                continue;
            };
            if entries.len() >= MOST {
                return;
            }
            match program.list(args) {
                [target, key, descriptor] if is_target(program, *target, alias) => {
                    let (key, descriptor) = (*key, *descriptor);
                    let callee = self.eval(program, file, callee, None);
                    match callee.path() {
                        Some("Object.defineProperty" | "Reflect.defineProperty") => {
                            self.defined(program, file, key, descriptor, entries);
                        }
                        Some("Object.assign") => {
                            self.all_of(program, file, key, entries);
                            self.all_of(program, file, descriptor, entries);
                        }
                        _ => {}
                    }
                }
                [target, from] if is_target(program, *target, alias) => {
                    self.put_on(program, file, callee, *from, entries);
                }
                [from, target] if is_target(program, *target, alias) => {
                    if is_called(program, callee, "__exportStar")
                        || is_called(program, callee, "_export_star")
                    {
                        self.all_of(program, file, *from, entries);
                    }
                }
                [from] if is_called(program, callee, "__export") => {
                    self.all_of(program, file, *from, entries);
                }
                _ => {}
            }
        }
    }

    /// `Object.assign(exports, from)`, and `__export(exports, {a: () => a})`.
    fn put_on(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        callee: ExprId,
        from: ExprId,
        entries: &mut Entries,
    ) {
        if let Expr::Object(getters) = program.expr(from)
            && (is_called(program, callee, "__export") || is_called(program, callee, "_export"))
        {
            for pair in program.list(getters).to_vec().chunks_exact(2) {
                if let Some(name) = program.text(pair[0]).map(Rc::from) {
                    let value = self.given_by(program, file, pair[1]);
                    entries.push((name, value));
                }
            }
            return;
        }
        let callee = self.eval(program, file, callee, None);
        if callee.path() == Some("Object.assign") {
            self.all_of(program, file, from, entries);
        }
    }

    /// `Object.defineProperty(exports, key, {value})` or `{get}`.
    fn defined(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        descriptor: ExprId,
        entries: &mut Entries,
    ) {
        let Expr::Object(parts) = program.expr(descriptor) else {
            return;
        };
        let parts = program.list(parts);
        let part = |name: &str| {
            let mut pairs = parts.chunks_exact(2);
            let found = pairs.find(|pair| program.text(pair[0]) == Some(name));
            found.map(|pair| pair[1])
        };
        let (value, getter) = (part("value"), part("get"));
        let given = value.or_else(|| getter.and_then(|getter| only_return(program, getter)));
        match given {
            Some(given) => self.under_key(program, file, key, given, entries),
            None => {
                if let (Some(getter), Some(name)) = (getter, program.text(key).map(Rc::from)) {
                    let value = self.given_by(program, file, getter);
                    entries.push((name, value));
                }
            }
        }
    }

    /// `exports[key] = value`: under a name that is known, or all that is copied name by name
    /// from something else: `for (p in m) exports[p] = m[p]`.
    pub(super) fn under_key(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        key: ExprId,
        value: ExprId,
        entries: &mut Entries,
    ) {
        if let Value::Text(name) = self.eval(program, file, key, None) {
            let value = self.eval(program, file, value, None);
            entries.push((name, value));
        } else if let Expr::Index(from, same) = program.expr(value)
            && let (Some(key), Some(same)) = (variable(program, key), variable(program, same))
            && key == same
        {
            self.all_of(program, file, from, entries);
        }
    }

    fn all_of(&mut self, program: &Rc<Program>, file: FileId, from: ExprId, entries: &mut Entries) {
        if let Value::Object(object) = self.eval(program, file, from, None)
            && !object.is_class
        {
            let left = MOST.saturating_sub(entries.len());
            // `default` is not handed on, and says nothing about who hands on.
            let copied: Entries = object
                .entries
                .borrow()
                .iter()
                .filter(|(name, _)| !matches!(&**name, "default" | "__esModule"))
                .take(left)
                .cloned()
                .collect();
            // What the module itself hands out holds.
            for (name, value) in copied {
                if !entries.iter().any(|(known, _)| *known == name) {
                    entries.push((name, value));
                }
            }
        }
    }

    /// What a getter gives.
    fn given_by(&mut self, program: &Rc<Program>, file: FileId, getter: ExprId) -> Value {
        if let Some(given) = only_return(program, getter) {
            return self.eval(program, file, given, None);
        }
        match self.eval(program, file, getter, None) {
            function @ Value::Function(_) => self.invoke(
                &function,
                Value::Undefined,
                Vec::new(),
                false,
                program.language,
            ),
            _ => Value::Unknown,
        }
    }

    /// `Object.defineProperty(object, key, descriptor)` of an object that is known.
    pub(super) fn define_property(&mut self, args: &[Value]) -> Option<Value> {
        let [object @ Value::Object(into), key, Value::Object(_)] = args else {
            return None;
        };
        let (Some(key), false) = (key.known_text(), into.is_class) else {
            return None;
        };
        let language = crate::ir::Language::JavaScript;
        let value = match self.get(&args[2], "value", language) {
            Value::Undefined | Value::Unknown => match self.get(&args[2], "get", language) {
                getter @ Value::Function(_) => {
                    self.invoke(&getter, object.clone(), Vec::new(), false, language)
                }
                _ => return None,
            },
            value => value,
        };
        super::run::put(object, &Value::text(key), value);
        Some(object.clone())
    }
}

/// What a function gives back, where that is one expression.
fn only_return(program: &Program, function: ExprId) -> Option<ExprId> {
    let Expr::Function(function) = program.expr(function) else {
        return None;
    };
    match program.function(function).returns[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The variable that a whole is made from: `__toCommonJS(names)`.
fn only_argument(program: &Program, whole: ExprId) -> Option<SymbolId> {
    let Expr::Call { args, .. } = program.expr(whole) else {
        return None;
    };
    match program.list(args) {
        [only] => variable(program, *only),
        _ => None,
    }
}

fn variable(program: &Program, expr: ExprId) -> Option<SymbolId> {
    match program.expr(expr) {
        Expr::Name(atom, scope) => program.resolve(atom, scope),
        _ => None,
    }
}

fn is_target(program: &Program, object: ExprId, alias: Option<SymbolId>) -> bool {
    is_exports(program, object) || alias.is_some() && variable(program, object) == alias
}

/// Whether a helper of this name is called: `__export(…)`, `tslib.__exportStar(…)`.
fn is_called(program: &Program, callee: ExprId, name: &str) -> bool {
    match program.expr(callee) {
        Expr::Name(atom, _) | Expr::Member(_, atom) => program.name(atom) == name,
        Expr::Sequence(parts) => program
            .list(parts)
            .last()
            .is_some_and(|last| *last != callee && is_called(program, *last, name)),
        _ => false,
    }
}
