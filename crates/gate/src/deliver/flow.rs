//! Bytes that leave while they arrive: all but the last ones, which wait for the check.

use crate::answer::Body;
use crate::pieces::Pieces;
use customs_registry::artifact::{Download, Progress};
use futures_util::future::{BoxFuture, Shared};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use std::io;

/// What is kept back until the check is done.
pub const KEPT_BACK: u64 = 64 << 10;

/// Why the last bytes are kept, once all of it is there and was read.
pub type Objection = Shared<BoxFuture<'static, Option<String>>>;

/// Bytes as they arrive, except the last ones, which wait for the check and for who reads
/// the whole: `objection` is asked once, when all of it is there.
pub fn flowing(file: std::fs::File, download: Download, objection: Objection) -> Body {
    struct State {
        file: std::fs::File,
        sent: u64,
        download: Download,
        objection: Option<Objection>,
        over: bool,
        pieces: Pieces,
    }
    let state = State {
        file,
        sent: 0,
        download,
        objection: Some(objection),
        over: false,
        pieces: Pieces::default(),
    };
    let pieces = futures_util::stream::unfold(state, |mut state| async move {
        if state.over {
            return None;
        }
        loop {
            let progress = state.download.progress.borrow_and_update().clone();
            if matches!(progress, Progress::Verified { .. })
                && let Some(objection) = state.objection.take()
                && let Some(why) = objection.await
            {
                state.over = true;
                return Some((Err(io::Error::other(why)), state));
            }
            let may = match progress {
                Progress::Arriving { have, .. } => have.saturating_sub(KEPT_BACK),
                Progress::Verified { length, .. } if length == state.sent => return None,
                Progress::Verified { length, .. } => length,
                Progress::Mismatch { .. } => {
                    state.over = true;
                    let error = io::Error::other("the bytes are not what the document promised");
                    return Some((Err(error), state));
                }
                Progress::Failed(error) => {
                    state.over = true;
                    return Some((Err(io::Error::other(error.to_string())), state));
                }
            };
            if may > state.sent {
                let room = state.pieces.room().await as u64;
                let count = (may - state.sent).min(room);
                let read = state.pieces.read(&mut state.file, count as usize);
                state.sent += count;
                state.over = read.is_err();
                let piece = read.map(|bytes| Frame::data(state.pieces.give(bytes)));
                return Some((piece, state));
            }
            if state.download.progress.changed().await.is_err() {
                state.over = true;
                return Some((Err(io::Error::other("the download was given up")), state));
            }
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}
