//! The built program against every scenario, with the real package managers.
//!
//! `cargo xtask test` says where both lie (`CUSTOMS_BIN`, `CUSTOMS_TOOLS`). Without it
//! the program is the one that cargo built for this test, and the package managers are
//! looked for where `cargo xtask tools` puts them.

use customs_replay::{BUILT_IN, Client, Column, Outcome, Report, Setup, find, replay};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn program() -> PathBuf {
    std::env::var_os("CUSTOMS_BIN").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_customs")),
        PathBuf::from,
    )
}

fn tools() -> PathBuf {
    let tools = std::env::var_os("CUSTOMS_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"),
        PathBuf::from,
    );
    for name in ["pnpm", "yarn1", "yarn4", "bun", "pip", "uv"] {
        assert!(
            tools.join("path").join(name).is_dir(),
            "the pinned {name} is missing; get it with: cargo xtask tools"
        );
    }
    tools
}

fn customs(arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command
        .arg("replay")
        .args(arguments)
        .env("CUSTOMS_TOOLS", tools());
    command
        .output()
        .unwrap_or_else(|e| panic!("{} does not start: {e}", program().display()))
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Replays a scenario as people do, and demands that all came as it expects.
fn as_expected(id: &str, arguments: &[&str]) -> Value {
    demand(&customs(&[&[id, "--format", "json"], arguments].concat()))
}

/// A benign scenario. What all rules together admit each of them admits alone, so the
/// rules alone are left out.
fn admitted_in_time(id: &str) {
    let columns = [
        "--column",
        "no-gate",
        "--column",
        "own-age",
        "--column",
        "all-rules",
    ];
    let document = as_expected(id, &[&columns[..], &["--column", "age-off"]].concat());
    for row in document["rows"].as_array().into_iter().flatten() {
        assert_eq!(row["cells"]["all rules"]["outcome"], "safe", "{row:#}");
    }
}

fn demand(output: &Output) -> Value {
    let document = json(output);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        document["as_expected"],
        true,
        "{told}\n{}",
        surprises(&document)
    );
    assert_eq!(output.status.code(), Some(0), "{told}");
    for cell in cells(&document) {
        let known = match cell["outcome"].as_str() {
            // What a client does not have cannot be tried; all else must have been.
            Some("not_run") => cell["why"].as_str().is_some_and(|why| why.contains("none")),
            Some("failed") | None => false,
            Some(_) => true,
        };
        assert!(known, "{cell}\n{told}");
    }
    document
}

fn cells(document: &Value) -> impl Iterator<Item = &Value> {
    let rows = document["rows"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["cells"].as_object())
        .flat_map(|cells| cells.values())
}

/// For a message: what came otherwise, a line each.
fn surprises(document: &Value) -> String {
    let mut lines = String::new();
    for row in document["rows"].as_array().into_iter().flatten() {
        for column in row["surprises"].as_array().into_iter().flatten() {
            let cell = &row["cells"][column.as_str().unwrap_or_default()];
            lines.push_str(&format!("{} · {column}: {cell}\n", row["victim"]));
        }
    }
    lines
}

/// The first victim of axios with these clients, in the first five columns.
async fn first_victim(clients: &[Client]) -> Report {
    let mut scenario = find("axios")
        .and_then(Result::ok)
        .unwrap_or_else(|| panic!("no axios"));
    scenario.victims.truncate(1);
    let setup = Setup {
        program: program(),
        tools: Some(tools()),
        clients: clients.to_vec(),
        columns: Column::FIRST.to_vec(),
    };
    let report = replay(&scenario, &setup, |_| ()).await;
    assert!(
        report.as_expected(),
        "{}\n{:#?}",
        report.text(),
        report.rows
    );
    report
}

#[test]
fn axios_with_npm_comes_as_expected_in_every_column() {
    let document = as_expected("axios", &[]);
    assert_eq!(document["schema"], "customs/replay-v1");
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert_eq!(row["cells"].as_object().unwrap().len(), Column::all().len());
        assert_eq!(row["cells"]["no gate"]["outcome"], "hit", "{row:#}");
        assert_eq!(row["cells"]["all rules"]["outcome"], "safe", "{row:#}");
        let rules = row["cells"]["all rules"]["rules"].as_array().unwrap();
        assert!(!rules.is_empty(), "the report names no rule: {row:#}");
    }
}

#[tokio::test]
async fn axios_hurts_nobody_behind_the_gate_whatever_the_client() {
    let clients = [
        Client::Npm,
        Client::Pnpm,
        Client::Yarn1,
        Client::Yarn4,
        Client::Bun,
    ];
    let report = first_victim(&clients).await;
    assert_eq!(report.rows.len(), clients.len());
    for row in &report.rows {
        for column in [
            Column::AllRules,
            Column::AgeRulesOff,
            Column::InspectionAlone,
        ] {
            let outcome = &row.cells[&column].outcome;
            assert!(
                matches!(outcome, Outcome::Safe { .. }),
                "{} {column}: {outcome:?}",
                row.client
            );
        }
    }
}

#[test]
fn pnpms_own_default_age_stops_axios_as_its_column_says() {
    let arguments = [
        "--client", "pnpm", "--column", "own-age", "--column", "no-gate",
    ];
    let document = as_expected("axios", &arguments);
    for row in document["rows"].as_array().unwrap() {
        assert_eq!(row["cells"]["client's own age"]["expected"], "safe");
        assert_eq!(row["cells"]["no gate"]["outcome"], "installed", "{row:#}");
    }
}

#[test]
fn mastra_comes_as_expected() {
    as_expected("mastra", &[]);
}

#[test]
fn arrayref_comes_as_expected() {
    as_expected("arrayref", &[]);
}

#[test]
fn litellm_comes_as_expected() {
    as_expected("litellm", &[]);
}

#[test]
fn litellm_hurts_nobody_who_uses_uv_either() {
    let arguments = [
        "--client",
        "uv",
        "--column",
        "no-gate",
        "--column",
        "all-rules",
    ];
    as_expected("litellm", &arguments);
}

#[test]
fn chalk_and_debug_come_as_expected() {
    as_expected("chalk-debug", &[]);
}

#[test]
fn the_worm_with_valid_provenance_comes_as_expected() {
    as_expected("worm-valid-provenance", &[]);
}

#[test]
fn the_binding_gyp_comes_as_expected() {
    // Where the headers of Node are missing nothing can be shown, and that is said.
    let output = customs(&["binding-gyp", "--format", "json"]);
    if output.status.code() == Some(4) {
        assert!(
            out(&output).contains("no headers of Node"),
            "{}",
            out(&output)
        );
    } else {
        demand(&output);
    }
}

#[test]
fn the_false_alarm_of_axios_is_none() {
    admitted_in_time("axios-1-13-3");
}

#[test]
fn an_urgent_fix_is_admitted_early() {
    admitted_in_time("urgent-fix");
}

#[test]
fn a_new_maintainers_release_is_admitted_in_time() {
    admitted_in_time("new-maintainer");
}

#[test]
fn a_monorepos_releases_are_admitted_together() {
    admitted_in_time("monorepo");
}

#[test]
fn packages_that_begin_to_need_a_build_script_are_admitted_in_time() {
    admitted_in_time("new-build-script");
}

#[test]
fn without_a_scenario_all_are_listed() {
    let output = customs(&[]);
    assert_eq!(output.status.code(), Some(0));
    let listed: Vec<String> = out(&output)
        .lines()
        .filter_map(|l| l.split(' ').next().map(str::to_owned))
        .collect();
    let known: Vec<&str> = BUILT_IN.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, known);
    let listed = json(&customs(&["--format", "json"]));
    assert_eq!(listed["schema"], "customs/replay-list-v1");
    assert_eq!(
        listed["scenarios"].as_array().map(Vec::len),
        Some(known.len())
    );
}

#[test]
fn an_unknown_scenario_is_a_usage_error_with_a_guess() {
    let output = customs(&["axois"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("did you mean axios?"), "{told}");
    assert_eq!(out(&output), "");
}

#[test]
fn where_no_client_is_there_nothing_is_shown_green() {
    let empty = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command.args(["replay", "axios", "--column", "no-gate"]);
    command
        .env("PATH", empty.path())
        .env("CUSTOMS_TOOLS", empty.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", out(&output));
    assert!(out(&output).contains("not run: no npm on this machine"));
}

#[test]
fn the_table_for_people_marks_what_a_client_does_not_run() {
    let output = customs(&["axios", "--client", "bun", "--column", "no-gate"]);
    assert_eq!(output.status.code(), Some(0));
    let text = out(&output);
    assert!(
        text.contains("bun runs no scripts of dependencies by default"),
        "{text}"
    );
    assert!(
        text.contains("Everything came as the scenarios expect (5 rows)."),
        "{text}"
    );
}
