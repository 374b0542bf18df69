//! A team's gate as its operators run it: the built program, a config, tokens, a certificate.

use crate::harness::{Answered, many_bytes, read, try_read};
use crate::program::customs;
use crate::shelves::{Shelves, days, package, release};
use customs_gate::{TokenDigest, fresh_secret};
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Server};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub const TARBALL: &str = "/left/-/left-1.0.0.tgz";
/// How long anything here may take on a machine that is busy.
pub const LONG: Duration = Duration::from_secs(120);

/// A certificate authority of the tests' own, with a pair that it signed.
pub struct Authority {
    pub pem: &'static str,
    pub certificate: &'static str,
    pub key: &'static str,
}

pub const ONE: Authority = Authority {
    pem: include_str!("certificates/one-root.pem"),
    certificate: include_str!("certificates/one.pem"),
    key: include_str!("certificates/one-key.pem"),
};

pub const TWO: Authority = Authority {
    pem: include_str!("certificates/two-root.pem"),
    certificate: include_str!("certificates/two.pem"),
    key: include_str!("certificates/two-key.pem"),
};

/// Writes a file whole or not at all, as whoever renews something should.
pub fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, path).unwrap();
}

/// One token of a test.
#[derive(Clone)]
pub struct TestToken {
    pub name: String,
    pub secret: String,
    /// Lines that the file has beside name and digest.
    pub more: String,
}

pub fn token(name: &str, more: &str) -> TestToken {
    TestToken {
        name: name.to_owned(),
        secret: fresh_secret().unwrap(),
        more: more.to_owned(),
    }
}

pub fn tokens_file(tokens: &[&TestToken]) -> String {
    let mut text = "version = 1\n".to_owned();
    for TestToken { name, secret, more } in tokens {
        let digest = TokenDigest::of(secret);
        let _ = writeln!(
            text,
            "[[token]]\nname = \"{name}\"\ndigest = \"{digest}\"\n{more}"
        );
    }
    text
}

/// An upstream, and everything that a gate in front of it is told; not started yet.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub shelves: Shelves,
    pub upstream: Server,
    pub bytes: Vec<u8>,
    pub port: u16,
    pub operations: u16,
    pub authority: Option<Authority>,
    /// More lines of the config.
    pub more: String,
    pub environment: Vec<(String, String)>,
    /// What the program is started by, if by something.
    pub wrap: Vec<String>,
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Site {
    pub async fn new() -> Self {
        Self::with(Faults::none(), many_bytes(3_000)).await
    }

    pub async fn with(faults: Faults, bytes: Vec<u8>) -> Self {
        let shelves = Shelves::default();
        let upstream = Bound::new().await.unwrap().serve(shelves.clone(), faults);
        let releases = vec![release("1.0.0", days(400)).bytes(bytes.clone())];
        let left = package("left", SystemClock.now(), releases);
        shelves.npm(&upstream.base(), &left.tags(&[("latest", "1.0.0")]));
        Self {
            folder: tempfile::tempdir().unwrap(),
            shelves,
            upstream,
            bytes,
            port: free_port(),
            operations: free_port(),
            authority: None,
            more: String::new(),
            environment: Vec::new(),
            wrap: Vec::new(),
        }
    }

    pub fn with_tls(mut self) -> Self {
        put(&self.at("tls.crt"), ONE.certificate);
        put(&self.at("tls.key"), ONE.key);
        self.authority = Some(ONE);
        self
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn tokens(&self, tokens: &[&TestToken]) {
        put(&self.at("tokens.toml"), &tokens_file(tokens));
    }

    pub fn config(&self) -> String {
        let Self {
            port, operations, ..
        } = self;
        let scheme = self.authority.as_ref().map_or("http", |_| "https");
        let mut text = format!(
            "version = 1\ntokens = \"tokens.toml\"\nfolder = \"home\"\n{}\n\
             [listen]\naddress = \"127.0.0.1:{port}\"\npublic-url = \"{scheme}://127.0.0.1:{port}\"\n\
             operations = \"127.0.0.1:{operations}\"\n\
             [[upstream]]\necosystem = \"npm\"\nurl = \"{}\"\nvisibility = \"public\"\n",
            self.more,
            self.upstream.base()
        );
        if self.authority.is_some() {
            text.push_str("[tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n");
        }
        text
    }

    pub fn write_config(&self) {
        put(&self.at("customs-gate.toml"), &self.config());
    }

    /// Writes the config, with more tables behind it.
    pub fn append(&self, more: &str) {
        put(&self.at("customs-gate.toml"), &(self.config() + more));
    }

    /// Starts the gate, and waits until it is ready.
    pub async fn start(&self) -> Served {
        self.write_config();
        self.start_as_it_is().await
    }

    /// The same with the config that is there.
    pub async fn start_as_it_is(&self) -> Served {
        let config = self.at("customs-gate.toml");
        let mut command = customs(self.folder.path(), &["gate", "--config"]);
        command.arg(&config);
        if let Some((program, arguments)) = self.wrap.split_first() {
            command = wrapped(&command, program, arguments);
        }
        let log = std::fs::File::create(self.at("log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        command.env("CUSTOMS_LOG", "info");
        command.envs(self.environment.iter().cloned());
        let mut served = Served {
            child: command.spawn().unwrap(),
            operations: format!("http://127.0.0.1:{}", self.operations),
            base: format!(
                "{}://127.0.0.1:{}",
                self.authority.as_ref().map_or("http", |_| "https"),
                self.port
            ),
            client: self.client(),
            log: self.at("log"),
        };
        served.until_ready().await;
        served
    }

    /// A client that trusts the authority.
    pub fn client(&self) -> reqwest::Client {
        client(self.authority.iter().map(|authority| authority.pem))
    }
}

/// A command that another program starts.
fn wrapped(command: &Command, program: &str, arguments: &[String]) -> Command {
    let mut outer = Command::new(program);
    outer.args(arguments).arg(command.get_program());
    outer.args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            outer.env(name, value);
        }
    }
    outer
}

/// A client that trusts these authorities and nobody else.
pub fn client(authorities: impl Iterator<Item = &'static str>) -> reqwest::Client {
    customs_registry::http::install_tls();
    let roots: Vec<_> = authorities
        .map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).unwrap())
        .collect();
    let mut builder = reqwest::Client::builder().no_proxy();
    if !roots.is_empty() {
        builder = builder.tls_certs_only(roots);
    }
    builder.build().unwrap()
}

/// The running program. Killed when this is dropped.
pub struct Served {
    child: Child,
    operations: String,
    pub base: String,
    pub client: reqwest::Client,
    log: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    async fn until_ready(&mut self) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the gate ended: {status}: {}", self.log());
            }
            let plain = client(std::iter::empty());
            let asked = plain.get(format!("{}/readyz", self.operations));
            if try_read(asked)
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                return;
            }
            assert!(begun.elapsed() < LONG, "not ready: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn ask(&self, path: &str, token: &TestToken) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.get(url).bearer_auth(&token.secret)
    }

    pub async fn get(&self, path: &str, token: &TestToken) -> Answered {
        read(self.ask(path, token)).await
    }

    /// Asks where those who look after it ask.
    pub async fn operations(&self, path: &str) -> Answered {
        let plain = client(std::iter::empty());
        read(plain.get(format!("{}{path}", self.operations))).await
    }

    /// One number of the page of numbers; 0 where it is not there.
    pub async fn number(&self, series: &str) -> f64 {
        let page = self.operations("/metrics").await.text();
        let lines = page.lines().filter_map(|line| line.rsplit_once(' '));
        let found = lines.into_iter().find(|(name, _)| *name == series);
        found.map_or(0.0, |(_, value)| value.parse().unwrap())
    }

    /// Waits until a number is at least that.
    pub async fn until(&self, series: &str, least: f64) {
        let begun = Instant::now();
        while self.number(series).await < least {
            assert!(begun.elapsed() < LONG, "{series}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < LONG, "it does not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
