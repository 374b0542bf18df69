//! Runs: one command and its process tree, with a credential of its own.

use crate::control::RunRequest;
use crate::report::{Event, RunReport, Summary};
use customs_registry::Context;
use customs_store::Who;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One `customs run`.
pub struct Run {
    /// A short name, for records; not a secret.
    pub id: String,
    /// Upstreams, policy, advisories.
    pub context: Context,
    /// Refuse writes.
    pub read_only: bool,
    /// The command, for records.
    pub command: String,
    /// The agent that the environment declares, if one does.
    pub agent: Option<String>,
    /// Whether any request arrived.
    arrived: AtomicBool,
    summary: Mutex<Summary>,
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
            arrived: AtomicBool::new(false),
            summary: Mutex::default(),
        })
    }

    /// Notes that traffic arrived.
    pub fn touch(&self) {
        self.arrived.store(true, Ordering::Relaxed);
    }

    /// Notes what happened.
    pub fn note(&self, event: Event) {
        self.summary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(event);
    }

    /// What happened so far.
    pub fn report(&self) -> RunReport {
        let summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        summary.report(self.arrived.load(Ordering::Relaxed))
    }

    /// Who asks, for the ledger.
    pub fn who(&self, client: Option<&str>, address: Option<&str>) -> Who {
        Who {
            credential: Some(format!("run:{}", self.id)),
            address: address.map(str::to_owned),
            client: client.map(|c| customs_model::printable(c, 200)),
            agent: self.agent.clone(),
            run: Some(self.command.clone()),
        }
    }
}
