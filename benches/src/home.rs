//! A home that nobody has lived in: no cache, no setting but the registry's address.

use crate::error::{Doing as _, Error};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// What a program needs of the machine's environment, and nothing that sets a client.
const KEPT: [&str; 16] = [
    "PATH",
    "LANG",
    "TMPDIR",
    "SystemRoot",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "all_proxy",
    "PATHEXT",
];

/// A folder that vanishes, with a home in it.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes one; with a registry, npm's configuration names it.
    pub fn new(registry: Option<&str>) -> Result<Self, Error> {
        let folder = tempfile::tempdir().doing("make a temporary folder")?;
        let home = Self { folder };
        fs::create_dir(home.path()).map_err(Error::io("make", &home.path()))?;
        if let Some(registry) = registry {
            let file = home.path().join(".npmrc");
            let text = format!("registry={registry}\n");
            fs::write(&file, text).map_err(Error::io("write", &file))?;
        }
        Ok(home)
    }

    /// The home itself.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that lives in it. It ends with its handle.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(kept())
            .env("HOME", self.path())
            .env("USERPROFILE", self.path())
            .env("LOCALAPPDATA", self.path().join("local"))
            .current_dir(self.path())
            .kill_on_drop(true);
        command
    }
}

fn kept() -> impl Iterator<Item = (&'static str, OsString)> {
    KEPT.into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)))
}

/// The registry that this machine's npm is configured with.
pub async fn registry() -> Result<String, Error> {
    let output = Command::new("npm")
        .args(["config", "get", "registry"])
        .kill_on_drop(true)
        .output()
        .await
        .doing("ask npm for its registry")?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && text.starts_with("http") {
        Ok(text)
    } else {
        Err(Error::said(
            "npm names no registry (`npm config get registry`); set one to measure installs",
        ))
    }
}
