//! A gate for a team: tokens in place of runs, one public address, and settings that change
//! while it serves.
//!
//! Who asks shows a token. Each token has a run of its own that never ends: its name goes into the
//! ledger, its policy decides. What is being answered when settings change ends under the old
//! ones; nobody waits for the change, and nobody is turned away by it.

mod approvals;
mod changes;
mod door;
mod operations;
mod token;

use crate::metrics::Feed;
use crate::run::Run;
use crate::server::Gate;
use crate::under::NO_ADVISORIES;
use customs_intel::Snapshot;
use customs_model::{Known, SignedDuration, Timestamp};
use customs_registry::{Context, Turns, Upstreams};
use customs_rules::Policy;
use hyper::header::{HOST, HeaderMap};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use url::Url;

use changes::InForce;
pub(crate) use door::Door;
pub(crate) use operations::Readiness;
pub use token::{Role, Token, TokenDigest, TokenError};

/// What a team's gate serves under. Another one may take its place at any time.
#[derive(Debug, Clone)]
pub struct TeamSettings {
    /// The registries behind it.
    pub upstreams: Upstreams,
    /// The policy of tokens that name none.
    pub policy: Policy,
    /// Policies that tokens name.
    pub policies: BTreeMap<String, Policy>,
    /// Known malware; *not applicable* where nobody configured a source.
    pub advisories: Known<Arc<Snapshot>>,
    /// How long documents are served that their upstreams cannot confirm.
    pub stale_for: SignedDuration,
    /// Who may ask.
    pub tokens: Vec<Token>,
}

/// Why settings cannot be served under. Those before stay in force.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// Two tokens of one name could not be told apart in the ledger.
    #[error("two tokens are named {0:?}; the ledger tells them apart by their names")]
    Twice(String),
    /// One secret opens under one name.
    #[error("the tokens {0:?} and {1:?} are the same secret; make another one for one of them")]
    Same(String, String),
    /// A token names a policy that is not there.
    #[error("the token {token:?} is under the policy {policy:?}, and there is none of that name")]
    Policy {
        /// The token.
        token: String,
        /// What it names.
        policy: String,
    },
    /// The roots of trust.
    #[error("{0}")]
    Trust(String),
    /// This gate serves runs.
    #[error("this gate serves `customs run`, and no tokens")]
    NoTeam,
}

/// A token that is known here.
pub(crate) struct Member {
    pub name: String,
    pub role: Role,
    pub policy: Option<String>,
    expires: Option<Timestamp>,
    revoked: bool,
    run: Mutex<Arc<Run>>,
}

impl Member {
    /// The run of now. Whoever has begun under one ends under it.
    pub fn run(&self) -> Arc<Run> {
        self.run
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What showing a credential comes to.
pub(crate) enum Shown {
    /// No credential, or none in a form that clients send.
    Nothing,
    /// A token that nobody here knows.
    Unknown,
    /// One that was good once.
    Expired(Arc<Member>, Timestamp),
    /// One that was taken back.
    Revoked(Arc<Member>),
    /// One that is good.
    Good(Arc<Member>),
}

/// Everybody who may ask, by the first bytes of their token's digest. To choose a secret whose
/// digest begins in a certain way is as hard as any other search, so what a look-up takes gives
/// nothing away; the whole digest is compared in constant time.
#[derive(Default)]
pub(crate) struct Members(HashMap<[u8; 8], Vec<(TokenDigest, Arc<Member>)>>);

impl Members {
    fn find(&self, secret: &str) -> Option<Arc<Member>> {
        let digest = TokenDigest::of(secret);
        let near = self.0.get(&digest.prefix())?;
        let found = near.iter().find(|(known, _)| known.is_same(&digest));
        found.map(|(_, member)| member.clone())
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.0.values().flatten().map(|(_, member)| member)
    }
}

/// The team's side of a gate.
pub(crate) struct Team {
    /// The address that clients know it by, without a slash at its end.
    pub base: String,
    /// What `Host` may say.
    hosts: BTreeSet<String>,
    members: RwLock<Arc<Members>>,
    /// What the ledger was told last of the settings in force.
    in_force: tokio::sync::Mutex<InForce>,
    /// Who is answered next.
    pub turns: Arc<Turns>,
    /// The advisories in force, for `/metrics`.
    feed: Mutex<Option<Feed>>,
    /// What is held, as it was counted last.
    held: Mutex<Option<u64>>,
}

/// Requests that are answered at the same time, until their headers are ready.
const TOGETHER: usize = 256;

impl Team {
    /// `public` is the address of the gate's root.
    pub fn new(public: &Url, port: u16) -> Self {
        let base = public.as_str().trim_end_matches('/').to_owned();
        let mut hosts = BTreeSet::new();
        if let Some(host) = public.host_str() {
            match public.port() {
                Some(port) => _ = hosts.insert(format!("{host}:{port}")),
                None => {
                    // Clients leave out the port that their scheme means anyway; few do not.
                    hosts.insert(host.to_owned());
                    let usual = public.port_or_known_default().unwrap_or_default();
                    hosts.insert(format!("{host}:{usual}"));
                }
            }
        }
        // Whoever looks after it on its own machine.
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            hosts.insert(format!("{host}:{port}"));
        }
        Self {
            base,
            hosts,
            members: RwLock::default(),
            in_force: tokio::sync::Mutex::default(),
            turns: Turns::new(TOGETHER),
            feed: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// Whether a request was meant for this gate: another name may have been bound to its address
    /// by somebody who wants a browser to ask it.
    pub fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.hosts.contains(&host.to_ascii_lowercase()))
    }

    pub fn members(&self) -> Arc<Members> {
        self.members
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Who shows this secret.
    pub fn shown(&self, secret: Option<&str>, now: Timestamp) -> Shown {
        let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
            return Shown::Nothing;
        };
        let Some(member) = self.members().find(secret) else {
            return Shown::Unknown;
        };
        match member.expires {
            _ if member.revoked => Shown::Revoked(member),
            Some(at) if at <= now => Shown::Expired(member, at),
            _ => Shown::Good(member),
        }
    }

    /// Puts everybody's run where `change` has another one for it.
    pub fn change(&self, mut change: impl FnMut(&Arc<Run>) -> Option<Arc<Run>>) {
        for member in self.members().all() {
            let mut run = member.run.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(other) = change(&run) {
                *run = other;
            }
        }
    }
}

impl Gate {
    /// Serves the team under these settings from now on. What is being answered ends under those
    /// before. Returns what is to be said of them, a sentence each.
    ///
    /// # Errors
    /// They contradict themselves, or the roots of trust cannot be read: then those before stay.
    pub async fn apply(&self, settings: TeamSettings) -> Result<Vec<String>, TeamError> {
        let team = self.team.as_ref().ok_or(TeamError::NoTeam)?;
        let in_force = InForce::of(&settings);
        let mut said = Vec::new();
        if matches!(settings.advisories, Known::NotApplicable) {
            said.push(NO_ADVISORIES.to_owned());
        }
        let (trusted, unusable) = self.trusted().await.map_err(TeamError::Trust)?;
        said.extend(unusable);
        // What is granted or ended meanwhile comes after this.
        let turn = self.granting.lock().await;
        let now = self.registry.clock.now();
        let feed = settings.advisories.known().map(|all| Feed::of(all));
        let mut contexts: BTreeMap<Option<String>, Context> = BTreeMap::new();
        let named = settings.policies.into_iter();
        let named = named.map(|(name, policy)| (Some(name), policy));
        for (name, policy) in named.chain([(None, settings.policy)]) {
            said.extend(policy.problems(now).iter().map(ToString::to_string));
            let (policy, refused) = self.with_grants(policy).await;
            said.extend(refused);
            self.keep_policy(&policy).await;
            let upstreams = settings.upstreams.clone();
            let context = Context::new(upstreams, policy, settings.advisories.clone());
            contexts.insert(name, context.with_trust(trusted.clone()));
        }
        let members = members_of(settings.tokens, &contexts, &team.members())?;
        self.registry.serve_stale_for(settings.stale_for);
        let members = Arc::new(members);
        *team.members.write().unwrap_or_else(PoisonError::into_inner) = members.clone();
        *team.feed.lock().unwrap_or_else(PoisonError::into_inner) = feed;
        drop(turn);
        for member in members.all() {
            self.background.forget(&member.name);
        }
        self.tell_ledger(team, in_force).await;
        Ok(said)
    }

    /// Records what changed. It is in force all the same where that fails, as a token that was
    /// taken back must be, and is told with the next change then.
    async fn tell_ledger(&self, team: &Team, now: InForce) {
        let mut told = team.in_force.lock().await;
        for record in now.records(&told) {
            if let Err(error) = self.append(record).await {
                self.metrics.unrecorded();
                return tracing::error!(%error, "a change of the settings is not in the ledger");
            }
        }
        *told = now;
    }
}

fn members_of(
    tokens: Vec<Token>,
    contexts: &BTreeMap<Option<String>, Context>,
    before: &Members,
) -> Result<Members, TeamError> {
    let known: HashMap<&str, &Arc<Member>> = before.all().map(|m| (&*m.name, m)).collect();
    let mut names = BTreeSet::new();
    let mut members = Members::default();
    for token in tokens {
        if !names.insert(token.name.clone()) {
            return Err(TeamError::Twice(token.name));
        }
        let Some(context) = contexts.get(&token.policy) else {
            return Err(TeamError::Policy {
                token: token.name,
                policy: token.policy.unwrap_or_default(),
            });
        };
        let near = members.0.entry(token.digest.prefix()).or_default();
        if let Some((_, other)) = near.iter().find(|(known, _)| known.is_same(&token.digest)) {
            return Err(TeamError::Same(other.name.clone(), token.name));
        }
        let read_only = token.role != Role::Publish;
        let run = match known.get(&*token.name) {
            Some(member) => member.run().again(context.clone(), read_only),
            None => Run::of_token(token.name.clone(), context.clone(), read_only),
        };
        let member = Member {
            name: token.name,
            role: token.role,
            policy: token.policy,
            expires: token.expires,
            revoked: token.revoked,
            run: Mutex::new(run),
        };
        near.push((token.digest, Arc::new(member)));
    }
    Ok(members)
}
