//! What the gates of a team share: PostgreSQL, an S3 server, and NATS where there is one. Each is on
//! this machine alone, in a folder of its own that goes with it.

use super::held::{Held, How};
use super::web::free_port;
use crate::error::Error;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take until it answers, on a machine that is busy.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// What it is, for people.
    pub what: String,
    /// How a gate is told of it: names and values of variables.
    pub environment: Vec<(&'static str, String)>,
    /// For people who try it.
    pub address: String,
    _held: Option<Held>,
}

/// PostgreSQL in a new cluster, on a socket that this user alone reaches.
///
/// # Errors
/// There is none, or it does not start.
pub fn postgres(tools: &Path, logs: &Path) -> Result<Server, Error> {
    let programs = programs(tools).ok_or(Error::Missing {
        program: "initdb".to_owned(),
        needed_for: "a memory for several gates",
        remedy: "install PostgreSQL 15 or newer (in CUSTOMS_POSTGRES, on PATH or in /usr/lib/postgresql)",
    })?;
    let owner = Owner::of_this_machine();
    // Kept from here on: whoever holds the process removes it. The path of a socket may have a
    // hundred bytes, so it is not below the target folder.
    let folder = temporary("customs-pg")?.keep();
    owner.gets(&folder)?;
    let mut make = owner.command(&programs.join("initdb"), &folder);
    make.args(["-N", "-A", "trust", "-U", "customs", "-E", "UTF8"]);
    make.args(["--locale=C", "-D"]).arg(folder.join("data"));
    let output = make.stdin(Stdio::null()).output();
    let output = output.map_err(Error::io("start", &programs.join("initdb")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let _ = fs::remove_dir_all(&folder);
        return Err(Error::Checks(format!("initdb: {said}")));
    }
    let mut serve = owner.command(&programs.join("postgres"), &folder);
    serve.arg("-D").arg(folder.join("data"));
    serve.arg("-k").arg(&folder);
    serve.args(["-c", "listen_addresses=", "-c", "max_connections=100"]);
    let log = logs.join("postgres.log");
    let held = Held::start(
        &serve,
        &How {
            log: &log,
            // It does not wait for its clients then, and writes everything.
            signal: "INT",
            away: Some(&folder),
        },
    )?;
    until(&log, || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        text.contains("ready to accept connections").then_some(())
    })?;
    let url = format!(
        "postgres:///postgres?user=customs&host={}",
        folder.display()
    );
    Ok(Server {
        what: version(&programs.join("postgres"), "--version"),
        environment: vec![("CUSTOMS_STORE", url.clone())],
        address: url,
        _held: Some(held),
    })
}

/// The S3 server of a crate.
///
/// # Errors
/// It does not start.
pub fn s3(program: &Path, logs: &Path) -> Result<Server, Error> {
    let folder = temporary("customs-s3")?.keep();
    let log = logs.join("s3.log");
    let mut serve = Command::new(program);
    // Its files lie in the folder for what is temporary, and go with that.
    serve.env("TMPDIR", &folder);
    let how = How {
        away: Some(&folder),
        ..How::logged(&log)
    };
    let held = Held::start(&serve, &how)?;
    let said = until(&log, || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        (text.lines().count() >= 2).then_some(text)
    })?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let [endpoint, bucket, key, secret] = words[..] else {
        return Err(Error::Checks(format!("the S3 server says {said:?}")));
    };
    let place = format!("s3://{bucket}/team?endpoint={endpoint}");
    Ok(Server {
        what: "s3s-fs".to_owned(),
        environment: vec![
            ("CUSTOMS_BLOBS", place.clone()),
            ("AWS_ACCESS_KEY_ID", key.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ],
        address: place,
        _held: Some(held),
    })
}

/// A common folder, for gates of one machine.
///
/// # Errors
/// It cannot be made.
pub fn folder(folder: &Path) -> Result<Server, Error> {
    let place = folder.join("artifacts");
    fs::create_dir_all(&place).map_err(Error::io("make", &place))?;
    let place = place.to_string_lossy().into_owned();
    Ok(Server {
        what: "a common folder".to_owned(),
        environment: vec![("CUSTOMS_BLOBS", place.clone())],
        address: place,
        _held: None,
    })
}

/// NATS with JetStream; none where there is no server.
///
/// # Errors
/// It is there, and does not start.
pub fn nats(tools: &Path, logs: &Path) -> Result<Option<Server>, Error> {
    let pinned = tools.join("bin/nats");
    let named = std::env::var_os("CUSTOMS_NATS_SERVER").map(PathBuf::from);
    let found = named.or_else(|| on_path("nats-server"));
    let Some(program) = found.or_else(|| pinned.is_file().then_some(pinned)) else {
        return Ok(None);
    };
    let folder = temporary("customs-nats")?.keep();
    let port = free_port()?;
    let mut serve = Command::new(&program);
    serve.args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]);
    serve.arg(&folder);
    let log = logs.join("nats.log");
    let how = How {
        away: Some(&folder),
        ..How::logged(&log)
    };
    let held = Held::start(&serve, &how)?;
    until(&log, || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        text.contains("Server is ready").then_some(())
    })?;
    let url = format!("nats://127.0.0.1:{port}");
    Ok(Some(Server {
        what: version(&program, "--version"),
        environment: vec![("CUSTOMS_NATS", url.clone())],
        address: url,
        _held: Some(held),
    }))
}

/// Waits until a look finds something; what the server wrote is in the error otherwise.
fn until<T>(log: &Path, look: impl Fn() -> Option<T>) -> Result<T, Error> {
    let began = Instant::now();
    while began.elapsed() < START {
        if let Some(found) = look() {
            return Ok(found);
        }
        sleep(LOOK);
    }
    Err(Error::Checks(format!(
        "a server does not start within {} s; see {}",
        START.as_secs(),
        log.display()
    )))
}

fn temporary(prefix: &str) -> Result<TempDir, Error> {
    let made = tempfile::Builder::new().prefix(prefix).tempdir();
    made.map_err(Error::io("make", &std::env::temp_dir()))
}

/// The server's programs: those that somebody named, the machine's own, the pinned ones.
fn programs(tools: &Path) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("CUSTOMS_POSTGRES") {
        return Some(folder.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path).collect();
    // Debian keeps them out of PATH, one folder for each version.
    let mut versions: Vec<(u32, PathBuf)> = entries(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path)))
        .collect();
    versions.sort();
    // What lies on PATH may be a script of the distribution's beside the real one.
    found.splice(
        0..0,
        versions.into_iter().rev().map(|(_, path)| path.join("bin")),
    );
    found.extend(pinned(tools));
    let whole =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    found.into_iter().find(whole)
}

/// What `cargo xtask tools` brought, with the links of its libraries, which it lacks.
fn pinned(tools: &Path) -> Option<PathBuf> {
    let package = entries(&tools.join("pkg"))
        .into_iter()
        .find(|path| path.join("native/bin/initdb").is_file())?;
    let links = fs::read(package.join("native/pg-symlinks.json")).unwrap_or_default();
    let links: Vec<BTreeMap<String, String>> = serde_json::from_slice(&links).unwrap_or_default();
    for link in links {
        let (source, target) = (link.get("source")?, link.get("target")?);
        // One that is there already is what it should be.
        let _ = linked(&package.join(source), &package.join(target));
    }
    Some(package.join("native/bin"))
}

#[cfg(unix)]
fn linked(source: &Path, target: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(source, target)
}

#[cfg(not(unix))]
fn linked(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// A program of the machine.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn version(program: &Path, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    let said = output.map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    said.lines().next().unwrap_or("").trim().to_owned()
}

/// Whose the database is. PostgreSQL refuses to run as root.
#[derive(Debug)]
struct Owner(Option<u32>);

impl Owner {
    fn of_this_machine() -> Self {
        let is_root = id(&["-u"]) == Some(0);
        let other = || id(&["-u", "postgres"]).or_else(|| id(&["-u", "nobody"]));
        Self(is_root.then(|| other().unwrap_or(65534)))
    }

    /// Gives it a folder.
    fn gets(&self, folder: &Path) -> Result<(), Error> {
        let Some(id) = self.0 else { return Ok(()) };
        let mut chown = Command::new("chown");
        chown.arg(id.to_string()).arg(folder);
        let status = chown.status().map_err(Error::io("give away", folder))?;
        match status.success() {
            true => Ok(()),
            false => Err(Error::Checks(format!(
                "cannot give away {}",
                folder.display()
            ))),
        }
    }

    /// A program, as the owner starts it.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match self.0 {
            Some(id) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={id}"), format!("--regid={id}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(folder).env("LC_ALL", "C");
        command
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
