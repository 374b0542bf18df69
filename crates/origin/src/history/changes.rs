//! What a change of `customs.lock` means, in words for a review.
//!
//! Whoever can change a dependency in a pull request can change this file in the same one: claim
//! less for the package, so that a release without evidence looks ordinary; take its record
//! away, so that the next one is trusted on first use; drop a number, so that a repository of the
//! same name passes; accept the loss in somebody's name; pin a planted file as *made here*. So a
//! pull request is judged with the file of its base, and this list says what was done to it.

use super::judge::compare_identities;
use super::line::compare;
use super::{Accepted, Axis, LineRecord, Made, TrustFile};
use customs_model::printable;
use serde::Serialize;
use std::cmp::Ordering;

/// Whether a review has to look at a change of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// It makes a later check weaker, or could hide something.
    Must,
    /// It is what an ordinary verification writes. It is a claim all the same: verify it.
    Ordinary,
}

/// One change of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FileChange {
    /// Whether a review has to look.
    pub look: Look,
    /// What changed, in one sentence. Safe to print.
    pub sentence: String,
}

/// What changed between two versions of the file: what a review must look at first.
pub fn changes(old: &TrustFile, new: &TrustFile) -> Vec<FileChange> {
    let mut out = Vec::new();
    for record in old.lines() {
        match new.line(&record.package, record.line) {
            Some(now) => changed(record, now, new, &mut out),
            None => must(&mut out, removed(record)),
        }
    }
    for record in new.lines() {
        if old.line(&record.package, record.line).is_none() {
            ordinary(&mut out, added(record, old));
        }
    }
    accepted(old, new, &mut out);
    pinned(old, new, &mut out);
    out.sort();
    out
}

fn must(out: &mut Vec<FileChange>, sentence: String) {
    let look = Look::Must;
    out.push(FileChange { look, sentence });
}

fn ordinary(out: &mut Vec<FileChange>, sentence: String) {
    let look = Look::Ordinary;
    out.push(FileChange { look, sentence });
}

fn name(record: &LineRecord) -> String {
    format!("{} (line {})", record.package, record.line)
}

fn removed(record: &LineRecord) -> String {
    format!(
        "{}: its record is gone; the next release of that line will be trusted on first use. {} had {}.",
        name(record),
        record.version,
        evidence(record)
    )
}

fn added(record: &LineRecord, old: &TrustFile) -> String {
    let others: Vec<String> = old
        .lines()
        .filter(|other| other.package == record.package)
        .map(|other| other.line.to_string())
        .collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("; until now only line {} was known", others.join(", "))
    };
    format!(
        "{}: recorded for the first time, {} with {}{others}.",
        name(record),
        record.version,
        evidence(record)
    )
}

fn changed(old: &LineRecord, new: &LineRecord, file: &TrustFile, out: &mut Vec<FileChange>) {
    if old == new {
        return;
    }
    let before = out.len();
    let moved = if old.version == new.version {
        format!("for {}, whose version did not change,", new.version)
    } else {
        format!("from {} to {}", old.version, new.version)
    };
    let backed = file
        .accepted_in(&new.package, new.line)
        .any(|accepted| accepted.version == new.version);
    let backed = if backed {
        "its acceptance stands in the file"
    } else {
        "nothing in the file accepts it"
    };
    let less: Vec<&str> = old
        .evidence
        .difference(&new.evidence)
        .map(|axis| axis.words())
        .collect();
    if !less.is_empty() {
        must(
            out,
            format!(
                "{}: {moved} the record claims less: no {} any more; {backed}.",
                name(new),
                less.join(", no ")
            ),
        );
    }
    if let Some((was, is)) = old.identity.as_ref().zip(new.identity.as_ref()) {
        for d in compare_identities(was, is) {
            let (part, was, is) = (d.part, d.was, d.is);
            must(
                out,
                format!(
                    "{}: {moved} the {part} becomes {is} where it was {was}; {backed}.",
                    name(new)
                ),
            );
        }
    }
    let order = compare(new.package.ecosystem(), &new.version, &old.version);
    if order == Some(Ordering::Less) {
        must(
            out,
            format!(
                "{}: {moved} the record goes back to an older release.",
                name(new)
            ),
        );
    }
    if new.first_seen != old.first_seen && less.is_empty() && out.len() == before {
        must(
            out,
            format!(
                "{}: {moved} the day on which it was first seen becomes {} where it was {}, and nothing else explains it.",
                name(new),
                new.first_seen,
                old.first_seen
            ),
        );
    }
    if out.len() == before {
        ordinary(
            out,
            format!("{}: {moved}, with {}.", name(new), evidence(new)),
        );
    }
}

fn evidence(record: &LineRecord) -> String {
    let axes: Vec<&str> = record
        .evidence
        .iter()
        .map(|axis| Axis::words(*axis))
        .collect();
    if axes.is_empty() {
        "no evidence".to_owned()
    } else {
        axes.join(", ")
    }
}

fn accepted(old: &TrustFile, new: &TrustFile, out: &mut Vec<FileChange>) {
    let find = |file: &TrustFile, wanted: &Accepted| {
        file.accepted_in(&wanted.package, wanted.line)
            .find(|a| a.version == wanted.version)
            .cloned()
    };
    for now in new.accepted() {
        let verb = match find(old, now) {
            Some(before) if before == *now => continue,
            Some(_) => "is changed",
            None => "is new",
        };
        let what: Vec<&str> = now.what.iter().map(|what| what.name()).collect();
        must(
            out,
            format!(
                "{} {}: an acceptance of what it lost or changed ({}) {verb}; its reason: {}",
                now.package,
                now.version,
                what.join(", "),
                printable(&now.reason, 300)
            ),
        );
    }
    for before in old.accepted() {
        if find(new, before).is_none() {
            ordinary(
                out,
                format!(
                    "{} {}: what was accepted of it is not accepted any more.",
                    before.package, before.version
                ),
            );
        }
    }
}

fn pinned(old: &TrustFile, new: &TrustFile, out: &mut Vec<FileChange>) {
    let path = |made: &Made| printable(&made.path, 200);
    let maker = |made: &Made| printable(&made.maker, 80);
    for now in new.all_made() {
        match old.made(&now.path) {
            None => must(
                out,
                format!(
                    "{}: newly pinned as made here by {}.",
                    path(now),
                    maker(now)
                ),
            ),
            Some(before) if before.digest != now.digest => must(
                out,
                format!(
                    "{}: pinned with other bytes than before, as made here by {}.",
                    path(now),
                    maker(now)
                ),
            ),
            Some(before) if before.maker != now.maker => must(
                out,
                format!(
                    "{}: its maker becomes {} where it was {}, with the same bytes.",
                    path(now),
                    maker(now),
                    maker(before)
                ),
            ),
            Some(_) => {}
        }
    }
    for before in old.all_made() {
        if new.made(&before.path).is_none() {
            ordinary(out, format!("{}: not pinned any more.", path(before)));
        }
    }
}
