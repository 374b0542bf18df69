//! Plots as SVG, drawn here. Colours, patterns and fonts are the style sheet's.
//!
//! Each has a title and a description, and the page has its numbers in a table beside it.

use super::html::Html;
use super::watch::{Bar, Within};
use crate::metrics::BOUNDS;
use customs_model::Timestamp;

/// The drawing's own units: the page stretches it to its width.
const WIDTH: usize = 720;
const HEIGHT: usize = 240;
/// Where the plot begins and ends within it.
const LEFT: usize = 76;
const RIGHT: usize = WIDTH - 8;
const TOP: usize = 12;
const BOTTOM: usize = HEIGHT - 28;

/// Where the bytes of artifacts came from, bar by bar.
pub fn artifacts(h: &mut Html, bars: &[Bar]) {
    let highest = bars.iter().map(sum).max().unwrap_or(0);
    let top = round_up(highest);
    let about = format!(
        "{} bars of five minutes each; the highest has {highest} artifacts. The table below has the \
         numbers.",
        bars.len()
    );
    frame(
        h,
        "artifacts",
        "Artifacts by where they came from",
        &about,
        |h| {
            hatch(h);
            for share in [0, 1, 2] {
                let value = top / 2 * share;
                let y = height_of(value, top);
                rule(h, y);
                label(h, LEFT - 8, y + 4, "end", &value.to_string());
            }
            hours(h, bars);
            for (place, bar) in bars.iter().enumerate() {
                let mut below = 0;
                for (class, count) in [
                    ("cache", bar.cache),
                    ("upstream", bar.upstream),
                    ("other", bar.other),
                ] {
                    if count == 0 {
                        continue;
                    }
                    let (low, high) = (height_of(below, top), height_of(below + count, top));
                    let (x, width) = (column(place, bars.len()), column_width(bars.len()));
                    rect(h, class, (x, high), (width, low - high));
                    below += count;
                }
            }
        },
    );
}

/// How long clients waited for the headers of an answer, bar by bar. The rows are the bounds
/// between which durations are told apart, so nothing is drawn that was not measured.
pub fn waiting(h: &mut Html, bars: &[Bar]) {
    let requests: u64 = bars.iter().map(|bar| bar.requests).sum();
    let about = format!(
        "{} bars of five minutes each with {requests} requests together: the time within which half \
         of them, and 95 of 100, were answered. The table below has the numbers.",
        bars.len()
    );
    frame(h, "waiting", "Time until an answer began", &about, |h| {
        for bucket in 0..=BOUNDS.len() {
            let y = row(bucket);
            rule(h, y);
            let class = if bucket % 2 == 0 { "text" } else { "minor" };
            mark(h, class, (LEFT - 8, y + 4), "end", &within_short(bucket));
        }
        hours(h, bars);
        let buckets = |pick: fn(&Bar) -> Option<Within>| {
            let within = bars.iter().map(pick);
            within
                .map(|within| within.map(Within::bucket))
                .collect::<Vec<_>>()
        };
        steps(h, "most", &buckets(|bar| bar.most));
        steps(h, "half", &buckets(|bar| bar.half));
    });
}

/// `5 ms`, `1 s`, `more than 300 s`.
pub fn within(time: Within) -> String {
    match time {
        Within::Seconds(seconds) => short(seconds),
        Within::Longer { longer_than } => format!("more than {}", short(longer_than)),
    }
}

fn short(seconds: f64) -> String {
    match seconds < 1.0 {
        true => format!("{} ms", (seconds * 1000.0).round()),
        false => format!("{} s", seconds.round()),
    }
}

fn within_short(bucket: usize) -> String {
    match (BOUNDS.get(bucket), BOUNDS.last()) {
        (Some(bound), _) => short(*bound),
        (None, Some(last)) => format!("> {}", short(*last)),
        (None, None) => String::new(),
    }
}

fn sum(bar: &Bar) -> u64 {
    bar.cache
        .saturating_add(bar.upstream)
        .saturating_add(bar.other)
}

/// The next of 2, 4, 6, 8, 10, 20, 40 …: halves of it are whole.
fn round_up(value: u64) -> u64 {
    let mut ten: u64 = 1;
    loop {
        for step in [2, 4, 6, 8, 10] {
            let top = ten.saturating_mul(step);
            if top >= value {
                return top;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

fn frame(h: &mut Html, id: &'static str, title: &str, about: &str, inside: impl FnOnce(&mut Html)) {
    let (title_id, about_id) = (format!("{id}-title"), format!("{id}-about"));
    let view = format!("0 0 {WIDTH} {HEIGHT}");
    let labels = format!("{title_id} {about_id}");
    let attributes = [
        ("class", "plot"),
        ("viewBox", &*view),
        ("role", "img"),
        ("aria-labelledby", &*labels),
    ];
    h.el("svg", &attributes, |h| {
        h.say("title", &[("id", &title_id)], title);
        h.say("desc", &[("id", &about_id)], about);
        inside(h);
    });
    h.line();
}

/// Bars of what was fetched are hatched: they are told apart without colours as well.
fn hatch(h: &mut Html) {
    let pattern = [
        ("id", "hatch"),
        ("width", "6"),
        ("height", "6"),
        ("patternUnits", "userSpaceOnUse"),
        ("patternTransform", "rotate(45)"),
    ];
    h.el("defs", &[], |h| {
        h.el("pattern", &pattern, |h| {
            let ground = [("class", "hatch-ground"), ("width", "6"), ("height", "6")];
            h.el("rect", &ground, |_| {});
            let line = [("class", "hatch-line"), ("width", "2.5"), ("height", "6")];
            h.el("rect", &line, |_| {});
        });
    });
}

fn hours(h: &mut Html, bars: &[Bar]) {
    let every = bars.len().div_ceil(6).max(1);
    for (place, bar) in bars.iter().enumerate() {
        if place % every == 0 {
            let x = column(place, bars.len());
            label(h, x, HEIGHT - 8, "start", &clock(bar.from));
        }
    }
}

/// `14:05`, in UTC as everything here.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M").to_string()
}

fn label(h: &mut Html, x: usize, y: usize, anchor: &'static str, text: &str) {
    mark(h, "text", (x, y), anchor, text);
}

/// A label; what is `minor` is left out where there is little room.
fn mark(
    h: &mut Html,
    class: &'static str,
    (x, y): (usize, usize),
    anchor: &'static str,
    text: &str,
) {
    let (x, y) = (x.to_string(), y.to_string());
    let attributes = [
        ("class", class),
        ("x", &*x),
        ("y", &*y),
        ("text-anchor", anchor),
    ];
    h.say("text", &attributes, text);
}

fn rule(h: &mut Html, y: usize) {
    let (left, right, y) = (LEFT.to_string(), RIGHT.to_string(), y.to_string());
    let line = [
        ("class", "rule"),
        ("x1", &*left),
        ("x2", &*right),
        ("y1", &*y),
        ("y2", &*y),
    ];
    h.el("line", &line, |_| {});
}

fn rect(
    h: &mut Html,
    class: &'static str,
    (x, y): (usize, usize),
    (width, height): (usize, usize),
) {
    let (x, y) = (x.to_string(), y.to_string());
    let (width, height) = (width.to_string(), height.max(1).to_string());
    let attributes = [
        ("class", class),
        ("x", &*x),
        ("y", &*y),
        ("width", &*width),
        ("height", &*height),
    ];
    h.el("rect", &attributes, |_| {});
}

/// A line of steps; where nothing is known there is none.
fn steps(h: &mut Html, class: &'static str, buckets: &[Option<usize>]) {
    let mut path = String::new();
    let mut is_drawn = false;
    for (place, bucket) in buckets.iter().enumerate() {
        let Some(bucket) = bucket else {
            is_drawn = false;
            continue;
        };
        let (from, to) = (
            column(place, buckets.len()),
            column(place + 1, buckets.len()),
        );
        let y = row(*bucket);
        let how = if is_drawn { 'L' } else { 'M' };
        path.push_str(&format!("{how}{from} {y}L{to} {y}"));
        is_drawn = true;
    }
    if !path.is_empty() {
        h.el("path", &[("class", class), ("d", &path)], |_| {});
    }
}

fn column(place: usize, of: usize) -> usize {
    LEFT + place * (RIGHT - LEFT) / of.max(1)
}

fn column_width(of: usize) -> usize {
    ((RIGHT - LEFT) / of.max(1)).saturating_sub(3).clamp(2, 40)
}

fn row(bucket: usize) -> usize {
    BOTTOM - bucket * (BOTTOM - TOP) / BOUNDS.len()
}

fn height_of(value: u64, top: u64) -> usize {
    let space = u64::try_from(BOTTOM - TOP).unwrap_or(0);
    let up = u128::from(value) * u128::from(space) / u128::from(top.max(1));
    BOTTOM.saturating_sub(usize::try_from(up).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_has_room_for_the_highest_bar_and_a_whole_half() {
        let tops: Vec<u64> = [0, 2, 3, 5, 11, 21, 41, 99, 101, 150_000]
            .into_iter()
            .map(round_up)
            .collect();
        assert_eq!(tops, [2, 2, 4, 6, 20, 40, 60, 100, 200, 200_000]);
        assert!(round_up(u64::MAX) > 1_000_000);
        assert!(height_of(u64::MAX, u64::MAX) >= TOP);
    }

    #[test]
    fn a_time_is_told_by_the_bound_that_it_lies_within() {
        assert_eq!(within(Within::Seconds(0.005)), "5 ms");
        assert_eq!(within(Within::Seconds(15.0)), "15 s");
        let longer = Within::Longer { longer_than: 300.0 };
        assert_eq!(within(longer), "more than 300 s");
        assert_eq!(longer.bucket(), BOUNDS.len());
    }

    #[test]
    fn a_plot_of_nothing_and_one_of_much_are_drawn_within_the_frame() {
        let bar = |cache| Bar {
            from: Timestamp::from_second(1_800_000_000).unwrap(),
            cache,
            upstream: 1,
            other: 0,
            requests: 1,
            half: Some(Within::Seconds(0.001)),
            most: None,
        };
        for bars in [vec![], vec![bar(0)], vec![bar(u64::MAX / 4); 36]] {
            let mut html = Html::default();
            artifacts(&mut html, &bars);
            waiting(&mut html, &bars);
            let text = html.into_string();
            assert_eq!(text.matches("<svg").count(), 2);
            assert_eq!(text.matches("NaN").count(), 0);
        }
    }
}
