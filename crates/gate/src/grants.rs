//! Exemptions of run time: read from the ledger, applied to runs that begin and to runs that are
//! open. Whoever grants one writes it into the ledger; nobody has to tell the gate.

use crate::run::Run;
use crate::server::Gate;
use customs_registry::{Context, Upstreams};
use customs_rules::{Grant, Policy};
use customs_store::{ExemptionRow, Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long a run that is open may not know of an exemption that was granted or ended.
const LOOK: Duration = Duration::from_millis(500);

/// The exemptions of a ledger that nobody has ended.
///
/// # Errors
/// The ledger cannot be read.
pub fn grants(store: &dyn Store) -> Result<Vec<Grant>, StoreError> {
    let rows = store.exemptions()?;
    let open = rows.into_iter().filter(|row| row.ended.is_none());
    Ok(open.map(grant).collect())
}

/// What a policy is told of a recorded exemption.
pub fn grant(row: ExemptionRow) -> Grant {
    let granted = row.granted;
    Grant {
        id: granted.id,
        about: granted.about,
        digests: granted.digests,
        rules: granted.rules.iter().map(ToString::to_string).collect(),
        reason: granted.reason,
        owner: granted.owner,
        until: granted.until,
        although_malicious: granted.although_malicious,
        by: granted.who.credential,
        agent: granted.who.agent,
    }
}

/// What a decision of today is compared with later is kept under this name.
///
/// The name is that of the policy's digest, as an epoch has it.
pub fn kept_policy_key(digest: &str) -> String {
    format!("policy:{digest}")
}

impl Gate {
    /// A policy with the exemptions that are in force, and what is to be said of them.
    pub(crate) async fn with_grants(&self, policy: Policy) -> (Policy, Vec<String>) {
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || grants(&*store)).await;
        let why = match read {
            Ok(Ok(grants)) => return policy.with_grants(&grants, self.registry.clock.now()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        let why = format!("exemptions of run time: none is applied, because {why}");
        (policy, vec![why])
    }

    /// Keeps what a policy says of the rules, so that decisions under it can be judged again.
    pub(crate) async fn keep_policy(&self, policy: &Policy) {
        let store = self.store.clone();
        let (key, text) = (kept_policy_key(&policy.digest().to_string()), policy.kept());
        let keep = move || match store.meta(&key)? {
            Some(kept) if kept == text => Ok(()),
            _ => store.set_meta(&key, &text),
        };
        // Without it `customs policy test` says that it is not kept; nothing else needs it.
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the policy is not kept"),
            Err(error) => tracing::warn!(%error, "the policy is not kept"),
        }
    }

    /// Looks at the ledger for what was granted or ended, in front of open runs.
    pub(crate) async fn follow_grants(self: Arc<Self>) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            // What is in force stays in force until its end; a ledger that cannot be read delivers
            // nothing anyway.
            if (self.active() > 0 || self.team.is_some())
                && let Err(why) = self.refresh_grants().await
            {
                tracing::error!(why, "exemptions could not be read");
            }
        }
    }

    /// Puts open runs under the exemptions that are in force now; why it could not, as a clause.
    pub(crate) async fn refresh_grants(&self) -> Result<(), String> {
        // What was read before somebody's change must not be put in its place.
        let _turn = self.granting.lock().await;
        let store = self.store.clone();
        let read = tokio::task::spawn_blocking(move || grants(&*store)).await;
        let read = read.map_err(|error| error.to_string())?;
        let grants = read.map_err(|error| error.to_string())?;
        let mut changed = self.put_under(&grants);
        changed.dedup();
        for policy in &changed {
            self.keep_policy(policy).await;
        }
        Ok(())
    }

    /// Puts everybody under these exemptions. Returns the policies that are other ones by that.
    fn put_under(&self, grants: &[Grant]) -> Vec<Policy> {
        let now = self.registry.clock.now();
        let mut changed = Vec::new();
        // Many tokens are under one policy, and go on sharing it.
        let mut known: HashMap<(*const Policy, *const Upstreams), Option<Context>> = HashMap::new();
        let mut change = |run: &Arc<Run>| {
            let before = &run.context;
            let key = (Arc::as_ptr(&before.policy), Arc::as_ptr(&before.upstreams));
            let other = known.entry(key).or_insert_with(|| {
                let (policy, _) = before.policy.with_grants(grants, now);
                let is_other = policy != *before.policy;
                is_other.then(|| {
                    changed.push(policy.clone());
                    before.with_policy(policy)
                })
            });
            other.clone().map(|context| run.for_client(context))
        };
        if let Some(team) = &self.team {
            team.change(&mut change);
        }
        {
            let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
            for run in runs.values_mut() {
                if let Some(other) = change(run) {
                    *run = other;
                }
            }
        }
        changed
    }
}
