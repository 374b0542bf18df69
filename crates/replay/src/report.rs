//! What happened to whom: the table of a replay.

use customs_model::{RuleId, printable};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

mod render;

/// One way to run a victim's install.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Straight from the upstream.
    NoGate,
    /// Straight from the upstream, with the client's own age setting.
    ClientsOwnAge,
    /// Through the gate, all rules.
    AllRules,
    /// Through the gate, the age rules off.
    AgeRulesOff,
    /// Through the gate, what the code does alone: no age, no feed, nothing that a registry
    /// says of who published what and when.
    InspectionAlone,
    /// Through the gate, this rule alone.
    Only(RuleId),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The payload ran: the marker appeared.
    Hit {
        /// What the marker file says, one release a line.
        by: Vec<String>,
    },
    /// Nothing bad was installed, and the project got what it should.
    Safe {
        /// What was installed of what the scenario names, `name@version`.
        took: Vec<String>,
        /// The rules that held or blocked something for it.
        rules: Vec<RuleId>,
    },
    /// Nothing was installed: the client ended with an error.
    Refused {
        /// The rules that held or blocked something for it.
        rules: Vec<RuleId>,
        /// The last words of the client, for people.
        said: String,
    },
    /// Something bad was installed that did not run.
    Installed {
        /// Which, `name@version`.
        bad: Vec<String>,
    },
    /// It was not the one expected, and not a bad one either.
    Other {
        /// What was installed of what the scenario names, `name@version`.
        took: Vec<String>,
    },
    /// It was tried and did not work: the program or the harness is broken.
    Failed {
        /// How (`no end after 60 s`).
        why: String,
    },
    /// It could not be tried here.
    NotRun {
        /// Why (`no node-gyp on this machine`).
        why: String,
    },
}

/// One column of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What the scenario expects here; none where it says nothing.
    pub expected: Option<Expected>,
}

/// What a scenario expects of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// What it names as good is installed, and nothing bad.
    Good,
    /// Nobody is hurt; whether anything is installed is no matter.
    Safe,
    /// Something bad is installed, or runs.
    Harm,
    /// The payload runs.
    Hit,
}

/// A victim with a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The scenario's id.
    pub scenario: String,
    /// The victim's name.
    pub victim: String,
    /// The client and its version.
    pub client: String,
    /// By column.
    pub cells: BTreeMap<Column, Cell>,
    /// What one must know to read it.
    pub notes: Vec<String>,
}

/// All rows of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order in which they ran.
    pub rows: Vec<Row>,
}

/// The name of the JSON form.
const SCHEMA: &str = "customs/replay-v1";

/// The JSON form.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    as_expected: bool,
    rows: Vec<Line<'a>>,
}

/// A row of the JSON form.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// The columns that came otherwise than expected.
    surprises: Vec<&'a Column>,
}

impl Outcome {
    /// Whether nobody was hurt. What did not run or did not work proves nothing.
    pub const fn safe(&self) -> Option<bool> {
        match self {
            Self::Safe { .. } | Self::Refused { .. } | Self::Other { .. } => Some(true),
            Self::Hit { .. } | Self::Installed { .. } => Some(false),
            Self::Failed { .. } | Self::NotRun { .. } => None,
        }
    }

    /// In words that leave nothing out.
    pub fn in_full(&self) -> String {
        match self {
            Self::Hit { by } => format!("HIT by {}", by.join(", ")),
            Self::Safe { took, .. } => format!("took {}", took.join(", ")),
            Self::Refused { said, .. } => format!("refused: {said}"),
            Self::Installed { bad } => format!("installed {}", bad.join(", ")),
            Self::Other { took } => format!("took {} instead", took.join(", ")),
            Self::Failed { why } => format!("failed: {why}"),
            Self::NotRun { why } => format!("not run: {why}"),
        }
    }

    /// The rules that stopped it.
    pub fn rules(&self) -> &[RuleId] {
        match self {
            Self::Safe { rules, .. } | Self::Refused { rules, .. } => rules,
            Self::Hit { .. }
            | Self::Installed { .. }
            | Self::Other { .. }
            | Self::Failed { .. }
            | Self::NotRun { .. } => &[],
        }
    }
}

impl Cell {
    /// Whether it came as the scenario expects. *Not run* does not contradict; *failed*
    /// always does.
    pub fn as_expected(&self) -> bool {
        match (&self.outcome, self.expected) {
            (Outcome::NotRun { .. }, _) => true,
            (Outcome::Failed { .. }, _) => false,
            (_, None) => true,
            (outcome, Some(Expected::Good)) => matches!(outcome, Outcome::Safe { .. }),
            (outcome, Some(Expected::Safe)) => outcome.safe() == Some(true),
            (outcome, Some(Expected::Harm)) => outcome.safe() == Some(false),
            (outcome, Some(Expected::Hit)) => matches!(outcome, Outcome::Hit { .. }),
        }
    }
}

impl Row {
    /// The rules that each alone hold something back of this install, and nobody is hurt.
    pub fn stopped_alone_by(&self) -> Vec<&RuleId> {
        let alone = self.cells.iter().filter_map(|(column, cell)| match column {
            Column::Only(rule) => {
                let stopped = !cell.outcome.rules().is_empty();
                (stopped && cell.outcome.safe() == Some(true)).then_some(rule)
            }
            Column::NoGate
            | Column::ClientsOwnAge
            | Column::AllRules
            | Column::AgeRulesOff
            | Column::InspectionAlone => None,
        });
        alone.collect()
    }

    /// The columns that came otherwise than the scenario expects.
    pub fn surprises(&self) -> impl Iterator<Item = (&Column, &Cell)> {
        self.cells.iter().filter(|(_, cell)| !cell.as_expected())
    }
}

impl Report {
    /// Whether everything came as expected.
    pub fn as_expected(&self) -> bool {
        self.rows.iter().all(|row| row.surprises().next().is_none())
    }

    /// As a table for people.
    pub fn text(&self) -> String {
        render::text(self)
    }

    /// Whether anything was tried at all.
    pub fn ran(&self) -> bool {
        let mut cells = self.rows.iter().flat_map(|row| row.cells.values());
        cells.any(|cell| !matches!(cell.outcome, Outcome::NotRun { .. }))
    }

    /// As JSON, the same bytes for the same report.
    ///
    /// # Errors
    /// None is known: all of it is text and lists.
    pub fn json(&self) -> serde_json::Result<String> {
        let line = |row| Line {
            row,
            surprises: Row::surprises(row).map(|(column, _)| column).collect(),
        };
        serde_json::to_string_pretty(&Document {
            schema: SCHEMA,
            // Nothing tried is nothing shown.
            as_expected: self.ran() && self.as_expected(),
            rows: self.rows.iter().map(line).collect(),
        })
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGate => f.write_str("no gate"),
            Self::ClientsOwnAge => f.write_str("client's own age"),
            Self::AllRules => f.write_str("all rules"),
            Self::AgeRulesOff => f.write_str("age rules off"),
            Self::InspectionAlone => f.write_str("inspection alone"),
            Self::Only(rule) => write!(f, "only {rule}"),
        }
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "what is good, and nothing bad",
            Self::Safe => "nothing bad",
            Self::Harm => "something bad installed",
            Self::Hit => "a hit",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[String]| printable(&items.join(", "), 40);
        match self {
            Self::Hit { .. } => f.write_str("HIT"),
            Self::Safe { took, .. } => write!(f, "took {}", list(took)),
            Self::Refused { .. } => f.write_str("refused"),
            Self::Installed { bad } => write!(f, "installed {}", list(bad)),
            Self::Other { took } => write!(f, "took {} instead", list(took)),
            Self::Failed { why } => write!(f, "failed: {}", printable(why, 60)),
            Self::NotRun { why } => write!(f, "not run: {}", printable(why, 40)),
        }
    }
}

#[cfg(test)]
mod tests;
