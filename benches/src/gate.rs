//! A running `customs gate`, from the side of its controls.

use crate::error::{Doing as _, Error};
use crate::home::Home;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Child;

/// How long a gate may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where a gate says how it is reached. The rest of the file is not needed here.
#[derive(Debug, Clone, Deserialize)]
struct StateFile {
    port: u16,
    pid: u32,
    secret: String,
}

/// A gate that answers.
#[derive(Debug)]
pub struct Gate {
    state: StateFile,
    client: reqwest::Client,
    /// Of a gate that was started here and not by `customs run`.
    child: Option<Child>,
}

/// A client that asks loopback alone, and no proxy.
pub fn client() -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .doing("make an HTTP client")
}

impl Gate {
    /// Starts one, and says how long it took until it answered.
    pub async fn start(program: &Path, home: &Home) -> Result<(Self, Duration), Error> {
        let client = client()?;
        let mut command = home.command(program);
        command
            .args(["gate", "--linger", "600"])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn().doing("start the gate")?;
        while begun.elapsed() < PATIENCE {
            if let Some(mut gate) = Self::try_find(home, &client).await {
                gate.child = Some(child);
                return Ok((gate, begun.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(Error::said(format!(
            "the gate gave no answer in {} s; its log: {}",
            PATIENCE.as_secs(),
            log(home)
        )))
    }

    /// The one that `customs run` started in a home.
    pub async fn find(home: &Home) -> Result<Self, Error> {
        let found = Self::try_find(home, &client()?).await;
        found.ok_or_else(|| Error::said("no gate runs after `customs run`"))
    }

    async fn try_find(home: &Home, client: &reqwest::Client) -> Option<Self> {
        let bytes = fs::read(folder(home).join("gate.json")).ok()?;
        let gate = Self {
            state: serde_json::from_slice(&bytes).ok()?,
            client: client.clone(),
            child: None,
        };
        let asked = gate.client.get(gate.url("-/customs/health"));
        let answer = asked.bearer_auth(&gate.state.secret).send().await.ok()?;
        answer.status().is_success().then_some(gate)
    }

    /// Its process.
    pub const fn pid(&self) -> u32 {
        self.state.pid
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.state.port)
    }

    /// Begins a run in front of one npm registry; gives its credential.
    pub async fn begin(&self, registry: &str) -> Result<String, Error> {
        let request = json!({
            "command": "a benchmark",
            "upstreams": {
                "npm": { "base": registry, "credential": null, "route": "public" },
            },
            "policy": null,
            "project_policy": null,
            "advisories": null,
            "read_only": false,
            "agent": null,
        });
        let answer = self
            .client
            .post(self.url("-/customs/runs"))
            .bearer_auth(&self.state.secret)
            .body(request.to_string())
            .send()
            .await
            .doing("begin a run")?;
        let status = answer.status();
        let bytes = answer.bytes().await.doing("begin a run")?;
        let reply: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match reply.get("token").and_then(Value::as_str) {
            Some(token) if status.is_success() => Ok(token.to_owned()),
            _ => Err(Error::said(format!("the gate began no run: {status}"))),
        }
    }

    /// Fetches a path with a run's credential and throws the body away; gives its bytes.
    pub async fn fetch(&self, token: &str, path: &str, accept: &str) -> Result<u64, Error> {
        let mut answer = self
            .client
            .get(self.url(path))
            .bearer_auth(token)
            .header("accept", accept)
            .send()
            .await
            .doing("fetch through the gate")?;
        let status = answer.status();
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await.doing("fetch through the gate")? {
            bytes += piece.len() as u64;
        }
        if status.is_success() {
            Ok(bytes)
        } else {
            Err(Error::said(format!("the gate answered {status} to {path}")))
        }
    }

    /// Tells it to end, and waits until it has.
    pub async fn stop(mut self) {
        let asked = self.client.post(self.url("-/customs/stop"));
        // One that is gone already has stopped.
        let _ = asked.bearer_auth(&self.state.secret).send().await;
        if let Some(mut child) = self.child.take() {
            if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
                let _ = child.kill().await;
            }
            return;
        }
        let begun = Instant::now();
        let process = PathBuf::from(format!("/proc/{}", self.state.pid));
        while process.exists() && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn folder(home: &Home) -> PathBuf {
    if cfg!(windows) {
        home.path().join("local/customs/state")
    } else {
        home.path().join(".local/state/customs")
    }
}

/// The end of a gate's log, for messages.
fn log(home: &Home) -> String {
    let text = fs::read_to_string(folder(home).join("gate.log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}
