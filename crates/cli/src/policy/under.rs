//! Whose policy a question is about: this user's, or that of a team's gate, with the ledger, the
//! advisories and the registries that belong to it.

use crate::error::Failure;
use crate::gate::Live;
use crate::paths;
use crate::run::policy::{of_project, of_user};
use customs_gate::{NamedText, policy_in_force};
use customs_registry::Upstreams;
use customs_rules::Policy;
use std::path::{Path, PathBuf};

/// Whose policy it is.
#[derive(clap::Args, Debug, Default)]
#[group(skip)]
pub struct Arguments {
    /// The policy file; without it the gate's, the one in the configuration folder, or the default
    #[arg(long, value_name = "FILE", env = "CUSTOMS_POLICY")]
    policy: Option<PathBuf>,
    /// About a team's gate: its ledger, policy, advisories and registries, as this config of it says
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG")]
    config: Option<PathBuf>,
    /// The policy that this token of the gate is under; without it the gate's own
    #[arg(long, value_name = "NAME", requires = "config")]
    token: Option<String>,
}

/// What counts.
pub struct Under {
    /// The policy.
    pub policy: Policy,
    /// What messages call it.
    pub name: String,
    /// What is to be said of it, a sentence each.
    pub notes: Vec<String>,
    /// What is in force whatever is tried: deliveries of today may have been decided under these.
    pub in_force: Vec<Policy>,
    /// The gate, where it is about one.
    pub gate: Option<OfGate>,
}

/// What a gate's config names besides.
pub struct OfGate {
    live: Live,
    /// Its advisories.
    pub advisories: Option<PathBuf>,
}

impl OfGate {
    /// Its registries, with their credentials.
    ///
    /// # Errors
    /// A file or a variable that has a credential cannot be read.
    pub fn upstreams(&mut self) -> Result<Upstreams, Failure> {
        self.live.registries()
    }
}

impl Arguments {
    /// Reads it. `project` is the folder whose own policy tightens the user's; a gate follows none.
    ///
    /// # Errors
    /// A file cannot be read, says what cannot be, or has no such token.
    pub fn read(&self, project: Option<&Path>) -> Result<Under, Failure> {
        match &self.config {
            Some(config) => self.of_gate(config),
            None => self.of_user(project),
        }
    }

    fn of_user(&self, project: Option<&Path>) -> Result<Under, Failure> {
        let user = of_user(self.policy.as_deref())?;
        let project = match project {
            Some(folder) => of_project(folder)?,
            None => None,
        };
        let in_force = policy_in_force(user.as_ref(), project.as_ref());
        let (policy, ignored) = in_force.map_err(Failure::usage)?;
        let ignored = ignored.iter();
        let present = policy_in_force(of_user(None)?.as_ref(), None);
        let (present, _) = present.map_err(Failure::usage)?;
        Ok(Under {
            policy,
            name: name(user.as_ref(), project.as_ref()),
            notes: ignored
                .map(|one| format!("the project's policy: {one}"))
                .collect(),
            in_force: vec![present],
            gate: None,
        })
    }

    fn of_gate(&self, config: &Path) -> Result<Under, Failure> {
        let mut live = Live::at_path(config)?;
        let said = live.policies()?;
        if let Some(folder) = &said.folder {
            paths::settle(folder.clone())?;
        }
        let of_token = match &self.token {
            Some(token) => said.of_token(token)?,
            None => said.own.clone(),
        };
        let (policy, name) = match &self.policy {
            Some(path) => {
                let file = of_user(Some(path))?;
                let name = file
                    .as_ref()
                    .map_or_else(String::new, |file| file.name.clone());
                let (policy, _) = policy_in_force(file.as_ref(), None).map_err(Failure::usage)?;
                (policy, name)
            }
            None => of_token,
        };
        let in_force = said.all().cloned().collect();
        Ok(Under {
            policy,
            name,
            notes: Vec::new(),
            in_force,
            gate: Some(OfGate {
                advisories: said.advisories,
                live,
            }),
        })
    }
}

/// What the policy in force is called.
fn name(user: Option<&NamedText>, project: Option<&NamedText>) -> String {
    let user = user.map_or("the default policy", |file| file.name.as_str());
    match project {
        Some(project) => format!("{user}, tightened by {}", project.name),
        None => user.to_owned(),
    }
}
