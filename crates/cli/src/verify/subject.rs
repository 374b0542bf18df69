//! One project, asked the three questions.

use super::base::Base;
use super::copies::{self, Copies};
use super::discover::{Installed, Project};
use super::evidence::Evidence;
use super::lock::{Read, Unread};
use super::pins::{NewPin, Pins};
use super::report::{Only, Subject};
use super::root::Root;
use super::surroundings::Surroundings;
use super::tree::{self, Closely};
use crate::error::Failure;
use customs_ecosystem::lockfile::{Kind, Locked};
use customs_model::{Answer, Clock as _, SystemClock};
use customs_origin::lockfile::{Judgement, LockChange, Outcome, judge_artifacts, unreadable};
use customs_origin::roots::Age;
use std::collections::BTreeMap;

/// What is the same for all projects of a run.
pub(super) struct Run<'a> {
    /// Where it was asked.
    pub root: &'a Root,
    /// This machine and its user.
    pub around: &'a Surroundings,
    /// How closely to look at trees.
    pub closely: Closely,
    /// The pins of files that were made here.
    pub pins: &'a Pins,
    /// What is asked about origin, and of whom.
    pub evidence: &'a Evidence<'a>,
}

/// What came of one project.
pub(super) struct Asked {
    /// The answers.
    pub subject: Subject,
    /// What could be pinned.
    pub to_pin: Vec<NewPin>,
    /// How old the roots of trust are that were used.
    pub roots: Vec<Age>,
    /// What was not looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
    /// Which of that is of one question only.
    pub only: Only,
    /// What became of `customs.lock`. Safe to print.
    pub to_say: Vec<String>,
}

/// Asks about one project.
///
/// # Errors
/// `customs.lock` cannot be read or written, what should be accepted cannot be, or registries
/// cannot be asked at all.
pub(super) fn subject(
    run: &Run<'_>,
    project: &Project,
    read: Option<&Result<Read, Unread>>,
    base: Option<&mut Base>,
) -> Result<Asked, Failure> {
    let (locked_in, mut locked) = lockfile(run, project, read);
    let mut change = changed(project, read, base, &mut locked);
    let mut caches = (run.around.caches)(&project.folder);
    let (mut notes, mut only) = (Vec::new(), Only::default());
    let (mut entries, unread) = tree::beside(&project.installed);
    entries.extend(locked_in.iter().cloned());
    let mut installed = tree::check(project, &entries, &caches, run.closely);
    caches.promised = run.evidence.kept(&entries, installed.as_ref());
    if !caches.promised.is_empty() {
        installed = tree::check(project, &entries, &caches, run.closely);
    }
    let fetched = run
        .evidence
        .fetch(&entries, installed.as_ref(), &project.folder, &caches)?;
    if let Some(fetched) = fetched {
        let is_promised = !fetched.promised.is_empty();
        caches.promised.extend(fetched.promised);
        if fetched.fetched > 0 || is_promised {
            installed = tree::check(project, &entries, &caches, run.closely);
        }
        only.tree.extend(fetched.missing.iter().cloned());
        notes.extend(fetched.missing);
    }
    let mut to_pin = Vec::new();
    if let Some(installed) = &mut installed {
        copies::wrong(project, &entries, &caches, run.closely, installed);
        installed.not_checked.extend(unread);
        run.pins.apply(&project.folder, installed);
        installed.not_checked.extend(run.pins.gone(&project.folder));
        to_pin = run.pins.open(&project.folder, installed);
    }
    let tree = tree::answer(project, installed.as_ref());
    let origins = run
        .evidence
        .of(&locked_in, &project.folder, &caches, change.as_ref())?;
    if let Some(change) = &mut change {
        change.learn(&origins.facts, SystemClock.now());
        locked.not_checked.extend(change.scripts_unknown());
    }
    only.origin.extend(origins.not_checked.iter().cloned());
    notes.extend(origins.not_checked);
    let place = project.lockfile.as_ref().map(|(path, _)| path);
    if let Some(path) = place {
        let told = run.root.told(path);
        let more = run.evidence.promised(&told, &locked_in, &project.folder)?;
        locked.extend(more.unwrap_or_default());
        if let Some(Ok(read)) = read
            && (installed.is_none() || run.closely.copies != Copies::Used)
        {
            // Where a tree is, its files are held against the same artifacts.
            let deep = run.closely.deep;
            let (own, notes) =
                run.evidence
                    .own_manifests(&locked_in, &project.folder, path, &caches, deep)?;
            locked.extend(judge_artifacts(&told, &read.graph, &own));
            locked.not_checked.extend(notes);
        }
    }
    let subject = Subject {
        folder: run.root.told(&project.folder),
        lockfile: place.map(|path| run.root.told(path)),
        in_repository: run.root.in_repository(place.unwrap_or(&project.folder)),
        lines: lines(&locked_in),
        members: members(read),
        kind: kind(project),
        tree,
        installed,
        lock: lock_answer(&locked, change.as_ref()),
        locked,
        change,
        origin: origins.answer,
        packages: origins.packages,
        policy: None,
    };
    Ok(Asked {
        subject,
        to_pin,
        roots: origins.roots,
        not_checked: notes,
        only,
        to_say: origins.recorded,
    })
}

/// What the lockfile names, and what the rules say of it.
fn lockfile(
    run: &Run<'_>,
    project: &Project,
    read: Option<&Result<Read, Unread>>,
) -> (Vec<Locked>, Judgement) {
    let unread = |why: &str| Judgement {
        findings: Vec::new(),
        not_checked: vec![why.to_owned()],
    };
    match read {
        Some(Ok(read)) => (read.graph.lockfile.entries.clone(), read.judge()),
        // What no client can read locks nothing, and is no lockfile that anybody reviewed.
        Some(Err(why)) if why.broken.is_some() => {
            let path = project.lockfile.as_ref().map(|(path, _)| path);
            let told = run.root.told(path.unwrap_or(&project.folder));
            (Vec::new(), unreadable(&told, why.broken, &why.why))
        }
        Some(Err(why)) => (Vec::new(), unread(&why.why)),
        None => (Vec::new(), unread("no lockfile lies beside it")),
    }
}

fn changed(
    project: &Project,
    read: Option<&Result<Read, Unread>>,
    base: Option<&mut Base>,
    locked: &mut Judgement,
) -> Option<LockChange> {
    let (path, _) = project.lockfile.as_ref()?;
    let Some(Ok(read)) = read else { return None };
    match base?.lock(path, read) {
        Ok(change) => Some(change),
        Err(why) => {
            locked.not_checked.push(why);
            None
        }
    }
}

fn lock_answer(locked: &Judgement, change: Option<&LockChange>) -> Answer {
    let of_change = change.into_iter().flat_map(|change| &change.findings);
    match of_change
        .into_iter()
        .any(|finding| finding.outcome() == Outcome::Fails)
    {
        true => Answer::No,
        false => locked.answer(),
    }
}

fn lines(locked: &[Locked]) -> BTreeMap<customs_model::ReleaseId, u32> {
    let mut lines = BTreeMap::new();
    for entry in locked {
        if let Some(line) = entry.line {
            // The first of several places of one release.
            lines.entry(entry.release.clone()).or_insert(line);
        }
    }
    lines
}

fn members(read: Option<&Result<Read, Unread>>) -> Vec<String> {
    match read {
        Some(Ok(read)) => read.members(),
        Some(Err(_)) | None => Vec::new(),
    }
}

fn kind(project: &Project) -> String {
    let of_lock = project.lockfile.as_ref().map(|(_, kind)| match kind {
        Kind::PackageLock => "npm",
        Kind::PnpmLock => "pnpm",
        Kind::YarnClassic => "Yarn 1",
        Kind::YarnBerry => "Yarn",
        Kind::BunLock => "bun",
        Kind::UvLock => "uv",
        Kind::RequirementsTxt => "pip",
        Kind::PoetryLock => "Poetry",
        Kind::PylockToml => "Python",
        Kind::CargoLock => "cargo",
    });
    match (of_lock, &project.installed) {
        (Some(kind), _) => kind.to_owned(),
        (None, Installed::Environments { .. }) => "Python environment".to_owned(),
        (None, _) => "folder".to_owned(),
    }
}
