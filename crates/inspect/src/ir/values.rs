//! What is assigned to one variable. Nearly all have few values, and a package has hundreds of
//! thousands of them.

use super::ExprId;
use std::ops::Deref;

/// Values that need no room of their own.
const FEW: usize = 3;

/// Expressions, in order; most often few.
#[derive(Debug, Clone)]
pub struct Values(Held);

#[derive(Debug, Clone)]
enum Held {
    Few(u8, [ExprId; FEW]),
    #[allow(
        clippy::box_collection,
        reason = "a list itself would make all of them larger"
    )]
    Many(Box<Vec<ExprId>>),
}

impl Values {
    /// None yet.
    pub const fn new() -> Self {
        Self(Held::Few(0, [ExprId(0); FEW]))
    }

    /// Adds one.
    pub fn push(&mut self, value: ExprId) {
        match &mut self.0 {
            Held::Few(count, few) => match few.get_mut(usize::from(*count)) {
                Some(free) => {
                    *free = value;
                    *count += 1;
                }
                None => {
                    let mut many = few.to_vec();
                    many.push(value);
                    self.0 = Held::Many(Box::new(many));
                }
            },
            Held::Many(many) => many.push(value),
        }
    }

    /// All of them.
    pub fn as_slice(&self) -> &[ExprId] {
        match &self.0 {
            Held::Few(count, few) => few.get(..usize::from(*count)).unwrap_or_default(),
            Held::Many(many) => many,
        }
    }

    /// The list that they have of their own, if they are many.
    pub(crate) fn own_list(&self) -> Option<&Vec<ExprId>> {
        match &self.0 {
            Held::Few(..) => None,
            Held::Many(many) => Some(many),
        }
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Values {
    type Target = [ExprId];

    fn deref(&self) -> &[ExprId] {
        self.as_slice()
    }
}

impl<'v> IntoIterator for &'v Values {
    type Item = &'v ExprId;
    type IntoIter = std::slice::Iter<'v, ExprId>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_held_in_their_order() {
        let mut values = Values::new();
        let mut wanted = Vec::new();
        for number in 0..9 {
            assert_eq!(values.as_slice(), wanted);
            assert_eq!(values.own_list().is_some(), wanted.len() > FEW);
            values.push(ExprId(number));
            wanted.push(ExprId(number));
        }
        assert_eq!(values.iter().copied().collect::<Vec<_>>(), wanted);
        assert!(size_of::<Values>() <= 16);
    }
}
