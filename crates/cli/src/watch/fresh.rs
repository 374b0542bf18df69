//! What is new in a document: pure.

use super::altered::Altered;
use customs_ecosystem::cargo::Index;
use customs_ecosystem::npm::{Packument, VersionEntry};
use customs_ecosystem::pypi::Project;
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Timestamp, Version};
use std::collections::{BTreeMap, BTreeSet};

/// What a registry lists for one package, whatever its ecosystem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed(Vec<Entry>);

/// One thing that can be new, or altered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The version; on PyPI the file, because a file that is added to an old release is
    /// as new as a release.
    pub(super) key: String,
    /// The version.
    pub(super) version: Version,
    /// When it was published, as the document says.
    pub(super) published: Option<Timestamp>,
    /// What its bytes are, as the document says.
    pub(super) digests: Vec<Digest>,
}

/// A release that was not there before, got new files, or has another content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fresh {
    /// Which.
    pub(super) release: ReleaseId,
    /// What is new of it: its version, or files.
    pub(super) keys: BTreeSet<String>,
    /// When the first of that was published, as the document says.
    pub(super) published: Option<Timestamp>,
    /// The digest of each, where the document says it.
    pub(super) digests: BTreeMap<String, Digest>,
    /// It was there before, with another content.
    pub(super) altered: Option<Box<Altered>>,
}

impl Fresh {
    /// The files that are new, where files have ages of their own.
    pub(super) fn files(&self) -> Vec<String> {
        match self.release.package.ecosystem() {
            Ecosystem::PyPi => self.keys.iter().cloned().collect(),
            Ecosystem::Npm | Ecosystem::Cargo => Vec::new(),
        }
    }
}

impl Listed {
    /// From an npm document, whose index has no digests: `digests` reads them.
    pub(super) fn npm(
        document: &Packument,
        digests: impl Fn(&VersionEntry) -> Vec<Digest>,
    ) -> Self {
        let entry = |known: &VersionEntry| Entry {
            key: known.version.as_str().to_owned(),
            version: known.version.clone(),
            published: document.published(&known.version),
            digests: digests(known),
        };
        Self(document.versions.iter().map(entry).collect())
    }

    /// From a Python project's page. A file whose name tells no version installs as none.
    pub(super) fn pypi(page: &Project) -> Self {
        let entry = |file: &customs_ecosystem::pypi::File| {
            Some(Entry {
                key: file.filename.clone(),
                version: file.version.clone()?,
                published: file.upload_time,
                digests: file.digests.clone(),
            })
        };
        Self(page.files.iter().filter_map(entry).collect())
    }

    /// From a file of the sparse index.
    pub(super) fn cargo(index: &Index) -> Self {
        let entry = |line: &customs_ecosystem::cargo::Line| Entry {
            key: line.version.as_str().to_owned(),
            version: line.version.clone(),
            published: line.pubtime,
            digests: vec![line.cksum.clone()],
        };
        Self(index.lines.iter().map(entry).collect())
    }

    /// All that is listed.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.0.iter().map(|entry| entry.key.clone()).collect()
    }

    /// The strongest digest of each.
    pub(super) fn digests(&self) -> BTreeMap<String, Digest> {
        let digest = |entry: &Entry| Some((entry.key.clone(), strongest(entry)?));
        self.0.iter().filter_map(digest).collect()
    }

    /// One after the other.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

fn strongest(entry: &Entry) -> Option<Digest> {
    let digests = entry.digests.iter();
    digests.max_by_key(|digest| digest.algorithm()).cloned()
}

/// What is listed and was not before, oldest first, each release once.
pub(super) fn new_releases(
    before: &BTreeSet<String>,
    package: &PackageName,
    listed: &Listed,
) -> Vec<Fresh> {
    let mut by_version: BTreeMap<&Version, Fresh> = BTreeMap::new();
    let new = listed.0.iter().filter(|entry| !before.contains(&entry.key));
    for entry in new {
        let release = by_version.entry(&entry.version).or_insert_with(|| Fresh {
            release: ReleaseId::new(package.clone(), entry.version.clone()),
            keys: BTreeSet::new(),
            published: None,
            digests: BTreeMap::new(),
            altered: None,
        });
        release.keys.insert(entry.key.clone());
        if let Some(digest) = strongest(entry) {
            release.digests.insert(entry.key.clone(), digest);
        }
        release.published = [release.published, entry.published]
            .into_iter()
            .flatten()
            .min();
    }
    let mut all: Vec<Fresh> = by_version.into_values().collect();
    // What has no publish time comes last: nobody can say how old it is.
    all.sort_by_key(|fresh| (fresh.published.is_none(), fresh.published));
    all
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A document that lists versions, each with its publish time.
    pub(in crate::watch) fn listed(entries: &[(&str, Option<Timestamp>)]) -> Listed {
        let entry = |(version, published): &(&str, Option<Timestamp>)| Entry {
            key: (*version).to_owned(),
            version: Version::new(version).unwrap(),
            published: *published,
            digests: vec![Digest::sha256(version.as_bytes())],
        };
        Listed(entries.iter().map(entry).collect())
    }

    /// A document that lists versions, each with its content.
    pub(in crate::watch) fn listed_with(entries: &[(&str, &str)]) -> Listed {
        let entry = |(version, content): &(&str, &str)| Entry {
            key: (*version).to_owned(),
            version: Version::new(version).unwrap(),
            published: None,
            digests: vec![Digest::sha256(content.as_bytes())],
        };
        Listed(entries.iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::listed;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn keys(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|key| (*key).to_owned()).collect()
    }

    fn spoken(all: &[Fresh]) -> Vec<String> {
        all.iter().map(|fresh| fresh.release.spoken()).collect()
    }

    #[test]
    fn what_was_not_listed_before_is_new_oldest_first() {
        let package = PackageName::new(Ecosystem::Npm, "axios").unwrap();
        let document = listed(&[
            ("2.0.0", Some(at("2026-03-31T00:00:00Z"))),
            ("1.0.0", Some(at("2014-01-01T00:00:00Z"))),
            ("1.0.1", Some(at("2026-03-30T00:00:00Z"))),
            ("0.9.0", None),
        ]);
        let fresh = new_releases(&keys(&["1.0.0"]), &package, &document);
        assert_eq!(
            spoken(&fresh),
            ["axios@1.0.1", "axios@2.0.0", "axios@0.9.0"]
        );
        assert!(new_releases(&document.keys(), &package, &document).is_empty());
    }

    #[test]
    fn what_vanishes_and_comes_back_is_not_new() {
        let package = PackageName::new(Ecosystem::Npm, "axios").unwrap();
        let before = keys(&["1.0.0", "1.0.1"]);
        let document = listed(&[("1.0.0", None)]);
        assert!(new_releases(&before, &package, &document).is_empty());
    }

    #[test]
    fn an_npm_document_lists_versions_with_their_times() {
        let text = br#"{"name": "a", "versions": {"1.0.0": {}, "1.0.1": {}},
            "time": {"created": "2020-01-01T00:00:00Z", "1.0.1": "2026-01-01T00:00:00Z"}}"#;
        let document = Packument::read(text.as_slice()).unwrap();
        let none = |_: &VersionEntry| Vec::new();
        let package = PackageName::new(Ecosystem::Npm, "a").unwrap();
        let fresh = new_releases(&keys(&["1.0.0"]), &package, &Listed::npm(&document, none));
        assert_eq!(spoken(&fresh), ["a@1.0.1"]);
        assert_eq!(fresh[0].published, Some(at("2026-01-01T00:00:00Z")));
        assert!(fresh[0].files().is_empty());
    }

    #[test]
    fn a_wheel_that_is_added_to_an_old_release_is_new() {
        let package = PackageName::new(Ecosystem::PyPi, "ctx").unwrap();
        let page = br#"{"meta": {"api-version": "1.1"}, "name": "ctx", "files": [
            {"filename": "ctx-0.1.2.tar.gz", "url": "ctx-0.1.2.tar.gz", "hashes": {},
             "upload-time": "2014-01-01T00:00:00Z"},
            {"filename": "ctx-0.1.2-py3-none-any.whl", "url": "ctx-0.1.2-py3-none-any.whl",
             "hashes": {}, "upload-time": "2022-05-21T00:00:00Z"}]}"#;
        let base = "https://registry.example/simple/ctx/".parse().unwrap();
        let page = customs_ecosystem::pypi::parse_json(page.as_slice(), &base, &package).unwrap();
        let before = keys(&["ctx-0.1.2.tar.gz"]);
        let fresh = new_releases(&before, &package, &Listed::pypi(&page));
        assert_eq!(spoken(&fresh), ["ctx@0.1.2"]);
        assert_eq!(fresh[0].files(), ["ctx-0.1.2-py3-none-any.whl"]);
        assert_eq!(fresh[0].published, Some(at("2022-05-21T00:00:00Z")));
    }

    #[test]
    fn an_index_file_lists_versions() {
        let digest = "0".repeat(64);
        let line = |version: &str| {
            format!(
                r#"{{"name":"a","vers":"{version}","deps":[],"cksum":"{digest}","features":{{}},"yanked":false}}"#
            )
        };
        let text = format!("{}\n{}\n", line("1.0.0"), line("1.0.1"));
        let index = Index::parse(text.as_bytes()).unwrap();
        let package = PackageName::new(Ecosystem::Cargo, "a").unwrap();
        let fresh = new_releases(&keys(&["1.0.0"]), &package, &Listed::cargo(&index));
        assert_eq!(spoken(&fresh), ["a@1.0.1"]);
        assert_eq!(fresh[0].published, None);
        assert_eq!(fresh[0].digests["1.0.1"].to_hex(), digest);
    }
}
