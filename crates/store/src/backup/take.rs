//! Taking a backup, while gates serve.

use super::lines::{Writer, copy};
use super::{
    ARTIFACTS, BACKUP_FILE, BackedChain, BackedFile, Backup, CONTENTS_FILE, Content, Database,
    ROWS_FILE, Row, SCHEMA, TREES, limit, refused, row,
};
use crate::folder::{self, KEY_FILE, PUBLIC_KEY_FILE};
use crate::head::HEADS_FILE;
use crate::verify::{Part, Verification, verify_records};
use crate::{Blob, Blobs, ChainId, FolderBlobs, PublicKey, StoreError};
use customs_model::{Timestamp, printable};
use std::collections::BTreeMap;
use std::path::Path;

/// What is backed up, and where to.
pub struct Take<'a> {
    /// Ledger, memory and index.
    pub database: Database<'a>,
    /// The folder of the backup: none yet, or an empty one.
    pub to: &'a Path,
    /// Artifacts, where they are known.
    pub artifacts: Option<&'a dyn Blobs>,
    /// Whether their bytes are taken. Without it the backup names them.
    pub with_artifacts: bool,
    /// Folders whose files are taken, by name. One that is not there is empty.
    pub trees: &'a [(&'a str, &'a Path)],
    /// Whether the key is taken that signs heads. Who has it can sign as this gate.
    pub with_key: bool,
    /// The instant that is written down.
    pub now: Timestamp,
}

/// Takes a backup. The rows are those of one instant; an artifact or file that goes away meanwhile is
/// named.
///
/// # Errors
/// The folder holds something already, cannot be written, or the database cannot be read. Without
/// its list, which is written last, what lies there is no backup.
pub fn back_up(take: &Take<'_>) -> Result<Backup, StoreError> {
    let to = take.to;
    empty(to)?;
    let mut files = copies(take)?;
    let key = to.join(PUBLIC_KEY_FILE);
    let key = key.exists().then(|| PublicKey::read(&key)).transpose()?;
    let heads = to.join(HEADS_FILE);
    let heads = heads.exists().then_some(heads);
    let mut rows = Rows::new(to)?;
    let verification = verify_records(heads.as_deref(), key.as_ref(), |each| {
        take.database.dump(&mut |row| rows.take(&row, each))?;
        Ok(None)
    })?;
    let chains = rows.ends(&verification);
    let count = rows.count;
    files.push(rows.file.end()?);
    let mut backup = Backup {
        schema: SCHEMA.to_owned(),
        tool: format!("customs {}", env!("CARGO_PKG_VERSION")),
        taken: crate::chain::microseconds(take.now),
        database: take.database.word().to_owned(),
        intact: verification.is_intact(),
        chains,
        rows: count,
        artifacts: 0,
        artifact_bytes: 0,
        with_artifacts: take.with_artifacts,
        missing: Vec::new(),
        files: Vec::new(),
    };
    let mut contents = Writer::new(to.join(CONTENTS_FILE))?;
    if let Some(from) = take.artifacts {
        artifacts(take, from, &mut contents, &mut backup)?;
    }
    for (name, folder) in take.trees {
        tree(to, name, folder, &mut contents)?;
    }
    files.push(contents.end()?);
    backup.files = files;
    let list = serde_json::to_vec_pretty(&backup).map_err(|e| refused(to, e.to_string()))?;
    folder::replace(&to.join(BACKUP_FILE), &list)?;
    Ok(backup)
}

/// Refuses a folder that holds something, and makes one that is not there.
fn empty(to: &Path) -> Result<(), StoreError> {
    folder::make(to)?;
    let mut entries = std::fs::read_dir(to).map_err(StoreError::io("list", to))?;
    if entries.next().is_some() {
        return Err(refused(
            to,
            "there is something in it already. A backup goes into an empty folder",
        ));
    }
    Ok(())
}

/// Key and heads, before the rows: what heads speak of is in the database by then.
fn copies(take: &Take<'_>) -> Result<Vec<BackedFile>, StoreError> {
    let mut names = vec![PUBLIC_KEY_FILE, HEADS_FILE];
    if take.with_key {
        names.push(KEY_FILE);
    }
    let mut files = Vec::new();
    for name in names {
        let from = take.database.folder().join(name);
        if let Some((bytes, digest)) = copy(&from, &take.to.join(name))? {
            let name = name.to_owned();
            files.push(BackedFile {
                name,
                bytes,
                digest,
            });
        }
    }
    Ok(files)
}

/// The rows on their way into the file, and what is remembered of them.
struct Rows {
    file: Writer,
    count: u64,
    names: BTreeMap<i64, String>,
    open: BTreeMap<ChainId, bool>,
}

impl Rows {
    fn new(to: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            file: Writer::new(to.join(ROWS_FILE))?,
            count: 0,
            names: BTreeMap::new(),
            open: BTreeMap::new(),
        })
    }

    fn take(&mut self, row: &Row, each: &mut dyn FnMut(Part<'_>)) -> Result<(), StoreError> {
        self.file.line(row)?;
        self.count += 1;
        if let Row::Chain {
            id, name, ended, ..
        } = row
        {
            self.names.insert(*id, name.clone());
            if let Some(chain) = ChainId::parse(name) {
                self.open.insert(chain, ended.is_none());
            }
        }
        hand_over(row, &self.names, each)
    }

    fn ends(&self, verification: &Verification) -> Vec<BackedChain> {
        let mut reports: BTreeMap<_, _> = BTreeMap::new();
        for report in &verification.chains {
            reports.insert(report.chain.clone(), report);
        }
        let ends = self.open.iter().map(|(chain, open)| {
            let report = reports.get(&chain.to_string());
            let removed = report.and_then(|report| report.removed.as_ref());
            BackedChain {
                chain: *chain,
                records: report.map_or(0, |report| report.records)
                    + removed.map_or(0, |removed| removed.records),
                to: report.and_then(|report| report.to),
                open: *open,
            }
        });
        ends.collect()
    }
}

/// Hands a row to a verification, where it is one that it looks at.
pub(super) fn hand_over(
    row: &Row,
    names: &BTreeMap<i64, String>,
    each: &mut dyn FnMut(Part<'_>),
) -> Result<(), StoreError> {
    match row {
        Row::Record { chain, .. } => {
            if let Some(record) = row::raw(row, names.get(chain).cloned()) {
                each(Part::Record(&record));
            }
        }
        Row::Checkpoint { chain, .. } => {
            let name = names.get(chain).map(String::as_str);
            if let Some(checkpoint) = row::checkpoint(row, name)? {
                each(Part::Checkpoint(checkpoint));
            }
        }
        Row::Chain { .. }
        | Row::Package { .. }
        | Row::Sight { .. }
        | Row::Pin { .. }
        | Row::Publication { .. }
        | Row::Meta { .. }
        | Row::Entry { .. } => {}
    }
    Ok(())
}

fn artifacts(
    take: &Take<'_>,
    from: &dyn Blobs,
    contents: &mut Writer,
    backup: &mut Backup,
) -> Result<(), StoreError> {
    let into = FolderBlobs::open(&take.to.join(ARTIFACTS))?;
    let mut after = None;
    loop {
        let page = from.list(after.as_ref(), crate::blobs::limit::LISTED)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.digest.clone());
        for blob in page {
            let taken = match take.with_artifacts {
                false => false,
                true => match bring(from, &into, &blob) {
                    Ok(there) => there,
                    // One that is spoiled is fetched again by whoever asks for it.
                    Err(error @ StoreError::Spoiled { .. }) => {
                        say(&mut backup.missing, error.to_string());
                        false
                    }
                    Err(error) => return Err(error),
                },
            };
            backup.artifacts += 1;
            backup.artifact_bytes += blob.length;
            contents.line(&Content::Artifact {
                digest: blob.digest,
                bytes: blob.length,
                taken,
            })?;
        }
    }
}

/// Copies one artifact, checked on its way. False: it went away meanwhile.
fn bring(from: &dyn Blobs, into: &FolderBlobs, blob: &Blob) -> Result<bool, StoreError> {
    let path = into.path(&blob.digest);
    if let Some(parent) = path.parent() {
        folder::make(parent)?;
    }
    Ok(crate::fetch_blob(from, &blob.digest, &path)?.is_some())
}

/// Copies the files of a folder.
fn tree(to: &Path, name: &str, from: &Path, contents: &mut Writer) -> Result<(), StoreError> {
    let into = to.join(TREES).join(name);
    let mut waiting = vec![(from.to_owned(), String::new(), 0)];
    while let Some((folder, below, depth)) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(StoreError::io("list", folder)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(StoreError::io("list", &folder))?;
            // What is half written, and names that no customs gives.
            let Ok(file) = entry.file_name().into_string() else {
                continue;
            };
            if file.starts_with('.') {
                continue;
            }
            let path = match below.as_str() {
                "" => file.clone(),
                below => format!("{below}/{file}"),
            };
            // A link is not followed: it may lead anywhere.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && depth < limit::DEPTH {
                waiting.push((entry.path(), path, depth + 1));
            } else if kind.is_file()
                && let Some((bytes, digest)) = copy(&entry.path(), &into.join(&path))?
            {
                contents.line(&Content::File {
                    tree: name.to_owned(),
                    path,
                    bytes,
                    digest,
                })?;
            }
        }
    }
    Ok(())
}

/// Adds a sentence, as long as there are not too many.
pub(super) fn say(said: &mut Vec<String>, sentence: String) {
    if said.len() < limit::SAID {
        said.push(printable(&sentence, 500));
    }
}
