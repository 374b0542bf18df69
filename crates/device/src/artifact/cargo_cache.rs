use super::listing::Listing;
use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use std::path::PathBuf;

/// The archives that cargo keeps: `registry/cache/<index>/<name>-<version>.crate` in its home.
#[derive(Debug)]
pub struct CargoRegistryCache {
    folder: PathBuf,
    indexes: Listing,
}

/// How it is called.
const NAME: &str = "cargo's cache";

impl CargoRegistryCache {
    /// By cargo's home.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self {
            folder: home.into().join("registry/cache"),
            indexes: Listing::default(),
        }
    }
}

impl Source for CargoRegistryCache {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        let release = wanted.release;
        let file = format!("{}-{}.crate", release.package, release.version);
        let mut there = Vec::new();
        for index in self.indexes.of(&self.folder, NAME)? {
            let path = self.folder.join(index).join(&file);
            if is_file(&path, NAME)? {
                there.push(path);
            }
        }
        // Several registries may have the same release; the lockfile means one of them.
        let right = match there.as_slice() {
            [] | [_] => 0,
            several => several
                .iter()
                .position(|path| wanted.is_promised(path))
                .unwrap_or_default(),
        };
        let path = there.into_iter().nth(right);
        Ok(path.map(|path| Candidate {
            path,
            from: NAME.into(),
            form: Form::Artifact,
        }))
    }
}
