//! What a function puts into a list or a text that it is handed: `collect(&mut found)`,
//! `def walk(folder, found): found.append(…)`.

use super::label::{Label, union};
use super::{Analysis, Site};
use crate::ir::{Expr, FuncId, SymbolId};
use crate::pure::FileId;

/// Calls that fill one variable.
const CALLS: usize = 8;
/// Functions that hand a variable on to each other.
const LEVELS: u32 = 4;
/// Values that are put into one parameter.
const VALUES: usize = 16;

/// A call that hands a variable to a function which puts something into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filled {
    /// The call.
    site: Site,
    /// The function.
    function: (FileId, FuncId),
    /// Its parameter.
    parameter: SymbolId,
}

impl Analysis<'_> {
    /// Notes which variables are filled by whom they are handed to.
    pub(super) fn note_filled(&mut self) {
        let mut known: Vec<(FileId, SymbolId)> = Vec::new();
        for _ in 0..LEVELS {
            let mut parameters: Vec<(FileId, FuncId, u16, SymbolId)> = Vec::new();
            for (file, index) in &self.indices {
                let filled = index.parameters.iter().filter(|(_, symbol)| {
                    index.mutations.contains_key(symbol)
                        || index.stores.contains_key(symbol)
                        // Handed on to whoever fills it.
                        || self.filled.contains_key(&(*file, **symbol))
                });
                parameters.extend(
                    filled.map(|((function, position), symbol)| {
                        (*file, *function, *position, *symbol)
                    }),
                );
            }
            parameters
                .retain(|(file, _, _, symbol)| known.binary_search(&(*file, *symbol)).is_err());
            if parameters.is_empty() {
                return;
            }
            known.extend(
                parameters
                    .iter()
                    .map(|(file, _, _, symbol)| (*file, *symbol)),
            );
            known.sort_unstable();
            self.note_callers(parameters);
        }
    }

    fn note_callers(&mut self, mut parameters: Vec<(FileId, FuncId, u16, SymbolId)>) {
        parameters.sort_unstable();
        for (file, function, position, parameter) in parameters {
            let callers = self.callers.get(&(file, function)).cloned();
            for site in callers.unwrap_or_default().into_iter().take(CALLS) {
                let Some(program) = self.program(site.file) else {
                    continue;
                };
                let Expr::Call { args, .. } = program.expr(site.expr) else {
                    continue;
                };
                let args = program.list(args);
                let arg = self.argument(site.file, args, file, function, position);
                let symbol = arg.and_then(|arg| match program.expr(arg) {
                    Expr::Name(atom, scope) => program.resolve(atom, scope),
                    _ => None,
                });
                let Some(symbol) = symbol else {
                    continue;
                };
                // One that calls itself hands on its own parameter.
                if (site.file, symbol) == (file, parameter) {
                    continue;
                }
                let filled = self.filled.entry((site.file, symbol)).or_default();
                let one = Filled {
                    site,
                    function: (file, function),
                    parameter,
                };
                if filled.len() < CALLS && !filled.contains(&one) {
                    filled.push(one);
                }
            }
        }
    }

    /// The labels of what functions put into a variable that they are handed.
    pub(super) fn filled_labels(&mut self, file: FileId, symbol: SymbolId) -> Vec<Label> {
        let mut out = Vec::new();
        let Some(filled) = self.filled.get(&(file, symbol)).cloned() else {
            return out;
        };
        for one in filled {
            let (of, function) = one.function;
            let (Some(index), Some(caller)) = (self.index(of), self.program(one.site.file)) else {
                continue;
            };
            let Expr::Call { args, .. } = caller.expr(one.site.expr) else {
                continue;
            };
            let args = caller.list(args).into();
            let context = self.context(of, function, args, one.site.file, one.site.function, None);
            let put = index.mutations.get(&one.parameter);
            let put = put.map(Vec::as_slice).unwrap_or_default().iter().copied();
            let stored = index.stores.get(&one.parameter);
            let stored = stored.map(Vec::as_slice).unwrap_or_default();
            let stored = stored.iter().map(|store| store.value);
            for value in put.chain(stored).take(VALUES) {
                let labels = self.labels(of, value, context.as_ref());
                union(&mut out, &labels);
            }
            let inner = self.filled_labels_of(of, one.parameter, file, symbol);
            union(&mut out, &inner);
        }
        out
    }

    /// The same of a parameter that is handed on to be filled.
    fn filled_labels_of(
        &mut self,
        file: FileId,
        parameter: SymbolId,
        from: FileId,
        symbol: SymbolId,
    ) -> Vec<Label> {
        if (file, parameter) == (from, symbol) || self.filling >= LEVELS {
            return Vec::new();
        }
        self.filling += 1;
        let labels = self.filled_labels(file, parameter);
        self.filling -= 1;
        labels
    }
}

#[cfg(test)]
mod tests;
