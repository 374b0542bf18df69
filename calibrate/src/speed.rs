//! Speed: the engine beside the least that any inspector must do with the same bytes
//! (inflate, unpack, parse), by the same libraries, on the same threads, in one run.

use crate::population::files;
use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_rules::{RuleSet, judge_code};
use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What one archive took.
struct Took {
    name: String,
    floor: Duration,
    engine: Duration,
    bytes: u64,
}

/// Measures a list in pairs: each archive by the floor and by the engine, one right after
/// the other, so that whatever slows the machine slows both.
pub fn report(list: &Path, folder: &Path, take: Option<usize>, rounds: usize) -> Result<(), Error> {
    let mut paths = files(list, folder)?;
    if let Some(take) = take {
        let step = (paths.len() / take).max(1);
        paths = paths.into_iter().step_by(step).collect();
    }
    let mut ratios = Vec::new();
    let mut last = Vec::new();
    for _ in 0..rounds.max(1) {
        let took: Vec<Took> = workers(&paths, one).into_iter().flatten().collect();
        let floor: Duration = took.iter().map(|t| t.floor).sum();
        let engine: Duration = took.iter().map(|t| t.engine).sum();
        ratios.push(engine.as_secs_f64() / floor.as_secs_f64());
        println!(
            "floor {:.1} s, engine {:.1} s of {} threads: {:.3} x",
            floor.as_secs_f64(),
            engine.as_secs_f64(),
            threads(),
            engine.as_secs_f64() / floor.as_secs_f64()
        );
        last = took;
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{}: {} artifacts, {} MB unpacked; engine / floor: median of {} rounds {:.3} (floor: flate2 with zlib-rs, tar, zip, oxc, ruff, syn)",
        list.display(),
        last.len(),
        last.iter().map(|t| t.bytes).sum::<u64>() >> 20,
        ratios.len(),
        ratios[ratios.len() / 2]
    );
    last.sort_by_key(|t| t.engine);
    let at = |share: f64| {
        last.get(((last.len() as f64 * share) as usize).min(last.len().saturating_sub(1)))
            .map(|t| t.engine)
            .unwrap_or_default()
    };
    println!(
        "engine: median {:.2?}, 99th percentile {:.2?}, worst:",
        at(0.5),
        at(0.99)
    );
    for took in last.iter().rev().take(5) {
        println!(
            "    {:.2?} (floor {:.2?}) {}",
            took.engine, took.floor, took.name
        );
    }
    // Where most would be won.
    last.sort_by_key(|t| t.engine.saturating_sub(2 * t.floor));
    println!("most above twice the floor:");
    for took in last.iter().rev().take(10) {
        println!(
            "    {:.2?} (floor {:.2?}) {}",
            took.engine, took.floor, took.name
        );
    }
    scaling(&paths);
    Ok(())
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The engine alone, on one thread and on all.
fn scaling(paths: &[PathBuf]) {
    let some: Vec<&PathBuf> = paths.iter().step_by((paths.len() / 400).max(1)).collect();
    let judge = |path: &&PathBuf| {
        if let Ok(bytes) = std::fs::read(path) {
            black_box(judge_code(&inspect_archive(&bytes), &RuleSet::standard()));
        }
    };
    let begun = Instant::now();
    workers(&some, judge);
    let all = begun.elapsed();
    let lock = Mutex::new(());
    let begun = Instant::now();
    workers(&some, |path| {
        // One at a time, on threads with the same stacks.
        let _alone = lock.lock();
        judge(path);
    });
    let alone = begun.elapsed();
    println!(
        "{} artifacts: {:.1?} on one thread, {:.1?} on {}: {:.2} x",
        some.len(),
        alone,
        all,
        threads(),
        alone.as_secs_f64() / all.as_secs_f64()
    );
}

fn one(path: &PathBuf) -> Option<Took> {
    let bytes = std::fs::read(path).ok()?;
    let begun = Instant::now();
    let unpacked = floor(&bytes);
    let floor = begun.elapsed();
    let begun = Instant::now();
    black_box(judge_code(&inspect_archive(&bytes), &RuleSet::standard()));
    Some(Took {
        name: path.file_name()?.to_string_lossy().into_owned(),
        floor,
        engine: begun.elapsed(),
        bytes: unpacked,
    })
}

/// Inflate, unpack, parse; gives the unpacked bytes.
fn floor(bytes: &[u8]) -> u64 {
    let mut sum = 0;
    if bytes.starts_with(b"PK") {
        let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) else {
            return 0;
        };
        for index in 0..archive.len() {
            let Ok(mut file) = archive.by_index(index) else {
                continue;
            };
            let name = file
                .name()
                .map(|name| name.into_owned())
                .unwrap_or_default();
            let mut content = Vec::new();
            if file.read_to_end(&mut content).is_ok() {
                sum += content.len() as u64;
                parse(&name, &content);
            }
        }
        return sum;
    }
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(bytes));
    let Ok(entries) = archive.entries() else {
        return 0;
    };
    for mut entry in entries.flatten() {
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        if entry.read_to_end(&mut content).is_ok() {
            sum += content.len() as u64;
            parse(&name, &content);
        }
    }
    sum
}

fn parse(name: &str, content: &[u8]) {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx" if !name.contains(".d.") => {
            let text = String::from_utf8_lossy(content);
            let allocator = oxc_allocator::Allocator::default();
            let kind = oxc_span::SourceType::from_path(Path::new(name)).unwrap_or_default();
            black_box(oxc_parser::Parser::new(&allocator, &text, kind).parse());
        }
        "py" => {
            let text = String::from_utf8_lossy(content);
            let options = ruff_python_parser::ParseOptions::from(ruff_python_parser::Mode::Module);
            black_box(ruff_python_parser::parse_unchecked(&text, options));
        }
        "rs" => {
            let text = String::from_utf8_lossy(content);
            // What syn cannot read ends the same in both.
            let _ = black_box(syn::parse_file(&text));
        }
        _ => {}
    }
}
