//! All rows of a database out, and into a new one. The server makes and reads the lines' JSON.

use super::query::get;
use super::schema::{self, STEPS, lock};
use super::target::{Session, Target};
use super::{PostgresStore, Terms};
use crate::StoreError;
use crate::backup::{Row, refused};
use std::path::Path;
use std::sync::Arc;

/// Rows that are fetched at once.
const PAGE: usize = 1_000;
/// Rows, and bytes of them, that one statement puts.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 8 << 20;
/// What numbers jump by when a database is restored: a gate that was connected to the one before
/// must not take a chain or a record of the new one for its own.
const JUMP: i64 = 1 << 40;

/// Every table, in the order in which they refer to each other: its name, its rows as JSON, and how
/// rows are put.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "chain",
        "SELECT json_build_object('row', 'chain', 'id', id, 'name', name, 'opened', opened,
            'ended', ended, 'public_key', public_key, 'head',
            CASE WHEN head_signature IS NOT NULL THEN json_build_object('count', head_count,
                'hash', head_hash, 'at', head_at, 'signature', head_signature) END)::text
         FROM chain ORDER BY id",
        "INSERT INTO chain (id, name, opened, ended, alive_until, public_key, head_count, head_hash,
                            head_at, head_signature)
         OVERRIDING SYSTEM VALUE
         SELECT id, name, opened, coalesce(ended, 'restored'), clock_timestamp(),
                coalesce(public_key, ''), (head ->> 'count')::bigint, head ->> 'hash',
                (head ->> 'at')::bigint, head ->> 'signature'
         FROM jsonb_to_recordset($1::text::jsonb) AS r (id bigint, name text, opened bigint,
            ended text, public_key text, head jsonb)",
    ),
    (
        "checkpoint",
        "SELECT json_build_object('row', 'checkpoint', 'chain', chain, 'count', count,
            'hash', hash, 'until', until, 'at', at, 'public_key', public_key,
            'signature', signature)::text
         FROM checkpoint ORDER BY chain",
        "INSERT INTO checkpoint (chain, count, hash, until, at, public_key, signature)
         SELECT chain, count, hash, until, at, public_key, signature
         FROM jsonb_to_recordset($1::text::jsonb) AS r (chain bigint, count bigint, hash text,
            until bigint, at bigint, public_key text, signature text)",
    ),
    (
        "record",
        "SELECT json_build_object('row', 'record', 'id', id, 'chain', chain, 'seq', seq, 'at', at,
            'kind', kind, 'body', body, 'prev', encode(prev, 'hex'),
            'hash', encode(hash, 'hex'))::text
         FROM record ORDER BY chain, seq",
        "INSERT INTO record (id, chain, seq, at, kind, body, prev, hash, release, artifact)
         OVERRIDING SYSTEM VALUE
         SELECT id, chain, seq, at, kind, body, decode(prev, 'hex'), decode(hash, 'hex'),
                coalesce(body::jsonb ->> 'release', body::jsonb -> 'decision' ->> 'release'),
                coalesce(body::jsonb ->> 'artifact', body::jsonb -> 'decision' ->> 'artifact')
         FROM jsonb_to_recordset($1::text::jsonb) AS r (id bigint, chain bigint, seq bigint,
            at bigint, kind text, body text, prev text, hash text)",
    ),
    (
        "package",
        "SELECT json_build_object('row', 'package', 'id', id, 'name', name,
            'first_look', first_look, 'last_look', last_look)::text
         FROM package ORDER BY id",
        "INSERT INTO package (id, name, first_look, last_look)
         OVERRIDING SYSTEM VALUE
         SELECT id, name, first_look, last_look
         FROM jsonb_to_recordset($1::text::jsonb) AS r (id bigint, name text, first_look bigint,
            last_look bigint)",
    ),
    (
        "sight",
        "SELECT json_build_object('row', 'sight', 'package', package, 'version', version,
            'artifact', artifact, 'first', first, 'not_before', not_before,
            'published', published, 'published_before', published_before)::text
         FROM sight ORDER BY package, version, artifact",
        "INSERT INTO sight (package, version, artifact, first, not_before, published,
                            published_before)
         SELECT package, version, artifact, first, not_before, published, published_before
         FROM jsonb_to_recordset($1::text::jsonb) AS r (package bigint, version text,
            artifact text, first bigint, not_before bigint, published bigint,
            published_before bigint)",
    ),
    (
        "pin",
        "SELECT json_build_object('row', 'pin', 'package', package, 'version', version,
            'artifact', artifact, 'algorithm', algorithm, 'digest', digest, 'at', at)::text
         FROM pin ORDER BY package, version, artifact, algorithm",
        "INSERT INTO pin (package, version, artifact, algorithm, digest, at)
         SELECT package, version, artifact, algorithm, digest, at
         FROM jsonb_to_recordset($1::text::jsonb) AS r (package bigint, version text,
            artifact text, algorithm text, digest text, at bigint)",
    ),
    (
        "publication",
        "SELECT json_build_object('row', 'publication', 'identity', identity, 'at', at,
            'package', package, 'version', version)::text
         FROM publication ORDER BY identity, at, package, version",
        "INSERT INTO publication (identity, at, package, version)
         SELECT identity, at, package, version
         FROM jsonb_to_recordset($1::text::jsonb) AS r (identity text, at bigint,
            package bigint, version text)",
    ),
    (
        "meta",
        "SELECT json_build_object('row', 'meta', 'key', key, 'value', value)::text
         FROM meta ORDER BY key",
        "INSERT INTO meta (key, value) SELECT key, value
         FROM jsonb_to_recordset($1::text::jsonb) AS r (key text, value text)",
    ),
    (
        "entry",
        "SELECT json_build_object('row', 'entry', 'space', space, 'key', key, 'blob', blob,
            'note', note, 'revision', revision,
            'at', (extract(epoch FROM at) * 1000000)::bigint)::text
         FROM entry ORDER BY revision",
        "INSERT INTO entry (space, key, blob, note, revision, at)
         SELECT space, key, blob, note, revision,
                timestamptz 'epoch' + at * interval '1 microsecond'
         FROM jsonb_to_recordset($1::text::jsonb) AS r (space text, key text, blob text,
            note text, revision bigint, at bigint)",
    ),
];

impl PostgresStore {
    /// Hands over every row, as the database was at one instant, whatever gates write meanwhile.
    pub(crate) fn dump(
        &self,
        each: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let session = self.snapshot()?;
        for (table, sql, _) in TABLES {
            // A database that no newer customs has written to yet lacks some.
            let open = self.on(&session, move |target, session| async move {
                let there: bool = session
                    .client
                    .query_one("SELECT to_regclass('customs.' || $1) IS NOT NULL", &[table])
                    .await
                    .map_err(target.failed("be backed up"))?
                    .get(0);
                if there {
                    let open = format!("DECLARE backup NO SCROLL CURSOR FOR {sql}");
                    let opened = session.client.batch_execute(&open).await;
                    opened.map_err(target.failed("be backed up"))?;
                }
                Ok(there)
            })?;
            if !open {
                continue;
            }
            loop {
                let page = self.on(&session, fetch)?;
                if page.is_empty() {
                    self.on(&session, |target, session| async move {
                        let closed = session.client.batch_execute("CLOSE backup").await;
                        closed.map_err(target.failed("be backed up"))
                    })?;
                    break;
                }
                for line in page {
                    let row = serde_json::from_str(&line);
                    each(row.map_err(|e| StoreError::Unreadable {
                        what: format!("a row of {table}"),
                        why: e.to_string(),
                    })?)?;
                }
            }
        }
        Ok(())
    }

    /// Makes a database of rows, which are there whole or not at all.
    pub(crate) fn load(
        url: &str,
        next: &mut dyn FnMut() -> Result<Option<Row>, StoreError>,
    ) -> Result<(), StoreError> {
        let store = Self::reading(url, Terms::default().answer)?;
        let target = Arc::clone(&store.target);
        let session = store
            .driver
            .run(async move { target.connect().await.map(Arc::new) })??;
        store.on(&session, begin)?;
        let mut batch = Batch::default();
        while let Some(row) = next()? {
            let table = place(&row);
            if batch.is_full() || batch.table != table {
                store.put(&session, &mut batch)?;
                batch.table = table;
            }
            batch.add(&row)?;
        }
        store.put(&session, &mut batch)?;
        store.on(&session, finish)
    }

    fn put(&self, session: &Arc<Session>, batch: &mut Batch) -> Result<(), StoreError> {
        let lines = std::mem::take(&mut batch.lines);
        batch.bytes = 0;
        let Some((_, _, sql)) = TABLES.get(batch.table).filter(|_| !lines.is_empty()) else {
            return Ok(());
        };
        let text = format!("[{}]", lines.join(","));
        self.on(session, move |target, session| async move {
            let put = session.client.execute(*sql, &[&text]).await;
            put.map(|_| ()).map_err(target.failed("be restored"))
        })
    }
}

async fn fetch(target: Arc<Target>, session: Arc<Session>) -> Result<Vec<String>, StoreError> {
    let sql = format!("FETCH {PAGE} FROM backup");
    let found = session.client.query(&sql, &[]).await;
    let found = found.map_err(target.failed("be backed up"))?;
    found.iter().map(|row| get(row, 0)).collect()
}

/// Rows of one table that go together.
#[derive(Default)]
struct Batch {
    table: usize,
    lines: Vec<String>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.lines.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn add(&mut self, row: &Row) -> Result<(), StoreError> {
        let line = serde_json::to_string(row).map_err(|e| StoreError::Unreadable {
            what: "a row of a backup".to_owned(),
            why: e.to_string(),
        })?;
        self.bytes += line.len();
        self.lines.push(line);
        Ok(())
    }
}

/// The table of a row, by its place among them.
const fn place(row: &Row) -> usize {
    match row {
        Row::Chain { .. } => 0,
        Row::Checkpoint { .. } => 1,
        Row::Record { .. } => 2,
        Row::Package { .. } => 3,
        Row::Sight { .. } => 4,
        Row::Pin { .. } => 5,
        Row::Publication { .. } => 6,
        Row::Meta { .. } => 7,
        Row::Entry { .. } => 8,
    }
}

/// Makes the tables, and refuses a database in which something is recorded.
async fn begin(target: Arc<Target>, session: Arc<Session>) -> Result<(), StoreError> {
    schema::migrate(&target, &session, STEPS).await?;
    let failed = target.failed("be restored");
    session
        .client
        .batch_execute(&format!(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
             BEGIN; SELECT pg_advisory_xact_lock({})",
            lock::LEDGER
        ))
        .await
        .map_err(&failed)?;
    let used: bool = session
        .client
        .query_one(
            "SELECT EXISTS (SELECT FROM chain) OR EXISTS (SELECT FROM record)
                 OR EXISTS (SELECT FROM package) OR EXISTS (SELECT FROM meta)
                 OR EXISTS (SELECT FROM entry)",
            &[],
        )
        .await
        .map_err(&failed)?
        .get(0);
    if used {
        return Err(refused(
            Path::new(&target.shown),
            "something is recorded there already. Restore into an empty database",
        ));
    }
    Ok(())
}

/// Numbers go on far behind those of the backup, and everything is there from now on.
async fn finish(target: Arc<Target>, session: Arc<Session>) -> Result<(), StoreError> {
    let failed = target.failed("be restored");
    for (sequence, newest) in [
        (
            "pg_get_serial_sequence('customs.chain', 'id')",
            "SELECT max(id) FROM chain",
        ),
        (
            "pg_get_serial_sequence('customs.record', 'id')",
            "SELECT max(id) FROM record",
        ),
        (
            "pg_get_serial_sequence('customs.package', 'id')",
            "SELECT max(id) FROM package",
        ),
        ("'customs.revision'", "SELECT max(revision) FROM entry"),
        ("'customs.fence'", "SELECT 0"),
    ] {
        let sql = format!("SELECT setval({sequence}, {JUMP} + coalesce(({newest}), 0))");
        session.client.batch_execute(&sql).await.map_err(&failed)?;
    }
    session
        .client
        .batch_execute("COMMIT")
        .await
        .map_err(&failed)?;
    // For who looks at it next: the statements of a restored database are planned anew.
    session
        .client
        .batch_execute("ANALYZE")
        .await
        .map_err(failed)
}
