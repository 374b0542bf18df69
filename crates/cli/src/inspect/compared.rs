//! A release beside those before it: what is new, and what its new dependencies hold.

use super::desk::{Desk, Opened};
use crate::error::Failure;
use customs_model::{Delta, Inspection, ReleaseId, Standing, Version, printable};
use customs_rules::{RuleSet, compare, judge_code};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Releases before it that novelty is judged against.
pub(crate) const EARLIER: usize = 5;
/// New dependencies that are read.
const FOLLOWED: usize = 20;

/// What is new in a release.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    /// The releases that it was compared with, the nearest first.
    pub with: Vec<String>,
    /// What is new.
    pub delta: Delta,
    /// The dependencies that the nearest one did not have.
    pub followed: Vec<Followed>,
    /// What could not be compared, a sentence each.
    pub not_known: Vec<String>,
}

impl Compared {
    /// Nothing could be compared, because …
    pub fn not_known(because: String) -> Self {
        Self {
            with: Vec::new(),
            delta: Delta::default(),
            followed: Vec::new(),
            not_known: vec![because],
        }
    }
}

/// A dependency that is new.
#[derive(Debug, Serialize)]
pub(crate) struct Followed {
    /// As declared.
    pub name: String,
    /// As declared.
    pub requirement: String,
    /// What a resolver takes for it.
    pub takes: Option<String>,
    /// How that stands.
    pub standing: Option<Standing>,
    /// The worst that is said of it, or why it was not read.
    pub says: Option<String>,
    /// No file of the release names it.
    pub unimported: bool,
}

/// Compares a release with those before it on the registry, or with the one that was named.
pub(super) async fn with_earlier(
    desk: &Desk,
    opened: &Opened,
    named: Option<&Version>,
) -> Result<Compared, Failure> {
    let release = &opened.located.release;
    let mut out = Compared {
        with: Vec::new(),
        delta: Delta::default(),
        followed: Vec::new(),
        not_known: Vec::new(),
    };
    let earlier = match named {
        Some(version) => vec![version.clone()],
        None => desk
            .registry
            .earlier(&desk.context, release, EARLIER)
            .await
            .map_err(|error| Failure::work(format!("cannot ask for earlier releases: {error}")))?,
    };
    let mut before: Vec<(ReleaseId, Opened)> = Vec::new();
    for version in earlier {
        match desk.beside(&opened.located, &version).await {
            Ok(opened) => before.push((opened.located.release.clone(), opened)),
            Err(failure) => out.not_known.push(failure.to_string()),
        }
    }
    let facts: Vec<Arc<Inspection>> = before
        .iter()
        .map(|(_, opened)| opened.facts.code.clone())
        .collect();
    let earlier: Vec<&Inspection> = facts.iter().map(|facts| &**facts).collect();
    if earlier.is_empty() {
        out.not_known
            .push("no release before it could be read: what is new in it is not known".to_owned());
        out.follow(desk, None, opened).await;
        return Ok(out);
    }
    out.with = before.iter().map(|(release, _)| release.spoken()).collect();
    out.delta = compare(&earlier, &opened.facts.code);
    if let Some((_, nearest)) = before.first() {
        out.follow(desk, Some(nearest), opened).await;
    }
    Ok(out)
}

fn dependencies(opened: &Opened) -> Option<&BTreeMap<String, String>> {
    let declared = opened.facts.manifest.as_ref().map(|m| &m.dependencies);
    opened.located.dependencies.as_ref().or(declared)
}

impl Compared {
    /// Reads what a resolver takes for each new dependency, one level deep.
    async fn follow(&mut self, desk: &Desk, before: Option<&Opened>, now: &Opened) {
        let Some(declared) = dependencies(now) else {
            return;
        };
        let before = before.and_then(dependencies);
        let had = |name: &String| before.is_some_and(|all| all.contains_key(name));
        let new: Vec<(&String, &String)> = declared.iter().filter(|(name, _)| !had(name)).collect();
        for (name, requirement) in new.iter().take(FOLLOWED) {
            let followed = Followed::read(desk, now, name, requirement).await;
            self.followed.push(followed);
        }
        let more = new.len().saturating_sub(FOLLOWED);
        if more > 0 {
            self.not_known
                .push(format!("what {more} more of its new dependencies hold"));
        }
    }
}

impl Followed {
    async fn read(desk: &Desk, now: &Opened, name: &str, requirement: &str) -> Self {
        let ecosystem = now.located.release.package.ecosystem();
        let mut followed = Self {
            name: name.to_owned(),
            requirement: requirement.to_owned(),
            takes: None,
            standing: None,
            says: None,
            unimported: now.facts.code.unimported.iter().any(|other| other == name),
        };
        match desk.newest(ecosystem, name, requirement).await {
            Ok(Some(release)) => {
                followed.takes = Some(release.spoken());
                match desk.read(&release).await {
                    Ok(opened) => {
                        let verdict = judge_code(&opened.facts.code, &RuleSet::standard());
                        followed.standing = Some(verdict.standing);
                        let worst = verdict.findings.iter().max_by_key(|f| f.severity);
                        followed.says = worst.map(|f| format!("{}: {}", f.rule, f.message));
                    }
                    Err(failure) => followed.not_read(&failure),
                }
            }
            Ok(None) => followed.says = Some("it names no release of a registry".to_owned()),
            Err(failure) => followed.not_read(&failure),
        }
        followed.says = followed.says.map(|says| printable(&says, 300));
        followed
    }

    fn not_read(&mut self, failure: &Failure) {
        self.standing = Some(Standing::NotJudged);
        self.says = Some(failure.to_string());
    }
}
