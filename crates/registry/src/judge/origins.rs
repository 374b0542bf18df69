//! Where a name comes from. Each name has exactly one origin.
//!
//! An internal name is asked for at private registries only. Any other one is asked for there
//! first: whoever has it is its origin from then on, for good. Only when each of them says that it
//! has none (404) a public one is asked. Another answer of a private registry is no answer, and
//! nobody else is asked in its place: whoever brings it down must not get to say what the name is.

use super::{Context, Registry};
use crate::document::{Dated, Document, Documents, FRESH, Found, Indexed};
use crate::http::FetchError;
use crate::upstream::Upstream;
use customs_model::{PackageName, Route, SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names of which something is remembered.
const REMEMBERED: usize = 100_000;

/// What is known of origins, beside what the store has.
#[derive(Default)]
pub(super) struct Known(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    /// Where names come from for good.
    fixed: HashMap<PackageName, Arc<str>>,
    /// When the store said last that a name comes from nowhere for good.
    open: HashMap<PackageName, Timestamp>,
    /// When a private registry said last that it has no such name.
    missing: HashMap<(PackageName, String), Timestamp>,
}

impl Known {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self, package: &PackageName, upstream: &Upstream) -> Option<Timestamp> {
        let key = (package.clone(), upstream.shown());
        self.inside().missing.get(&key).copied()
    }

    fn miss(&self, package: &PackageName, upstream: &Upstream, at: Timestamp) {
        let mut inside = self.inside();
        if inside.missing.len() >= REMEMBERED {
            inside.missing.clear();
        }
        inside
            .missing
            .insert((package.clone(), upstream.shown()), at);
    }
}

/// The name under which the store keeps an origin: what [`Upstream::shown`] says of the private
/// registry that a name comes from for good. Of names that come from a public one it keeps none.
pub fn origin_key(package: &PackageName) -> String {
    format!("origin:{}:{package}", package.ecosystem().purl_type())
}

impl Registry {
    /// A document from its name's origin. `None`: no registry that may be asked has such a name.
    pub(super) async fn origin_document<'a, T: Indexed>(
        &self,
        context: &'a Context,
        package: &PackageName,
        documents: &Documents<T>,
        path: &str,
    ) -> Result<Option<(&'a Upstream, Arc<Document<T>>)>, FetchError> {
        let all = context.upstreams.origins_of(package);
        let keeps = context.upstreams.keeps_origins;
        let fixed = match keeps && !context.upstreams.is_moved(package) {
            true => self.fixed_origin(package).await?,
            false => None,
        };
        if let Some(fixed) = fixed {
            let Some(origin) = all.iter().find(|one| *one.shown() == *fixed) else {
                return Err(FetchError::Origin {
                    package: package.to_string(),
                    origin: fixed.to_string(),
                });
            };
            return Ok(match documents.get(origin, path).await? {
                Found::Document(document) => Some((origin, document)),
                Found::Missing => None,
            });
        }
        let now = self.clock.now();
        for upstream in all {
            let is_private = keeps && upstream.route == Route::Private;
            let missed = self
                .origins
                .missed(package, upstream)
                .filter(|_| is_private);
            if missed.is_some_and(|at| is_fresh(at, now)) {
                continue;
            }
            let found = match documents.get(upstream, path).await {
                Ok(found) => found,
                // It said itself that it has no such name. Nothing new comes in by that; what
                // another one has of the name already is served on.
                Err(error) if missed.is_some() => {
                    let why = error.to_string();
                    return match self
                        .kept_elsewhere(context, package, documents, path, why)
                        .await
                    {
                        Some(kept) => Ok(Some(kept)),
                        None => Err(error),
                    };
                }
                Err(error) => return Err(error),
            };
            match found {
                Found::Document(document) if is_private => {
                    self.fix_origin(package, upstream).await?;
                    return Ok(Some((upstream, document)));
                }
                Found::Document(document) => return Ok(Some((upstream, document))),
                Found::Missing if is_private => self.origins.miss(package, upstream, now),
                Found::Missing => {}
            }
        }
        Ok(None)
    }

    /// What is remembered of a document from its name's origin, where neither the store nor a registry
    /// has to be asked for that. The order is the one of [`Registry::origin_document`].
    pub(super) fn dated_document<'a, T: Indexed>(
        &self,
        context: &'a Context,
        package: &PackageName,
        documents: &Documents<T>,
        path: &str,
    ) -> Option<(&'a Upstream, Dated)> {
        let all = context.upstreams.origins_of(package);
        let keeps = context.upstreams.keeps_origins;
        let now = self.clock.now();
        let fixed = match keeps && !context.upstreams.is_moved(package) {
            true => self.told_origin(package, now)?,
            false => None,
        };
        let is_missing = |upstream: &Upstream| {
            let missed = self.origins.missed(package, upstream);
            keeps && upstream.route == Route::Private && missed.is_some_and(|at| is_fresh(at, now))
        };
        let origin = match fixed {
            Some(fixed) => all.into_iter().find(|one| *one.shown() == *fixed)?,
            None => all.into_iter().find(|one| !is_missing(one))?,
        };
        Some((origin, documents.dated(origin, path)?))
    }

    /// What a public registry said of a name last, while a private one cannot be asked.
    async fn kept_elsewhere<'a, T: Indexed>(
        &self,
        context: &'a Context,
        package: &PackageName,
        documents: &Documents<T>,
        path: &str,
        why: String,
    ) -> Option<(&'a Upstream, Arc<Document<T>>)> {
        let all = context.upstreams.origins_of(package).into_iter();
        for upstream in all.filter(|one| one.route == Route::Public) {
            if let Some(document) = documents.kept(upstream, path, why.clone()).await {
                return Some((upstream, document));
            }
        }
        None
    }

    /// How long documents are served that their upstreams cannot confirm.
    pub fn serve_stale_for(&self, time: SignedDuration) {
        self.npm.serve_stale_for(time);
        self.pypi.serve_stale_for(time);
        self.cargo.serve_stale_for(time);
        self.cargo_config.serve_stale_for(time);
    }

    /// Where a name comes from, as far as that can be said without asking anybody: for questions
    /// about what was delivered already.
    pub(crate) fn settled_origin<'a>(
        &self,
        context: &'a Context,
        package: &PackageName,
    ) -> Option<&'a Upstream> {
        let all = context.upstreams.origins_of(package);
        let fixed = self.origins.inside().fixed.get(package).cloned();
        match fixed.filter(|_| context.upstreams.keeps_origins) {
            Some(fixed) => all.into_iter().find(|one| *one.shown() == *fixed),
            // Nobody private has it, or there is only one.
            None => all.last().copied(),
        }
    }

    /// Where a name comes from for good, as the store said lately. `None`: it has to be asked.
    fn told_origin(&self, package: &PackageName, now: Timestamp) -> Option<Option<Arc<str>>> {
        let inside = self.origins.inside();
        if let Some(fixed) = inside.fixed.get(package) {
            return Some(Some(fixed.clone()));
        }
        // As long as private registries are believed that they have none.
        let told = inside.open.get(package);
        told.is_some_and(|at| is_fresh(*at, now)).then_some(None)
    }

    /// Where a name comes from for good, if that is known.
    async fn fixed_origin(&self, package: &PackageName) -> Result<Option<Arc<str>>, FetchError> {
        let now = self.clock.now();
        if let Some(told) = self.told_origin(package, now) {
            return Ok(told);
        }
        let (store, name) = (self.store.clone(), origin_key(package));
        let asked = tokio::task::spawn_blocking(move || store.meta(&name)).await;
        let fixed = match asked {
            Ok(Ok(fixed)) => fixed,
            // Without a look nobody knows whose the name is.
            Ok(Err(error)) => return Err(unknown(package, &error)),
            Err(error) => return Err(unknown(package, &error)),
        };
        Ok(match fixed {
            Some(fixed) => Some(self.remember_origin(package, &fixed)),
            None => {
                let mut inside = self.origins.inside();
                if inside.open.len() >= REMEMBERED {
                    inside.open.clear();
                }
                inside.open.insert(package.clone(), now);
                None
            }
        })
    }

    /// A private registry has the name: it is its origin from now on.
    async fn fix_origin(
        &self,
        package: &PackageName,
        upstream: &Upstream,
    ) -> Result<(), FetchError> {
        let shown = upstream.shown();
        let (store, name, value) = (self.store.clone(), origin_key(package), shown.clone());
        let kept = tokio::task::spawn_blocking(move || store.set_meta(&name, &value)).await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(unknown(package, &error)),
            Err(error) => return Err(unknown(package, &error)),
        }
        tracing::info!(%package, origin = %shown, "the name's origin is fixed");
        self.remember_origin(package, &shown);
        Ok(())
    }

    fn remember_origin(&self, package: &PackageName, origin: &str) -> Arc<str> {
        let mut inside = self.origins.inside();
        if inside.fixed.len() >= REMEMBERED {
            inside.fixed.clear();
        }
        let origin: Arc<str> = origin.into();
        inside.fixed.insert(package.clone(), origin.clone());
        origin
    }
}

/// Whether what was said then counts now. A clock that jumped back must not keep it for ever.
fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(at);
    age < FRESH && age > -FRESH
}

fn unknown(package: &PackageName, why: &dyn std::fmt::Display) -> FetchError {
    FetchError::OriginUnknown {
        package: package.to_string(),
        why: why.to_string(),
    }
}
