//! A person's machine: a home that nobody has lived in, one package manager with its defaults,
//! pointed at a gate by `customs gate setup`, and a small project.

use super::gate::Gate;
use crate::error::Error;
use crate::trees::{Group, Manager, toolchains};
use crate::workspace::words;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long one installation may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What a manager is given, and what has to come of it. Each project asks for one release that the
/// team's policy denies, among those that would do: the one before it has to be taken.
#[derive(Debug)]
pub struct Project {
    /// Its files.
    pub files: &'static [(&'static str, &'static str)],
    /// The command.
    pub install: &'static [&'static str],
    /// What is delivered, as package URLs. The first is what was taken instead.
    pub releases: &'static [&'static str],
    /// What is not taken: the newest that would do.
    pub denied: &'static str,
}

const NPM: &str = r#"{"name":"demo","version":"1.0.0","private":true,"dependencies":{"is-number":">=6.0.0","is-odd":"3.0.1","ms":"2.1.3"}}"#;
const NPM_RELEASES: &[&str] = &[
    "pkg:npm/is-number@6.0.0",
    "pkg:npm/is-odd@3.0.1",
    "pkg:npm/ms@2.1.3",
];
const PYTHON_RELEASES: &[&str] = &["pkg:pypi/six@1.16.0", "pkg:pypi/idna@3.10"];

/// The clients, in the order in which they come.
pub const CLIENTS: [Manager; 8] = [
    Manager::Npm,
    Manager::Pnpm,
    Manager::Yarn1,
    Manager::Yarn4,
    Manager::Bun,
    Manager::Pip,
    Manager::Uv,
    Manager::Cargo,
];

/// What a manager is given.
pub fn project(manager: Manager) -> Project {
    let of_npm = |files, install| Project {
        files,
        install,
        releases: NPM_RELEASES,
        denied: "is-number 7",
    };
    let of_python = |files, install| Project {
        files,
        install,
        releases: PYTHON_RELEASES,
        denied: "six 1.17",
    };
    match manager {
        Manager::Npm => of_npm(&[("package.json", NPM)], &["npm", "install"]),
        Manager::Pnpm => of_npm(&[("package.json", NPM)], &["pnpm", "install"]),
        Manager::Yarn1 => of_npm(&[("package.json", NPM)], &["yarn", "install"]),
        // Without a lockfile of its own it would look for a project further up.
        Manager::Yarn4 => of_npm(
            &[("package.json", NPM), ("yarn.lock", "")],
            &["yarn", "install"],
        ),
        Manager::Bun => of_npm(&[("package.json", NPM)], &["bun", "install"]),
        Manager::Pip | Manager::Poetry => of_python(
            &[("requirements.txt", "six>=1.16\nidna==3.10\n")],
            &[
                "pip",
                "--python",
                ".venv",
                "install",
                "-r",
                "requirements.txt",
            ],
        ),
        Manager::Uv => of_python(
            &[(
                "pyproject.toml",
                "[project]\nname = \"demo\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\n\
                 dependencies = [\"six>=1.16\", \"idna==3.10\"]\n",
            )],
            &["uv", "sync"],
        ),
        Manager::Cargo => Project {
            files: &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                     [dependencies]\nitoa = \">=1.0.10\"\nryu = \"=1.0.20\"\n[workspace]\n",
                ),
                ("src/lib.rs", ""),
            ],
            install: &["cargo", "fetch"],
            releases: &["pkg:cargo/itoa@1.0.14", "pkg:cargo/ryu@1.0.20"],
            denied: "itoa 1.0.15",
        },
    }
}

/// A project that is large enough for something to happen in its middle.
pub const LARGE: Project = Project {
    files: &[(
        "package.json",
        r#"{"name":"large","version":"1.0.0","private":true,"dependencies":{"express":"^4.21.0","axios":"^1.7.0","eslint":"^9.0.0"}}"#,
    )],
    install: &["npm", "install"],
    releases: &[],
    denied: "",
};

/// A person at a machine.
#[derive(Debug)]
pub struct User {
    folder: PathBuf,
    manager: Manager,
    path: OsString,
}

/// How an installation went.
#[derive(Debug)]
pub struct Ran {
    /// How long it took.
    pub time: Duration,
    /// Why it did not succeed, if so.
    pub failed: Option<String>,
}

impl User {
    /// Makes the home and the project, in place of what was there.
    ///
    /// # Errors
    /// The disk says no, or Python's environment cannot be made.
    pub fn new(
        folder: PathBuf,
        manager: Manager,
        tools: &Path,
        project: &Project,
    ) -> Result<Self, Error> {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        let own = std::env::var_os("PATH").unwrap_or_default();
        let pinned = manager.tool().map(|tool| tools.join("path").join(tool));
        let path = std::env::join_paths(pinned.into_iter().chain(std::env::split_paths(&own)));
        let user = Self {
            folder,
            manager,
            path: path.map_err(|error| Error::Checks(format!("PATH: {error}")))?,
        };
        // So that nobody looks for a project further up.
        let git = user.project().join(".git");
        fs::create_dir_all(&git).map_err(Error::io("make", &git))?;
        for (name, text) in project.files {
            user.write(&user.project().join(name), text)?;
        }
        if manager == Manager::Pip {
            let mut make = Command::new("python3");
            make.args(["-m", "venv", "--without-pip"]);
            crate::bench::finish(make.arg(user.project().join(".venv")))?;
        }
        Ok(user)
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), Error> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        fs::write(path, text).map_err(Error::io("write", path))
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.home().join("project")
    }

    /// What it wrote.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// A command that lives in this home, with nothing that sets a client.
    fn command(&self, program: &Path) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.project());
        for name in ["LANG", "TMPDIR", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("PATH", &self.path)
            .env("HOME", &home)
            // Folders that clients take from the account and not from HOME.
            .env("YARN_CACHE_FOLDER", home.join("cache/yarn"))
            .env("CARGO_HOME", home.join(".cargo"))
            .env("RUSTUP_HOME", toolchains())
            .env("UV_PYTHON_DOWNLOADS", "never");
        command
    }

    /// Points the client at a gate, as a person does; what pointed it at another one is taken back.
    ///
    /// # Errors
    /// It cannot be set up.
    pub fn set_up(&self, program: &Path, gate: &Gate, token: &str) -> Result<(), Error> {
        let file = self.folder.join("token");
        self.write(&file, token)?;
        let mut setup = self.command(program);
        setup.args(["gate", "setup", &gate.url, "--write", "--token-file"]);
        setup.arg(&file);
        let output = setup.stdin(Stdio::null()).output();
        let output = output.map_err(Error::io("start", program))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Error::Checks(format!(
                "{}: {}",
                words(&setup),
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }

    /// Points npm at a registry without `customs`, for comparison.
    ///
    /// # Errors
    /// The disk says no.
    pub fn asks(&self, registry: &str) -> Result<(), Error> {
        let file = self.home().join(".npmrc");
        self.write(&file, &format!("registry={registry}\n"))
    }

    /// Starts the installation.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(&self, project: &Project) -> Result<Group, Error> {
        let (program, arguments) = project
            .install
            .split_first()
            .ok_or_else(|| Error::Checks(format!("{} has no command", self.manager.spoken())))?;
        let log = self.log();
        let out = File::options().append(true).create(true).open(&log);
        let out = out.map_err(Error::io("write", &log))?;
        let said = out.try_clone().map_err(Error::io("write", &log))?;
        let mut command = self.command(&self.found(program));
        command.args(arguments).stdin(Stdio::null());
        Group::spawn(command.stdout(out).stderr(said))
    }

    /// The program of that name on this user's PATH: whoever starts a process by a bare name looks
    /// on its own.
    fn found(&self, program: &str) -> PathBuf {
        let all = std::env::split_paths(&self.path).map(|folder| folder.join(program));
        all.into_iter()
            .find(|file| file.is_file())
            .unwrap_or_else(|| program.into())
    }

    /// Installs.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn install(&self, project: &Project) -> Result<Ran, Error> {
        let began = Instant::now();
        let mut group = self.begin(project)?;
        let ended = group.wait(LIMIT)?;
        let time = began.elapsed();
        let log = self.log();
        let failed = match ended {
            Some(status) if status.success() => None,
            Some(status) => Some(format!("{status}; see {}", log.display())),
            None => Some(format!(
                "not done after {} s; see {}",
                LIMIT.as_secs(),
                log.display()
            )),
        };
        Ok(Ran { time, failed })
    }

    /// Forgets what was installed and everything that the client keeps; its settings stay.
    ///
    /// # Errors
    /// The disk says no.
    pub fn forget(&self) -> Result<(), Error> {
        let home = self.home();
        for folder in [
            home.join(".npm"),
            home.join("cache"),
            home.join(".cache"),
            self.project().join("node_modules"),
            self.project().join("package-lock.json"),
        ] {
            let gone = match () {
                () if folder.is_dir() => fs::remove_dir_all(&folder),
                () if folder.exists() => fs::remove_file(&folder),
                () => Ok(()),
            };
            gone.map_err(Error::io("remove", &folder))?;
        }
        Ok(())
    }
}

/// What npm's lockfile of a project names, as package URLs.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn locked(project: &Path) -> Result<Vec<String>, Error> {
    let path = project.join("package-lock.json");
    let text = fs::read(&path).map_err(Error::io("read", &path))?;
    let lock: serde_json::Value = serde_json::from_slice(&text).map_err(|error| Error::Config {
        path: path.clone(),
        why: error.to_string(),
    })?;
    let packages = lock["packages"].as_object().into_iter().flatten();
    let mut all: Vec<String> = packages
        .filter_map(|(at, package)| {
            let (_, name) = at.rsplit_once("node_modules/")?;
            let version = package["version"].as_str()?;
            let installed = project.join(at).is_dir();
            let name = name.replacen('@', "%40", usize::from(name.starts_with('@')));
            installed.then(|| format!("pkg:npm/{name}@{version}"))
        })
        .collect();
    all.sort();
    all.dedup();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lockfile_names_and_the_tree_has_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let lock = r#"{"packages":{"":{"version":"1.0.0"},"node_modules/a":{"version":"1.0.0"},
            "node_modules/a/node_modules/@b/c":{"version":"2.0.0"},"node_modules/gone":{"version":"3.0.0"}}}"#;
        fs::write(folder.path().join("package-lock.json"), lock).unwrap();
        fs::create_dir_all(folder.path().join("node_modules/a/node_modules/@b/c")).unwrap();
        let all = locked(folder.path()).unwrap();
        assert_eq!(all, ["pkg:npm/%40b/c@2.0.0", "pkg:npm/a@1.0.0"]);
    }

    #[test]
    fn every_client_has_a_project_that_asks_for_what_is_denied() {
        for client in CLIENTS {
            let project = project(client);
            let (name, _) = project.denied.split_once(' ').unwrap();
            assert!(project.releases[0].contains(name), "{client:?}");
            let asks = |(_, text): &(&str, &str)| text.contains(name);
            assert!(project.files.iter().any(asks), "{client:?}");
        }
    }
}
