//! All rows of a database out, and into a new one.

use super::query::get;
use super::{append, open, schema, team};
use crate::StoreError;
use crate::backup::{HeadColumns, Row, refused};
use crate::folder::{FolderLock, LEDGER_FILE};
use rusqlite::{Connection, Row as Columns, params};
use std::path::Path;

const READ: &str = "be backed up";
const WRITE: &str = "be restored";
/// What numbers of leases and of entries jump by: who had one from before the backup was restored
/// must not meet it again.
const JUMP: i64 = 1 << 40;

type Make = fn(&Columns<'_>) -> Result<Row, StoreError>;

/// Every table, in the order in which they refer to each other. An older customs' database lacks
/// some.
const TABLES: &[(&str, &str, Make)] = &[
    (
        "chain",
        "SELECT id, name, opened, ended, head_count, head_hash, head_at, head_signature
         FROM chain ORDER BY id",
        |row| {
            let head: (Option<i64>, Option<String>, Option<i64>, Option<String>) =
                (get(row, 4)?, get(row, 5)?, get(row, 6)?, get(row, 7)?);
            let head = match head {
                (Some(count), Some(hash), Some(at), Some(signature)) => Some(HeadColumns {
                    count,
                    hash,
                    at,
                    signature,
                }),
                _ => None,
            };
            Ok(Row::Chain {
                id: get(row, 0)?,
                name: get(row, 1)?,
                opened: get(row, 2)?,
                ended: get(row, 3)?,
                public_key: None,
                head,
            })
        },
    ),
    (
        "checkpoint",
        "SELECT chain, count, hash, until, at, public_key, signature FROM checkpoint ORDER BY chain",
        |row| {
            Ok(Row::Checkpoint {
                chain: get(row, 0)?,
                count: get(row, 1)?,
                hash: get(row, 2)?,
                until: get(row, 3)?,
                at: get(row, 4)?,
                public_key: get(row, 5)?,
                signature: get(row, 6)?,
            })
        },
    ),
    (
        "record",
        "SELECT id, chain, seq, at, kind, body, lower(hex(prev)), lower(hex(hash))
         FROM record ORDER BY chain, seq",
        |row| {
            Ok(Row::Record {
                id: get(row, 0)?,
                chain: get(row, 1)?,
                seq: get(row, 2)?,
                at: get(row, 3)?,
                kind: get(row, 4)?,
                body: get(row, 5)?,
                prev: get(row, 6)?,
                hash: get(row, 7)?,
            })
        },
    ),
    (
        "package",
        "SELECT id, name, first_look, last_look FROM package ORDER BY id",
        |row| {
            Ok(Row::Package {
                id: get(row, 0)?,
                name: get(row, 1)?,
                first_look: get(row, 2)?,
                last_look: get(row, 3)?,
            })
        },
    ),
    (
        "sight",
        "SELECT package, version, artifact, first, not_before, published, published_before
         FROM sight ORDER BY package, version, artifact",
        |row| {
            Ok(Row::Sight {
                package: get(row, 0)?,
                version: get(row, 1)?,
                artifact: get(row, 2)?,
                first: get(row, 3)?,
                not_before: get(row, 4)?,
                published: get(row, 5)?,
                published_before: get(row, 6)?,
            })
        },
    ),
    (
        "pin",
        "SELECT package, version, artifact, algorithm, digest, at
         FROM pin ORDER BY package, version, artifact, algorithm",
        |row| {
            Ok(Row::Pin {
                package: get(row, 0)?,
                version: get(row, 1)?,
                artifact: get(row, 2)?,
                algorithm: get(row, 3)?,
                digest: get(row, 4)?,
                at: get(row, 5)?,
            })
        },
    ),
    (
        "publication",
        "SELECT identity, at, package, version FROM publication
         ORDER BY identity, at, package, version",
        |row| {
            Ok(Row::Publication {
                identity: get(row, 0)?,
                at: get(row, 1)?,
                package: get(row, 2)?,
                version: get(row, 3)?,
            })
        },
    ),
    ("meta", "SELECT key, value FROM meta ORDER BY key", |row| {
        Ok(Row::Meta {
            key: get(row, 0)?,
            value: get(row, 1)?,
        })
    }),
    (
        "entry",
        "SELECT space, key, blob, note, revision, at FROM entry ORDER BY revision",
        |row| {
            Ok(Row::Entry {
                space: get(row, 0)?,
                key: get(row, 1)?,
                blob: get(row, 2)?,
                note: get(row, 3)?,
                revision: get(row, 4)?,
                at: get(row, 5)?,
            })
        },
    ),
];

/// Hands over every row, as the database was at one instant, whatever is written meanwhile.
pub(crate) fn dump(
    folder: &Path,
    each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let path = folder.join(LEDGER_FILE);
    if !path.exists() {
        return Err(StoreError::NoLedger(folder.to_owned()));
    }
    let connection = open::reader(&path)?;
    let failed = StoreError::sqlite(READ);
    // From the first question on.
    connection.execute_batch("BEGIN").map_err(&failed)?;
    for (table, sql, make) in TABLES {
        let there = connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
            .and_then(|mut query| query.exists([table]))
            .map_err(&failed)?;
        if !there {
            continue;
        }
        let mut query = connection.prepare(sql).map_err(&failed)?;
        let mut rows = query.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            each(make(row)?)?;
        }
    }
    Ok(())
}

/// Makes a database of rows, which is there whole or not at all.
pub(crate) fn load(
    folder: &Path,
    next: &mut dyn FnMut() -> Result<Option<Row>, StoreError>,
) -> Result<(), StoreError> {
    let path = folder.join(LEDGER_FILE);
    let _lock = FolderLock::wait(folder)?;
    if path.exists() {
        return Err(refused(
            &path,
            "there is a ledger already. Restore into another data folder, or move this one away",
        ));
    }
    // Beside it, so that moving it into its place is one step.
    let beside = tempfile::Builder::new()
        .prefix(".restore-")
        .tempdir_in(folder)
        .map_err(StoreError::io("make", folder))?;
    let mut connection = open::writer(beside.path())?;
    team::prepare(&connection, customs_model::Timestamp::UNIX_EPOCH)?;
    let failed = StoreError::sqlite(WRITE);
    let transaction = connection.transaction().map_err(&failed)?;
    while let Some(row) = next()? {
        insert(&transaction, &row)?;
    }
    // Numbers of leases and of entries must not come back.
    transaction
        .execute_batch(&format!(
            "DELETE FROM sqlite_sequence WHERE name IN ('lease', 'entry');
             INSERT INTO sqlite_sequence (name, seq)
             SELECT 'lease', {JUMP}
             UNION ALL SELECT 'entry', {JUMP} + (SELECT coalesce(max(revision), 0) FROM entry);"
        ))
        .map_err(&failed)?;
    transaction.commit().map_err(&failed)?;
    // The log is copied into the file, and goes with the last connection.
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(&failed)?;
    schema::check(&connection, &path)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    let made = beside.path().join(LEDGER_FILE);
    std::fs::File::open(&made)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&made, &path))
        .map_err(StoreError::io("write", &path))
}

fn insert(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    let failed = StoreError::sqlite(WRITE);
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection
            .prepare_cached(sql)
            .and_then(|mut insert| insert.execute(values))
            .map(|_| ())
            .map_err(&failed)
    };
    match row {
        Row::Chain {
            id,
            name,
            opened,
            ended,
            head,
            ..
        } => {
            // Whoever wrote an open one is not here any more.
            let ended = ended.as_deref().unwrap_or("restored");
            let head = head.as_ref();
            run(
                "INSERT INTO chain (id, name, opened, ended, head_count, head_hash, head_at,
                                    head_signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    id,
                    name,
                    opened,
                    ended,
                    head.map(|head| head.count),
                    head.map(|head| &head.hash),
                    head.map(|head| head.at),
                    head.map(|head| &head.signature)
                ],
            )
        }
        Row::Checkpoint {
            chain,
            count,
            hash,
            until,
            at,
            public_key,
            signature,
        } => run(
            "INSERT INTO checkpoint (chain, count, hash, until, at, public_key, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![chain, count, hash, until, at, public_key, signature],
        ),
        Row::Record {
            id,
            chain,
            seq,
            at,
            kind,
            body,
            prev,
            hash,
        } => {
            let bytes = |text: &str| hex::decode(text).unwrap_or_default();
            run(
                append::INSERT,
                params![chain, seq, at, kind, body, bytes(prev), bytes(hash), id],
            )
        }
        Row::Package {
            id,
            name,
            first_look,
            last_look,
        } => run(
            "INSERT INTO package (id, name, first_look, last_look) VALUES (?1, ?2, ?3, ?4)",
            params![id, name, first_look, last_look],
        ),
        Row::Sight {
            package,
            version,
            artifact,
            first,
            not_before,
            published,
            published_before,
        } => run(
            "INSERT INTO sight (package, version, artifact, first, not_before, published,
                                published_before) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                package,
                version,
                artifact,
                first,
                not_before,
                published,
                published_before
            ],
        ),
        Row::Pin {
            package,
            version,
            artifact,
            algorithm,
            digest,
            at,
        } => run(
            "INSERT INTO pin (package, version, artifact, algorithm, digest, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![package, version, artifact, algorithm, digest, at],
        ),
        Row::Publication {
            identity,
            at,
            package,
            version,
        } => run(
            "INSERT INTO publication (identity, at, package, version) VALUES (?1, ?2, ?3, ?4)",
            params![identity, at, package, version],
        ),
        Row::Meta { key, value } => run(
            "INSERT INTO meta (key, value) VALUES (?1, ?2)",
            params![key, value],
        ),
        Row::Entry {
            space,
            key,
            blob,
            note,
            revision,
            at,
        } => run(
            "INSERT INTO entry (space, key, blob, note, revision, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![space, key, blob, note, revision, at],
        ),
    }
}
