//! The table: what was measured, each figure beside its bar.

use super::Measured;
use super::guarddog::Pairs;
use super::peak::Peaks;
use super::speed::{Round, Speed};
use crate::report::{Bar, Row};
use crate::stats::{median, range};

const MB: f64 = 1e6;
/// The most memory of one process, in MB.
const MEMORY: f64 = 200.0;
/// Names that a note lists.
const MANY: usize = 5;

/// The rows of a list.
pub fn of(measured: &Measured) -> Vec<Row> {
    let Measured { list, speed, peaks } = measured;
    let Some(engine) = &speed.engine_ms else {
        return vec![row(
            format!("{list}: engine / floor"),
            "not measured: none of its archives is there".to_owned(),
            None,
            Bar::AtMost(2.0),
            "≤ 2",
        )];
    };
    let milliseconds = |value: f64| Some((value, format!("{value:.1} ms")));
    let worst = speed.slowest.first().map_or_else(
        || "-".to_owned(),
        |slow| format!("`{}`, floor {:.0} ms", slow.name, slow.floor_ms),
    );
    let mut rows = vec![
        ratio(list, speed),
        row(
            format!("{list}: an artifact, median"),
            format!(
                "{} artifacts, {:.0} MB unpacked",
                speed.artifacts,
                speed.unpacked_bytes as f64 / MB
            ),
            Some((engine.median, format!("{:.2} ms", engine.median))),
            Bar::AtMost(1.0),
            "≤ 1 ms",
        ),
        row(
            format!("{list}: an artifact, 99th percentile"),
            "-".to_owned(),
            milliseconds(engine.p99),
            Bar::AtMost(200.0),
            "≤ 200 ms",
        ),
        row(
            format!("{list}: an artifact, worst"),
            worst,
            milliseconds(engine.worst),
            Bar::AtMost(2000.0),
            "≤ 2 s",
        ),
    ];
    rows.extend(scaling(list, speed));
    rows.push(memory(list, peaks));
    rows
}

fn ratio(list: &str, speed: &Speed) -> Row {
    let of = |value: fn(&Round) -> f64| -> Vec<f64> { speed.rounds.iter().map(value).collect() };
    let ratios = of(|round| round.ratio);
    let (middle, (low, high)) = (median(&ratios), range(&ratios));
    row(
        format!("{list}: engine / floor, inflater {}", speed.inflater),
        format!(
            "engine {:.1} s; floor {:.1} s",
            median(&of(|round| round.engine_ms)) / 1e3,
            median(&of(|round| round.floor_ms)) / 1e3
        ),
        Some((
            middle,
            format!(
                "{middle:.2} ({low:.2} to {high:.2}, {} rounds)",
                ratios.len()
            ),
        )),
        Bar::AtMost(2.0),
        "≤ 2",
    )
}

fn scaling(list: &str, speed: &Speed) -> Option<Row> {
    let scaling = speed.scaling.as_ref()?;
    Some(row(
        format!("{list}: the engine, {} threads beside one", speed.threads),
        format!(
            "{:.1} s; on one {:.1} s; {} artifacts",
            scaling.all_threads_ms / 1e3,
            scaling.one_thread_ms / 1e3,
            scaling.artifacts
        ),
        Some((scaling.ratio, format!("{:.2} times as fast", scaling.ratio))),
        Bar::None,
        "",
    ))
}

fn memory(list: &str, peaks: &Peaks) -> Row {
    let megabytes: Vec<f64> = peaks
        .measured
        .iter()
        .map(|(_, bytes)| *bytes as f64 / MB)
        .collect();
    let all = megabytes.len() + peaks.not_measured.len();
    let most = peaks.measured.iter().max_by_key(|(_, bytes)| *bytes);
    let figures = most.map_or_else(
        || format!("none of {all} was measured"),
        |(name, _)| {
            format!(
                "`{name}`; median of {} processes {:.0} MB",
                megabytes.len(),
                median(&megabytes)
            )
        },
    );
    // Where one is not known the bar may be missed, but it cannot be held.
    let value = most
        .map(|(_, bytes)| *bytes as f64 / MB)
        .filter(|most| peaks.not_measured.is_empty() || *most > MEMORY)
        .map(|most| (most, format!("{most:.0} MB")));
    row(
        format!("{list}: peak memory of a process, the largest and slowest archives"),
        figures,
        value,
        Bar::AtMost(MEMORY),
        "≤ 200 MB",
    )
}

/// What has to be known of every list.
pub fn about(rounds: usize, peaks: usize) -> String {
    format!(
        "Engine and floor are measured archive by archive, one right after the other, on all \
         threads; a ratio is that of the sums of a round, in brackets the range of the rounds. \
         An artifact's time is the median of its {rounds} rounds. One thread and all threads \
         are compared once, on up to about 400 artifacts. Memory: `VmHWM` of `customs inspect \
         FILE --format json`, a process for each archive in an empty home: the {peaks} largest of \
         the list by packed size and the {peaks} with the longest time of the engine, read each \
         millisecond and when the report comes."
    )
}

/// What has to be known of one list.
pub fn notes(measured: &Measured) -> Vec<String> {
    let Measured { list, speed, peaks } = measured;
    let mut notes = vec![format!(
        "{list}: {} of {} archives were chosen; {} of them are not there and were not \
         measured. Floor: {}.",
        speed.chosen, speed.listed, speed.missing, speed.floor
    )];
    let mut over: Vec<&(String, u64)> = peaks
        .measured
        .iter()
        .filter(|(_, bytes)| *bytes as f64 / MB > MEMORY)
        .collect();
    over.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    if !over.is_empty() {
        let names: Vec<String> = over
            .iter()
            .take(MANY)
            .map(|(name, bytes)| format!("`{name}` {:.0} MB", *bytes as f64 / MB))
            .collect();
        notes.push(format!(
            "{list}: {} of {} processes use more than {MEMORY:.0} MB: {}{}.",
            over.len(),
            peaks.measured.len(),
            names.join(", "),
            more(over.len())
        ));
    }
    if !peaks.not_measured.is_empty() {
        notes.push(format!(
            "{list}: the memory of {} processes was not measured: {}{}.",
            peaks.not_measured.len(),
            first(&peaks.not_measured),
            more(peaks.not_measured.len())
        ));
    }
    notes
}

/// The program beside GuardDog, or why not.
pub fn beside(pairs: Result<&Pairs, &String>) -> Row {
    let pairs = match pairs {
        Ok(pairs) => pairs,
        Err(because) => {
            return row(
                "beside GuardDog".to_owned(),
                format!("not measured: {because}"),
                None,
                Bar::None,
                "",
            );
        }
    };
    let (customs, guarddog) = (median(&pairs.customs), median(&pairs.guarddog));
    let sums = pairs.guarddog.iter().sum::<f64>() / pairs.customs.iter().sum::<f64>();
    let ratio = guarddog / customs;
    row(
        format!(
            "{}: a process for each of {} archives, beside GuardDog {}",
            super::PEERS_LIST,
            pairs.customs.len(),
            pairs.version
        ),
        format!(
            "customs {:.1} ms; GuardDog {:.0} ms; in sum {sums:.0} times as fast",
            customs * 1e3,
            guarddog * 1e3
        ),
        Some((ratio, format!("{ratio:.0} times as fast"))),
        Bar::None,
        "",
    )
}

/// What has to be known of that.
pub fn beside_notes(pairs: &Pairs) -> Vec<String> {
    let mut notes = vec![
        "GuardDog: `guarddog npm scan FILE --output-format json` with all its rules, beside \
         `customs inspect FILE --format json`; medians of the wall time from start to end, one \
         right after the other, every second time the other way round."
            .to_owned(),
    ];
    if !pairs.failed.is_empty() {
        notes.push(format!(
            "{} archives were not inspected by both and are not counted: {}{}.",
            pairs.failed.len(),
            first(&pairs.failed),
            more(pairs.failed.len())
        ));
    }
    if pairs.with_errors > 0 {
        notes.push(format!(
            "GuardDog told errors of {} archives, which are counted.",
            pairs.with_errors
        ));
    }
    notes
}

/// The first of some reasons, in one line of a list.
fn first(reasons: &[String]) -> String {
    let some: Vec<&str> = reasons.iter().take(MANY).map(String::as_str).collect();
    some.join("; ")
}

fn more(count: usize) -> String {
    if count > MANY {
        format!(" and {} more", count - MANY)
    } else {
        String::new()
    }
}

fn row(
    what: String,
    figures: String,
    value: Option<(f64, String)>,
    bar: Bar,
    bar_text: &'static str,
) -> Row {
    Row {
        what,
        figures,
        value,
        bar,
        bar_text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::speed::tests::speed;

    fn measured(peaks: Peaks) -> Measured {
        Measured {
            list: "npm-popular".to_owned(),
            speed: speed(),
            peaks,
        }
    }

    fn line(row: &Row) -> String {
        let value = row.value.as_ref().map_or("-", |(_, text)| text);
        format!("{}: {value}", row.what)
    }

    #[test]
    fn a_list_has_a_row_for_each_bar() {
        let peaks = Peaks {
            measured: vec![("a".to_owned(), 50_000_000), ("b".to_owned(), 90_000_000)],
            not_measured: Vec::new(),
        };
        let lines: Vec<String> = of(&measured(peaks)).iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "npm-popular: engine / floor, inflater zlib-rs: 1.80 (1.50 to 2.50, 3 rounds)",
                "npm-popular: an artifact, median: 0.50 ms",
                "npm-popular: an artifact, 99th percentile: 150.0 ms",
                "npm-popular: an artifact, worst: 2700.0 ms",
                "npm-popular: the engine, 2 threads beside one: 2.00 times as fast",
                "npm-popular: peak memory of a process, the largest and slowest archives: 90 MB",
            ]
        );
    }

    #[test]
    fn a_bar_is_not_held_where_one_process_is_not_known() {
        let peaks = |bytes| Peaks {
            measured: vec![("a".to_owned(), bytes)],
            not_measured: vec!["`b`: failed".to_owned()],
        };
        assert!(memory("x", &peaks(90_000_000)).value.is_none());
        assert!(memory("x", &peaks(300_000_000)).value.is_some());
        assert!(memory("x", &Peaks::default()).value.is_none());
        let notes = notes(&measured(peaks(300_000_000)));
        assert_eq!(notes.len(), 3);
        assert!(notes[1].contains("`a` 300 MB."), "{}", notes[1]);
    }

    #[test]
    fn nothing_is_made_up_where_nothing_is_there() {
        let mut measured = measured(Peaks::default());
        measured.speed.engine_ms = None;
        let rows = of(&measured);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].value.is_none());
        let reason = "guarddog is not installed".to_owned();
        let row = beside(Err(&reason));
        assert_eq!(row.figures, "not measured: guarddog is not installed");
        assert!(row.value.is_none());
    }
}
