//! A home with pip, uv and cargo in it, set up for a gate as a person does it.

use super::Served;
use crate::program::customs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Pip,
    Uv,
    Cargo,
}

pub const CLIENTS: [Client; 3] = [Client::Pip, Client::Uv, Client::Cargo];

impl Client {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Cargo => "cargo",
        }
    }
}

/// How a client ended.
pub struct Ran(Output);

impl Ran {
    fn text(&self) -> String {
        let all = [&self.0.stdout[..], b"\n", &self.0.stderr[..]].concat();
        String::from_utf8_lossy(&all).into_owned()
    }

    #[track_caller]
    pub fn succeeded(&self, gate: &Served) {
        let success = self.0.status.success();
        assert!(success, "{}\n{}", self.text(), gate.log());
    }

    /// It failed, and its own words name what it did not get.
    #[track_caller]
    pub fn failed(&self, words: &[&str]) {
        let text = self.text();
        assert!(!self.0.status.success(), "{text}");
        for word in words {
            assert!(text.contains(word), "no {word} in: {text}");
        }
    }
}

pub struct Person {
    home: PathBuf,
}

impl Person {
    pub fn new(home: &Path) -> Self {
        let git = home.join("project/.git");
        std::fs::create_dir_all(git).unwrap();
        Self {
            home: home.to_owned(),
        }
    }

    fn project(&self) -> PathBuf {
        self.home.join("project")
    }

    /// A command in this home, with nothing of the account that tests run under.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        self.dress(&mut command);
        command
    }

    fn dress(&self, command: &mut Command) {
        let own = std::env::var_os("PATH").unwrap();
        let pinned = ["pip", "uv"].map(|tool| tools().join("path").join(tool));
        let all = pinned.into_iter().chain(std::env::split_paths(&own));
        let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
        let rustup =
            rustup.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")));
        command
            .env_clear()
            .current_dir(self.project())
            .env("PATH", std::env::join_paths(all).unwrap())
            .env("HOME", &self.home)
            .env("CARGO_HOME", self.home.join(".cargo"))
            .env("RUSTUP_HOME", rustup.unwrap())
            .env("UV_PYTHON_DOWNLOADS", "never")
            // A client that tries again is not what is tested.
            .env("PIP_RETRIES", "0")
            .env("UV_HTTP_RETRIES", "0")
            .env("CARGO_NET_RETRY", "0")
            .stdin(Stdio::null());
        if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
    }

    pub fn set_up(&self, gate: &str, secret: &str) {
        let token = self.home.join("token");
        std::fs::write(&token, secret).unwrap();
        let state = self.home.join("state");
        let mut setup = customs(&self.home, &["gate", "setup", gate, "--write"]);
        setup.args(["--only", "pip,uv,cargo", "--token-file"]);
        setup.arg(&token);
        self.dress(&mut setup);
        let output = setup.env("CUSTOMS_STATE_DIR", state).output().unwrap();
        assert!(output.status.success(), "{}", Ran(output).text());
    }

    /// Installs these names, any version of each.
    pub fn install(&self, client: Client, names: &[&str]) -> Ran {
        let project = self.project();
        let mut command = match client {
            Client::Pip => {
                let mut make = self.command("python3");
                make.args(["-m", "venv", "--without-pip", ".venv"]);
                // Which Python that is is the account's own affair.
                make.env("HOME", std::env::var_os("HOME").unwrap());
                let made = make.output().unwrap();
                assert!(made.status.success(), "{}", Ran(made).text());
                let mut command = self.command(tool("pip"));
                command.args(["--python", ".venv", "install"]).args(names);
                command
            }
            Client::Uv => {
                let manifest = format!(
                    "[project]\nname = \"demo\"\nversion = \"0.1.0\"\n\
                     requires-python = \">=3.9\"\ndependencies = {names:?}\n"
                );
                std::fs::write(project.join("pyproject.toml"), manifest).unwrap();
                let mut command = self.command(tool("uv"));
                command.arg("sync");
                command
            }
            Client::Cargo => {
                let wants: String = names
                    .iter()
                    .map(|name| format!("{name} = \"*\"\n"))
                    .collect();
                let manifest = format!(
                    "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                     [lib]\npath = \"lib.rs\"\n[dependencies]\n{wants}[workspace]\n"
                );
                std::fs::write(project.join("Cargo.toml"), manifest).unwrap();
                std::fs::write(project.join("lib.rs"), "").unwrap();
                let mut command = self.command("cargo");
                command.arg("fetch");
                command
            }
        };
        Ran(command.output().unwrap())
    }

    /// Which versions of a name the client really has.
    pub fn has(&self, client: Client, name: &str) -> Vec<String> {
        let folders = match client {
            Client::Pip | Client::Uv => below(&self.project().join(".venv/lib"), 2),
            Client::Cargo => below(&self.home.join(".cargo/registry/src"), 1),
        };
        let name = match client {
            Client::Pip | Client::Uv => name.replace('-', "_"),
            Client::Cargo => name.to_owned(),
        };
        let mut versions: Vec<String> = folders
            .iter()
            .filter_map(|path| {
                let file = path.file_name()?.to_str()?;
                let rest = file.strip_prefix(&name)?.strip_prefix('-')?;
                let version = match client {
                    Client::Pip | Client::Uv => rest.strip_suffix(".dist-info")?,
                    Client::Cargo => rest,
                };
                Some(version.to_owned())
            })
            .collect();
        versions.sort();
        versions
    }
}

/// The entries so many folders below this one; none where it is not there.
fn below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.map(|entry| entry.path());
    match depth {
        0 => entries.collect(),
        depth => entries.flat_map(|path| below(&path, depth - 1)).collect(),
    }
}

fn tools() -> PathBuf {
    std::env::var_os("CUSTOMS_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"),
        PathBuf::from,
    )
}

fn tool(name: &str) -> PathBuf {
    let program = tools().join("path").join(name).join(name);
    assert!(
        program.is_file(),
        "{name} is missing; get it with: cargo xtask tools"
    );
    program
}

/// What the ledger says of a release.
pub fn ledger_who(data: &Path, release: &str) -> String {
    let mut who = customs(data, &["ledger", "who", release]);
    let output = who.env("CUSTOMS_DATA_DIR", data).output().unwrap();
    assert!(output.status.success(), "{}", Ran(output).text());
    String::from_utf8(output.stdout).unwrap()
}
