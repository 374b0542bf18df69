use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use std::path::PathBuf;

/// A folder of artifacts by digest, `<algorithm>/<first two of hex>/<rest>`: the gate's store, and
/// what was fetched for a check.
#[derive(Debug, Clone)]
pub struct ByDigest {
    folder: PathBuf,
    name: String,
}

impl ByDigest {
    /// What the gate delivered.
    pub fn gate(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            name: "the gate's store".into(),
        }
    }

    /// What was fetched for this check.
    pub fn fetched(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            name: "what was fetched".into(),
        }
    }
}

impl Source for ByDigest {
    fn name(&self) -> &str {
        &self.name
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        // The gate keeps an artifact by the digest that its document promised, which need not
        // be the strongest that a lockfile has.
        let mut digests: Vec<_> = wanted.digests.iter().collect();
        digests.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm()));
        for digest in digests {
            let hex = digest.to_hex();
            let (first, rest) = hex.split_at(2);
            let path = self
                .folder
                .join(digest.algorithm().name())
                .join(first)
                .join(rest);
            if is_file(&path, &self.name)? {
                return Ok(Some(Candidate {
                    path,
                    from: self.name.clone(),
                    form: Form::Artifact,
                }));
            }
        }
        Ok(None)
    }
}
