//! Many releases at once: what lockfiles name, each read once.

use super::desk::{Desk, Opened};
use super::own::Own;
use super::{Compared, Inspected, compared, target};
use crate::error::{Doing as _, Failure};
use crate::output::say;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_inspect::{Tree, Unpacking, unpack_file};
use customs_model::{Digest, Ecosystem, ReleaseId, Standing, printable};
use customs_registry::Located;
use customs_rules::{RuleSet, judge_code};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// Releases that are fetched and read at the same time.
const TOGETHER: usize = 8;
/// Folders below a project that are looked through for lockfiles, and how deep.
const FOLDERS: usize = 5_000;
const DEPTH: usize = 4;

/// What is wanted of registries.
#[derive(Default)]
pub(super) struct Wanted {
    releases: BTreeMap<ReleaseId, One>,
    /// What a lockfile names that comes from elsewhere, a sentence each.
    elsewhere: Vec<String>,
}

#[derive(Default)]
struct One {
    /// What a lockfile promises the artifact to be.
    digests: Vec<Digest>,
    compare: bool,
}

impl Wanted {
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.elsewhere.is_empty()
    }

    pub fn add(&mut self, release: ReleaseId, compare: bool) {
        self.releases.entry(release).or_default().compare |= compare;
    }

    /// Adds what a lockfile names.
    pub fn add_lockfile(&mut self, path: &Path) -> Result<(), Failure> {
        let name = printable(&path.display().to_string(), 300);
        let length = std::fs::metadata(path).doing(format!("read {name}"))?.len();
        if length > lockfile::limit::BYTES as u64 {
            return Err(Failure::work(format!(
                "{name} is larger than a lockfile may be"
            )));
        }
        let bytes = std::fs::read(path).doing(format!("read {name}"))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = Kind::of_file_name(&file, &bytes)
            .ok_or_else(|| Failure::usage(format!("{name} is no lockfile that is known")))?;
        let read = lockfile::read(kind, &bytes).doing(format!("read {name}"))?;
        for entry in &read.skipped {
            self.elsewhere
                .push(format!("{name}: an entry could not be read: {entry}"));
        }
        for entry in read.entries {
            match entry.source {
                Source::Registry => {
                    let one = self.releases.entry(entry.release).or_default();
                    // Yarn 4's digest is that of an archive of its own.
                    if kind != Kind::YarnBerry {
                        one.digests.extend(entry.digests);
                    }
                }
                Source::Git | Source::Url => self.elsewhere.push(format!(
                    "{} of {name} does not come from a registry",
                    entry.release.spoken()
                )),
                Source::Path | Source::Bundled => {}
            }
        }
        Ok(())
    }
}

/// The lockfiles of a project and of the projects in it.
pub(crate) fn lockfiles(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.to_owned(), 0)];
    let mut seen = 0;
    let mut deeper = false;
    while let Some((folder, depth)) = waiting.pop() {
        seen += 1;
        if seen > FOLDERS {
            say(&format!(
                "customs: {} has more than {FOLDERS} folders; the rest was not looked through",
                root.display()
            ));
            break;
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => {
                return Err(Failure::nothing(format!(
                    "cannot list {}: {error}",
                    root.display()
                )));
            }
            Err(error) => {
                say(&format!(
                    "customs: {} was not looked through: {error}",
                    folder.display()
                ));
                continue;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let installed = matches!(name.as_str(), "node_modules" | "target" | "site-packages")
                || name.starts_with('.');
            if is_folder && !installed && depth == DEPTH {
                deeper = true;
            } else if is_folder && !installed {
                waiting.push((path, depth + 1));
            } else if !is_folder && target::is_lockfile(&path) {
                found.push(path);
            }
        }
    }
    if deeper {
        say(&format!(
            "customs: folders more than {DEPTH} levels below {} were not looked through",
            root.display()
        ));
    }
    if found.is_empty() {
        return Err(Failure::nothing(format!(
            "{} has no lockfile; name a release, an archive or a folder",
            root.display()
        )));
    }
    found.sort();
    Ok(found)
}

/// Reads all that is wanted, and asks the user's own rules about it.
pub(super) fn read(desk: &Desk, wanted: Wanted, own: &Own) -> Result<Vec<Inspected>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    let count = wanted.releases.len();
    let progress = Progress::new(count);
    let mut all: Vec<Inspected> = runtime.block_on(async {
        futures_util::stream::iter(wanted.releases)
            .map(|(release, one)| read_one(desk, release, one, own))
            .buffered(TOGETHER)
            .enumerate()
            .map(|(done, one)| {
                progress.tell(done + 1);
                one
            })
            .collect()
            .await
    });
    progress.end();
    all.extend(wanted.elsewhere.into_iter().map(|because| {
        let name = because.split(' ').next().unwrap_or_default().to_owned();
        Inspected::failed(name, None, because)
    }));
    Ok(all)
}

async fn read_one(desk: &Desk, release: ReleaseId, one: One, own: &Own) -> Inspected {
    match try_one(desk, &release, &one, own).await {
        Ok(inspected) => inspected,
        Err(failure) => Inspected::failed(release.spoken(), Some(release), failure.to_string()),
    }
}

async fn try_one(
    desk: &Desk,
    release: &ReleaseId,
    one: &One,
    own: &Own,
) -> Result<Inspected, Failure> {
    let found = desk.locate(release).await?;
    let others = found.len().saturating_sub(1);
    let located = choose(found, release, &one.digests)?;
    let opened = desk.open_up(located).await?;
    let mut verdict = judge_code(&opened.facts.code, &RuleSet::standard());
    if others > 0 {
        verdict.not_checked.push(format!(
            "{others} other files of the release: only {} was read",
            printable(&opened.located.file, 120)
        ));
    }
    let compared: Option<Compared> = if one.compare {
        // What was found stands, whatever becomes of the comparison.
        let compared = compared::with_earlier(desk, &opened).await;
        Some(compared.unwrap_or_else(|failure| Compared::not_known(failure.to_string())))
    } else {
        None
    };
    let mut tree = if verdict.standing == Standing::Clean && compared.is_none() && !own.is_any() {
        Tree::default()
    } else {
        tree(&opened)?
    };
    own.judge(&tree, &mut verdict);
    if verdict.standing == Standing::Clean && compared.is_none() {
        // Nobody will look at its files, and many releases are held at once.
        tree = Tree::default();
    }
    Ok(Inspected {
        name: release.spoken(),
        release: Some(release.clone()),
        digest: opened.located.digest.clone(),
        tree,
        inspection: opened.facts.code.clone(),
        verdict,
        compared,
        is_folder: false,
    })
}

fn tree(opened: &Opened) -> Result<Tree, Failure> {
    let file = std::fs::File::open(&opened.path).doing("read an artifact of the cache")?;
    unpack_file(file, &Unpacking::default()).doing("read an artifact of the cache")
}

/// The artifact that a lockfile means; its promise counts, not the document's.
fn choose(
    found: Vec<Located>,
    release: &ReleaseId,
    promised: &[Digest],
) -> Result<Located, Failure> {
    let nothing = || Failure::nothing(format!("{} has no artifact", release.spoken()));
    if promised.is_empty() {
        return Desk::speaks(found).ok_or_else(nothing);
    }
    if release.package.ecosystem() != Ecosystem::PyPi {
        let mut located = found.into_iter().next().ok_or_else(nothing)?;
        located.digest = promised.iter().max_by_key(|d| d.algorithm()).cloned();
        return Ok(located);
    }
    let meant = found
        .into_iter()
        .filter(|located| {
            located
                .digest
                .as_ref()
                .is_some_and(|digest| promised.contains(digest))
        })
        .collect();
    Desk::speaks(meant).ok_or_else(|| {
        Failure::nothing(format!(
            "no file of {} on the registry has a digest that the lockfile names",
            release.spoken()
        ))
    })
}

/// How far it is, on a terminal only.
struct Progress {
    count: usize,
    shown: bool,
}

impl Progress {
    fn new(count: usize) -> Self {
        Self {
            count,
            shown: count > 3 && std::io::stderr().is_terminal(),
        }
    }

    fn tell(&self, done: usize) {
        if self.shown {
            // Where stderr is closed nobody looks.
            let _ = write!(std::io::stderr(), "\r{done} of {} read", self.count);
        }
    }

    fn end(&self) {
        if self.shown {
            let _ = writeln!(std::io::stderr());
        }
    }
}
