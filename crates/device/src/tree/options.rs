use customs_model::{Digest, ReleaseId};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::SystemTime;

/// Where artifacts may lie on this machine, and how to look. The same for every manager: what a
/// check has no use for it passes over.
#[derive(Debug, Clone)]
pub struct Options {
    /// The gate's store of artifacts.
    pub gate_store: Option<PathBuf>,
    /// The gate's lists of what is in artifacts that it delivered
    /// ([`FileLists`](crate::artifact::FileLists)). They show what is wrong where the bytes are not at hand;
    /// nothing is *yes* by them.
    pub gate_lists: Option<PathBuf>,
    /// A folder that artifacts were fetched to, laid out as the gate's store
    /// (`<algorithm>/<first two of hex>/<rest>`).
    pub fetched: Option<PathBuf>,
    /// The caches of the managers.
    pub caches: Caches,
    /// What others than the lockfile promise of releases that it has no digest of: their registry, or
    /// a document that it handed out. Other bytes are a difference, the same ones are no *yes*.
    pub promised: BTreeMap<ReleaseId, Vec<Digest>>,
    /// Where to remember what was found: one file for each tree, outside of it. See
    /// [`super::seen`].
    pub seen: Option<PathBuf>,
    /// Read everything again, whatever is remembered.
    pub deep: bool,
    /// How many threads; none: as many as there are cores.
    pub threads: Option<NonZeroUsize>,
    /// The time now.
    pub now: SystemTime,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gate_store: None,
            gate_lists: None,
            fetched: None,
            caches: Caches::default(),
            promised: BTreeMap::new(),
            seen: None,
            deep: false,
            threads: None,
            now: SystemTime::now(),
        }
    }
}

/// Where managers keep copies of artifacts. None of them is believed: what is taken from there is
/// hashed first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caches {
    /// npm's cache (it holds `_cacache`).
    pub npm: Option<PathBuf>,
    /// Yarn 1's cache (`yarn cache dir`).
    pub yarn_classic: Option<PathBuf>,
    /// Yarn 4's caches; the project's own `.yarn/cache` needs not be named.
    pub yarn_berry: Vec<PathBuf>,
    /// pnpm's store, with its version (`…/store/v10`), as `storeDir` of `.modules.yaml` has it.
    pub pnpm_store: Option<PathBuf>,
    /// pip's cache (`pip cache dir`; it holds `http-v2`).
    pub pip: Option<PathBuf>,
    /// Poetry's cache (`poetry config cache-dir`; it holds `artifacts`).
    pub poetry: Option<PathBuf>,
    /// uv's cache (it holds `git-v2`), for the commits that packages were built from.
    pub uv: Option<PathBuf>,
    /// cargo's home (it holds `registry/cache`), for vendored crates. A check of the registry's
    /// sources looks into the home that it is given.
    pub cargo_home: Option<PathBuf>,
}
