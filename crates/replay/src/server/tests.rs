use super::*;
use crate::http::Body;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What stands on the wire after one request.
async fn wire(server: &Server, request: &str) -> String {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket
        .write_all(format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut all = Vec::new();
    let _ = socket.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).to_ascii_lowercase()
}

async fn serve(faults: Faults) -> Server {
    let answer = |request: &Request| match request.bare_path() {
        "/a" => Response::of(200, "text/plain", "0123456789").with("etag", "\"x\""),
        "/long" => Response {
            status: 200,
            headers: Vec::new(),
            body: Body::repeated(b"0123456789abcdef", 1 << 20),
        },
        _ => Response::not_found(),
    };
    Bound::new().await.unwrap().serve(answer, faults)
}

fn body(wire: &str) -> &str {
    wire.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn without_faults_answers_arrive_whole_and_are_counted() {
    let server = serve(Faults::none()).await;
    let answer = wire(
        &server,
        "GET /a?x=1 HTTP/1.1\r\nauthorization: Bearer secret",
    )
    .await;
    assert!(answer.starts_with("http/1.1 200") && answer.contains("content-length: 10"));
    assert_eq!(body(&answer), "0123456789");
    assert!(
        wire(&server, "GET /nothing HTTP/1.1")
            .await
            .starts_with("http/1.1 404")
    );
    let long = wire(&server, "GET /long HTTP/1.1").await;
    assert_eq!(body(&long).len(), 1 << 20);
    let hits = server.hits();
    assert_eq!((hits[0].path.as_str(), hits[0].status), ("/a?x=1", 200));
    assert_eq!(hits[0].authorization.as_deref(), Some("Bearer secret"));
    assert_eq!((server.count("/"), server.count("/a")), (3, 1));
}

#[tokio::test]
async fn head_tells_the_length_and_sends_nothing() {
    let server = serve(Faults::none()).await;
    let answer = wire(&server, "HEAD /a HTTP/1.1").await;
    assert!(answer.contains("content-length: 10"));
    assert_eq!(body(&answer), "");
}

#[tokio::test]
async fn a_truncated_body_promises_all_and_ends_early() {
    let server = serve(Faults::everywhere(Fault {
        truncate: Some(4),
        ..Fault::default()
    }))
    .await;
    let answer = wire(&server, "GET /a HTTP/1.1").await;
    assert!(answer.contains("content-length: 10"));
    assert_eq!(body(&answer), "0123");
}

#[tokio::test]
async fn wrong_bytes_have_the_right_length() {
    let server = serve(Faults::everywhere(Fault {
        wrong_bytes: true,
        ..Fault::default()
    }))
    .await;
    assert_eq!(body(&wire(&server, "GET /a HTTP/1.1").await), "0123456788");
}

#[tokio::test]
async fn overlong_bodies_statuses_redirects_and_missing_headers() {
    let faults = |fault| serve(Faults::everywhere(fault));
    let server = faults(Fault {
        overlong: Some(3),
        ..Fault::default()
    })
    .await;
    assert_eq!(
        body(&wire(&server, "GET /a HTTP/1.1").await),
        "0123456789   "
    );
    let server = faults(Fault {
        status: Some(503),
        ..Fault::default()
    })
    .await;
    assert!(
        wire(&server, "GET /a HTTP/1.1")
            .await
            .starts_with("http/1.1 503")
    );
    let server = faults(Fault {
        redirect: Some("http://inner.invalid/".into()),
        ..Fault::default()
    })
    .await;
    assert!(
        wire(&server, "GET /a HTTP/1.1")
            .await
            .contains("location: http://inner.invalid/")
    );
    let server = faults(Fault {
        without_headers: vec!["etag"],
        no_length: true,
        ..Fault::default()
    })
    .await;
    let answer = wire(&server, "GET /a HTTP/1.1").await;
    assert!(!answer.contains("etag") && answer.contains("transfer-encoding: chunked"));
}

#[tokio::test]
async fn latency_and_a_narrow_line_take_their_time() {
    let fault = Fault {
        latency: Some(Duration::from_millis(50)),
        ..Fault::default()
    };
    let server = serve(Faults::everywhere(fault).below(
        "/long",
        Fault {
            bandwidth: Some(8 << 20),
            ..Fault::default()
        },
    ))
    .await;
    let start = Instant::now();
    wire(&server, "GET /a HTTP/1.1").await;
    assert!(start.elapsed() >= Duration::from_millis(50));
    let start = Instant::now();
    // Two megabytes over a line of eight a second, whoever asks for them.
    tokio::join!(
        wire(&server, "GET /long HTTP/1.1"),
        wire(&server, "GET /long HTTP/1.1")
    );
    assert!(
        start.elapsed() >= Duration::from_millis(230),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_hanging_answer_stops_where_it_should() {
    let server = serve(Faults::everywhere(Fault {
        hang_after: Some(4),
        ..Fault::default()
    }))
    .await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket
        .write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut seen = Vec::new();
    let read = async {
        loop {
            if socket.read_buf(&mut seen).await.unwrap() == 0 {
                break;
            }
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(300), read)
            .await
            .is_err(),
        "it must not end"
    );
    assert!(String::from_utf8_lossy(&seen).ends_with("0123"));
    let silent = serve(Faults::everywhere(Fault {
        hang_after: Some(0),
        ..Fault::default()
    }))
    .await;
    let mut socket = TcpStream::connect(silent.address()).await.unwrap();
    socket
        .write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut one = [0; 1];
    assert!(
        tokio::time::timeout(Duration::from_millis(300), socket.read(&mut one))
            .await
            .is_err()
    );
    assert_eq!(silent.hits()[0].status, 0);
}

#[tokio::test]
async fn a_dropped_server_ends_its_connections() {
    let server = serve(Faults::none()).await;
    let address = server.address();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut some = [0; 1];
    assert_eq!(socket.read(&mut some).await.unwrap(), 1);
    drop(server);
    let mut rest = Vec::new();
    let ends = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut rest)).await;
    assert!(ends.is_ok(), "the connection must end");
}
