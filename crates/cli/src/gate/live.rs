//! Everything that a team is served under, from its files; and whether one of them changed.

use super::config::{
    Config, CredentialEntry, CredentialKind, EcosystemWord, RoleWord, TokenEntry, Tokens,
    UpstreamEntry, Visibility,
};
use super::{read, token};
use crate::error::{Doing as _, Failure};
use customs_gate::{Role, TeamSettings, Token};
use customs_intel::Snapshot;
use customs_model::{Known, Route, SignedDuration, Timestamp, printable};
use customs_registry::{Credential, Secret, Upstream, Upstreams};
use customs_rules::{NamePattern, Policy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Entries of a folder of advisories that are looked at for a change.
const WATCHED: usize = 4_096;

/// What a file was when it was looked at: another one has another.
pub type Stamp = Vec<(u64, Option<SystemTime>, u64)>;

/// Reads the files, and remembers what is dear to read.
pub struct Live {
    config: PathBuf,
    watched: Vec<(PathBuf, Stamp)>,
    advisories: Option<(PathBuf, Stamp, Arc<Snapshot>)>,
}

/// What the files say.
pub struct Loaded {
    /// The config itself, for what does not change while it serves.
    pub config: Config,
    /// Everything else.
    pub settings: TeamSettings,
}

/// What the files say of policies alone: who asks for these needs no secret of a registry.
pub struct Policies {
    /// The policy of tokens that name none, and what messages call it.
    pub own: (Policy, String),
    others: BTreeMap<String, (Policy, String)>,
    tokens: Vec<Token>,
    /// Where its advisories lie.
    pub advisories: Option<PathBuf>,
    /// The folder for ledger, cache and state.
    pub folder: Option<PathBuf>,
}

impl Policies {
    /// The policy that a token is under.
    ///
    /// # Errors
    /// There is no such token, or no such policy.
    pub fn of_token(&self, name: &str) -> Result<(Policy, String), Failure> {
        let token = self.tokens.iter().find(|token| token.name == name);
        let token = token.ok_or_else(|| {
            let known = self.tokens.iter().map(|token| token.name.as_str());
            let shown = printable(name, 100);
            Failure::usage(match customs_rules::did_you_mean(name, known) {
                Some(meant) => {
                    format!("the gate has no token {shown:?}; did you mean {meant:?}?")
                }
                None => format!("the gate has no token {shown:?}; its file of tokens names them"),
            })
        })?;
        match &token.policy {
            None => Ok(self.own.clone()),
            Some(policy) => self.others.get(policy).cloned().ok_or_else(|| {
                Failure::usage(format!(
                    "the token {name} is under a policy {:?}, which [policies] does not name",
                    printable(policy, 100)
                ))
            }),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Policy> {
        let all = std::iter::once(&self.own).chain(self.others.values());
        all.map(|(policy, _)| policy)
    }
}

impl Live {
    /// The same for a config that may be named relative to the present folder.
    ///
    /// # Errors
    /// The present folder is not known.
    pub fn at_path(config: &Path) -> Result<Self, Failure> {
        Ok(Self::new(
            std::path::absolute(config).doing("find the config")?,
        ))
    }

    /// Reads the policies, and who is under which.
    ///
    /// # Errors
    /// A file that cannot be read, or that says what cannot be.
    pub fn policies(&mut self) -> Result<Policies, Failure> {
        let config: Config = read::file(&self.config)?;
        version(config.version, &self.config)?;
        let shown = |path: &Path| self.at(path).display().to_string();
        let own = match &config.policy {
            Some(path) => shown(path),
            None => format!(
                "the default policy, since {} names none",
                self.config.display()
            ),
        };
        let names: BTreeMap<String, String> = config
            .policies
            .iter()
            .map(|(name, path)| (name.clone(), shown(path)))
            .collect();
        let policy = match &config.policy {
            Some(path) => self.policy(path)?,
            None => Policy::default(),
        };
        let mut others = BTreeMap::new();
        for (name, path) in &config.policies {
            let policy = self.policy(path)?;
            let shown = names.get(name).cloned().unwrap_or_default();
            others.insert(name.clone(), (policy, shown));
        }
        Ok(Policies {
            own: (policy, own),
            others,
            tokens: self.tokens(&config.tokens)?,
            advisories: config.advisories.as_deref().map(|path| self.at(path)),
            folder: config.folder.as_deref().map(|folder| self.at(folder)),
        })
    }

    /// Reads the registries, with their credentials.
    ///
    /// # Errors
    /// A file or a variable that cannot be read, or that says what cannot be.
    pub fn registries(&mut self) -> Result<Upstreams, Failure> {
        let config: Config = read::file(&self.config)?;
        self.upstreams(&config)
    }

    /// Nothing is read yet.
    pub fn new(config: PathBuf) -> Self {
        Self {
            config,
            watched: Vec::new(),
            advisories: None,
        }
    }

    /// Reads everything. What is read is watched from then on, whether it could be read or not.
    ///
    /// # Errors
    /// A file that cannot be read, or that says what cannot be.
    pub fn load(&mut self, now: Timestamp) -> Result<Loaded, Failure> {
        // Before it is read: what changes meanwhile is another change.
        self.watched = vec![(self.config.clone(), stamp(&self.config))];
        let config: Config = read::file(&self.config)?;
        version(config.version, &self.config)?;
        let policy = match &config.policy {
            Some(path) => self.policy(path)?,
            None => Policy::default(),
        };
        let mut policies = BTreeMap::new();
        for (name, path) in &config.policies {
            policies.insert(name.clone(), self.policy(path)?);
        }
        let tokens = self.tokens(&config.tokens)?;
        let upstreams = self.upstreams(&config)?;
        let advisories = self.advisories(config.advisories.as_deref(), now)?;
        let settings = TeamSettings {
            upstreams,
            policy,
            policies,
            advisories,
            stale_for: stale_for(config.stale_for.as_deref())?,
            tokens,
        };
        Ok(Loaded { config, settings })
    }

    /// Whether a file is another one than when it was read.
    pub fn has_changed(&self) -> bool {
        let differs = |(path, was): &(PathBuf, Stamp)| stamp(path) != *was;
        self.watched.iter().any(differs)
    }

    /// A file of the config's: relative to its folder.
    pub fn at(&self, path: &Path) -> PathBuf {
        let folder = self.config.parent().unwrap_or(Path::new("."));
        folder.join(path)
    }

    /// The same, and watched from now on.
    fn watch(&mut self, path: &Path) -> PathBuf {
        let path = self.at(path);
        self.watched.push((path.clone(), stamp(&path)));
        path
    }

    fn policy(&mut self, path: &Path) -> Result<Policy, Failure> {
        let path = self.watch(path);
        let text = read::text(&path)?;
        Policy::parse(&text, &path.display().to_string())
            .map_err(|error| Failure::usage(error.to_string()))
    }

    fn tokens(&mut self, path: &Path) -> Result<Vec<Token>, Failure> {
        let path = self.watch(path);
        let tokens: Tokens = read::file(&path)?;
        version(tokens.version, &path)?;
        let read = tokens.token.into_iter().map(|entry| token_of(entry, &path));
        read.collect()
    }

    fn upstreams(&mut self, config: &Config) -> Result<Upstreams, Failure> {
        let mut upstreams = Upstreams {
            internal: names("internal", &config.internal)?,
            moved: names("moved", &config.moved)?,
            keeps_origins: true,
            ..Upstreams::default()
        };
        for entry in &config.upstream {
            let upstream = self.upstream(entry)?;
            let (shown, is_private) = (upstream.shown(), upstream.route == Route::Private);
            let place = match entry.ecosystem {
                EcosystemWord::Npm if !entry.scopes.is_empty() => {
                    for scope in &entry.scopes {
                        let scopes = &mut upstreams.npm_scopes;
                        if scopes.insert(scope.clone(), upstream.clone()).is_some() {
                            return Err(self.twice(&printable(scope, 80), &shown));
                        }
                    }
                    continue;
                }
                EcosystemWord::Npm if is_private => {
                    upstreams.npm_private.push(upstream);
                    continue;
                }
                EcosystemWord::Cargo if is_private => {
                    upstreams.cargo_private.push(upstream);
                    continue;
                }
                EcosystemWord::Pypi => {
                    let is_second = upstreams.pypi.iter().any(|one| one.route == Route::Public);
                    if is_second && !is_private {
                        return Err(self.twice("a public Python index", &shown));
                    }
                    upstreams.pypi.push(upstream);
                    continue;
                }
                EcosystemWord::Npm => &mut upstreams.npm,
                EcosystemWord::Cargo => &mut upstreams.cargo,
            };
            if place.replace(upstream).is_some() {
                return Err(self.twice("a public registry of one ecosystem", &shown));
            }
        }
        Ok(upstreams)
    }

    /// Each name has one origin, so there is one public registry that may be it.
    fn twice(&self, what: &str, shown: &str) -> Failure {
        let config = self.config.display();
        Failure::usage(format!(
            "{config}: {what} twice, the second time at {shown}"
        ))
    }

    fn upstream(&mut self, entry: &UpstreamEntry) -> Result<Upstream, Failure> {
        let route = match entry.visibility {
            Visibility::Public => Route::Public,
            Visibility::Private => Route::Private,
        };
        let mut upstream = Upstream::parse(&entry.url, route)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let said = |why: &str| Failure::usage(format!("the registry {}: {why}", upstream.shown()));
        if upstream.credential.is_some() {
            return Err(said(
                "its address has a password in it; name a file or a variable: \
                 credential = { kind = \"basic\", user = \"…\", file = \"…\" }",
            ));
        }
        let is_scope = |scope: &String| scope.len() > 1 && scope.starts_with('@');
        if entry.ecosystem != EcosystemWord::Npm && !entry.scopes.is_empty() {
            return Err(said("only npm has scopes"));
        }
        if !entry.scopes.iter().all(is_scope) {
            return Err(said("a scope is written \"@acme\""));
        }
        let credential = match &entry.credential {
            Some(credential) => Some(self.credential(credential).map_err(|why| said(&why))?),
            None => None,
        };
        upstream.credential = credential;
        upstream.extra_roots = entry.roots.iter().map(|path| self.watch(path)).collect();
        Ok(upstream)
    }

    fn credential(&mut self, entry: &CredentialEntry) -> Result<Credential, String> {
        let secret = match (&entry.file, &entry.env) {
            (Some(file), None) => {
                let file = self.watch(file);
                read::text(&file).map_err(|error| error.to_string())?
            }
            (None, Some(variable)) => std::env::var(variable)
                .map_err(|_| format!("the variable {} is not set", printable(variable, 80)))?,
            _ => return Err("a credential has a file or an env, one of them".to_owned()),
        };
        let secret = secret.trim();
        if secret.is_empty() {
            return Err("its credential is empty".to_owned());
        }
        match (entry.kind, &entry.user) {
            (CredentialKind::Bearer, None) => Ok(Credential::Bearer(Secret::new(secret))),
            (CredentialKind::Verbatim, None) => Ok(Credential::Verbatim(Secret::new(secret))),
            (CredentialKind::Basic, Some(user)) => Ok(Credential::Basic {
                user: user.clone(),
                password: Secret::new(secret),
            }),
            (CredentialKind::Basic, None) => Err("a basic credential has a user".to_owned()),
            (_, Some(_)) => Err("only a basic credential has a user".to_owned()),
        }
    }

    /// Advisories are dear to read, and change less often than the rest.
    fn advisories(
        &mut self,
        path: Option<&Path>,
        now: Timestamp,
    ) -> Result<Known<Arc<Snapshot>>, Failure> {
        let Some(path) = path else {
            return Ok(Known::NotApplicable);
        };
        let path = self.watch(path);
        let stamp = stamp(&path);
        if let Some((read, was, snapshot)) = &self.advisories
            && *read == path
            && *was == stamp
        {
            return Ok(Known::Is(snapshot.clone()));
        }
        let snapshot = Snapshot::from_path(&path, now);
        let snapshot = Arc::new(snapshot.doing(format_args!("read {}", path.display()))?);
        self.advisories = Some((path, stamp, snapshot.clone()));
        Ok(Known::Is(snapshot))
    }
}

/// How long what was delivered before is served while its registry is away, without a word.
const STALE_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

fn stale_for(text: Option<&str>) -> Result<SignedDuration, Failure> {
    let Some(text) = text else {
        return Ok(STALE_FOR);
    };
    let time = customs_rules::parse_duration(text);
    time.filter(|time| *time <= STALE_FOR).ok_or_else(|| {
        let shown = printable(text, 40);
        Failure::usage(format!(
            "stale-for {shown:?} is no time up to 7d; write 3d or 12h"
        ))
    })
}

fn names(key: &str, patterns: &[String]) -> Result<Vec<String>, Failure> {
    let read = |text: &String| match NamePattern::parse(text) {
        Ok(pattern) => Ok(pattern.to_string()),
        Err(why) => Err(Failure::usage(format!("{key}: {why}"))),
    };
    patterns.iter().map(read).collect()
}

fn version(version: u32, file: &Path) -> Result<(), Failure> {
    if version == 1 {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}: this customs reads version = 1 only",
        file.display()
    )))
}

fn token_of(entry: TokenEntry, file: &Path) -> Result<Token, Failure> {
    token::checked(&entry.name)?;
    let said = |why: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "{}: the token {}: {why}",
            file.display(),
            entry.name
        ))
    };
    let expires = entry.expires.as_deref().map(str::parse::<Timestamp>);
    let expires = expires
        .transpose()
        .map_err(|_| said(&"expires is an instant such as \"2027-01-31T00:00:00Z\""))?;
    let digest = entry.digest.parse().map_err(|error| said(&error))?;
    Ok(Token {
        digest,
        role: match entry.role {
            RoleWord::Install => Role::Install,
            RoleWord::Publish => Role::Publish,
            RoleWord::Monitor => Role::Monitor,
            RoleWord::Read => Role::Read,
            RoleWord::Approve => Role::Approve,
        },
        policy: entry.policy,
        expires,
        revoked: entry.revoked,
        name: entry.name,
    })
}

/// What a file or a folder is now. A folder's own time changes when something is put into it or
/// taken out; a file of it that is written over has another time of its own.
pub fn stamp(path: &Path) -> Stamp {
    let Ok(meta) = std::fs::metadata(path) else {
        return Stamp::new();
    };
    let mut stamp = vec![of(&meta)];
    if meta.is_dir()
        && let Ok(entries) = std::fs::read_dir(path)
    {
        let metas = entries
            .take(WATCHED)
            .flatten()
            .map(|entry| entry.metadata());
        stamp.extend(metas.flatten().map(|meta| of(&meta)));
        stamp.sort();
    }
    stamp
}

fn of(meta: &std::fs::Metadata) -> (u64, Option<SystemTime>, u64) {
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(meta);
    #[cfg(not(unix))]
    let number = 0;
    (meta.len(), meta.modified().ok(), number)
}
