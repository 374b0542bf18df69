//! When more is asked than is answered at the same time, clients take turns: one that asks for much
//! waits for itself, not in front of the others. Nobody is refused for it.
//!
//! One client holds at most half of the turns, also while nobody else asks: what it asked for may hang,
//! and then nobody would give a turn back. So there are at most two that hold all that they may. What is
//! done for nobody in particular, in the background, holds at most half as well: the other half is for
//! people, whatever hangs. Only where nobody but itself can wait for it may one hold all: a command that
//! asks for itself ([`Turns::for_one`]), and whoever a gate of one's own works for ([`ONLY_ONE`]).

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The client of a gate that works for nobody else: it may hold all turns, as nobody but itself waits
/// for them. No other client is called so.
pub const ONLY_ONE: &str = "\0";

tokio::task_local! {
    /// For whom what is done now is done.
    static CLIENT: Arc<str>;
}

/// Does something for a client: what is fetched for it on the way takes turns with what others ask
/// for.
pub async fn on_behalf<F: Future>(client: Arc<str>, what: F) -> F::Output {
    CLIENT.scope(client, what).await
}

/// For whom what is done now is done; empty for nobody in particular.
pub(crate) fn client() -> Arc<str> {
    CLIENT.try_with(Arc::clone).unwrap_or_default()
}

/// Things that are done at the same time, so many and no more.
pub struct Turns(Mutex<Inside>);

struct Inside {
    free: usize,
    /// The most that one client holds.
    each: usize,
    /// The most that is held for nobody in particular.
    nobody: usize,
    /// Clients that hold a turn or wait for one.
    clients: HashMap<Arc<str>, Client>,
    /// Clients that wait, the next one first, each of them once.
    order: VecDeque<Arc<str>>,
}

#[derive(Default)]
struct Client {
    held: usize,
    /// What it waits with, the oldest first.
    line: VecDeque<oneshot::Sender<Turn>>,
}

/// The right to be answered; given on when this is dropped.
pub struct Turn(Option<(Arc<Turns>, Arc<str>)>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((turns, client)) = self.0.take() {
            turns.inside().give_back(&client);
            turns.hand_out();
        }
    }
}

impl Inside {
    /// A turn for this client, if it may have one now.
    fn take(&mut self, client: &Arc<str>) -> bool {
        let each = self.share_of(client);
        let one = self.clients.entry(client.clone()).or_default();
        let takes = self.free > 0 && one.held < each;
        if takes {
            one.held += 1;
            self.free -= 1;
        }
        takes
    }

    /// The most that a client holds.
    fn share_of(&self, client: &str) -> usize {
        match client {
            "" => self.nobody,
            ONLY_ONE => usize::MAX,
            _ => self.each,
        }
    }

    fn give_back(&mut self, client: &Arc<str>) {
        self.free += 1;
        let Some(one) = self.clients.get_mut(client) else {
            return;
        };
        one.held = one.held.saturating_sub(1);
        if one.held == 0 && one.line.is_empty() {
            self.clients.remove(client);
        }
    }

    fn wait(&mut self, client: &Arc<str>) -> oneshot::Receiver<Turn> {
        let (sender, receiver) = oneshot::channel();
        let one = self.clients.entry(client.clone()).or_default();
        if one.line.is_empty() {
            self.order.push_back(client.clone());
        }
        // Who went away leaves room for who comes: a turn may not be given back for long.
        while one.line.front().is_some_and(oneshot::Sender::is_closed) {
            one.line.pop_front();
        }
        one.line.push_back(sender);
        receiver
    }

    /// Takes a turn for the first in line that may have one. Those that may not are two at the most.
    fn next_in_line(&mut self) -> Option<(Arc<str>, oneshot::Sender<Turn>)> {
        if self.free == 0 {
            return None;
        }
        let may = |client: &Arc<str>| {
            let one = self.clients.get(client);
            one.is_some_and(|one| one.held < self.share_of(client))
        };
        let at = self.order.iter().position(may)?;
        let client = self.order.remove(at)?;
        let one = self.clients.get_mut(&client)?;
        let next = one.line.pop_front()?;
        one.held += 1;
        self.free -= 1;
        if !one.line.is_empty() {
            self.order.push_back(client.clone());
        }
        Some((client, next))
    }
}

impl Turns {
    /// So many at the same time, for people and for what is done in the background: of that, half of
    /// them at the most, and one where there is only one.
    pub fn new(most: usize) -> Arc<Self> {
        let half = (most / 2).max(1);
        Self::with(most, half)
    }

    /// So many at the same time, for a program that does all of it for itself.
    pub fn for_one(most: usize) -> Arc<Self> {
        Self::with(most, usize::MAX)
    }

    fn with(most: usize, nobody: usize) -> Arc<Self> {
        let most = most.max(1);
        Arc::new(Self(Mutex::new(Inside {
            free: most,
            each: (most / 2).max(1),
            nobody,
            clients: HashMap::new(),
            order: VecDeque::new(),
        })))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait for a turn.
    pub fn waiting(&self) -> usize {
        let inside = self.inside();
        let lines = inside.clients.values().flat_map(|one| &one.line);
        lines.filter(|waits| !waits.is_closed()).count()
    }

    /// Waits for a turn of this client.
    pub async fn take(self: &Arc<Self>, client: &str) -> Turn {
        let client: Arc<str> = client.into();
        let receiver = {
            let mut inside = self.inside();
            if inside.take(&client) {
                return Turn(Some((self.clone(), client)));
            }
            inside.wait(&client)
        };
        // Senders are kept until they are used.
        receiver.await.unwrap_or(Turn(None))
    }

    /// Hands free turns to the clients in line, one after the other.
    fn hand_out(self: &Arc<Self>) {
        loop {
            let next = self.inside().next_in_line();
            let Some((client, next)) = next else { return };
            if let Err(mut turn) = next.send(Turn(Some((self.clone(), client)))) {
                // Whoever waited has gone away. Its turn is given back here: dropped, it would hand
                // out others from within this loop.
                if let Some((_, client)) = turn.0.take() {
                    self.inside().give_back(&client);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
