//! Every trial of a scenario: each victim, with each client, in each column, driven as
//! people drive the built program and the package managers.

use crate::report::{Cell, Column, Outcome, Report, Row};
use crate::{Scenario, Victim};
use client::Tool;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::task::JoinSet;
use trial::{Remembered, Trial};
use world::World;

mod client;
mod columns;
mod expect;
mod gate;
mod installed;
mod process;
mod settings;
mod trial;
mod world;

pub use client::Client;

/// How trials are run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The built `customs`.
    pub program: PathBuf,
    /// The folder of pinned package managers; without it, and for what it does not have,
    /// those on `PATH`.
    pub tools: Option<PathBuf>,
    /// The clients. None: the usual one of each victim's ecosystem.
    pub clients: Vec<Client>,
    /// The columns.
    pub columns: Vec<Column>,
}

/// A trial that ended, for whoever watches.
#[derive(Debug)]
pub struct Step<'a> {
    /// How many have ended, with this one.
    pub done: usize,
    /// Of how many.
    pub of: usize,
    /// The victim.
    pub victim: &'a str,
    /// The client and its version.
    pub client: &'a str,
    /// The column.
    pub column: &'a Column,
    /// What came of it.
    pub outcome: &'a Outcome,
}

/// A victim with a client, found or not.
struct Line {
    victim: Victim,
    client: Client,
    tool: Result<Tool, String>,
}

/// Runs every trial of a scenario and waits until no process of them is left.
pub async fn replay(scenario: &Scenario, setup: &Setup, watch: impl Fn(Step<'_>)) -> Report {
    let lines = lines(scenario, setup).await;
    let mut report = Report {
        rows: lines.iter().map(|l| row(scenario, setup, l)).collect(),
    };
    let remembered = &Remembered::default();
    let trials: Vec<(usize, Trial<'_>)> = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((at, line, line.tool.as_ref().ok()?)))
        .flat_map(|(at, line, tool)| {
            setup.columns.iter().map(move |column| {
                let trial = Trial {
                    setup,
                    scenario,
                    victim: &line.victim,
                    tool,
                    column: column.clone(),
                    remembered,
                };
                (at, trial)
            })
        })
        .collect();
    let of = trials.len();
    let retiring = Mutex::new(JoinSet::new());
    let retire = |world: Option<World>| {
        if let Some(world) = world {
            let mut retiring = retiring.lock().unwrap_or_else(PoisonError::into_inner);
            retiring.spawn(gate::retire(world));
        }
    };
    let mut ended = futures_util::stream::iter(trials)
        .map(|(at, trial)| async move { (at, trial.run().await, trial) })
        .buffer_unordered(at_once());
    let mut done = 0;
    while let Some((at, (outcome, world), trial)) = ended.next().await {
        retire(world);
        done += 1;
        watch(Step {
            done,
            of,
            victim: &trial.victim.name,
            client: &trial.tool.title(),
            column: &trial.column,
            outcome: &outcome,
        });
        let client = trial.tool.client;
        let expected = expect::expected(scenario, trial.victim, client, &trial.column);
        report.rows[at]
            .cells
            .insert(trial.column, Cell { outcome, expected });
    }
    drop(ended);
    let mut retiring = retiring
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    while retiring.join_next().await.is_some() {}
    report
}

/// Victims and clients of a scenario, in the order of the table.
async fn lines(scenario: &Scenario, setup: &Setup) -> Vec<Line> {
    let mut found: BTreeMap<Client, Result<Tool, String>> = BTreeMap::new();
    let mut lines = Vec::new();
    for victim in scenario
        .victims
        .iter()
        .cloned()
        .chain(expect::in_time(scenario))
    {
        let ecosystem = scenario.ecosystem_of_victim(&victim);
        let clients = if setup.clients.is_empty() {
            vec![Client::usual(ecosystem)]
        } else {
            setup.clients.clone()
        };
        for client in clients.into_iter().filter(|c| c.ecosystem() == ecosystem) {
            let tool = match found.get(&client) {
                Some(tool) => tool.clone(),
                None => {
                    let tool = trial::find(client, setup.tools.as_deref()).await;
                    found.insert(client, tool.clone());
                    tool
                }
            };
            lines.push(Line {
                victim: victim.clone(),
                client,
                tool,
            });
        }
    }
    lines
}

/// A row before its trials: filled already where the client is missing.
fn row(scenario: &Scenario, setup: &Setup, line: &Line) -> Row {
    let mut row = Row {
        scenario: scenario.id.clone(),
        victim: line.victim.name.clone(),
        client: line.client.to_string(),
        cells: BTreeMap::new(),
        notes: Vec::new(),
    };
    if let Some(because) = &line.victim.expect.inspection_because
        && setup.columns.contains(&Column::InspectionAlone)
    {
        row.notes
            .push(format!("inspection alone does not stop it: {because}"));
    }
    match &line.tool {
        Ok(tool) => {
            row.client = tool.title();
            row.notes.extend(line.client.note(&line.victim));
        }
        Err(why) => {
            for column in &setup.columns {
                let outcome = Outcome::NotRun { why: why.clone() };
                let expected = expect::expected(scenario, &line.victim, line.client, column);
                row.cells.insert(column.clone(), Cell { outcome, expected });
            }
        }
    }
    row
}

/// Trials share nothing; more of them than processors would only make each late.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().clamp(1, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_why_inspection_does_not_stop_it_stands_below_the_row() {
        let scenario = crate::find("mastra").unwrap().unwrap();
        let row = |columns: Vec<Column>| {
            let line = Line {
                victim: scenario.victims[0].clone(),
                client: Client::Npm,
                tool: Err("no npm here".to_owned()),
            };
            let setup = Setup {
                program: PathBuf::new(),
                tools: None,
                clients: Vec::new(),
                columns,
            };
            row(&scenario, &setup, &line)
        };
        let told = row(vec![Column::InspectionAlone]);
        let text = Report { rows: vec![told] }.text();
        let reason =
            "    inspection alone does not stop it: what carries the payload is refused, and";
        assert!(text.contains(reason), "{text}");
        let page = include_str!("../../../../docs/replay.md");
        assert!(page.contains(text.lines().nth(2).unwrap_or_default()));
        assert!(row(vec![Column::NoGate]).notes.is_empty());
    }
}
