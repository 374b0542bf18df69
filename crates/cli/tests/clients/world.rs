//! A clean home for one client, with this machine's registries and certificates.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small project that needs more than one package.
pub fn axios_and_friends() -> &'static str {
    r#"{"name":"demo","version":"1.0.0","private":true,"dependencies":{"axios":"^1.7.0","is-odd":"3.0.1"}}"#
}

pub fn program() -> PathBuf {
    std::env::var_os("CUSTOMS_BIN").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_customs")),
        PathBuf::from,
    )
}

fn tools() -> PathBuf {
    std::env::var_os("CUSTOMS_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"),
        PathBuf::from,
    )
}

/// The folder that a pinned tool's programs lie in.
pub fn folder_of(tool: &str) -> PathBuf {
    tools().join("path").join(tool)
}

/// The folder of a pinned tool's unpacked parts.
#[allow(dead_code, reason = "the tests of trees need it")]
pub fn package_of(tool: &str) -> PathBuf {
    let manifest = tools().join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap_or_default();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let package = read["tools"][tool]["package"].as_str();
    let package =
        package.unwrap_or_else(|| panic!("{tool} is missing; get it with: cargo xtask tools"));
    tools().join(package)
}

/// What a program printed.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub report: serde_json::Value,
}

impl Ran {
    pub fn succeeded(&self) {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
    }

    /// Package URLs, sorted.
    pub fn delivered(&self) -> Vec<String> {
        let delivered = self.report["delivered"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        delivered
            .iter()
            .map(|r| r.as_str().unwrap().to_owned())
            .collect()
    }
}

/// A home, a project in it, and a gate of its own.
pub struct World {
    folder: tempfile::TempDir,
    path: OsString,
    runs: RefCell<usize>,
}

impl World {
    pub fn new(tool: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("home/project/.git")).unwrap();
        let own = std::env::var_os("PATH").unwrap();
        let pinned = folder_of(tool);
        if !matches!(tool, "npm" | "cargo") {
            assert!(
                pinned.is_dir(),
                "{tool} is missing; get it with: cargo xtask tools"
            );
        }
        let all = std::iter::once(pinned).chain(std::env::split_paths(&own));
        let path = std::env::join_paths(all).unwrap();
        let world = Self {
            folder,
            path,
            runs: RefCell::new(0),
        };
        let registry = ask("npm", &["config", "get", "registry"]);
        std::fs::write(
            world.home().join(".npmrc"),
            format!("registry={registry}\n"),
        )
        .unwrap();
        world
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn dir(&self) -> PathBuf {
        self.home().join("project")
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        let path = self.dir().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn exists(&self, path: &str) -> bool {
        self.dir().join(path).exists()
    }

    pub fn remove(&self, path: &str) {
        let path = self.dir().join(path);
        if path.exists() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }

    /// Everything that clients keep in the home; configuration and the gate's own stay.
    pub fn forget_caches(&self) {
        for folder in [
            "cache",
            ".npm",
            ".bun",
            ".yarn",
            "data/pnpm",
            "data/uv",
            "data/yarn",
            "data/yarn",
            ".cargo/registry",
        ] {
            let path = self.home().join(folder);
            if path.exists() {
                std::fs::remove_dir_all(path).unwrap();
            }
        }
    }

    /// The user's own npm configuration.
    pub fn configure_npm(&self, text: &str) {
        std::fs::write(self.home().join(".npmrc"), text).unwrap();
    }

    /// The user's own yarn configuration.
    pub fn configure_yarn(&self, text: &str) {
        std::fs::write(self.home().join(".yarnrc.yml"), text).unwrap();
    }

    /// No registry is configured anywhere in the home.
    pub fn forget_configuration(&self) {
        std::fs::remove_file(self.home().join(".npmrc")).unwrap();
    }

    /// Where the gate keeps its state.
    pub fn gate_state(&self) -> PathBuf {
        self.home().join("gate/state")
    }

    /// An environment for pip to install into.
    pub fn python_environment(&self) -> PathBuf {
        let environment = self.dir().join(".venv");
        let made = Command::new("python3")
            .args(["-m", "venv", "--without-pip"])
            .arg(&environment)
            .status()
            .unwrap();
        assert!(made.success());
        environment
    }

    /// The index that this machine's pip has by default or configuration.
    pub fn python_index(&self) -> String {
        let found = self.customs(&["run", "--quiet", "--", "sh", "-c", "true"]);
        found.succeeded();
        let help = ask("pip", &["install", "--help"])
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let at = help.find("https://").unwrap();
        let end = help[at..].find([')', ' ', ']']).unwrap();
        help[at..at + end].to_owned()
    }

    pub fn names_no_gate(&self, text: &str) {
        assert!(!text.contains("127.0.0.1"), "{text}");
        assert!(!text.contains("localhost"), "{text}");
    }

    pub fn run(&self, command: &[&str]) -> Ran {
        self.run_with_input(command, "")
    }

    pub fn run_with_input(&self, command: &[&str], input: &str) -> Ran {
        *self.runs.borrow_mut() += 1;
        let report = self
            .folder
            .path()
            .join(format!("report-{}.json", self.runs.borrow()));
        let report_text = report.to_str().unwrap().to_owned();
        let arguments = [&["run", "--report", &report_text, "--"], command].concat();
        let mut ran = self.start(&arguments, input);
        if let Ok(bytes) = std::fs::read(report) {
            ran.report = serde_json::from_slice(&bytes).unwrap();
        }
        ran
    }

    pub fn customs(&self, arguments: &[&str]) -> Ran {
        self.start(arguments, "")
    }

    fn start(&self, arguments: &[&str], input: &str) -> Ran {
        let home = self.home();
        let mut command = Command::new(program());
        command
            .args(arguments)
            .current_dir(self.dir())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", &home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_DATA_HOME", home.join("data"))
            // Folders that clients take from root's account and not from HOME.
            .env("YARN_CACHE_FOLDER", home.join("cache/yarn"))
            .env("CARGO_HOME", home.join(".cargo"))
            .env("CUSTOMS_CACHE_DIR", home.join("gate/cache"))
            .env("CUSTOMS_DATA_DIR", home.join("gate/data"))
            .env("CUSTOMS_STATE_DIR", home.join("gate/state"))
            .env("CUSTOMS_GATE_LINGER", "5")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in [
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "NODE_EXTRA_CA_CERTS",
            "SSL_CERT_FILE",
            "PIP_CERT",
            "CARGO_HTTP_CAINFO",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if std::env::var_os("RUSTUP_HOME").is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            command.env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
        }
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            report: serde_json::Value::Null,
        }
    }
}

/// What one of this machine's clients prints.
fn ask(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
