//! Which tarballs are read before anybody asks for them: in front of a document what a
//! resolver would take from it, and behind it what is held, and predecessors.

use super::{Case, facts};
use crate::judge::archive::{ArtifactFacts, Kind};
use crate::judge::unseen::{Unseen, Wish};
use crate::judge::{Judged, Judgement, Registry, gather};
use customs_ecosystem::npm::{Machine, NpmRelease, NpmVersion, release_line};
use customs_model::{Dossier, Predecessor, ReleaseId, Version};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Dossiers by release line, newest first. A prerelease is taken only by who asks for it.
fn by_line(dossiers: Vec<Dossier>) -> Vec<Vec<Dossier>> {
    let mut lines: BTreeMap<(bool, (u64, u64)), Vec<Dossier>> = BTreeMap::new();
    for dossier in dossiers {
        let Some(version) = NpmVersion::parse(dossier.release.version.as_str()) else {
            continue;
        };
        let key = (version.is_prerelease(), release_line(&version));
        lines.entry(key).or_default().push(dossier);
    }
    let version = |dossier: &Dossier| NpmVersion::parse(dossier.release.version.as_str());
    let mut lines: Vec<_> = lines.into_iter().collect();
    // Stable lines first, the highest before the others.
    lines.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    lines
        .into_iter()
        .take(gather::LINES)
        .map(|(_, mut line)| {
            line.sort_by_key(|dossier| std::cmp::Reverse(version(dossier)));
            line
        })
        .collect()
}

/// Whether it is read before its document is rendered. What another machine would take is
/// left to its delivery: nobody here asks for it.
fn is_worth(facts: &NpmRelease, is_first: bool) -> bool {
    let most = if is_first {
        gather::LARGEST_FIRST
    } else {
        gather::LARGEST
    };
    facts.unpacked_size.is_none_or(|size| size <= most) && facts.platforms.take(Machine::here())
}

impl Registry {
    /// What the document cannot say is read from tarballs, before it is rendered: of each
    /// line the newest young release that would be offered, which is the one that resolvers
    /// take, and of the next one only where that one is refused by it. Large ones are read
    /// of the first line alone, very large ones and those for other machines when they are
    /// delivered.
    pub(super) async fn look_at_newest(
        &self,
        case: &Case<'_>,
        undecided: Vec<Dossier>,
        judged: &mut Judged,
    ) {
        let lines = by_line(undecided).into_iter().enumerate();
        let looked: Vec<Vec<Judgement>> = futures_util::stream::iter(lines)
            .map(|(at, line)| self.look_at_line(case, line, at == 0))
            .buffered(gather::TOGETHER_READ)
            .collect()
            .await;
        for judgement in looked.into_iter().flatten() {
            let version = judgement.decision.release.version.as_str().to_owned();
            judged.insert(version, judgement);
        }
    }

    /// The young releases of one line, newest first, down to one that is still offered.
    async fn look_at_line(
        &self,
        case: &Case<'_>,
        line: Vec<Dossier>,
        is_first: bool,
    ) -> Vec<Judgement> {
        let mut found = Vec::new();
        for mut dossier in line.into_iter().take(gather::ARTIFACTS) {
            let facts = facts_of(case, &dossier.release.version);
            let worth = facts.is_some_and(|facts| is_worth(&facts, is_first));
            if !worth || !self.look_into_tarball(case, &mut dossier).await {
                break;
            }
            let judgement = self.decide(case.context, &dossier, case.now);
            let allows = judgement.decision.action.allows();
            found.push(judgement);
            if allows {
                break;
            }
        }
        found
    }

    /// What is held is not read in front of anybody. What is known of it already is said
    /// now; the rest is named, so that it is there when the hold ends. The newest of each
    /// line come first.
    pub(super) async fn look_at_held(
        &self,
        case: &Case<'_>,
        held: Vec<Dossier>,
        judged: &mut Judged,
    ) {
        let mut lines: Vec<_> = by_line(held)
            .into_iter()
            .map(|line| line.into_iter().take(gather::ARTIFACTS))
            .collect();
        for _ in 0..gather::ARTIFACTS {
            for line in &mut lines {
                if let Some(dossier) = line.next() {
                    self.look_at_one_held(case, dossier, judged).await;
                }
            }
        }
    }

    async fn look_at_one_held(&self, case: &Case<'_>, mut dossier: Dossier, judged: &mut Judged) {
        let version = dossier.release.version.clone();
        let facts = facts_of(case, &version).filter(|facts| is_worth(facts, true));
        let Some(facts) = facts.filter(|_| !dossier.looked_into) else {
            return;
        };
        let known = self.known_tarball(&facts).await;
        let Some(found) = known else {
            let release = dossier.release.clone();
            case.gaps.unseen(wish(release, Wish::Held, facts));
            return;
        };
        gather::compare(&mut dossier, &found);
        gather::add(&mut dossier, &found);
        if let Some(before) = &mut dossier.predecessor {
            self.add_known_tarball(case, before, &version).await;
        }
        let judgement = self.decide(case.context, &dossier, case.now);
        judged.insert(version.as_str().to_owned(), judgement);
    }

    /// Adds what is known of a predecessor's tarball, without fetching it. One that is not
    /// known is named: what is new after it is said when somebody has read it.
    pub(super) async fn add_known_tarball(
        &self,
        case: &Case<'_>,
        before: &mut Predecessor,
        of: &Version,
    ) {
        let version = before.by_artifact().clone();
        let Some(facts) = facts_of(case, &version) else {
            return;
        };
        match self.known_tarball(&facts).await {
            Some(found) => {
                gather::add_earlier(before, Ok(found), facts.digests.first(), &case.gaps);
            }
            None if is_worth(&facts, true) => {
                let release = ReleaseId::new(case.package.clone(), version);
                case.gaps
                    .unseen(wish(release, Wish::Before(of.clone()), facts));
            }
            None => {}
        }
    }

    async fn known_tarball(&self, release: &NpmRelease) -> Option<Arc<ArtifactFacts>> {
        let digest = release.digests.first()?;
        self.inspections.known(digest, Kind::Tarball).await
    }
}

pub(super) fn facts_of(case: &Case<'_>, version: &Version) -> Option<NpmRelease> {
    facts(case.document, case.document.index.entry(version)?)
}

fn wish(release: ReleaseId, wish: Wish, facts: NpmRelease) -> Option<Unseen> {
    let digest = facts.digests.first();
    Unseen::new(release, wish, facts.tarball.clone(), digest, Kind::Tarball)
}
