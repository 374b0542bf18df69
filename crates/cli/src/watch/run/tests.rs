use super::super::fresh::testing::{listed, listed_with};
use super::super::news::testing::{at, clean, malicious};
use super::*;
use customs_model::Version;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// A registry that a test holds in its hand.
#[derive(Default)]
struct Fake {
    /// Versions by package; one that is not here cannot be asked.
    versions: Mutex<BTreeMap<PackageName, Vec<String>>>,
    /// Looks so far.
    looks: AtomicU64,
    /// Artifacts that are not there yet: so many more questions.
    missing: Mutex<u32>,
    feed: Option<PackageName>,
    fed: AtomicU32,
    /// Every release has another content than it had.
    is_altered: AtomicBool,
}

fn name(text: &str) -> PackageName {
    PackageName::new(Ecosystem::Npm, text).unwrap()
}

impl Fake {
    fn with(packages: &[(&str, &[&str])]) -> Self {
        let fake = Self::default();
        for (package, versions) in packages {
            fake.publish(package, versions);
        }
        fake
    }

    fn publish(&self, package: &str, versions: &[&str]) {
        let mut all = self.versions.lock().unwrap();
        let known = all.entry(name(package)).or_default();
        known.extend(versions.iter().map(|version| (*version).to_owned()));
    }
}

impl World for Arc<Fake> {
    async fn list(&self, package: &PackageName) -> Result<Look, Missed> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let versions = self.versions.lock().unwrap().get(package).cloned();
        let down = || Missed::from("registry.example answered 503".to_owned());
        let versions = versions.ok_or_else(down)?;
        let published = Some(at("2026-05-01T12:00:00Z"));
        let entries: Vec<_> = versions
            .iter()
            .map(|version| (version.as_str(), published))
            .collect();
        let others: Vec<_> = versions.iter().map(|v| (v.as_str(), "another")).collect();
        let is_altered = self.is_altered.load(Ordering::SeqCst);
        Ok(Look {
            from: "registry.example/".to_owned(),
            listed: if is_altered {
                listed_with(&others)
            } else {
                listed(&entries)
            },
            requests: 1,
        })
    }

    async fn inspect(&self, fresh: &Fresh) -> Result<Judged, String> {
        let mut missing = self.missing.lock().unwrap();
        if *missing > 0 {
            *missing -= 1;
            return Err("registry.example answered 404".to_owned());
        }
        let is_bad = fresh.release.version == Version::new("6.6.6").unwrap();
        let verdict = if is_bad { malicious() } else { clean() };
        Ok(Judged::from(verdict))
    }

    fn has_feed(&self) -> bool {
        self.feed.is_some()
    }

    async fn changes(&self) -> Result<Changed, String> {
        // The first question finds the end of the feed.
        let first = self.fed.fetch_add(1, Ordering::SeqCst) == 0;
        let packages = self.feed.iter().filter(|_| !first).cloned().collect();
        Ok(Changed {
            packages,
            requests: 1,
        })
    }

    fn now(&self) -> Timestamp {
        at("2026-05-01T12:00:42Z")
    }
}

/// A folder with the state and the log of watches that follow each other.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn watch(&self, fake: &Arc<Fake>, rounds: u64) -> Watch<Arc<Fake>> {
        let state = self.0.path().join("watch.json");
        let every = Duration::from_millis(1);
        let packages: Vec<_> = fake.versions.lock().unwrap().keys().cloned().collect();
        let log = self.0.path().join("log");
        Watch::new(
            fake.clone(),
            Plan {
                rounds: Some(rounds),
                every,
                every_with_feed: every,
                again: Duration::from_millis(1),
                state: state.clone(),
            },
            Schedule::new(packages, 1000.0, every),
            Seen::load(&state).unwrap(),
            Pins::default(),
            Tellers::open(true, Some(&log), None, None).unwrap(),
            None,
        )
    }

    async fn run(&self, fake: &Arc<Fake>, rounds: u64) -> Summary {
        let watch = self.watch(fake, rounds);
        watch.run(std::future::pending()).await.unwrap()
    }

    /// What was told: release and standing.
    fn told(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.path().join("log")).unwrap();
        let line = |line: &str| {
            let news: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let release = text(&news["release"]);
            format!("{release} {}", text(&news["verdict"]["standing"]))
        };
        let mut all: Vec<String> = text.lines().map(line).collect();
        all.sort();
        all
    }
}

#[tokio::test]
async fn the_first_look_tells_nothing_and_a_later_watch_tells_what_came_meanwhile() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"]), ("b", &["1.0.0"])]));
    let summary = home.run(&fake, 2).await;
    assert_eq!((summary.told, home.told().len()), (0, 0));

    fake.publish("a", &["1.0.1", "6.6.6"]);
    let summary = home.run(&fake, 2).await;
    assert_eq!((summary.told, summary.objected), (2, 1));
    assert_eq!(
        home.told(),
        ["pkg:npm/a@1.0.1 clean", "pkg:npm/a@6.6.6 malicious"]
    );

    // Told once, by whatever watch.
    assert_eq!(home.run(&fake, 2).await.told, 0);
}

#[tokio::test]
async fn an_artifact_that_is_not_there_yet_is_asked_for_again() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    home.run(&fake, 1).await;
    fake.publish("a", &["1.0.1"]);
    *fake.missing.lock().unwrap() = 2;
    home.run(&fake, 1).await;
    assert_eq!(home.told(), ["pkg:npm/a@1.0.1 clean"]);
}

#[tokio::test]
async fn a_release_that_cannot_be_had_is_told_as_not_judged() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    home.run(&fake, 1).await;
    fake.publish("a", &["1.0.1"]);
    *fake.missing.lock().unwrap() = 1000;
    let summary = home.run(&fake, 1).await;
    assert_eq!(home.told(), ["pkg:npm/a@1.0.1 not_judged"]);
    assert_eq!((summary.told, summary.objected), (1, 0));
}

#[tokio::test]
async fn a_package_that_cannot_be_asked_about_does_not_stop_the_others() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"]), ("b", &["1.0.0"])]));
    home.run(&fake, 1).await;
    fake.publish("b", &["1.0.1"]);
    let watch = home.watch(&fake, 1);
    fake.versions.lock().unwrap().remove(&name("a"));
    let summary = watch.run(std::future::pending()).await.unwrap();
    assert_eq!(summary.told, 1);

    // What was seen of it is not forgotten.
    fake.publish("a", &["1.0.0", "1.0.1"]);
    assert_eq!(home.run(&fake, 1).await.told, 1);
}

#[tokio::test]
async fn a_watch_that_is_stopped_keeps_what_it_saw() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    let watch = home.watch(&fake, 1_000_000);
    let stop = async {
        while fake.looks.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let stopped = tokio::time::timeout(Duration::from_secs(20), watch.run(stop)).await;
    stopped.unwrap().unwrap();
    fake.publish("a", &["1.0.1"]);
    assert_eq!(home.run(&fake, 1).await.told, 1);
}

#[tokio::test]
async fn a_change_that_is_announced_is_looked_for_before_its_turn() {
    let home = Home::new();
    let mut fake = Fake::with(&[("a", &["1.0.0"]), ("b", &["1.0.0"])]);
    fake.feed = Some(name("b"));
    // The end of the feed was found before.
    fake.fed.store(1, Ordering::SeqCst);
    let fake = Arc::new(fake);
    let mut watch = home.watch(&fake, 1);
    // Only what is announced is due within the hour.
    let hour = Duration::from_secs(3600);
    watch.schedule = Schedule::new([name("a"), name("b")], 1000.0, hour);
    for _ in 0..2 {
        while let Next::Wait(at) = watch.schedule.take(watch.now()) {
            tokio::time::sleep_until(watch.begun + at).await;
        }
    }
    for package in ["a", "b"] {
        let now = watch.now();
        watch.schedule.done(&name(package), now, Outcome::Quiet);
    }
    watch.plan.rounds = Some(2);
    let stop = async {
        while fake.looks.load(Ordering::SeqCst) < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Time enough for a second look, which must not come.
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    watch.run(stop).await.unwrap();
    assert_eq!(fake.looks.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_delay_that_is_told_is_that_of_this_watch_alone() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    home.run(&fake, 1).await;
    fake.publish("a", &["1.0.1"]);
    // Published at 12:00:00, and this watch began at 12:00:42.
    let summary = home.run(&fake, 1).await;
    assert_eq!((summary.told, summary.delays.worst()), (1, None));

    fake.publish("a", &["1.0.2"]);
    let mut watch = home.watch(&fake, 1);
    watch.began = at("2026-05-01T00:00:00Z");
    let summary = watch.run(std::future::pending()).await.unwrap();
    assert_eq!(summary.delays.median(), Some(Duration::from_secs(42)));
}

#[tokio::test]
async fn a_release_whose_content_changes_is_told_once_and_its_first_content_stays() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    home.run(&fake, 1).await;
    fake.is_altered.store(true, Ordering::SeqCst);
    let summary = home.run(&fake, 2).await;
    assert_eq!((summary.told, summary.altered, summary.objected), (0, 1, 1));
    assert_eq!(home.told(), ["pkg:npm/a@1.0.0 suspicious"]);
    assert_eq!(summary.delays.worst(), None);

    // Told once, by whatever watch; and the first content is no news when it comes back.
    assert_eq!(home.run(&fake, 2).await.altered, 0);
    fake.is_altered.store(false, Ordering::SeqCst);
    assert_eq!(home.run(&fake, 2).await.altered, 0);
}

#[tokio::test]
async fn what_a_lockfile_promises_is_compared_at_the_first_look() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    let mut watch = home.watch(&fake, 1);
    let pinned = Digest::sha256(b"what was reviewed");
    let release = "pkg:npm/a@1.0.0".parse().unwrap();
    watch.pins.add(&release, vec![pinned], "package-lock.json");
    let summary = watch.run(std::future::pending()).await.unwrap();
    assert_eq!((summary.altered, summary.objected), (1, 1));
    assert_eq!(home.told(), ["pkg:npm/a@1.0.0 suspicious"]);
}

#[tokio::test]
async fn lockfiles_that_disagree_are_told_at_the_beginning() {
    let home = Home::new();
    let fake = Arc::new(Fake::with(&[("a", &["1.0.0"])]));
    let mut watch = home.watch(&fake, 1);
    let release = "pkg:npm/a@1.0.0".parse().unwrap();
    for (name, content) in [("web.lock", "one"), ("api.lock", "two")] {
        let digest = Digest::sha256(content.as_bytes());
        watch.pins.add(&release, vec![digest], name);
    }
    let summary = watch.run(std::future::pending()).await.unwrap();
    assert_eq!((summary.told, summary.altered), (0, 1));
    assert_eq!(home.told(), ["pkg:npm/a@1.0.0 suspicious"]);
}
