//! A gate that is killed in the middle of an installation, while somebody installs through the other
//! one. That one goes on, takes over who was cut off, and marks the chain that nobody continues.

use super::Site;
use super::client::{LARGE, User, locked};
use super::gate::Gate;
use crate::error::Error;
use crate::trees::Manager;
use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many artifacts the gate has delivered when it is killed: some, and not all.
const MIDDLE: u64 = 20;
/// How long an installation may take, and how long it may take until a gap is marked: a gate is
/// silent for 30 s then, and the others look every 5 s.
const LIMIT: Duration = Duration::from_secs(600);
/// How long the gate may answer nothing before it is killed: a client that resolves asks all the
/// time, also where the machine is busy with something else.
const STANDSTILL: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);

/// What came of it.
#[derive(Debug)]
pub struct Killed {
    /// How many artifacts the gate had delivered to the one who was cut off.
    pub delivered: u64,
    /// How many packages the other one installed, and in how many seconds.
    pub went_on: (usize, f64),
    /// The same of who was cut off, afterwards, through the other gate.
    pub taken_over: (usize, f64),
    /// Releases that somebody has, and that the ledger does not say so of.
    pub missing: Vec<String>,
    /// How long it took until the chain of the one that was killed was closed, in seconds.
    pub closed_after: f64,
    /// What each gate's own heads say of the ledger: chains, records, intact.
    pub verified: Vec<(&'static str, usize, u64, bool)>,
}

/// Kills the first gate, and starts it again afterwards.
pub fn kill_one(site: &mut Site, tools: &Path) -> Result<Killed, Error> {
    let clients = site.team.folder.join("clients");
    let make = |name: &str, gate: &Gate| -> Result<User, Error> {
        let secret = site.token(name);
        let user = User::new(clients.join(name), Manager::Npm, tools, &LARGE)?;
        user.set_up(&site.team.program, gate, secret)?;
        Ok(user)
    };
    let cut = make("cut-off", &site.gates[0])?;
    let other = make("goes-on", &site.gates[1])?;
    let before = site.gates[0].deliveries()?;
    let began = Instant::now();
    let mut of_cut = cut.begin(&LARGE)?;
    let mut of_other = other.begin(&LARGE)?;
    let mut delivered = 0;
    let mut moved = (site.gates[0].answers()?, Instant::now());
    while delivered < MIDDLE {
        let why = match of_cut.ended()? {
            Some(status) => Some(format!("npm ended with {status}")),
            None if moved.1.elapsed() > STANDSTILL => Some(format!(
                "the gate answered nothing for {} s",
                STANDSTILL.as_secs()
            )),
            None => None,
        };
        if let Some(why) = why {
            return Err(Error::Checks(format!(
                "there was no middle to kill a gate in: {why}, {delivered} artifacts were delivered \
                 by then; see {} and {}",
                cut.log().display(),
                site.gates[0].log().display()
            )));
        }
        sleep(LOOK);
        delivered = site.gates[0].deliveries()? - before;
        let answers = site.gates[0].answers()?;
        if answers != moved.0 {
            moved = (answers, Instant::now());
        }
    }
    let id = site.gates[0].kill()?;
    let killed = Instant::now();
    eprintln!("gate one (process {id}) was killed after {delivered} deliveries");
    let ended = of_other.wait(LIMIT)?;
    let seconds = began.elapsed().as_secs_f64();
    let why = match ended {
        Some(status) if status.success() => None,
        Some(status) => Some(format!("npm ended with {status}")),
        None => Some(format!("not done {} s later", LIMIT.as_secs())),
    };
    if let Some(why) = why {
        return Err(Error::Checks(format!(
            "the other gate did not go on: {why}; see {}",
            other.log().display()
        )));
    }
    let went_on = locked(&other.project())?;
    // Who was cut off gives up, and asks the other gate.
    drop(of_cut);
    let secret = site.token("cut-off-again");
    cut.set_up(&site.team.program, &site.gates[1], secret)?;
    cut.forget()?;
    let again = cut.install(&LARGE)?;
    if let Some(why) = again.failed {
        return Err(Error::Checks(format!(
            "who was cut off gets nothing: {why}"
        )));
    }
    let taken_over = locked(&cut.project())?;
    let missing = unrecorded(
        &site.gates[1],
        [(&went_on, "goes-on"), (&taken_over, "cut-off-again")],
    )?;
    let closed_after = closed(&site.gates[1], killed)?;
    site.gates[0].again()?;
    let mut verified = Vec::new();
    for gate in &site.gates {
        let found = gate.verify()?;
        let records = found.chains.iter().map(|chain| chain.records).sum();
        verified.push((gate.name, found.chains.len(), records, found.intact));
    }
    Ok(Killed {
        delivered,
        went_on: (went_on.len(), seconds),
        taken_over: (taken_over.len(), again.time.as_secs_f64()),
        missing,
        closed_after,
        verified,
    })
}

/// Releases that a token's client has, and of which the ledger knows no delivery to it. Each
/// release is asked for once: both clients have nearly the same.
fn unrecorded(gate: &Gate, installed: [(&Vec<String>, &str); 2]) -> Result<Vec<String>, Error> {
    let mut whose: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (releases, token) in installed {
        for release in releases {
            whose.entry(release).or_default().push(token);
        }
    }
    let mut missing = Vec::new();
    for (release, tokens) in whose {
        let received = gate.who(release)?;
        let without = tokens.into_iter().filter(|token| received.by(token) == 0);
        missing.extend(without.map(|token| format!("{release} ({token})")));
    }
    Ok(missing)
}

/// Waits until it is recorded that a chain was cut off, which only the other gate can have done: a
/// chain that was cut has no last record of its own that says so.
fn closed(gate: &Gate, since: Instant) -> Result<f64, Error> {
    while since.elapsed() < LIMIT {
        let found = gate.verify()?;
        if found.chains.iter().any(|chain| chain.cut_off.is_some()) {
            return Ok(since.elapsed().as_secs_f64());
        }
        sleep(Duration::from_secs(1));
    }
    Err(Error::Checks(format!(
        "nobody recorded within {} s that the chain of a gate that was killed was cut off",
        LIMIT.as_secs()
    )))
}
