//! What runs beside the loop: looks, questions to the feed, inspections. Each ends with a
//! [`Done`], whatever happens in it.

use super::super::feed::Changed;
use super::super::fresh::Fresh;
use super::super::world::{Judged, Look, Missed, World};
use crate::inspect::files::not_judged;
use crate::output::say;
use customs_model::PackageName;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Times that an artifact is asked for: what serves it is often behind the document.
const ATTEMPTS: u32 = 3;

/// Something that was begun has ended.
pub(super) enum Done {
    Looked(PackageName, Result<Look, Missed>),
    Judged(Fresh, Judged),
    Changes(Result<Changed, String>),
}

/// What is listed for a package.
pub(super) async fn look<W: World>(world: Arc<W>, package: PackageName) -> Done {
    let asked = package.clone();
    // A task of its own, so that one that panics still has an end that is noticed.
    let look = tokio::spawn(async move { world.list(&asked).await });
    let looked = look.await.unwrap_or_else(|error| Err(early(&error).into()));
    Done::Looked(package, looked)
}

/// What the feed tells.
pub(super) async fn changes<W: World>(world: Arc<W>) -> Done {
    let ask = tokio::spawn(async move { world.changes().await });
    Done::Changes(ask.await.unwrap_or_else(|error| Err(early(&error))))
}

/// What is in a release: when it is its turn, and more than once if it is not there yet.
pub(super) async fn inspection<W: World>(
    world: Arc<W>,
    turns: Arc<Semaphore>,
    fresh: Fresh,
    again: Duration,
) -> Done {
    let asked = fresh.clone();
    let inspected = tokio::spawn(async move {
        let mut attempt = 0;
        loop {
            let turn = turns.acquire().await;
            let inspected = world.inspect(&asked).await;
            drop(turn);
            attempt += 1;
            match inspected {
                Ok(judged) => return judged,
                Err(why) if attempt == ATTEMPTS => return Judged::from(not_judged(why)),
                Err(_) => tokio::time::sleep(again * attempt).await,
            }
        }
    });
    let judged = inspected
        .await
        .unwrap_or_else(|error| Judged::from(not_judged(early(&error))));
    Done::Judged(fresh, judged)
}

/// A task that ended before it had an answer.
pub(super) fn early(error: &JoinError) -> String {
    format!("it ended early ({error}); please report this")
}

/// Says why a message was not sent, if so.
pub(super) fn say_unsent(sent: Result<Result<(), String>, JoinError>) {
    let why = match sent {
        Ok(Ok(())) => return,
        Ok(Err(why)) => why,
        Err(error) => early(&error),
    };
    say(&format!("customs: {why}"));
}
