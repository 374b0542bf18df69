//! One gate of the team: its folder, its config, its process, and what it says of itself.

use super::held::{Held, How};
use super::web;
use crate::error::Error;
use crate::workspace::words;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// The registries that this machine's clients are configured with.
#[derive(Debug)]
pub struct Upstreams {
    /// npm's.
    pub npm: String,
    /// Python's simple index.
    pub pypi: String,
    /// cargo's sparse index.
    pub cargo: String,
}

/// What is the same for all gates.
#[derive(Debug)]
pub struct Team {
    /// The program.
    pub program: PathBuf,
    /// The folder of everything.
    pub folder: PathBuf,
    /// The registries behind it.
    pub upstreams: Upstreams,
    /// Where the shared servers are.
    pub environment: Vec<(&'static str, String)>,
}

/// One gate.
#[derive(Debug)]
pub struct Gate {
    /// What it is called.
    pub name: &'static str,
    /// Where clients find it.
    pub url: String,
    folder: PathBuf,
    operations: u16,
    environment: Vec<(&'static str, String)>,
    program: PathBuf,
    held: Option<Held>,
}

/// What `customs ledger verify` says.
#[derive(Debug, serde::Deserialize)]
pub struct Verified {
    /// Nothing was edited, reordered or cut.
    pub intact: bool,
    /// The chains.
    pub chains: Vec<Chain>,
}

/// One chain of it.
#[derive(Debug, serde::Deserialize)]
pub struct Chain {
    /// How many records it has.
    pub records: u64,
    /// When it was recorded that its gate was cut off.
    pub cut_off: Option<String>,
}

/// Releases that the policy of this team denies, so that the clients have to take another one.
const POLICY: &str = r#"version = 1
deny = ["pkg:npm/is-number@>=7", "pkg:pypi/six@>=1.17", "pkg:cargo/itoa@>=1.0.15"]
"#;

impl Gate {
    /// Writes what it reads, and starts it. `tokens` is the file of tokens.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(team: &Team, name: &'static str, tokens: &Path) -> Result<Self, Error> {
        let folder = team.folder.join(name);
        fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        let (port, operations) = (web::free_port()?, web::free_port()?);
        let url = format!("http://127.0.0.1:{port}");
        let mut gate = Self {
            name,
            url,
            folder,
            operations,
            environment: team.environment.clone(),
            program: team.program.clone(),
            held: None,
        };
        gate.write("policy.toml", POLICY)?;
        let config = gate.config(port, tokens, &team.upstreams);
        gate.write("customs-gate.toml", &config)?;
        gate.serve()?;
        Ok(gate)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(Error::io("write", &path))
    }

    fn config(&self, port: u16, tokens: &Path, upstreams: &Upstreams) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = format!(
            "version = 1\ntokens = {}\npolicy = \"policy.toml\"\nfolder = \"home\"\n\n\
             [listen]\naddress = \"127.0.0.1:{port}\"\npublic-url = {}\n\
             operations = \"127.0.0.1:{}\"\n",
            quoted(&tokens.to_string_lossy()),
            quoted(&self.url),
            self.operations
        );
        for (ecosystem, url) in [
            ("npm", &upstreams.npm),
            ("pypi", &upstreams.pypi),
            ("cargo", &upstreams.cargo),
        ] {
            // Writing into a text cannot fail.
            let _ = write!(
                text,
                "\n[[upstream]]\necosystem = \"{ecosystem}\"\nurl = {}\nvisibility = \"public\"\n",
                quoted(url)
            );
        }
        text
    }

    fn serve(&mut self) -> Result<(), Error> {
        let mut command = self.command(&["gate", "--config"]);
        command.arg(self.folder.join("customs-gate.toml"));
        command.env("CUSTOMS_LOG", "info");
        let log = self.log();
        self.held = Some(Held::start(&command, &How::logged(&log))?);
        let began = Instant::now();
        while !matches!(web::get(self.operations, "/readyz"), Ok((200, _))) {
            if began.elapsed() > START {
                return Err(Error::Checks(format!(
                    "gate {} is not ready within {} s; see {}",
                    self.name,
                    START.as_secs(),
                    log.display()
                )));
            }
            sleep(LOOK);
        }
        Ok(())
    }

    /// What it writes.
    pub fn log(&self) -> PathBuf {
        self.folder.join("gate.log")
    }

    /// Where those who look after it find it.
    pub fn operations(&self) -> String {
        format!("http://127.0.0.1:{}/", self.operations)
    }

    /// Its config, for the commands that take one.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("customs-gate.toml")
    }

    /// A command of the program about this gate's ledger.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for name in ["DATA", "STATE", "CACHE"] {
            let folder = self.folder.join("home").join(name.to_lowercase());
            command.env(format!("CUSTOMS_{name}_DIR"), folder);
        }
        command
    }

    /// How many artifacts it has delivered.
    ///
    /// # Errors
    /// It does not answer.
    pub fn deliveries(&self) -> Result<u64, Error> {
        self.number("customs_gate_deliveries_total")
    }

    /// How many requests it has answered.
    ///
    /// # Errors
    /// It does not answer.
    pub fn answers(&self) -> Result<u64, Error> {
        self.number("customs_gate_requests_total")
    }

    fn number(&self, name: &str) -> Result<u64, Error> {
        let asked = web::get(self.operations, "/metrics");
        let (_, page) = asked.map_err(Error::io("ask", Path::new(self.name)))?;
        let sum = web::sum(&page, name);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count is whole and small"
        )]
        Ok(sum as u64)
    }

    /// Ends it in the middle of whatever it does.
    ///
    /// # Errors
    /// It ended before.
    pub fn kill(&mut self) -> Result<u32, Error> {
        let held = self
            .held
            .take()
            .ok_or_else(|| Error::Checks(format!("gate {} does not run", self.name)))?;
        let id = held.id();
        held.kill()?;
        Ok(id)
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// It does not start.
    pub fn again(&mut self) -> Result<(), Error> {
        self.serve()
    }

    /// Checks the whole ledger against the heads that this gate signed.
    ///
    /// # Errors
    /// The ledger cannot be asked.
    pub fn verify(&self) -> Result<Verified, Error> {
        self.asked(&["ledger", "verify", "--json"])
    }

    /// Who received a release.
    ///
    /// # Errors
    /// The ledger cannot be asked.
    pub fn who(&self, release: &str) -> Result<Received, Error> {
        self.asked(&["ledger", "who", release, "--json"])
    }

    fn asked<T: serde::de::DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, Error> {
        let mut command = self.command(arguments);
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(Error::io("start", &self.program))?;
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Error::Checks(format!("{}: {error}: {said}", words(&command)))
        })
    }
}

/// What `customs ledger who` says.
#[derive(Debug, serde::Deserialize)]
pub struct Received {
    deliveries: Vec<Delivery>,
}

#[derive(Debug, serde::Deserialize)]
struct Delivery {
    who: Who,
}

#[derive(Debug, serde::Deserialize)]
struct Who {
    credential: Option<String>,
}

impl Received {
    /// How often this token received it.
    pub fn by(&self, token: &str) -> usize {
        let name = format!("token:{token}");
        let ours = |one: &&Delivery| one.who.credential.as_deref() == Some(&name);
        self.deliveries.iter().filter(ours).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gates_config_names_the_registries_that_it_was_given() {
        let gate = Gate {
            name: "one",
            url: "http://127.0.0.1:8000".to_owned(),
            folder: PathBuf::from("team/one"),
            operations: 9000,
            environment: Vec::new(),
            program: PathBuf::from("customs"),
            held: None,
        };
        let upstreams = Upstreams {
            npm: "https://npm.example/".to_owned(),
            pypi: "https://pypi.example/simple/".to_owned(),
            cargo: "https://cargo.example/".to_owned(),
        };
        insta::assert_snapshot!(gate.config(8000, Path::new("tokens.toml"), &upstreams), @r#"
        version = 1
        tokens = "tokens.toml"
        policy = "policy.toml"
        folder = "home"

        [listen]
        address = "127.0.0.1:8000"
        public-url = "http://127.0.0.1:8000"
        operations = "127.0.0.1:9000"

        [[upstream]]
        ecosystem = "npm"
        url = "https://npm.example/"
        visibility = "public"

        [[upstream]]
        ecosystem = "pypi"
        url = "https://pypi.example/simple/"
        visibility = "public"

        [[upstream]]
        ecosystem = "cargo"
        url = "https://cargo.example/"
        visibility = "public"
        "#);
    }

    #[test]
    fn deliveries_are_counted_by_token() {
        let text = r#"{"schema":"x","total":2,"deliveries":[
            {"who":{"credential":"token:npm-one"}},{"who":{"credential":"token:npm-two"}},{"who":{}}]}"#;
        let received: Received = serde_json::from_str(text).unwrap();
        assert_eq!((received.by("npm-one"), received.by("npm")), (1, 0));
    }
}
