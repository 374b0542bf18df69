//! The cases that the public record tells: false alarms that must stay quiet or warn, and attacks
//! that must be spoken of.

mod attacks;
mod false_alarms;
mod rules;
mod stripping;
mod updates;

use super::*;
use crate::{BuilderClass, Identity, Numbered};
use customs_model::{Publisher, PublisherKind, ReleaseId, SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The registry of most cases.
const REGISTRY: &str = "registry.example";

/// The domain of the address that npm shows for trusted publishers.
const MACHINE: &str = "github.com";

/// An instant that tests count days from.
fn day(number: i64) -> Timestamp {
    let start: Timestamp = "2025-01-01T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * number)
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A release of npm that only the registry signed, published by a person on a day.
fn by_hand(release: &str, on: i64) -> Shown {
    let release: ReleaseId = format!(
        "pkg:npm/{}",
        release.replacen('@', "%40", usize::from(release.starts_with('@')))
    )
    .parse()
    .unwrap();
    Shown {
        release,
        published: Some(day(on)),
        signature: Seen::Is(Proof::Verified),
        provenance: Seen::Absent,
        trusted_publisher: Seen::Absent,
        approval: Seen::Absent,
        publisher: Seen::Is(person("maintainer", "maintainer.example")),
        dependencies: Seen::Is(names(&["follow-redirects"])),
        scripts: Seen::Is(names(&[])),
    }
}

fn person(name: &str, domain: &str) -> Publisher {
    Publisher {
        name: name.into(),
        mail_domain: Some(domain.into()),
        kind: PublisherKind::Account,
    }
}

fn machine() -> Seen<Publisher> {
    Seen::Is(Publisher {
        name: "GitHub Actions".into(),
        mail_domain: Some(MACHINE.into()),
        kind: PublisherKind::TrustedPublisher,
    })
}

/// The same with provenance that a document offers.
fn offered(release: &str, on: i64) -> Shown {
    Shown {
        provenance: Seen::Is(Provenance::Offered),
        ..by_hand(release, on)
    }
}

/// The same with verified provenance of a workflow of a repository.
fn attested(release: &str, on: i64, repository: &str) -> Shown {
    Shown {
        provenance: Seen::Is(Provenance::Verified(Box::new(built_by(repository)))),
        ..by_hand(release, on)
    }
}

/// The same by a trusted publisher.
fn trusted(release: &str, on: i64, repository: &str) -> Shown {
    Shown {
        trusted_publisher: Seen::Is(Provider::GitHub),
        publisher: machine(),
        ..attested(release, on, repository)
    }
}

fn built_by(repository: &str) -> Identity {
    let owner = repository.split('/').next().unwrap();
    let numbered = |path: &str, id: &str| Numbered {
        uri: format!("https://github.com/{path}"),
        id: Some(id.into()),
    };
    Identity {
        issuer: "https://token.actions.githubusercontent.com".into(),
        subject: format!(
            "https://github.com/{repository}/.github/workflows/publish.yml@refs/heads/main"
        ),
        repository: Some(numbered(repository, "1001")),
        owner: Some(numbered(owner, "2002")),
        workflow: Some(".github/workflows/publish.yml".into()),
        signer: None,
        git_ref: Some("refs/heads/main".into()),
        commit: Some("7d2900eca1c22b3f87c13987c8d4b7c9a29b733a".into()),
        builder: Some(BuilderClass::Hosted),
        trigger: Some("push".into()),
        environment: None,
        run: None,
    }
}

/// The same with another identity.
fn rebuilt(shown: Shown, change: impl FnOnce(&mut Identity)) -> Shown {
    let mut identity = shown.identity().unwrap().clone();
    change(&mut identity);
    Shown {
        provenance: Seen::Is(Provenance::Verified(Box::new(identity))),
        ..shown
    }
}

/// Earlier releases, all of them, so that their people are all that there are.
fn past(earlier: &[Shown]) -> Past {
    let people = earlier.iter().filter_map(|shown| shown.publisher.is());
    let people = people.filter(|publisher| publisher.kind == PublisherKind::Account);
    let mut known = People::default();
    for person in people {
        known.names.insert(person.name.clone());
        known.mail_domains.extend(person.mail_domain.clone());
    }
    // The maintainer of these tests published the package's first releases.
    known.names.insert("maintainer".into());
    known.mail_domains.insert("maintainer.example".into());
    Past {
        earlier: earlier.to_vec(),
        people: Seen::Is(known),
        added: None,
    }
}

fn judged(shown: &Shown, earlier: &[Shown], file: &TrustFile) -> Judgement {
    judge(&Case {
        shown,
        registry: REGISTRY,
        past: &past(earlier),
        file,
    })
}

/// A file that recorded releases, one after the other.
fn recorded(releases: &[Shown]) -> TrustFile {
    let mut file = TrustFile::default();
    for (at, shown) in releases.iter().enumerate() {
        let judgement = judged(shown, &releases[..at], &file);
        let updated = record(&mut file, shown, &judgement, shown.published.unwrap());
        assert!(!matches!(updated, Updated::Kept(_)), "{updated:?}");
    }
    file
}

/// Earlier releases as a project sees them that has no history: documents offer proofs, and nobody
/// verified one.
fn as_offered(earlier: &[Shown]) -> Vec<Shown> {
    let offered = earlier.iter().cloned().map(|one| Shown {
        signature: match one.signature {
            Seen::Is(Proof::Verified) => Seen::Is(Proof::Offered),
            other => other,
        },
        provenance: match one.provenance {
            Seen::Is(Provenance::Verified(_)) => Seen::Is(Provenance::Offered),
            other => other,
        },
        ..one
    });
    offered.collect()
}

/// The same where registries are asked: the attestation of the one that [`to_verify`] names is verified.
fn as_fetched(shown: &Shown, earlier: &[Shown]) -> Vec<Shown> {
    let mut offered = as_offered(earlier);
    let (past, file) = (past(&offered), TrustFile::default());
    let named = to_verify(&Case {
        shown,
        registry: REGISTRY,
        past: &past,
        file: &file,
    });
    for (one, whole) in offered.iter_mut().zip(earlier) {
        if Some(&whole.release) == named {
            one.provenance = whole.provenance.clone();
        }
    }
    offered
}

/// The outcome with only the registry's history, as it is fetched, and with what was verified here
/// before. They must agree: a fresh project and an old one are told the same.
fn both(shown: &Shown, earlier: &[Shown]) -> Judgement {
    let fetched = as_fetched(shown, earlier);
    let fresh = judged(shown, &fetched, &TrustFile::default());
    let own_line = |other: &&Shown| {
        ReleaseLine::of(&other.release) == ReleaseLine::of(&shown.release)
            && other.published < shown.published
    };
    let installed: Vec<Shown> = earlier.iter().filter(own_line).cloned().collect();
    let proven: Vec<Shown> = installed
        .iter()
        .filter(|shown| {
            // What only warned was never taken over.
            judged(shown, &installed, &TrustFile::default()).outcome != Outcome::Warn
        })
        .cloned()
        .collect();
    let old = judged(shown, earlier, &recorded(&proven));
    assert_eq!(
        old.outcome, fresh.outcome,
        "{}\n{}",
        old.sentence, fresh.sentence
    );
    fresh
}
