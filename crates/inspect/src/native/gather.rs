//! The binaries of a package as facts.

use super::Binary;
use crate::limit::native;
use crate::package::Package;
use crate::pure::FileId;
use crate::unpack::{Content, Kind, Tree};
use customs_model::{BinaryFact, Digest, Zone};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Every binary of a package, told by content, whatever its name. `zones` says when the
/// first of a file runs, files that are loaded or started included.
pub fn binaries(
    tree: &Tree,
    package: &Package,
    zones: &FxHashMap<FileId, Zone>,
) -> Vec<BinaryFact> {
    // A package has one file for each entry that is no link, in the same order.
    let entries = tree
        .entries
        .iter()
        .filter(|entry| !matches!(entry.content, Content::Link(_)));
    let mut facts: Vec<BinaryFact> = Vec::new();
    for (id, entry) in package.ids().zip(entries) {
        if !matches!(entry.kind, Kind::Native | Kind::Wasm) {
            continue;
        }
        let zone = zones
            .get(&id)
            .copied()
            .unwrap_or(Zone::Called)
            .max(Zone::Called);
        let binary = match &entry.content {
            Content::Whole(bytes) => super::read(bytes),
            Content::Head(bytes) => super::kind(bytes).map(|kind| Binary {
                untold: Some("it was too large to be kept"),
                ..super::Reading::default().finish(kind)
            }),
            Content::Link(_) => None,
        };
        facts.extend(binary.map(|binary| fact(binary, &package.file(id).path, entry.length, zone)));
    }
    facts.sort_by(|a, b| (Reverse(a.zone), &a.path).cmp(&(Reverse(b.zone), &b.path)));
    facts.truncate(native::BINARIES);
    facts.sort_by(|a, b| a.path.cmp(&b.path));
    facts
}

fn fact(binary: Binary, path: &str, size: u64, zone: Zone) -> BinaryFact {
    let digest = Digest::sha256(binary.imports.join("\n").as_bytes());
    let mut imports = binary.imports;
    // Those that tell something first; the sort keeps the alphabet within both.
    imports.sort_by_key(|name| !tells(name));
    imports.truncate(native::SHOWN);
    let mut libraries = binary.libraries;
    libraries.truncate(native::SHOWN_LIBRARIES);
    BinaryFact {
        path: path.to_owned(),
        kind: binary.kind,
        architecture: binary.architecture,
        size,
        abilities: binary.abilities,
        imports,
        imports_digest: digest,
        libraries,
        zone,
        init: binary.init,
        packed: binary.packed,
        untold: binary.untold.map(str::to_owned),
    }
}

fn tells(name: &str) -> bool {
    super::ability::of_native(name).is_some()
        || name
            .split_once('.')
            .is_some_and(|(module, name)| super::ability::of_wasm(module, name).is_some())
}

/// Whether a package ships sources that a native binary could be built from: code of a
/// language that is compiled, and more of it than a file for show.
pub fn has_sources(tree: &Tree) -> bool {
    const ENOUGH: u64 = 1_024;
    let length: u64 = tree
        .entries
        .iter()
        .filter(|entry| entry.kind.is_text() && is_source(&entry.path))
        .map(|entry| entry.length)
        .sum();
    length >= ENOUGH
}

fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((_, extension)) = name.rsplit_once('.') else {
        return false;
    };
    matches!(
        extension.to_ascii_lowercase().as_str(),
        "c" | "cc"
            | "cpp"
            | "cxx"
            | "m"
            | "mm"
            | "rs"
            | "go"
            | "zig"
            | "pyx"
            | "f90"
            | "f"
            | "swift"
            | "wat"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::{Entry, kind_of};

    fn entry(path: &str, bytes: &[u8]) -> Entry {
        Entry {
            path: path.to_owned(),
            content: Content::Whole(bytes.into()),
            length: bytes.len() as u64,
            kind: kind_of(bytes),
            executable: false,
        }
    }

    #[test]
    fn what_it_is_is_told_by_content_and_not_by_name() {
        let tree = Tree {
            entries: vec![
                entry("package/package.json", b"{}"),
                entry("package/logo.png", b"\0asm\x01\0\0\0"),
                entry("package/real.wasm", b"not one"),
            ],
            ..Tree::default()
        };
        let package = Package::new(&tree);
        let mut zones = FxHashMap::default();
        zones.insert(1, Zone::Import);
        let facts = binaries(&tree, &package, &zones);
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].path, "logo.png");
        assert_eq!(facts[0].zone, Zone::Import);
    }

    #[test]
    fn a_source_for_show_is_none() {
        let long = "int a;\n".repeat(200);
        let tree = |text: &str| Tree {
            entries: vec![entry("package/src/a.c", text.as_bytes())],
            ..Tree::default()
        };
        assert!(has_sources(&tree(&long)));
        assert!(!has_sources(&tree("int a;")));
    }
}
