//! cargo's `.crate`.

use super::{Artifact, ArtifactKind, Contents, measure, tar_gz};
use crate::scenario::{Package, Release};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// Packs a `.crate`.
pub fn pack(package: &Package, release: &Release, mut contents: Contents) -> io::Result<Artifact> {
    let manifest = manifest(package, release, &contents)?;
    contents
        .files
        .entry("Cargo.toml".into())
        .or_insert(manifest);
    let root = format!("{}-{}", package.name, release.version);
    let bytes = tar_gz(&root, &contents.files)?;
    Ok(Artifact::new(
        ArtifactKind::Crate,
        format!("{root}.crate"),
        bytes,
        measure(&contents.files),
    ))
}

#[derive(Serialize)]
struct Manifest<'a> {
    package: About<'a>,
    dependencies: BTreeMap<&'a str, Dependency<'a>>,
}

#[derive(Serialize)]
struct About<'a> {
    name: &'a str,
    version: &'a str,
    edition: &'static str,
    license: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'static str>,
}

#[derive(Serialize)]
struct Dependency<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

fn manifest(package: &Package, release: &Release, contents: &Contents) -> io::Result<String> {
    let required = release.dependencies.iter().map(|d| (d, false));
    let optional = release.optional.iter().map(|d| (d, true));
    let manifest = Manifest {
        package: About {
            name: &package.name,
            version: &release.version,
            edition: "2021",
            license: "MIT",
            description: release
                .description
                .as_deref()
                .or(package.description.as_deref()),
            repository: release
                .repository
                .as_deref()
                .or(package.repository.as_deref()),
            build: contents
                .files
                .contains_key("build.rs")
                .then_some("build.rs"),
        },
        dependencies: required
            .chain(optional)
            .map(|((name, version), optional)| (name.as_str(), Dependency { version, optional }))
            .collect(),
    };
    toml::to_string(&manifest).map_err(io::Error::other)
}
