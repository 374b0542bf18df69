//! cargo: nothing is signed. The index says what depends on what; the registry's web API, where its
//! `config.json` names one, says which pipeline published a release (`trustpub_data`).

use super::past::{Dated, earlier};
use super::{ArtifactEvidence, Asking, Missed, NOT_ASKED, Offer, SCHEMA, Told, Wanted, limit};
use crate::document::Found;
use crate::judge::{CargoDocument, Context, Registry};
use crate::upstream::Upstream;
use customs_ecosystem::cargo::{Line, index_path};
use customs_model::{ReleaseId, Timestamp, printable};
use customs_origin::history::{Provider, Seen, Shown};
use customs_origin::vcs::TrustedPublisher;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// Between two questions to a web API: registries ask crawlers for one a second at most.
const BETWEEN: Duration = Duration::from_secs(1);
/// Questions to web APIs in one run. What they say is not signed; what was answered is stored, so
/// that the next run goes on.
const A_RUN: usize = 20;

/// How fast, and how often, the web APIs of registries are asked in one run.
#[derive(Debug)]
pub struct Pace {
    next: Mutex<Option<Instant>>,
    left: AtomicUsize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            next: Mutex::new(None),
            left: AtomicUsize::new(A_RUN),
        }
    }
}

impl Pace {
    /// Waits for one's turn; `false`: there is none left.
    async fn turn(&self) -> bool {
        let take = |left: usize| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_err() {
            return false;
        }
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep_until(at).await;
        }
        *next = Some(Instant::now() + BETWEEN);
        true
    }
}

impl Registry {
    pub(super) async fn cargo_evidence(
        &self,
        context: &Context,
        wanted: Wanted<'_>,
        asking: Asking<'_>,
    ) -> Result<Vec<ArtifactEvidence>, Missed> {
        let release = wanted.release;
        let upstream = context
            .upstreams
            .cargo
            .as_ref()
            .ok_or(Missed::NoRegistry(release.package.ecosystem()))?;
        let path = index_path(release.package.as_str());
        let unknown = || Missed::Unknown(upstream.shown());
        let Found::Document(document) = self.cargo.get(upstream, &path).await? else {
            return Err(unknown());
        };
        let lines = &document.index.0.lines;
        let of_release = |line: &&Line| line.version == release.version;
        let line = lines.iter().find(of_release).ok_or_else(unknown)?;
        if !wanted.digests.contains(&line.cksum) {
            return Err(Missed::OtherFiles(upstream.shown()));
        }
        let publisher = match asking {
            Asking::AtHand => Told::Failed(NOT_ASKED.to_owned()),
            Asking::All(pace) => self.publisher(upstream, release, pace).await,
        };
        let mut shown = shown(release, line);
        shown.trusted_publisher = seen(&publisher);
        Ok(vec![ArtifactEvidence {
            schema: SCHEMA.to_owned(),
            release: release.clone(),
            file: format!("{}-{}.crate", release.package, release.version),
            artifact: line.cksum.clone(),
            registry: upstream.shown(),
            asked: self.clock.now(),
            offer: Offer::Cargo { publisher },
            earlier: earlier_releases(release, shown.published, &document.index),
            people: Seen::NotApplicable,
            repository: None,
            commit: None,
            shown,
        }])
    }

    async fn publisher(
        &self,
        upstream: &Upstream,
        release: &ReleaseId,
        pace: &Pace,
    ) -> Told<String> {
        let failed = |why: &str| Told::Failed(why.to_owned());
        let config = match self.cargo_config(upstream).await {
            Ok(Some(config)) => config,
            Ok(None) => return failed("the index has no config.json"),
            Err(error) => return Told::Failed(super::because(&error)),
        };
        let Some(api) = &config.index.0.api else {
            return failed("the index names no web API");
        };
        let address = format!(
            "{}/api/v1/crates/{}/{}",
            api.trim_end_matches('/'),
            release.package,
            release.version.as_str().replace('+', "%2b")
        );
        let url = match Url::parse(&address) {
            Ok(url) => url,
            Err(error) => return Told::Failed(printable(&error.to_string(), 200)),
        };
        if !pace.turn().await {
            return Told::Failed(format!(
                "the web API was asked {A_RUN} times in this run, and is asked no more; the next run goes on"
            ));
        }
        match self
            .piece(upstream, url, "application/json", limit::API)
            .await
        {
            Told::Here(text) => read(&text),
            told @ (Told::Absent | Told::Stripped | Told::Failed(_)) => told,
        }
    }
}

/// `version.trustpub_data` of the API's answer.
fn read(text: &str) -> Told<String> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return Told::Failed(format!("the web API's answer: {error}")),
    };
    match value.get("version").and_then(|v| v.get("trustpub_data")) {
        Some(data) if data.is_object() => Told::Here(data.to_string()),
        Some(Value::Null) => Told::Absent,
        Some(_) | None => Told::Failed("the web API does not say who published it".to_owned()),
    }
}

fn seen(publisher: &Told<String>) -> Seen<Provider> {
    match publisher {
        Told::Here(text) => match TrustedPublisher::read(text.as_bytes()) {
            Ok(publisher) => Seen::Is(Provider::of(&publisher.provider)),
            Err(why) => Seen::not_asked(why.to_string()),
        },
        Told::Absent => Seen::Absent,
        Told::Stripped => Seen::Stripped,
        Told::Failed(why) => Seen::not_asked(why),
    }
}

fn shown(release: &ReleaseId, line: &Line) -> Shown {
    Shown {
        release: release.clone(),
        published: line.pubtime,
        signature: Seen::NotApplicable,
        provenance: Seen::NotApplicable,
        trusted_publisher: Seen::not_asked("the web API was not asked about it"),
        approval: Seen::NotApplicable,
        publisher: Seen::NotApplicable,
        dependencies: Seen::Is(line.manifest().dependencies.into_keys().collect()),
        scripts: Seen::not_asked("the index does not say what runs at build"),
    }
}

fn earlier_releases(
    release: &ReleaseId,
    published: Option<Timestamp>,
    index: &CargoDocument,
) -> Vec<Shown> {
    let all = index.0.lines.iter().map(|line| Dated {
        version: &line.version,
        published: line.pubtime,
        what: line,
    });
    earlier(&release.package, release, published, all)
        .into_iter()
        .map(|one| {
            let id = ReleaseId::new(release.package.clone(), one.version.clone());
            shown(&id, one.what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_published_is_here_absent_or_not_said() {
        let here = read(r#"{"version": {"trustpub_data": {"provider": "github"}}}"#);
        assert!(matches!(here, Told::Here(_)), "{here:?}");
        assert_eq!(
            read(r#"{"version": {"trustpub_data": null}}"#),
            Told::Absent
        );
        assert!(matches!(read(r#"{"version": {}}"#), Told::Failed(_)));
        assert!(matches!(read("<html>"), Told::Failed(_)));
    }

    #[tokio::test]
    async fn a_web_api_is_asked_so_many_times_and_no_more() {
        let pace = Pace {
            next: Mutex::new(None),
            left: AtomicUsize::new(1),
        };
        assert!(pace.turn().await);
        assert!(!pace.turn().await);
    }
}
