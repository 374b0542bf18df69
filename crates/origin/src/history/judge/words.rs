//! The sentences: both versions, and both values.

use super::context::{Baseline, Context};
use super::{Addition, Change, Unseen};
use crate::history::{Accepted, Axis, ReleaseLine, Seen, Shown};
use crate::identity::{CIRCLECI, is_issuer};
use crate::{BuilderClass, Identity, Numbered, RefClass};
use customs_model::{PublisherKind, ReleaseId, Version, printable};

pub(super) fn value(text: &str) -> String {
    printable(text, 200)
}

pub(super) fn no_line(release: &ReleaseId) -> String {
    format!(
        "{} has no place in the version order of {}, so there is no line to compare it with",
        release.version,
        release.package.ecosystem()
    )
}

/// The sentence of a judgement.
pub(super) fn sentence(
    context: &Context<'_>,
    changes: &[Change],
    unseen: &[(Axis, Unseen, String)],
    accepted: &[String],
) -> String {
    let mut clauses = Vec::new();
    clauses.extend(lost(context, changes));
    clauses.extend(refuted(context, changes));
    clauses.extend(identity(context, changes));
    clauses.extend(new_line(context, changes));
    if !unseen.is_empty() {
        clauses.push(not_checked(context, unseen));
    }
    clauses.extend(accepted.iter().cloned());
    if clauses.is_empty() {
        clauses.push(quiet(context));
    }
    format!("{}.", clauses.join(". "))
}

/// `1.14.0 was built by …; 1.14.1 has no provenance and was published by …`.
fn lost(context: &Context<'_>, changes: &[Change]) -> Option<String> {
    let axes: Vec<Axis> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Lost { axis, .. } => Some(*axis),
            _ => None,
        })
        .collect();
    // Provenance names who built it, which says more than the axes before it.
    let first = axes.iter().find(|axis| **axis == Axis::Provenance);
    let first = *first.or(axes.first())?;
    let baseline = context.baseline(first)?;
    let words: Vec<&str> = axes.iter().map(|axis| axis.words()).collect();
    let mut now = vec![format!("has no {}", words.join(" and no "))];
    now.extend(company(context, changes));
    let settled = if baseline.prerelease {
        " (only prereleases had it)"
    } else {
        ""
    };
    Some(format!(
        "{} {}; {} {}{settled}",
        baseline.version,
        had(&baseline, first),
        context.shown.release.version,
        list(&now)
    ))
}

fn had(baseline: &Baseline<'_>, axis: Axis) -> String {
    match axis {
        Axis::Signature => "was signed by the registry".to_owned(),
        Axis::Provenance => match builder_if_known(baseline) {
            Some(builder) => format!("was built by {builder}"),
            None => "came with provenance".to_owned(),
        },
        Axis::TrustedPublisher => {
            let provider = baseline
                .shown
                .and_then(|shown| shown.trusted_publisher.is());
            match provider {
                Some(provider) => {
                    format!("was published by {} as trusted publisher", provider.words())
                }
                None => "was published by a trusted publisher".to_owned(),
            }
        }
        Axis::Approval => "was approved by a person".to_owned(),
    }
}

/// Who built a release.
pub(super) fn builder_of(baseline: &Baseline<'_>) -> String {
    builder_if_known(baseline).unwrap_or_else(|| "a pipeline with provenance".to_owned())
}

fn builder_if_known(baseline: &Baseline<'_>) -> Option<String> {
    let recorded = baseline.record.and_then(|record| record.identity.as_ref());
    if let Some(pin) = recorded {
        return Some(who(
            &pin.issuer,
            pin.repository.as_ref(),
            pin.subject.as_deref(),
        ));
    }
    let identity: &Identity = baseline.shown?.identity()?;
    Some(who(
        &identity.issuer,
        identity.repository.as_ref(),
        Some(&identity.subject),
    ))
}

fn who(issuer: &str, repository: Option<&Numbered>, subject: Option<&str>) -> String {
    let system = match issuer {
        "https://token.actions.githubusercontent.com" => "GitHub Actions".to_owned(),
        "https://gitlab.com" => "GitLab CI".to_owned(),
        own if is_issuer(CIRCLECI, own) => "CircleCI".to_owned(),
        other => value(other),
    };
    match (repository, subject) {
        (Some(repository), _) => format!("{system} of {}", short(&repository.uri)),
        (None, Some(subject)) => format!("{} ({system})", value(subject)),
        (None, None) => system,
    }
}

/// `owner/name` on GitHub, which most people read faster.
fn short(uri: &str) -> String {
    value(uri.strip_prefix("https://github.com/").unwrap_or(uri))
}

pub(super) fn numbered(numbered: &Numbered) -> String {
    match &numbered.id {
        Some(id) => format!("{} (id {})", short(&numbered.uri), value(id)),
        None => format!("{} (no id)", short(&numbered.uri)),
    }
}

/// Who published it, and what came with it.
fn company(context: &Context<'_>, changes: &[Change]) -> Vec<String> {
    let additions = || {
        changes.iter().filter_map(|change| match change {
            Change::With(addition) => Some(addition),
            _ => None,
        })
    };
    let mut company = Vec::new();
    let person = context.shown.publisher.is();
    if let Some(person) = person.filter(|publisher| publisher.kind == PublisherKind::Account) {
        let mut words = format!(
            "was published by a person ({})",
            printable(&person.name, 60)
        );
        if additions().any(|a| matches!(a, Addition::Publisher(_))) {
            words += " who never published it before";
        }
        for addition in additions() {
            if let Addition::MailDomain(domain) = addition {
                words += &format!(" from a new e-mail domain ({})", printable(domain, 60));
            }
        }
        company.push(words);
    }
    company.extend(additions().filter_map(content));
    company
}

fn content(addition: &Addition) -> Option<String> {
    let (what, names) = match addition {
        Addition::Dependencies(names) => ("dependency", names),
        Addition::Scripts(names) => ("script", names),
        Addition::Publisher(_) | Addition::MailDomain(_) => return None,
    };
    let mut shown: Vec<String> = names
        .iter()
        .take(3)
        .map(|name| printable(name, 80))
        .collect();
    if names.len() > 3 {
        shown.push(format!("{} more", names.len() - 3));
    }
    Some(format!("adds the {what} {}", list(&shown)))
}

fn refuted(context: &Context<'_>, changes: &[Change]) -> Option<String> {
    let falses: Vec<String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Refuted { axis, why } => Some(format!("the {} is false: {why}", axis.words())),
            _ => None,
        })
        .collect();
    (!falses.is_empty()).then(|| format!("In {} {}", context.shown.release.version, list(&falses)))
}

/// `From 1.14.0 to 1.14.1 the workflow changed from … to …`.
fn identity(context: &Context<'_>, changes: &[Change]) -> Option<String> {
    let mut since = None;
    let mut parts = Vec::new();
    for change in changes {
        let Change::Identity {
            part,
            was,
            is,
            before,
            renamed,
        } = change
        else {
            continue;
        };
        since.get_or_insert(before);
        parts.push(difference(part, was, is, *renamed));
    }
    let since = since?;
    let lost = changes.iter().any(|c| matches!(c, Change::Lost { .. }));
    let additions = changes.iter().filter_map(|change| match change {
        Change::With(addition) if !lost => content(addition),
        _ => None,
    });
    let company: Vec<String> = additions.collect();
    let now = &context.shown.release.version;
    let company = if company.is_empty() {
        String::new()
    } else {
        format!("; {now} {}", list(&company))
    };
    Some(format!("From {since} to {now} {}{company}", list(&parts)))
}

/// One part of who built it that is another one than before.
pub(super) fn difference(part: &str, was: &str, is: &str, renamed: bool) -> String {
    let verb = if renamed { "was renamed" } else { "changed" };
    let same_name = was.split(" (id").next() == is.split(" (id").next();
    let hint = if !renamed && same_name {
        ", another one of the same name"
    } else {
        ""
    };
    format!("the {part} {verb} from {was} to {is}{hint}")
}

fn new_line(context: &Context<'_>, changes: &[Change]) -> Option<String> {
    let mut had_by = None;
    let mut axes = Vec::new();
    for change in changes {
        if let Change::NewLine { axis, had } = change {
            had_by.get_or_insert(had);
            axes.push(format!("no {}", axis.words()));
        }
    }
    let now = &context.shown.release.version;
    Some(format!(
        "{now} opens release line {} and has {}, which {} of the line below has",
        context.line,
        list(&axes),
        had_by?
    ))
}

fn not_checked(context: &Context<'_>, unseen: &[(Axis, Unseen, String)]) -> String {
    let stripped: Vec<&str> = unseen
        .iter()
        .filter(|(_, why, _)| *why == Unseen::Stripped)
        .map(|(axis, _, _)| axis.words())
        .collect();
    let mut reasons: Vec<String> = unseen
        .iter()
        .filter(|(_, why, _)| *why != Unseen::Stripped)
        .map(|(_, _, words)| words.clone())
        .collect();
    if !stripped.is_empty() {
        // One cause, whatever it took away.
        let stripped = stripped.join(", ");
        reasons.push(format!("evidence was stripped on the way ({stripped})"));
    }
    let now = &context.shown.release.version;
    let before = unseen
        .iter()
        .find_map(|(axis, _, _)| context.baseline(*axis))
        .map_or_else(String::new, |b| format!(" against {}", b.version));
    format!("{now} was not checked{before}: {}", list(&reasons))
}

fn quiet(context: &Context<'_>) -> String {
    let now = &context.shown.release.version;
    let shows: Vec<String> = Axis::ALL
        .iter()
        .filter(|axis| context.shown.shows(**axis))
        .map(|axis| axis.words().to_owned())
        .collect();
    let asked = Axis::ALL.iter().any(|axis| {
        let seen = context.shown.axis(*axis);
        matches!(seen, Seen::Absent | Seen::NotApplicable)
    });
    let nobody_asked = shows.is_empty() && !asked;
    let shows = if shows.is_empty() {
        "no evidence of origin".to_owned()
    } else {
        list(&shows)
    };
    let before = context.record.map(|record| &record.version).or_else(|| {
        context
            .window
            .first()
            .map(|shown: &&Shown| &shown.release.version)
    });
    match before {
        Some(before) if nobody_asked => {
            format!("Nobody asked what {now} shows; {before} had nothing that it could lose")
        }
        Some(before) if before == now => {
            format!("{now} shows {shows}, as when it was verified before")
        }
        Some(before) => format!("{now} shows {shows}, and nothing that {before} had is lost"),
        None => format!(
            "{now} is the first release of line {} that is seen here; it shows {shows}",
            context.line
        ),
    }
}

pub(super) fn accepted(accepted: &Accepted) -> String {
    let what: Vec<String> = accepted
        .what
        .iter()
        .map(|what| what.name().to_owned())
        .collect();
    format!(
        "A change of {} in {} was accepted on {}: {}",
        list(&what),
        accepted.version,
        accepted.on,
        printable(accepted.reason.trim_end_matches('.'), 300)
    )
}

pub(super) fn stripped(axis: Axis) -> String {
    format!("the {} was stripped on the way", axis.words())
}

pub(super) fn not_asked(axis: Axis, because: &str) -> String {
    format!(
        "nobody asked for the {} ({})",
        axis.words(),
        printable(because, 200)
    )
}

pub(super) fn not_carried(axis: Axis) -> String {
    format!("this registry carries no {}", axis.words())
}

pub(super) fn not_verified(axis: Axis) -> String {
    format!("the {} is offered and was not verified", axis.words())
}

pub(super) fn not_staged() -> String {
    "It was published by the trusted publisher without the approval that an earlier release had"
        .to_owned()
}

pub(super) fn strangers(trigger: &str) -> String {
    format!(
        "It was started by {}, which somebody without rights in the repository can do",
        value(trigger)
    )
}

pub(super) fn people_not_checked() -> String {
    "Whether its publisher is new to the package was not checked: not all earlier releases were looked at".to_owned()
}

pub(super) fn content_not_checked() -> String {
    "Whether its dependencies and scripts are new was not checked: they are not known of it and of the release before".to_owned()
}

pub(super) fn elsewhere(
    axis: Axis,
    line: ReleaseLine,
    other: &Version,
    own: ReleaseLine,
) -> String {
    format!(
        "{other} of line {line} has {}; line {own} never showed any",
        axis.words()
    )
}

pub(super) const fn ref_class(class: RefClass) -> &'static str {
    match class {
        RefClass::Tag => "a tag",
        RefClass::MainBranch => "the main branch",
        RefClass::Other => "another ref",
    }
}

pub(super) const fn builder(class: BuilderClass) -> &'static str {
    match class {
        BuilderClass::Hosted => "the host's runner",
        BuilderClass::SelfHosted => "somebody's own machine",
    }
}

/// A clause as the beginning of a sentence.
pub(super) fn capital(clause: &str) -> String {
    let mut chars = clause.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
