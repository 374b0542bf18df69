//! The client's side of a team's gate: whether the token is good, and whether each client, as it is
//! set up, asks there.

use super::{CLIENTS, Client, Finding, Question};
use crate::client;
use crate::error::Failure;
use crate::gate::RemoteGate;
use customs_model::printable;
use serde::Deserialize;
use std::path::Path;

/// A gate, and what it is shown.
pub struct Side(RemoteGate);

#[derive(Deserialize)]
struct WhoAmI {
    token: String,
    role: String,
    expires: Option<String>,
}

#[derive(Deserialize)]
struct Arrived {
    arrived: bool,
}

impl Side {
    /// # Errors
    /// An address, a token or certificates that are none.
    pub fn of(gate: &str, token: &Path, roots: Option<&Path>) -> Result<Self, Failure> {
        RemoteGate::new(gate, token, roots).map(Self)
    }

    /// Asks the gate, and makes each client ask it.
    pub async fn examine(&self) -> Result<Vec<Finding>, Failure> {
        let finding = |state, what: String| Finding {
            client: "gate",
            state,
            program: None,
            what,
        };
        let mut findings = Vec::new();
        match self.0.get::<WhoAmI>("whoami").await {
            Ok(who) if who.role == "monitor" => {
                let what = format!("the token {:?} is for the metrics only", who.token);
                return Ok(vec![finding("failed", what)]);
            }
            Ok(who) if who.role == "read" => {
                let what = format!("the token {:?} is for the gate's page only", who.token);
                return Ok(vec![finding("failed", what)]);
            }
            Ok(who) if who.role == "approve" => {
                let what = format!("the token {:?} is for approvals only", who.token);
                return Ok(vec![finding("failed", what)]);
            }
            Ok(who) => {
                let name = printable(&who.token, 100);
                let end = who
                    .expires
                    .map(|at| format!(", good until {}", printable(&at, 40)));
                let end = end.unwrap_or_default();
                findings.push(finding("ok", format!("it knows the token {name:?}{end}")));
            }
            Err(why) => return Ok(vec![finding("failed", why)]),
        }
        for client in &CLIENTS {
            findings.push(self.probe(client).await?);
        }
        Ok(findings)
    }

    async fn probe(&self, client: &Client) -> Result<Finding, Failure> {
        let program = client::on_path(client.name);
        let (state, what) = match &program {
            None => ("skipped", "not on PATH".to_owned()),
            Some(path) => {
                let question = Question::new(client)?;
                match question.ask(question.command(path)).await {
                    Ok(said) => self.verdict(client, &question.name, &said).await,
                    Err(why) => ("failed", why),
                }
            }
        };
        Ok(Finding {
            client: client.name,
            state,
            program,
            what,
        })
    }

    async fn verdict(&self, client: &Client, name: &str, said: &str) -> (&'static str, String) {
        match self.0.get::<Arrived>(&format!("probe/{name}")).await {
            Ok(Arrived { arrived: true }) => ("ok", "its requests arrive at the gate".to_owned()),
            Ok(Arrived { arrived: false }) => (
                "failed",
                format!(
                    "it asked, and nothing arrived at the gate with this token; it said: {said}. \
                     `customs gate setup` shows what its configuration has to say{}",
                    beaten(client.name)
                ),
            ),
            Err(why) => ("failed", why),
        }
    }
}

/// What in the environment beats the configuration that `customs gate setup` writes.
fn beaten(client: &str) -> String {
    // pip's library takes these in the place of the certificates that pip was told.
    let of_pip = [
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "PIP_CERT",
        "PIP_INDEX_URL",
    ];
    let of_uv = ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"];
    let of_npm = ["npm_config_registry", "NPM_CONFIG_REGISTRY"];
    let of_cargo = ["CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_CUSTOMS_INDEX"];
    let known: &[&str] = match client {
        "pip" => &of_pip,
        "uv" => &of_uv,
        "npm" | "pnpm" | "yarn" | "bun" => &of_npm,
        "cargo" => &of_cargo,
        _ => &[],
    };
    let set = known.iter().copied();
    let set: Vec<&str> = set
        .filter(|name| std::env::var_os(name).is_some())
        .collect();
    match set.is_empty() {
        true => String::new(),
        false => format!("; in the environment {} may beat it", set.join(", ")),
    }
}
