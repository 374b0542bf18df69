//! What somebody could do to a ledger, and what shows.

use super::*;

/// A ledger of one closed chain with eight records.
fn written() -> House {
    let house = House::new();
    let store = house.open();
    for n in 0..3 {
        store.append_wait(note(&format!("{n}"))).unwrap();
        let release = release("axios", &format!("1.14.{n}"));
        store.append_wait(delivery(release, "run-1")).unwrap();
    }
    drop(store);
    house
}

/// The verification in words, without the chain's random name.
fn told(verification: &Verification) -> String {
    let mut lines = Vec::new();
    for chain in &verification.chains {
        let problem = match &chain.problem {
            None => "intact".to_owned(),
            Some(problem) => format!("at {}: {}", problem.seq, problem.what),
        };
        lines.push(format!(
            "{} records, {problem}; {:?}",
            chain.records, chain.tail
        ));
    }
    for head in &verification.refused_heads {
        lines.push(format!(
            "line {}: forged head of {} records",
            head.line, head.count
        ));
    }
    lines.extend(verification.damage.clone());
    lines.push(
        if verification.is_intact() {
            "intact"
        } else {
            "NOT INTACT"
        }
        .to_owned(),
    );
    lines.join("\n")
}

fn after(sql: &str) -> String {
    let house = written();
    house.spoil(sql);
    told(&house.verify())
}

#[test]
fn an_untouched_ledger_is_intact_to_its_end() {
    let house = written();
    let verification = house.verify();
    insta::assert_snapshot!(told(&verification), @"
    8 records, intact; MatchesHead { count: 8, at: 2026-11-01T12:00:00Z }
    intact
    ");
    assert!(verification.is_complete() && verification.chains[0].closed);
}

#[test]
fn an_edited_body_shows() {
    insta::assert_snapshot!(after("UPDATE record SET body = replace(body, 'run-1', 'run-2') WHERE seq = 5"), @r#"
    8 records, at 5: its hash does not match what it says: it was edited or moved; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn a_body_that_is_no_json_any_more_shows() {
    insta::assert_snapshot!(after("UPDATE record SET body = 'x' WHERE seq = 5"), @r#"
    8 records, at 5: its hash does not match what it says: it was edited or moved; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn a_body_beyond_the_bound_shows_and_is_not_read() {
    insta::assert_snapshot!(after("UPDATE record SET body = hex(zeroblob(200000)) WHERE seq = 2"), @r#"
    8 records, at 2: its body is larger than any that customs writes; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn an_edited_instant_shows() {
    insta::assert_snapshot!(after("UPDATE record SET at = at - 1 WHERE seq = 4"), @r#"
    8 records, at 4: its hash does not match what it says: it was edited or moved; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn a_delivery_that_was_taken_out_of_the_index_alone_shows() {
    insta::assert_snapshot!(after("UPDATE record SET release = NULL WHERE seq = 3"), @r#"
    8 records, at 3: questions would not find it: its index was edited; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn two_swapped_records_show() {
    insta::assert_snapshot!(after(
        "UPDATE record SET seq = -1 WHERE seq = 3;
         UPDATE record SET seq = 3 WHERE seq = 4;
         UPDATE record SET seq = 4 WHERE seq = -1;"
    ), @r#"
    8 records, at 3: it does not carry the hash of the record before; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn records_listed_in_another_order_show() {
    insta::assert_snapshot!(after("UPDATE record SET id = 100 WHERE seq = 3"), @r#"
    8 records, at 4: it was moved before a record that was written earlier; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
}

#[test]
fn a_record_removed_from_the_middle_shows() {
    insta::assert_snapshot!(after("DELETE FROM record WHERE seq = 4"), @"
    7 records, at 5: record 4 is missing; 5 stands in its place; Truncated { expected: 8, found: 7 }
    NOT INTACT
    ");
}

#[test]
fn a_removed_beginning_shows() {
    insta::assert_snapshot!(after("DELETE FROM record WHERE seq <= 2"), @"
    6 records, at 3: record 1 is missing; 3 stands in its place; Truncated { expected: 8, found: 6 }
    NOT INTACT
    ");
}

#[test]
fn a_removed_beginning_that_was_numbered_anew_shows() {
    insta::assert_snapshot!(after(
        "DELETE FROM record WHERE seq <= 2; UPDATE record SET seq = seq - 2"
    ), @"
    6 records, at 1: it does not carry the hash of the record before; Truncated { expected: 8, found: 6 }
    NOT INTACT
    ");
}

#[test]
fn a_removed_end_shows_against_a_head_and_is_not_checked_without() {
    let house = written();
    house.spoil("DELETE FROM record WHERE seq >= 7");
    insta::assert_snapshot!(told(&house.verify()), @"
    6 records, intact; Truncated { expected: 8, found: 6 }
    NOT INTACT
    ");
    let alone = verify(&house.path().join(LEDGER_FILE), None, None).unwrap();
    insta::assert_snapshot!(told(&alone), @r#"
    6 records, intact; NotChecked("no file of heads was given")
    intact
    "#);
    assert!(!alone.is_complete());
}

#[test]
fn a_chain_removed_whole_shows_against_its_head() {
    insta::assert_snapshot!(after("DELETE FROM record; DELETE FROM chain;"), @"
    0 records, intact; Truncated { expected: 8, found: 0 }
    NOT INTACT
    ");
}

#[test]
fn a_chain_without_a_name_shows() {
    insta::assert_snapshot!(after("DELETE FROM chain"), @r#"
    8 records, at 1: its chain has no name that customs gives; NotChecked("no signed head speaks of this chain")
    0 records, intact; Truncated { expected: 8, found: 0 }
    NOT INTACT
    "#);
}

#[test]
fn a_chain_copied_under_another_name_shows() {
    insta::assert_snapshot!(after(
        "INSERT INTO chain (id, name, opened) VALUES (99, '000102030405060708090a0b0c0d0e0f', 0);
         INSERT INTO record (chain, seq, at, kind, body, prev, hash, release, artifact)
         SELECT 99, seq, at, kind, body, prev, hash, release, artifact FROM record;"
    ), @r#"
    8 records, intact; MatchesHead { count: 8, at: 2026-11-01T12:00:00Z }
    8 records, at 1: it does not carry the hash of the record before; NotChecked("no signed head speaks of this chain")
    NOT INTACT
    "#);
}

/// Writes the chain anew with right hashes, as somebody who knows how would, after an
/// edit to one of its records.
fn written_anew(house: &House) {
    house.spoil("UPDATE record SET body = replace(body, 'run-1', 'run-2') WHERE seq = 5");
    let connection = Connection::open(house.path().join(LEDGER_FILE)).unwrap();
    let name: String = connection
        .query_row("SELECT name FROM chain", [], |row| row.get(0))
        .unwrap();
    let chain = ChainId::parse(&name).unwrap();
    let mut prev = chain::genesis(chain);
    for seq in 1..=8u64 {
        let number = i64::try_from(seq).unwrap();
        let (at, kind, body): (i64, String, String) = connection
            .query_row(
                "SELECT at, kind, body FROM record WHERE seq = ?1",
                [number],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        let hash = chain::Link {
            chain,
            seq,
            at,
            kind: &kind,
            body: body.as_bytes(),
            prev: &prev,
        }
        .hash();
        connection
            .execute(
                "UPDATE record SET prev = ?2, hash = ?3 WHERE seq = ?1",
                rusqlite::params![number, prev.as_bytes(), hash.as_bytes()],
            )
            .unwrap();
        prev = hash;
    }
}

#[test]
fn a_chain_written_anew_shows_against_its_head_only() {
    let house = written();
    written_anew(&house);
    insta::assert_snapshot!(told(&house.verify()), @r#"
    8 records, at 8: a signed head names another hash here: the chain was written anew; NotChecked("the chain is broken before its end")
    NOT INTACT
    "#);
    let alone = verify(&house.path().join(LEDGER_FILE), None, None).unwrap();
    assert!(alone.is_intact() && !alone.is_complete());
}

#[test]
fn a_head_that_somebody_else_signed_does_not_hide_a_removed_end() {
    let house = written();
    house.spoil("DELETE FROM record WHERE seq >= 7");
    let store = SqliteStore::open_read_only(house.path()).unwrap();
    let last = store.records_after(0, 100).unwrap().pop().unwrap();
    drop(store);
    let forged = Head::sign(
        &ed25519_dalek::SigningKey::from_bytes(&[9; 32]),
        ChainId::parse(&last.chain).unwrap(),
        last.seq,
        Digest::sha256(b"whatever"),
        day(0),
    );
    let text = serde_json::to_string(&forged).unwrap();
    std::fs::write(house.path().join(HEADS_FILE), text).unwrap();
    insta::assert_snapshot!(told(&house.verify()), @r#"
    6 records, intact; NotChecked("no signed head speaks of this chain")
    line 1: forged head of 6 records
    NOT INTACT
    "#);
}

#[test]
fn an_index_that_somebody_made_useless_shows() {
    let house = written();
    // Two indexes trade their pages: who() would find nobody.
    house.spoil(
        "PRAGMA writable_schema = ON;
         CREATE TEMP TABLE page AS SELECT name, rootpage FROM sqlite_schema;
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM page WHERE page.name =
           CASE sqlite_schema.name WHEN 'record_delivered' THEN 'publication_at'
           ELSE 'record_delivered' END)
         WHERE name IN ('record_delivered', 'publication_at');",
    );
    let verification = house.verify();
    assert!(verification.damage.is_some());
    assert!(!verification.is_intact());
}
