//! setuptools: what `setup.py`, `setup.cfg` and `pyproject.toml` say together. What one of them
//! says in a way that is not read here is not known, whatever the others say.

use super::{Of, Plan, Search, folder_of};
use crate::ir::{Binary, Expr, ExprId, List, Logic, Program};
use crate::package::Package;
use crate::pure::{FileId, Surroundings};
use toml::{Table, Value};

/// Levels of lists, sums and names in what `setup.py` says.
const LEVELS: u8 = 8;

/// Folders at the top that are not packed where nothing says what is.
const NO_PACKAGES: [&str; 36] = [
    "ci",
    "bin",
    "debian",
    "doc",
    "docs",
    "documentation",
    "manpages",
    "news",
    "newsfragments",
    "changelog",
    "test",
    "tests",
    "unit_test",
    "unit_tests",
    "example",
    "examples",
    "scripts",
    "tools",
    "util",
    "utils",
    "python",
    "build",
    "dist",
    "venv",
    "env",
    "requirements",
    "tasks",
    "fabfile",
    "site_scons",
    "benchmark",
    "benchmarks",
    "exercise",
    "exercises",
    "htmlcov",
    ".*",
    "_*",
];

/// The same of single files.
const NO_MODULES: [&str; 20] = [
    "setup",
    "conftest",
    "test",
    "tests",
    "example",
    "examples",
    "build",
    "toxfile",
    "noxfile",
    "pavement",
    "dodo",
    "tasks",
    "fabfile",
    "conanfile",
    "manage",
    "benchmark",
    "benchmarks",
    "exercise",
    "exercises",
    "_*",
];

/// Reads what setuptools packs.
pub(super) fn read(package: &Package, manifest: Option<&Table>, plan: &mut Plan) {
    let tool = || manifest?.get("tool")?.get("setuptools");
    if let Some(table) = tool() {
        of_manifest(table, plan);
    }
    if let Some(id) = package.find("setup.cfg") {
        match package.text(id) {
            Some(text) => of_config(&String::from_utf8_lossy(text), plan),
            None => plan.unclear = true,
        }
    }
    if let Some(id) = package.find("setup.py") {
        of_script(package, id, plan);
    }
    if !plan.said && !plan.unclear {
        // It looks for packages and modules itself.
        for (of, exclude) in [
            (Of::Folders, &NO_PACKAGES[..]),
            (Of::Files, &NO_MODULES[..]),
        ] {
            plan.searches.push(Search {
                folders: vec![String::new()],
                exclude: exclude.iter().map(|name| (*name).to_owned()).collect(),
                namespaces: true,
                of,
                ..Search::default()
            });
        }
        plan.searches.push(Search {
            folders: vec!["src".to_owned()],
            namespaces: true,
            ..Search::default()
        });
    }
}

fn of_manifest(table: &Value, plan: &mut Plan) {
    for key in ["packages", "py-modules"] {
        match table.get(key) {
            None => {}
            Some(Value::Array(all)) => {
                plan.said = true;
                for name in all.iter().filter_map(Value::as_str) {
                    plan.module(name);
                }
            }
            Some(packages) => {
                plan.said = true;
                match packages.get("find") {
                    Some(find) => find_of_manifest(find, plan),
                    None => plan.unclear = true,
                }
            }
        }
    }
    if let Some(Value::Table(folders)) = table.get("package-dir") {
        for folder in folders.values().filter_map(Value::as_str) {
            plan.root(folder);
        }
    }
}

fn find_of_manifest(find: &Value, plan: &mut Plan) {
    let of = |key: &str| -> Vec<String> {
        match find.get(key) {
            Some(Value::Array(all)) => all
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            Some(Value::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    };
    plan.searches.push(Search {
        folders: folders_of(&of("where")),
        include: of("include"),
        exclude: of("exclude"),
        // It is what it does unless it is told otherwise.
        namespaces: find.get("namespaces").and_then(Value::as_bool) != Some(false),
        of: Of::Folders,
    });
}

/// Folders that are searched: the top where none is named.
fn folders_of(written: &[String]) -> Vec<String> {
    if written.is_empty() {
        return vec![String::new()];
    }
    written.iter().map(|folder| folder_of(folder)).collect()
}

/// The values of a file of settings: section, key, and the lines or parts of the value.
fn settings(text: &str) -> Vec<(String, String, Vec<String>)> {
    let mut all: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let inner = line.trim();
        if inner.is_empty() || inner.starts_with(['#', ';']) {
            continue;
        }
        let head = inner
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'));
        let value = if line.starts_with(char::is_whitespace) {
            inner
        } else if let Some((name, _)) = head {
            name.clone_into(&mut section);
            // What stands below belongs to no key yet.
            all.push((section.clone(), String::new(), Vec::new()));
            continue;
        } else if let Some((key, value)) = inner.split_once(['=', ':']) {
            let key = key.trim().to_lowercase().replace('-', "_");
            all.push((section.clone(), key, Vec::new()));
            value
        } else {
            continue;
        };
        if let Some((_, _, parts)) = all.last_mut() {
            let found = value.split(',').map(str::trim);
            parts.extend(found.filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
    all
}

fn of_config(text: &str, plan: &mut Plan) {
    let all = settings(text);
    let of = |section: &str, key: &str| -> Vec<String> {
        let found = all.iter().filter(|one| one.0 == section && one.1 == key);
        found.flat_map(|one| one.2.iter().cloned()).collect()
    };
    // pbr has settings of its own.
    if all.iter().any(|one| one.0 == "files") {
        plan.unclear = true;
    }
    let packages = of("options", "packages");
    let how = packages.first().map(|first| first.replace(' ', ""));
    match how.as_deref() {
        None => {}
        Some("find:" | "find_namespace:") => {
            plan.said = true;
            let find = "options.packages.find";
            plan.searches.push(Search {
                folders: folders_of(&of(find, "where")),
                include: of(find, "include"),
                exclude: of(find, "exclude"),
                namespaces: how.as_deref() == Some("find_namespace:"),
                of: Of::Folders,
            });
        }
        Some(_) => {
            plan.said = true;
            packages.iter().for_each(|name| plan.module(name));
        }
    }
    for name in of("options", "py_modules") {
        plan.said = true;
        plan.module(&name);
    }
    for folder in of("options", "package_dir") {
        plan.root(folder.rsplit('=').next().unwrap_or(&folder).trim());
    }
}

fn of_script(package: &Package, file: FileId, plan: &mut Plan) {
    let Some(program) = package.program(file) else {
        plan.unclear = true;
        return;
    };
    // What it imports of the project may do what it likes.
    let helped = program
        .imports
        .iter()
        .any(|(specifier, _)| package.resolves(file, program.name(*specifier)).is_some());
    let mut setups = Vec::new();
    let mut moves = false;
    for (call, _) in &program.calls {
        let Expr::Call { callee, args, .. } = program.expr(*call) else {
            continue;
        };
        let name = last_name(&program, callee);
        moves |= name.is_some_and(puts_files);
        if name == Some("setup") {
            // Of several nobody knows which one it is.
            if setups.is_empty() {
                of_setup(&program, args, plan);
            }
            setups.push(callee);
        }
    }
    let is_plain = match setups[..] {
        [callee] => is_called_plainly(&program, callee),
        _ => false,
    };
    plan.unclear |= helped || moves || !is_plain;
}

/// Whether the one call of `setup` is one of the library's, and nothing else gets at it or at
/// what it packs.
fn is_called_plainly(program: &Program, callee: ExprId) -> bool {
    let named = match program.expr(callee) {
        Expr::Member(object, _) => object,
        _ => callee,
    };
    let is_imported = |value: &ExprId| match program.expr(*value) {
        Expr::Module(_) => true,
        // `from setuptools import setup`: a member, or a module of that name.
        Expr::Logic(Logic::Or, left, _) => is_of_module(program, left),
        _ => false,
    };
    let Expr::Name(atom, scope) = program.expr(named) else {
        return false;
    };
    let symbol = program.resolve(atom, scope).map(|id| program.symbol(id));
    if !symbol.is_some_and(|symbol| symbol.values.iter().all(is_imported)) {
        return false;
    }
    let every = (0..program.exprs.len()).map(|at| ExprId(at as u32));
    let mut members = every.filter(|expr| *expr != callee).filter_map(|expr| {
        let Expr::Member(_, name) = program.expr(expr) else {
            return None;
        };
        Some((expr, program.name(name)))
    });
    members.all(|(expr, name)| match name {
        "packages" | "py_modules" | "package_dir" => false,
        "setup" => is_of_module(program, expr),
        _ => true,
    })
}

/// `module.name` as an import writes it.
fn is_of_module(program: &Program, expr: ExprId) -> bool {
    matches!(program.expr(expr), Expr::Member(object, _)
        if matches!(program.expr(object), Expr::Module(_)))
}

/// Calls by which files get to where they are packed, or code runs that is not read here.
fn puts_files(name: &str) -> bool {
    matches!(
        name,
        "copy"
            | "copy2"
            | "copyfile"
            | "copyfileobj"
            | "copytree"
            | "move"
            | "rename"
            | "renames"
            | "replace"
            | "link"
            | "symlink"
            | "symlink_to"
            | "hardlink_to"
            | "write"
            | "writelines"
            | "write_text"
            | "write_bytes"
            | "extract"
            | "extractall"
            | "unpack_archive"
            | "system"
            | "popen"
            | "Popen"
            | "run"
            | "call"
            | "check_call"
            | "check_output"
            | "exec"
            | "eval"
            | "getattr"
            | "setattr"
            | "__import__"
            | "import_module"
    )
}

fn of_setup(program: &Program, args: List, plan: &mut Plan) {
    for arg in program.list(args) {
        let Expr::Keywords(entries) = program.expr(*arg) else {
            plan.unclear = true;
            continue;
        };
        for pair in program.list(entries).chunks_exact(2) {
            let Some(key) = program.text(pair[0]) else {
                // `**settings`.
                plan.unclear = true;
                continue;
            };
            match key {
                "packages" | "py_modules" => {
                    plan.said = true;
                    modules(program, pair[1], 0, plan);
                }
                "package_dir" => folders(program, pair[1], plan),
                "pbr" | "distclass" => plan.unclear = true,
                _ => {}
            }
        }
    }
}

/// A list of modules as it stands in `setup.py`.
fn modules(program: &Program, value: ExprId, level: u8, plan: &mut Plan) {
    if level > LEVELS {
        plan.unclear = true;
        return;
    }
    match program.expr(value) {
        Expr::Array(items) => {
            for item in program.list(items) {
                match program.text(*item) {
                    Some(name) => plan.module(name),
                    None => plan.unclear = true,
                }
            }
        }
        Expr::Binary(Binary::Add, left, right) => {
            modules(program, left, level + 1, plan);
            modules(program, right, level + 1, plan);
        }
        Expr::Call { callee, args, .. } => match last_name(program, callee) {
            Some(name @ ("find_packages" | "find_namespace_packages")) => {
                search(program, args, name != "find_packages", plan);
            }
            _ => plan.unclear = true,
        },
        Expr::Name(..) => match only_value(program, value) {
            Some(value) => modules(program, value, level + 1, plan),
            None => plan.unclear = true,
        },
        _ => plan.unclear = true,
    }
}

/// `find_packages(where, exclude, include)`. A pattern that is not read leaves nothing out.
fn search(program: &Program, args: List, namespaces: bool, plan: &mut Plan) {
    let mut search = Search {
        folders: vec![String::new()],
        namespaces,
        of: Of::Folders,
        ..Search::default()
    };
    let mut given: Vec<(&str, ExprId)> = Vec::new();
    for (arg, name) in program
        .list(args)
        .iter()
        .zip(["where", "exclude", "include"])
    {
        match program.expr(*arg) {
            Expr::Keywords(entries) => {
                for pair in program.list(entries).chunks_exact(2) {
                    match program.text(pair[0]) {
                        Some(key) => given.push((key, pair[1])),
                        None => plan.unclear = true,
                    }
                }
            }
            _ => given.push((name, *arg)),
        }
    }
    for (key, value) in given {
        let found = texts(program, value, 0);
        match (key, found) {
            ("where", Some(found)) => search.folders = folders_of(&found),
            ("where", None) => plan.unclear = true,
            ("exclude", Some(found)) => search.exclude = found,
            ("include", Some(found)) => search.include = found,
            _ => {}
        }
    }
    plan.searches.push(search);
}

/// `package_dir = {"": "src"}`.
fn folders(program: &Program, value: ExprId, plan: &mut Plan) {
    let value = only_value(program, value).unwrap_or(value);
    let Expr::Object(entries) = program.expr(value) else {
        plan.unclear = true;
        return;
    };
    for pair in program.list(entries).chunks_exact(2) {
        match program.text(pair[1]) {
            Some(folder) => plan.root(folder),
            None => plan.unclear = true,
        }
    }
}

/// A text or a list of texts; none where it is anything else.
fn texts(program: &Program, value: ExprId, level: u8) -> Option<Vec<String>> {
    if let Some(text) = program.text(value) {
        return Some(vec![text.to_owned()]);
    }
    match program.expr(value) {
        Expr::Array(items) => program
            .list(items)
            .iter()
            .map(|item| program.text(*item).map(str::to_owned))
            .collect(),
        Expr::Name(..) if level < LEVELS => texts(program, only_value(program, value)?, level + 1),
        _ => None,
    }
}

/// What a variable holds that is assigned once and named once more: nobody can change it.
fn only_value(program: &Program, name: ExprId) -> Option<ExprId> {
    let Expr::Name(atom, scope) = program.expr(name) else {
        return None;
    };
    let symbol = program.resolve(atom, scope)?;
    let places = program.exprs.iter().filter(|expr| {
        matches!(expr, Expr::Name(other, scope)
            if *other == atom && program.resolve(*other, *scope) == Some(symbol))
    });
    match program.symbol(symbol).values.as_slice() {
        [only] if places.count() == 2 => Some(*only),
        _ => None,
    }
}

/// The name that is called: `setup(…)`, `setuptools.setup(…)`.
fn last_name(program: &Program, callee: ExprId) -> Option<&str> {
    match program.expr(callee) {
        Expr::Name(name, _) | Expr::Member(_, name) => Some(program.name(name)),
        _ => None,
    }
}
