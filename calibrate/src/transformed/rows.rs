//! Transformed cases, counted: by transform, language, shape and depth.

use super::{After, Task};
use crate::stats::Count;
use crate::transform::Language;
use std::collections::BTreeMap;

/// Depths that are told apart: alone, in two, in three.
const DEPTHS: usize = 3;

/// A row of a table.
#[derive(Debug, Default, Clone, Copy)]
pub struct Row {
    applied: usize,
    found: usize,
    unexplained: usize,
    not_applicable: usize,
    benign: usize,
    alarms: usize,
}

impl Row {
    /// How many attacks are still found, of those that could be transformed.
    pub const fn recall(self) -> Count {
        Count {
            n: self.found,
            of: self.applied,
        }
    }

    /// How many honest twins are called malicious, of those that could be transformed.
    pub const fn alarms(self) -> Count {
        Count {
            n: self.alarms,
            of: self.benign,
        }
    }

    const fn add(&mut self, malicious: bool, after: &After) {
        match (malicious, after) {
            (_, After::NotApplicable) => self.not_applicable += 1,
            (true, After::Same) => {
                self.applied += 1;
                self.found += 1;
            }
            (true, After::Unexplained) => {
                self.applied += 1;
                self.found += 1;
                self.unexplained += 1;
            }
            (true, After::Missed(_) | After::Alarm(_)) => self.applied += 1,
            (false, After::Alarm(_)) => {
                self.benign += 1;
                self.alarms += 1;
            }
            (false, _) => self.benign += 1,
        }
    }

    fn print(self, name: &str) {
        let recall = if self.applied == 0 {
            "-".to_owned()
        } else {
            format!("{:.1}%", 100.0 * self.recall().share())
        };
        println!(
            "{name:44} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
            self.applied,
            self.found,
            recall,
            self.unexplained,
            self.not_applicable,
            self.benign,
            self.alarms
        );
    }
}

/// A transform: its number and what it does, a few words.
type Number = (usize, &'static str);

/// All rows of all tables.
#[derive(Debug, Default)]
pub struct Rows {
    /// Everything.
    pub all: Row,
    /// One transform, two, three.
    pub by_depth: [Row; DEPTHS],
    /// A shape is what stands in one file: one attack in one language.
    pub by_file: BTreeMap<String, Row>,
    by_transform: BTreeMap<Number, [Row; DEPTHS]>,
    by_pair: BTreeMap<(Language, Number), Row>,
    by_family: BTreeMap<(usize, String), Row>,
    by_language: BTreeMap<Language, Row>,
}

impl Rows {
    /// Each transform alone, as `T3 encode strings`, over all languages.
    pub fn alone(&self) -> impl Iterator<Item = (String, Row)> {
        self.by_transform
            .iter()
            .map(|(number, [alone, ..])| (title(*number), *alone))
    }

    /// Each transform alone, with a row for each language that has it.
    pub fn alone_by_language(&self) -> impl Iterator<Item = (String, Vec<Option<Row>>)> {
        self.by_transform.keys().map(move |number| {
            let of = |language: &Language| self.by_pair.get(&(*language, *number)).copied();
            (title(*number), Language::ALL.iter().map(of).collect())
        })
    }

    /// Counts a case.
    pub(super) fn add(&mut self, task: &Task<'_>, after: &After) {
        let malicious = task.case.malicious;
        let depth = task.chain.len().clamp(1, DEPTHS) - 1;
        for transform in &task.chain {
            let number = (number_of(transform.id), transform.title);
            let rows = self.by_transform.entry(number).or_default();
            rows[depth].add(malicious, after);
            if depth == 0 {
                self.by_pair
                    .entry((task.language, number))
                    .or_default()
                    .add(malicious, after);
            }
        }
        let file = task.case.id.split('#').next().unwrap_or_default();
        let family = file.split('-').next().unwrap_or_default();
        self.by_family
            .entry((number_of(family), family.to_owned()))
            .or_default()
            .add(malicious, after);
        self.by_file
            .entry(file.to_owned())
            .or_default()
            .add(malicious, after);
        self.by_language
            .entry(task.language)
            .or_default()
            .add(malicious, after);
        self.by_depth[depth].add(malicious, after);
        self.all.add(malicious, after);
    }

    /// Every table.
    pub(super) fn print(&self) {
        let titles = [
            "transform, alone",
            "transform, in two",
            "transform, in three",
        ];
        for (depth, heading_of) in titles.iter().enumerate() {
            heading(heading_of);
            for (number, rows) in &self.by_transform {
                rows[depth].print(&title(*number));
            }
        }
        heading("language and transform, alone");
        for ((language, number), row) in &self.by_pair {
            row.print(&format!("{} {}", language.name(), title(*number)));
        }
        heading("shape");
        for (file, row) in &self.by_file {
            row.print(file);
        }
        heading("family");
        for ((_, family), row) in &self.by_family {
            row.print(family);
        }
        heading("language");
        for (language, row) in &self.by_language {
            row.print(language.name());
        }
        heading("depth");
        for (depth, row) in self.by_depth.iter().enumerate() {
            row.print(&(depth + 1).to_string());
        }
        self.all.print("all");
    }
}

fn title((number, words): Number) -> String {
    format!("T{number} {words}")
}

fn heading(title: &str) {
    println!(
        "\n{title:44} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "applied", "found", "recall", "unexpl", "n/a", "benign", "alarm"
    );
}

/// The number in `T11` or `p11`; those without one come last.
fn number_of(name: &str) -> usize {
    name.trim_start_matches(|c: char| c.is_alphabetic())
        .parse()
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        assert_eq!(number_of("T11"), 11);
        assert_eq!(number_of("p2"), 2);
        assert_eq!(number_of("benign"), usize::MAX);
    }

    #[test]
    fn what_could_not_be_transformed_is_neither_found_nor_missed() {
        let mut row = Row::default();
        for after in [
            After::NotApplicable,
            After::Same,
            After::Unexplained,
            After::Missed(String::new()),
        ] {
            row.add(true, &after);
            row.add(false, &after);
        }
        row.add(false, &After::Alarm(String::new()));
        assert_eq!(row.recall(), Count { n: 2, of: 3 });
        assert_eq!(row.alarms(), Count { n: 1, of: 4 });
    }
}
