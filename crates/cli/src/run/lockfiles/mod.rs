//! Lockfiles in reach: judged before the command starts, led to the gate while it runs,
//! given back their own addresses afterwards.
//!
//! yarn 1, bun and uv fetch the addresses that their lockfile names, and write the
//! address of whatever served them. The gate must not be led past, and must never stand
//! in a lockfile, not even after a crash: what was replaced is written to a journal
//! first.

mod addresses;
mod journal;

use crate::paths;
pub use addresses::Addresses;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_model::{ReleaseId, printable};
use journal::Journal;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Names of lockfiles that are looked for.
const NAMES: [&str; 10] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
    "requirements.txt",
    "Cargo.lock",
];

/// What lockfiles name.
#[derive(Debug, Default)]
pub struct Named {
    /// Releases of registries.
    pub releases: BTreeSet<ReleaseId>,
    /// What is fetched from elsewhere, a sentence for each file.
    pub elsewhere: Vec<String>,
}

/// The lockfiles of a project.
pub struct Lockfiles {
    /// The folder of the command, and those above it up to the repository's root.
    pub folders: Vec<PathBuf>,
    addresses: Addresses,
    journal: Journal,
    /// What went wrong, a sentence each.
    pub problems: Vec<String>,
}

struct File {
    path: PathBuf,
    kind: Kind,
    text: String,
}

impl Lockfiles {
    /// Those of the current folder and of the folders above it, up to the repository's
    /// root. What an earlier run could not put back, because it was killed, is put back.
    pub fn in_reach(here: &Path, addresses: Addresses, state: &Path) -> Self {
        let mut folders = Vec::new();
        for folder in here.ancestors() {
            folders.push(folder.to_owned());
            if folder.join(".git").exists() || paths::user_home().as_deref() == Some(folder) {
                break;
            }
        }
        let mut lockfiles = Self {
            folders,
            addresses,
            journal: Journal::below(state),
            problems: Vec::new(),
        };
        lockfiles.give_back();
        lockfiles
    }

    fn files(&mut self) -> Vec<File> {
        let paths: Vec<PathBuf> = self
            .folders
            .iter()
            .flat_map(|f| NAMES.iter().map(move |n| f.join(n)))
            .collect();
        self.read(&paths)
    }

    fn read(&mut self, paths: &[PathBuf]) -> Vec<File> {
        let mut files = Vec::new();
        for path in paths {
            let Ok(meta) = std::fs::metadata(path) else {
                continue;
            };
            if !meta.is_file() {
                continue;
            }
            if meta.len() > lockfile::limit::BYTES as u64 {
                let bound = lockfile::limit::BYTES >> 20;
                self.problems.push(format!(
                    "{} is over {bound} MiB and was not read",
                    path.display()
                ));
                continue;
            }
            let text = match std::fs::read_to_string(path) {
                Ok(text) => text,
                Err(error) => {
                    self.problems.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            let head = &text.as_bytes()[..text.len().min(400)];
            let name = path.file_name().and_then(|n| n.to_str());
            if let Some(kind) = name.and_then(|name| Kind::of_file_name(name, head)) {
                files.push(File {
                    path: path.clone(),
                    kind,
                    text,
                });
            }
        }
        files
    }

    /// What they name.
    pub fn named(&mut self) -> Named {
        let mut named = Named::default();
        for File { path, kind, text } in self.files() {
            let read = match lockfile::read(kind, text.as_bytes()) {
                Ok(read) => read,
                Err(error) => {
                    self.problems.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            if kind == Kind::RequirementsTxt {
                let urls = lockfile::url_positions(kind, &text).unwrap_or_default();
                let elsewhere = urls
                    .iter()
                    .filter(|at| self.addresses.is_foreign_index(&at.url));
                named.elsewhere.extend(elsewhere.map(|at| {
                    format!(
                        "{} names an index of its own ({}); it is asked directly and not through the gate",
                        path.display(),
                        printable(at.url.rsplit('@').next().unwrap_or(""), 120)
                    )
                }));
            }
            let mut others = Vec::new();
            for entry in read.entries {
                match entry.source {
                    Source::Registry => {
                        named.releases.insert(entry.release);
                    }
                    Source::Git | Source::Url => others.push(entry.release.spoken()),
                    Source::Path | Source::Bundled => {}
                }
            }
            if !others.is_empty() {
                let more = others.len().saturating_sub(5);
                others.truncate(5);
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                named.elsewhere.push(format!(
                    "{} takes {}{more} from a repository or an address of its own; no registry \
                     stands behind that, and it does not come through the gate",
                    path.display(),
                    printable(&others.join(", "), 400)
                ));
            }
        }
        named
    }

    /// Leads every address that a client would fetch as written to the gate.
    pub fn lead_to_gate(&mut self) {
        for file in self.files() {
            if self.journal.is_anothers(&file.path) {
                continue;
            }
            let mut replaced = BTreeMap::new();
            for at in lockfile::url_positions(file.kind, &file.text).unwrap_or_default() {
                if let Some(there) = self.addresses.to_gate(file.kind, &at.url) {
                    replaced.insert(there, at.url);
                }
            }
            if replaced.is_empty() {
                continue;
            }
            let map = |url: &str| self.addresses.to_gate(file.kind, url);
            let new = match lockfile::toward_gate(file.kind, &file.text, &map) {
                Ok(new) => new,
                Err(error) => {
                    self.problems
                        .push(format!("{}: {error}", file.path.display()));
                    continue;
                }
            };
            // Without a way back nothing is changed; the client's own addresses then stay.
            if let Err(error) = self.journal.remember(&file.path, &replaced) {
                self.problems.push(format!(
                    "{} was not led to the gate, because the way back could not be written: {error}",
                    file.path.display()
                ));
                continue;
            }
            self.write(&file.path, &new.text);
        }
    }

    /// Gives them back their own addresses; and those that a process left behind that is
    /// gone, wherever they are.
    pub fn give_back(&mut self) {
        let mut files = self.files();
        let mut left = self.journal.abandoned();
        left.retain(|path| files.iter().all(|file| file.path != *path));
        files.extend(self.read(&left));
        for File { path, kind, text } in files {
            if self.journal.is_anothers(&path) {
                continue;
            }
            let replaced = self.journal.of(&path);
            if !self.addresses.stands_in(&text) {
                self.journal.forget(&path);
                continue;
            }
            let map = |url: &str| {
                let original = replaced.get(url).cloned();
                original.or_else(|| self.addresses.to_upstream(kind, url))
            };
            let new = match lockfile::from_gate(kind, &text, &map) {
                Ok(new) => new,
                Err(error) => {
                    self.problems.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            if self.addresses.stands_in(&new.text) {
                self.problems.push(format!(
                    "{} still names the gate ({}); take the address out by hand",
                    path.display(),
                    self.addresses.gate()
                ));
            }
            if new.changed > 0 && self.write(&path, &new.text) {
                self.journal.forget(&path);
            }
        }
    }

    fn write(&mut self, path: &Path, text: &str) -> bool {
        match replace(path, text) {
            Ok(()) => true,
            Err(error) => {
                let what = format!("{} could not be rewritten: {error}", path.display());
                self.problems.push(what);
                false
            }
        }
    }
}

impl Drop for Lockfiles {
    /// However a run ends, short of being killed, its lockfiles have their own addresses.
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Whole or not at all: a full disk or a kill must not leave half a lockfile. Links are
/// followed, the mode stays. Where the folder takes no new file (a mounted single file)
/// it is written in place.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let Ok(mut file) = tempfile::NamedTempFile::new_in(folder) else {
        return std::fs::write(&path, text);
    };
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(std::fs::metadata(&path)?.permissions())?;
    match file.persist(&path) {
        Ok(_) => Ok(()),
        Err(_) => std::fs::write(&path, text),
    }
}
