//! Spans for a collector: OTLP over HTTP, as JSON.
//!
//! A collector takes the place of the file: it is given the same lines, and turns them into batches.
//! One that does not answer costs nobody a request; what could not be sent is lost, and said once.

use customs_model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Duration;
use url::Url;

/// Bytes of lines that are sent without waiting for more.
const BATCH: usize = 256 << 10;
/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where spans are sent.
pub(super) struct Collector {
    url: Url,
    client: reqwest::Client,
    /// Of its own: it sends from the thread that writes, also while everything else ends.
    runtime: tokio::runtime::Runtime,
    /// Lines that were not sent yet, and the beginning of one.
    lines: Vec<u8>,
    /// Why a batch was lost that nobody asked about.
    failed: Option<io::Error>,
}

impl Collector {
    /// Sends to `url`; one without a path is the base that `v1/traces` is added to.
    pub fn new(mut url: Url) -> io::Result<Self> {
        if url.path() == "/" {
            url.set_path("/v1/traces");
        }
        crate::http::install_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("customs/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            // Nobody looks after a connection between two batches.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| io::Error::other(error.without_url()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            url,
            client,
            runtime,
            lines: Vec::new(),
            failed: None,
        })
    }

    /// Sends the whole lines that are there. They are gone then, sent or not.
    fn send(&mut self) -> io::Result<()> {
        let Some(end) = self.lines.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(());
        };
        let rest = self.lines.split_off(end + 1);
        let lines = std::mem::replace(&mut self.lines, rest);
        let body = batch(&lines).to_string();
        let request = self
            .client
            .post(self.url.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body);
        // Its clock begins when it is made, which has to be in there.
        let answer = self.runtime.block_on(async { request.send().await });
        let answer = answer.map_err(|error| io::Error::other(error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(io::Error::other(format!("the collector answered {status}"))),
        }
    }
}

impl Write for Collector {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.extend_from_slice(bytes);
        if self.lines.len() >= BATCH {
            // Taken in any case: who writes would offer the same bytes again. The next flush says it.
            self.failed = self.send().err().or(self.failed.take());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let sent = self.send();
        self.failed.take().map_or(sent, Err)
    }
}

/// A line, as [`super::Line`] writes it.
#[derive(Deserialize)]
struct Read {
    trace: String,
    span: String,
    parent: Option<String>,
    kind: String,
    name: String,
    start: Timestamp,
    ms: f64,
    status: Option<u16>,
    error: Option<String>,
}

/// The message for these lines.
fn batch(lines: &[u8]) -> Value {
    let lines = lines.split(|byte| *byte == b'\n');
    let spans = lines
        .filter_map(|line| serde_json::from_slice::<Read>(line).ok())
        .map(span);
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            attribute("service.name", json!({ "stringValue": "customs-gate" })),
            attribute("service.version", json!({ "stringValue": env!("CARGO_PKG_VERSION") })),
        ] },
        "scopeSpans": [{
            "scope": { "name": "customs" },
            "spans": spans.collect::<Vec<_>>(),
        }],
    }] })
}

fn attribute(key: &str, value: Value) -> Value {
    json!({ "key": key, "value": value })
}

fn span(read: Read) -> Value {
    let start = read.start.as_nanosecond();
    // Both are 64 bits in JSON, so texts.
    let end = start + (read.ms * 1e6) as i128;
    let mut attributes = Vec::new();
    if let Some(status) = read.status {
        let value = json!({ "intValue": status.to_string() });
        attributes.push(attribute("http.response.status_code", value));
    }
    let mut span = json!({
        "traceId": read.trace,
        "spanId": read.span,
        "name": read.name,
        // Server, client.
        "kind": if read.kind == "server" { 2 } else { 3 },
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": end.to_string(),
        "attributes": attributes,
    });
    if let Some(parent) = read.parent {
        span["parentSpanId"] = parent.into();
    }
    let failed = read.status.is_some_and(|status| status >= 500);
    if failed || read.error.is_some() {
        let message = read.error.unwrap_or_default();
        span["status"] = json!({ "code": 2, "message": message });
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::TcpListener;

    const LINE: &str = r#"{"trace":"0af7651916cd43dd8448eb211c80319c","span":"53995c3f42cd8ad8","parent":"b7ad6b7169203331","kind":"server","name":"GET /left","start":"2026-11-30T11:00:00.000001Z","ms":1.5,"status":502}"#;

    #[test]
    fn a_line_becomes_a_span_as_collectors_read_it() {
        let text = format!("{LINE}\nnothing\n");
        let scope = &batch(text.as_bytes())["resourceSpans"][0]["scopeSpans"][0];
        let expected = json!({
            "scope": { "name": "customs" },
            "spans": [{
                "traceId": "0af7651916cd43dd8448eb211c80319c",
                "spanId": "53995c3f42cd8ad8",
                "parentSpanId": "b7ad6b7169203331",
                "name": "GET /left",
                "kind": 2,
                "startTimeUnixNano": "1796036400000001000",
                "endTimeUnixNano": "1796036400001501000",
                "attributes": [
                    { "key": "http.response.status_code", "value": { "intValue": "502" } },
                ],
                "status": { "code": 2, "message": "" },
            }],
        });
        assert_eq!(*scope, expected);
    }

    /// The body of one request, answered with a status.
    fn answer(listener: &TcpListener, status: &str) -> (String, Value) {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut all, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let count = stream.read(&mut piece).unwrap();
            all.extend_from_slice(&piece[..count]);
            let text = String::from_utf8_lossy(&all).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str(body)
            {
                let told = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(told.as_bytes()).unwrap();
                return (head.to_owned(), body);
            }
        }
    }

    #[test]
    fn whole_lines_are_sent_and_one_that_is_not_taken_is_lost_with_a_word() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut collector = Collector::new(address.parse().unwrap()).unwrap();
        let asked = std::thread::spawn(move || {
            let first = answer(&listener, "200 OK");
            (first, answer(&listener, "503 Service Unavailable"))
        });
        let (begin, end) = LINE.split_at(40);
        collector
            .write_all(format!("{LINE}\n{begin}").as_bytes())
            .unwrap();
        collector.flush().unwrap();
        collector.flush().unwrap();
        collector.write_all(format!("{end}\n").as_bytes()).unwrap();
        assert!(collector.flush().unwrap_err().to_string().contains("503"));
        collector.flush().unwrap();
        let ((head, first), (_, second)) = asked.join().unwrap();
        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
        for body in [first, second] {
            let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
            assert_eq!(spans.as_array().map(Vec::len), Some(1));
            assert_eq!(spans[0]["spanId"], "53995c3f42cd8ad8");
        }
    }

    #[test]
    fn a_batch_that_is_lost_while_lines_come_is_told_by_the_next_flush() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut collector = Collector::new(address.parse().unwrap()).unwrap();
        let asked = std::thread::spawn(move || answer(&listener, "503 Service Unavailable"));
        let many = format!("{LINE}\n").repeat(BATCH / LINE.len() + 1);
        collector.write_all(many.as_bytes()).unwrap();
        assert!(collector.flush().unwrap_err().to_string().contains("503"));
        collector.flush().unwrap();
        asked.join().unwrap();
    }
}
