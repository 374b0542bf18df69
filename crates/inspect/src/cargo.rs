//! What manifests of cargo name inside of the archive.

use crate::package::{Package, join};
use crate::pure::FileId;
use crate::unpack::plain;

/// Crates beside the one that the archive is made for.
const MOST: usize = 64;

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

/// The crates in an archive that its own one reaches.
#[derive(Debug, Default)]
pub struct Members {
    /// Those that are followed.
    pub found: Vec<Member>,
    /// There are more.
    pub cut: bool,
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

/// What cargo runs while it compiles a crate in a folder: its build script, and the macros that it
/// is itself.
pub fn run_by_build(package: &Package, folder: &str) -> Vec<FileId> {
    let manifest = manifest(package, folder);
    let build = manifest.get("package").and_then(|p| p.get("build"));
    let script = match build {
        Some(toml::Value::Boolean(false)) => None,
        Some(toml::Value::String(path)) => Some(path.as_str()),
        _ => Some("build.rs"),
    };
    let mut found = Vec::new();
    found.extend(script.and_then(|path| package.find(&join(folder, path))));
    let is_macro = manifest.get("lib").is_some_and(|lib| {
        ["proc-macro", "proc_macro"]
            .iter()
            .any(|key| lib.get(key) == Some(&toml::Value::Boolean(true)))
    });
    if is_macro {
        found.extend(library(package, folder, &manifest));
    }
    found
}

/// The crates that the archive's own one reaches by path, and those that these reach.
/// Registries take such paths out when a crate is published; a forged archive keeps them.
pub fn members(package: &Package) -> Members {
    let Members { mut found, mut cut } = Members::default();
    let mut waiting = vec![(String::new(), manifest(package, ""))];
    while let Some((here, manifest)) = waiting.pop() {
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
                if folder.is_empty() || known {
                    continue;
                }
                if found.len() >= MOST {
                    cut = true;
                    continue;
                }
                let inner = self::manifest(package, &folder);
                found.push(Member {
                    name: name.replace('-', "_"),
                    library: library(package, &folder, &inner),
                    folder: folder.clone(),
                });
                waiting.push((folder, inner));
            }
        }
    }
    Members { found, cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::{Tree, text_file as file};

    fn crate_with(members: usize) -> Package {
        let dependencies: String = (0..members)
            .map(|n| format!("m-{n} = {{ path = \"m{n}\" }}\n"))
            .collect();
        let manifest = format!("[package]\nname = \"a\"\n[dependencies]\n{dependencies}");
        let mut entries = vec![file("a-1.0.0/Cargo.toml", &manifest)];
        for n in 0..members {
            entries.push(file(&format!("a-1.0.0/m{n}/Cargo.toml"), "[package]\n"));
            entries.push(file(&format!("a-1.0.0/m{n}/src/lib.rs"), ""));
        }
        Package::new(&Tree {
            entries,
            ..Tree::default()
        })
    }

    #[test]
    fn crates_beyond_the_bound_are_said() {
        let few = crate_with(MOST);
        assert_eq!(few.members().len(), MOST);
        assert!(few.members().iter().all(|member| member.library.is_some()));
        assert!(!few.has_more_members());
        let many = crate_with(MOST + 1);
        assert_eq!(many.members().len(), MOST);
        assert!(many.has_more_members());
    }
}
