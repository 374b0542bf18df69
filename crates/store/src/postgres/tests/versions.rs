use super::*;
use crate::postgres::schema::{self, STEPS, Step};

/// Moves a database forward as a customs that knows one step more.
fn moved(store: &PostgresStore, oldest: i32) -> Result<(), StoreError> {
    store.ask(move |target, session| async move {
        let mut steps: Vec<Step> = STEPS
            .iter()
            .map(|step| Step {
                sql: step.sql,
                oldest: step.oldest,
            })
            .collect();
        steps.push(Step {
            sql: "ALTER TABLE record ADD COLUMN later text",
            oldest,
        });
        schema::migrate(&target, &session, &steps).await
    })
}

#[test]
fn an_older_customs_works_beside_a_newer_one_that_moved_the_tables_forward() {
    let Some(house) = Database::new() else { return };
    let old = house.open();
    old.append_wait(note("before")).unwrap();
    let newer = PostgresStore::open_read_only(&house.url).unwrap();
    moved(&newer, 1).unwrap();
    // Moving twice changes nothing.
    moved(&newer, 1).unwrap();
    // The old one goes on, and can be started again.
    old.append_wait(note("after")).unwrap();
    drop(old);
    house.open().append_wait(note("again")).unwrap();
    assert!(house.verify().is_intact());
}

#[test]
fn a_customs_that_is_too_old_for_the_tables_is_refused_with_a_sentence() {
    let Some(house) = Database::new() else { return };
    drop(house.open());
    let newer = PostgresStore::open_read_only(&house.url).unwrap();
    let next = i32::try_from(STEPS.len()).unwrap() + 1;
    moved(&newer, next).unwrap();
    let error = PostgresStore::open_read_only(&house.url).err().unwrap();
    assert!(matches!(error, StoreError::Newer { .. }), "{error}");
    assert!(error.to_string().contains("Use the newer customs"));
}

#[test]
fn two_gates_that_make_the_tables_at_once_agree() {
    let Some(house) = Database::new() else { return };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| house.open().append_wait(note("x")).unwrap());
        }
    });
    assert_eq!(house.verify().chains.len(), 4);
    assert!(house.verify().is_intact());
}

#[test]
fn a_database_without_a_ledger_is_not_made_one_by_a_question() {
    let Some(house) = Database::new() else { return };
    let error = PostgresStore::open_read_only(&house.url).err().unwrap();
    assert!(matches!(error, StoreError::NoLedger(_)), "{error}");
}

#[test]
fn who_wrote_the_first_schema_and_who_knows_the_newest_share_a_database() {
    let Some(house) = Database::new() else { return };
    // As the first customs left it, with a session that stays.
    let first = PostgresStore::reading(&house.url, Duration::from_secs(10)).unwrap();
    first
        .ask(|target, session| async move {
            schema::migrate(&target, &session, &STEPS[..1]).await?;
            let made = session
                .client
                .batch_execute("INSERT INTO customs.meta (key, value) VALUES ('k', 'first')");
            made.await.map_err(target.failed("write"))
        })
        .unwrap();
    let new = house.open();
    assert_eq!(new.meta("k").unwrap().as_deref(), Some("first"));
    new.append_wait(note("x")).unwrap();
    // It is still welcome, and writes what it always wrote.
    first
        .ask(|target, session| async move {
            let found = schema::check(&target, &session, &STEPS[..1]).await?;
            assert_eq!(usize::try_from(found).unwrap(), STEPS.len());
            let written = session
                .client
                .batch_execute("UPDATE customs.meta SET value = 'still here' WHERE key = 'k'");
            written.await.map_err(target.failed("write"))
        })
        .unwrap();
    assert_eq!(new.meta("k").unwrap().as_deref(), Some("still here"));
    drop(new);
    assert!(house.verify().is_intact());
}
