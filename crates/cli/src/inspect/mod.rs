//! `customs inspect TARGET`: what the code of a release, archive or folder can do, whether it
//! may, and what it can do that its predecessor could not. Nothing of it is run; nothing is
//! unpacked to disk.

pub(crate) mod beside;
mod compared;
mod desk;
pub(crate) mod files;
mod folder;
mod frame;
mod grouped;
mod many;
mod odd;
mod own;
mod release;
mod report;
pub(crate) mod sarif;
mod target;
mod worker;

pub(crate) use compared::Compared;
pub(crate) use desk::{Desk, Opened};
pub(crate) use frame::Frames;
pub(crate) use release::tree as tree_of_release;
pub(crate) use report::{findings, lines, words};
pub(crate) use target::{Target, head, is_lockfile, read as read_target};

use crate::error::{Doing as _, Failure};
use crate::lockfiles::{Walk, lockfiles};
use crate::output;
use crate::place::Place;
use beside::{Budget, With};
use customs_inspect::{Opener, Tree, Unpacking, certify_all, inspect_tree, unpack_file_for};
use customs_model::{
    Digest, DigestAlgorithm, Ecosystem, Hasher, Inspection, ReleaseId, Standing, Verdict, Version,
    printable,
};
use customs_rules::{RuleSet, judge_code};
use own::Own;
use release::{How, OfFile};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of stack: parsers go as deep as code is nested.
const STACK: usize = 512 << 20;

/// Arguments of `customs inspect`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Archives, folders, lockfiles, or releases: name@version, name==version, pkg:npm/name@version
    #[arg(required_unless_present_any = ["all", "worker"])]
    targets: Vec<String>,
    /// Every release that the lockfiles of the project name; a target is its folder then
    #[arg(long)]
    all: bool,
    /// The ecosystem of name@version
    #[arg(long, default_value = "npm", value_name = "NAME")]
    ecosystem: Ecosystem,
    #[command(flatten)]
    walk: Walk,
    /// Judge each release by itself: neither the one before it nor dependencies that are new
    /// are asked for
    #[arg(long, visible_alias = "alone")]
    no_predecessor: bool,
    /// Compare the one release that is named with this one, not with the one before it
    #[arg(
        long,
        value_name = "VERSION",
        value_parser = version,
        conflicts_with_all = ["no_predecessor", "all"]
    )]
    against: Option<Version>,
    /// Fetch the release before each one that a lockfile names; without this only of young ones
    #[arg(long, conflicts_with = "no_predecessor")]
    every_predecessor: bool,
    /// Your own YARA rules: a file, or a folder of .yar and .yara files; may be given again
    #[arg(long, value_name = "PATH")]
    own_rules: Vec<PathBuf>,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Read artifacts for the gates of a team, until told to stop; docs/team-store.md. --store, --blobs
    /// and --nats are those of the gates, and are for this alone. With --format json each job is a
    /// line on stdout
    #[arg(
        long,
        conflicts_with_all = ["targets", "all", "no_predecessor", "against", "every_predecessor", "own_rules"]
    )]
    worker: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// For people.
    Text,
    /// For programs; its schema is versioned.
    Json,
    /// For code hosts and editors: SARIF 2.1.0.
    Sarif,
}

fn version(text: &str) -> Result<Version, String> {
    Version::new(text).map_err(|error| error.to_string())
}

/// What was found in one target.
pub(crate) struct Inspected {
    /// As it was named.
    pub name: String,
    /// Which release, where it is one of a registry.
    pub release: Option<ReleaseId>,
    /// The artifact that was read; none of a folder.
    pub digest: Option<Digest>,
    /// Its files, where somebody may want to see them.
    pub tree: Tree,
    /// What its code can do.
    pub inspection: Arc<Inspection>,
    /// What that means.
    pub verdict: Verdict,
    /// What is new in it.
    pub compared: Option<Compared>,
    /// Its files, where it is a release.
    files: Vec<OfFile>,
    /// It is a folder, whose files have addresses of their own.
    pub is_folder: bool,
}

impl Inspected {
    /// For a log of what was read from a folder.
    fn subject(&self, here: &Path) -> sarif::Subject<'_> {
        match &self.release {
            Some(release) => sarif::Subject::release(release, &self.verdict),
            None if self.is_folder => sarif::Subject::folder(&self.name, here, &self.verdict),
            None => sarif::Subject::archive(&self.name, here, &self.verdict),
        }
    }

    /// Writes beside each step of what was found what shows it, for programs that check it.
    fn certify(&mut self) {
        let findings = self.verdict.findings.iter_mut();
        certify_all(
            findings.map(|finding| finding.path.as_mut_slice()),
            &self.tree,
        );
    }

    /// One that could not be read.
    fn failed(name: String, release: Option<ReleaseId>, because: String) -> Self {
        Self {
            name,
            release,
            digest: None,
            tree: Tree::default(),
            inspection: Arc::default(),
            verdict: Verdict {
                standing: Standing::NotJudged,
                findings: Vec::new(),
                not_checked: vec![because],
            },
            compared: None,
            files: Vec::new(),
            is_folder: false,
        }
    }
}

/// Inspects each target; the worst one decides the exit code.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let here = std::env::current_dir().doing("find the current folder")?;
    let shape = if arguments.json {
        Shape::Json
    } else {
        arguments.format
    };
    if arguments.worker {
        return match shape {
            Shape::Text => worker::main(&arguments.place, false),
            Shape::Json => worker::main(&arguments.place, true),
            Shape::Sarif => Err(Failure::usage("a worker writes text or JSON, no SARIF")),
        };
    }
    let from = here.clone();
    let mut all = on_a_large_stack(move || gather(&arguments, &from))??;
    let text = match shape {
        Shape::Json => {
            all.iter_mut().for_each(Inspected::certify);
            report::json(&all)?
        }
        Shape::Sarif => {
            let subjects: Vec<_> = all.iter().map(|one| one.subject(&here)).collect();
            sarif::text(&subjects, &RuleSet::standard())?
        }
        Shape::Text if all.len() > 3 => report::summary(&all),
        Shape::Text => all.iter().map(report::text).collect::<Vec<_>>().join("\n"),
    };
    output::result(&text)?;
    Ok(worst(&all))
}

/// Runs work whose parsers may go deep.
pub(crate) fn on_a_large_stack<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let worker = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .doing("start a worker")?;
    worker
        .join()
        .map_err(|_| Failure::work("the worker ended early; please report this"))
}

fn gather(arguments: &Arguments, here: &Path) -> Result<Vec<Inspected>, Failure> {
    let own = Own::load(&arguments.own_rules)?;
    let mut wanted = many::Wanted::default();
    let targets = targets(arguments, here, &mut wanted)?;
    let how = how(arguments, &targets)?;
    // One that cannot be read is an error where nothing else was asked for; beside others it
    // takes no verdict from them.
    let alone = targets.len() == 1 && wanted.left_out.is_empty();
    let mut out = Vec::new();
    for target in targets {
        let read = match &target {
            Target::Archive(path) | Target::Folder(path) => on_disk(path).map(|mut one| {
                own.judge(&one.tree, &mut one.verdict);
                out.push(one);
            }),
            Target::Lockfile(path) => wanted.add_lockfile(path),
            Target::Release(release) => {
                wanted.add(release.clone());
                Ok(())
            }
        };
        match read {
            Err(failure) if alone => return Err(failure),
            Err(failure) => wanted.leave_out(target.spoken(), failure.to_string()),
            Ok(()) => {}
        }
    }
    let mut left_out = std::mem::take(&mut wanted.left_out);
    if !wanted.is_empty() {
        let releases = wanted.spoken();
        let read = Desk::open(here).and_then(|desk| many::read(&desk, wanted, &how, &own));
        match read {
            Ok(all) => out.extend(all),
            Err(failure) if out.is_empty() => return Err(failure),
            Err(failure) => {
                let because = failure.to_string();
                left_out.extend(releases.into_iter().map(|name| (name, because.clone())));
            }
        }
    }
    let left_out = left_out.into_iter();
    out.extend(left_out.map(|(name, because)| Inspected::failed(name, None, because)));
    Ok(out)
}

/// What the arguments name; with `--all` the lockfiles of projects, and what was not looked
/// through for some.
fn targets(
    arguments: &Arguments,
    here: &Path,
    wanted: &mut many::Wanted,
) -> Result<Vec<Target>, Failure> {
    let ecosystem = arguments.ecosystem;
    if !arguments.all {
        let named = arguments.targets.iter();
        return named.map(|text| target::read(text, ecosystem)).collect();
    }
    let folders = if arguments.targets.is_empty() {
        vec![here.to_owned()]
    } else {
        arguments.targets.iter().map(PathBuf::from).collect()
    };
    let mut targets = Vec::new();
    for folder in folders {
        let found = lockfiles(&folder, arguments.walk)?;
        targets.extend(found.found.into_iter().map(Target::Lockfile));
        for (name, because) in found.left_out {
            wanted.leave_out(name, because);
        }
    }
    Ok(targets)
}

/// What releases are compared with.
fn how(arguments: &Arguments, targets: &[Target]) -> Result<How, Failure> {
    let named = match &arguments.against {
        Some(version) => {
            if !matches!(targets, [Target::Release(_)]) {
                return Err(Failure::usage(
                    "--against needs exactly one target, a release: name@version or a package URL; \
                     `customs diff A B` compares archives and folders",
                ));
            }
            With::Version(version.clone())
        }
        None if arguments.no_predecessor => With::Nothing,
        None => With::Predecessor,
    };
    let locked = if arguments.no_predecessor {
        With::Nothing
    } else if arguments.every_predecessor {
        With::Budget(Budget::endless())
    } else {
        With::Budget(Budget::young())
    };
    Ok(How { named, locked })
}

/// Reads an archive or a folder.
pub(crate) fn on_disk(path: &Path) -> Result<Inspected, Failure> {
    let name = printable(&path.display().to_string(), 300);
    let tree = tree_of(path)?;
    if tree.entries.is_empty() && tree.unread.is_empty() && tree.oddities.is_empty() {
        let mut empty = Inspected::failed(name, None, "there is nothing to read".to_owned());
        empty.is_folder = path.is_dir();
        return Ok(empty);
    }
    let inspection = inspect_tree(&tree);
    let verdict = judge_code(&inspection, &RuleSet::standard());
    Ok(Inspected {
        name,
        release: None,
        digest: digest_of(path)?,
        tree,
        inspection: Arc::new(inspection),
        verdict,
        compared: None,
        files: Vec::new(),
        is_folder: path.is_dir(),
    })
}

/// The digest of an archive; none of a folder.
fn digest_of(path: &Path) -> Result<Option<Digest>, Failure> {
    if path.is_dir() {
        return Ok(None);
    }
    let read = || {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; 256 << 10];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok::<_, std::io::Error>(hasher.finish()),
                count => hasher.update(piece.get(..count).unwrap_or_default()),
            }
        }
    };
    let name = printable(&path.display().to_string(), 300);
    read().doing(format_args!("read {name}")).map(Some)
}

/// The files of an archive or folder.
pub(crate) fn tree_of(path: &Path) -> Result<Tree, Failure> {
    let name = printable(&path.display().to_string(), 300);
    let about = std::fs::metadata(path)
        .map_err(|error| Failure::nothing(format!("cannot read {name}: {error}")))?;
    if about.is_dir() {
        return folder::read(path);
    }
    target::regular(path, &about)?;
    let file = std::fs::File::open(path).doing(format!("read {name}"))?;
    let opener = Opener::of_name(&path.to_string_lossy());
    unpack_file_for(file, opener, &Unpacking::default()).doing(format!("read {name}"))
}

fn worst(all: &[Inspected]) -> u8 {
    all.iter()
        .flat_map(|one| {
            let followed = one.compared.iter().flat_map(|compared| &compared.followed);
            let standings = followed.filter_map(|followed| followed.standing);
            let files = one.files.iter().map(|file| file.standing);
            let standings = standings.chain(files).chain([one.verdict.standing]);
            standings.collect::<Vec<_>>()
        })
        .map(code)
        .max_by_key(|code| [0, 3, 1].iter().position(|known| known == code))
        .unwrap_or(0)
}

const fn code(standing: Standing) -> u8 {
    match standing {
        Standing::Clean => 0,
        Standing::Suspicious | Standing::Malicious => 1,
        Standing::NotJudged => 3,
    }
}

#[cfg(test)]
mod tests;
