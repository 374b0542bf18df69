//! The release before: which file of it counts, and the verdict that rests on both. The gate
//! judges in the same way, by the same choice of a predecessor.

use crate::error::Failure;
use customs_model::{Digest, Inspection, ReleaseId, Verdict, Version, printable};
use customs_registry::{ArtifactFacts, Context, Counterpart, Located, Predecessor, Registry};
use customs_rules::{RuleSet, judge_code, judge_code_against};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Input {
    /// The release.
    pub release: ReleaseId,
    /// Its version.
    pub version: String,
    /// The file, safe to print.
    pub file: String,
    /// What its bytes are.
    pub digest: Option<Digest>,
}

impl Input {
    /// A file of a registry.
    pub(crate) fn of(located: &Located) -> Self {
        Self {
            release: located.release.clone(),
            version: located.release.version.as_str().to_owned(),
            file: printable(&located.file, 200),
            digest: located.digest.clone(),
        }
    }
}

/// What a file was compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Beside {
    /// This file of another release.
    Predecessor(Input),
    /// Nothing, because …
    NotCompared(String),
}

/// What a file is to be compared with.
#[derive(Debug)]
pub(crate) enum With {
    /// Nothing: its user wants it so.
    Nothing,
    /// The release before it.
    Predecessor,
    /// This release of the package.
    Version(Version),
    /// The release before it, as far as a budget goes.
    Budget(Budget),
}

/// How many predecessors may be fetched for one project: each is a second artifact for a
/// release that somebody has installed long ago.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicUsize,
    /// Also for releases that are no longer young.
    old_ones: bool,
}

/// Predecessors that are fetched for the young releases of one project.
const YOUNG: usize = 200;

impl Budget {
    /// For young releases, a bounded number.
    pub(crate) const fn young() -> Self {
        Self {
            left: AtomicUsize::new(YOUNG),
            old_ones: false,
        }
    }

    /// For every release.
    pub(crate) const fn endless() -> Self {
        Self {
            left: AtomicUsize::new(usize::MAX),
            old_ones: true,
        }
    }

    /// Why a predecessor is not fetched; none: it is, and counts.
    fn refuses(&self, is_young: bool) -> Option<String> {
        if !(is_young || self.old_ones) {
            return Some(
                "it is past the window of change, and its predecessor is not at hand \
                 (--every-predecessor fetches it)"
                    .to_owned(),
            );
        }
        let take = |left: usize| left.checked_sub(1);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.is_err().then(|| {
            format!("{YOUNG} predecessors were fetched already (--every-predecessor fetches all)")
        })
    }
}

/// Why a file is judged by itself.
enum Alone {
    /// There is nothing to compare it with, or nobody wanted it: nothing is missing.
    Settled(String),
    /// It could not be compared.
    Gap(String),
}

/// The verdict on a file, beside what it is to be compared with.
///
/// # Errors
/// It was to be compared with one release, and that cannot be done.
pub(crate) async fn judge(
    registry: &Registry,
    context: &Context,
    located: &Located,
    code: &Inspection,
    with: &With,
) -> Result<(Verdict, Beside), Failure> {
    let rules = RuleSet::standard();
    let alone = match before(registry, context, located, with).await {
        Ok((input, facts)) => {
            let verdict = judge_code_against(&facts.code, code, &rules);
            return Ok((verdict, Beside::Predecessor(input)));
        }
        Err(alone) => alone,
    };
    let mut verdict = judge_code(code, &rules);
    let because = match alone {
        Alone::Settled(because) => because,
        Alone::Gap(because) => {
            let what = format!("what is new in it is not known: {because}");
            verdict.not_checked.push(what);
            because
        }
    };
    if matches!(with, With::Version(_)) {
        return Err(Failure::nothing(format!(
            "{} is not compared: {because}",
            located.release.spoken()
        )));
    }
    Ok((verdict, Beside::NotCompared(because)))
}

async fn before(
    registry: &Registry,
    context: &Context,
    located: &Located,
    with: &With,
) -> Result<(Input, Arc<ArtifactFacts>), Alone> {
    let version = match with {
        With::Nothing => return Err(Alone::Settled("nobody asked for it".to_owned())),
        With::Version(version) => version.clone(),
        With::Predecessor | With::Budget(_) => {
            let before = registry.predecessor(context, located).await;
            named(before.map_err(|error| {
                Alone::Gap(format!("cannot ask for earlier releases: {error}"))
            })?)?
        }
    };
    let spoken = ReleaseId::new(located.release.package.clone(), version.clone()).spoken();
    let counterpart = registry
        .counterpart(context, located, &version)
        .await
        .map_err(|error| Alone::Gap(format!("cannot ask for {spoken}: {error}")))?;
    let place = match counterpart {
        Some(Counterpart::File(place)) => place,
        Some(Counterpart::NoneOfItsKind) => {
            let because = format!("{spoken} has no file of its kind");
            return Err(Alone::Settled(because));
        }
        Some(Counterpart::OtherPlatform) => {
            let because = format!("the files of {spoken} are built for other machines");
            return Err(Alone::Settled(because));
        }
        None => {
            let because = format!("no configured registry has {spoken}");
            return Err(Alone::Gap(because));
        }
    };
    if let With::Budget(budget) = with
        && !registry.is_read(&place)
        && let Some(because) = budget.refuses(is_young(registry, context, located))
    {
        return Err(Alone::Settled(because));
    }
    match registry.facts_of(&place).await {
        Ok(facts) => Ok((Input::of(&place), facts)),
        Err(unread) => Err(Alone::Gap(format!(
            "cannot read {} of {spoken}: {}",
            printable(&place.file, 120),
            unread.because()
        ))),
    }
}

/// The release before one, or why there is none.
fn named(before: Predecessor) -> Result<Version, Alone> {
    let because = match before {
        Predecessor::Release(version) => return Ok(version),
        Predecessor::FirstOfLine => "its line has no release before it",
        Predecessor::LaterByDate => "none was published before it by this registry's dates",
    };
    Err(Alone::Settled(because.to_owned()))
}

/// Within the window in which rules about change apply, or not past it for certain.
fn is_young(registry: &Registry, context: &Context, located: &Located) -> bool {
    let window = context.policy.change_window;
    let now = registry.clock.now();
    located
        .published
        .is_none_or(|at| now.duration_since(at) < window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_compared_only_where_somebody_wants_it() {
        let budget = Budget::young();
        assert!(budget.refuses(true).is_none());
        let because = budget.refuses(false).unwrap();
        assert!(because.contains("--every-predecessor"), "{because}");
        assert!(Budget::endless().refuses(false).is_none());
    }

    #[test]
    fn a_budget_ends_and_says_so() {
        let budget = Budget::young();
        for _ in 0..YOUNG {
            assert_eq!(budget.refuses(true), None);
        }
        let because = budget.refuses(true).unwrap();
        assert!(because.contains("200 predecessors"), "{because}");
    }

    #[test]
    fn a_registry_whose_dates_say_that_all_came_later_is_told_from_a_first_release() {
        let because = |before| match named(before) {
            Ok(version) => version.as_str().to_owned(),
            Err(Alone::Settled(because) | Alone::Gap(because)) => because,
        };
        assert_eq!(
            because(Predecessor::LaterByDate),
            "none was published before it by this registry's dates"
        );
        assert_eq!(
            because(Predecessor::FirstOfLine),
            "its line has no release before it"
        );
    }

    #[test]
    fn a_report_names_the_predecessor_or_says_why_there_is_none() {
        let json = |beside: &Beside| serde_json::to_value(beside).unwrap();
        let none = Beside::NotCompared("its line has no release before it".to_owned());
        assert_eq!(
            json(&none),
            serde_json::json!({ "not_compared": "its line has no release before it" })
        );
        let input = Input {
            release: "pkg:npm/axios@1.14.0".parse().unwrap(),
            version: "1.14.0".to_owned(),
            file: "axios-1.14.0.tgz".to_owned(),
            digest: None,
        };
        let named = json(&Beside::Predecessor(input));
        assert_eq!(named["predecessor"]["version"], "1.14.0");
        assert_eq!(named["predecessor"]["release"], "pkg:npm/axios@1.14.0");
    }
}
