//! One trial: a victim installs with one client in one column.

use super::Setup;
use super::client::{Client, OwnAge, Tool};
use super::gate::{Call, Told};
use super::installed;
use super::process::{self, Finished, LIMIT};
use super::settings::Age;
use super::world::{self, World};
use crate::report::{Column, Outcome};
use crate::scenario::Marker;
use crate::{Bound, Faults, Scenario, Upstream, Victim};
use customs_model::{Clock as _, Ecosystem, SystemClock, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes of a client's last words that are kept.
const SAID: usize = 400;

/// One cell of the table, before it is known.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    /// How trials are run.
    pub setup: &'a Setup,
    /// What the registry holds.
    pub scenario: &'a Scenario,
    /// Who installs.
    pub victim: &'a Victim,
    /// With what.
    pub tool: &'a Tool,
    /// Behind what.
    pub column: Column,
    /// What earlier trials heard from the clients.
    pub remembered: &'a Remembered,
}

/// What the program heard when it asked the clients for their registries. It keeps that
/// in its state folder, as for any user; without it each trial would start three package
/// managers for nothing.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<BTreeMap<Client, Vec<u8>>>);

impl Remembered {
    const FILE: &str = "clients.json";

    /// Gives it to a new world.
    fn give(&self, client: Client, world: &World) -> io::Result<()> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&client) {
            Some(bytes) => {
                let state = world.gate("state");
                fs::create_dir_all(&state)?;
                fs::write(state.join(Self::FILE), bytes)
            }
            None => Ok(()),
        }
    }

    /// Takes it from a world whose trial ended.
    fn take(&self, client: Client, world: &World) {
        if let Ok(bytes) = fs::read(world.gate("state").join(Self::FILE)) {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(client, bytes);
        }
    }
}

impl Trial<'_> {
    /// Runs it. The world is given back with it: a gate may still live in it.
    pub async fn run(&self) -> (Outcome, Option<World>) {
        if let Some(why) = self.impossible() {
            return (Outcome::NotRun { why }, None);
        }
        match self.try_run().await {
            Ok((outcome, world)) => (outcome, Some(world)),
            Err(error) => {
                let why = format!("the trial could not be set up: {error}");
                (Outcome::Failed { why }, None)
            }
        }
    }

    /// Why it cannot be tried here, if so.
    fn impossible(&self) -> Option<String> {
        let own = self.tool.client.own_age(&self.tool.version);
        if let (Column::ClientsOwnAge, OwnAge::Missing(why)) = (&self.column, own) {
            return Some(why.to_owned());
        }
        // Only without a gate must it run; behind one it is what must not.
        let hooks = |marker| {
            let releases = self.scenario.packages.iter().flat_map(|p| &p.releases);
            releases.into_iter().any(|r| r.marker == Some(marker))
        };
        (hooks(Marker::BindingGyp)
            && self.tool.client.runs_scripts()
            && world::node_headers().is_none())
        .then(|| "no headers of Node for node-gyp on this machine".to_owned())
    }

    async fn try_run(&self) -> io::Result<(Outcome, World)> {
        let bound = Bound::new().await?;
        let base = bound.base();
        let moment = self.scenario.moment_of(self.victim, SystemClock.now());
        let upstream = Upstream::new(self.scenario, moment, &base)?;
        let _server = bound.serve(upstream, Faults::none());
        let ecosystem = self.scenario.ecosystem_of_victim(self.victim);
        let files = self.victim.project_files(ecosystem);
        let world = World::new(self.tool, &base, self.age(), &files)?;
        self.remembered.give(self.tool.client, &world)?;
        let outcome = self.outcome(&world, moment).await?;
        self.remembered.take(self.tool.client, &world);
        Ok((outcome, world))
    }

    /// The client's own setting counts in one column; in all others it would blur what
    /// is measured.
    fn age(&self) -> Age {
        if self.column == Column::ClientsOwnAge {
            Age::On(self.tool.client.own_age(&self.tool.version))
        } else {
            Age::Off
        }
    }

    async fn outcome(&self, world: &World, moment: crate::Moment) -> io::Result<Outcome> {
        if let Some(why) = self.make_environment(world).await? {
            return Ok(Outcome::NotRun { why });
        }
        let arguments = self.tool.client.install(&world.python_environment());
        let (finished, told) = match self.column.policy() {
            None => {
                let mut command = world.command(&self.tool.program);
                command.args(arguments);
                (process::run(command, LIMIT).await?, None)
            }
            Some(policy) => {
                let call = Call::new(world, &policy, self.scenario.advisories_at(moment))?;
                let mut command = world.command(&self.setup.program);
                command
                    .args(&call.arguments)
                    .arg(self.tool.client.command())
                    .args(arguments);
                let finished = process::run(command, LIMIT).await?;
                match call.report() {
                    Some(told) if told.protected => (finished, Some(told)),
                    told => return Ok(unprotected(&finished, told.is_some())),
                }
            }
        };
        if finished.status.is_none() {
            return Ok(Outcome::Failed {
                why: no_end(&finished),
            });
        }
        self.use_it(world).await?;
        let took = installed::releases(self.tool.client, world);
        Ok(self.judge(&finished, told.as_ref(), world.marks(), took))
    }

    /// Python clients install into an environment; everybody makes it in this way.
    async fn make_environment(&self, world: &World) -> io::Result<Option<String>> {
        if self.tool.client.ecosystem() != Ecosystem::PyPi {
            return Ok(None);
        }
        let Some(python) = world::find_program("python3", &world::path(None)) else {
            return Ok(Some("no python3 on this machine".into()));
        };
        let mut command = world.command(&python);
        command
            .args(["-m", "venv", "--without-pip"])
            .arg(world.python_environment());
        let made = process::run(command, LIMIT).await?;
        Ok((!made.good()).then(|| format!("no venv: {}", printable(&made.last_words(), 120))))
    }

    /// Runs the project, for payloads that wait for that. What it says is no matter:
    /// without its dependencies it fails, and the marker speaks for itself.
    async fn use_it(&self, world: &World) -> io::Result<()> {
        let ecosystem = self.scenario.ecosystem_of_victim(self.victim);
        let Some([program, argument]) = self.victim.use_command(ecosystem) else {
            return Ok(());
        };
        let inside = world.python_environment();
        let inside = inside.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        let program = if self.tool.client.ecosystem() == Ecosystem::PyPi {
            Some(inside)
        } else {
            world::find_program(program, &world::path(None))
        };
        if let Some(program) = program {
            let mut command = world.command(&program);
            command.arg(argument);
            process::run(command, LIMIT).await?;
        }
        Ok(())
    }

    fn judge(
        &self,
        finished: &Finished,
        told: Option<&Told>,
        marks: Vec<String>,
        took: BTreeSet<String>,
    ) -> Outcome {
        if !marks.is_empty() {
            return Outcome::Hit { by: marks };
        }
        let ecosystem = self.scenario.ecosystem_of_victim(self.victim);
        let spoken = |name: &str, version: &str| installed::spoken(ecosystem, name, version);
        let bad: Vec<String> = self
            .victim
            .bad
            .iter()
            .filter_map(|b| b.rsplit_once('@'))
            .map(|(name, version)| spoken(name, version))
            .filter(|bad| took.contains(bad))
            .collect();
        if !bad.is_empty() {
            return Outcome::Installed { bad };
        }
        let missed = told.map(|t| t.missed(ecosystem, &took)).unwrap_or_default();
        if !missed.is_empty() {
            let why = format!("installed past the gate: {}", missed.join(", "));
            return Outcome::Failed { why };
        }
        let rules = told.map(Told::rules).unwrap_or_default();
        let words = finished.last_words();
        let well = self.tool.client.ended_well(finished.good(), &words);
        if !well || took.is_empty() {
            let said = printable(&words, SAID);
            return Outcome::Refused { rules, said };
        }
        let good = |(name, version): (&String, &String)| took.contains(&spoken(name, version));
        let good = self.victim.good.iter().all(good);
        let took = self.named(ecosystem, took);
        if good {
            Outcome::Safe { took, rules }
        } else {
            Outcome::Other { took }
        }
    }

    /// Of what was installed, the packages that the victim asks for or that the scenario
    /// calls good or bad. The rest says nothing about this trial.
    fn named(&self, ecosystem: Ecosystem, took: BTreeSet<String>) -> Vec<String> {
        let victim = self.victim;
        let bad = victim.bad.iter().filter_map(|b| b.rsplit_once('@'));
        let names: BTreeSet<String> = bad
            .map(|(name, _)| name)
            .chain(victim.project.keys().map(String::as_str))
            .chain(victim.good.keys().map(String::as_str))
            .map(|name| installed::spoken(ecosystem, name, ""))
            .collect();
        took.into_iter()
            .filter(|release| {
                let name = release.rsplit_once('@').map(|(name, _)| format!("{name}@"));
                name.is_some_and(|name| names.contains(&name))
            })
            .collect()
    }
}

/// What came of a run through no gate proves nothing about one.
fn unprotected(finished: &Finished, reported: bool) -> Outcome {
    let words = printable(&finished.last_words(), SAID);
    let why = match (finished.status, reported) {
        (None, _) => no_end(finished),
        (_, true) => format!("nothing arrived at the gate: {words}"),
        (_, false) => format!("customs run wrote no report: {words}"),
    };
    Outcome::Failed { why }
}

/// With its last words: which of the programs did not end shows there, if anywhere.
fn no_end(finished: &Finished) -> String {
    let words = printable(&finished.last_words(), SAID);
    format!("no end after {} s; it said: {words}", LIMIT.as_secs())
}

/// Finds a client: the pinned one of that folder, else the one on `PATH`.
///
/// # Errors
/// It is not there, in words.
pub async fn find(client: Client, tools: Option<&Path>) -> Result<Tool, String> {
    let folder = tools
        .map(|tools| tools.join("path").join(client.name()))
        .filter(|folder| folder.is_dir());
    let path = world::path(folder.as_deref());
    let missing = || format!("no {client} on this machine");
    let program = world::find_program(client.command(), &path).ok_or_else(missing)?;
    let mut tool = Tool {
        client,
        version: String::new(),
        program,
        folder,
    };
    tool.version = ask_version(&tool).await.ok_or_else(missing)?;
    if super::client::is_meant(client, &tool.version) {
        Ok(tool)
    } else {
        let command = client.command();
        Err(format!(
            "no {client} on this machine; its {command} is {}",
            tool.version
        ))
    }
}

async fn ask_version(tool: &Tool) -> Option<String> {
    // An address that nothing listens at: a client asked for its version needs none.
    let world = World::new(tool, "http://127.0.0.1:9", Age::Off, &[]).ok()?;
    let mut command = world.command(&tool.program);
    command.arg("--version");
    let finished = process::run(command, LIMIT).await.ok()?;
    super::client::version_in(&finished.out)
}
