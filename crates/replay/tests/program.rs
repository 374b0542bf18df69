//! How the built program is called and what is made of its report, with stand-ins for
//! it: what a broken gate does must never look like safety.
#![cfg(unix)]

use customs_replay::{Client, Column, Outcome, Setup, find, replay};
use std::os::unix::fs::PermissionsExt as _;

/// Finds the report's path and the client's own words among the arguments.
const BEGIN: &str = "#!/bin/sh
[ \"$1\" = run ] || exit 99
while [ \"$1\" != -- ]; do
  case \"$1\" in
    --report) report=$2 ;;
    --policy) grep -q 'version = 1' \"$2\" || exit 98 ;;
  esac
  shift
done
shift
[ -n \"$CUSTOMS_STATE_DIR\" ] && [ -n \"$CUSTOMS_GATE_LINGER\" ] || exit 97
";

/// What comes of axios' first victim with npm behind a program that does this.
async fn behind(script: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let program = folder.path().join("customs");
    let written = std::fs::write(&program, format!("{BEGIN}{script}"));
    let mode = std::fs::Permissions::from_mode(0o755);
    written
        .and_then(|()| std::fs::set_permissions(&program, mode))
        .unwrap_or_else(|e| panic!("{e}"));
    let mut scenario = find("axios")
        .and_then(Result::ok)
        .unwrap_or_else(|| panic!("no axios"));
    scenario.victims.truncate(1);
    let setup = Setup {
        program,
        tools: None,
        clients: vec![Client::Npm],
        columns: vec![Column::AllRules],
    };
    let mut report = replay(&scenario, &setup, |_| ()).await;
    let cell = report.rows[0].cells.remove(&Column::AllRules);
    cell.unwrap_or_else(|| panic!("no cell")).outcome
}

#[tokio::test]
async fn a_gate_that_stops_nothing_is_a_hit() {
    let script = "\"$@\"; code=$?; echo '{\"protected\": true}' > \"$report\"; exit $code";
    let outcome = behind(script).await;
    let by = vec!["plain-crypto-js@4.2.1".to_owned()];
    assert_eq!(outcome, Outcome::Hit { by });
}

#[tokio::test]
async fn a_refusal_is_told_with_its_rules_and_the_clients_last_words() {
    let script = "echo '{\"protected\": true, \"held\": [{\"rule\": \"version-age\"}], \
         \"refused\": [{\"rule\": \"lost-origin\"}]}' > \"$report\"; echo E403 >&2; exit 1";
    match behind(script).await {
        Outcome::Refused { rules, said } => {
            let rules: Vec<&str> = rules.iter().map(|r| r.as_str()).collect();
            assert_eq!(
                (rules, said.as_str()),
                (vec!["version-age", "lost-origin"], "E403")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_run_that_did_not_go_through_the_gate_is_no_safety() {
    let script = "echo '{\"protected\": false}' > \"$report\"; exit 1";
    let outcome = behind(script).await;
    assert!(
        matches!(&outcome, Outcome::Failed { why } if why.starts_with("nothing arrived")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_program_that_breaks_is_no_safety() {
    let outcome = behind("echo 'cannot start' >&2; exit 125").await;
    let expected = "customs run wrote no report: cannot start";
    assert!(
        matches!(&outcome, Outcome::Failed { why } if why == expected),
        "{outcome:?}"
    );
}
