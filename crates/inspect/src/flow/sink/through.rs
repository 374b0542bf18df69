//! Functions of Python's library that are called by another one, or by another name:
//! `Thread(target=exec, args=(text,))`, `partial(exec, text)()`, `exec.__call__(text)`,
//! `self.run(text)` where a field holds `exec`.

use crate::flow::index::class_of;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Language, Program};
use crate::know;
use crate::pure::{FileId, Native, Value};
use std::rc::Rc;

/// Functions of the library that are handed on to each other.
const LEVELS: usize = 4;

impl Analysis<'_> {
    /// What of the library a call of another function of it calls, and with what.
    pub(super) fn called_through(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        native: &Native,
        args: &[ExprId],
    ) -> Option<(Value, Vec<ExprId>)> {
        let mut native = native.clone();
        let mut args = args.to_vec();
        let mut is_other = false;
        for _ in 0..LEVELS {
            let Some((inner, given)) = self.one_through(program, site, &native, &args) else {
                break;
            };
            is_other = true;
            native = inner;
            args = given;
        }
        is_other.then_some((Value::Native(native), args))
    }

    fn one_through(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        native: &Native,
        args: &[ExprId],
    ) -> Option<(Native, Vec<ExprId>)> {
        if let Some(path) = native.path.strip_suffix(".__call__") {
            let inner = Native {
                path: path.into(),
                made_at: native.made_at,
            };
            return Some((inner, args.to_vec()));
        }
        // `partial(f, a)(b)` is `f(a, b)`.
        if &*native.path == "functools.partial()" {
            let (file, made) = native.made_at.filter(|(file, _)| *file == site.file)?;
            let Expr::Call { args: given, .. } = program.expr(made) else {
                return None;
            };
            let (function, given) = program.list(given).split_first()?;
            let inner = self.native_of(file, *function)?;
            return Some((inner, [given, args].concat()));
        }
        let (position, name) = know::calls_for(&native.path)?;
        if &*native.path == "functools.partial" {
            return None;
        }
        let (named, counted): (Vec<ExprId>, Vec<ExprId>) = args
            .iter()
            .partition(|arg| matches!(program.expr(**arg), Expr::Keywords(_)));
        let keyword = |wanted: &str| {
            named.iter().find_map(|arg| match program.expr(*arg) {
                Expr::Keywords(entries) => {
                    let mut pairs = program.list(entries).chunks_exact(2);
                    let pair = pairs.find(|pair| program.text(pair[0]) == Some(wanted))?;
                    Some(pair[1])
                }
                _ => None,
            })
        };
        let function = match counted.get(position) {
            Some(function) => *function,
            None if name.is_empty() => return None,
            None => keyword(name)?,
        };
        let inner = self.native_of(site.file, function)?;
        if name.is_empty() {
            return Some((inner, counted.get(position + 1..)?.to_vec()));
        }
        // A thread has its arguments in a tuple.
        let list =
            keyword("args").or_else(|| counted.last().copied().filter(|_| counted.len() > 2));
        match list.map(|list| program.expr(list)) {
            Some(Expr::Array(items)) => Some((inner, program.list(items).to_vec())),
            _ => None,
        }
    }

    fn native_of(&mut self, file: FileId, function: ExprId) -> Option<Native> {
        match self.machine.fold(file, function) {
            Value::Native(native) => Some(native),
            _ => None,
        }
    }

    /// What of the library a field of the object itself holds, where nothing else is ever put
    /// into it.
    pub(super) fn library_in_field(
        &mut self,
        program: &Program,
        file: FileId,
        callee: ExprId,
    ) -> Option<Value> {
        let Expr::Member(object, field) = program.expr(callee) else {
            return None;
        };
        let Expr::Name(atom, scope) = program.expr(object) else {
            return None;
        };
        if program.language != Language::Python {
            return None;
        }
        let symbol = program.resolve(atom, scope)?;
        let [only] = program.symbol(symbol).values[..] else {
            return None;
        };
        let Expr::This(function) = program.expr(only) else {
            return None;
        };
        let index = self.index(file)?;
        let given = index.fields.get(&(class_of(program, function), field))?;
        let [only] = given[..] else {
            return None;
        };
        let value = self.machine.fold(file, only);
        value.path().is_some().then_some(value)
    }
}
