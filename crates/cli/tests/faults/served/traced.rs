//! Traces: a request is part of the one that its client names, and so is what is asked for it.

use super::world::{LONG, Site, TARBALL, token};
use crate::harness::read;
use serde_json::Value;
use std::time::{Duration, Instant};

const CLIENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_trace_is_taken_over_written_and_passed_on() {
    let mut site = Site::new().await;
    site.more = "traces = \"traces.jsonl\"\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let asked = served.ask(TARBALL, &ci).header("traceparent", CLIENT);
    let got = read(asked).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    assert_eq!(got.header("customs-trace"), trace);
    // The registry was told: of the same trace, by spans of the gate's own.
    let hits = site.upstream.hits();
    let told = |path: &str| {
        let hit = hits.iter().find(|hit| hit.path == path);
        let hit = hit.unwrap_or_else(|| panic!("{path}: {hits:?}"));
        hit.traceparent.clone().unwrap_or_default()
    };
    let (document, artifact) = (told("/left"), told(TARBALL));
    for parent in [&document, &artifact] {
        assert!(parent.starts_with(&format!("00-{trace}-")), "{parent}");
        assert!(!parent.contains("b7ad6b7169203331"), "{parent}");
    }
    let lines = written(&site, |lines| {
        lines
            .iter()
            .any(|line| line["kind"] == "server" && line["trace"] == trace)
    })
    .await;
    let of = |kind: &str| {
        let mine = lines.iter().filter(|line| line["trace"] == trace);
        mine.filter(|line| line["kind"] == kind).collect::<Vec<_>>()
    };
    let (server, client) = (of("server"), of("client"));
    assert_eq!(server.len(), 1, "{lines:?}");
    assert_eq!(server[0]["parent"], "b7ad6b7169203331");
    assert_eq!(server[0]["name"], format!("GET {TARBALL}"));
    assert_eq!(server[0]["status"], 200);
    assert!(client.len() >= 2, "{lines:?}");
    for span in client {
        assert_eq!(span["parent"], server[0]["span"]);
        assert!(span["ms"].as_f64().is_some());
    }
    // What names no trace begins one, and a secret in a query is not written.
    let asked = served
        .ask("/left?token=hush", &ci)
        .header("traceparent", "00-zz");
    let own = read(asked).await.header("customs-trace").to_owned();
    assert_eq!(own.len(), 32);
    assert_ne!(own, trace);
    let lines = written(&site, |lines| lines.iter().any(|line| line["trace"] == own)).await;
    assert!(!format!("{lines:?}").contains("hush"));
}

/// The lines, once they are as they should be.
async fn written(site: &Site, done: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(site.at("traces.jsonl")).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        let lines: Vec<Value> = whole
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if done(&lines) {
            return lines;
        }
        assert!(begun.elapsed() < LONG, "{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
