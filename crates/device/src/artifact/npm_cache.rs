use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use std::path::PathBuf;

/// npm's cache: the folder that holds `_cacache`. Content lies at
/// `content-v2/<algorithm>/aa/bb/<rest>`, by the hexadecimal form of the integrity.
#[derive(Debug, Clone)]
pub struct NpmCache {
    folder: PathBuf,
}

/// How it is called.
const NAME: &str = "npm's cache";

impl NpmCache {
    /// As `npm config get cache` names it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into().join("_cacache"),
        }
    }
}

impl Source for NpmCache {
    fn name(&self) -> &str {
        NAME
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        let mut digests: Vec<_> = wanted.digests.iter().collect();
        digests.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm()));
        for digest in digests {
            let hex = digest.to_hex();
            let (first, rest) = hex.split_at(2);
            let (second, rest) = rest.split_at(2);
            let path = self
                .folder
                .join("content-v2")
                .join(digest.algorithm().name())
                .join(first)
                .join(second)
                .join(rest);
            if is_file(&path, NAME)? {
                return Ok(Some(Candidate {
                    path,
                    from: NAME.into(),
                    form: Form::Artifact,
                }));
            }
        }
        Ok(None)
    }
}
