use crate::tree::plain::{Disk, Expected, Kind, difference, extra, read_bounded};
use crate::tree::{Cause, Difference, DifferenceKind, Standing};
use customs_model::ReleaseId;
use std::path::Path;

/// What lies in a folder, compared with what should.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// In the order of their paths.
    pub differences: Vec<Difference>,
    /// Files compared.
    pub files: u64,
    /// What was not looked at. Safe to print.
    pub unread: Vec<String>,
}

/// Compares a folder, entry by entry, and asks of each difference what explains it.
pub(super) fn compare(
    root: &Path,
    expected: &Expected,
    explain: &dyn Fn(&Difference) -> Option<Cause>,
) -> Compared {
    let disk = Disk::walk(root, &|_| true);
    let mut compared = Compared {
        unread: disk.unread,
        ..Compared::default()
    };
    let mut add = |mut found: Difference| {
        if let Some(cause) = explain(&found) {
            found.standing = Standing::Explained(cause);
        }
        compared.differences.push(found);
    };
    for (path, wanted) in &expected.entries {
        compared.files += 1;
        let found = disk.entries.get(path);
        difference(path, wanted, found, &root.join(path))
            .into_iter()
            .for_each(&mut add);
    }
    for (path, kind) in &disk.entries {
        if *kind != Kind::Folder && !expected.entries.contains_key(path) {
            add(extra(path, kind, &root.join(path)));
        }
    }
    compared
        .differences
        .sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    compared
}

/// `.cargo-ok`, which cargo writes when it has unpacked everything: these bytes and no others.
pub(super) fn is_unpacked_mark(root: &Path, difference: &Difference) -> Option<Cause> {
    let is_mark = difference.path == ".cargo-ok"
        && difference.kind == DifferenceKind::Extra
        && read_bounded(&root.join(".cargo-ok"), 16)
            .is_ok_and(|bytes| matches!(bytes.as_slice(), b"{\"v\":1}" | b"ok"));
    is_mark.then(|| Cause::Manager {
        what: "cargo's mark that everything is unpacked".into(),
    })
}

/// What the folder's own Cargo.toml says it is, where that is something else.
pub(super) fn decoy(root: &Path, release: &ReleaseId) -> Option<String> {
    let (name, version) = named(root)?;
    let same = name == release.package.as_str() && version == release.version.as_str();
    (!same).then(|| customs_model::printable(&format!("{name}@{version}"), 200))
}

/// The name and version of a folder's Cargo.toml.
pub(super) fn named(root: &Path) -> Option<(String, String)> {
    let bytes = read_bounded(&root.join("Cargo.toml"), 1 << 20).ok()?;
    let declared = customs_ecosystem::cargo::declared_by_cargo_toml(&bytes)?;
    Some((declared.name?, declared.version?))
}
