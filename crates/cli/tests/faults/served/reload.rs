//! Settings change while many ask: nobody is turned away, and what changed counts at once.

use super::world::{ONE, Served, Site, TARBALL, TWO, TestToken, client, put, token};
use crate::harness::try_read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SETTINGS: &str = "customs_gate_reloads_total{what=\"settings\",outcome=\"ok\"}";
const FAILED: &str = "customs_gate_reloads_total{what=\"settings\",outcome=\"failed\"}";
const TLS: &str = "customs_gate_reloads_total{what=\"tls\",outcome=\"ok\"}";
const TLS_FAILED: &str = "customs_gate_reloads_total{what=\"tls\",outcome=\"failed\"}";

/// Clients that ask all the time, and must never be disappointed.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: tokio::task::JoinSet<()>,
}

impl Load {
    /// `new_connections`: each request has one of its own.
    fn on(served: &Served, site: &Site, by: &TestToken, clients: Vec<reqwest::Client>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let mut all = tokio::task::JoinSet::new();
        for client in clients {
            let (stop, answered) = (stop.clone(), answered.clone());
            let (url, secret) = (format!("{}{TARBALL}", served.base), by.secret.clone());
            let bytes = site.bytes.clone();
            all.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let got = try_read(client.get(&url).bearer_auth(&secret))
                        .await
                        .unwrap();
                    assert_eq!(got.status, 200, "{}", got.text());
                    assert!(got.body == bytes, "other bytes");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Self {
            stop,
            answered,
            clients: all,
        }
    }

    async fn more(&self, by: usize) {
        let (begun, before) = (Instant::now(), self.answered.load(Ordering::SeqCst));
        while self.answered.load(Ordering::SeqCst) < before + by {
            assert!(begun.elapsed() < super::world::LONG, "nobody is answered");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it; whoever was disappointed says so.
    async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        self.answered.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_policy_and_advisories_are_read_again_under_load_and_no_request_is_lost() {
    let mut site = Site::new().await;
    site.more = "policy = \"policy.toml\"\nadvisories = \"osv\"\n".to_owned();
    let policy = site.at("policy.toml");
    put(&policy, "version = 1\n");
    std::fs::create_dir(site.at("osv")).unwrap();
    let advisory = |id: &str, name: &str| {
        let advisory = serde_json::json!({
            "id": id, "modified": "2026-01-01T00:00:00Z", "summary": "an inert test",
            "affected": [{"package": {"ecosystem": "npm", "name": name}, "versions": ["1.0.0"]}],
        });
        put(&site.at(&format!("osv/{id}.json")), &advisory.to_string());
    };
    advisory("MAL-2026-1", "somebody-elses");
    let (steady, other) = (token("steady", ""), token("other", ""));
    site.tokens(&[&steady]);
    for name in ["bad", "worse"] {
        let releases = vec![crate::shelves::release("1.0.0", crate::shelves::days(400))];
        let now = customs_model::Clock::now(&customs_model::SystemClock);
        let package = crate::shelves::package(name, now, releases);
        site.shelves
            .npm(&site.upstream.base(), &package.tags(&[("latest", "1.0.0")]));
    }
    let served = site.start().await;
    let clients = (0..4).map(|_| site.client()).collect();
    let load = Load::on(&served, &site, &steady, clients);
    load.more(20).await;

    // A token comes, and goes.
    assert_eq!(served.get(TARBALL, &other).await.status, 401);
    site.tokens(&[&steady, &other]);
    served.until(SETTINGS, 1.0).await;
    assert_eq!(served.get(TARBALL, &other).await.status, 200);
    load.more(20).await;
    site.tokens(&[&steady]);
    served.until(SETTINGS, 2.0).await;
    assert_eq!(served.get(TARBALL, &other).await.status, 401);

    // A denial.
    let bad = "/bad/-/bad-1.0.0.tgz";
    assert_eq!(served.get(bad, &steady).await.status, 200);
    put(&policy, "version = 1\ndeny = [\"pkg:npm/bad\"]\n");
    served.until(SETTINGS, 3.0).await;
    assert_eq!(served.get(bad, &steady).await.status, 403);
    load.more(20).await;

    // A feed that says something new.
    let worse = "/worse/-/worse-1.0.0.tgz";
    assert_eq!(served.get(worse, &steady).await.status, 200);
    advisory("MAL-2026-2", "worse");
    let begun = Instant::now();
    while served.get(worse, &steady).await.status == 200 {
        assert!(begun.elapsed() < super::world::LONG, "{}", served.log());
    }
    eprintln!("a new advisory is in force after {:?}", begun.elapsed());
    load.more(20).await;

    // What cannot be read changes nothing, and is said.
    let settings = served.number(SETTINGS).await;
    put(&policy, "version = 1\ndney = []\n");
    served.until(FAILED, 1.0).await;
    assert!(served.log().contains("dney"), "{}", served.log());
    assert_eq!(served.get(bad, &steady).await.status, 403, "as before");
    assert_eq!(served.number(SETTINGS).await, settings);
    put(&policy, "version = 1\n");
    served.until(SETTINGS, settings + 1.0).await;
    assert_eq!(served.get(bad, &steady).await.status, 200);

    // And because it is told to.
    let settings = served.number(SETTINGS).await;
    served.signal("HUP");
    served.until(SETTINGS, settings + 1.0).await;
    load.more(20).await;
    assert!(load.end().await >= 120);
}

/// The certificate is another one while many ask, on connections of their own and on those that
/// stand. Two files are two steps: between them nothing that does not fit is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_rotated_live_and_no_connection_is_lost() {
    let site = Site::new().await.with_tls();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let both = || client([ONE.pem, TWO.pem].into_iter());
    let each_anew = || {
        let roots = [ONE.pem, TWO.pem];
        let roots = roots.map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).unwrap());
        let builder = reqwest::Client::builder().no_proxy();
        let builder = builder.pool_max_idle_per_host(0);
        builder.tls_certs_only(roots).build().unwrap()
    };
    let load = Load::on(&served, &site, &ci, vec![both(), each_anew(), each_anew()]);
    load.more(10).await;
    let only = |pem: &'static str| {
        let asked = client(std::iter::once(pem));
        let asked = asked.get(format!("{}{TARBALL}", served.base));
        try_read(asked.bearer_auth(&ci.secret))
    };
    assert_eq!(only(ONE.pem).await.unwrap().status, 200);
    assert!(only(TWO.pem).await.is_err());

    put(&site.at("tls.crt"), TWO.certificate);
    served.until(TLS_FAILED, 1.0).await;
    let still = only(ONE.pem).await.unwrap();
    assert_eq!(still.status, 200, "the old pair is shown");
    load.more(10).await;
    put(&site.at("tls.key"), TWO.key);
    served.until(TLS, 1.0).await;
    assert_eq!(only(TWO.pem).await.unwrap().status, 200);
    assert!(only(ONE.pem).await.is_err());
    load.more(10).await;
    assert!(load.end().await >= 30);
    assert!(!served.log().contains("BEGIN PRIVATE KEY"));
}
