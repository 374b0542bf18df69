//! What the build configuration of a commit says it makes.
//!
//! Only configuration that lies in the commit explains anything, and only by what it says: which
//! folder is compiled into which, or the name of an output. Nothing is run.

use super::budget::Budget;
use super::class::Explanation;
use super::tree::{Blobs, SourceTree};
use super::{jsonc, path};
use serde_json::Value;

/// Bounds on configurations.
pub mod limit {
    /// Bytes of one configuration that is searched.
    pub const CONFIG: usize = 256 << 10;
    /// Configurations that are looked at.
    pub const CONFIGS: usize = 200;
    /// Bytes of configurations that are searched, for all files together: about a second. One
    /// look into the tree counts as [`LOOK`].
    pub const SEARCHED: u64 = 2_000_000_000;
    /// See [`SEARCHED`].
    pub const LOOK: u64 = 1_000;
}

/// Folders that are made from folders, and configurations that name what they make.
#[derive(Debug)]
pub struct Outputs {
    mappings: Vec<Mapping>,
    texts: Vec<(String, String)>,
    budget: Budget,
}

#[derive(Debug, PartialEq, Eq)]
struct Mapping {
    config: String,
    /// Where outputs go, in the tree.
    out: String,
    /// Where sources are, in the tree; the first that has the file counts.
    roots: Vec<String>,
}

impl Outputs {
    /// Reads the configurations below the package's folder and in the folders above it.
    pub fn read(base: &str, tree: &SourceTree, blobs: &Blobs) -> Self {
        let mut outputs = Self {
            mappings: Vec::new(),
            texts: Vec::new(),
            budget: Budget::of(limit::SEARCHED),
        };
        let near = |at: &str| {
            let folder = path::folder(at);
            path::below(base, at).is_some()
                || folder.is_empty()
                || path::below(folder, base).is_some()
        };
        let configs = tree
            .iter()
            .filter(|(at, _)| is_config(path::name(at)) && near(at))
            .filter_map(|(at, _)| Some((at, blobs.get(&tree.file(at)?)?)))
            .filter(|(_, bytes)| bytes.len() <= limit::CONFIG);
        for (at, bytes) in configs.take(limit::CONFIGS) {
            outputs.add(at, bytes);
        }
        outputs
    }

    /// Whether some files were not looked for in all configurations.
    pub fn is_cut(&self) -> bool {
        self.budget.is_spent()
    }

    fn add(&mut self, at: &str, bytes: &[u8]) {
        let name = path::name(at);
        if name.starts_with("tsconfig") {
            let read = jsonc::read(bytes);
            self.mappings
                .extend(read.and_then(|value| tsconfig(at, &value)));
        } else if name == "package.json" {
            if let Some(value) = jsonc::read(bytes) {
                self.mappings.extend(tshy(at, &value));
                self.texts
                    .extend(scripts(&value).map(|text| (at.to_owned(), text)));
            }
        } else if let Ok(text) = std::str::from_utf8(bytes) {
            self.texts.push((at.to_owned(), text.to_owned()));
        }
    }

    /// What explains a file at this path of the tree, if a configuration does.
    pub fn explain(&self, at: &str, compiled: bool, tree: &SourceTree) -> Option<Explanation> {
        let mapped = self.mappings.iter().find_map(|mapping| {
            path::below(&mapping.out, at)?;
            if !self.budget.spend(8 * limit::LOOK) {
                return None;
            }
            Some(Explanation::OutputOf {
                config: mapping.config.clone(),
                source: mapping.source_of(at, tree)?,
            })
        });
        mapped.or_else(|| {
            let named = self.texts.iter().find(|(config, text)| {
                let relative = path::below(path::folder(config), at).unwrap_or(at);
                self.budget.spend(text.len() as u64) && text_names(text, relative, compiled)
            });
            named.map(|(config, _)| Explanation::NamedBy {
                config: config.clone(),
            })
        })
    }
}

/// Whether a file of a tree is a build configuration that is looked at.
pub fn is_config(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "package.json",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "binding.gyp",
        "Cargo.toml",
        "CMakeLists.txt",
        "meson.build",
        "gulpfile.js",
        "Gruntfile.js",
        "build.js",
        "build.mjs",
        "build.ts",
        "esbuild.js",
        "esbuild.mjs",
    ];
    const TOOLS: &[&str] = &[
        "rollup.",
        "vite.",
        "esbuild.",
        "webpack.",
        "tsup.",
        "tsdown.",
        "rolldown.",
        "build.",
        "unbuild.",
        "rspack.",
        "rslib.",
        "microbundle.",
    ];
    NAMES.contains(&name)
        || (name.starts_with("tsconfig") && name.ends_with(".json"))
        || (name.contains(".config.") && TOOLS.iter().any(|tool| name.starts_with(tool)))
}

/// `outDir`, `declarationDir`, `rootDir`. Without `rootDir` the compiler takes what the inputs have
/// in common, which is `src` or the folder itself in practice.
fn tsconfig(at: &str, value: &Value) -> Option<Mapping> {
    let options = value.get("compilerOptions")?;
    let folder = path::folder(at);
    let text = |key: &str| path::resolve(folder, options.get(key)?.as_str()?);
    let out = text("outDir").or_else(|| text("declarationDir"))?;
    // An output folder that is the package itself would explain everything in it.
    if out.is_empty() || out == folder {
        return None;
    }
    let roots = match text("rootDir") {
        Some(root) => vec![root],
        None => vec![path::join(folder, "src"), folder.to_owned()],
    };
    Some(Mapping {
        config: at.to_owned(),
        out,
        roots,
    })
}

/// `tshy` compiles `src` into `dist/esm` and `dist/commonjs`, by a field of `package.json`.
fn tshy(at: &str, value: &Value) -> Vec<Mapping> {
    if value.get("tshy").is_none() {
        return Vec::new();
    }
    let folder = path::folder(at);
    ["dist/esm", "dist/commonjs"]
        .map(|out| Mapping {
            config: at.to_owned(),
            out: path::join(folder, out),
            roots: vec![path::join(folder, "src")],
        })
        .into()
}

fn scripts(value: &Value) -> impl Iterator<Item = String> {
    let scripts = value.get("scripts").and_then(Value::as_object);
    scripts
        .into_iter()
        .flatten()
        .filter_map(|(_, command)| command.as_str().map(str::to_owned))
}

impl Mapping {
    fn source_of(&self, at: &str, tree: &SourceTree) -> Option<String> {
        let inside = path::below(&self.out, at)?;
        // What is compiled is not explained by itself, and nothing below the output folder is a
        // source of it.
        let inside = inside.strip_suffix(".map").unwrap_or(inside);
        let (stem, endings) = sources_of(inside)?;
        self.roots
            .iter()
            .flat_map(|root| {
                endings
                    .iter()
                    .map(move |ending| path::join(root, &format!("{stem}{ending}")))
            })
            .find(|source| path::below(&self.out, source).is_none() && tree.file(source).is_some())
    }
}

/// What a file may be compiled from: its path without ending, and the endings of sources.
fn sources_of(path: &str) -> Option<(&str, &'static [&'static str])> {
    const RULES: &[(&str, &[&str])] = &[
        (".d.ts", &[".ts", ".tsx", ".js", ".jsx"]),
        (".d.mts", &[".mts", ".mjs"]),
        (".d.cts", &[".cts", ".cjs"]),
        (".js", &[".ts", ".tsx", ".js", ".jsx"]),
        (".jsx", &[".tsx", ".jsx"]),
        (".mjs", &[".mts", ".mjs"]),
        (".cjs", &[".cts", ".cjs"]),
        (".json", &[".json"]),
    ];
    RULES
        .iter()
        .find_map(|(ending, sources)| Some((path.strip_suffix(ending)?, *sources)))
}

/// Whether a configuration names an output: its whole path, or, of compiled code, the stem as a
/// word, since endings differ between systems.
fn text_names(text: &str, relative: &str, compiled: bool) -> bool {
    if contains_path(text, relative) {
        return true;
    }
    let stem = path::name(relative).split('.').next().unwrap_or_default();
    let stem = stem.strip_prefix("lib").unwrap_or(stem);
    compiled && stem.len() >= 3 && contains_word(text, stem)
}

/// Whether a path stands in `text` as a whole, not as the end of a longer one; `./` may be before it.
fn contains_path(text: &str, path: &str) -> bool {
    let part_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    !path.is_empty()
        && text.match_indices(path).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let before = before.strip_suffix("./").unwrap_or(before);
            let after = text.get(at + path.len()..).unwrap_or_default();
            !before.ends_with(part_of_path)
                && !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'))
        })
}

/// Whether `word` stands in `text` with no letter of a name directly around it.
pub(super) fn contains_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::tree;
    use super::*;

    fn explain(files: &[(&str, &str)], at: &str) -> Option<Explanation> {
        let (tree, blobs) = tree(files);
        Outputs::read("", &tree, &blobs).explain(
            at,
            super::super::runs::is_compiled(at, b""),
            &tree,
        )
    }

    const TS: &[(&str, &str)] = &[
        (
            "tsconfig.json",
            r#"{"compilerOptions": {"outDir": "./dist", "rootDir": "src",},}"#,
        ),
        ("src/a.ts", ""),
        ("src/deep/b.tsx", ""),
    ];

    #[test]
    fn a_folder_that_is_compiled_into_another_explains_file_by_file() {
        for at in [
            "dist/a.js",
            "dist/a.d.ts",
            "dist/a.js.map",
            "dist/deep/b.js",
        ] {
            assert!(
                matches!(explain(TS, at), Some(Explanation::OutputOf { .. })),
                "{at}"
            );
        }
        assert_eq!(explain(TS, "dist/router_init.js"), None);
        assert_eq!(explain(TS, "a.js"), None);
    }

    #[test]
    fn an_output_folder_that_is_the_package_explains_nothing() {
        let files = [
            ("tsconfig.json", r#"{"compilerOptions": {"outDir": "."}}"#),
            ("src/a.ts", ""),
        ];
        assert_eq!(explain(&files, "a.js"), None);
    }

    #[test]
    fn tshy_is_known_by_its_field() {
        let files = [("package.json", r#"{"tshy": {}}"#), ("src/index.ts", "")];
        assert!(explain(&files, "dist/commonjs/index.js").is_some());
        assert!(explain(&files, "dist/commonjs/other.js").is_none());
    }

    #[test]
    fn a_bundle_is_explained_only_where_a_configuration_names_it() {
        let files = [
            (
                "rollup.config.mjs",
                "export default { output: { file: 'dist/axios.js' } }",
            ),
            (
                "package.json",
                r#"{"scripts": {"build": "esbuild a.ts --outfile=dist/cli.js"}}"#,
            ),
            (
                "pyproject.toml",
                "[tool.setuptools_scm]\nwrite_to = \"pkg/_version.py\"\n[lib]\nmodule-name = \"pkg._native\"",
            ),
        ];
        for at in [
            "dist/axios.js",
            "dist/cli.js",
            "pkg/_version.py",
            "pkg/_native.cpython-312-darwin.so",
        ] {
            assert!(
                matches!(explain(&files, at), Some(Explanation::NamedBy { .. })),
                "{at}"
            );
        }
        for at in ["dist/other.js", "bundle.js", "axios.js", "pkg/_natives.so"] {
            assert_eq!(explain(&files, at), None, "{at}");
        }
    }
}
