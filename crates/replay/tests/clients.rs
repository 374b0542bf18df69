//! The real package managers, straight at a scenario's registry: what they do without a
//! gate, and with their own age settings. No built program is needed for that.
//!
//! `cargo xtask test` says where the pinned package managers lie; without it they are
//! looked for where `cargo xtask tools` puts them.

use customs_replay::{Cell, Client, Column, Outcome, Report, Setup, find, replay};
use std::path::{Path, PathBuf};

fn tools() -> PathBuf {
    let tools = std::env::var_os("CUSTOMS_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"),
        PathBuf::from,
    );
    assert!(
        tools.join("path/pnpm").is_dir(),
        "the pinned package managers are missing; get them with: cargo xtask tools"
    );
    tools
}

/// The first victim of a scenario, with these clients, without any gate.
async fn straight(id: &str, clients: &[Client]) -> Report {
    let mut scenario = find(id)
        .and_then(Result::ok)
        .unwrap_or_else(|| panic!("no scenario {id}"));
    scenario.victims.truncate(1);
    let setup = Setup {
        program: PathBuf::from("not-needed"),
        tools: Some(tools()),
        clients: clients.to_vec(),
        columns: vec![Column::NoGate, Column::ClientsOwnAge],
    };
    let report = replay(&scenario, &setup, |_| ()).await;
    assert!(report.as_expected(), "{}", report.text());
    report
}

fn cell<'a>(report: &'a Report, client: Client, column: &Column) -> &'a Cell {
    let start = format!("{client} ");
    let row = report.rows.iter().find(|r| r.client.starts_with(&start));
    let row = row.unwrap_or_else(|| panic!("{client} did not run: {}", report.text()));
    &row.cells[column]
}

fn took(cell: &Cell, release: &str) -> bool {
    matches!(&cell.outcome, Outcome::Safe { took, .. } if took.iter().any(|t| t == release))
}

#[tokio::test]
async fn without_a_gate_axios_hits_who_runs_scripts_and_lies_in_the_tree_of_who_does_not() {
    let clients = [
        Client::Npm,
        Client::Pnpm,
        Client::Yarn1,
        Client::Yarn4,
        Client::Bun,
    ];
    let report = straight("axios", &clients).await;
    for client in clients {
        let outcome = &cell(&report, client, &Column::NoGate).outcome;
        let hit = matches!(outcome, Outcome::Hit { .. });
        assert_eq!(hit, client.runs_scripts(), "{client}: {outcome:?}");
        assert_eq!(outcome.safe(), Some(false), "{client}: {outcome:?}");
    }
    for client in [Client::Npm, Client::Pnpm, Client::Yarn4, Client::Bun] {
        let own = cell(&report, client, &Column::ClientsOwnAge);
        assert!(took(own, "axios@1.14.0"), "{client}: {own:?}");
    }
    let yarn1 = cell(&report, Client::Yarn1, &Column::ClientsOwnAge);
    assert!(matches!(yarn1.outcome, Outcome::NotRun { .. }), "{yarn1:?}");
}

#[tokio::test]
async fn a_pth_file_runs_with_pip_and_with_uv_and_their_own_ages_stop_it() {
    let report = straight("litellm", &[Client::Pip, Client::Uv]).await;
    for client in [Client::Pip, Client::Uv] {
        let outcome = &cell(&report, client, &Column::NoGate).outcome;
        assert!(
            matches!(outcome, Outcome::Hit { .. }),
            "{client}: {outcome:?}"
        );
        let own = cell(&report, client, &Column::ClientsOwnAge);
        assert!(took(own, "litellm@1.82.6"), "{client}: {own:?}");
    }
}

#[tokio::test]
async fn a_build_script_runs_with_cargo_which_has_no_age_of_its_own_here() {
    let report = straight("arrayref", &[Client::Cargo]).await;
    let no_gate = cell(&report, Client::Cargo, &Column::NoGate);
    assert!(
        matches!(no_gate.outcome, Outcome::Hit { .. }),
        "{no_gate:?}"
    );
}

#[tokio::test]
async fn code_that_waits_to_be_loaded_hits_every_client() {
    let clients = [
        Client::Npm,
        Client::Pnpm,
        Client::Yarn1,
        Client::Yarn4,
        Client::Bun,
    ];
    let report = straight("chalk-debug", &clients).await;
    for client in clients {
        let no_gate = cell(&report, client, &Column::NoGate);
        assert!(
            matches!(no_gate.outcome, Outcome::Hit { .. }),
            "{client}: {no_gate:?}"
        );
    }
}

#[tokio::test]
async fn a_binding_gyp_runs_with_npm_although_no_script_is_declared() {
    let report = straight("binding-gyp", &[Client::Npm]).await;
    let no_gate = &cell(&report, Client::Npm, &Column::NoGate).outcome;
    assert!(
        matches!(no_gate, Outcome::Hit { .. } | Outcome::NotRun { .. }),
        "{no_gate:?}"
    );
}

#[tokio::test]
async fn a_client_that_is_not_there_is_said_and_proves_nothing() {
    let mut scenario = find("axios").unwrap().unwrap();
    scenario.victims.truncate(1);
    let setup = Setup {
        program: PathBuf::from("not-needed"),
        // An empty folder of tools: what is on PATH counts, and yarn is not both.
        tools: None,
        clients: vec![Client::Yarn1, Client::Yarn4],
        columns: vec![Column::ClientsOwnAge],
    };
    let report = replay(&scenario, &setup, |_| ()).await;
    let missing = report.rows.iter().filter(|row| {
        let cell = &row.cells[&Column::ClientsOwnAge];
        matches!(&cell.outcome, Outcome::NotRun { why } if why.starts_with("no yarn"))
    });
    assert!(missing.count() >= 1, "{}", report.text());
    assert!(report.as_expected());
}
