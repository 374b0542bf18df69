//! Tables, and how an older database becomes a present one.
//!
//! While programs are replaced one after the other, an older customs works on tables that a newer
//! one has moved forward. So each step says how old a customs may be that still works with what it
//! leaves. `user_version` has the oldest step that a program must know to be welcome, which is
//! what every customs looks at; the table `step` has the newest one that was made. A change that
//! would break an older one takes two releases: the first adds what is new and writes both, the
//! second takes away the old.

use crate::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// "CUST": marks the file as ours.
const APPLICATION: i64 = 0x4355_5354;

/// One step forward. What is released is never edited.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub sql: &'static str,
    /// The oldest customs, by the newest step that it knows, which works with the result.
    pub oldest: i64,
}

/// The columns `release` and `artifact` of a record repeat what its body says. A
/// constraint holds them to it, and a verification asks again, so that no edit makes the
/// index say something else than the hashed record, unseen. (Generated columns would
/// need no constraint, but SQLite never answers from an index on them alone.) A package
/// URL begins with ecosystem and name, so one index answers for releases and, as a range,
/// for packages.
pub(super) const STEPS: &[Step] = &[
    Step {
        oldest: 1,
        sql: "
    CREATE TABLE chain (
        id              INTEGER PRIMARY KEY,
        name            TEXT NOT NULL UNIQUE,
        opened          INTEGER NOT NULL,
        ended           TEXT,
        head_count      INTEGER,
        head_hash       TEXT,
        head_at         INTEGER,
        head_signature  TEXT
    ) STRICT;
    CREATE INDEX chain_open ON chain (id) WHERE ended IS NULL;

    CREATE TABLE record (
        id        INTEGER PRIMARY KEY,
        chain     INTEGER NOT NULL REFERENCES chain (id),
        seq       INTEGER NOT NULL,
        at        INTEGER NOT NULL,
        kind      TEXT NOT NULL,
        body      TEXT NOT NULL,
        prev      BLOB NOT NULL,
        hash      BLOB NOT NULL,
        release   TEXT CHECK (release IS CASE WHEN json_valid(body)
            THEN coalesce(body ->> '$.release', body ->> '$.decision.release') END),
        artifact  TEXT CHECK (artifact IS CASE WHEN json_valid(body)
            THEN coalesce(body ->> '$.artifact', body ->> '$.decision.artifact') END),
        UNIQUE (chain, seq)
    ) STRICT;
    CREATE INDEX record_delivered ON record (release, id) WHERE kind = 'delivered';
    CREATE INDEX record_decided ON record (release, artifact, id) WHERE kind = 'decided';
    CREATE INDEX record_decided_at ON record (at, id) WHERE kind = 'decided';

    CREATE TABLE package (
        id          INTEGER PRIMARY KEY,
        name        TEXT NOT NULL UNIQUE,
        first_look  INTEGER,
        last_look   INTEGER
    ) STRICT;
    CREATE TABLE sight (
        package           INTEGER NOT NULL REFERENCES package (id),
        version           TEXT NOT NULL,
        artifact          TEXT NOT NULL,
        first             INTEGER NOT NULL,
        not_before        INTEGER,
        published         INTEGER,
        published_before  INTEGER,
        PRIMARY KEY (package, version, artifact)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pin (
        package    INTEGER NOT NULL REFERENCES package (id),
        version    TEXT NOT NULL,
        artifact   TEXT NOT NULL,
        algorithm  TEXT NOT NULL,
        digest     TEXT NOT NULL,
        at         INTEGER NOT NULL,
        PRIMARY KEY (package, version, artifact, algorithm)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE publication (
        identity  TEXT NOT NULL,
        at        INTEGER NOT NULL,
        package   INTEGER NOT NULL REFERENCES package (id),
        version   TEXT NOT NULL,
        PRIMARY KEY (identity, at, package, version)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX publication_at ON publication (at);
    CREATE TABLE meta (
        key    TEXT PRIMARY KEY,
        value  TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    },
    Step {
        oldest: 2,
        sql: "
    CREATE INDEX record_exemption ON record (id) WHERE kind = 'exemption';
",
    },
];

/// Refuses what is not ours, or has no place for a program of the present steps.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    check_steps(connection, path, STEPS)
}

/// [`check`] for a program of these steps; the newest step that was made.
pub(super) fn check_steps(
    connection: &Connection,
    path: &Path,
    steps: &[Step],
) -> Result<i64, StoreError> {
    let failed = StoreError::sqlite("read its schema version");
    let number = |pragma: &str| {
        connection
            .query_row(pragma, [], |row| row.get::<_, i64>(0))
            .map_err(&failed)
    };
    let application = number("PRAGMA application_id")?;
    let oldest = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION && (application, oldest, tables) != (0, 0, 0) {
        return Err(StoreError::NotALedger(path.to_owned()));
    }
    // Databases from before there was the table have as many steps as they ask for.
    let found = match number("SELECT count(*) FROM sqlite_schema WHERE name = 'step'")? {
        0 => oldest,
        _ => number("SELECT coalesce(max(number), 0) FROM step")?.max(oldest),
    };
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if oldest > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

/// Brings the database to the present schema, each step whole or not at all.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    migrate_steps(connection, path, STEPS)
}

/// [`migrate`] for a program of these steps.
pub(super) fn migrate_steps(
    connection: &mut Connection,
    path: &Path,
    steps: &[Step],
) -> Result<(), StoreError> {
    let found = check_steps(connection, path, steps)?;
    let failed = StoreError::sqlite("bring its schema up to date");
    for (number, step) in (1..).zip(steps) {
        if number <= found {
            continue;
        }
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        transaction.execute_batch(step.sql).map_err(&failed)?;
        transaction
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS step (number INTEGER PRIMARY KEY) STRICT;
                 DELETE FROM step;",
            )
            .and_then(|()| transaction.execute("INSERT INTO step VALUES (?1)", [number]))
            .map_err(&failed)?;
        let asked: i64 = transaction
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(&failed)?;
        transaction
            .pragma_update(None, "user_version", step.oldest.max(asked))
            .map_err(&failed)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION)
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_customs_is_refused_with_a_sentence() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("ledger.db")).unwrap();
        connection
            .pragma_update(None, "user_version", STEPS.len() as i64 + 1)
            .unwrap();
        let error = migrate(&mut connection, Path::new("ledger.db")).unwrap_err();
        insta::assert_snapshot!(error, @"ledger.db has schema 3, this customs knows up to 2. Use the newer customs, or point this one at another data folder");
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE mail (x)").unwrap();
        let error = migrate(&mut connection, Path::new("mail.db")).unwrap_err();
        assert_eq!(error, StoreError::NotALedger("mail.db".into()));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("ledger.db")).unwrap();
        migrate(&mut connection, Path::new("ledger.db")).unwrap();
        let found = check(&connection, Path::new("ledger.db")).unwrap();
        assert_eq!(found, STEPS.len() as i64);
    }
}
