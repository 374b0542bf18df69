//! The columns of the table: their names on the command line, and the policy file of
//! each that goes through the gate.

use crate::report::Column;
use customs_model::RuleId;
use customs_rules::RuleSet;
use std::fmt::Write as _;

/// The rules that ask for nothing but time.
const AGE_RULES: [&str; 3] = ["version-age", "name-age", "publish-time-unknown"];

/// What the rule of an `only:` column is written behind.
const ONLY: &str = "only:";

impl Column {
    /// The columns that are no rule alone.
    pub const FIRST: [Self; 5] = [
        Self::NoGate,
        Self::ClientsOwnAge,
        Self::AllRules,
        Self::AgeRulesOff,
        Self::InspectionAlone,
    ];

    /// All: the first five, then each rule alone.
    pub fn all() -> Vec<Self> {
        let mut columns = Self::FIRST.to_vec();
        columns.extend(Self::alone());
        columns
    }

    /// Each rule alone that goes by what a registry says; those that read code are one column
    /// together.
    pub fn alone() -> Vec<Self> {
        by_document().map(|id| Self::Only(RuleId::of(id))).collect()
    }

    /// The names that [`Self::named`] knows.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = [
            "no-gate",
            "own-age",
            "all-rules",
            "age-off",
            "inspection",
            "alone",
        ]
        .map(str::to_owned)
        .into();
        names.extend(by_document().map(|id| format!("{ONLY}{id}")));
        names
    }

    /// The columns of a name; `alone` stands for each rule alone.
    pub fn named(name: &str) -> Option<Vec<Self>> {
        match name {
            "no-gate" => Some(vec![Self::NoGate]),
            "own-age" => Some(vec![Self::ClientsOwnAge]),
            "all-rules" => Some(vec![Self::AllRules]),
            "age-off" => Some(vec![Self::AgeRulesOff]),
            "inspection" => Some(vec![Self::InspectionAlone]),
            "alone" => Some(Self::alone()),
            other => {
                let id = other.strip_prefix(ONLY)?;
                let id = rules().find(|known| *known == id)?;
                Some(vec![Self::Only(RuleId::of(id))])
            }
        }
    }

    /// The policy file of a column that goes through the gate.
    pub fn policy(&self) -> Option<String> {
        let off: Vec<&str> = match self {
            Self::NoGate | Self::ClientsOwnAge => return None,
            Self::AllRules => Vec::new(),
            Self::AgeRulesOff => AGE_RULES.to_vec(),
            // That what is required is refused follows from reading it.
            Self::InspectionAlone => by_document()
                .filter(|id| *id != "unmet-dependency")
                .collect(),
            Self::Only(rule) => rules().filter(|id| *id != rule.as_str()).collect(),
        };
        let mut text = "version = 1\n".to_owned();
        for id in off {
            // Writing into a text cannot fail.
            let _ = write!(text, "\n[rules.{id}]\nmode = \"off\"\n");
        }
        Some(text)
    }
}

fn by_document() -> impl Iterator<Item = &'static str> {
    let reading: Vec<&str> = RuleSet::standard().reading_code().collect();
    rules().filter(move |id| !reading.contains(id))
}

fn rules() -> impl Iterator<Item = &'static str> {
    let ids: Vec<&str> = RuleSet::standard().docs().map(|doc| doc.id).collect();
    ids.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_rules::{Mode, Policy};

    #[test]
    fn every_policy_is_one_that_the_gate_reads() {
        for column in Column::all() {
            if let Some(text) = column.policy() {
                Policy::parse(&text, "policy.toml").unwrap_or_else(|e| panic!("{column}: {e}"));
            }
        }
        assert_eq!(Column::NoGate.policy(), None);
    }

    #[test]
    fn a_rule_alone_turns_every_other_off() {
        let rule = RuleId::of("lost-origin");
        let text = Column::Only(rule).policy().unwrap();
        let policy = Policy::parse(&text, "policy.toml").unwrap();
        for id in rules() {
            let expected = if id == "lost-origin" {
                Mode::Enforce
            } else {
                Mode::Off
            };
            assert_eq!(policy.mode(id), expected, "{id}");
        }
    }

    #[test]
    fn the_age_rules_are_rules() {
        assert!(AGE_RULES.iter().all(|age| rules().any(|id| id == *age)));
    }

    #[test]
    fn every_column_can_be_named() {
        let named: Vec<Column> = Column::names()
            .iter()
            .filter(|n| *n != "alone")
            .flat_map(|n| Column::named(n).unwrap())
            .collect();
        assert_eq!(named, Column::all());
        assert_eq!(Column::named("only:nothing"), None);
        assert_eq!(Column::named("alone"), Some(Column::alone()));
    }
}
