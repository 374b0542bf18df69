//! Where package managers keep what they fetched, as their own defaults and configuration say.
//! What lies there is evidence only after it was hashed against the lockfile.

use crate::client::{bunfig, npmrc, yarnrc};
use crate::paths;
use customs_device::tree;
use customs_device::tree::Options;
use customs_model::Digest;
use std::path::{Path, PathBuf};

/// The folders, for one project. Whether they are there nobody has asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Caches {
    /// What the gate delivered, by digest.
    pub gate: Option<PathBuf>,
    /// The gate's lists of what is in what it delivered.
    pub lists: Option<PathBuf>,
    /// What was fetched for a check, laid out in the same way.
    pub fetched: Option<PathBuf>,
    /// npm's.
    pub npm: Option<PathBuf>,
    /// Yarn 1's.
    pub yarn_classic: Option<PathBuf>,
    /// Yarn 4's, beside the project's own.
    pub yarn_berry: Vec<PathBuf>,
    /// bun's; it holds what bun unpacked.
    pub bun: Option<PathBuf>,
    /// pip's.
    pub pip: Option<PathBuf>,
    /// Poetry's; it holds `artifacts`.
    pub poetry: Option<PathBuf>,
    /// uv's.
    pub uv: Option<PathBuf>,
    /// cargo's home.
    pub cargo: Option<PathBuf>,
    /// Where to remember what was found: outside of every tree.
    pub seen: Option<PathBuf>,
    /// What registries promise of what the lockfile has no digest of.
    pub promised: super::unbound::Promises,
}

impl Caches {
    /// Those of a project.
    pub fn of(project: &Path) -> Self {
        let home = paths::user_home();
        let below = |path: &str| home.as_ref().map(|home| home.join(path));
        // Without a folder of its own customs has delivered and fetched nothing.
        let own = paths::cache().ok();
        Self {
            gate: own.as_ref().map(|own| own.join("artifacts")),
            // Nor written anything down.
            lists: paths::data().ok().map(|data| data.join(paths::LISTS)),
            fetched: own.as_ref().map(|own| own.join("verify/artifacts")),
            npm: variable("npm_config_cache")
                .or_else(|| npmrc::cache(project))
                .or_else(|| match cfg!(windows) {
                    true => variable("LOCALAPPDATA").map(|local| local.join("npm-cache")),
                    false => below(".npm"),
                }),
            yarn_classic: variable("YARN_CACHE_FOLDER")
                .or_else(|| cache("yarn", "Yarn"))
                .map(|folder| folder.join("v6")),
            yarn_berry: {
                let data = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
                let data = data.map(|data| data.join("yarn/berry"));
                yarn_berry(project, data.or_else(|| below(".yarn/berry")))
            },
            bun: bun(project),
            pip: variable("PIP_CACHE_DIR").or_else(|| cache("pip", "pip")),
            poetry: variable("POETRY_CACHE_DIR").or_else(|| cache("pypoetry", "pypoetry")),
            uv: variable("UV_CACHE_DIR").or_else(|| cache("uv", "")),
            cargo: cargo_home(),
            seen: own.map(|own| own.join("verify/seen")),
            promised: super::unbound::Promises::new(),
        }
    }

    /// What a check of a tree is told. What is found in it is remembered by the tree's own path.
    pub fn options(&self, tree: &Path, deep: bool) -> Options {
        Options {
            gate_store: self.gate.clone(),
            gate_lists: self.lists.clone(),
            fetched: self.fetched.clone(),
            caches: tree::Caches {
                npm: self.npm.clone(),
                yarn_classic: self.yarn_classic.clone(),
                yarn_berry: self.yarn_berry.clone(),
                pnpm_store: None,
                pip: self.pip.clone(),
                poetry: self.poetry.clone(),
                uv: self.uv.clone(),
                cargo_home: self.cargo.clone(),
            },
            promised: self.promised.clone(),
            seen: self.remembered(tree),
            deep,
            ..Options::default()
        }
    }

    fn remembered(&self, tree: &Path) -> Option<PathBuf> {
        self.memory(tree, "")
    }

    /// Where to remember what the artifacts of a lockfile say of themselves.
    pub fn manifests(&self, lockfile: &Path) -> Option<PathBuf> {
        self.memory(lockfile, ".manifests")
    }

    fn memory(&self, of: &Path, what: &str) -> Option<PathBuf> {
        let folder = self.seen.as_ref()?;
        // Where it cannot be made nothing is remembered, and all is looked at again.
        paths::private_folder(folder).ok()?;
        let path = super::root::real(of);
        let name = Digest::sha256(path.as_os_str().as_encoded_bytes()).to_hex();
        Some(folder.join(format!("{name}{what}.jsonl")))
    }
}

/// Cargo's home, out of which crates are compiled.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    variable("CARGO_HOME").or_else(|| Some(paths::user_home()?.join(".cargo")))
}

/// Where Poetry keeps the environments of projects that have none beside them.
pub(super) fn poetrys_environments() -> Option<PathBuf> {
    let kept = || {
        let cache = variable("POETRY_CACHE_DIR").or_else(|| cache("pypoetry", "pypoetry"))?;
        Some(cache.join("virtualenvs"))
    };
    variable("POETRY_VIRTUALENVS_PATH").or_else(kept)
}

/// A folder that a variable of the environment names.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Below the user's folder of caches. An empty `mac` is a tool that uses `~/.cache` there too.
fn cache(unix: &str, mac: &str) -> Option<PathBuf> {
    if cfg!(windows) {
        return variable("LOCALAPPDATA").map(|local| local.join(unix).join("cache"));
    }
    if cfg!(target_os = "macos") && !mac.is_empty() {
        return paths::user_home().map(|home| home.join("Library/Caches").join(mac));
    }
    variable("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| paths::user_home().map(|home| home.join(".cache")))
        .map(|base| base.join(unix))
}

/// As bun looks for it.
fn bun(project: &Path) -> Option<PathBuf> {
    let below = |folder: PathBuf| folder.join(".bun/install/cache");
    variable("BUN_INSTALL_CACHE_DIR")
        .or_else(|| bunfig::cache(project))
        .or_else(|| Some(variable("BUN_INSTALL")?.join("install/cache")))
        .or_else(|| variable("XDG_CACHE_HOME").map(below))
        .or_else(|| paths::user_home().map(below))
}

fn yarn_berry(project: &Path, default: Option<PathBuf>) -> Vec<PathBuf> {
    let global = variable("YARN_GLOBAL_FOLDER")
        .or_else(|| Some(PathBuf::from(yarnrc::setting(project, "globalFolder")?.1)))
        .or(default);
    let named = variable("YARN_CACHE_FOLDER").or_else(|| {
        let (folder, value) = yarnrc::setting(project, "cacheFolder")?;
        Some(folder.join(value))
    });
    let global = global.map(|folder| folder.join("cache"));
    named.into_iter().chain(global).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetry_s_cache_is_the_folder_that_its_artifacts_lie_in() {
        let told = variable("POETRY_CACHE_DIR").or_else(|| cache("pypoetry", "pypoetry"));
        assert_eq!(Caches::of(Path::new(".")).poetry, told);
    }
}
