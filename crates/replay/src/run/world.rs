//! The whole world of one trial: a temporary folder with a home, a project in it, and
//! an environment in which nothing of this machine's user is left.

use super::client::{Client, Tool};
use super::settings::{self, Age};
use crate::payload::MARKER_VARIABLE;
use crate::project::ProjectFile;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// Bytes of a marker file that are read; each release leaves a line.
const MARKER_BYTES: u64 = 64 << 10;

/// The folder of one trial. It vanishes when this is dropped.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl World {
    /// A world for a client whose registry is at `upstream`.
    ///
    /// # Errors
    /// The temporary folder cannot be written.
    pub fn new(tool: &Tool, upstream: &str, age: Age, project: &[ProjectFile]) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("customs-replay-")
            .tempdir()?;
        let mut world = Self {
            folder,
            variables: Vec::new(),
        };
        for folder in [world.project(), world.temporary(), world.gate("config")] {
            fs::create_dir_all(folder)?;
        }
        for (path, text) in settings::files(tool.client, upstream, age) {
            write(&world.home().join(path), &text)?;
        }
        for file in project {
            write(&world.project().join(file.path), &file.text)?;
        }
        world.variables = world.environment(tool, age);
        Ok(world)
    }

    /// The user's home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.home().join("project")
    }

    /// The Python environment that Python clients install into.
    pub fn python_environment(&self) -> PathBuf {
        self.project().join(".venv")
    }

    /// A folder that the gate uses.
    pub fn gate(&self, what: &str) -> PathBuf {
        self.folder.path().join("gate").join(what)
    }

    /// A file beside all that.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// Writes a file beside the home and gives its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.file(name);
        write(&path, text)?;
        Ok(path)
    }

    /// A command in the project, in this world's environment alone.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.project())
            .env_clear()
            .envs(self.variables.iter().map(|(n, v)| (n, v)));
        command
    }

    /// What payloads left: one release a line, each once.
    pub fn marks(&self) -> Vec<String> {
        let mut text = String::new();
        let file = fs::File::open(self.file("marker"));
        // No file: nothing ran. Bytes that are no text: not by a payload of ours.
        let _ = file.and_then(|f| f.take(MARKER_BYTES).read_to_string(&mut text));
        let mut marks: Vec<String> = text.lines().map(str::to_owned).collect();
        marks.sort();
        marks.dedup();
        marks
    }

    fn environment(&self, tool: &Tool, age: Age) -> Vec<(OsString, OsString)> {
        let mut all: Vec<(OsString, OsString)> = Vec::new();
        let mut put = |name: &str, value: OsString| all.push((name.into(), value));
        put("PATH", path(tool.folder.as_deref()));
        for name in ["HOME", "USERPROFILE"] {
            put(name, self.home().into());
        }
        for name in ["TMPDIR", "TEMP", "TMP"] {
            put(name, self.temporary().into());
        }
        put(MARKER_VARIABLE, self.file("marker").into());
        put("LANG", "C.UTF-8".into());
        put("NO_COLOR", "1".into());
        for (variable, what) in [
            ("CUSTOMS_DATA_DIR", "data"),
            ("CUSTOMS_STATE_DIR", "state"),
            ("CUSTOMS_CACHE_DIR", "cache"),
            ("CUSTOMS_CONFIG_DIR", "config"),
        ] {
            put(variable, self.gate(what).into());
        }
        put("CUSTOMS_GATE_LINGER", super::gate::LINGER.into());
        if tool.client == Client::Yarn1 {
            // For root, yarn 1 keeps its cache outside of the home.
            put("YARN_CACHE_FOLDER", self.home().join(".cache/yarn").into());
        }
        for (name, value) in machine(tool.client) {
            put(name, value);
        }
        for (name, value) in settings::variables(tool.client, age) {
            put(name, value.into());
        }
        all
    }
}

/// `PATH`, with the folder of a pinned tool first.
pub fn path(first: Option<&Path>) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = first
        .map(Path::to_owned)
        .into_iter()
        .chain(std::env::split_paths(&path));
    // A folder with a separator in its name cannot stand on PATH; then without it.
    std::env::join_paths(all).unwrap_or(path)
}

/// The first program of a name on a `PATH`.
pub fn find_program(name: &str, path: &OsString) -> Option<PathBuf> {
    let names: &[String] = &if cfg!(windows) {
        vec![format!("{name}.cmd"), format!("{name}.exe")]
    } else {
        vec![name.to_owned()]
    };
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |n| folder.join(n)))
        .find(|program| program.is_file())
}

/// What programs need to know of the machine to start at all.
fn machine(client: Client) -> Vec<(&'static str, OsString)> {
    let mut all = Vec::new();
    for name in [
        "SystemRoot",
        "windir",
        "ComSpec",
        "PATHEXT",
        "RUSTUP_TOOLCHAIN",
    ] {
        if let Some(value) = std::env::var_os(name) {
            all.push((name, value));
        }
    }
    // rustup's cargo looks for its toolchains in the home, which is another one here. With
    // any client: the gate asks every client for its registry, and without its toolchains
    // rustup would download them anew.
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let rustup = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os(home).map(|h| PathBuf::from(h).join(".rustup")));
    if let Some(rustup) = rustup.filter(|folder| folder.is_dir()) {
        all.push(("RUSTUP_HOME", rustup.into()));
    }
    if let Some(headers) =
        node_headers().filter(|_| client.ecosystem() == customs_model::Ecosystem::Npm)
    {
        all.push(("npm_config_nodedir", headers.into()));
    }
    all
}

/// Where the headers of this machine's Node lie: `node-gyp` would download them.
pub fn node_headers() -> Option<PathBuf> {
    let node = find_program("node", &path(None))?.canonicalize().ok()?;
    let prefix = node.parent()?.parent()?;
    prefix
        .join("include/node/node.h")
        .is_file()
        .then(|| prefix.to_owned())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
