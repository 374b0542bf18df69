//! The project whose installation is timed: nine roots, 482 packages when it was chosen.

use crate::error::{Doing as _, Error};
use crate::home::Home;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const MANIFEST: &str = r#"{"name":"bench","version":"1.0.0","private":true,"dependencies":{
 "express":"^5.1.0","axios":"^1.12.0","vite":"^7.1.0","eslint":"^9.30.0","webpack":"^5.100.0",
 "react":"^19.1.0","react-dom":"^19.1.0","typescript":"^5.9.0","jest":"^30.0.0"}}
"#;

/// How long one installation may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// The packages of an installation: where each lies, and its version.
pub type Installed = BTreeMap<String, String>;

/// One finished installation.
#[derive(Debug)]
pub struct Install {
    /// Wall seconds of the command.
    pub seconds: f64,
    /// What it installed.
    pub installed: Installed,
}

/// Installs with npm alone.
pub async fn direct(home: &Home, round: &str) -> Result<Install, Error> {
    let command = home.command(Path::new("npm"));
    install(command, home, round).await
}

/// Installs with `customs run -- npm …`, which starts a gate or joins the running one.
pub async fn through(program: &Path, home: &Home, round: &str) -> Result<Install, Error> {
    let mut command = home.command(program);
    command.args(["run", "--quiet", "--", "npm"]);
    install(command, home, round).await
}

/// In a folder and with a cache of this round's own.
async fn install(mut command: Command, home: &Home, round: &str) -> Result<Install, Error> {
    let project = home.beside(&format!("project-{round}"));
    let cache = home.beside(&format!("cache-{round}"));
    fs::create_dir(&project).map_err(Error::io("make", &project))?;
    let manifest = project.join("package.json");
    fs::write(&manifest, MANIFEST).map_err(Error::io("write", &manifest))?;
    command
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
        .args(["--loglevel", "error", "--cache"])
        .arg(&cache)
        .current_dir(&project)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let begun = Instant::now();
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(|_| {
            Error::said(format!(
                "an installation took more than {} s",
                PATIENCE.as_secs()
            ))
        })?
        .doing("run npm")?;
    let seconds = begun.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(Error::said(format!(
            "an installation failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    let installed = installed(&project)?;
    // Only now, so that the disk is not busy with it while something is timed.
    for folder in [project, cache] {
        fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
    }
    Ok(Install { seconds, installed })
}

fn installed(project: &Path) -> Result<Installed, Error> {
    let path = project.join("package-lock.json");
    let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
    let lock: Value = serde_json::from_slice(&bytes).doing("read npm's lockfile")?;
    let packages = lock.get("packages").and_then(Value::as_object);
    let installed = packages
        .into_iter()
        .flatten()
        .filter(|(place, _)| project.join(place).is_dir() && !place.is_empty())
        .filter_map(|(place, entry)| {
            let version = entry.get("version")?.as_str()?;
            Some((place.clone(), version.to_owned()))
        });
    Ok(installed.collect())
}

/// How many packages two installations do not share.
pub fn differences(a: &Installed, b: &Installed) -> usize {
    let missing = a
        .iter()
        .filter(|(place, version)| b.get(*place) != Some(version));
    let new = b.keys().filter(|place| !a.contains_key(*place));
    missing.count() + new.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_and_another_package_are_differences() {
        let of = |pairs: &[(&str, &str)]| -> Installed {
            pairs
                .iter()
                .map(|(place, version)| ((*place).to_owned(), (*version).to_owned()))
                .collect()
        };
        let a = of(&[("a", "1"), ("b", "1")]);
        assert_eq!(differences(&a, &a), 0);
        assert_eq!(differences(&a, &of(&[("a", "2"), ("c", "1")])), 3);
    }

    #[test]
    fn the_manifest_has_nine_roots() {
        let manifest: Value = serde_json::from_str(MANIFEST).unwrap();
        assert_eq!(manifest["dependencies"].as_object().unwrap().len(), 9);
    }
}
