//! npm's tarball and manifest.

use super::{Artifact, ArtifactKind, Contents, measure, object, put, tar_gz};
use crate::scenario::{Package, Release};
use serde_json::{Value, json};
use std::io;

/// Packs a tarball, its manifest inside and beside.
pub fn pack(package: &Package, release: &Release, mut contents: Contents) -> io::Result<Artifact> {
    let manifest = manifest(package, release, &contents);
    contents
        .files
        .insert("package.json".into(), format!("{manifest:#}\n"));
    let bytes = tar_gz("package", &contents.files)?;
    let mut artifact = Artifact::new(
        ArtifactKind::NpmTarball,
        file_name(&package.name, &release.version),
        bytes,
        measure(&contents.files),
    );
    artifact.manifest = Some(manifest);
    Ok(artifact)
}

/// The scope is not repeated in the file name.
pub fn file_name(name: &str, version: &str) -> String {
    format!("{}-{version}.tgz", name.rsplit('/').next().unwrap_or(name))
}

fn manifest(package: &Package, release: &Release, contents: &Contents) -> Value {
    let mut manifest = json!({
        "name": package.name,
        "version": release.version,
        "main": "index.js",
        "license": "MIT",
    });
    let text = |of_release: &Option<String>, of_package: &Option<String>| {
        of_release
            .as_ref()
            .or(of_package.as_ref())
            .map(|t| json!(t))
    };
    put(
        &mut manifest,
        "description",
        text(&release.description, &package.description),
    );
    put(
        &mut manifest,
        "author",
        text(&release.author, &package.author),
    );
    let repository = text(&release.repository, &package.repository);
    put(
        &mut manifest,
        "repository",
        repository.map(|url| json!({ "type": "git", "url": url })),
    );
    put(&mut manifest, "dependencies", object(&release.dependencies));
    put(
        &mut manifest,
        "optionalDependencies",
        object(&release.optional),
    );
    put(&mut manifest, "scripts", object(&contents.scripts));
    manifest
}
