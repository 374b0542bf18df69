//! What a release is compared with.

use super::{Addition, Case, Change, words};
use crate::history::line::{compare, is_prerelease};
use crate::history::{
    Acceptable, Accepted, Axis, Day, IdentityPin, LineRecord, Past, Provenance, ReleaseLine, Seen,
    Shown,
};
use customs_model::{Ecosystem, PublisherKind, ReleaseId, SignedDuration, Timestamp, Version};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// How many earlier releases of the line a release is compared with.
pub const K: usize = 5;

/// The most that it is compared with in any case.
const WINDOW: usize = 64;

/// So many releases with a change, over such a time, make it the line's own way: it is told
/// still, and does not block. A worm publishes often, but for hours.
const SETTLED_RELEASES: usize = 3;
const SETTLED_TIME: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A line is old when a newer one has had a stable release for so long.
const OLD_LINE: SignedDuration = SignedDuration::from_hours(180 * 24);

/// One case, put in order.
pub(super) struct Context<'a> {
    /// What the release shows; axes that were stripped are said to be.
    pub shown: Shown,
    pub line: ReleaseLine,
    /// What was verified of the line before. None where it is of a later release than this one.
    pub record: Option<&'a LineRecord>,
    /// The last [`K`] earlier releases of the line, the newest first. For a stable release only
    /// the stable ones.
    pub window: Vec<&'a Shown>,
    /// For a stable release: the last [`K`] earlier prereleases of the line.
    pub prereleases: Vec<&'a Shown>,
    /// Earlier releases of other lines, the newest first.
    pub others: Vec<(ReleaseLine, &'a Shown)>,
    accepted: Vec<&'a Accepted>,
    past: &'a Past,
}

/// A release that had what is looked for.
#[derive(Clone, Copy)]
pub(super) struct Baseline<'a> {
    pub version: &'a Version,
    /// What it shows, where that is known beyond its record.
    pub shown: Option<&'a Shown>,
    /// Its record, where it is the one that was verified here.
    pub record: Option<&'a LineRecord>,
    /// Only prereleases had it, and the judged one is stable.
    pub prerelease: bool,
}

impl<'a> Context<'a> {
    /// None where the release has no line.
    pub fn of(case: &Case<'a>) -> Option<Self> {
        let release = &case.shown.release;
        let line = ReleaseLine::of(release)?;
        let mut earlier: Vec<(ReleaseLine, &Shown)> = case
            .past
            .earlier
            .iter()
            .filter(|other| is_earlier(other, case.shown))
            .filter_map(|other| Some((ReleaseLine::of(&other.release)?, other)))
            .collect();
        earlier.sort_by(|(_, a), (_, b)| newest_first(a, b));
        let stable = !is_prerelease(release);
        let of_line = |prerelease: bool| {
            let of_line = earlier.iter().filter(|(other, _)| *other == line);
            let kind = |shown: &&Shown| !stable || is_prerelease(&shown.release) == prerelease;
            window(case.shown, of_line.map(|(_, shown)| *shown).filter(kind))
        };
        let (window, prereleases) = (of_line(false), of_line(true));
        let mut context = Self {
            shown: case.shown.clone(),
            line,
            record: case
                .file
                .line(&release.package, line)
                .filter(|record| counts(record, case.shown)),
            window,
            prereleases: if stable { prereleases } else { Vec::new() },
            others: earlier
                .into_iter()
                .filter(|(other, _)| *other != line)
                .collect(),
            accepted: case.file.accepted_in(&release.package, line).collect(),
            past: case.past,
        };
        context.tell_stripped();
        Some(context)
    }

    /// npm's registries sign every release, and no publisher can prevent it: where the line was
    /// signed and this release shows neither that nor anything else, it was stripped on the way.
    fn tell_stripped(&mut self) {
        let npm = self.shown.release.package.ecosystem() == Ecosystem::Npm;
        let unsigned = matches!(self.shown.signature, Seen::Absent);
        let bare = !Axis::ALL.iter().any(|axis| self.shown.shows(*axis));
        if npm && unsigned && bare && self.baseline(Axis::Signature).is_some() {
            for axis in Axis::ALL {
                self.shown.strip(axis);
            }
        }
    }

    /// Whether there is nothing of the line to compare with.
    pub fn is_first(&self) -> bool {
        self.record.is_none() && self.window.is_empty() && self.prereleases.is_empty()
    }

    /// Whether the line was looked at, and had nothing on an axis.
    pub fn had_nothing(&self, axis: Axis) -> bool {
        let last = self.window.first().map(|shown| shown.axis(axis));
        self.record.is_some_and(|record| record.evidence.is_empty())
            || matches!(last, Some(Seen::Absent | Seen::NotApplicable))
    }

    /// The newest release before this one that had something on an axis. For a stable release
    /// prereleases are asked last.
    pub fn baseline(&self, axis: Axis) -> Option<Baseline<'a>> {
        let had = |shown: &&&'a Shown| shown.shows(axis) && !self.was_accepted(shown, axis);
        let seen = self.window.iter().find(had);
        let seen = seen.map(|shown| Self::of_shown(shown, false));
        let recorded = self
            .record
            .filter(|record| record.evidence.contains(&axis))
            .map(|record| self.of_record(record));
        match (recorded, seen) {
            (Some(recorded), Some(seen))
                if recorded.prerelease || self.is_newer(seen.version, recorded.version) =>
            {
                Some(seen)
            }
            (Some(recorded), _) => Some(recorded),
            (None, Some(seen)) => Some(seen),
            (None, None) => {
                let shown = self.prereleases.iter().find(had)?;
                Some(Self::of_shown(shown, true))
            }
        }
    }

    /// Who built the release that this one is compared with: the one that was verified here
    /// before, or the newest earlier one of which it is known.
    pub fn identity_before(&self) -> Option<(Baseline<'a>, IdentityPin)> {
        let pin = |shown: &Shown| shown.identity().map(IdentityPin::from);
        let recorded = self.record.and_then(|record| {
            let pin = record.identity.clone()?;
            Some((self.of_record(record), pin))
        });
        let stable = || {
            let mut window = self.window.iter();
            window.find_map(|shown| Some((Self::of_shown(shown, false), pin(shown)?)))
        };
        let prerelease = || {
            let mut prereleases = self.prereleases.iter();
            prereleases.find_map(|shown| Some((Self::of_shown(shown, true), pin(shown)?)))
        };
        match recorded {
            Some((baseline, _)) if baseline.prerelease => stable().or(recorded),
            Some(_) => recorded,
            None => stable().or_else(prerelease),
        }
    }

    /// The newest release before this one that offers an attestation which nobody verified.
    pub fn offering(&self) -> Option<&'a Shown> {
        let offers = |shown: &&&'a Shown| matches!(shown.provenance, Seen::Is(Provenance::Offered));
        let mut all = self.window.iter().chain(&self.prereleases);
        all.find(offers).copied()
    }

    fn of_shown(shown: &'a Shown, prerelease: bool) -> Baseline<'a> {
        Baseline {
            version: &shown.release.version,
            shown: Some(shown),
            record: None,
            prerelease,
        }
    }

    fn of_record(&self, record: &'a LineRecord) -> Baseline<'a> {
        let same = |shown: &&&'a Shown| shown.release.version == record.version;
        let shown = self.window.iter().chain(&self.prereleases).find(same);
        let recorded = ReleaseId::new(record.package.clone(), record.version.clone());
        Baseline {
            version: &record.version,
            shown: shown.copied(),
            record: Some(record),
            prerelease: is_prerelease(&recorded) && !is_prerelease(&self.shown.release),
        }
    }

    fn is_newer(&self, a: &Version, b: &Version) -> bool {
        compare(self.shown.release.package.ecosystem(), a, b) == Some(Ordering::Greater)
    }

    /// Whether a change has stood for [`SETTLED_RELEASES`] over [`SETTLED_TIME`]: releases behind
    /// the baseline that have it as well.
    pub fn is_settled(&self, baseline: &Baseline<'_>, has: impl Fn(&Shown) -> bool) -> bool {
        let since: Vec<&&Shown> = self
            .window
            .iter()
            .take_while(|shown| shown.release.version != *baseline.version)
            .take_while(|shown| has(shown))
            .collect();
        let first = since.last().and_then(|shown| shown.published);
        let time = first
            .zip(self.shown.published)
            .is_some_and(|(first, now)| now.duration_since(first) >= SETTLED_TIME);
        since.len() >= SETTLED_RELEASES && time
    }

    /// Whether a newer line has had stable releases for long.
    pub fn is_old_line(&self) -> bool {
        let long_before = |at: Timestamp| {
            self.shown
                .published
                .is_some_and(|now| now.duration_since(at) >= OLD_LINE)
        };
        self.others.iter().any(|(line, other)| {
            *line > self.line
                && !is_prerelease(&other.release)
                && other.published.is_some_and(long_before)
        })
    }

    /// What a person accepted for this very release.
    pub fn accepted(&self, what: Acceptable) -> Option<&'a Accepted> {
        self.accepted
            .iter()
            .find(|a| a.version == self.shown.release.version && a.what.contains(&what))
            .copied()
    }

    /// Whether a loss was accepted at or behind an earlier release, so that it counts no more.
    fn was_accepted(&self, earlier: &Shown, axis: Axis) -> bool {
        let order = |a: &Version, b: &Version| compare(earlier.release.package.ecosystem(), a, b);
        self.accepted.iter().any(|accepted| {
            accepted.what.contains(&Acceptable::Loss(axis))
                // For the accepted release itself it is still told, with the reason.
                && accepted.version != self.shown.release.version
                && order(&accepted.version, &self.shown.release.version) == Some(Ordering::Less)
                && order(&earlier.release.version, &accepted.version)
                    .is_some_and(|order| order != Ordering::Greater)
        })
    }

    /// What is new besides, against a baseline.
    pub fn additions(&self, baseline: &Baseline<'_>) -> Vec<Addition> {
        if *baseline.version == self.shown.release.version {
            // The same release, looked at again: it adds nothing to itself.
            return Vec::new();
        }
        let mut additions = self.new_publisher();
        let (dependencies, scripts) = match &self.past.added {
            Some(added) => (added.dependencies.clone(), added.scripts.clone()),
            None => {
                let before = baseline.shown.or(self.window.first().copied());
                let new = |of: fn(&Shown) -> &Seen<BTreeSet<String>>| {
                    let before = before.and_then(|shown| of(shown).is());
                    let now = of(&self.shown).is();
                    match before.zip(now) {
                        Some((before, now)) => now.difference(before).cloned().collect(),
                        None => BTreeSet::new(),
                    }
                };
                (
                    new(|shown| &shown.dependencies),
                    new(|shown| &shown.scripts),
                )
            }
        };
        if !dependencies.is_empty() {
            additions.push(Addition::Dependencies(dependencies.into_iter().collect()));
        }
        if !scripts.is_empty() {
            additions.push(Addition::Scripts(scripts.into_iter().collect()));
        }
        additions
    }

    fn new_publisher(&self) -> Vec<Addition> {
        // A pipeline in a person's place is no stranger: it is the package's own setting.
        let Some(publisher) = self.shown.publisher.is() else {
            return Vec::new();
        };
        let (Seen::Is(people), PublisherKind::Account) = (&self.past.people, publisher.kind) else {
            return Vec::new();
        };
        let seen = || {
            let all = self.others.iter().map(|(_, shown)| *shown);
            all.chain(self.window.iter().copied())
                .chain(self.prereleases.iter().copied())
                .filter_map(|shown| shown.publisher.is())
                .filter(|other| other.kind == PublisherKind::Account)
        };
        let mut additions = Vec::new();
        if !people.names.contains(&publisher.name) && !seen().any(|p| p.name == publisher.name) {
            additions.push(Addition::Publisher(publisher.name.clone()));
        }
        if let Some(domain) = &publisher.mail_domain
            && !people.mail_domains.contains(domain)
            && !seen().any(|p| p.mail_domain.as_ref() == Some(domain))
        {
            additions.push(Addition::MailDomain(domain.clone()));
        }
        additions
    }

    /// What else is worth a line.
    pub fn asides(&self, changes: &[Change]) -> Vec<String> {
        let mut asides = Vec::new();
        let counts = |change: &Change| change.acceptable().is_some();
        if changes.iter().any(counts) {
            if !matches!(self.past.people, Seen::Is(_)) && self.shown.publisher.is().is_some() {
                asides.push(words::people_not_checked());
            }
            if self.past.added.is_none() && !self.content_known() {
                asides.push(words::content_not_checked());
            }
        }
        let axes = [Axis::Provenance, Axis::TrustedPublisher];
        let lost = |axis: Axis| matches!(self.shown.axis(axis), Seen::Absent);
        let elsewhere = axes.into_iter().find_map(|axis| {
            let other = self.others.iter().find(|(_, other)| other.shows(axis))?;
            (lost(axis) && self.baseline(axis).is_none()).then_some((axis, other))
        });
        if let Some((axis, (line, other))) = elsewhere {
            asides.push(words::elsewhere(
                axis,
                *line,
                &other.release.version,
                self.line,
            ));
        }
        let before = |a: &&&Accepted| a.version != self.shown.release.version;
        asides.extend(
            self.accepted
                .iter()
                .filter(before)
                .map(|a| words::accepted(a)),
        );
        asides
    }

    fn content_known(&self) -> bool {
        let known =
            |shown: &Shown| shown.dependencies.is().is_some() && shown.scripts.is().is_some();
        known(&self.shown) && self.window.first().is_some_and(|shown| known(shown))
    }
}

/// Whether one release came before another: by time where both are known, else by version.
fn is_earlier(other: &Shown, than: &Shown) -> bool {
    if other.release.package != than.release.package
        || other.release.version == than.release.version
    {
        return false;
    }
    match (other.published, than.published) {
        (Some(other), Some(than)) => other < than,
        _ => {
            let (a, b) = (&other.release.version, &than.release.version);
            compare(than.release.package.ecosystem(), a, b) == Some(Ordering::Less)
        }
    }
}

fn newest_first(a: &Shown, b: &Shown) -> Ordering {
    let (a, b) = (&a.release, &b.release);
    compare(a.package.ecosystem(), &b.version, &a.version)
        .unwrap_or(Ordering::Equal)
        // Build metadata takes no part in the order.
        .then_with(|| b.version.cmp(&a.version))
}

/// The releases to compare with, of those before a release, the newest first: the last [`K`],
/// and those beside them that are younger than [`SETTLED_TIME`] at its publication. Otherwise
/// five quick releases would push all that had evidence out of sight.
fn window<'a>(shown: &Shown, before: impl Iterator<Item = &'a Shown>) -> Vec<&'a Shown> {
    let recent = |other: &Shown| {
        let times = other.published.zip(shown.published);
        times.is_some_and(|(at, now)| now.duration_since(at) < SETTLED_TIME)
    };
    let mut settled = 0;
    before
        .take(WINDOW)
        .take_while(|other| {
            settled += usize::from(!recent(other));
            settled <= K
        })
        .collect()
}

/// Whether a record is of a release before the judged one. An older release that was published
/// before the record began lost nothing; one that was published since did.
fn counts(record: &LineRecord, shown: &Shown) -> bool {
    let ecosystem = shown.release.package.ecosystem();
    let newer = compare(ecosystem, &record.version, &shown.release.version);
    match (newer, shown.published) {
        (Some(Ordering::Greater), Some(at)) => Day::of(at) >= record.first_seen,
        _ => true,
    }
}
