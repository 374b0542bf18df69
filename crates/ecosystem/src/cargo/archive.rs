//! What of a crate runs while it is built, read from its `Cargo.toml` and the list of
//! its files. The index says nothing about either.

use customs_model::{Declared, Features, Manifest, RunsCode};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Bytes of a `Cargo.toml` that are read.
const LONGEST: usize = 1 << 20;

/// Why a `Cargo.toml` says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Too long.
    #[error("Cargo.toml has {0} bytes; more than {LONGEST} are not read")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("Cargo.toml is not UTF-8")]
    NotText,
    /// Not TOML.
    #[error("Cargo.toml cannot be read: {0}")]
    Toml(String),
    /// No package.
    #[error("Cargo.toml has no [package]")]
    NoPackage,
}

/// Facts of one `.crate` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// A build script runs before the crate is compiled.
    pub build_script: bool,
    /// It runs inside the compiler.
    pub proc_macro: bool,
}

impl ArchiveFacts {
    /// As the model has it.
    pub fn runs(self) -> RunsCode {
        RunsCode {
            build_script: Some(self.build_script),
            proc_macro: Some(self.proc_macro),
            ..RunsCode::default()
        }
    }
}

/// Reads both facts. `entries` are the paths in the archive, with its top folder.
///
/// # Errors
/// A `Cargo.toml` that is too long, no TOML, or names no package.
pub fn facts_from_cargo_toml<'a>(
    bytes: &[u8],
    entries: impl Iterator<Item = &'a str>,
) -> Result<ArchiveFacts, ArchiveError> {
    if bytes.len() > LONGEST {
        return Err(ArchiveError::TooLong(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ArchiveError::NotText)?;
    let table: Table = text
        .parse()
        .map_err(|e: toml::de::Error| ArchiveError::Toml(e.message().to_owned()))?;
    // `project` is the old name of `package`; cargo still reads it in old editions.
    let package = ["package", "project"]
        .iter()
        .find_map(|key| table.get(*key)?.as_table())
        .ok_or(ArchiveError::NoPackage)?;
    let build_script = match package.get("build") {
        Some(Value::Boolean(declared)) => *declared,
        Some(_) => true,
        None => entries.into_iter().any(is_build_script),
    };
    Ok(ArchiveFacts {
        build_script,
        proc_macro: table
            .get("lib")
            .and_then(Value::as_table)
            .is_some_and(is_proc_macro),
    })
}

/// What a `Cargo.toml` declares, as cargo writes it into a crate; `None` where it is none.
/// Dependencies of tests are left out, as in [`super::Line::manifest`]; what is asked for
/// under another name stands under its own.
pub fn declared_by_cargo_toml(bytes: &[u8]) -> Option<Declared> {
    // A part of it could be read as a whole one that asks for less.
    if bytes.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let table: Table = text.parse().ok()?;
    let package = ["package", "project"]
        .iter()
        .find_map(|key| table.get(*key)?.as_table())?;
    let text = |key: &str| package.get(key)?.as_str().map(str::to_owned);
    let mut manifest = Manifest::default();
    dependencies(&table, &mut manifest);
    let targets = table.get("target").and_then(Value::as_table);
    for target in targets.into_iter().flat_map(Table::values) {
        if let Some(target) = target.as_table() {
            dependencies(target, &mut manifest);
        }
    }
    let required = &manifest.dependencies;
    manifest
        .optional_dependencies
        .retain(|name, _| !required.contains_key(name));
    manifest.offers.features = Some(features(&table));
    Some(Declared {
        name: text("name"),
        version: text("version"),
        manifest,
    })
}

/// The features, each with what it turns on. Of what is needed for tests alone nothing is said:
/// cargo leaves it out of the index where it has no version.
fn features(table: &Table) -> Features {
    let targets = table.get("target").and_then(Value::as_table);
    let parts = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table)
        .chain([table]);
    let named: BTreeSet<&String> = parts.flat_map(needed).map(|(name, _)| name).collect();
    let is_needed = |wanted: &&str| {
        let of_feature = wanted.split_once('/').map(|(dependency, _)| dependency);
        of_feature
            .map(|dependency| dependency.trim_end_matches('?'))
            .or_else(|| wanted.strip_prefix("dep:"))
            .is_none_or(|dependency| named.iter().any(|name| *name == dependency))
    };
    let declared = table.get("features").and_then(Value::as_table);
    declared
        .into_iter()
        .flatten()
        .filter_map(|(name, wanted)| {
            let wanted = wanted.as_array()?.iter().filter_map(Value::as_str);
            let wanted = wanted.filter(is_needed).map(str::to_owned).collect();
            Some((name.clone(), wanted))
        })
        .collect()
}

/// The tables of what is needed beside tests, in one part of a manifest.
fn needed(part: &Table) -> impl Iterator<Item = (&String, &Value)> {
    ["dependencies", "build-dependencies", "build_dependencies"]
        .into_iter()
        .filter_map(move |kind| part.get(kind)?.as_table())
        .flatten()
}

/// The dependencies in one part of a manifest.
fn dependencies(part: &Table, manifest: &mut Manifest) {
    for (name, value) in needed(part) {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let package = text("package").unwrap_or(name);
        let requirement = value.as_str().or_else(|| text("version")).unwrap_or("*");
        let is_optional = value.get("optional") == Some(&Value::Boolean(true));
        let into = if is_optional {
            &mut manifest.optional_dependencies
        } else {
            &mut manifest.dependencies
        };
        into.entry(package.to_owned())
            .or_insert_with(|| requirement.to_owned());
    }
}

/// `build.rs` in the top folder. Case is ignored, as macOS and Windows do.
fn is_build_script(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']).filter(|p| !matches!(*p, "" | "."));
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    third.is_none()
        && second
            .or(first)
            .is_some_and(|file| file.eq_ignore_ascii_case("build.rs"))
}

fn is_proc_macro(lib: &Table) -> bool {
    let either = |a, b| lib.get(a).or_else(|| lib.get(b));
    either("proc-macro", "proc_macro") == Some(&Value::Boolean(true))
        || either("crate-type", "crate_type")
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|t| t.as_str() == Some("proc-macro")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(toml: &str, entries: &[&str]) -> (bool, bool) {
        let facts = facts_from_cargo_toml(toml.as_bytes(), entries.iter().copied()).unwrap();
        (facts.build_script, facts.proc_macro)
    }

    #[test]
    fn a_build_script_is_found_by_declaration_or_by_file() {
        let plain = "[package]\nname='a'";
        assert_eq!(facts(plain, &["a-1.0.0/src/lib.rs"]), (false, false));
        assert_eq!(facts(plain, &["a-1.0.0/build.rs"]), (true, false));
        assert_eq!(facts(plain, &["./a-1.0.0/Build.rs"]), (true, false));
        assert_eq!(facts(plain, &["a-1.0.0/src/build.rs"]), (false, false));
        assert_eq!(facts("[package]\nbuild='tools/run.rs'", &[]), (true, false));
        assert_eq!(
            facts("[project]\nbuild=['a.rs','b.rs']", &[]),
            (true, false)
        );
    }

    #[test]
    fn a_manifest_is_read_whole_or_not_at_all() {
        let of = |padding: usize| {
            let mut text = "[package]\nname='a'\n#".to_owned();
            text.extend(std::iter::repeat_n('x', padding));
            text.push_str("\n[dependencies]\nb='1'\n");
            declared_by_cargo_toml(text.as_bytes())
        };
        let read = of(LONGEST / 2).unwrap();
        assert!(read.manifest.dependencies.contains_key("b"));
        assert!(of(LONGEST).is_none());
    }

    #[test]
    fn dependencies_of_all_platforms_stand_under_their_own_names() {
        let declared = declared_by_cargo_toml(
            b"[package]\nname='a'\nversion='1.0.0'\n\
              [dependencies]\nb='1'\nc={version='2', package='d'}\n\
              [dependencies.e]\nversion='3'\noptional=true\n\
              [build-dependencies]\nf='4'\n\
              [dev-dependencies]\ng='5'\n\
              [target.'cfg(unix)'.dependencies]\nh='6'\n",
        )
        .unwrap();
        assert_eq!(declared.name.as_deref(), Some("a"));
        assert_eq!(declared.version.as_deref(), Some("1.0.0"));
        let required: Vec<&String> = declared.manifest.dependencies.keys().collect();
        assert_eq!(required, ["b", "d", "f", "h"]);
        let optional: Vec<&String> = declared.manifest.optional_dependencies.keys().collect();
        assert_eq!(optional, ["e"]);
        assert!(declared_by_cargo_toml(b"no = 1").is_none());
    }

    #[test]
    fn features_are_read_without_those_of_tests() {
        let declared = declared_by_cargo_toml(
            b"[package]\nname='a'\n\
              [dependencies]\nb={version='1', optional=true}\n\
              [target.'cfg(unix)'.dependencies]\nc='1'\n\
              [dev-dependencies]\nt='1'\n\
              [features]\ndefault=['std', 'b?/x', 't/x']\nstd=['dep:b', 'c/y', 'dep:t']\nnone=[]\n",
        )
        .unwrap();
        let features = declared.manifest.offers.features.unwrap();
        let of = |name: &str| -> Vec<String> { features[name].iter().cloned().collect() };
        assert_eq!(of("default"), ["b?/x", "std"]);
        assert_eq!(of("std"), ["c/y", "dep:b"]);
        assert!(of("none").is_empty());
    }

    #[test]
    fn build_false_disables_the_file() {
        let facts = facts("[package]\nbuild=false", &["a-1.0.0/build.rs"]);
        assert_eq!(facts, (false, false));
    }

    #[test]
    fn a_procedural_macro_is_found_in_each_spelling() {
        for lib in [
            "proc-macro=true",
            "proc_macro=true",
            "crate-type=['proc-macro']",
            "crate_type=['proc-macro']",
        ] {
            assert_eq!(
                facts(&format!("[package]\n[lib]\n{lib}"), &[]),
                (false, true)
            );
        }
        assert_eq!(
            facts("[package]\n[lib]\nproc-macro=false", &[]),
            (false, false)
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = |bytes: &[u8]| {
            facts_from_cargo_toml(bytes, std::iter::empty())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(b"[lib]"), "Cargo.toml has no [package]");
        assert_eq!(error(b"\xff"), "Cargo.toml is not UTF-8");
        assert!(error(b"[package").starts_with("Cargo.toml cannot be read: "));
        assert!(error(&vec![b' '; LONGEST + 1]).contains("more than 1048576"));
        // Deep nesting must not exhaust the stack.
        assert!(error(format!("a={}", "[".repeat(500_000)).as_bytes()).contains("cannot be read"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            path in "\\PC{0,20}",
        ) {
            let _ = facts_from_cargo_toml(&bytes, std::iter::once(path.as_str()));
        }
    }
}
