//! An artifact that was delivered a moment ago, under the same settings: everything was looked at
//! then. What is left is that the file was not touched, and the record.

use super::{Checked, Delivery, How, Papers, asked};
use crate::admit::Admitted;
use crate::answer::{Body, Reader};
use crate::run::Run;
use crate::server::{Gate, Request};
use customs_model::{Digest, PackageName, ReleaseId};
use customs_registry::Upstream;
use hyper::{Method, Response};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use url::Url;

/// A file of a package, under settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FileName {
    scope: Arc<str>,
    package: PackageName,
    file: String,
}

impl FileName {
    fn of(run: &Run, package: &PackageName, file: &str) -> Self {
        Self {
            scope: run.context.scope().clone(),
            package: package.clone(),
            file: file.to_owned(),
        }
    }
}

/// What was delivered: something of which nothing had to be said.
pub(crate) struct Again {
    upstream: Upstream,
    release: ReleaseId,
    url: Url,
    digest: Digest,
    path: PathBuf,
    look: (u64, Option<SystemTime>),
    reader: Reader,
    media: &'static str,
}

/// What tells that a file was not touched since.
fn look(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.len(), meta.modified().ok()))
}

impl Gate {
    /// Remembers a delivery that may be made again as it was: nothing is held against the release,
    /// nothing had to be said of it, and its document was confirmed.
    pub(super) fn remember_delivery(&self, checked: &Checked<'_>, path: &Path, begun: Instant) {
        let delivery = &checked.delivery;
        let Admitted {
            judgement,
            although,
        } = &delivery.admitted;
        let plain = judgement.is_none() && although.is_none();
        if !plain || !delivery.confirmed || !delivery.run.is_tokens() {
            return;
        }
        let Some(look) = look(path) else { return };
        let name = FileName::of(delivery.run, &delivery.release.package, &delivery.file);
        let again = Again {
            upstream: delivery.upstream.clone(),
            release: delivery.release.clone(),
            url: delivery.url.clone(),
            digest: checked.digest.clone(),
            path: path.to_owned(),
            look,
            reader: delivery.reader,
            media: delivery.media,
        };
        self.delivered.put(name, begun, Arc::new(again));
    }

    /// Delivers what was delivered a moment ago. None: it is to be delivered from the beginning.
    pub(crate) async fn deliver_again(
        &self,
        run: &Arc<Run>,
        request: &Request,
        package: &PackageName,
        file: &str,
    ) -> Option<Response<Body>> {
        if !run.is_tokens() || request.method != Method::GET {
            return None;
        }
        let again = self.delivered.get(&FileName::of(run, package, file))?;
        if look(&again.path)? != again.look {
            return None;
        }
        let checked = Checked {
            delivery: Delivery {
                run,
                who: request.who(run),
                release: again.release.clone(),
                file: file.to_owned(),
                upstream: &again.upstream,
                published: None,
                url: again.url.clone(),
                promised: Vec::new(),
                papers: Papers::Unsigned,
                admitted: Admitted::default(),
                confirmed: true,
                reader: again.reader,
                media: again.media,
            },
            digest: again.digest.clone(),
            signed: None,
        };
        let headers = &request.headers;
        if asked::has_it(headers, &asked::etag(&checked.digest)) {
            return Some(self.not_modified(&checked, false).await);
        }
        let (length, _) = again.look;
        let sent = self.send_cached(&checked, &again.path, length, headers, false, How::Again);
        Some(sent.await)
    }
}
