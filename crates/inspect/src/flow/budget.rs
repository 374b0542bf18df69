//! The steps of the pure machine, by whose code asks for them.
//!
//! What runs at install or at start has a budget for each of its files, once while it is told
//! which functions run and once for their sinks. Nothing else can spend it: neither another
//! file nor code that only runs when it is called, so padding blinds nobody to a hook. All
//! other code has one budget after the other, a new one with each file that is begun.

use super::Analysis;
use crate::limit::evaluating;
use crate::pure::FileId;
use customs_model::Zone;
use rustc_hash::FxHashMap;

/// Budgets that are not in the machine now.
#[derive(Debug)]
pub(super) struct Budgets {
    /// What is left to files of hooks.
    of_hooks: FxHashMap<FileId, u32>,
    /// What is left to all other code.
    rest: u32,
    /// The file of a hook whose budget is in the machine.
    file: Option<FileId>,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            of_hooks: FxHashMap::default(),
            rest: evaluating::STEPS,
            file: None,
        }
    }
}

impl Analysis<'_> {
    /// Gives the machine the budget of the code that is looked at next.
    pub(super) fn turn_to(&mut self, file: FileId, zone: Zone) {
        let next = is_of_hooks(zone).then_some(file);
        if next == self.budgets.file {
            return;
        }
        let steps = match next {
            Some(file) => {
                let left = self.budgets.of_hooks.get(&file);
                left.copied().unwrap_or(evaluating::STEPS)
            }
            None => self.budgets.rest,
        };
        let left = self.machine.exchange(steps);
        match std::mem::replace(&mut self.budgets.file, next) {
            Some(before) => {
                self.budgets.of_hooks.insert(before, left);
            }
            None => self.budgets.rest = left,
        }
    }

    /// A file is begun: what is no hook has a new budget with it.
    pub(super) fn refill(&mut self) {
        if self.budgets.file.is_none() {
            self.machine.refill();
        } else {
            self.budgets.rest = evaluating::STEPS;
        }
    }

    /// Its functions are known: the files of hooks have a new budget for their sinks.
    pub(super) fn refill_hooks(&mut self) {
        if self.budgets.file.take().is_some() {
            self.machine.exchange(self.budgets.rest);
        }
        self.budgets.of_hooks.clear();
    }
}

/// Whether code of a zone runs before anybody asks for the package.
pub(super) const fn is_of_hooks(zone: Zone) -> bool {
    matches!(zone, Zone::Install | Zone::Start)
}
