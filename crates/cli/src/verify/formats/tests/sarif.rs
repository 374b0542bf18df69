//! SARIF: what GitHub's documentation demands.

use super::made::{finding, hostile, many, report, subject};
use crate::inspect::sarif::add_links;
use crate::link;
use crate::verify::{rules, sarif};
use customs_model::{RuleId, Severity};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn sarif_has_all_that_a_code_host_demands() {
    for report in [
        report(Vec::new()),
        many(3, Severity::Medium),
        many(6_000, Severity::High),
        hostile(),
    ] {
        demanded(&sarif::log(&report));
    }
}

/// What the schema demands, and what GitHub's documentation demands beside it.
fn demanded(log: &Value) {
    assert_eq!(crate::sarif_form::wrong(log), [""; 0]);
    let runs = log["runs"].as_array().unwrap();
    assert!(runs.len() <= 20);
    let run = &runs[0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.len() <= 25_000);
    for rule in rules {
        for part in ["shortDescription", "fullDescription", "help"] {
            let text = rule[part]["text"].as_str().unwrap();
            assert!(!text.is_empty());
            assert!(part == "help" || text.chars().count() <= 1_024, "{text}");
        }
        let name = rule["name"].as_str().unwrap();
        assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
        assert!(rule["defaultConfiguration"]["level"].is_string());
        let tags = rule["properties"]["tags"].as_array().unwrap();
        assert!(tags.contains(&"security".into()) && tags.len() <= 20);
        let security = rule["properties"]["security-severity"].as_str();
        let security: f64 = security.unwrap().parse().unwrap();
        assert!(security > 0.0 && security <= 10.0);
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() <= 5_000);
    let mut prints = BTreeSet::new();
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.is_empty() && text.chars().count() <= 1_000);
        assert!(!text.chars().any(char::is_control), "{text:?}");
        let locations = result["locations"].as_array().unwrap();
        assert_eq!(locations.len(), 1);
        let place = &locations[0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains([' ', ':', '#', '?', '\\']));
        assert!(uri.is_ascii() && !uri.is_empty());
        let print = &result["partialFingerprints"]["customs/v1"];
        assert!(prints.insert(print.as_str().unwrap().to_owned()));
        // The one that GitHub looks at tells as much.
        let line = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(prints.insert(line.as_str().unwrap().to_owned()));
    }
    for note in run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
    {
        assert!(note["message"]["text"].as_str().unwrap().chars().count() <= 1_000);
    }
    assert!(log.to_string().len() < 10_000_000);
}

#[test]
fn results_that_code_hosts_do_not_keep_are_left_out_and_counted() {
    let log = sarif::log(&many(6_000, Severity::High));
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("1000 results are left out"), "{notes}");
}

#[test]
fn a_message_of_escapes_is_no_longer_than_what_is_taken() {
    let long = "\u{1b}](x".repeat(5_000);
    let report = report(vec![subject(vec![finding("a", long, Severity::High)])]);
    demanded(&sarif::log(&report));
}

#[test]
fn a_file_that_does_not_compress_stays_below_what_is_taken() {
    let one = "\u{10348}".repeat(990);
    let all = (0..5_000).map(|at| finding("a", format!("{at} {one}"), Severity::High));
    let report = report(vec![subject(all.collect())]);
    let log = sarif::log(&report);
    assert!(log.to_string().len() < 10_000_000);
    assert!(log.to_string().contains("results are left out"));
}

#[test]
fn each_rule_is_linked_to_a_page_that_exists() {
    let home = "https://code.example/customs";
    let of_each = rules().map(|doc| {
        let mut finding = finding("a", doc.id.to_owned(), Severity::High);
        finding.rule = RuleId::of(doc.id);
        finding
    });
    let mut log = sarif::log(&report(vec![subject(of_each.collect())]));
    let driver = &mut log["runs"][0]["tool"]["driver"];
    add_links(driver, Some(home), link::of_verify);
    let told = driver["rules"].as_array().unwrap();
    assert_eq!(told.len(), rules().count());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for rule in told {
        let link = rule["helpUri"].as_str().unwrap();
        let path = link.strip_prefix(home).unwrap();
        let path = path.strip_prefix("/blob/main/").unwrap();
        assert!(root.join(path).is_file(), "{link}");
    }
    assert_eq!(crate::sarif_form::wrong(&log), [""; 0]);
}
