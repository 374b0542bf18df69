use crate::document::text::Text;
use crate::document::{Documents, Found};
use crate::http::Fetcher;
use crate::turns::on_behalf;
use crate::upstream::Upstream;
use customs_model::{Route, SystemClock};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LONG: Duration = Duration::from_secs(60);
/// Half of the turns at one upstream.
const HALF: usize = 12;

/// An upstream that never answers what begins with `hang`, nor the first question for what begins
/// with `once`; and how often it was asked for what.
async fn upstream() -> (Upstream, Arc<Mutex<HashMap<String, usize>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(HashMap::new()));
    let told = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = asked.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let path = head.split_whitespace().nth(1).unwrap_or("/")[1..].to_owned();
                let times = {
                    let mut asked = asked.lock().unwrap();
                    let times: &mut usize = asked.entry(path.clone()).or_default();
                    *times += 1;
                    *times
                };
                if path.starts_with("hang") || path.starts_with("once") && times == 1 {
                    return tokio::time::sleep(LONG * 10).await;
                }
                // Others ask meanwhile.
                tokio::time::sleep(Duration::from_millis(50)).await;
                let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nit";
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (Upstream::parse(&base, Route::Public).unwrap(), told)
}

struct House {
    documents: Arc<Documents<Text>>,
    upstream: Upstream,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        // What hangs does so for longer than any test.
        let fetcher = Fetcher::with_silence(LONG * 10);
        let documents = Documents::new(path, fetcher, Arc::new(SystemClock));
        let (upstream, asked) = upstream().await;
        Self {
            documents: Arc::new(documents.unwrap()),
            upstream,
            asked,
            _folder: folder,
        }
    }

    /// Somebody asks for a document; ends when it is there.
    fn ask(&self, client: &str, path: &str) -> tokio::task::JoinHandle<()> {
        let (documents, upstream) = (self.documents.clone(), self.upstream.clone());
        let (client, path) = (Arc::from(client), path.to_owned());
        tokio::spawn(on_behalf(client, async move {
            match documents.get(&upstream, &path).await.unwrap() {
                Found::Document(document) => assert_eq!(document.index.0, "it"),
                Found::Missing => panic!("missing"),
            }
        }))
    }

    fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    async fn until(&self, is: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is(self) {
            assert!(begun.elapsed() < LONG);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn soon(task: tokio::task::JoinHandle<()>) {
    tokio::time::timeout(LONG, task).await.unwrap().unwrap();
}

#[tokio::test]
async fn who_waits_for_its_turn_keeps_nobody_waiting_who_wants_the_same() {
    let house = House::new().await;
    // All that one client may have hangs.
    for number in 0..HALF {
        house.ask("many", &format!("hang-{number}"));
    }
    house
        .until(|house| house.asked.lock().unwrap().len() == HALF)
        .await;
    let waits = house.ask("many", "a");
    house.until(|house| house.documents.waiting() == 1).await;
    soon(house.ask("one", "a")).await;
    // And it is there for who waited, too: fetched once.
    soon(waits).await;
    assert_eq!(house.times("a"), 1);
    assert_eq!(house.documents.waiting(), 0);
}

#[tokio::test]
async fn of_many_who_want_the_same_one_asks_for_all() {
    let house = House::new().await;
    let many = (0..100).map(|number| house.ask(&format!("client {}", number % 7), "a"));
    for one in many.collect::<Vec<_>>() {
        soon(one).await;
    }
    assert_eq!(house.times("a"), 1);
}

#[tokio::test]
async fn who_fetches_and_goes_away_leaves_it_to_the_next() {
    let house = House::new().await;
    let first = house.ask("first", "once");
    house.until(|house| house.times("once") == 1).await;
    let second = house.ask("second", "once");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(house.times("once"), 1);
    first.abort();
    soon(second).await;
    assert_eq!(house.times("once"), 2);
}
