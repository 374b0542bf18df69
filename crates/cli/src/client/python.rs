//! pip's and uv's configuration: environment, configuration files, the clients' own
//! default.

use super::{Discovered, defaults, env};
use crate::paths;
use customs_model::Route;
use customs_registry::{Upstream, Upstreams};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Finds the Python indexes, in the order in which pip and uv ask them.
pub fn discover(project: &Path, found: &mut Discovered) {
    let files = settings_of_files();
    let setting = |variable: &str, key: &str| {
        env(variable).or_else(|| {
            files
                .iter()
                .find_map(|(k, v)| (k == key && !v.is_empty()).then(|| v.clone()))
        })
    };
    let extra = setting("PIP_EXTRA_INDEX_URL", "extra-index-url").unwrap_or_default();
    let index = setting("PIP_INDEX_URL", "index-url").or_else(ask_pip);
    let pip = index.map(|index| (index, extra));
    let uv = uv_indexes(project, found);
    let Some((index, extra)) = pip.or_else(|| uv.clone()) else {
        found
            .missing
            .push("Python: no index is configured, and neither pip nor uv is there to ask".into());
        return;
    };
    let common = upstreams(&index, &extra, found);
    if let Some((index, extra)) = uv {
        let own = upstreams(&index, &extra, found);
        if own != common {
            let own = Upstreams {
                pypi: own,
                ..Upstreams::default()
            };
            found.of_client.insert("uv".to_owned(), own);
        }
    }
    found.upstreams.pypi = common;
}

/// The indexes in the order in which a name is looked for. What pip or uv carries as its
/// default is everybody's, so it comes last: nobody can take in public a name that one of
/// the user's own indexes has. Which of the others are private nobody can tell; names that
/// are the user's own are said in the policy.
fn upstreams(index: &str, extra: &str, found: &mut Discovered) -> Vec<Upstream> {
    let public: Vec<Upstream> = [ask_pip(), ask_uv()]
        .into_iter()
        .flatten()
        .filter_map(|address| Upstream::parse(&address, Route::Public).ok())
        .collect();
    let mut all: Vec<Upstream> = Vec::new();
    for address in extra.split_whitespace().chain([index]) {
        match Upstream::parse(address, Route::Public) {
            Ok(mut upstream) => {
                let roots = ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
                let roots = roots.iter().filter_map(std::env::var_os).map(PathBuf::from);
                upstream.extra_roots.extend(roots);
                if all.iter().all(|other| other.base != upstream.base) {
                    all.push(upstream);
                }
            }
            Err(error) => found.missing.push(format!("Python: {error}")),
        }
    }
    all.sort_by_key(|upstream| public.iter().any(|p| p.base == upstream.base));
    all
}

/// uv does not read pip's configuration: its environment, `uv.toml`, `[tool.uv]`. `None`
/// where it has none of its own, or where only the project names one, which uv asks
/// directly.
fn uv_indexes(project: &Path, found: &mut Discovered) -> Option<(String, String)> {
    let extra = ["UV_INDEX", "UV_EXTRA_INDEX_URL"]
        .iter()
        .filter_map(|v| env(v));
    let extra = extra.collect::<Vec<_>>().join(" ");
    found.missing.extend(names_of_project(project));
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| paths::user_home().map(|home| home.join(".config")));
    let user = config.and_then(|c| std::fs::read_to_string(c.join("uv/uv.toml")).ok());
    let user = user.and_then(|text| text.parse::<Table>().ok());
    let of_user = || {
        let user = user?;
        let is_default = |i: &&Value| i.get("default").and_then(Value::as_bool) == Some(true);
        let indexes = user.get("index").and_then(Value::as_array);
        let default = indexes.and_then(|all| all.iter().find(is_default));
        let url = default
            .and_then(|index| index.get("url"))
            .or_else(|| user.get("index-url"));
        url.and_then(Value::as_str).map(str::to_owned)
    };
    let index = env("UV_DEFAULT_INDEX")
        .or_else(|| env("UV_INDEX_URL"))
        .or_else(of_user)
        .or_else(ask_uv)?;
    Some((index, extra))
}

/// The indexes that a project's own files name to uv, a sentence each.
fn names_of_project(project: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    for folder in project.ancestors() {
        let uv = std::fs::read_to_string(folder.join("uv.toml")).ok();
        let tool = std::fs::read_to_string(folder.join("pyproject.toml")).ok();
        let tool =
            tool.and_then(|t| Some(t.parse::<Table>().ok()?.get("tool")?.get("uv")?.clone()));
        let uv = uv
            .and_then(|t| t.parse::<Table>().ok())
            .map(Value::Table)
            .or(tool);
        let indexes = uv
            .as_ref()
            .and_then(|uv| uv.get("index"))
            .and_then(Value::as_array);
        for index in indexes.into_iter().flatten() {
            let name = index
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or("(unnamed)");
            missing.push(format!(
                "uv: index {} of the project in {} is asked directly and not through the gate",
                customs_model::printable(name, 60),
                customs_model::printable(&folder.display().to_string(), 300)
            ));
        }
    }
    missing
}

/// The default that pip carries: its help names it, wrapped over two lines.
pub fn ask_pip() -> Option<String> {
    ["pip", "pip3"].iter().find_map(|pip| {
        defaults::ask(pip, "index", |program| {
            // Its help names the default in force, so no file may set another.
            let none = [(
                "PIP_CONFIG_FILE",
                if cfg!(windows) { "nul" } else { "/dev/null" },
            )];
            let help = defaults::words(program, &["install", "--help"], &none)?;
            in_help(&help, "--index-url")
        })
    })
}

/// The default that uv carries.
pub fn ask_uv() -> Option<String> {
    defaults::ask("uv", "index", |program| {
        let none = [("UV_NO_CONFIG", "1")];
        let help = defaults::words(program, &["pip", "install", "--help"], &none)?;
        in_help(&help, "--default-index")
    })
}

/// The first address behind an option's name, whatever the lines look like.
fn in_help(text: &str, behind: &str) -> Option<String> {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = joined.find(behind)?;
    let at = joined[from..].find("https://")? + from;
    let end = joined[at..].find([')', '>', ' ', ']'])? + at;
    Some(joined[at..end].to_owned())
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

    #[test]
    fn no_pip_conf_and_no_uv_toml_does_harm() {
        let seeds = [
            b"[global]\nindex-url = https://index.example/simple\n  https://b.example\n".to_vec(),
            b"[[index]]\nname = \"own\"\nurl = \"https://index.example/simple\"\n".to_vec(),
            b"[tool.uv]\nindex = [{ name = \"own\" }]\n".to_vec(),
        ];
        let tokens = [
            "[",
            "]",
            "=",
            "\n  ",
            "\"\"\"",
            "[[index]]\n",
            "a.b = 1\n",
            "\u{202e}",
            "{",
        ];
        let folder = tempfile::tempdir().unwrap();
        crate::short::run("pip", &seeds, &tokens, 1_000, &|data| {
            let text = String::from_utf8_lossy(data);
            assert!(read(&text).len() <= text.lines().count());
            for name in ["uv.toml", "pyproject.toml"] {
                std::fs::write(folder.path().join(name), data).unwrap();
            }
            for sentence in names_of_project(folder.path()) {
                assert_eq!(customs_model::printable(&sentence, usize::MAX), sentence);
            }
        });
    }
}
