//! What happens here, in numbers: counters for Prometheus, in its text format.
//!
//! Names follow its conventions (base units, `_total` for counters). Every label has a bounded
//! set of values: nothing that a stranger sends becomes one.

mod gauges;
mod jobs;
mod rules;
mod totals;

use crate::route::Route;
use customs_registry::Shared;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) use gauges::{Feed, Gauges};
pub(crate) use totals::Totals;

/// The media type of the text format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the durations that are told apart, in seconds.
pub(crate) const BOUNDS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// The kinds of requests.
const KINDS: [&str; 10] = [
    "npm document",
    "npm artifact",
    "npm other",
    "pypi document",
    "pypi artifact",
    "cargo document",
    "cargo artifact",
    "cargo other",
    "gate",
    "none",
];

/// The hundreds of status codes.
const CODES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Why a credential did not open.
#[derive(Debug, Clone, Copy)]
pub enum NotOpened {
    /// None was shown.
    Missing,
    /// Nobody knows it.
    Unknown,
    /// It has ended.
    Expired,
    /// It was taken back.
    Revoked,
    /// It may not do that.
    Role,
}

const NOT_OPENED: [&str; 5] = ["missing", "unknown", "expired", "revoked", "role"];

/// How an artifact was served.
pub(crate) const SERVED: [&str; 4] = ["upstream", "cache", "range", "client_cache"];

/// What is read again while the gate serves.
#[derive(Debug, Clone, Copy)]
pub enum Reloaded {
    /// Config, policies, tokens, advisories.
    Settings,
    /// Certificate and key.
    Tls,
}

const RELOADED: [&str; 2] = ["settings", "tls"];

/// A counter for each of `N` values of a label.
struct Counters<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; N])
    }

    fn add(&self, at: usize, by: u64) {
        if let Some(counter) = self.0.get(at) {
            counter.fetch_add(by, Ordering::Relaxed);
        }
    }

    fn get(&self, at: usize) -> u64 {
        self.0.get(at).map_or(0, |c| c.load(Ordering::Relaxed))
    }
}

/// Durations, by their upper bounds.
struct Histogram {
    /// One more than there are bounds: what is longer than all.
    buckets: Counters<{ BOUNDS.len() + 1 }>,
    microseconds: AtomicU64,
}

/// All numbers of one gate.
pub struct Metrics {
    requests: Counters<{ KINDS.len() * CODES.len() }>,
    durations: [Histogram; KINDS.len()],
    answering: AtomicI64,
    connections: AtomicI64,
    accepted: AtomicU64,
    handshakes_failed: AtomicU64,
    stalled: AtomicU64,
    sent: AtomicU64,
    not_opened: Counters<{ NOT_OPENED.len() }>,
    deliveries: Counters<{ SERVED.len() }>,
    refusals: rules::ByRule,
    stale: AtomicU64,
    unrecorded: AtomicU64,
    reloads: Counters<{ RELOADED.len() * 2 }>,
    /// Of the settings, in seconds since 1970.
    reloaded_at: AtomicI64,
    started_at: AtomicI64,
    /// Where workers read artifacts for it.
    shared: OnceLock<Arc<Shared>>,
}

impl Default for Metrics {
    fn default() -> Self {
        const fn histogram() -> Histogram {
            Histogram {
                buckets: Counters::new(),
                microseconds: AtomicU64::new(0),
            }
        }
        Self {
            requests: Counters::new(),
            durations: [const { histogram() }; KINDS.len()],
            answering: AtomicI64::new(0),
            connections: AtomicI64::new(0),
            accepted: AtomicU64::new(0),
            handshakes_failed: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            not_opened: Counters::new(),
            deliveries: Counters::new(),
            refusals: rules::ByRule::default(),
            stale: AtomicU64::new(0),
            unrecorded: AtomicU64::new(0),
            reloads: Counters::new(),
            reloaded_at: AtomicI64::new(0),
            started_at: AtomicI64::new(0),
            shared: OnceLock::new(),
        }
    }
}

/// One that is counted as long as this lives.
pub struct Gauged<'a>(&'a AtomicI64);

impl<'a> Gauged<'a> {
    fn new(gauge: &'a AtomicI64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for Gauged<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What kind of request a route is: a place in [`KINDS`].
pub fn kind_of(route: &Route) -> usize {
    match route {
        Route::NpmDocument(_) | Route::NpmVersion(..) | Route::NpmTags(_) => 0,
        Route::NpmTarball(..) => 1,
        Route::NpmOther(_) => 2,
        Route::PyPiProject(_) => 3,
        Route::PyPiFile(..) => 4,
        Route::CargoConfig | Route::CargoIndex(_) => 5,
        Route::CargoDownload(..) => 6,
        Route::CargoApi(_) => 7,
        Route::Control(_) => 8,
        Route::Nothing(_) => 9,
    }
}

impl Metrics {
    /// Whose workers' jobs stand among the numbers.
    pub(crate) fn count_jobs_of(&self, shared: Arc<Shared>) {
        // One gate has one of them, for as long as it lives.
        let _ = self.shared.set(shared);
    }

    /// A request that is being answered.
    pub fn answering(&self) -> Gauged<'_> {
        Gauged::new(&self.answering)
    }

    /// A connection that stands.
    pub fn connection(&self) -> Gauged<'_> {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Gauged::new(&self.connections)
    }

    /// A request was answered: its headers are on their way.
    pub fn answered(&self, kind: usize, status: u16, after: Duration) {
        let code = usize::from((status / 100).clamp(1, 5)) - 1;
        self.requests.add(kind * CODES.len() + code, 1);
        if let Some(histogram) = self.durations.get(kind) {
            let seconds = after.as_secs_f64();
            let at = BOUNDS.iter().position(|bound| seconds <= *bound);
            histogram.buckets.add(at.unwrap_or(BOUNDS.len()), 1);
            let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
            histogram.microseconds.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// A credential that opened nothing.
    pub fn not_opened(&self, why: NotOpened) {
        self.not_opened.add(why as usize, 1);
    }

    /// An artifact was served; a place in [`SERVED`].
    pub(crate) fn delivered(&self, served: usize) {
        self.deliveries.add(served, 1);
    }

    /// Something was not delivered or shown, by the word of this rule.
    pub(crate) fn refused(&self, rule: &str) {
        self.refusals.add(rule);
    }

    /// A document was served that its upstream could not confirm.
    pub(crate) fn stale(&self) {
        self.stale.fetch_add(1, Ordering::Relaxed);
    }

    /// The ledger took no record.
    pub(crate) fn unrecorded(&self) {
        self.unrecorded.fetch_add(1, Ordering::Relaxed);
    }

    /// A client did not come to its end of a TLS handshake.
    pub(crate) fn handshake_failed(&self) {
        self.handshakes_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// A client took nothing for too long.
    pub(crate) fn stalled(&self) {
        self.stalled.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes went out.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Something was read again, at an instant in seconds since 1970.
    pub fn reloaded(&self, what: Reloaded, well: bool, at: i64) {
        self.reloads.add(what as usize * 2 + usize::from(!well), 1);
        if well && matches!(what, Reloaded::Settings) {
            self.reloaded_at.store(at, Ordering::Relaxed);
        }
    }

    /// The gate began to serve, at an instant in seconds since 1970.
    pub fn started(&self, at: i64) {
        self.started_at.store(at, Ordering::Relaxed);
        self.reloaded_at.store(at, Ordering::Relaxed);
    }

    /// All of it in Prometheus' text format, and what is so now.
    pub(crate) fn render_with(&self, gauges: &Gauges) -> String {
        let mut page = Page(self.render());
        gauges.render(&mut page);
        page.0
    }

    /// All that is counted, in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut page = Page(String::with_capacity(8 << 10));
        let version = env!("CARGO_PKG_VERSION");
        page.head(
            "build_info",
            "gauge",
            "Always 1; the label has the version.",
        );
        page.line("build_info", &format!("{{version=\"{version}\"}}"), "1");
        self.render_requests(&mut page);
        page.labelled(
            "credentials_refused_total",
            "Requests whose credential opened nothing, by why.",
            "reason",
            NOT_OPENED
                .iter()
                .enumerate()
                .map(|(at, why)| (*why, self.not_opened.get(at))),
        );
        page.labelled(
            "deliveries_total",
            "Artifacts that began to leave, by where their bytes come from.",
            "source",
            SERVED
                .iter()
                .enumerate()
                .map(|(at, how)| (*how, self.deliveries.get(at))),
        );
        self.refusals.render(&mut page);
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        for (name, what, value) in [
            (
                "stale_documents_total",
                "Documents that were served although their upstream could not be asked.",
                count(&self.stale),
            ),
            (
                "ledger_failures_total",
                "Records that the ledger did not take; what they were about was not delivered.",
                count(&self.unrecorded),
            ),
            (
                "connections_total",
                "Connections that were accepted.",
                count(&self.accepted),
            ),
            (
                "handshake_failures_total",
                "Connections that did not come to an end of the TLS handshake.",
                count(&self.handshakes_failed),
            ),
            (
                "stalled_connections_total",
                "Connections that were ended because the client took nothing for too long.",
                count(&self.stalled),
            ),
            (
                "sent_bytes_total",
                "Bytes that were sent to clients, TLS included.",
                count(&self.sent),
            ),
        ] {
            page.head(name, "counter", what);
            page.line(name, "", &value.to_string());
        }
        let gauge = |gauge: &AtomicI64| gauge.load(Ordering::Relaxed);
        for (name, what, value) in [
            (
                "connections",
                "Connections that stand.",
                gauge(&self.connections),
            ),
            (
                "requests_in_flight",
                "Requests that are being answered.",
                gauge(&self.answering),
            ),
            (
                "start_time_seconds",
                "When it began to serve, in seconds since 1970.",
                gauge(&self.started_at),
            ),
            (
                "settings_loaded_time_seconds",
                "When the settings in force were read, in seconds since 1970.",
                gauge(&self.reloaded_at),
            ),
        ] {
            page.head(name, "gauge", what);
            page.line(name, "", &value.to_string());
        }
        self.render_reloads(&mut page);
        if let Some(jobs) = self.shared.get().and_then(|shared| shared.jobs()) {
            jobs::render(&mut page, &jobs);
        }
        page.0
    }

    fn render_requests(&self, page: &mut Page) {
        page.head(
            "requests_total",
            "counter",
            "Requests, by what was asked for and the answer.",
        );
        for (kind, name) in KINDS.iter().enumerate() {
            for (code, hundred) in CODES.iter().enumerate() {
                let value = self.requests.get(kind * CODES.len() + code);
                // What never happened says nothing that its absence does not.
                if value > 0 {
                    let labels = format!("{{{},code=\"{hundred}\"}}", labels_of(name));
                    page.line("requests_total", &labels, &value.to_string());
                }
            }
        }
        let name = "request_duration_seconds";
        page.head(
            name,
            "histogram",
            "Time until the headers of an answer were ready.",
        );
        for (histogram, kind) in self.durations.iter().zip(KINDS) {
            let labels = labels_of(kind);
            let mut sum = 0;
            for (at, bound) in BOUNDS.iter().enumerate() {
                sum += histogram.buckets.get(at);
                let labels = format!("{{{labels},le=\"{bound}\"}}");
                page.line("request_duration_seconds_bucket", &labels, &sum.to_string());
            }
            sum += histogram.buckets.get(BOUNDS.len());
            let all = format!("{{{labels},le=\"+Inf\"}}");
            page.line("request_duration_seconds_bucket", &all, &sum.to_string());
            let micros = histogram.microseconds.load(Ordering::Relaxed);
            let seconds = Duration::from_micros(micros).as_secs_f64();
            let labels = format!("{{{labels}}}");
            page.line(
                "request_duration_seconds_sum",
                &labels,
                &seconds.to_string(),
            );
            page.line("request_duration_seconds_count", &labels, &sum.to_string());
        }
    }

    fn render_reloads(&self, page: &mut Page) {
        page.head(
            "reloads_total",
            "counter",
            "What was read again while serving, and how that went.",
        );
        for (what, name) in RELOADED.iter().enumerate() {
            for (how, outcome) in ["ok", "failed"].iter().enumerate() {
                let labels = format!("{{what=\"{name}\",outcome=\"{outcome}\"}}");
                let value = self.reloads.get(what * 2 + how);
                page.line("reloads_total", &labels, &value.to_string());
            }
        }
    }
}

/// The labels of a kind.
fn labels_of(kind: &str) -> String {
    let (ecosystem, what) = kind.split_once(' ').unwrap_or(("none", kind));
    format!("ecosystem=\"{ecosystem}\",kind=\"{what}\"")
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, what: &str) {
        // Writing into a text cannot fail.
        let _ = writeln!(self.0, "# HELP customs_gate_{name} {what}");
        let _ = writeln!(self.0, "# TYPE customs_gate_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: &str) {
        let _ = writeln!(self.0, "customs_gate_{name}{labels} {value}");
    }

    fn labelled<'a>(
        &mut self,
        name: &str,
        what: &str,
        label: &str,
        values: impl Iterator<Item = (&'a str, u64)>,
    ) {
        self.head(name, "counter", what);
        for (value, count) in values {
            let labels = format!("{{{label}=\"{value}\"}}");
            self.line(name, &labels, &count.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Each line is a comment or `name{labels} number`, each name has its help and type before it.
    fn series(text: &str) -> BTreeMap<String, f64> {
        let mut all = BTreeMap::new();
        let mut typed = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, _) = rest.split_once(' ').unwrap();
                assert!(typed.insert(name.to_owned()), "{name} twice");
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| bare.strip_suffix(end).filter(|b| typed.contains(*b)));
            assert!(typed.contains(base.unwrap_or(bare)), "{bare} has no type");
            assert!(bare.starts_with("customs_gate_"), "{bare}");
            all.insert(name.to_owned(), value.parse().unwrap());
        }
        all
    }

    #[test]
    fn every_line_is_prometheus_text_and_every_number_is_where_it_belongs() {
        let metrics = Metrics::default();
        metrics.answered(1, 200, Duration::from_millis(3));
        metrics.answered(1, 200, Duration::from_secs(900));
        metrics.answered(3, 403, Duration::ZERO);
        metrics.not_opened(NotOpened::Expired);
        metrics.reloaded(Reloaded::Settings, true, 77);
        metrics.reloaded(Reloaded::Tls, false, 88);
        let standing = metrics.connection();
        let all = series(&metrics.render());
        let get = |name: &str| *all.get(name).unwrap_or_else(|| panic!("{name}: {all:#?}"));
        let artifact = "ecosystem=\"npm\",kind=\"artifact\"";
        assert_eq!(
            get(&format!(
                "customs_gate_requests_total{{{artifact},code=\"2xx\"}}"
            )),
            2.0
        );
        let bucket = |le: &str| {
            get(&format!(
                "customs_gate_request_duration_seconds_bucket{{{artifact},le=\"{le}\"}}"
            ))
        };
        assert_eq!(
            (bucket("0.001"), bucket("0.005"), bucket("+Inf")),
            (0.0, 1.0, 2.0)
        );
        assert_eq!(
            get("customs_gate_credentials_refused_total{reason=\"expired\"}"),
            1.0
        );
        assert_eq!(
            get("customs_gate_reloads_total{what=\"tls\",outcome=\"failed\"}"),
            1.0
        );
        assert_eq!(get("customs_gate_settings_loaded_time_seconds"), 77.0);
        assert_eq!(get("customs_gate_connections"), 1.0);
        drop(standing);
        assert_eq!(series(&metrics.render())["customs_gate_connections"], 0.0);
    }
}
