//! One advisory, and whether it is about a version.

use customs_model::{PackageName, Timestamp};
use std::cmp::Ordering;

/// How an ecosystem compares two versions; `None` when one of them is no version.
pub type VersionOrder<'a> = &'a dyn Fn(&str, &str) -> Option<Ordering>;

/// A statement that some releases are bad. Texts are boxed: an export of one
/// ecosystem holds more than 200,000 of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its identifier (`MAL-2026-2307`).
    pub id: Box<str>,
    /// Other identifiers of the same thing.
    pub aliases: Box<[Box<str>]>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was taken back. Such a record says nothing any more.
    pub withdrawn: Option<Timestamp>,
    /// One line for people, printable.
    pub summary: Box<str>,
    /// What it says about the releases.
    pub kind: AdvisoryKind,
    /// The packages that it names, of the ecosystems that customs knows.
    pub affected: Box<[Affected]>,
    /// Somebody other than the package's own publisher reviewed it.
    pub reviewed: bool,
}

/// What an advisory says about the releases that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AdvisoryKind {
    /// They are malware.
    Malicious,
    /// They have a weakness.
    Vulnerability,
    /// They are unmaintained, unsound or worth a note; nothing is wrong with them yet.
    Notice,
}

/// One package of an advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The package.
    pub package: PackageName,
    /// Ranges in the ecosystem's own order.
    pub ranges: Box<[Range]>,
    /// Exact versions.
    pub versions: Box<[Box<str>]>,
}

/// A range of versions, as the events of a time line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Range {
    /// What happens along the version order, as written.
    pub events: Box<[Event]>,
}

/// Something that happens at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Affected from here on; `0` stands before every version.
    Introduced(Box<str>),
    /// Not affected from here on.
    Fixed(Box<str>),
    /// The last one that is affected.
    LastAffected(Box<str>),
    /// The range says nothing from here on.
    Limit(Box<str>),
}

impl Advisory {
    /// The part about a package. A record may name one package several times.
    pub fn about<'a>(&'a self, package: &'a PackageName) -> impl Iterator<Item = &'a Affected> {
        self.affected.iter().filter(move |a| a.package == *package)
    }

    /// Whether it is in force and about this version of the package.
    pub fn covers(&self, package: &PackageName, version: &str, order: VersionOrder<'_>) -> bool {
        self.withdrawn.is_none() && self.about(package).any(|a| a.covers(version, order))
    }
}

impl Affected {
    /// Whether a version is named or lies in a range. The specification joins the two
    /// with *or*.
    pub fn covers(&self, version: &str, order: VersionOrder<'_>) -> bool {
        self.versions.iter().any(|v| same(v, version, order))
            || self.ranges.iter().any(|r| r.covers(version, order))
    }

    /// The versions that it names as fixes, in the order written.
    pub fn fixed(&self) -> impl Iterator<Item = &str> {
        self.ranges
            .iter()
            .flat_map(|r| r.events.iter())
            .filter_map(|e| match e {
                Event::Fixed(v) => Some(&**v),
                Event::Introduced(_) | Event::LastAffected(_) | Event::Limit(_) => None,
            })
    }
}

impl Range {
    /// Whether a version lies in the range: the last event at or below it decides.
    ///
    /// A start that cannot be compared does not start, an end that cannot be compared
    /// does not end: the exact versions of the record still speak.
    pub fn covers(&self, version: &str, order: VersionOrder<'_>) -> bool {
        let mut state = State {
            at: None,
            affected: false,
            after: false,
        };
        let mut limits = 0;
        let mut within = false;
        for event in &self.events {
            match event {
                // `0` must work for versions that the order cannot read.
                Event::Introduced(v) if &**v == "0" => state.reach(None, true, false, order),
                Event::Introduced(v) if at_or_above(version, v, order) => {
                    state.reach(Some(v), true, false, order);
                }
                Event::Fixed(v) if at_or_above(version, v, order) => {
                    state.reach(Some(v), false, false, order);
                }
                Event::LastAffected(v) if order(version, v) == Some(Ordering::Greater) => {
                    state.reach(Some(v), false, true, order);
                }
                Event::Limit(v) => {
                    limits += 1;
                    within |= &**v == "*" || order(version, v) == Some(Ordering::Less);
                }
                Event::Introduced(_) | Event::Fixed(_) | Event::LastAffected(_) => {}
            }
        }
        state.affected && (limits == 0 || within)
    }
}

/// The latest event that a version has reached. Records list their events in any
/// order, so the highest wins, and among equals the later written one; a
/// `last_affected` lies behind its own version and so behind all that happens at it.
struct State<'a> {
    at: Option<&'a str>,
    affected: bool,
    after: bool,
}

impl<'a> State<'a> {
    fn reach(&mut self, at: Option<&'a str>, affected: bool, after: bool, order: VersionOrder<'_>) {
        let rank = match (self.at, at) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(old), Some(new)) => order(old, new).unwrap_or(Ordering::Equal),
        };
        if rank.then(self.after.cmp(&after)) != Ordering::Greater {
            *self = Self {
                at,
                affected,
                after,
            };
        }
    }
}

fn at_or_above(version: &str, bound: &str, order: VersionOrder<'_>) -> bool {
    matches!(
        order(version, bound),
        Some(Ordering::Equal | Ordering::Greater)
    )
}

/// The same text or equal in the order (`1.0` and `1.0.0` on PyPI). Build metadata
/// makes no difference to an order, but two texts then name two releases of which
/// the record names one; being careful, both match.
pub fn same(a: &str, b: &str, order: VersionOrder<'_>) -> bool {
    a == b || order(a, b) == Some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn semver(a: &str, b: &str) -> Option<Ordering> {
        let read = |t: &str| semver::Version::parse(t).ok();
        Some(read(a)?.cmp_precedence(&read(b)?))
    }

    fn range(events: &[(&str, &str)]) -> Range {
        let event = |(kind, v): &(&str, &str)| match *kind {
            "introduced" => Event::Introduced((*v).into()),
            "fixed" => Event::Fixed((*v).into()),
            "last" => Event::LastAffected((*v).into()),
            _ => Event::Limit((*v).into()),
        };
        Range {
            events: events.iter().map(event).collect(),
        }
    }

    fn covered(r: &Range, versions: &[&'static str]) -> Vec<&'static str> {
        versions
            .iter()
            .copied()
            .filter(|v| r.covers(v, &semver))
            .collect()
    }

    #[test]
    fn a_range_starts_at_introduced_and_ends_before_fixed() {
        let r = range(&[
            ("introduced", "1.0.0"),
            ("fixed", "1.2.0"),
            ("introduced", "2.0.0"),
        ]);
        let all = [
            "0.9.0",
            "1.0.0",
            "1.1.9",
            "1.2.0-rc.1",
            "1.2.0",
            "1.9.0",
            "2.0.0",
            "3.0.0",
        ];
        assert_eq!(
            covered(&r, &all),
            ["1.0.0", "1.1.9", "1.2.0-rc.1", "2.0.0", "3.0.0"]
        );
    }

    #[test]
    fn introduced_zero_means_every_version_even_one_that_the_order_cannot_read() {
        let r = range(&[("introduced", "0")]);
        assert!(r.covers("0.0.0-alpha", &semver));
        assert!(r.covers("not.a.version", &semver));
        assert!(!range(&[("introduced", "1.0.0")]).covers("not.a.version", &semver));
    }

    #[test]
    fn last_affected_is_affected_and_what_follows_is_not() {
        let r = range(&[("introduced", "1.0.0"), ("last", "1.0.0")]);
        assert_eq!(
            covered(&r, &["0.9.0", "1.0.0", "1.0.1", "2.0.0"]),
            ["1.0.0"]
        );
        // The specification does not ask for a written order.
        let r = range(&[("last", "1.0.0"), ("introduced", "1.0.0")]);
        assert_eq!(covered(&r, &["0.9.0", "1.0.0", "1.0.1"]), ["1.0.0"]);
    }

    #[test]
    fn a_limit_cuts_the_range_off() {
        let r = range(&[("introduced", "0"), ("limit", "2.0.0")]);
        assert_eq!(covered(&r, &["1.0.0", "2.0.0", "3.0.0"]), ["1.0.0"]);
        let r = range(&[("introduced", "0"), ("limit", "*")]);
        assert_eq!(covered(&r, &["9.0.0"]), ["9.0.0"]);
    }

    #[test]
    fn an_end_that_cannot_be_compared_does_not_end() {
        let r = range(&[("introduced", "1.0.0"), ("fixed", "soon")]);
        assert_eq!(covered(&r, &["1.0.0", "2.0.0"]), ["1.0.0", "2.0.0"]);
    }

    fn version() -> impl Strategy<Value = String> {
        (0u8..4, 0u8..4).prop_map(|(a, b)| format!("{a}.{b}.0"))
    }

    proptest! {
        /// Sorted into the version order, the events are switches; that is the
        /// specification's own algorithm, written the other way round.
        #[test]
        fn a_range_agrees_with_the_specifications_algorithm(
            mut spans in proptest::collection::btree_set((0u8..4, 0u8..4), 0..6),
            asked in version(),
            seed in any::<u64>(),
        ) {
            if spans.len() % 2 == 1 { spans.pop_last(); }
            let bounds: Vec<String> = spans.iter().map(|(a, b)| format!("{a}.{b}.0")).collect();
            let mut events = Vec::new();
            for pair in bounds.chunks(2) {
                events.push(Event::Introduced(pair[0].as_str().into()));
                events.push(Event::Fixed(pair[1].as_str().into()));
            }
            let mut vulnerable = false;
            for event in &events {
                match event {
                    Event::Introduced(v) if at_or_above(&asked, v, &semver) => vulnerable = true,
                    Event::Fixed(v) if at_or_above(&asked, v, &semver) => vulnerable = false,
                    _ => {}
                }
            }
            let turn = if events.is_empty() { 0 } else { seed as usize % events.len() };
            events.rotate_left(turn);
            prop_assert_eq!(Range { events: events.into() }.covers(&asked, &semver), vulnerable);
        }

        #[test]
        fn any_events_and_any_text_are_survived(
            events in proptest::collection::vec((0u8..4, ".{0,12}"), 0..8), asked in ".{0,12}",
        ) {
            let events = events.into_iter().map(|(k, v)| match k {
                0 => Event::Introduced(v.into()),
                1 => Event::Fixed(v.into()),
                2 => Event::LastAffected(v.into()),
                _ => Event::Limit(v.into()),
            });
            let range = Range { events: events.collect() };
            let first = range.covers(&asked, &semver);
            prop_assert_eq!(first, range.covers(&asked, &semver));
        }
    }
}
