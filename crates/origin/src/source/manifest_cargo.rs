//! cargo's rewritten `Cargo.toml` against `Cargo.toml.orig`.
//!
//! That `.orig` equals the commit's file proves nothing about the file that cargo reads. So the two
//! are compared: every dependency, its range where the author wrote one, the build script, whether
//! it runs in the compiler.

use super::manifest::{FieldDifference, FieldKind, bounded, limit};
use std::collections::BTreeMap;
use toml::{Table, Value};

const TABLES: &[&str] = &["dependencies", "build-dependencies", "dev-dependencies"];

/// A dependency as far as it decides what is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Dependency {
    /// None where the workspace says it and the workspace's manifest is not there.
    package: Option<String>,
    /// None where the workspace says it, or where only a path is written.
    version: Option<String>,
}

/// Reads a manifest; none where it is none or too long.
pub fn read(bytes: &[u8]) -> Option<Table> {
    if bytes.len() > limit::MANIFEST {
        return None;
    }
    // What cannot be read is not compared; the caller says so.
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Everything in which the rewritten manifest goes beyond the author's.
pub fn compare(
    original: &Table,
    rewritten: &Table,
    workspace: Option<&Table>,
) -> Vec<FieldDifference> {
    let then = dependencies(original, workspace);
    let now = dependencies(rewritten, None);
    let mut found: Vec<FieldDifference> = now
        .iter()
        .filter_map(|(field, now)| dependency(field, then.get(field), now))
        .collect();
    found.extend(build_script(original, rewritten));
    let macros = |table: &Table| {
        let lib = table.get("lib").and_then(Value::as_table)?;
        ["proc-macro", "proc_macro"]
            .iter()
            .find_map(|key| lib.get(*key)?.as_bool())
    };
    if macros(rewritten) == Some(true) && macros(original) != Some(true) {
        found.push(FieldDifference::new(
            "lib.proc-macro",
            FieldKind::InstallScript,
            None,
            Some("true".to_owned()),
        ));
    }
    bounded(found)
}

fn dependency(field: &str, then: Option<&Dependency>, now: &Dependency) -> Option<FieldDifference> {
    let words = |d: &Dependency| {
        let parts = [d.package.as_deref(), d.version.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join(" ")
    };
    let same = then.is_some_and(|then| {
        (then.package.is_none() || then.package == now.package)
            && (then.version.is_none() || then.version == now.version)
    });
    (!same).then(|| {
        FieldDifference::new(
            field,
            FieldKind::Dependency,
            then.map(words),
            Some(words(now)),
        )
    })
}

/// The author may leave `build` out where `build.rs` lies there; cargo writes it in.
fn build_script(original: &Table, rewritten: &Table) -> Option<FieldDifference> {
    let build = |table: &Table| {
        let package = table.get("package").or_else(|| table.get("project"))?;
        match package.get("build")? {
            Value::String(path) => Some(path.trim_start_matches("./").to_owned()),
            Value::Boolean(true) => Some("build.rs".to_owned()),
            _ => None,
        }
    };
    let (then, now) = (build(original), build(rewritten)?);
    let same = then.as_deref() == Some(&now) || (then.is_none() && now == "build.rs");
    (!same)
        .then(|| FieldDifference::new("package.build", FieldKind::InstallScript, then, Some(now)))
}

/// By `table.name`, those of targets with their condition.
fn dependencies(manifest: &Table, workspace: Option<&Table>) -> BTreeMap<String, Dependency> {
    let mut all = BTreeMap::new();
    let mut add = |prefix: &str, tables: &Table| {
        for table in TABLES {
            // cargo still reads the old spelling.
            let old = table.replace('-', "_");
            let members = [*table, old.as_str()]
                .into_iter()
                .find_map(|key| tables.get(key)?.as_table());
            for (name, value) in members.into_iter().flatten() {
                all.insert(
                    format!("{prefix}{table}.{name}"),
                    read_one(name, value, workspace),
                );
            }
        }
    };
    add("", manifest);
    let targets = manifest.get("target").and_then(Value::as_table);
    for (condition, tables) in targets.into_iter().flatten() {
        if let Some(tables) = tables.as_table() {
            // cargo writes conditions with other spaces and quotes than authors do.
            let condition: String = condition.chars().filter(|c| !c.is_whitespace()).collect();
            add(&format!("target.{condition}."), tables);
        }
    }
    all
}

fn read_one(name: &str, value: &Value, workspace: Option<&Table>) -> Dependency {
    let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
    if !is_inherited(value) {
        return Dependency {
            package: Some(text(value, "package").unwrap_or_else(|| name.to_owned())),
            version: value
                .as_str()
                .map(str::to_owned)
                .or_else(|| text(value, "version")),
        };
    }
    let of_workspace = workspace.and_then(|table| {
        let dependencies = table.get("workspace")?.get("dependencies")?;
        dependencies.get(name)
    });
    match of_workspace {
        // A workspace cannot inherit from another; that bounds this to one step.
        Some(value) if !is_inherited(value) => read_one(name, value, None),
        Some(_) | None => Dependency {
            package: None,
            version: None,
        },
    }
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// How many dependencies a manifest takes from a workspace that does not say what they are.
pub fn unknown(original: &Table, workspace: Option<&Table>) -> usize {
    let all = dependencies(original, workspace);
    all.values().filter(|one| one.package.is_none()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(original: &str, rewritten: &str, workspace: &str) -> String {
        let read = |text: &str| read(text.as_bytes()).unwrap();
        compare(&read(original), &read(rewritten), Some(&read(workspace)))
            .iter()
            .map(|d| format!("{:?}: {}\n", d.severity(), d.sentence("Cargo.toml")))
            .collect()
    }

    #[test]
    fn what_cargo_does_is_quiet() {
        let original = "[package]\nname = 'a'\n[dependencies]\nserde = { workspace = true }\nlog = '0.4'\n\
            [target.'cfg( unix )'.dependencies]\nlibc = '0.2'\n[dev-dependencies]\nhelper = { path = '../helper' }";
        let rewritten = "[package]\nname = 'a'\nbuild = 'build.rs'\n[dependencies.serde]\nversion = '1'\n\
            [dependencies.log]\nversion = '0.4'\n[target.'cfg(unix)'.dependencies.libc]\nversion = '0.2'";
        assert_eq!(
            compared(original, rewritten, "[workspace.dependencies]\nserde = '1'"),
            ""
        );
    }

    #[test]
    fn what_a_workspace_would_say_is_not_guessed() {
        let read = |text: &str| read(text.as_bytes()).unwrap();
        let original = read("[dependencies]\npki = { workspace = true }");
        let rewritten = read("[dependencies.pki]\npackage = 'rustls-pki'\nversion = '1'");
        assert_eq!(compare(&original, &rewritten, None), []);
        assert_eq!(unknown(&original, None), 1);
        let workspace =
            read("[workspace.dependencies]\npki = { package = 'rustls-pki', version = '1' }");
        assert_eq!(compare(&original, &rewritten, Some(&workspace)), []);
        assert_eq!(unknown(&original, Some(&workspace)), 0);
        let other = read("[workspace.dependencies]\npki = '1'");
        assert_eq!(compare(&original, &rewritten, Some(&other)).len(), 1);
    }

    #[test]
    fn what_is_only_in_the_rewritten_one_is_loud() {
        let original = "[dependencies]\nlog = '0.4'\nserde = { workspace = true }";
        let rewritten = "[package]\nbuild = 'src/setup.rs'\n[lib]\nproc-macro = true\n[dependencies]\n\
            log = { version = '0.4', package = 'l0g' }\nserde = '2'\n[build-dependencies]\nreqwest = '1'";
        insta::assert_snapshot!(compared(original, rewritten, "[workspace.dependencies]\nserde = '1'"), @r#"
    High: build-dependencies.reqwest (reqwest 1) stands in Cargo.toml of the artifact only; the commit does not have it.
    Medium: dependencies.log is l0g 0.4 in Cargo.toml of the artifact and log 0.4 in the commit.
    Medium: dependencies.serde is serde 2 in Cargo.toml of the artifact and serde 1 in the commit.
    High: package.build (src/setup.rs) stands in Cargo.toml of the artifact only; the commit does not have it.
    High: lib.proc-macro (true) stands in Cargo.toml of the artifact only; the commit does not have it.
    "#);
    }
}
