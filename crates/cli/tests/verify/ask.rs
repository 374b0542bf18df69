//! How customs is asked: the only place that knows. It gives the report's JSON.

use crate::ground::Ground;
use crate::world::program;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whose copies of artifacts may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The gate's store, and what managers keep.
    All,
    /// What managers keep.
    Managers,
    /// Nothing.
    None,
}

/// The report about the project.
pub fn report(ground: &Ground, evidence: Evidence) -> Value {
    report_with(ground, evidence, &[])
}

/// The same, asked for more.
pub fn report_with(ground: &Ground, evidence: Evidence, more: &[&str]) -> Value {
    // A home in which nothing lies stands for caches that are not there.
    let home = match evidence {
        Evidence::All | Evidence::Managers => ground.home(),
        Evidence::None => ground.at("nobody"),
    };
    let own = match evidence {
        Evidence::All => ground.at("gate/cache"),
        Evidence::Managers | Evidence::None => ground.beside("cache"),
    };
    // Evidence of what the gate delivered lies with its ledger.
    let data = match evidence {
        Evidence::All => ground.at("gate/data"),
        Evidence::Managers | Evidence::None => ground.beside("data"),
    };
    let asked = customs(&ground.project(), &home, &ground.beside(""))
        .args(["verify", "--deep", "--format", "json"])
        .args(more)
        .env("CUSTOMS_CACHE_DIR", own)
        .env("CUSTOMS_DATA_DIR", data)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&asked.stderr);
    let report: Value = serde_json::from_slice(&asked.stdout)
        .unwrap_or_else(|why| panic!("{why}: {:?}: {said}", asked.status));
    assert_eq!(asked.status.code(), Some(code(&report, false)), "{said}");
    report
}

/// What the exit code has to be for the report's own answer.
pub fn code(report: &Value, strict: bool) -> i32 {
    match report["answer"]["answer"].as_str() {
        Some("no") => 1,
        Some("not_checked") => i32::from(strict),
        Some("yes") => 0,
        other => panic!("no answer: {other:?}"),
    }
}

/// The program in a project, in a home, with folders of its own: it knows nothing else of this machine.
pub fn customs(project: &Path, home: &Path, own: &Path) -> Command {
    // Where a client of this machine keeps its toolchains, as in the tests of clients: without it
    // the client makes a new one in the home that it is given.
    let rustup = std::env::var_os("RUSTUP_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".rustup"),
        PathBuf::from,
    );
    let mut command = Command::new(program());
    command
        .current_dir(project)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("YARN_CACHE_FOLDER", home.join("cache/yarn"))
        .env("RUSTUP_HOME", rustup)
        .env("CARGO_HOME", home.join(".cargo"))
        .env("CUSTOMS_CACHE_DIR", own.join("cache"))
        .env("CUSTOMS_DATA_DIR", own.join("data"))
        .env("CUSTOMS_STATE_DIR", own.join("state"));
    command
}
