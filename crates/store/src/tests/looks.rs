use super::*;
use customs_model::FirstSight;

fn seen(version: &str, published: Option<Timestamp>) -> Seen {
    Seen {
        version: Version::new(version).unwrap(),
        artifact: None,
        published,
    }
}

fn version(text: &str) -> Version {
    Version::new(text).unwrap()
}

fn the_first_document_is_a_baseline_and_later_releases_were_not_there_before(house: &dyn House) {
    let store = house.open();
    let name = package("left-pad");
    assert_eq!(store.sights("", &name).unwrap(), Sights::default());
    let old = seen("1.0.0", None);
    let new = seen("1.1.0", None);
    store
        .record_sight("", &name, std::slice::from_ref(&old), day(0))
        .unwrap();
    store
        .record_sight("", &name, std::slice::from_ref(&old), day(1))
        .unwrap();
    let sights = store.record_sight("", &name, &[old, new], day(2)).unwrap();
    assert_eq!(sights.first_look, Some(day(0)));
    assert_eq!(sights.last_look, Some(day(2)));
    let first = |v: &str| sights.get(&version(v), None).unwrap().first;
    assert_eq!(
        first("1.0.0"),
        FirstSight {
            at: day(0),
            baseline: true,
            not_before: None
        }
    );
    assert_eq!(
        first("1.1.0"),
        FirstSight {
            at: day(2),
            baseline: false,
            not_before: Some(day(1))
        }
    );
}

fn a_publish_time_that_moves_is_remembered_with_the_one_before(house: &dyn House) {
    let store = house.open();
    let name = package("a");
    let tell = |published| {
        let sights = store
            .record_sight("", &name, &[seen("1.0.0", published)], day(5))
            .unwrap();
        let sight = *sights.get(&version("1.0.0"), None).unwrap();
        (sight.published, sight.published_before)
    };
    assert_eq!(tell(None), (None, None));
    assert_eq!(tell(Some(day(4))), (Some(day(4)), None));
    // A document that stops to tell takes nothing back.
    assert_eq!(tell(None), (Some(day(4)), None));
    assert_eq!(tell(Some(day(-30))), (Some(day(-30)), Some(day(4))));
    assert_eq!(tell(Some(day(-30))), (Some(day(-30)), Some(day(4))));
}

fn files_of_one_release_are_seen_on_their_own(house: &dyn House) {
    let store = house.open();
    let name = PackageName::new(Ecosystem::PyPi, "a").unwrap();
    let file = |artifact: &str| Seen {
        artifact: Some(artifact.to_owned()),
        ..seen("1.0.0", None)
    };
    let long = "x".repeat(5_000);
    store
        .record_sight("", &name, &[file("a-1.0.0.tar.gz")], day(0))
        .unwrap();
    let all = [file("a-1.0.0.tar.gz"), file("a-1.0.0.whl"), file(&long)];
    let sights = store.record_sight("", &name, &all, day(9)).unwrap();
    assert_eq!(sights.len(), 3);
    let at = |artifact| {
        let sight = sights.get(&version("1.0.0"), Some(artifact)).unwrap();
        (sight.first.at, sight.first.baseline)
    };
    assert_eq!(at("a-1.0.0.tar.gz"), (day(0), true));
    assert_eq!(at("a-1.0.0.whl"), (day(9), false));
    assert_eq!(at(&long), (day(9), false));
}

fn a_look_from_the_future_calls_no_later_release_a_liar(house: &dyn House) {
    let store = house.open();
    let name = package("a");
    // The clock was a year ahead, and was put right.
    store
        .record_sight("", &name, &[seen("1.0.0", None)], day(365))
        .unwrap();
    let both = [seen("1.0.0", None), seen("1.0.1", Some(day(1)))];
    let sights = store.record_sight("", &name, &both, day(2)).unwrap();
    let first = sights.get(&version("1.0.1"), None).unwrap().first;
    assert_eq!(first.not_before, Some(day(2)));
    assert_eq!(sights.last_look, Some(day(2)));
}

fn a_document_of_ten_thousand_versions_is_remembered_whole(house: &dyn House) {
    let store = house.open();
    let name = package("many");
    let all: Vec<_> = (0..10_000)
        .map(|n| seen(&format!("1.0.{n}"), Some(day(n % 100))))
        .collect();
    let sights = store.record_sight("", &name, &all, day(100)).unwrap();
    assert_eq!(sights.len(), 10_000);
    // Every part of the first look is a baseline, however many commits it took.
    assert!(
        sights
            .entries
            .values()
            .flat_map(|files| files.values())
            .all(|sight| sight.first.baseline)
    );
    assert_eq!(
        store.record_sight("", &name, &all, day(100)).unwrap(),
        sights
    );
}

fn the_first_digest_of_an_artifact_stays(house: &dyn House) {
    let store = house.open();
    let axios = release("axios", "1.14.1");
    let (one, two) = (Digest::sha256(b"one"), Digest::sha256(b"two"));
    let pin = |digest| {
        store
            .pin_digest("", &axios, "a.tgz", digest, day(0))
            .unwrap()
    };
    assert_eq!(store.digest_seen("", &axios, "a.tgz").unwrap(), None);
    assert_eq!(pin(&one), Pin::New);
    assert_eq!(pin(&one), Pin::Same);
    let before = one.clone();
    assert_eq!(pin(&two), Pin::Changed { before });
    assert_eq!(store.digest_seen("", &axios, "a.tgz").unwrap(), Some(one));
    assert_eq!(store.digest_seen("", &axios, "b.tgz").unwrap(), None);
}

fn packages_of_an_identity_are_counted_within_a_window(house: &dyn House) {
    let store = house.open();
    let publication = |identity: &str, name: &str, at| Publication {
        identity: identity.to_owned(),
        package: package(name),
        version: version("1.0.0"),
        at,
    };
    let long = "i".repeat(1_000);
    store
        .record_publications(&[
            publication("mallory", "b", day(1)),
            publication("mallory", "a", day(2)),
            publication("mallory", "a", day(1)),
            publication("mallory", "late", day(3)),
            publication("alice", "c", day(1)),
            publication(&long, "d", day(1)),
        ])
        .unwrap();
    let ask = |identity, from, to| {
        let found = store.packages_by_identity(identity, from, to).unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(ask("mallory", day(1), day(2)), ["a", "b"]);
    assert_eq!(ask("alice", day(0), day(9)), ["c"]);
    assert_eq!(ask(&long, day(1), day(1)), ["d"]);
    // Long after, a new process forgets them.
    drop(store);
    house.clock().advance(SignedDuration::from_hours(24 * 90));
    let store = house.open();
    let left = store.packages_by_identity("mallory", day(0), day(9));
    assert_eq!(left.unwrap(), []);
}

fn values_are_kept_under_their_keys(house: &dyn House) {
    let store = house.open();
    assert_eq!(store.meta("port").unwrap(), None);
    store.set_meta("port", "4871").unwrap();
    store.set_meta("port", "4872").unwrap();
    drop(store);
    assert_eq!(house.open().meta("port").unwrap().unwrap(), "4872");
    let error = house.open().set_meta(&"k".repeat(200), "v").unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

on_every_database!(
    the_first_document_is_a_baseline_and_later_releases_were_not_there_before,
    a_publish_time_that_moves_is_remembered_with_the_one_before,
    files_of_one_release_are_seen_on_their_own,
    a_look_from_the_future_calls_no_later_release_a_liar,
    a_document_of_ten_thousand_versions_is_remembered_whole,
    the_first_digest_of_an_artifact_stays,
    packages_of_an_identity_are_counted_within_a_window,
    values_are_kept_under_their_keys,
);
