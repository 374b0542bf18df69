//! The gate's own controls, served: runs begin and end here, lockfiles are judged.

use crate::answer::{Body, Reader, empty, failure, json};
use crate::control::{CheckRequest, Checked, Hello, RunEnd, RunReply, RunRequest};
use crate::credential::{fresh, presented, proof, same};
use crate::report::Event;
use crate::run::Run;
use crate::server::{Gate, Request};
use crate::under::{advisories, policy_in_force};
use customs_model::{Digest, ReleaseId, Timestamp};
use customs_origin::{Trust, TrustFiles};
use customs_registry::evidence::Trusted;
use customs_registry::{Context, Judgement};
use customs_rules::LockedOutcome;
use customs_store::StoreError;
use hyper::{Method, Response, StatusCode};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// A wait that is worth a line.
const LONG: Duration = Duration::from_secs(2);

impl Gate {
    pub(crate) async fn control(self: Arc<Self>, what: &str, request: Request) -> Response<Body> {
        if let Some(nonce) = what
            .strip_prefix("hello/")
            .filter(|nonce| nonce.len() <= 128)
        {
            let hello = Hello {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                proof: proof(&self.secret, nonce),
                runs: self.active(),
            };
            return json(StatusCode::OK, &hello);
        }
        let admitted =
            presented(&request.headers).is_some_and(|secret| same(&secret, &self.secret));
        if !admitted {
            return failure(
                Reader::Npm,
                StatusCode::UNAUTHORIZED,
                "customs: the controls need the gate's own secret",
            );
        }
        let method = request.method.clone();
        let parts: Vec<&str> = what.split('/').collect();
        match (method, parts.as_slice()) {
            (Method::GET, ["health"]) => json(
                StatusCode::OK,
                &serde_json::json!({"version": env!("CARGO_PKG_VERSION"), "runs": self.active()}),
            ),
            (Method::POST, ["stop"]) => {
                self.stop_serving();
                empty(StatusCode::ACCEPTED)
            }
            (Method::POST, ["runs"]) => match read_json::<RunRequest>(request).await {
                Ok(run) => self.begin(run).await,
                Err(response) => response,
            },
            (Method::POST, ["runs", id, "check"]) => {
                let Some(run) = self.run_named(id) else {
                    return empty(StatusCode::NOT_FOUND);
                };
                match read_json::<CheckRequest>(request).await {
                    Ok(check) => self.check(&run, check).await,
                    Err(response) => response,
                }
            }
            (Method::GET, ["runs", id, "waiting"]) => match self.run_named(id) {
                Some(run) => json(StatusCode::OK, &run.waiting(LONG)),
                None => empty(StatusCode::NOT_FOUND),
            },
            (Method::GET, ["runs", id]) => match self.run_named(id) {
                Some(run) => json(
                    StatusCode::OK,
                    &RunEnd {
                        report: run.report(),
                    },
                ),
                None => empty(StatusCode::NOT_FOUND),
            },
            (Method::DELETE, ["runs", id]) => match self.run_named(id) {
                Some(run) => {
                    self.runs
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .retain(|_, r| r.id != run.id);
                    self.background.end(&run);
                    json(
                        StatusCode::OK,
                        &RunEnd {
                            report: run.report(),
                        },
                    )
                }
                None => empty(StatusCode::NOT_FOUND),
            },
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    fn run_named(&self, id: &str) -> Option<Arc<Run>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        // The run itself, not one of its clients that has other registries.
        let of_run = runs.iter().filter(|(_, run)| run.id == id);
        let run = of_run
            .min_by_key(|(token, _)| token.len())
            .map(|(_, run)| run.clone());
        run.inspect(|run| run.hear())
    }

    /// Ends runs whose process is gone: their credential must not live on, and they
    /// would keep the gate alive for ever.
    pub(crate) fn forget_abandoned(&self) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        runs.retain(|_, run| {
            let is_abandoned = run.is_abandoned();
            if is_abandoned {
                gone.push(run.clone());
            }
            !is_abandoned
        });
        drop(runs);
        for run in gone {
            self.background.end(&run);
        }
    }

    async fn begin(&self, request: RunRequest) -> Response<Body> {
        let refuse = |why: String| failure(Reader::Npm, StatusCode::UNPROCESSABLE_ENTITY, &why);
        let (user, project) = (request.policy.as_ref(), request.project_policy.as_ref());
        let (policy, ignored) = match policy_in_force(user, project) {
            Ok(found) => found,
            Err(why) => return refuse(why),
        };
        let now = self.registry.clock.now();
        let source = request.advisories.clone();
        let read = tokio::task::spawn_blocking(move || advisories(source.as_deref(), now)).await;
        let (advisories, why) = match read {
            Ok(read) => read,
            Err(error) => return refuse(error.to_string()),
        };
        let mut not_known: Vec<String> = why.into_iter().collect();
        let (token, id) = match (fresh(), fresh()) {
            (Ok(token), Ok(id)) => (token, id[..12].to_owned()),
            _ => return refuse("the operating system gives no randomness".into()),
        };
        for problem in policy.problems(now) {
            not_known.push(problem.to_string());
        }
        let (policy, refused) = self.with_grants(policy).await;
        not_known.extend(refused);
        self.keep_policy(&policy).await;
        let trusted = match self.trusted().await {
            Ok((trusted, unusable)) => {
                not_known.extend(unusable);
                trusted
            }
            Err(why) => return refuse(why),
        };
        let context = Context::new(request.upstreams.clone(), policy, advisories);
        let context = context.with_trust(trusted);
        let run = Run::new(id.clone(), context.clone(), &request);
        run.hear();
        let mut tokens = vec![(token.clone(), run.clone())];
        for (client, own) in request.of_client {
            // A client without a registry of its own kind uses everybody's.
            let context = context.with_upstreams(own.or(&request.upstreams));
            tokens.push((format!("{token}.{client}"), run.for_client(context)));
        }
        for sentence in &not_known {
            run.note(Event::NotKnown(sentence.clone()));
        }
        self.runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(tokens);
        json(
            StatusCode::CREATED,
            &RunReply {
                id,
                token,
                ignored,
                not_known,
            },
        )
    }

    /// The roots and keys that proofs of origin are held against in a run, and what is to be
    /// said where those of the user cannot be used: then what came with the program counts.
    pub(crate) async fn trusted(&self) -> Result<(Trusted, Option<String>), String> {
        let folder = self.trust.clone();
        let loaded = tokio::task::spawn_blocking(move || match folder.load() {
            Ok(trusted) => Ok((trusted, None)),
            Err(error) => Trust::embedded()
                .map(|trust| Trusted::new(trust, &TrustFiles::default()))
                .map(|trusted| (trusted, Some(format!("origin, by your own roots: {error}")))),
        });
        match loaded.await {
            Ok(Ok(loaded)) => Ok(loaded),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Judges releases that a lockfile names, before anything is fetched.
    async fn check(&self, run: &Arc<Run>, request: CheckRequest) -> Response<Body> {
        use futures_util::StreamExt as _;
        let looked: Vec<(Checked, Vec<Digest>)> =
            futures_util::stream::iter(request.releases.into_iter().take(50_000))
                .map(|release| self.check_one(run, release))
                .buffered(32)
                .collect()
                .await;
        let made = looked
            .iter()
            .filter_map(|(checked, digests)| Some((checked.decision.clone()?, digests.clone())));
        self.record_made(made.collect()).await;
        let checked: Vec<Checked> = looked.into_iter().map(|(checked, _)| checked).collect();
        json(StatusCode::OK, &checked)
    }

    /// When this gate last delivered a release.
    async fn delivered(&self, release: &ReleaseId) -> Option<Timestamp> {
        let (store, release) = (self.store.clone(), release.clone());
        let asked = tokio::task::spawn_blocking(move || store.who(&release)).await;
        match asked.unwrap_or(Err(StoreError::Closed)) {
            Ok(deliveries) => deliveries.rows.last().map(|row| row.at),
            Err(error) => {
                tracing::error!(%error, "the ledger could not be asked");
                None
            }
        }
    }

    async fn check_one(&self, run: &Arc<Run>, release: ReleaseId) -> (Checked, Vec<Digest>) {
        let judged = self.registry.judge_release(&run.context, &release).await;
        let delivered = self.delivered(&release).await;
        let (judgement, not_known) = match judged {
            Ok(judgement) => (judgement, None),
            Err(because) => (None, Some(because.to_string())),
        };
        let refuses = |j: &Judgement| matches!(j.locked, LockedOutcome::Refuse { .. });
        let deliverable = !judgement.as_ref().is_some_and(refuses);
        let (decision, digests) = match judgement {
            Some(judgement) => (Some(judgement.decision), judgement.digests),
            None => (None, Vec::new()),
        };
        let checked = Checked {
            release,
            decision,
            deliverable,
            delivered,
            not_known,
        };
        (checked, digests)
    }
}

async fn read_json<T: serde::de::DeserializeOwned>(request: Request) -> Result<T, Response<Body>> {
    let refuse = |why: String| failure(Reader::Npm, StatusCode::UNPROCESSABLE_ENTITY, &why);
    let bytes = request.into_body(64 << 20).await.map_err(refuse)?;
    serde_json::from_slice(&bytes).map_err(|e| refuse(e.to_string()))
}
