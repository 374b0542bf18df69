use super::folder::{self, Folder};
use super::list::{self, LIST};
use super::obeyed::Obeyed;
use super::overrides;
use super::repository;
use super::{checksum, file_stem, of_cargo, sources};
use crate::artifact::{Poisoned, Source};
use crate::tree::disk::{self, Found, FoundEntry, FoundKind, There};
use crate::tree::memory::{self, Memory};
use crate::tree::seen::{Facts, Remembered, fingerprint};
use crate::tree::{
    Comparer, Difference, DifferenceKind, Options, PackageTree, Standing, TreeReport, each,
};
use customs_ecosystem::lockfile::{self, Locked};
use customs_model::{Answer, Ecosystem, PackageName, ReleaseId, Version, printable};
use std::collections::BTreeSet;
use std::path::Path;

/// Crates of one vendor folder that are looked at.
const CRATES: usize = 50_000;

/// Checks the vendored crates of a project: the folders that `.cargo/config.toml` puts in the place
/// of a registry, and `vendor`; and the folders of its `paths`. Paths are relative to the project.
pub fn check_vendor(project: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let memory = Memory::open(options, project, memory::digest_of(locked), &mut report);
    let check = Check {
        project,
        sources: sources(options),
        entries: of_cargo(locked),
        memory: &memory,
        options,
    };
    let obeyed = Obeyed::of(project, options.caches.cargo_home.as_deref());
    let folders = check.folders(&obeyed, &mut report);
    let places: Vec<(String, String)> = folders
        .iter()
        .flat_map(|folder| check.crates(folder, &mut report))
        .collect();
    let mut remember = Vec::new();
    let mut there = BTreeSet::new();
    for one in each(&places, options.threads, |(place, name)| {
        check.crate_at(place, name)
    }) {
        let Some(mut one) = one else { continue };
        there.extend(one.locked);
        report.not_checked.append(&mut one.notes);
        report.poisoned.append(&mut one.poisoned);
        report.packages.extend(one.tree);
        report.unchanged += u64::from(one.unchanged);
        remember.extend(one.remember);
    }
    if !folders.is_empty() {
        report.not_checked.extend(check.absent(&there));
    }
    overrides::check(
        project,
        &obeyed,
        &check.entries,
        &check.sources,
        &mut report,
    );
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    report.not_checked.sort();
    report.not_checked.dedup();
    report.poisoned.sort();
    report.poisoned.dedup();
    let places: BTreeSet<String> = report.packages.iter().map(|p| p.place.clone()).collect();
    memory.keep(remember, &places, &mut report);
    report
}

struct Check<'a> {
    project: &'a Path,
    entries: Vec<&'a Locked>,
    sources: Vec<Box<dyn Source>>,
    memory: &'a Memory,
    options: &'a Options,
}

/// What was found of one folder.
#[derive(Default)]
struct One {
    tree: Option<PackageTree>,
    /// The locked release that it is.
    locked: Option<ReleaseId>,
    notes: Vec<String>,
    poisoned: Vec<Poisoned>,
    unchanged: bool,
    /// Of what lies there, where it can be remembered.
    print: Option<String>,
    remember: Option<(String, Remembered)>,
}

impl<'a> Check<'a> {
    /// The vendor folders, sorted.
    fn folders(&self, obeyed: &Obeyed, report: &mut TreeReport) -> Vec<String> {
        for (path, why) in &obeyed.unread {
            report.not_checked.push(format!(
                "{path}: {why}; whether it puts a folder in the place of a registry is not known"
            ));
        }
        let mut found = BTreeSet::new();
        for (file, folder) in obeyed.folders() {
            if file.is_own {
                found.insert(folder.to_owned());
                continue;
            }
            // It counts for every project below, and lies outside of this one.
            report.not_checked.push(format!(
                "{}: it puts a folder in the place of a registry; what lies there is compiled, and was not \
                 looked at: check it from that folder",
                printable(&file.path.to_string_lossy(), 200)
            ));
        }
        if self.project.join("vendor").is_dir() {
            found.insert("vendor".to_owned());
        }
        let named: BTreeSet<String> = found
            .iter()
            .map(|folder| {
                folder
                    .trim_start_matches("./")
                    .trim_end_matches('/')
                    .to_owned()
            })
            .collect();
        named.into_iter().collect()
    }

    /// The crates of a vendor folder, by their places and names, sorted.
    fn crates(&self, folder: &str, report: &mut TreeReport) -> Vec<(String, String)> {
        let root = self.project.join(folder);
        let names = root.read_dir().and_then(|entries| {
            let names = entries
                .take(CRATES + 1)
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect::<std::io::Result<Vec<String>>>()
        });
        let mut names = match names {
            Ok(names) => names,
            Err(why) => {
                let shown = printable(folder, 200);
                report.not_checked.push(format!(
                    "{shown}: it cannot be read, or is not there: {why}"
                ));
                let unseen = Difference::new(folder, DifferenceKind::Unreadable);
                report.loose.push(unseen);
                return Vec::new();
            }
        };
        names.sort();
        if names.len() > CRATES {
            names.truncate(CRATES);
            report.not_checked.push(format!(
                "{}: more than {CRATES} crates are not looked at",
                printable(folder, 200)
            ));
            let unseen = Difference::new(folder, DifferenceKind::Unreadable);
            report.loose.push(unseen);
        }
        let (mut crates, mut files) = (Vec::new(), Vec::new());
        for name in names {
            let place = match folder {
                "" => name.clone(),
                folder => format!("{folder}/{name}"),
            };
            let kind = match There::look(&self.project.join(&place)) {
                There::Entry(there) if there.kind == FoundKind::Folder => {
                    crates.push((place, name));
                    continue;
                }
                There::Entry(there) if there.kind == FoundKind::File => {
                    files.push((place, there));
                    continue;
                }
                // A name that is no text, or gone meanwhile.
                There::Nothing | There::Unknown => DifferenceKind::Unreadable,
                // cargo follows a link, to what nobody compares.
                There::Entry(_) => DifferenceKind::OtherType,
            };
            report.loose.push(Difference::new(place, kind));
        }
        let is_crate = |(place, _): &(String, String)| {
            let folder = self.project.join(place);
            There::look(&folder.join(LIST)) != There::Nothing
        };
        // A folder of this name may be another tool's.
        if crates.iter().any(is_crate) {
            self.beside(files, report);
        }
        crates
    }

    /// Files beside the crates. cargo reads folders only; a build may read anything.
    fn beside(&self, files: Vec<(String, FoundEntry)>, report: &mut TreeReport) {
        let mut comparer = Comparer::new(self.project);
        for (place, there) in files {
            let mut difference = comparer.extra(&place, &place, There::Entry(there));
            if difference.kind == DifferenceKind::Extra && !there.runs_as_owner() {
                difference.standing = Standing::MadeHere {
                    maker: "somebody; cargo itself reads only the folders of crates".to_owned(),
                    pinned: None,
                };
            }
            report.loose.push(difference);
        }
        report.not_checked.append(&mut comparer.notes);
    }

    /// One folder; none where cargo passes over it.
    fn crate_at(&self, place: &str, name: &str) -> Option<One> {
        let root = self.project.join(place);
        // cargo passes over folders that start with a dot and those without a manifest, which
        // version control leaves behind.
        if name.starts_with('.') || There::look(&root.join("Cargo.toml")) == There::Nothing {
            return None;
        }
        let named = folder::named(&root);
        let entry = self.entry_of(&root, name, named.as_ref());
        let mut one = One::default();
        let release = match entry {
            Some(entry) => {
                one.locked = Some(entry.release.clone());
                entry.release.clone()
            }
            None => match release(named) {
                Some(release) => release,
                None => {
                    one.notes.push(format!(
                        "{}: its Cargo.toml names no release",
                        printable(place, 200)
                    ));
                    return Some(one);
                }
            },
        };
        let mut tree = PackageTree::new(release, place);
        match disk::walk(&root, &BTreeSet::new()) {
            Ok(found) => self.look(&root, &found, entry, &mut tree, &mut one),
            Err(why) => tree
                .open
                .push(format!("its folder cannot be looked through: {why}")),
        }
        tree.judge();
        // What came with it would be forgotten.
        let alone = one.poisoned.is_empty() && one.notes.is_empty();
        if !one.unchanged && tree.answer == Answer::Yes && alone {
            let what = Remembered::Package(Box::new(tree.clone()), Facts::default());
            one.remember = one.print.take().map(|print| (print, what));
        }
        one.tree = Some(tree);
        Some(one)
    }

    /// The locked release of a folder: by its manifest, or, where that names another one, by the
    /// folder's own name.
    fn entry_of(
        &self,
        root: &Path,
        folder: &str,
        named: Option<&(String, String)>,
    ) -> Option<&'a Locked> {
        let mut by_manifest = self
            .entries
            .iter()
            .filter(|entry| {
                let release = &entry.release;
                named.is_some_and(|(name, version)| {
                    release.package.as_str() == name && release.version.as_str() == version
                })
            })
            .peekable();
        let Some(first) = by_manifest.peek().copied().copied() else {
            let by_folder = self.entries.iter().find(|entry| {
                file_stem(entry) == folder || entry.release.package.as_str() == folder
            });
            return by_folder.copied();
        };
        // Two registries may have the same release: the list says which of them it claims to be.
        let claimed = list::read(root).ok().and_then(|list| list.package);
        let bound = by_manifest.find(|entry| checksum(entry) == claimed.as_ref());
        Some(bound.copied().unwrap_or(first))
    }

    fn look(
        &self,
        root: &Path,
        found: &Found,
        entry: Option<&Locked>,
        tree: &mut PackageTree,
        one: &mut One,
    ) {
        let depends: [&[u8]; 2] = [tree.place.as_bytes(), b"vendored"];
        let print = fingerprint(found, &depends, self.options.now);
        if let Some(Remembered::Package(known, _)) = self.memory.look(&tree.place, print.as_deref())
            && known.release == tree.release
        {
            *tree = PackageTree::clone(known);
            one.unchanged = true;
            return;
        }
        one.print = print;
        match entry {
            Some(entry) => self.package(&Folder { root, found, entry }, tree, one),
            None => unlocked(root, found, tree),
        }
    }

    fn package(&self, folder: &Folder<'_>, tree: &mut PackageTree, one: &mut One) {
        let (root, entry) = (folder.root, folder.entry);
        tree.decoy = folder::decoy(root, &entry.release);
        let Ok(list) = list::read(root) else {
            // cargo refuses such a folder; what is compiled from it is not known.
            tree.open.push(format!("its {LIST} cannot be read"));
            tree.differences = vec![list::wrong(root, folder.found, None)];
            return;
        };
        let why = match (entry.source, checksum(entry)) {
            (lockfile::Source::Git, _) => {
                let home = self.options.caches.cargo_home.as_deref();
                match repository::against_commit(folder, &list, home, tree) {
                    Ok(()) => return,
                    Err(why) => why,
                }
            }
            (lockfile::Source::Url, _) => {
                "it comes from an address of its own, of which there is no artifact".to_owned()
            }
            (_, None) => "Cargo.lock promises no digest of it".to_owned(),
            (_, Some(promised)) => match folder.artifact(&self.sources, &mut one.poisoned) {
                Ok((of, against)) => {
                    list::against_crate(folder, &of, &list, promised, tree);
                    tree.against = Some(against);
                    return;
                }
                Err(why) => why,
            },
        };
        list::against_own(folder, &list, &why, tree);
        let promised = checksum(entry).filter(|_| entry.source == lockfile::Source::Registry);
        if promised.is_some() && list.package.as_ref() != promised {
            tree.differences
                .push(list::wrong(root, folder.found, promised));
            tree.differences.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }

    fn absent(&self, there: &BTreeSet<ReleaseId>) -> Option<String> {
        let absent = self
            .entries
            .iter()
            .filter(|entry| !there.contains(&entry.release))
            .count();
        (absent > 0).then(|| format!("{absent} locked crates are not vendored here"))
    }
}

fn release(named: Option<(String, String)>) -> Option<ReleaseId> {
    let (name, version) = named?;
    let name = PackageName::new(Ecosystem::Cargo, &name).ok()?;
    Some(ReleaseId::new(name, Version::new(&version).ok()?))
}

/// A crate that Cargo.lock does not name: cargo does not compile it today.
fn unlocked(root: &Path, found: &Found, tree: &mut PackageTree) {
    let entry = Locked {
        release: tree.release.clone(),
        source: lockfile::Source::Registry,
        digests: Vec::new(),
        resolved: None,
        has_install_script: None,
        line: None,
    };
    let folder = Folder {
        root,
        found,
        entry: &entry,
    };
    match list::read(root) {
        Ok(list) => {
            list::against_own(&folder, &list, "Cargo.lock does not name it", tree);
        }
        Err(why) => tree.open.push(why),
    }
}
