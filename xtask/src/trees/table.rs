//! What was told of all projects, as a table in Markdown and the lines behind it.

use super::project::Manager;
use super::told::Told;
use std::collections::BTreeMap;
use std::fmt;

/// A line of a long list that is not shown is counted.
const LINES: usize = 40;

/// One project and what came of it.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub project: String,
    /// Who installed it.
    pub manager: Manager,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a project.
#[derive(Debug)]
pub enum Outcome {
    /// It was used and checked.
    Told(Told),
    /// It could not be used or checked, and why.
    Failed(String),
}

/// All of them.
#[derive(Debug, Default)]
pub struct Table(pub Vec<Row>);

impl Table {
    /// How many differences nobody explains.
    pub fn unexplained(&self) -> usize {
        self.told().map(|(_, told)| told.unexplained.len()).sum()
    }

    /// How many projects could not be used or checked.
    pub fn failed(&self) -> usize {
        self.0.len() - self.told().count()
    }

    fn told(&self) -> impl Iterator<Item = (&Row, &Told)> {
        self.0.iter().filter_map(|row| match &row.outcome {
            Outcome::Told(told) => Some((row, told)),
            Outcome::Failed(_) => None,
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| Project | Manager | Packages | Files | Same | Explained | Made here | Not checked | Unexplained |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.0 {
            let (name, manager) = (&row.project, row.manager.spoken());
            match &row.outcome {
                Outcome::Told(told) => writeln!(f, "| {name} | {manager} |{}", cells(told))?,
                Outcome::Failed(_) => writeln!(f, "| {name} | {manager} | failed | | | | | | |")?,
            }
        }
        let all = self.told().fold(Told::default(), |mut all, (_, told)| {
            all.add(told);
            all
        });
        writeln!(
            f,
            "| **{} projects** | |{}",
            self.told().count(),
            cells(&all)
        )?;
        writeln!(f, "\nExplained: {}", spoken(&all.explained))?;
        writeln!(f, "Made here: {}", spoken(&all.made_here))?;
        for row in &self.0 {
            behind(f, row)?;
        }
        Ok(())
    }
}

fn cells(told: &Told) -> String {
    format!(
        " {} | {} | {} | {} | {} | {} | {} |",
        told.packages,
        told.files,
        told.same(),
        told.explained.values().sum::<u64>(),
        told.made_here.values().sum::<u64>(),
        told.not_checked.len(),
        told.unexplained.len()
    )
}

/// Counts by name, most first.
fn spoken(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by(|(a, x), (b, y)| y.cmp(x).then(a.cmp(b)));
    let counts = counts.iter().map(|(name, count)| format!("{count} {name}"));
    match counts.len() {
        0 => "nothing".to_owned(),
        _ => counts.collect::<Vec<_>>().join("; "),
    }
}

fn behind(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let (wrong, open): (&[String], &[String]) = match &row.outcome {
        Outcome::Failed(why) => return writeln!(f, "\n{}: failed: {why}", row.project),
        Outcome::Told(told) => (&told.unexplained, &told.not_checked),
    };
    for (what, lines) in [("unexplained", wrong), ("not checked", open)] {
        if !lines.is_empty() {
            writeln!(f, "\n{}, {what}:", row.project)?;
        }
        for line in lines.iter().take(LINES) {
            writeln!(f, "  {}", customs_model::printable(line, 300))?;
        }
        if lines.len() > LINES {
            writeln!(f, "  and {} more", lines.len() - LINES)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_counts_and_lists() {
        let told = Told {
            packages: 3,
            files: 10,
            differing: 1,
            explained: BTreeMap::from([("patch, modified".to_owned(), 1)]),
            made_here: BTreeMap::from([("Vite's cache".to_owned(), 2)]),
            unexplained: vec!["modified node_modules/a/index.js".to_owned()],
            not_checked: Vec::new(),
        };
        let row = |project: &str, outcome| Row {
            project: project.to_owned(),
            manager: Manager::Yarn4,
            outcome,
        };
        let table = Table(vec![
            row("one", Outcome::Told(told)),
            row(
                "two",
                Outcome::Failed("yarn install: exit status: 1".to_owned()),
            ),
        ]);
        assert_eq!((table.unexplained(), table.failed()), (1, 1));
        insta::assert_snapshot!(table, @r"
        | Project | Manager | Packages | Files | Same | Explained | Made here | Not checked | Unexplained |
        |---|---|---|---|---|---|---|---|---|
        | one | Yarn 4 | 3 | 10 | 9 | 1 | 2 | 0 | 1 |
        | two | Yarn 4 | failed | | | | | | |
        | **1 projects** | | 3 | 10 | 9 | 1 | 2 | 0 | 1 |

        Explained: 1 patch, modified
        Made here: 2 Vite's cache

        one, unexplained:
          modified node_modules/a/index.js

        two: failed: yarn install: exit status: 1
        ");
    }
}
