//! Speed: the engine beside the least that any inspector must do with the same bytes
//! (inflate, unpack, parse), by the same libraries, on the same threads, in one run.

mod json;

use crate::list::files;
use crate::{Error, workers};
use customs_inspect::inspect_archive;
use customs_rules::{RuleSet, judge_code};
use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What inflates, in the floor and in the engine: flate2's backend in this workspace.
const INFLATER: &str = "zlib-rs";
/// What the floor is made of.
const LIBRARIES: &str = "flate2 with zlib-rs, tar, zip, oxc, ruff, syn";

/// What one archive took.
struct Took {
    path: PathBuf,
    floor: Duration,
    engine: Duration,
    bytes: u64,
}

impl Took {
    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// What all archives took together, in one round.
struct Round {
    floor: Duration,
    engine: Duration,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.engine.as_secs_f64() / self.floor.as_secs_f64()
    }
}

/// The engine alone, on one thread and on all.
struct Scaling {
    artifacts: usize,
    alone: Duration,
    all: Duration,
}

impl Scaling {
    fn ratio(&self) -> f64 {
        self.alone.as_secs_f64() / self.all.as_secs_f64()
    }
}

/// Measures a list in pairs: each archive by the floor and by the engine, one right after
/// the other, so that whatever slows the machine slows both. As JSON, the rounds are told on
/// stderr and the rest is one document on stdout.
pub fn report(
    list: &Path,
    folder: &Path,
    take: Option<usize>,
    rounds: usize,
    as_json: bool,
) -> Result<(), Error> {
    let listed = files(list, folder)?;
    let paths = chosen(&listed, take);
    let (rounds, took) = measure(&paths, rounds, as_json);
    if as_json {
        // Of nothing there is no time and no ratio.
        let scaling = (!took.is_empty()).then(|| scaling(&paths));
        let text = json::text(list, &listed, paths.len(), &rounds, took, scaling)?;
        println!("{text}");
        return Ok(());
    }
    tell(list, &rounds, took);
    let scaling = scaling(&paths);
    println!(
        "{} artifacts: {:.1?} on one thread, {:.1?} on {}: {:.2} x",
        scaling.artifacts,
        scaling.alone,
        scaling.all,
        threads(),
        scaling.ratio()
    );
    Ok(())
}

/// About so many of the listed ones, evenly spread.
fn chosen(listed: &[PathBuf], take: Option<usize>) -> Vec<PathBuf> {
    let step = take.map_or(1, |take| (listed.len() / take.max(1)).max(1));
    listed.iter().step_by(step).cloned().collect()
}

/// The rounds, and each archive with the median of its times.
fn measure(paths: &[PathBuf], rounds: usize, as_json: bool) -> (Vec<Round>, Vec<Took>) {
    let mut sums = Vec::new();
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let took = workers(paths, one);
        let round = Round {
            floor: took.iter().flatten().map(|t| t.floor).sum(),
            engine: took.iter().flatten().map(|t| t.engine).sum(),
        };
        let line = format!(
            "floor {:.1} s, engine {:.1} s of {} threads: {:.3} x",
            round.floor.as_secs_f64(),
            round.engine.as_secs_f64(),
            threads(),
            round.ratio()
        );
        if as_json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
        sums.push(round);
        times.push(took);
    }
    (sums, medians(&times))
}

/// Each archive that was there, with the median of its times over the rounds.
fn medians(rounds: &[Vec<Option<Took>>]) -> Vec<Took> {
    let count = rounds.first().map_or(0, Vec::len);
    (0..count)
        .filter_map(|index| {
            let times: Vec<&Took> = rounds
                .iter()
                .filter_map(|round| round.get(index)?.as_ref())
                .collect();
            let first = times.first()?;
            Some(Took {
                path: first.path.clone(),
                floor: middle(times.iter().map(|t| t.floor).collect()),
                engine: middle(times.iter().map(|t| t.engine).collect()),
                bytes: first.bytes,
            })
        })
        .collect()
}

/// The middle one; of an even number the mean of both.
fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let half = times.len() / 2;
    match times.len() {
        0 => Duration::ZERO,
        n if n % 2 == 1 => times[half],
        _ => (times[half - 1] + times[half]) / 2,
    }
}

/// The engine's time that this share of the archives does not reach; they are in order.
fn at(sorted: &[Took], share: f64) -> Duration {
    let index = (sorted.len() as f64 * share) as usize;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .map(|took| took.engine)
        .unwrap_or_default()
}

fn tell(list: &Path, rounds: &[Round], mut took: Vec<Took>) {
    let mut ratios: Vec<f64> = rounds.iter().map(Round::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "{}: {} artifacts, {} MB unpacked; engine / floor: median of {} rounds {:.3} (floor: {LIBRARIES})",
        list.display(),
        took.len(),
        took.iter().map(|t| t.bytes).sum::<u64>() >> 20,
        ratios.len(),
        ratios[ratios.len() / 2]
    );
    took.sort_by_key(|t| t.engine);
    println!(
        "engine: median {:.2?}, 99th percentile {:.2?}, worst:",
        at(&took, 0.5),
        at(&took, 0.99)
    );
    for took in took.iter().rev().take(5) {
        println!(
            "    {:.2?} (floor {:.2?}) {}",
            took.engine,
            took.floor,
            took.name()
        );
    }
    // Where most would be won.
    took.sort_by_key(|t| t.engine.saturating_sub(2 * t.floor));
    println!("most above twice the floor:");
    for took in took.iter().rev().take(10) {
        println!(
            "    {:.2?} (floor {:.2?}) {}",
            took.engine,
            took.floor,
            took.name()
        );
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The engine alone, on one thread and on all.
fn scaling(paths: &[PathBuf]) -> Scaling {
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
    Scaling {
        artifacts: some.len(),
        alone: begun.elapsed(),
        all,
    }
}

fn one(path: &PathBuf) -> Option<Took> {
    let bytes = std::fs::read(path).ok()?;
    let begun = Instant::now();
    let unpacked = floor(&bytes);
    let floor = begun.elapsed();
    let begun = Instant::now();
    black_box(judge_code(&inspect_archive(&bytes), &RuleSet::standard()));
    Some(Took {
        path: path.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn took(name: &str, floor: u64, engine: u64) -> Took {
        Took {
            path: PathBuf::from(name),
            floor: Duration::from_millis(floor),
            engine: Duration::from_millis(engine),
            bytes: 1,
        }
    }

    #[test]
    fn an_archive_has_the_median_of_its_rounds_and_a_missing_one_has_none() {
        let rounds = [
            vec![Some(took("a", 1, 9)), None],
            vec![Some(took("a", 3, 2)), None],
            vec![Some(took("a", 2, 4)), None],
        ];
        let medians = medians(&rounds);
        assert_eq!(medians.len(), 1);
        assert_eq!(medians[0].floor, Duration::from_millis(2));
        assert_eq!(medians[0].engine, Duration::from_millis(4));
        assert_eq!(middle(Vec::new()), Duration::ZERO);
        let two = vec![Duration::from_millis(1), Duration::from_millis(2)];
        assert_eq!(middle(two), Duration::from_micros(1500));
    }

    #[test]
    fn about_so_many_are_chosen() {
        let listed: Vec<PathBuf> = (0..10).map(|n| PathBuf::from(n.to_string())).collect();
        assert_eq!(chosen(&listed, None).len(), 10);
        assert_eq!(chosen(&listed, Some(3)).len(), 4);
        assert_eq!(chosen(&listed, Some(0)).len(), 1);
        assert_eq!(chosen(&listed, Some(99)).len(), 10);
    }
}
