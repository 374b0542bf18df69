//! A team's gate with a ledger that has something of everything.

use crate::metrics::Totals;
use crate::{
    Bounds, Gate, Listening, Options, Role, TeamSettings, Token, TokenDigest, Waits, serve_team,
};
use customs_model::{
    Action, Clock as _, Decision, Digest, Epoch, FixedClock, Inputs, Known, Reason, ReleaseId,
    RuleId, SignedDuration, Timestamp,
};
use customs_registry::Upstreams;
use customs_rules::Policy;
use customs_store::{
    Asked, Delivered, LedgerRecord, Refused, Served, SqliteStore, Store as _, Who,
};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

/// What a package could say: markup, and what turns text around.
pub const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{202e}'\"&\u{1b}[2J";

/// The gate.
pub struct World {
    pub gate: Arc<Gate>,
    pub clock: Arc<FixedClock>,
    pub store: Arc<SqliteStore>,
    /// The port of clients.
    pub port: u16,
    /// The port of those who look after it.
    pub operations: u16,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn now() -> Timestamp {
    "2026-11-30T10:48:02Z".parse().unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(now()));
        let data = folder.path().join("data");
        let store = Arc::new(SqliteStore::open(&data, clock.clone()).unwrap());
        let bind = || tokio::net::TcpListener::bind(("127.0.0.1", 0));
        let (listener, operations) = (bind().await.unwrap(), bind().await.unwrap());
        let port = listener.local_addr().unwrap().port();
        let of_operations = operations.local_addr().unwrap().port();
        let options = Options {
            cache: folder.path().join("cache"),
            trust: data.join("trust"),
            lists: data.join("files"),
            evidence: data.join("evidence"),
            store: store.clone(),
            clock: clock.clone(),
            secret: "s".to_owned(),
            port,
            waits: Waits::default(),
        };
        let public = "https://gate.example".parse().unwrap();
        let gate = Gate::for_team(options, None, &public).unwrap();
        let tokens = Role::ALL.map(|role| Token {
            name: role.word().to_owned(),
            digest: TokenDigest::of(role.word()),
            role,
            policy: None,
            expires: None,
            revoked: false,
        });
        let settings = TeamSettings {
            upstreams: Upstreams::default(),
            policy: Policy::default(),
            policies: BTreeMap::new(),
            advisories: Known::NotApplicable,
            stale_for: hours(24),
            tokens: tokens.into(),
        };
        gate.apply(settings).await.unwrap();
        let listening = Listening {
            listener,
            tls: None,
            operations: Some(operations),
            bounds: Bounds::default(),
        };
        Self {
            task: tokio::spawn(serve_team(gate.clone(), listening)),
            gate,
            clock,
            store,
            port,
            operations: of_operations,
            _folder: folder,
        }
    }

    /// Sets the clock.
    pub fn at(&self, at: Timestamp) {
        self.clock.advance(at.duration_since(self.clock.now()));
    }

    /// Something of everything.
    pub fn fill(&self) {
        let mut decisions = Vec::new();
        for n in 0..70 {
            let release = format!("pkg:npm/young-{n:02}@2.{n}.0");
            let until = now() + hours(3 + 7 * n);
            let asks = Action::Hold { until };
            let message = "published 14 h ago; releases are held for 72 h";
            decisions.push(decision(&release, asks, "version-age", message));
        }
        let wheel = "pkg:pypi/acme-tool@4.0.1";
        let asks = Action::Hold {
            until: now() + hours(30),
        };
        let mut of_file = decision(wheel, asks, "new-binary", HOSTILE);
        of_file.artifact = Some("acme_tool-4.0.1-cp314-cp314-manylinux_2_28_x86_64.whl".to_owned());
        decisions.push(of_file);
        for (release, rule, message) in [
            (
                "pkg:npm/%40acme/left-pad@9.9.9",
                "known-malicious",
                "MAL-2026-0001 names this release as malware",
            ),
            (
                "pkg:cargo/serd@1.0.0",
                "name-imitation",
                "one letter away from serde, which a hundred thousand crates use",
            ),
            ("pkg:npm/evil@1.0.0", "download-cradle", HOSTILE),
        ] {
            decisions.push(decision(
                release,
                Action::Block { until: None },
                rule,
                message,
            ));
        }
        self.store.record_decisions(&decisions).unwrap();
        for n in 0..12 {
            self.at(now() - hours(12 - n));
            let refused = Refused {
                asked: match n {
                    3 => Asked::Path(format!("/-/npm/{HOSTILE}")),
                    _ => Asked::Release("pkg:npm/evil@1.0.0".parse().unwrap()),
                },
                artifact: (n % 2 == 0).then(|| "evil-1.0.0.tgz".to_owned()),
                who: who(n),
                rules: vec![RuleId::of("download-cradle")],
                status: 403,
            };
            self.store
                .append_wait(LedgerRecord::Refused(refused))
                .unwrap();
        }
        for n in 0..120 {
            self.at(now() - hours(120 - n));
            let release: ReleaseId = "pkg:npm/axios@1.14.1".parse().unwrap();
            let delivered = Delivered {
                artifact: "axios-1.14.1.tgz".to_owned(),
                digest: Digest::sha256(b"axios"),
                release,
                bytes: 612_345,
                served: if n % 3 == 0 {
                    Served::Full
                } else {
                    Served::FromCache
                },
                who: who(n),
                action: "allow".to_owned(),
                rules: Vec::new(),
                not_checked: Vec::new(),
                epoch: Epoch::default(),
            };
            self.store
                .append_wait(LedgerRecord::Delivered(delivered))
                .unwrap();
        }
        self.at(now());
        self.hours();
        let watch = &self.gate.watch;
        watch.document("npm.acme.example/", None, now() - hours(1));
        watch.document("registry.example/", None, now() - hours(2));
        let because = format!("it answers 503 {HOSTILE}");
        watch.document("registry.example/", Some(&because), now());
    }

    /// Three hours of work, with a lull in it.
    fn hours(&self) {
        // The gate looked once when it began.
        self.gate.watch.forget();
        let mut totals = Totals::default();
        for minute in (0..180_u64).step_by(5) {
            if !(60..80).contains(&minute) {
                let wave = 40 + (minute * 7 % 53);
                totals.served[1] += wave * 3;
                totals.served[0] += wave / 2 + if minute < 30 { 90 } else { 0 };
                totals.served[2] += minute % 11;
                totals.durations[0] += wave * 5;
                totals.durations[1] += wave * if minute < 30 { 9 } else { 2 };
                totals.durations[3] += if minute % 35 == 0 { wave * 3 } else { 1 };
                totals.durations[6] += u64::from(minute == 120) * 60;
            }
            let at = i64::try_from(minute).unwrap() - 175;
            let at = now() + SignedDuration::from_mins(at);
            self.gate.watch.look(&totals, at);
        }
        // The gate's own counters know nothing of that.
        self.gate.watch.look(&Totals::default(), now());
    }

    /// One request to the clients' address; the whole answer.
    pub async fn ask(&self, head: &str, secret: &str) -> String {
        let port = self.port;
        let head = format!(
            "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n\
             Connection: close\r\n\r\n"
        );
        exchange(port, head).await
    }

    /// One request to the address of those who look after it.
    pub async fn ask_operations(&self, head: &str, host: &str) -> String {
        let head = format!("{head} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        exchange(self.operations, head).await
    }
}

async fn exchange(port: u16, head: String) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    });
    asked.await.unwrap()
}

fn who(n: i64) -> Who {
    let agents = [
        None,
        Some("claude-code".to_owned()),
        Some(HOSTILE.to_owned()),
    ];
    Who {
        credential: Some(format!(
            "token:{}",
            ["ci-main", "laptop-of-mika", "agents"][n as usize % 3]
        )),
        address: Some(format!("10.0.{}.{}", n % 7, 10 + n)),
        client: Some("npm/12.1.0 node/v26.1.0 linux x64".to_owned()),
        agent: agents[n as usize % 3].clone(),
        run: None,
    }
}

fn decision(release: &str, asks: Action, rule: &'static str, message: &str) -> Decision {
    Decision {
        release: release.parse().unwrap(),
        artifact: None,
        action: asks.clone(),
        reasons: vec![Reason {
            rule: RuleId::of(rule),
            message: message.to_owned(),
            asks,
            waived: None,
        }],
        at: now(),
        epoch: Epoch::default(),
        inputs: Inputs::default(),
        next_change: None,
    }
}
