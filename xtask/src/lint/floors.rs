//! Crates import from lower floors only.

use crate::error::Error;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// The house from the ground up; crates of one floor do not know each other.
/// ARCHITECTURE.md says what each holds.
const FLOORS: [&[&str]; 8] = [
    &["model"],
    &["ecosystem"],
    // They match by the version order and ranges of `ecosystem`, so they stand above it.
    &["inspect", "origin", "intel", "inclusion"],
    &["rules"],
    &["store", "device"],
    &["registry"],
    &["gate", "hub", "oversight", "replay"],
    &["cli"],
];

/// The prefix of every crate but the program itself.
const PREFIX: &str = "customs-";

/// The imports that lead up or sideways, in words.
pub fn check(root: &Path) -> Result<Vec<String>, Error> {
    let folder = root.join("crates");
    let mut manifests = Vec::new();
    for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
        let path = entry
            .map_err(Error::io("list", &folder))?
            .path()
            .join("Cargo.toml");
        if path.is_file() {
            manifests.push(path);
        }
    }
    manifests.sort();
    let mut broken = Vec::new();
    for path in manifests {
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let manifest: Table = text.parse().map_err(|error| Error::Config {
            path: path.clone(),
            why: format!("{error}"),
        })?;
        broken.extend(judge(&manifest));
    }
    Ok(broken)
}

fn judge(manifest: &Table) -> Vec<String> {
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    let Some(name) = name.and_then(Value::as_str).map(room) else {
        return vec!["a Cargo.toml under crates/ has no package name".to_owned()];
    };
    let Some(own) = floor(name) else {
        return vec![format!(
            "{name} stands on no floor; add it in xtask/src/lint/floors.rs"
        )];
    };
    imports(manifest)
        .into_iter()
        .filter_map(|import| match floor(room(&import)) {
            Some(other) if other < own => None,
            Some(other) if other == own => Some(format!(
                "{name} imports {import}, its neighbour; what both need belongs on a lower floor"
            )),
            Some(_) => Some(format!(
                "{name} imports {import} from a higher floor; move what it needs down, or the user of it up"
            )),
            None => Some(format!(
                "{name} imports {import}, which stands on no floor; add it in xtask/src/lint/floors.rs"
            )),
        })
        .collect()
}

/// The crates of this house that a manifest names, in any table of dependencies.
fn imports(manifest: &Table) -> Vec<String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let mut imports: Vec<String> = std::iter::once(manifest)
        .chain(targets)
        .flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(key, value)| {
            value
                .get("package")
                .and_then(Value::as_str)
                .unwrap_or(key)
                .to_owned()
        })
        .filter(|name| name.starts_with(PREFIX))
        .collect();
    imports.sort();
    imports.dedup();
    imports
}

fn room(name: &str) -> &str {
    if name == "customs" {
        "cli"
    } else {
        name.strip_prefix(PREFIX).unwrap_or(name)
    }
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(manifest: &str) -> String {
        judge(&manifest.parse().unwrap()).join("\n")
    }

    #[test]
    fn imports_from_below_are_good() {
        let gate = "package.name = 'customs-gate'\n[dependencies]\ncustoms-registry.workspace = true\n\
                    customs-model.workspace = true\nserde = '1'";
        assert_eq!(judged(gate), "");
        let cli = "package.name = 'customs'\n[dependencies]\ncustoms-gate.workspace = true";
        assert_eq!(judged(cli), "");
    }

    #[test]
    fn imports_from_above_and_from_beside_are_named() {
        let rules =
            "package.name = 'customs-rules'\n[dependencies]\ncustoms-store.workspace = true";
        insta::assert_snapshot!(judged(rules), @"rules imports customs-store from a higher floor; move what it needs down, or the user of it up");
        let gate =
            "package.name = 'customs-gate'\n[dev-dependencies]\ncustoms-replay.workspace = true";
        insta::assert_snapshot!(judged(gate), @"gate imports customs-replay, its neighbour; what both need belongs on a lower floor");
    }

    #[test]
    fn a_new_name_and_a_platforms_own_table_do_not_hide_an_import() {
        let text = "package.name = 'customs-model'\n[target.'cfg(unix)'.dependencies]\n\
                    low = { package = 'customs-cellar', path = '../cellar' }";
        insta::assert_snapshot!(judged(text), @"model imports customs-cellar, which stands on no floor; add it in xtask/src/lint/floors.rs");
    }

    #[test]
    fn a_crate_without_a_floor_is_named() {
        insta::assert_snapshot!(judged("package.name = 'customs-attic'"), @"attic stands on no floor; add it in xtask/src/lint/floors.rs");
    }

    #[test]
    fn the_house_stands() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert_eq!(check(root).unwrap(), Vec::<String>::new());
    }
}
