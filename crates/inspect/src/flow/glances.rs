//! What the machine said of an expression, kept while sinks are looked at.
//!
//! The machine keeps what it computed to its end. What it gives up on it would try again each time
//! that somebody asks, and the way back from one sink may pass the same call many thousand times.
//! While functions are still being found more may become known, so nothing is kept then.

use super::{Analysis, Context};
use crate::ir::ExprId;
use crate::pure::{FileId, Value};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Answers that are kept.
const MOST: usize = 1 << 18;

/// Answers, by expression and the number of the way of getting there.
#[derive(Debug, Default)]
pub(super) struct Glances {
    kept: FxHashMap<(FileId, ExprId, Option<u32>), Value>,
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
