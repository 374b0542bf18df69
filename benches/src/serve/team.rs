//! A team's gate in a home of its own, over plain HTTP on loopback.

use super::nginx::free_port;
use crate::error::{Doing as _, Error};
use crate::home::Home;
use customs_model::Digest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Child;

/// How long it may take to start and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The secret of its only token. It opens nothing but a gate that ends with the measurement.
const SECRET: &str = "a-token-of-a-benchmark";

/// A running gate.
pub struct TeamGate {
    // Before its home: what still runs would write into a folder that is gone.
    child: Child,
    home: Home,
    /// Where clients ask.
    pub port: u16,
    /// Where those ask who look after it.
    pub operations: u16,
    /// What clients send as `Authorization`.
    pub credential: String,
}

/// A gate that is not started yet.
pub struct Prepared {
    home: Home,
    registry: String,
    /// Lines for the config.
    more: String,
    log: String,
}

impl Prepared {
    /// In front of an npm registry on loopback.
    pub fn new(registry: &str) -> Result<Self, Error> {
        Ok(Self {
            home: Home::new(None)?,
            registry: registry.to_owned(),
            more: String::new(),
            log: "warn".to_owned(),
        })
    }

    /// Lines that the config has at its top.
    #[must_use]
    pub fn with(mut self, lines: &str) -> Self {
        self.more += lines;
        self.more.push('\n');
        self
    }

    /// What its log says besides: a filter of `CUSTOMS_LOG`.
    #[must_use]
    pub fn logging(mut self, filter: &str) -> Self {
        self.log = filter.to_owned();
        self
    }

    /// The folder of its config.
    pub fn folder(&self) -> PathBuf {
        self.home.path()
    }

    /// The folder that has its ledger.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("gate").join("data")
    }

    /// Starts it.
    pub async fn start(self, program: &Path) -> Result<TeamGate, Error> {
        let (port, operations) = (free_port()?, free_port()?);
        let write = |name: &str, text: String| {
            let path = self.home.path().join(name);
            fs::write(&path, text).map_err(Error::io("write", &path))
        };
        let digest = Digest::sha256(SECRET.as_bytes()).to_hex();
        write(
            "tokens.toml",
            format!(
                "version = 1\n[[token]]\nname = \"bench\"\ndigest = \"sha256:{digest}\"\nrole = \"install\"\n"
            ),
        )?;
        let (more, registry) = (&self.more, &self.registry);
        write(
            "gate.toml",
            format!(
                "version = 1\ntokens = \"tokens.toml\"\nfolder = \"gate\"\n{more}\n[listen]\n\
                 address = \"127.0.0.1:{port}\"\npublic-url = \"http://127.0.0.1:{port}\"\n\
                 operations = \"127.0.0.1:{operations}\"\n[[upstream]]\necosystem = \"npm\"\n\
                 url = \"{registry}\"\nvisibility = \"public\"\n"
            ),
        )?;
        let log = self.home.path().join("gate.log");
        let log = fs::File::create(&log).map_err(Error::io("make", &log))?;
        let child = self
            .home
            .command(program)
            .args(["gate", "--config", "gate.toml"])
            .env("CUSTOMS_LOG", &self.log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .doing("start the gate")?;
        let gate = TeamGate {
            child,
            home: self.home,
            port,
            operations,
            credential: format!("Bearer {SECRET}"),
        };
        gate.wait().await?;
        Ok(gate)
    }
}

impl TeamGate {
    async fn wait(&self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(Error::said(format!(
            "the gate did not start in {} s; its log: {}",
            PATIENCE.as_secs(),
            self.log()
        )))
    }

    /// Its process; none where it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// All of its log.
    pub fn whole_log(&self) -> String {
        fs::read_to_string(self.home.path().join("gate.log")).unwrap_or_default()
    }

    /// The folder that has its ledger.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("gate").join("data")
    }

    /// The end of its log, for messages.
    pub fn log(&self) -> String {
        let text = self.whole_log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(3)..].join(" / ")
    }

    /// A request with its token.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut all = vec![("Authorization", self.credential.as_str())];
        all.extend(headers);
        super::load::get(self.port, path, &all)
    }

    /// Ends it in order; gives its home.
    pub async fn stop(mut self) -> Result<Home, Error> {
        if let Some(pid) = self.child.id() {
            let told = tokio::process::Command::new("kill")
                .args(["-TERM", &pid.to_string()])
                .status()
                .await;
            told.doing("tell the gate to end")?;
        }
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        if ended.is_err() {
            self.child.kill().await.doing("end the gate")?;
        }
        Ok(self.home)
    }
}
