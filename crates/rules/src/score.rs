//! The score: facts that each say little, added up so that a reader can check the sum.
//!
//! Points are decibans: ten times the logarithm of how many times more often attacks show
//! a signal than honest packages do. Evidence that is independent may be added so. Signals
//! are not independent; that is why one of a group counts alone, why none counts more than
//! [`CAP`], and why a sum is a suspicion and never a proof. `cargo xtask calibrate score`
//! measures every signal and fails where the table says something else.

mod signals;

pub(crate) use signals::names_a_module;

use customs_model::Inspection;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use signals::SIGNALS;

/// The most points that one signal gives, however rare it is among honest packages.
pub const CAP: u32 = 25;

/// A sum from which a release is suspicious.
pub const THRESHOLD: u32 = 45;

/// Something that attacks do more often than honest packages.
#[derive(Debug)]
pub struct Signal {
    /// The stable id.
    pub id: &'static str,
    /// What it says, one sentence for people.
    pub says: &'static str,
    /// What it is about: of the signals of one group the highest counts alone.
    pub group: &'static str,
    /// Decibans, rounded, at most [`CAP`].
    pub points: u32,
    /// Where it shows, safe to print.
    find: fn(&Inspection) -> Option<String>,
}

impl Signal {
    /// Where an artifact shows it, safe to print; none where it does not.
    pub fn shows(&self, code: &Inspection) -> Option<String> {
        (self.find)(code)
    }
}

/// A signal that an artifact shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which.
    pub signal: &'static Signal,
    /// Where, safe to print.
    pub evidence: String,
    /// It is the highest of its group.
    pub counts: bool,
}

impl Shown {
    /// What it adds to the sum.
    pub const fn points(&self) -> u32 {
        if self.counts { self.signal.points } else { 0 }
    }
}

/// What an artifact shows, and what that adds up to.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// What it shows: what counts first, the highest first.
    pub shown: Vec<Shown>,
}

impl Score {
    /// The sum.
    pub fn total(&self) -> u32 {
        self.shown.iter().map(Shown::points).sum()
    }

    /// Whether that is enough for a suspicion.
    pub fn is_suspicious(&self) -> bool {
        self.total() >= THRESHOLD
    }

    /// The sum and all of its parts, so that a reader can add them up.
    pub fn sentence(&self) -> String {
        let parts: Vec<String> = self
            .shown
            .iter()
            .filter(|shown| shown.counts)
            .map(|shown| format!("{} {}", shown.signal.points, shown.signal.says))
            .collect();
        let sum = format!("it scores {} of {THRESHOLD}", self.total());
        if parts.is_empty() {
            sum
        } else {
            format!("{sum}: {}", parts.join("; "))
        }
    }

    /// Every signal with its points and its place, one line each, safe to print.
    pub fn evidence(&self) -> Vec<String> {
        self.shown
            .iter()
            .map(|shown| {
                let Signal {
                    id, group, points, ..
                } = shown.signal;
                let aside = if shown.counts {
                    String::new()
                } else {
                    format!(" ({points} by itself; another of `{group}` counts)")
                };
                format!("+{} {id}{aside}: {}", shown.points(), shown.evidence)
            })
            .collect()
    }
}

/// What the code of an artifact scores.
pub fn score(code: &Inspection) -> Score {
    let mut shown: Vec<Shown> = SIGNALS
        .iter()
        .filter_map(|signal| {
            signal.shows(code).map(|evidence| Shown {
                signal,
                evidence,
                counts: false,
            })
        })
        .collect();
    shown.sort_by_key(|one| Reverse(one.signal.points));
    let mut highest: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (index, one) in shown.iter().enumerate() {
        highest.entry(one.signal.group).or_insert(index);
    }
    for index in highest.into_values() {
        if let Some(one) = shown.get_mut(index) {
            one.counts = true;
        }
    }
    shown.sort_by_key(|one| Reverse(one.points()));
    Score { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{
        Capability, Flow, Mark, Place, RuleId, SinkKind, SourceKind, Target, Zone,
    };
    use std::collections::BTreeSet;

    fn place(file: &str, line: u32) -> Place {
        Place {
            file: file.to_owned(),
            line,
            column: 1,
            bytes: (0, 1),
        }
    }

    fn can(name: &str, zone: Zone, detail: Option<&str>) -> Capability {
        Capability {
            name: name.to_owned(),
            zone,
            detail: detail.map(str::to_owned),
            at: place("package/setup.js", 2),
        }
    }

    fn with(capabilities: Vec<Capability>) -> Inspection {
        Inspection {
            capabilities,
            ..Inspection::default()
        }
    }

    fn ids(score: &Score) -> Vec<(&str, u32)> {
        score
            .shown
            .iter()
            .map(|shown| (shown.signal.id, shown.points()))
            .collect()
    }

    /// The sum that stands in a sentence, and the sum of its parts.
    fn added_up(sentence: &str) -> (u32, u32) {
        let (head, parts) = sentence.split_once(": ").unwrap();
        let sum = head.split(' ').nth(2).unwrap().parse().unwrap();
        let number = |part: &str| -> u32 {
            let first = part.split(' ').next().unwrap();
            first.parse().unwrap()
        };
        (sum, parts.split("; ").map(number).sum())
    }

    #[test]
    fn points_are_positive_and_capped_and_every_signal_has_an_id_of_its_own() {
        let mut seen = BTreeSet::new();
        for signal in SIGNALS {
            assert!((1..=CAP).contains(&signal.points), "{}", signal.id);
            assert!(RuleId::parse(signal.id).is_ok(), "{}", signal.id);
            assert!(seen.insert(signal.id), "{} stands twice", signal.id);
            // The parts of the sentence are set apart by these.
            assert!(!signal.says.contains([';', ':']), "{}", signal.id);
        }
    }

    #[test]
    fn no_signal_is_enough_by_itself() {
        assert!(SIGNALS.iter().all(|signal| signal.points < THRESHOLD));
    }

    #[test]
    fn an_artifact_that_shows_nothing_scores_nothing() {
        let score = score(&Inspection::default());
        assert_eq!(score.total(), 0);
        assert!(!score.is_suspicious());
        assert_eq!(score.evidence(), Vec::<String>::new());
    }

    #[test]
    fn of_one_group_the_highest_counts_alone_and_the_other_is_still_listed() {
        let code = with(vec![
            can("network", Zone::Import, Some("api.example")),
            can("network", Zone::Install, Some("collect.invalid")),
        ]);
        let score = score(&code);
        assert_eq!(
            ids(&score),
            [("network-at-install", 20), ("network-at-import", 0)]
        );
        assert_eq!(score.total(), 20);
        assert_eq!(
            score.evidence(),
            [
                "+20 network-at-install: package/setup.js:2:1: collect.invalid",
                "+0 network-at-import (12 by itself; another of `network` counts): \
                 package/setup.js:2:1: api.example",
            ]
        );
    }

    #[test]
    fn the_sentence_adds_up_to_the_sum() {
        let code = with(vec![
            can("code.dynamic", Zone::Import, None),
            can("files.executable", Zone::Install, None),
            can("network", Zone::Install, Some("8.8.8.8")),
            can("process", Zone::Install, None),
            can("process", Zone::Import, None),
            can("input", Zone::Import, None),
        ]);
        let score = score(&code);
        let (sum, parts) = added_up(&score.sentence());
        assert_eq!(sum, score.total());
        assert_eq!(parts, score.total());
        let lines: u32 = score
            .evidence()
            .iter()
            .map(|line| -> u32 {
                let number = line.trim_start_matches('+').split(' ').next().unwrap();
                number.parse().unwrap()
            })
            .sum();
        assert_eq!(lines, score.total());
        assert!(score.is_suspicious());
    }

    #[test]
    fn what_somebody_calls_scores_nothing() {
        let code = with(vec![
            can("network", Zone::Called, Some("8.8.8.8")),
            can("process", Zone::Command, None),
            can("input", Zone::Called, None),
        ]);
        assert_eq!(score(&code).total(), 0);
    }

    #[test]
    fn a_flow_is_shown_at_its_sink_and_text_of_strangers_is_safe_to_print() {
        let code = Inspection {
            flows: vec![Flow {
                source: SourceKind::Decoded,
                source_name: "a\u{1b}[31m".to_owned(),
                sink: SinkKind::DynamicCode,
                sink_name: "eval".to_owned(),
                target: Target::Opaque,
                zone: Zone::Import,
                path: vec![customs_model::Hop::told(
                    "reaches eval".to_owned(),
                    place("package/a.js", 7),
                )],
                marks: Vec::new(),
            }],
            ..Inspection::default()
        };
        let found = score(&code);
        assert_eq!(ids(&found), [("hidden-text-runs", 25)]);
        assert_eq!(
            found.shown[0].evidence,
            "package/a.js:7:1: a\\u{1b}[31m to eval"
        );
        let mut harmless = code;
        harmless.flows[0].marks.push(Mark::NoEffect);
        assert_eq!(score(&harmless).total(), 0);
    }
}
