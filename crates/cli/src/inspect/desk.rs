//! The way to registries for who reads releases: the user's own upstreams, a cache of its
//! own, and nothing is judged by policy.

use crate::client;
use crate::error::{Doing as _, Failure};
use crate::paths::OwnFolder;
use customs_model::{Ecosystem, Known, ReleaseId, SystemClock, Version};
use customs_registry::http::Fetcher;
use customs_registry::{ArtifactFacts, Context, Counterpart, Located, Registry};
use customs_rules::Policy;
use customs_store::SqliteStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long an upstream may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// Documents and artifacts, by the user's configuration.
pub struct Desk {
    /// Documents, artifacts, what was read of them.
    pub registry: Registry,
    /// The user's upstreams, under no policy.
    pub context: Context,
    _folder: OwnFolder,
    _memory: tempfile::TempDir,
}

/// An artifact of a release, read.
pub struct Opened {
    /// Where it came from.
    pub located: Located,
    /// Where its verified bytes are.
    pub path: PathBuf,
    /// What it says and does.
    pub facts: Arc<ArtifactFacts>,
}

impl Desk {
    /// Opens the desk for a project's folder.
    pub fn open(here: &Path) -> Result<Self, Failure> {
        let discovered = client::discover(here)?;
        let folder = OwnFolder::take("inspect")?;
        let clock = Arc::new(SystemClock);
        // Nothing is decided here, so nothing has to be remembered of it.
        let memory = tempfile::tempdir().doing("make a folder for this run")?;
        let store =
            SqliteStore::open(memory.path(), clock.clone()).doing("open the memory of this run")?;
        let registry = Registry::open(
            &folder.path.join("cache"),
            Fetcher::with_silence(SILENCE),
            clock,
            Arc::new(store),
        )
        .doing("open the cache of what was read")?;
        Ok(Self {
            registry,
            context: Context::new(
                discovered.upstreams,
                Policy::default(),
                Known::NotApplicable,
            ),
            _folder: folder,
            _memory: memory,
        })
    }

    /// The artifacts of a release.
    pub async fn locate(&self, release: &ReleaseId) -> Result<Vec<Located>, Failure> {
        let found = self
            .registry
            .locate(&self.context, release)
            .await
            .doing(format_args!("ask for {}", release.spoken()))?;
        if found.is_empty() {
            return Err(Failure::nothing(format!(
                "no configured {} registry has {}",
                release.package.ecosystem(),
                release.spoken()
            )));
        }
        Ok(found)
    }

    /// The artifact that speaks for a release: on PyPI the wheel for every platform, else
    /// another one, else the source distribution.
    pub fn speaks(found: Vec<Located>) -> Option<Located> {
        let rank = |located: &Located| {
            let file = &located.file;
            if file.ends_with("-none-any.whl") {
                0
            } else if file.ends_with(".whl") {
                1
            } else {
                2
            }
        };
        found.into_iter().min_by_key(rank)
    }

    /// Fetches and reads one.
    pub async fn open_up(&self, located: Located) -> Result<Opened, Failure> {
        let (path, facts) = self
            .registry
            .read_located(&located)
            .await
            .map_err(|unread| {
                Failure::work(format!(
                    "cannot read {} of {}: {}",
                    customs_model::printable(&located.file, 120),
                    located.release.spoken(),
                    unread.because()
                ))
            })?;
        Ok(Opened {
            located,
            path,
            facts,
        })
    }

    /// The file of another release that one is compared with, read.
    pub async fn beside(&self, located: &Located, version: &Version) -> Result<Opened, Failure> {
        let other = ReleaseId::new(located.release.package.clone(), version.clone());
        let counterpart = self
            .registry
            .counterpart(&self.context, located, version)
            .await
            .doing(format_args!("ask for {}", other.spoken()))?;
        let why = match counterpart {
            Some(Counterpart::File(place)) => return self.open_up(*place).await,
            Some(Counterpart::NoneOfItsKind) => "has no file of this kind",
            Some(Counterpart::OtherPlatform) => "has files for other machines only",
            None => "is not on a configured registry",
        };
        Err(Failure::nothing(format!("{} {why}", other.spoken())))
    }

    /// The artifact that speaks for a release, read.
    pub async fn read(&self, release: &ReleaseId) -> Result<Opened, Failure> {
        let located = Self::speaks(self.locate(release).await?)
            .ok_or_else(|| Failure::nothing(format!("{} has no artifact", release.spoken())))?;
        self.open_up(located).await
    }

    /// The newest release that a requirement means.
    pub async fn newest(
        &self,
        ecosystem: Ecosystem,
        name: &str,
        requirement: &str,
    ) -> Result<Option<ReleaseId>, Failure> {
        self.registry
            .newest(&self.context, ecosystem, name, requirement)
            .await
            .doing(format_args!(
                "ask for {}",
                customs_model::printable(name, 120)
            ))
    }
}
