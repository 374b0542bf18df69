//! What a project asks for in its own words: `package.json`, `Cargo.toml`, `pyproject.toml`. Read
//! to compare it with what the lockfile says the project asked for.
//!
//! Bounds: those of [lockfiles](super::limit).

use super::graph::{Ask, AskKind};
use super::tree::json::{self, Style};
use super::tree::{Fault, Node, toml};
use super::{limit, line_at};
use crate::pypi::Requirement;
use customs_model::printable;

/// What a manifest asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its folder below the lockfile's; empty for the project itself. The caller sets it.
    pub folder: String,
    /// The project's name.
    pub name: Option<String>,
    /// What it asks for, with the real name where the manifest installs it under another one
    /// (`package = "real"` of cargo).
    pub asks: Vec<Ask>,
    /// What it says to take instead, for whoever asks (`overrides`, `resolutions`,
    /// `pnpm.overrides`, `[patch]`): selectors and what stands in their place.
    pub overrides: Vec<(String, String)>,
    /// Those of them that pnpm takes: `resolutions` and `pnpm.overrides`. npm's are not its own.
    pub pnpm_overrides: Vec<(String, String)>,
    /// The versions that members of a cargo workspace take over by name.
    pub shared: Vec<Ask>,
    /// It says that a tool fills in what it asks for (`dynamic`), or in a way that is not read.
    pub incomplete: bool,
    /// Names that it takes from a repository, an address or a path, where the words that it asks
    /// by do not show it (cargo's `git` and `path`, uv's `sources`, Poetry's tables). In their
    /// normal form for Python. With where to, in the words of [`asked_source`](super::asked_source);
    /// empty where that is not written.
    pub elsewhere: Vec<(String, String)>,
    /// What a Python project needs to run, with markers and extras. What it says in words of its own
    /// (Poetry's tables with conditions) is not here.
    pub needs: Vec<Requirement>,
    /// Registries and other sources that it names itself (cargo's `registry`, uv's `index`).
    pub names_sources: bool,
}

/// The manifests that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManifestKind {
    /// `package.json`.
    PackageJson,
    /// `Cargo.toml`.
    CargoToml,
    /// `pyproject.toml`.
    Pyproject,
}

/// Why a manifest could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file}, line {line}: {what}; repair the line, since the package manager cannot read it either"
)]
pub struct ManifestError {
    /// The file's usual name.
    pub file: &'static str,
    /// Counted from 1.
    pub line: u32,
    /// What is wrong. Safe to print.
    pub what: String,
}

impl ManifestKind {
    /// The file's name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::PackageJson => "package.json",
            Self::CargoToml => "Cargo.toml",
            Self::Pyproject => "pyproject.toml",
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// ```
    /// use customs_ecosystem::lockfile::{Manifest, ManifestKind};
    /// let manifest = Manifest::read(ManifestKind::PackageJson, br#"{"dependencies":{"ms":"^2"}}"#)?;
    /// assert_eq!(manifest.asks[0].spec.as_deref(), Some("^2"));
    /// # Ok::<(), customs_ecosystem::lockfile::ManifestError>(())
    /// ```
    ///
    /// # Errors
    /// It is not the language of its kind, or exceeds a bound.
    pub fn read(kind: ManifestKind, bytes: &[u8]) -> Result<Self, ManifestError> {
        let refuse = |at: usize, what: &str| ManifestError {
            file: kind.file_name(),
            line: line_at(bytes, at),
            what: printable(what, 200),
        };
        if bytes.len() > limit::BYTES {
            return Err(refuse(0, "it is larger than any manifest"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| refuse(e.valid_up_to(), "it is not UTF-8 text"))?;
        let read = match kind {
            ManifestKind::PackageJson => json::parse(text, Style::Strict).map(|n| package_json(&n)),
            ManifestKind::CargoToml => toml::parse(text).map(|n| cargo_toml(&n)),
            ManifestKind::Pyproject => toml::parse(text).map(|n| pyproject(&n)),
        };
        read.map_err(|fault| match fault {
            Fault::Syntax { at, what } | Fault::Later { at, what } => refuse(at, &what),
            Fault::Limit { what, limit } => refuse(0, &format!("it has more than {limit} {what}")),
        })
    }

    /// Takes in what cargo's own configuration (`.cargo/config.toml`) says to take instead: its `[patch]`
    /// means the same as that of the project's manifest.
    ///
    /// # Errors
    /// It is no TOML, or exceeds a bound.
    pub fn take_cargo_config(&mut self, bytes: &[u8]) -> Result<(), ManifestError> {
        let refuse = |at: usize, what: &str| ManifestError {
            file: "config.toml",
            line: line_at(bytes, at),
            what: printable(what, 200),
        };
        if bytes.len() > limit::BYTES {
            return Err(refuse(0, "it is larger than any configuration"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| refuse(e.valid_up_to(), "it is not UTF-8 text"))?;
        let root = toml::parse(text).map_err(|fault| match fault {
            Fault::Syntax { at, what } | Fault::Later { at, what } => refuse(at, &what),
            Fault::Limit { what, limit } => refuse(0, &format!("it has more than {limit} {what}")),
        })?;
        patches(&root, self);
        Ok(())
    }

    /// What it asks for by a name.
    pub fn ask(&self, name: &str) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.name == name)
    }
}

fn package_json(root: &Node<'_>) -> Manifest {
    let mut manifest = Manifest {
        name: root.get_text("name").map(str::to_owned),
        asks: super::graph::npm_asks(root),
        ..Manifest::default()
    };
    // A string, where the format has a map, is `$name`: the version that the project asks for.
    let pnpm = root.get("pnpm").and_then(|pnpm| pnpm.get("overrides"));
    for rules in [root.get("resolutions"), pnpm].into_iter().flatten() {
        overrides("", rules, &mut manifest.pnpm_overrides);
    }
    if let Some(rules) = root.get("overrides") {
        overrides("", rules, &mut manifest.overrides);
    }
    let of_pnpm = manifest.pnpm_overrides.iter().cloned();
    manifest.overrides.extend(of_pnpm);
    manifest
}

/// npm's overrides nest; `.` stands for the package itself.
fn overrides(above: &str, rules: &Node<'_>, out: &mut Vec<(String, String)>) {
    for (selector, with) in rules.map() {
        let selector = match selector.text() {
            Some(".") => above,
            Some(selector) => selector,
            None => continue,
        };
        match with.text() {
            Some(with) if above.is_empty() || selector == above => {
                out.push((selector.to_owned(), with.to_owned()));
            }
            Some(with) => out.push((format!("{above}>{selector}"), with.to_owned())),
            // What stands below a package is meant where that package needs it.
            None if above.is_empty() || selector == above => overrides(selector, with, out),
            None => overrides(&format!("{above}>{selector}"), with, out),
        }
    }
}

fn cargo_toml(root: &Node<'_>) -> Manifest {
    let mut manifest = Manifest {
        name: root
            .get("package")
            .and_then(|p| p.get_text("name"))
            .map(str::to_owned),
        ..Manifest::default()
    };
    tables(root, &mut manifest);
    for (_, target) in root.get("target").map(Node::map).unwrap_or_default() {
        tables(target, &mut manifest);
    }
    let shared = root.get("workspace").and_then(|w| w.get("dependencies"));
    for (name, item) in shared.map(Node::map).unwrap_or_default() {
        let ask = crate_ask(name, item, AskKind::Runtime, &mut manifest);
        manifest.shared.extend(ask);
    }
    patches(root, &mut manifest);
    for (selector, _) in root.get("replace").map(Node::map).unwrap_or_default() {
        // `name:1.0.0`
        let name = selector.text().unwrap_or_default().split(':').next();
        let name = name.unwrap_or_default().to_owned();
        manifest.overrides.push((name, "another source".to_owned()));
    }
    manifest
}

/// `[patch]` of a `Cargo.toml` or of cargo's configuration.
fn patches(root: &Node<'_>, manifest: &mut Manifest) {
    for (_, patches) in root.get("patch").map(Node::map).unwrap_or_default() {
        for (name, patch) in patches.map() {
            // What is patched may stand there under a name of its own.
            let name = patch.get_text("package").or(name.text());
            let name = name.unwrap_or_default().to_owned();
            manifest.names_sources |= patch.get("registry").is_some();
            let words = match place_of(patch) {
                Some(words) if !words.is_empty() => words,
                Some(_) | None => "another source".to_owned(),
            };
            manifest.overrides.push((name, words));
        }
    }
}

/// Where a table of cargo, uv or Poetry takes a package from, if from no registry, in the words of npm's
/// family: `git+` before a repository, `file:` before a path. Empty where it is not written.
fn place_of(item: &Node<'_>) -> Option<String> {
    let key = ELSEWHERE.iter().find(|key| item.get(key).is_some())?;
    let at = item.get_text(key).unwrap_or_default();
    Some(match *key {
        _ if at.is_empty() => String::new(),
        "git" => format!("git+{at}"),
        "url" => at.to_owned(),
        "path" | "file" | "directory" => format!("file:{at}"),
        _ => String::new(),
    })
}

fn tables(node: &Node<'_>, manifest: &mut Manifest) {
    for (table, kind) in [
        ("dependencies", AskKind::Runtime),
        ("dev-dependencies", AskKind::Dev),
        ("dev_dependencies", AskKind::Dev),
        ("build-dependencies", AskKind::Runtime),
        ("build_dependencies", AskKind::Runtime),
    ] {
        for (name, item) in node.get(table).map(Node::map).unwrap_or_default() {
            let ask = crate_ask(name, item, kind, manifest);
            manifest.asks.extend(ask);
        }
    }
}

/// A crate that is asked for. Its specifier is the version requirement, where it is from a
/// registry; `workspace` where the workspace has it.
fn crate_ask(
    name: &Node<'_>,
    item: &Node<'_>,
    kind: AskKind,
    manifest: &mut Manifest,
) -> Option<Ask> {
    let name = item.get_text("package").or(name.text())?;
    manifest.names_sources |= ["registry", "registry-index"]
        .iter()
        .any(|key| item.get(key).is_some());
    let elsewhere = item.get("git").is_some() || item.get("path").is_some();
    if let Some(words) = place_of(item).filter(|_| elsewhere) {
        manifest.elsewhere.push((name.to_owned(), words));
    }
    let kind = if item.says("optional") {
        AskKind::Optional
    } else {
        kind
    };
    let spec = match item.text() {
        Some(version) => Some(version),
        None if item.says("workspace") => Some("workspace"),
        None if elsewhere => None,
        None => item.get_text("version"),
    };
    Some(Ask {
        name: name.to_owned(),
        spec: spec.map(str::to_owned),
        kind,
        to: None,
    })
}

fn pyproject(root: &Node<'_>) -> Manifest {
    let project = root.get("project");
    let tool = |name| root.get("tool").and_then(|t| t.get(name));
    let mut manifest = Manifest {
        name: project
            .and_then(|p| p.get_text("name"))
            .or_else(|| tool("poetry")?.get_text("name"))
            .map(str::to_owned),
        ..Manifest::default()
    };
    if let Some(project) = project {
        manifest.incomplete = project
            .get("dynamic")
            .map(Node::list)
            .unwrap_or_default()
            .iter()
            .any(|field| matches!(field.text(), Some("dependencies" | "optional-dependencies")));
        list(project.get("dependencies"), AskKind::Runtime, &mut manifest);
        groups(
            project.get("optional-dependencies"),
            AskKind::Optional,
            &mut manifest,
        );
    }
    groups(root.get("dependency-groups"), AskKind::Dev, &mut manifest);
    if let Some(uv) = tool("uv") {
        list(uv.get("dev-dependencies"), AskKind::Dev, &mut manifest);
        let sources = [
            "index",
            "sources",
            "find-links",
            "index-url",
            "extra-index-url",
        ];
        let pip = uv.get("pip").and_then(|pip| pip.get("find-links"));
        manifest.names_sources |= pip.is_some() || sources.iter().any(|key| uv.get(key).is_some());
        for (name, source) in uv.get("sources").map(Node::map).unwrap_or_default() {
            // One source, or a list of them with markers.
            let all = source.list().iter().chain([source]);
            if let Some(name) = name.text() {
                let name = crate::pypi::normal_name(name);
                let places = all.filter_map(place_of);
                let places = places.map(|place| (name.clone(), place));
                manifest.elsewhere.extend(places);
            }
        }
        for item in uv
            .get("override-dependencies")
            .map(Node::list)
            .unwrap_or_default()
        {
            if let Some(requirement) = item.text().and_then(Requirement::parse) {
                let with = requirement.declared();
                let with = with.strip_prefix("@ ").unwrap_or(&with).to_owned();
                manifest
                    .overrides
                    .push((requirement.name.to_string(), with));
            }
        }
    }
    if let Some(poetry) = tool("poetry") {
        manifest.names_sources |= poetry.get("source").is_some();
        poetry_table(poetry.get("dependencies"), AskKind::Runtime, &mut manifest);
        poetry_table(poetry.get("dev-dependencies"), AskKind::Dev, &mut manifest);
        for (_, group) in poetry.get("group").map(Node::map).unwrap_or_default() {
            poetry_table(group.get("dependencies"), AskKind::Dev, &mut manifest);
        }
    }
    manifest
}

/// Keys of uv's and Poetry's tables that take a package from elsewhere than a registry.
const ELSEWHERE: [&str; 6] = ["git", "url", "path", "file", "directory", "workspace"];

fn groups(table: Option<&Node<'_>>, kind: AskKind, manifest: &mut Manifest) {
    for (_, group) in table.map(Node::map).unwrap_or_default() {
        list(Some(group), kind, manifest);
    }
}

/// A list of requirements. An `include-group` is a table and asks for nothing itself.
fn list(items: Option<&Node<'_>>, kind: AskKind, manifest: &mut Manifest) {
    for text in items
        .map(Node::list)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
    {
        match Requirement::parse(text) {
            Some(requirement) => {
                manifest.asks.push(Ask {
                    name: requirement.name.as_str().to_owned(),
                    spec: Some(requirement.declared()),
                    kind,
                    to: None,
                });
                if kind == AskKind::Runtime {
                    manifest.needs.push(requirement);
                }
            }
            None => manifest.incomplete = true,
        }
    }
}

fn poetry_table(table: Option<&Node<'_>>, kind: AskKind, manifest: &mut Manifest) {
    for (name, item) in table.map(Node::map).unwrap_or_default() {
        if let Some(name) = name.text().filter(|name| *name != "python") {
            let all = item.list().iter().chain([item]);
            let own = crate::pypi::normal_name(name);
            let places = all.filter_map(place_of);
            manifest
                .elsewhere
                .extend(places.map(|place| (own.clone(), place)));
            if kind == AskKind::Runtime
                && let Some(requirement) = poetry_need(name, item)
            {
                manifest.needs.push(requirement);
            }
            // Poetry's own words for versions are not compared.
            manifest.asks.push(Ask {
                name: crate::pypi::normal_name(name),
                spec: None,
                kind,
                to: None,
            });
        }
    }
}

/// What Poetry installs whatever the machine is, or by a marker; its words for versions are not read.
fn poetry_need(name: &str, item: &Node<'_>) -> Option<Requirement> {
    let known = |key: &str| {
        matches!(
            key,
            "version" | "markers" | "extras" | "source" | "allow-prereleases" | "optional"
        )
    };
    let keys = item.map().iter().filter_map(|(key, _)| key.text());
    if item.says("optional") || !item.list().is_empty() || !keys.into_iter().all(known) {
        return None;
    }
    let extras = item.get("extras").map(Node::list).unwrap_or_default();
    let extras: Vec<&str> = extras.iter().filter_map(Node::text).collect();
    let extras = match extras.is_empty() {
        true => String::new(),
        false => format!("[{}]", extras.join(",")),
    };
    let marker = item
        .get_text("markers")
        .map(|marker| format!(" ; {marker}"));
    Requirement::parse(&format!("{name}{extras}{}", marker.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ManifestKind, text: &str) -> String {
        let manifest = Manifest::read(kind, text.as_bytes()).unwrap();
        let mut out = String::new();
        for ask in manifest.asks.iter().chain(&manifest.shared) {
            let spec = ask.spec.as_deref().unwrap_or("-");
            out += &format!("{} {spec} {:?}\n", ask.name, ask.kind);
        }
        for (selector, with) in &manifest.overrides {
            out += &format!("override {selector} = {with}\n");
        }
        out
    }

    #[test]
    fn package_json_has_maps_and_three_kinds_of_overrides() {
        let text = r#"{"name":"shop","dependencies":{"a":"^1"},"devDependencies":{"b":"npm:c@1"},
            "overrides":{"d":{".":"1.0.0","e":"2"}},"resolutions":{"**/f":"3"},"pnpm":{"overrides":{"g>h":"4"}}}"#;
        insta::assert_snapshot!(shown(ManifestKind::PackageJson, text), @r"
        a ^1 Runtime
        b npm:c@1 Dev
        override d = 1.0.0
        override d>e = 2
        override **/f = 3
        override g>h = 4
        ");
        let manifest = Manifest::read(ManifestKind::PackageJson, text.as_bytes()).unwrap();
        let of_pnpm = manifest.pnpm_overrides.iter();
        let of_pnpm: Vec<&str> = of_pnpm.map(|(selector, _)| selector.as_str()).collect();
        assert_eq!(of_pnpm, ["**/f", "g>h"]);
    }

    #[test]
    fn cargo_toml_has_tables_for_targets_and_real_names() {
        let text = "[package]\nname = \"shop\"\n[dependencies]\nserde = \"1\"\njs = { package = \"serde_json\", version = \"1.0\" }\nours = { path = \"../ours\" }\nshared.workspace = true\n[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[workspace.dependencies]\nshared = \"2\"\n[patch.mirror]\nlibc = { path = \"x\" }\n";
        insta::assert_snapshot!(shown(ManifestKind::CargoToml, text), @r"
        serde_json 1.0 Runtime
        ours - Runtime
        serde 1 Runtime
        shared workspace Runtime
        libc 0.2 Runtime
        shared 2 Runtime
        override libc = file:x
        ");
    }

    #[test]
    fn pyproject_has_requirements_groups_and_the_tables_of_poetry() {
        let text = "[project]\nname = \"shop\"\ndependencies = [\"Anyio[trio] >= 4\", \"from-url @ https://files.example/a.whl\"]\n[dependency-groups]\ndev = [\"pytest\", {include-group = \"x\"}]\n[tool.poetry.dependencies]\npython = \"^3\"\nDjango_x = \"^5\"\n";
        insta::assert_snapshot!(shown(ManifestKind::Pyproject, text), @r"
        anyio >= 4 Runtime
        from-url @ https://files.example/a.whl Runtime
        pytest  Dev
        django-x - Runtime
        ");
    }

    #[test]
    fn a_manifest_that_is_none_is_refused_with_its_line() {
        let refused = Manifest::read(ManifestKind::PackageJson, b"{\n<<<<<<< HEAD\n}").unwrap_err();
        insta::assert_snapshot!(refused, @r#"
        package.json, line 2: a key should start with '"'; repair the line, since the package manager cannot read it either
        "#);
    }

    #[test]
    fn what_a_python_project_needs_has_markers_and_extras() {
        let text = "[project]\ndependencies = [\"anyio[Trio] >= 4; python_version > '3.8'\"]\n[project.optional-dependencies]\nx = [\"pytest\"]\n[tool.poetry.dependencies]\npython = \"^3\"\na = \"^5\"\nb = {version = \"1\", optional = true}\nc = {version = \"1\", markers = \"os_name == 'nt'\", extras = [\"y\"]}\nd = {version = \"1\", python = \"<3.9\"}\n";
        let manifest = Manifest::read(ManifestKind::Pyproject, text.as_bytes()).unwrap();
        let told: Vec<String> = manifest
            .needs
            .iter()
            .map(|one| format!("{} {:?} {:?}", one.name, one.extras, one.marker))
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        anyio ["trio"] Some("python_version > '3.8'")
        a [] None
        c ["y"] Some("os_name == 'nt'")
        "#);
    }

    #[test]
    fn a_patch_of_cargo_s_configuration_is_taken_as_one_of_the_manifest() {
        let mut manifest = Manifest::read(ManifestKind::CargoToml, b"").unwrap();
        let config = "[build]\njobs = 2\n[patch.mirror]\nlibc = { path = \"x\" }\nours = { package = \"itoa\", git = \"https://git.example/x\" }\n";
        manifest.take_cargo_config(config.as_bytes()).unwrap();
        let names: Vec<&str> = manifest
            .overrides
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["libc", "itoa"]);
        let refused = manifest.take_cargo_config(b"[patch").unwrap_err();
        assert!(
            refused.to_string().starts_with("config.toml, line 1"),
            "{refused}"
        );
    }
}
