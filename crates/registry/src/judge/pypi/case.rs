//! One page of a Python project on its way through judgement: its files in the order of
//! time, and which of them need a decision.

use super::declared::Manifests;
use crate::judge::before::nearest;
use crate::judge::gather::{self, Gaps};
use crate::judge::trail::Trail;
use crate::judge::{Context, Judged};
use crate::upstream::Upstream;
use customs_ecosystem::pypi::{File, FileKind, Yanked, compare, is_prerelease, release_line};
use customs_model::{
    Digest, Evidence, History, Known, Origin, PackageName, Predecessor, RunsCode, Timestamp,
    Version,
};
use customs_store::Sights;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Files that are looked through for a predecessor, backwards in time.
const FARTHEST: usize = 5_000;

/// What one page is judged with.
pub(super) struct Case<'a> {
    pub context: &'a Context,
    pub upstream: &'a Upstream,
    pub now: Timestamp,
    pub trail: &'a Trail,
    pub package: &'a PackageName,
    /// The digest of the page.
    pub document: Digest,
    /// Oldest first; files that belong to no version are never offered.
    pub all: Vec<(&'a File, &'a Version)>,
    pub sights: Sights,
    pub known: bool,
    pub gaps: Gaps,
    pub newest_undated: Option<&'a Version>,
}

/// What the page alone tells: a source distribution is built when it is installed.
pub(super) fn runs_by_page(file: &File) -> RunsCode {
    RunsCode {
        build_backend: Some(file.kind() != FileKind::Wheel),
        ..RunsCode::default()
    }
}

/// An index that offers provenance for no file of a project does not carry it.
pub(super) fn origin(file: &File, carried: bool) -> Origin {
    Origin {
        publisher: Known::NotApplicable,
        evidence: match (&file.provenance, carried) {
            (Some(_), _) => Known::Is(Evidence::Provenance),
            (None, true) => Known::Is(Evidence::None),
            (None, false) => Known::NotApplicable,
        },
    }
}

/// Whether a file may be what a version is compared with: older, not withdrawn, and no
/// prerelease before a stable one.
pub(super) fn may_precede(file: &File, version: &Version, of: &Version) -> bool {
    file.yanked == Yanked::No
        && compare(version.as_str(), of.as_str()) == Some(Ordering::Less)
        && (is_prerelease(of.as_str()) || !is_prerelease(version.as_str()))
}

/// The same within a release line, which is that of the version.
pub(in crate::judge) fn precedes(file: &File, version: &Version, of: &Version, line: &str) -> bool {
    may_precede(file, version, of) && release_line(version.as_str()).as_deref() == Some(line)
}

/// Newest first; what is no version comes last, so that the order holds whatever a page
/// calls a version.
pub(super) fn newer_first(a: &Version, b: &Version) -> Ordering {
    let is_version = |v: &Version| compare(v.as_str(), v.as_str()).is_some();
    match (is_version(a), is_version(b)) {
        (true, true) => compare(b.as_str(), a.as_str()).unwrap_or(Ordering::Equal),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => b.cmp(a),
    }
}

/// The newest version with a file that has no upload time.
pub(super) fn newest_undated<'a>(all: &[(&'a File, &'a Version)]) -> Option<&'a Version> {
    let undated = all.iter().filter(|(file, _)| file.upload_time.is_none());
    undated
        .map(|(_, version)| *version)
        .min_by(|a, b| newer_first(a, b))
}

impl Case<'_> {
    /// Young, or not old for certain. A file without a time that stood on the first page
    /// seen is a baseline: only the newest of them is judged, for the report.
    pub fn is_young(&self, at: usize) -> bool {
        let (file, version) = self.all[at];
        let window = self.context.policy.change_window;
        let (first, before) = gather::sight(&self.sights, version, Some(&file.filename));
        let appeared = first.is_some_and(|f| !f.baseline && self.now.duration_since(f.at) < window);
        match file.upload_time {
            Some(at) => self.now.duration_since(at) < window || before.is_some() || appeared,
            None => appeared || self.newest_undated == Some(version),
        }
    }

    /// When the last file appeared, where each is dated.
    pub fn newest(&self) -> Option<Timestamp> {
        gather::newest(self.all.iter().map(|(file, version)| {
            let sight = gather::sight(&self.sights, version, Some(&file.filename));
            (file.upload_time, sight)
        }))
    }

    pub fn carries_provenance(&self) -> bool {
        self.all.iter().any(|(file, _)| file.provenance.is_some())
    }

    pub fn earliest(&self) -> Option<Timestamp> {
        self.all.iter().filter_map(|(f, _)| f.upload_time).min()
    }

    /// A file of the newest older version of the same line that is past its hold: of the
    /// same kind where there is one, so that a wheel is compared with a wheel.
    pub fn predecessor(
        &self,
        at: usize,
        judged: &Judged,
        manifests: &Manifests<'_>,
    ) -> Option<Predecessor> {
        let (file, version) = self.all[at];
        let line = release_line(version.as_str())?;
        let earlier = || {
            self.all[..at]
                .iter()
                .rev()
                .take(FARTHEST)
                .filter(|(f, v)| precedes(f, v, version, &line) && judged.offers(&f.filename))
        };
        let best = |(f, v): &&(&File, &Version), (g, w): &&(&File, &Version)| {
            newer_first(v, w)
                .then_with(|| (g.kind() == file.kind()).cmp(&(f.kind() == file.kind())))
        };
        let ((before, newest), settled) = nearest(earlier, best, |(f, _): &&(&File, &Version)| {
            self.context.is_settled(f.upload_time, self.now)
        })?;
        let mut manifest = manifests.of(before);
        manifest.runs = runs_by_page(before);
        Some(Predecessor {
            version: (*newest).clone(),
            published: before.upload_time,
            manifest,
            origin: origin(before, self.carries_provenance()),
            unread: None,
            code: None,
            read: None,
            settled: settled.map(|(_, version)| (*version).clone()),
        })
    }

    pub fn history(&self, at: usize) -> History {
        let (file, version) = self.all[at];
        let published = file.upload_time;
        let near = |other: Option<Timestamp>| match (other, published) {
            (Some(a), Some(b)) => a.duration_since(b).abs() <= gather::TOGETHER,
            _ => false,
        };
        let lines: BTreeSet<_> = self
            .all
            .iter()
            .filter(|(f, _)| near(f.upload_time))
            .filter_map(|(_, v)| release_line(v.as_str()))
            .collect();
        History {
            earliest: self.earliest(),
            previous_publication: self.all[..at]
                .iter()
                .rev()
                .filter(|(_, v)| *v != version)
                .filter_map(|(f, _)| f.upload_time)
                .find(|p| Some(*p) < published),
            lines_within_hour: lines.len().max(1),
            ..History::default()
        }
    }
}
