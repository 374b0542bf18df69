//! What the judgement must reach, and whether it does.

use crate::all::{Measured, POPULAR, RELEASES};
use crate::list::Step;
use crate::stats::{Count, thousands};
use customs_model::Standing;

/// H must hold so many artifacts, and R so many pairs of patches and minors.
const HARD_LEAST: usize = 200;
const PAIRS_LEAST: usize = 1_200;
/// Shares of T that may be suspicious, and not judged; of H that may not be judged.
const SUSPICIOUS: f64 = 0.005;
const NOT_JUDGED: f64 = 0.005;
const NOT_JUDGED_HARD: f64 = 0.02;
/// Shares of attacks that must be found.
pub const RECALL: f64 = 0.95;

/// A figure, and what it is held against.
#[derive(Debug)]
pub struct Bar {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub measured: String,
    /// What it must be.
    pub bar: String,
    /// Whether it is; none where too little was taken to say.
    pub holds: Option<bool>,
}

impl Bar {
    /// As it stands in a table.
    pub const fn mark(&self) -> &'static str {
        match self.holds {
            Some(true) => "holds",
            Some(false) => "**misses**",
            None => "not measured",
        }
    }

    /// Enough of them; a part of them says nothing.
    fn enough(what: String, number: usize, least: usize, whole: bool) -> Self {
        Self {
            what,
            measured: thousands(number),
            bar: format!("at least {}", thousands(least)),
            holds: whole.then_some(number >= least),
        }
    }

    /// None of them.
    fn none(what: &str, count: Count) -> Self {
        Self {
            what: what.to_owned(),
            measured: count.shown_at_most(),
            bar: "0".to_owned(),
            holds: Some(count.n == 0),
        }
    }

    /// A share of them and no more.
    fn few(what: &str, count: Count, most: f64) -> Self {
        Self {
            what: what.to_owned(),
            measured: count.shown_at_most(),
            bar: format!("≤ {} %", 100.0 * most),
            holds: Some(count.share() <= most),
        }
    }

    /// Nearly all of them.
    fn nearly_all(what: String, count: Count) -> Self {
        Self {
            what,
            measured: count.shown_at_least(),
            bar: format!("≥ {} %", 100.0 * RECALL),
            holds: (count.of > 0).then(|| count.share() >= RECALL),
        }
    }

    /// Nothing is named.
    fn nothing(what: &str, named: &[&str]) -> Self {
        const SHOWN: usize = 6;
        let mut measured = match named.len() {
            0 => "none".to_owned(),
            _ => named
                .iter()
                .take(SHOWN)
                .copied()
                .collect::<Vec<_>>()
                .join(", "),
        };
        if named.len() > SHOWN {
            measured.push_str(&format!(" and {} more", named.len() - SHOWN));
        }
        Self {
            what: what.to_owned(),
            measured,
            bar: "none".to_owned(),
            holds: Some(named.is_empty()),
        }
    }
}

/// Holds everything against its bar.
pub fn judge(measured: &Measured) -> Vec<Bar> {
    let mut bars = of_honest(measured);
    bars.extend(of_releases(measured));
    bars.push(Bar::nothing(
        "T, H and R: rules over their budget",
        &measured.spending().over(),
    ));
    let missing: Vec<&str> = measured.missing().collect();
    bars.push(Bar::nothing(
        "T, H and R: archives that are not there",
        &missing,
    ));
    bars.extend(of_attacks(measured));
    let off = measured.scored.off();
    let mut score = Bar::nothing("Score: signals with other points than measured", &off);
    if !measured.whole {
        score.holds = None;
    }
    bars.push(score);
    bars
}

fn of_honest(measured: &Measured) -> Vec<Bar> {
    let mut bars = Vec::new();
    for (list, (name, least)) in measured.popular.iter().zip(POPULAR) {
        let what = format!("T: artifacts of `{name}`");
        bars.push(Bar::enough(what, list.rows.len(), least, measured.whole));
    }
    let of = Measured::count;
    let (t, h) = (&measured.popular, &measured.hard);
    let hard: usize = h.iter().map(|list| list.rows.len()).sum();
    bars.extend([
        Bar::none("T: malicious", of(t, Standing::Malicious)),
        Bar::few("T: suspicious", of(t, Standing::Suspicious), SUSPICIOUS),
        Bar::few("T: not judged", of(t, Standing::NotJudged), NOT_JUDGED),
        Bar::enough("H: artifacts".to_owned(), hard, HARD_LEAST, measured.whole),
        Bar::none("H: malicious", of(h, Standing::Malicious)),
        Bar::few("H: not judged", of(h, Standing::NotJudged), NOT_JUDGED_HARD),
    ]);
    bars
}

fn of_releases(measured: &Measured) -> Vec<Bar> {
    let refused: Count = [Step::Patch, Step::Minor]
        .into_iter()
        .map(|step| measured.releases.of(step).refused)
        .sum();
    let what = format!("R: patches and minors of `{RELEASES}`");
    vec![
        Bar::enough(what, refused.of, PAIRS_LEAST, measured.whole),
        Bar::none("R: refused (malicious or not judged)", refused),
    ]
}

fn of_attacks(measured: &Measured) -> Vec<Bar> {
    let (shapes, rows) = (&measured.shapes, &measured.transformed.rows);
    let mut bars = vec![
        Bar::nearly_all("Shapes: found".to_owned(), shapes.found()),
        Bar::none("Shapes: twins called malicious", shapes.alarms()),
    ];
    for (depth, row) in rows.by_depth.iter().enumerate() {
        let what = format!("Transformed, depth {}: found", depth + 1);
        bars.push(Bar::nearly_all(what, row.recall()));
    }
    let transforms = rows.alone().map(|(title, row)| (title, row.recall()));
    let files = rows.by_file.iter();
    let files = files.map(|(file, row)| (format!("`{file}`"), row.recall()));
    for (what, lowest) in [
        (
            "Transformed, the transform that hides most",
            lowest(transforms),
        ),
        ("Transformed, the shape that hides best", lowest(files)),
    ] {
        if let Some((title, recall)) = lowest {
            bars.push(Bar::nearly_all(format!("{what}: {title}"), recall));
        }
    }
    bars
}

/// The one of which the smallest share is found.
fn lowest(rows: impl Iterator<Item = (String, Count)>) -> Option<(String, Count)> {
    rows.filter(|(_, count)| count.of > 0)
        .min_by(|(_, a), (_, b)| a.share().total_cmp(&b.share()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_held_up_to_its_edge() {
        let few = |n| Bar::few("x", Count { n, of: 1_000 }, SUSPICIOUS);
        assert_eq!(few(5).mark(), "holds");
        assert_eq!(few(6).mark(), "**misses**");
        let nearly_all = |n| Bar::nearly_all(String::new(), Count { n, of: 100 });
        assert_eq!(nearly_all(95).mark(), "holds");
        assert_eq!(nearly_all(94).mark(), "**misses**");
        assert_eq!(Bar::none("x", Count { n: 0, of: 10 }).mark(), "holds");
        assert_eq!(Bar::none("x", Count { n: 1, of: 10 }).mark(), "**misses**");
    }

    #[test]
    fn a_part_of_a_list_does_not_say_whether_it_is_long_enough() {
        let enough = |number, whole| Bar::enough(String::new(), number, 100, whole);
        assert_eq!(enough(100, true).holds, Some(true));
        assert_eq!(enough(99, true).holds, Some(false));
        assert_eq!(enough(10, false).holds, None);
    }

    #[test]
    fn what_is_named_is_shown_up_to_a_few() {
        let none = Bar::nothing("x", &[]);
        assert_eq!((none.measured.as_str(), none.holds), ("none", Some(true)));
        let eight = Bar::nothing("x", &["a", "b", "c", "d", "e", "f", "g", "h"]);
        assert_eq!(eight.measured, "a, b, c, d, e, f and 2 more");
        assert_eq!(eight.holds, Some(false));
    }

    #[test]
    fn the_lowest_share_is_named_and_what_says_nothing_is_not() {
        let rows = [("a", 9, 10), ("b", 0, 0), ("c", 80, 100)];
        let rows = rows.map(|(name, n, of)| (name.to_owned(), Count { n, of }));
        let (name, count) = lowest(rows.into_iter()).unwrap();
        assert_eq!((name.as_str(), count.of), ("c", 100));
    }
}
