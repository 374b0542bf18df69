//! yarn's own configuration: `.yarnrc.yml` of yarn 2 and later, `.yarnrc` of yarn 1.
//! Where it names a registry, that one is yarn's, whatever npm uses.

use super::{Discovered, env, pointing};
use crate::paths;
use customs_model::Route;
use customs_registry::{Credential, Secret, Upstream, Upstreams};
use std::path::{Path, PathBuf};

/// Finds the registry that yarn alone is configured with.
pub fn discover(project: &Path, found: &mut Discovered) {
    let home = paths::user_home();
    let mut folders: Vec<(PathBuf, bool)> = project
        .ancestors()
        .filter(|folder| Some(*folder) != home.as_deref())
        .map(|folder| (folder.to_owned(), true))
        .collect();
    folders.extend(home.map(|home| (home, false)));
    let mut server = env("YARN_NPM_REGISTRY_SERVER")
        .or_else(|| env("YARN_REGISTRY"))
        .map(|server| (server, false));
    // Inside a run this is the run's own credential, and no registry's.
    let mut token = env("YARN_NPM_AUTH_TOKEN")
        .filter(|_| std::env::var_os(pointing::ACTIVE).is_none())
        .map(|token| (token, false));
    for (folder, from_project) in folders {
        let berry = std::fs::read_to_string(folder.join(".yarnrc.yml")).unwrap_or_default();
        let classic = std::fs::read_to_string(folder.join(".yarnrc")).unwrap_or_default();
        let named = top(&berry, "npmRegistryServer").or_else(|| classic_registry(&classic));
        if let (None, Some(named)) = (&server, named) {
            if from_project {
                found
                    .from_project
                    .push(format!("yarn: registry ({})", folder.display()));
            }
            server = Some((named, from_project));
        }
        if token.is_none() {
            token = top(&berry, "npmAuthToken").map(|token| (token, from_project));
        }
        if berry.lines().any(|line| line.starts_with("npmScopes:")) {
            found.missing.push(format!(
                "yarn: npmScopes in {} are asked directly and not through the gate; yarn can \
                 only be told otherwise in that file",
                folder.join(".yarnrc.yml").display()
            ));
        }
    }
    let Some((server, chosen_by_project)) = server else {
        return;
    };
    // A token of the user's goes to no registry that only a project names.
    let token = token.filter(|(_, of_project)| !chosen_by_project || *of_project);
    match Upstream::parse(&server, Route::Public) {
        Ok(mut upstream) => {
            if let Some(npm) = found
                .upstreams
                .npm
                .as_ref()
                .filter(|npm| npm.owns(&upstream.base))
            {
                upstream.credential = npm.credential.clone();
            }
            if let Some((token, _)) = token {
                upstream.credential = Some(Credential::Bearer(Secret::new(token)));
            }
            let extra = std::env::var_os("NODE_EXTRA_CA_CERTS").map(PathBuf::from);
            upstream.extra_roots.extend(extra);
            found.differs(
                "yarn",
                Upstreams {
                    npm: Some(upstream),
                    ..Upstreams::default()
                },
            );
        }
        Err(error) => found.missing.push(format!("yarn: {error}")),
    }
}

/// A setting of Yarn 2 and later, by the nearest `.yarnrc.yml`; with the folder that it stands in.
pub fn setting(project: &Path, key: &str) -> Option<(PathBuf, String)> {
    let home = paths::user_home();
    let folders = project.ancestors().map(Path::to_owned).chain(home);
    folders.into_iter().find_map(|folder| {
        let text = std::fs::read_to_string(folder.join(".yarnrc.yml")).ok()?;
        let value = top(&text, key)?;
        Some((folder, value))
    })
}

/// A plain value at the top level of a `.yarnrc.yml`.
fn top(text: &str, key: &str) -> Option<String> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?;
    let value = line.split(" #").next()?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| super::npmrc::expand(value))
}

/// `registry "https://…"` of a `.yarnrc`.
fn classic_registry(text: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("registry "))?;
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_yarns_configuration_name_a_registry() {
        let berry =
            "nodeLinker: node-modules\nnpmRegistryServer: \"https://npm.acme.example\" # ours\n";
        assert_eq!(
            top(berry, "npmRegistryServer").as_deref(),
            Some("https://npm.acme.example")
        );
        assert_eq!(top("npmRegistryServers: x\n", "npmRegistryServer"), None);
        let classic = "# yarn lockfile v1\nregistry \"https://npm.acme.example\"\n";
        assert_eq!(
            classic_registry(classic).as_deref(),
            Some("https://npm.acme.example")
        );
    }
}
