//! Who built it, and whether that is who built the release before.

use super::context::Context;
use super::{Change, Found, Weight, words};
use crate::history::{Acceptable, Axis, IdentityPin, Provider, Shown};
use crate::{BuilderClass, Numbered, RefClass};

/// The part that is compared by its class.
const REF: &str = "ref";

/// One part that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::history) struct Difference {
    /// What of it.
    pub part: &'static str,
    /// As it was, safe to print.
    pub was: String,
    /// As it is, safe to print.
    pub is: String,
    /// The same thing under a new name.
    pub renamed: bool,
}

/// Compares who built the release with who built the one before, and who published it.
pub(super) fn find(context: &Context<'_>, found: &mut Found) {
    built(context, found);
    published(context, found);
}

fn built(context: &Context<'_>, found: &mut Found) {
    let Some(now) = context.shown.identity().map(IdentityPin::from) else {
        return;
    };
    let Some((baseline, before)) = context.identity_before() else {
        if let Some(trigger) = &now.trigger {
            found.asides.push(words::strangers(trigger));
        }
        return;
    };
    let differences = compare(&before, &now);
    if differences.is_empty() {
        return;
    }
    if let Some(accepted) = context.accepted(Acceptable::Identity) {
        return found.accept(accepted);
    }
    let mut additions = context.additions(&baseline);
    additions.retain(super::Addition::is_content);
    let same = |shown: &Shown| {
        let pin = shown.identity().map(IdentityPin::from);
        pin.is_some_and(|pin| compare(&pin, &now).is_empty())
    };
    let mild = baseline.prerelease || context.is_settled(&baseline, same);
    let mut worst = Weight::Note;
    for difference in differences {
        let weight = if difference.renamed {
            Weight::Note
        } else if !additions.is_empty() && !mild {
            Weight::Block
        } else {
            Weight::Warn
        };
        worst = worst.max(weight);
        let git_ref = context.shown.identity().and_then(|i| i.git_ref.as_deref());
        let is = match git_ref {
            // The class alone would leave a person to look for which ref it is.
            Some(name) if difference.part == REF => {
                format!("{} ({})", difference.is, words::value(name))
            }
            _ => difference.is,
        };
        let change = Change::Identity {
            part: difference.part,
            was: difference.was,
            is,
            before: baseline.version.clone(),
            renamed: difference.renamed,
        };
        found.add(change, weight);
    }
    if worst > Weight::Note {
        found.with(additions);
    }
}

/// Another provider's pipeline as trusted publisher, as far as earlier releases tell; and
/// CircleCI where provenance was before, which it does not carry.
fn published(context: &Context<'_>, found: &mut Found) {
    let Some(now) = context.shown.trusted_publisher.is() else {
        return;
    };
    let before = context.baseline(Axis::TrustedPublisher);
    let provider = before.and_then(|baseline| baseline.shown?.trusted_publisher.is());
    let unproven = *now == Provider::CircleCi && !context.shown.shows(Axis::Provenance);
    let proven = context.baseline(Axis::Provenance).filter(|_| unproven);
    let (baseline, was) = match (before, provider, proven) {
        (Some(before), Some(provider), _) if provider != now => (before, provider.words()),
        // The newest release with a trusted publisher had this one already, and no record says
        // that provenance was verified: told when it happened.
        (_, Some(_), proven) if proven.is_none_or(|proven| proven.record.is_none()) => return,
        (_, _, Some(proven)) => (proven, words::builder_of(&proven)),
        (_, _, None) => return,
    };
    if let Some(accepted) = context.accepted(Acceptable::Identity) {
        return found.accept(accepted);
    }
    let mut additions = context.additions(&baseline);
    additions.retain(super::Addition::is_content);
    let weight = if additions.is_empty() || baseline.prerelease {
        Weight::Warn
    } else {
        Weight::Block
    };
    let change = Change::Identity {
        part: "trusted publisher",
        was,
        is: now.words(),
        before: baseline.version.clone(),
        renamed: false,
    };
    found.add(change, weight);
    found.with(additions);
}

/// What differs between two identities, where the later one is not plainly the stronger.
pub(in crate::history) fn compare(was: &IdentityPin, is: &IdentityPin) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |part, was: String, is: String, renamed| {
        differences.push(Difference {
            part,
            was,
            is,
            renamed,
        });
    };
    if was.issuer != is.issuer {
        differ(
            "issuer",
            words::value(&was.issuer),
            words::value(&is.issuer),
            false,
        );
    }
    for (part, was, is) in [
        ("repository", &was.repository, &is.repository),
        ("owner", &was.owner, &is.owner),
    ] {
        match sameness(was.as_ref(), is.as_ref()) {
            Sameness::Same => {}
            Sameness::Renamed => differ(part, numbered(was), numbered(is), true),
            Sameness::Other => differ(part, numbered(was), numbered(is), false),
        }
    }
    // The path of the workflow and the environment may be gained, and may not be lost.
    for (part, was, is) in [
        ("subject", &was.subject, &is.subject),
        ("workflow", &was.workflow, &is.workflow),
        ("environment", &was.environment, &is.environment),
    ] {
        if was.is_some() && was != is {
            differ(part, text(was), text(is), false);
        }
    }
    if was.signer != is.signer {
        differ(
            "signing workflow",
            text(&was.signer),
            text(&is.signer),
            false,
        );
    }
    if is.trigger.is_some() && was.trigger != is.trigger {
        differ("trigger", text(&was.trigger), text(&is.trigger), false);
    }
    if let Some(class) = was.ref_class
        && is
            .ref_class
            .is_none_or(|now| strength(now) < strength(class))
    {
        let now = is.ref_class.map_or("no ref", words::ref_class);
        differ(REF, words::ref_class(class).into(), now.into(), false);
    }
    if was.builder == Some(BuilderClass::Hosted) && is.builder != Some(BuilderClass::Hosted) {
        let now = is.builder.map_or("an unknown machine", words::builder);
        let hosted = words::builder(BuilderClass::Hosted);
        differ("builder", hosted.into(), now.into(), false);
    }
    differences
}

enum Sameness {
    Same,
    Renamed,
    Other,
}

/// The number decides where both have one at the same host. One that is told no more may be
/// another repository of the same name.
fn sameness(was: Option<&Numbered>, is: Option<&Numbered>) -> Sameness {
    let (Some(was), is) = (was, is) else {
        return Sameness::Same;
    };
    let Some(is) = is else {
        return Sameness::Other;
    };
    let same_uri = was.uri.eq_ignore_ascii_case(&is.uri);
    match (&was.id, &is.id) {
        (Some(a), Some(b)) if a == b && host(&was.uri) == host(&is.uri) => {
            if same_uri {
                Sameness::Same
            } else {
                Sameness::Renamed
            }
        }
        (Some(_), _) => Sameness::Other,
        (None, _) if same_uri => Sameness::Same,
        (None, _) => Sameness::Other,
    }
}

fn host(uri: &str) -> Option<String> {
    uri.split('/').nth(2).map(str::to_ascii_lowercase)
}

const fn strength(class: RefClass) -> u8 {
    match class {
        RefClass::Other => 0,
        RefClass::MainBranch => 1,
        RefClass::Tag => 2,
    }
}

fn numbered(value: &Option<Numbered>) -> String {
    value
        .as_ref()
        .map_or_else(|| "none".to_owned(), words::numbered)
}

fn text(value: &Option<String>) -> String {
    value
        .as_deref()
        .map_or_else(|| "none".to_owned(), words::value)
}
