//! A home that nobody has lived in, with a project in it. Of the machine's clients it takes over
//! which registry they ask, and how its certificate is checked; everything else is a manager's
//! own default.

use super::project::{Manager, Project};
use crate::error::Error;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program needs of the machine's environment, and nothing that sets a manager.
const KEPT: [&str; 17] = [
    "LANG",
    "TMPDIR",
    "RUSTUP_TOOLCHAIN",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CARGO_HTTP_CAINFO",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "all_proxy",
];

/// Which registries the machine's clients are configured with.
#[derive(Debug)]
pub struct Registries {
    /// npm's.
    pub npm: String,
    /// Where the headers of Node.js lie that native packages are compiled with.
    headers: Option<String>,
    /// The index of Python's packages.
    pub python: Option<String>,
}

impl Registries {
    /// Asks the machine's clients.
    pub fn of_the_machine() -> Result<Self, Error> {
        let npm = asked("npm", &["config", "get", "registry"]);
        let npm = npm.ok_or_else(|| {
            Error::Checks("npm names no registry (`npm config get registry`); set one".to_owned())
        })?;
        Ok(Self {
            npm,
            headers: asked("npm", &["config", "get", "nodedir"]),
            python: asked(
                "python3",
                &["-m", "pip", "config", "get", "global.index-url"],
            )
            .or_else(default_index),
        })
    }
}

/// A home with a project.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    environment: BTreeMap<OsString, OsString>,
}

impl Home {
    /// Makes it, in place of the one that was there. `shared` keeps what customs has fetched.
    pub fn make(
        folder: &Path,
        shared: &Path,
        tools: &Path,
        project: &Project,
        registries: &Registries,
    ) -> Result<Self, Error> {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(Error::io("remove", folder))?;
        }
        let mut home = Self {
            folder: folder.to_owned(),
            environment: BTreeMap::new(),
        };
        home.write(
            Path::new("home/.npmrc"),
            &format!("registry={}\n", registries.npm),
        )?;
        for (path, text) in &project.files {
            let text = text.strip_prefix('\n').unwrap_or(text);
            let index = registries.python.as_deref().unwrap_or_default();
            let text = text.replace("{index}", index);
            home.write(&Path::new("home/project").join(path), &text)?;
        }
        // So that nobody looks for a project further up.
        let git = home.project().join(".git");
        fs::create_dir_all(&git).map_err(Error::io("make", &git))?;
        home.surround(shared, tools, project.manager, registries)?;
        for (name, value) in &project.environment {
            let value = home.filled(value, 0);
            home.set(name, value);
        }
        Ok(home)
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), Error> {
        let path = self.folder.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        fs::write(&path, text).map_err(Error::io("write", &path))
    }

    fn surround(
        &mut self,
        shared: &Path,
        tools: &Path,
        manager: Manager,
        registries: &Registries,
    ) -> Result<(), Error> {
        for name in KEPT {
            if let Some(value) = std::env::var_os(name) {
                self.set(name, value);
            }
        }
        let home = self.folder.join("home");
        let own = std::env::var_os("PATH").unwrap_or_default();
        let pinned = manager.tool().map(|tool| tools.join("path").join(tool));
        let path = std::env::join_paths(pinned.into_iter().chain(std::env::split_paths(&own)));
        let path = path.map_err(|error| Error::Checks(format!("PATH: {error}")))?;
        self.set("PATH", path);
        self.set("HOME", &home);
        self.set("XDG_CACHE_HOME", home.join("cache"));
        self.set("XDG_DATA_HOME", home.join("data"));
        // Folders that clients take from the account and not from HOME.
        self.set("YARN_CACHE_FOLDER", home.join("cache/yarn"));
        self.set("CARGO_HOME", home.join(".cargo"));
        self.set("RUSTUP_HOME", toolchains());
        self.set("UV_PYTHON_DOWNLOADS", "never");
        self.set("CUSTOMS_CACHE_DIR", shared);
        self.set("CUSTOMS_DATA_DIR", self.folder.join("customs/data"));
        self.set("CUSTOMS_STATE_DIR", self.folder.join("customs/state"));
        if manager == Manager::Yarn4 {
            self.set("YARN_NPM_REGISTRY_SERVER", &registries.npm);
        }
        if let Some(headers) = &registries.headers {
            self.set("npm_config_nodedir", headers);
        }
        if let Some(index) = &registries.python {
            self.set("PIP_INDEX_URL", index);
            self.set("UV_DEFAULT_INDEX", index);
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.into(), value.into());
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.folder.join("home/project")
    }

    /// A file beside the home.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A text of a project's file, with the folders and the port that it names.
    pub fn filled(&self, text: &str, port: u16) -> String {
        text.replace("{port}", &port.to_string())
            .replace("{home}", &self.folder.join("home").to_string_lossy())
            .replace("{project}", &self.project().to_string_lossy())
    }

    /// A command that lives in this home. A program with a relative path lies in the project.
    pub fn command(&self, program: &str) -> Command {
        let program = match program.contains('/') {
            true => self.project().join(program),
            false => program.into(),
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.project());
        command
    }

    /// Takes it away. What could not be removed is left to the next run.
    pub fn remove(self) -> Result<(), Error> {
        fs::remove_dir_all(&self.folder).map_err(Error::io("remove", &self.folder))
    }
}

/// Where this machine keeps Rust's toolchains, which lie in the account's home.
pub fn toolchains() -> PathBuf {
    std::env::var_os("RUSTUP_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".rustup"),
        PathBuf::from,
    )
}

/// The index that pip has where nobody set one: its help names it.
fn default_index() -> Option<String> {
    let help = asked("python3", &["-m", "pip", "install", "--help"])?;
    let words: Vec<&str> = help.split_whitespace().collect();
    let joined = words.join(" ");
    let at = joined.find("(default https://")? + "(default ".len();
    let end = joined[at..].find(')')?;
    Some(joined[at..at + end].replace(' ', ""))
}

/// What one of this machine's clients says of its settings; none where it has none.
fn asked(program: &str, arguments: &[&str]) -> Option<String> {
    // A client that is not there, or that does not know the setting, has none.
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let said = output.status.success() && !text.is_empty();
    (said && text != "undefined" && text != "null").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trees::project;

    #[test]
    fn a_home_has_the_projects_files_and_nothing_of_the_account() {
        let folder = tempfile::tempdir().unwrap();
        let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("trees");
        let projects = project::read(&trees, &["npm-vite-react".to_owned()]).unwrap();
        let registries = Registries {
            npm: "https://registry.example/".to_owned(),
            headers: None,
            python: None,
        };
        let at = folder.path().join("one");
        let tools = Path::new("tools");
        let home = Home::make(&at, folder.path(), tools, &projects[0], &registries).unwrap();
        let manifest = fs::read_to_string(home.project().join("package.json")).unwrap();
        assert!(manifest.starts_with('{'), "{manifest}");
        let own = at.join("home").into_os_string();
        assert_eq!(home.environment[&OsString::from("HOME")], own);
        assert_eq!(home.filled("{port}", 8080), "8080");
        home.remove().unwrap();
        assert!(!at.exists());
    }
}
