//! Is a manifest what cargo writes anew from that of a commit?
//!
//! `cargo vendor` resolves what a crate inherits from its workspace and writes down what cargo would find by
//! itself (the build script, the library). What the manifest makes cargo build and run is compared first; all
//! else that counts for a dependency has to say the same, or is named. Read after cargo 1.95.

use customs_model::printable;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Bytes that are read of one.
const LONGEST: usize = 1 << 20;

/// Keys of `package` that change nothing of what is built.
const ABOUT: [&str; 16] = [
    "authors",
    "autobenches",
    "autobins",
    "autoexamples",
    "autolib",
    "autotests",
    "build",
    "categories",
    "description",
    "documentation",
    "homepage",
    "keywords",
    "license",
    "license-file",
    "readme",
    "repository",
];

/// Keys of `package` that cargo does not write anew, or that count for the project alone.
const OMITTED: [&str; 4] = ["publish", "workspace", "resolver", "default-run"];

/// Tables of what is built beside the library: never of a dependency.
const PROGRAMS: [&str; 4] = ["bin", "example", "test", "bench"];

/// Tables that count for the project alone, or for nothing that is built.
const PROJECTS: [&str; 3] = ["profile", "lints", "badges"];

/// A manifest.
#[derive(Debug)]
pub(super) struct Manifest(Table);

/// How one fits another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// What it makes cargo build or run otherwise. Safe to print.
    pub runs: Vec<String>,
    /// Keys that could not be matched. Safe to print.
    pub rest: Vec<String>,
}

impl Manifest {
    /// Reads one; none where it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST))?).ok()?;
        text.parse().ok().map(Self)
    }

    fn package(&self) -> Option<&Table> {
        let mut names = ["package", "project"].iter();
        names.find_map(|name| self.0.get(*name)?.as_table())
    }

    fn of_package(&self, key: &str) -> Option<&Value> {
        self.package()?.get(key)
    }

    /// The crate's name.
    pub fn name(&self) -> Option<&str> {
        self.of_package("name")?.as_str()
    }

    /// Its version, where it is written and not inherited.
    pub fn version(&self) -> Option<&str> {
        self.of_package("version")?.as_str()
    }

    /// The folder of its workspace, where it names one.
    pub fn workspace(&self) -> Option<&str> {
        self.of_package("workspace")?.as_str()
    }

    /// Whether it is the top of a workspace.
    pub fn is_workspace(&self) -> bool {
        self.0.get("workspace").is_some_and(Value::is_table)
    }

    /// `include` or `exclude`.
    pub fn patterns(&self, key: &str) -> Option<Vec<String>> {
        let list = self.of_package(key)?.as_array()?;
        let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
        texts.collect()
    }

    /// How this one fits what it was written from. `has` says whether the commit has a path in the crate's folder,
    /// and cargo does not leave it out.
    pub fn fits(
        &self,
        written: &Self,
        workspace: Option<&Self>,
        has: &dyn Fn(&str) -> bool,
    ) -> Rewritten {
        let mut out = Rewritten::default();
        let of_workspace = workspace.and_then(|one| one.0.get("workspace")?.as_table());
        let inherits = Inherits(of_workspace);
        self.build_script(written, has, &mut out);
        self.library(written, has, &mut out);
        self.programs(has, &mut out);
        self.about(written, inherits, &mut out);
        self.tables(written, inherits, &mut out);
        out
    }

    fn build_script(&self, written: &Self, has: &dyn Fn(&str) -> bool, out: &mut Rewritten) {
        let by_itself = || match has("build.rs") {
            true => Value::String("build.rs".into()),
            false => Value::Boolean(false),
        };
        let expected = match written.of_package("build") {
            None => by_itself(),
            Some(Value::Boolean(true)) => Value::String("build.rs".into()),
            // cargo passes over one that it leaves out.
            Some(Value::String(path)) if !has(path.trim_start_matches("./")) => {
                Value::Boolean(false)
            }
            Some(other) => plain(other),
        };
        let here = self.of_package("build").map_or_else(by_itself, plain);
        if here != expected {
            let (here, expected) = (shown(&here), shown(&expected));
            out.runs.push(format!(
                "its manifest names {here} as its build script, and the commit's {expected}"
            ));
        }
    }

    fn library(&self, written: &Self, has: &dyn Fn(&str) -> bool, out: &mut Rewritten) {
        let of = |manifest: &Self| manifest.0.get("lib").and_then(Value::as_table).cloned();
        let (here, there) = (of(self), of(written));
        let name = self.name().unwrap_or_default().replace('-', "_");
        let complete = |table: Option<Table>| {
            let mut table: Table = table?
                .into_iter()
                .map(|(key, value)| (key.replace('_', "-"), plain(&value)))
                .collect();
            let set = |table: &mut Table, key: &str, value: Value| {
                table.entry(key.to_owned()).or_insert(value);
            };
            set(&mut table, "name", Value::String(name.clone()));
            set(&mut table, "path", Value::String("src/lib.rs".into()));
            table.retain(|_, value| *value != Value::Boolean(false));
            Some(table)
        };
        let there = there.or_else(|| has("src/lib.rs").then(Table::new));
        // A manifest that was written anew names its library; any other one may leave it to cargo.
        let here = here.or_else(|| has("src/lib.rs").then(Table::new));
        if complete(here) != complete(there) {
            let wrong = "its manifest describes another library than the commit's";
            out.runs.push(wrong.to_owned());
        }
    }

    /// What it names has to be the commit's.
    fn programs(&self, has: &dyn Fn(&str) -> bool, out: &mut Rewritten) {
        for kind in PROGRAMS {
            let listed = self.0.get(kind).and_then(Value::as_array);
            let paths = listed.into_iter().flatten();
            let paths = paths.filter_map(|one| one.get("path")?.as_str());
            let strange = paths.filter(|path| !has(path));
            out.runs.extend(strange.map(|path| {
                let path = printable(path, 100);
                format!("its manifest names {path} ({kind}), which the commit does not have")
            }));
        }
    }

    fn about(&self, written: &Self, inherits: Inherits<'_>, out: &mut Rewritten) {
        let empty = Table::new();
        let here = self.package().unwrap_or(&empty);
        let there = written.package().unwrap_or(&empty);
        let mut keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        keys.retain(|key| !ABOUT.contains(&key.as_str()) && !OMITTED.contains(&key.as_str()));
        for key in keys {
            let expected = there.get(key).map(|value| inherits.of_package(key, value));
            let found = here.get(key);
            let by_default = |value: Option<&Value>| match (key.as_str(), value) {
                ("edition", None) => Some(Value::String("2015".into())),
                ("version", None) => Some(Value::String("0.0.0".into())),
                (_, value) => value.map(plain),
            };
            if by_default(found) != by_default(expected) {
                out.rest.push(format!("package.{}", printable(key, 60)));
            }
        }
    }

    fn tables(&self, written: &Self, inherits: Inherits<'_>, out: &mut Rewritten) {
        let passed = |key: &str| {
            matches!(
                key,
                "package" | "project" | "lib" | "workspace" | "patch" | "replace"
            ) || PROGRAMS.contains(&key)
                || PROJECTS.contains(&key)
        };
        let mut compare = |name: &str, here: &Table, there: &Table| {
            for (key, found, expected) in both(here, there) {
                let same = match key {
                    // Tests of a dependency are not built.
                    "dev-dependencies" | "dev_dependencies" => true,
                    "dependencies" | "build-dependencies" | "build_dependencies" => {
                        inherits.asked(found) == inherits.asked(expected)
                    }
                    _ => {
                        found
                            .map(plain)
                            .unwrap_or_else(|| Value::Table(Table::new()))
                            == expected
                                .map(plain)
                                .unwrap_or_else(|| Value::Table(Table::new()))
                    }
                };
                if !same {
                    out.rest.push(printable(&format!("{name}{key}"), 100));
                }
            }
        };
        let mut rest = [&self.0, &written.0].map(|table| {
            let kept = table.iter().filter(|(key, _)| !passed(key));
            let kept = kept.map(|(key, value)| (key.replace('_', "-"), value.clone()));
            kept.collect::<Table>()
        });
        let targets = rest.each_mut().map(|table| table.remove("target"));
        let [here, there] = &rest;
        compare("", here, there);
        let targets = targets.map(|one| match one {
            Some(Value::Table(table)) => table,
            Some(_) | None => Table::new(),
        });
        let [here, there] = &targets;
        for (target, found, expected) in both(here, there) {
            let empty = Table::new();
            let of = |value: Option<&Value>| {
                let table = value.and_then(Value::as_table).unwrap_or(&empty);
                let renamed = table.iter();
                let renamed = renamed.map(|(key, value)| (key.replace('_', "-"), value.clone()));
                renamed.collect::<Table>()
            };
            let (found, expected) = (of(found), of(expected));
            compare(&format!("target.{target}."), &found, &expected);
        }
        // These would count if the folder were built by itself, and no cargo writes them into a vendored crate.
        for key in ["patch", "replace", "workspace"] {
            if self.0.contains_key(key) && self.0.get(key) != written.0.get(key) {
                out.rest.push(key.to_owned());
            }
        }
    }
}

/// What stands in the workspace for those who inherit.
#[derive(Clone, Copy)]
struct Inherits<'a>(Option<&'a Table>);

impl<'a> Inherits<'a> {
    fn of_package(self, key: &str, value: &'a Value) -> &'a Value {
        if !is_inherited(value) {
            return value;
        }
        let shared = self.0.and_then(|table| table.get("package")?.get(key));
        shared.unwrap_or(value)
    }

    /// Dependencies by their names, in one form.
    fn asked(self, value: Option<&Value>) -> BTreeMap<String, Table> {
        let table = value.and_then(Value::as_table);
        let all = table.into_iter().flatten();
        all.map(|(name, value)| (name.clone(), self.one(name, value)))
            .collect()
    }

    fn one(self, name: &str, value: &Value) -> Table {
        let own = form(value);
        if !is_inherited(value) {
            return settled(own);
        }
        let shared = self
            .0
            .and_then(|table| table.get("dependencies")?.get(name));
        let mut out = shared.map(form).unwrap_or_default();
        for (key, value) in own {
            match (key.as_str(), out.get_mut(&key), &value) {
                ("workspace", ..) => {}
                ("features", Some(Value::Array(all)), Value::Array(more)) => {
                    all.extend(more.iter().cloned());
                }
                // Who inherits can switch the default ones on, and not off.
                ("default-features", Some(_), Value::Boolean(false)) => {}
                ("default-features", None, Value::Boolean(false)) => {}
                _ => {
                    out.insert(key, value);
                }
            }
        }
        settled(out)
    }
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// A dependency as a table.
fn form(value: &Value) -> Table {
    match value {
        Value::String(version) => {
            let version = Value::String(version.clone());
            Table::from_iter([("version".to_owned(), version)])
        }
        Value::Table(table) => {
            let keys = table.iter();
            let keys = keys.map(|(key, value)| (key.replace('_', "-"), value.clone()));
            keys.collect()
        }
        _ => Table::new(),
    }
}

/// Without what is said by default. Where a dependency of the same repository lies, cargo knows without its path.
fn settled(mut table: Table) -> Table {
    table.remove("path");
    table.retain(|key, value| match (key, &*value) {
        (_, Value::Array(list)) => !list.is_empty(),
        ("optional" | "public", Value::Boolean(false)) => false,
        ("default-features", Value::Boolean(true)) => false,
        _ => true,
    });
    if let Some(Value::Array(features)) = table.get_mut("features") {
        features.sort_by_key(ToString::to_string);
        features.dedup();
    }
    table
}

/// The keys of both, each with both values.
fn both<'a>(
    here: &'a Table,
    there: &'a Table,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    keys.into_iter()
        .map(|key| (key.as_str(), here.get(key), there.get(key)))
}

/// A value, paths without `./`.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.strip_prefix("./").unwrap_or(text).to_owned()),
        other => other.clone(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text, 100),
        Value::Boolean(false) => "nothing".to_owned(),
        other => printable(&other.to_string(), 100),
    }
}
