//! Who a team's gate lets in, under which policy, and what the others are told.

use crate::harness::{Answered, SECRET, npm_at, read};
use crate::shelves::{Shelves, days, hours, package, release};
use customs_gate::{
    Bounds, Gate, Listening, Options, Role, TeamSettings, Token, TokenDigest, Waits, serve_team,
};
use customs_model::{Clock as _, FixedClock, Known, SignedDuration, SystemClock};
use customs_replay::{Bound, Faults, Server};
use customs_rules::Policy;
use customs_store::{LedgerRecord, SqliteStore, Store as _};
use std::collections::BTreeMap;
use std::sync::Arc;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

/// A team's gate in this process, so that its clock can be moved.
pub(super) struct Team {
    pub gate: Arc<Gate>,
    pub clock: Arc<FixedClock>,
    store: Arc<SqliteStore>,
    pub shelves: Shelves,
    pub upstream: Arc<Server>,
    port: u16,
    client: reqwest::Client,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    pub folder: tempfile::TempDir,
}

impl Drop for Team {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn token(name: &str, secret: &str) -> Token {
    Token {
        name: name.to_owned(),
        digest: TokenDigest::of(secret),
        role: Role::Install,
        policy: None,
        expires: None,
        revoked: false,
    }
}

impl Team {
    pub async fn new(tokens: Vec<Token>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(SystemClock.now()));
        let shelves = Shelves::default();
        let upstream = Bound::new().await.unwrap();
        let upstream = Arc::new(upstream.serve(shelves.clone(), Faults::none()));
        for name in ["left", "metrics", "healthz"] {
            let releases = vec![release("1.0.0", days(400)), release("2.0.0", hours(1))];
            let package = package(name, clock.now(), releases);
            shelves.npm(&upstream.base(), &package.tags(&[("latest", "2.0.0")]));
        }
        let data = folder.path().join("data");
        let store = Arc::new(SqliteStore::open(&data, clock.clone()).unwrap());
        Self::gate(folder, clock, store, (shelves, upstream), tokens).await
    }

    /// Another gate of the same team: it has the ledger and the memory in common with this one.
    pub async fn beside(&self, tokens: Vec<Token>) -> Self {
        let world = (self.shelves.clone(), self.upstream.clone());
        let folder = tempfile::tempdir().unwrap();
        let (clock, store) = (self.clock.clone(), self.store.clone());
        Self::gate(folder, clock, store, world, tokens).await
    }

    async fn gate(
        folder: tempfile::TempDir,
        clock: Arc<FixedClock>,
        store: Arc<SqliteStore>,
        (shelves, upstream): (Shelves, Arc<Server>),
        tokens: Vec<Token>,
    ) -> Self {
        customs_registry::http::install_tls();
        let data = folder.path().join("data");
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = Options {
            cache: folder.path().join("cache"),
            trust: data.join("trust"),
            lists: data.join("files"),
            evidence: data.join("evidence"),
            store: store.clone(),
            clock: clock.clone(),
            secret: SECRET.into(),
            port,
            waits: Waits::default(),
        };
        let public = "https://gate.example:8443".parse().unwrap();
        let gate = Gate::for_team(options, None, &public).unwrap();
        let listening = Listening {
            listener,
            tls: None,
            operations: None,
            bounds: Bounds::default(),
        };
        let team = Self {
            task: tokio::spawn(serve_team(gate.clone(), listening)),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            folder,
            shelves,
            gate,
            clock,
            store,
            upstream,
            port,
        };
        team.apply(tokens, BTreeMap::new()).await;
        team
    }

    pub fn settings(&self, tokens: Vec<Token>, policies: BTreeMap<String, Policy>) -> TeamSettings {
        TeamSettings {
            upstreams: npm_at(&self.upstream.base()),
            policy: Policy::default(),
            policies,
            advisories: Known::NotApplicable,
            stale_for: days(7),
            tokens,
        }
    }

    async fn apply(&self, tokens: Vec<Token>, policies: BTreeMap<String, Policy>) {
        let settings = self.settings(tokens, policies);
        self.gate.apply(settings).await.unwrap();
    }

    pub fn ask(&self, path: &str) -> reqwest::RequestBuilder {
        self.client
            .get(format!("http://127.0.0.1:{}{path}", self.port))
    }

    pub async fn get(&self, path: &str, secret: &str) -> Answered {
        read(self.ask(path).bearer_auth(secret)).await
    }

    pub fn records(&self) -> Vec<LedgerRecord> {
        self.store.flush().unwrap();
        let rows = self.store.records_after(0, 10_000).unwrap();
        rows.into_iter().map(|row| row.record).collect()
    }
}

#[tokio::test]
async fn a_token_opens_in_every_form_that_clients_send_and_its_name_is_in_the_ledger() {
    let team = Team::new(vec![token("ci", "one")]).await;
    for asked in [
        team.ask(TARBALL).bearer_auth("one"),
        team.ask(TARBALL).basic_auth("anybody", Some("one")),
        team.ask(TARBALL).header("authorization", "one"),
    ] {
        assert_eq!(read(asked).await.status, 200);
    }
    let who = team
        .records()
        .into_iter()
        .filter_map(|record| match record {
            LedgerRecord::Delivered(delivered) => Some(delivered.who),
            _ => None,
        });
    let who: Vec<_> = who.collect();
    assert_eq!(who.len(), 3);
    for who in who {
        assert_eq!(who.credential.as_deref(), Some("token:ci"));
        assert_eq!(who.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(who.run, None);
    }
}

#[tokio::test]
async fn documents_carry_the_address_that_clients_know() {
    let team = Team::new(vec![token("ci", "one")]).await;
    let document = team.get("/left", "one").await.json();
    let tarball = document["versions"]["1.0.0"]["dist"]["tarball"].as_str();
    let expected = "https://gate.example:8443/left/-/left-1.0.0.tgz";
    assert_eq!(tarball, Some(expected), "{document}");
    assert_eq!(document["versions"]["2.0.0"], serde_json::Value::Null);
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why_and_no_upstream_is_asked() {
    let mut ended = token("ended", "two");
    ended.expires = Some(team_now());
    let mut taken = token("taken", "three");
    taken.revoked = true;
    let team = Team::new(vec![token("ci", "one"), ended, taken]).await;
    let digest = TokenDigest::of("one").to_string();
    for (secret, words) in [
        ("nobody", "not known to this gate"),
        ("two", "the token \"ended\" expired on"),
        ("three", "the token \"taken\" was revoked"),
        // What the file has is no secret.
        (&*digest, "not known to this gate"),
        ("ci", "not known to this gate"),
        // What opens the controls of a gate of one user is nothing here.
        (SECRET, "not known to this gate"),
    ] {
        let refused = team.get("/left", secret).await;
        refused.explained(401, &[words]);
        assert!(refused.header("www-authenticate").starts_with("Basic"));
    }
    let nothing = read(team.ask("/left")).await;
    nothing.explained(401, &["asks for a token", "customs gate setup"]);
    for path in ["/-/customs/health", "/-/customs/runs/x", "/-/customs/stop"] {
        assert_eq!(team.get(path, SECRET).await.status, 401, "{path}");
        assert_eq!(team.get(path, "one").await.status, 404, "{path}");
    }
    assert_eq!(team.upstream.hits(), []);
    let page = team.gate.metrics.render();
    let told = |reason: &str| {
        let series = format!("customs_gate_credentials_refused_total{{reason=\"{reason}\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(&series));
        line.unwrap_or_else(|| panic!("{page}")).to_owned()
    };
    let told = ["missing", "unknown", "expired", "revoked"].map(told);
    assert_eq!(told, ["1", "7", "1", "1"]);
}

fn team_now() -> customs_model::Timestamp {
    SystemClock.now()
}

#[tokio::test]
async fn a_token_is_good_until_its_end_and_not_a_second_longer() {
    let team = Team::new(Vec::new()).await;
    let mut short = token("short", "one");
    short.expires = Some(team.clock.now() + SignedDuration::from_secs(60));
    team.apply(vec![short], BTreeMap::new()).await;
    team.clock.advance(SignedDuration::from_secs(59));
    assert_eq!(team.get("/left", "one").await.status, 200);
    team.clock.advance(SignedDuration::from_secs(1));
    team.get("/left", "one").await.explained(401, &["expired"]);
}

#[tokio::test]
async fn what_was_applied_later_counts_at_once_and_what_contradicts_itself_not_at_all() {
    let team = Team::new(vec![token("ci", "one")]).await;
    assert_eq!(team.get("/left", "two").await.status, 401);
    team.apply(vec![token("ci", "two")], BTreeMap::new()).await;
    assert_eq!(team.get("/left", "one").await.status, 401);
    assert_eq!(team.get("/left", "two").await.status, 200);
    let mut strange = token("strange", "three");
    strange.policy = Some("none".to_owned());
    for (tokens, words) in [
        (
            vec![token("a", "x"), token("a", "y")],
            "two tokens are named",
        ),
        (
            vec![token("a", "x"), token("b", "x")],
            "are the same secret",
        ),
        (vec![strange], "there is none of that name"),
    ] {
        let settings = team.settings(tokens, BTreeMap::new());
        let error = team.gate.apply(settings).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(team.get("/left", "two").await.status, 200);
    }
}

#[tokio::test]
async fn each_token_is_under_its_own_policy() {
    let team = Team::new(Vec::new()).await;
    let denies = "version = 1\ndeny = [\"pkg:npm/left\"]\n";
    let denies = Policy::parse(denies, "strict.toml").unwrap();
    let mut strict = token("strict", "two");
    strict.policy = Some("strict".to_owned());
    let policies = BTreeMap::from([("strict".to_owned(), denies)]);
    team.apply(vec![token("ci", "one"), strict], policies).await;
    assert_eq!(team.get(TARBALL, "one").await.status, 200);
    assert_eq!(team.get(TARBALL, "two").await.status, 403);
    let refused = team.records().into_iter().find_map(|record| match record {
        LedgerRecord::Refused(refused) => refused.who.credential,
        _ => None,
    });
    assert_eq!(refused.as_deref(), Some("token:strict"));
}

#[tokio::test]
async fn a_role_is_what_a_token_may_do() {
    let monitor = Token {
        role: Role::Monitor,
        ..token("prometheus", "two")
    };
    let publish = Token {
        role: Role::Publish,
        ..token("release", "three")
    };
    let team = Team::new(vec![token("ci", "one"), monitor, publish]).await;
    let page = team.get("/metrics", "two").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text()
            .contains("# TYPE customs_gate_requests_total counter")
    );
    team.get("/left", "two")
        .await
        .explained(403, &["for /metrics only"]);
    // To everybody else it is the name of a package.
    assert_eq!(team.get("/metrics", "one").await.json()["name"], "metrics");
    assert_eq!(team.get("/healthz", "one").await.json()["name"], "healthz");
    let put = |secret: &str| {
        let url = format!("http://127.0.0.1:{}/left", team.port);
        team.client.put(url).bearer_auth(secret).body("{}")
    };
    read(put("one")).await.explained(403, &["read-only"]);
    let relayed = read(put("three")).await;
    assert_ne!(relayed.status, 403, "{}", relayed.text());
    let hits = team.upstream.hits();
    let written = hits.iter().find(|hit| hit.method == "PUT").unwrap();
    assert_eq!(written.authorization, None, "a token leaves to nobody");
}

#[tokio::test]
async fn whether_it_is_well_is_told_to_everybody_and_nothing_else() {
    let team = Team::new(vec![token("ci", "one")]).await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let told = read(team.ask(path).header("host", "10.0.0.7:8443")).await;
        assert_eq!((told.status, told.text().as_str()), (200, body));
    }
    assert_eq!(read(team.ask("/metrics")).await.status, 401);
    let whoami = team.get("/-/customs/whoami", "one").await.json();
    assert_eq!(
        (&whoami["token"], &whoami["role"]),
        (&"ci".into(), &"install".into())
    );
    let probe = format!("{}x1", customs_gate::CANARY);
    let asks = format!("/-/customs/probe/{probe}");
    assert_eq!(team.get(&asks, "one").await.json()["arrived"], false);
    assert_eq!(team.get(&format!("/{probe}"), "one").await.status, 404);
    assert_eq!(team.get(&asks, "one").await.json()["arrived"], true);
}

#[tokio::test]
async fn another_name_for_its_address_is_not_this_gate() {
    let team = Team::new(vec![token("ci", "one")]).await;
    let with = |host: &str| read(team.ask("/left").bearer_auth("one").header("host", host));
    for host in ["gate.example:8443", "GATE.example:8443"] {
        assert_eq!(with(host).await.status, 200, "{host}");
    }
    for host in [
        "evil.example:8443",
        "gate.example",
        "gate.example:443",
        "10.0.0.7",
    ] {
        let refused = with(host).await;
        refused.explained(421, &["gate.example:8443"]);
    }
}
