//! `customs replay SCENARIO`: an attack with inert packages, with and without the gate.

use crate::error::{Doing as _, Failure};
use crate::output::{self, say};
use customs_model::printable;
use customs_replay::{BUILT_IN, Client, Column, Report, Scenario, Setup, Step, find, replay};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `customs replay`.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The scenario. Without it all are listed.
    scenario: Option<String>,
    /// The package managers, again for each; `all` for every one. Without it the usual
    /// one: npm, pip or cargo.
    #[arg(long, value_name = "NAME")]
    client: Vec<String>,
    /// The columns of the table, again for each. Without it all; with `--client all`
    /// those that are no rule alone.
    #[arg(long, value_name = "NAME")]
    column: Vec<String>,
    /// How the result is written.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
    /// A folder of pinned package managers; what it does not have is looked for on PATH.
    #[arg(long, value_name = "FOLDER", env = "CUSTOMS_TOOLS")]
    tools: Option<PathBuf>,
}

const HELP: &str = "Columns: no-gate, own-age (the client's own age setting), all-rules, age-off \
(all rules but those about age), inspection (what the code does, alone), alone (each rule alone), only:RULE.\n\n\
Example: customs replay axios --client npm --column no-gate --column all-rules\n\n\
Nothing of a scenario does harm, and nothing of it leaves this machine. Exit codes: 0 everything \
came as the scenario expects · 1 not · 2 usage · 4 nothing could be run.";

/// The exit code of what SIGINT ended.
const INTERRUPTED: u8 = 130;

/// Lists the scenarios, or replays one.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let json = arguments.format == "json";
    let Some(id) = &arguments.scenario else {
        return list(json);
    };
    let scenario = scenario(id)?;
    let setup = setup(&arguments, &scenario)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start the replay")?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = replay(&scenario, &setup, tell) => Some(report),
            // The trials' processes lead groups of their own, which the terminal does not
            // reach: dropping the trials ends them.
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    let Some(report) = report else {
        return Ok(INTERRUPTED);
    };
    if json {
        let text = report.json().doing("write the report")?;
        output::result(&format!("{text}\n"))?;
    } else {
        output::result(&report.text())?;
    }
    end(&report)
}

fn end(report: &Report) -> Result<u8, Failure> {
    if !report.ran() {
        return Err(Failure::work(
            "nothing could be run: no package manager that it needs is on this machine",
        ));
    }
    Ok(u8::from(!report.as_expected()))
}

fn scenario(id: &str) -> Result<Scenario, Failure> {
    match find(id) {
        Some(scenario) => scenario.doing(format_args!("read the scenario {id}")),
        None => {
            let known = BUILT_IN.iter().map(|(id, _)| *id);
            Err(unknown("scenario", id, known, "customs replay lists them"))
        }
    }
}

fn setup(arguments: &Arguments, scenario: &Scenario) -> Result<Setup, Failure> {
    let every = arguments.client.iter().any(|name| name == "all");
    let clients = if every {
        Client::ALL.to_vec()
    } else {
        clients(&arguments.client)?
    };
    let fits = |client: &Client| {
        let ecosystem = |victim| scenario.ecosystem_of_victim(victim);
        scenario
            .victims
            .iter()
            .any(|victim| ecosystem(victim) == client.ecosystem())
    };
    if !every && let Some(client) = clients.iter().find(|client| !fits(client)) {
        let why = format!("nobody in {} installs with {client}", scenario.id);
        return Err(Failure::usage(why));
    }
    let columns = match columns(&arguments.column)? {
        named if !named.is_empty() => named,
        _ if every => Column::FIRST.to_vec(),
        _ => Column::all(),
    };
    // Children are started in other folders: a relative path would lead elsewhere.
    let tools = arguments
        .tools
        .as_deref()
        .map(std::path::absolute)
        .transpose();
    Ok(Setup {
        program: std::env::current_exe().doing("find the customs program")?,
        tools: tools.doing("find the folder of tools")?,
        clients,
        columns,
    })
}

fn clients(names: &[String]) -> Result<Vec<Client>, Failure> {
    let known = || Client::ALL.into_iter().map(Client::name);
    let named = |name: &String| {
        let hint = "known: all, npm, pnpm, yarn1, yarn4, bun, pip, uv, cargo";
        Client::named(name).ok_or_else(|| unknown("client", name, known(), hint))
    };
    names.iter().map(named).collect()
}

fn columns(names: &[String]) -> Result<Vec<Column>, Failure> {
    let known = Column::names();
    let mut columns = Vec::new();
    for name in names {
        let hint = "see customs replay --help";
        let named = Column::named(name)
            .ok_or_else(|| unknown("column", name, known.iter().map(String::as_str), hint))?;
        columns.extend(named);
    }
    columns.sort();
    columns.dedup();
    Ok(columns)
}

fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> Failure {
    let hint = match customs_rules::did_you_mean(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => otherwise.to_owned(),
    };
    Failure::usage(format!(
        "there is no {what} {}; {hint}",
        printable(name, 60)
    ))
}

/// Whoever waits for some minutes sees what is going on.
fn tell(step: Step<'_>) {
    let Step {
        done,
        of,
        victim,
        client,
        column,
        outcome,
    } = step;
    say(&format!(
        "customs: [{done}/{of}] {victim} · {client} · {column}: {outcome}"
    ));
}

/// A scenario in the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    title: String,
    benign: bool,
}

fn list(json: bool) -> Result<u8, Failure> {
    let all: Vec<Listed> = BUILT_IN
        .iter()
        .map(|(id, _)| {
            scenario(id).map(|s| Listed {
                id: s.id,
                title: s.title,
                benign: s.benign,
            })
        })
        .collect::<Result<_, _>>()?;
    if json {
        let document = serde_json::json!({ "schema": "customs/replay-list-v1", "scenarios": all });
        let text = serde_json::to_string_pretty(&document).doing("write the list")?;
        output::result(&format!("{text}\n"))?;
        return Ok(0);
    }
    let width = all.iter().map(|s| s.id.len()).max().unwrap_or(0);
    let line = |s: &Listed| format!("{:<width$}  {}\n", s.id, s.title);
    output::result(&all.iter().map(line).collect::<String>())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(client: &[&str], column: &[&str]) -> Arguments {
        Arguments {
            scenario: None,
            client: client.iter().map(|c| (*c).to_owned()).collect(),
            column: column.iter().map(|c| (*c).to_owned()).collect(),
            format: "text".into(),
            tools: None,
        }
    }

    fn refused(client: &[&str], column: &[&str]) -> String {
        let failure = setup(&arguments(client, column), &scenario("axios").unwrap()).unwrap_err();
        assert_eq!(failure.code, 2);
        failure.to_string()
    }

    #[test]
    fn without_options_the_usual_client_runs_every_column() {
        let setup = setup(&arguments(&[], &[]), &scenario("axios").unwrap()).unwrap();
        assert!(setup.clients.is_empty());
        assert_eq!(setup.columns, Column::all());
    }

    #[test]
    fn all_clients_run_the_columns_that_are_no_rule_alone() {
        let scenario = scenario("axios").unwrap();
        let all = setup(&arguments(&["all"], &[]), &scenario).unwrap();
        assert_eq!((all.clients.len(), all.columns.len()), (8, 5));
        let named = setup(&arguments(&["all"], &["only:version-age"]), &scenario).unwrap();
        assert_eq!(named.columns.len(), 1);
    }

    #[test]
    fn what_is_not_known_is_a_usage_error_with_a_hint() {
        assert_eq!(
            refused(&["pnmp"], &[]),
            "there is no client pnmp; did you mean pnpm?"
        );
        assert_eq!(
            refused(&[], &["no-gates"]),
            "there is no column no-gates; did you mean no-gate?"
        );
        assert_eq!(refused(&["pip"], &[]), "nobody in axios installs with pip");
        let failure = scenario("axois").unwrap_err();
        assert_eq!(
            failure.to_string(),
            "there is no scenario axois; did you mean axios?"
        );
    }
}
