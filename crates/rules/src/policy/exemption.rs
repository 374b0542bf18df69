//! Exemptions: a rule does not count for this release, because somebody said so,
//! for a reason, until an end.

use super::Problem;
use super::grant::OfRunTime;
use super::matching::Match;
use super::range::VersionRange;
use crate::words;
use customs_model::{Digest, Dossier, ReleaseId, Timestamp};

/// One exemption that is well formed. Whether it still applies depends on the instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    pub(super) matches: Match,
    pub(super) rules: Vec<&'static str>,
    pub(super) reason: String,
    pub(super) owner: String,
    pub(super) ends: Ends,
    pub(super) place: Place,
    /// It was granted while gates run, and stands in the ledger instead of a file.
    pub(super) run_time: Option<OfRunTime>,
}

/// When an exemption ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ends {
    /// At an instant.
    At(Timestamp),
    /// When an advisory about the release names a fixed version.
    Fixed(String),
    /// From a version on.
    Version(VersionRange),
    /// Never, spelled out.
    Never,
}

/// Where it stands, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Exemption {
    /// What it is about, as written.
    pub fn about(&self) -> String {
        self.matches.to_string()
    }

    /// The rules that it waives.
    pub fn rules(&self) -> &[&'static str] {
        &self.rules
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who answers for it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The line of the policy file.
    pub const fn line(&self) -> usize {
        self.place.line
    }

    /// The instant at which it ends, where it ends at one.
    pub const fn expires(&self) -> Option<Timestamp> {
        match self.ends {
            Ends::At(at) => Some(at),
            Ends::Fixed(_) | Ends::Version(_) | Ends::Never => None,
        }
    }

    /// `customs.toml:38: pkg:npm/acme-ui matches nothing …`
    pub fn unmatched_warning(&self) -> String {
        let Place { file, line, .. } = &self.place;
        format!(
            "warning[unmatched-exemption]: {file}:{line}: {} matches nothing here; remove it or widen it",
            self.matches
        )
    }

    /// Whether it is about a release with these digests, and has not ended. One that ends when an
    /// advisory names a fix counts: whether there is one is not asked here, and [`Self::line_of_record`]
    /// names the advisory.
    pub fn is_about(&self, release: &ReleaseId, digests: &[Digest], now: Timestamp) -> bool {
        let has_ended = match &self.ends {
            Ends::At(at) => *at <= now,
            Ends::Version(from) => from.contains(&release.version),
            Ends::Fixed(_) | Ends::Never => false,
        };
        let binds = |one: &OfRunTime| {
            one.digests.is_empty() || digests.iter().any(|digest| one.digests.contains(digest))
        };
        !has_ended
            && self.matches.means(release, digests)
            && self.run_time.as_ref().is_none_or(binds)
    }

    /// Rules, owner, end and reason in one line, without the place of the file: the same on every
    /// machine. Not safe to print as it is.
    pub fn line_of_record(&self) -> String {
        format!(
            "{} waived by {}{}: {}",
            self.rules.join(", "),
            self.owner,
            self.until(),
            self.reason
        )
    }

    pub(super) fn waives(&self, rule: &str) -> bool {
        self.rules.contains(&rule)
    }

    pub(super) fn matches(&self, dossier: &Dossier) -> bool {
        self.matches.matches(dossier) && self.run_time.as_ref().is_none_or(|one| one.binds(dossier))
    }

    pub(super) fn applies(&self, dossier: &Dossier, now: Timestamp) -> bool {
        match &self.ends {
            Ends::At(at) => now < *at,
            Ends::Version(from) => !from.contains(&dossier.release.version),
            Ends::Fixed(advisory) => {
                let about = dossier.advisories.known().into_iter().flatten();
                !about
                    .filter(|a| a.id == *advisory)
                    .any(|a| !a.fixed_in.is_empty())
            }
            Ends::Never => true,
        }
    }

    /// Why the rule has no effect, as a decision says it.
    pub(crate) fn words(&self) -> String {
        let Place { file, line, .. } = &self.place;
        let place = match self.id() {
            Some(id) => id.to_owned(),
            None => format!("{file}:{line}"),
        };
        format!(
            "exempted by {}{}: {} ({place})",
            self.owner,
            self.until(),
            self.reason
        )
    }

    fn until(&self) -> String {
        match &self.ends {
            Ends::At(at) => format!(" until {}", words::instant(*at)),
            Ends::Fixed(advisory) => format!(" until {advisory} is fixed"),
            Ends::Version(from) => format!(" up to version {from}"),
            Ends::Never => String::new(),
        }
    }

    pub(super) fn problem(&self, now: Timestamp) -> Option<Problem> {
        let at = self.expires().filter(|at| *at <= now)?;
        Some(Problem {
            file: self.place.file.clone(),
            line: self.place.line,
            column: self.place.column,
            message: format!(
                "the exemption of {} ended {}; it is NOT applied; remove it or renew it",
                self.matches,
                words::instant(at)
            ),
        })
    }
}
