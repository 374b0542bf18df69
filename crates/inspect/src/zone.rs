//! When does what run: the entry points of a package, told by its manifests and by what
//! clients do without being told.

use crate::cargo;
use crate::limit::reading;
use crate::package::{Make, Package, folder, join};
use crate::pure::FileId;
use crate::unpack::plain;
use customs_model::Zone;

/// Something that begins to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file of the package.
    File {
        /// The file.
        file: FileId,
        /// When.
        zone: Zone,
        /// It runs as a script, not as a module.
        script: bool,
    },
    /// A command line.
    Command {
        /// The text.
        text: String,
        /// When.
        zone: Zone,
        /// The file that it stands in.
        file: FileId,
        /// For people: `postinstall`.
        name: String,
        /// The folder that it runs in, below the top.
        folder: String,
    },
    /// Code that stands in a file of another kind (`.pth`).
    Code {
        /// The text.
        text: String,
        /// When.
        zone: Zone,
        /// The file that it stands in.
        file: FileId,
    },
}

/// Where a package begins to run.
pub fn entries(package: &Package) -> Vec<Entry> {
    let mut entries = Vec::new();
    match package.make {
        Make::Npm => npm(package, &mut entries),
        Make::Wheel | Make::Sdist => python(package, &mut entries),
        Make::Crate => of_cargo(package, &mut entries),
        Make::Other => {
            for id in package.ids() {
                if package.language(id).is_some() {
                    entries.push(Entry::File {
                        file: id,
                        zone: Zone::Import,
                        script: !package.as_module,
                    });
                }
            }
        }
    }
    opened(package, &mut entries);
    entries
}

fn json(package: &Package, file: FileId) -> Option<serde_json::Value> {
    let bytes = package.file(file).bytes.as_deref()?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).ok()
}

fn npm(package: &Package, entries: &mut Vec<Entry>) {
    let Some(id) = package.find("package.json") else {
        return;
    };
    let manifest = json(package, id).unwrap_or_default();
    let scripts = manifest.get("scripts");
    let script = |name: &str| {
        scripts
            .and_then(|all| all.get(name))
            .and_then(serde_json::Value::as_str)
    };
    for name in ["preinstall", "install", "postinstall"] {
        if let Some(text) = script(name) {
            entries.push(Entry::Command {
                text: text.to_owned(),
                zone: Zone::Install,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
    // Runs when the package is installed from git, not from a registry.
    for name in ["prepare", "prepublish", "preprepare", "postprepare"] {
        if let Some(text) = script(name) {
            entries.push(Entry::Command {
                text: text.to_owned(),
                zone: Zone::Called,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
    // npm builds it without being told to, unless it says otherwise.
    if let Some(gyp) = package.find("binding.gyp")
        && manifest.get("gypfile") != Some(&serde_json::Value::Bool(false))
        && script("install").is_none()
        && script("preinstall").is_none()
    {
        gyp_files(package, gyp, entries);
    } else if let Some(gyp) = package.find("binding.gyp") {
        gyp_files(package, gyp, entries);
    }
    let mut modules: Vec<String> = Vec::new();
    for key in [
        "main",
        "module",
        "browser",
        "jsnext:main",
        "es2015",
        "react-native",
        "unpkg",
        "jsdelivr",
        "svelte",
    ] {
        match manifest.get(key) {
            Some(serde_json::Value::String(path)) => modules.push(path.clone()),
            Some(serde_json::Value::Object(map)) => {
                modules.extend(map.values().filter_map(|v| v.as_str().map(str::to_owned)))
            }
            _ => {}
        }
    }
    if let Some(exports) = manifest.get("exports") {
        exported(exports, 0, &mut modules);
    }
    modules.push("index".to_owned());
    for path in modules {
        for file in matching(package, &path) {
            entries.push(Entry::File {
                file,
                zone: Zone::Import,
                script: false,
            });
        }
    }
    let mut commands: Vec<String> = Vec::new();
    match manifest.get("bin") {
        Some(serde_json::Value::String(path)) => commands.push(path.clone()),
        Some(serde_json::Value::Object(map)) => {
            commands.extend(map.values().filter_map(|v| v.as_str().map(str::to_owned)))
        }
        _ => {}
    }
    if let Some(path) = manifest
        .get("directories")
        .and_then(|d| d.get("bin"))
        .and_then(serde_json::Value::as_str)
    {
        commands.push(format!("{path}/*"));
    }
    for path in commands {
        for file in matching(package, &path) {
            entries.push(Entry::File {
                file,
                zone: Zone::Command,
                script: true,
            });
        }
    }
    // Bundled dependencies are installed with it; what they run at install runs.
    for id in package.ids() {
        let path = &package.file(id).path;
        if path.starts_with("node_modules/")
            && path.ends_with("/package.json")
            && path.matches('/').count() <= 3
        {
            let Some(inner) = json(package, id) else {
                continue;
            };
            for name in ["preinstall", "install", "postinstall"] {
                if let Some(text) = inner
                    .get("scripts")
                    .and_then(|all| all.get(name))
                    .and_then(serde_json::Value::as_str)
                {
                    entries.push(Entry::Command {
                        text: text.to_owned(),
                        zone: Zone::Install,
                        file: id,
                        name: name.to_owned(),
                        folder: folder(path).to_owned(),
                    });
                }
            }
        }
    }
}

/// `binding.gyp`, and the files that it includes or depends on.
fn gyp_files(package: &Package, gyp: FileId, entries: &mut Vec<Entry>) {
    const MOST: usize = 32;
    let mut files = vec![gyp];
    let mut at = 0;
    while let Some(file) = files.get(at).copied() {
        at += 1;
        let Some(bytes) = package.file(file).bytes.as_deref() else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        gyp_commands(&text, file, entries);
        for key in ["includes", "dependencies"] {
            for name in gyp_lists(&text, key).into_iter().flatten() {
                // A dependency may name a target behind the file.
                let path = name.split(".gyp:").next().unwrap_or(&name);
                let path = if path.len() < name.len() {
                    format!("{path}.gyp")
                } else {
                    path.to_owned()
                };
                let here = folder(&package.file(file).path);
                if let Some(other) = package.find(&join(here, &path))
                    && files.len() < MOST
                    && !files.contains(&other)
                {
                    files.push(other);
                }
            }
        }
    }
}

/// The lists of texts that stand behind a key of a gyp file.
fn gyp_lists(text: &str, key: &str) -> Vec<Vec<String>> {
    let mut lists = Vec::new();
    for quote in ['\'', '"'] {
        for (at, found) in text.match_indices(&format!("{quote}{key}{quote}")) {
            let behind = text[at + found.len()..].trim_start();
            let list = behind
                .strip_prefix(':')
                .and_then(|rest| rest.trim_start().strip_prefix('['));
            if let Some(list) = list {
                lists.push(gyp_words(list));
            }
        }
    }
    lists
}

/// The texts of a list, up to its end: brackets and commas may stand in them.
fn gyp_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ']' => break,
            '#' => {
                chars.by_ref().find(|c| *c == '\n');
            }
            '\'' | '"' => words.push(gyp_word(&mut chars, c)),
            _ => {}
        }
    }
    words
}

/// The rest of a text, up to its quote.
fn gyp_word(chars: &mut std::str::Chars<'_>, quote: char) -> String {
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            c if c == quote => break,
            c => word.push(c),
        }
    }
    word
}

/// A gyp file runs commands where it says `<!(…)`, and its actions.
fn gyp_commands(text: &str, file: FileId, entries: &mut Vec<Entry>) {
    let mut rest = text;
    while let Some(at) = rest.find("<!") {
        rest = &rest[at + 2..];
        let inner = rest.strip_prefix('@').unwrap_or(rest);
        let Some(inner) = inner.strip_prefix('(') else {
            continue;
        };
        let mut depth = 1;
        let end = inner
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            })
            .map_or(inner.len(), |(at, _)| at);
        entries.push(Entry::Command {
            text: inner[..end].replace("\\\"", "\"").replace("\\\\", "\\"),
            zone: Zone::Install,
            file,
            name: "binding.gyp".to_owned(),
            folder: String::new(),
        });
        rest = &inner[end..];
    }
    // Actions: each word of a list is one argument.
    for words in gyp_lists(text, "action") {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("<(module_root_dir)/", ""))
            .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
            .collect();
        entries.push(Entry::Command {
            text: words.join(" "),
            zone: Zone::Install,
            file,
            name: "binding.gyp".to_owned(),
            folder: String::new(),
        });
    }
}

fn exported(value: &serde_json::Value, depth: u8, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(path) => into.push(path.clone()),
        serde_json::Value::Array(all) if depth < 8 => all
            .iter()
            .for_each(|inner| exported(inner, depth + 1, into)),
        // All conditions: one client takes `node`, the next one `browser`.
        serde_json::Value::Object(map) if depth < 8 => map
            .values()
            .for_each(|inner| exported(inner, depth + 1, into)),
        _ => {}
    }
}

/// The files that a path of a manifest means; `*` stands for anything.
fn matching(package: &Package, path: &str) -> Vec<FileId> {
    let path = plain(path);
    match path.split_once('*') {
        None => package.node_file(&path).into_iter().collect(),
        Some((before, after)) => package
            .ids()
            .filter(|id| {
                let file = &package.file(*id).path;
                file.len() >= before.len() + after.len()
                    && file.starts_with(before)
                    && file.ends_with(after.trim_start_matches('*'))
                    && package.language(*id).is_some()
            })
            .collect(),
    }
}

fn python(package: &Package, entries: &mut Vec<Entry>) {
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

fn hook_paths(value: Option<&toml::Value>, depth: u8, into: &mut Vec<String>) {
    match value {
        Some(toml::Value::String(text)) if text.ends_with(".py") => into.push(text.clone()),
        Some(toml::Value::Array(all)) if depth < 6 => all
            .iter()
            .for_each(|inner| hook_paths(Some(inner), depth + 1, into)),
        Some(toml::Value::Table(table)) if depth < 6 => table
            .iter()
            .for_each(|(_, inner)| hook_paths(Some(inner), depth + 1, into)),
        _ => {}
    }
}

fn of_cargo(package: &Package, entries: &mut Vec<Entry>) {
    let manifest = cargo::manifest(package, "");
    built(package, "", &manifest, entries);
    for member in package.members() {
        let inner = cargo::manifest(package, &member.folder);
        built(package, &member.folder, &inner, entries);
    }
    let mut commands = vec!["src/main.rs".to_owned()];
    if let Some(all) = manifest.get("bin").and_then(toml::Value::as_array) {
        commands.extend(
            all.iter()
                .filter_map(|bin| bin.get("path"))
                .filter_map(|v| v.as_str().map(str::to_owned)),
        );
    }
    for path in commands {
        if let Some(id) = package.find(&path) {
            entries.push(Entry::File {
                file: id,
                zone: Zone::Command,
                script: true,
            });
        }
    }
}

/// What cargo runs to build a crate: its build script, and its macros.
/// Whether a library of Rust is followed, of which nothing runs until somebody calls it: a
/// small one, and any that may have a constructor, which runs before `main`.
fn worth_following(package: &Package) -> bool {
    let rust = || {
        package.ids().filter_map(|id| {
            let file = package.file(id);
            file.path
                .ends_with(".rs")
                .then_some(file.bytes.as_deref())
                .flatten()
        })
    };
    rust().map(<[u8]>::len).sum::<usize>() <= reading::LIBRARY
        || rust().any(|bytes| {
            [&b"[ctor"[..], b":ctor", b"[dtor", b":dtor", b"link_section"]
                .iter()
                .any(|mark| memchr::memmem::find(bytes, mark).is_some())
        })
}

fn built(package: &Package, folder: &str, manifest: &toml::Table, entries: &mut Vec<Entry>) {
    let build = manifest.get("package").and_then(|p| p.get("build"));
    let build_path = match build {
        Some(toml::Value::Boolean(false)) => None,
        Some(toml::Value::String(path)) => Some(path.as_str()),
        _ => Some("build.rs"),
    };
    if let Some(id) = build_path.and_then(|path| package.find(&join(folder, path))) {
        entries.push(Entry::File {
            file: id,
            zone: Zone::Install,
            script: true,
        });
    }
    let is_macro = manifest.get("lib").is_some_and(|lib| {
        ["proc-macro", "proc_macro"]
            .iter()
            .any(|key| lib.get(key) == Some(&toml::Value::Boolean(true)))
    });
    if let Some(id) = cargo::library(package, folder, manifest) {
        if !is_macro && !worth_following(package) {
            package.left_out.set(true);
            return;
        }
        entries.push(Entry::File {
            file: id,
            zone: if is_macro {
                Zone::Install
            } else {
                Zone::Called
            },
            script: false,
        });
    }
}

/// What editors and agents run when a folder is opened.
fn opened(package: &Package, entries: &mut Vec<Entry>) {
    for id in package.ids() {
        let path = &package.file(id).path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let here = folder(path);
        let around = here.rsplit('/').next().unwrap_or(here);
        let is = |parent: &str, file: &str| around == parent && name == file;
        if is(".vscode", "tasks.json") {
            if let Some(json) = lenient_json(package, id) {
                tasks(&json, id, entries);
            }
        } else if is(".claude", "settings.json")
            || is(".claude", "settings.local.json")
            || is(".gemini", "settings.json")
            || is(".cursor", "hooks.json")
            || is(".codex", "hooks.json")
        {
            if let Some(json) = lenient_json(package, id) {
                hooks(&json, id, 0, entries);
            }
        } else if name == ".mcp.json" || is(".cursor", "mcp.json") || is(".vscode", "mcp.json") {
            if let Some(json) = lenient_json(package, id) {
                servers(&json, id, entries);
            }
        } else if (name == ".envrc"
            || around == "hooks" && path.contains(".git/hooks/")
            || around == ".husky")
            && let Some(text) = package.file(id).bytes.as_deref()
        {
            entries.push(Entry::Command {
                text: String::from_utf8_lossy(text).into_owned(),
                zone: Zone::Folder,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
}

/// JSON with comments, as editors read it.
fn lenient_json(package: &Package, file: FileId) -> Option<serde_json::Value> {
    if let Some(json) = json(package, file) {
        return Some(json);
    }
    let text = String::from_utf8_lossy(package.file(file).bytes.as_deref()?).into_owned();
    let without: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    // A comma in front of an end.
    let mut out = String::with_capacity(without.len());
    for c in without.chars() {
        if matches!(c, '}' | ']') {
            let kept = out.trim_end().trim_end_matches(',').len();
            if out.trim_end().ends_with(',') {
                out.truncate(kept);
            }
        }
        out.push(c);
    }
    serde_json::from_str(&out).ok()
}

fn tasks(json: &serde_json::Value, file: FileId, entries: &mut Vec<Entry>) {
    for task in json
        .get("tasks")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
    {
        let at_open = task
            .get("runOptions")
            .and_then(|o| o.get("runOn"))
            .and_then(serde_json::Value::as_str)
            == Some("folderOpen");
        let text = |key: &str| {
            task.get(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let mut command = text("command").to_owned();
        for arg in task
            .get("args")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
        {
            command.push_str(&format!(" '{arg}'"));
        }
        if !command.is_empty() {
            entries.push(Entry::Command {
                text: command,
                zone: if at_open { Zone::Folder } else { Zone::Called },
                file,
                name: format!("task {}", text("label")),
                folder: String::new(),
            });
        }
    }
}

fn hooks(json: &serde_json::Value, file: FileId, depth: u8, entries: &mut Vec<Entry>) {
    match json {
        serde_json::Value::Object(map) if depth < 8 => {
            for (key, value) in map {
                match value {
                    serde_json::Value::String(text) if key == "command" => {
                        entries.push(Entry::Command {
                            text: text.clone(),
                            zone: Zone::Folder,
                            file,
                            name: "agent hook".to_owned(),
                            folder: String::new(),
                        });
                    }
                    other => hooks(other, file, depth + 1, entries),
                }
            }
        }
        serde_json::Value::Array(all) if depth < 8 => all
            .iter()
            .for_each(|inner| hooks(inner, file, depth + 1, entries)),
        _ => {}
    }
}

fn servers(json: &serde_json::Value, file: FileId, entries: &mut Vec<Entry>) {
    for key in ["mcpServers", "servers"] {
        for (name, server) in json
            .get(key)
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flatten()
        {
            let Some(command) = server.get("command").and_then(serde_json::Value::as_str) else {
                continue;
            };
            let mut text = command.to_owned();
            for arg in server
                .get("args")
                .and_then(serde_json::Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(serde_json::Value::as_str)
            {
                text.push_str(&format!(" '{arg}'"));
            }
            entries.push(Entry::Command {
                text,
                zone: Zone::Folder,
                file,
                name: format!("agent tool {name}"),
                folder: String::new(),
            });
        }
    }
}
