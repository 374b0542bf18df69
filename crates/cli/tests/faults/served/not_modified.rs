//! Clients that have an artifact already, and ask whether it is still the one: what was found for the
//! first of them counts for a moment, and each of them is in the ledger.

use super::tokens::{Team, token};
use crate::harness::{Answered, read};
use crate::shelves::bytes_of;
use customs_rules::Policy;
use customs_store::{LedgerRecord, Served};
use std::collections::BTreeMap;

const TARBALL: &str = "/left/-/left-1.0.0.tgz";

async fn ask_with(team: &Team, etag: &str) -> Answered {
    let asked = team.ask(TARBALL).bearer_auth("one");
    read(asked.header("if-none-match", etag)).await
}

/// A gate, and the validator of an artifact that another gate of the team delivered: this one has none
/// of its bytes.
async fn team_without_the_bytes() -> (Team, String) {
    let other = Team::new(vec![token("ci", "one")]).await;
    let etag = other.get(TARBALL, "one").await.header("etag").to_owned();
    (Team::new(vec![token("ci", "one")]).await, etag)
}

#[tokio::test]
async fn each_client_that_has_it_is_recorded_and_who_has_it_not_gets_the_right_bytes() {
    let (team, etag) = team_without_the_bytes().await;
    for _ in 0..5 {
        let told = ask_with(&team, &etag).await;
        assert_eq!((told.status, told.body.len()), (304, 0), "{}", told.text());
        assert_eq!(told.header("etag"), etag);
    }
    let other = ask_with(&team, "\"else\"").await;
    assert_eq!((other.status, other.body), (200, bytes_of("1.0.0")));
    let whole = team.get(TARBALL, "one").await;
    assert_eq!((whole.status, whole.body), (200, bytes_of("1.0.0")));
    let served = |wanted: Served| {
        let records = team.records().into_iter();
        let is_one = |record: &LedgerRecord| matches!(record, LedgerRecord::Delivered(one) if one.served == wanted);
        records.filter(is_one).count()
    };
    assert_eq!(served(Served::ClientCache), 5);
    assert_eq!(served(Served::Full) + served(Served::FromCache), 2);
}

#[tokio::test]
async fn a_denial_counts_at_once_for_who_has_it_already() {
    let (team, etag) = team_without_the_bytes().await;
    assert_eq!(ask_with(&team, &etag).await.status, 304);
    let mut settings = team.settings(vec![token("ci", "one")], BTreeMap::new());
    let denial = "version = 1\ndeny = [\"pkg:npm/left\"]\n";
    settings.policy = Policy::parse(denial, "policy.toml").unwrap();
    team.gate.apply(settings).await.unwrap();
    let refused = ask_with(&team, &etag).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}
