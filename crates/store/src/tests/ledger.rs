use super::*;

fn who_names_everybody_who_received_a_release(house: &dyn House) {
    let store = house.open();
    let bad = release("axios", "1.14.1");
    for to in ["run-1", "run-2"] {
        store.append_wait(delivery(bad.clone(), to)).unwrap();
        house.clock().advance(SignedDuration::from_secs(7));
    }
    store
        .append_wait(delivery(release("axios", "1.14.0"), "run-3"))
        .unwrap();
    // Names that begin alike are other packages.
    for other in ["axios-mock", "axiosA", "axio"] {
        store
            .append_wait(delivery(release(other, "1.14.1"), "run-4"))
            .unwrap();
    }
    let lines = |deliveries: Deliveries| {
        let lines: Vec<_> = deliveries
            .rows
            .iter()
            .map(|row| format!("{} {} {} {}", row.at, row.release, row.artifact, row.who))
            .collect();
        assert_eq!(deliveries.total, lines.len() as u64);
        lines.join("\n")
    };
    insta::assert_snapshot!(lines(store.who(&bad).unwrap()), @"
    2026-11-01T12:00:00Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-1, client npm/12.0.0
    2026-11-01T12:00:07Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-2, client npm/12.0.0
    ");
    insta::assert_snapshot!(lines(store.who_package(&bad.package).unwrap()), @"
    2026-11-01T12:00:00Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-1, client npm/12.0.0
    2026-11-01T12:00:07Z pkg:npm/axios@1.14.1 axios@1.14.1.tgz credential run-2, client npm/12.0.0
    2026-11-01T12:00:14Z pkg:npm/axios@1.14.0 axios@1.14.0.tgz credential run-3, client npm/12.0.0
    ");
}

fn scoped_names_are_found_as_packages(house: &dyn House) {
    let store = house.open();
    let scoped = release("@babel/core", "7.0.0+build");
    store.append_wait(delivery(scoped.clone(), "r")).unwrap();
    assert_eq!(store.who(&scoped).unwrap().total, 1);
    assert_eq!(store.who_package(&scoped.package).unwrap().total, 1);
    assert_eq!(store.who_package(&package("babel")).unwrap().total, 0);
}

fn records_are_listed_page_by_page_in_the_order_of_their_commits(house: &dyn House) {
    let store = house.open();
    for n in 0..5 {
        store.append_wait(note(&format!("{n}"))).unwrap();
    }
    let first = store.records_after(0, 3).unwrap();
    let rest = store.records_after(first[2].position, 100).unwrap();
    let seqs: Vec<_> = first.iter().chain(&rest).map(|row| row.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    assert_eq!(rest[2].record, note("4"));
    assert!(matches!(first[0].record, LedgerRecord::Opened(_)));
}

fn two_writers_on_one_database_have_a_chain_each(house: &dyn House) {
    let stores = [house.open(), house.open()];
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                for n in 0..200 {
                    store.append_wait(note(&format!("{n}"))).unwrap();
                }
            });
        }
    });
    drop(stores);
    let verification = house.verify();
    assert!(verification.is_intact() && verification.is_complete());
    let counts: Vec<_> = verification
        .chains
        .iter()
        .map(|c| (c.records, c.closed))
        .collect();
    // Opened, 200 notes, closed; and no gap, though the first one was open while the
    // second one opened.
    assert_eq!(counts, [(202, true), (202, true)]);
}

fn a_clock_that_jumps_backwards_breaks_no_chain(house: &dyn House) {
    let store = house.open();
    store.append_wait(note("before")).unwrap();
    house.clock().advance(SignedDuration::from_hours(-48));
    let receipt = store.append_wait(note("after")).unwrap();
    assert_eq!((receipt.seq, receipt.at), (3, day(-2)));
    drop(store);
    let verification = house.verify();
    assert!(verification.is_intact(), "{verification:?}");
    assert_eq!(verification.chains[0].records, 4);
}

fn the_database_knows_the_newest_head_too(house: &dyn House) {
    let store = house.open();
    store.append_wait(note("x")).unwrap();
    drop(store);
    let store = house.open_read_only();
    let heads = store.heads().unwrap();
    let key = PublicKey::read(&house.path().join(PUBLIC_KEY_FILE)).unwrap();
    assert_eq!(heads.len(), 1);
    assert_eq!(heads[0].count, 3);
    assert!(heads[0].is_signed_by(&key));
}

on_every_database!(
    who_names_everybody_who_received_a_release,
    scoped_names_are_found_as_packages,
    records_are_listed_page_by_page_in_the_order_of_their_commits,
    two_writers_on_one_database_have_a_chain_each,
    a_clock_that_jumps_backwards_breaks_no_chain,
    the_database_knows_the_newest_head_too,
);
