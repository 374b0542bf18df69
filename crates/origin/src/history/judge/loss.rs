//! Evidence that is not there any more.

use super::context::{Baseline, Context};
use super::{Change, Found, Unseen, Weight, words};
use crate::history::{Axis, LineRecord, Provider, Seen, Shown};

/// Looks at each axis by itself.
pub(super) fn find(context: &Context<'_>, found: &mut Found) {
    for axis in Axis::ALL {
        let baseline = context.baseline(axis);
        if let Some(why) = context.shown.refuted(axis) {
            refuted(axis, why, baseline.is_some(), found);
        } else {
            match &baseline {
                Some(baseline) => against(context, axis, baseline, found),
                None => without_baseline(context, axis, found),
            }
        }
    }
}

/// A false proof. Somebody made it up: worse than none, where a true one is usual.
fn refuted(axis: Axis, why: &str, had: bool, found: &mut Found) {
    let why = customs_model::printable(why, 200);
    let weight = if had { Weight::Block } else { Weight::Warn };
    found.add(Change::Refuted { axis, why }, weight);
}

fn against(context: &Context<'_>, axis: Axis, baseline: &Baseline<'_>, found: &mut Found) {
    let mut unseen = |why, words: String| found.unseen.push((axis, why, words));
    match context.shown.axis(axis) {
        Seen::Is(()) => {
            let verified = |record: &LineRecord| record.evidence.contains(&axis);
            if !context.shown.proves(axis) && context.record.is_some_and(verified) {
                unseen(Unseen::NotVerified, words::not_verified(axis));
            }
        }
        Seen::Stripped => unseen(Unseen::Stripped, words::stripped(axis)),
        Seen::NotAsked(because) => unseen(Unseen::NotAsked, words::not_asked(axis, &because)),
        Seen::NotApplicable => unseen(Unseen::NotCarried, words::not_carried(axis)),
        Seen::Absent => {
            if !is_explained(context, axis, found) {
                lost(context, axis, baseline, found);
            }
        }
    }
}

/// Whether something else stands where the evidence stood.
fn is_explained(context: &Context<'_>, axis: Axis, found: &mut Found) -> bool {
    let shown = &context.shown;
    match axis {
        Axis::Signature => false,
        // npm puts the approver where the trusted publisher stood (pnpm#11887), and a release
        // that is published directly has no approver (pnpm#13693). Neither is the better one.
        Axis::TrustedPublisher => shown.shows(Axis::Approval),
        Axis::Approval => {
            let explained = shown.shows(Axis::TrustedPublisher);
            if explained {
                found.asides.push(words::not_staged());
            }
            explained
        }
        // CircleCI publishes without provenance; that it took over is told as a change of
        // identity, once.
        Axis::Provenance => shown.trusted_publisher.is() == Some(&Provider::CircleCi),
    }
}

fn lost(context: &Context<'_>, axis: Axis, baseline: &Baseline<'_>, found: &mut Found) {
    let had = baseline.version.clone();
    let change = Change::Lost { axis, had };
    if let Some(accepted) = change.acceptable().and_then(|what| context.accepted(what)) {
        return found.accept(accepted);
    }
    let additions = context.additions(baseline);
    let absent = |shown: &Shown| !shown.shows(axis);
    // A stable release that lacks what only betas had, and a loss that has stood for long, are
    // told and stop nothing.
    let mild = baseline.prerelease || context.is_settled(baseline, absent);
    let weight = if !additions.is_empty() && !mild {
        Weight::Block
    } else if !additions.is_empty() || !context.is_old_line() {
        Weight::Warn
    } else {
        Weight::Note
    };
    found.add(change, weight);
    found.with(additions);
}

/// The line had nothing there, or nothing is known of it.
fn without_baseline(context: &Context<'_>, axis: Axis, found: &mut Found) {
    match context.shown.axis(axis) {
        Seen::Is(()) | Seen::NotApplicable => {}
        Seen::Stripped => open(
            context,
            axis,
            Unseen::Stripped,
            words::stripped(axis),
            found,
        ),
        Seen::NotAsked(because) => {
            let words = words::not_asked(axis, &because);
            open(context, axis, Unseen::NotAsked, words, found);
        }
        Seen::Absent if context.is_first() => opens_line(context, axis, found),
        Seen::Absent => {}
    }
}

/// Nobody looked, and nothing says that the line had something. Where the release shows something
/// on another axis, or the line is known to have had nothing, that is only mentioned.
fn open(context: &Context<'_>, axis: Axis, why: Unseen, words: String, found: &mut Found) {
    let shows = Axis::ALL.iter().any(|axis| context.shown.shows(*axis));
    if shows || context.had_nothing(axis) {
        found.asides.push(words::capital(&words));
    } else {
        found.unseen.push((axis, why, words));
    }
}

/// The first release of the newest line is noted where it lacks what the line below has: who
/// stole an account may publish a new major as well. A backport to an older line is not.
fn opens_line(context: &Context<'_>, axis: Axis, found: &mut Found) {
    if is_explained(context, axis, &mut Found::default()) {
        return;
    }
    let newest = context.others.iter().map(|(line, _)| *line).max();
    let Some(below) = newest.filter(|newest| *newest < context.line) else {
        return;
    };
    let last = context.others.iter().find(|(line, _)| *line == below);
    if let Some((_, last)) = last.filter(|(_, last)| last.shows(axis)) {
        let had = last.release.version.clone();
        found.add(Change::NewLine { axis, had }, Weight::Note);
    }
}
