//! The package managers: where each finds its registry, and how each is pointed at the
//! gate. No registry host is written here: addresses come from the user's own
//! configuration, and defaults from the client itself.

mod cargo;
mod defaults;
mod npmrc;
pub mod pointing;
mod python;

pub use defaults::on_path;

use crate::error::Failure;
use customs_registry::Upstreams;
use std::path::Path;

/// What was found out about the user's registries.
pub struct Discovered {
    /// The registries.
    pub upstreams: Upstreams,
    /// What could not be found out, a sentence each.
    pub missing: Vec<String>,
    /// Settings that stand only in the project's own files and choose a registry.
    pub from_project: Vec<String>,
}

/// Asks the clients' own configuration, as it applies in `project`.
pub fn discover(project: &Path) -> Result<Discovered, Failure> {
    let mut found = Discovered {
        upstreams: Upstreams::default(),
        missing: Vec::new(),
        from_project: Vec::new(),
    };
    npmrc::discover(project, &mut found)?;
    python::discover(&mut found);
    cargo::discover(project, &mut found);
    Ok(found)
}
