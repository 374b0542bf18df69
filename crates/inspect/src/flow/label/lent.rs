//! What is got of an object in other ways than by its name: by going through it, by a method of it
//! that is handed on, and what is put into what a context lends.

use super::{Label, union};
use crate::flow::Analysis;
use crate::flow::object::written_key;
use crate::ir::{Expr, ExprId, FuncId, Language, Program, SymbolId};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Values that one iterator gives, and callers of one context.
const MOST: usize = 8;

/// Methods of Python that make an object give its elements.
const ITERATORS: [&str; 2] = ["__iter__", "__aiter__"];

impl Analysis<'_> {
    /// The functions that give the elements of an object of the package's own class.
    pub(in crate::flow) fn iterators(
        &mut self,
        program: &Program,
        file: FileId,
        over: ExprId,
    ) -> Vec<(FileId, FuncId)> {
        if program.language == Language::Rust {
            return Vec::new();
        }
        let class = match program.own_object(over) {
            Some(function) => program.class_around(function).map(|class| (file, class)),
            None => match self.look_at(file, over, None) {
                Value::Object(object) if !object.is_class => object.class,
                _ => None,
            },
        };
        let Some(class) = class else {
            return Vec::new();
        };
        if program.language == Language::Python {
            return self.methods_named(class, &ITERATORS);
        }
        let Some(program) = self.program(class.0) else {
            return Vec::new();
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return Vec::new();
        };
        let pairs = program.list(entries).chunks_exact(2);
        let given = pairs.filter_map(|pair| match program.expr(pair[1]) {
            Expr::Function(function) => {
                let key = written_key(&program, pair[0])?;
                matches!(&*key, "Symbol.iterator" | "Symbol.asyncIterator")
                    .then_some((class.0, function))
            }
            _ => None,
        });
        given.take(MOST).collect()
    }

    /// What the elements of such an object are.
    pub(super) fn iterated(&mut self, program: &Program, file: FileId, over: ExprId) -> Vec<Label> {
        let mut out = Vec::new();
        for (of, function) in self.iterators(program, file, over) {
            let Some(inner) = self.program(of) else {
                continue;
            };
            let given = inner.function(function).returns.iter().take(MOST);
            let given: Vec<ExprId> = given.copied().collect();
            union(&mut out, &self.all(of, &given, None));
        }
        out
    }

    /// What a method gives that is handed on or kept under a name: `submit(path.read_bytes)`.
    pub(super) fn given_by_bound(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        method: ExprId,
    ) -> Option<Vec<Label>> {
        if program.language != Language::Python {
            return None;
        }
        let method = match program.expr(method) {
            Expr::Name(atom, scope) => {
                match program.symbol(program.resolve(atom, scope)?).values[..] {
                    [only] => only,
                    _ => return None,
                }
            }
            _ => method,
        };
        match program.expr(method) {
            Expr::Member(object, name) => {
                let span = program.span(method);
                self.file_method(program, file, object, program.name(name), span, None)
            }
            _ => None,
        }
    }

    /// What callers put into what a context of Python lends them: `with lend() as one: one.add(a)`.
    pub(super) fn put_into_lent(
        &mut self,
        program: &Program,
        file: FileId,
        symbol: SymbolId,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        let function = FuncId(program.symbol(symbol).function);
        let Some(index) = self.index(file) else {
            return out;
        };
        let Some(above) = index.decorators.get(&function).cloned() else {
            return out;
        };
        let is_it = |value: &ExprId| crate::flow::index::symbol_of(program, *value) == Some(symbol);
        let lends = program.function(function).returns.iter().any(is_it)
            && above.into_iter().any(|decorator| {
                let decorator = self.look_at(file, decorator, None);
                matches!(
                    decorator.path(),
                    Some("contextlib.contextmanager" | "contextlib.asynccontextmanager")
                )
            });
        if !lends {
            return out;
        }
        let callers = self.callers.get(&(file, function)).cloned();
        for site in callers.unwrap_or_default().into_iter().take(MOST) {
            let (Some(caller), Some(index)) = (self.program(site.file), self.index(site.file))
            else {
                continue;
            };
            let symbols = caller.symbols.iter().enumerate();
            let lent = symbols.filter(|(_, symbol)| symbol.values.contains(&site.expr));
            let lent: Vec<SymbolId> = lent.map(|(at, _)| SymbolId(at as u32)).collect();
            for symbol in lent.into_iter().take(MOST) {
                let mut put = index.mutations.get(&symbol).cloned().unwrap_or_default();
                let stores = index.stores.get(&symbol).map(Vec::as_slice);
                put.extend(stores.unwrap_or_default().iter().map(|store| store.value));
                put.truncate(4 * MOST);
                union(&mut out, &self.all(site.file, &put, None));
            }
        }
        out
    }
}

/// Whether a method of Python's executors and loops calls the function that it is handed, and gives
/// what that gives.
pub(super) fn gives_of_handed(method: &str) -> bool {
    matches!(
        method,
        "run_in_executor" | "submit" | "to_thread" | "run_sync" | "apply_async"
    )
}

#[cfg(test)]
mod tests;
