//! What of this machine and its user an answer depends on.

use super::caches::Caches;
use crate::client::{Discovered, discover_of};
use crate::error::Failure;
use crate::gate::evidence;
use crate::trust;
use customs_ecosystem::lockfile::Kind;
use customs_model::Ecosystem;
use customs_origin::lockfile::ExpectedOrigin;
use std::path::{Path, PathBuf};

/// Where a lockfile's packages should come from, by its project's folder.
type Origins = dyn Fn(&Path, Kind) -> Result<Vec<ExpectedOrigin>, String>;

/// What is asked of the machine.
pub(super) struct Surroundings {
    /// The caches of a project's package managers.
    pub caches: Box<dyn Fn(&Path) -> Caches>,
    /// The registries of the user's own configuration.
    pub origins: Box<Origins>,
    /// Where evidence of origin is looked for; none: nowhere.
    pub kept: Option<Kept>,
    /// Hosts under which the gate is reached.
    pub own_hosts: Vec<String>,
}

/// Where the evidence that registries offered is kept, and what it is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// What registries offered.
    pub evidence: PathBuf,
    /// Roots and keys that were renewed.
    pub trust: PathBuf,
}

impl Surroundings {
    /// This machine and its user.
    ///
    /// # Errors
    /// There is no home folder.
    pub fn here() -> Result<Self, Failure> {
        Ok(Self {
            caches: Box::new(Caches::of),
            origins: Box::new(expected),
            kept: Some(Kept {
                evidence: evidence::folder()?,
                trust: trust::folder()?,
            }),
            own_hosts: own_hosts(),
        })
    }
}

/// The registries of the user's own configuration. cargo writes the source that a crate was first
/// of, whatever stands in its place, so its lockfiles are compared with themselves.
fn expected(folder: &Path, kind: Kind) -> Result<Vec<ExpectedOrigin>, String> {
    let client = match kind {
        Kind::CargoLock => return Ok(Vec::new()),
        Kind::PackageLock => "npm",
        Kind::PnpmLock => "pnpm",
        Kind::YarnClassic | Kind::YarnBerry => "yarn",
        Kind::BunLock => "bun",
        Kind::UvLock => "uv",
        Kind::RequirementsTxt | Kind::PoetryLock | Kind::PylockToml => "pip",
    };
    match discover_of(&super::root::real(folder), &[kind.ecosystem()]) {
        Ok(found) => Ok(of_client(&found, client, kind.ecosystem())),
        Err(why) => Err(format!(
            "which registries you use could not be found out: {why}"
        )),
    }
}

fn of_client(found: &Discovered, client: &str, ecosystem: Ecosystem) -> Vec<ExpectedOrigin> {
    // Registries that only a client's own files name were not read. A configuration that is known
    // in part is no measure: the lockfile is compared with itself.
    let start = format!("{client}: ");
    if found
        .missing
        .iter()
        .any(|missing| missing.starts_with(&start))
    {
        return Vec::new();
    }
    let upstreams = found.of(client);
    let plain = |address: &url::Url, scope: Option<&String>| ExpectedOrigin {
        scope: scope.cloned(),
        address: address.to_string(),
    };
    match ecosystem {
        Ecosystem::Npm => {
            let scopes = upstreams.npm_scopes.iter();
            let scopes = scopes.map(|(scope, upstream)| plain(&upstream.base, Some(scope)));
            let all = upstreams
                .npm
                .iter()
                .map(|upstream| plain(&upstream.base, None));
            all.chain(scopes).collect()
        }
        Ecosystem::PyPi => {
            let all = upstreams.pypi.iter();
            all.map(|upstream| plain(&upstream.base, None)).collect()
        }
        Ecosystem::Cargo => Vec::new(),
    }
}

/// Inside a run the gate's own address may stand in a lockfile.
fn own_hosts() -> Vec<String> {
    let gate = std::env::var(crate::client::pointing::GATE).unwrap_or_default();
    let host = gate.trim_start_matches("http:").trim_matches('/');
    match host.is_empty() {
        true => Vec::new(),
        false => vec![host.to_owned()],
    }
}
