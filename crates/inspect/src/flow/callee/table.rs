//! Tables of functions, as bundlers make them: one is called, nobody knows which.

use crate::flow::reach::Queue;
use crate::flow::sink::Entered;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use rustc_hash::FxHashSet;

impl Analysis<'_> {
    /// One of a table of functions is called, nobody knows which one: each may be.
    #[allow(clippy::too_many_arguments, reason = "one step of a walk")]
    pub(super) fn table(
        &mut self,
        program: &Program,
        site: Site,
        first: bool,
        table: ExprId,
        args: &[ExprId],
        zone: Zone,
        queue: &mut Queue,
    ) {
        // Larger ones are what bundlers make of whole applications.
        const FUNCTIONS: usize = 32;
        const EXPRESSIONS: usize = 1 << 14;
        let file = site.file;
        let mut folded = self.machine.fold(file, table);
        if folded.is_unknown() {
            // What stands in a field.
            let mut held = self.possible(file, table, 0).into_iter();
            folded = held.next().unwrap_or(Value::Unknown);
        }
        if let Some(pairs) = self.pairs_of_map(program, file, &folded) {
            folded = pairs;
        }
        let values: Vec<Value> = match folded {
            Value::Object(object) => object
                .entries
                .borrow()
                .iter()
                .map(|(_, value)| value.clone())
                .collect(),
            Value::Array(items) => items.borrow().clone(),
            _ => return,
        };
        // What loads a part of a bundle is handed to each part.
        let mut given: Vec<(u16, Value)> = Vec::new();
        if values.len() <= FUNCTIONS && program.size() <= EXPRESSIONS {
            for (position, arg) in args.iter().enumerate().take(4) {
                if matches!(program.expr(*arg), Expr::Name(..))
                    && let value @ Value::Function(_) = self.machine.fold(file, *arg)
                {
                    given.push((position as u16, value));
                }
            }
        }
        let (mut new, mut entered) = (Vec::new(), Vec::new());
        let is_small = values.len() <= FUNCTIONS;
        for value in values.into_iter().take(4_096) {
            if let Value::Function(closure) = value {
                // What is handed in is handed to each of a few.
                if is_small && closure.file == file && given.is_empty() {
                    self.calls(closure.file, closure.function, site, first);
                }
                let mut is_new = false;
                for (position, value) in &given {
                    let value = value.clone();
                    is_new |= self
                        .machine
                        .give(closure.file, closure.function, *position, value);
                }
                let known = self.zone_of(closure.file, closure.function);
                if is_new {
                    new.push((closure.file, closure.function));
                    if known > Zone::Never {
                        entered.push((closure.file, closure.function));
                    }
                }
                queue.push(zone.max(known), closure.file, closure.function);
            }
        }
        let within = self.within(&new);
        for (place, zone) in &within {
            queue.push(*zone, place.0, place.1);
        }
        entered.extend(within.into_iter().map(|(place, _)| place));
        self.enter_again(file, &entered);
    }

    /// Functions that stand in some of them and run: what is handed to the ones around them, they
    /// see as well.
    fn within(&self, around: &[(FileId, FuncId)]) -> Vec<Entered> {
        let mut found = Vec::new();
        for (file, outer) in around {
            let Some(program) = self.program(*file) else {
                continue;
            };
            // A function stands behind the one around it.
            let mut inner: FxHashSet<FuncId> = FxHashSet::default();
            inner.insert(*outer);
            for (number, function) in program.functions.iter().enumerate() {
                let id = FuncId(number as u32);
                if function
                    .parent
                    .is_some_and(|parent| inner.contains(&parent))
                {
                    inner.insert(id);
                    let zone = self.zone_of(*file, id);
                    if zone > Zone::Never && !around.contains(&(*file, id)) {
                        found.push(((*file, id), zone));
                    }
                }
            }
        }
        found
    }

    /// The values of a `Map` that is made of pairs, as a list.
    fn pairs_of_map(&mut self, program: &Program, file: FileId, value: &Value) -> Option<Value> {
        let Value::Native(native) = value else {
            return None;
        };
        let (_, made) = native.made_at.filter(|(of, _)| *of == file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        if &*native.path != "Map()" {
            return None;
        }
        let pairs = program.list(args).first().copied()?;
        let Value::Array(pairs) = self.machine.fold(file, pairs) else {
            return None;
        };
        let pairs = pairs.borrow();
        let values = pairs.iter().filter_map(|pair| match pair {
            Value::Array(pair) => pair.borrow().get(1).cloned(),
            _ => None,
        });
        Some(Value::array(values.collect()))
    }

    /// What was entered before it was known what it gets is entered once more.
    fn enter_again(&mut self, file: FileId, entered: &[(FileId, FuncId)]) {
        if !entered.is_empty() {
            self.machine.forget(file);
        }
        let mut files: Vec<FileId> = entered.iter().map(|(file, _)| *file).collect();
        files.dedup();
        for file in files {
            self.handed_values.forget(file);
        }
        for (file, function) in entered {
            self.zones.remove(&(*file, *function));
            let Some(index) = self.index(*file) else {
                continue;
            };
            for call in index.calls.get(function).into_iter().flatten() {
                self.callees.remove(&(*file, *call));
                if let Some(program) = self.program(*file)
                    && let Expr::Call { callee, .. } = program.expr(*call)
                {
                    self.fellows.remove(&(*file, callee));
                }
            }
        }
    }
}
