//! A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, as a user
//! without rights where the tests run as root. It is stopped by its own folder when the tests
//! end, however they end. Tests of other crates take this file in as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// Names the folder of `initdb` and `pg_ctl`.
const FOLDER: &str = "CUSTOMS_POSTGRES";
/// Set: tests that cannot run because there is no PostgreSQL fail.
const REQUIRED: &str = "CUSTOMS_POSTGRES_REQUIRED";

/// The server's programs: those that somebody named, the machine's own, the pinned ones.
fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Some(folder.into());
    }
    let mut found: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    // Debian keeps them out of PATH, one folder for each version.
    let mut versions: Vec<(u32, PathBuf)> = entries(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path)))
        .collect();
    versions.sort();
    found.extend(versions.into_iter().rev().map(|(_, path)| path.join("bin")));
    found.extend(pinned());
    found
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// What `cargo xtask tools` brought, with the links of its libraries, which it lacks.
fn pinned() -> Option<PathBuf> {
    let tools = PathBuf::from(std::env::var_os("CUSTOMS_TOOLS")?);
    let package = entries(&tools.join("pkg"))
        .into_iter()
        .find(|path| path.join("native/bin/initdb").is_file())?;
    let links = std::fs::read(package.join("native/pg-symlinks.json")).unwrap_or_default();
    let links: Vec<BTreeMap<String, String>> = serde_json::from_slice(&links).unwrap_or_default();
    for link in links {
        let (source, target) = (package.join(&link["source"]), package.join(&link["target"]));
        // Another test program may be making the same one.
        if let Err(error) = std::os::unix::fs::symlink(source, &target) {
            assert!(target.exists(), "{}: {error}", target.display());
        }
    }
    Some(package.join("native/bin"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

/// Says once why tests did not run.
fn missing() {
    static SAID: OnceLock<()> = OnceLock::new();
    SAID.get_or_init(|| {
        let why = format!(
            "PostgreSQL is not installed (no initdb and pg_ctl on PATH, none in \
             /usr/lib/postgresql, none in CUSTOMS_TOOLS; {FOLDER} is not set): nothing was \
             asked of it. `cargo xtask test -p customs-store` brings one"
        );
        assert!(std::env::var_os(REQUIRED).is_none(), "{why}");
        eprintln!("{why}");
    });
    assert!(std::env::var_os(REQUIRED).is_none(), "no PostgreSQL");
}

/// A running server.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    watch: Option<(Child, ChildStdin)>,
}

impl Server {
    /// Makes a cluster and starts it. None: it is not installed.
    pub(crate) fn new() -> Option<Self> {
        let Some(programs) = programs() else {
            missing();
            return None;
        };
        // The path of a socket may have a hundred bytes.
        let folder = tempfile::Builder::new().prefix("cust").tempdir().unwrap();
        if is_root() {
            let owner = format!("{}", user());
            run(Command::new("chown").arg(owner).arg(folder.path()));
        }
        let mut server = Self {
            programs,
            folder,
            watch: None,
        };
        let mut make = server.program("initdb");
        make.args(["-N", "-A", "trust", "-U", "customs", "-E", "UTF8"]);
        make.args(["--locale=C", "-D"]).arg(server.data());
        run(&mut make);
        server.start();
        server.watch();
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of the server's programs, as somebody who may run it.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let id = user();
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={id}"), format!("--regid={id}")]);
            command.arg("--clear-groups").arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        command.env("LC_ALL", "C");
        command
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(&self) {
        let socket = self.folder.path().display();
        let mut start = self.program("pg_ctl");
        start.args(["start", "-w", "-t", "120", "-s", "-D"]);
        start.arg(self.data()).arg("-l");
        start.arg(self.folder.path().join("log"));
        start.arg("-o").arg(format!(
            "-k {socket} -c listen_addresses='' -c max_connections=300 -c shared_buffers=32MB"
        ));
        let log = || std::fs::read_to_string(self.folder.path().join("log"));
        let output = start.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{:?}", log());
    }

    /// Stops it as after a fault: nothing is written any more.
    pub(crate) fn stop(&self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-w", "-t", "60", "-s", "-m", "immediate", "-D"]);
        run(stop.arg(self.data()));
    }

    /// Sends a signal to the server and all of its processes.
    pub(crate) fn signal(&self, name: &str) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let main = file.lines().next().unwrap().to_owned();
        let mut all = vec![main.clone()];
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path().join("stat")) else {
                continue;
            };
            // Behind the name, which may hold anything: the state, and the parent.
            let parent = text.rsplit(')').next().unwrap_or("");
            if parent.split_whitespace().nth(1) == Some(&main) {
                all.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).args(&all);
        // Some may have ended by themselves meanwhile.
        kill.stderr(Stdio::null()).status().unwrap();
        if name == "KILL" {
            self.gone(&all);
        }
    }

    /// Waits until processes are gone, and takes away what would keep a new server from
    /// starting: a process that nobody has waited for yet looks to it like one that lives.
    fn gone(&self, processes: &[String]) {
        let lives = |id: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            let state = stat.rsplit(')').next().unwrap_or("").trim_start();
            !state.is_empty() && !state.starts_with(['Z', 'X'])
        };
        for _ in 0..1_000 {
            if !processes.iter().any(lives) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for lock in ["data/postmaster.pid", ".s.PGSQL.5432.lock"] {
            let path = self.folder.path().join(lock);
            if path.exists() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// Stops it when the tests are gone: the pipe closes whatever ends them.
    fn watch(&mut self) {
        let mut watch = Command::new("sh");
        watch.args([
            "-c",
            "trap '' INT HUP TERM; read -r _; \"$@\" >/dev/null 2>&1; rm -rf \"$0\"",
        ]);
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-D"])
            .arg(self.data());
        watch.arg(self.folder.path());
        watch.arg(stop.get_program()).args(stop.get_args());
        let mut child = watch
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipe = child.stdin.take().unwrap();
        self.watch = Some((child, pipe));
    }

    /// The address of one of its databases. `postgres` is there.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display();
        format!("postgres:///{database}?user=customs&host={socket}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((mut child, pipe)) = self.watch.take() {
            drop(pipe);
            child.wait().unwrap();
        }
    }
}

/// Whether PostgreSQL would refuse to run.
fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| id(&["-u"]) == Some(0))
}

/// A user without rights.
fn user() -> u32 {
    static USER: OnceLock<u32> = OnceLock::new();
    *USER.get_or_init(|| {
        id(&["-u", "postgres"])
            .or_else(|| id(&["-u", "nobody"]))
            .unwrap_or(65534)
    })
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
