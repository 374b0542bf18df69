//! The urgent-fix lane: what was published with a fix, and is pinned by it exactly, comes
//! along.

use super::{Context, REMEMBERED, Registry, gather};
use customs_model::{Dossier, Origin, ReleaseId, Timestamp};
use std::sync::PoisonError;

/// An urgent fix, as far as those count that were published with it.
#[derive(Debug, Clone)]
pub(super) struct Fix {
    release: ReleaseId,
    published: Option<Timestamp>,
    /// The account, where the document names one.
    publisher: Option<String>,
}

impl Fix {
    pub fn of(dossier: &Dossier) -> Self {
        Self {
            release: dossier.release.clone(),
            published: dossier.published.known().copied(),
            publisher: publisher(&dossier.origin),
        }
    }
}

fn publisher(origin: &Origin) -> Option<String> {
    origin.publisher.known().map(|p| p.name.clone())
}

impl Registry {
    /// Remembers that an urgent fix pins a release, and forgets what was judged without
    /// knowing it. It counts under the advisories and policy that called the fix one.
    pub(super) fn pin_lane(&self, context: &Context, sibling: ReleaseId, fix: Fix) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= REMEMBERED {
            lanes.clear();
        }
        let prefix = format!(
            "{} {} ",
            sibling.package.ecosystem().purl_type(),
            sibling.package
        );
        let key = (context.scope.clone(), sibling);
        if lanes.insert(key, fix).is_none() {
            let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
            judged.retain(|key, _| !key.starts_with(&prefix));
        }
    }

    /// The urgent fix that a release belongs to: pinned by it, of the same publication and
    /// by the same publisher.
    pub(super) fn lane_of(
        &self,
        context: &Context,
        release: &ReleaseId,
        published: Option<Timestamp>,
        origin: &Origin,
    ) -> Option<ReleaseId> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let fix = lanes.get(&(context.scope.clone(), release.clone()))?;
        let (fixed_at, published) = (fix.published?, published?);
        let together = published.duration_since(fixed_at).abs() <= gather::TOGETHER;
        let same = publisher(origin) == fix.publisher;
        (together && same).then(|| fix.release.clone())
    }
}
