//! The table for people: a line per victim and client, a line per rule list below it.

use super::{Column, Report, Row};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Columns of the table; the rules alone go into a list below their row, since
/// thirteen columns fit no terminal.
const SHOWN: [Column; 5] = [
    Column::NoGate,
    Column::ClientsOwnAge,
    Column::AllRules,
    Column::AgeRulesOff,
    Column::InspectionAlone,
];

pub fn text(report: &Report) -> String {
    let shown: Vec<Column> = SHOWN
        .into_iter()
        .filter(|c| report.rows.iter().any(|row| row.cells.contains_key(c)))
        .collect();
    let mut table: Vec<Vec<String>> = vec![head(&shown)];
    table.extend(report.rows.iter().map(|row| cells(row, &shown)));
    let widths = widths(&table);
    let mut out = line(&table[0], &widths);
    for (row, cells) in report.rows.iter().zip(&table[1..]) {
        out.push_str(&line(cells, &widths));
        details(row, &mut out);
    }
    let _ = writeln!(out, "\n{}", sum(report));
    out
}

fn sum(report: &Report) -> String {
    let surprises: usize = report.rows.iter().map(|r| r.surprises().count()).sum();
    if !report.ran() {
        return "Nothing could be tried here, which proves nothing.".to_owned();
    }
    match surprises {
        0 => format!(
            "Everything came as the scenarios expect ({} rows).",
            report.rows.len()
        ),
        n => format!("{n} of the outcomes came otherwise than expected, marked with '!'."),
    }
}

fn head(shown: &[Column]) -> Vec<String> {
    let titles = shown.iter().map(ToString::to_string);
    ["scenario", "victim", "client"]
        .into_iter()
        .map(str::to_owned)
        .chain(titles)
        .collect()
}

fn cells(row: &Row, shown: &[Column]) -> Vec<String> {
    let of = |column| match row.cells.get(column) {
        Some(cell) if cell.as_expected() => cell.outcome.to_string(),
        Some(cell) => format!("{} !", cell.outcome),
        None => "-".to_owned(),
    };
    [&row.scenario, &row.victim, &row.client]
        .into_iter()
        .cloned()
        .chain(shown.iter().map(of))
        .collect()
}

fn widths(table: &[Vec<String>]) -> BTreeMap<usize, usize> {
    let mut widths = BTreeMap::new();
    for (at, cell) in table.iter().flat_map(|row| row.iter().enumerate()) {
        let width: &mut usize = widths.entry(at).or_default();
        *width = (*width).max(cell.chars().count());
    }
    widths
}

fn line(cells: &[String], widths: &BTreeMap<usize, usize>) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let _ = write!(
            out,
            "{cell:<width$}  ",
            width = widths.get(&at).copied().unwrap_or(0)
        );
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn details(row: &Row, out: &mut String) {
    for note in &row.notes {
        let _ = writeln!(out, "    {note}");
    }
    for column in [
        Column::AllRules,
        Column::AgeRulesOff,
        Column::InspectionAlone,
    ] {
        let rules = row
            .cells
            .get(&column)
            .map(|c| c.outcome.rules())
            .unwrap_or_default();
        if !rules.is_empty() {
            let names: Vec<&str> = rules.iter().map(|r| r.as_str()).collect();
            let _ = writeln!(out, "    {column}: {}", names.join(", "));
        }
    }
    let tried = row
        .cells
        .keys()
        .filter(|c| matches!(c, Column::Only(_)))
        .count();
    if tried > 0 {
        let alone: Vec<&str> = row.stopped_alone_by().iter().map(|r| r.as_str()).collect();
        let names = if alone.is_empty() {
            "none".to_owned()
        } else {
            alone.join(", ")
        };
        let _ = writeln!(out, "    stopped alone by ({tried} tried): {names}");
    }
    for (column, cell) in row.surprises() {
        let expected = cell.expected.map(|e| format!(" (expected: {e})"));
        let _ = writeln!(
            out,
            "    ! {column}: {}{}",
            cell.outcome.in_full(),
            expected.unwrap_or_default()
        );
    }
}
