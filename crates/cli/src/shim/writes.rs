//! Commands of npm's family that write to a registry or sign in to it.
//!
//! A write goes through the gate with the credential of the user's own configuration. The
//! client must send it itself, and has one header only: so for these commands, and for no
//! others, the run's credential carries the user's own behind it.

use crate::client::{self, pointing};
use crate::output::say;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_gate::Own;
use customs_model::{Ecosystem, PackageName};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What a command line does to a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It installs, or asks.
    Reads,
    /// It publishes, tags, or gives rights.
    Writes,
    /// It signs in or out, and writes what it gets into the user's configuration.
    SignsIn,
}

const WRITES: [&str; 16] = [
    "publish",
    "unpublish",
    "deprecate",
    "undeprecate",
    "dist-tag",
    "dist-tags",
    "tag",
    "owner",
    "access",
    "star",
    "unstar",
    "team",
    "token",
    "profile",
    "org",
    "hook",
];
const SIGNS_IN: [&str; 5] = ["login", "logout", "adduser", "add-user", "whoami"];

/// What the arguments of a client of npm's family do. Flags may stand before the word.
pub fn kind(arguments: &[OsString]) -> Kind {
    let mut words = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .filter(|word| !word.starts_with('-'));
    let first = words.next().unwrap_or("");
    // `yarn npm publish`, `bun pm whoami`.
    let word = if matches!(first, "npm" | "pm") {
        words.next().unwrap_or("")
    } else {
        first
    };
    if WRITES.contains(&word) {
        Kind::Writes
    } else if SIGNS_IN.contains(&word) {
        Kind::SignsIn
    } else {
        Kind::Reads
    }
}

/// Prepares a command for what it does. `false`: it must not run.
pub fn prepare(command: &mut Command, arguments: &[OsString], client: &str) -> bool {
    let kind = kind(arguments);
    if kind != Kind::Reads && std::env::var_os(pointing::READ_ONLY).is_some() {
        let what = arguments
            .iter()
            .map(|a| a.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ");
        say(&format!(
            "customs: {} is a write, and this run is read-only (--read-only)",
            customs_model::printable(&what, 200)
        ));
        return false;
    }
    match kind {
        Kind::Reads => {}
        Kind::Writes => with_own_credential(command, client),
        // What it writes into the user's configuration must not be about the gate.
        Kind::SignsIn => {
            for name in pointing::NPM_FAMILY {
                command.env_remove(name);
            }
            let own = |name: &str| name.starts_with("npm_config_//127.0.0.1:");
            for (name, _) in std::env::vars().filter(|(name, _)| own(name)) {
                command.env_remove(name);
            }
        }
    }
    true
}

/// Puts the user's own credential for the package's registry behind the run's.
fn with_own_credential(command: &mut Command, client: &str) {
    let Ok(here) = std::env::current_dir() else {
        return;
    };
    let Ok(found) = client::discover(&here) else {
        return;
    };
    let upstreams = found.of(client);
    let upstream = match package(&here) {
        Some(package) => upstreams.npm_for(&package),
        None => upstreams.npm.as_ref(),
    };
    let Some(upstream) = upstream else { return };
    let Some(own) = &upstream.credential else {
        return;
    };
    let own = Own {
        registry: upstream.base.clone(),
        header: own.header(),
    };
    let (Ok(token), Ok(gate)) = (
        std::env::var(pointing::TOKEN),
        std::env::var(pointing::GATE),
    ) else {
        return;
    };
    let both = own.behind(&pointing::token_of(client, &token, &found));
    let host = gate.trim_start_matches("http:");
    let root = format!("{gate}/");
    match client {
        "pnpm" => {
            let auth = serde_json::json!({ root: { "@": { "authToken": both } } });
            command.env("pnpm_config__auth", auth.to_string());
        }
        "yarn" => {
            command.env("YARN_NPM_AUTH_TOKEN", &both);
            command.env(
                "npm_config__auth",
                STANDARD.encode(format!("customs:{both}")),
            );
        }
        "bun" => {
            command.env("BUN_CONFIG_TOKEN", &both);
        }
        _ => {}
    }
    // npm's own variable; pnpm publishes by way of npm where that is there.
    command.env(format!("npm_config_{host}/:_authToken"), &both);
}

/// The package that is written about: the one of this folder.
fn package(here: &Path) -> Option<PackageName> {
    let text = std::fs::read_to_string(here.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    PackageName::new(Ecosystem::Npm, manifest.get("name")?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_told_from_an_install() {
        let of = |text: &str| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            kind(&words)
        };
        assert_eq!(of("install"), Kind::Reads);
        assert_eq!(of("--silent publish --tag next"), Kind::Writes);
        assert_eq!(of("npm publish"), Kind::Writes);
        assert_eq!(of("dist-tag add a@1.0.0 latest"), Kind::Writes);
        assert_eq!(of("login"), Kind::SignsIn);
        assert_eq!(of("run publish"), Kind::Reads, "a script of that name");
        assert_eq!(of("pm whoami"), Kind::SignsIn);
    }
}
