//! Clones that installers leave in an environment.
//!
//! Poetry clones the repository of a dependency into `src/NAME` of the environment, builds from it, and leaves it
//! there; so does `pip install -e git+…`. No wheel holds these files. The lockfile names their commit, and the clone
//! has its objects, so each file is held against the commit.

use super::scene::{Scene, Shape};
use crate::tree::commit::{self, Checked, Commit};
use crate::tree::disk;
use crate::tree::{Cause, Difference, DifferenceKind, Standing};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Digest, Ecosystem, PackageName, printable};
use customs_origin::source::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Where clones lie in an environment.
const FOLDER: &str = "src/";
/// Clones that are compared.
const CLONES: usize = 200;
/// Commits of one lockfile that a clone is tried with.
const COMMITS: usize = 20;
/// Bytes of a clone's configuration.
const CONFIG: usize = 64 << 10;
/// Bytes of a source that was compiled.
const SOURCE: usize = 16 << 20;

/// All clones of an environment that the lockfile knows.
#[derive(Default)]
pub(super) struct Clones {
    all: BTreeMap<String, One>,
}

/// One of them, by its folder in the environment.
struct One {
    of: String,
    id: ObjectId,
    checked: Result<Told, String>,
}

struct Told {
    same: BTreeSet<String>,
    differences: BTreeMap<String, Difference>,
    open: Vec<String>,
}

impl Clones {
    /// Compares each clone with the commit that the lockfile names for it.
    pub fn read(scene: &Scene, locked: &[Locked]) -> Self {
        let mut out = Self::default();
        if scene.shape != Shape::Virtual {
            return out;
        }
        for name in names(scene) {
            let mut compared: Option<One> = None;
            for (entry, id) in of(&name, locked).into_iter().take(COMMITS) {
                let one = One {
                    of: entry.release.spoken(),
                    id,
                    checked: compare(scene, &name, id),
                };
                let is_nearer = compared
                    .as_ref()
                    .is_none_or(|best| one.wrong() < best.wrong());
                if is_nearer {
                    compared = Some(one);
                }
            }
            let folder = format!("{FOLDER}{name}");
            out.all.extend(compared.map(|one| (folder, one)));
        }
        out
    }

    /// The clone that a place lies in, and where in it.
    fn at<'p>(&self, place: &'p str) -> Option<(&One, &'p str)> {
        let name = place.strip_prefix(FOLDER)?.split('/').next()?;
        let (folder, inside) = place.split_at_checked(FOLDER.len() + name.len())?;
        Some((self.all.get(folder)?, inside.strip_prefix('/')?))
    }

    /// What is told of something that lies in a clone, of which nothing is known but that it lies there.
    pub fn told(
        &self,
        scene: &Scene,
        place: &str,
        extra: impl FnOnce() -> Difference,
    ) -> Option<Difference> {
        let (one, inside) = self.at(place)?;
        let mut extra = extra();
        extra.standing = match (&one.checked, inside.strip_prefix(".git/")) {
            (_, Some(of_git)) => of_git_itself(scene, place, of_git, &extra),
            (Err(_), None) => Standing::MadeHere {
                maker: "an installer, which cloned a repository".into(),
                pinned: None,
            },
            (Ok(told), None) => match told.differences.get(inside) {
                Some(difference) => {
                    extra.kind = difference.kind;
                    extra.expected.clone_from(&difference.expected);
                    match is_of_build(inside) && difference.kind == DifferenceKind::Extra {
                        true => Standing::MadeHere {
                            maker: format!("the build of {}", printable(&one.of, 200)),
                            pinned: None,
                        },
                        false => difference.standing.clone(),
                    }
                }
                None if told.same.contains(inside) => Standing::Explained(Cause::Installer {
                    what: "a clone at the commit that the lockfile names".into(),
                }),
                None => Standing::Unexplained,
            },
        };
        Some(extra)
    }

    /// Files of commits that are not there.
    pub fn missing(&self) -> impl Iterator<Item = Difference> {
        self.all.iter().flat_map(|(folder, one)| {
            let told = one.checked.iter();
            let differences = told.flat_map(|told| told.differences.iter());
            let missing = differences.filter(|(_, one)| one.kind == DifferenceKind::Missing);
            missing.map(move |(path, difference)| Difference {
                path: format!("{folder}/{path}"),
                ..difference.clone()
            })
        })
    }

    /// What could not be compared. Safe to print.
    pub fn said(&self) -> impl Iterator<Item = String> {
        self.all.iter().flat_map(|(folder, one)| {
            let whole = one.checked.as_ref().err().into_iter();
            let parts = one.checked.iter().flat_map(|told| told.open.iter());
            whole.chain(parts).map(move |why| {
                let shown = printable(folder, 200);
                format!(
                    "{shown} was not compared with commit {}: {why}",
                    one.id.short()
                )
            })
        })
    }

    /// The digest of a source in a clone that is as its commit has it.
    pub fn source(&self, scene: &Scene, source: &str) -> Option<Digest> {
        let (one, inside) = self.at(source)?;
        let is_good = one
            .checked
            .as_ref()
            .is_ok_and(|told| told.same.contains(inside));
        // One that cannot be read is told by itself.
        let bytes = scene.bytes(source, SOURCE).ok().filter(|_| is_good)?;
        Some(Digest::sha256(&bytes))
    }
}

impl One {
    /// How far it is from its commit.
    fn wrong(&self) -> usize {
        match &self.checked {
            Ok(told) => told.differences.len(),
            Err(_) => usize::MAX,
        }
    }
}

/// The folders of clones: those that have a `.git`.
fn names(scene: &Scene) -> BTreeSet<String> {
    let inside = scene.disk.entries.range(FOLDER.to_owned()..);
    let inside = inside.map_while(|(place, _)| place.strip_prefix(FOLDER));
    inside
        .filter_map(|place| place.strip_suffix("/.git"))
        .filter(|name| !name.contains('/'))
        .take(CLONES)
        .map(str::to_owned)
        .collect()
}

/// The folders of clones in an environment, as paths.
pub(super) fn folders(scene: &Scene) -> Vec<PathBuf> {
    let names = names(scene).into_iter();
    names
        .map(|name| scene.root.join(FOLDER).join(name))
        .collect()
}

/// The entries whose repository, or package, gives a clone its name.
fn of<'l>(name: &str, locked: &'l [Locked]) -> Vec<(&'l Locked, ObjectId)> {
    let package = PackageName::new(Ecosystem::PyPi, name).ok();
    let entries = locked.iter().filter(|entry| entry.source == Source::Git);
    entries
        .filter_map(|entry| {
            let resolved = entry.resolved.as_deref()?;
            let address = resolved.split(['#', '?']).next()?.trim_end_matches('/');
            let last = address.rsplit(['/', ':']).next()?;
            let last = last.split('@').next()?;
            let is_its = last.strip_suffix(".git").unwrap_or(last) == name
                || package.as_ref() == Some(&entry.release.package);
            Some((entry, commit::named(resolved)?)).filter(|_| is_its)
        })
        .collect()
}

/// The error is why it could not be compared, safe to print.
fn compare(scene: &Scene, name: &str, id: ObjectId) -> Result<Told, String> {
    let root = scene.root.join(FOLDER).join(name);
    let outside = BTreeSet::from([".git".to_owned()]);
    let found =
        disk::walk(&root, &outside).map_err(|why| format!("it cannot be looked through: {why}"))?;
    let mut commit = Commit::read(std::slice::from_ref(&root), id)?;
    let Checked {
        compared,
        open,
        same,
    } = commit.compare(&root, &found, &|_| None)?;
    let differences = compared.differences.into_iter();
    Ok(Told {
        same,
        differences: differences.map(|one| (one.path.clone(), one)).collect(),
        open,
    })
}

/// Where builds of Python write beside their source.
pub(super) fn is_of_build(inside: &str) -> bool {
    let mut folders = inside.split('/');
    let file = folders.next_back();
    let mut folders = folders.peekable();
    let is_top = folders
        .peek()
        .is_some_and(|top| matches!(*top, "build" | "dist"));
    file.is_some() && (is_top || folders.any(|folder| folder.ends_with(".egg-info")))
}

/// What git keeps beside a clone. Its objects are hashed again before they are believed; what names programs is
/// read.
fn of_git_itself(scene: &Scene, place: &str, inside: &str, extra: &Difference) -> Standing {
    let is_kept = matches!(
        inside,
        "HEAD" | "ORIG_HEAD" | "FETCH_HEAD" | "description" | "index" | "packed-refs" | "shallow"
    ) || ["objects/", "refs/", "logs/", "info/"]
        .iter()
        .any(|folder| inside.starts_with(folder));
    let is_sample = inside.starts_with("hooks/") && inside.ends_with(".sample");
    // One that cannot be read stays unexplained.
    let config = (inside == "config")
        .then(|| scene.bytes(place, CONFIG).ok())
        .flatten()
        .filter(|bytes| extra.found.as_ref() == Some(&Digest::sha256(bytes)));
    let is_config = config.is_some_and(|bytes| is_plain(&bytes));
    match extra.kind == DifferenceKind::Extra && (is_kept || is_sample || is_config) {
        true => Standing::Explained(Cause::Installer {
            what: "what git keeps beside a clone".into(),
        }),
        false => Standing::Unexplained,
    }
}

/// Whether a clone's configuration says no more than where it comes from. Others name programs that git runs.
fn is_plain(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut section = String::new();
    text.lines().all(|line| {
        let line = line.trim();
        if line.is_empty() {
            return true;
        }
        if let Some(head) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let word = head.split_whitespace().next().unwrap_or_default();
            section = word.to_ascii_lowercase();
            return matches!(&*section, "core" | "remote" | "branch");
        }
        let Some((key, value)) = line.split_once('=') else {
            return false;
        };
        // A line that goes on could say anything.
        if value.ends_with('\\') {
            return false;
        }
        let key = key.trim().to_ascii_lowercase();
        match &*section {
            "core" => matches!(
                &*key,
                "repositoryformatversion"
                    | "filemode"
                    | "bare"
                    | "logallrefupdates"
                    | "ignorecase"
                    | "precomposeunicode"
                    | "symlinks"
                    | "autocrlf"
            ),
            // `ext::` starts a program.
            "remote" => matches!(&*key, "url" | "fetch") && !value.trim().starts_with("ext::"),
            "branch" => matches!(&*key, "remote" | "merge"),
            _ => false,
        }
    })
}
