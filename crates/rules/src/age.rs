//! How old a release is: one answer, used by every rule.

use crate::words::{earlier, later};
use customs_model::{Dossier, SignedDuration, Timestamp};

/// A clock of a registry may run ahead of ours by this much before we call it wrong.
pub(crate) const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);

/// A document can come from a mirror that is this old, so that a new release may be
/// missing from it without any deceit. Mirrors that copy once a day are common.
const CACHE_SLACK: SignedDuration = SignedDuration::from_hours(26);

/// From when a release's age is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// From its publish time.
    Published(Timestamp),
    /// From the artifact's `Last-Modified`, as the registry says no publish time.
    LastModified(Timestamp),
    /// From when the gate first saw it, as nothing else is known.
    FirstSeen(Timestamp),
    /// Nothing says how old it is: it stood in the first document seen, or nobody looked before.
    NotKnown,
}

impl Age {
    /// The effective publish time of a release.
    ///
    /// A registry's word is taken, with three exceptions. A time that moved backwards
    /// counts as told first. A time before a look at the document in which the
    /// release did not stand yet is not true; it counts from first sight. A time that
    /// still lies in the future counts from first sight too, else from `now`.
    pub fn of(dossier: &Dossier, now: Timestamp) -> Self {
        // What was told once still counts when it is told no more.
        if let Some(told) = dossier
            .published
            .known()
            .copied()
            .or(dossier.published_before)
        {
            return Self::Published(trusted(dossier, told, now));
        }
        match (dossier.last_modified, dossier.first_seen) {
            (Some(at), _) if at <= later(now, CLOCK_SLACK) => {
                Self::LastModified(trusted(dossier, at, now))
            }
            (_, Some(seen)) if !seen.baseline => Self::FirstSeen(seen.at),
            (_, _) => Self::NotKnown,
        }
    }

    /// The instant from which the age is counted.
    pub const fn since(self) -> Option<Timestamp> {
        match self {
            Self::Published(at) | Self::LastModified(at) | Self::FirstSeen(at) => Some(at),
            Self::NotKnown => None,
        }
    }
}

fn trusted(dossier: &Dossier, told: Timestamp, now: Timestamp) -> Timestamp {
    let seen = dossier.first_seen.map(|seen| seen.at);
    let told = match dossier.published_before {
        // A mirror that rewrites its times must not make old releases young again:
        // it existed when we saw it, and not before it was first told.
        Some(before) if before < told => seen.map_or(told, |seen| told.min(seen.max(before))),
        Some(before) => before,
        None => told,
    };
    if told > later(now, CLOCK_SLACK) {
        return seen.unwrap_or(now).min(now);
    }
    match dossier.first_seen {
        Some(seen) if seen.not_before.is_some_and(|look| is_backdated(told, look)) => {
            told.max(seen.at)
        }
        _ => told,
    }
}

/// Whether a publish time lies before a look that did not find the release.
pub(crate) fn is_backdated(told: Timestamp, look: Timestamp) -> bool {
    later(told, CACHE_SLACK) < look
}

/// When times that lie in the future stop doing so: then they count.
pub(crate) fn future_ends(dossier: &Dossier) -> impl Iterator<Item = Timestamp> {
    let told = [
        dossier.published.known().copied(),
        dossier.published_before,
        dossier.last_modified,
    ];
    told.into_iter()
        .flatten()
        .map(|at| earlier(at, CLOCK_SLACK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, dossier};
    use customs_model::{FirstSight, Known};

    #[test]
    fn a_release_that_was_published_while_nobody_looked_keeps_its_age() {
        let mut d = dossier("npm", "a", "1.0.0", "2026-03-01T00:00:00Z");
        d.first_seen = Some(FirstSight {
            at: at("2026-03-20T00:00:00Z"),
            baseline: false,
            not_before: Some(at("2026-02-20T00:00:00Z")),
        });
        assert_eq!(
            Age::of(&d, at("2026-03-20T00:00:00Z")),
            Age::Published(at("2026-03-01T00:00:00Z"))
        );
    }

    #[test]
    fn a_backdated_release_counts_from_first_sight() {
        let mut d = dossier("npm", "a", "1.0.0", "2026-03-01T00:00:00Z");
        d.first_seen = Some(FirstSight {
            at: at("2026-03-20T00:00:00Z"),
            baseline: false,
            not_before: Some(at("2026-03-19T00:00:00Z")),
        });
        assert_eq!(
            Age::of(&d, at("2026-03-20T00:00:00Z")),
            Age::Published(at("2026-03-20T00:00:00Z"))
        );
    }

    #[test]
    fn a_cached_document_is_no_proof_of_backdating() {
        let mut d = dossier("npm", "a", "1.0.0", "2026-03-20T00:00:00Z");
        d.first_seen = Some(FirstSight {
            at: at("2026-03-20T00:40:00Z"),
            baseline: false,
            not_before: Some(at("2026-03-20T00:30:00Z")),
        });
        assert_eq!(
            Age::of(&d, at("2026-03-20T00:40:00Z")),
            Age::Published(at("2026-03-20T00:00:00Z"))
        );
    }

    #[test]
    fn a_mirror_that_rewrites_its_times_makes_nothing_young_again() {
        let mut d = dossier("npm", "a", "1.0.0", "2026-11-20T00:00:00Z");
        d.published_before = Some(at("2024-01-01T00:00:00Z"));
        d.first_seen = Some(FirstSight {
            at: at("2025-01-01T00:00:00Z"),
            baseline: true,
            not_before: None,
        });
        assert_eq!(
            Age::of(&d, at("2026-11-20T01:00:00Z")),
            Age::Published(at("2025-01-01T00:00:00Z"))
        );
    }

    #[test]
    fn a_clock_that_was_wrong_at_first_sight_makes_nothing_old() {
        let mut d = dossier("npm", "a", "1.0.0", "2026-11-20T00:00:00Z");
        d.first_seen = Some(FirstSight {
            at: at("2001-01-01T00:00:00Z"),
            baseline: false,
            not_before: None,
        });
        assert_eq!(
            Age::of(&d, at("2026-11-20T01:00:00Z")),
            Age::Published(at("2026-11-20T00:00:00Z"))
        );
    }

    #[test]
    fn without_a_publish_time_the_artifact_then_first_sight_is_asked() {
        let now = at("2026-11-20T00:00:00Z");
        let mut d = dossier("pypi", "a", "1.0.0", "2026-11-20T00:00:00Z");
        d.published = Known::NotApplicable;
        assert_eq!(Age::of(&d, now), Age::NotKnown);
        d.first_seen = Some(FirstSight {
            at: now,
            baseline: true,
            not_before: None,
        });
        assert_eq!(Age::of(&d, now), Age::NotKnown);
        d.first_seen = Some(FirstSight {
            at: now,
            baseline: false,
            not_before: None,
        });
        assert_eq!(Age::of(&d, now), Age::FirstSeen(now));
        d.last_modified = Some(at("2026-11-01T00:00:00Z"));
        assert_eq!(
            Age::of(&d, now),
            Age::LastModified(at("2026-11-01T00:00:00Z"))
        );
        d.last_modified = Some(at("2030-11-01T00:00:00Z"));
        assert_eq!(
            Age::of(&d, now),
            Age::FirstSeen(now),
            "a Last-Modified in the future says nothing"
        );
    }
}
