//! The memory's tables, and those of the team.

use super::query::{get, rows};
use super::target::{Session, Target};
use crate::StoreError;
use crate::memory::{
    Changed, Pin, Publication, Sight, Sights, identity_key, package_key, package_of, parse_digest,
    version,
};
use crate::rows::instant;
use customs_model::{Digest, FirstSight, PackageName, ReleaseId, Timestamp};

/// How a file is named in the database. PostgreSQL's texts hold no zero byte.
fn artifact_key(artifact: Option<&str>) -> String {
    let key = crate::memory::artifact_key(artifact);
    if key.contains('\0') {
        return Digest::sha256(key.as_bytes()).to_string();
    }
    key.into_owned()
}

async fn package_row(
    target: &Target,
    session: &Session,
    upstream: &str,
    package: &PackageName,
) -> Result<i64, StoreError> {
    let key = package_key(upstream, package);
    const KNOWN: &str = "SELECT id FROM package WHERE name = $1";
    for sql in [
        KNOWN,
        "INSERT INTO package (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id",
        // Another gate was faster.
        KNOWN,
    ] {
        if let Some(row) = rows(target, session, sql, &[&key]).await?.first() {
            return get(row, 0);
        }
    }
    Err(target.away("a row that was written cannot be read"))
}

pub(super) async fn sights(
    target: &Target,
    session: &Session,
    upstream: &str,
    package: &PackageName,
) -> Result<Sights, StoreError> {
    let key = package_key(upstream, package);
    let looks = rows(
        target,
        session,
        "SELECT id, first_look, last_look FROM package WHERE name = $1",
        &[&key],
    )
    .await?;
    let mut sights = Sights::default();
    let Some(looks) = looks.first() else {
        return Ok(sights);
    };
    let time = |row: &tokio_postgres::Row, column: usize| {
        get::<Option<i64>>(row, column)?.map(instant).transpose()
    };
    sights.first_look = time(looks, 1)?;
    sights.last_look = time(looks, 2)?;
    let package: i64 = get(looks, 0)?;
    let found = rows(
        target,
        session,
        "SELECT version, artifact, first, not_before, published, published_before
         FROM sight WHERE package = $1",
        &[&package],
    )
    .await?;
    for row in &found {
        let not_before = time(row, 3)?;
        let sight = Sight {
            first: FirstSight {
                at: instant(get(row, 2)?)?,
                // There was no earlier look.
                baseline: not_before.is_none(),
                not_before,
            },
            published: time(row, 4)?,
            published_before: time(row, 5)?,
        };
        sights
            .entries
            .entry(version(get(row, 0)?)?)
            .or_default()
            .insert(get(row, 1)?, sight);
    }
    Ok(sights)
}

/// The upstreams whose documents of a package were looked at, with what is remembered of each.
pub(super) async fn all_sights(
    target: &Target,
    session: &Session,
    package: &PackageName,
) -> Result<Vec<(String, Sights)>, StoreError> {
    let alone = package_key("", package);
    // What follows is an upstream's name behind a space, and `!` comes right behind that.
    let (from, to) = (format!("{alone} "), format!("{alone}!"));
    let found = rows(
        target,
        session,
        "SELECT name FROM package WHERE name = $1 OR name >= $2 AND name < $3 ORDER BY name",
        &[&alone, &from, &to],
    )
    .await?;
    let mut all = Vec::with_capacity(found.len());
    for row in &found {
        let key: &str = get(row, 0)?;
        let upstream = key.strip_prefix(&from).unwrap_or_default();
        let seen = sights(target, session, upstream, package).await?;
        all.push((upstream.to_owned(), seen));
    }
    Ok(all)
}

/// Writes the rows of a look, and notes the look itself after them: one that was cut short
/// was none.
pub(super) async fn write(
    target: &Target,
    session: &Session,
    upstream: &str,
    package: &PackageName,
    changed: &[Changed],
    at: Timestamp,
) -> Result<(), StoreError> {
    let package = package_row(target, session, upstream, package).await?;
    for part in changed.chunks(10_000) {
        let mut versions = Vec::with_capacity(part.len());
        let mut artifacts = Vec::with_capacity(part.len());
        let mut times: [Vec<Option<i64>>; 4] = Default::default();
        // A document may name a file twice; the statement may not.
        let mut named = std::collections::BTreeSet::new();
        for row in part {
            let file = artifact_key(Some(&row.artifact));
            if !named.insert((row.version.as_str(), file.clone())) {
                continue;
            }
            versions.push(row.version.as_str());
            artifacts.push(file);
            let sight = &row.sight;
            for (column, at) in times.iter_mut().zip([
                Some(sight.first.at),
                sight.first.not_before,
                sight.published,
                sight.published_before,
            ]) {
                column.push(at.map(Timestamp::as_microsecond));
            }
        }
        let [first, not_before, published, before] = &times;
        // Two looks at once: the first sight is the earlier one's.
        rows(
            target,
            session,
            "INSERT INTO sight
               (package, version, artifact, first, not_before, published, published_before)
             SELECT $1, t.* FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[],
                                        $6::bigint[], $7::bigint[]) AS t
             ON CONFLICT (package, version, artifact) DO UPDATE SET
               published = excluded.published, published_before = excluded.published_before
             WHERE excluded.published IS NOT NULL",
            &[
                &package, &versions, &artifacts, first, not_before, published, before,
            ],
        )
        .await?;
    }
    rows(
        target,
        session,
        "UPDATE package SET first_look = coalesce(first_look, $2), last_look = $2 WHERE id = $1",
        &[&package, &at.as_microsecond()],
    )
    .await?;
    Ok(())
}

const PINNED: &str = "
    SELECT pin.digest FROM pin JOIN package ON package.id = pin.package
    WHERE package.name = $1 AND pin.version = $2 AND pin.artifact = $3";

async fn pins(
    target: &Target,
    session: &Session,
    upstream: &str,
    release: &ReleaseId,
    artifact: &str,
) -> Result<Vec<Digest>, StoreError> {
    let package = package_key(upstream, &release.package);
    let key = artifact_key(Some(artifact));
    let found = rows(
        target,
        session,
        PINNED,
        &[&package, &release.version.as_str(), &key],
    )
    .await?;
    found.iter().map(|row| parse_digest(get(row, 0)?)).collect()
}

pub(super) async fn digest_seen(
    target: &Target,
    session: &Session,
    upstream: &str,
    release: &ReleaseId,
    artifact: &str,
) -> Result<Option<Digest>, StoreError> {
    let found = pins(target, session, upstream, release, artifact).await?;
    Ok(found.into_iter().max_by_key(Digest::algorithm))
}

pub(super) async fn pin_digest(
    target: &Target,
    session: &Session,
    upstream: &str,
    release: &ReleaseId,
    artifact: &str,
    digest: &Digest,
    at: Timestamp,
) -> Result<Pin, StoreError> {
    let package = package_row(target, session, upstream, &release.package).await?;
    let inserted = rows(
        target,
        session,
        "INSERT INTO pin (package, version, artifact, algorithm, digest, at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1",
        &[
            &package,
            &release.version.as_str(),
            &artifact_key(Some(artifact)),
            &digest.algorithm().name(),
            &digest.to_string(),
            &at.as_microsecond(),
        ],
    )
    .await?;
    if !inserted.is_empty() {
        return Ok(Pin::New);
    }
    let found = pins(target, session, upstream, release, artifact).await?;
    let before = found
        .into_iter()
        .find(|before| before.algorithm() == digest.algorithm());
    Ok(match before {
        Some(before) if before != *digest => Pin::Changed { before },
        Some(_) | None => Pin::Same,
    })
}

pub(super) async fn record_publications(
    target: &Target,
    session: &Session,
    publications: &[Publication],
) -> Result<(), StoreError> {
    for publication in publications {
        let package = package_row(target, session, "", &publication.package).await?;
        rows(
            target,
            session,
            "INSERT INTO publication (identity, at, package, version)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            &[
                &known_as(&publication.identity),
                &publication.at.as_microsecond(),
                &package,
                &publication.version.as_str(),
            ],
        )
        .await?;
    }
    Ok(())
}

fn known_as(identity: &str) -> String {
    if identity.contains('\0') {
        return Digest::sha256(identity.as_bytes()).to_string();
    }
    identity_key(identity).into_owned()
}

pub(super) async fn packages_by_identity(
    target: &Target,
    session: &Session,
    identity: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<PackageName>, StoreError> {
    let found = rows(
        target,
        session,
        "SELECT DISTINCT package.name FROM publication
         JOIN package ON package.id = publication.package
         WHERE identity = $1 AND at BETWEEN $2 AND $3
         ORDER BY package.name LIMIT 1000",
        &[
            &known_as(identity),
            &from.as_microsecond(),
            &to.as_microsecond(),
        ],
    )
    .await?;
    let names: Result<Vec<String>, _> = found.iter().map(|row| get(row, 0)).collect();
    Ok(names?.iter().filter_map(|name| package_of(name)).collect())
}

/// Forgets publications that no rule looks at any more, and leases that ended long ago.
pub(super) async fn prune(
    target: &Target,
    session: &Session,
    before: Timestamp,
) -> Result<(), StoreError> {
    rows(
        target,
        session,
        "DELETE FROM publication WHERE at < $1",
        &[&before.as_microsecond()],
    )
    .await?;
    rows(
        target,
        session,
        "DELETE FROM lease WHERE until < clock_timestamp() - interval '1 day'",
        &[],
    )
    .await?;
    Ok(())
}

pub(super) async fn meta(
    target: &Target,
    session: &Session,
    key: &str,
) -> Result<Option<String>, StoreError> {
    let found = rows(
        target,
        session,
        "SELECT value FROM meta WHERE key = $1",
        &[&key],
    )
    .await?;
    found.first().map(|row| get(row, 0)).transpose()
}

pub(super) async fn set_meta(
    target: &Target,
    session: &Session,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    rows(
        target,
        session,
        "INSERT INTO meta (key, value) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        &[&key, &value],
    )
    .await?;
    Ok(())
}
