//! What cargo checked out of repositories (`git/checkouts`).

use crate::tree::checkouts::{self, Kept};
use crate::tree::{Cause, Difference, DifferenceKind, Options, Standing, TreeReport};
use customs_ecosystem::lockfile::Locked;
use customs_model::Digest;
use std::path::Path;

/// Checks what was checked out of repositories for these entries. Paths are relative to cargo's home.
pub(super) fn check(home: &Path, entries: &[&Locked], options: &Options) -> TreeReport {
    let kept = Kept {
        home,
        top: "git/checkouts",
        clones: &|repository| vec![home.join("git/db").join(repository)],
        lockfile: "Cargo.lock",
        manager: "cargo",
        tells_absent: true,
        explain: &mark,
    };
    checkouts::check(&kept, entries, options)
}

/// `.cargo-ok`, empty, which cargo writes when all is checked out.
fn mark(difference: &Difference) -> Standing {
    let is_mark = difference.path == ".cargo-ok"
        && difference.kind == DifferenceKind::Extra
        && difference.found == Some(Digest::sha256(b""));
    match is_mark {
        true => Standing::Explained(Cause::Manager {
            what: "cargo's mark that everything is checked out".into(),
        }),
        false => Standing::Unexplained,
    }
}
