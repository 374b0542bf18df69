//! What of a policy is kept, so that a decision of long ago can be judged again.

use super::Policy;
use crate::rule;
use std::fmt::Write as _;

impl Policy {
    /// The modes and settings of every rule, as a policy file: what a decision of the past was
    /// made under, so far as it cannot be told from the decision. Denials, private names and
    /// exemptions are not in it.
    pub fn kept(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "version = 1");
        let _ = writeln!(out, "observe = {}", self.observe);
        let _ = writeln!(out, "locked = {:?}", self.locked.word());
        let _ = writeln!(out, "urgent-fix = {}", self.urgent_fix);
        let window = crate::doc::Amount::Time(self.change_window).written();
        let _ = writeln!(out, "change-window = {window:?}");
        for doc in rule::ALL.iter().map(|rule| rule.doc()) {
            let _ = writeln!(out, "[rules.{}]", doc.id);
            let _ = writeln!(out, "mode = {:?}", self.mode(doc.id).word());
            for setting in doc.settings {
                let _ = match self.amount(setting) {
                    crate::doc::Amount::Time(_) => writeln!(
                        out,
                        "{} = {:?}",
                        setting.key,
                        self.amount(setting).written()
                    ),
                    crate::doc::Amount::Count(of) => writeln!(out, "{} = {of}", setting.key),
                };
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_back_the_same() {
        for text in [
            "",
            "observe = true\nlocked = \"enforce\"\nurgent-fix = false\nchange-window = \"1d 12h\"\n",
            "[rules.version-age]\nage = \"36h\"\nmode = \"warn\"\n[rules.release-burst]\nlines = 5\n",
            "[rules.version-age]\nage = \"90min\"\n[rules.novelty]\nmode = \"off\"\n",
        ] {
            let policy = Policy::parse(&format!("version = 1\n{text}"), "policy.toml").unwrap();
            let kept = policy.kept();
            let again = Policy::parse(&kept, "kept").unwrap_or_else(|e| panic!("{e}\n{kept}"));
            assert_eq!(again.digest(), policy.digest(), "{kept}");
        }
    }

    #[test]
    fn it_is_short_enough_for_a_memory_of_64_kib() {
        assert!(Policy::default().kept().len() < 8_000);
    }
}
