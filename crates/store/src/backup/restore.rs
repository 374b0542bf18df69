//! Making a database, and the folders beside it, of a backup.

use super::lines::{self, Reader};
use super::take::{hand_over, say};
use super::{
    ARTIFACTS, BACKUP_FILE, Backup, CONTENTS_FILE, Content, Database, ROWS_FILE, Row, SCHEMA,
    TREES, limit, refused,
};
use crate::chain::microseconds;
use crate::folder::{self, KEY_FILE, PUBLIC_KEY_FILE};
use crate::head::{HEADS_FILE, Head, Heads};
use crate::verify::{Verification, verify_records};
use crate::{
    Blobs, ChainId, FolderBlobs, Gap, LedgerRecord, Note, PublicKey, Put, Restored, SqliteStore,
    Store, StoreError,
};
use customs_model::{Clock, Digest, Timestamp, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Where the heads and the key of before lie when the restored gate has another key.
const OLD_HEADS: &str = "heads-before-restore.jsonl";
const OLD_KEY: &str = "ledger-before-restore.pub";

/// What is restored, and where to.
pub struct Restore<'a> {
    /// The folder of the backup.
    pub from: &'a Path,
    /// What is made: nothing may be recorded there yet.
    pub database: Database<'a>,
    /// Where artifacts go; none: they stay in the backup.
    pub artifacts: Option<&'a dyn Blobs>,
    /// Where folders go, by the names that they were taken under.
    pub trees: &'a [(&'a str, &'a Path)],
    /// Signed heads that are known besides: how far chains went after the backup.
    pub heads: &'a [PathBuf],
    /// The clock of what is recorded.
    pub clock: Arc<dyn Clock>,
}

/// What restoring came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreReport {
    /// What the backup said of itself.
    pub backup: Backup,
    /// Artifacts that were put, or were there.
    pub artifacts: u64,
    /// Files of folders that were put, or were there.
    pub files: u64,
    /// What the backup names and does not hold, or holds as something else, a sentence each.
    pub missing: Vec<String>,
    /// Chains that had gone on, or may have: each is recorded as a gap.
    pub gaps: Vec<Gap>,
    /// The key that signs heads is another one than before.
    pub new_key: bool,
}

/// Looks whether a backup is whole and its chains hang together, and changes nothing; the list, what
/// is missing, and what a verification of the rows found.
///
/// # Errors
/// It is no backup, or one of its files is not what the list says.
pub fn check_backup(from: &Path) -> Result<(Backup, Vec<String>, Verification), StoreError> {
    let (backup, _) = listed(from)?;
    let verification = followed(from)?;
    let mut missing = backup.missing.clone();
    walk(from, &mut missing, |content, path, missing| {
        let (wanted, shown) = match &content {
            Content::Artifact { digest, .. } => (digest, digest.to_string()),
            Content::File { digest, path, .. } => (digest, path.clone()),
        };
        let whole = match &content {
            Content::Artifact { .. } => whole_blob(from, wanted)?,
            Content::File { .. } => lines::digest(path)?.map(|(_, found)| found == *wanted),
        };
        match whole {
            Some(true) => {}
            Some(false) => say(missing, format!("{shown} is something else in the backup")),
            None => say(missing, format!("{shown} is not in the backup")),
        }
        Ok(())
    })?;
    Ok((backup, missing, verification))
}

/// Restores a backup. The rows are there whole or not at all; artifacts and files follow, and what
/// is missing of them is said.
///
/// # Errors
/// Something is recorded there already; the backup is not whole, or its chains do not hang
/// together; the target cannot be written.
pub fn restore(restore: &Restore<'_>) -> Result<RestoreReport, StoreError> {
    let from = restore.from;
    let (backup, digest) = listed(from)?;
    let verification = followed(from)?;
    if let Some(chain) = verification.chains.iter().find(|chain| !chain.is_sound()) {
        let why = match &chain.problem {
            Some(problem) => format!("record {}: {}", problem.seq, problem.what),
            None => "records that were signed are missing at its end".to_owned(),
        };
        return Err(refused(
            from,
            format!(
                "chain {} does not hang together ({why}). It is not restored; use an older backup",
                chain.chain
            ),
        ));
    }
    let folder = restore.database.folder();
    folder::make(folder)?;
    let mut reader = Reader::open(from.join(ROWS_FILE))?;
    let mut next = || reader.next::<Row>();
    match restore.database {
        Database::Sqlite(folder) => crate::sqlite::backup::load(folder, &mut next)?,
        #[cfg(feature = "postgres")]
        Database::Postgres { url, .. } => crate::PostgresStore::load(url, &mut next)?,
    }
    let known = heads_beyond(restore, &backup)?;
    let new_key = keys(from, folder)?;
    let gaps = gaps(&backup, &digest, &known, microseconds(restore.clock.now()));
    record(restore, &backup, &gaps)?;
    let mut report = RestoreReport {
        missing: backup.missing.clone(),
        backup,
        artifacts: 0,
        files: 0,
        gaps,
        new_key,
    };
    contents(restore, &mut report)?;
    Ok(report)
}

/// The list, and its digest. Its files are what it says.
fn listed(from: &Path) -> Result<(Backup, Digest), StoreError> {
    let path = from.join(BACKUP_FILE);
    let mut bytes = Vec::new();
    match std::fs::File::open(&path) {
        Ok(file) => file
            .take(limit::LIST)
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", &path))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused(
                from,
                format!("there is no {BACKUP_FILE} in it: it is no backup, or was not finished"),
            ));
        }
        Err(e) => return Err(StoreError::io("read", path)(e)),
    };
    let backup: Backup = serde_json::from_slice(&bytes)
        .map_err(|e| refused(&path, format!("it cannot be read: {e}")))?;
    if backup.schema != SCHEMA {
        let schema = printable(&backup.schema, 60);
        return Err(refused(
            &path,
            format!("it is of the form {schema:?}, this customs knows {SCHEMA}. Use a newer one"),
        ));
    }
    for name in [ROWS_FILE, CONTENTS_FILE] {
        if !backup.files.iter().any(|file| file.name == name) {
            return Err(refused(&path, format!("it does not list {name}")));
        }
    }
    for file in &backup.files {
        let path = from.join(inside(&file.name).ok_or_else(|| refused(from, "a name is none"))?);
        match lines::digest(&path)? {
            Some((_, found)) if found == file.digest => {}
            Some(_) => {
                return Err(refused(
                    &path,
                    "it is not what was backed up. Use another copy of the backup",
                ));
            }
            None => {
                return Err(refused(
                    &path,
                    "it is missing. Use another copy of the backup",
                ));
            }
        }
    }
    Ok((backup, Digest::sha256(&bytes)))
}

/// Follows the chains of the rows, against the heads that were taken.
fn followed(from: &Path) -> Result<Verification, StoreError> {
    let key = from.join(PUBLIC_KEY_FILE);
    let key = key.exists().then(|| PublicKey::read(&key)).transpose()?;
    let heads = from.join(HEADS_FILE);
    let heads = heads.exists().then_some(heads);
    verify_records(heads.as_deref(), key.as_ref(), |each| {
        let mut reader = Reader::open(from.join(ROWS_FILE))?;
        let mut names = BTreeMap::new();
        while let Some(row) = reader.next::<Row>()? {
            if let Row::Chain { id, name, .. } = &row {
                names.insert(*id, name.clone());
            }
            hand_over(&row, &names, each)?;
        }
        Ok(None)
    })
}

/// The newest signed heads of chains that went further than the backup, and when that was.
fn heads_beyond(
    restore: &Restore<'_>,
    backup: &Backup,
) -> Result<BTreeMap<ChainId, Head>, StoreError> {
    let folder = restore.database.folder();
    let mut keys = Vec::new();
    for path in [restore.from, folder].map(|at| at.join(PUBLIC_KEY_FILE)) {
        if path.exists() {
            keys.push(PublicKey::read(&path)?);
        }
    }
    let mut files = vec![folder.join(HEADS_FILE)];
    files.extend(restore.heads.iter().cloned());
    let taken: BTreeMap<_, _> = backup.chains.iter().map(|c| (c.chain, c.records)).collect();
    let mut beyond: BTreeMap<ChainId, Head> = BTreeMap::new();
    for path in files.iter().filter(|path| path.exists()) {
        for (_, head) in Heads::read(path)?.all {
            let further = head.count > taken.get(&head.chain).copied().unwrap_or(0);
            let newer = beyond.get(&head.chain).is_none_or(|h| h.count < head.count);
            if further && newer && keys.iter().any(|key| head.is_signed_by(key)) {
                beyond.insert(head.chain, head);
            }
        }
    }
    Ok(beyond)
}

/// Puts key and heads in their places. Whether heads are signed by another key from now on.
fn keys(from: &Path, folder: &Path) -> Result<bool, StoreError> {
    let (old, own) = (from.join(PUBLIC_KEY_FILE), folder.join(PUBLIC_KEY_FILE));
    if !old.exists() {
        return Ok(!own.exists());
    }
    let old_key = PublicKey::read(&old)?;
    if !folder.join(KEY_FILE).exists() && !own.exists() && from.join(KEY_FILE).exists() {
        lines::copy(&from.join(KEY_FILE), &folder.join(KEY_FILE))?;
        lines::copy(&old, &own)?;
    }
    // Made where there is none.
    folder::signing_key(folder)?;
    let is_new = PublicKey::read(&own)? != old_key;
    let heads = from.join(HEADS_FILE);
    let (heads_to, key_to) = match is_new {
        true => (folder.join(OLD_HEADS), Some(folder.join(OLD_KEY))),
        false => (folder.join(HEADS_FILE), None),
    };
    // What is there has come at least as far: a backup's heads are those of its own time.
    if heads.exists() && !heads_to.exists() {
        lines::copy(&heads, &heads_to)?;
    }
    if let Some(key_to) = key_to
        && !key_to.exists()
    {
        lines::copy(&old, &key_to)?;
    }
    Ok(is_new)
}

/// A gap for each chain that went on, or may have.
fn gaps(
    backup: &Backup,
    digest: &Digest,
    beyond: &BTreeMap<ChainId, Head>,
    now: Timestamp,
) -> Vec<Gap> {
    let mut chains: BTreeMap<ChainId, (u64, Option<Timestamp>)> = BTreeMap::new();
    for chain in backup.chains.iter().filter(|chain| chain.open) {
        chains.insert(chain.chain, (chain.records, chain.to));
    }
    for id in beyond.keys() {
        let known = backup.chains.iter().find(|chain| chain.chain == *id);
        let end = known.map_or((0, None), |chain| (chain.records, chain.to));
        chains.insert(*id, end);
    }
    let gaps = chains.into_iter().map(|(chain, (records, from))| Gap {
        chain,
        records,
        from,
        to: now,
        restored: Some(Restored {
            taken: backup.taken,
            backup: digest.clone(),
            signed: beyond.get(&chain).map(|head| head.count),
        }),
    });
    gaps.collect()
}

/// Goes on in a chain of its own, which says what happened; its head is signed at the end.
fn record(restore: &Restore<'_>, backup: &Backup, gaps: &[Gap]) -> Result<(), StoreError> {
    let clock = Arc::clone(&restore.clock);
    let store: Box<dyn Store> = match restore.database {
        Database::Sqlite(folder) => Box::new(SqliteStore::open(folder, clock)?),
        #[cfg(feature = "postgres")]
        Database::Postgres { url, folder } => {
            Box::new(crate::PostgresStore::open(url, folder, clock)?)
        }
    };
    for gap in gaps {
        store.append_wait(LedgerRecord::Gap(gap.clone()))?;
    }
    let text = format!(
        "restored from a backup of {}; what was recorded after that is not here",
        backup.taken
    );
    store.append_wait(LedgerRecord::Note(Note { text }))?;
    store.flush()
}

/// Puts artifacts and files into their places.
fn contents(restore: &Restore<'_>, report: &mut RestoreReport) -> Result<(), StoreError> {
    let from = FolderBlobs::open(&restore.from.join(ARTIFACTS))?;
    let trees: BTreeMap<&str, &Path> = restore.trees.iter().copied().collect();
    let mut unplaced = BTreeSet::new();
    let (mut artifacts, mut files) = (0, 0);
    let mut missing = std::mem::take(&mut report.missing);
    walk(restore.from, &mut missing, |content, path, missing| {
        match content {
            Content::Artifact { digest, .. } => {
                let Some(into) = restore.artifacts else {
                    return Ok(());
                };
                match put(&from, into, &digest) {
                    Ok(true) => artifacts += 1,
                    Ok(false) => say(missing, format!("{digest} is not in the backup")),
                    Err(error @ StoreError::Spoiled { .. }) => say(missing, error.to_string()),
                    Err(error) => return Err(error),
                }
            }
            Content::File {
                tree,
                path: name,
                digest,
                ..
            } => {
                let Some(folder) = trees.get(tree.as_str()) else {
                    unplaced.insert(tree);
                    return Ok(());
                };
                match place(path, &folder.join(&name), &digest)? {
                    Some(true) => files += 1,
                    Some(false) => say(missing, format!("{name} is something else in the backup")),
                    None => say(missing, format!("{name} is not in the backup")),
                }
            }
        }
        Ok(())
    })?;
    for tree in unplaced {
        say(
            &mut missing,
            format!("this customs does not know where the folder {tree:?} belongs"),
        );
    }
    report.missing = missing;
    (report.artifacts, report.files) = (artifacts, files);
    Ok(())
}

/// Hands over everything that was taken, with where it lies in the backup. What was only named is
/// said to be missing.
fn walk(
    from: &Path,
    missing: &mut Vec<String>,
    mut each: impl FnMut(Content, &Path, &mut Vec<String>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut reader = Reader::open(from.join(CONTENTS_FILE))?;
    while let Some(content) = reader.next::<Content>()? {
        let at = match &content {
            Content::Artifact {
                digest,
                taken: false,
                ..
            } => {
                say(missing, format!("{digest} was not taken into the backup"));
                continue;
            }
            Content::Artifact { digest, .. } => {
                from.join(ARTIFACTS).join(crate::blobs::name(digest))
            }
            Content::File { tree, path, .. } => match (inside(tree), inside(path)) {
                (Some(tree), Some(path)) => from.join(TREES).join(tree).join(path),
                _ => return Err(refused(from, "it names a file outside of itself")),
            },
        };
        each(content, &at, missing)?;
    }
    Ok(())
}

/// A name that leads nowhere but down.
fn inside(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let parts = path.components();
    let down = parts.map(|part| matches!(part, Component::Normal(_)));
    (!name.is_empty() && down.into_iter().all(|down| down)).then_some(path)
}

/// Puts an artifact, checked on its way. False: the backup has none.
fn put(from: &FolderBlobs, into: &dyn Blobs, digest: &Digest) -> Result<bool, StoreError> {
    let Ok(mut file) = std::fs::File::open(from.path(digest)) else {
        return Ok(false);
    };
    let (Put::New | Put::There) = into.put(digest, &mut file)?;
    Ok(true)
}

/// Whether an artifact of the backup has its bytes; none: it is not there.
fn whole_blob(from: &Path, digest: &Digest) -> Result<Option<bool>, StoreError> {
    let blobs = FolderBlobs::open(&from.join(ARTIFACTS))?;
    match blobs.read(digest, &mut std::io::sink()) {
        Ok(length) => Ok(length.map(|_| true)),
        Err(StoreError::Spoiled { .. }) => Ok(Some(false)),
        Err(error) => Err(error),
    }
}

/// Puts a file of a folder; whether it is what it should be. None: the backup has none. What is there
/// stays.
fn place(from: &Path, to: &Path, digest: &Digest) -> Result<Option<bool>, StoreError> {
    match lines::digest(from)? {
        None => return Ok(None),
        Some((_, found)) if found != *digest => return Ok(Some(false)),
        Some(_) => {}
    }
    if !to.exists() {
        lines::copy(from, to)?;
    }
    Ok(Some(true))
}
