//! One npm document on its way through judgement: its releases in the order of time, and
//! which of them need a decision.

use super::{facts, order, precedes};
use crate::audit::Audit;
use crate::document::Document;
use crate::evidence::offered_signatures;
use crate::judge::before::nearest;
use crate::judge::gather::{self, Gaps};
use crate::judge::trail::Trail;
use crate::judge::{Context, Judged};
use crate::upstream::Upstream;
use customs_ecosystem::npm::{NpmVersion, Packument, VersionEntry, release_line};
use customs_intel::Snapshot;
use customs_model::{PackageName, Predecessor, ReleaseId, Timestamp};
use customs_store::{Publication, Sights};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Releases that are looked through for a predecessor, backwards in time.
const FARTHEST: usize = 2_000;
/// Releases without a publish time that are judged, newest first; the rest stood in the
/// first document and only an advisory can speak against it.
const UNDATED: usize = 20;

/// One release on its way through judgement.
pub(super) struct Candidate<'a> {
    pub entry: &'a VersionEntry,
    pub parsed: Option<NpmVersion>,
    pub published: Option<Timestamp>,
}

impl Candidate<'_> {
    pub fn line(&self) -> Option<(u64, u64)> {
        self.parsed.as_ref().map(release_line)
    }
}

/// What one document is judged with.
pub(super) struct Case<'a> {
    pub context: &'a Context,
    pub upstream: &'a Upstream,
    pub package: &'a PackageName,
    pub document: &'a Document<Packument>,
    pub now: Timestamp,
    pub trail: &'a Trail,
    /// Oldest first, so that a release's predecessor is decided before it.
    pub all: Vec<Candidate<'a>>,
    pub sights: Sights,
    pub audit: Audit,
    pub gaps: Gaps,
}

impl Case<'_> {
    pub fn version(&self, at: usize) -> &str {
        self.all[at].entry.version.as_str()
    }

    /// Young, or not old for certain: rules about change look at it.
    pub fn is_young(&self, at: usize) -> bool {
        let window = self.context.policy.change_window;
        let candidate = &self.all[at];
        if candidate
            .published
            .is_none_or(|p| self.now.duration_since(p) < window)
        {
            return true;
        }
        // A release that appeared lately, whatever publish time it claims.
        let (first, before) = gather::sight(&self.sights, &candidate.entry.version, None);
        before.is_some()
            || first.is_some_and(|f| !f.baseline && self.now.duration_since(f.at) < window)
    }

    /// When the last release appeared, where each is dated.
    pub fn newest(&self) -> Option<Timestamp> {
        gather::newest(self.all.iter().map(|candidate| {
            let sight = gather::sight(&self.sights, &candidate.entry.version, None);
            (candidate.published, sight)
        }))
    }

    /// What of the signatures that the document offers for a release is false.
    pub fn false_signatures(&self, at: usize) -> Vec<String> {
        let Some(trusted) = &self.context.trust else {
            return Vec::new();
        };
        let candidate = &self.all[at];
        let release = ReleaseId::new(self.package.clone(), candidate.entry.version.clone());
        let offered = offered_signatures(self.document, &release, None, trusted.trust());
        offered.map(|offered| offered.refuted).unwrap_or_default()
    }

    /// The releases that need a decision.
    pub fn chosen(&self) -> BTreeSet<usize> {
        let snapshot = self.context.advisories.known();
        let known = snapshot.filter(|s| s.knows(self.package));
        let may_deny = self.context.policy.may_deny(self.package);
        let tagged: BTreeSet<&str> = self
            .document
            .index
            .tags
            .values()
            .map(String::as_str)
            .collect();
        let mut undated = self.undated();
        (0..self.all.len())
            .filter(|at| {
                let version = &self.all[*at].entry.version;
                let advised = |snapshot: &Arc<Snapshot>| {
                    let release = ReleaseId::new(self.package.clone(), version.clone());
                    !snapshot.matches(&release, &order).is_empty()
                };
                if may_deny || known.is_some_and(advised) {
                    return true;
                }
                if self.all[*at].published.is_some() {
                    return self.is_young(*at);
                }
                let (first, _) = gather::sight(&self.sights, version, None);
                let is_new = first.is_some_and(|f| !f.baseline);
                is_new || tagged.contains(version.as_str()) || undated.remove(at)
            })
            .collect()
    }

    /// The newest releases without a publish time.
    fn undated(&self) -> BTreeSet<usize> {
        let mut undated: Vec<usize> = (0..self.all.len())
            .filter(|at| self.all[*at].published.is_none())
            .collect();
        undated.sort_by(|a, b| self.all[*b].parsed.cmp(&self.all[*a].parsed));
        undated.into_iter().take(UNDATED).collect()
    }

    pub fn publications(&self, chosen: &BTreeSet<usize>) -> Vec<Publication> {
        let publication = |at: &usize| {
            let candidate = &self.all[*at];
            let facts = facts(self.document, candidate.entry)?;
            Some(Publication {
                identity: gather::identity(&facts.origin, &facts.manifest)?,
                package: self.package.clone(),
                version: candidate.entry.version.clone(),
                at: candidate.published?,
            })
        };
        chosen
            .iter()
            .filter(|at| self.is_young(**at))
            .filter_map(publication)
            .collect()
    }

    /// The newest older release of the same line that is past its hold.
    pub fn predecessor(&self, at: usize, judged: &Judged) -> Option<Predecessor> {
        let this = self.all[at].parsed.as_ref()?;
        let earlier = || {
            self.all[..at]
                .iter()
                .rev()
                .take(FARTHEST)
                .filter_map(|c| Some((c.parsed.as_ref()?, c)))
                .filter(|(version, _)| precedes(version, this))
                .filter(|(_, c)| judged.offers(c.entry.version.as_str()))
        };
        let ((_, before), settled) = nearest(
            earlier,
            |a: &(&NpmVersion, &Candidate<'_>), b: &(&NpmVersion, &Candidate<'_>)| b.0.cmp(a.0),
            |(_, c): &(&NpmVersion, &Candidate<'_>)| self.context.is_settled(c.published, self.now),
        )?;
        let facts = facts(self.document, before.entry)?;
        Some(Predecessor {
            version: before.entry.version.clone(),
            published: before.published,
            manifest: facts.manifest,
            origin: facts.origin,
            unread: None,
            code: None,
            read: None,
            settled: settled.map(|(_, c)| c.entry.version.clone()),
        })
    }
}
