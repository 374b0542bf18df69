//! What manifests of cargo name inside of the archive.

use crate::package::{Package, join};
use crate::pure::FileId;
use crate::unpack::plain;

/// Crates beside the one that the archive is made for.
const MOST: usize = 16;

/// A crate in the archive that another one in it depends on.
#[derive(Debug)]
pub struct Member {
    /// The name by which code calls it.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// The file that its library begins with.
    pub library: Option<FileId>,
}

/// The manifest in a folder; empty where there is none that can be read.
pub fn manifest(package: &Package, folder: &str) -> toml::Table {
    package
        .find(&join(folder, "Cargo.toml"))
        .and_then(|id| package.file(id).bytes.as_deref())
        .and_then(|bytes| String::from_utf8_lossy(bytes).parse::<toml::Table>().ok())
        .unwrap_or_default()
}

/// The file that the library of a crate begins with.
pub fn library(package: &Package, folder: &str, manifest: &toml::Table) -> Option<FileId> {
    let path = manifest
        .get("lib")
        .and_then(|lib| lib.get("path"))
        .and_then(toml::Value::as_str)
        .unwrap_or("src/lib.rs");
    package.find(&join(folder, path))
}

/// The crates that the archive's own one reaches by path, and those that these reach.
/// Registries take such paths out when a crate is published; a forged archive keeps them.
pub fn members(package: &Package) -> Vec<Member> {
    let mut found: Vec<Member> = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(here) = waiting.pop() {
        let manifest = manifest(package, &here);
        for table in ["dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(table).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, dependency) in table {
                let Some(path) = dependency.get("path").and_then(toml::Value::as_str) else {
                    continue;
                };
                let folder = plain(&join(&here, path));
                let known = found.iter().any(|member| member.folder == folder);
                if folder.is_empty() || known || found.len() >= MOST {
                    continue;
                }
                let inner = self::manifest(package, &folder);
                found.push(Member {
                    name: name.replace('-', "_"),
                    library: library(package, &folder, &inner),
                    folder: folder.clone(),
                });
                waiting.push(folder);
            }
        }
    }
    found
}
