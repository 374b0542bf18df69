//! The way from a document that was asked for to the ones that its judgement rests on.

use super::Judged;
use customs_model::PackageName;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How deep a chain of young dependencies is followed.
const DEPTH: usize = 6;
/// Judgements that one question may set off. Young packages that all depend on each other
/// lead along more ways than anybody could go.
const MOST: usize = 2_000;

/// Where a judgement stands: the packages on the way to it, the one that was asked for
/// first.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    on_the_way: Vec<PackageName>,
    walk: Arc<Walk>,
}

/// Why a way does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The package is on the way already, or the way is too long: it is taken as met here,
    /// and judged when it is asked for itself.
    Cut,
    /// More than anybody looks at.
    TooMany,
}

/// What all ways that began at one question share.
#[derive(Debug, Default)]
struct Walk {
    /// Judgements that were cut short somewhere: good enough on the way to another one,
    /// not for who asks for them.
    made: Mutex<HashMap<String, Arc<Judged>>>,
    steps: AtomicUsize,
}

impl Trail {
    /// Whether the document was asked for itself.
    pub fn is_start(&self) -> bool {
        self.on_the_way.is_empty()
    }

    /// The way on from a package.
    #[must_use]
    pub fn from(&self, package: &PackageName) -> Self {
        let mut next = self.clone();
        next.on_the_way.push(package.clone());
        next
    }

    /// Whether the way may lead to a package.
    ///
    /// # Errors
    /// Why not.
    pub fn lead_to(&self, package: &PackageName) -> Result<(), End> {
        if self.on_the_way.len() >= DEPTH || self.on_the_way.contains(package) {
            return Err(End::Cut);
        }
        if self.walk.steps.load(Ordering::Relaxed) >= MOST {
            return Err(End::TooMany);
        }
        Ok(())
    }

    /// Counts a judgement that has to be made.
    pub fn step(&self) {
        self.walk.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// What was judged on another way from the same question.
    pub fn made(&self, key: &str) -> Option<Arc<Judged>> {
        let made = self.walk.made.lock();
        made.unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// Keeps a judgement for the other ways.
    pub fn keep(&self, key: String, judged: Arc<Judged>) {
        let made = self.walk.made.lock();
        made.unwrap_or_else(PoisonError::into_inner)
            .insert(key, judged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Ecosystem;

    fn name(text: &str) -> PackageName {
        PackageName::new(Ecosystem::Npm, text).unwrap()
    }

    #[test]
    fn a_way_leads_to_no_package_twice_and_not_for_ever() {
        let start = Trail::default();
        assert!(start.is_start() && start.lead_to(&name("a")).is_ok());
        let mut trail = start.from(&name("a"));
        assert_eq!(
            (trail.is_start(), trail.lead_to(&name("a"))),
            (false, Err(End::Cut))
        );
        for package in ["b", "c", "d", "e", "f"] {
            assert_eq!(trail.lead_to(&name(package)), Ok(()));
            trail = trail.from(&name(package));
        }
        assert_eq!(trail.lead_to(&name("g")), Err(End::Cut), "too deep");
    }

    #[test]
    fn all_ways_of_a_question_together_are_bounded() {
        let start = Trail::default();
        let way = start.from(&name("a"));
        let ways = (0..2 * MOST).filter(|_| {
            let open = way.lead_to(&name("b")).is_ok();
            way.step();
            open
        });
        assert_eq!(ways.count(), MOST);
        assert_eq!(way.lead_to(&name("b")), Err(End::TooMany));
        let another = Trail::default();
        assert_eq!(another.lead_to(&name("b")), Ok(()));
    }

    #[test]
    fn what_one_way_made_the_others_of_the_same_question_find() {
        let start = Trail::default();
        start
            .from(&name("a"))
            .keep("key".into(), Arc::new(Judged::default()));
        assert!(start.from(&name("b")).made("key").is_some());
        assert!(Trail::default().made("key").is_none());
    }
}
