//! What an installer will ask for next is fetched and judged before it asks.
//!
//! npm walks its tree node by node and asks for one document after the other: each costs
//! a round trip to the registry, and that is most of a first installation. A gate knows
//! from a document which others follow, so it follows the dependencies of the release
//! that a resolver takes, many at a time. What the client asks for then is there.

use crate::run::{Run, Shared};
use customs_ecosystem::npm::Packument;
use customs_model::PackageName;
use customs_registry::{Context, JudgedDocument, Registry, npm_needs};
use futures_util::future::BoxFuture;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;

/// Documents that are judged ahead at the same time, over all runs. Fewer than the
/// registry fetches at once; those that have young releases fetch others in turn.
const TOGETHER: usize = 8;
/// Requirements that one run follows. The largest project that we know has 4,000.
const MOST: usize = 8_000;

/// Bytes of a range that is followed.
const LONGEST: usize = 256;

/// What a run has followed already.
#[derive(Debug, Default)]
pub(crate) struct Followed(Mutex<HashSet<String>>);

impl Followed {
    /// Whether nobody followed this before, and there is room.
    fn begin(&self, what: String) -> bool {
        let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        followed.len() < MOST && followed.insert(what)
    }
}

/// Looks ahead.
#[derive(Clone)]
pub(crate) struct Ahead {
    registry: Arc<Registry>,
    permits: Arc<Semaphore>,
}

/// One run's way through its dependencies.
#[derive(Clone)]
struct Walk {
    ahead: Ahead,
    context: Context,
    /// The run, as long as it lasts.
    run: Weak<Shared>,
}

impl Ahead {
    pub fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            permits: Arc::new(Semaphore::new(TOGETHER)),
        }
    }

    /// Follows the dependencies of a document that a client asked for, if the project asks
    /// for it. All else that a client asks for either comes from such a dependency and was
    /// followed by its range, or is a look at something that it will not install.
    pub fn follow(&self, run: &Run, package: &PackageName, found: &JudgedDocument<Packument>) {
        let Some(range) = run.roots.get(package.as_str()) else {
            return;
        };
        let walk = Walk {
            ahead: self.clone(),
            context: run.context.clone(),
            run: run.weak(),
        };
        walk.follow(package, found, range);
    }
}

impl Walk {
    /// Whether nobody of this run followed it before, and the run goes on.
    fn begin(&self, what: String) -> bool {
        self.run
            .upgrade()
            .is_some_and(|run| run.followed.begin(what))
    }

    fn follow(&self, package: &PackageName, found: &JudgedDocument<Packument>, range: &str) {
        let Some((version, needs)) = npm_needs(found, range) else {
            return;
        };
        // Two ranges often come to the same release.
        if !self.begin(format!("{package} {version}")) {
            return;
        }
        for (package, range) in needs {
            // Nobody writes such a range; many of them would only fill the memory.
            if range.len() > LONGEST {
                continue;
            }
            if self.begin(format!("{package}@{range}")) {
                tokio::spawn(self.clone().step(package, range));
            }
        }
    }

    fn step(self, package: PackageName, range: String) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Ok(permit) = self.ahead.permits.acquire().await else {
                return;
            };
            if self.run.strong_count() == 0 {
                return;
            }
            let judged = self.ahead.registry.judge_npm(&self.context, &package).await;
            drop(permit);
            match judged {
                Ok(Some(found)) => self.follow(&package, &found, &range),
                Ok(None) => {}
                // Whoever asks for it is told; nobody did yet.
                Err(error) => tracing::debug!(%package, %error, "could not be fetched ahead"),
            }
        })
    }
}
