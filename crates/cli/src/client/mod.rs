//! The package managers: where each finds its registry, and how each is pointed at the
//! gate. No registry host is written here: addresses come from the user's own
//! configuration, and defaults from the client itself.

pub mod bunfig;
mod cargo;
mod defaults;
pub mod npmrc;
pub mod pointing;
mod python;
pub mod yarnrc;

pub use defaults::on_path;

use crate::error::Failure;
use crate::paths;
use customs_model::Ecosystem;
use customs_registry::Upstreams;
use std::collections::BTreeMap;
use std::path::Path;

/// What was found out about the user's registries.
pub struct Discovered {
    /// The registries.
    pub upstreams: Upstreams,
    /// Those of clients whose own configuration says something else.
    pub of_client: BTreeMap<String, Upstreams>,
    /// What could not be found out, a sentence each.
    pub missing: Vec<String>,
    /// Settings that stand only in the project's own files and choose a registry.
    pub from_project: Vec<String>,
}

/// Asks the clients' own configuration, as it applies in `project`.
pub fn discover(project: &Path) -> Result<Discovered, Failure> {
    discover_of(project, &Ecosystem::ALL)
}

/// The same for the clients of some ecosystems: no other one is started.
///
/// # Errors
/// As those of [`discover`].
pub fn discover_of(project: &Path, ecosystems: &[Ecosystem]) -> Result<Discovered, Failure> {
    let of = |ecosystem| ecosystems.contains(&ecosystem);
    let mut found = Discovered {
        upstreams: Upstreams::default(),
        of_client: BTreeMap::new(),
        missing: Vec::new(),
        from_project: Vec::new(),
    };
    // What clients say is remembered there; without the folder it is asked each time.
    paths::private_folder(&paths::state()?)?;
    // The first time each of them takes a while to say it: all at once.
    std::thread::scope(|scope| {
        if of(Ecosystem::PyPi) {
            scope.spawn(python::ask_pip);
            scope.spawn(python::ask_uv);
        }
        if of(Ecosystem::Cargo) {
            scope.spawn(cargo::ask);
        }
    });
    if of(Ecosystem::Npm) {
        npmrc::discover(project, &mut found)?;
        yarnrc::discover(project, &mut found);
        bunfig::discover(project, &mut found);
    }
    if of(Ecosystem::PyPi) {
        python::discover(project, &mut found);
    }
    if of(Ecosystem::Cargo) {
        cargo::discover(project, &mut found);
    }
    Ok(found)
}

impl Discovered {
    /// The registries of a client.
    pub fn of(&self, client: &str) -> Upstreams {
        match self.of_client.get(client) {
            Some(own) => own.clone().or(&self.upstreams),
            None => self.upstreams.clone(),
        }
    }

    /// Whether npm's registry is one that only the project's own file names. A stranger may have
    /// written that file.
    pub fn is_npm_of_project(&self) -> bool {
        self.from_project
            .iter()
            .any(|setting| setting == npmrc::OF_PROJECT)
    }

    /// Notes the registries of one client, where they are not everybody's.
    fn differs(&mut self, client: &str, own: Upstreams) {
        let common = Upstreams {
            npm: self.upstreams.npm.clone(),
            ..Upstreams::default()
        };
        if own != common {
            self.of_client.insert(client.to_owned(), own);
        }
    }
}

/// A variable of the user's environment. Inside a run it may name the gate; the user's
/// own configuration is what stands behind it.
fn env(name: &str) -> Option<String> {
    let value = std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())?;
    let gate = std::env::var(pointing::GATE).unwrap_or_default();
    let host = gate.trim_start_matches("http://");
    (host.is_empty() || !value.contains(host)).then_some(value)
}
