use super::{Options, Scene, Shelf, TreeReport, of_scene, wanted};
use crate::tree::plain::{Kind, join};
use customs_ecosystem::lockfile::Locked;
use customs_model::printable;
use std::path::Path;

/// Wheels that are looked at.
const WHEELS: usize = 50_000;

/// Checks the wheels that uv keeps unpacked (`archive-v0`). Its environments share inodes with them:
/// what is changed here is installed into the next project. Places are relative to the cache.
pub fn check_uv_cache(cache: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let mut report = TreeReport::default();
    let shelf = Shelf::read(&crate::tree::plain::places(options), &wanted(locked));
    for archive in archives(cache, &mut report) {
        let Some(scene) = Scene::bare(&cache.join(&archive)) else {
            continue;
        };
        let before = report.packages.len();
        let loose = std::mem::take(&mut report.loose);
        of_scene(&scene, locked, &shelf, &mut report);
        for package in report.packages.iter_mut().skip(before) {
            package.place = archive.clone();
        }
        for difference in &mut report.loose {
            difference.path = join(&archive, &difference.path);
        }
        report.loose.splice(..0, loose);
    }
    report.not_checked.extend(shelf.said);
    report.not_checked.sort();
    report.not_checked.dedup();
    report
}

/// The folders of `archive-v0` and its successors, sorted.
fn archives(cache: &Path, report: &mut TreeReport) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(buckets) = cache.read_dir() else {
        report.not_checked.push(format!(
            "{}: there is no such folder",
            printable(&cache.to_string_lossy(), 200)
        ));
        return found;
    };
    for bucket in buckets.flatten() {
        let name = bucket.file_name().to_string_lossy().into_owned();
        if !name.starts_with("archive-v") || Kind::of(&bucket.path()) != Some(Kind::Folder) {
            continue;
        }
        let Ok(all) = bucket.path().read_dir() else {
            report
                .not_checked
                .push(format!("{}: it cannot be read", printable(&name, 80)));
            continue;
        };
        for one in all.flatten() {
            if Kind::of(&one.path()) == Some(Kind::Folder) {
                found.push(format!("{name}/{}", one.file_name().to_string_lossy()));
            }
        }
    }
    found.sort();
    if found.len() > WHEELS {
        found.truncate(WHEELS);
        report.not_checked.push(format!(
            "more than {WHEELS} wheels of uv's cache are not looked at"
        ));
    }
    found
}
