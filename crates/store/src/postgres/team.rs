//! Leases and the index. Every step is one statement, and goes by the database's clock.

use super::PostgresStore;
use super::query::{get, rows};
use crate::StoreError;
use crate::memory::parse_digest;
use crate::rows::instant;
use crate::team::{
    Entry, Index, Lease, Leases, NewEntry, Taken, check_entry, check_lease, term_ms,
};
use customs_model::Digest;
use std::time::Duration;

/// Microseconds since 1970, as they are stored everywhere else.
const TAKE: &str = "
    INSERT INTO lease (name, owner, fence, until)
    VALUES ($1, $2, nextval('fence'),
            clock_timestamp() + $3::bigint * interval '1 millisecond')
    ON CONFLICT (name) DO UPDATE SET
        owner = excluded.owner, fence = excluded.fence,
        until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    WHERE lease.until <= clock_timestamp()
    RETURNING fence, (extract(epoch FROM until) * 1000000)::bigint";
const HELD: &str = "
    SELECT owner, (extract(epoch FROM until - clock_timestamp()) * 1000000)::bigint
    FROM lease WHERE name = $1";
const RENEW: &str = "
    UPDATE lease SET until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    WHERE name = $1 AND fence = $2 AND until > clock_timestamp()
    RETURNING (extract(epoch FROM until) * 1000000)::bigint";
const RETURN: &str = "
    DELETE FROM lease WHERE name = $1 AND fence = $2 AND until > clock_timestamp()
    RETURNING 1";

impl Leases for PostgresStore {
    fn take_lease(&self, name: &str, owner: &str, term: Duration) -> Result<Taken, StoreError> {
        check_lease(name, owner)?;
        let ms = term_ms(term)?;
        self.sharing()?;
        let (name, owner) = (name.to_owned(), owner.to_owned());
        self.ask(move |target, session| async move {
            // Between the two statements it may be given back, and taken again.
            for _ in 0..5 {
                let taken = rows(&target, &session, TAKE, &[&name, &owner, &ms]).await?;
                if let Some(row) = taken.first() {
                    return Ok(Taken::Mine(Lease {
                        name: name.clone(),
                        owner: owner.clone(),
                        fence: number(get(row, 0)?),
                        until: instant(get(row, 1)?)?,
                    }));
                }
                let held = rows(&target, &session, HELD, &[&name]).await?;
                if let Some(row) = held.first() {
                    let left: i64 = get(row, 1)?;
                    return Ok(Taken::Theirs {
                        owner: get(row, 0)?,
                        left: Duration::from_micros(u64::try_from(left).unwrap_or(0)),
                    });
                }
            }
            Err(StoreError::Busy(0))
        })
    }

    fn renew_lease(&self, lease: &Lease, term: Duration) -> Result<Option<Lease>, StoreError> {
        let ms = term_ms(term)?;
        self.sharing()?;
        let lease = lease.clone();
        self.ask(move |target, session| async move {
            let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&lease.name, &signed(lease.fence), &ms];
            let kept = rows(&target, &session, RENEW, &asked).await?;
            kept.first()
                .map(|row| {
                    Ok(Lease {
                        until: instant(get(row, 0)?)?,
                        ..lease.clone()
                    })
                })
                .transpose()
        })
    }

    fn return_lease(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.sharing()?;
        let lease = lease.clone();
        self.ask(move |target, session| async move {
            let given = rows(
                &target,
                &session,
                RETURN,
                &[&lease.name, &signed(lease.fence)],
            )
            .await?;
            Ok(!given.is_empty())
        })
    }
}

const ENTRY: &str = "
    SELECT blob, note, revision, (extract(epoch FROM at) * 1000000)::bigint
    FROM entry WHERE space = $1 AND key = $2";
const PUT_NEW: &str = "
    INSERT INTO entry (space, key, blob, note, revision, at)
    VALUES ($1, $2, $3, $4, nextval('revision'), clock_timestamp())
    ON CONFLICT DO NOTHING
    RETURNING revision";
const PUT: &str = "
    UPDATE entry SET blob = $3, note = $4, revision = nextval('revision'), at = clock_timestamp()
    WHERE space = $1 AND key = $2 AND revision = $5
    RETURNING revision";
const REMOVE: &str = "
    DELETE FROM entry WHERE space = $1 AND key = $2 AND revision = $3 RETURNING 1";
const FORGET: &str = "DELETE FROM entry WHERE blob = $1 RETURNING 1";
const NAMED: &str = "SELECT DISTINCT blob FROM entry WHERE blob = ANY ($1::text[])";

impl Index for PostgresStore {
    fn entry(&self, space: &str, key: &str) -> Result<Option<Entry>, StoreError> {
        let (space, key) = (space.to_owned(), key.to_owned());
        self.ask(move |target, session| async move {
            let found = rows(&target, &session, ENTRY, &[&space, &key]).await?;
            let Some(row) = found.first() else {
                return Ok(None);
            };
            let blob: Option<&str> = get(row, 0)?;
            Ok(Some(Entry {
                blob: blob.map(parse_digest).transpose()?,
                note: get(row, 1)?,
                revision: number(get(row, 2)?),
                at: instant(get(row, 3)?)?,
            }))
        })
    }

    fn put_entry(
        &self,
        space: &str,
        key: &str,
        entry: &NewEntry<'_>,
        known: Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        check_entry(space, key, entry.note)?;
        self.sharing()?;
        let (space, key, note) = (space.to_owned(), key.to_owned(), entry.note.to_owned());
        let blob = entry.blob.map(ToString::to_string);
        self.ask(move |target, session| async move {
            let put = match known {
                None => rows(&target, &session, PUT_NEW, &[&space, &key, &blob, &note]).await?,
                Some(known) => {
                    let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
                        [&space, &key, &blob, &note, &signed(known)];
                    rows(&target, &session, PUT, &asked).await?
                }
            };
            put.first().map(|row| Ok(number(get(row, 0)?))).transpose()
        })
    }

    fn remove_entry(&self, space: &str, key: &str, known: u64) -> Result<bool, StoreError> {
        self.sharing()?;
        let (space, key) = (space.to_owned(), key.to_owned());
        self.ask(move |target, session| async move {
            let gone = rows(&target, &session, REMOVE, &[&space, &key, &signed(known)]).await?;
            Ok(!gone.is_empty())
        })
    }

    fn named_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, StoreError> {
        let asked: Vec<String> = digests.iter().map(ToString::to_string).collect();
        let found = self.ask(move |target, session| async move {
            let found = rows(&target, &session, NAMED, &[&asked]).await?;
            let names: Result<std::collections::BTreeSet<String>, _> =
                found.iter().map(|row| get(row, 0)).collect();
            names
        })?;
        let named = |digest: &&Digest| found.contains(&digest.to_string());
        Ok(digests.iter().filter(named).cloned().collect())
    }

    fn forget_blob(&self, digest: &Digest) -> Result<u64, StoreError> {
        self.writing()?;
        let digest = digest.to_string();
        self.ask(move |target, session| async move {
            let gone = rows(&target, &session, FORGET, &[&digest]).await?;
            Ok(gone.len() as u64)
        })
    }
}

fn number(signed: i64) -> u64 {
    u64::try_from(signed).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(-1)
}
