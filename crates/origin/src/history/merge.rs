//! Two sides of a branch that both changed `customs.lock`.

use super::file::is_conflict;
use super::judge::differs;
use super::line::compare;
use super::{Accepted, FileError, LineRecord, Made, TrustFile};
use customs_model::printable;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A merged file, and what a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// All records of which one side is right beyond doubt. Where a person has to decide, it has
    /// the record of ours.
    pub file: TrustFile,
    /// What a person has to decide, one sentence each, sorted. Safe to print.
    pub open: Vec<String>,
}

/// Takes a file with the marks of a git conflict apart: ours and theirs, each as a whole file.
/// None where it has no such marks.
///
/// ```
/// use customs_origin::history::sides;
/// let text = "a\n<<<<<<< ours\nb\n||||||| base\nc\n=======\nd\n>>>>>>> theirs\ne\n";
/// assert_eq!(sides(text), Some(("a\nb\ne\n".into(), "a\nd\ne\n".into())));
/// assert_eq!(sides("a\n"), None);
/// ```
pub fn sides(text: &str) -> Option<(String, String)> {
    enum Side {
        Both,
        Ours,
        Base,
        Theirs,
    }
    let (mut ours, mut theirs) = (String::new(), String::new());
    let (mut side, mut any) = (Side::Both, false);
    for line in text.split_inclusive('\n') {
        if is_conflict(line) {
            any = true;
            side = match line.as_bytes().first() {
                Some(b'<') => Side::Ours,
                Some(b'|') => Side::Base,
                Some(b'=') => Side::Theirs,
                _ => Side::Both,
            };
            continue;
        }
        match side {
            Side::Both => {
                ours.push_str(line);
                theirs.push_str(line);
            }
            Side::Ours => ours.push_str(line),
            Side::Theirs => theirs.push_str(line),
            Side::Base => {}
        }
    }
    any.then_some((ours, theirs))
}

/// Merges two sides. With the file that both began with, what one side took away is away;
/// without it, what one side has is kept.
///
/// # Errors
/// Together they hold more records than a file may.
pub fn merge(
    base: Option<&TrustFile>,
    ours: &TrustFile,
    theirs: &TrustFile,
) -> Result<Merged, FileError> {
    let mut merged = Merged {
        file: TrustFile::default(),
        open: Vec::new(),
    };
    lines(base, ours, theirs, &mut merged)?;
    acceptances(base, ours, theirs, &mut merged)?;
    pins(base, ours, theirs, &mut merged)?;
    merged.open.sort();
    Ok(merged)
}

fn lines(
    base: Option<&TrustFile>,
    ours: &TrustFile,
    theirs: &TrustFile,
    merged: &mut Merged,
) -> Result<(), FileError> {
    let all = ours.lines().chain(theirs.lines());
    let keys: BTreeSet<_> = all.map(|record| (&record.package, record.line)).collect();
    for (package, line) in keys {
        let of = |file: &TrustFile| file.line(package, line).cloned();
        let what = || format!("{package} (line {line})");
        let take = three_ways(base.map(of), of(ours), of(theirs));
        let record = match take {
            Take::One(record) => record,
            Take::Both(ours, theirs) => match newer(&ours, &theirs) {
                Some(record) => Some(record),
                None => {
                    merged.open.push(format!(
                        "{}: both sides changed its record, to {} and to {}, and one claims what the other does \
                         not; verify it again.",
                        what(),
                        ours.version,
                        theirs.version
                    ));
                    Some(*ours)
                }
            },
            Take::Removed(record) => {
                merged.open.push(format!(
                    "{}: one side took its record away and the other changed it; verify it again.",
                    what()
                ));
                Some(*record)
            }
        };
        if let Some(record) = record {
            merged.file.set_line(record)?;
        }
    }
    Ok(())
}

fn acceptances(
    base: Option<&TrustFile>,
    ours: &TrustFile,
    theirs: &TrustFile,
    merged: &mut Merged,
) -> Result<(), FileError> {
    let key = |a: &Accepted| (a.package.clone(), a.line, a.version.clone());
    let keys: BTreeSet<_> = ours.accepted().chain(theirs.accepted()).map(key).collect();
    for wanted in keys {
        let of = |file: &TrustFile| file.accepted().find(|a| key(a) == wanted).cloned();
        let accepted = match three_ways(base.map(of), of(ours), of(theirs)) {
            Take::One(accepted) => accepted,
            Take::Both(ours, _) | Take::Removed(ours) => {
                merged.open.push(format!(
                    "{} {}: the sides accept different things of it; accept it again.",
                    wanted.0, wanted.2
                ));
                Some(*ours)
            }
        };
        if let Some(accepted) = accepted {
            merged.file.set_accepted(accepted)?;
        }
    }
    Ok(())
}

fn pins(
    base: Option<&TrustFile>,
    ours: &TrustFile,
    theirs: &TrustFile,
    merged: &mut Merged,
) -> Result<(), FileError> {
    let paths: BTreeSet<&str> = ours
        .all_made()
        .chain(theirs.all_made())
        .map(|made| made.path.as_str())
        .collect();
    for path in paths {
        let of = |file: &TrustFile| file.made(path).cloned();
        let made: Option<Made> = match three_ways(base.map(of), of(ours), of(theirs)) {
            Take::One(made) => made,
            Take::Both(ours, _) | Take::Removed(ours) => {
                merged.open.push(format!(
                    "{}: the sides pin different bytes; look at the file and pin it again.",
                    printable(path, 200)
                ));
                Some(*ours)
            }
        };
        if let Some(made) = made {
            merged.file.set_made(made)?;
        }
    }
    Ok(())
}

/// What the sides did to one record.
enum Take<T> {
    /// One of them is right, or it is away.
    One(Option<T>),
    /// Both changed it, differently.
    Both(Box<T>, Box<T>),
    /// One changed it, the other took it away.
    Removed(Box<T>),
}

fn three_ways<T: PartialEq>(
    base: Option<Option<T>>,
    ours: Option<T>,
    theirs: Option<T>,
) -> Take<T> {
    if ours == theirs {
        return Take::One(ours);
    }
    if let Some(base) = &base {
        if *base == ours {
            return Take::One(theirs);
        }
        if *base == theirs {
            return Take::One(ours);
        }
    }
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Take::Both(Box::new(ours), Box::new(theirs)),
        (Some(one), None) | (None, Some(one)) => match base.flatten() {
            // Both sides had it once, and it is changed here.
            Some(_) => Take::Removed(Box::new(one)),
            None => Take::One(Some(one)),
        },
        (None, None) => Take::One(None),
    }
}

/// The record of the newer release, where it claims all that the other one claims.
fn newer(ours: &LineRecord, theirs: &LineRecord) -> Option<LineRecord> {
    let order = compare(ours.package.ecosystem(), &ours.version, &theirs.version)?;
    let (old, new) = match order {
        Ordering::Less => (ours, theirs),
        Ordering::Greater => (theirs, ours),
        // One side may have verified more of the same release than the other.
        Ordering::Equal if ours.evidence.is_subset(&theirs.evidence) => (ours, theirs),
        Ordering::Equal => (theirs, ours),
    };
    let same = match (&old.identity, &new.identity) {
        (Some(old), Some(new)) => !differs(old, new) && !differs(new, old),
        (Some(_), None) => false,
        (None, _) => true,
    };
    (same && old.evidence.is_subset(&new.evidence)).then(|| LineRecord {
        first_seen: old.first_seen.min(new.first_seen),
        ..new.clone()
    })
}
