//! pip's and uv's configuration: environment, configuration files, the clients' own
//! default.

use super::{Discovered, defaults};
use crate::paths;
use customs_model::Route;
use customs_registry::Upstream;
use std::path::PathBuf;

/// Finds the Python indexes, in the order in which pip asks them.
pub fn discover(found: &mut Discovered) {
    let files = settings_of_files();
    let setting = |variable: &str, key: &str| {
        std::env::var(variable)
            .ok()
            .filter(|v| !v.is_empty())
            .or_else(|| {
                files
                    .iter()
                    .find_map(|(k, v)| (k == key && !v.is_empty()).then(|| v.clone()))
            })
    };
    let index = ["UV_DEFAULT_INDEX", "UV_INDEX_URL"]
        .iter()
        .find_map(|v| std::env::var(v).ok().filter(|v| !v.is_empty()))
        .or_else(|| setting("PIP_INDEX_URL", "index-url"))
        .or_else(default_index);
    let extra = setting("PIP_EXTRA_INDEX_URL", "extra-index-url").unwrap_or_default();
    let Some(index) = index else {
        found
            .missing
            .push("Python: no index is configured, and neither pip nor uv is there to ask".into());
        return;
    };
    let all = std::iter::once(index.as_str()).chain(extra.split_whitespace());
    for (at, address) in all.enumerate() {
        // An index that the user added beside the public one is the user's own.
        let route = if at == 0 {
            Route::Public
        } else {
            Route::Private
        };
        match Upstream::parse(address, route) {
            Ok(mut upstream) => {
                for variable in ["PIP_CERT", "REQUESTS_CA_BUNDLE"] {
                    upstream
                        .extra_roots
                        .extend(std::env::var_os(variable).map(PathBuf::from));
                }
                found.upstreams.pypi.push(upstream);
            }
            Err(error) => found.missing.push(format!("Python: {error}")),
        }
    }
}

/// The default that pip carries: its help names it, wrapped over two lines. Else uv's.
fn default_index() -> Option<String> {
    let in_help = |text: String, behind: &str| {
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let from = joined.find(behind)?;
        let at = joined[from..].find("https://")? + from;
        let end = joined[at..].find([')', '>', ' ', ']'])? + at;
        Some(joined[at..end].to_owned())
    };
    ["pip", "pip3"]
        .iter()
        .find_map(|pip| {
            defaults::ask(pip, "index", |program| {
                in_help(
                    defaults::words(program, &["install", "--help"], &[])?,
                    "--index-url",
                )
            })
        })
        .or_else(|| {
            defaults::ask("uv", "index", |program| {
                in_help(
                    defaults::words(program, &["pip", "install", "--help"], &[])?,
                    "--default-index",
                )
            })
        })
}

/// `key = value` of `[global]` and `[install]`, nearest file first.
fn settings_of_files() -> Vec<(String, String)> {
    let home = paths::user_home();
    let below = |path: &str| home.as_ref().map(|h| h.join(path));
    let files = match std::env::var_os("PIP_CONFIG_FILE") {
        Some(file) => vec![Some(PathBuf::from(file))],
        None => vec![
            std::env::var_os("VIRTUAL_ENV").map(|v| PathBuf::from(v).join("pip.conf")),
            std::env::var_os("XDG_CONFIG_HOME").map(|c| PathBuf::from(c).join("pip/pip.conf")),
            below(".config/pip/pip.conf"),
            below(".pip/pip.conf"),
            below("Library/Application Support/pip/pip.conf"),
            std::env::var_os("APPDATA").map(|a| PathBuf::from(a).join("pip/pip.ini")),
            Some(PathBuf::from("/etc/pip.conf")),
        ],
    };
    files
        .into_iter()
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .flat_map(|text| read(&text))
        .collect()
}

/// The settings of a `pip.conf` that choose an index. Values may go on in lines that
/// are indented.
pub fn read(text: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut settings: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        if !matches!(section.as_str(), "global" | "install" | "download") {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = settings.last_mut() {
                value.push(' ');
                value.push_str(trimmed);
            }
        } else if let Some((key, value)) = trimmed.split_once('=') {
            settings.push((key.trim().replace('_', "-"), value.trim().to_owned()));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pip_conf_is_read_with_values_over_several_lines() {
        let text = "[global]\nindex-url = https://index.example/simple\n[install]\nextra-index-url =\n    https://a.example/simple\n    https://b.example/simple\n[other]\nindex-url = x\n";
        let settings = read(text);
        assert_eq!(
            settings[0],
            ("index-url".into(), "https://index.example/simple".into())
        );
        assert_eq!(settings[1].1.split_whitespace().count(), 2);
        assert_eq!(settings.len(), 2);
    }
}
