//! What a project is: a file of `xtask/trees/`.

use crate::error::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Seconds that a step may take that names no limit.
const SECONDS: u64 = 600;

/// One project: its files, how it is used, and by which manager.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// What it is, for people.
    pub what: String,
    /// Who installs it.
    pub manager: Manager,
    /// Its files, by path. `{index}` stands for the index that this machine's pip asks.
    pub files: BTreeMap<String, String>,
    /// What is set for every step and for the check.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What is done with it, in order.
    pub step: Vec<Step>,
}

/// Who installs a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    Npm,
    Pnpm,
    Yarn1,
    Yarn4,
    Bun,
    Pip,
    Uv,
    Poetry,
    Cargo,
}

impl Manager {
    /// As people write it.
    pub fn spoken(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn1 => "Yarn 1",
            Self::Yarn4 => "Yarn 4",
            Self::Bun => "bun",
            Self::Pip => "pip",
            Self::Uv => "uv",
            Self::Poetry => "Poetry",
            Self::Cargo => "cargo",
        }
    }

    /// The pinned tool that is put on PATH; none where the machine's own is used.
    pub fn tool(self) -> Option<&'static str> {
        match self {
            Self::Npm | Self::Cargo => None,
            Self::Pnpm => Some("pnpm"),
            Self::Yarn1 => Some("yarn1"),
            Self::Yarn4 => Some("yarn4"),
            Self::Bun => Some("bun"),
            // Poetry is installed by pip, into an environment of its own.
            Self::Pip | Self::Poetry => Some("pip"),
            Self::Uv => Some("uv"),
        }
    }
}

/// Something that is done with a project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A command that ends. `{home}` and `{project}` stand for these folders.
    pub run: Option<Vec<String>>,
    /// A command that serves, until it has answered on `{port}`.
    pub serve: Option<Vec<String>>,
    /// What a server is asked for.
    pub at: Option<String>,
    /// The folder of the project in which it runs.
    #[serde(rename = "in")]
    pub folder: Option<String>,
    /// How long it may take.
    pub seconds: Option<u64>,
    /// It may fail, and when that is.
    pub may_fail: Option<String>,
    /// What is set for it alone.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// A command, and whether it ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use<'a> {
    /// It ends.
    Run(&'a [String]),
    /// It serves.
    Serve {
        /// The command.
        words: &'a [String],
        /// What it is asked for.
        at: &'a str,
    },
}

impl Step {
    /// How long it may take.
    pub fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(SECONDS)
    }

    /// What it does; none where the file names neither or both.
    pub fn what(&self) -> Option<Use<'_>> {
        match (&self.run, &self.serve) {
            (Some(words), None) if !words.is_empty() => Some(Use::Run(words)),
            (None, Some(words)) if !words.is_empty() => Some(Use::Serve {
                words,
                at: self.at.as_deref().unwrap_or("/"),
            }),
            _ => None,
        }
    }
}

/// The projects of a folder, by name; with `names` only these.
pub fn read(folder: &Path, names: &[String]) -> Result<Vec<Project>, Error> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        paths.push(entry.map_err(Error::io("list", folder))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let projects = paths.iter().map(|path| one(path));
    let mut projects = projects.collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| projects.iter().all(|project| project.name != **name))
    {
        return Err(Error::Config {
            path: folder.to_owned(),
            why: format!("it holds no project {unknown}; `cargo xtask trees --list` names them"),
        });
    }
    if !names.is_empty() {
        projects.retain(|project| names.contains(&project.name));
    }
    Ok(projects)
}

fn one(path: &Path) -> Result<Project, Error> {
    let wrong = |why: String| Error::Config {
        path: path.to_owned(),
        why,
    };
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let mut project: Project = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    project.name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if let Some(number) = project.step.iter().position(|step| step.what().is_none()) {
        let number = number + 1;
        return Err(wrong(format!(
            "step {number} must have one of `run` and `serve`, with a command"
        )));
    }
    Ok(project)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all() -> Vec<Project> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("trees");
        read(&folder, &[]).unwrap()
    }

    #[test]
    fn there_are_more_than_twenty_projects_and_every_manager_has_one() {
        let projects = all();
        assert!(projects.len() >= 20, "{}", projects.len());
        let managers: BTreeSet<Manager> = projects.iter().map(|project| project.manager).collect();
        assert_eq!(managers.len(), 9, "{managers:?}");
    }

    #[test]
    fn every_project_is_used_after_it_was_installed() {
        for project in all() {
            assert!(project.step.len() >= 3, "{}", project.name);
        }
    }

    #[test]
    fn a_name_that_is_none_is_said() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("trees");
        let error = read(&folder, &["nothing".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("no project nothing"), "{error}");
    }

    #[test]
    fn a_step_says_one_thing_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let text = "what = \"\"\nmanager = \"npm\"\nfiles = {}\n[[step]]\nat = \"/\"\n";
        fs::write(folder.path().join("one.toml"), text).unwrap();
        let error = read(folder.path(), &[]).unwrap_err().to_string();
        assert!(error.contains("step 1 must have one of"), "{error}");
    }
}
