//! The project that is checked: large enough to be one of those that people work on.

use crate::error::{Doing as _, Error};
use crate::home::{self, Home};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bundlers, a compiler, a framework and a runner of tests; what they need is as of [`BEFORE`].
const LARGE: &[(&str, &str)] = &[
    ("@babel/core", "7.26.0"),
    ("@babel/preset-env", "7.26.0"),
    ("@biomejs/biome", "1.9.4"),
    ("@swc/core", "1.9.3"),
    ("@types/node", "22.9.0"),
    ("@types/react", "18.3.12"),
    ("babel-loader", "9.2.1"),
    ("jest", "29.7.0"),
    ("lodash", "4.17.21"),
    ("next", "14.2.18"),
    ("react", "18.3.1"),
    ("react-dom", "18.3.1"),
    ("rxjs", "7.8.1"),
    ("typescript", "5.7.2"),
    ("vite", "5.4.11"),
    ("webpack", "5.96.1"),
];
/// For a trial.
const SMALL: &[(&str, &str)] = &[("typescript", "5.7.2"), ("webpack", "5.96.1")];
/// Releases of later days are not taken, so that the tree is the same tomorrow.
const BEFORE: &str = "2025-01-01";
/// Files that changed a moment ago are not remembered by a check.
const SETTLED: Duration = Duration::from_secs(10);

/// An installed project in a home of its own.
#[derive(Debug)]
pub struct Project {
    /// The home that npm and customs live in.
    pub home: Home,
    /// Packages that the lockfile places here.
    pub packages: usize,
    /// Every file of the tree.
    pub files: Vec<PathBuf>,
    /// Bytes of all of them.
    pub bytes: u64,
    /// The artifacts, in npm's cache.
    pub tarballs: Vec<PathBuf>,
    /// Bytes of all of them, as they lie there.
    pub packed: u64,
}

impl Project {
    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.home.path().join("project")
    }
}

/// Installs it with the registry that this machine's npm has. Nothing of a package runs.
pub async fn install(quick: bool) -> Result<Project, Error> {
    let registry = home::registry().await?;
    let home = Home::new(Some(&registry))?;
    let folder = home.path().join("project");
    fs::create_dir(&folder).map_err(Error::io("make", &folder))?;
    let asked = if quick { SMALL } else { LARGE };
    let dependencies: serde_json::Map<String, Value> = asked
        .iter()
        .map(|(name, version)| ((*name).to_owned(), (*version).into()))
        .collect();
    let manifest = serde_json::json!({
        "name": "measured", "version": "1.0.0", "private": true, "dependencies": dependencies,
    });
    let path = folder.join("package.json");
    fs::write(&path, manifest.to_string()).map_err(Error::io("write", &path))?;
    let output = home
        .command(Path::new("npm"))
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel=error", &format!("--before={BEFORE}")])
        .current_dir(&folder)
        .output()
        .await
        .doing("start npm")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().next().unwrap_or("it says nothing");
        return Err(Error::said(format!("npm could not install: {last}")));
    }
    let project = look(home, &folder)?;
    tokio::time::sleep(SETTLED).await;
    Ok(project)
}

fn look(home: Home, folder: &Path) -> Result<Project, Error> {
    let path = folder.join("package-lock.json");
    let text = fs::read(&path).map_err(Error::io("read", &path))?;
    let lock: Value = serde_json::from_slice(&text).doing("read the lockfile")?;
    let entries = lock["packages"].as_object();
    let mut packages = 0;
    let mut tarballs = BTreeSet::new();
    for (place, entry) in entries.into_iter().flatten() {
        let there = place.starts_with("node_modules/") && folder.join(place).is_dir();
        if !there {
            continue;
        }
        packages += 1;
        let integrity = entry["integrity"].as_str().unwrap_or_default();
        // What is bundled has no artifact of its own.
        let Ok(digest) = customs_model::Digest::from_sri(integrity) else {
            continue;
        };
        let hex = digest.to_hex();
        let (Some(first), Some(second), Some(rest)) = (hex.get(..2), hex.get(2..4), hex.get(4..))
        else {
            continue;
        };
        let content = format!(".npm/_cacache/content-v2/{}", digest.algorithm().name());
        let content = home.path().join(content);
        tarballs.insert(content.join(first).join(second).join(rest));
    }
    let mut project = Project {
        home,
        packages,
        files: Vec::new(),
        bytes: 0,
        tarballs: tarballs.into_iter().collect(),
        packed: 0,
    };
    for tarball in &project.tarballs {
        let meta = fs::metadata(tarball).map_err(Error::io("find", tarball))?;
        project.packed += meta.len();
    }
    walk(&folder.join("node_modules"), &mut project)?;
    Ok(project)
}

/// Takes in every file, and reads each once, so that no round is the first to touch the disk.
fn walk(folder: &Path, project: &mut Project) -> Result<(), Error> {
    let mut piece = vec![0; 1 << 16];
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("list", folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::io("find", &path))?;
        if kind.is_dir() {
            walk(&path, project)?;
        } else if kind.is_file() {
            let mut file = fs::File::open(&path).map_err(Error::io("open", &path))?;
            loop {
                let count = file.read(&mut piece).map_err(Error::io("read", &path))?;
                if count == 0 {
                    break;
                }
                project.bytes += count as u64;
            }
            project.files.push(path);
        }
    }
    Ok(())
}
