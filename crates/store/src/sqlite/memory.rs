//! The memory's tables.

use super::query::{all, get};
use crate::StoreError;
use crate::memory::{
    Changed, Pin, Publication, Sight, Sights, artifact_key, identity_key, package_key, package_of,
    parse_digest, version,
};
use crate::rows::instant;
use customs_model::{Digest, FirstSight, PackageName, ReleaseId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

const ASKED: &str = "remember";

/// The row of a package, made if it is missing. Its text is `npm:@scope/name`.
fn package_row(
    connection: &Connection,
    upstream: &str,
    package: &PackageName,
) -> Result<i64, StoreError> {
    if let Some(row) = known_package(connection, upstream, package)? {
        return Ok(row);
    }
    connection
        .prepare_cached("INSERT INTO package (name) VALUES (?1)")
        .and_then(|mut insert| insert.insert([package_key(upstream, package)]))
        .map_err(StoreError::sqlite(ASKED))
}

fn known_package(
    connection: &Connection,
    upstream: &str,
    package: &PackageName,
) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM package WHERE name = ?1")
        .and_then(|mut query| {
            query
                .query_row([package_key(upstream, package)], |row| row.get(0))
                .optional()
        })
        .map_err(StoreError::sqlite(ASKED))
}

pub(super) fn sights(
    connection: &Connection,
    upstream: &str,
    package: &PackageName,
) -> Result<Sights, StoreError> {
    let failed = StoreError::sqlite(ASKED);
    let mut sights = Sights::default();
    let looks = connection
        .prepare_cached("SELECT id, first_look, last_look FROM package WHERE name = ?1")
        .and_then(|mut query| {
            query
                .query_row([package_key(upstream, package)], |row| {
                    let id: i64 = row.get(0)?;
                    let first: Option<i64> = row.get(1)?;
                    let last: Option<i64> = row.get(2)?;
                    Ok((id, first, last))
                })
                .optional()
        })
        .map_err(&failed)?;
    let Some((package, first, last)) = looks else {
        return Ok(sights);
    };
    sights.first_look = first.map(instant).transpose()?;
    sights.last_look = last.map(instant).transpose()?;
    let rows = all(
        connection,
        "SELECT version, artifact, first, not_before, published, published_before
         FROM sight WHERE package = ?1",
        [package],
        |row| Ok((version(&get::<String>(row, 0)?)?, get(row, 1)?, sight(row)?)),
    )?;
    for (version, artifact, sight) in rows {
        sights
            .entries
            .entry(version)
            .or_default()
            .insert(artifact, sight);
    }
    Ok(sights)
}

/// The upstreams whose documents of a package were looked at, with what is remembered of each.
pub(super) fn all_sights(
    connection: &Connection,
    package: &PackageName,
) -> Result<Vec<(String, Sights)>, StoreError> {
    let alone = package_key("", package);
    // What follows an upstream's name is a space, and `!` comes right behind it.
    let (from, to) = (format!("{alone} "), format!("{alone}!"));
    let keys: Vec<String> = all(
        connection,
        "SELECT name FROM package WHERE name = ?1 OR name >= ?2 AND name < ?3 ORDER BY name",
        params![alone, from, to],
        |row| get(row, 0),
    )?;
    let upstreams = keys
        .iter()
        .map(|key| key.strip_prefix(&from).unwrap_or_default().to_owned());
    upstreams
        .map(|upstream| {
            let sights = sights(connection, &upstream, package)?;
            Ok((upstream, sights))
        })
        .collect()
}

fn sight(row: &Row<'_>) -> Result<Sight, StoreError> {
    let time = |column| get::<Option<i64>>(row, column)?.map(instant).transpose();
    let not_before = time(3)?;
    Ok(Sight {
        first: FirstSight {
            at: instant(get(row, 2)?)?,
            // There was no earlier look.
            baseline: not_before.is_none(),
            not_before,
        },
        published: time(4)?,
        published_before: time(5)?,
    })
}

/// Writes some of the rows of a look.
pub(super) fn write(
    connection: &Connection,
    upstream: &str,
    package: &PackageName,
    changed: &[Changed],
) -> Result<(), StoreError> {
    let package = package_row(connection, upstream, package)?;
    let failed = StoreError::sqlite(ASKED);
    // Two looks at once: the first sight is the earlier one's.
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO sight
               (package, version, artifact, first, not_before, published, published_before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET
               published = excluded.published, published_before = excluded.published_before
             WHERE excluded.published IS NOT NULL",
        )
        .map_err(&failed)?;
    for row in changed {
        let time = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        insert
            .execute(params![
                package,
                row.version.as_str(),
                row.artifact,
                row.sight.first.at.as_microsecond(),
                time(row.sight.first.not_before),
                time(row.sight.published),
                time(row.sight.published_before),
            ])
            .map_err(&failed)?;
    }
    Ok(())
}

/// Notes the look itself, after its rows: a look that a crash cut short was none.
pub(super) fn looked(
    connection: &Connection,
    upstream: &str,
    package: &PackageName,
    at: Timestamp,
) -> Result<(), StoreError> {
    let package = package_row(connection, upstream, package)?;
    connection
        .prepare_cached(
            "UPDATE package SET first_look = coalesce(first_look, ?2), last_look = ?2
             WHERE id = ?1",
        )
        .and_then(|mut update| update.execute(params![package, at.as_microsecond()]))
        .map_err(StoreError::sqlite(ASKED))?;
    Ok(())
}

pub(super) fn digest_seen(
    connection: &Connection,
    upstream: &str,
    release: &ReleaseId,
    artifact: &str,
) -> Result<Option<Digest>, StoreError> {
    let Some(package) = known_package(connection, upstream, &release.package)? else {
        return Ok(None);
    };
    let key = artifact_key(Some(artifact));
    let found = all(
        connection,
        "SELECT digest FROM pin WHERE package = ?1 AND version = ?2 AND artifact = ?3",
        params![package, release.version.as_str(), key],
        |row| parse_digest(&get::<String>(row, 0)?),
    )?;
    Ok(found.into_iter().max_by_key(Digest::algorithm))
}

pub(super) fn pin_digest(
    connection: &Connection,
    upstream: &str,
    release: &ReleaseId,
    artifact: &str,
    digest: &Digest,
    at: Timestamp,
) -> Result<Pin, StoreError> {
    let package = package_row(connection, upstream, &release.package)?;
    let failed = StoreError::sqlite(ASKED);
    let key = artifact_key(Some(artifact));
    let inserted = connection
        .prepare_cached(
            "INSERT INTO pin (package, version, artifact, algorithm, digest, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                package,
                release.version.as_str(),
                key,
                digest.algorithm().name(),
                digest.to_string(),
                at.as_microsecond(),
            ])
        })
        .map_err(&failed)?;
    if inserted == 1 {
        return Ok(Pin::New);
    }
    let before: String = connection
        .prepare_cached(
            "SELECT digest FROM pin
             WHERE package = ?1 AND version = ?2 AND artifact = ?3 AND algorithm = ?4",
        )
        .and_then(|mut query| {
            let algorithm = digest.algorithm().name();
            query.query_row(
                params![package, release.version.as_str(), key, algorithm],
                |row| row.get(0),
            )
        })
        .map_err(&failed)?;
    let before = parse_digest(&before)?;
    Ok(if before == *digest {
        Pin::Same
    } else {
        Pin::Changed { before }
    })
}

pub(super) fn record_publications(
    connection: &Connection,
    publications: &[Publication],
) -> Result<(), StoreError> {
    for publication in publications {
        let package = package_row(connection, "", &publication.package)?;
        connection
            .prepare_cached(
                "INSERT INTO publication (identity, at, package, version)
                 VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    identity_key(&publication.identity),
                    publication.at.as_microsecond(),
                    package,
                    publication.version.as_str(),
                ])
            })
            .map_err(StoreError::sqlite(ASKED))?;
    }
    Ok(())
}

pub(super) fn packages_by_identity(
    connection: &Connection,
    identity: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<PackageName>, StoreError> {
    let names = all(
        connection,
        "SELECT DISTINCT package.name FROM publication
         JOIN package ON package.id = publication.package
         WHERE identity = ?1 AND at BETWEEN ?2 AND ?3
         ORDER BY package.name LIMIT 1000",
        params![
            identity_key(identity),
            from.as_microsecond(),
            to.as_microsecond()
        ],
        |row| get::<String>(row, 0),
    )?;
    Ok(names.iter().filter_map(|name| package_of(name)).collect())
}

/// Forgets publications that no rule looks at any more.
pub(super) fn prune(connection: &Connection, before: Timestamp) -> Result<(), StoreError> {
    connection
        .execute(
            "DELETE FROM publication WHERE at < ?1",
            [before.as_microsecond()],
        )
        .map_err(StoreError::sqlite(ASKED))?;
    Ok(())
}

pub(super) fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")
        .and_then(|mut query| query.query_row([key], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(ASKED))
}

pub(super) fn set_meta(connection: &Connection, key: &str, value: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )
        .and_then(|mut insert| insert.execute([key, value]))
        .map_err(StoreError::sqlite(ASKED))?;
    Ok(())
}
