use super::{Lock, Manager, Options, own_store, sources};
use crate::caches::{self, CacheReport, StoreFile};
use std::path::Path;

/// Every copy, in caches and stores, of what a lockfile names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// Copies of artifacts.
    pub artifacts: CacheReport,
    /// Files of pnpm's store that are not what their names say. All of the store is looked at: its
    /// files do not say whose they are.
    pub store: Vec<StoreFile>,
    /// Why that store was not hashed, where it is there. Safe to print.
    pub store_unread: Option<String>,
}

/// Hashes every copy of what a lockfile names, in every cache and store that [`Options`] name.
/// The check of a tree reads only the first that is right. A store of pnpm's with more than `most` bytes
/// is not hashed, and that is said.
pub fn copies(project: &Path, lock: &Lock, options: &Options, most: u64) -> Copies {
    let sources = sources(project, &lock.places, lock.manager, options);
    let mut copies = Copies {
        artifacts: caches::locked(&lock.places, &sources, options.threads),
        store: Vec::new(),
        store_unread: None,
    };
    match lock.manager {
        Manager::Pnpm => {
            let store = options
                .caches
                .pnpm_store
                .clone()
                .or_else(|| own_store(project));
            match store.map(|store| caches::pnpm_files(&store, options.threads, most)) {
                Some(Ok(wrong)) => copies.store = wrong,
                Some(Err(why)) => {
                    copies.store_unread = Some(format!("pnpm's store was not hashed: {why}"));
                }
                None => copies
                    .artifacts
                    .not_checked
                    .push("nothing says where pnpm's store lies".into()),
            }
        }
        // What bun and Yarn 1 keep unpacked is no copy of an artifact: `check_bun_cache`,
        // `check_yarn_cache`.
        Manager::Npm | Manager::YarnClassic | Manager::YarnBerry | Manager::Bun => {}
    }
    copies
}
