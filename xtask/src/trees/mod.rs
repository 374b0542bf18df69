//! `cargo xtask trees`: real projects, as people use them.
//!
//! Each file of `xtask/trees/` is a small project. It gets a home of its own below
//! `target/trees`; its manager installs it from the registries that the machine's clients are
//! configured with, scripts included, and it is built, tested, patched and served. Then `customs
//! verify` says what of the tree is not what the lockfile promises. Whatever it cannot explain is
//! wrong here, since nobody tampered with anything.

mod home;
mod project;
mod step;
mod table;
mod told;

use crate::bench::build;
use crate::error::Error;
use crate::tools;
use crate::workspace::Workspace;
pub use home::{Registries, toolchains};
pub use project::Manager;
pub use step::Group;

use home::Home;
use project::Project;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};
use step::Ended;
use table::{Outcome, Row, Table};
use told::Told;

/// How long one check may take: with `--fetch`, registries are asked about each release.
const CHECK: Duration = Duration::from_secs(1_800);
/// A report larger than this is not read.
const MAX_REPORT: u64 = 1 << 30;

/// What can be asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Projects, as `--list` names them; all without one
    names: Vec<String>,
    /// Name the projects, and do nothing else
    #[arg(long)]
    list: bool,
    /// Check with this program; without it the release program is built
    #[arg(long)]
    program: Option<PathBuf>,
    /// The folder of the package managers; without it they are put into target/tools
    #[arg(long, env = "CUSTOMS_TOOLS")]
    tools: Option<PathBuf>,
    /// Fetch artifacts and evidence of origin also where the manager's own cache has every artifact
    #[arg(long)]
    fetch: bool,
    /// Leave the trees as they are, also where nothing is wrong
    #[arg(long)]
    keep: bool,
}

/// Uses and checks the projects, prints the table, and fails where anything is unexplained.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Error> {
    let folder = workspace.root().join("xtask/trees");
    let projects = project::read(&folder, &arguments.names)?;
    if arguments.list {
        for project in &projects {
            println!("{}: {}", project.name, project.what);
        }
        return Ok(());
    }
    let tools = match &arguments.tools {
        Some(folder) => absolute(folder)?,
        None => tools::install(workspace)?,
    };
    let program = match &arguments.program {
        Some(program) => absolute(program)?,
        None => build(workspace, "customs", "customs")?,
    };
    let trees = Trees {
        folder: workspace.trees(),
        registries: Registries::of_the_machine()?,
        program,
        tools,
        fetch: arguments.fetch,
        keep: arguments.keep,
    };
    let table = Table(projects.iter().map(|project| trees.row(project)).collect());
    println!("{table}");
    match (table.unexplained(), table.failed()) {
        (0, 0) => Ok(()),
        (unexplained, failed) => Err(Error::Checks(format!(
            "{unexplained} differences in trees that nobody tampered with are unexplained; {failed} \
             projects could not be used or checked"
        ))),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// Everything that is the same for all projects.
struct Trees {
    folder: PathBuf,
    registries: Registries,
    program: PathBuf,
    tools: PathBuf,
    fetch: bool,
    keep: bool,
}

impl Trees {
    fn row(&self, project: &Project) -> Row {
        let outcome = match self.used(project) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed(error.to_string()),
        };
        Row {
            project: project.name.clone(),
            manager: project.manager,
            outcome,
        }
    }

    /// Makes the project, takes its steps, and checks it.
    fn used(&self, project: &Project) -> Result<Outcome, Error> {
        let folder = self.folder.join(&project.name);
        let shared = self.folder.join("customs");
        let home = Home::make(&folder, &shared, &self.tools, project, &self.registries)?;
        let log = home.beside("log");
        for step in &project.step {
            let words = step.run.as_ref().or(step.serve.as_ref());
            let words = words.map_or_else(String::new, |words| words.join(" "));
            let began = Instant::now();
            let ended = step::take(&home, step, &log)?;
            let seconds = began.elapsed().as_secs();
            match (&ended, &step.may_fail) {
                (Ended::Well, _) => eprintln!("{}: {words} ({seconds} s)", project.name),
                (Ended::Badly(why), Some(when)) => {
                    eprintln!("{}: {words}: {why}; it may fail {when}", project.name);
                }
                (Ended::Badly(why), None) => {
                    let log = log.display();
                    return Ok(Outcome::Failed(format!("{words}: {why}; see {log}")));
                }
            }
        }
        let began = Instant::now();
        let told = self.told(&home, project)?;
        let seconds = began.elapsed().as_secs();
        eprintln!("{}: checked ({seconds} s)", project.name);
        if !self.keep && told.unexplained.is_empty() {
            home.remove()?;
        }
        Ok(Outcome::Told(told))
    }

    /// What customs says of it. The report is kept beside the home.
    fn told(&self, home: &Home, project: &Project) -> Result<Told, Error> {
        let program = self.program.to_string_lossy();
        let mut command = home.command(&program);
        command.args(["verify", "--deep", "--format", "json"]);
        if self.fetch || !keeps_artifacts(project.manager) {
            command.arg("--fetch");
        }
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        let mut child = started.map_err(Error::io("start", &self.program))?;
        let out = child.stdout.take();
        let reader = thread::spawn(move || {
            let mut report = Vec::new();
            let read = out.map(|out| out.take(MAX_REPORT).read_to_end(&mut report));
            read.transpose().map(|_| report)
        });
        let began = Instant::now();
        while child
            .try_wait()
            .map_err(Error::io("wait for", &self.program))?
            .is_none()
        {
            if began.elapsed() > CHECK {
                child.kill().map_err(Error::io("end", &self.program))?;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let path = home.beside("report.json");
        let report = match reader.join() {
            Ok(report) => report.map_err(Error::io("read from", &self.program))?,
            Err(_) => Vec::new(),
        };
        fs::write(&path, &report).map_err(Error::io("write", &path))?;
        Told::of(&report).map_err(|error| Error::Config {
            path,
            why: error.to_string(),
        })
    }
}

/// Whether the manager's cache has every artifact that it installed. It is then asked for
/// instead of a registry: that is what most people have.
fn keeps_artifacts(manager: Manager) -> bool {
    match manager {
        Manager::Npm | Manager::Yarn1 | Manager::Yarn4 | Manager::Cargo | Manager::Poetry => true,
        // They keep what they unpacked, and nothing that a lockfile promises a digest of; what pip
        // keeps, its older versions keep in another form.
        Manager::Pnpm | Manager::Bun | Manager::Uv | Manager::Pip => false,
    }
}
