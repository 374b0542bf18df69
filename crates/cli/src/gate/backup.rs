//! `customs gate backup` and `customs gate restore`: ledger, memory, index, artifacts, lists of what
//! is in them, and evidence of their origin.

use super::{evidence, keep};
use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{output, paths};
use customs_model::{Clock as _, SystemClock};
use customs_store::{
    Backup, Blobs, FolderBlobs, Gap, Restore, RestoreReport, Take, back_up, check_backup, restore,
};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folders beside the ledger, by the names that they have in a backup.
const TREES: [&str; 3] = [paths::LISTS, "trust", paths::EVIDENCE];

/// Arguments of `customs gate backup`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of the backup: none yet, or an empty one.
    to: PathBuf,
    /// The gate's config, for its folder.
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG")]
    config: Option<PathBuf>,
    /// Name the artifacts with their digests, and do not copy them.
    #[arg(long)]
    without_artifacts: bool,
    /// Take the key that signs heads as well. Who has it can sign as this gate.
    #[arg(long)]
    with_key: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: output::Format,
}

/// Arguments of `customs gate restore`.
#[derive(clap::Args)]
pub struct RestoreArguments {
    /// The folder of the backup.
    from: PathBuf,
    /// The gate's config, for its folder.
    #[arg(long, value_name = "FILE", env = "CUSTOMS_GATE_CONFIG")]
    config: Option<PathBuf>,
    /// Look whether the backup is whole and its chains hang together, and restore nothing.
    #[arg(long)]
    check: bool,
    /// Signed heads that were kept elsewhere: they say how far chains went after the backup.
    #[arg(long, value_name = "FILE")]
    heads: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: output::Format,
}

/// Takes a backup, while gates serve.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    keep::settle(arguments.config.as_deref())?;
    let folder = arguments.place.folder()?;
    let blobs = blobs(&arguments.place)?;
    let mut folders = folders()?;
    for (name, folder) in &mut folders {
        if *name == paths::EVIDENCE {
            // A gate of before may have it elsewhere still.
            *folder = evidence::folder()?;
        }
    }
    let trees: Vec<(&str, &Path)> = trees(&folders);
    let backup = back_up(&Take {
        database: arguments.place.database(&folder)?,
        to: &arguments.to,
        artifacts: Some(&*blobs),
        with_artifacts: !arguments.without_artifacts,
        trees: &trees,
        with_key: arguments.with_key,
        now: SystemClock.now(),
    })
    .doing("take the backup")?;
    match arguments.format.is_json() {
        true => json(&serde_json::json!({
            "schema": "customs/gate-backup-v1", "backup": backup,
        }))?,
        false => output::result(&output::plain_text(&told(&arguments.to, &backup)))?,
    }
    Ok(u8::from(!backup.intact))
}

/// Restores one, or looks whether it could be.
pub fn restore_main(arguments: &RestoreArguments) -> Result<u8, Failure> {
    keep::settle(arguments.config.as_deref())?;
    if arguments.check {
        return check(arguments);
    }
    let folder = arguments.place.folder()?;
    paths::private_folder(&paths::data()?)?;
    let blobs = blobs(&arguments.place)?;
    let folders = folders()?;
    let mut heads = arguments.heads.clone();
    heads.push(arguments.place.heads_copy()?);
    let report = restore(&Restore {
        from: &arguments.from,
        database: arguments.place.database(&folder)?,
        artifacts: Some(&*blobs),
        trees: &trees(&folders),
        heads: &heads,
        clock: Arc::new(SystemClock),
    })
    .doing("restore the backup")?;
    if report.new_key {
        put_aside(&arguments.place.heads_copy()?)?;
    }
    match arguments.format.is_json() {
        true => json(&serde_json::json!({
            "schema": "customs/gate-restore-v1", "backup": report.backup,
            "artifacts": report.artifacts, "files": report.files, "missing": report.missing,
            "gaps": report.gaps, "new_key": report.new_key,
        }))?,
        false => output::result(&output::plain_text(&restored(&report)))?,
    }
    Ok(0)
}

/// What another key signed would be held against the new one's.
fn put_aside(copy: &Path) -> Result<(), Failure> {
    if !copy.exists() {
        return Ok(());
    }
    let name = copy.file_stem().unwrap_or_default().to_string_lossy();
    let aside = copy.with_file_name(format!("{name}-before-restore.jsonl"));
    std::fs::rename(copy, &aside).doing(format_args!("put {} aside", copy.display()))
}

fn check(arguments: &RestoreArguments) -> Result<u8, Failure> {
    let (backup, missing, found) = check_backup(&arguments.from).doing("check the backup")?;
    let intact = found.is_intact();
    match arguments.format.is_json() {
        true => json(&serde_json::json!({
            "schema": "customs/gate-restore-check-v1", "intact": intact, "backup": backup,
            "missing": missing,
        }))?,
        false => {
            let mut text = told(&arguments.from, &backup);
            lacks(&mut text, &missing);
            let word = if intact {
                "hang together"
            } else {
                "do NOT hang together"
            };
            let _ = writeln!(
                text,
                "its files are those of its list, and its chains {word}"
            );
            output::result(&output::plain_text(&text))?;
        }
    }
    Ok(u8::from(!intact))
}

/// The team's artifacts, or this gate's own.
fn blobs(place: &Place) -> Result<Arc<dyn Blobs>, Failure> {
    if let Some(blobs) = place.open_blobs()? {
        return Ok(blobs);
    }
    let folder = paths::cache()?.join(paths::ARTIFACTS);
    let blobs = FolderBlobs::open(&folder).doing("open the gate's artifacts")?;
    Ok(Arc::new(blobs))
}

fn folders() -> Result<Vec<(&'static str, PathBuf)>, Failure> {
    let data = paths::data()?;
    Ok(TREES.map(|name| (name, data.join(name))).into())
}

fn trees<'a>(folders: &'a [(&'static str, PathBuf)]) -> Vec<(&'a str, &'a Path)> {
    let pairs = folders.iter();
    pairs.map(|(name, path)| (*name, path.as_path())).collect()
}

fn json(value: &serde_json::Value) -> Result<(), Failure> {
    output::result(&(output::plain_json(&format!("{value:#}")) + "\n"))
}

fn told(at: &Path, backup: &Backup) -> String {
    let mut text = String::new();
    let records: u64 = backup.chains.iter().map(|chain| chain.records).sum();
    let _ = writeln!(
        text,
        "{}: as of {}, {} chains with {records} records, {} rows",
        at.display(),
        backup.taken.strftime("%Y-%m-%d %H:%M:%S UTC"),
        backup.chains.len(),
        backup.rows
    );
    let how = match backup.with_artifacts {
        true => "with their bytes",
        false => "by their digests only",
    };
    let _ = writeln!(
        text,
        "    {} artifacts ({} bytes), {how}",
        backup.artifacts, backup.artifact_bytes
    );
    lacks(&mut text, &backup.missing);
    if !backup.intact {
        text.push_str(
            "    the ledger was NOT intact when this was taken, and will not be restored: run \
             `customs ledger verify`\n",
        );
    }
    text
}

fn restored(report: &RestoreReport) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "restored as of {}: {} rows, {} artifacts, {} files",
        report.backup.taken.strftime("%Y-%m-%d %H:%M:%S UTC"),
        report.backup.rows,
        report.artifacts,
        report.files
    );
    for gap in &report.gaps {
        let _ = writeln!(text, "    {}", gone(gap));
    }
    lacks(&mut text, &report.missing);
    if report.new_key {
        text.push_str(
            "    heads are signed with a new key from now on; the old public key and heads are \
             ledger-before-restore.pub and heads-before-restore.jsonl beside the new ones\n",
        );
    }
    text
}

/// What is known to be gone of a chain.
fn gone(gap: &Gap) -> String {
    let signed = gap.restored.as_ref().and_then(|restored| restored.signed);
    match signed {
        Some(signed) => format!(
            "gap: chain {} has {} records here, {signed} were signed",
            gap.chain, gap.records
        ),
        None => format!(
            "gap: chain {} has {} records here and may have gone on",
            gap.chain, gap.records
        ),
    }
}

/// The first few things that are missing, and how many there are.
fn lacks(text: &mut String, missing: &[String]) {
    const FEW: usize = 20;
    for sentence in missing.iter().take(FEW) {
        let _ = writeln!(text, "    missing: {sentence}");
    }
    if missing.len() > FEW {
        let _ = writeln!(
            text,
            "    and {} more; --json lists them",
            missing.len() - FEW
        );
    }
}
