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
    /// Its bytes; none where the client had them, and nobody asked whether they are here.
    kept: Option<KeptFile>,
    reader: Reader,
    media: &'static str,
}

/// A file in the cache, as it was.
struct KeptFile {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl KeptFile {
    fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            length: meta.len(),
            modified: meta.modified().ok(),
        })
    }

    /// Whether it was not touched since.
    fn is_as_it_was(&self) -> bool {
        let now = Self::of(&self.path);
        now.is_some_and(|now| (now.length, now.modified) == (self.length, self.modified))
    }
}

impl Gate {
    /// Remembers a delivery that may be made again as it was: nothing is held against the release,
    /// nothing had to be said of it, and its document was confirmed. Without a path the client had the
    /// bytes.
    pub(super) fn remember_delivery(
        &self,
        checked: &Checked<'_>,
        path: Option<&Path>,
        begun: Instant,
    ) {
        let delivery = &checked.delivery;
        let Admitted {
            judgement,
            although,
        } = &delivery.admitted;
        let plain = judgement.is_none() && although.is_none();
        if !plain || !delivery.confirmed || !delivery.run.is_tokens() {
            return;
        }
        let kept = match path.map(KeptFile::of) {
            Some(None) => return,
            kept => kept.flatten(),
        };
        let name = FileName::of(delivery.run, &delivery.release.package, &delivery.file);
        let again = Again {
            upstream: delivery.upstream.clone(),
            release: delivery.release.clone(),
            url: delivery.url.clone(),
            digest: checked.digest.clone(),
            kept,
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
        let headers = &request.headers;
        let has_it = asked::has_it(headers, &asked::etag(&again.digest));
        let kept = again.kept.as_ref().filter(|kept| kept.is_as_it_was());
        if kept.is_none() && (again.kept.is_some() || !has_it) {
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
        if has_it {
            return Some(self.not_modified(&checked, false).await);
        }
        let kept = kept?;
        let sent = self.send_cached(
            &checked,
            &kept.path,
            kept.length,
            headers,
            false,
            How::Again,
        );
        Some(sent.await)
    }
}
