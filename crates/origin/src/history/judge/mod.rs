//! Whether a release lost or changed what its line showed before. Pure: no clock, no network.
//!
//! - Compared with the release that was verified here before ([`LineRecord`]) and with the last
//!   [`K`] earlier releases of the same line. Other lines are mentioned, never held against it.
//! - Evidence that is lost is a warning; with a publisher, e-mail domain, dependency or script
//!   that is new as well it is a block. Alone on an old line it is a note.
//! - Another identity is a warning with both values; with a new dependency or script a block.
//! - Where there is nothing to compare with, nothing blocks.
//! - What could not be looked at is [`Outcome::NotChecked`], and hides no warning.

mod context;
mod identity;
mod loss;
mod stripped;
mod words;

use super::{Acceptable, Accepted, Axis, IdentityPin, Shown, TrustFile};
use context::Context;
use customs_model::{ReleaseId, Version};
use serde::Serialize;
use std::collections::BTreeSet;

pub(super) use identity::compare as compare_identities;

pub use context::K;
pub use stripped::{Judged, Stripping, judge_all};

/// What is known of the releases before one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Releases of the package, of all lines and in any order, as the same registry shows them.
    /// Those that are not earlier than the judged one are left aside.
    pub earlier: Vec<Shown>,
    /// The people who published any earlier release, of all lines: [`Seen::Is`](super::Seen::Is)
    /// only where *all* earlier releases were looked at. Otherwise nobody is held to be new.
    pub people: super::Seen<People>,
    /// What the release adds to the one before it, where somebody compared the two; it counts
    /// instead of the sets of [`Shown`].
    pub added: Option<Added>,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            earlier: Vec::new(),
            people: super::Seen::not_asked("earlier releases were not looked at"),
            added: None,
        }
    }
}

/// Accounts of people, as against pipelines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    /// Their names.
    pub names: BTreeSet<String>,
    /// The domains of their e-mail addresses, lower case.
    pub mail_domains: BTreeSet<String>,
}

/// What a release adds to an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Names of required dependencies.
    pub dependencies: BTreeSet<String>,
    /// What runs at install or build.
    pub scripts: BTreeSet<String>,
}

/// One release to judge.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What it shows.
    pub shown: &'a Shown,
    /// The registry that showed it, as people call it.
    pub registry: &'a str,
    /// What is known of the releases before it.
    pub past: &'a Past,
    /// The trust history. In a review of a change: the file as it was *before* the change, since
    /// whoever changes a dependency can change the file with it.
    pub file: &'a TrustFile,
}

/// The earlier release whose attestation would tell who built the line before, where nothing tells it
/// yet: the newest that offers one, for a stable release the newest stable one. Documents only say that
/// there is one; whoever verifies it makes it [`Provenance::Verified`](super::Provenance::Verified).
pub fn to_verify<'a>(case: &Case<'a>) -> Option<&'a ReleaseId> {
    let context = Context::of(case)?;
    match context.identity_before() {
        Some(_) => None,
        None => context.offering().map(|shown| &shown.release),
    }
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Which release.
    pub release: ReleaseId,
    /// What it comes to.
    pub outcome: Outcome,
    /// One sentence, with both versions where two are compared. Safe to print.
    pub sentence: String,
    /// What else is worth knowing and counts for nothing: other lines, what was not checked,
    /// what was accepted before. Safe to print.
    pub asides: Vec<String>,
    /// What changed and was not accepted.
    pub changes: Vec<Change>,
}

/// What a judgement comes to, weakest first but for what was not checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was lost or changed, or there is nothing to compare with.
    Quiet,
    /// Worth a line in a report.
    Note,
    /// A person should look.
    Warn,
    /// It should not be installed until a person has looked and accepted it with a reason.
    Block,
    /// It could not be judged, because … Neither good nor bad.
    NotChecked(Unseen),
}

/// Why something could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// The evidence was stripped on the way.
    Stripped,
    /// Nobody asked, or there was no answer.
    NotAsked,
    /// It is offered, and was verified for earlier releases but not for this one.
    NotVerified,
    /// This registry carries none, and the line had some.
    NotCarried,
    /// The version has no place in its ecosystem's order, so no line is known.
    NoLine,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An axis shows nothing any more.
    Lost {
        /// Which.
        axis: Axis,
        /// The release that had it.
        had: Version,
    },
    /// An axis shows something false.
    Refuted {
        /// Which.
        axis: Axis,
        /// Why. Safe to print.
        why: String,
    },
    /// Somebody else built it, or from or on something else.
    Identity {
        /// What of it ("workflow").
        part: &'static str,
        /// As it was, safe to print.
        was: String,
        /// As it is, safe to print.
        is: String,
        /// The release that it is compared with.
        before: Version,
        /// The same thing under a new name (a renamed repository), which is only noted.
        renamed: bool,
    },
    /// A release that opens a newer line shows less than the line below.
    NewLine {
        /// What it lacks.
        axis: Axis,
        /// The newest release of the line below.
        had: Version,
    },
    /// Something came with it that makes the rest worse.
    With(Addition),
}

/// What makes a loss a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Addition {
    /// A person who never published the package before.
    Publisher(String),
    /// An e-mail domain that no earlier publisher had.
    MailDomain(String),
    /// Dependencies that it did not have.
    Dependencies(Vec<String>),
    /// What runs at install or build and did not before.
    Scripts(Vec<String>),
}

impl Addition {
    /// Whether it is part of the release, and not of who published it.
    pub(super) const fn is_content(&self) -> bool {
        match self {
            Self::Dependencies(_) | Self::Scripts(_) => true,
            Self::Publisher(_) | Self::MailDomain(_) => false,
        }
    }
}

impl Change {
    /// What a person would accept, to have this change accepted. None for what cannot be: a
    /// false proof; and for what stands only beside another change.
    pub fn acceptable(&self) -> Option<Acceptable> {
        match self {
            Self::Lost { axis, .. } => Some(Acceptable::Loss(*axis)),
            Self::Identity { .. } => Some(Acceptable::Identity),
            Self::Refuted { .. } | Self::NewLine { .. } | Self::With(_) => None,
        }
    }
}

impl Judgement {
    /// What of who built it is another one than before, a clause each, safe to print, and the release
    /// that it is compared with. None where nothing is, or where something only has a new name.
    pub fn other_builder(&self) -> Option<(&Version, Vec<String>)> {
        let mut compared = None;
        let mut differs = Vec::new();
        for change in &self.changes {
            if let Change::Identity {
                part,
                was,
                is,
                before,
                renamed: false,
            } = change
            {
                compared.get_or_insert(before);
                differs.push(words::difference(part, was, is, false));
            }
        }
        compared.map(|before| (before, differs))
    }
}

/// How bad a set of changes is, by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Quiet,
    Note,
    Warn,
    Block,
}

/// Judges one release.
///
/// ```
/// # use customs_origin::history::*;
/// # fn f(shown: &Shown, past: &Past, file: &TrustFile) {
/// let judgement = judge(&Case { shown, registry: "registry.example", past, file });
/// if judgement.outcome == Outcome::Block {
///     // Show `judgement.sentence`, and how to accept it with a reason.
/// }
/// # }
/// ```
pub fn judge(case: &Case<'_>) -> Judgement {
    let Some(context) = Context::of(case) else {
        return Judgement {
            release: case.shown.release.clone(),
            outcome: Outcome::NotChecked(Unseen::NoLine),
            sentence: words::no_line(&case.shown.release),
            asides: Vec::new(),
            changes: Vec::new(),
        };
    };
    let mut found = Found::default();
    loss::find(&context, &mut found);
    identity::find(&context, &mut found);
    found.decide(&context)
}

/// Whether one identity follows another only with an acceptance. A new name of the same
/// repository does not need one.
pub(super) fn differs(was: &IdentityPin, is: &IdentityPin) -> bool {
    identity::compare(was, is).iter().any(|d| !d.renamed)
}

/// What was found on the way to a judgement.
#[derive(Default)]
struct Found {
    /// Changes with their weight.
    changes: Vec<(Change, Weight)>,
    /// Changes that were accepted, with day and reason.
    accepted: Vec<String>,
    /// Axes that could not be looked at although the line had something there.
    unseen: Vec<(Axis, Unseen, String)>,
    asides: Vec<String>,
}

impl Found {
    /// Adds a change.
    fn add(&mut self, change: Change, weight: Weight) {
        self.changes.push((change, weight));
    }

    /// Adds what came with a change, once.
    fn with(&mut self, additions: Vec<Addition>) {
        for addition in additions {
            let change = Change::With(addition);
            if !self.changes.iter().any(|(other, _)| *other == change) {
                self.changes.push((change, Weight::Quiet));
            }
        }
    }

    /// A person accepted it for this very release.
    fn accept(&mut self, accepted: &Accepted) {
        let words = words::accepted(accepted);
        if !self.accepted.contains(&words) {
            self.accepted.push(words);
        }
    }

    fn decide(mut self, context: &Context<'_>) -> Judgement {
        let worst = self.changes.iter().map(|(_, weight)| *weight).max();
        let unseen = self.unseen.iter().map(|(_, why, _)| *why).min();
        let outcome = match (worst.unwrap_or(Weight::Quiet), unseen) {
            (Weight::Block, _) => Outcome::Block,
            (Weight::Warn, _) => Outcome::Warn,
            (Weight::Quiet | Weight::Note, Some(unseen)) => Outcome::NotChecked(unseen),
            (Weight::Note, None) => Outcome::Note,
            (Weight::Quiet, None) if !self.accepted.is_empty() => Outcome::Note,
            (Weight::Quiet, None) => Outcome::Quiet,
        };
        let changes: Vec<Change> = self.changes.into_iter().map(|(change, _)| change).collect();
        let sentence = words::sentence(context, &changes, &self.unseen, &self.accepted);
        self.asides.extend(context.asides(&changes));
        Judgement {
            release: context.shown.release.clone(),
            outcome,
            sentence,
            asides: self.asides,
            changes,
        }
    }
}
