//! bun's own configuration: `bunfig.toml`. Where it names a registry, that one is bun's,
//! whatever npm uses.

use super::Discovered;
use crate::paths;
use customs_model::Route;
use customs_registry::{Credential, Secret, Upstream, UpstreamError, Upstreams};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Finds the registry that bun alone is configured with.
pub fn discover(project: &Path, found: &mut Discovered) {
    let user = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(paths::user_home);
    let files = [
        Some((project.join("bunfig.toml"), true)),
        user.map(|folder| (folder.join(".bunfig.toml"), false)),
    ];
    for (file, from_project) in files.into_iter().flatten() {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let Ok(table) = text.parse::<Table>() else {
            found
                .missing
                .push(format!("bun: {} is no TOML", file.display()));
            continue;
        };
        let Some(install) = table.get("install") else {
            continue;
        };
        if install.get("scopes").is_some() {
            found.missing.push(format!(
                "bun: scopes in {} are asked directly and not through the gate",
                file.display()
            ));
        }
        let Some(registry) = install.get("registry") else {
            continue;
        };
        if from_project {
            found
                .from_project
                .push(format!("bun: registry ({})", file.display()));
        }
        match upstream(registry) {
            Some(Ok(upstream)) => {
                found.differs(
                    "bun",
                    Upstreams {
                        npm: Some(upstream),
                        ..Upstreams::default()
                    },
                );
            }
            Some(Err(error)) => found.missing.push(format!("bun: {error}")),
            None => found.missing.push(format!(
                "bun: the registry in {} has no url",
                file.display()
            )),
        }
        return;
    }
}

/// An address, or a table with one and a credential.
/// The folder of bun's cache, where its configuration names one. What cannot be read names none; it is
/// told where registries are looked for.
pub(crate) fn cache(project: &Path) -> Option<PathBuf> {
    let user = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(paths::user_home);
    let files = [
        Some(project.join("bunfig.toml")),
        user.map(|folder| folder.join(".bunfig.toml")),
    ];
    files.into_iter().flatten().find_map(|file| {
        let table: Table = std::fs::read_to_string(&file).ok()?.parse().ok()?;
        let folder = table.get("install")?.get("cache")?;
        let folder = match folder {
            Value::String(folder) => folder.as_str(),
            other => other.get("dir")?.as_str()?,
        };
        Some(project.join(folder))
    })
}

fn upstream(registry: &Value) -> Option<Result<Upstream, UpstreamError>> {
    let text = |key: &str| Some(super::npmrc::expand(registry.get(key)?.as_str()?));
    let address = registry
        .as_str()
        .map(super::npmrc::expand)
        .or_else(|| text("url"))?;
    Some(
        Upstream::parse(&address, Route::Public).map(|mut upstream| {
            if let Some(token) = text("token") {
                upstream.credential = Some(Credential::Bearer(Secret::new(token)));
            } else if let (Some(user), Some(password)) = (text("username"), text("password")) {
                let password = Secret::new(password);
                upstream.credential = Some(Credential::Basic { user, password });
            }
            let extra = std::env::var_os("NODE_EXTRA_CA_CERTS").map(PathBuf::from);
            upstream.extra_roots.extend(extra);
            upstream
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_an_address_or_a_table() {
        let of = |text: &str| {
            let table: Table = text.parse().unwrap();
            upstream(&table["registry"]).unwrap().unwrap()
        };
        assert_eq!(
            of("registry = \"https://npm.example\"").base.as_str(),
            "https://npm.example/"
        );
        let with = of("registry = { url = \"https://npm.example\", token = \"t\" }");
        assert_eq!(with.credential.unwrap().header(), "Bearer t");
    }
}
