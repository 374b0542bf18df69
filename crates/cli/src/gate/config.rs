//! The files that say how a team is served: the config and the tokens. Their JSON schema stands in
//! `schema.rs`; a test keeps the two in step.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How a team is served. Names of files are relative to the folder of this one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The format of this file: 1.
    pub version: u32,
    /// Where it listens. A change needs a restart.
    pub listen: Listen,
    /// The certificate that it shows. Both files are read again when they change.
    pub tls: Option<Tls>,
    /// What it takes upon itself. A change needs a restart.
    #[serde(default)]
    pub limits: Limits,
    /// The folder for ledger, cache and state; without it those of the user that it runs as. A change
    /// needs a restart.
    pub folder: Option<PathBuf>,
    /// The registries behind it.
    #[serde(default)]
    pub upstream: Vec<UpstreamEntry>,
    /// Names that no public registry is ever asked for: `pkg:npm/@acme/*`, `pkg:pypi/acme-tool`.
    #[serde(default)]
    pub internal: Vec<String>,
    /// Names whose origin is looked for anew, as above: where a private registry that had them was
    /// replaced by another one.
    #[serde(default)]
    pub moved: Vec<String>,
    /// How long what was delivered before is served while its registry cannot be asked (7d).
    pub stale_for: Option<String>,
    /// The policy file of tokens that name none; without it the default policy.
    pub policy: Option<PathBuf>,
    /// Policy files by the names that tokens call them.
    #[serde(default)]
    pub policies: BTreeMap<String, PathBuf>,
    /// Known malware: an OSV folder, file or export.
    pub advisories: Option<PathBuf>,
    /// The file of tokens.
    pub tokens: PathBuf,
    /// What it removes by itself; without it everything stays. A change needs a restart.
    pub keep: Option<KeepEntry>,
    /// Where it is written which request asked whom, and how long that took: a file, `stderr`, or the
    /// address of a collector of OTLP; without it nowhere. A change needs a restart.
    pub traces: Option<PathBuf>,
}

/// What a gate keeps, and for how long. What was delivered in the last 30 days stays in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeepEntry {
    /// Bytes of artifacts, of lists of what is in them, and of evidence (50GB). The oldest leave first.
    pub size: Option<String>,
    /// How long artifacts, lists and evidence stay that nobody is delivered (90d).
    pub age: Option<String>,
    /// How long records of the ledger stay (400d); at least 31d.
    pub ledger: Option<String>,
    /// How often it looks (1h).
    pub every: Option<String>,
}

/// Where a gate listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Listen {
    /// Address and port, `0.0.0.0:8443`.
    pub address: String,
    /// The address that clients use, `https://gate.example:8443`. It stands in documents and in
    /// lockfiles, so it should last.
    pub public_url: String,
    /// Address and port for `/metrics`, `/healthz` and `/readyz` without TLS and without a token. Keep
    /// it where only those who look after the gate get to.
    pub operations: Option<String>,
    /// Serve without TLS on an address that other machines reach. Tokens are readable on the way
    /// then; for a gate behind a proxy that speaks TLS.
    #[serde(default)]
    pub plain_http: bool,
}

/// Certificate and key, as PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tls {
    /// The certificate and what is between it and a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a gate takes upon itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time (2048). More wait.
    pub connections: Option<u32>,
    /// How long a client may take for the head of a request, and how long a connection stands
    /// without one (30s).
    pub head: Option<String>,
    /// How long a client may take nothing of an answer (60s).
    pub stall: Option<String>,
    /// How long it serves on when it is told to stop and says that it is not ready (0s).
    pub drain: Option<String>,
    /// How long what is being answered may take when the gate stops (30s).
    pub stop: Option<String>,
}

/// One registry. A name that no scope sends elsewhere is asked for at the private registries of its
/// ecosystem first, in this order; the first that has it is its origin for good. Only when each of
/// them answers that it has none, the public one is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstreamEntry {
    /// What it has.
    pub ecosystem: EcosystemWord,
    /// Its address: an npm registry, a Python simple index, a sparse index of cargo.
    pub url: String,
    /// Whether everybody can publish there.
    pub visibility: Visibility,
    /// The npm scopes that come from here and from nowhere else, `@acme`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What it is shown. It goes to this registry's own host, with GET and HEAD only.
    pub credential: Option<CredentialEntry>,
    /// Certificates that are trusted for it besides the system's, as PEM.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
}

/// What a registry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EcosystemWord {
    /// npm.
    Npm,
    /// PyPI.
    Pypi,
    /// cargo.
    Cargo,
}

/// Who can publish to a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those whom its owner lets.
    Private,
}

/// A secret for a registry: in a file or in a variable, never here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CredentialEntry {
    /// How it is shown.
    pub kind: CredentialKind,
    /// The user name, for `basic`.
    pub user: Option<String>,
    /// The file that has it. It is read again when it changes.
    pub file: Option<PathBuf>,
    /// The variable that has it.
    pub env: Option<String>,
}

/// How a registry is shown a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`, with a user name.
    Basic,
    /// `Authorization: …`, as it stands; what cargo's registries expect.
    Verbatim,
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tokens {
    /// The format of this file: 1.
    pub version: u32,
    /// The tokens.
    #[serde(default)]
    pub token: Vec<TokenEntry>,
}

/// One token. `customs gate token NAME` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenEntry {
    /// Whose it is. The ledger calls it `token:NAME`.
    pub name: String,
    /// `sha256:` and the digest of the secret.
    pub digest: String,
    /// What it may do.
    #[serde(default)]
    pub role: RoleWord,
    /// The policy that it is under, of `policies` in the config; without it the gate's.
    pub policy: Option<String>,
    /// When it ends, `2027-01-31T00:00:00Z`; without it never.
    pub expires: Option<String>,
    /// It was taken back.
    #[serde(default)]
    pub revoked: bool,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RoleWord {
    /// Read packages.
    #[default]
    Install,
    /// Read packages, and have writes passed on with the client's own credential.
    Publish,
    /// Read the metrics, and nothing else.
    Monitor,
    /// Look at the page (who received what, what is held) and the metrics; no packages.
    Read,
    /// Grant and end exemptions, and look at what `read` looks at; no packages.
    Approve,
}
