//! A registry on a loopback port, as a scenario has it at an instant.

use super::{Asking, Under};
use crate::verify::origin::Asker;
use customs_ecosystem::lockfile::{Locked, Source};
use customs_gate::NamedText;
use customs_model::{Clock as _, ReleaseId, Route, SystemClock, Timestamp};
use customs_registry::{Context, Upstream, Upstreams};
use customs_replay::{Bound, Faults, Scenario, Server, Upstream as Shelves, find};
use std::path::PathBuf;

/// The registry, and a folder for what is kept of it.
pub struct Counter {
    pub server: Server,
    folder: tempfile::TempDir,
}

impl Counter {
    /// A built-in scenario as it was at `at`.
    pub async fn open(scenario: &str, at: &str) -> Self {
        Self::of(find(scenario).unwrap().unwrap(), at).await
    }

    /// A scenario as it was at `at`.
    pub async fn of(mut scenario: Scenario, at: &str) -> Self {
        scenario.epoch = at.parse::<Timestamp>().unwrap();
        let bound = Bound::new().await.unwrap();
        let moment = scenario.moment(SystemClock.now());
        let shelves = Shelves::new(&scenario, moment, &bound.base()).unwrap();
        Self {
            server: bound.serve(shelves, Faults::none()),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub fn asker(&self) -> Asker {
        let base = self.server.base();
        let upstream =
            |path: &str| Upstream::parse(&format!("{base}{path}"), Route::Public).unwrap();
        let upstreams = Upstreams {
            npm: Some(upstream("/")),
            pypi: vec![upstream("/simple/")],
            cargo: Some(upstream("/index/")),
            ..Upstreams::default()
        };
        Asker::to(vec![upstreams], &self.cache()).unwrap()
    }

    /// Under this policy, with what the asker itself kept.
    pub fn under(&self, policy: Option<&str>) -> Under {
        let policy = policy.map(|text| NamedText {
            name: "policy.toml".to_owned(),
            text: text.to_owned(),
        });
        Under::with(policy, None, vec![self.cache()]).unwrap()
    }

    /// The policy with its advisories.
    pub fn context(under: &Under) -> Context {
        under.in_project(None).unwrap().0
    }

    /// An entry of a lockfile that promises what the registry does.
    pub async fn locked(&self, asking: &Asking<'_>, release: &str) -> Locked {
        let release: ReleaseId = release.parse().unwrap();
        let mut entry = Locked {
            release: release.clone(),
            source: Source::Registry,
            digests: Vec::new(),
            resolved: None,
            has_install_script: None,
            line: Some(1),
        };
        entry.digests = asking.digests(&entry, &release.version).await.unwrap();
        entry
    }

    /// Reads the artifact of a release, and keeps what it does.
    pub async fn read(&self, asker: &Asker, asking: &Asking<'_>, entry: &Locked) {
        let context = asking.context_for(entry).unwrap();
        let places = asker
            .registry()
            .locate(&context, &entry.release)
            .await
            .unwrap();
        asker.registry().read_located(&places[0]).await.unwrap();
    }
}
