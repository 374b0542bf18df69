//! Connections that are no clients': half open, slow, malformed, smuggled. None takes the gate from
//! those who are.

use super::world::{LONG, Served, Site, TARBALL, TestToken, token};
use crate::harness::many_bytes;
use customs_replay::Faults;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const STANDING: &str = "customs_gate_connections";
const STALLED: &str = "customs_gate_stalled_connections_total";

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(("127.0.0.1", site.port)).await.unwrap()
}

/// Everything until the other side ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut all))
        .await
        .expect("the gate ends the connection");
    String::from_utf8_lossy(&all).into_owned()
}

fn head(site: &Site, ci: &TestToken, path: &str) -> String {
    let (port, secret) = (site.port, &ci.secret);
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {secret}\r\n")
}

async fn demand_served(site: &Site, served: &Served, ci: &TestToken) {
    let got = served.get(TARBALL, ci).await;
    assert!(
        got.status == 200 && got.body == site.bytes,
        "{}",
        got.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_end_and_make_room_for_those_who_wait() {
    let mut site = Site::new().await;
    site.more = "limits = { head = \"2s\", connections = 8 }\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let mut silent = Vec::new();
    for at in 0..24 {
        let mut stream = connect(&site).await;
        // Nothing, half a line, half a head.
        let sent: &[u8] = [b"".as_slice(), b"GET /le", b"GET /left HTTP/1.1\r\nhost:"][at % 3];
        stream.write_all(sent).await.unwrap();
        silent.push(stream);
    }
    served.until(STANDING, 8.0).await;
    // Whoever comes behind them waits, and is served.
    demand_served(&site, &served, &ci).await;
    for mut stream in silent {
        let told = rest(&mut stream).await;
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 408"),
            "{told}"
        );
    }
}

/// Readers that take nothing hold a connection for as long as they may, and no memory that grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_readers_that_take_nothing_are_ended_and_others_are_served_meanwhile() {
    let mut site = Site::with(Faults::none(), many_bytes(24 << 20)).await;
    site.more = "limits = { stall = \"3s\" }\n".to_owned();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    demand_served(&site, &served, &ci).await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = connect(&site).await;
        let asks = format!("{}\r\n", head(&site, &ci, TARBALL));
        stream.write_all(asks.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    served.until(STALLED, 1.0).await;
    let document = served.get("/left", &ci).await;
    assert_eq!(document.status, 200);
    served.until(STALLED, 200.0).await;
    let begun = Instant::now();
    while served.number(STANDING).await > 8.0 {
        assert!(begun.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(slow);
    demand_served(&site, &served, &ci).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_huge_and_smuggled_requests_are_refused_and_the_next_is_served() {
    let site = Site::new().await;
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let get = head(&site, &ci, "/left");
    let post = get.replace("GET /left", "POST /-/npm/v1/security/advisories/bulk");
    let hidden = format!(
        "GET /hidden HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n",
        site.port
    );
    let long = "x".repeat(100_000);
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (what, request) in [
        (
            "two lengths",
            format!("{post}content-length: 5\r\ncontent-length: 6\r\n\r\nhello{hidden}"),
        ),
        (
            "a length that is none",
            format!("{post}content-length: -1\r\n\r\n{hidden}"),
        ),
        (
            "a length with a sign",
            format!("{post}content-length: +5\r\n\r\nhello{hidden}"),
        ),
        (
            "chunks that are none",
            format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n{hidden}"),
        ),
        (
            "another coding",
            format!("{post}transfer-encoding: xchunked\r\n\r\n{hidden}"),
        ),
        (
            "a space before the colon",
            format!("{get}content-length : 5\r\n\r\n{hidden}"),
        ),
        ("a folded line", format!("{get}x: a\r\n b: c\r\n\r\n")),
        ("a NUL", format!("{get}x: a\0b\r\n\r\n")),
        ("no HTTP", "\x16\x03\x01 hello\r\n\r\n".to_owned()),
        ("a long line", format!("GET /{long} HTTP/1.1\r\n\r\n")),
        ("a long header", format!("{get}x: {long}\r\n\r\n")),
        ("many headers", format!("{get}{many}\r\n")),
        (
            "no host",
            "GET /left HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
        ),
    ] {
        let mut stream = connect(&site).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        // Nothing else will come.
        stream.shutdown().await.unwrap();
        let told = rest(&mut stream).await;
        let answers = told.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{what}: {told}");
        let is_refused = ["", "HTTP/1.1 4", "HTTP/1.1 5"];
        let is_refused = is_refused.iter().any(|start| match *start {
            "" => told.is_empty(),
            start => told.starts_with(start),
        });
        assert!(is_refused, "{what}: {told}");
    }
    // Length and chunks in one: the chunks count, and the connection ends behind them.
    let both =
        format!("{post}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}");
    let mut stream = connect(&site).await;
    stream.write_all(both.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    rest(&mut stream).await;
    let asked: Vec<String> = site
        .upstream
        .hits()
        .into_iter()
        .map(|hit| hit.path)
        .collect();
    assert!(
        !asked.iter().any(|path| path.contains("hidden")),
        "{asked:?}"
    );
    demand_served(&site, &served, &ci).await;
}
