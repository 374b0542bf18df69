//! Runs: one command and its process tree, with a credential of its own.

use crate::ahead::Followed;
use crate::control::RunRequest;
use crate::process::lives;
use crate::report::{Event, RunReport, Summary};
use customs_registry::Context;
use customs_store::Who;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// One `customs run`.
pub struct Run {
    /// A short name, for records; not a secret. Of a token: the token's.
    pub id: String,
    /// Upstreams, policy, advisories.
    pub context: Context,
    /// Refuse writes.
    pub read_only: bool,
    /// The command, for records.
    pub command: String,
    /// The agent that the environment declares, if one does.
    pub agent: Option<String>,
    /// What the project and the command ask npm's registries for.
    pub(crate) roots: Arc<BTreeMap<String, String>>,
    /// The process that began it.
    pid: Option<u32>,
    /// It is a token's, and does not end: nobody asks for its report.
    is_tokens: bool,
    shared: Arc<Shared>,
}

/// What all clients of a run have in common.
#[derive(Default)]
pub(crate) struct Shared {
    /// Whether any request arrived.
    arrived: AtomicBool,
    /// Whether it is over.
    over: AtomicBool,
    summary: Mutex<Summary>,
    /// What is being answered, since when.
    waiting: Mutex<BTreeMap<u64, (String, Instant)>>,
    next: AtomicU64,
    /// The last probes that arrived with a token.
    probes: Mutex<VecDeque<String>>,
    /// What was fetched ahead of its clients.
    pub(crate) followed: Followed,
    /// When its process last spoke to the gate.
    heard: Mutex<Option<Instant>>,
}

/// How long a run may be silent before it is asked whether its process lives, and how
/// long where that cannot be asked.
const SILENT: Duration = Duration::from_secs(30);
const GONE: Duration = Duration::from_secs(3600);
/// Probes of a token that are remembered.
const PROBES: usize = 64;

/// A request that is being answered; gone when this is dropped.
pub struct Waiting<'a> {
    run: &'a Run,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self
            .run
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.remove(&self.number);
    }
}

impl Run {
    /// A run under `context`.
    pub fn new(id: String, context: Context, request: &RunRequest) -> Arc<Self> {
        Arc::new(Self {
            id,
            context,
            read_only: request.read_only,
            command: customs_model::printable(&request.command, 300),
            agent: request
                .agent
                .as_deref()
                .map(|a| customs_model::printable(a, 60)),
            roots: Arc::new(request.roots.clone()),
            pid: request.pid,
            is_tokens: false,
            shared: Arc::default(),
        })
    }

    /// The run of a token: it has no command and no end.
    pub(crate) fn of_token(name: String, context: Context, read_only: bool) -> Arc<Self> {
        Arc::new(Self {
            id: name,
            context,
            read_only,
            command: String::new(),
            agent: None,
            roots: Arc::default(),
            pid: None,
            is_tokens: true,
            shared: Arc::default(),
        })
    }

    /// The same token's run under other settings.
    pub(crate) fn again(&self, context: Context, read_only: bool) -> Arc<Self> {
        Arc::new(Self {
            context,
            read_only,
            ..self.copy()
        })
    }

    fn copy(&self) -> Self {
        Self {
            id: self.id.clone(),
            context: self.context.clone(),
            read_only: self.read_only,
            command: self.command.clone(),
            agent: self.agent.clone(),
            roots: self.roots.clone(),
            pid: self.pid,
            is_tokens: self.is_tokens,
            shared: self.shared.clone(),
        }
    }

    /// The same run for a client whose registries are others.
    pub fn for_client(&self, context: Context) -> Arc<Self> {
        Arc::new(Self {
            context,
            ..self.copy()
        })
    }

    /// Whether it is a token's, and does not end.
    pub(crate) fn is_tokens(&self) -> bool {
        self.is_tokens
    }

    /// For work on its behalf that must end with it.
    pub(crate) fn weak(&self) -> Weak<Shared> {
        Arc::downgrade(&self.shared)
    }

    /// Notes that the process that began it is there.
    pub fn hear(&self) {
        let mut heard = self
            .shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *heard = Some(Instant::now());
    }

    /// Whether nobody will end it any more: a `customs run` that was killed.
    pub fn is_abandoned(&self) -> bool {
        let heard = *self
            .shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let silent = heard.map_or(Duration::ZERO, |at| at.elapsed());
        if silent <= SILENT {
            return false;
        }
        match self.pid.and_then(lives) {
            Some(lives) => !lives,
            None => silent > GONE,
        }
    }

    /// Notes that it is over: what is still being done for it begins nothing new.
    pub(crate) fn end(&self) {
        self.shared.over.store(true, Ordering::SeqCst);
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::SeqCst)
    }

    /// Notes that traffic arrived.
    pub fn touch(&self) {
        self.shared.arrived.store(true, Ordering::Relaxed);
    }

    /// Notes that a request is being answered.
    pub fn wait(&self, what: String) -> Waiting<'_> {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.insert(number, (what, Instant::now()));
        Waiting { run: self, number }
    }

    /// What has waited for at least so long, the longest first.
    pub fn waiting(&self, at_least: Duration) -> Vec<String> {
        let waiting = self
            .shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let long = waiting
            .values()
            .filter(|(_, since)| since.elapsed() >= at_least);
        long.map(|(what, _)| what.clone()).collect()
    }

    /// Notes what happened. A token's run tells nobody at its end; the ledger has what matters.
    pub fn note(&self, event: Event) {
        if self.is_tokens {
            if let Event::Canary(name) = event {
                let mut probes = self.probes();
                probes.truncate(PROBES - 1);
                probes.push_front(name);
            }
            return;
        }
        self.shared
            .summary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(event);
    }

    fn probes(&self) -> MutexGuard<'_, VecDeque<String>> {
        let probes = &self.shared.probes;
        probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a probe arrived with this token lately.
    pub(crate) fn has_arrived(&self, probe: &str) -> bool {
        self.probes().iter().any(|name| name == probe)
    }

    /// What happened so far.
    pub fn report(&self) -> RunReport {
        let summary = self
            .shared
            .summary
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summary.report(
            self.shared.arrived.load(Ordering::Relaxed),
            &self.context.policy,
        )
    }

    /// Who asks, for the ledger.
    pub fn who(&self, client: Option<&str>, address: Option<&str>) -> Who {
        Who {
            credential: Some(match self.is_tokens {
                true => format!("token:{}", self.id),
                false => format!("run:{}", self.id),
            }),
            address: address.map(str::to_owned),
            client: client.map(|c| customs_model::printable(c, 200)),
            agent: self.agent.clone(),
            run: Some(self.command.clone()).filter(|command| !command.is_empty()),
        }
    }
}
