//! Every dependency of the workspace has its row in `docs/dependencies.md`, so that somebody
//! has answered what it is for.

use crate::error::Error;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

const DOCUMENT: &str = "docs/dependencies.md";

/// Rows that are missing, and rows of what is gone.
pub fn check(root: &Path) -> Result<Vec<String>, Error> {
    let (manifest, document) = (root.join("Cargo.toml"), root.join(DOCUMENT));
    let text = fs::read_to_string(&manifest).map_err(Error::io("read", &manifest))?;
    let table: Table = text.parse().map_err(|error| Error::Config {
        path: manifest.clone(),
        why: format!("{error}"),
    })?;
    let rows = fs::read_to_string(&document).map_err(Error::io("read", &document))?;
    Ok(compare(&table, &rows))
}

fn compare(manifest: &Table, document: &str) -> Vec<String> {
    let used = outside(manifest);
    let told: BTreeSet<&str> = document.lines().filter_map(row).collect();
    let missing = used
        .difference(&told)
        .map(|name| format!("Cargo.toml: {name} has no row in {DOCUMENT}; say what it is for"));
    let gone = told.difference(&used).map(|name| {
        format!("{DOCUMENT}: {name} is no dependency of the workspace; take its row away")
    });
    missing.chain(gone).collect()
}

/// The workspace's dependencies but its own crates, which are paths.
fn outside(manifest: &Table) -> BTreeSet<&str> {
    manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The first cell of a row of four, without the head of the table.
fn row(line: &str) -> Option<&str> {
    let cells: Vec<&str> = line
        .strip_prefix('|')?
        .strip_suffix('|')?
        .split('|')
        .collect();
    let name = cells.first()?.trim();
    (cells.len() == 4 && name != "Crate" && !name.starts_with('-')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.dependencies]\nserde = '1'\nzip = { version = '9' }\n\
                            customs-model = { path = 'crates/model' }";

    fn compared(rows: &str) -> String {
        let head = "| Crate | Why | Licence | Where |\n|---|---|---|---|\n";
        compare(&MANIFEST.parse().unwrap(), &format!("{head}{rows}")).join("\n")
    }

    #[test]
    fn a_full_table_is_good() {
        assert_eq!(
            compared("| serde | data | MIT | all |\n| zip | wheels | MIT | xtask |\n"),
            ""
        );
    }

    #[test]
    fn missing_rows_and_rows_of_what_is_gone_are_named() {
        let rows = "| serde | data | MIT | all |\n| left-pad | spaces | MIT | none |\n";
        insta::assert_snapshot!(compared(rows), @r"
        Cargo.toml: zip has no row in docs/dependencies.md; say what it is for
        docs/dependencies.md: left-pad is no dependency of the workspace; take its row away
        ");
    }
}
