use super::folder::{self, Folder};
use super::{checksum, file_stem, git, of_cargo, sources};
use crate::artifact::{Candidate, Form, Poisoned, Source, SourceError, Wanted, digest_of, is_file};
use crate::tree::disk::{self, There};
use crate::tree::memory::{self, Memory};
use crate::tree::seen::{Facts, Remembered, fingerprint};
use crate::tree::{Difference, DifferenceKind, Options, PackageTree, TreeReport, each};
use customs_ecosystem::lockfile::{self, Locked};
use customs_model::{Answer, DigestAlgorithm, printable};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checks the sources that cargo unpacked below its home (`registry/src`), and the `.crate` files
/// that it keeps (`registry/cache`), of everything that a lockfile names, and what it checked out of
/// repositories (`git/checkouts`). Paths are relative to the home.
pub fn check_registry(home: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let entries = of_cargo(locked);
    let memory = Memory::open(options, home, memory::digest_of(locked), &mut report);
    let check = Check {
        home,
        indexes: indexes(home, &mut report),
        sources: sources(options),
        memory: &memory,
        options,
    };
    let (mut jobs, mut of_repositories) = (Vec::new(), Vec::new());
    for entry in entries {
        use lockfile::Source;
        match entry.source {
            Source::Registry => jobs.push(entry),
            Source::Git => of_repositories.push(entry),
            Source::Url | Source::Path | Source::Bundled => {
                report.not_checked.push(format!(
                    "{}: cargo keeps no artifact of what comes from there",
                    entry.release.spoken()
                ));
            }
        }
    }
    report.extend(git::check(home, &of_repositories, options));
    let found = each(&jobs, options.threads, |entry| check.entry(entry));
    let absent = found.iter().filter(|found| found.is_absent()).count();
    let mut remember = Vec::new();
    for mut one in found {
        report.packages.append(&mut one.packages);
        report.loose.append(&mut one.loose);
        report.poisoned.append(&mut one.poisoned);
        report.not_checked.append(&mut one.notes);
        report.unchanged += one.unchanged;
        remember.append(&mut one.remember);
    }
    if absent > 0 {
        report
            .not_checked
            .push(format!("{absent} locked crates are not unpacked here"));
    }
    report.not_checked.sort();
    report.not_checked.dedup();
    report.poisoned.sort();
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    let places: BTreeSet<String> = report.packages.iter().map(|p| p.place.clone()).collect();
    memory.keep(remember, &places, &mut report);
    report
}

/// The folders of all indexes, sorted.
fn indexes(home: &Path, report: &mut TreeReport) -> Vec<String> {
    let mut found = BTreeSet::new();
    for place in ["registry/src", "registry/cache"] {
        let names = home.join(place).read_dir().and_then(|entries| {
            let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
            names.collect::<std::io::Result<Vec<Option<String>>>>()
        });
        match names {
            // A name that is no text is none that cargo gave.
            Ok(names) => found.extend(names.into_iter().flatten()),
            Err(why) if disk::is_absent(&why) => {}
            Err(why) => report
                .not_checked
                .push(format!("{place} cannot be read: {why}")),
        }
    }
    found.into_iter().collect()
}

struct Check<'a> {
    home: &'a Path,
    indexes: Vec<String>,
    sources: Vec<Box<dyn Source>>,
    memory: &'a Memory,
    options: &'a Options,
}

/// What was found of one entry.
#[derive(Default)]
struct One {
    packages: Vec<PackageTree>,
    loose: Vec<Difference>,
    poisoned: Vec<Poisoned>,
    notes: Vec<String>,
    unchanged: u64,
    remember: Vec<(String, Remembered)>,
    /// Something that is no folder lies where the sources should.
    is_odd: bool,
}

impl One {
    fn is_absent(&self) -> bool {
        self.packages.is_empty() && !self.is_odd
    }
}

impl Check<'_> {
    fn entry(&self, entry: &Locked) -> One {
        let stem = file_stem(entry);
        let mut one = One::default();
        let own = self.of_entry(entry);
        for index in &self.indexes {
            let place = format!("registry/src/{index}/{stem}");
            let cached = format!("registry/cache/{index}/{stem}.crate");
            let there = There::look(&self.home.join(&place));
            if !own.contains(&index.as_str()) && self.is_another(&place, &cached, entry, &mut one) {
                continue;
            }
            if there.is_folder() {
                self.package(&place, &cached, entry, &mut one);
                continue;
            }
            one.loose.extend(self.cached(&cached, entry));
            if there != There::Nothing {
                one.is_odd = true;
                let kind = match there {
                    There::Unknown => DifferenceKind::Unreadable,
                    There::Entry(_) | There::Nothing => DifferenceKind::OtherType,
                };
                one.loose.push(Difference::new(place, kind));
            }
        }
        one
    }

    /// The indexes of an entry's own host; all of them where none is named after it. Settings may put
    /// another registry in its place, so what lies in the others may be compiled as well.
    fn of_entry(&self, entry: &Locked) -> Vec<&str> {
        let host = entry
            .resolved
            .as_deref()
            .and_then(|address| address.split_once("://"))
            .and_then(|(_, rest)| rest.split(['/', ':', '?', '#']).next())
            .map(|host| format!("{host}-"));
        let all = || self.indexes.iter().map(String::as_str);
        let is_own = |index: &&str| host.as_deref().is_some_and(|host| index.starts_with(host));
        let own: Vec<&str> = all().filter(is_own).collect();
        match own.is_empty() {
            true => all().collect(),
            false => own,
        }
    }

    /// Whether what another registry's folders hold under the same name is not what Cargo.lock
    /// promises: a release of its own, which is no fault, or a changed copy. Nobody can tell, so it
    /// is said.
    fn is_another(&self, place: &str, cached: &str, entry: &Locked, one: &mut One) -> bool {
        let [sources, copy] = [place, cached].map(|at| There::look(&self.home.join(at)));
        if copy == There::Nothing {
            return sources == There::Nothing;
        }
        if self.cached(cached, entry).is_none() {
            return false;
        }
        one.notes.push(format!(
            "{}: it is of another registry, or was changed; if your settings put that registry in \
             the place of the one that Cargo.lock names, it is compiled, and was not compared",
            printable(cached, 300)
        ));
        true
    }

    /// The `.crate` beside the sources, where its bytes are not what Cargo.lock names: the next
    /// project gets them.
    fn cached(&self, place: &str, entry: &Locked) -> Option<Difference> {
        let promised = checksum(entry)?;
        let path = self.home.join(place);
        let there = There::look(&path);
        let (kind, found) = match there {
            There::Nothing => return None,
            There::Unknown => (DifferenceKind::Unreadable, None),
            There::Entry(_) if !there.is_file() => (DifferenceKind::OtherType, None),
            There::Entry(_) => match digest_of(&path, DigestAlgorithm::Sha256) {
                Ok(found) if found == *promised => return None,
                Ok(found) => (DifferenceKind::Modified, Some(found)),
                Err(_) => (DifferenceKind::Unreadable, None),
            },
        };
        Some(Difference {
            expected: Some(promised.clone()),
            found,
            ..Difference::new(place, kind)
        })
    }

    fn package(&self, place: &str, cached: &str, entry: &Locked, one: &mut One) {
        let root = self.home.join(place);
        let mut tree = PackageTree::new(entry.release.clone(), place);
        let mut found = match disk::walk(&root, &BTreeSet::new()) {
            Ok(found) => found,
            Err(why) => {
                let why = format!("its folder cannot be looked through: {why}");
                tree.open.push(why);
                tree.judge();
                one.loose.extend(self.cached(cached, entry));
                one.packages.push(tree);
                return;
            }
        };
        // The copy that cargo keeps is part of the answer.
        let kept = There::look(&self.home.join(cached));
        if let There::Entry(copy) = kept {
            found.roots.push(copy.stamp);
        }
        let depends: [&[u8]; 2] = [place.as_bytes(), b"crate"];
        let print = fingerprint(&found, &depends, self.options.now);
        if let Some(Remembered::Package(tree, _)) = self.memory.look(place, print.as_deref()) {
            one.packages.push(PackageTree::clone(tree));
            one.unchanged += 1;
            return;
        }
        tree.decoy = folder::decoy(&root, &entry.release);
        let folder = Folder {
            root: &root,
            found: &found,
            entry,
        };
        // The copy of the same registry first, where it is right.
        let own: Box<dyn Source> = Box::new(OwnCopy(self.home.join(cached)));
        let own = folder.artifact(&[own], &mut Vec::new());
        let poisoned = match own {
            Ok(_) => None,
            Err(_) => self.cached(cached, entry),
        };
        let artifact = own.or_else(|why| {
            let other = folder.artifact(&self.sources, &mut one.poisoned);
            // What is wrong with the copy that is there says more.
            other.map_err(|other| if kept == There::Nothing { other } else { why })
        });
        match artifact {
            Ok((of, against)) => {
                folder.compare(&of, &|_| None, &mut tree);
                tree.against = Some(against);
            }
            Err(why) => tree.open.push(why),
        }
        tree.judge();
        if let Some(print) = print
            && tree.answer == Answer::Yes
            && poisoned.is_none()
            // They would be forgotten.
            && one.poisoned.is_empty()
            && one.notes.is_empty()
        {
            let what = Remembered::Package(Box::new(tree.clone()), Facts::default());
            one.remember.push((print, what));
        }
        one.loose.extend(poisoned);
        one.packages.push(tree);
    }
}

/// The copy that cargo keeps of one folder's sources.
struct OwnCopy(PathBuf);

impl Source for OwnCopy {
    fn name(&self) -> &str {
        "cargo's cache"
    }

    fn find(&self, _: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        Ok(is_file(&self.0, self.name())?.then(|| Candidate {
            path: self.0.clone(),
            from: self.name().to_owned(),
            form: Form::Artifact,
        }))
    }
}
