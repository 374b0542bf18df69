//! What could not be looked at: one sentence for each reason, with what it is about.

use super::finding::Findings;
use super::limit;
use super::words::{count, list, shown};
use customs_model::{ReleaseId, printable};
use std::collections::BTreeMap;

/// Reasons, each with the releases that it is about.
#[derive(Debug, Default)]
pub(super) struct Open(BTreeMap<String, Vec<String>>);

impl Open {
    /// Adds one. The reason has to be safe to print.
    pub fn add(&mut self, why: String, release: &ReleaseId) {
        let spoken = printable(&release.spoken(), 160);
        self.0.entry(why).or_default().push(spoken);
    }

    /// Tells them, in words for one and for many: `FILE: 2 releases were not asked for (a@1, b@1): why`.
    pub fn tell(self, findings: &mut Findings<'_>, file: &str, (one, many): (&str, &str)) {
        let more = self.0.len().saturating_sub(limit::REASONS);
        for (why, releases) in self.0.into_iter().take(limit::REASONS) {
            findings.not_checked(format!(
                "{}: {} ({}): {why}",
                shown(file),
                count(releases.len(), one, many),
                list(&releases)
            ));
        }
        if more > 0 {
            findings.not_checked(format!(
                "{}: {} more for which other {many}",
                shown(file),
                count(more, "reason", "reasons"),
            ));
        }
    }
}
