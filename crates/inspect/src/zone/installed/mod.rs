//! What a source distribution installs: which modules at its top its build back-end packs.
//! Tests, documentation and tools that are packed for nobody never run for a user.
//!
//! It is read from what the back-end reads (`pyproject.toml`, `setup.cfg`, `setup.py`).
//! `top_level.txt`, which an earlier build left behind, is a claim: it adds modules, and takes
//! away only where what the build reads cannot be told without running it.

mod backend;
mod setuptools;
#[cfg(test)]
mod tests;

use crate::package::{Package, join};
use rustc_hash::FxHashSet;

/// Patterns and folders that are looked at for each file; of more, all is taken as packed.
const PATTERNS: usize = 200;

/// Whether a build packs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    /// It does, or may.
    Yes,
    /// Nothing says so, and it cannot be told without running the build.
    NotKnown,
    /// It does not.
    No,
}

/// What is packed.
#[derive(Debug, Default)]
pub(super) struct Installed {
    plan: Plan,
    /// What an earlier build noted, where it noted something.
    listed: Option<FxHashSet<String>>,
}

/// What the files say that the build reads.
#[derive(Debug, Default)]
struct Plan {
    /// Modules and folders at the top, in small letters: some systems know no others.
    modules: FxHashSet<String>,
    /// Packages that are looked for.
    searches: Vec<Search>,
    /// Folders that modules lie in, beside the usual ones.
    roots: Vec<String>,
    /// All of it is packed.
    everything: bool,
    /// Something says what is packed.
    said: bool,
    /// Something says it in a way that is not read.
    unclear: bool,
    /// Code of the archive that runs at build may add to it.
    may_add: bool,
}

/// A search for packages, by the names of modules at the top of some folders.
#[derive(Debug, Default)]
struct Search {
    /// The folders, as they stand in the archive; empty for its top.
    folders: Vec<String>,
    /// Patterns of which one must match, where there are some.
    include: Vec<String>,
    /// Patterns of which none may match.
    exclude: Vec<String>,
    /// Folders without an `__init__.py` count as well.
    namespaces: bool,
    /// What is looked for.
    of: Of,
}

/// What a search is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Of {
    /// Folders and single files.
    #[default]
    Both,
    /// Packages, which are folders.
    Folders,
    /// Modules of one file.
    Files,
}

impl Installed {
    /// What the files of a source distribution say.
    pub(super) fn of(package: &Package) -> Self {
        let manifest = table(package, "pyproject.toml");
        let mut plan = Plan::default();
        if !backend::read(package, manifest.as_ref(), &mut plan) {
            setuptools::read(package, manifest.as_ref(), &mut plan);
        }
        let patterns = |search: &Search| {
            search.folders.len() * (1 + search.include.len() + search.exclude.len())
        };
        let all: usize = plan.searches.iter().map(patterns).sum();
        plan.everything |= all + plan.roots.len() > PATTERNS;
        Self {
            plan,
            listed: top_level(package),
        }
    }

    /// Whether a file is packed.
    pub(super) fn packed(&self, package: &Package, path: &str) -> Packed {
        let module = top_module(path);
        let listed = self.listed.as_ref().map(|all| all.contains(module));
        if listed == Some(true) || self.plan.names(package, path, module) {
            return Packed::Yes;
        }
        match (self.plan.unclear, listed) {
            (true, None) => Packed::Yes,
            (true, Some(_)) => Packed::NotKnown,
            (false, _) if self.plan.may_add => Packed::NotKnown,
            (false, _) => Packed::No,
        }
    }
}

impl Plan {
    fn names(&self, package: &Package, path: &str, module: &str) -> bool {
        let is_in = |root: &String| {
            path.strip_prefix(root.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.everything
            || self.roots.iter().any(is_in)
            || self.modules.contains(&module.to_ascii_lowercase())
            || self
                .searches
                .iter()
                .any(|search| search.takes(package, path))
    }

    /// Takes a path of the archive as packed.
    fn path(&mut self, path: &str) {
        let path = folder_of(path);
        let module = top_module(&path);
        let is_open = module.contains(['*', '?', '[']);
        let within = ["src", "lib"].into_iter().find(|folder| {
            let inner = path.strip_prefix(folder);
            inner.is_some_and(|inner| inner.is_empty() || inner.starts_with('/') && is_open)
        });
        if let Some(folder) = within {
            self.searches.push(Search {
                folders: vec![folder.to_owned()],
                namespaces: true,
                ..Search::default()
            });
        } else if is_open || path.is_empty() || path.starts_with(['*', '?', '[']) {
            self.everything = true;
        } else {
            self.modules.insert(module.to_ascii_lowercase());
        }
    }

    /// Takes a module by its dotted name as packed.
    fn module(&mut self, name: &str) {
        let first = name.split('.').next().unwrap_or(name);
        self.modules.insert(first.to_ascii_lowercase());
    }

    /// Takes everything in a folder as packed. The usual ones are known by their modules.
    fn root(&mut self, folder: &str) {
        let folder = folder_of(folder);
        if !matches!(folder.as_str(), "" | "src" | "lib") {
            self.roots.push(folder);
        }
    }
}

impl Search {
    fn takes(&self, package: &Package, path: &str) -> bool {
        self.folders.iter().any(|folder| {
            let inner = match folder.as_str() {
                "" => Some(path),
                folder => path
                    .strip_prefix(folder)
                    .and_then(|inner| inner.strip_prefix('/')),
            };
            let fits = |inner: &str| match self.of {
                Of::Both => true,
                Of::Folders => inner.contains('/'),
                Of::Files => !inner.contains('/'),
            };
            inner
                .is_some_and(|inner| fits(inner) && self.takes_in(package, folder, first_of(inner)))
        })
    }

    fn takes_in(&self, package: &Package, folder: &str, module: &str) -> bool {
        // Sets of signs are not read: they let everything in, and keep nothing out.
        let lets_in = |pattern: &String| {
            let first = pattern.split('.').next().unwrap_or(pattern);
            pattern.contains('[') || is_like(first, module)
        };
        let keeps_out = |pattern: &String| !pattern.contains('[') && is_like(pattern, module);
        let is_package = || {
            let first = join(folder, &format!("{module}/__init__.py"));
            package.find(&first).is_some()
        };
        (self.include.is_empty() || self.include.iter().any(lets_in))
            && !self.exclude.iter().any(keeps_out)
            && (self.namespaces || is_package())
    }
}

/// A folder as it stands in paths of the archive.
fn folder_of(written: &str) -> String {
    crate::unpack::plain(written)
}

/// Whether a name fits a pattern with `*` and `?`, as shells and setuptools read it.
fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from) = (0, 0);
    // The last `*`, and what of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(sign) if *sign == '?' || *sign == name[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((before, taken)) => {
                    star = Some((before, taken + 1));
                    at = before + 1;
                    from = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|sign| *sign == '*'))
}

/// The module at the top that a path belongs to.
fn top_module(path: &str) -> &str {
    let inner = path
        .strip_prefix("src/")
        .or_else(|| path.strip_prefix("lib/"))
        .unwrap_or(path);
    first_of(inner)
}

/// The module that a path below a folder belongs to.
fn first_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".py").unwrap_or(first)
}

/// A file of settings.
pub(super) fn table(package: &Package, path: &str) -> Option<toml::Table> {
    let id = package.find(path)?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?).into_owned();
    text.parse().ok()
}

/// The modules that setuptools noted as installed, where it made the archive.
fn top_level(package: &Package) -> Option<FxHashSet<String>> {
    let id = package
        .ids()
        .find(|id| package.file(*id).path.ends_with(".egg-info/top_level.txt"))?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?).into_owned();
    let names: FxHashSet<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    (!names.is_empty()).then_some(names)
}
