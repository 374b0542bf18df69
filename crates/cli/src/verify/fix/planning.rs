//! What would be done about everything that is refused: one replacement after the other.

use super::after::{Replaced, Written};
use super::asks::{self, Who};
use super::{Plan, Project, Step, entry, npm, requirements};
use crate::error::Failure;
use crate::verify::lock;
use crate::verify::policy::{Asking, OfRelease, Under};
use crate::verify::report::{Report, Subject};
use crate::verify::root::Root;
use customs_ecosystem::lockfile::{Kind, Locked};
use customs_model::{Answer, Version, printable};
use customs_origin::lockfile::Outcome;

/// What would be done about everything that is refused.
///
/// # Errors
/// The policy of a project cannot be read.
pub(super) async fn plan(report: &Report, root: &Root, under: &Under) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    for subject in &report.subjects {
        let refused = refused(subject);
        let Some(told) = &subject.lockfile else {
            continue;
        };
        if refused.is_empty() {
            continue;
        }
        let folder = root.base.join(&subject.folder);
        let path = root.base.join(told);
        let graph = match lock::graph(&path) {
            Ok(graph) => graph,
            Err(why) => {
                plan.open.push(format!("{}: {why}", printable(told, 300)));
                continue;
            }
        };
        let manifests = lock::manifests(&folder, &graph, &mut plan.open);
        let project = Project {
            folder: &folder,
            lockfile: path,
            graph,
            manifests: &manifests,
            replaced: Vec::new(),
        };
        let (asker, context) = under.open(&folder, &project.graph.lockfile.entries)?;
        let asking = Asking::new(&asker, context, under.kept());
        all(&asking, project, told, &refused, &mut plan).await;
    }
    Ok(plan)
}

/// How often what did not go is tried again, after something else went.
const AGAIN: usize = 8;

/// Whether what cannot be written into a lockfile is left to its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Not yet: another replacement may make room for it.
    Waits,
    Told,
}

/// What did not go, and why.
type Failed<'r> = (&'r OfRelease, String);

/// Plans the replacement of everything that is refused in one lockfile. Each is judged by what the ones
/// before it left, and what did not go is tried again as long as others go: two may do only together.
pub(super) async fn all(
    asking: &Asking<'_>,
    mut project: Project<'_>,
    told: &str,
    refused: &[&OfRelease],
    plan: &mut Plan,
) {
    // What went from another lockfile still stands in this one.
    let others = plan.gone.len();
    let mut open = refused.to_vec();
    for _ in 0..AGAIN {
        let before = open.len();
        let failed = each(
            asking,
            &mut project,
            told,
            &open,
            Client::Waits,
            plan,
            others,
        )
        .await;
        open = failed.into_iter().map(|(of, _)| of).collect();
        if open.is_empty() || open.len() == before {
            break;
        }
    }
    let failed = each(
        asking,
        &mut project,
        told,
        &open,
        Client::Told,
        plan,
        others,
    )
    .await;
    for (of, why) in failed {
        let spoken = of.release.spoken();
        let who = asks::who(asking, &project, &of.release).await;
        // What a bad release brought along is asked for by nobody when that is replaced.
        let only = who.direct.is_empty() && !who.packages.is_empty();
        if only && who.packages.iter().all(|one| project.may_let_go(one)) {
            let names: Vec<&str> = who.packages.iter().map(|one| one.name.as_str()).collect();
            let names = printable(&names.join(", "), 200);
            plan.gone
                .push(format!("{spoken}, which only {names} asks for"));
        } else {
            plan.open.push(format!("{spoken}: {why}"));
        }
    }
}

/// Tries each of these once. Gives those that did not go. `others` of what is gone is of other lockfiles.
async fn each<'r>(
    asking: &Asking<'_>,
    project: &mut Project<'_>,
    told: &str,
    open: &[&'r OfRelease],
    client: Client,
    plan: &mut Plan,
    others: usize,
) -> Vec<Failed<'r>> {
    let mut failed = Vec::new();
    for of in open {
        let release = &of.release;
        // It went with another one that is replaced.
        let went = format!("{}, ", release.spoken());
        let mut gone = plan.gone.iter().skip(others);
        if gone.any(|one| one.starts_with(&went)) {
            continue;
        }
        let who = asks::who(asking, project, release).await;
        if let Err(why) = one(asking, project, told, of, &who, client, plan).await {
            failed.push((*of, why));
        }
    }
    failed
}

fn refused(subject: &Subject) -> Vec<&OfRelease> {
    let all = subject.policy.iter().flat_map(|policy| &policy.releases);
    all.filter(|one| one.answer == Answer::No).collect()
}

/// Plans the replacement of one release.
async fn one(
    asking: &Asking<'_>,
    project: &mut Project<'_>,
    told: &str,
    refused: &OfRelease,
    who: &Who,
    client: Client,
    plan: &mut Plan,
) -> Result<(), String> {
    let release = &refused.release;
    let mut entries = project.graph.lockfile.entries.iter();
    let locked = entries.find(|entry| entry.release == *release);
    let locked = locked.ok_or("the lockfile changed while it was looked at")?;
    let (to, mut notes) = instead(asking, project, locked, who).await?;
    let mut edits = plan.edits.clone();
    let (mut written, mut gone) = (Written::ByClient, Vec::new());
    let command = match project.graph.kind() {
        kind @ (Kind::PackageLock
        | Kind::PnpmLock
        | Kind::YarnClassic
        | Kind::YarnBerry
        | Kind::BunLock) => Some(npm::edit(&mut edits, project, kind, release, &to, who)?),
        Kind::RequirementsTxt => {
            let digests = asking.digests(locked, &to).await?;
            let lockfile = &project.lockfile;
            written = Written::InLockfile;
            Some(requirements::edit(
                &mut edits, lockfile, release, &to, &digests,
            )?)
        }
        kind @ (Kind::CargoLock | Kind::UvLock | Kind::PoetryLock | Kind::PylockToml) => {
            match entry::edit(&mut edits, asking, project, locked, &to, who).await {
                Ok(with) => {
                    written = Written::InLockfile;
                    gone = with;
                    None
                }
                Err(why) if client == Client::Waits => return Err(why),
                Err(why) => Some(entry::by_its_client(kind, release, &to, &why, &mut notes)?),
            }
        }
    };
    let replaced = Replaced {
        from: release.clone(),
        to: to.clone(),
        written,
    };
    project.graph = project.with(&edits, &replaced)?;
    project.replaced.push(replaced);
    plan.edits = edits;
    let with = |what| format!("{what}, which only {} asks for", release.package);
    plan.gone.extend(gone.into_iter().map(with));
    if let Some(command) = command {
        let command = match folder_of(told) {
            Some(folder) => format!("cd '{}' && {command}", folder.replace('\'', "'\\''")),
            None => command,
        };
        if !plan.commands.contains(&command) {
            plan.commands.push(command);
        }
    }
    let fails = refused
        .told
        .iter()
        .find(|one| one.outcome == Outcome::Fails);
    plan.steps.push(Step {
        lockfile: told.to_owned(),
        from: release.clone(),
        to,
        why: fails.map(|one| one.message.clone()).unwrap_or_default(),
        notes,
    });
    Ok(())
}

fn folder_of(told: &str) -> Option<&str> {
    told.rsplit_once('/').map(|(folder, _)| folder)
}

/// Candidates that are looked at.
const CANDIDATES: usize = 10;

/// The newest version that the gate would offer a resolver, that everybody's range allows, that goes
/// with what was replaced before, and against which nothing speaks; with what else is to be known of it.
async fn instead(
    asking: &Asking<'_>,
    project: &Project<'_>,
    entry: &Locked,
    who: &Who,
) -> Result<(Version, Vec<String>), String> {
    let release = &entry.release;
    let offered = asking.offered(entry).await?;
    let fits = |version: &&Version| *version != &release.version && who.allows(release, version);
    let candidates: Vec<Version> = offered.iter().filter(fits).cloned().collect();
    let mut against = None;
    for version in candidates.iter().take(CANDIDATES) {
        let mut locked = entry.clone();
        locked.release.version = version.clone();
        if let Some(what) = project.against(asking, &locked).await {
            against = Some(what);
            continue;
        }
        locked.digests = asking.digests(entry, version).await?;
        let of = asking.entry(&locked).await;
        // What nobody could look at of a version that the gate would offer is told beside it.
        if of.answer != Answer::No {
            let warnings = of.told.iter().filter(|one| one.outcome == Outcome::Warns);
            let mut notes: Vec<String> = warnings.map(|one| one.message.clone()).collect();
            let open = of.not_checked.iter();
            notes.extend(open.map(|why| format!("of {version} is not checked: {why}")));
            notes.extend(who.note(release));
            return Ok((version.clone(), notes));
        }
    }
    if let Some(what) = against {
        return Err(format!(
            "no version that is admitted goes with what is replaced already (it asks for {what}); lock again \
             with that, and look then"
        ));
    }
    Err(match (offered.len(), candidates.len()) {
        (0, _) => "no version of it is admitted; remove it, or exempt it in the policy".to_owned(),
        (offered, 0) => format!(
            "none of the {offered} admitted versions is in the range that is asked for ({}); widen it, or remove \
             what asks for it",
            who.words()
        ),
        (_, looked) => format!(
            "none of the {} newest versions that could stand in its place is admitted",
            looked.min(CANDIDATES)
        ),
    })
}
