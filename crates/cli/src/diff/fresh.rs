//! What is said of a release and was not said of the one before it, lines that moved aside.

use customs_model::{Finding, Severity};
use std::collections::HashMap;

/// A rule and the file in which what it speaks of ends.
type Key<'a> = (&'a str, &'a str);

/// How many findings of the later one, notes aside, are of a rule or of a place that the earlier
/// one had none of, or had fewer of.
pub(super) fn count(was: &[Finding], is: &[Finding]) -> usize {
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    for finding in was.iter().filter(|f| f.severity > Severity::Note) {
        *known.entry(key(finding)).or_default() += 1;
    }
    let told = is.iter().filter(|f| f.severity > Severity::Note);
    told.filter(|finding| match known.get_mut(&key(finding)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
    .count()
}

/// Top folders may hold the version, and lines move.
fn key(finding: &Finding) -> Key<'_> {
    let file = finding.path.last().map_or("", |hop| hop.at.file.as_str());
    let below = file.split_once('/').map_or(file, |(_, below)| below);
    (finding.rule.as_str(), below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::{Confidence, Edge, Hop, Place, RuleId};

    fn finding(rule: &'static str, file: &str, line: u32) -> Finding {
        Finding {
            rule: RuleId::of(rule),
            severity: Severity::Medium,
            confidence: Confidence::High,
            message: format!("line {line}"),
            evidence: Vec::new(),
            path: vec![Hop {
                what: String::new(),
                at: Place {
                    file: file.to_owned(),
                    line,
                    column: 1,
                    bytes: (0, 0),
                },
                edge: Edge::default(),
                hidden: None,
                shown: None,
            }],
        }
    }

    #[test]
    fn another_rule_another_file_and_one_more_of_them_are_new_and_a_moved_line_is_not() {
        let was = [finding("a", "x-1.0/a.js", 1)];
        assert_eq!(count(&was, &[finding("a", "x-1.1/a.js", 9)]), 0);
        assert_eq!(count(&was, &[finding("b", "x-1.1/a.js", 1)]), 1);
        assert_eq!(count(&was, &[finding("a", "x-1.1/b.js", 1)]), 1);
        let twice = [finding("a", "x-1.1/a.js", 1), finding("a", "x-1.1/a.js", 2)];
        assert_eq!(count(&was, &twice), 1);
    }

    #[test]
    fn what_was_a_note_and_is_more_is_new() {
        let mut note = finding("a", "x/a.js", 1);
        note.severity = Severity::Note;
        assert_eq!(count(&[note.clone()], &[finding("a", "x/a.js", 1)]), 1);
        assert_eq!(count(&[], &[note]), 0);
    }
}
