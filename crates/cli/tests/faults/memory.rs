//! Whatever the size, the memory stays bounded. The gate is a process of its own here: in
//! this one other tests hold memory, too.

use crate::harness::{npm_at, run_request, with};
use crate::program::Program;
use crate::shelves::{Shelves, days, package, release};
use customs_model::{Clock as _, DigestAlgorithm, Hasher, SystemClock};
use customs_replay::{Body, Bound, Fault, Faults, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const TARBALL: &str = "/left/-/left-1.0.0.tgz";
/// Bytes that a gate may hold, whatever passes through it.
const MOST: u64 = 100 << 20;

fn demand_bounded(program: &Program) {
    if let Some(peak) = program.peak_memory() {
        assert!(peak < MOST, "{} MB", peak >> 20);
    }
}

/// An upstream that takes one write to its end and says how many bytes it had.
async fn counting() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut head, mut piece) = (Vec::new(), vec![0; 1 << 16]);
        let start = loop {
            let n = stream.read(&mut piece).await.unwrap();
            head.extend_from_slice(&piece[..n]);
            if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = String::from_utf8_lossy(&head[..start]).to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|t| t.lines().next());
        let length: usize = length.expect("a length").trim().parse().unwrap();
        let mut got = head.len() - start;
        while got < length {
            got += stream.read(&mut piece).await.unwrap();
        }
        let body = format!("{{\"bytes\":{got}}}");
        let answer = format!(
            "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_publication_passes_through_a_bounded_memory() {
    let home = tempfile::tempdir().unwrap();
    let run = run_request(npm_at(&format!("http://{}/", counting().await)));
    let program = Program::start(home.path(), &run, &[]).await;
    let (port, token, length) = (program.state.port, &program.token, 150 << 20);
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    let head = format!(
        "PUT /left HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b' '; 1 << 20];
    for _ in 0..150 {
        stream.write_all(&piece).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(
        answer.contains(&format!("{{\"bytes\":{length}}}")),
        "{answer}"
    );
    demand_bounded(&program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_artifact_passes_through_a_bounded_memory_and_flows_while_it_arrives() {
    let length = 200 << 20;
    let body = Body::repeated(b"0123456789abcdef", length);
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    let mut at = 0;
    while at < length {
        let piece = body.slice(at, 1 << 20);
        hasher.update(&piece);
        at += piece.len() as u64;
    }
    // Slower than a gate is patient.
    let slow = with(Fault::default(), |f| f.bandwidth = Some(30 << 20));
    let shelves = Shelves::default();
    let faults = Faults::none().below(TARBALL, slow);
    let server = Bound::new().await.unwrap().serve(shelves.clone(), faults);
    let dist = json!({ "integrity": hasher.finish().to_sri(), "shasum": null });
    let releases = vec![release("1.0.0", days(400)).more(json!({ "dist": dist }))];
    let package = package("left", SystemClock.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
    let answer = Response {
        status: 200,
        headers: Vec::new(),
        body,
    };
    shelves.put(TARBALL, answer);
    let home = tempfile::tempdir().unwrap();
    let program = Program::start(home.path(), &run_request(npm_at(&server.base())), &[]).await;
    // While it arrives, then from the cache.
    for _ in 0..2 {
        let mut response = program.ask(TARBALL).send().await.unwrap();
        let mut got = 0;
        while let Some(piece) = response.chunk().await.unwrap() {
            got += piece.len() as u64;
        }
        assert_eq!((response.status().as_u16(), got), (200, length));
    }
    assert_eq!(server.count(TARBALL), 1);
    demand_bounded(&program);
}
