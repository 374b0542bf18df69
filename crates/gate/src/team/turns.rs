//! When more is asked than is answered at the same time, clients take turns: one that asks for much
//! waits for itself, not in front of the others. Nobody is refused for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Requests that are answered at the same time.
pub(crate) struct Turns(Mutex<Inside>);

struct Inside {
    free: usize,
    /// Clients that wait, the next one first, and what each of them waits with, the oldest first.
    waiting: VecDeque<(String, VecDeque<oneshot::Sender<Turn>>)>,
}

/// The right to be answered; given on when this is dropped.
pub(crate) struct Turn(Option<Arc<Turns>>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.give();
        }
    }
}

impl Turns {
    /// So many at the same time.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inside {
            free: most.max(1),
            waiting: VecDeque::new(),
        })))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn of this client, whose name is only asked where it has to wait.
    pub async fn take(self: &Arc<Self>, client: impl FnOnce() -> String) -> Turn {
        let receiver = {
            let mut inside = self.inside();
            if inside.free > 0 {
                inside.free -= 1;
                return Turn(Some(self.clone()));
            }
            let client = client();
            let (sender, receiver) = oneshot::channel();
            match inside.waiting.iter_mut().find(|(name, _)| *name == client) {
                Some((_, line)) => line.push_back(sender),
                None => inside.waiting.push_back((client, VecDeque::from([sender]))),
            }
            receiver
        };
        // Senders are kept until they are used.
        receiver.await.unwrap_or(Turn(None))
    }

    /// Hands a turn to the next client in line; the one after it is then the next.
    fn give(self: Arc<Self>) {
        loop {
            let next = {
                let mut inside = self.inside();
                let Some((client, mut line)) = inside.waiting.pop_front() else {
                    inside.free += 1;
                    return;
                };
                let next = line.pop_front();
                if !line.is_empty() {
                    inside.waiting.push_back((client, line));
                }
                next
            };
            let Some(next) = next else { continue };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Whoever waited has gone away; without this the turn would be given twice.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn who_asks_for_one_thing_waits_for_one_of_a_hundred() {
        let turns = Turns::new(1);
        let held = turns.take(|| "first".to_owned()).await;
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        for client in std::iter::repeat_n("many", 100).chain(["one"]) {
            let (waits, told) = (turns.clone(), told.clone());
            tokio::spawn(async move {
                let _turn = waits.take(|| client.to_owned()).await;
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
    async fn the_turn_of_who_went_away_is_not_lost() {
        let turns = Turns::new(1);
        let held = turns.take(|| "a".to_owned()).await;
        let gone =
            tokio::time::timeout(Duration::from_millis(10), turns.take(|| "b".to_owned())).await;
        assert!(gone.is_err());
        drop(held);
        let again =
            tokio::time::timeout(Duration::from_secs(5), turns.take(|| "c".to_owned())).await;
        drop(again.unwrap());
        assert_eq!(turns.inside().free, 1);
    }
}
