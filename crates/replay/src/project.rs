//! The victim's project, as files.

use crate::payload::MARKER_VARIABLE;
use crate::scenario::{Trigger, Victim};
use customs_model::Ecosystem;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Its path inside the project.
    pub path: &'static str,
    /// Its text.
    pub text: String,
}

#[derive(Serialize)]
struct CargoProject<'a> {
    package: BTreeMap<&'static str, &'static str>,
    dependencies: &'a BTreeMap<String, String>,
    workspace: BTreeMap<String, String>,
}

impl Victim {
    /// The files of the project: what the client reads, and a program that loads all
    /// dependencies, for payloads that run only then.
    pub fn project_files(&self, ecosystem: Ecosystem) -> Vec<ProjectFile> {
        let file = |path, text| ProjectFile { path, text };
        match ecosystem {
            Ecosystem::Npm => {
                let manifest = json!({
                    "name": "victim", "version": "1.0.0", "private": true,
                    "dependencies": self.project,
                });
                let uses = self
                    .project
                    .keys()
                    .map(|n| format!("require('{n}');\n"))
                    .collect();
                vec![
                    file("package.json", format!("{manifest:#}\n")),
                    file("use.js", uses),
                ]
            }
            Ecosystem::PyPi => {
                let wants = self
                    .project
                    .iter()
                    .map(|(n, r)| format!("{n}{r}\n"))
                    .collect();
                let uses = self
                    .project
                    .keys()
                    .map(|n| format!("import {}\n", n.replace('-', "_")))
                    .collect();
                vec![file("requirements.txt", wants), file("use.py", uses)]
            }
            Ecosystem::Cargo => {
                let project = CargoProject {
                    package: [
                        ("name", "victim"),
                        ("version", "1.0.0"),
                        ("edition", "2021"),
                    ]
                    .into(),
                    dependencies: &self.project,
                    // An empty table: the project belongs to no workspace around it.
                    workspace: BTreeMap::new(),
                };
                let manifest = toml::to_string(&project).unwrap_or_default();
                vec![
                    file("Cargo.toml", manifest),
                    file("src/main.rs", "fn main() {}\n".into()),
                ]
            }
        }
    }

    /// What to run after the install, if the payload waits for that.
    pub fn use_command(&self, ecosystem: Ecosystem) -> Option<[&'static str; 2]> {
        match (self.trigger, ecosystem) {
            (Trigger::Install, _) | (Trigger::Use, Ecosystem::Cargo) => None,
            (Trigger::Use, Ecosystem::Npm) => Some(["node", "use.js"]),
            (Trigger::Use, Ecosystem::PyPi) => Some(["python3", "use.py"]),
        }
    }

    /// The environment variable that makes payloads leave their mark.
    pub const fn marker_variable() -> &'static str {
        MARKER_VARIABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victim(dependency: (&str, &str)) -> Victim {
        let text = format!(
            "name = 'x'\nproject = {{ {} = '{}' }}\ngood = {{}}",
            dependency.0, dependency.1
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn a_project_is_written_as_its_client_reads_it() {
        let npm = victim(("axios", "^1.14.0")).project_files(Ecosystem::Npm);
        let manifest: serde_json::Value = serde_json::from_str(&npm[0].text).unwrap();
        assert_eq!(manifest["dependencies"]["axios"], "^1.14.0");
        let pypi = victim(("litellm", ">=1.82")).project_files(Ecosystem::PyPi);
        assert_eq!(
            (pypi[0].text.as_str(), pypi[1].text.as_str()),
            ("litellm>=1.82\n", "import litellm\n")
        );
        let cargo = victim(("arrayref", "0.3")).project_files(Ecosystem::Cargo);
        insta::assert_snapshot!(cargo[0].text, @r#"
[package]
edition = "2021"
name = "victim"
version = "1.0.0"

[dependencies]
arrayref = "0.3"

[workspace]
"#);
    }
}
