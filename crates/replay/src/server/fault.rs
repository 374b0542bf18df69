//! What an upstream may do wrong.

use crate::http::{Body, Response};
use bytes::{Bytes, BytesMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What goes wrong below a path. Several may be set; none is by default.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// Waits before every answer.
    pub latency: Option<Duration>,
    /// Bytes per second, shared by all answers below the path, as on one line.
    pub bandwidth: Option<u64>,
    /// Promises the whole length and breaks the connection after this many bytes.
    pub truncate: Option<u64>,
    /// Sends bytes of the right length that are not the promised ones.
    pub wrong_bytes: bool,
    /// Sends this many bytes more than there are.
    pub overlong: Option<usize>,
    /// Answers with this status and a short text.
    pub status: Option<u16>,
    /// Sends the client elsewhere.
    pub redirect: Option<String>,
    /// Falls silent after this many bytes of the body; at 0 before the headers.
    pub hang_after: Option<u64>,
    /// Sends no `Content-Length`.
    pub no_length: bool,
    /// Leaves out these headers (`etag`, `last-modified`).
    pub without_headers: Vec<&'static str>,
    /// Only for so many requests; then all is well.
    pub times: Option<usize>,
    pub(super) line: Line,
}

/// Faults by the start of a path; the longest start counts.
#[derive(Debug, Default)]
pub struct Faults(Vec<(String, Fault, AtomicUsize)>);

impl Faults {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same fault below every path.
    pub fn everywhere(fault: Fault) -> Self {
        Self::none().below("/", fault)
    }

    /// One fault more.
    #[must_use]
    pub fn below(mut self, prefix: &str, fault: Fault) -> Self {
        self.0.push((prefix.into(), fault, AtomicUsize::new(0)));
        self
    }

    /// What goes wrong with this request.
    pub(super) fn of(&self, path: &str) -> Fault {
        let found = self
            .0
            .iter()
            .filter(|(prefix, _, _)| path.starts_with(prefix.as_str()))
            .max_by_key(|(prefix, _, _)| prefix.len());
        match found {
            Some((_, fault, used))
                if fault
                    .times
                    .is_none_or(|most| used.fetch_add(1, Ordering::Relaxed) < most) =>
            {
                fault.clone()
            }
            _ => Fault::default(),
        }
    }
}

impl Fault {
    /// Faults that change what is answered; the others change how it is sent.
    pub(super) fn apply_to_head(&self, mut answer: Response) -> Response {
        if let Some(status) = self.status {
            return Response::of(
                status,
                "text/plain",
                format!("the upstream answers {status}"),
            );
        }
        if let Some(to) = &self.redirect {
            return Response::of(302, "text/plain", "").with("location", to.clone());
        }
        answer
            .headers
            .retain(|(name, _)| !self.without_headers.contains(name));
        if let Body::Bytes(bytes) = &mut answer.body {
            if self.wrong_bytes {
                *bytes = spoilt(bytes);
            }
            if let Some(more) = self.overlong {
                let mut longer = BytesMut::from(bytes.as_ref());
                longer.resize(bytes.len() + more, b' ');
                *bytes = longer.freeze();
            }
        }
        answer
    }
}

/// The same length, another last byte: what only a digest tells.
fn spoilt(bytes: &Bytes) -> Bytes {
    let mut all = BytesMut::from(bytes.as_ref());
    if let Some(last) = all.last_mut() {
        *last ^= 1;
    }
    all.freeze()
}

/// How far a line may lag behind its speed and still make up for it.
const CATCH_UP: Duration = Duration::from_millis(20);

/// One line of limited speed, shared by everybody on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Arc<Mutex<Option<Instant>>>);

impl Line {
    /// How long a piece has to wait until it is through. What a late timer lost may
    /// be made up for, or a fast line would never reach its speed.
    pub(super) fn wait(&self, bytes: usize, per_second: u64) -> Duration {
        let now = Instant::now();
        let takes = Duration::from_secs_f64(bytes as f64 / per_second.max(1) as f64);
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(CATCH_UP).unwrap_or(now);
        let through = free.map_or(now, |at| at.max(earliest)) + takes;
        *free = Some(through);
        through.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_start_of_a_path_counts() {
        let status = |status| Fault {
            status: Some(status),
            ..Fault::default()
        };
        let faults = Faults::everywhere(status(500)).below("/axios/-/", status(404));
        assert_eq!(faults.of("/axios/-/axios-1.0.0.tgz").status, Some(404));
        assert_eq!(faults.of("/axios").status, Some(500));
        assert_eq!(Faults::none().of("/axios").status, None);
    }

    #[test]
    fn a_fault_for_two_requests_spares_the_third() {
        let fault = Fault {
            status: Some(503),
            times: Some(2),
            ..Fault::default()
        };
        let faults = Faults::everywhere(fault);
        let seen: Vec<_> = (0..3).map(|_| faults.of("/a").status).collect();
        assert_eq!(seen, [Some(503), Some(503), None]);
    }

    #[test]
    fn two_answers_share_one_line() {
        let line = Line::default();
        let first = line.wait(1000, 1000);
        let second = line.wait(1000, 1000);
        assert!(first >= Duration::from_millis(990) && second >= Duration::from_millis(1900));
    }
}
