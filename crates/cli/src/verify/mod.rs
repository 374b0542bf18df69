//! `customs verify`: is what lies here what was meant to be here?

pub(crate) mod fetch;
pub(crate) mod history;
pub(crate) mod origin;
pub(crate) mod report;
pub(crate) mod source;

use crate::error::{Doing as _, Failure};
use crate::output;
use customs_ecosystem::lockfile::{self, Kind};
use std::path::PathBuf;

/// Arguments of the question of origin alone.
#[derive(clap::Args)]
pub struct Arguments {
    lockfile: PathBuf,
    #[arg(long)]
    fetch: bool,
    #[arg(long)]
    update: bool,
    #[arg(long)]
    artifacts: Option<PathBuf>,
    #[arg(long)]
    trusted_root: Option<PathBuf>,
    #[arg(long, value_delimiter = ',')]
    source: Vec<PathBuf>,
    #[arg(long, requires = "reason")]
    accept: Option<customs_model::ReleaseId>,
    #[arg(long)]
    reason: Option<String>,
}

/// Runs it.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let path = &arguments.lockfile;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = std::fs::read(path).doing("read the lockfile")?;
    let kind =
        Kind::of_file_name(&name, &bytes).ok_or_else(|| Failure::usage("this is no lockfile"))?;
    let read = lockfile::read(kind, &bytes).doing("read the lockfile")?;
    let project = path.parent().unwrap_or(std::path::Path::new("."));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start")?;
    let mut places: Vec<Box<dyn customs_device::artifact::Source>> = Vec::new();
    if let Some(folder) = &arguments.artifacts {
        places.push(Box::new(customs_device::artifact::ByDigest::fetched(
            folder,
        )));
        if arguments.fetch {
            let fetched = runtime.block_on(fetch::artifacts(&read.entries, project, folder))?;
            output::say(&format!("{fetched:?}"));
        }
    }
    let options = origin::OriginOptions {
        fetch: arguments.fetch,
        trusted_root: arguments.trusted_root.as_deref(),
        at_hand: &places,
        cargo_home: None,
        history: history::HistoryOptions {
            base: None,
            update: arguments.update,
            accept: arguments.accept.as_ref().zip(arguments.reason.as_deref()),
        },
        sources: &arguments.source,
    };
    let origins = runtime.block_on(origin::origins(&read.entries, project, &options))?;
    let value = serde_json::json!({
        "answer": origins.answer,
        "packages": origins.packages,
        "roots": origins.roots,
        "not_checked": origins.not_checked,
        "recorded": origins.recorded,
        "file_changes": origins.file_changes,
    });
    output::result(&format!("{}\n", output::plain_json(&value.to_string())))?;
    Ok(u8::from(origins.answer == customs_model::Answer::No))
}
