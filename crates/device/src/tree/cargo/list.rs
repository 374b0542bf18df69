//! `.cargo-checksum.json`: what cargo goes by in a vendored crate. Nobody binds it to anything.

use super::folder::{Crate, Folder};
use crate::tree::disk::{Found, There};
use crate::tree::{
    Against, Cause, Comparer, Difference, DifferenceKind, Expected, ExpectedEntry, PackageTree,
    disk,
};
use customs_ecosystem::cargo::Checksum;
use customs_model::Digest;
use std::path::Path;

/// Its name.
pub(super) const LIST: &str = ".cargo-checksum.json";

/// Bytes of it.
const LONGEST: u64 = 32 << 20;

/// Reads the list of a crate. The error is safe to print.
pub(super) fn read(root: &Path) -> Result<Checksum, String> {
    let bytes = disk::read_up_to(&root.join(LIST), LONGEST).map_err(|e| format!("{LIST}: {e}"))?;
    let bytes = bytes.ok_or_else(|| format!("{LIST}: more than {LONGEST} bytes are not read"))?;
    Checksum::parse(&bytes).map_err(|e| e.to_string())
}

/// The list itself is not what cargo writes for this crate.
pub(super) fn wrong(root: &Path, found: &Found, promised: Option<&Digest>) -> Difference {
    let there = found.at(LIST);
    let lies = Comparer::new(root).extra(LIST, LIST, there);
    let kind = match (there, lies.kind) {
        (There::Nothing, _) => DifferenceKind::Missing,
        (_, DifferenceKind::Unreadable) => DifferenceKind::Unreadable,
        _ if there.is_file() => DifferenceKind::Modified,
        _ => DifferenceKind::OtherType,
    };
    Difference {
        kind,
        // It cannot be told what the whole list should be; the digest that it must name can.
        expected: promised.cloned(),
        ..lies
    }
}

/// Holds a vendored crate against its `.crate`, less what `cargo vendor` leaves out.
pub(super) fn against_crate(
    folder: &Folder<'_>,
    of: &Crate,
    list: &Checksum,
    promised: &Digest,
    tree: &mut PackageTree,
) {
    let agrees = list.package.as_ref() == Some(promised);
    let explain = |difference: &Difference| {
        let what = match (difference.kind, difference.path.as_str()) {
            (DifferenceKind::Missing, path) if is_left_out(path) => "cargo vendor leaves it out",
            (DifferenceKind::Extra, LIST) if agrees => {
                "cargo vendor's list, which agrees with the crate"
            }
            _ => return None,
        };
        Some(Cause::Manager { what: what.into() })
    };
    folder.compare(of, &explain, tree);
    // Files that are as the crate has them are proven; a list that names another digest lies, and
    // one that leaves a file out makes cargo blind to what is done to it.
    let mut comparer = Comparer::new(folder.root);
    let lies = list
        .files
        .iter()
        .any(|(path, digest)| !agrees_on(folder, of, path, digest, &mut comparer));
    let expected = of.expected.entries.iter();
    let files = expected.filter(|(_, entry)| matches!(entry, ExpectedEntry::File { .. }));
    let mut files = files.map(|(path, _)| path).chain(of.proven.keys());
    let leaves_out = files.any(|path| !list.files.contains_key(path) && !is_left_out(path));
    if lies || leaves_out {
        for difference in &mut tree.differences {
            if difference.path == LIST {
                difference.standing = crate::tree::Standing::Unexplained;
            }
        }
    }
}

/// Whether the crate has a file with the digest that the list names.
fn agrees_on(
    folder: &Folder<'_>,
    of: &Crate,
    path: &str,
    listed: &Digest,
    comparer: &mut Comparer<'_>,
) -> bool {
    if let Some(expected) = of.expected.entries.get(path) {
        return matches!(expected, ExpectedEntry::File { .. })
            && expected.digest().as_ref() == Some(listed);
    }
    // It lies there byte by byte as the crate has it, so its own digest is the crate's.
    let there = folder.found.entries.get(path);
    let there = there.filter(|_| of.proven.contains_key(path));
    there.is_some_and(|there| {
        comparer
            .digest(path, there, listed.algorithm())
            .is_ok_and(|found| found == *listed)
    })
}

/// `.gitignore`, `.gitattributes` and `.cargo-ok` always; patch leftovers by older cargo.
fn is_left_out(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, ".gitignore" | ".gitattributes" | ".cargo-ok")
        || name.ends_with(".orig")
        || name.ends_with(".rej")
}

/// Holds a vendored crate against its own list. Agreement is no answer: who edits a file can edit
/// the list. What is not listed is compiled as well.
pub(super) fn against_own(folder: &Folder<'_>, list: &Checksum, why: &str, tree: &mut PackageTree) {
    let mut expected = Expected::default();
    for (path, digest) in &list.files {
        let mut sha256 = [0; 32];
        for (to, from) in sha256.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        let entry = ExpectedEntry::File {
            size: 0,
            sha256,
            executable: None,
        };
        expected.entries.insert(path.clone(), entry);
    }
    let of = Crate {
        expected,
        ..Crate::default()
    };
    let explain = |difference: &Difference| {
        let is_list = difference.path == LIST && difference.kind == DifferenceKind::Extra;
        is_list.then(|| Cause::Manager {
            what: "cargo vendor's list".into(),
        })
    };
    tree.open.push(format!(
        "{why}; it was compared with {LIST}, which whoever changes a file can change too"
    ));
    folder.compare(&of, &explain, tree);
    tree.against = Some(Against::OwnList { list: LIST.into() });
}
