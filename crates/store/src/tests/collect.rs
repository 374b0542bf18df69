//! Collecting artifacts: what was delivered in the last thirty days stays.

use super::*;
use customs_model::Clock as _;
use std::collections::BTreeMap;
use std::sync::Mutex;

on_every_database! {
    what_was_delivered_in_the_last_thirty_days_is_never_removed,
    what_is_delivered_while_others_are_removed_stays,
    two_gates_do_not_collect_at_once,
    what_the_index_names_is_forgotten_with_its_bytes,
}

/// A shelf in memory.
struct Shelves {
    files: Mutex<BTreeMap<Digest, Blob>>,
    /// Called before each removal.
    before: Box<dyn Fn()>,
}

impl Shelves {
    fn new(files: impl IntoIterator<Item = (Digest, u64, Timestamp)>) -> Self {
        let blob = |(digest, length, at): (Digest, u64, Timestamp)| {
            let at = Some(at);
            let blob = Blob {
                digest: digest.clone(),
                length,
                at,
            };
            (digest, blob)
        };
        Self {
            files: Mutex::new(files.into_iter().map(blob).collect()),
            before: Box::new(|| {}),
        }
    }

    fn left(&self) -> Vec<Digest> {
        self.files.lock().unwrap().keys().cloned().collect()
    }
}

impl Shelf for Shelves {
    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        let files = self.files.lock().unwrap();
        let behind = files
            .values()
            .filter(|f| after.is_none_or(|a| f.digest > *a));
        Ok(behind.take(limit.min(7)).cloned().collect())
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        (self.before)();
        Ok(self.files.lock().unwrap().remove(digest).is_some())
    }
}

/// The digest that [`delivery`] records.
fn digest(release: &ReleaseId) -> Digest {
    Digest::sha256(release.to_string().as_bytes())
}

fn run(house: &dyn House, store: &dyn Team, shelf: &dyn Shelf, bounds: Bounds) -> Collected {
    let mut turn = Turn::take(store, "test", "one").unwrap().unwrap();
    let would = collect(shelf, store, &bounds, house.clock(), &mut turn, true).unwrap();
    let did = collect(shelf, store, &bounds, house.clock(), &mut turn, false).unwrap();
    assert_eq!(would.found, did.found);
    did
}

fn set(house: &dyn House, at: Timestamp) {
    let now = house.clock().now();
    house.clock().advance(at.duration_since(now));
}

/// Bounds that would remove everything.
const NOTHING: Bounds = Bounds {
    bytes: Some(0),
    age: Some(SignedDuration::ZERO),
};

fn what_was_delivered_in_the_last_thirty_days_is_never_removed(house: &dyn House) {
    let store = house.open();
    let days = [0, 9, 10, 11, 39];
    let releases: Vec<_> = days
        .iter()
        .map(|day| release("left", &format!("1.0.{day}")))
        .collect();
    for (at, release) in days.iter().zip(&releases) {
        set(house, day(*at));
        store.append_wait(delivery(release.clone(), "ci")).unwrap();
    }
    let never = release("never", "1.0.0");
    let shelf = Shelves::new(
        releases
            .iter()
            .chain([&never])
            .map(|release| (digest(release), 10, day(0))),
    );
    // Thirty days after the tenth, to the second: that one is the last that stays.
    set(house, day(40));
    let done = run(house, &*store, &shelf, NOTHING);
    let mut stay: Vec<_> = releases[2..].iter().map(digest).collect();
    stay.sort();
    assert_eq!(shelf.left(), stay);
    assert_eq!(
        (done.found, done.removed, done.kept),
        ((6, 60), (3, 30), (3, 30))
    );
    set(house, day(40) + SignedDuration::from_secs(1));
    run(house, &*store, &shelf, NOTHING);
    assert_eq!(shelf.left().len(), 2);
    // A month later nothing keeps them.
    set(house, day(80));
    run(house, &*store, &shelf, NOTHING);
    assert!(shelf.left().is_empty());
}

fn what_is_delivered_while_others_are_removed_stays(house: &dyn House) {
    let store: Arc<dyn Team> = house.open().into();
    set(house, day(40));
    // Removed in the order of their age, the one that is delivered last.
    let last = release("last", "1.0.0");
    let files = (0..100).map(|n: i64| {
        let name = release("left", &format!("1.0.{n}"));
        (digest(&name), 1, day(0) + SignedDuration::from_secs(n))
    });
    let mut shelf = Shelves::new(files.chain([(digest(&last), 1, day(1))]));
    let (ledger, asked) = (store.clone(), last.clone());
    shelf.before = Box::new(move || {
        ledger.append_wait(delivery(asked.clone(), "ci")).unwrap();
    });
    let done = run(house, &*store, &shelf, NOTHING);
    assert_eq!(shelf.left(), [digest(&last)]);
    assert_eq!((done.removed.0, done.kept.0), (100, 1));
}

fn two_gates_do_not_collect_at_once(house: &dyn House) {
    let store = house.open();
    let first = Turn::take(&*store, "shared", "one").unwrap();
    assert!(first.is_some());
    assert!(Turn::take(&*store, "shared", "two").unwrap().is_none());
    assert!(Turn::take(&*store, "own", "two").unwrap().is_some());
    drop(first);
    assert!(Turn::take(&*store, "shared", "two").unwrap().is_some());
}

fn what_the_index_names_is_forgotten_with_its_bytes(house: &dyn House) {
    let store = house.open();
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    let digest = Digest::sha256(b"x");
    blobs.put(&digest, &mut &b"x"[..]).unwrap();
    let entry = NewEntry {
        blob: Some(&digest),
        note: "",
    };
    store.put_entry("artifact", "a", &entry, None).unwrap();
    store.put_entry("facts", "b", &entry, None).unwrap();
    // The file has the machine's time.
    set(house, Timestamp::now() + SignedDuration::from_hours(2));
    let shelf = TeamShelf {
        blobs: &blobs,
        index: &*store,
    };
    run(house, &*store, &shelf, NOTHING);
    assert_eq!(blobs.length(&digest).unwrap(), None);
    assert!(store.named_blobs(&[digest]).unwrap().is_empty());
}

#[test]
fn the_oldest_leave_first_until_the_rest_fits() {
    let house = Folder::new();
    let store = house.open();
    set(&house, day(40));
    let file = |name: &[u8], at| (Digest::sha256(name), 10, at);
    let shelf = Shelves::new([
        file(b"a", day(1)),
        file(b"b", day(3)),
        file(b"c", day(2)),
        file(b"d", day(40)),
    ]);
    let bounds = Bounds {
        bytes: Some(25),
        age: None,
    };
    let done = run(&house, &*store, &shelf, bounds);
    let mut stay = vec![Digest::sha256(b"b"), Digest::sha256(b"d")];
    stay.sort();
    assert_eq!(shelf.left(), stay);
    assert_eq!(done.removed, (2, 20));
    // What was stored within the hour stays, whatever the bounds say.
    let done = run(&house, &*store, &shelf, NOTHING);
    assert_eq!(shelf.left(), [Digest::sha256(b"d")]);
    assert_eq!(done.kept, (1, 10));
}

#[test]
fn lists_of_files_lie_beside_nothing_else_and_are_collected_by_their_digest() {
    let house = Folder::new();
    let store = house.open();
    let folder = tempfile::tempdir().unwrap();
    let (old, stray) = (Digest::sha256(b"old"), folder.path().join("stray.json"));
    let hex = old.to_hex();
    let below = folder.path().join("sha256").join(&hex[..2]);
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join(format!("{}.json", &hex[2..])), "{}").unwrap();
    std::fs::write(below.join("README"), "").unwrap();
    std::fs::write(&stray, "").unwrap();
    set(&house, Timestamp::now() + SignedDuration::from_hours(2));
    let shelf = FolderShelf::new(folder.path(), ".json");
    let done = run(&house, &*store, &shelf, NOTHING);
    assert_eq!((done.found.0, done.removed.0), (1, 1));
    assert!(stray.exists() && below.join("README").exists());
    assert!(shelf.list(None, 10).unwrap().is_empty());
}
