//! Where not all can be said, the worst is said, and how much was left out.

/// What was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Worst<S> {
    /// How many.
    pub count: usize,
    /// The worst of them; none where nothing was left out.
    pub worst: Option<S>,
}

impl<S> Default for Worst<S> {
    fn default() -> Self {
        Self {
            count: 0,
            worst: None,
        }
    }
}

impl<S: Ord> Worst<S> {
    /// Adds what else was left out.
    pub fn take(&mut self, other: Self) {
        self.count += other.count;
        // No severity is less than any.
        self.worst = self.worst.take().max(other.worst);
    }
}

/// Keeps the `most` worst items, worst first and equal ones in their order, and tells of the rest.
pub(crate) fn keep_worst<T, S: Ord>(
    items: &mut Vec<T>,
    most: usize,
    severity: impl Fn(&T) -> S,
) -> Worst<S> {
    if items.len() <= most {
        return Worst::default();
    }
    items.sort_by_key(|item| std::cmp::Reverse(severity(item)));
    let left_out = Worst {
        count: items.len() - most,
        worst: items.get(most).map(&severity),
    };
    items.truncate(most);
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_stay_and_of_equals_the_first() {
        let mut items = vec![(1, 'a'), (3, 'b'), (1, 'c'), (2, 'd'), (3, 'e')];
        let mut left_out = keep_worst(&mut items, 3, |(severity, _)| *severity);
        assert_eq!(items, [(3, 'b'), (3, 'e'), (2, 'd')]);
        assert_eq!((left_out.count, left_out.worst), (2, Some(1)));
        left_out.take(keep_worst(&mut items, 1, |(severity, _)| *severity));
        assert_eq!((left_out.count, left_out.worst), (4, Some(3)));
        assert_eq!(
            keep_worst(&mut items, 9, |(severity, _)| *severity).count,
            0
        );
    }
}
