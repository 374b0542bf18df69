//! How much work an artifact and a commit together may cause.
//!
//! Each of them is bounded; their product is not: 100,000 files against 5,000 patterns would be
//! hours. The order of the work is fixed, so what a budget cuts off is the same each time.

use std::cell::Cell;

/// Steps that are left.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
}

impl Budget {
    /// With so many steps.
    pub const fn of(steps: u64) -> Self {
        Self {
            left: Cell::new(steps),
        }
    }

    /// Takes steps. False when there are not enough left; then there are none.
    pub fn spend(&self, steps: u64) -> bool {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether it ran out.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_spent_stays_spent() {
        let budget = Budget::of(5);
        assert!(budget.spend(3));
        assert!(!budget.spend(3));
        assert!(budget.is_spent() && !budget.spend(1));
    }
}
