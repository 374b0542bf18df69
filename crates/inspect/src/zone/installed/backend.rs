//! Back-ends that are told by `pyproject.toml` alone: hatchling, flit, poetry, uv, pdm.
//! Of others what goes by the project's own name is known, and code of theirs may add to it.

use super::{Plan, Search, folder_of, top_module};
use crate::package::Package;
use toml::{Table, Value};

/// Reads what a back-end packs; false where setuptools is the back-end.
pub(super) fn read(package: &Package, manifest: Option<&Table>, plan: &mut Plan) -> bool {
    let Some(manifest) = manifest else {
        return false;
    };
    let system = manifest.get("build-system");
    let Some(backend) = system
        .and_then(|system| system.get("build-backend"))
        .and_then(Value::as_str)
    else {
        return false;
    };
    // One that lies in the archive does what it likes.
    plan.may_add = system.is_some_and(|system| system.get("backend-path").is_some());
    if backend.contains("setuptools") {
        return false;
    }
    let project = |name: &str| manifest.get("project")?.get(name)?.as_str();
    let tool = |name: &str| manifest.get("tool")?.get(name);
    let poetry = tool("poetry");
    let own = project("name")
        .or_else(|| poetry?.get("name")?.as_str())
        .map(|name| name.replace(['-', '.'], "_"));
    let by_name = own.as_deref().filter(|own| is_there(package, own));
    match backend.split(['.', ':']).next().unwrap_or(backend) {
        "hatchling" => {
            hatch(tool("hatch"), plan);
            // It reads the same from a file of its own.
            let of_file = super::table(package, "hatch.toml").map(Value::Table);
            hatch(of_file.as_ref(), plan);
        }
        "flit_core" | "flit" => flit(tool("flit"), plan),
        "poetry" => poetry_packages(poetry, plan),
        "uv_build" => uv(tool("uv"), plan),
        "pdm" => {
            pdm(tool("pdm").and_then(|pdm| pdm.get("build")), plan);
            return true;
        }
        _ => {
            plan.may_add = true;
            if by_name.is_some() {
                others(manifest, plan);
            }
        }
    }
    match by_name {
        Some(own) if !plan.said => plan.module(own),
        None if !plan.said => plan.unclear = true,
        _ => {}
    }
    true
}

/// Whether a module of a name is there.
fn is_there(package: &Package, name: &str) -> bool {
    package.ids().any(|id| {
        package.language(id).is_some()
            && top_module(&package.file(id).path).eq_ignore_ascii_case(name)
    })
}

/// What the wheel takes, else what every target takes; what hooks of the project's own add.
fn hatch(hatch: Option<&Value>, plan: &mut Plan) {
    let build = hatch.and_then(|hatch| hatch.get("build"));
    let wheel = build
        .and_then(|build| build.get("targets"))
        .and_then(|targets| targets.get("wheel"));
    let chosen = |key: &str| {
        wheel
            .and_then(|wheel| wheel.get(key))
            .or_else(|| build.and_then(|build| build.get(key)))
    };
    for key in ["include", "packages", "only-include"] {
        for path in texts(chosen(key)) {
            plan.said = true;
            if !path.starts_with('!') {
                plan.path(path);
            }
        }
    }
    for path in texts(chosen("artifacts")) {
        if !path.starts_with('!') {
            plan.path(path);
        }
    }
    if let Some(Value::Table(forced)) = chosen("force-include") {
        for path in forced.keys() {
            plan.path(path);
        }
    }
    for of in [build, wheel] {
        let hooks = of.and_then(|of| of.get("hooks"));
        plan.may_add |= hooks.is_some_and(|hooks| hooks.get("custom").is_some());
    }
}

fn flit(flit: Option<&Value>, plan: &mut Plan) {
    let module = flit.and_then(|flit| flit.get("module"));
    if let Some(name) = module
        .and_then(|module| module.get("name"))
        .and_then(Value::as_str)
    {
        plan.said = true;
        plan.module(name);
    }
}

/// `packages = [{ include = "a", from = "b" }]`, and files beside them.
fn poetry_packages(poetry: Option<&Value>, plan: &mut Plan) {
    let Some(poetry) = poetry else {
        return;
    };
    for (key, says) in [("packages", true), ("include", false)] {
        let Some(Value::Array(all)) = poetry.get(key) else {
            continue;
        };
        for one in all {
            let path = match one {
                Value::String(path) => Some(path.as_str()),
                Value::Table(table) => {
                    let key = if says { "include" } else { "path" };
                    table.get(key).and_then(Value::as_str)
                }
                _ => None,
            };
            let Some(path) = path else {
                plan.unclear = true;
                continue;
            };
            if texts(one.get("format")) == ["sdist"] {
                continue;
            }
            plan.said |= says;
            plan.path(path);
            if let Some(Value::String(from)) = one.get("from") {
                plan.root(from);
            }
        }
    }
    plan.may_add |= poetry.get("build").is_some();
}

fn uv(uv: Option<&Value>, plan: &mut Plan) {
    let Some(build) = uv.and_then(|uv| uv.get("build-backend")) else {
        return;
    };
    for name in texts(build.get("module-name")) {
        plan.said = true;
        plan.module(name);
    }
    if let Some(root) = build.get("module-root").and_then(Value::as_str) {
        plan.root(root);
    }
}

/// What is named, else every package but what is for source distributions only.
fn pdm(build: Option<&Value>, plan: &mut Plan) {
    let of = |key: &str| texts(build.and_then(|build| build.get(key)));
    plan.may_add |= build.is_some_and(|build| build.get("custom-hook").is_some());
    let folder = build
        .and_then(|build| build.get("package-dir"))
        .and_then(Value::as_str);
    let named = of("includes");
    if !named.is_empty() {
        for path in named {
            plan.path(path);
        }
        // Paths below it are written with it.
        folder.into_iter().for_each(|folder| plan.root(folder));
        return;
    }
    let mut exclude: Vec<String> = of("excludes")
        .into_iter()
        .chain(of("source-includes"))
        .map(|path| path.trim_start_matches("./").trim_end_matches('/'))
        // What lies deeper leaves the rest of its module.
        .filter(|path| !path.contains(['/', '*']))
        .map(str::to_owned)
        .collect();
    if of("source-includes").is_empty() {
        exclude.push("tests".to_owned());
    }
    plan.searches.push(Search {
        folders: match folder {
            Some(folder) => vec![folder_of(folder)],
            None => vec![String::new(), "src".to_owned()],
        },
        exclude,
        namespaces: true,
        ..Search::default()
    });
}

/// Paths that other back-ends call by names like these, wherever in the manifest.
fn others(manifest: &Table, plan: &mut Plan) {
    let mut named = Vec::new();
    packed(manifest, 0, &mut named);
    for path in named {
        plan.path(&path);
    }
}

fn packed(table: &Table, depth: u8, into: &mut Vec<String>) {
    const KEYS: [&str; 9] = [
        "packages",
        "include",
        "includes",
        "only-include",
        "force-include",
        "module",
        "modules",
        "python-packages",
        "py-modules",
    ];
    for (key, value) in table {
        if key == "sdist" || depth > 6 {
            continue;
        }
        if KEYS.contains(&key.as_str()) {
            every_text(value, 0, into);
        } else if let Value::Table(inner) = value {
            packed(inner, depth + 1, into);
        }
    }
}

fn every_text(value: &Value, depth: u8, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) if depth < 4 => {
            all.iter()
                .for_each(|value| every_text(value, depth + 1, into));
        }
        Value::Table(all) if depth < 4 => {
            for (key, value) in all {
                into.push(key.clone());
                every_text(value, depth + 1, into);
            }
        }
        _ => {}
    }
}

/// A text, or the texts of a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
