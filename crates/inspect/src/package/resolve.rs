//! What the specifiers of one file mean: the file of the package that Node, Python or Rust gets.

use super::{Package, folder, join};
use crate::ir::Language;
use crate::pure::FileId;
use rustc_hash::FxHasher;
use std::hash::Hasher as _;

/// Bytes of a path that systems open; nobody unpacks a longer one.
const LONGEST: usize = 4096;
/// Folders, from a file upwards, in which bundled dependencies are looked for.
const LEVELS: usize = 64;

impl Package {
    /// A file that a path means in JavaScript: with the endings that Node tries.
    pub fn node_file(&self, path: &str) -> Option<FileId> {
        if path.len() > LONGEST {
            return None;
        }
        let path = crate::unpack::plain(path);
        const ENDINGS: [&str; 16] = [
            "",
            ".js",
            ".json",
            ".node",
            ".cjs",
            ".mjs",
            ".ts",
            ".tsx",
            ".jsx",
            ".cts",
            ".mts",
            "/index.js",
            "/index.cjs",
            "/index.mjs",
            "/index.ts",
            "/index.tsx",
        ];
        if let Some(id) = self.with_ending(&path, &ENDINGS, false).next() {
            return Some(id);
        }
        // TypeScript writes `./a.js` and means `./a.ts`.
        for (written, meant) in [(".js", ".ts"), (".mjs", ".mts"), (".cjs", ".cts")] {
            if let Some(stem) = path.strip_suffix(written)
                && let Some(id) = self.by_path.get(&format!("{stem}{meant}"))
            {
                return Some(*id);
            }
        }
        // Electron reads what is in its archives as if it lay in a folder.
        if let Some((archive, inside)) = path.split_once(".asar/")
            && let Some(id) = self.node_file(&format!("{archive}.asar!/{inside}"))
        {
            return Some(id);
        }
        // A folder with a manifest of its own.
        let manifest = self.by_path.get(&format!("{path}/package.json"))?;
        let json: serde_json::Value =
            serde_json::from_slice(self.file(*manifest).bytes.as_deref()?).ok()?;
        let main = json.get("main")?.as_str()?;
        let main = crate::unpack::plain(&format!("{path}/{main}"));
        (main != path).then(|| self.node_file(&main)).flatten()
    }

    fn resolve_node(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let here = folder(&self.file(from).path);
        // A path that was folded begins with where the file stands.
        if let Some(inside) = specifier.strip_prefix("\u{fdd0}package/") {
            return self.node_file(&inside.replace('\u{fdd1}', ""));
        }
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || specifier == "."
            || specifier == ".."
        {
            return self.node_file(&format!("{here}/{specifier}"));
        }
        if specifier.starts_with('/') || specifier.starts_with("node:") {
            return None;
        }
        // Bundled dependencies.
        let mut at = here;
        for _ in 0..LEVELS {
            if self.bundling.contains(&hash(at))
                && let Some(id) = self.bundled(&join(at, "node_modules"), specifier)
            {
                return Some(id);
            }
            if at.is_empty() {
                break;
            }
            at = folder(at);
        }
        self.mapped(from, specifier)
    }

    /// The file of a dependency that lies in a folder of such.
    fn bundled(&self, place: &str, specifier: &str) -> Option<FileId> {
        let scoped = usize::from(specifier.starts_with('@'));
        let end = specifier.match_indices('/').nth(scoped);
        let (name, inside) = specifier.split_at(end.map_or(specifier.len(), |(at, _)| at));
        self.in_folder(&join(place, name), inside)
            .or_else(|| self.node_file(&join(place, specifier)))
    }

    /// The file that a dotted module name means.
    fn resolve_python(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let path = &self.file(from).path;
        if let Some(place) = path_of(specifier) {
            let beside = join(folder(path), &place);
            let found = [place, beside]
                .iter()
                .find_map(|path| self.by_path.get(&crate::unpack::plain(path)).copied());
            return found.filter(|id| *id != from);
        }
        let (base, name) = match specifier.find(|c| c != '.') {
            Some(0) => (None, specifier),
            at => {
                let dots = at.unwrap_or(specifier.len());
                let mut base = folder(path);
                for _ in 1..dots {
                    base = folder(base);
                }
                (Some(base), &specifier[dots..])
            }
        };
        let first = name.split(['.', '/']).next().unwrap_or(name);
        if base.is_none() && !first.is_empty() && !self.has_python_name(first) {
            return None;
        }
        let inner = name.replace('.', "/");
        let candidates: Vec<String> = match base {
            // `from . import a`: the package around.
            Some(base) if inner.is_empty() => vec![base.to_owned()],
            Some(base) => vec![join(base, &inner)],
            None => {
                let mut all = vec![inner.clone(), join("src", &inner), join("lib", &inner)];
                // A script sees its own folder.
                all.push(join(folder(path), &inner));
                all
            }
        };
        // A package may import itself by its name: `import a.b` in `a/__init__.py`.
        let may_be_itself = base.is_none() && path.ends_with("/__init__.py");
        // Without its source, what is compiled is a module as well.
        const ENDINGS: [&str; 4] = [".py", "/__init__.py", ".pyc", "/__init__.pyc"];
        candidates.iter().find_map(|candidate| {
            let mut found = self.with_ending(candidate, &ENDINGS, true);
            found.find(|id| *id != from || may_be_itself)
        })
    }

    /// The files whose paths are one with an ending; `below_top`: one that begins at the top is
    /// meant below that.
    fn with_ending(
        &self,
        stem: &str,
        endings: &[&'static str],
        below_top: bool,
    ) -> impl Iterator<Item = FileId> {
        const LONGEST_ENDING: usize = 16;
        let mut path = String::with_capacity(stem.len() + LONGEST_ENDING);
        endings.iter().filter_map(move |ending| {
            path.clear();
            path.push_str(stem);
            path.push_str(ending);
            let meant = match below_top {
                true => path.trim_start_matches('/'),
                false => path.as_str(),
            };
            self.by_path.get(meant).copied()
        })
    }

    /// Whether a file or folder may be called so: most imports are of other packages.
    fn has_python_name(&self, name: &str) -> bool {
        let names = self.python_names.get_or_init(|| {
            let is_module = |path: &str| path.ends_with(".py") || path.ends_with(".pyc");
            let files = self.files.iter().filter(|file| is_module(&file.path));
            files
                .flat_map(|file| file.path.split('/'))
                .map(|part| {
                    part.strip_suffix('c')
                        .filter(|part| part.ends_with(".py"))
                        .unwrap_or(part)
                })
                .map(|part| hash(part.strip_suffix(".py").unwrap_or(part)))
                .collect()
        });
        names.contains(&hash(name))
    }

    /// Whether code that imports a name gets a file of the package.
    pub fn resolves(&self, from: FileId, specifier: &str) -> Option<FileId> {
        // A file that is not read as code yet may be later.
        self.language(from)?;
        if let Some(known) = self
            .resolved
            .borrow()
            .get(&from)
            .and_then(|of| of.get(specifier))
        {
            return *known;
        }
        let found = self.resolve_now(from, specifier);
        self.resolved
            .borrow_mut()
            .entry(from)
            .or_default()
            .insert(specifier.into(), found);
        found
    }

    fn resolve_now(&self, from: FileId, specifier: &str) -> Option<FileId> {
        match self.language(from)? {
            Language::JavaScript => self.resolve_node(from, specifier),
            Language::Python => self.resolve_python(from, specifier),
            Language::Rust => self.resolve_rust(from, specifier),
        }
    }

    /// The file that a module stands in: one beside it that declares it, or the one that its folder is
    /// called after.
    fn rust_parent(&self, path: &str, name: &str) -> Option<FileId> {
        let (here, module) = match name {
            "mod.rs" => {
                let here = folder(path);
                (folder(here), here.rsplit('/').next().unwrap_or(here))
            }
            name => (folder(path), name.strip_suffix(".rs")?),
        };
        let declared = format!("mod {module}");
        let beside = ["build.rs", "lib.rs", "main.rs", "mod.rs"].map(|name| join(here, name));
        let around = format!("{here}.rs");
        let declares = |id: &FileId| {
            let bytes = self.file(*id).bytes.as_deref().unwrap_or_default();
            memchr::memmem::find(bytes, declared.as_bytes()).is_some()
        };
        beside
            .iter()
            .chain([&around])
            .filter_map(|path| self.by_path.get(path).copied())
            .find(declares)
    }

    fn resolve_rust(&self, from: FileId, specifier: &str) -> Option<FileId> {
        let path = &self.file(from).path;
        // A path that was folded begins with where the crate lies.
        if let Some(inside) = specifier.strip_prefix("\u{fdd0}package") {
            let inside = inside.replace('\u{fdd1}', "");
            return self.in_crate(path, inside.trim_start_matches('/'));
        }
        let beside = || {
            let path = crate::unpack::plain(&join(folder(path), specifier));
            self.by_path.get(&path).copied()
        };
        if specifier.contains(['/', '.']) {
            return beside();
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if specifier == "super" {
            return self.rust_parent(path, name);
        }
        let base = if matches!(name, "lib.rs" | "main.rs" | "mod.rs" | "build.rs") {
            folder(path).to_owned()
        } else {
            path.strip_suffix(".rs").unwrap_or(path).to_owned()
        };
        [
            join(&base, &format!("{specifier}.rs")),
            join(&base, &format!("{specifier}/mod.rs")),
        ]
        .iter()
        .find_map(|path| self.by_path.get(path).copied())
        // A file without an ending that is included.
        .or_else(beside)
    }

    /// A file of the crate that another one is of: by its path from where its manifest lies.
    fn in_crate(&self, from: &str, inside: &str) -> Option<FileId> {
        let mut at = folder(from);
        for _ in 0..LEVELS {
            if self.by_path.contains_key(&join(at, "Cargo.toml")) || at.is_empty() {
                break;
            }
            at = folder(at);
        }
        let path = crate::unpack::plain(&join(at, inside));
        self.by_path.get(&path).copied()
    }
}

/// The path that something of Python's library loads, where it is one and not the name of a
/// module.
fn path_of(specifier: &str) -> Option<String> {
    if specifier.len() > LONGEST {
        return None;
    }
    // A path that was folded begins with where the file stands.
    match specifier.strip_prefix("\u{fdd0}package/") {
        Some(inside) => Some(inside.replace('\u{fdd1}', "")),
        None if specifier.contains('\u{fdd0}') || specifier.starts_with('/') => None,
        None => {
            (specifier.contains('/') || specifier.ends_with(".py")).then(|| specifier.to_owned())
        }
    }
}

/// The hashes of the folders around a path that hold a `node_modules`.
pub(super) fn bundling(path: &str) -> impl Iterator<Item = u64> {
    const NAME: &str = "node_modules/";
    path.rmatch_indices(NAME)
        .filter(|_| path.len() <= LONGEST)
        .take(LEVELS)
        .filter_map(|(at, _)| match path.get(..at)? {
            "" => Some(hash("")),
            before => before.strip_suffix('/').map(hash),
        })
}

fn hash(path: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(path.as_bytes());
    hasher.finish()
}
