//! Does a map of Plug'n'Play lead to what the lockfile names?
//!
//! Whatever the map says is used, so each of its entries is held against the lockfile: that there
//! is such a package; that it lies in a zip with the bytes that are promised, or in a folder that
//! is compared; and that each package gets those others that the lockfile gives it.

use super::super::Tree;
use crate::artifact::digest_of;
use crate::tree::disk::There;
use customs_ecosystem::lockfile::places::{Placed, link_target};
use customs_ecosystem::lockfile::{Ask, Graph, Importer};
use customs_ecosystem::npm::Machine;
use customs_ecosystem::npm::pnp::{PnpAsk, PnpMap, PnpPackage, PnpTarget, patched, real_reference};
use customs_model::{Digest, printable};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Zips that were hashed, by their real path.
pub(in crate::tree::npm) type Hashed = HashMap<PathBuf, Digest>;

/// Sentences of one sort that are told; how many more there are is said.
const TOLD: usize = 10;

/// What Yarn leaves to Node where no setting says otherwise: its kits for editors.
const IGNORED: &str =
    r"(^(?:\.yarn\/sdks(?:\/(?!\.{1,2}(?:\/|$))(?:(?:(?!(?:^|\/)\.{1,2}(?:\/|$)).)*?)|$))$)";

/// What is to be said of a map. Safe to print.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Where it says something else than the lockfile.
    pub wrong: Vec<String>,
    /// What could not be compared.
    pub open: Vec<String>,
}

/// What the project says in its own files.
pub(super) struct Settings {
    /// Names that `resolutions` of the manifest are about.
    pub resolved: BTreeSet<String>,
    /// `.yarnrc.yml` names files that the map does not count for.
    pub ignores: bool,
}

/// Holds a map against the lockfile and the disk.
pub(super) fn judge(
    tree: &Tree<'_>,
    graph: &Graph,
    map: &PnpMap,
    own: &Settings,
    hashed: &Hashed,
) -> Judged {
    let mut judge = Judge::new(tree, graph, own, hashed);
    if map.ignored.as_deref().is_some_and(|files| files != IGNORED) && !own.ignores {
        let wrong = "it does not count for files that no setting of the project names";
        judge.wrong.push(wrong.to_owned());
    }
    for package in &map.packages {
        judge.package(package);
    }
    for ask in &map.fallback {
        judge.ask("everybody", None, ask);
    }
    judge.absent(map);
    Judged {
        wrong: judge.wrong.told(),
        open: judge.open.told(),
    }
}

/// Sentences, as many as are told, each once.
#[derive(Default)]
struct Sentences {
    told: BTreeSet<String>,
    more: usize,
}

impl Sentences {
    fn push(&mut self, sentence: String) {
        if self.told.len() < TOLD {
            self.told.insert(sentence);
        } else if !self.told.contains(&sentence) {
            self.more += 1;
        }
    }

    fn told(self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("and {} more of that sort", self.more));
        self.told.into_iter().chain(more).collect()
    }
}

/// Who gets something.
enum Who<'a> {
    /// The project or a member.
    Member(&'a Importer),
    /// A package, by its number.
    Package(usize),
}

struct Judge<'a> {
    tree: &'a Tree<'a>,
    graph: &'a Graph,
    own: &'a Settings,
    /// Packages by `name@reference`.
    by_resolution: HashMap<&'a str, usize>,
    members: HashMap<&'a str, &'a Importer>,
    placed: HashMap<(&'a str, &'a str), &'a Placed>,
    /// What somebody in the lockfile gets by a name.
    given: HashSet<(&'a str, &'a str)>,
    hashed: &'a Hashed,
    wrong: Sentences,
    open: Sentences,
}

impl<'a> Judge<'a> {
    fn new(tree: &'a Tree<'a>, graph: &'a Graph, own: &'a Settings, hashed: &'a Hashed) -> Self {
        let resolution = |at: usize| graph.packages.get(at)?.resolved.as_deref();
        let of_packages = graph.packages.iter().flat_map(|package| &package.asks);
        let of_members = graph.importers.iter().flat_map(|importer| &importer.asks);
        let given = of_packages.chain(of_members);
        Self {
            tree,
            graph,
            own,
            by_resolution: (0..graph.packages.len())
                .filter_map(|at| Some((resolution(at)?, at)))
                .collect(),
            members: graph
                .importers
                .iter()
                .map(|importer| (importer.path.as_str(), importer))
                .collect(),
            placed: tree
                .places
                .placed
                .iter()
                .filter_map(|placed| {
                    let name = placed.release.package.as_str();
                    Some(((name, placed.resolved.as_deref()?), placed))
                })
                .collect(),
            given: given
                .filter_map(|ask| Some((ask.name.as_str(), resolution(ask.to?)?)))
                .collect(),
            hashed,
            wrong: Sentences::default(),
            open: Sentences::default(),
        }
    }

    fn package(&mut self, package: &PnpPackage) {
        let (name, reference) = match (&package.name, &package.reference) {
            (Some(name), Some(reference)) => (name.as_str(), real_reference(reference)),
            // The project, as whoever starts a program sees it.
            (None, None) => return self.member(package, None, "."),
            (Some(_), None) | (None, Some(_)) => {
                let wrong = "it has a package without a name, or without a reference";
                return self.wrong.push(wrong.to_owned());
            }
        };
        if let Some(path) = reference.strip_prefix("workspace:") {
            return self.member(package, Some(name), path);
        }
        let spoken = spoken(name, reference);
        let resolution = format!("{name}@{reference}");
        let Some(&at) = self.by_resolution.get(resolution.as_str()) else {
            let wrong = format!("it has {spoken}, which the lockfile does not have");
            return self.wrong.push(wrong);
        };
        if reference.starts_with("link:") || reference.starts_with("portal:") {
            self.linked(&spoken, reference, &package.location);
        } else {
            let placed = self.placed.get(&(name, reference)).copied();
            self.located(&spoken, name, placed, &package.location);
        }
        for ask in &package.asks {
            let is_self = ask.name == name
                && ask.to.as_ref().is_some_and(|to| {
                    to.name == name && real_reference(&to.reference) == reference
                });
            if !is_self {
                self.ask(&spoken, Some(&Who::Package(at)), ask);
            }
        }
    }

    /// A folder of the project's own.
    fn member(&mut self, package: &PnpPackage, name: Option<&str>, path: &str) {
        let path = if path == "." { "" } else { path };
        let member = self.members.get(path).copied();
        let member = member.filter(|member| name.is_none() || member.name.as_deref() == name);
        let shown = printable(name.unwrap_or("the project"), 120);
        let Some(member) = member else {
            let wrong =
                format!("it has {shown} as a member, which the lockfile does not have there");
            return self.wrong.push(wrong);
        };
        if plain(&package.location).as_deref() != Some(path) {
            let location = printable(&package.location, 200);
            let wrong =
                format!("it takes {shown} from {location}, and the lockfile has it elsewhere");
            self.wrong.push(wrong);
        }
        for ask in &package.asks {
            let is_self = member.name.as_deref() == Some(&ask.name)
                && ask.to.as_ref().is_some_and(|to| {
                    to.name == ask.name && self.member_of(to) == Some(member.path.as_str())
                });
            if !is_self {
                self.ask(&shown, Some(&Who::Member(member)), ask);
            }
        }
    }

    /// A folder that is linked to.
    fn linked(&mut self, spoken: &str, reference: &str, location: &str) {
        let target = link_target(reference).and_then(|target| plain(&target));
        match (target, plain(location)) {
            (Some(target), Some(location)) if target == location => {}
            (None, Some(_)) => self.open.push(format!(
                "where {spoken} leads is not said by the lockfile in a way that is read"
            )),
            (Some(_) | None, _) => self.wrong.push(format!(
                "it takes {spoken} from {}, and the lockfile from elsewhere",
                printable(location, 200)
            )),
        }
    }

    /// A package in a zip, or in a folder that is compared.
    fn located(&mut self, spoken: &str, name: &str, placed: Option<&Placed>, location: &str) {
        let shown = printable(location, 200);
        let elsewhere = |why: &str| format!("it takes {spoken} from {shown}: {why}");
        let (Some(placed), Some(path)) = (placed, plain(location)) else {
            let why = "the lockfile has no such package, or Yarn writes no such path";
            return self.wrong.push(elsewhere(why));
        };
        if let Some((zip, inside)) = split_zip(&path) {
            if inside != format!("node_modules/{name}") {
                let why = "that is the inside of another package";
                return self.wrong.push(elsewhere(why));
            }
            let Some(archive) = &placed.archive else {
                let why = "the lockfile promises no digest of that zip";
                return self.open.push(elsewhere(why));
            };
            let zip = self.tree.project.join(zip);
            return match There::look(&zip) {
                There::Nothing => self.open.push(elsewhere("no zip lies there")),
                // One that is called so is read as a folder.
                there if there.is_folder() => self.wrong.push(elsewhere("that is a folder")),
                _ => self.zip(&zip, archive, &elsewhere),
            };
        }
        let installed = self.tree.layout.installed.get(&path);
        if installed.is_some_and(|one| one.placed.release == placed.release) {
            return;
        }
        let machine = Machine::here();
        let is_for_others = placed.platforms.restricts() && !placed.platforms.take(machine);
        match There::look(&self.tree.project.join(&path)) {
            _ if path.starts_with("../") => self.wrong.push(elsewhere(
                "that is a folder outside of the project, where nothing is compared",
            )),
            There::Nothing if is_for_others => {}
            There::Nothing => self.open.push(elsewhere("nothing lies there")),
            There::Entry(_) | There::Unknown => self.wrong.push(elsewhere(
                "that is no zip, and no folder that Yarn unpacks packages to",
            )),
        }
    }

    /// The bytes of a zip.
    fn zip(&mut self, zip: &Path, archive: &Digest, elsewhere: &dyn Fn(&str) -> String) {
        let known = std::fs::canonicalize(zip).ok();
        let known = known.and_then(|real| self.hashed.get(&real).cloned());
        match known.map_or_else(|| digest_of(zip, archive.algorithm()), Ok) {
            Ok(found) if found == *archive => {}
            Ok(_) => self.wrong.push(elsewhere(
                "that zip is not the one that the lockfile promises",
            )),
            Err(why) => {
                let why = printable(&why.to_string(), 200);
                self.open
                    .push(elsewhere(&format!("it cannot be read: {why}")));
            }
        }
    }

    /// Whether somebody gets what the lockfile gives.
    fn ask(&mut self, whom: &str, who: Option<&Who<'_>>, ask: &PnpAsk) {
        // A peer that nobody gives.
        let Some(to) = &ask.to else { return };
        let reference = real_reference(&to.reference);
        let target = format!("{}@{reference}", to.name);
        let is_there = match self.member_of(to) {
            Some(path) => {
                let member = self.members.get(path);
                member.is_some_and(|member| member.name.as_deref() == Some(&to.name))
            }
            None => self.by_resolution.contains_key(target.as_str()),
        };
        let sentence = |end: &str| {
            format!(
                "it gives {whom} {} as {}{end}",
                spoken(&to.name, reference),
                printable(&ask.name, 120)
            )
        };
        if !is_there {
            return self
                .wrong
                .push(sentence(", which the lockfile does not have"));
        }
        if self.own.resolved.contains(&ask.name) {
            return;
        }
        let own = who.and_then(|who| self.own_ask(who, &ask.name));
        let is_given = match own {
            Some(own) => self.gives(own, to, &target),
            // A peer: whoever is above gives it.
            None => self.is_given(&ask.name, to, &target),
        };
        match (is_given, own) {
            (true, _) => {}
            (false, Some(own)) if own.to.is_none() => self
                .open
                .push(sentence(", and what the lockfile gives cannot be told")),
            (false, _) => self
                .wrong
                .push(sentence(", and the lockfile another one, or none")),
        }
    }

    fn own_ask(&self, who: &Who<'_>, name: &str) -> Option<&'a Ask> {
        let graph: &'a Graph = self.graph;
        let asks: &'a [Ask] = match who {
            Who::Member(member) => &self.members.get(member.path.as_str())?.asks,
            Who::Package(at) => &graph.packages.get(*at)?.asks,
        };
        asks.iter().find(|ask| ask.name == name)
    }

    fn gives(&self, own: &Ask, to: &PnpTarget, target: &str) -> bool {
        let resolution = own
            .to
            .and_then(|at| self.graph.packages.get(at)?.resolved.as_deref());
        match resolution {
            // Yarn patches what is asked for by a range.
            Some(resolution) => {
                resolution == target || patched(&to.reference).as_deref() == Some(resolution)
            }
            // A member has no package of its own in the lockfile.
            None => self.member_of(to).is_some() && to.name == own.name,
        }
    }

    fn is_given(&self, name: &str, to: &PnpTarget, target: &str) -> bool {
        if self.member_of(to).is_some() {
            return to.name == name;
        }
        let patched = patched(&to.reference);
        self.given.contains(&(name, target))
            || patched.is_some_and(|inner| self.given.contains(&(name, inner.as_str())))
    }

    /// The folder of a member that something leads to.
    fn member_of<'t>(&self, to: &'t PnpTarget) -> Option<&'t str> {
        let path = real_reference(&to.reference).strip_prefix("workspace:")?;
        Some(if path == "." { "" } else { path })
    }

    /// What the lockfile has and the map has not.
    fn absent(&mut self, map: &PnpMap) {
        let named = map.packages.iter().filter_map(|package| {
            let reference = real_reference(package.reference.as_deref()?);
            Some((package.name.as_deref()?, reference))
        });
        let named: HashSet<(&str, &str)> = named.collect();
        // What is patched stands there in its patched form.
        let patched: HashSet<String> = named
            .iter()
            .filter_map(|(_, reference)| patched(reference))
            .collect();
        let machine = Machine::here();
        // In the order of the lockfile, so that the same ones are told each time.
        let mut absent: BTreeMap<&str, usize> = BTreeMap::new();
        for placed in &self.tree.places.placed {
            let reference = placed.resolved.as_deref().unwrap_or_default();
            let name = placed.release.package.as_str();
            let is_for_others = placed.platforms.restricts() && !placed.platforms.take(machine);
            let is_there = named.contains(&(name, reference))
                || patched.contains(&format!("{name}@{reference}"));
            if !is_there && !is_for_others {
                *absent.entry(name).or_default() += 1;
            }
        }
        if let Some((first, _)) = absent.first_key_value() {
            self.open.push(format!(
                "it does not have {} that the lockfile names, {} among them",
                match absent.len() {
                    1 => "1 package".to_owned(),
                    many => format!("{many} packages"),
                },
                printable(first, 120)
            ));
        }
    }
}

fn spoken(name: &str, reference: &str) -> String {
    let reference = reference.strip_prefix("npm:").unwrap_or(reference);
    printable(&format!("{name}@{reference}"), 160)
}

/// A path of the map, relative to the project, without `.` and with `..` only at its beginning; none
/// where it is none that Yarn writes. A virtual one leads to where the bytes lie.
fn plain(path: &str) -> Option<String> {
    let real = real_path(path)?;
    if real.starts_with('/') || real.contains(['\\', '\0', ':']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in real.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|last| *last == "..") => parts.push(part),
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `A/__virtual__/NAME-HASH/2/REST` is `REST` two folders above `A`. None where there are several, or the
/// number is none.
fn real_path(path: &str) -> Option<String> {
    let mark = ["/__virtual__/", "/$$virtual/"];
    let found = mark.iter().find_map(|mark| path.split_once(mark));
    let Some((above, rest)) = found else {
        return Some(path.to_owned());
    };
    let mut rest = rest.splitn(3, '/');
    let (_, depth, rest) = (rest.next()?, rest.next()?, rest.next()?);
    let depth: usize = depth.parse().ok().filter(|depth| *depth <= 64)?;
    if mark.iter().any(|mark| rest.contains(&mark[1..])) {
        return None;
    }
    Some(format!("{above}/{}{rest}", "../".repeat(depth)))
}

/// A zip, and the path in it.
fn split_zip(path: &str) -> Option<(&str, &str)> {
    let at = path.find(".zip/")?;
    Some((&path[..at + 4], &path[at + 5..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_path_leads_to_where_the_bytes_lie() {
        for (path, real) in [
            ("./", ""),
            ("./packages/a/", "packages/a"),
            (
                "../cache/a.zip/node_modules/a/",
                "../cache/a.zip/node_modules/a",
            ),
            (
                "./.yarn/__virtual__/a-virtual-0123456789/2/home/cache/a.zip/node_modules/a/",
                "../home/cache/a.zip/node_modules/a",
            ),
            (
                "./.yarn/__virtual__/a-virtual-0123456789/0/cache/a.zip/node_modules/a/",
                ".yarn/cache/a.zip/node_modules/a",
            ),
            ("./a/../../b", "../b"),
        ] {
            assert_eq!(plain(path).as_deref(), Some(real), "{path}");
        }
        for path in [
            "/etc",
            "C:/a",
            "a\\b",
            "./.yarn/__virtual__/a/x/b",
            "./.yarn/__virtual__/a",
            "./.yarn/__virtual__/a/0/__virtual__/b/0/c",
            "./.yarn/__virtual__/a/9999/b",
        ] {
            assert_eq!(plain(path), None, "{path}");
        }
    }

    #[test]
    fn the_first_zip_of_a_path_is_the_one_that_is_read() {
        assert_eq!(
            split_zip("c/a.zip/node_modules/b.zip/x"),
            Some(("c/a.zip", "node_modules/b.zip/x"))
        );
        assert_eq!(split_zip("c/a.zip"), None);
    }
}
