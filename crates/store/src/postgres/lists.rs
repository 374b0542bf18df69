//! Lists of the ledger, a page at a time.

use super::PostgresStore;
use super::query::{get, rows};
use crate::lists::{Count, Listed, Lists, Next, Placed, RefusalRow, Subject, instant_key, limit};
use crate::lists::{page, second};
use crate::store::{DecisionRow, DeliveryRow};
use crate::{StoreError, rows as made};
use customs_model::{Action, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// The conditions are those of the indexes, word by word.
const HELD: &str = r#"
    SELECT record.id, record.at, record.body,
           substr(record.body, strpos(record.body, '"until":"') + 9, 19) COLLATE "C"
    FROM record
    WHERE record.kind = 'decided' AND strpos(record.body, '"action":"hold"') > 0
      AND (substr(record.body, strpos(record.body, '"until":"') + 9, 19) COLLATE "C", record.id)
          > ($1, $2)
      AND NOT EXISTS (
        SELECT 1 FROM record AS later
        WHERE later.kind = 'decided' AND later.release = record.release
          AND coalesce(later.artifact, '') = coalesce(record.artifact, '')
          AND later.id > record.id)
    ORDER BY substr(record.body, strpos(record.body, '"until":"') + 9, 19) COLLATE "C", record.id
    LIMIT $3"#;
const BLOCKED: &str = r#"
    SELECT record.id, record.at, record.body
    FROM record
    WHERE record.kind = 'decided' AND strpos(record.body, '"action":"block"') > 0
      AND (record.at, record.id) < ($1, $2)
      AND NOT EXISTS (
        SELECT 1 FROM record AS later
        WHERE later.kind = 'decided' AND later.release = record.release
          AND coalesce(later.artifact, '') = coalesce(record.artifact, '')
          AND later.id > record.id)
    ORDER BY record.at DESC, record.id DESC
    LIMIT $3"#;
const REFUSALS: &str = "
    SELECT id, at, body FROM record
    WHERE kind = 'refused' AND (at, id) < ($1, $2)
    ORDER BY at DESC, id DESC
    LIMIT $3";
const RECEIVED: &str = "
    SELECT record.id, record.release, record.at, chain.name, record.seq, record.body
    FROM record LEFT JOIN chain ON chain.id = record.chain
    WHERE record.kind = 'delivered' AND record.release >= $1
      AND (record.release, record.id) < ($2, $3)
    ORDER BY record.release DESC, record.id DESC
    LIMIT $4";
const RECEIVED_COUNTED: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM record
        WHERE kind = 'delivered' AND release >= $1 AND release <= $2
        LIMIT $3) AS counted";

impl PostgresStore {
    /// The rows of one batch of a page, by their keys.
    fn batch<T: Send + 'static>(
        &self,
        sql: &'static str,
        asked: Vec<Box<dyn ToSql + Sync + Send>>,
        each: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.ask(move |target, session| async move {
            let asked: Vec<&(dyn ToSql + Sync)> = asked
                .iter()
                .map(|one| &**one as &(dyn ToSql + Sync))
                .collect();
            let found = rows(&target, &session, sql, &asked).await?;
            found.iter().map(each).collect()
        })
    }

    /// The same of a list by time.
    fn by_time<T: Send + 'static>(
        &self,
        sql: &'static str,
        after: Option<&Next>,
        many: i64,
        each: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let (at, id) = instant_key(after);
        let asked: Vec<Box<dyn ToSql + Sync + Send>> =
            vec![Box::new(at), Box::new(id), Box::new(many)];
        self.batch(sql, asked, each)
    }
}

impl Lists for PostgresStore {
    fn held(
        &self,
        now: Timestamp,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            let (key, id) = match after {
                Some(next) => (next.key.clone(), next.id),
                None => (second(now), i64::MIN),
            };
            let asked: Vec<Box<dyn ToSql + Sync + Send>> =
                vec![Box::new(key), Box::new(id), Box::new(many)];
            self.batch(HELD, asked, |row| {
                let next = Next {
                    id: get(row, 0)?,
                    key: get(row, 3)?,
                };
                Ok((next, made::decision(get(row, 1)?, get(row, 2)?)?))
            })
        };
        page(after, most, read, |row| made::is_held(&row.decision, now))
    }

    fn blocked(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DecisionRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            self.by_time(BLOCKED, after, many, |row| {
                let (next, at) = placed(row)?;
                Ok((next, made::decision(at, get(row, 2)?)?))
            })
        };
        page(after, most, read, |row| {
            matches!(row.decision.action, Action::Block { .. })
        })
    }

    fn refusals(
        &self,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<RefusalRow>, StoreError> {
        let read = |after: Option<&Next>, many: i64| {
            self.by_time(REFUSALS, after, many, |row| {
                let (next, at) = placed(row)?;
                Ok((next, made::refusal(at, get(row, 2)?)?))
            })
        };
        page(after, most, read, |_| true)
    }

    fn received(
        &self,
        of: &Subject,
        after: Option<&Next>,
        most: usize,
    ) -> Result<Listed<DeliveryRow>, StoreError> {
        let (from, to) = of.range()?;
        let read = |after: Option<&Next>, many: i64| {
            let (key, id) = match after {
                // A place in the list of something else is behind this one's end.
                Some(next) => (next.key.clone().min(to.clone()), next.id),
                None => (to.clone(), i64::MAX),
            };
            let asked: Vec<Box<dyn ToSql + Sync + Send>> = vec![
                Box::new(from.clone()),
                Box::new(key),
                Box::new(id),
                Box::new(many),
            ];
            self.batch(RECEIVED, asked, |row| {
                let next = Next {
                    id: get(row, 0)?,
                    key: get(row, 1)?,
                };
                let row = made::delivery(get(row, 2)?, get(row, 3)?, get(row, 4)?, get(row, 5)?)?;
                Ok((next, row))
            })
        };
        page(after, most, read, |_| true)
    }

    fn count_received(&self, of: &Subject) -> Result<Count, StoreError> {
        let (from, to) = of.range()?;
        let most = limit::COUNTED + 1;
        let asked: Vec<Box<dyn ToSql + Sync + Send>> =
            vec![Box::new(from), Box::new(to), Box::new(most)];
        let counted: Vec<i64> = self.batch(RECEIVED_COUNTED, asked, |row| get(row, 0))?;
        Ok(Count::of(counted.first().copied().unwrap_or(0)))
    }
}

/// A place by time, and the time.
fn placed(row: &Row) -> Result<Placed<i64>, StoreError> {
    let at: i64 = get(row, 1)?;
    let (id, key) = (get(row, 0)?, at.to_string());
    Ok((Next { key, id }, at))
}
