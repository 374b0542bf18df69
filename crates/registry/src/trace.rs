//! Traces: which request asked which registry, and how long each took.
//!
//! A request takes over the trace that its client names by the header `traceparent` (W3C Trace
//! Context, version 00), or begins one; what is asked of a registry for it is sent a `traceparent` of
//! its own. Each of both is a span, written as one line of JSON, or sent to a collector. Nobody waits
//! for a line: where they come faster than they can be written, some are left out and counted.

mod otlp;

use customs_model::{Timestamp, printable};
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use url::Url;

/// The header that names a trace.
pub const TRACEPARENT: &str = "traceparent";
/// Spans that wait to be written.
const WAITING: usize = 4_096;
/// How long a line may lie in memory.
const FLUSH: Duration = Duration::from_millis(250);

tokio::task_local! {
    /// The span that what is done now belongs to.
    static NOW: Arc<Scope>;
}

/// What a client or we say of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Parent {
    /// Reads `00-<32 digits>-<16 digits>-<2 digits>`. A later version may say more behind it; what is
    /// not of this form names no trace.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 256 {
            return None;
        }
        let mut parts = text.trim().split('-');
        let version = digits(parts.next()?, 2)?;
        let trace = digits(parts.next()?, 32)?;
        let span = u64::try_from(digits(parts.next()?, 16)?).ok()?;
        let flags = digits(parts.next()?, 2)?;
        let ends = parts.next().is_none();
        if version == 0xff || version == 0 && !ends || trace == 0 || span == 0 {
            return None;
        }
        Some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }
}

/// Digits in lower case, so many of them.
fn digits(text: &str, count: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != count || !text.bytes().all(is_digit) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span)
    }
}

/// Where spans are written.
#[derive(Debug, Clone)]
pub struct Traces {
    lines: SyncSender<String>,
    left_out: Arc<AtomicU64>,
}

impl Traces {
    /// Writes them to a file, or whatever it is. Lines that are waiting are written when this and every
    /// span is dropped.
    ///
    /// # Errors
    /// The thread that writes cannot be started.
    pub fn to(into: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || write(into, &waiting))?;
        Ok(Self {
            lines,
            left_out: Arc::default(),
        })
    }

    /// Sends them to a collector, as OTLP over HTTP in JSON: `http://collector.example:4318`, or the
    /// whole address of another path.
    ///
    /// # Errors
    /// The thread that sends cannot be started.
    pub fn to_collector(url: Url) -> std::io::Result<Self> {
        Self::to(otlp::Collector::new(url)?)
    }

    /// How many spans were left out: more came than could be written.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Begins the span of a request.
    pub fn begin(&self, parent: Option<Parent>, name: &str) -> Span {
        let own = Parent {
            trace: parent.map_or_else(
                || u128::from(number()) << 64 | u128::from(number()),
                |p| p.trace,
            ),
            span: number(),
            sampled: parent.is_none_or(|parent| parent.sampled),
        };
        Span::new(self, own, parent.map(|parent| parent.span), "server", name)
    }

    fn write(&self, line: &Line<'_>) {
        let Ok(mut text) = serde_json::to_string(line) else {
            return;
        };
        text.push('\n');
        if self.lines.try_send(text).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes lines until nobody is left to send one.
fn write(into: impl Write, lines: &Receiver<String>) {
    let mut file = BufWriter::new(into);
    let mut fails = false;
    let mut waits = false;
    let mut flushed = Instant::now();
    loop {
        let next = lines.recv_timeout(FLUSH);
        let is_last = matches!(next, Err(RecvTimeoutError::Disconnected));
        if let Ok(line) = next {
            waits = true;
            // That it is taken says nothing yet: it lies in a buffer.
            let taken = file.write_all(line.as_bytes());
            if taken.is_err() {
                said(taken, &mut fails);
            }
        }
        // Also where one line follows the other without a pause.
        if waits && (is_last || flushed.elapsed() >= FLUSH) {
            said(file.flush(), &mut fails);
            waits = false;
            flushed = Instant::now();
        }
        if is_last {
            return;
        }
    }
}

/// Says once that nothing can be written, and once that it can again.
fn said(written: std::io::Result<()>, fails: &mut bool) {
    match &written {
        Ok(()) if *fails => tracing::info!("traces can be written again"),
        Err(error) if !*fails => tracing::warn!(%error, "traces cannot be written"),
        Ok(()) | Err(_) => {}
    }
    *fails = written.is_err();
}

/// A number that no other span has.
fn number() -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // Zero names no span.
    KEY.get_or_init(RandomState::new).hash_one(next).max(1)
}

/// A request, or something that is asked for it.
#[derive(Debug)]
pub struct Span {
    scope: Arc<Scope>,
    parent: Option<u64>,
    kind: &'static str,
    name: String,
    start: Timestamp,
    begun: Instant,
}

/// What is handed down.
#[derive(Debug)]
struct Scope {
    traces: Traces,
    own: Parent,
}

/// A span as it is written.
#[derive(Serialize)]
struct Line<'a> {
    trace: String,
    span: String,
    parent: Option<String>,
    kind: &'a str,
    name: &'a str,
    start: Timestamp,
    ms: f64,
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Span {
    fn new(
        traces: &Traces,
        own: Parent,
        parent: Option<u64>,
        kind: &'static str,
        name: &str,
    ) -> Self {
        Self {
            scope: Arc::new(Scope {
                traces: traces.clone(),
                own,
            }),
            parent,
            kind,
            // What a client asks for is a stranger's text.
            name: printable(name, 300),
            start: Timestamp::now(),
            begun: Instant::now(),
        }
    }

    /// The trace, as 32 digits: what a client is told.
    pub fn trace(&self) -> String {
        format!("{:032x}", self.scope.own.trace)
    }

    /// What is sent along with what is asked for it.
    pub fn header(&self) -> String {
        self.scope.own.to_string()
    }

    /// Does a piece of work as part of it.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        NOW.scope(self.scope.clone(), work).await
    }

    /// Ends it, with a status or with what went wrong.
    pub fn end(self, status: Option<u16>, error: Option<&str>) {
        let Scope { traces, own } = &*self.scope;
        if !own.sampled {
            return;
        }
        let micros = self.begun.elapsed().as_micros();
        traces.write(&Line {
            trace: format!("{:032x}", own.trace),
            span: format!("{:016x}", own.span),
            parent: self.parent.map(|span| format!("{span:016x}")),
            kind: self.kind,
            name: &self.name,
            start: self.start,
            ms: u32::try_from(micros).map_or(f64::from(u32::MAX), f64::from) / 1_000.0,
            status,
            error: error.map(|error| printable(error, 300)),
        });
    }
}

/// The span of something that is asked for what is being done now; none outside of a trace.
pub(crate) fn child(name: &str) -> Option<Span> {
    let now = NOW.try_with(Arc::clone).ok()?;
    let own = Parent {
        span: number(),
        ..now.own
    };
    Some(Span::new(
        &now.traces,
        own,
        Some(now.own.span),
        "client",
        name,
    ))
}

/// Takes what is done now along into a task of its own.
pub(crate) fn carry<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let now = NOW.try_with(Arc::clone).ok();
    async move {
        match now {
            Some(now) => NOW.scope(now, work).await,
            None => work.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// What is written, for who looks.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines, once there are so many.
    fn lines(kept: &Kept, count: usize) -> Vec<serde_json::Value> {
        for _ in 0..500 {
            let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
            if text.lines().count() >= count {
                let read = text.lines().map(|line| serde_json::from_str(line).unwrap());
                return read.collect();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not so many lines");
    }

    #[test]
    fn what_comes_without_a_pause_is_written_within_a_moment() {
        let kept = Kept::default();
        let (sender, receiver) = sync_channel(1_000);
        let into = kept.clone();
        let writer = std::thread::spawn(move || write(into, &receiver));
        let mut sent = 0;
        while kept.0.lock().unwrap().is_empty() {
            sender.send("{}\n".to_owned()).unwrap();
            sent += 1;
            assert!(sent < 100, "they lie in a buffer");
            std::thread::sleep(FLUSH / 5);
        }
        drop(sender);
        writer.join().unwrap();
        assert_eq!(kept.0.lock().unwrap().len(), 3 * sent);
    }

    const CLIENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_parent_is_read_as_it_is_written() {
        assert_eq!(Parent::parse(CLIENT).unwrap().to_string(), CLIENT);
        let later = format!("cc-{}-what-ever", &CLIENT[3..]);
        assert!(Parent::parse(&later).is_some(), "a later version says more");
    }

    #[test]
    fn what_is_no_parent_names_no_trace() {
        for text in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert_eq!(Parent::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_asked_for_a_request_is_part_of_its_trace() {
        let kept = Kept::default();
        let traces = Traces::to(kept.clone()).unwrap();
        let span = traces.begin(Parent::parse(CLIENT), "GET /left\u{1b}[2J");
        let own = span.header();
        let handed = span
            .around(async {
                let inner = tokio::spawn(carry(async {
                    let child = child("registry.example").unwrap();
                    let header = child.header();
                    child.end(Some(200), None);
                    header
                }));
                inner.await.unwrap()
            })
            .await;
        span.end(Some(404), Some("not there"));
        let lines = lines(&kept, 2);
        let [child, server] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        for line in [child, server] {
            assert_eq!(line["trace"], "0af7651916cd43dd8448eb211c80319c");
        }
        assert_eq!(server["parent"], "b7ad6b7169203331");
        assert_eq!(child["parent"], server["span"]);
        assert_eq!(
            (&child["status"], &server["status"]),
            (&200.into(), &404.into())
        );
        assert!(own.contains(server["span"].as_str().unwrap()));
        assert!(handed.contains(child["span"].as_str().unwrap()));
        assert!(!server["name"].as_str().unwrap().contains('\u{1b}'));
        assert!(super::child("outside").is_none());
    }

    #[tokio::test]
    async fn a_client_that_wants_no_trace_written_has_none_and_is_passed_on_as_that() {
        let kept = Kept::default();
        let traces = Traces::to(kept.clone()).unwrap();
        let quiet = CLIENT.replace("-01", "-00");
        let span = traces.begin(Parent::parse(&quiet), "quiet");
        assert!(span.header().ends_with("-00"));
        span.end(Some(200), None);
        traces.begin(None, "loud").end(Some(200), None);
        let lines = lines(&kept, 1);
        assert_eq!(lines[0]["name"], "loud");
        assert_eq!(lines[0]["parent"], serde_json::Value::Null);
    }

    #[test]
    fn who_is_slower_than_what_happens_keeps_nobody_waiting() {
        struct Stuck(Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                // Until the test lets go.
                let _ = self.0.recv();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (let_go, stuck) = sync_channel(0);
        let traces = Traces::to(Stuck(stuck)).unwrap();
        let begun = Instant::now();
        for _ in 0..WAITING * 3 {
            traces.begin(None, "x").end(None, None);
        }
        assert!(traces.left_out() > 0);
        assert!(begun.elapsed() < Duration::from_secs(20));
        drop(let_go);
    }
}
