//! What a package is made for, and what its files are written in, told by their names.

use crate::ir::Language;
use crate::unpack::Tree;

/// What a package is made for, told by the files in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// A tarball of npm.
    Npm,
    /// A wheel.
    Wheel,
    /// A source distribution of Python.
    Sdist,
    /// A crate.
    Crate,
    /// Anything else.
    Other,
}

/// The language that a name promises, or a first line.
pub(super) fn language_of(path: &str, bytes: Option<&[u8]>) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx") => {
            return if path.ends_with(".d.ts")
                || path.ends_with(".d.mts")
                || path.ends_with(".d.cts")
            {
                None
            } else {
                Some(Language::JavaScript)
            };
        }
        Some("py" | "pyw") => return Some(Language::Python),
        Some("rs") => return Some(Language::Rust),
        _ => {}
    }
    let first = bytes?.split(|byte| *byte == b'\n').next()?;
    if !first.starts_with(b"#!") || first.len() > 200 {
        return None;
    }
    let first = String::from_utf8_lossy(first);
    if first.contains("node") || first.contains("bun") || first.contains("deno") {
        Some(Language::JavaScript)
    } else if first.contains("python") {
        Some(Language::Python)
    } else {
        None
    }
}

pub(super) fn make_of(tree: &Tree) -> Make {
    let mut make = Make::Other;
    let of_cargo = tree.entries.iter().any(|entry| {
        let name = entry.path.split_once('/').map(|(_, name)| name);
        matches!(name, Some("Cargo.toml.orig" | ".cargo_vcs_info.json"))
    });
    for entry in &tree.entries {
        let depth = entry.path.matches('/').count();
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        match (name, depth) {
            ("METADATA", 1) if entry.path.contains(".dist-info/") => return Make::Wheel,
            ("PKG-INFO", 1) => return Make::Sdist,
            // npm hands out what it was given, and cargo what it has packed itself.
            ("package.json", 0 | 1) if make != Make::Crate || !of_cargo => make = Make::Npm,
            ("Cargo.toml", 0 | 1) if make == Make::Other => make = Make::Crate,
            ("setup.py" | "pyproject.toml", 0 | 1) if make == Make::Other => make = Make::Sdist,
            _ => {}
        }
    }
    make
}

/// The path below the top folder, where the kind of archive has one.
pub(super) fn below_top(make: Make, path: &str) -> &str {
    match make {
        Make::Wheel => path,
        _ => match path.split_once('/') {
            Some((_, inner)) => inner,
            None => path,
        },
    }
}
