//! Backing up and restoring, on every database.

use super::*;
use customs_model::Clock as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

on_every_database! {
    a_backup_is_restored_with_every_record_and_says_what_came_after,
    a_backup_is_one_instant_while_a_gate_writes,
    what_was_recorded_after_the_backup_is_told_as_a_gap_and_not_as_a_cut,
    a_target_in_which_something_is_recorded_is_refused,
    a_backup_keeps_what_gates_remember_and_share,
    numbers_from_before_do_not_come_back,
}

/// Where a backup goes.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn take(&self, house: &dyn House, with_key: bool) -> Backup {
        back_up(&Take {
            database: house.database(),
            to: &self.path(),
            artifacts: None,
            with_artifacts: true,
            trees: &[],
            with_key,
            now: house.clock().now(),
        })
        .unwrap()
    }

    fn restore(&self, house: &dyn House, heads: &[PathBuf]) -> Result<RestoreReport, StoreError> {
        restore(&Restore {
            from: &self.path(),
            database: house.database(),
            artifacts: None,
            trees: &[],
            heads,
            clock: Arc::new(FixedClock::new(house.clock().now())),
        })
    }
}

fn gaps(store: &dyn Team) -> Vec<Gap> {
    let rows = store.records_after(0, 1_000).unwrap().into_iter();
    rows.filter_map(|row| match row.record {
        LedgerRecord::Gap(gap) => Some(gap),
        _ => None,
    })
    .collect()
}

fn a_backup_is_restored_with_every_record_and_says_what_came_after(house: &dyn House) {
    let store = house.open();
    let left = release("left", "1.0.1");
    store.append_wait(delivery(left.clone(), "ci")).unwrap();
    store.flush().unwrap();
    let copy = Copy::new();
    // The gate serves on.
    let backup = copy.take(house, false);
    assert!(backup.intact);
    assert_eq!(backup.chains.len(), 1);
    assert_eq!(backup.chains[0].records, 2);
    store
        .append_wait(delivery(release("right", "2.0.0"), "ci"))
        .unwrap();
    drop(store);

    let other = house.another();
    let report = copy.restore(&*other, &[]).unwrap();
    assert_eq!(report.gaps.len(), 1);
    assert!(report.new_key);
    let store = other.open();
    assert_eq!(store.who(&left).unwrap().total, 1);
    assert_eq!(store.who(&release("right", "2.0.0")).unwrap().total, 0);
    let told = gaps(&*store);
    let restored = told[0].restored.as_ref().unwrap();
    assert_eq!(
        (told.len(), told[0].records, restored.taken),
        (1, 2, day(0))
    );
    // Nobody takes the old chain up again.
    store
        .append_wait(delivery(release("right", "2.0.1"), "ci"))
        .unwrap();
    drop(store);
    let verified = other.verify();
    assert!(verified.is_intact(), "{verified:?}");
    assert_eq!(verified.chains[0].records, 2);
    assert_eq!(verified.chains.len(), 3);
    assert!(other.path().join("ledger-before-restore.pub").exists());
}

fn a_backup_is_one_instant_while_a_gate_writes(house: &dyn House) {
    let store = house.open();
    let stop = AtomicBool::new(false);
    let copies: Vec<Copy> = std::iter::repeat_with(Copy::new).take(4).collect();
    let backups: Vec<Backup> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                store
                    .append_wait(delivery(release("left", &format!("1.0.{number}")), "ci"))
                    .unwrap();
            }
        });
        let taken = copies.iter().map(|copy| copy.take(house, false)).collect();
        stop.store(true, Ordering::Relaxed);
        taken
    });
    drop(store);
    for (copy, backup) in copies.iter().zip(backups) {
        assert!(backup.intact);
        let (_, missing, found) = check_backup(&copy.path()).unwrap();
        assert!(found.is_intact() && missing.is_empty(), "{found:?}");
        assert_eq!(found.chains[0].records, backup.chains[0].records);
    }
    let other = house.another();
    copies[3].restore(&*other, &[]).unwrap();
    assert!(other.verify().is_intact());
}

fn what_was_recorded_after_the_backup_is_told_as_a_gap_and_not_as_a_cut(house: &dyn House) {
    let store = house.open();
    store.append_wait(note("before")).unwrap();
    let copy = Copy::new();
    copy.take(house, true);
    for text in ["one", "two", "three"] {
        store.append_wait(note(text)).unwrap();
    }
    drop(store);
    // A chain that began after the backup.
    house.open().append_wait(note("another gate")).unwrap();

    let other = house.another();
    let heads = house.path().join(HEADS_FILE);
    let report = copy.restore(&*other, std::slice::from_ref(&heads)).unwrap();
    assert!(!report.new_key);
    let mut lengths: Vec<_> = report
        .gaps
        .iter()
        .map(|gap| (gap.records, gap.restored.as_ref().unwrap().signed))
        .collect();
    lengths.sort_unstable();
    // Opened, one note, closed; and opened, four notes, closed.
    assert_eq!(lengths, [(0, Some(3)), (2, Some(6))]);
    // Whoever kept the heads elsewhere holds them against what was restored.
    let own = std::fs::read(other.path().join(HEADS_FILE)).unwrap();
    let kept = std::fs::read(heads).unwrap();
    std::fs::write(other.path().join(HEADS_FILE), [kept, own].concat()).unwrap();
    let found = other.verify();
    assert!(found.is_intact(), "{found:?}");
    assert!(!found.is_complete(), "records are missing");
    let told: Vec<_> = found
        .chains
        .iter()
        .filter_map(|chain| match chain.tail {
            Tail::Restored {
                expected, found, ..
            } => Some((expected, found)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(6, 2), (3, 0)]);
}

fn a_target_in_which_something_is_recorded_is_refused(house: &dyn House) {
    house.open().append_wait(note("x")).unwrap();
    let copy = Copy::new();
    copy.take(house, false);
    let error = copy.restore(house, &[]).unwrap_err();
    assert!(matches!(error, StoreError::Backup { .. }), "{error}");
    assert!(error.to_string().contains("already"), "{error}");
    assert_eq!(house.verify().chains.len(), 1, "nothing was changed");
    // Nor does a backup go where something lies.
    let take = Take {
        database: house.database(),
        to: &copy.path(),
        artifacts: None,
        with_artifacts: false,
        trees: &[],
        with_key: false,
        now: day(0),
    };
    assert!(back_up(&take).is_err());
}

fn a_backup_keeps_what_gates_remember_and_share(house: &dyn House) {
    let store = house.open();
    let left = release("left", "1.0.1");
    let seen = Seen {
        version: Version::new("1.0.1").unwrap(),
        artifact: None,
        published: Some(day(-3)),
    };
    store
        .record_sight("up", &package("left"), &[seen], day(0))
        .unwrap();
    let digest = Digest::sha256(b"left");
    store
        .pin_digest("up", &left, "left.tgz", &digest, day(0))
        .unwrap();
    store.set_meta("origin", "a \"quoted\" \\ word ✓").unwrap();
    let entry = NewEntry {
        blob: Some(&digest),
        note: "{}",
    };
    store.put_entry("artifact", "k", &entry, None).unwrap();
    store
        .record_publications(&[Publication {
            identity: "somebody".to_owned(),
            package: package("left"),
            version: Version::new("1.0.1").unwrap(),
            at: day(-1),
        }])
        .unwrap();
    store
        .record_decision(&decision(left.clone(), Action::Allow))
        .unwrap();
    let before = store.sights("up", &package("left")).unwrap();
    let copy = Copy::new();
    copy.take(house, false);
    drop(store);

    let other = house.another();
    copy.restore(&*other, &[]).unwrap();
    let store = other.open();
    assert_eq!(store.sights("up", &package("left")).unwrap(), before);
    let pinned = store.digest_seen("up", &left, "left.tgz").unwrap();
    assert_eq!(pinned, Some(digest.clone()));
    let origin = store.meta("origin").unwrap();
    assert_eq!(origin.as_deref(), Some("a \"quoted\" \\ word ✓"));
    let named = store.named_blobs(std::slice::from_ref(&digest)).unwrap();
    assert_eq!(named, [digest]);
    assert!(store.latest_decision(&left, None).unwrap().is_some());
    let published = store.packages_by_identity("somebody", day(-2), day(0));
    assert_eq!(published.unwrap(), [package("left")]);
}

fn numbers_from_before_do_not_come_back(house: &dyn House) {
    let store = house.open();
    let lease = |store: &dyn Team| match store.take_lease("x", "a", Duration::from_millis(1)) {
        Ok(Taken::Mine(lease)) => lease.fence,
        other => panic!("{other:?}"),
    };
    let copy = Copy::new();
    copy.take(house, false);
    let fence = lease(&*store);
    let entry = NewEntry {
        blob: None,
        note: "",
    };
    let revision = store.put_entry("s", "k", &entry, None).unwrap().unwrap();
    drop(store);
    let other = house.another();
    copy.restore(&*other, &[]).unwrap();
    let store = other.open();
    assert!(lease(&*store) > fence);
    let again = store.put_entry("s", "k", &entry, None).unwrap().unwrap();
    assert!(again > revision);
}

#[test]
fn a_chain_that_is_cut_after_it_was_restored_is_told_as_cut() {
    let house = Folder::new();
    let store = house.open();
    store.append_wait(note("one")).unwrap();
    store.append_wait(note("two")).unwrap();
    store.flush().unwrap();
    let copy = Copy::new();
    copy.take(&house, true);
    drop(store);
    let other = Folder::new();
    copy.restore(&other, &[]).unwrap();
    assert!(other.verify().is_intact());
    let connection = rusqlite::Connection::open(other.path().join(LEDGER_FILE)).unwrap();
    connection
        .execute_batch("DELETE FROM record WHERE chain = 1 AND seq = 3")
        .unwrap();
    let found = other.verify();
    assert!(!found.is_intact());
    assert!(matches!(
        found.chains[0].tail,
        Tail::Truncated {
            expected: 3,
            found: 2
        }
    ));
}

#[test]
fn a_backup_that_was_edited_is_refused_even_where_its_list_was_edited_too() {
    let house = Folder::new();
    let store = house.open();
    store.append_wait(note("nobody saw")).unwrap();
    drop(store);
    let copy = Copy::new();
    let backup = copy.take(&house, false);
    let rows = copy.path().join("rows.jsonl");
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, text.replace("nobody saw", "nobody was")).unwrap();
    let error = copy.restore(&Folder::new(), &[]).unwrap_err();
    assert!(
        error.to_string().contains("not what was backed up"),
        "{error}"
    );
    // With a list that fits.
    let list = copy.path().join(BACKUP_FILE);
    let before = backup.files.iter().find(|file| file.name == "rows.jsonl");
    let after = Digest::sha256(&std::fs::read(&rows).unwrap());
    let text = std::fs::read_to_string(&list).unwrap();
    let text = text.replace(&before.unwrap().digest.to_string(), &after.to_string());
    std::fs::write(&list, text).unwrap();
    let other = Folder::new();
    let error = copy.restore(&other, &[]).unwrap_err();
    assert!(error.to_string().contains("record 2"), "{error}");
    assert!(!other.path().join(LEDGER_FILE).exists());
}

#[test]
fn a_backup_without_its_list_is_none_and_a_newer_form_is_refused() {
    let house = Folder::new();
    drop(house.open());
    let copy = Copy::new();
    copy.take(&house, false);
    let list = copy.path().join(BACKUP_FILE);
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, text.replace("backup-v1", "backup-v2")).unwrap();
    let error = check_backup(&copy.path()).unwrap_err();
    assert!(error.to_string().contains("Use a newer one"), "{error}");
    std::fs::remove_file(list).unwrap();
    let error = check_backup(&copy.path()).unwrap_err();
    assert!(error.to_string().contains("was not finished"), "{error}");
}

#[test]
fn artifacts_and_files_come_back_checked_and_what_is_missing_is_named() {
    let house = Folder::new();
    drop(house.open());
    let (cache, lists) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let blobs = FolderBlobs::open(cache.path()).unwrap();
    let [whole, spoiled, gone] = [&b"whole"[..], b"spoiled", b"gone"].map(|bytes| {
        let digest = Digest::sha256(bytes);
        blobs.put(&digest, &mut &*bytes).unwrap();
        digest
    });
    std::fs::write(blobs.path(&spoiled), "other").unwrap();
    std::fs::create_dir(lists.path().join("sha256")).unwrap();
    std::fs::write(lists.path().join("sha256/a.json"), "{}").unwrap();
    std::fs::write(lists.path().join("sha256/b.json"), "[]").unwrap();
    let copy = Copy::new();
    let backup = back_up(&Take {
        database: house.database(),
        to: &copy.path(),
        artifacts: Some(&blobs),
        with_artifacts: true,
        trees: &[("files", lists.path())],
        with_key: false,
        now: day(0),
    })
    .unwrap();
    assert_eq!((backup.artifacts, backup.missing.len()), (3, 1));
    // Somebody lost and changed parts of the backup.
    let kept = FolderBlobs::open(&copy.path().join("artifacts")).unwrap();
    std::fs::remove_file(kept.path(&gone)).unwrap();
    std::fs::write(copy.path().join("trees/files/sha256/b.json"), "[1]").unwrap();
    let (other, cache, lists) = (
        Folder::new(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let into = FolderBlobs::open(cache.path()).unwrap();
    let report = restore(&Restore {
        from: &copy.path(),
        database: other.database(),
        artifacts: Some(&into),
        trees: &[("files", lists.path())],
        heads: &[],
        clock: Arc::new(FixedClock::new(day(1))),
    })
    .unwrap();
    assert_eq!((report.artifacts, report.files), (1, 1));
    assert_eq!(into.length(&whole).unwrap(), Some(5));
    assert_eq!(into.length(&spoiled).unwrap(), None);
    let list = std::fs::read_to_string(lists.path().join("sha256/a.json"));
    assert_eq!(list.unwrap(), "{}");
    assert!(!lists.path().join("sha256/b.json").exists());
    let said = report.missing.join("\n");
    for named in [
        spoiled.to_string(),
        gone.to_string(),
        "sha256/b.json".into(),
    ] {
        assert!(said.contains(&named), "{named}: {said}");
    }
    let (_, missing, _) = check_backup(&copy.path()).unwrap();
    assert_eq!(missing.len(), report.missing.len(), "{missing:?}");
}

#[cfg(all(feature = "postgres", unix))]
#[test]
fn a_ledger_moves_from_sqlite_to_postgresql_and_back() {
    let Some(server) = database::Database::new() else {
        return;
    };
    let house = Folder::new();
    let store = house.open();
    let left = release("left", "1.0.1");
    store.append_wait(delivery(left.clone(), "ci")).unwrap();
    store.append_wait(granted("EX-1", "somebody")).unwrap();
    drop(store);
    let (there, back) = (Copy::new(), Copy::new());
    there.take(&house, true);
    there.restore(&server, &[]).unwrap();
    assert!(server.verify().is_intact());
    assert_eq!(server.open().who(&left).unwrap().total, 1);
    back.take(&server, true);
    let other = Folder::new();
    back.restore(&other, &[]).unwrap();
    let found = other.verify();
    assert!(found.is_intact(), "{found:?}");
    let store = other.open();
    assert_eq!(store.who(&left).unwrap().total, 1);
    assert_eq!(store.exemptions().unwrap().len(), 1);
}
