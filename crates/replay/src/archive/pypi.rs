//! PyPI's wheel and sdist.

use super::{Artifact, ArtifactKind, Contents, measure, tar_gz, zip};
use crate::scenario::{Package, Release};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customs_model::Digest;
use std::collections::BTreeMap;
use std::io;

/// The import name, and the form of the name in file names.
pub fn module(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.', '/', '@'], "_")
}

/// Packs a wheel.
pub fn wheel(package: &Package, release: &Release, mut contents: Contents) -> io::Result<Artifact> {
    let module = module(&package.name);
    let metadata = metadata(package, release);
    let info = format!("{module}-{}.dist-info", release.version);
    contents
        .files
        .insert(format!("{info}/METADATA"), metadata.clone());
    contents.files.insert(format!("{info}/WHEEL"), WHEEL.into());
    let record = record(&contents.files, &info);
    contents.files.insert(format!("{info}/RECORD"), record);
    let bytes = zip(&contents.files)?;
    let file_name = format!("{module}-{}-py3-none-any.whl", release.version);
    let mut artifact = Artifact::new(
        ArtifactKind::Wheel,
        file_name,
        bytes,
        measure(&contents.files),
    );
    artifact.metadata = Some(metadata.into());
    Ok(artifact)
}

/// Packs an sdist, which carries its own build back-end: nothing else is fetched.
pub fn sdist(package: &Package, release: &Release, mut contents: Contents) -> io::Result<Artifact> {
    let module = module(&package.name);
    contents
        .files
        .insert("PKG-INFO".into(), metadata(package, release));
    contents
        .files
        .insert("pyproject.toml".into(), pyproject(package, release));
    let root = format!("{module}-{}", release.version);
    let bytes = tar_gz(&root, &contents.files)?;
    Ok(Artifact::new(
        ArtifactKind::Sdist,
        format!("{root}.tar.gz"),
        bytes,
        measure(&contents.files),
    ))
}

const WHEEL: &str =
    "Wheel-Version: 1.0\nGenerator: customs-replay\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

fn metadata(package: &Package, release: &Release) -> String {
    let mut text = format!(
        "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
        package.name, release.version
    );
    let mut line = |key: &str, value: Option<&String>| {
        if let Some(value) = value {
            text.push_str(&format!("{key}: {}\n", value.replace('\n', " ")));
        }
    };
    line(
        "Summary",
        release
            .description
            .as_ref()
            .or(package.description.as_ref()),
    );
    line(
        "Author",
        release.author.as_ref().or(package.author.as_ref()),
    );
    line(
        "Home-page",
        release.repository.as_ref().or(package.repository.as_ref()),
    );
    for (name, requirement) in &release.dependencies {
        text.push_str(&format!("Requires-Dist: {name}{requirement}\n"));
    }
    text
}

fn pyproject(package: &Package, release: &Release) -> String {
    format!(
        "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\n\
         [project]\nname = {:?}\nversion = {:?}\n",
        package.name, release.version
    )
}

fn record(files: &BTreeMap<String, String>, info: &str) -> String {
    let mut text = String::new();
    for (path, content) in files {
        let hash = URL_SAFE_NO_PAD.encode(Digest::sha256(content.as_bytes()).as_bytes());
        text.push_str(&format!("{path},sha256={hash},{}\n", content.len()));
    }
    text.push_str(&format!("{info}/RECORD,,\n"));
    text
}

/// A build back-end (PEP 517) of its own that needs nothing but Python.
pub fn backend(module: &str, package: &Package, release: &Release) -> String {
    format!(
        r#"import os, zipfile
MODULE, VERSION = {module:?}, {version:?}
METADATA = {metadata:?}
WHEEL = {WHEEL:?}

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = f"{{MODULE}}-{{VERSION}}.dist-info"
    name = f"{{MODULE}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.write(f"{{MODULE}}/__init__.py")
        wheel.writestr(f"{{info}}/METADATA", METADATA)
        wheel.writestr(f"{{info}}/WHEEL", WHEEL)
        wheel.writestr(f"{{info}}/RECORD", "")
    return name
"#,
        version = release.version,
        metadata = metadata(package, release),
    )
}
