//! Scenario time on the present.

use customs_model::Timestamp;

/// Which instant of a scenario is shown, and as which present instant.
///
/// What was published N minutes before `epoch` is shown as published N minutes before
/// `now`; what comes after `epoch` has not happened yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant of the scenario.
    pub epoch: Timestamp,
    /// The present instant that stands for it.
    pub now: Timestamp,
}

impl Moment {
    /// The present instant that stands for an instant of the scenario.
    pub fn shown(self, at: Timestamp) -> Timestamp {
        self.now
            .saturating_sub(self.epoch.duration_since(at))
            .unwrap_or(Timestamp::MIN)
    }

    /// Whether an instant of the scenario lies behind us.
    pub fn happened(self, at: Timestamp) -> bool {
        at <= self.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::SignedDuration;
    use proptest::prelude::*;

    #[test]
    fn ninety_seconds_before_the_victim_is_ninety_seconds_ago() {
        let moment = Moment {
            epoch: "2026-03-31T00:23:27Z".parse().unwrap(),
            now: "2026-11-24T10:00:00Z".parse().unwrap(),
        };
        let published = "2026-03-31T00:21:58Z".parse().unwrap();
        assert_eq!(moment.shown(published).to_string(), "2026-11-24T09:58:31Z");
        assert!(moment.happened(published));
        assert!(!moment.happened("2026-03-31T01:00:57Z".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn ages_are_kept(epoch in 0i64..4_000_000_000, now in 0i64..4_000_000_000, age in 0i64..1_000_000_000) {
            let at = |s| Timestamp::from_second(s).unwrap();
            let moment = Moment { epoch: at(epoch), now: at(now) };
            let published = at(epoch).saturating_sub(SignedDuration::from_secs(age)).unwrap();
            let shown = moment.shown(published);
            prop_assert_eq!(moment.now.duration_since(shown), SignedDuration::from_secs(age));
        }
    }
}
