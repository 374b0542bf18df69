//! Many releases at once: what lockfiles name, each read once.

use super::Inspected;
use super::desk::Desk;
use super::own::Own;
use super::release::{self, How};
use crate::error::{Doing as _, Failure};
use crate::progress::Progress;
use customs_ecosystem::lockfile::{self, Kind, Source};
use customs_model::{Digest, ReleaseId, printable};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::path::Path;

/// Releases that are fetched and read at the same time.
const TOGETHER: usize = 8;

/// What is wanted of registries.
#[derive(Default)]
pub(super) struct Wanted {
    releases: BTreeMap<ReleaseId, One>,
    /// What is not read: where it stands, and why.
    pub left_out: Vec<(String, String)>,
}

/// A release that is wanted.
#[derive(Default)]
pub(super) struct One {
    /// What a lockfile promises the artifact to be.
    pub digests: Vec<Digest>,
    /// Somebody named it, so it is read as a whole and compared.
    pub is_named: bool,
}

impl Wanted {
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// The releases that are wanted, for people.
    pub fn spoken(&self) -> Vec<String> {
        self.releases.keys().map(ReleaseId::spoken).collect()
    }

    /// Adds a release that somebody named.
    pub fn add(&mut self, release: ReleaseId) {
        self.releases.entry(release).or_default().is_named = true;
    }

    /// Notes what is not read, and why.
    pub fn leave_out(&mut self, name: String, because: String) {
        self.left_out.push((name, because));
    }

    /// Adds what a lockfile names.
    pub fn add_lockfile(&mut self, path: &Path) -> Result<(), Failure> {
        let name = printable(&path.display().to_string(), 300);
        let length = std::fs::metadata(path).doing(format!("read {name}"))?.len();
        if length > lockfile::limit::BYTES as u64 {
            return Err(Failure::work(format!(
                "{name} is larger than a lockfile may be"
            )));
        }
        let bytes = std::fs::read(path).doing(format!("read {name}"))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = Kind::of_file_name(&file, &bytes)
            .ok_or_else(|| Failure::usage(format!("{name} is no lockfile that is known")))?;
        let read = lockfile::read(kind, &bytes).doing(format!("read {name}"))?;
        for entry in &read.skipped {
            self.leave_out(name.clone(), format!("an entry could not be read: {entry}"));
        }
        for entry in read.entries {
            match entry.source {
                Source::Registry => {
                    let one = self.releases.entry(entry.release).or_default();
                    // Yarn 4's digest is that of an archive of its own.
                    if kind != Kind::YarnBerry {
                        one.digests.extend(entry.digests);
                    }
                }
                Source::Git | Source::Url => self.leave_out(
                    entry.release.spoken(),
                    format!("{name} does not take it from a registry"),
                ),
                Source::Path | Source::Bundled => {}
            }
        }
        Ok(())
    }
}

/// Reads all that is wanted, and asks the user's own rules about it.
pub(super) fn read(
    desk: &Desk,
    wanted: Wanted,
    how: &How,
    own: &Own,
) -> Result<Vec<Inspected>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    let count = wanted.releases.len();
    let progress = Progress::new(count, "read");
    let all: Vec<Inspected> = runtime.block_on(async {
        futures_util::stream::iter(wanted.releases)
            .map(|(release, one)| read_one(desk, release, one, how, own))
            .buffered(TOGETHER)
            .enumerate()
            .map(|(done, one)| {
                progress.tell(done + 1);
                one
            })
            .collect()
            .await
    });
    progress.end();
    Ok(all)
}

async fn read_one(desk: &Desk, release: ReleaseId, one: One, how: &How, own: &Own) -> Inspected {
    match release::read(desk, &release, &one, how, own).await {
        Ok(inspected) => inspected,
        Err(failure) => Inspected::failed(release.spoken(), Some(release), failure.to_string()),
    }
}
