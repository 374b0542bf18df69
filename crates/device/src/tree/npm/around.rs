//! The workspace of pnpm around a project that has a lockfile of its own (`sharedWorkspaceLockfile: false`):
//! there a range may rightly be met by a folder outside of the project.

use super::members;
use crate::tree::disk;
use customs_ecosystem::lockfile::{SETTINGS_BYTES, SettingsKind};
use std::collections::BTreeSet;
use std::path::Path;

const SETTINGS: &str = "pnpm-workspace.yaml";
/// Folders above a project that are looked into.
const FOLDERS: usize = 64;

/// A workspace that a project is a member of, and not the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The project's folder, relative to the workspace's.
    pub own: String,
    /// The folders of all members, relative to the workspace's; `""` is its root.
    pub members: BTreeSet<String>,
}

impl Around {
    /// The nearest workspace above a project. None where there is none, where it cannot be read, where the
    /// project is the root of one, and where it is no member.
    pub fn of(project: &Path) -> Option<Self> {
        let real = std::fs::canonicalize(project).ok()?;
        let mut folders = real.ancestors().take(FOLDERS);
        let root = folders.find(|folder| folder.join(SETTINGS).is_file())?;
        let own = real.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
        if own.is_empty() {
            return None;
        }
        let text = disk::read_up_to(&root.join(SETTINGS), SETTINGS_BYTES as u64).ok()??;
        let settings = SettingsKind::PnpmWorkspace.read(&text).ok()?;
        let patterns = settings.get("packages")?;
        let members = members::of_pnpm(root, patterns);
        members.contains(&own).then_some(Self { own, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_knows_the_workspace_around_it_and_a_stranger_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(SETTINGS, "packages:\n  - packages/*\n  - '!packages/out'\n");
        for member in ["packages/a", "packages/b", "packages/out", "other"] {
            write(&format!("{member}/package.json"), "{}");
        }
        let around = |path: &str| Around::of(&folder.path().join(path));
        let found = around("packages/a").unwrap();
        assert_eq!(found.own, "packages/a");
        let members: Vec<_> = found.members.iter().map(String::as_str).collect();
        assert_eq!(members, ["", "packages/a", "packages/b"]);
        assert_eq!(around("other"), None);
        assert_eq!(around("packages/out"), None);
        assert_eq!(around(""), None, "it is the root");
        write("packages/a/pnpm-workspace.yaml", "packages: []\n");
        assert_eq!(around("packages/a"), None, "it is the root of its own");
    }
}
