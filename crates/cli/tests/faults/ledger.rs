//! Without a record nothing leaves: the ledger is the truth about the past.

mod lists;

use crate::harness::{Gated, World, all_at, run_request, with};
use crate::shelves::{Shelves, hours, package, release};
use customs_gate::Waits;
use customs_model::{Digest, PackageName, ReleaseId, Timestamp};
use customs_replay::{Bound, Fault, Faults};
use customs_store::{
    DecisionRow, Deliveries, Done, ExemptionRow, Head, Judged, LedgerRecord, Pin, Publication,
    Receipt, RecordRow, Seen, Sights, SqliteStore, Store, StoreError, verify_folder,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

/// A store on a disk that fills up, and then cannot be read either.
struct Filling {
    store: Arc<SqliteStore>,
    full: Arc<AtomicBool>,
    unreadable: Arc<AtomicBool>,
}

impl Filling {
    fn room(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::Relaxed) {
            Err(StoreError::Full)
        } else {
            Ok(())
        }
    }
}

impl Store for Filling {
    fn append(&self, record: LedgerRecord, done: Done) {
        match self.room() {
            Ok(()) => self.store.append(record, done),
            Err(error) => done(Err(error)),
        }
    }
    fn append_wait(&self, record: LedgerRecord) -> Result<Receipt, StoreError> {
        self.room()?;
        self.store.append_wait(record)
    }
    fn record_judged(&self, judged: &[Judged<'_>]) -> Result<usize, StoreError> {
        self.room()?;
        self.store.record_judged(judged)
    }
    fn latest_decision(
        &self,
        release: &ReleaseId,
        artifact: Option<&str>,
    ) -> Result<Option<DecisionRow>, StoreError> {
        self.store.latest_decision(release, artifact)
    }
    fn decisions_since(&self, at: Timestamp, limit: usize) -> Result<Vec<DecisionRow>, StoreError> {
        self.store.decisions_since(at, limit)
    }
    fn who(&self, release: &ReleaseId) -> Result<Deliveries, StoreError> {
        self.store.who(release)
    }
    fn who_package(&self, package: &PackageName) -> Result<Deliveries, StoreError> {
        self.store.who_package(package)
    }
    fn decisions_of(&self, package: &PackageName) -> Result<Vec<DecisionRow>, StoreError> {
        self.store.decisions_of(package)
    }
    fn exemptions(&self) -> Result<Vec<ExemptionRow>, StoreError> {
        if self.unreadable.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        self.store.exemptions()
    }
    fn position_before(&self, at: Timestamp) -> Result<i64, StoreError> {
        self.store.position_before(at)
    }
    fn all_sights(&self, package: &PackageName) -> Result<Vec<(String, Sights)>, StoreError> {
        self.store.all_sights(package)
    }
    fn records_after(&self, position: i64, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        self.store.records_after(position, limit)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }
    fn heads(&self) -> Result<Vec<Head>, StoreError> {
        self.store.heads()
    }
    fn sights(&self, upstream: &str, package: &PackageName) -> Result<Sights, StoreError> {
        self.store.sights(upstream, package)
    }
    fn record_sight(
        &self,
        upstream: &str,
        package: &PackageName,
        seen: &[Seen],
        at: Timestamp,
    ) -> Result<Sights, StoreError> {
        self.room()?;
        self.store.record_sight(upstream, package, seen, at)
    }
    fn digest_seen(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
    ) -> Result<Option<Digest>, StoreError> {
        if self.unreadable.load(Ordering::Relaxed) {
            return Err(StoreError::Closed);
        }
        self.store.digest_seen(upstream, release, artifact)
    }
    fn pin_digest(
        &self,
        upstream: &str,
        release: &ReleaseId,
        artifact: &str,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Pin, StoreError> {
        self.room()?;
        self.store
            .pin_digest(upstream, release, artifact, digest, at)
    }
    fn record_publications(&self, publications: &[Publication]) -> Result<(), StoreError> {
        self.room()?;
        self.store.record_publications(publications)
    }
    fn packages_by_identity(
        &self,
        identity: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<PackageName>, StoreError> {
        self.store.packages_by_identity(identity, from, to)
    }
    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.store.meta(key)
    }
    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.room()?;
        self.store.set_meta(key, value)
    }
}

async fn filling(waits: Waits, faults: Faults) -> (World, Arc<AtomicBool>) {
    let (world, full, _) = failing(waits, faults).await;
    (world, full)
}

/// A world, and the switches of its store: full, unreadable.
async fn failing(waits: Waits, faults: Faults) -> (World, Arc<AtomicBool>, Arc<AtomicBool>) {
    let shelves = Shelves::default();
    let server = Bound::new().await.unwrap().serve(shelves.clone(), faults);
    let full = Arc::new(AtomicBool::new(false));
    let unreadable = Arc::new(AtomicBool::new(false));
    let (inside, closed) = (full.clone(), unreadable.clone());
    let wrap = move |store| -> Arc<dyn Store> {
        Arc::new(Filling {
            store,
            full: inside,
            unreadable: closed,
        })
    };
    let run = run_request(all_at(&server.base()));
    let gate = Gated::with_store(run, waits, wrap).await;
    let world = World {
        shelves,
        server,
        gate,
    };
    (world, full, unreadable)
}

#[tokio::test]
async fn a_full_ledger_delivers_nothing_and_says_why_and_how_to_go_on() {
    let (world, full) = filling(Waits::default(), Faults::none()).await;
    world.publish_old("left", "x");
    full.store(true, Ordering::Relaxed);
    // Fresh from the upstream, then from the cache.
    for _ in 0..2 {
        let refused = world.gate.get(TARBALL).await;
        refused.explained(507, &["left@1.0.0", "ledger", "Free some space"]);
    }
    let report = world.gate.report().await;
    assert_eq!(report.delivered, []);
    full.store(false, Ordering::Relaxed);
    assert_eq!(
        world.gate.get(TARBALL).await.text(),
        "x",
        "nothing needs to be restarted"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_ledger_stops_a_body_before_it_begins_to_flow() {
    let slow = with(Fault::default(), |f| f.bandwidth = Some(1_000_000));
    let faults = Faults::none().below(TARBALL, slow);
    let (world, full) = filling(crate::harness::impatient(30), faults).await;
    world.publish_old("left", crate::harness::many_bytes(400_000));
    full.store(true, Ordering::Relaxed);
    world
        .gate
        .get(TARBALL)
        .await
        .explained(507, &["left@1.0.0", "ledger"]);
}

#[tokio::test]
async fn a_full_ledger_frees_nothing_that_is_held() {
    let (world, full) = filling(Waits::default(), Faults::none()).await;
    full.store(true, Ordering::Relaxed);
    let releases = vec![
        release("1.0.0", crate::shelves::days(400)),
        release("1.1.0", hours(1)),
    ];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.1.0")]));
    let told = world.gate.get("/left").await;
    assert_eq!(told.json()["dist-tags"]["latest"], "1.0.0");
    world
        .gate
        .get("/left/1.1.0")
        .await
        .explained(403, &["version-age"]);
}

#[tokio::test]
async fn every_delivery_and_refusal_stands_in_a_ledger_that_verifies() {
    let world = World::new().await;
    world.publish_old("left", "x");
    let releases = vec![release("1.0.0", hours(1))];
    world.publish(&package("fresh", world.now(), releases).tags(&[("latest", "1.0.0")]));
    world.gate.get(TARBALL).await;
    world
        .gate
        .get_with(TARBALL, &[("user-agent", "npm/11.0.0\u{9b}31m")])
        .await;
    world.gate.get("/fresh").await.explained(403, &["fresh"]);
    world
        .gate
        .get("/left/-/left-7.0.0.tgz?token=hush")
        .await
        .explained(403, &["never published"]);
    let records = world.gate.records();
    let count = |kind: &str| records.iter().filter(|r| r.kind() == kind).count();
    assert_eq!(
        (count("delivered"), count("refused")),
        (2, 2),
        "{records:?}"
    );
    assert!(count("decided") >= 1, "{records:?}");
    assert!(!format!("{records:?}").contains("hush"));
    let left: ReleaseId = "pkg:npm/left@1.0.0".parse().unwrap();
    let who = world.gate.store.who(&left).unwrap();
    assert_eq!(who.total, 2);
    assert_eq!(
        who.rows[0].who.credential,
        Some(format!("run:{}", world.gate.id))
    );
    assert_eq!(who.rows[0].who.address.as_deref(), Some("127.0.0.1"));
    let found = verify_folder(&world.gate.folder.path().join("data")).unwrap();
    assert!(found.is_intact() && found.is_complete(), "{found:?}");
}

#[tokio::test]
async fn a_decision_that_could_not_be_recorded_is_recorded_when_there_is_room_again() {
    let (world, full) = filling(Waits::default(), Faults::none()).await;
    let releases = vec![
        release("1.0.0", crate::shelves::days(400)),
        release("1.1.0", hours(1)),
    ];
    world.publish(&package("left", world.now(), releases).tags(&[("latest", "1.1.0")]));
    full.store(true, Ordering::Relaxed);
    assert_eq!(world.gate.get("/left").await.status, 200);
    full.store(false, Ordering::Relaxed);
    assert_eq!(world.gate.get("/left").await.status, 200);
    let decided = |r: &LedgerRecord| matches!(r, LedgerRecord::Decided(d) if d.decision.release.version.as_str() == "1.1.0");
    let records = world.gate.records();
    assert_eq!(
        records.iter().filter(|r| decided(r)).count(),
        1,
        "{records:?}"
    );
}

#[tokio::test]
async fn where_a_pin_cannot_be_read_nothing_is_delivered() {
    let (world, _full, unreadable) = failing(Waits::default(), Faults::none()).await;
    world.publish_old("left", "x");
    assert_eq!(world.gate.get(TARBALL).await.text(), "x");
    unreadable.store(true, Ordering::Relaxed);
    let refused = world.gate.get(TARBALL).await;
    refused.explained(500, &["left@1.0.0", "pinned digest", "cannot be read"]);
}
