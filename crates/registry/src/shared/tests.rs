use super::*;
use customs_model::SystemClock;
use customs_store::{FolderBlobs, Index as _, Leases as _, SqliteStore};

/// A team's database and artifacts, and two gates.
pub(super) struct House {
    folder: tempfile::TempDir,
    pub team: Arc<SqliteStore>,
    pub one: Arc<Shared>,
    pub two: Arc<Shared>,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let team = SqliteStore::open(&folder.path().join("data"), Arc::new(SystemClock));
        let team = Arc::new(team.unwrap());
        let gate = |name: &str| {
            let blobs = FolderBlobs::open(&folder.path().join("blobs")).unwrap();
            Shared::new(team.clone(), Arc::new(blobs), name.to_owned())
        };
        let (one, two) = (gate("one"), gate("two"));
        Self {
            folder,
            team,
            one,
            two,
        }
    }

    pub fn at(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// What the first gate hands over.
    async fn handed_over(&self, bytes: &[u8]) -> Digest {
        let (digest, path) = (Digest::sha256(bytes), self.at("own"));
        std::fs::write(&path, bytes).unwrap();
        self.one.hand_over(&digest, &path);
        let named = || {
            let entry = self.team.entry(ARTIFACTS, &digest.to_string());
            entry.unwrap().is_some()
        };
        until(named).await;
        digest
    }
}

async fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_one_gate_fetched_another_one_brings_and_nothing_else() {
    let house = House::new();
    let digest = house.handed_over(b"bytes").await;
    let target = house.at("other/sha256/file");
    assert_eq!(house.two.bring(&digest, &target).await, Some(5));
    assert_eq!(std::fs::read(&target).unwrap(), b"bytes");
    let unknown = Digest::sha256(b"unknown");
    assert_eq!(house.two.bring(&unknown, &house.at("none")).await, None);
    assert!(!house.at("none").exists());
}

#[tokio::test]
async fn what_was_changed_in_the_common_store_is_not_brought_and_can_be_put_again() {
    let house = House::new();
    let digest = house.handed_over(b"bytes").await;
    let blobs = FolderBlobs::open(&house.at("blobs")).unwrap();
    std::fs::write(blobs.path(&digest), b"other").unwrap();
    assert_eq!(house.two.bring(&digest, &house.at("file")).await, None);
    assert!(!house.at("file").exists());
    house.handed_over(b"bytes").await;
    assert_eq!(house.two.bring(&digest, &house.at("file")).await, Some(5));
}

#[tokio::test]
async fn what_the_index_names_and_the_store_lost_is_put_again_by_who_has_it() {
    let house = House::new();
    let digest = house.handed_over(b"bytes").await;
    let blobs = FolderBlobs::open(&house.at("blobs")).unwrap();
    std::fs::remove_file(blobs.path(&digest)).unwrap();
    assert_eq!(house.two.bring(&digest, &house.at("file")).await, None);
    house.handed_over(b"bytes").await;
    assert_eq!(house.two.bring(&digest, &house.at("file")).await, Some(5));
}

#[tokio::test]
async fn an_artifact_is_read_by_one_gate_and_the_other_waits_for_what_it_says() {
    let house = House::new();
    let Turn::Here(Some(turn)) = house.one.turn("key").await else {
        panic!("the first one reads it");
    };
    let two = house.two.clone();
    let waiting = tokio::spawn(async move { two.turn("key").await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "both read it");
    let facts = b"facts".to_vec();
    house.one.read("key".to_owned(), facts, Some(turn));
    let Turn::Done(Verdict::Facts(facts)) = waiting.await.unwrap() else {
        panic!("the other one reads it again");
    };
    assert_eq!(facts, b"facts");
    let name = format!("{FACTS} key");
    until(|| {
        let taken = house.team.take_lease(&name, "three", TERM).unwrap();
        matches!(taken, Taken::Mine(_))
    })
    .await;
}

#[tokio::test]
async fn who_takes_work_and_is_gone_keeps_the_others_waiting_for_one_term() {
    let house = House::new();
    let term = Duration::from_millis(400);
    let gone = house.team.take_lease("facts key", "gone", term).unwrap();
    assert!(matches!(gone, Taken::Mine(_)));
    let begun = Instant::now();
    let Turn::Here(Some(_turn)) = house.one.turn("key").await else {
        panic!("nobody took it over");
    };
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_store_that_cannot_answer_is_not_asked_by_every_request() {
    let house = House::new();
    let digest = house.handed_over(b"bytes").await;
    // A folder in the place of the blob: it can be looked for, and not be read.
    let path = FolderBlobs::open(&house.at("blobs")).unwrap().path(&digest);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(house.two.bring(&digest, &house.at("file")).await, None);
    assert!(house.two.pauses());
    // Meanwhile this gate does everything alone.
    assert!(matches!(house.two.turn("key").await, Turn::Here(None)));
}
