use super::listing::{Listing, starting};
use super::{Candidate, Form, Source, SourceError, Wanted, is_file};
use customs_model::{DigestAlgorithm, Hasher};
use std::path::{Path, PathBuf};

/// Yarn 1's cache: `npm-<name>-<version>-<sha1>-integrity/node_modules/<name>/.yarn-tarball.tgz`.
#[derive(Debug)]
pub struct YarnClassicCache {
    folder: PathBuf,
    listing: Listing,
}

/// How it is called.
const CLASSIC: &str = "Yarn 1's cache";

/// The artifact, in the folder of what was unpacked of it.
const TARBALL: &str = ".yarn-tarball.tgz";

impl YarnClassicCache {
    /// As `yarn cache dir` names it (it ends with `v6`).
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            listing: Listing::default(),
        }
    }

    /// The folders in which a release lies unpacked, below the cache, with `/`: what Yarn copies into
    /// trees. Those of another registry's artifact are left out, where that can be told.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn unpacked(&self, wanted: &Wanted<'_>) -> Result<Vec<String>, SourceError> {
        let mut all = self.entries(wanted)?;
        all.retain(|(_, place)| self.folder.join(place).is_dir());
        let tarball = |place: &String| self.folder.join(place).join(TARBALL);
        if all.len() > 1 && all.iter().any(|(_, at)| wanted.is_promised(&tarball(at))) {
            all.retain(|(named, place)| !is_another(named, &tarball(place), wanted));
        }
        Ok(all.into_iter().map(|(_, place)| place).collect())
    }

    /// The folders that a release may lie in, each with the SHA-1 in its name (empty where there is
    /// none).
    fn entries(&self, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, SourceError> {
        let name = wanted.release.package.as_str();
        let prefix = format!("npm-{}-{}-", classic_slug(name), wanted.release.version);
        let sha1 = wanted
            .digests
            .iter()
            .find(|digest| digest.algorithm() == DigestAlgorithm::Sha1)
            .map(customs_model::Digest::to_hex);
        let mut all = Vec::new();
        for entry in starting(self.listing.of(&self.folder, CLASSIC)?, &prefix) {
            let end = entry.strip_prefix(prefix.as_str()).unwrap_or_default();
            if is_classic_end(end, sha1.as_deref()) {
                let named = end.get(..40).unwrap_or_default().to_owned();
                all.push((named, format!("{entry}/node_modules/{name}")));
            }
        }
        Ok(all)
    }
}

impl Source for YarnClassicCache {
    fn name(&self) -> &str {
        CLASSIC
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Candidate>, SourceError> {
        Ok(self.all(wanted)?.into_iter().next())
    }

    fn all(&self, wanted: &Wanted<'_>) -> Result<Vec<Candidate>, SourceError> {
        let mut all = Vec::new();
        for (named, place) in self.entries(wanted)? {
            let path = self.folder.join(place).join(TARBALL);
            if is_file(&path, CLASSIC)? {
                all.push((named, path));
            }
        }
        if all.len() > 1 && all.iter().any(|(_, path)| wanted.is_promised(path)) {
            all.retain(|(named, path)| !is_another(named, path, wanted));
            all.sort_by_cached_key(|(_, path)| wanted.is_promised(path));
        }
        let all = all.into_iter().map(|(_, path)| Candidate {
            path,
            from: CLASSIC.into(),
            form: Form::Artifact,
        });
        Ok(all.collect())
    }
}

/// Without a SHA-1 in the lockfile several artifacts of one release may lie there, each from a registry
/// of its own: one that is what its own name says, and not what is promised, is another one.
fn is_another(named: &str, path: &Path, wanted: &Wanted<'_>) -> bool {
    // What cannot be read is nothing for sure.
    let sha1 = super::digest_of(path, DigestAlgorithm::Sha1);
    sha1.is_ok_and(|sha1| sha1.to_hex() == named) && !wanted.is_promised(path)
}

/// How the name of an entry ends behind the version: with the SHA-1 of the artifact, with
/// `integrity`, or both. Anything else there belongs to another version (`1.2.3-beta`).
fn is_classic_end(end: &str, sha1: Option<&str>) -> bool {
    let hash = match end.strip_suffix("integrity") {
        Some("") => return sha1.is_none(),
        Some(hash) => match hash.strip_suffix('-') {
            Some(hash) => hash,
            None => return false,
        },
        None => end,
    };
    match sha1 {
        // Another one is another artifact.
        Some(sha1) => hash == sha1,
        None => hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
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
        Ok(self.all(wanted)?.into_iter().next())
    }

    /// Yarn calls one zip by the cache's key or by its checksum, so there may be two. One that is not
    /// what is promised comes first, so that it is told.
    fn all(&self, wanted: &Wanted<'_>) -> Result<Vec<Candidate>, SourceError> {
        let Some(archive) = wanted.archive else {
            return Ok(Vec::new());
        };
        let checksum = archive.to_hex();
        let prefix = berry_prefix(
            wanted.release.package.as_str(),
            wanted.release.version.as_str(),
            wanted.resolved.unwrap_or_default(),
        );
        let mut all = Vec::new();
        let names = self.listing.of(&self.folder, BERRY)?;
        for name in starting(names, &prefix) {
            let path = self.folder.join(name);
            if self.is_of_this_lock(name, &checksum) && is_file(&path, BERRY)? {
                all.push(Candidate {
                    path,
                    from: BERRY.into(),
                    form: Form::YarnZip,
                });
            }
        }
        if all.len() > 1 {
            all.sort_by_cached_key(|candidate| {
                // What cannot be read is not what is promised.
                super::digest_of(&candidate.path, archive.algorithm())
                    .is_ok_and(|digest| digest == *archive)
            });
        }
        Ok(all)
    }
}

/// How the names of a package's zips begin: with its name, where it comes from, its version if a
/// registry has it, and ten digits of a hash of the name and the whole reference, so that several
/// patches of one package are told apart.
pub(crate) fn berry_prefix(name: &str, version: &str, reference: &str) -> String {
    let slug = name.replace('/', "-");
    // The scope without its mark, and the name, without anything between.
    let ident: String = name
        .split('/')
        .map(|part| part.trim_start_matches('@'))
        .collect();
    let hash = sha512_of(&format!("{}{reference}", sha512_of(&ident)));
    let ten = hash.get(..10).unwrap_or_default();
    match reference.split_once(':') {
        Some(("npm", _)) => format!("{slug}-npm-{version}-{ten}-"),
        Some((protocol, _)) => format!("{slug}-{protocol}-{ten}-"),
        None => format!("{slug}-exotic-{ten}-"),
    }
}

fn sha512_of(text: &str) -> String {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(text.as_bytes());
    hasher.finish().to_hex()
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

    /// As Yarn 4.18 named them.
    #[test]
    fn zips_are_named_by_a_hash_of_what_they_are_of() {
        let npm = berry_prefix("is-odd", "3.0.1", "npm:3.0.1");
        assert_eq!(npm, "is-odd-npm-3.0.1-93c3c3f41b-");
        let scoped = berry_prefix("@aws-cdk/cloud-assembly-schema", "38.0.1", "npm:38.0.1");
        assert_eq!(
            scoped,
            "@aws-cdk-cloud-assembly-schema-npm-38.0.1-469647254b-"
        );
        let reference = "file:./own/folder#./own/folder::hash=1a9fc7&locator=demo%40workspace%3A.";
        let own = berry_prefix("folder", "1.0.0", reference);
        assert_eq!(own, "folder-file-c12b42a143-");
    }

    fn zip(promised: &[u8], files: &[(&str, &[u8])]) -> Vec<(String, bool)> {
        let folder = tempfile::tempdir().unwrap();
        for (end, bytes) in files {
            let name = format!("is-odd-npm-3.0.1-{end}.zip");
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
        hasher.update(promised);
        let archive = hasher.finish();
        let wanted = Wanted {
            release: &"pkg:npm/is-odd@3.0.1".parse().unwrap(),
            digests: &[],
            archive: Some(&archive),
            resolved: Some("npm:3.0.1"),
        };
        let cache = YarnBerryCache::new(folder.path(), Some("10c0".into()));
        let all = cache.all(&wanted).unwrap();
        all.iter()
            .map(|one| {
                let name = one.path.file_stem().unwrap().to_string_lossy();
                let end = name.strip_prefix("is-odd-npm-3.0.1-").unwrap().to_owned();
                (end, std::fs::read(&one.path).unwrap() == promised)
            })
            .collect()
    }

    #[test]
    fn a_zip_that_is_called_alike_hides_nothing_that_is_wrong() {
        let checksum = sha512_of("good");
        let by_checksum = format!("93c3c3f41b-{}", &checksum[..10]);
        // Junk of another reference is nothing that Yarn would take.
        let junk = ("0123456789-10c0", &b"junk"[..]);
        let found = zip(b"good", &[junk, ("93c3c3f41b-10c0", b"evil")]);
        assert_eq!(found, [("93c3c3f41b-10c0".to_owned(), false)]);
        let both = [
            (by_checksum.as_str(), &b"good"[..]),
            ("93c3c3f41b-10c0", b"evil"),
        ];
        let found = zip(b"good", &both);
        assert_eq!(
            found,
            [("93c3c3f41b-10c0".to_owned(), false), (by_checksum, true)]
        );
    }

    #[test]
    fn an_entry_of_yarn_1_for_a_prerelease_is_not_one_of_the_release() {
        let sha1 = "6e39b0a3bbd1ef7f3ed1f2f1b7cc0bd9a6a0c1e2";
        let both = format!("{sha1}-integrity");
        for end in [sha1, both.as_str()] {
            assert!(
                is_classic_end(end, Some(sha1)) && is_classic_end(end, None),
                "{end}"
            );
        }
        assert!(is_classic_end("integrity", None));
        let other = format!("beta-{sha1}-integrity");
        for end in [other.as_str(), "beta", "beta-integrity", ""] {
            assert!(!is_classic_end(end, Some(sha1)), "{end}");
            assert!(!is_classic_end(end, None), "{end}");
        }
        assert!(!is_classic_end(&"0".repeat(40), Some(sha1)));
    }
}
