//! What files declare: core metadata, which indexes offer beside a wheel, or the file
//! itself. Resolvers read the metadata of the very wheel that they chose, so one wheel of
//! a version does not speak for another whose metadata is different.

use super::case::{Case, may_precede, newer_first};
use super::kind;
use crate::http::{Ask, FetchError, bounded};
use crate::judge::Registry;
use customs_ecosystem::pypi::{
    CoreMetadata, File, FileKind, Metadata, Yanked, is_prerelease, release_line,
};
use customs_model::{Digest, Hasher, Manifest, Version};
use std::collections::{BTreeSet, HashMap, HashSet};
use url::Url;

/// Bytes of a core metadata file.
const METADATA: usize = 4 << 20;
/// Bytes of a file that is read where an index has no metadata file for it.
const SMALL: u64 = 8 << 20;
/// Young versions whose metadata is read, newest first.
const READ: usize = 12;
/// Different metadata of one version that is read.
const DIFFERENT: usize = 8;
/// Read together.
const TOGETHER: usize = 8;

/// What files declare, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Manifests<'a> {
    read: HashMap<&'a str, Manifest>,
    /// Files whose metadata nobody reads, because there is more than is read, or because
    /// it is none.
    left_out: HashSet<&'a str>,
}

impl Manifests<'_> {
    /// What a file declares; where that was not read, why not.
    pub fn of(&self, file: &File) -> Manifest {
        let unknown = || Manifest {
            dependencies_unknown: Some("no metadata of it could be read".to_owned()),
            ..Manifest::default()
        };
        self.read
            .get(file.filename.as_str())
            .cloned()
            .unwrap_or_else(unknown)
    }

    /// Says so, if a file's metadata was left out: by who published it, not by chance.
    pub fn left_out(&self, file: &File) -> Option<String> {
        self.left_out
            .contains(file.filename.as_str())
            .then(|| "its metadata".to_owned())
    }
}

/// Metadata over a bound, or none at all.
struct Refused;

/// Files whose metadata is the same, as the index promises; the first is read.
struct Group<'a> {
    metadata: Option<&'a Digest>,
    files: Vec<&'a File>,
}

impl Registry {
    /// Metadata of the files of young versions and of what these are compared with.
    pub(super) async fn young_manifests<'a>(
        &self,
        case: &Case<'a>,
        young: &[bool],
    ) -> Manifests<'a> {
        let wanted = wanted(case, young);
        let mut manifests = Manifests::default();
        for ((file, version), young) in case.all.iter().zip(young) {
            if *young && !wanted.contains(version) {
                manifests.left_out.insert(&file.filename);
            }
        }
        let mut all = Vec::new();
        for version in wanted {
            let (groups, left_out) = groups(case, version);
            all.extend(groups);
            manifests.left_out.extend(left_out);
        }
        let groups = all;
        for some in groups.chunks(TOGETHER) {
            let read = some.iter().map(|group| self.declared(case, group.files[0]));
            let read = futures_util::future::join_all(read).await;
            for (group, manifest) in some.iter().zip(read) {
                for file in &group.files {
                    match &manifest {
                        Ok(Some(manifest)) => {
                            let manifest = manifest.clone();
                            manifests.read.insert(&file.filename, manifest);
                        }
                        // What is no metadata says nothing, which is not "nothing bad".
                        Err(Refused) => {
                            manifests.left_out.insert(&file.filename);
                        }
                        Ok(None) => {}
                    }
                }
            }
        }
        manifests
    }

    /// What a file declares: by its metadata file, else by the file itself, if it is small.
    async fn declared(&self, case: &Case<'_>, file: &File) -> Result<Option<Manifest>, Refused> {
        if let Some(manifest) = self.core_metadata(case, file).await? {
            return Ok(Some(manifest));
        }
        let small = file.size.is_some_and(|size| size <= SMALL);
        let digest = file.digests.first().filter(|_| small);
        let kind = kind(&file.filename);
        let facts = self.artifact_facts(case.upstream, Some(&file.url), digest, kind);
        match facts.await {
            Ok(facts) => Ok(facts.manifest.clone()),
            Err(unread) => {
                case.gaps.doubt_if_not_fetched(&unread);
                Ok(None)
            }
        }
    }

    /// `<file>.metadata`, asked for even where the page does not offer it: some indexes
    /// have it and do not say so.
    async fn core_metadata(
        &self,
        case: &Case<'_>,
        file: &File,
    ) -> Result<Option<Manifest>, Refused> {
        let url = Url::parse(&format!("{}.metadata", file.url));
        let (FileKind::Wheel, Ok(url)) = (file.kind(), url) else {
            return Ok(None);
        };
        let Ok(response) = self.fetcher.ask(case.upstream, Ask::get(url)).await else {
            case.gaps.doubt();
            return Ok(None);
        };
        match response.status().as_u16() {
            200 => {}
            status => {
                if status >= 500 || status == 429 {
                    case.gaps.doubt();
                }
                return Ok(None);
            }
        }
        let bytes = match bounded(response, METADATA).await {
            Ok(bytes) => bytes,
            Err(FetchError::TooLong { .. }) => return Err(Refused),
            Err(_) => {
                case.gaps.doubt();
                return Ok(None);
            }
        };
        if promised(file).is_some_and(|d| *d != digest_of(&bytes, d)) {
            return Ok(None);
        }
        match Metadata::parse(&bytes) {
            Ok(metadata) => Ok(Some(metadata.manifest())),
            Err(_) => Err(Refused),
        }
    }
}

/// The young versions, newest first, and the version before each in its line.
fn wanted<'a>(case: &Case<'a>, young: &[bool]) -> BTreeSet<&'a Version> {
    // What nobody takes unasked must not keep what they do from being read.
    let is_taken = |file: &File| file.yanked == Yanked::No;
    let mut versions: Vec<&'a Version> = case
        .all
        .iter()
        .zip(young)
        .filter(|((file, _), young)| **young && is_taken(file))
        .map(|((_, version), _)| *version)
        .collect();
    versions.sort_by(|a, b| {
        let late = |v: &Version| is_prerelease(v.as_str());
        (late(a).cmp(&late(b))).then_with(|| newer_first(a, b))
    });
    versions.dedup();
    versions.truncate(READ);
    let mut all: Vec<&'a Version> = case.all.iter().map(|(_, v)| *v).collect();
    all.sort_by(|a, b| newer_first(a, b));
    all.dedup();
    let before = |version: &&'a Version| {
        let at = all.iter().position(|v| v == version)?;
        let line = release_line(version.as_str());
        all[at + 1..].iter().copied().find(|v| {
            let mut files = case.all.iter().filter(|(_, other)| other == v);
            release_line(v.as_str()) == line && files.any(|(file, _)| may_precede(file, v, version))
        })
    };
    let earlier: Vec<&'a Version> = versions.iter().filter_map(before).collect();
    versions.into_iter().chain(earlier).collect()
}

/// The files of a version by what they declare. What has no metadata of its own (source
/// distributions, and wheels of an index without metadata files) goes by the first wheel.
fn groups<'a>(case: &Case<'a>, version: &Version) -> (Vec<Group<'a>>, Vec<&'a str>) {
    let of_version = case.all.iter().filter(|(_, v)| *v == version);
    let mut files: Vec<&'a File> = of_version.map(|(file, _)| *file).collect();
    files.sort_by_key(|file| file.kind() != FileKind::Wheel);
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut left_out = Vec::new();
    for file in files {
        let metadata = promised(file);
        let same = groups
            .iter()
            .position(|group| metadata.is_none() || group.metadata == metadata);
        match same {
            Some(at) => groups[at].files.push(file),
            None if groups.len() < DIFFERENT => groups.push(Group {
                metadata,
                files: vec![file],
            }),
            None => left_out.push(file.filename.as_str()),
        }
    }
    (groups, left_out)
}

/// The digest that the index promises for a file's metadata.
pub(super) fn promised(file: &File) -> Option<&Digest> {
    match &file.core_metadata {
        CoreMetadata::Offered(digest) => digest.as_ref(),
        CoreMetadata::Absent => None,
    }
}

fn digest_of(bytes: &[u8], like: &Digest) -> Digest {
    let mut hasher = Hasher::new(like.algorithm());
    hasher.update(bytes);
    hasher.finish()
}
