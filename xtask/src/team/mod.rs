//! `cargo xtask team`: a team's gates as an organisation would run them, and the eight clients.
//!
//! It starts PostgreSQL, an S3 server, NATS with a worker where there is one, and two gates on them.
//! Each client, in a clean home and set up by `customs gate setup`, installs a few small packages
//! through one gate and then through the other one. Then a gate is killed in the middle of an
//! installation, and the other one goes on. The table goes into `docs/team.md`; what was started is
//! ended, however this ends.

mod client;
mod gate;
mod held;
mod kill;
mod peer;
mod servers;
mod table;
mod web;

use crate::error::Error;
use crate::tools;
use crate::trees::{Manager, Registries};
use crate::workspace::{Workspace, words};
use client::{CLIENTS, User, project};
use gate::{Gate, Team, Upstreams};
use held::{Held, How};
use servers::Server;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use table::{Row, Table, Through};

/// What the program is built with, with S3 and without it.
const FEATURES: [&str; 2] = ["postgres,s3,nats", "postgres,nats"];

/// The gates.
const GATES: [&str; 2] = ["one", "two"];

/// Tokens beside those of the clients.
const OTHERS: [&str; 5] = ["cut-off", "goes-on", "cut-off-again", "beside", "you"];

/// What can be asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Clients: npm, pnpm, yarn1, yarn4, bun, pip, uv, cargo; all without one. With some, the table
    /// is printed and not written
    clients: Vec<String>,
    /// Leave everything running, and say where, until Enter or Ctrl-C
    #[arg(long)]
    keep: bool,
    /// The program; without it the release program is built, with PostgreSQL, S3 and NATS
    #[arg(long)]
    program: Option<PathBuf>,
    /// The S3 server; without it the example of the store is built
    #[arg(long)]
    s3_server: Option<PathBuf>,
    /// A common folder in place of the S3 server, whose crates take minutes to compile
    #[arg(long, conflicts_with = "s3_server")]
    without_s3: bool,
    /// The folder of the package managers; without it they are put into target/tools
    #[arg(long, env = "CUSTOMS_TOOLS")]
    tools: Option<PathBuf>,
    /// A Verdaccio to be measured beside the gates; without it the one on PATH, if there is one
    #[arg(long, value_name = "PATH")]
    verdaccio: Option<PathBuf>,
}

/// Starts everything, runs the clients, kills a gate, prints and writes the table.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Error> {
    let clients = wanted(&arguments.clients)?;
    let tools = match &arguments.tools {
        Some(folder) => absolute(folder)?,
        None => tools::install(workspace)?,
    };
    let program = match &arguments.program {
        Some(program) => absolute(program)?,
        None => {
            let features = FEATURES[usize::from(arguments.without_s3)];
            built(
                workspace,
                "customs",
                &["--bin", "customs"],
                &["--features", features],
            )?
        }
    };
    let s3 = match &arguments.s3_server {
        Some(program) => Some(absolute(program)?),
        None if arguments.without_s3 => None,
        None => Some(built(
            workspace,
            "customs-store",
            &["--example", "s3_server"],
            &["--features", "s3-server"],
        )?),
    };
    let folder = workspace.team();
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
    }
    fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
    let upstreams = upstreams()?;
    // In this order they are ended, too: gates before what they stand on.
    let mut site = Site::start(&folder, &tools, program, s3.as_deref(), upstreams)?;
    let mut table = Table::of(&site.servers);
    for (number, client) in clients.iter().enumerate() {
        let row = site.row(*client, number, &tools)?;
        eprintln!("{}", row.line());
        table.rows.push(row);
    }
    table.killed = Some(kill::kill_one(&mut site, &tools)?);
    table.peers = peer::measure(&site, &tools, arguments.verdaccio.as_deref())?;
    println!("{table}");
    if arguments.clients.is_empty() && table.is_whole() {
        table.write(&workspace.root().join("docs/team.md"))?;
    }
    if arguments.keep {
        site.stay()?;
    }
    match table.is_whole() {
        true => Ok(()),
        false => Err(Error::Checks(
            "not every client got what it should, or the ledger does not say so".to_owned(),
        )),
    }
}

fn wanted(names: &[String]) -> Result<Vec<Manager>, Error> {
    let all = |name: &str| {
        let known = CLIENTS.iter().copied();
        let found = known.into_iter().find(|client| word(*client) == name);
        found.ok_or_else(|| {
            Error::Checks(format!(
                "{name} is no client here; known are {}",
                CLIENTS.map(word).join(", ")
            ))
        })
    };
    match names {
        [] => Ok(CLIENTS.to_vec()),
        names => names.iter().map(|name| all(name)).collect(),
    }
}

/// As it stands in names of tokens and folders.
fn word(client: Manager) -> &'static str {
    client.tool().unwrap_or(match client {
        Manager::Cargo => "cargo",
        _ => "npm",
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// Builds something of one package for release; gives its path.
fn built(
    workspace: &Workspace,
    package: &str,
    what: &[&str; 2],
    features: &[&str; 2],
) -> Result<PathBuf, Error> {
    let mut command = workspace.cargo(&["build", "--release", "--package", package]);
    crate::bench::finish(command.args(what).args(features))?;
    let folder = match what[0] {
        "--example" => workspace.release().join("examples"),
        _ => workspace.release(),
    };
    Ok(folder.join(format!("{}{}", what[1], std::env::consts::EXE_SUFFIX)))
}

/// What this machine's own clients ask. cargo has no command that tells: it names its index when it
/// cannot reach it, which a proxy that does not exist sees to.
fn upstreams() -> Result<Upstreams, Error> {
    let Registries { npm, python, .. } = Registries::of_the_machine()?;
    let pypi = python.ok_or_else(|| {
        Error::Checks("pip names no index (`pip config get global.index-url`); set one".to_owned())
    })?;
    let folder = tempfile::tempdir().map_err(Error::io("make", &std::env::temp_dir()))?;
    let manifest = folder.path().join("Cargo.toml");
    let text = "[package]\nname = \"ask\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
                [lib]\npath = \"lib.rs\"\n[dependencies]\nitoa = \"1\"\n[workspace]\n";
    fs::write(&manifest, text).map_err(Error::io("write", &manifest))?;
    let lib = folder.path().join("lib.rs");
    fs::write(&lib, "").map_err(Error::io("write", &lib))?;
    let mut ask = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    ask.args(["fetch", "--manifest-path"]).arg(&manifest);
    ask.env("CARGO_HTTP_PROXY", "http://127.0.0.1:9");
    ask.env("CARGO_NET_RETRY", "0");
    // What is in the home's cache would be an answer without a question; its settings count.
    let output = ask.args(["--config", "net.offline=false"]).output();
    let output = output.map_err(Error::io("start", Path::new("cargo")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let cargo = index(&said).ok_or_else(|| {
        Error::Checks(format!(
            "cargo does not say which index it asks; it says: {said}"
        ))
    })?;
    Ok(Upstreams { npm, pypi, cargo })
}

/// The index that cargo could not reach.
fn index(said: &str) -> Option<String> {
    let at = said.find("/config.json")?;
    let start = said[..at].rfind(['`', ' ', '\'', '('])? + 1;
    Some(format!("{}/", &said[start..at]))
}

/// Everything that runs.
struct Site {
    gates: [Gate; 2],
    team: Team,
    tokens: BTreeMap<String, String>,
    _worker: Option<Held>,
    servers: Vec<Server>,
}

impl Site {
    fn start(
        folder: &Path,
        tools: &Path,
        program: PathBuf,
        s3: Option<&Path>,
        upstreams: Upstreams,
    ) -> Result<Self, Error> {
        let mut servers = vec![servers::postgres(tools, folder)?];
        servers.push(match s3 {
            Some(program) => servers::s3(program, folder)?,
            None => servers::folder(folder)?,
        });
        servers.extend(servers::nats(tools, folder)?);
        let environment = servers.iter().flat_map(|server| server.environment.clone());
        let team = Team {
            program,
            folder: folder.to_owned(),
            upstreams,
            environment: environment.collect(),
        };
        let file = folder.join("tokens.toml");
        fs::write(&file, "version = 1\n").map_err(Error::io("write", &file))?;
        let of_clients = CLIENTS
            .iter()
            .flat_map(|client| GATES.map(|gate| format!("{}-{gate}", word(*client))));
        let others = OTHERS.iter().map(|name| (*name).to_owned());
        let mut tokens = BTreeMap::new();
        for name in of_clients.chain(others) {
            let secret = team.token(&name, &file)?;
            tokens.insert(name, secret);
        }
        let [one, two] = GATES;
        let gates = [
            Gate::start(&team, one, &file)?,
            Gate::start(&team, two, &file)?,
        ];
        let worker = match servers.len() {
            3 => Some(team.worker()?),
            _ => None,
        };
        Ok(Self {
            gates,
            team,
            tokens,
            _worker: worker,
            servers,
        })
    }

    /// The secret of a token that was made in the beginning.
    fn token(&self, name: &str) -> &str {
        self.tokens.get(name).map_or("", String::as_str)
    }

    /// One client, through both gates.
    fn row(&self, client: Manager, number: usize, tools: &Path) -> Result<Row, Error> {
        let project = project(client);
        // Each second client begins at the other gate.
        let mut order: Vec<&Gate> = self.gates.iter().collect();
        order.rotate_left(number % 2);
        let mut through = Vec::new();
        for gate in order {
            through.push(self.through(gate, client, &project, tools)?);
        }
        Ok(Row {
            client: client.spoken(),
            project,
            through,
        })
    }

    fn through(
        &self,
        gate: &Gate,
        client: Manager,
        project: &client::Project,
        tools: &Path,
    ) -> Result<Through, Error> {
        let name = format!("{}-{}", word(client), gate.name);
        let folder = self.team.folder.join("clients").join(&name);
        let user = User::new(folder, client, tools, project)?;
        user.set_up(&self.team.program, gate, self.token(&name))?;
        let before = gate.deliveries()?;
        let ran = user.install(project)?;
        let delivered = gate.deliveries()? - before;
        let mut recorded = 0;
        let mut missing = Vec::new();
        for release in project.releases {
            match gate.who(release)?.by(&name) {
                0 => missing.push((*release).to_owned()),
                times => recorded += times,
            }
        }
        Ok(Through {
            gate: gate.name,
            ran,
            delivered,
            recorded,
            missing,
        })
    }

    /// Leaves everything running until somebody has seen enough.
    fn stay(&self) -> Result<(), Error> {
        let file = self.team.folder.join("token");
        fs::write(&file, self.token("you")).map_err(Error::io("write", &file))?;
        println!("It stays up until Enter or Ctrl-C:");
        for gate in &self.gates {
            println!("  gate {}: {}", gate.name, gate.url);
            println!(
                "    its page: {}  its config: {}",
                gate.operations(),
                gate.config_file().display()
            );
        }
        for server in &self.servers {
            println!("  {}: {}", server.what, server.address);
        }
        println!("  a token: {}", file.display());
        println!(
            "  {} gate setup {} --token-file {} --write",
            self.team.program.display(),
            self.gates[0].url,
            file.display()
        );
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        read.map(drop)
            .map_err(Error::io("read", Path::new("stdin")))
    }
}

impl Team {
    /// Makes a token that the gates know; gives its secret.
    fn token(&self, name: &str, file: &Path) -> Result<String, Error> {
        let mut make = Command::new(&self.program);
        make.args(["gate", "token", name, "--to"]).arg(file);
        let output = make.output().map_err(Error::io("start", &self.program))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(Error::Checks(format!(
                "{}: {}",
                words(&make),
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }

    /// A process that reads artifacts for the gates.
    fn worker(&self) -> Result<Held, Error> {
        let mut command = Command::new(&self.program);
        command.args(["inspect", "--worker"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("CUSTOMS_LOG", "info");
        for name in ["DATA", "STATE", "CACHE"] {
            let folder = self.folder.join("worker").join(name.to_lowercase());
            command.env(format!("CUSTOMS_{name}_DIR"), folder);
        }
        Held::start(&command, &How::logged(&self.folder.join("worker.log")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_that_cargo_names_is_found_in_its_words() {
        let said = "error: failed to query replaced source registry `crates-io`\n\nCaused by:\n  \
                    download of config.json failed\n\nCaused by:\n  failed to download from \
                    `https://index.example/config.json`\n";
        assert_eq!(index(said).as_deref(), Some("https://index.example/"));
        assert_eq!(index("error: no network"), None);
    }

    #[test]
    fn clients_are_asked_for_by_their_tools() {
        assert_eq!(wanted(&[]).unwrap().len(), 8);
        let some = wanted(&["yarn4".to_owned(), "cargo".to_owned()]).unwrap();
        assert_eq!(some, [Manager::Yarn4, Manager::Cargo]);
        let error = wanted(&["nuget".to_owned()]).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"nuget is no client here; known are npm, pnpm, yarn1, yarn4, bun, pip, uv, cargo");
    }
}
