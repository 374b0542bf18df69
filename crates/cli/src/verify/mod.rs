//! `customs verify [PATH…]`: is what lies here what was meant to be here? Three questions per
//! project, each answered yes, no, or *not checked, because …*: the tree, the lockfile, the origin.
//! `customs check` is the same for CI, with a fourth: whether policy admits what is locked.

mod annotations;
mod base;
mod caches;
mod cargo_config;
mod catalogs;
pub(crate) mod check;
mod copies;
mod counted;
mod discover;
mod evidence;
mod fetch;
mod fix;
mod formats;
mod gitlab;
mod history;
mod json;
mod junit;
mod lock;
mod markdown;
mod origin;
mod overrides;
mod own_manifests;
mod pins;
pub(crate) mod policy;
mod promised;
pub(crate) mod report;
mod root;
mod rules;
mod sarif;
mod source;
mod subject;
mod surroundings;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod unbound;
mod uncovered;
pub(crate) mod verdicts;
mod wrong;

use crate::error::{Doing as _, Failure};
use crate::lockfiles::Walk;
use crate::output;
use crate::progress::Progress;
use base::Base;
pub(crate) use caches::cargo_home;
use copies::Copies;
use customs_ecosystem::lockfile::Locked;
use customs_model::{Answer, Clock as _, SystemClock, printable};
use customs_origin::lockfile::{Judgement, LockRuleDoc, LockfileView, docs, judge_together};
use discover::Found;
use evidence::{Asked, Evidence, accepted_is_locked};
use formats::{Manner, Shape};
use lock::Read;
use pins::{NewPin, Pins};
use report::{Report, SCHEMA};
use root::Root;
use std::path::PathBuf;
use subject::Run;
use surroundings::Surroundings;
use tree::Closely;

/// Arguments of `customs verify` and `customs check`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folders or lockfiles; without one the current folder
    paths: Vec<PathBuf>,
    /// Read every file again, whatever is remembered of it
    #[arg(long)]
    deep: bool,
    /// Hash every copy, in every cache and store, of what the lockfiles name
    #[arg(long)]
    caches: bool,
    /// Explain what changed since a branch, tag or commit (its full id)
    #[arg(long, value_name = "REF")]
    base: Option<String>,
    /// An environment of Python, where it does not lie beside its lockfile; may be given again
    #[arg(long, value_name = "PATH")]
    environment: Vec<PathBuf>,
    /// Hosts that a lockfile may name; any other one is a finding
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = host)]
    allowed_hosts: Vec<String>,
    /// Pin what was made here in customs.lock, after it was shown
    #[arg(long)]
    pin: bool,
    #[command(flatten)]
    evidence: Asked,
    /// What was not checked counts as well: exit code 1
    #[arg(long)]
    strict: bool,
    /// List what is otherwise counted
    #[arg(long, short)]
    verbose: bool,
    /// Levels of folders that are looked through for lockfiles
    #[arg(long, value_name = "NUMBER", default_value_t = Walk::default().depth)]
    depth: usize,
    /// Folders that are looked through for lockfiles, at most
    #[arg(long, value_name = "NUMBER", default_value_t = Walk::default().folders)]
    folders: usize,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write the result into a file as well, in any format; may be given again
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<formats::ReportFile>,
    /// What `customs check` is given beside.
    #[arg(skip)]
    policy: policy::Given,
}

/// Which of the two commands it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    /// Offline.
    Verify,
    /// With what can be fetched, and what was kept.
    Check,
}

/// `customs verify`.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    run(&arguments, Command::Verify)
}

/// How to look, for those who make something else of what is found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Fetch artifacts and evidence that are not here.
    pub fetch: bool,
}

/// Looks at projects, at every file of them.
///
/// # Errors
/// As those of the command.
pub(crate) fn look(paths: &[PathBuf], options: Options) -> Result<Report, Failure> {
    let walk = Walk::default();
    let arguments = Arguments {
        paths: paths.to_vec(),
        deep: true,
        caches: false,
        base: None,
        environment: Vec::new(),
        allowed_hosts: Vec::new(),
        pin: false,
        evidence: Asked {
            fetch: options.fetch,
            ..Asked::default()
        },
        strict: false,
        verbose: false,
        depth: walk.depth,
        folders: walk.folders,
        format: Shape::Json,
        json: true,
        report: Vec::new(),
        policy: policy::Given::default(),
    };
    let root = Root::of(paths);
    let (mut report, _, _) = ask(&arguments, Command::Verify, &root, &Surroundings::here()?)?;
    verdicts::fill(&mut report).doing("look up verdicts")?;
    Ok(report)
}

/// The rules that `customs explain` shows beside those about releases.
pub(crate) fn rules() -> impl Iterator<Item = &'static LockRuleDoc> {
    docs().into_iter().chain(rules::ALL)
}

fn run(arguments: &Arguments, command: Command) -> Result<u8, Failure> {
    let root = Root::of(&arguments.paths);
    let report = told(arguments, command, &root)?;
    Ok(code(&report, arguments.strict))
}

/// Asks, and tells what was found.
fn told(arguments: &Arguments, command: Command, root: &Root) -> Result<Report, Failure> {
    let (report, to_pin, pins) = ask(arguments, command, root, &Surroundings::here()?)?;
    let shape = if arguments.json {
        Shape::Json
    } else {
        arguments.format
    };
    let manner = Manner {
        verbose: arguments.verbose,
        strict: arguments.strict,
    };
    output::result(&shape.of(&report, manner)?)?;
    for file in &arguments.report {
        file.write(&report, manner)?;
    }
    if arguments.pin && !to_pin.is_empty() {
        output::say(&pins.shown(&to_pin));
        pins.write(to_pin)?;
    }
    Ok(report)
}

fn code(report: &Report, strict: bool) -> u8 {
    match report.answer() {
        Answer::No => 1,
        Answer::NotChecked(_) => u8::from(strict),
        Answer::Yes => 0,
    }
}

/// A host as lockfiles write it: with its port where it has one, and nothing around it.
fn host(text: &str) -> Result<String, String> {
    let address = format!("https://{text}/");
    let is_host = !text.is_empty() && !text.contains(['/', '@', '?', '#', '\\']);
    match url::Url::parse(&address).is_ok_and(|url| url.has_host()) && is_host {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("name a host alone, such as registry.example or registry.example:8443".into()),
    }
}

/// Asks everything.
fn ask(
    arguments: &Arguments,
    command: Command,
    root: &Root,
    around: &Surroundings,
) -> Result<(Report, Vec<NewPin>, Pins), Failure> {
    let walk = Walk {
        depth: arguments.depth,
        folders: arguments.folders,
    };
    let found = discover::discover(root, walk, &arguments.environment)?;
    // A policy that cannot be read is told before anything else is done.
    let under = match command {
        Command::Verify => None,
        Command::Check => Some(policy::Under::of(&arguments.policy)?),
    };
    let mut base = match &arguments.base {
        Some(name) => Some(Base::open(root, name)?),
        None => None,
    };
    let had = |path: &str| base.as_ref().is_some_and(|base| base.has(path));
    let pins = Pins::read(root.trust(&had))?;
    let was = base.as_mut().map(|base| base.trust_file(&pins)).transpose();
    let was = was.map_err(|why| Failure::work(format!("--base cannot be read: {why}")))?;
    let asked = &arguments.evidence;
    let evidence = match &around.kept {
        Some(kept) => Evidence::new(asked, command == Command::Check, kept, pins.folder(), was)?,
        None => Evidence::nobody(asked, pins.folder()),
    };
    let reads: Vec<Option<Result<Read, lock::Unread>>> = found
        .projects
        .iter()
        .map(|project| Read::of(project, around, root, &arguments.allowed_hosts))
        .collect();
    accepted_is_locked(asked, locked(&reads))?;
    let run = Run {
        root,
        around,
        closely: Closely {
            // What is remembered is a convenience for a person who asks often.
            deep: arguments.deep || command == Command::Check,
            copies: which_copies(arguments.caches, command),
        },
        pins: &pins,
        evidence: &evidence,
    };
    let mut report = Report {
        schema: SCHEMA,
        made: SystemClock.now(),
        subjects: Vec::new(),
        base: base.as_ref().map(|base| base.commit.clone()),
        settings: Vec::new(),
        trust: Vec::new(),
        together: together(&reads),
        roots: Vec::new(),
        not_checked: not_checked(root, &found, &reads, &pins),
        only: report::Only::default(),
    };
    let mut to_pin = Vec::new();
    let mut said = Vec::new();
    let progress = Progress::new(found.projects.len(), "projects looked at");
    for (done, (project, read)) in found.projects.iter().zip(&reads).enumerate() {
        progress.tell(done);
        let asked = subject::subject(&run, project, read.as_ref(), base.as_mut())?;
        report.subjects.push(asked.subject);
        report.not_checked.extend(asked.not_checked);
        report.only.tree.extend(asked.only.tree);
        report.only.origin.extend(asked.only.origin);
        to_pin.extend(asked.to_pin);
        said.extend(asked.to_say);
        for age in asked.roots {
            if !report.roots.contains(&age) {
                report.roots.push(age);
            }
        }
    }
    progress.end();
    for sentence in said {
        output::say(&sentence);
    }
    if let Some(base) = &mut base {
        changed(base, root, &found, &pins, &mut report);
    }
    if let Some(under) = &under {
        verdicts::fill(&mut report).doing("look up verdicts")?;
        // Documents that were asked for already are not asked for again.
        evidence.lend(under);
        policy::ask(under, &mut report, &wanted(&found, &reads))?;
    }
    drop(evidence);
    Ok((report, to_pin, pins))
}

/// Which copies in caches are looked at, where `--caches` is or is not given.
const fn which_copies(all: bool, command: Command) -> Copies {
    match (all, command) {
        (true, _) => Copies::All,
        // What the next job would take out of a shared cache is looked at, too.
        (false, Command::Check) => Copies::Wrong,
        (false, Command::Verify) => Copies::Used,
    }
}

/// What the lockfiles that could be read name.
fn locked(reads: &[Option<Result<Read, lock::Unread>>]) -> impl Iterator<Item = &Locked> {
    let read = reads.iter().flatten().flatten();
    read.flat_map(|read| &read.graph.lockfile.entries)
}

/// The folders of the projects, in their order, and what their lockfiles name.
fn wanted(
    found: &Found,
    reads: &[Option<Result<Read, lock::Unread>>],
) -> Vec<(PathBuf, Vec<Locked>)> {
    let locked = |read: &Option<Result<Read, lock::Unread>>| match read {
        Some(Ok(read)) => read.graph.lockfile.entries.clone(),
        Some(Err(_)) | None => Vec::new(),
    };
    let projects = found.projects.iter().zip(reads);
    projects
        .map(|(project, read)| (project.folder.clone(), locked(read)))
        .collect()
}

fn together(reads: &[Option<Result<Read, lock::Unread>>]) -> Judgement {
    let views: Vec<LockfileView<'_>> = reads
        .iter()
        .flatten()
        .filter_map(|read| read.as_ref().ok())
        .map(Read::view)
        .collect();
    judge_together(&views)
}

fn not_checked(
    root: &Root,
    found: &Found,
    reads: &[Option<Result<Read, lock::Unread>>],
    pins: &Pins,
) -> Vec<String> {
    let mut notes = found.left_out.clone();
    let folders: Vec<PathBuf> = found
        .projects
        .iter()
        .map(|one| one.folder.clone())
        .collect();
    let unheard = root.unheard(pins.folder(), &folders).into_iter();
    notes.extend(unheard.map(|path| {
        format!(
            "{} was not read: {} speaks for all that was asked; ask about that folder by itself",
            printable(&path, 300),
            printable(&root.told(&pins.path()), 300)
        )
    }));
    let read: Vec<(PathBuf, &Read)> = found
        .projects
        .iter()
        .zip(reads)
        .filter_map(|(project, read)| {
            let read = read.as_ref()?.as_ref().ok()?;
            Some((project.folder.clone(), read))
        })
        .collect();
    notes.extend(uncovered::uncovered(root, &found.manifests, &read));
    notes
}

/// What changed beside the lockfiles. What could not be compared is said.
fn changed(base: &mut Base, root: &Root, found: &Found, pins: &Pins, report: &mut Report) {
    let folders: Vec<PathBuf> = found
        .projects
        .iter()
        .map(|project| project.folder.clone())
        .collect();
    match base.settings(&folders) {
        Ok(settings) => report.settings = settings,
        Err(why) => report.not_checked.push(why),
    }
    match base.trust(pins) {
        Ok(trust) => report.trust = trust,
        Err(why) => report.not_checked.push(why),
    }
    report
        .not_checked
        .extend(base.gone(root).into_iter().map(|path| {
        format!(
            "{} was there in the base and is not any more; what it locked is locked by nothing now",
            printable(&path, 300)
        )
    }));
}
