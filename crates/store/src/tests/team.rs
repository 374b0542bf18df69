use super::*;
use std::collections::BTreeSet;

/// Long for a test: a machine under load may pause one for seconds.
const TERM: Duration = Duration::from_secs(6);

fn mine(taken: Taken) -> Lease {
    match taken {
        Taken::Mine(lease) => lease,
        Taken::Theirs { owner, left } => panic!("{owner} has it for {left:?}"),
    }
}

fn a_lease_is_one_gates_until_its_time_is_up(house: &dyn House) {
    let (one, two) = (house.open(), house.open());
    let first = mine(one.take_lease("inspect a", "one", TERM).unwrap());
    let Taken::Theirs { owner, left } = two.take_lease("inspect a", "two", TERM).unwrap() else {
        panic!("two gates have one lease");
    };
    assert_eq!(owner, "one");
    assert!(left > Duration::ZERO && left <= TERM, "{left:?}");
    // Another name is another lease; the own one is not taken twice either.
    mine(two.take_lease("inspect b", "two", TERM).unwrap());
    assert!(matches!(
        one.take_lease("inspect a", "one", TERM).unwrap(),
        Taken::Theirs { .. }
    ));
    house.pass(TERM + Duration::from_millis(200));
    let second = mine(two.take_lease("inspect a", "two", TERM).unwrap());
    assert!(second.fence > first.fence);
    // Who slept through its end has nothing any more.
    assert_eq!(one.renew_lease(&first, TERM).unwrap(), None);
    assert!(!one.return_lease(&first).unwrap());
    assert!(two.return_lease(&second).unwrap());
    mine(one.take_lease("inspect a", "one", TERM).unwrap());
}

fn a_lease_that_is_renewed_stays(house: &dyn House) {
    let (one, two) = (house.open(), house.open());
    let mut lease = mine(one.take_lease("a", "one", TERM).unwrap());
    for _ in 0..3 {
        house.pass(TERM / 2);
        let renewed = one.renew_lease(&lease, TERM).unwrap().unwrap();
        assert!(renewed.until > lease.until);
        assert_eq!(renewed.fence, lease.fence);
        lease = renewed;
    }
    let taken = two.take_lease("a", "two", TERM).unwrap();
    assert!(matches!(taken, Taken::Theirs { .. }));
}

fn of_many_who_ask_at_once_one_gets_the_lease(house: &dyn House) {
    let stores = [house.open(), house.open()];
    let fences: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let store = &stores[n % 2];
                scope.spawn(move || {
                    let term = Duration::from_secs(60);
                    match store.take_lease("a", &format!("{n}"), term).unwrap() {
                        Taken::Mine(lease) => Some(lease.fence),
                        Taken::Theirs { .. } => None,
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(fences.len(), 1);
}

fn a_lease_for_no_time_or_under_a_long_name_is_refused(house: &dyn House) {
    let store = house.open();
    let long = "x".repeat(1_000);
    assert!(store.take_lease(&long, "one", TERM).is_err());
    for term in [Duration::ZERO, Duration::from_secs(1_000_000)] {
        let error = store.take_lease("a", "one", term).unwrap_err();
        assert!(matches!(error, StoreError::Term { .. }), "{error}");
    }
}

fn an_entry_is_put_by_whoever_saw_the_one_before(house: &dyn House) {
    let (one, two) = (house.open(), house.open());
    let blobs = [Digest::sha256(b"1"), Digest::sha256(b"2")];
    let entry = |n: usize| NewEntry {
        blob: Some(&blobs[n]),
        note: "{}",
    };
    assert_eq!(one.entry("documents", "axios").unwrap(), None);
    let first = one
        .put_entry("documents", "axios", &entry(0), None)
        .unwrap()
        .unwrap();
    // The other one saw none, and is too late.
    let late = two
        .put_entry("documents", "axios", &entry(1), None)
        .unwrap();
    assert_eq!(late, None);
    let seen = two.entry("documents", "axios").unwrap().unwrap();
    assert_eq!(
        (seen.revision, seen.blob.as_ref()),
        (first, Some(&blobs[0]))
    );
    let second = two
        .put_entry("documents", "axios", &entry(1), Some(first))
        .unwrap()
        .unwrap();
    assert!(second > first);
    let stale = one.put_entry("documents", "axios", &entry(0), Some(first));
    assert_eq!(stale.unwrap(), None);
    // Spaces and keys are apart.
    assert_eq!(one.entry("inspections", "axios").unwrap(), None);
    assert_eq!(one.named_blobs(&blobs).unwrap(), [blobs[1].clone()]);
    assert!(!one.remove_entry("documents", "axios", first).unwrap());
    assert!(one.remove_entry("documents", "axios", second).unwrap());
    assert_eq!(two.entry("documents", "axios").unwrap(), None);
    assert!(two.named_blobs(&blobs).unwrap().is_empty());
}

fn of_many_who_put_an_entry_at_once_one_does(house: &dyn House) {
    let stores = [house.open(), house.open()];
    let put: BTreeSet<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let store = &stores[n % 2];
                scope.spawn(move || {
                    let note = format!("{n}");
                    let entry = NewEntry {
                        blob: None,
                        note: &note,
                    };
                    store.put_entry("space", "key", &entry, None).unwrap()
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(put.len(), 1);
    let kept = stores[0].entry("space", "key").unwrap().unwrap();
    assert!(put.contains(&kept.revision));
}

fn what_one_gate_decided_the_other_one_finds(house: &dyn House) {
    let (one, two) = (house.open(), house.open());
    let allowed = decision(release("axios", "1.14.1"), Action::Allow);
    assert!(one.record_decision(&allowed).unwrap());
    let found = two.latest_decision(&allowed.release, None).unwrap();
    assert_eq!(found.unwrap().decision, allowed);
    // And it is not recorded a second time.
    assert!(!two.record_decision(&allowed).unwrap());
    assert_eq!(one.decisions_since(day(0), 10).unwrap().len(), 1);
}

fn a_reader_that_goes_on_misses_no_record_of_two_writers(house: &dyn House) {
    const EACH: usize = 300;
    let stores = [house.open(), house.open()];
    let reader = house.open_read_only();
    let mut seen = BTreeSet::new();
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                for n in 0..EACH {
                    store.append_wait(note(&format!("{n}"))).unwrap();
                }
            });
        }
        let mut position = 0;
        // Two records say that the chains were opened.
        while seen.len() < 2 * EACH + 2 {
            for row in reader.records_after(position, 10_000).unwrap() {
                assert!(row.position > position);
                position = row.position;
                assert!(seen.insert((row.chain, row.seq)));
            }
        }
    });
}

on_every_database!(
    a_lease_is_one_gates_until_its_time_is_up,
    a_lease_that_is_renewed_stays,
    of_many_who_ask_at_once_one_gets_the_lease,
    a_lease_for_no_time_or_under_a_long_name_is_refused,
    an_entry_is_put_by_whoever_saw_the_one_before,
    of_many_who_put_an_entry_at_once_one_does,
    what_one_gate_decided_the_other_one_finds,
    a_reader_that_goes_on_misses_no_record_of_two_writers,
);
