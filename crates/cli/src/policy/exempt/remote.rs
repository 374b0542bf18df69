//! Exemptions at a team's gate, over the network: who asks is the token that is shown.

use super::{list, text};
use crate::error::{Doing as _, Failure};
use crate::gate::RemoteGate;
use crate::output;
use crate::run::declared_agent;
use customs_gate::{Ending, Listed, Wanted};
use customs_model::printable;
use customs_store::Granted;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which gate, and what it is shown.
#[derive(clap::Args, Debug, Default)]
#[group(skip)]
pub struct Arguments {
    /// At this team's gate, over the network, as whoever the token is; it needs the role approve.
    /// The gate's own policy counts then, and no file here
    #[arg(long, value_name = "URL", requires = "token_file")]
    gate: Option<String>,
    /// The file that has the token
    #[arg(long, value_name = "FILE", requires = "gate")]
    token_file: Option<PathBuf>,
    /// Certificates of one's own that the gate's is checked against
    #[arg(long, value_name = "FILE", requires = "gate")]
    roots: Option<PathBuf>,
}

/// A gate that is asked.
pub struct Remote {
    gate: RemoteGate,
    runtime: tokio::runtime::Runtime,
    format: output::Format,
}

impl Arguments {
    /// The gate, where one is named.
    ///
    /// # Errors
    /// An address, a token or certificates that are none.
    pub fn gate(&self, format: output::Format) -> Result<Option<Remote>, Failure> {
        let (Some(gate), Some(token)) = (&self.gate, &self.token_file) else {
            return Ok(None);
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .doing("start")?;
        Ok(Some(Remote {
            gate: RemoteGate::new(gate, token, self.roots.as_deref())?,
            runtime,
            format,
        }))
    }
}

impl Remote {
    fn ask(
        &self,
        method: Method,
        what: &str,
        body: Option<&impl serde::Serialize>,
    ) -> Result<Value, Failure> {
        let asked = self.gate.ask::<Value>(method, what, body);
        let answered = self.runtime.block_on(asked);
        answered.map_err(|why| Failure::usage(format!("the gate: {why}")))
    }

    /// What was granted or listed, read out of an answer.
    fn part<'de, T: Deserialize<'de>>(answer: &'de Value, part: &str) -> Result<T, Failure> {
        let part = answer.get(part).unwrap_or(&Value::Null);
        T::deserialize(part).doing("read what the gate answers")
    }

    fn print(&self, answer: &Value, text: &str) -> Result<u8, Failure> {
        match self.format.is_json() {
            true => output::result(&(output::plain_json(&format!("{answer:#}")) + "\n"))?,
            false => output::result(text)?,
        }
        Ok(0)
    }

    /// Grants one.
    pub fn grant(&self, wanted: Wanted) -> Result<u8, Failure> {
        let wanted = Wanted {
            agent: declared_agent(),
            ..wanted
        };
        let answer = self.ask(Method::POST, "exemptions", Some(&wanted))?;
        let granted: Granted = Self::part(&answer, "granted")?;
        let refused: BTreeMap<String, String> = Self::part(&answer, "not_followed")?;
        let mut told = text::granted(&granted);
        for (policy, why) in refused {
            told.push_str(&format!(
                "It does NOT count under the policy {}: {}\n",
                printable(&policy, 100),
                printable(&why, 300)
            ));
        }
        self.print(&answer, &told)
    }

    /// Ends one.
    pub fn end(&self, id: &str, reason: Option<&str>) -> Result<u8, Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if id.is_empty() || id.len() > 40 || !id.chars().all(fits) {
            let shown = printable(id, 40);
            return Err(Failure::usage(format!(
                "there is no exemption {shown}; customs policy exempt --list --all shows them"
            )));
        }
        let ending = Ending {
            reason: reason.map(str::to_owned),
            agent: declared_agent(),
        };
        let answer = self.ask(Method::DELETE, &format!("exemptions/{id}"), Some(&ending))?;
        let about: String = Self::part(&answer, "about")?;
        self.print(&answer, &text::ended(id, &about))
    }

    /// Lists them.
    pub fn list(&self, all: bool) -> Result<u8, Failure> {
        let what = if all { "exemptions?all" } else { "exemptions" };
        let answer = self.ask(Method::GET, what, None::<&()>)?;
        let lines: Vec<Listed> = Self::part(&answer, "exemptions")?;
        let problems: Vec<String> = Self::part(&answer, "problems")?;
        self.print(&answer, &list::text(&lines, &problems))
    }
}
