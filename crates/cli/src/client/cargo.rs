//! cargo's configuration: the `.cargo/config.toml` chain and cargo's own default.

use super::{Discovered, defaults};
use crate::paths;
use customs_model::Route;
use customs_registry::{Credential, Secret, Upstream};
use std::path::{Path, PathBuf};

/// Finds the index that cargo would use for crates without a registry.
pub fn discover(project: &Path, found: &mut Discovered) {
    let configs: Vec<(toml::Table, bool)> = chain(project);
    let replaced = configs.iter().find_map(|(config, from_project)| {
        let name = config
            .get("source")?
            .get("crates-io")?
            .get("replace-with")?
            .as_str()?;
        Some((name.to_owned(), *from_project))
    });
    let index = match &replaced {
        Some((name, from_project)) => {
            if *from_project {
                found.from_project.push(format!(
                    "cargo: source replacement {name} (.cargo of the project)"
                ));
            }
            let lookup = |table: &str, key: &str| {
                configs.iter().find_map(|(config, _)| {
                    Some(config.get(table)?.get(name)?.get(key)?.as_str()?.to_owned())
                })
            };
            lookup("source", "registry").or_else(|| lookup("registries", "index"))
        }
        None => ask(),
    };
    let Some(index) = index else {
        found
            .missing
            .push("cargo: no sparse index is configured, or cargo is not there to ask".into());
        return;
    };
    match Upstream::parse(&index, Route::Public) {
        Ok(mut upstream) => {
            // A token of the user's goes to no registry that only a project names.
            if let Some((name, false)) = &replaced {
                let variable = format!(
                    "CARGO_REGISTRIES_{}_TOKEN",
                    name.to_ascii_uppercase().replace('-', "_")
                );
                upstream.credential = std::env::var(variable)
                    .ok()
                    .map(|t| Credential::Verbatim(Secret::new(t)));
            }
            upstream
                .extra_roots
                .extend(std::env::var_os("CARGO_HTTP_CAINFO").map(PathBuf::from));
            found.upstreams.cargo = Some(upstream);
        }
        Err(error) => found.missing.push(format!("cargo: {error}")),
    }
}

/// The configuration files from the project upwards, then the home's.
fn chain(project: &Path) -> Vec<(toml::Table, bool)> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| paths::user_home().map(|h| h.join(".cargo")));
    let mut folders: Vec<(PathBuf, bool)> = project
        .ancestors()
        .map(|p| (p.join(".cargo"), true))
        .filter(|(folder, _)| home.as_ref() != Some(folder))
        .collect();
    folders.extend(home.map(|h| (h, false)));
    folders
        .into_iter()
        .filter_map(|(folder, from_project)| {
            let text = std::fs::read_to_string(folder.join("config.toml"))
                .or_else(|_| std::fs::read_to_string(folder.join("config")))
                .ok()?;
            Some((text.parse().ok()?, from_project))
        })
        .collect()
}

/// cargo names its index when it cannot reach it: a fetch through a proxy that does not
/// exist fails at once, without any network, and prints the address.
pub fn ask() -> Option<String> {
    defaults::ask("cargo", "index", |cargo| {
        let folder = tempfile::tempdir().ok()?;
        let manifest = "[package]\nname = \"ask\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[dependencies]\nitoa = \"1\"\n";
        std::fs::create_dir(folder.path().join("src")).ok()?;
        std::fs::write(folder.path().join("src/lib.rs"), "").ok()?;
        std::fs::write(folder.path().join("Cargo.toml"), manifest).ok()?;
        let home = folder.path().join("home");
        let text = defaults::words(
            cargo,
            &[
                "fetch",
                "--manifest-path",
                folder.path().join("Cargo.toml").to_str()?,
            ],
            &[
                ("CARGO_HTTP_PROXY", "http://127.0.0.1:9"),
                ("CARGO_NET_RETRY", "0"),
                ("CARGO_HOME", home.to_str()?),
            ],
        )?;
        let at = text.find("/config.json")?;
        let start = text[..at].rfind(['`', ' ', '\''])? + 1;
        Some(text[start..at].to_owned())
    })
}
