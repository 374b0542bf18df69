//! When more is asked than is answered at the same time, clients take turns: one that asks for much
//! waits for itself, not in front of the others. Nobody is refused for it.
//!
//! One client holds at most half of the turns, also while nobody else asks: what it asked for may hang,
//! and then nobody would give a turn back. So there are at most two that hold all that they may. What is
//! done for nobody in particular may hold all: there is nobody whom it keeps waiting but itself.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

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
        match client.is_empty() {
            true => usize::MAX,
            false => self.each,
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
    /// So many at the same time.
    pub fn new(most: usize) -> Arc<Self> {
        let most = most.max(1);
        Arc::new(Self(Mutex::new(Inside {
            free: most,
            each: (most / 2).max(1),
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
        inside.clients.values().map(|one| one.line.len()).sum()
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
mod tests {
    use super::*;
    use std::time::Duration;

    async fn soon(turn: impl Future<Output = Turn>) -> Option<Turn> {
        tokio::time::timeout(Duration::from_millis(50), turn)
            .await
            .ok()
    }

    #[tokio::test]
    async fn who_asks_for_one_thing_waits_for_one_of_a_hundred() {
        let turns = Turns::new(1);
        let held = turns.take("first").await;
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        for client in std::iter::repeat_n("many", 100).chain(["one"]) {
            let (waits, told) = (turns.clone(), told.clone());
            tokio::spawn(async move {
                let _turn = waits.take(client).await;
                told.send(client).unwrap();
            });
            // In this order.
            tokio::task::yield_now().await;
        }
        drop((held, told));
        let mut all = Vec::new();
        while let Some(client) = order.recv().await {
            all.push(client);
        }
        assert_eq!(all.len(), 101);
        assert_eq!(all.iter().position(|client| *client == "one"), Some(1));
    }

    #[tokio::test]
    async fn who_asks_for_all_of_many_turns_holds_half_and_another_one_has_its_own_at_once() {
        let turns = Turns::new(6);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(soon(turns.take("many")).await.unwrap());
        }
        // What nobody gives back: more of the same client waits, whatever is free.
        let waits = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take("many").await }
        });
        tokio::task::yield_now().await;
        assert!(soon(turns.take("many")).await.is_none());
        let mut others = Vec::new();
        for client in ["one", "two", "one"] {
            others.push(soon(turns.take(client)).await.unwrap());
        }
        assert!(soon(turns.take("three")).await.is_none(), "all are taken");
        // Three turns are free now, and who holds its half does not get one of them.
        others.clear();
        assert_eq!(turns.inside().free, 3);
        assert!(!waits.is_finished());
        // It does when it gave one back.
        held.pop();
        let turn = tokio::time::timeout(Duration::from_secs(5), waits).await;
        drop((turn.unwrap().unwrap(), held));
        assert_eq!(turns.inside().free, 6);
        let inside = turns.inside();
        assert!(inside.clients.is_empty() && inside.order.is_empty());
    }

    #[tokio::test]
    async fn a_turn_goes_past_who_holds_its_half_to_the_next_in_line() {
        let turns = Turns::new(2);
        let (many, other) = (turns.take("many").await, turns.take("other").await);
        let line = |client: &'static str| {
            let turns = turns.clone();
            tokio::spawn(async move { turns.take(client).await })
        };
        let (first, second) = (line("many"), line("last"));
        tokio::task::yield_now().await;
        drop(other);
        let turn = tokio::time::timeout(Duration::from_secs(5), second).await;
        assert!(!first.is_finished());
        drop((turn.unwrap().unwrap(), many));
        let turn = tokio::time::timeout(Duration::from_secs(5), first).await;
        drop(turn.unwrap().unwrap());
        assert_eq!(turns.inside().free, 2);
    }

    #[tokio::test]
    async fn what_is_done_for_nobody_in_particular_holds_all_and_who_waits_is_counted() {
        let turns = Turns::new(4);
        assert_eq!(&*client(), "");
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(soon(turns.take(&client())).await.unwrap());
        }
        let waits = tokio::spawn({
            let turns = turns.clone();
            on_behalf("one".into(), async move { turns.take(&client()).await })
        });
        tokio::task::yield_now().await;
        assert_eq!(turns.waiting(), 1);
        held.pop();
        let turn = tokio::time::timeout(Duration::from_secs(5), waits).await;
        drop(turn.unwrap().unwrap());
        assert_eq!(turns.waiting(), 0);
    }

    #[tokio::test]
    async fn the_turn_of_who_went_away_is_not_lost() {
        let turns = Turns::new(1);
        let held = turns.take("a").await;
        assert!(soon(turns.take("b")).await.is_none());
        drop(held);
        let again = tokio::time::timeout(Duration::from_secs(5), turns.take("c")).await;
        drop(again.unwrap());
        assert_eq!(turns.inside().free, 1);
        assert!(turns.inside().clients.is_empty());
    }
}
