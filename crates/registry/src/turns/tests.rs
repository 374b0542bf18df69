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
async fn what_is_done_for_nobody_in_particular_leaves_half_of_the_turns_to_people() {
    let turns = Turns::new(4);
    assert_eq!(&*client(), "");
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(soon(turns.take(&client())).await.unwrap());
    }
    // What nobody gives back: more of it waits, and people do not.
    let waits = tokio::spawn({
        let turns = turns.clone();
        async move { turns.take(&client()).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(turns.waiting(), 1);
    for _ in 0..2 {
        let turn = on_behalf("one".into(), async { turns.take(&client()).await });
        held.push(soon(turn).await.expect("half is for people"));
    }
    held.truncate(2);
    assert_eq!(turns.inside().free, 2);
    assert!(!waits.is_finished());
    held.pop();
    let turn = tokio::time::timeout(Duration::from_secs(5), waits).await;
    drop(turn.unwrap().unwrap());
    assert_eq!(turns.waiting(), 0);
}

#[tokio::test]
async fn who_is_the_only_one_holds_all_and_so_does_a_program_that_asks_for_itself() {
    for (turns, client) in [(Turns::new(4), ONLY_ONE), (Turns::for_one(4), "")] {
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(soon(turns.take(client)).await.unwrap());
        }
        assert!(soon(turns.take(client)).await.is_none());
    }
    // One is not halved: it would never be done.
    assert!(soon(Turns::new(1).take("")).await.is_some());
}

#[tokio::test]
async fn who_went_away_does_not_stand_in_line() {
    let turns = Turns::new(1);
    let held = turns.take("a").await;
    for _ in 0..100 {
        assert!(
            tokio::time::timeout(Duration::ZERO, turns.take("b"))
                .await
                .is_err()
        );
        assert_eq!(turns.waiting(), 0);
    }
    assert_eq!(turns.inside().clients["b"].line.len(), 1, "of a hundred");
    drop(held);
    assert!(soon(turns.take("c")).await.is_some());
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
