//! The question of policy, which `customs check` asks: would the gate deliver every release that
//! the lockfile names, today? The gate's own judgement is asked, release by release, with what was
//! kept of reading their code. Nothing is judged here.

mod judge;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;

use super::origin::{Asker, Client};
use super::report::Report;
use super::root::real;
use super::verdicts;
use crate::error::{Doing as _, Failure};
use crate::run::policy::{of_project, of_user};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_gate::{NamedText, advisories, policy_in_force};
use customs_model::{Answer, Clock as _, Epoch, Known, ReleaseId, Standing, SystemClock};
use customs_origin::lockfile::{LockRuleDoc, Outcome};
use customs_registry::{Context, Upstreams};
use futures_util::StreamExt as _;
pub(super) use judge::Asking;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Releases that are asked about at the same time.
const TOGETHER: usize = 32;

/// What a person gives.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Given {
    /// The policy file; without it the one in the configuration folder, or the default
    #[arg(long, value_name = "FILE", env = "CUSTOMS_POLICY")]
    pub policy: Option<PathBuf>,
    /// Advisories about malware and weaknesses: an OSV folder, file or export
    #[arg(long, value_name = "PATH", env = "CUSTOMS_ADVISORIES")]
    pub advisories: Option<PathBuf>,
}

/// What policy says of one lockfile.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PolicyAnswer {
    /// Whether the gate would deliver all of it.
    pub answer: Answer,
    /// Under what it was decided, so that it can be repeated; none where nobody could be asked.
    pub epoch: Option<Epoch>,
    /// Releases that were asked about.
    pub asked: usize,
    /// Those of which there is something to say, in their order.
    pub releases: Vec<OfRelease>,
    /// What nobody configured, and what of a policy was not followed: a sentence each, safe to
    /// print. They hold nothing up.
    pub notes: Vec<String>,
}

/// What is said of one release.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OfRelease {
    /// Which.
    pub release: ReleaseId,
    /// Whether the gate would deliver it, and nothing else speaks against it.
    pub answer: Answer,
    /// What speaks.
    pub told: Vec<Told>,
    /// What could not be looked at, and why. Safe to print.
    pub not_checked: Vec<String>,
    /// What its code was judged to be, where somebody has read it.
    #[serde(skip)]
    pub verdict: Option<Standing>,
}

/// One statement about a release.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Told {
    /// The rule's id.
    #[serde(serialize_with = "id_of")]
    pub rule: &'static LockRuleDoc,
    /// What follows.
    pub outcome: Outcome,
    /// One sentence. Safe to print.
    pub message: String,
    /// Evidence, one line each. Safe to print.
    pub evidence: Vec<String>,
}

fn id_of<S: serde::Serializer>(
    doc: &&'static LockRuleDoc,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(doc.id)
}

/// Under what is decided, for all projects of a run.
pub(super) struct Under {
    user: Option<NamedText>,
    /// The advisories, with nobody's registries.
    base: Context,
    /// Where facts about code are kept.
    kept: Vec<PathBuf>,
    notes: Vec<String>,
    /// Opened once, when somebody is asked.
    client: OnceLock<Arc<Client>>,
}

impl Under {
    /// The user's policy and advisories.
    ///
    /// # Errors
    /// The policy is none, or cannot be read. That advisories cannot be read is not known.
    pub fn of(given: &Given) -> Result<Self, Failure> {
        let user = of_user(given.policy.as_deref())?;
        Self::with(user, given.advisories.as_deref(), verdicts::caches()?)
    }

    fn with(
        user: Option<NamedText>,
        source: Option<&Path>,
        kept: Vec<PathBuf>,
    ) -> Result<Self, Failure> {
        let now = SystemClock.now();
        let (policy, _) = policy_in_force(user.as_ref(), None).map_err(Failure::usage)?;
        let (advisories, why) = advisories(source, now);
        let mut notes: Vec<String> = why.into_iter().collect();
        notes.extend(policy.problems(now).iter().map(ToString::to_string));
        Ok(Self {
            user,
            base: Context::new(Upstreams::default(), policy, advisories),
            kept,
            notes,
            client: OnceLock::new(),
        })
    }

    /// The same with the policy of a project, which may only tighten it.
    fn in_project(&self, project: Option<&NamedText>) -> Result<(Context, Vec<String>), Failure> {
        let mut notes = self.notes.clone();
        if project.is_none() {
            return Ok((self.base.clone(), notes));
        }
        let found = policy_in_force(self.user.as_ref(), project);
        let (policy, ignored) = found.map_err(Failure::usage)?;
        notes.extend(
            ignored
                .iter()
                .map(|one| format!("the project's policy: {one}")),
        );
        let advisories = self.base.advisories.clone();
        Ok((
            Context::new(Upstreams::default(), policy, advisories),
            notes,
        ))
    }

    /// What policy says of a project's lockfile.
    pub async fn project(&self, folder: &Path, locked: &[Locked]) -> Result<PolicyAnswer, Failure> {
        let project = of_project(&real(folder))?;
        let (context, notes) = self.in_project(project.as_ref())?;
        if locked.is_empty() {
            return Ok(PolicyAnswer::none(
                "no lockfile says what is installed",
                notes,
            ));
        }
        match self.asker(folder, locked) {
            Ok(asker) => Ok(self.asked(&asker, context, notes, locked).await),
            Err(why) => Ok(PolicyAnswer::none(&why.to_string(), notes)),
        }
    }

    async fn asked(
        &self,
        asker: &Asker,
        context: Context,
        notes: Vec<String>,
        locked: &[Locked],
    ) -> PolicyAnswer {
        let epoch = (*context.epoch).clone();
        let asking = Asking::new(asker, context, &self.kept);
        let wanted = locked.iter().filter(|entry| match entry.source {
            Source::Registry | Source::Git | Source::Url => true,
            // The project's own, and what the artifact around it speaks for.
            Source::Path | Source::Bundled => false,
        });
        let wanted: Vec<&Locked> = wanted.collect();
        let mut releases: Vec<OfRelease> = futures_util::stream::iter(wanted)
            .map(|entry| asking.entry(entry))
            .buffered(TOGETHER)
            .collect()
            .await;
        releases.sort_by(|a, b| a.release.cmp(&b.release));
        PolicyAnswer {
            answer: together(&releases),
            epoch: Some(epoch),
            asked: releases.len(),
            releases,
            notes,
        }
    }

    /// Asks with what others of this run have asked with, and with the documents that they got.
    pub fn with_client(&self, client: Arc<Client>) {
        self.client.get_or_init(|| client);
    }

    /// Where facts about code are kept.
    pub fn kept(&self) -> &[PathBuf] {
        &self.kept
    }

    /// The registries of a project, under its policy: whom to ask what may be taken instead.
    pub fn open(&self, folder: &Path, locked: &[Locked]) -> Result<(Asker, Context), Failure> {
        let project = of_project(&real(folder))?;
        let (context, _) = self.in_project(project.as_ref())?;
        Ok((self.asker(folder, locked)?, context))
    }

    /// The way to the registries that a project takes these from.
    fn asker(&self, folder: &Path, locked: &[Locked]) -> Result<Asker, Failure> {
        let client = match self.client.get() {
            Some(client) => client.clone(),
            None => {
                let client = Arc::new(Client::open()?);
                self.client.get_or_init(|| client).clone()
            }
        };
        Asker::of(client, folder, locked)
    }
}

impl PolicyAnswer {
    fn none(because: &str, notes: Vec<String>) -> Self {
        Self {
            answer: Answer::not_checked(because),
            epoch: None,
            asked: 0,
            releases: Vec::new(),
            notes,
        }
    }

    /// Why it is not known what policy says, by release.
    pub fn reasons(&self) -> Vec<String> {
        if self.releases.is_empty() {
            return match &self.answer {
                Answer::NotChecked(because) => vec![because.clone()],
                Answer::Yes | Answer::No => Vec::new(),
            };
        }
        let all = self.releases.iter().flat_map(|one| &one.not_checked);
        all.cloned().collect()
    }
}

fn together(releases: &[OfRelease]) -> Answer {
    let is_open = |one: &&OfRelease| matches!(one.answer, Answer::NotChecked(_));
    let open = releases.iter().filter(is_open).count();
    if releases.iter().any(|one| one.answer == Answer::No) {
        Answer::No
    } else if releases.is_empty() {
        Answer::not_checked("the lockfile names no package of a registry")
    } else if open > 0 {
        Answer::not_checked(format!(
            "of {open} of {} releases it is not known whether policy admits them",
            releases.len()
        ))
    } else {
        Answer::Yes
    }
}

/// Asks about every subject of a report. `wanted` are their folders and what their lockfiles name.
///
/// # Errors
/// A project's policy cannot be read: a stricter one must not vanish unseen.
pub(super) fn ask(
    under: &Under,
    report: &mut Report,
    wanted: &[(PathBuf, Vec<Locked>)],
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start what asks registries")?;
    for (subject, (folder, locked)) in report.subjects.iter_mut().zip(wanted) {
        let mut answer = runtime.block_on(under.project(folder, locked))?;
        let verdicts: BTreeMap<&ReleaseId, Standing> = answer
            .releases
            .iter()
            .filter_map(|one| Some((&one.release, one.verdict?)))
            .collect();
        for package in &mut subject.packages {
            if let Some(standing) = verdicts.get(&package.release) {
                package.verdict = Known::Is(*standing);
            }
        }
        answer
            .releases
            .retain(|one| one.answer != Answer::Yes || !one.told.is_empty());
        subject.policy = Some(answer);
    }
    Ok(())
}
