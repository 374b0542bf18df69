//! What files declare: core metadata, which indexes offer beside a wheel, or the file
//! itself. Resolvers read the metadata of the very wheel that they chose, so one wheel of
//! a version does not speak for another whose metadata is different.

use super::case::{Case, newer_first};
use super::kind;
use crate::http::{Ask, bounded};
use crate::judge::Registry;
use crate::upstream::Upstream;
use customs_ecosystem::pypi::{CoreMetadata, File, FileKind, Metadata, release_line};
use customs_model::{Digest, Hasher, Manifest, Version};
use std::collections::{BTreeSet, HashMap};
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
pub(super) struct Manifests<'a>(HashMap<&'a str, Manifest>);

impl Manifests<'_> {
    /// What a file declares; where that was not read, why not.
    pub fn of(&self, file: &File) -> Manifest {
        let unknown = || Manifest {
            dependencies_unknown: Some("no metadata of it could be read".to_owned()),
            ..Manifest::default()
        };
        self.0
            .get(file.filename.as_str())
            .cloned()
            .unwrap_or_else(unknown)
    }
}

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
        let groups: Vec<Group<'a>> = wanted(case, young)
            .into_iter()
            .flat_map(|version| groups(case, version))
            .collect();
        let mut manifests = HashMap::new();
        for some in groups.chunks(TOGETHER) {
            let read = some
                .iter()
                .map(|group| self.declared(case.upstream, group.files[0]));
            let read = futures_util::future::join_all(read).await;
            for (group, manifest) in some.iter().zip(read) {
                let Some(manifest) = manifest else { continue };
                for file in &group.files {
                    manifests.insert(file.filename.as_str(), manifest.clone());
                }
            }
        }
        Manifests(manifests)
    }

    /// What a file declares: by its metadata file, else by the file itself, if it is small.
    async fn declared(&self, upstream: &Upstream, file: &File) -> Option<Manifest> {
        if let Some(manifest) = self.core_metadata(upstream, file).await {
            return Some(manifest);
        }
        let small = file.size.is_some_and(|size| size <= SMALL);
        let digest = file.digests.first().filter(|_| small);
        let kind = kind(&file.filename);
        let facts = self.artifact_facts(upstream, Some(&file.url), digest, kind);
        facts.await.ok()?.manifest.clone()
    }

    /// `<file>.metadata`, asked for even where the page does not offer it: some indexes
    /// have it and do not say so.
    async fn core_metadata(&self, upstream: &Upstream, file: &File) -> Option<Manifest> {
        if file.kind() != FileKind::Wheel {
            return None;
        }
        let url = Url::parse(&format!("{}.metadata", file.url)).ok()?;
        let response = self.fetcher.ask(upstream, Ask::get(url)).await.ok()?;
        if response.status().as_u16() != 200 {
            return None;
        }
        let bytes = bounded(response, METADATA).await.ok()?;
        if promised(file).is_some_and(|d| *d != digest_of(&bytes, d)) {
            return None;
        }
        Metadata::parse(&bytes).ok().map(|m| m.manifest())
    }
}

/// The young versions, newest first, and the version before each in its line.
fn wanted<'a>(case: &Case<'a>, young: &[bool]) -> BTreeSet<&'a Version> {
    let mut versions: Vec<&'a Version> = case
        .all
        .iter()
        .zip(young)
        .filter(|(_, young)| **young)
        .map(|((_, version), _)| *version)
        .collect();
    versions.sort_by(|a, b| newer_first(a, b));
    versions.dedup();
    versions.truncate(READ);
    let mut all: Vec<&'a Version> = case.all.iter().map(|(_, v)| *v).collect();
    all.sort_by(|a, b| newer_first(a, b));
    all.dedup();
    let before = |version: &&'a Version| {
        let at = all.iter().position(|v| v == version)?;
        let line = release_line(version.as_str());
        all[at + 1..]
            .iter()
            .copied()
            .find(|v| release_line(v.as_str()) == line)
    };
    let earlier: Vec<&'a Version> = versions.iter().filter_map(before).collect();
    versions.into_iter().chain(earlier).collect()
}

/// The files of a version by what they declare. What has no metadata of its own (source
/// distributions, and wheels of an index without metadata files) goes by the first wheel.
fn groups<'a>(case: &Case<'a>, version: &Version) -> Vec<Group<'a>> {
    let of_version = case.all.iter().filter(|(_, v)| *v == version);
    let mut files: Vec<&'a File> = of_version.map(|(file, _)| *file).collect();
    files.sort_by_key(|file| file.kind() != FileKind::Wheel);
    let mut groups: Vec<Group<'a>> = Vec::new();
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
            None => {}
        }
    }
    groups
}

/// The digest that the index promises for a file's metadata.
fn promised(file: &File) -> Option<&Digest> {
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
