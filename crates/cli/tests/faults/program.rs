//! The built program, as a process that a test may end.

use crate::harness::{Answered, read};
use customs_gate::{RunReply, RunRequest, StateFile};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `customs gate` in a process of its own. Killed when this is dropped.
pub struct Program {
    child: Child,
    pub state: StateFile,
    client: reqwest::Client,
    pub token: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The built program, with its folders below `home`.
pub fn customs(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_customs"));
    command.args(arguments).stdin(Stdio::null());
    for (name, folder) in [
        ("DATA", "data"),
        ("STATE", "state"),
        ("CACHE", "cache"),
        ("CONFIG", "config"),
    ] {
        command.env(format!("CUSTOMS_{name}_DIR"), home.join(folder));
    }
    command
}

impl Program {
    /// Starts it, waits until it answers, and begins a run.
    pub async fn start(home: &Path, run: &RunRequest, environment: &[(&str, &str)]) -> Self {
        let mut command = customs(home, &["gate", "--linger", "60"]);
        command.envs(environment.iter().copied());
        Self::started(command, home, run).await
    }

    /// The same where no file can grow beyond so many bytes: a write fails in the middle,
    /// as on a full disk.
    #[cfg(unix)]
    pub async fn start_with_little_space(home: &Path, run: &RunRequest, bytes: u64) -> Self {
        let gate = customs(home, &["gate", "--linger", "60"]);
        let mut command = Command::new("/bin/sh");
        let line = format!(
            "trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"",
            bytes / 512
        );
        command.arg("-c").arg(line).arg(gate.get_program());
        command.args(gate.get_args());
        command.envs(
            gate.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        Self::started(command, home, run).await
    }

    async fn started(mut command: Command, home: &Path, run: &RunRequest) -> Self {
        customs_registry::http::install_tls();
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let state = loop {
            let read = std::fs::read(home.join("state").join("gate.json")).ok();
            let state = read.and_then(|b| serde_json::from_slice::<StateFile>(&b).ok());
            // An older one may have left its file behind.
            match state.filter(|state| state.pid == child.id()) {
                Some(state) => break state,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "the gate does not start"
            );
        };
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut program = Self {
            child,
            state,
            client,
            token: String::new(),
        };
        let asked = program
            .client
            .post(program.url("/-/customs/runs"))
            .bearer_auth(&program.state.secret)
            .body(serde_json::to_vec(run).unwrap());
        let reply: RunReply = serde_json::from_slice(&read(asked).await.body).unwrap();
        program.token = reply.token;
        program
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.state.port)
    }

    pub fn ask(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answered {
        read(self.ask(path)).await
    }

    /// Signal 9: nothing is finished, nothing is flushed.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The most memory that it ever held, in bytes, where the system tells.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes << 10)
    }
}
