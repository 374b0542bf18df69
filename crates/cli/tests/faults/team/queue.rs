//! A NATS server of the tests' own: on a free port, with its disk in a temporary folder. It is
//! killed when the tests end, however they end.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Names the server's program.
const PROGRAM: &str = "CUSTOMS_NATS_SERVER";
/// Set: tests that cannot run because there is no server fail.
const REQUIRED: &str = "CUSTOMS_NATS_REQUIRED";

/// The one that somebody named, the machine's own, the pinned one.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os(PROGRAM).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::split_paths(&path).map(|folder| folder.join("nats-server"));
    let pinned = std::env::var_os("CUSTOMS_TOOLS").map(PathBuf::from);
    let pinned = pinned.map(|tools| tools.join("path/nats/nats-server"));
    let mut all = named.into_iter().chain(own).chain(pinned);
    all.find(|file| file.is_file())
}

/// Says once why tests did not run.
fn missing() {
    static SAID: OnceLock<()> = OnceLock::new();
    SAID.get_or_init(|| {
        let why = format!(
            "no NATS server is installed (no nats-server on PATH, none in CUSTOMS_TOOLS; {PROGRAM} is \
             not set): nothing was asked of it. `cargo xtask test` brings one"
        );
        assert!(std::env::var_os(REQUIRED).is_none(), "{why}");
        eprintln!("{why}");
    });
}

/// A server.
pub struct Nats {
    program: PathBuf,
    folder: tempfile::TempDir,
    more: Vec<String>,
    port: u16,
    monitor: u16,
    running: Option<(Child, Child)>,
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Nats {
    /// Starts one. None: it is not installed.
    pub fn new(more: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            missing();
            return None;
        };
        let mut nats = Self {
            program,
            folder: tempfile::tempdir().unwrap(),
            more: more.iter().map(|&text| text.to_owned()).collect(),
            port: free(),
            monitor: free(),
            running: None,
        };
        nats.start();
        Some(nats)
    }

    /// Starts it on its port and its disk, and waits until it answers.
    pub fn start(&mut self) {
        let mut command = Command::new(&self.program);
        command.args([
            "-a",
            "127.0.0.1",
            "-js",
            "--user",
            "gate",
            "--pass",
            "hid+den",
        ]);
        command.arg("-p").arg(self.port.to_string());
        command.arg("-m").arg(self.monitor.to_string());
        command.arg("-sd").arg(self.folder.path());
        command.arg("-l").arg(self.folder.path().join("log"));
        command.args(&self.more).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        // It is killed when the pipe closes, whatever ends the tests.
        let mut watch = Command::new("sh");
        watch.args(["-c", "trap '' INT HUP TERM; read -r _; kill -9 \"$0\""]);
        watch.arg(child.id().to_string()).stdin(Stdio::piped());
        watch.stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some((child, watch.spawn().unwrap()));
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            assert!(begun.elapsed() < Duration::from_secs(60), "{log:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Signal 9, by its own number.
    pub fn kill(&mut self) {
        if let Some((mut child, mut watch)) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
            // Nobody has its number while nobody waited for it; the watch ends without it.
            watch.kill().unwrap();
            watch.wait().unwrap();
        }
    }

    pub fn url(&self) -> String {
        format!("nats://gate:hid%2Bden@127.0.0.1:{}", self.port)
    }

    /// How many jobs lie in the queue; none while it does not say.
    pub async fn jobs(&self) -> Option<u64> {
        let url = format!("http://127.0.0.1:{}/jsz?streams=true", self.monitor);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let bytes = client.get(url).send().await.ok()?.bytes().await.ok()?;
        let told: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let stream = &told["account_details"][0]["stream_detail"][0];
        stream["state"]["messages"].as_u64()
    }

    /// Waits until none lies there.
    pub async fn until_empty(&self) {
        let begun = Instant::now();
        while self.jobs().await != Some(0) {
            let jobs = self.jobs().await;
            assert!(begun.elapsed() < Duration::from_secs(180), "{jobs:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// A port that nobody has just now.
fn free() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
