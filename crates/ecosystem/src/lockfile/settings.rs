//! What the configuration of package managers says, as a flat list of keys and values: `.npmrc`,
//! `.yarnrc`, `.yarnrc.yml`, `pnpm-workspace.yaml`, `bunfig.toml`, `.cargo/config.toml`,
//! `pip.conf`, `uv.toml`, the `[tool.uv]` of a `pyproject.toml`. Read to compare two states of a
//! file; what the keys mean is not this module's business.
//!
//! Bounds: those of [lockfiles](super::limit), and [`BYTES`].

use super::line_at;
use super::tree::{Fault, Node, toml, yaml};
use customs_model::printable;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of one file of configuration.
pub const BYTES: usize = 1024 * 1024;

/// The configuration files that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SettingsKind {
    /// `.npmrc`, which pnpm reads too.
    Npmrc,
    /// `.yarnrc` of Yarn 1.
    YarnrcClassic,
    /// `.yarnrc.yml` of Yarn 2 and later.
    Yarnrc,
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace,
    /// `bunfig.toml`.
    Bunfig,
    /// `.cargo/config.toml`, `.cargo/config`.
    CargoConfig,
    /// `pip.conf`, `pip.ini`.
    PipConf,
    /// `uv.toml`; `[tool.uv]` of `pyproject.toml`, with the same keys.
    Uv,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; read the change of this file by eye")]
pub struct SettingsError {
    /// Counted from 1.
    pub line: u32,
    /// What is wrong. Safe to print.
    pub what: String,
}

/// Keys, with dots between their parts, and their values in the order of a list. A table of a list
/// is known by its `name`, or else by its number (`#1`); the list itself has these as its values.
pub type Settings = BTreeMap<String, Vec<String>>;

impl SettingsKind {
    /// By a path with `/` between its parts.
    pub fn of_path(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name {
            ".npmrc" => Some(Self::Npmrc),
            ".yarnrc" => Some(Self::YarnrcClassic),
            ".yarnrc.yml" => Some(Self::Yarnrc),
            "pnpm-workspace.yaml" => Some(Self::PnpmWorkspace),
            "bunfig.toml" | ".bunfig.toml" => Some(Self::Bunfig),
            "config.toml" | "config" if folder == ".cargo" || folder.ends_with("/.cargo") => {
                Some(Self::CargoConfig)
            }
            "pip.conf" | "pip.ini" => Some(Self::PipConf),
            "uv.toml" | "pyproject.toml" => Some(Self::Uv),
            _ => None,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is larger than [`BYTES`], or not the language of its kind.
    pub fn read(self, bytes: &[u8]) -> Result<Settings, SettingsError> {
        let refuse = |at: usize, what: &str| SettingsError {
            line: line_at(bytes, at),
            what: printable(what, 200),
        };
        if bytes.len() > BYTES {
            return Err(refuse(0, "it is larger than any configuration"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| refuse(e.valid_up_to(), "it is not UTF-8 text"))?;
        let mut out = Settings::new();
        let fault = |fault| match fault {
            Fault::Syntax { at, what } | Fault::Later { at, what } => refuse(at, &what),
            Fault::Limit { what, limit } => refuse(0, &format!("it has more than {limit} {what}")),
        };
        match self {
            Self::Npmrc => lines(text, Lines::Ini, &mut out),
            Self::PipConf => lines(text, Lines::Pip, &mut out),
            Self::YarnrcClassic => lines(text, Lines::Words, &mut out),
            Self::Yarnrc | Self::PnpmWorkspace => {
                for document in yaml::parse(text).map_err(fault)? {
                    flatten("", &document, &mut out);
                }
            }
            Self::Bunfig | Self::CargoConfig => {
                flatten("", &toml::parse(text).map_err(fault)?, &mut out);
            }
            Self::Uv => {
                let root = toml::parse(text).map_err(fault)?;
                let project = root.get("tool").and_then(|tool| tool.get("uv"));
                // A `pyproject.toml` without the table configures nothing here.
                let is_project = ["project", "tool", "build-system"]
                    .iter()
                    .any(|key| root.get(key).is_some());
                match (project, is_project) {
                    (Some(own), _) => flatten("", own, &mut out),
                    (None, true) => {}
                    (None, false) => flatten("", &root, &mut out),
                }
            }
        }
        Ok(out)
    }
}

fn flatten(above: &str, node: &Node<'_>, out: &mut Settings) {
    let below = |key: &str| match above.is_empty() {
        true => key.to_owned(),
        false => format!("{above}.{key}"),
    };
    for (key, value) in node.map() {
        flatten(&below(key.text().unwrap_or_default()), value, out);
    }
    let mut names = BTreeSet::new();
    for (number, item) in node.list().iter().enumerate() {
        if !item.is_map() {
            // Such items are known by what they are, not by their place.
            flatten(above, item, out);
            continue;
        }
        // What one table of a list says must not be taken for what another one does. The order
        // of the tables is a value of its own: of indexes the first one counts most.
        let name = match item.get_text("name") {
            Some(name) if !name.is_empty() && names.insert(name) => name.to_owned(),
            _ => format!("#{}", number + 1),
        };
        out.entry(above.to_owned()).or_default().push(name.clone());
        flatten(&below(&name), item, out);
    }
    if let Some(text) = node.text() {
        out.entry(above.to_owned())
            .or_default()
            .push(text.to_owned());
    }
}

/// How a file of lines is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// `key = value`, `key[] = value`; no sections that count.
    Ini,
    /// `[section]`, `key = value`, and further values on indented lines.
    Pip,
    /// `key value`, as Yarn 1 has it.
    Words,
}

fn lines(text: &str, how: Lines, out: &mut Settings) {
    let mut section = String::new();
    let mut last = String::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if how == Lines::Pip && line.starts_with([' ', '\t']) && !last.is_empty() {
            out.entry(last.clone()).or_default().push(unquoted(content));
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.trim().to_owned();
            continue;
        }
        let (key, value) = match how {
            Lines::Ini => content.split_once('=').unwrap_or((content, "true")),
            Lines::Pip => content.split_once(['=', ':']).unwrap_or((content, "")),
            Lines::Words => content.split_once(' ').unwrap_or((content, "true")),
        };
        let key = unquoted(key.trim().trim_end_matches("[]"));
        last = match how {
            Lines::Pip => {
                // pip reads `--Index_URL` as `index-url`.
                let key = key.to_ascii_lowercase().replace('_', "-");
                format!("{section}.{}", key.trim_start_matches("--"))
            }
            Lines::Ini | Lines::Words => key,
        };
        let value = unquoted(value.trim());
        // pip's value may stand on the next lines; elsewhere an empty one counts (npm reads it as no).
        if !value.is_empty() || how != Lines::Pip {
            out.entry(last.clone()).or_default().push(value);
        }
    }
}

fn unquoted(text: &str) -> String {
    let bare = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    bare('"').or_else(|| bare('\'')).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(path: &str, text: &str) -> String {
        let settings = SettingsKind::of_path(path)
            .unwrap()
            .read(text.as_bytes())
            .unwrap();
        settings
            .iter()
            .map(|(key, values)| format!("{key} = {}\n", values.join(", ")))
            .collect()
    }

    #[test]
    fn every_kind_of_file_is_a_flat_list() {
        insta::assert_snapshot!(shown(".npmrc", "; why\nregistry=https://registry.example/\n@acme:registry = \"https://npm.acme.example/\"\nca[]=one\nca[]=two\nignore-scripts\n"), @r"
        @acme:registry = https://npm.acme.example/
        ca = one, two
        ignore-scripts = true
        registry = https://registry.example/
        ");
        insta::assert_snapshot!(shown(".yarnrc", "registry \"https://registry.example/\"\nyarn-path \".yarn/yarn.js\"\n"), @r"
        registry = https://registry.example/
        yarn-path = .yarn/yarn.js
        ");
        insta::assert_snapshot!(shown(".yarnrc.yml", "npmScopes:\n  acme:\n    npmRegistryServer: \"https://npm.acme.example\"\nplugins:\n  - path: .yarn/plugins/a.cjs\n    spec: a\n"), @r"
        npmScopes.acme.npmRegistryServer = https://npm.acme.example
        plugins = #1
        plugins.#1.path = .yarn/plugins/a.cjs
        plugins.#1.spec = a
        ");
        insta::assert_snapshot!(shown("a/.cargo/config.toml", "[source.mirror]\nregistry = \"sparse+https://crates.example/\"\n[build]\nrustc-wrapper = \"x\"\n"), @r"
        build.rustc-wrapper = x
        source.mirror.registry = sparse+https://crates.example/
        ");
        insta::assert_snapshot!(shown("pip.conf", "[global]\nextra_index_url =\n    https://a.example/simple\n    https://b.example/simple\n"), @r"
        global.extra-index-url = https://a.example/simple, https://b.example/simple
        ");
        insta::assert_snapshot!(shown("pyproject.toml", "[project]\nname = \"a\"\n[[tool.uv.index]]\nname = \"b\"\nurl = \"https://b.example/simple\"\n"), @r"
        index = b
        index.b.name = b
        index.b.url = https://b.example/simple
        ");
    }

    #[test]
    fn other_files_are_none_and_a_broken_one_is_refused_with_its_line() {
        assert_eq!(SettingsKind::of_path("src/config.toml"), None);
        let refused = SettingsKind::Yarnrc.read(b"a: 1\nb: &x 2\n").unwrap_err();
        assert_eq!(refused.line, 2);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "([a-z@:/.\\[\\]=\"' -]|\n|é){0,60}") {
            for path in [".npmrc", ".yarnrc", ".yarnrc.yml", "pip.conf", "uv.toml", "bunfig.toml"] {
                // Only that it comes back counts.
                let _ = SettingsKind::of_path(path).unwrap().read(text.as_bytes());
            }
            let _ = Manifest::read(ManifestKind::PackageJson, text.as_bytes());
        }
    }

    use super::super::{Manifest, ManifestKind};
}
