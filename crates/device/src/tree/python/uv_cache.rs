use super::scene::{Scene, join};
use super::{Belongs, Run, sources, tidy};
use crate::tree::disk::{self, There};
use crate::tree::memory::{self, Memory};
use crate::tree::{Difference, DifferenceKind, Options, TreeReport, each};
use customs_ecosystem::lockfile::Locked;
use customs_model::printable;
use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

/// Wheels that are looked at.
const WHEELS: usize = 50_000;

/// Checks the wheels that uv keeps unpacked (`archive-v0`). Its environments share inodes with them:
/// what is changed here is installed into the next project. So are the checkouts of repositories that it builds
/// from. Places are relative to the cache.
pub fn check_uv_cache(cache: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let memory = Memory::open(options, cache, memory::digest_of(locked), &mut report);
    let archives = archives(cache, &mut report);
    // Each holds one wheel: they are looked at side by side, and each by itself.
    let alone = Options {
        threads: Some(NonZeroUsize::MIN),
        ..options.clone()
    };
    let run = Run {
        belongs: Belongs {
            locked,
            is_complete: false,
            is_synced: false,
            needs: None,
            asked: &[],
            project: None,
        },
        clones: &super::repositories::clones(cache),
        sources: &sources(options),
        memory: &memory,
        options: &alone,
    };
    let found = each(&archives, options.threads, |archive| {
        let folder = cache.join(archive);
        run.look(Scene::bare(&folder), archive, &folder)
    });
    let mut remember = Vec::new();
    for (archive, (mut one, keep)) in archives.iter().zip(found) {
        for package in &mut one.packages {
            package.place.clone_from(archive);
        }
        for difference in &mut one.loose {
            difference.path = join(archive, &difference.path);
        }
        remember.extend(keep);
        report.extend(one);
    }
    report.extend(super::repositories::check(cache, locked, options));
    tidy(&mut report);
    memory.keep(remember, &archives.into_iter().collect(), &mut report);
    report
}

/// The folders of `archive-v0` and its successors, sorted.
fn archives(cache: &Path, report: &mut TreeReport) -> Vec<String> {
    let mut found = BTreeSet::new();
    let buckets = match folders(cache) {
        Ok(buckets) => buckets,
        Err(why) if disk::is_absent(&why) => {
            let cache = printable(&cache.to_string_lossy(), 200);
            let note = format!("{cache}: there is no such folder");
            report.not_checked.push(note);
            return Vec::new();
        }
        Err(why) => {
            unseen(&cache.to_string_lossy(), &why, report);
            return Vec::new();
        }
    };
    for bucket in buckets {
        if !bucket.starts_with("archive-v") {
            continue;
        }
        match folders(&cache.join(&bucket)) {
            Ok(all) => found.extend(all.into_iter().map(|one| format!("{bucket}/{one}"))),
            Err(why) => unseen(&bucket, &why, report),
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    if found.len() > WHEELS {
        found.truncate(WHEELS);
        let why = io::Error::other(format!("more than {WHEELS} wheels are not looked at"));
        unseen("archive-v0", &why, report);
    }
    found
}

fn unseen(place: &str, why: &io::Error, report: &mut TreeReport) {
    let shown = printable(place, 200);
    report
        .not_checked
        .push(format!("{shown}: it cannot be read: {why}"));
    let difference = Difference::new(place, DifferenceKind::Unreadable);
    report.loose.push(difference);
}

/// The names of the folders in a folder; uv gives no name that is no text.
fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && There::look(&entry.path()).is_folder()
        {
            names.push(name);
        }
    }
    Ok(names)
}
