//! How `customs.lock` follows what was verified, and what it never forgets by itself.
//!
//! [`record`] takes a good verification over: first use, a newer release, more evidence. Less
//! evidence or another identity replaces nothing; it takes [`accept`] with a reason, and the
//! reason lands in the file.

use super::{
    Acceptable, Accepted, Axis, Change, Day, FileError, IdentityPin, Judgement, LineRecord,
    Outcome, ReleaseLine, Seen, Shown, TrustFile,
};
use crate::history::line::{compare, is_prerelease};
use customs_model::{ReleaseId, Timestamp, Version};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What became of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The line had no record.
    FirstUse,
    /// The record is of a newer release now.
    Newer {
        /// The release that it was of.
        from: Version,
    },
    /// The same release proved more than before.
    Stronger,
    /// There was nothing to change.
    Unchanged,
    /// The record stays as it was, because … One sentence, safe to print.
    Kept(String),
}

/// Why an acceptance was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// No loss and no other identity was found.
    #[error(
        "{0} lost nothing and changed nothing that has to be accepted; leave the file as it is"
    )]
    Nothing(String),
    /// A proof is false. That is no matter of history.
    #[error(
        "{0} carries a false proof of its origin, which cannot be accepted; install another release"
    )]
    False(String),
    /// Its version has no line.
    #[error("{0} has no place in its ecosystem's version order, so nothing can be recorded of it")]
    NoLine(String),
    /// The file cannot hold it.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Takes what a release proved into the file, where that is no downgrade.
///
/// The judgement has to be of this release and this file. The file is changed only by
/// `FirstUse`, `Newer` and `Stronger`.
pub fn record(
    file: &mut TrustFile,
    shown: &Shown,
    judgement: &Judgement,
    now: Timestamp,
) -> Updated {
    let release = &shown.release;
    let kept = |because: &str| Updated::Kept(format!("{}: {because}", release.spoken()));
    match &judgement.outcome {
        Outcome::Quiet | Outcome::Note => {}
        Outcome::Warn | Outcome::Block => {
            return kept(
                "it lost or changed something; accept it with a reason, or take another release",
            );
        }
        Outcome::NotChecked(_) => return kept("it was not checked"),
    }
    if judgement.release != *release {
        return kept("the judgement is of another release");
    }
    let Some(line) = ReleaseLine::of(release) else {
        return kept("its version has no line");
    };
    let old = file.line(&release.package, line).cloned();
    let new = match &old {
        None => match first(shown, line, now) {
            Some(new) => new,
            None => return kept("nothing of it could be verified, so there is nothing to record"),
        },
        Some(old) => match follow(old, shown, now) {
            Followed::New(new) => *new,
            Followed::Unchanged => return Updated::Unchanged,
            Followed::Less(axes) => {
                let words: Vec<&str> = axes.iter().map(|axis| axis.words()).collect();
                return kept(&format!(
                    "no {} was verified, which {} had; accept it with a reason, or verify it online",
                    words.join(", no "),
                    old.version
                ));
            }
            Followed::Other => {
                return kept("another identity built it; accept it with a reason");
            }
        },
    };
    match file.set_line(new) {
        Ok(()) => match old {
            None => Updated::FirstUse,
            Some(old) if old.version == release.version => Updated::Stronger,
            Some(old) => Updated::Newer { from: old.version },
        },
        Err(error) => Updated::Kept(error.to_string()),
    }
}

/// Accepts what a release lost or changed, with the reason of a person, and records it.
///
/// # Errors
/// There is nothing to accept; a proof is false; the reason is empty or too long.
pub fn accept(
    file: &mut TrustFile,
    shown: &Shown,
    judgement: &Judgement,
    reason: &str,
    now: Timestamp,
) -> Result<(), AcceptError> {
    let release = &shown.release;
    let spoken = || release.spoken();
    let is_false = |change: &Change| matches!(change, Change::Refuted { .. });
    if judgement.changes.iter().any(is_false) {
        return Err(AcceptError::False(spoken()));
    }
    let line = ReleaseLine::of(release).ok_or_else(|| AcceptError::NoLine(spoken()))?;
    let changes = judgement.changes.iter();
    let what: BTreeSet<Acceptable> = changes.filter_map(Change::acceptable).collect();
    if what.is_empty() || judgement.release != *release {
        return Err(AcceptError::Nothing(spoken()));
    }
    let mut next = file.clone();
    let today = Day::of(now);
    let lost = |axis: &Axis| what.contains(&Acceptable::Loss(*axis));
    let old = file.line(&release.package, line);
    let mut evidence = proven(shown);
    // What nobody looked at, and nobody accepted the loss of, stays.
    if let Some(old) = old {
        evidence.extend(
            old.evidence
                .iter()
                .filter(|axis| !lost(axis) && is_open(shown, **axis)),
        );
    }
    let identity = shown
        .identity()
        .map(IdentityPin::from)
        .or_else(|| old.and_then(|old| old.identity.clone()))
        .filter(|_| evidence.contains(&Axis::Provenance));
    next.set_line(LineRecord {
        package: release.package.clone(),
        line,
        version: release.version.clone(),
        evidence,
        identity,
        first_seen: today,
        last_seen: today,
    })?;
    next.set_accepted(Accepted {
        package: release.package.clone(),
        line,
        version: release.version.clone(),
        what,
        reason: reason.to_owned(),
        on: today,
    })?;
    *file = next;
    Ok(())
}

fn first(shown: &Shown, line: ReleaseLine, now: Timestamp) -> Option<LineRecord> {
    let evidence = proven(shown);
    let open = Axis::ALL.iter().any(|axis| is_open(shown, *axis));
    if evidence.is_empty() && open {
        return None;
    }
    let today = Day::of(now);
    Some(LineRecord {
        package: shown.release.package.clone(),
        line,
        version: shown.release.version.clone(),
        evidence,
        identity: shown.identity().map(IdentityPin::from),
        first_seen: today,
        last_seen: today,
    })
}

enum Followed {
    New(Box<LineRecord>),
    Unchanged,
    Less(Vec<Axis>),
    Other,
}

fn follow(old: &LineRecord, shown: &Shown, now: Timestamp) -> Followed {
    let release = &shown.release;
    let order = compare(release.package.ecosystem(), &release.version, &old.version);
    if order == Some(Ordering::Less) {
        // An older release of the line lies there as well; the newest one is what is kept.
        return Followed::Unchanged;
    }
    let recorded = ReleaseId::new(old.package.clone(), old.version.clone());
    if is_prerelease(release) && !is_prerelease(&recorded) {
        // What a beta shows is a weaker promise for the stable release behind it.
        return Followed::Unchanged;
    }
    let evidence = proven(shown);
    // Staging and a trusted publisher stand for each other; see the judgement.
    let either = [Axis::TrustedPublisher, Axis::Approval];
    let published = either.iter().any(|axis| evidence.contains(axis));
    let stands = |axis: &Axis| evidence.contains(axis) || (published && either.contains(axis));
    let less: Vec<Axis> = old
        .evidence
        .iter()
        .copied()
        .filter(|axis| !stands(axis))
        .collect();
    if !less.is_empty() {
        // The same release, looked at less closely, says nothing new.
        let again = order == Some(Ordering::Equal) && less.iter().all(|axis| is_open(shown, *axis));
        return if again {
            Followed::Unchanged
        } else {
            Followed::Less(less)
        };
    }
    let pin = shown.identity().map(IdentityPin::from);
    if let Some((was, is)) = old.identity.as_ref().zip(pin.as_ref())
        && super::judge::differs(was, is)
    {
        return Followed::Other;
    }
    let unchanged =
        order == Some(Ordering::Equal) && evidence == old.evidence && pin == old.identity;
    if unchanged {
        return Followed::Unchanged;
    }
    let newer = order != Some(Ordering::Equal);
    Followed::New(Box::new(LineRecord {
        package: old.package.clone(),
        line: old.line,
        version: release.version.clone(),
        evidence,
        identity: pin,
        first_seen: old.first_seen,
        last_seen: if newer {
            Day::of(now).max(old.first_seen)
        } else {
            old.last_seen
        },
    }))
}

/// What a release proved.
fn proven(shown: &Shown) -> BTreeSet<Axis> {
    Axis::ALL
        .into_iter()
        .filter(|axis| shown.proves(*axis))
        .collect()
}

/// Whether an axis was not looked at to the end, so that nothing is known to be lost.
fn is_open(shown: &Shown, axis: Axis) -> bool {
    match shown.axis(axis) {
        Seen::Is(()) => !shown.proves(axis) && shown.refuted(axis).is_none(),
        Seen::Stripped | Seen::NotAsked(_) => true,
        Seen::Absent | Seen::NotApplicable => false,
    }
}
