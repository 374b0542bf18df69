use super::listing::{Listing, starting};
use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use customs_model::DigestAlgorithm;
use std::path::PathBuf;

/// Yarn 1's cache: `npm-<name>-<version>-<sha1>-integrity/node_modules/<name>/.yarn-tarball.tgz`.
#[derive(Debug)]
pub struct YarnClassicCache {
    folder: PathBuf,
    listing: Listing,
}

/// How it is called.
const CLASSIC: &str = "Yarn 1's cache";

impl YarnClassicCache {
    /// As `yarn cache dir` names it (it ends with `v6`).
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            listing: Listing::default(),
        }
    }
}

impl Source for YarnClassicCache {
    fn name(&self) -> &str {
        CLASSIC
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        let name = wanted.release.package.as_str();
        let prefix = format!("npm-{}-{}-", classic_slug(name), wanted.release.version);
        let sha1 = wanted
            .digests
            .iter()
            .find(|digest| digest.algorithm() == DigestAlgorithm::Sha1)
            .map(customs_model::Digest::to_hex);
        for entry in starting(self.listing.of(&self.folder, CLASSIC)?, &prefix) {
            // The name of an entry holds the SHA-1; another one is another artifact.
            if sha1
                .as_ref()
                .is_some_and(|sha1| !entry.contains(sha1.as_str()))
            {
                continue;
            }
            let path = self
                .folder
                .join(entry)
                .join("node_modules")
                .join(name)
                .join(".yarn-tarball.tgz");
            if is_file(&path, CLASSIC)? {
                return Ok(Some(Candidate {
                    path,
                    from: CLASSIC.into(),
                    form: Form::Artifact,
                }));
            }
        }
        Ok(None)
    }
}

/// What Yarn 1 makes of a name: everything but small letters, digits and `@` becomes `-`.
fn classic_slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '@' {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// Yarn 4's cache: `<name>-npm-<version>-<ten of hex>-<key>.zip`, in the project or for all.
#[derive(Debug)]
pub struct YarnBerryCache {
    folder: PathBuf,
    key: Option<String>,
    listing: Listing,
}

/// How it is called.
const BERRY: &str = "Yarn's cache";

impl YarnBerryCache {
    /// A folder of zips, and the `cacheKey` of the lockfile.
    pub fn new(folder: impl Into<PathBuf>, key: Option<String>) -> Self {
        Self {
            folder: folder.into(),
            key,
            listing: Listing::default(),
        }
    }

    /// Whether a zip's name ends as Yarn ends those of this lockfile: with the cache's key, or
    /// with the first ten digits of the checksum.
    fn is_of_this_lock(&self, name: &str, checksum: &str) -> bool {
        let Some(stem) = name.strip_suffix(".zip") else {
            return false;
        };
        let Some((_, end)) = stem.rsplit_once('-') else {
            return false;
        };
        self.key.as_deref() == Some(end) || checksum.starts_with(end)
    }
}

impl Source for YarnBerryCache {
    fn name(&self) -> &str {
        BERRY
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        let Some(archive) = wanted.archive else {
            return Ok(None);
        };
        let checksum = archive.to_hex();
        let slug = wanted.release.package.as_str().replace('/', "-");
        let reference = wanted.resolved.unwrap_or_default();
        let prefix = match reference.split_once(':') {
            Some(("npm", _)) => format!("{slug}-npm-{}-", wanted.release.version),
            Some((protocol, _)) => format!("{slug}-{protocol}-"),
            None => format!("{slug}-"),
        };
        let names = self.listing.of(&self.folder, BERRY)?;
        let mut fitting: Vec<&String> = starting(names, &prefix)
            .filter(|name| self.is_of_this_lock(name, &checksum))
            .collect();
        // Several patches of one package have names that do not tell them apart.
        if fitting.len() > 1 {
            let right = fitting.iter().position(|name| {
                super::digest_of(&self.folder.join(name), archive.algorithm())
                    .is_ok_and(|digest| digest == *archive)
            });
            fitting = right
                .and_then(|at| fitting.get(at).copied())
                .into_iter()
                .collect();
        }
        match fitting.first() {
            Some(name) => {
                let path = self.folder.join(name);
                let there = is_file(&path, BERRY)?;
                Ok(there.then(|| Candidate {
                    path,
                    from: BERRY.into(),
                    form: Form::YarnZip,
                }))
            }
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_yarn_1_calls_its_folders() {
        assert_eq!(classic_slug("@babel/core"), "@babel-core");
        assert_eq!(classic_slug("lodash.merge"), "lodash-merge");
        assert_eq!(classic_slug("JSONStream"), "tream");
    }

    #[test]
    fn a_zip_of_another_cache_key_is_not_of_this_lock() {
        let cache = YarnBerryCache::new("x", Some("10c0".into()));
        let checksum = "763ad51788fb8f39";
        assert!(cache.is_of_this_lock("a-npm-1.0.0-0123456789-10c0.zip", checksum));
        assert!(cache.is_of_this_lock("a-npm-1.0.0-0123456789-763ad51788.zip", checksum));
        assert!(!cache.is_of_this_lock("a-npm-1.0.0-0123456789-8.zip", checksum));
        assert!(!cache.is_of_this_lock("a-npm-1.0.0-0123456789-10c0.tgz", checksum));
    }
}
