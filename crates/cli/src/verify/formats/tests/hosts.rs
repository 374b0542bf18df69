//! GitHub's annotations and GitLab's code quality.

use super::super::Manner;
use super::made::{STRICT, hostile, many, report, subject};
use crate::verify::{annotations, gitlab};
use customs_model::Severity;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn annotations_are_one_line_each_and_command_nothing_else() {
    let text = annotations::text(&hostile(), Manner::default());
    for line in text.lines() {
        assert!(
            line.starts_with("::error ") || line.starts_with("::notice "),
            "{line}"
        );
        let properties = line.split("::").nth(1).unwrap();
        let (_, properties) = properties.split_once(' ').unwrap();
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "title"].contains(&name), "{line}");
            assert!(!value.contains([':', ',']), "{line}");
        }
    }
    assert!(!text.contains("##["), "{text}");
    assert!(text.contains("%250A"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn github_shows_ten_of_a_kind_so_the_last_one_counts_the_rest() {
    let ten = annotations::text(&many(10, Severity::High), Manner::default());
    assert_eq!(ten.matches("::error ").count(), 10);
    assert!(!ten.contains("more of this kind"));
    let more = annotations::text(&many(30, Severity::Low), Manner::default());
    let warnings: Vec<&str> = more
        .lines()
        .filter(|l| l.starts_with("::warning "))
        .collect();
    assert_eq!(warnings.len(), 10);
    assert_eq!(
        warnings[0],
        "::warning file=apps/a b/package-lock.json,line=7,title=customs%3A lock-address::finding 0%0Awas a%0Anow b"
    );
    assert!(
        warnings[9].contains("21 more of this kind"),
        "{}",
        warnings[9]
    );
}

#[test]
fn what_was_not_checked_is_a_notice_and_with_strict_an_error() {
    let report = report(vec![subject(Vec::new())]);
    let text = annotations::text(&report, Manner::default());
    assert!(text.starts_with("::notice title=customs%3A not checked::package-lock.json: origin"));
    assert!(annotations::text(&report, STRICT).starts_with("::error "));
}

#[test]
fn code_quality_has_what_gitlab_demands() {
    for (report, number) in [(many(2, Severity::High), 3), (hostile(), 4)] {
        let text = gitlab::text(&report, Manner::default()).unwrap();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        let value: Value = serde_json::from_str(&text).unwrap();
        let issues = value.as_array().unwrap();
        assert_eq!(issues.len(), number, "{text}");
        let mut prints = BTreeSet::new();
        for issue in issues {
            for key in ["description", "check_name", "fingerprint"] {
                assert!(!issue[key].as_str().unwrap().is_empty());
            }
            assert!(prints.insert(issue["fingerprint"].to_string()));
            let severity = issue["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
            assert!(!issue["location"]["path"].as_str().unwrap().is_empty());
        }
    }
}
