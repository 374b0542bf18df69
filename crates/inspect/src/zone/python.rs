//! Python: `setup.py`, build back-ends and their hooks, `.pth` files, modules.

use super::Entry;
use crate::package::{Make, Package, folder, join};
use crate::pure::FileId;
use customs_model::Zone;

pub(super) fn python(package: &Package, entries: &mut Vec<Entry>) {
    let sdist = package.make == Make::Sdist;
    let listed = sdist
        .then(|| top_level(package).or_else(|| named_by_manifest(package)))
        .flatten();
    for id in package.ids() {
        let path = package.file(id).path.clone();
        let name = path.rsplit('/').next().unwrap_or(&path);
        if sdist && path == "setup.py" {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Install,
                script: true,
            });
        } else if name.ends_with(".pth") && path.matches('/').count() <= 3 {
            startup_lines(package, id, entries);
        } else if matches!(name, "sitecustomize.py" | "usercustomize.py")
            && path.matches('/').count() <= 1
        {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Start,
                script: false,
            });
        } else if package.language(id).is_some() && importable(package, &path, sdist) {
            let zone = if name == "__main__.py" {
                Zone::Command
            } else if listed
                .as_ref()
                .is_some_and(|listed| !listed.contains(&top_module(&path)))
            {
                // It is there, and nothing says that it is installed.
                Zone::Called
            } else {
                Zone::Import
            };
            entries.push(Entry::File {
                file: id,
                zone,
                script: name == "__main__.py",
            });
        }
    }
    if let Some(id) = package.find("pyproject.toml").filter(|_| sdist) {
        build_backend(package, id, entries);
    }
    // Scripts of a wheel.
    for id in package.ids() {
        let file = package.file(id);
        if file.path.contains(".data/scripts/") && file.kind.is_text() {
            package
                .file(id)
                .forced
                .set(package.language(id).or(Some(crate::ir::Language::Python)));
            entries.push(Entry::File {
                file: id,
                zone: Zone::Command,
                script: true,
            });
        }
    }
}

/// The modules that setuptools notes as installed, where it made the archive.
fn top_level(package: &Package) -> Option<Vec<String>> {
    let id = package
        .ids()
        .find(|id| package.file(*id).path.ends_with(".egg-info/top_level.txt"))?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?).into_owned();
    let names: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    (!names.is_empty()).then_some(names)
}

/// The modules that a back-end installs which goes by the project's own name, as all but
/// setuptools do: the one of that name, and those that the manifest names.
fn named_by_manifest(package: &Package) -> Option<Vec<String>> {
    let id = package.find("pyproject.toml")?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?).into_owned();
    let manifest: toml::Table = text.parse().ok()?;
    let backend = manifest
        .get("build-system")?
        .get("build-backend")?
        .as_str()?;
    if backend.contains("setuptools") {
        return None;
    }
    let poetry = || manifest.get("tool")?.get("poetry")?.get("name")?.as_str();
    let project = || manifest.get("project")?.get("name")?.as_str();
    let own = project()
        .or_else(poetry)?
        .to_lowercase()
        .replace(['-', '.'], "_");
    let mut modules: Vec<String> = package
        .ids()
        .filter(|id| package.language(*id).is_some())
        .map(|id| top_module(&package.file(id).path))
        .collect();
    modules.sort();
    modules.dedup();
    let mut named = Vec::new();
    packed(&manifest, 0, &mut named);
    modules.contains(&own).then(|| {
        let is_named = |module: &String| {
            *module == own
                || named
                    .iter()
                    .any(|path| top_module(path) == *module || path.contains('*'))
        };
        modules.into_iter().filter(is_named).collect()
    })
}

/// Paths that a manifest says are packed into what is installed, as the back-ends call them:
/// poetry's `packages` and `include`, hatch's `only-include` and `force-include`, flit's
/// `module`, pdm's `includes`, maturin's `python-packages`. What stands under `sdist` is for
/// source distributions.
fn packed(table: &toml::Table, depth: u8, into: &mut Vec<String>) {
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
            texts(value, 0, into);
        } else if let toml::Value::Table(inner) = value {
            packed(inner, depth + 1, into);
        }
    }
}

fn texts(value: &toml::Value, depth: u8, into: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => into.push(text.clone()),
        toml::Value::Array(all) if depth < 4 => {
            all.iter().for_each(|value| texts(value, depth + 1, into));
        }
        toml::Value::Table(all) if depth < 4 => {
            for (key, value) in all {
                into.push(key.clone());
                texts(value, depth + 1, into);
            }
        }
        _ => {}
    }
}

/// The module at the top that a path belongs to.
fn top_module(path: &str) -> String {
    let inner = path
        .strip_prefix("src/")
        .or_else(|| path.strip_prefix("lib/"))
        .unwrap_or(path);
    inner
        .split('/')
        .next()
        .unwrap_or(inner)
        .trim_end_matches(".py")
        .to_owned()
}

/// Lines of a `.pth` file that begin with `import` are run at every start.
fn startup_lines(package: &Package, file: FileId, entries: &mut Vec<Entry>) {
    let Some(bytes) = package.file(file).bytes.as_deref() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let code: String = text
        .lines()
        .filter(|line| line.starts_with("import ") || line.starts_with("import\t"))
        .map(|line| format!("{line}\n"))
        .collect();
    if !code.is_empty() {
        entries.push(Entry::Code {
            text: code,
            zone: Zone::Start,
            file,
        });
    }
}

/// Whether users can import a file: it lies in a package, or is a module at the top.
fn importable(package: &Package, path: &str, sdist: bool) -> bool {
    if !path.ends_with(".py") {
        return false;
    }
    let inner = if sdist {
        path.strip_prefix("src/")
            .or_else(|| path.strip_prefix("lib/"))
            .unwrap_or(path)
    } else {
        path
    };
    let here = folder(path);
    if inner.matches('/').count() == 0 {
        return !matches!(
            inner,
            "setup.py" | "conftest.py" | "noxfile.py" | "tasks.py" | "fabfile.py"
        );
    }
    !sdist || package.find(&join(here, "__init__.py")).is_some()
}

/// A build back-end that lies in the tree itself.
fn build_backend(package: &Package, file: FileId, entries: &mut Vec<Entry>) {
    let Some(text) = package
        .file(file)
        .bytes
        .as_deref()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    else {
        return;
    };
    let Ok(manifest) = text.parse::<toml::Table>() else {
        return;
    };
    let system = manifest.get("build-system");
    let paths: Vec<String> = system
        .and_then(|system| system.get("backend-path"))
        .and_then(toml::Value::as_array)
        .map(|all| {
            all.iter()
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default();
    if let Some(backend) = system
        .and_then(|system| system.get("build-backend"))
        .and_then(toml::Value::as_str)
    {
        let module = backend
            .split(':')
            .next()
            .unwrap_or(backend)
            .replace('.', "/");
        for base in &paths {
            for candidate in [
                format!("{base}/{module}.py"),
                format!("{base}/{module}/__init__.py"),
            ] {
                if let Some(id) = package.find(&candidate) {
                    entries.push(Entry::File {
                        file: id,
                        zone: Zone::Install,
                        script: false,
                    });
                }
            }
        }
    }
    // Build hooks by path: hatch, pdm, poetry.
    let mut hooks = Vec::new();
    for tool in [["hatch", "build"], ["pdm", "build"], ["poetry", "build"]] {
        let table = manifest
            .get("tool")
            .and_then(|tools| tools.get(tool[0]))
            .and_then(|inner| inner.get(tool[1]));
        hook_paths(table, 0, &mut hooks);
    }
    for path in hooks.into_iter().chain(["hatch_build.py".to_owned()]) {
        if let Some(id) = package.find(&path) {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Install,
                script: true,
            });
        }
    }
}

/// Paths of scripts in a table of a tool, whatever their keys are called but for those under
/// which no tool looks for something to run: what is packed, or is not, and what a build writes.
fn hook_paths(value: Option<&toml::Value>, depth: u8, into: &mut Vec<String>) {
    const FILES: [&str; 13] = [
        "artifacts",
        "exclude",
        "excludes",
        "force-include",
        "include",
        "includes",
        "only-include",
        "only-packages",
        "packages",
        "shared-data",
        "source-includes",
        "source-excludes",
        "version-file",
    ];
    match value {
        Some(toml::Value::String(text)) if text.ends_with(".py") => into.push(text.clone()),
        Some(toml::Value::Array(all)) if depth < 6 => all
            .iter()
            .for_each(|inner| hook_paths(Some(inner), depth + 1, into)),
        Some(toml::Value::Table(table)) if depth < 6 => table
            .iter()
            .filter(|(key, _)| !FILES.contains(&key.as_str()))
            .for_each(|(_, inner)| hook_paths(Some(inner), depth + 1, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::hook_paths;

    #[test]
    fn what_a_build_packs_or_leaves_out_is_no_hook_of_it() {
        let manifest: toml::Table = r#"
            [hooks.custom]
            path = "hooks/build.py"
            [hooks.mypyc]
            dependencies = ["a.py"]
            exclude = ["a/__main__.py"]
            [hooks.vcs]
            version-file = "a/version.py"
            [targets.wheel.force-include]
            "b.py" = "a/b.py"
        "#
        .parse()
        .expect("a manifest");
        let mut found = Vec::new();
        hook_paths(Some(&toml::Value::Table(manifest)), 0, &mut found);
        assert_eq!(found, ["hooks/build.py", "a.py"]);
    }
}
