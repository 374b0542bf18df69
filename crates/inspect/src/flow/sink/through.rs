//! Functions of Python's library that are called by another one, or by another name:
//! `Thread(target=exec, args=(text,))`, `partial(exec, text)()`, `exec.__call__(text)`,
//! `self.run(text)` where a field holds `exec`.

use crate::flow::index::class_of;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
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
        // `methodcaller("get", a)(b)` is `b.get(a)`.
        if &*native.path == "operator.methodcaller()" {
            let (file, made) = native.made_at.filter(|(file, _)| *file == site.file)?;
            let Expr::Call { args: given, .. } = program.expr(made) else {
                return None;
            };
            let (method, given) = program.list(given).split_first()?;
            let method = self.machine.fold(file, *method);
            let object = self.native_of(file, *args.first()?)?;
            let inner = Native {
                path: format!("{}.{}", object.path, method.known_text()?).into(),
                made_at: object.made_at,
            };
            return Some((inner, given.to_vec()));
        }
        let (position, name) = know::calls_for(&native.path)?;
        if &*native.path == "functools.partial" {
            return None;
        }
        let (function, given) = called_with(program, args, position, name)?;
        Some((self.native_of(site.file, function)?, given?))
    }

    /// What a function of the package is called with by what of the library it is handed to:
    /// `Thread(target=f, args=(a,))`, `setTimeout(f, 0, a)`.
    pub(super) fn called_in_place(
        &mut self,
        site: Site,
        function: (FileId, FuncId),
    ) -> Option<Vec<ExprId>> {
        let program = self.program(site.file)?;
        let Expr::Call { args, .. } = program.expr(site.expr) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let callee = self
            .callees
            .get(&(site.file, site.expr))?
            .path()?
            .to_owned();
        let (called, given) = match program.language {
            Language::Python => {
                let (position, name) = know::calls_for(&callee)?;
                called_with(&program, &args, position, name)?
            }
            Language::JavaScript => {
                let before = match &*callee {
                    "setTimeout" | "setInterval" => 2,
                    "setImmediate" | "process.nextTick" => 1,
                    _ => return None,
                };
                let given = args.get(before..).unwrap_or_default();
                (*args.first()?, Some(given.to_vec()))
            }
            Language::Rust => return None,
        };
        let given = given.filter(|given| !given.is_empty())?;
        match self.machine.fold(site.file, called) {
            Value::Function(closure) if (closure.file, closure.function) == function => Some(given),
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

/// The function that a call of the library calls in its place, and what it calls it with, where
/// that is written out.
fn called_with(
    program: &Program,
    args: &[ExprId],
    position: usize,
    name: &str,
) -> Option<(ExprId, Option<Vec<ExprId>>)> {
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
    if name.is_empty() {
        return Some((function, counted.get(position + 1..).map(<[_]>::to_vec)));
    }
    // A thread has its arguments in a tuple.
    let list = keyword("args").or_else(|| counted.last().copied().filter(|_| counted.len() > 2));
    let given = match list.map(|list| program.expr(list)) {
        Some(Expr::Array(items)) => Some(program.list(items).to_vec()),
        _ => None,
    };
    Some((function, given))
}
