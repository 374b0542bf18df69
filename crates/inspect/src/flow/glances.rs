//! What the machine said of an expression, kept while sinks are looked at.
//!
//! The machine keeps what it computed to its end. What it gives up on it would try again each time
//! that somebody asks, and the way back from one sink may pass the same call many thousand times.
//! While functions are still being found more may become known, so nothing is kept then.
//!
//! The same holds for what was given the whole budget and is not known all the same: host, method,
//! path and content of one request are each asked for by themselves.

use super::{Analysis, Context};
use crate::ir::ExprId;
use crate::pure::{FileId, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Answers that are kept.
const MOST: usize = 1 << 18;

/// Answers, by expression and the number of the way of getting there.
#[derive(Debug, Default)]
pub(super) struct Glances {
    kept: FxHashMap<(FileId, ExprId, Option<u32>), Value>,
    /// What is not known with the whole budget, in the same way.
    unknown: FxHashSet<(FileId, ExprId, Option<u32>)>,
    /// Which functions run is known.
    settled: bool,
}

impl Glances {
    /// From now on the same question has the same answer.
    pub fn settle(&mut self) {
        self.settled = true;
    }
}

impl Analysis<'_> {
    /// What an expression is in one way of getting there, with the whole budget.
    pub(super) fn look_fully(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Value {
        let key = (file, expr, context.map(|context| context.id));
        if self.glances.unknown.contains(&key) {
            return Value::Unknown;
        }
        let value = match context {
            Some(context) => self.machine.fold_in(file, expr, &context.frame),
            None => self.machine.fold_fully(file, expr),
        };
        if value.is_unknown()
            && self.glances.settled
            && !self.machine.spent()
            && self.glances.unknown.len() < MOST
        {
            self.glances.unknown.insert(key);
        }
        value
    }

    /// What a glance says of an expression, in one way of getting there, and no more.
    pub(super) fn look_at(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Value {
        let key = (file, expr, context.map(|context| context.id));
        if let Some(value) = self.glances.kept.get(&key) {
            return value.clone();
        }
        let value = match context {
            Some(context) => self.machine.glance_in(file, expr, &context.frame),
            None => self.machine.fold(file, expr),
        };
        // Where the budget is spent, another file's may not be.
        if self.glances.settled && !self.machine.spent() && self.glances.kept.len() < MOST {
            self.glances.kept.insert(key, value.clone());
        }
        value
    }
}
