//! An upstream that cannot be asked: what was delivered before is delivered on, and nothing new is
//! admitted by what it said last.

use crate::answer::{Body, Reader, failure};
use crate::report::Event;
use crate::run::Run;
use crate::server::Gate;
use customs_model::ReleaseId;
use customs_registry::Upstream;
use hyper::{Response, StatusCode};
use std::sync::Arc;

/// An artifact of a document that its upstream did not confirm.
pub(crate) struct Away<'a> {
    /// Why it could not be asked; none: it could.
    pub stale: Option<&'a str>,
    /// The upstream.
    pub upstream: &'a Upstream,
    /// The release.
    pub release: ReleaseId,
    /// Its file.
    pub file: &'a str,
}

impl Gate {
    /// Refuses what a team was never delivered while its registry is away. Not a refusal by policy:
    /// the next try may succeed.
    pub(crate) async fn only_what_was_delivered(
        &self,
        run: &Arc<Run>,
        reader: Reader,
        away: Away<'_>,
    ) -> Result<(), Response<Body>> {
        let Some(because) = away.stale.filter(|_| self.team.is_some()) else {
            return Ok(());
        };
        let what = away.release.spoken();
        let (status, why) = match self.pinned(away.upstream, &away.release, away.file).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "customs: {what} was never delivered here, and its registry cannot be asked now \
                     ({because}); nothing new is admitted meanwhile"
                ),
            ),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("customs: whether {what} was delivered before cannot be read: {error}"),
            ),
        };
        run.note(Event::NotKnown(why.clone()));
        Err(failure(reader, status, &why))
    }
}

/// Marks an answer that rests on what an upstream said last.
pub(crate) fn mark(response: &mut Response<Body>, stale: Option<&str>) {
    let because = stale.map(|because| customs_model::printable(because, 200));
    let because = because.and_then(|because| hyper::header::HeaderValue::from_str(&because).ok());
    if let Some(because) = because {
        response.headers_mut().insert("customs-stale", because);
    }
}
