use super::*;

/// What the schema of SARIF 2.1.0 demands, and what code hosts demand beside it.
fn complies(log: &Value) {
    let text = |value: &Value, key: &str| {
        assert!(value[key].is_string(), "no text {key} in {value:#}");
    };
    let located = |location: &Value| {
        let physical = &location["physicalLocation"];
        text(&physical["artifactLocation"], "uri");
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        let is_relative = !uri.starts_with('/') && !uri.contains(':');
        assert!(is_relative && !uri.is_empty(), "{uri}");
        let region = &physical["region"];
        assert!(region["startLine"].as_u64().unwrap() >= 1, "{region:#}");
        if let Some(column) = region.get("startColumn") {
            assert!(column.as_u64().unwrap() >= 1, "{region:#}");
            for key in ["byteOffset", "byteLength"] {
                assert!(region[key].is_u64(), "{region:#}");
            }
        }
        if let Some(message) = location.get("message") {
            text(message, "text");
        }
    };
    let each = |value: &Value| value.as_array().unwrap().clone();
    assert_eq!(crate::sarif_form::wrong(log), [""; 0]);
    let runs = each(&log["runs"]);
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    text(&run["tool"]["driver"], "name");
    let rules = each(&run["tool"]["driver"]["rules"]);
    for rule in &rules {
        text(rule, "id");
        for part in ["shortDescription", "fullDescription", "help"] {
            text(&rule[part], "text");
        }
    }
    let artifacts = each(&run["artifacts"]);
    for artifact in &artifacts {
        text(&artifact["location"], "uri");
        if let Some(parent) = artifact.get("parentIndex") {
            assert!((parent.as_u64().unwrap() as usize) < artifacts.len());
        }
    }
    for invocation in each(&run["invocations"]) {
        assert!(invocation["executionSuccessful"].is_boolean());
        for notification in each(&invocation["toolExecutionNotifications"]) {
            text(&notification["message"], "text");
            each(&notification["locations"]).iter().for_each(located);
        }
    }
    for result in each(&run["results"]) {
        text(&result["message"], "text");
        let level = result["level"].as_str().unwrap();
        assert!(["none", "note", "warning", "error"].contains(&level));
        let rule = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        each(&result["locations"]).iter().for_each(located);
        for flow in result.get("codeFlows").map(each).unwrap_or_default() {
            for thread in each(&flow["threadFlows"]) {
                for step in each(&thread["locations"]) {
                    located(&step["location"]);
                    text(&step["location"]["message"], "text");
                }
            }
        }
        for fingerprint in result["partialFingerprints"].as_object().unwrap().values() {
            assert!(fingerprint.is_string());
        }
    }
}

#[test]
fn a_log_has_every_member_that_the_schema_requires() {
    let bad = verdict(Standing::Malicious, vec![secret()], &["a part: too large"]);
    let clean = verdict(Standing::Clean, Vec::new(), &[]);
    complies(&log_of(&[]));
    complies(&log_of(&[
        Subject::archive("a.tgz", here(), &bad),
        Subject::folder("b", here(), &bad),
        Subject::archive("c.whl", here(), &clean),
    ]));
}
