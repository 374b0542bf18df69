//! The same warm installation, in turns: without anything between, through a gate, and through
//! Verdaccio where there is one.

use super::client::{LARGE, User};
use super::held::{Held, How};
use super::servers::on_path;
use super::{Site, web};
use crate::error::Error;
use crate::trees::Manager;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often each installs. Odd, so that there is a middle.
const TIMES: usize = 5;
/// How long Verdaccio may take until it answers.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// Who stood between, and how long the installations took, in seconds, shortest first.
#[derive(Debug)]
pub struct Peer {
    /// Its name.
    pub what: String,
    /// Each installation.
    pub seconds: Vec<f64>,
}

impl Peer {
    /// The one in the middle.
    pub fn median(&self) -> f64 {
        let middle = self.seconds.get(self.seconds.len() / 2);
        middle.copied().unwrap_or_default()
    }
}

/// Measures; nothing where there is no Verdaccio.
pub fn measure(site: &Site, tools: &Path, given: Option<&Path>) -> Result<Vec<Peer>, Error> {
    let given = given.map(super::absolute).transpose()?;
    let Some(program) = given.or_else(|| on_path("verdaccio")) else {
        return Ok(Vec::new());
    };
    let folder = site.team.folder.join("verdaccio");
    let (port, _held) = verdaccio(&program, &folder, &site.team.upstreams.npm)?;
    let user = |name: &str| {
        let folder = site.team.folder.join("clients").join(name);
        User::new(folder, Manager::Npm, tools, &LARGE)
    };
    let direct = user("beside-nothing")?;
    direct.asks(&site.team.upstreams.npm)?;
    let gated = user("beside-gate")?;
    gated.set_up(&site.team.program, &site.gates[1], site.token("beside"))?;
    let peer = user("beside-verdaccio")?;
    peer.asks(&format!("http://127.0.0.1:{port}/"))?;
    let users = [
        ("nothing between".to_owned(), direct),
        ("a gate".to_owned(), gated),
        (version(&program), peer),
    ];
    // What stands between has everything then.
    for (_, user) in &users {
        installed(user)?;
    }
    let mut peers = users.each_ref().map(|(what, _)| Peer {
        what: what.clone(),
        seconds: Vec::new(),
    });
    for _ in 0..TIMES {
        for ((_, user), peer) in users.iter().zip(&mut peers) {
            peer.seconds.push(installed(user)?);
        }
    }
    for peer in &mut peers {
        peer.seconds.sort_by(f64::total_cmp);
    }
    Ok(peers.into())
}

/// Installs from the beginning: the client has nothing.
fn installed(user: &User) -> Result<f64, Error> {
    user.forget()?;
    let ran = user.install(&LARGE)?;
    match ran.failed {
        None => Ok(ran.time.as_secs_f64()),
        Some(why) => Err(Error::Checks(format!("the installation to compare: {why}"))),
    }
}

fn verdaccio(program: &Path, folder: &Path, npm: &str) -> Result<(u16, Held), Error> {
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let (port, config) = (web::free_port()?, folder.join("config.yaml"));
    // Verdaccio's own defaults, but for where it asks, and that it waits for no password.
    let text = format!(
        "storage: ./storage\nuplinks:\n  upstream:\n    url: {npm}\npackages:\n  '@*/*':\n    \
         access: $all\n    proxy: upstream\n  '**':\n    access: $all\n    proxy: upstream\n\
         log: {{ type: stdout, format: pretty, level: warn }}\n"
    );
    fs::write(&config, text).map_err(Error::io("write", &config))?;
    let mut serve = Command::new(program);
    serve.arg("--config").arg(&config);
    serve.args(["--listen", &format!("127.0.0.1:{port}")]);
    serve.current_dir(folder);
    let log = folder.join("log");
    let held = Held::start(&serve, &How::logged(&log))?;
    let began = Instant::now();
    while !matches!(web::get(port, "/-/ping"), Ok((200, _))) {
        if began.elapsed() > START {
            let log = log.display();
            return Err(Error::Checks(format!(
                "Verdaccio does not answer; see {log}"
            )));
        }
        sleep(LOOK);
    }
    Ok((port, held))
}

fn version(program: &PathBuf) -> String {
    let output = Command::new(program).arg("--version").output();
    let said = output.map(|output| output.stdout).unwrap_or_default();
    format!(
        "Verdaccio {}",
        String::from_utf8_lossy(&said)
            .trim()
            .trim_start_matches('v')
    )
}
