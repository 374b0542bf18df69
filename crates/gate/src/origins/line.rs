//! Who is next: what documents at hand say comes first, then what upstreams have to be asked for,
//! so many in a minute, and none of an upstream that failed lately.

use customs_model::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Artifacts that wait, of each kind. A project's whole tree is delivered within seconds.
const LONGEST: usize = 8_192;
/// Questions to upstreams in a minute.
const IN_A_MINUTE: usize = 240;
/// Upstreams that are left alone at the same time.
const RESTING: usize = 256;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Times that a rest is doubled: 16 minutes.
const DOUBLED: u32 = 4;

/// What waits.
#[derive(Debug)]
pub(super) struct Line<T> {
    at_hand: VecDeque<T>,
    to_ask: VecDeque<(String, T)>,
    /// Upstreams that failed, since when, and how often in a row.
    resting: BTreeMap<String, (Timestamp, u32)>,
    /// Upstreams that kept somebody waiting in vain, and when.
    slow: BTreeMap<String, Timestamp>,
    /// When somebody was asked.
    spent: VecDeque<Timestamp>,
    /// What there was no room for.
    turned_away: usize,
}

/// What is next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    /// What documents say of this.
    AtHand(T),
    /// Ask the upstream about this.
    Ask(T),
    /// Something, but not now.
    Later,
    /// Nothing.
    Nothing,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            at_hand: VecDeque::new(),
            to_ask: VecDeque::new(),
            resting: BTreeMap::new(),
            slow: BTreeMap::new(),
            spent: VecDeque::new(),
            turned_away: 0,
        }
    }
}

impl<T> Line<T> {
    /// Puts a delivered artifact in line; `false`: there is no room for it.
    pub fn add(&mut self, what: T) -> bool {
        let has_room = self.at_hand.len() < LONGEST;
        if has_room {
            self.at_hand.push_back(what);
        } else {
            self.turn_away();
        }
        has_room
    }

    /// The same for a question to an upstream.
    pub fn ask(&mut self, upstream: String, what: T) -> bool {
        let has_room = self.to_ask.len() < LONGEST;
        if has_room {
            self.to_ask.push_back((upstream, what));
        } else {
            self.turn_away();
        }
        has_room
    }

    fn turn_away(&mut self) {
        self.turned_away += 1;
        if self.turned_away == 1 {
            tracing::warn!("more was delivered than evidence is kept of at a time");
        }
    }

    /// Who is next.
    pub fn next(&mut self, now: Timestamp) -> Next<T> {
        if let Some(what) = self.at_hand.pop_front() {
            return Next::AtHand(what);
        }
        if self.to_ask.is_empty() {
            return Next::Nothing;
        }
        // A clock that was set back must not stop everything until it is there again.
        let counts = |at: &Timestamp| *at <= now && now.duration_since(*at) < MINUTE;
        self.spent.retain(counts);
        if self.spent.len() >= IN_A_MINUTE {
            return Next::Later;
        }
        let may = |upstream: &str| !self.rests(upstream, now);
        let found = self.to_ask.iter().position(|(upstream, _)| may(upstream));
        match found.and_then(|at| self.to_ask.remove(at)) {
            Some((_, what)) => {
                self.spent.push_back(now);
                Next::Ask(what)
            }
            None => Next::Later,
        }
    }

    /// Whether an upstream may be asked at once, while somebody waits; it counts as asked then.
    pub fn may_ask_now(&mut self, upstream: &str, now: Timestamp) -> bool {
        let counts = |at: &Timestamp| *at <= now && now.duration_since(*at) < MINUTE;
        self.spent.retain(counts);
        let is_slow = self.slow.get(upstream).is_some_and(counts);
        let may = self.spent.len() < IN_A_MINUTE && !is_slow && !self.rests(upstream, now);
        if may {
            self.spent.push_back(now);
        }
        may
    }

    fn rests(&self, upstream: &str, now: Timestamp) -> bool {
        self.resting.get(upstream).is_some_and(|(since, times)| {
            let rest = MINUTE * 2_i32.pow((*times).min(DOUBLED));
            *since <= now && now.duration_since(*since) < rest
        })
    }

    /// An upstream failed: it is left alone, longer each time.
    pub fn failed(&mut self, upstream: String, now: Timestamp) {
        if self.resting.len() >= RESTING {
            self.resting.clear();
        }
        let again = |(at, times): &mut (Timestamp, u32)| {
            *at = now;
            *times = times.saturating_add(1);
        };
        self.resting
            .entry(upstream)
            .and_modify(again)
            .or_insert((now, 0));
    }

    /// An upstream did not answer while somebody waited: for a minute nobody waits for it. It is still
    /// asked afterwards, with more patience, and only that says whether it fails.
    pub fn kept_waiting(&mut self, upstream: String, now: Timestamp) {
        if self.slow.len() >= RESTING {
            self.slow.clear();
        }
        self.slow.insert(upstream, now);
    }

    /// An upstream answered.
    pub fn answered(&mut self, upstream: &str) {
        self.resting.remove(upstream);
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.at_hand.len() + self.to_ask.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_slow_upstream_for_a_minute_and_it_does_not_rest() {
        let mut line = Line::<()>::default();
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        for _ in 0..8 {
            line.kept_waiting("slow".to_owned(), now);
        }
        assert!(!line.may_ask_now("slow", now) && line.may_ask_now("other", now));
        assert!(!line.rests("slow", now), "it is asked afterwards");
        assert!(line.may_ask_now("slow", now + MINUTE));
    }

    #[test]
    fn who_waits_may_ask_within_the_same_bounds() {
        let mut line: Line<u32> = Line::default();
        for _ in 0..IN_A_MINUTE {
            assert!(line.may_ask_now("a", at(0)));
        }
        assert!(!line.may_ask_now("a", at(59)));
        assert!(line.may_ask_now("a", at(61)));
        line.failed("a".to_owned(), at(61));
        assert!(!line.may_ask_now("a", at(62)) && line.may_ask_now("b", at(62)));
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn asking(all: &[(&str, u32)]) -> Line<u32> {
        let mut line = Line::default();
        for (upstream, what) in all {
            assert!(line.ask((*upstream).to_owned(), *what));
        }
        line
    }

    #[test]
    fn what_is_at_hand_comes_before_what_has_to_be_asked_for() {
        let mut line = asking(&[("a", 1)]);
        assert!(line.add(2));
        assert_eq!(line.next(at(0)), Next::AtHand(2));
        assert_eq!(line.next(at(0)), Next::Ask(1));
        assert_eq!(line.next(at(0)), Next::Nothing);
    }

    #[test]
    fn an_upstream_that_fails_rests_longer_each_time_and_delays_no_other() {
        let mut line = asking(&[("a", 1), ("b", 2), ("a", 3)]);
        line.failed("a".to_owned(), at(0));
        assert_eq!(line.next(at(1)), Next::Ask(2));
        assert_eq!(line.next(at(59)), Next::Later);
        assert_eq!(line.next(at(60)), Next::Ask(1));
        line.failed("a".to_owned(), at(60));
        assert_eq!(line.next(at(179)), Next::Later);
        line.answered("a");
        assert_eq!(line.next(at(179)), Next::Ask(3));
    }

    #[test]
    fn a_minute_has_a_budget_and_a_clock_that_is_set_back_does_not_stop_it() {
        let mut line = Line::default();
        for what in 0..=IN_A_MINUTE {
            line.ask("a".to_owned(), what);
        }
        for what in 0..IN_A_MINUTE {
            assert_eq!(line.next(at(1)), Next::Ask(what));
        }
        assert_eq!(line.next(at(60)), Next::Later);
        assert_eq!(line.next(at(-1_000)), Next::Ask(IN_A_MINUTE));
    }

    #[test]
    fn what_there_is_no_room_for_is_not_taken() {
        let mut line = Line::default();
        for what in 0..LONGEST {
            assert!(line.add(what));
        }
        assert!(!line.add(0));
        assert_eq!(line.len(), LONGEST);
    }
}
