//! A host that the package names as its own.
//!
//! Whoever made a release wrote its manifest, a thief as well. So an earlier release is asked
//! where its facts are at hand: what it named, or reached, is the package's own; what only the
//! release itself names is not proven to be. Without an earlier release nothing is known
//! beyond the own manifest, which is said.

use super::{Recogniser, Seen, drop_mark, has};
use customs_model::{Flow, Inspection, Mark, Target, registrable};

pub(super) static OWN_HOST: Recogniser = Recogniser {
    id: "own-host",
    what: "The host belongs to a domain that the manifest names as home page, repository or place of its \
           binaries, and the release before named or reached it too, where it is known.",
    why: "Installers fetch their program from the maker's own server, and telemetry goes there.",
    twin: "Only the new release names the host; the one before named others, and never reached it.",
    limits: "Without a release before, the own manifest is all that speaks for it. Who takes over the domain \
             is the owner.",
    recognises,
    without: |flow| drop_mark(flow, Mark::OwnHost),
};

/// What is known of whose a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The manifest of the release before names it, or that release reached it.
    Earlier,
    /// Nothing is known of a release before.
    OwnManifestOnly,
    /// The release before is known, and had nothing to do with it.
    New,
}

fn recognises(flow: &Flow, seen: &Seen<'_>) -> Option<String> {
    let words = match standing(flow, seen)? {
        Standing::Earlier => "its manifest names the host, and the release before knew it",
        Standing::OwnManifestOnly => {
            "its manifest names the host (own manifest only: no release before was asked)"
        }
        Standing::New => return None,
    };
    Some(words.to_owned())
}

/// The flow as it is where the release before speaks against the own manifest.
pub(crate) fn contradicted(flow: &Flow, seen: &Seen<'_>) -> Option<Flow> {
    (standing(flow, seen)? == Standing::New).then(|| {
        let mut flow = flow.clone();
        drop_mark(&mut flow, Mark::OwnHost);
        flow
    })
}

fn standing(flow: &Flow, seen: &Seen<'_>) -> Option<Standing> {
    if !has(flow, Mark::OwnHost) {
        return None;
    }
    // The mark goes by the target; a manifest that an older engine read named nothing.
    let (Target::Constant(host), Some(before)) = (&flow.target, seen.before) else {
        return Some(Standing::OwnManifestOnly);
    };
    if before.own_domains.is_empty() {
        return Some(Standing::OwnManifestOnly);
    }
    let domain = registrable(host);
    // A name of a file is no host: nothing can be asked about it.
    if !seen.now.own_domains.iter().any(|own| same(own, domain)) {
        return Some(Standing::OwnManifestOnly);
    }
    let named = before.own_domains.iter().any(|own| same(own, domain));
    Some(if named || reached(before, domain) {
        Standing::Earlier
    } else {
        Standing::New
    })
}

/// Whether a release reached a host of a domain.
fn reached(code: &Inspection, domain: &str) -> bool {
    let by_call = code
        .capabilities
        .iter()
        .filter_map(|capability| capability.detail.as_deref());
    let by_flow = code.flows.iter().flat_map(|flow| {
        let target = match &flow.target {
            Target::Constant(host) => Some(host.as_str()),
            Target::Opaque | Target::Caller => None,
        };
        target
            .into_iter()
            .chain(flow.source_name.strip_prefix("the answer of "))
    });
    by_call
        .chain(by_flow)
        .any(|host| same(registrable(host), domain))
}

/// Whether two domains are one owner's.
fn same(one: &str, other: &str) -> bool {
    let is_github = |domain: &str| matches!(domain, "github.com" | "githubusercontent.com");
    one.eq_ignore_ascii_case(other) || is_github(one) && is_github(other)
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use crate::sample::{dossier, predecessor};
    use crate::{RuleSet, judge};
    use customs_model::{Dossier, Flow, Inspection, Mark, SinkKind, SourceKind, Standing, Verdict};
    use std::sync::Arc;

    fn sent(host: &str, marks: &[Mark]) -> Flow {
        flow(
            (SourceKind::Identity, "os.hostname()"),
            SinkKind::Network,
            host,
            marks,
        )
    }

    fn code(domains: &[&str], flows: Vec<Flow>) -> Arc<Inspection> {
        Arc::new(Inspection {
            flows,
            own_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            ..Inspection::default()
        })
    }

    /// The verdict on a release that tells its own host who installs it, after another one.
    fn after(before: Option<Arc<Inspection>>) -> Verdict {
        let new = sent("t.new.example", &[Mark::OwnHost]);
        let mut now = dossier("npm", "left", "1.0.1", "2026-03-27T19:01:40Z");
        now.code = Some(code(&["new.example"], vec![new]));
        let earlier = predecessor(&now, "1.0.0");
        let now = Dossier {
            predecessor: before.map(|code| customs_model::Predecessor {
                code: Some(code),
                ..earlier
            }),
            ..now
        };
        judge(&now, &RuleSet::standard())
    }

    fn says(verdict: &Verdict, piece: &str) -> bool {
        verdict.findings.iter().any(|f| f.message.contains(piece))
    }

    #[test]
    fn a_host_of_the_package_is_recognised_and_another_one_is_not() {
        pair(
            "own-host",
            sent("t.own.example", &[Mark::OwnHost]),
            sent("collect.invalid", &[]),
        );
    }

    #[test]
    fn without_a_release_before_the_own_manifest_is_all_that_speaks() {
        let verdict = after(None);
        assert_eq!(verdict.standing, Standing::Suspicious);
        assert!(says(&verdict, "own manifest only"), "{verdict:?}");
    }

    #[test]
    fn a_host_that_the_release_before_named_or_reached_is_its_own() {
        let named = after(Some(code(&["new.example", "github.com"], Vec::new())));
        assert_eq!(named.standing, Standing::Suspicious);
        assert!(says(&named, "the release before knew it"), "{named:?}");
        let reached = after(Some(code(
            &["old.example"],
            vec![sent("cdn.new.example:443", &[])],
        )));
        assert_ne!(reached.standing, Standing::Malicious);
    }

    #[test]
    fn a_host_that_only_the_new_manifest_names_is_a_strangers() {
        let verdict = after(Some(code(&["old.example"], Vec::new())));
        assert_eq!(verdict.standing, Standing::Malicious, "{verdict:?}");
        assert!(says(&verdict, "the release before did not"), "{verdict:?}");
    }

    #[test]
    fn an_earlier_manifest_that_names_nothing_says_nothing() {
        let verdict = after(Some(code(&[], Vec::new())));
        assert_eq!(verdict.standing, Standing::Suspicious);
    }

    #[test]
    fn domains_are_compared_without_case() {
        assert!(super::same("GitHub.com", "github.com"));
        assert!(super::same("githubusercontent.com", "github.com"));
    }
}
