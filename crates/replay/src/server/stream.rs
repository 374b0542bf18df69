//! Bodies in pieces: paced, broken or silent as a fault wants it.

use super::fault::{Fault, Line};
use crate::http::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http_body_util::StreamBody;
use hyper::body::Frame;
use std::io;
use std::time::Duration;

/// A body as hyper takes it.
pub type Pieces = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;

/// Bytes that are sent at once.
const PIECE: usize = 64 << 10;
/// The least on a slow line, so that its speed is even.
const SMALL_PIECE: usize = 4 << 10;
/// hyper drops what it has not yet written when a body breaks; this lets it write.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);

/// No bytes.
pub fn nothing() -> Pieces {
    StreamBody::new(stream::empty().boxed())
}

/// A body, with its faults.
pub fn pieces(body: Body, fault: &Fault) -> Pieces {
    let state = State {
        body,
        at: 0,
        bandwidth: fault.bandwidth,
        line: fault.line.clone(),
        truncate: fault.truncate,
        hang_after: fault.hang_after,
    };
    StreamBody::new(stream::unfold(Some(state), next).boxed())
}

struct State {
    body: Body,
    at: u64,
    bandwidth: Option<u64>,
    line: Line,
    truncate: Option<u64>,
    hang_after: Option<u64>,
}

async fn next(state: Option<State>) -> Option<(io::Result<Frame<Bytes>>, Option<State>)> {
    let mut state = state?;
    // What stops the body, and where.
    let stop = [state.truncate, state.hang_after]
        .into_iter()
        .flatten()
        .min();
    let left = stop.map_or(u64::MAX, |stop| stop.saturating_sub(state.at));
    // A hundred pieces a second: timers are no finer than a millisecond.
    let paced = |per_second: u64| {
        usize::try_from(per_second / 100)
            .unwrap_or(PIECE)
            .clamp(SMALL_PIECE, PIECE)
    };
    let piece = state.bandwidth.map_or(PIECE, paced);
    let most = usize::try_from(left).map_or(piece, |left| left.min(piece));
    let bytes = state.body.slice(state.at, most);
    if bytes.is_empty() {
        if state.hang_after == Some(state.at) {
            std::future::pending::<()>().await;
        }
        // Before the promised end, an error makes hyper break the connection.
        let cut = state.truncate == Some(state.at) && state.at < state.body.len();
        if !cut {
            return None;
        }
        tokio::time::sleep(BEFORE_THE_CUT).await;
        return Some((Err(io::Error::other("cut off on purpose")), None));
    }
    if let Some(bandwidth) = state.bandwidth {
        tokio::time::sleep(state.line.wait(bytes.len(), bandwidth)).await;
    }
    state.at += bytes.len() as u64;
    Some((Ok(Frame::data(bytes)), Some(state)))
}
