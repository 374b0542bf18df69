//! npm's configuration: the `.npmrc` chain, as npm itself layers it (environment,
//! project, user, global), read without starting npm.

use super::{Discovered, defaults};
use crate::error::Failure;
use crate::paths;
use customs_model::Route;
use customs_registry::{Credential, Secret, Upstream};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is said where npm's registry stands in the project's own file.
pub(super) const OF_PROJECT: &str = "npm: registry (.npmrc of the project)";

/// One file of the chain, nearest first.
struct Layer {
    settings: BTreeMap<String, String>,
    /// It belongs to the project, so a stranger may have written it.
    project: bool,
}

/// Finds npm's registries and their credentials.
pub fn discover(project: &Path, found: &mut Discovered) -> Result<(), Failure> {
    let layers = layers(project);
    let default = match setting(&layers, "registry") {
        Some((address, true)) => {
            found.from_project.push(OF_PROJECT.into());
            Some(address)
        }
        Some((address, false)) => Some(address),
        None => defaults::ask("npm", "registry", |npm| {
            // Files that are not there, two different ones: npm refuses to load one file
            // as both, and reads `/dev/null` twice as just that.
            let text = defaults::words(
                npm,
                &["config", "get", "registry"],
                &[
                    ("npm_config_userconfig", "no-user.npmrc"),
                    ("npm_config_globalconfig", "no-global.npmrc"),
                ],
            )?;
            text.lines()
                .map(str::trim)
                .find(|l| l.starts_with("http"))
                .map(str::to_owned)
        }),
    };
    match default
        .as_deref()
        .map(|address| upstream(&layers, address, Route::Public))
    {
        Some(Ok(upstream)) => found.upstreams.npm = Some(upstream),
        Some(Err(error)) => found.missing.push(format!("npm: {error}")),
        None => found
            .missing
            .push("npm: no registry is configured and npm is not there to ask".into()),
    }
    let scopes: BTreeMap<String, (String, bool)> = layers
        .iter()
        .rev()
        .flat_map(|layer| {
            layer.settings.iter().filter_map(|(key, value)| {
                let scope = key
                    .strip_suffix(":registry")
                    .filter(|s| s.starts_with('@'))?;
                Some((scope.to_owned(), (value.clone(), layer.project)))
            })
        })
        .collect();
    for (scope, (address, from_project)) in scopes {
        if from_project {
            found
                .from_project
                .push(format!("npm: registry of {scope} (.npmrc of the project)"));
        }
        // A registry that only the project names earns no exemption from the age rules.
        let own = found.upstreams.npm.as_ref().is_some_and(|d| {
            Upstream::parse(&address, Route::Public).is_ok_and(|u| u.base == d.base)
        });
        let route = if from_project || own {
            Route::Public
        } else {
            Route::Private
        };
        match upstream(&layers, &address, route) {
            Ok(upstream) => {
                found.upstreams.npm_scopes.insert(scope, upstream);
            }
            Err(error) => found.missing.push(format!("npm {scope}: {error}")),
        }
    }
    Ok(())
}

/// Where npm keeps what it fetched, if its configuration says so.
pub fn cache(project: &Path) -> Option<PathBuf> {
    let (cache, _) = setting(&layers(project), "cache")?;
    match cache.strip_prefix("~/") {
        Some(below) => paths::user_home().map(|home| home.join(below)),
        None => Some(project.join(cache)),
    }
}

fn layers(project: &Path) -> Vec<Layer> {
    // Inside a run the environment names the gate; the user's own configuration is what
    // stands behind it. A gate in front of a gate would hide who asks.
    let gate = std::env::var(super::pointing::GATE).ok();
    let is_gates = |name: &str, value: &str| {
        gate.as_deref().is_some_and(|gate| {
            let host = gate.trim_start_matches("http:");
            value.starts_with(gate) || name.contains(host)
        })
    };
    let environment = std::env::vars()
        .filter(|(name, value)| !is_gates(name, value))
        .filter_map(|(name, value)| {
            let key = name
                .to_ascii_lowercase()
                .strip_prefix("npm_config_")?
                .to_owned();
            // `//host/:_authToken` keeps its spelling, everything else is lower case with dashes.
            let key = if key.starts_with("//") {
                name["npm_config_".len()..].to_owned()
            } else {
                dashes(&key)
            };
            (!value.is_empty()).then_some((key, value))
        })
        .collect::<BTreeMap<_, _>>();
    let user = environment
        .get("userconfig")
        .map(PathBuf::from)
        .or_else(|| paths::user_home().map(|home| home.join(".npmrc")));
    let global = environment
        .get("globalconfig")
        .map(PathBuf::from)
        .or_else(|| {
            // `<prefix>/etc/npmrc`, where the prefix is two folders above the program.
            let program = defaults::on_path("node")?;
            Some(program.parent()?.parent()?.join("etc/npmrc"))
        });
    let root = project
        .ancestors()
        .find(|p| p.join("package.json").is_file())
        .unwrap_or(project);
    let project_file = Some(root.join(".npmrc")).filter(|p| user.as_ref() != Some(p));
    let mut layers = vec![Layer {
        settings: environment,
        project: false,
    }];
    let files = [(project_file, true), (user, false), (global, false)];
    for (file, project) in files {
        if let Some(text) = file.and_then(|f| std::fs::read_to_string(f).ok()) {
            layers.push(Layer {
                settings: read(&text),
                project,
            });
        }
    }
    layers
}

/// npm turns every `_` but a leading one into `-`.
fn dashes(key: &str) -> String {
    let (first, rest) = key.split_at(key.chars().next().map_or(0, char::len_utf8));
    format!("{first}{}", rest.replace('_', "-"))
}

/// The lines of an `.npmrc`: `key = value`, comments, `${VARIABLE}`.
fn read(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';', '[']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| {
            let value = value.trim().trim_matches(['"', '\'']);
            (expand(key.trim().trim_matches(['"', '\''])), expand(value))
        })
        .collect()
}

/// `${VARIABLE}` by its value, as npm, yarn and bun write it.
pub fn expand(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        let name = name.trim_end_matches('?');
        out.push_str(&std::env::var(name).unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The nearest value, and whether it is the project's.
fn setting(layers: &[Layer], key: &str) -> Option<(String, bool)> {
    layers
        .iter()
        .find_map(|layer| Some((layer.settings.get(key)?.clone(), layer.project)))
}

fn upstream(
    layers: &[Layer],
    address: &str,
    route: Route,
) -> Result<Upstream, customs_registry::UpstreamError> {
    let mut upstream = Upstream::parse(address, route)?;
    if upstream.credential.is_none() {
        upstream.credential = credential(layers, &upstream.base);
    }
    for key in ["cafile"] {
        if let Some((file, false)) = setting(layers, key) {
            upstream.extra_roots.push(file.into());
        }
    }
    upstream
        .extra_roots
        .extend(std::env::var_os("NODE_EXTRA_CA_CERTS").map(PathBuf::from));
    Ok(upstream)
}

/// Credentials are bound to `//host/path/`, longest first: a registry never receives
/// what was meant for another.
fn credential(layers: &[Layer], base: &url::Url) -> Option<Credential> {
    let port = base.port().map(|p| format!(":{p}")).unwrap_or_default();
    let mut path = base.path().to_owned();
    loop {
        let scope = format!("//{}{port}{path}", base.host_str()?);
        let get = |name: &str| {
            setting(layers, &format!("{scope}:{name}"))
                .or_else(|| setting(layers, &format!("{}:{name}", scope.trim_end_matches('/'))))
                .map(|(value, _)| value)
        };
        if let Some(token) = get("_authToken") {
            return Some(Credential::Bearer(Secret::new(token)));
        }
        if let Some(pair) = get("_auth") {
            return Some(Credential::Verbatim(Secret::new(format!("Basic {pair}"))));
        }
        if let (Some(user), Some(password)) = (get("username"), get("_password")) {
            use base64::Engine as _;
            let password = base64::engine::general_purpose::STANDARD
                .decode(password)
                .ok()
                .and_then(|b| String::from_utf8(b).ok())?;
            return Some(Credential::Basic {
                user,
                password: Secret::new(password),
            });
        }
        let trimmed = path.trim_end_matches('/');
        let cut = trimmed.rfind('/')?;
        path = trimmed[..=cut].to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str, project: bool) -> Layer {
        Layer {
            settings: read(text),
            project,
        }
    }

    #[test]
    fn a_registry_receives_only_the_credential_that_was_meant_for_it() {
        let layers = [
            layer("registry=https://evil.example/", true),
            layer(
                "//registry.example/team/:_authToken=secret\n//registry.example/:_auth=dTpw\n",
                false,
            ),
        ];
        let of = |address: &str| {
            upstream(&layers, address, Route::Public)
                .unwrap()
                .credential
                .map(|c| c.header())
        };
        assert_eq!(
            of("https://registry.example/team/npm").as_deref(),
            Some("Bearer secret")
        );
        assert_eq!(
            of("https://registry.example/other").as_deref(),
            Some("Basic dTpw")
        );
        assert_eq!(of("https://evil.example/"), None);
        assert_eq!(of("https://registry.example:8443/team/"), None);
    }

    #[test]
    fn an_npmrc_is_read_as_npm_reads_it() {
        let text =
            "# c\n; c\nregistry = \"https://registry.example/\"\n@s:registry=https://s.example\n";
        let settings = read(text);
        assert_eq!(settings["registry"], "https://registry.example/");
        assert_eq!(settings["@s:registry"], "https://s.example");
        assert_eq!(dashes("replace_registry_host"), "replace-registry-host");
        assert_eq!(dashes("_auth_token"), "_auth-token");
    }

    #[test]
    fn no_npmrc_does_harm() {
        let seeds = [
            b"registry=https://registry.example/\n@s:registry = \"https://s.example\"\n".to_vec(),
            b"//registry.example/:_authToken=${CUSTOMS_NOBODY_SETS_THIS?}\n[a]\n".to_vec(),
        ];
        let tokens = [
            "=", "${", "}", "?", "_", "//", ":_auth=", "\"", "\u{202e}", "\n", "#", "%",
        ];
        crate::short::run("npmrc", &seeds, &tokens, 2_000, &|data| {
            let text = String::from_utf8_lossy(data);
            let layers = [layer(&text, true), layer(&text, false)];
            for (key, value) in read(&text) {
                dashes(&key);
                // An address that is none is told, and a credential is only read.
                if let Ok(upstream) = upstream(&layers, &value, Route::Public) {
                    upstream.shown();
                }
            }
        });
    }
}
