//! A host that the package names as its own.
//!
//! Whoever made a release wrote its manifest, a thief as well. So an earlier release is asked
//! where its facts are at hand: what it named, or reached, is the package's own; what only the
//! release itself names is not proven to be. Without an earlier release nothing is known
//! beyond the own manifest, which is said.

use super::{Recogniser, Seen, drop_mark, has};
use customs_model::{Flow, Inspection, Mark, Target, owner_of};

pub(super) static OWN_HOST: Recogniser = Recogniser {
    id: "own-host",
    what: "The host belongs to a domain that the manifest names as home page, repository or place of its \
           binaries, and the release before named or reached it too, where it is known. On a host that many \
           share, such as one for sources or a store of a cloud, the owner in the address is what counts.",
    why: "Installers fetch their program from the maker's own server, and telemetry goes there.",
    twin: "Only the new release names the host; the one before named others, and never reached it. Or the \
           address is another owner's on a host that both use.",
    limits: "Without a release before, the own manifest is all that speaks for it. Who takes over the domain \
             is the owner. What others put below an owner's name, such as a change that is only proposed, is \
             taken for the owner's.",
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
    // The mark goes by the target or, where a download is run, by the host that gave it; a
    // manifest that an older engine read named nothing.
    let (Some(place), Some(before)) = (place_of(flow), seen.before) else {
        return Some(Standing::OwnManifestOnly);
    };
    if before.own_domains.is_empty() {
        return Some(Standing::OwnManifestOnly);
    }
    // A name of a file is no host: nothing can be asked about it.
    let named_by = |code: &Inspection, owner: &str| {
        let mut owners = code.own_domains.iter();
        owners.any(|own| own.eq_ignore_ascii_case(owner))
    };
    let Some(owner) = owner_of(place).filter(|owner| named_by(seen.now, owner)) else {
        return Some(Standing::OwnManifestOnly);
    };
    Some(if named_by(before, &owner) || reached(before, &owner) {
        Standing::Earlier
    } else {
        Standing::New
    })
}

/// The place that the mark is about. Where a file is run its name says nothing of a host.
fn place_of(flow: &Flow) -> Option<&str> {
    let answered = flow.source_name.strip_prefix("the answer of ");
    answered.or(match &flow.target {
        Target::Constant(place) => Some(place.as_str()),
        Target::Opaque | Target::Caller => None,
    })
}

/// Whether a release reached a place of an owner.
fn reached(code: &Inspection, owner: &str) -> bool {
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
        .any(|place| owner_of(place).is_some_and(|known| known.eq_ignore_ascii_case(owner)))
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

    /// The verdict on a release that runs what it downloads from a place of its own, after one
    /// that named and reached something else.
    fn runs_after(place: &str, named: &str) -> Verdict {
        let ran = flow(
            (SourceKind::Remote, &format!("the answer of {place}")),
            SinkKind::ExecutedFile,
            "<out>/lib/tool.a",
            &[Mark::OwnHost],
        );
        let mut now = dossier("npm", "left", "1.0.1", "2026-03-27T19:01:40Z");
        now.code = Some(code(&["github.com/lk"], vec![ran]));
        now.predecessor = Some(customs_model::Predecessor {
            code: Some(code(&[named], Vec::new())),
            ..predecessor(&now, "1.0.0")
        });
        judge(&now, &RuleSet::standard())
    }

    #[test]
    fn of_a_download_that_is_run_the_host_that_gave_it_counts() {
        let known = runs_after("github.com/lk", "github.com/lk");
        assert_eq!(known.standing, Standing::Suspicious, "{known:?}");
        let new = runs_after("github.com/lk", "github.com/other");
        assert_eq!(new.standing, Standing::Malicious, "{new:?}");
    }

    #[test]
    fn an_earlier_manifest_that_names_nothing_says_nothing() {
        let verdict = after(Some(code(&[], Vec::new())));
        assert_eq!(verdict.standing, Standing::Suspicious);
    }

    /// The verdict on a release that tells a place who installs it and names its owner, after
    /// one that named and reached something else.
    fn after_at(place: &str, owner: &str, named: &str, reached: &str) -> Verdict {
        let new = sent(place, &[Mark::OwnHost]);
        let mut now = dossier("npm", "left", "1.0.1", "2026-03-27T19:01:40Z");
        now.code = Some(code(&[owner], vec![new]));
        let before = code(&[named], vec![sent(reached, &[])]);
        now.predecessor = Some(customs_model::Predecessor {
            code: Some(before),
            ..predecessor(&now, "1.0.0")
        });
        judge(&now, &RuleSet::standard())
    }

    #[test]
    fn another_owner_on_a_host_that_both_use_is_a_stranger() {
        let raw = "raw.githubusercontent.com/evil";
        for (named, reached) in [
            ("github.com/lk", "lk.example"),
            ("github.com/lk", "raw.githubusercontent.com/lk"),
            ("github.com/lk", "raw.githubusercontent.com"),
            ("lk.example", "api.github.com"),
        ] {
            let verdict = after_at(raw, "github.com/evil", named, reached);
            assert_eq!(verdict.standing, Standing::Malicious, "{named} {reached}");
        }
    }

    #[test]
    fn an_owner_is_known_by_any_host_of_the_service() {
        let raw = "raw.githubusercontent.com/Lk";
        for (named, reached) in [
            ("GitHub.com/lk", "lk.example"),
            ("lk.example", "codeload.github.com/lk"),
            ("lk.example", "lk.github.io"),
        ] {
            let verdict = after_at(raw, "github.com/lk", named, reached);
            assert_ne!(verdict.standing, Standing::Malicious, "{named} {reached}");
        }
    }
}
