//! A bounded queue: each run asks once for each thing, and only so many in a minute may
//! cost something.

use customs_model::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Things that wait, over all runs.
const LONGEST: usize = 256;
/// Things that one run asks for.
const MOST: usize = 4_096;
/// Things that cost something, in a minute.
const IN_A_MINUTE: usize = 30;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What waits.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: VecDeque<(String, T)>,
    /// What each run has asked for, whatever came of it.
    asked: BTreeMap<String, BTreeSet<String>>,
    /// When something was taken that cost something.
    spent: VecDeque<Timestamp>,
}

/// Whether something was put in line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Added<T> {
    /// It waits.
    Waits,
    /// The run asked for it before.
    Before,
    /// There is no room for it.
    Full(T),
}

/// What is next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    /// This.
    Take(T),
    /// Something, but not in this minute.
    Later,
    /// Nothing.
    Nothing,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            asked: BTreeMap::new(),
            spent: VecDeque::new(),
        }
    }
}

impl<T> Queue<T> {
    /// Puts something in line. What there is no room for may be asked for again.
    pub fn add(&mut self, run: &str, key: String, what: T) -> Added<T> {
        let asked = self.asked.entry(run.to_owned()).or_default();
        if asked.contains(&key) {
            return Added::Before;
        }
        if self.waiting.len() >= LONGEST || asked.len() >= MOST {
            return Added::Full(what);
        }
        asked.insert(key);
        self.waiting.push_back((run.to_owned(), what));
        Added::Waits
    }

    /// A run that does not end begins anew when it has asked for as much as one may.
    pub fn renew(&mut self, run: &str) {
        if self.asked.get(run).is_some_and(|asked| asked.len() >= MOST) {
            self.asked.remove(run);
        }
    }

    /// The first that may be taken now. What costs nothing does not wait for the minute's
    /// end.
    pub fn next(&mut self, now: Timestamp, costs: impl Fn(&T) -> bool) -> Next<T> {
        // A clock that was set back must not stop everything until it is there again.
        let counts = |at: &Timestamp| *at <= now && now.duration_since(*at) < MINUTE;
        self.spent.retain(counts);
        let may_cost = self.spent.len() < IN_A_MINUTE;
        let found = self
            .waiting
            .iter()
            .position(|(_, what)| may_cost || !costs(what));
        match found.and_then(|at| self.waiting.remove(at)) {
            Some((_, what)) => {
                if costs(&what) {
                    self.spent.push_back(now);
                }
                Next::Take(what)
            }
            None if self.waiting.is_empty() => Next::Nothing,
            None => Next::Later,
        }
    }

    /// Whether anything waits that is like this.
    pub fn any(&self, like: impl Fn(&T) -> bool) -> bool {
        self.waiting.iter().any(|(_, what)| like(what))
    }

    /// What is left of a run that is over.
    pub fn end(&mut self, run: &str) -> Vec<T> {
        self.asked.remove(run);
        let all = std::mem::take(&mut self.waiting);
        let (left, others): (VecDeque<_>, VecDeque<_>) =
            all.into_iter().partition(|(of, _)| of == run);
        self.waiting = others;
        left.into_iter().map(|(_, what)| what).collect()
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn add(queue: &mut Queue<u32>, run: &str, what: u32) -> Added<u32> {
        queue.add(run, what.to_string(), what)
    }

    #[test]
    fn a_run_that_does_not_end_is_not_full_for_ever() {
        let mut queue = Queue::default();
        for what in 0..u32::try_from(MOST).unwrap() {
            assert_eq!(add(&mut queue, "token", what), Added::Waits);
            queue.renew("token");
            queue.waiting.clear();
        }
        assert_eq!(add(&mut queue, "token", 9_999), Added::Waits);
        assert_eq!(add(&mut queue, "token", 9_999), Added::Before);
    }

    #[test]
    fn a_run_asks_once_for_each_thing() {
        let mut queue = Queue::default();
        assert_eq!(add(&mut queue, "a", 1), Added::Waits);
        assert_eq!(add(&mut queue, "a", 1), Added::Before);
        assert_eq!(queue.next(at(0), |_| true), Next::Take(1));
        assert_eq!(
            add(&mut queue, "a", 1),
            Added::Before,
            "whatever came of it"
        );
        assert_eq!(add(&mut queue, "b", 1), Added::Waits);
        queue.end("a");
        assert_eq!(add(&mut queue, "a", 1), Added::Waits);
    }

    #[test]
    fn what_there_is_no_room_for_is_given_back() {
        let mut queue = Queue::default();
        for what in 0..LONGEST as u32 {
            assert_eq!(add(&mut queue, "a", what), Added::Waits);
        }
        assert_eq!(add(&mut queue, "a", 9_999), Added::Full(9_999));
        assert_eq!(queue.next(at(0), |_| true), Next::Take(0));
        assert_eq!(
            add(&mut queue, "a", 9_999),
            Added::Waits,
            "there is room now"
        );
    }

    #[test]
    fn a_minute_has_a_budget_and_what_costs_nothing_does_not_wait_for_it() {
        let mut queue = Queue::default();
        for what in 0..=IN_A_MINUTE as u32 {
            add(&mut queue, "a", what);
        }
        for what in 0..IN_A_MINUTE as u32 {
            assert_eq!(queue.next(at(1), |_| true), Next::Take(what));
        }
        assert_eq!(queue.next(at(60), |_| true), Next::Later);
        add(&mut queue, "a", 1_000);
        assert_eq!(queue.next(at(60), |what| *what < 1_000), Next::Take(1_000));
        let last = IN_A_MINUTE as u32;
        assert_eq!(queue.next(at(61), |_| true), Next::Take(last));
        assert_eq!(queue.next(at(61), |_| true), Next::Nothing);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_it() {
        let mut queue = Queue::default();
        for what in 0..=IN_A_MINUTE as u32 {
            add(&mut queue, "a", what);
        }
        for _ in 0..IN_A_MINUTE {
            queue.next(at(100_000), |_| true);
        }
        let last = IN_A_MINUTE as u32;
        assert_eq!(queue.next(at(0), |_| true), Next::Take(last));
    }

    #[test]
    fn what_is_left_of_a_run_goes_with_it_and_the_others_keep_their_places() {
        let mut queue = Queue::default();
        add(&mut queue, "a", 1);
        add(&mut queue, "b", 2);
        add(&mut queue, "a", 3);
        add(&mut queue, "b", 4);
        assert_eq!(queue.end("a"), [1, 3]);
        assert!(queue.any(|what| *what == 2) && !queue.any(|what| *what == 3));
        assert_eq!(queue.next(at(0), |_| true), Next::Take(2));
        assert_eq!(queue.len(), 1);
    }
}
