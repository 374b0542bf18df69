use super::*;
use std::sync::atomic::AtomicBool;

#[test]
fn a_server_that_is_killed_in_the_middle_of_groups_loses_nothing_acknowledged() {
    let Some(server) = Server::new() else { return };
    let url = server.database();
    let folder = tempfile::tempdir().unwrap();
    let store = Database::gate(&url, folder.path(), terms());
    let first = store.chain().unwrap();
    let told = Told::default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (store, told, stop) = (&store, &told, &stop);
        scope.spawn(move || record_until(store, told, stop));
        let _stop = Stop(stop);
        let mut enough = 0;
        for _ in 0..3 {
            enough += 500;
            wait_for(told, enough);
            server.signal("KILL");
            std::thread::sleep(Duration::from_millis(300));
            server.start();
            // It goes on by itself.
            let acknowledged = told.lock().unwrap().iter().filter(|r| r.is_ok()).count();
            enough = acknowledged + 200;
            wait_for(told, enough);
        }
    });
    assert_ne!(store.chain().unwrap(), first, "the cut chain was not left");
    store.flush().unwrap();
    drop(store);

    let reader = PostgresStore::open_read_only(&url).unwrap();
    let records = all(&reader);
    let verification = verified(&url, folder.path());
    assert!(verification.is_intact(), "{verification:?}");
    let mut hashes = std::collections::BTreeSet::new();
    for receipt in told.lock().unwrap().iter().flatten() {
        let key = (receipt.chain.to_string(), receipt.seq);
        assert!(records.contains_key(&key), "{receipt:?} is lost");
        assert!(hashes.insert(receipt.hash.clone()), "{receipt:?} twice");
    }
    let gaps = gaps(&records);
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    assert!(gaps.iter().any(|(chain, _)| *chain == first.to_string()));
    for (chain, said) in gaps {
        assert_eq!(count(&records, &chain), said, "the gap of {chain}");
    }
}

#[test]
fn a_server_that_is_away_is_an_error_with_a_sentence_and_heals() {
    let Some(server) = Server::new() else { return };
    let url = server.database();
    let folder = tempfile::tempdir().unwrap();
    let impatient = Terms {
        patience: Duration::from_millis(300),
        ..terms()
    };
    let store = Database::gate(&url, folder.path(), impatient);
    store.append_wait(note("before")).unwrap();
    server.stop();
    let begun = Instant::now();
    let error = store.append_wait(note("x")).unwrap_err();
    assert!(matches!(error, StoreError::Away { .. }), "{error}");
    assert!(error.to_string().contains("nothing needs to be restarted"));
    // Questions, leases and new gates say the same.
    assert!(matches!(store.meta("k"), Err(StoreError::Away { .. })));
    let lease = store.take_lease("a", "one", Duration::from_secs(1));
    assert!(matches!(lease, Err(StoreError::Away { .. })));
    let other = PostgresStore::open_read_only(&url).err().unwrap();
    assert!(matches!(other, StoreError::Away { .. }), "{other}");
    assert!(begun.elapsed() < Duration::from_secs(30));

    server.start();
    std::thread::sleep(Duration::from_millis(200));
    store.append_wait(note("after")).unwrap();
    assert_eq!(store.meta("k").unwrap(), None);
    drop(store);
    assert!(verified(&url, folder.path()).is_intact());
}

#[test]
fn a_question_that_comes_while_the_server_is_started_again_waits_for_it() {
    let Some(server) = Server::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = Database::gate(&server.database(), folder.path(), terms());
    store.set_meta("k", "v").unwrap();
    server.stop();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            server.start();
        });
        // More of them than sessions, and not all of these were opened before.
        for _ in 0..8 {
            assert_eq!(store.meta("k").unwrap().as_deref(), Some("v"));
        }
    });
}

#[test]
fn a_server_that_says_nothing_keeps_nobody_waiting_for_ever() {
    let Some(server) = Server::new() else { return };
    let url = server.database();
    let folder = tempfile::tempdir().unwrap();
    let impatient = Terms {
        patience: Duration::from_millis(300),
        answer: Duration::from_secs(2),
        ..terms()
    };
    let store = Database::gate(&url, folder.path(), impatient);
    store.append_wait(note("before")).unwrap();
    store.set_meta("k", "v").unwrap();
    server.signal("STOP");
    let begun = Instant::now();
    let error = store.append_wait(note("x")).unwrap_err();
    let asked = store.meta("k");
    let took = begun.elapsed();
    server.signal("CONT");
    assert!(matches!(error, StoreError::Away { .. }), "{error}");
    assert!(matches!(asked, Err(StoreError::Away { .. })), "{asked:?}");
    assert!(took < Duration::from_secs(40), "{took:?}");
    let begun = Instant::now();
    while let Err(error) = store.append_wait(note("after")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{error}");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(store);
    assert!(verified(&url, folder.path()).is_intact());
}

#[test]
fn a_gate_that_slept_cannot_write_behind_the_end_of_its_chain() {
    let Some(house) = Database::new() else { return };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Says that it lives for two seconds, and then nothing for a minute.
    let sleepy = Terms {
        chain: Duration::from_secs(2),
        tick: Duration::from_secs(60),
        ..terms()
    };
    let slept = Database::gate(&house.url, one.path(), sleepy);
    let before = slept.append_wait(note("before")).unwrap();
    let other = Database::gate(&house.url, two.path(), terms());
    let begun = Instant::now();
    while gaps(&all(&other)).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(100));
    }
    let after = slept.append_wait(note("after")).unwrap();
    assert_ne!(after.chain, before.chain);
    drop(slept);
    drop(other);
    let records = all(&PostgresStore::open_read_only(&house.url).unwrap());
    // The other one said it, and nobody says it twice.
    assert_eq!(gaps(&records), [(before.chain.to_string(), before.seq)]);
    assert_eq!(count(&records, &before.chain.to_string()), before.seq);
    assert!(verified(&house.url, one.path()).is_intact());
}

#[test]
fn an_edited_record_and_an_edited_index_show() {
    for (edit, said) in [
        (
            "UPDATE customs.record SET body = replace(body, 'before', 'after') WHERE seq = 2",
            "edited or moved",
        ),
        (
            "UPDATE customs.record SET release = 'pkg:npm/b@1' WHERE seq = 2",
            "its index was edited",
        ),
        ("DELETE FROM customs.record WHERE seq = 2", "is missing"),
    ] {
        let Some(house) = Database::new() else { return };
        let store = house.open();
        for text in ["before", "x", "y"] {
            store.append_wait(note(text)).unwrap();
        }
        drop(store);
        assert!(house.verify().is_intact());
        let store = PostgresStore::open_read_only(&house.url).unwrap();
        store
            .ask(move |target, session| async move {
                let done = session.client.batch_execute(edit).await;
                done.map_err(target.failed("edit"))
            })
            .unwrap();
        let verification = house.verify();
        let problem = verification.chains[0].problem.as_ref().unwrap();
        assert!(problem.what.contains(said), "{problem:?}");
    }
}
