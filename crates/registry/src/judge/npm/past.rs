//! What came before a release, gathered while walking through time.

use super::Case;
use crate::judge::Judged;
use crate::judge::gather::TOGETHER;
use customs_model::{History, Timestamp, printable};
use std::collections::BTreeSet;

/// Entries of each list that are kept, and releases looked at around one.
const MOST: usize = 100;
const AROUND: usize = 500;

/// Everything before the release that is looked at.
#[derive(Default)]
pub(super) struct Past {
    publishers: BTreeSet<String>,
    domains: BTreeSet<String>,
    previous: Option<Timestamp>,
    /// Releases up to here are in the lists.
    taken: usize,
}

impl Past {
    /// Takes in all that was published before the release at a place and is past its
    /// hold: an attacker's first release must not make his second one look familiar.
    pub(super) fn advance(&mut self, case: &Case<'_>, at: usize, judged: &Judged) {
        let published = case.all[at].published;
        while self.taken < at && case.all[self.taken].published < published {
            let earlier = &case.all[self.taken];
            self.taken += 1;
            if !judged.offers(earlier.entry.version.as_str()) {
                continue;
            }
            self.previous = earlier.published.or(self.previous);
            if let Some(publisher) = case.document.index.publisher(earlier.entry) {
                if self.publishers.len() < MOST {
                    self.publishers.insert(printable(&publisher.name, 100));
                }
                if let Some(domain) = publisher
                    .mail_domain
                    .as_deref()
                    .filter(|_| self.domains.len() < MOST)
                {
                    self.domains.insert(printable(domain, 255));
                }
            }
        }
    }

    /// The history of the release at a place, which `advance` went to.
    pub(super) fn history(&self, case: &Case<'_>, at: usize) -> History {
        History {
            earliest: case.document.index.earliest(),
            previous_publication: self.previous,
            lines_within_hour: lines_within_hour(case, at),
            earlier_mail_domains: self.domains.iter().cloned().collect(),
            earlier_publishers: self.publishers.iter().cloned().collect(),
        }
    }
}

fn lines_within_hour(case: &Case<'_>, at: usize) -> usize {
    let Some(published) = case.all[at].published else {
        return 1;
    };
    let near = |other: &&super::Candidate<'_>| {
        other
            .published
            .is_some_and(|p| p.duration_since(published).abs() <= TOGETHER)
    };
    let before = case.all[..at].iter().rev().take(AROUND).take_while(near);
    let after = case.all[at..].iter().take(AROUND).take_while(near);
    let lines: BTreeSet<_> = before.chain(after).filter_map(|c| c.line()).collect();
    lines.len().max(1)
}
