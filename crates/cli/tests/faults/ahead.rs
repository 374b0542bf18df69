//! What an installer asks for next is fetched before it asks, and nothing else is.

use crate::harness::{Answered, SHORT, World, read, run_request};
use crate::shelves::{days, package, path_of, release};
use customs_gate::{RunReply, RunRequest};
use serde_json::json;
use std::time::Duration;

/// `a` needs `b`, `b` needs `c` and, by an old release, `old`; nobody needs `other`.
async fn chain() -> World {
    let world = World::new().await;
    let now = world.now();
    let one = |name: &str, more: serde_json::Value| {
        let releases = vec![release("1.0.0", days(400)).more(more)];
        world.publish(&package(name, now, releases).tags(&[("latest", "1.0.0")]));
    };
    one("a", json!({"dependencies": {"b": "^1.0.0"}}));
    let b = vec![
        release("1.0.0", days(500)).more(json!({"dependencies": {"old": "*"}})),
        release("1.2.0", days(400))
            .more(json!({"dependencies": {"c": "*"}, "optionalDependencies": {"d": "*"}})),
        release("2.0.0", days(300)).more(json!({"dependencies": {"next": "*"}})),
    ];
    world.publish(&package("b", now, b).tags(&[("latest", "2.0.0")]));
    for name in ["c", "d", "old", "next", "other"] {
        one(name, json!({}));
    }
    world
}

async fn begin(world: &World, roots: &[(&str, &str)]) -> RunReply {
    let roots = roots
        .iter()
        .map(|(n, r)| ((*n).to_owned(), (*r).to_owned()));
    let request = RunRequest {
        roots: roots.collect(),
        ..run_request(crate::harness::all_at(&world.server.base()))
    };
    world.gate.begin(&request).await
}

async fn ask(world: &World, run: &RunReply, name: &str, headers: &[(&str, &str)]) -> Answered {
    let url = world.gate.url(&path_of(name));
    let mut asked = world.gate.client.get(url).bearer_auth(&run.token);
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    read(asked).await
}

/// The names that the upstream was asked for, once it is not asked for more.
async fn settled(world: &World) -> Vec<String> {
    let mut before = usize::MAX;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let hits = world.server.hits();
        if hits.len() == before {
            let mut names: Vec<String> = hits
                .iter()
                .map(|hit| hit.path.trim_start_matches('/').to_owned())
                .filter(|path| !path.contains('/'))
                .collect();
            names.sort();
            return names;
        }
        before = hits.len();
    }
}

const INSTALLER: (&str, &str) = ("accept", SHORT);

#[tokio::test]
async fn what_follows_from_a_root_is_fetched_before_it_is_asked_for() {
    let world = chain().await;
    let run = begin(&world, &[("a", "^1")]).await;
    assert_eq!(ask(&world, &run, "a", &[INSTALLER]).await.status, 200);
    // The release of `b` that the range takes, not its newest and not its oldest.
    assert_eq!(settled(&world).await, ["a", "b", "c", "d"]);
    assert_eq!(ask(&world, &run, "c", &[INSTALLER]).await.status, 200);
    assert_eq!(settled(&world).await, ["a", "b", "c", "d"], "it was there");
}

#[tokio::test]
async fn npm_asks_for_long_documents_and_says_that_it_installs() {
    let world = chain().await;
    let run = begin(&world, &[("a", "*")]).await;
    let look = [("accept", "application/json"), ("npm-command", "view")];
    ask(&world, &run, "a", &look).await;
    assert_eq!(settled(&world).await, ["a"], "a look needs no more");
    let install = [("accept", "application/json"), ("npm-command", "install")];
    ask(&world, &run, "a", &install).await;
    assert_eq!(settled(&world).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn what_the_project_does_not_ask_for_is_not_followed() {
    let world = chain().await;
    let run = begin(&world, &[("other", "*")]).await;
    ask(&world, &run, "a", &[INSTALLER]).await;
    assert_eq!(settled(&world).await, ["a"]);
}

#[tokio::test]
async fn what_is_held_leads_nowhere() {
    let world = World::new().await;
    let now = world.now();
    let releases = vec![
        release("1.0.0", days(400)).more(json!({"dependencies": {"good": "*"}})),
        release("1.0.1", customs_model::SignedDuration::from_hours(1))
            .more(json!({"dependencies": {"good": "*", "bad": "*"}})),
    ];
    world.publish(&package("a", now, releases).tags(&[("latest", "1.0.1")]));
    world.publish_old("good", "good");
    let bad = vec![release("1.0.0", days(400)).more(json!({"dependencies": {"worse": "*"}}))];
    world.publish(&package("bad", now, bad).tags(&[("latest", "1.0.0")]));
    world.publish_old("worse", "worse");
    let run = begin(&world, &[("a", "^1")]).await;
    ask(&world, &run, "a", &[INSTALLER]).await;
    let names = settled(&world).await;
    assert!(names.contains(&"good".to_owned()), "{names:?}");
    // Judging the young release looks at what it adds; its way is not followed further.
    assert!(!names.contains(&"worse".to_owned()), "{names:?}");
}
