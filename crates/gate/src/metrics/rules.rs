//! Refusals by the rule that spoke.

use super::Page;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Rules that are told apart. There are some fifty, and none has a name from outside; a label must
/// not depend on that staying so.
const RULES: usize = 128;
/// What is beyond.
const OTHER: &str = "other";

/// A counter for each rule.
#[derive(Default)]
pub(super) struct ByRule(Mutex<BTreeMap<String, u64>>);

impl ByRule {
    pub fn add(&self, rule: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(rule) {
            *count += 1;
            return;
        }
        let is_name = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_one = rule.len() <= 64 && rule.bytes().all(is_name) && all.len() < RULES;
        let rule = if is_one { rule } else { OTHER };
        *all.entry(rule.to_owned()).or_default() += 1;
    }

    pub fn render(&self, page: &mut Page) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.labelled(
            "refusals_total",
            "Requests that were refused, by the rule that decided.",
            "rule",
            all.iter().map(|(rule, count)| (rule.as_str(), *count)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_stand_by_their_rule_and_the_number_of_rules_is_bounded() {
        let all = ByRule::default();
        for rule in [
            "version-age",
            "known-malicious",
            "version-age",
            "a \"} b",
            "",
        ] {
            all.add(rule);
        }
        for at in 0..2 * RULES {
            all.add(&format!("rule-{at}"));
        }
        let mut page = Page(String::new());
        all.render(&mut page);
        let has = |line: &str| page.0.lines().any(|known| known == line);
        assert!(has("customs_gate_refusals_total{rule=\"version-age\"} 2"));
        assert!(has(
            "customs_gate_refusals_total{rule=\"known-malicious\"} 1"
        ));
        assert!(page.0.lines().count() <= RULES + 3, "{}", page.0);
        assert!(!page.0.contains("} b"));
    }
}
