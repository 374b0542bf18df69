//! `package.json` of a commit against that of a tarball.

use super::manifest::{FieldDifference, FieldKind, bounded, limit};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Fields that npm, pnpm, yarn or a registry writes when a package is published, or that tools for
/// publishing rewrite, and that decide nothing of what is installed or runs.
///
/// Source: npm's `normalize-package-data` and `pacote`; pnpm's documentation of `pnpm publish`.
const REWRITTEN: &[&str] = &[
    "_from",
    "_hasShrinkwrap",
    "_id",
    "_integrity",
    "_nodeVersion",
    "_npmOperationalInternal",
    "_npmUser",
    "_npmVersion",
    "_resolved",
    "author",
    "bugs",
    "contributors",
    "description",
    "dist",
    "files",
    "gitHead",
    "homepage",
    "keywords",
    "license",
    "maintainers",
    "readme",
    "readmeFilename",
    "repository",
    "sideEffects",
    "types",
    "typings",
    // Only for whoever works on the package.
    "packageManager",
    "devDependencies",
    "devEngines",
    "private",
    "publishConfig",
    "workspaces",
    "pnpm",
    "resolutions",
    "overrides",
    "volta",
    "lint-staged",
    "husky",
    "simple-git-hooks",
];

/// Fields that say what is installed with it, by name.
const DEPENDENCIES: &[&str] = &["dependencies", "optionalDependencies", "peerDependencies"];

/// Fields that say where code is entered.
const ENTRIES: &[&str] = &[
    "main",
    "module",
    "browser",
    "exports",
    "imports",
    "bin",
    "type",
    "directories",
];

/// Fields whose presence alone makes something run or be unpacked.
const INSTALL: &[&str] = &[
    "gypfile",
    "bundledDependencies",
    "bundleDependencies",
    "binary",
];

/// Scripts that run while a package is installed. The last six run for git dependencies.
const LIFECYCLE: &[&str] = &[
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "prepack",
    "postpack",
];

/// Reads a `package.json`; none where it is none or too long.
pub fn read(bytes: &[u8]) -> Option<Map<String, Value>> {
    if bytes.len() > limit::MANIFEST {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Some(object),
        // What is no object is not compared; the caller says so.
        Ok(_) | Err(_) => None,
    }
}

/// Everything that differs and is not only publishing's doing.
pub fn compare(
    commit: &Map<String, Value>,
    artifact: &Map<String, Value>,
    version: &str,
) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = commit.keys().chain(artifact.keys()).collect();
    for name in names.into_iter().map(String::as_str) {
        let (then, now) = (commit.get(name), artifact.get(name));
        if then == now || REWRITTEN.contains(&name) {
            continue;
        }
        if DEPENDENCIES.contains(&name) {
            dependencies(name, then, now, &mut found);
        } else if name == "scripts" {
            scripts(then, now, &mut found);
        } else {
            other(name, commit, (then, now), version, &mut found);
        }
    }
    bounded(found)
}

fn other(
    name: &str,
    commit: &Map<String, Value>,
    (then, now): (Option<&Value>, Option<&Value>),
    version: &str,
    found: &mut Vec<FieldDifference>,
) {
    // pnpm and others move fields of `publishConfig` to the top.
    let published = commit.get("publishConfig").and_then(|c| c.get(name));
    if published.is_some() && published == now {
        return;
    }
    // Release tools write the version when they publish (`0.0.0-development`).
    if name == "version" && now.and_then(Value::as_str) == Some(version) {
        return;
    }
    if let ("bin", Some(then), Some(now)) = (name, then, now)
        && bin(then) == bin(now)
    {
        return;
    }
    let kind = match name {
        _ if ENTRIES.contains(&name) => FieldKind::EntryPoint,
        _ if INSTALL.contains(&name) => FieldKind::InstallScript,
        _ => FieldKind::Other,
    };
    found.push(difference(name, kind, then, now));
}

/// `"./cli.js"` and `"cli.js"` are one.
fn bin(value: &Value) -> Value {
    let plain = |text: &str| Value::from(text.trim_start_matches("./"));
    match value {
        Value::String(text) => plain(text),
        Value::Object(all) => all
            .iter()
            .map(|(name, target)| (name.clone(), target.as_str().map_or(Value::Null, plain)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn dependencies(
    field: &str,
    then: Option<&Value>,
    now: Option<&Value>,
    found: &mut Vec<FieldDifference>,
) {
    each(field, then, now, |name, then, now| {
        // What a workspace or a catalog resolves to stands in no commit.
        let resolved = now.is_some() && then.and_then(Value::as_str).is_some_and(is_of_workspace);
        if !resolved {
            found.push(difference(name, FieldKind::Dependency, then, now));
        }
    });
}

fn is_of_workspace(range: &str) -> bool {
    ["workspace:", "catalog:", "link:", "file:", "portal:"]
        .iter()
        .any(|start| range.starts_with(start))
}

fn scripts(then: Option<&Value>, now: Option<&Value>, found: &mut Vec<FieldDifference>) {
    each("scripts", then, now, |name, then, now| {
        let script = name.strip_prefix("scripts.").unwrap_or(name);
        let kind = if LIFECYCLE.contains(&script) {
            FieldKind::InstallScript
        } else {
            FieldKind::Other
        };
        found.push(difference(name, kind, then, now));
    });
}

/// Every member that differs, with `field.` before its name.
fn each(
    field: &str,
    then: Option<&Value>,
    now: Option<&Value>,
    mut differs: impl FnMut(&str, Option<&Value>, Option<&Value>),
) {
    let members = |value: Option<&Value>| {
        value
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let (then, now) = (members(then), members(now));
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    for name in names {
        let (then, now) = (then.get(name), now.get(name));
        if then != now {
            differs(&format!("{field}.{name}"), then, now);
        }
    }
}

fn difference(
    field: &str,
    kind: FieldKind,
    then: Option<&Value>,
    now: Option<&Value>,
) -> FieldDifference {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    FieldDifference::new(field, kind, then.map(text), now.map(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compared(commit: Value, artifact: Value) -> String {
        let read = |value: Value| read(value.to_string().as_bytes()).unwrap();
        compare(&read(commit), &read(artifact), "1.14.1")
            .iter()
            .map(|d| format!("{:?}: {}\n", d.severity(), d.sentence("package.json")))
            .collect()
    }

    #[test]
    fn a_dependency_that_only_the_tarball_has_is_loud() {
        let commit = json!({"version": "1.14.0", "dependencies": {"form-data": "^4.0.5"}});
        let artifact = json!({"version": "1.14.1", "dependencies": {"form-data": "^4.0.5", "plain-crypto-js": "^4.2.1"}});
        insta::assert_snapshot!(compared(commit, artifact), @"High: dependencies.plain-crypto-js (^4.2.1) stands in package.json of the artifact only; the commit does not have it.");
    }

    #[test]
    fn an_install_script_is_loud_and_a_test_script_is_not() {
        let commit = json!({"scripts": {"test": "a", "prepare": "husky"}});
        let artifact = json!({"scripts": {"test": "b", "preinstall": "node bundle.js"}});
        insta::assert_snapshot!(compared(commit, artifact), @r#"
    High: scripts.preinstall (node bundle.js) stands in package.json of the artifact only; the commit does not have it.
    Note: scripts.prepare (husky) stands in package.json of the commit and not in the artifact.
    Note: scripts.test is b in package.json of the artifact and a in the commit.
    "#);
    }

    #[test]
    fn what_publishing_does_is_quiet() {
        let commit = json!({
            "version": "0.0.0", "repository": "owner/a", "devDependencies": {"b": "1"},
            "dependencies": {"c": "workspace:^"}, "bin": {"a": "./cli.js"},
            "main": "src/a.ts", "publishConfig": {"main": "dist/a.js", "access": "public"},
        });
        let artifact = json!({
            "version": "1.14.1", "repository": {"type": "git", "url": "git+https://github.com/owner/a.git"},
            "dependencies": {"c": "^2.0.0"}, "bin": {"a": "cli.js"}, "main": "dist/a.js",
            "gitHead": "abc", "_id": "a@1.14.1",
        });
        assert_eq!(compared(commit, artifact), "");
    }

    #[test]
    fn another_way_in_is_said() {
        let out = compared(
            json!({"main": "a.js"}),
            json!({"main": "b.js", "bin": "c.js"}),
        );
        insta::assert_snapshot!(out, @r"
        Medium: bin (c.js) stands in package.json of the artifact only; the commit does not have it.
        Medium: main is b.js in package.json of the artifact and a.js in the commit.
        ");
    }
}
