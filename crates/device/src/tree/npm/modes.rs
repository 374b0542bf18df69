//! The right to execute a file. Managers give it to what has it in the artifact, for anybody, and to
//! programs that the manifest names; nobody else has it (measured: npm 11.19, pnpm 12.21, Yarn 1.22 and
//! 4.18, bun 1.4.5). Which bits are left the umask says, which is not compared.

use super::explain::{Explainer, by_manager};
use super::manager::Manager;
use super::package::Outcome;
use crate::tree::disk::{Found, FoundKind, There};
use crate::tree::{Difference, DifferenceKind, Standing};
use std::path::Path;

/// What explains another right to execute, in words.
pub(super) fn explain(explainer: &Explainer<'_>, path: &str, at: &Path) -> Option<&'static str> {
    if explainer.manifest.is_program(path) {
        return Some("a program of the package; managers set that when they link it");
    }
    // Their programs are linked too.
    if path.starts_with("node_modules/") {
        return Some("a file of a package that came along inside the artifact");
    }
    if explainer.runs_at_install {
        return Some("a file of a package whose script may have run");
    }
    if explainer.patched.results.contains_key(path) || explainer.patched.sets_modes {
        return Some("a file of a package that is patched");
    }
    let shares = matches!(explainer.manager, Manager::Pnpm | Manager::YarnBerry);
    (shares && is_shared(at) && is_executable(at)).then_some(
        "a file that the manager's store has once for all packages with these bytes, \
         of which one is a program",
    )
}

#[cfg(unix)]
fn is_shared(at: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(at).is_ok_and(|meta| meta.nlink() > 1)
}

#[cfg(not(unix))]
fn is_shared(_: &Path) -> bool {
    false
}

fn is_executable(at: &Path) -> bool {
    matches!(There::look(at), There::Entry(there) if there.executable)
}

/// What the file system of a tree is seen to keep.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    /// A file can be executed.
    runs: bool,
    /// A file cannot.
    plain: bool,
}

impl Kept {
    /// As far as a folder shows it.
    pub fn of(found: &Found) -> Self {
        let entries = found.entries.values();
        let files = entries.filter(|there| there.kind == FoundKind::File);
        files.fold(Self::default(), |kept, there| Self {
            runs: kept.runs || there.executable,
            plain: kept.plain || !there.executable,
        })
    }

    /// What two folders show.
    pub const fn with(self, other: Self) -> Self {
        Self {
            runs: self.runs || other.runs,
            plain: self.plain || other.plain,
        }
    }

    /// Explains what a file system does that gives all files the same rights (a share, a disk of
    /// another system).
    pub fn explain(self, folder: &Path, outcome: &mut Outcome) {
        if self.runs && self.plain {
            return;
        }
        for difference in &mut outcome.tree.differences {
            if is_open(difference)
                && let There::Entry(there) = There::look(&folder.join(&difference.path))
                && !there.runs_as_owner()
            {
                difference.standing =
                    by_manager("the file system gives all files the same right to be executed");
            }
        }
    }
}

fn is_open(difference: &Difference) -> bool {
    difference.kind == DifferenceKind::Mode && difference.standing == Standing::Unexplained
}
