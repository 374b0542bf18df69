//! The steps of the pure machine, by whose code asks for them.
//!
//! What runs unasked has a budget for each of its files, once while it is told which functions
//! run and once for their sinks, so that padding in one file blinds nobody to another. What only
//! runs when it is called shares one budget after the other, a new one with each file that is
//! begun. Hooks, what runs at import and what is called have a sum each over the artifact: what
//! one of them spends is not taken from another.

use super::Analysis;
use crate::limit::evaluating;
use crate::pure::FileId;
use customs_model::Zone;
use rustc_hash::FxHashMap;

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    /// What runs at install or at start.
    Hooks,
    /// What runs at import, or when a folder is opened.
    Imported,
    /// What somebody calls.
    Called,
}

impl Share {
    const fn of(zone: Zone) -> Self {
        match zone {
            Zone::Install | Zone::Start => Self::Hooks,
            Zone::Import | Zone::Folder => Self::Imported,
            Zone::Command | Zone::Called | Zone::Never => Self::Called,
        }
    }

    /// What one file of it may spend.
    const fn of_a_file(self) -> u32 {
        match self {
            // What one sink of it gets may come from many files.
            Self::Hooks => evaluating::STEPS_OF_HOOKS,
            Self::Imported | Self::Called => evaluating::STEPS,
        }
    }
}

/// Budgets that are not in the machine now.
#[derive(Debug)]
pub(super) struct Budgets {
    /// What is left to files that had one.
    of_files: FxHashMap<(Share, FileId), u32>,
    /// What is left to what is called, since a file was begun.
    called: u32,
    /// Whose budget is in the machine.
    now: (Share, FileId),
    /// How much that was.
    given: u32,
    /// What is left of the sums, by share.
    sums: [u64; 3],
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            of_files: FxHashMap::default(),
            called: evaluating::STEPS,
            now: (Share::Called, 0),
            given: evaluating::STEPS,
            sums: [evaluating::STEPS_IN_SUM; 3],
        }
    }
}

impl Budgets {
    /// What somebody who is looked at next may spend.
    fn left_to(&self, (share, file): (Share, FileId)) -> u32 {
        let left = match share {
            Share::Called => self.called,
            Share::Hooks | Share::Imported => {
                let left = self.of_files.get(&(share, file));
                left.copied().unwrap_or(share.of_a_file())
            }
        };
        let sum = self.sums[share as usize];
        left.min(u32::try_from(sum).unwrap_or(u32::MAX))
    }

    /// Notes what the one that is looked at now has left.
    fn note(&mut self, left: u32) {
        let spent = u64::from(self.given.saturating_sub(left));
        let sum = &mut self.sums[self.now.0 as usize];
        *sum = sum.saturating_sub(spent);
        match self.now.0 {
            Share::Called => self.called = left,
            Share::Hooks | Share::Imported => {
                self.of_files.insert(self.now, left);
            }
        }
    }
}

impl Analysis<'_> {
    /// Gives the machine the budget of the code that is looked at next.
    pub(super) fn turn_to(&mut self, file: FileId, zone: Zone) {
        // What runs unasked in a text runs when the text does.
        let outer = self.outer.zone.filter(|_| zone > Zone::Called);
        let zone = outer.unwrap_or(zone);
        let next = (Share::of(zone), file);
        if next != self.budgets.now {
            self.give(next);
        }
    }

    fn give(&mut self, next: (Share, FileId)) {
        let left = self.machine.left();
        self.budgets.note(left);
        self.budgets.now = next;
        self.budgets.given = self.budgets.left_to(next);
        self.machine.give_steps(self.budgets.given);
        self.machine.look_at_what_runs(next.0 != Share::Called);
    }

    /// A file is begun: what is called has a new budget with it.
    pub(super) fn refill(&mut self) {
        let now = self.budgets.now;
        let left = self.machine.left();
        self.budgets.note(left);
        self.budgets.called = evaluating::STEPS;
        self.budgets.given = self.budgets.left_to(now);
        self.machine.give_steps(self.budgets.given);
    }

    /// The functions that run are known: all have a new budget for their sinks.
    pub(super) fn refill_for_sinks(&mut self) {
        self.glances.settle();
        self.give(self.budgets.now);
        self.budgets.of_files.clear();
        self.budgets.called = evaluating::STEPS;
        self.budgets.given = self.budgets.left_to(self.budgets.now);
        self.machine.give_steps(self.budgets.given);
    }
}

/// Whether code of a zone runs before anybody asks for the package.
pub(super) const fn is_of_hooks(zone: Zone) -> bool {
    matches!(Share::of(zone), Share::Hooks)
}
