//! From the registries of the client's own configuration.

use super::{Answer, Asking, Question, Release, Source, State, offline};
use crate::client;
use crate::error::{Doing as _, Failure};
use crate::paths::{self, OwnFolder};
use crate::policy::memory::{Memory, Remembered};
use customs_model::{ReleaseId, SystemClock, Version, printable};
use customs_registry::evidence::TrustFolder;
use customs_registry::http::Fetcher;
use customs_registry::{Context, PackageStands, Registry, Stands};
use customs_store::SqliteStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long an upstream may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// What the registry shows now, judged as the gate judges it.
///
/// # Errors
/// No registry is configured, it does not answer, or it does not have the package.
pub fn ask(
    question: &Question,
    memory: Option<&mut Memory>,
    place: Asking<'_>,
) -> Result<Answer, Failure> {
    let package = &question.target.package;
    let upstreams = match place.gate {
        Some(mut gate) => gate.upstreams()?,
        None => client::discover_of(place.here, &[package.ecosystem()])?.upstreams,
    };
    let folder = OwnFolder::take("policy")?;
    let clock = Arc::new(SystemClock);
    // The gate's own memory is the gate's to write; what is asked here is forgotten.
    let forgotten = tempfile::tempdir().doing("make a folder for this run")?;
    let store = SqliteStore::open(forgotten.path(), clock.clone());
    let store = Arc::new(store.doing("open the memory of this run")?);
    let cache = folder.path.join("cache");
    let registry = Registry::open(&cache, Fetcher::with_silence(SILENCE), clock, store)
        .doing("open the cache of what was fetched")?;
    let context = Context::new(
        upstreams,
        question.policy.clone(),
        question.advisories.clone(),
    );
    let (context, mut notes) = match TrustFolder::new(paths::data()?.join("trust")).load() {
        Ok(trusted) => (context.with_trust(trusted), Vec::new()),
        Err(error) => {
            let why = format!("proofs of origin are not checked: {error}");
            (context, vec![why])
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start what asks registries")?;
    let stands = runtime.block_on(registry.stands(&context, package));
    let stands = stands.doing(format_args!("ask for {package}"))?;
    let stands = stands.ok_or_else(|| {
        Failure::nothing(format!(
            "no configured {} registry has {package}",
            package.ecosystem()
        ))
    })?;
    let known = match memory {
        Some(memory) => Some(memory.package(package)?),
        None => None,
    };
    let mut answer = answered(question, stands, known.as_deref());
    answer.notes.append(&mut notes);
    Ok(answer)
}

fn answered(question: &Question, stands: PackageStands, known: Option<&Remembered>) -> Answer {
    let mut releases: BTreeMap<Version, Release> = BTreeMap::new();
    for entry in &stands.entries {
        let one = one(question, entry, known);
        match releases.get(&entry.version) {
            Some(known) if known.state <= one.state => {}
            _ => {
                releases.insert(entry.version.clone(), one);
            }
        }
    }
    Answer {
        source: Source::Registry,
        releases: releases.into_values().collect(),
        latest: stands.latest,
        notes: vec![
            "asked at the registry now: what the gate saw at earlier looks is not part of it"
                .to_owned(),
        ],
    }
}

fn one(question: &Question, entry: &Stands, known: Option<&Remembered>) -> Release {
    let decision = entry
        .judgement
        .as_ref()
        .map(|judgement| &judgement.decision);
    let state = match decision {
        _ if entry.hidden => State::NotLookedAt,
        _ if entry.withdrawn => State::Withdrawn,
        Some(decision) => State::of(&decision.action),
        None => State::Offered,
    };
    let not_known = entry.judgement.as_ref().map(|judgement| {
        let not_fetched = judgement.not_fetched().into_iter();
        let not_fetched = not_fetched.map(|because| format!("its artifact: {because}"));
        let all = judgement.not_checked.iter().cloned().chain(not_fetched);
        all.map(|one| printable(&one, 300)).collect()
    });
    let release = ReleaseId::new(question.target.package.clone(), entry.version.clone());
    let file = entry.file.as_deref();
    let since = known.and_then(|known| offline::since(known, &release, file, question.now));
    Release {
        version: entry.version.clone(),
        state,
        published: entry.published,
        since: (state != State::Offered).then_some(since).flatten(),
        until: decision.and_then(|decision| decision.action.until()),
        reasons: decision
            .map(|decision| decision.reasons.clone())
            .unwrap_or_default(),
        not_known: not_known.unwrap_or_default(),
    }
}
