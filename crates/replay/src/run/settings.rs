//! How a person would have configured each client: the registry in its user file, and
//! its own age setting on or off.
//!
//! Files of all ecosystems are always there. A tool that finds none asks its built-in
//! registry, and nothing in a trial may leave the machine.

use super::client::{Client, OwnAge};

/// Whether the client's own age setting counts in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Switched off, even where it is on by default.
    Off,
    /// On: as it ships, or one day where it must be asked for.
    On(OwnAge),
}

/// User files, by their path below the home.
pub fn files(client: Client, upstream: &str, age: Age) -> Vec<(&'static str, String)> {
    let asked = age == Age::On(OwnAge::ByOption);
    // Asking for a newer npm is no part of an install.
    let mut npmrc = format!("registry={upstream}/\nupdate-notifier=false\n");
    if client == Client::Npm && asked {
        npmrc.push_str("min-release-age=1\n");
    }
    let mut pip = format!("[global]\nindex-url = {upstream}/simple/\n");
    if client == Client::Pip && asked {
        pip.push_str("uploaded-prior-to = P1D\n");
    }
    let cargo = format!(
        "[source.crates-io]\nreplace-with = \"scenario\"\n\n\
         [source.scenario]\nregistry = \"sparse+{upstream}/index/\"\n"
    );
    let mut files = vec![
        (".npmrc", npmrc),
        (".config/pip/pip.conf", pip),
        (".cargo/config.toml", cargo),
    ];
    match client {
        Client::Yarn4 => {
            let mut yarnrc = format!(
                "npmRegistryServer: \"{upstream}\"\nunsafeHttpWhitelist:\n  - \"127.0.0.1\"\n\
                 nodeLinker: node-modules\nenableTelemetry: false\n"
            );
            if age == Age::Off {
                yarnrc.push_str("npmMinimalAgeGate: 0\n");
            }
            files.push((".yarnrc.yml", yarnrc));
        }
        Client::Bun => {
            let mut bunfig = format!("[install]\nregistry = \"{upstream}/\"\n");
            if asked {
                bunfig.push_str("minimumReleaseAge = 86400\n");
            }
            files.push((".bunfig.toml", bunfig));
        }
        Client::Uv => {
            let mut uv = format!("index-url = \"{upstream}/simple/\"\n");
            if asked {
                uv.push_str("exclude-newer = \"1 day\"\n");
            }
            files.push((".config/uv/uv.toml", uv));
        }
        Client::Npm | Client::Pnpm | Client::Yarn1 | Client::Pip | Client::Cargo => {}
    }
    files
}

/// Variables that belong to a client's settings.
pub fn variables(client: Client, age: Age) -> Vec<(&'static str, &'static str)> {
    match client {
        // pnpm's user file has no place that all its versions read.
        Client::Pnpm if age == Age::Off => vec![("pnpm_config_minimum_release_age", "0")],
        Client::Pip => vec![("PIP_DISABLE_PIP_VERSION_CHECK", "1")],
        // Only the Python that the environment was made of.
        Client::Uv => vec![("UV_PYTHON_DOWNLOADS", "never")],
        Client::Npm
        | Client::Pnpm
        | Client::Yarn1
        | Client::Yarn4
        | Client::Bun
        | Client::Cargo => Vec::new(),
    }
}
