//! The record of a project, made of what `customs verify` found and of what lies on the disk.

use super::hash::{self, Hashed};
use super::home;
use super::list::{self, Listed};
use super::locked::{Lock, Locks, canonical};
use super::loose;
use super::notes::Notes;
use super::package::{self, Account};
use crate::verify::report::{Report, Subject};
use customs_device::clone;
use customs_device::tree::{PackageTree, TreeReport};
use customs_inclusion::limit;
use customs_inclusion::record::{Included, Record};
use customs_model::{Answer, Digest, Ecosystem, Known, ReleaseId, Standing, Timestamp, printable};
use customs_rules::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What else the record is made from.
pub struct Look<'a> {
    /// The folder that the report's paths are relative to.
    pub root: &'a Path,
    /// What people call the project. None: as its lockfile or its folder is called.
    pub project: Option<&'a str>,
    /// The instant that the record tells.
    pub made: Timestamp,
    /// When looking began, in nanoseconds since 1970: what was changed later is not what was
    /// compared.
    pub began: i128,
    /// The policy, whose exemptions are told.
    pub policy: &'a Policy,
    /// Cargo's home, out of which crates are compiled. None where it is not known.
    pub cargo: Option<&'a Path>,
}

/// Makes the record. What could not be looked at is in it.
pub fn of(report: &Report, look: &Look<'_>) -> Record {
    let mut notes = Notes::of(report);
    let locks = Locks::read(look.root, report, &mut notes.of_all);
    let mut packages = Packages::default();
    let mut loose_files = Vec::new();
    for subject in &report.subjects {
        let lock = locks.get(subject.lockfile.as_ref());
        let scene = Scene {
            look,
            subject,
            lock,
        };
        if let Some(tree) = &subject.installed {
            scene.installed(tree, &mut packages, &mut notes.of_tree);
            let folder = look.root.join(&subject.folder);
            let loose = loose::of(&folder, &subject.folder, tree, look.cargo);
            loose_files.extend(loose.files);
            notes.of_tree.extend(loose.notes);
            notes.of_tree.extend(tree.not_checked.iter().cloned());
        }
    }
    // A lockfile may have several trees: an environment beside it, and a folder of its own.
    for subject in &report.subjects {
        let lock = locks.get(subject.lockfile.as_ref());
        let scene = Scene {
            look,
            subject,
            lock,
        };
        scene.absent(&mut packages);
    }
    let commit = commit(look.root, &mut notes.of_none);
    let (not_checked, touches) = notes.told();
    Record {
        schema: Record::SCHEMA,
        project: name(look, &locks),
        commit,
        made: look.made,
        lockfiles: locks.digests,
        packages: packages.all(),
        loose: loose_files,
        not_checked,
        touches,
    }
    .sorted()
}

/// What a package is judged by: its subject, and the lockfile of that.
struct Scene<'a> {
    look: &'a Look<'a>,
    subject: &'a Subject,
    lock: Option<&'a Lock>,
}

impl Scene<'_> {
    fn installed(&self, tree: &TreeReport, packages: &mut Packages, notes: &mut Vec<String>) {
        let folder = self.look.root.join(&self.subject.folder);
        let mut listed = list::all(&folder, tree, self.look.cargo);
        let room = limit::FILES.saturating_sub(packages.files);
        let left_out = bound(&mut listed, room);
        if left_out > 0 {
            notes.push(format!(
                "{left_out} files are not listed: a record has at most {}",
                limit::FILES
            ));
        }
        let files: Vec<(&Path, &str)> = listed
            .iter()
            .flat_map(|one| {
                one.files
                    .iter()
                    .map(|file| (one.folder.as_path(), file.as_str()))
            })
            .collect();
        packages.files += files.len();
        let mut hashed = hash::all(&files).into_iter();
        for (package, listed) in tree.packages.iter().zip(&listed) {
            let hashed: Vec<std::io::Result<Hashed>> =
                hashed.by_ref().take(listed.files.len()).collect();
            packages.add(self.one(package, listed, hashed), self.subject);
        }
    }

    fn one(
        &self,
        tree: &PackageTree,
        listed: &Listed,
        hashed: Vec<std::io::Result<Hashed>>,
    ) -> Included {
        let account = Account::of(tree, listed, hashed, self.look.began);
        let release = canonical(&tree.release);
        let promise = self.lock.and_then(|lock| lock.promise(&release));
        let compared = package::compared(tree);
        let artifact = package::artifact(promise, compared.map(|(digest, _)| digest));
        let origin = package::origin_of(self.subject, &tree.release, &artifact);
        Included {
            places: match listed.is_absent {
                true => Vec::new(),
                false => vec![self.place(tree, listed)],
            },
            artifact_from: compared.map(|(_, from)| from.to_owned()),
            files: account.files,
            depends_on: self.depends_on(&release),
            tree: account.answer,
            origin: package::origin(origin),
            verdict: package::verdict(origin),
            exemptions: self.exemptions(&release, &artifact),
            artifact,
            release,
        }
    }

    /// Where it lies, from the folder that was asked about.
    fn place(&self, tree: &PackageTree, listed: &Listed) -> String {
        let folder = &self.subject.folder;
        let site = || {
            let inside = listed
                .folder
                .strip_prefix(self.look.root.join(folder))
                .ok()?;
            Some(inside.to_string_lossy().into_owned())
        };
        let place = match tree.release.package.ecosystem() {
            Ecosystem::PyPi => site().unwrap_or_else(|| tree.place.clone()),
            Ecosystem::Npm | Ecosystem::Cargo => tree.place.clone(),
        };
        if home::is_of_home(&place) {
            return place;
        }
        match below(folder, &place) {
            place if place.is_empty() => ".".to_owned(),
            place => place,
        }
    }

    /// What the lockfile has and no tree of this run.
    fn absent(&self, packages: &mut Packages) {
        let because = match &self.subject.tree {
            Answer::NotChecked(because) if self.subject.installed.is_none() => because.clone(),
            Answer::Yes | Answer::No | Answer::NotChecked(_) => "it is not installed here".into(),
        };
        for (release, promise) in self.lock.iter().flat_map(|lock| &lock.promises) {
            if packages.has(release, self.subject) {
                continue;
            }
            let artifact: Vec<_> = promise.digests.iter().cloned().collect();
            let origin = package::origin_of(self.subject, release, &artifact);
            let package = Included {
                release: release.clone(),
                places: Vec::new(),
                artifact_from: None,
                files: Vec::new(),
                depends_on: self.depends_on(release),
                tree: Answer::not_checked(because.clone()),
                origin: package::origin(origin),
                verdict: package::verdict(origin),
                exemptions: self.exemptions(release, &artifact),
                artifact,
            };
            packages.add(package, self.subject);
        }
    }

    fn depends_on(&self, release: &ReleaseId) -> Vec<ReleaseId> {
        let promise = self.lock.and_then(|lock| lock.promise(release));
        promise.map_or_else(Vec::new, |one| one.depends_on.iter().cloned().collect())
    }

    fn exemptions(&self, release: &ReleaseId, digests: &[Digest]) -> Vec<String> {
        let exemptions = self.look.policy.exemptions().iter();
        exemptions
            .filter(|one| one.is_about(release, digests, self.look.made))
            .map(customs_rules::Exemption::line_of_record)
            .collect()
    }
}

/// The packages so far: those of which everything but the place is the same are one.
#[derive(Default)]
struct Packages {
    by_release: BTreeMap<ReleaseId, Vec<Included>>,
    /// What was installed from, or is locked in, which lockfile.
    seen: BTreeSet<(ReleaseId, Option<String>)>,
    files: usize,
}

impl Packages {
    fn add(&mut self, package: Included, subject: &Subject) {
        self.seen
            .insert((package.release.clone(), subject.lockfile.clone()));
        let accounts = self.by_release.entry(package.release.clone()).or_default();
        let same = accounts.iter_mut().find(|other| is_same(other, &package));
        match same {
            Some(other) => other.places.extend(package.places),
            None => accounts.push(package),
        }
    }

    fn has(&self, release: &ReleaseId, subject: &Subject) -> bool {
        self.seen
            .contains(&(release.clone(), subject.lockfile.clone()))
    }

    fn all(self) -> Vec<Included> {
        self.by_release.into_values().flatten().collect()
    }
}

/// Whether two accounts differ in nothing but the places. What is not installed is no place of
/// what is.
fn is_same(a: &Included, b: &Included) -> bool {
    a.places.is_empty() == b.places.is_empty()
        && a.artifact == b.artifact
        && a.artifact_from == b.artifact_from
        && a.files == b.files
        && a.depends_on == b.depends_on
        && a.tree == b.tree
        && a.origin == b.origin
        && a.verdict == b.verdict
        && a.exemptions == b.exemptions
}

/// Takes away files beyond so many, and gives their number.
fn bound(listed: &mut [Listed], most: usize) -> usize {
    let (mut room, mut left_out) = (most, 0);
    for one in listed {
        let over = one.files.len().saturating_sub(room);
        if over > 0 {
            one.files.truncate(room);
            one.because = Some("the record has no room for more files".into());
            left_out += over;
        }
        room -= one.files.len();
    }
    left_out
}

/// A path of a subject, from the folder that was asked about.
pub fn below(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("" | ".", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

fn name(look: &Look<'_>, locks: &Locks) -> String {
    let folder = || {
        look.root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    look.project
        .or_else(|| locks.name())
        .map(str::to_owned)
        .or_else(folder)
        .unwrap_or_else(|| "project".to_owned())
}

fn commit(root: &Path, notes: &mut Vec<String>) -> Option<String> {
    match clone::head(root) {
        Ok(head) => head?.commit.map(|id| id.to_string()),
        Err(error) => {
            notes.push(format!(
                "which commit is checked out: {}",
                printable(&error.to_string(), 300)
            ));
            None
        }
    }
}

/// Nothing is known of a verdict.
pub(super) fn no_verdict() -> Known<Standing> {
    Known::not_known("nobody has read its code here; customs inspect does")
}
