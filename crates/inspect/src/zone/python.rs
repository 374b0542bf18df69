//! Python: `setup.py`, build back-ends and their hooks, `.pth` files, modules.

use super::Entry;
use super::installed::{Installed, Packed, table};
use crate::package::{Make, Package, folder, join};
use crate::pure::FileId;
use customs_model::Zone;

/// Classes and functions that settings name, which are looked at.
const NAMED: usize = 64;

pub(super) fn python(package: &Package, entries: &mut Vec<Entry>) {
    let sdist = package.make == Make::Sdist;
    let installed = sdist.then(|| Installed::of(package));
    for id in package.ids() {
        let path = package.file(id).path.clone();
        let name = path.rsplit('/').next().unwrap_or(&path);
        if sdist && path == "setup.py" {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Install,
                script: true,
            });
        } else if name.ends_with(".pth")
            && (path.matches('/').count() <= 3 || is_put_into_site(&path))
        {
            startup_lines(package, id, entries);
        } else if matches!(name, "sitecustomize.py" | "usercustomize.py")
            && path.matches('/').count() <= 1
        {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Start,
                script: false,
            });
        } else if let Some(module) = compiled_alone(package, id, &path) {
            let name = module.rsplit('/').next().unwrap_or(&module);
            if importable(package, &module, sdist) {
                let zone = match name {
                    "sitecustomize.py" | "usercustomize.py" => Zone::Start,
                    "__main__.py" => Zone::Command,
                    _ => Zone::Import,
                };
                entries.push(Entry::File {
                    file: id,
                    zone,
                    script: false,
                });
            }
        } else if package.language(id).is_some() && importable(package, &path, sdist) {
            let packed = installed
                .as_ref()
                .map_or(Packed::Yes, |installed| installed.packed(package, &path));
            let zone = match packed {
                // Nobody gets it unless something that is installed, or the build, loads it.
                Packed::No => continue,
                _ if name == "__main__.py" => Zone::Command,
                Packed::NotKnown => Zone::Called,
                Packed::Yes => Zone::Import,
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
    if sdist {
        named_by_settings(package, entries);
        super::meson::meson_files(package, entries);
        super::rust::of_python(package, entries);
    }
    plugins_of_pytest(package, entries);
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

/// What pytest calls of the modules that an installed package names as its plugins, in each run of
/// whoever has it installed.
///
/// Source: pytest's documentation, "Writing plugins" and the reference of its hooks.
const HOOKS_OF_PYTEST: [&str; 16] = [
    "pytest_addoption",
    "pytest_cmdline_main",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_load_initial_conftests",
    "pytest_plugin_registered",
    "pytest_report_header",
    "pytest_runtest_call",
    "pytest_runtest_logreport",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
    "pytest_unconfigure",
];

fn plugins_of_pytest(package: &Package, entries: &mut Vec<Entry>) {
    let listed = package.ids().find(|id| {
        package
            .file(*id)
            .path
            .ends_with(".dist-info/entry_points.txt")
    });
    let Some(bytes) = listed.and_then(|id| package.file(id).bytes.clone()) else {
        return;
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut is_inside = false;
    let mut modules = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line == "[pytest11]";
        } else if let Some((_, module)) = line.split_once('=').filter(|_| is_inside) {
            let module = module.split([':', '[']).next().unwrap_or(module).trim();
            modules.push(module.replace('.', "/"));
        }
    }
    for module in modules.iter().take(NAMED) {
        let places = [format!("{module}.py"), format!("{module}/__init__.py")];
        let Some(file) = places.iter().find_map(|path| package.find(path)) else {
            continue;
        };
        entries.extend(HOOKS_OF_PYTEST.iter().map(|name| Entry::Named {
            file,
            zone: Zone::Import,
            name: (*name).to_owned(),
        }));
    }
}

/// What the settings of a project name for its builder to call: classes of commands of
/// setuptools, the function that tells pdm the version.
fn named_by_settings(package: &Package, entries: &mut Vec<Entry>) {
    let mut named: Vec<String> = Vec::new();
    if let Some(manifest) = table(package, "pyproject.toml") {
        let tool = |name: &str| manifest.get("tool")?.get(name);
        let commands = tool("setuptools").and_then(|tool| tool.get("cmdclass"));
        if let Some(toml::Value::Table(commands)) = commands {
            named.extend(
                commands
                    .values()
                    .filter_map(|v| v.as_str().map(str::to_owned)),
            );
        }
        let version = tool("pdm").and_then(|tool| tool.get("version"));
        let of_version = |key: &str| version?.get(key)?.as_str();
        if of_version("source") == Some("call") {
            named.extend(of_version("getter").map(|getter| getter.replace(':', ".")));
        }
    }
    named.extend(commands_of_cfg(package));
    for one in named.iter().take(NAMED) {
        let Some((module, name)) = one.trim().rsplit_once('.') else {
            continue;
        };
        let path = module.replace('.', "/");
        let places = ["", "src/"].map(|base| {
            [
                format!("{base}{path}.py"),
                format!("{base}{path}/__init__.py"),
            ]
        });
        if let Some(file) = places.iter().flatten().find_map(|path| package.find(path)) {
            entries.push(Entry::Named {
                file,
                zone: Zone::Install,
                name: name.to_owned(),
            });
        }
    }
}

/// The classes below `cmdclass =` of `setup.cfg`.
fn commands_of_cfg(package: &Package) -> Vec<String> {
    let Some(bytes) = package
        .find("setup.cfg")
        .and_then(|id| package.file(id).bytes.as_deref())
    else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            is_inside = line.split(['=', ':']).next().map(str::trim) == Some("cmdclass");
        }
        if is_inside && let Some((_, class)) = line.split_once('=') {
            found.extend(
                Some(class.trim())
                    .filter(|class| !class.is_empty())
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// Whether a wheel puts a file into the folder of modules by its data: below `data` its paths
/// are those below the root of the installation.
fn is_put_into_site(path: &str) -> bool {
    path.split_once(".data/data/").is_some_and(|(_, inside)| {
        let folder = folder(inside);
        folder.ends_with("/site-packages") || folder.ends_with("/dist-packages")
    })
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

/// The path of the source that a compiled file of Python stands for, where Python loads it: it lies
/// where a module lies and has no source beside it, or it lies in a `__pycache__` and says that it is
/// never to be held against its source.
///
/// Source: PEP 3147 (places), PEP 552 (the flags behind the magic number).
fn compiled_alone(package: &Package, id: FileId, path: &str) -> Option<String> {
    let file = package.file(id);
    if file.kind != crate::unpack::Kind::Bytecode {
        return None;
    }
    if let Some((folder, name)) = path.rsplit_once("__pycache__/") {
        let flags = file.bytes.as_deref().and_then(|bytes| bytes.get(4..8))?;
        let is_unchecked = flags == [1, 0, 0, 0];
        let module = name.split('.').next().unwrap_or(name);
        return is_unchecked.then(|| format!("{folder}{module}.py"));
    }
    let source = path
        .strip_suffix('c')
        .filter(|path| path.ends_with(".py"))?;
    package.find(source).is_none().then(|| source.to_owned())
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
    !sdist
        || ["__init__.py", "__init__.pyc"]
            .iter()
            .any(|name| package.find(&join(here, name)).is_some())
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
    let tool = |name: &str| manifest.get("tool")?.get(name);
    let hatch = table(package, "hatch.toml").map(toml::Value::Table);
    for of_hatch in [tool("hatch"), hatch.as_ref()].into_iter().flatten() {
        for key in ["build", "metadata"] {
            hook_paths(of_hatch.get(key), false, 0, &mut hooks);
        }
        // The version is what a file says when it is run.
        let version = of_hatch.get("version");
        let of_version = |key: &str| version?.get(key)?.as_str();
        if of_version("source") == Some("code") {
            hooks.extend(of_version("path").map(str::to_owned));
        }
    }
    for name in ["pdm", "poetry"] {
        let build = tool(name).and_then(|tool| tool.get("build"));
        hook_paths(build, build.is_some_and(toml::Value::is_str), 0, &mut hooks);
    }
    let usual = ["hatch_build.py", "pdm_build.py"].map(str::to_owned);
    for path in hooks.into_iter().chain(usual) {
        if let Some(id) = package.find(&path) {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Install,
                script: true,
            });
        }
    }
}

/// Paths of code that a back-end runs: what stands below keys that mean code. Lists of what is
/// packed name code as well.
fn hook_paths(value: Option<&toml::Value>, runs: bool, depth: u8, into: &mut Vec<String>) {
    match value {
        Some(toml::Value::String(text)) if runs && text.ends_with(".py") => {
            into.push(text.clone());
        }
        Some(toml::Value::Array(all)) if depth < 6 => all
            .iter()
            .for_each(|inner| hook_paths(Some(inner), runs, depth + 1, into)),
        Some(toml::Value::Table(table)) if depth < 6 => {
            for (key, inner) in table {
                let runs = match key.as_str() {
                    "hooks" | "custom" | "custom-hook" | "script" => true,
                    // What is packed or is not, and what a hook writes.
                    "artifacts" | "exclude" | "excludes" | "force-include" | "include"
                    | "includes" | "only-include" | "packages" | "version-file" => false,
                    _ => runs,
                };
                hook_paths(Some(inner), runs, depth + 1, into);
            }
        }
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
        hook_paths(Some(&toml::Value::Table(manifest)), false, 0, &mut found);
        assert_eq!(found, ["hooks/build.py", "a.py"]);
    }
}
