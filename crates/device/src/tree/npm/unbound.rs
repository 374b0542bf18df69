//! Packages that the lockfile has no digest of: Yarn 4 promises nothing of a package with `conditions`.
//! What its registry promises of it is held against them instead. Other bytes are wrong whoever
//! promises them; the same ones are no *yes*, since the lockfile could as well mean others.

use super::Tree;
use super::package::{Folder, Outcome, wanted};
use super::patches::Prepared;
use crate::artifact::Wanted;
use crate::artifact::verified::Verified;
use crate::tree::{Against, PackageTree};
use customs_ecosystem::lockfile::Source;
use customs_ecosystem::lockfile::places::Placed;

/// What is said of whose copy it was.
const FROM: &str = "not bound to the lockfile";

/// Why it is no *yes*.
const OPEN: &str = "the lockfile promises no digest of it: it was compared with what its registry \
                    promises, which is not bound to the lockfile";

impl Tree<'_> {
    /// An artifact whose bytes are what another than the lockfile promises, where the lockfile has
    /// no digest of it.
    pub(super) fn unbound(
        &self,
        placed: &Placed,
        patches: &Prepared<'_>,
        there: &Folder<'_>,
        out: &mut Outcome,
    ) -> Option<Verified> {
        if !placed.digests.is_empty() || placed.source != Source::Registry {
            return None;
        }
        let digests = self.promised.get(&placed.release)?;
        let wanted = Wanted {
            digests,
            archive: None,
            ..wanted(placed)
        };
        // Without a copy of it the reason that is told is that the lockfile promises nothing.
        self.verified(placed, wanted, patches, there, out).ok()
    }
}

/// Says of a package what it was compared with.
pub(super) fn mark(tree: &mut PackageTree) {
    if let Some(Against::Artifact { from, .. }) = &mut tree.against {
        *from = format!("{from}, {FROM}");
    }
    tree.open.push(OPEN.to_owned());
}
