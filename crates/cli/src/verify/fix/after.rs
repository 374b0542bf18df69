//! What a lockfile says once a release of it is replaced. The next replacement is judged by that: two
//! that each do alone may not do together.

use super::Project;
use super::asks::{Package, satisfies};
use super::edits::Edits;
use crate::verify::policy::Asking;
use customs_ecosystem::lockfile::{Graph, Locked};
use customs_model::{ReleaseId, Version, printable};

/// A replacement that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::verify) struct Replaced {
    /// What goes.
    pub from: ReleaseId,
    /// What comes.
    pub to: Version,
    /// Where that stands.
    pub written: Written,
}

/// Where a replacement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verify) enum Written {
    /// In the lockfile.
    InLockfile,
    /// In a manifest, or in a command: the client writes the lockfile anew by it.
    ByClient,
}

impl Project<'_> {
    /// The lockfile with one replacement more. `edits` are all changes of files with it.
    ///
    /// # Errors
    /// What would be written cannot be read. Safe to print.
    pub fn with(&self, edits: &Edits, replaced: &Replaced) -> Result<Graph, String> {
        let mut graph = match (replaced.written, edits.changed(&self.lockfile)) {
            (Written::InLockfile, Some(text)) => {
                let read = Graph::read(self.graph.kind(), text.as_bytes());
                read.map_err(|why| format!("what would be written cannot be read again: {why}"))?
            }
            (Written::InLockfile | Written::ByClient, _) => self.graph.clone(),
        };
        // What stands elsewhere the client takes into the lockfile; what stands there already is not
        // found any more.
        for one in self.replaced.iter().chain([replaced]) {
            replace(&mut graph, one);
        }
        Ok(graph)
    }

    /// Whether a package that was replaced may not ask for something any more that the lockfile still has of
    /// it: its client writes the lockfile anew, and its own document does not ask for it.
    pub(super) fn may_let_go(&self, asks: &Package) -> bool {
        let is_it = |one: &Replaced| {
            one.written == Written::ByClient && one.from.package.as_str() == asks.name
        };
        !asks.declared && self.replaced.iter().any(is_it)
    }

    /// What of that which was replaced before a version does not go with: it asks for versions of it
    /// none of which is locked any more. In words, safe to print.
    pub async fn against(&self, asking: &Asking<'_>, candidate: &Locked) -> Option<String> {
        let ecosystem = candidate.release.package.ecosystem();
        for one in &self.replaced {
            let package = &one.from.package;
            let Some(range) = asking.range(candidate, package.as_str()).await else {
                continue;
            };
            let entries = self.graph.lockfile.entries.iter();
            let mut of_name = entries.filter(|entry| entry.release.package == *package);
            // A range that nobody can read is its client's to judge.
            let does = |entry: &Locked| {
                let version = entry.release.version.as_str();
                satisfies(ecosystem, &range, version) != Some(false)
            };
            if !of_name.any(does) {
                return Some(printable(&format!("{package} {range}"), 160));
            }
        }
        None
    }
}

fn replace(graph: &mut Graph, replaced: &Replaced) {
    let is_meant = |entry: &Locked| entry.release == replaced.from;
    for package in &mut graph.packages {
        let entry = package.entry.and_then(|at| graph.lockfile.entries.get(at));
        if entry.is_some_and(is_meant) {
            replaced.to.as_str().clone_into(&mut package.version);
        }
    }
    for entry in &mut graph.lockfile.entries {
        if is_meant(entry) {
            entry.release.version = replaced.to.clone();
            // They are those of the old one.
            entry.digests.clear();
        }
    }
}

#[cfg(test)]
mod tests;
