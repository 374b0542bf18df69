//! One gate per user: its port is chosen once and kept, a second run joins it.
//!
//! A new port each time would make cargo build everything again and split the clients'
//! caches, whose keys hold the registry's address.

use crate::error::{Doing as _, Failure};
use crate::paths;
use crate::place::Place;
use customs_gate::{Hello, StateFile};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How long a gate may take to start before `run` gives up.
const START: Duration = Duration::from_secs(15);

/// After so long without one it is started once more; who finds the lock held leaves.
const AGAIN: Duration = Duration::from_secs(2);

/// Where a running gate says how it is reached.
pub fn state_file(state: &Path) -> PathBuf {
    state.join("gate.json")
}

/// The lock that the one gate holds; none when another holds it.
pub fn lock(state: &Path) -> Result<Option<File>, Failure> {
    let path = state.join("gate.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .doing(format_args!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(Failure::work(format!(
            "cannot lock {}: {error}",
            path.display()
        ))),
    }
}

/// Listens on the port that was kept, or on a new one that is kept from now on.
pub async fn listen(state: &Path) -> Result<TcpListener, Failure> {
    let path = state.join("port");
    let kept = std::fs::read_to_string(&path)
        .ok()
        .and_then(|t| t.trim().parse::<u16>().ok());
    if let Some(port) = kept {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return Ok(listener);
        }
        tracing::warn!(
            port,
            "the kept port is taken by another program; choosing a new one"
        );
    }
    // Below the range from which the system hands out ports to connections, so that the
    // kept one is free again next time.
    for port in candidates() {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            paths::private_file(&path, port.to_string().as_bytes())?;
            return Ok(listener);
        }
    }
    Err(Failure::work(
        "cannot find a free port on loopback between 20000 and 30000",
    ))
}

fn candidates() -> impl Iterator<Item = u16> {
    use std::hash::{BuildHasher as _, Hasher as _};
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    (0..200u64).map(move |i| 20_000 + ((random.wrapping_add(i * 7919)) % 10_000) as u16)
}

/// A fresh secret for the controls.
pub fn secret() -> Result<String, Failure> {
    customs_gate::fresh_secret().doing("make a secret")
}

/// The gate's controls, from the side of `customs run`.
pub struct Controls {
    /// The port.
    pub port: u16,
    secret: String,
    client: reqwest::Client,
}

impl Controls {
    /// The running gate, started if there is none.
    pub async fn connect(place: &Place) -> Result<Self, Failure> {
        let state = paths::state()?;
        paths::private_folder(&state)?;
        if let Some(controls) = Self::running(&state, place).await? {
            return Ok(controls);
        }
        start(place)?;
        let begun = Instant::now();
        let mut started = begun;
        while begun.elapsed() < START {
            // One that was told to stop may have held the lock until now.
            if started.elapsed() > AGAIN {
                start(place)?;
                started = Instant::now();
            }
            if let Some(controls) = Self::running(&state, place).await? {
                return Ok(controls);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let log = state.join("gate.log");
        Err(Failure::work(format!(
            "the gate did not start; its log is {}",
            log.display()
        )))
    }

    /// The gate that the state folder names, if it is there and is the one that wrote it.
    async fn running(state: &Path, place: &Place) -> Result<Option<Self>, Failure> {
        let Ok(bytes) = std::fs::read(state_file(state)) else {
            return Ok(None);
        };
        let Ok(file) = serde_json::from_slice::<StateFile>(&bytes) else {
            return Ok(None);
        };
        customs_registry::http::install_tls();
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .doing("make an HTTP client")?;
        let controls = Self {
            port: file.port,
            secret: file.secret,
            client,
        };
        let Some(hello) = controls.hello().await? else {
            return Ok(None);
        };
        let is_same_place = file.place == place.fingerprint();
        if hello.version == env!("CARGO_PKG_VERSION") && is_same_place {
            return Ok(Some(controls));
        }
        if hello.runs > 0 && !is_same_place {
            return Err(Failure::work(format!(
                "a gate with another ledger (--store, --blobs) is serving {} other commands; wait \
                 for them to end, or give this one folders of its own (CUSTOMS_STATE_DIR, \
                 CUSTOMS_DATA_DIR)",
                hello.runs
            )));
        }
        // A gate of another version may not understand this program.
        if hello.runs > 0 {
            return Err(Failure::work(format!(
                "a gate of version {} is serving {} other commands; wait for them to end, or give \
                 this one folders of its own (CUSTOMS_STATE_DIR, CUSTOMS_DATA_DIR)",
                customs_model::printable(&hello.version, 40),
                hello.runs
            )));
        }
        let _: serde_json::Value = controls.post("stop", &()).await.unwrap_or_default();
        Ok(None)
    }

    /// Asks who listens there. Another user may have taken the port of a gate that was
    /// killed: without the proof that it knows the secret it is told nothing.
    async fn hello(&self) -> Result<Option<Hello>, Failure> {
        let nonce = secret()?;
        let asked = self
            .client
            .get(self.url(&format!("hello/{nonce}")))
            .send()
            .await;
        let Ok(response) = asked else { return Ok(None) };
        let Ok(bytes) = response.bytes().await else {
            return Ok(None);
        };
        let hello = serde_json::from_slice::<Hello>(&bytes).ok();
        let expected = customs_gate::proof(&self.secret, &nonce);
        Ok(hello.filter(|hello| customs_gate::same(&hello.proof, &expected)))
    }

    fn url(&self, what: &str) -> String {
        format!("http://127.0.0.1:{}/-/customs/{what}", self.port)
    }

    /// Asks.
    pub async fn get<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T, Failure> {
        self.send(self.client.get(self.url(what)), what).await
    }

    /// Tells.
    pub async fn post<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).doing("write the request")?;
        self.send(self.client.post(self.url(what)).body(body), what)
            .await
    }

    /// Ends.
    pub async fn delete<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T, Failure> {
        self.send(self.client.delete(self.url(what)), what).await
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        what: &str,
    ) -> Result<T, Failure> {
        let response = request
            .bearer_auth(&self.secret)
            .send()
            .await
            .doing(format_args!("reach the gate ({what})"))?;
        let status = response.status();
        let bytes = response
            .bytes()
            .await
            .doing(format_args!("read the gate's answer ({what})"))?;
        if !status.is_success() {
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let why = value
                .get("error")
                .and_then(|e| e.as_str())
                .unwrap_or("no reason given");
            return Err(Failure::usage(format!("the gate answered {status}: {why}")));
        }
        serde_json::from_slice(&bytes).doing(format_args!("understand the gate's answer ({what})"))
    }
}

/// Starts the gate in the background, free of this terminal.
fn start(place: &Place) -> Result<(), Failure> {
    let program = std::env::current_exe().doing("find the customs program")?;
    let mut command = Command::new(program);
    command
        .arg("gate")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    place.tell(&mut command);
    if let Ok(linger) = std::env::var("CUSTOMS_GATE_LINGER") {
        command.args(["--linger", &linger]);
    }
    // The gate outlives this run: no folder of a project may be kept busy by it.
    if let Some(home) = paths::user_home() {
        command.current_dir(home);
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // A group of its own: Ctrl-C in the terminal is meant for the command.
        command.process_group(0);
    }
    command.spawn().doing("start the gate")?;
    Ok(())
}
