//! A folder as a tree, as if it had been packed.

use crate::error::{Doing as _, Failure};
use customs_inspect::{Content, Entry, Tree, Unpacking, Unread, kind_of};
use std::path::{Path, PathBuf};

/// Reads a folder; links are listed and not followed.
pub(super) fn read(root: &Path) -> Result<Tree, Failure> {
    let limits = Unpacking::default();
    let mut tree = Tree::default();
    let mut kept = 0_u64;
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    // An unpacked wheel has no top folder; everything else has one.
    let wheel = has_dist_info(root);
    while let Some(folder) = waiting.pop() {
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .doing(format!("list {}", folder.display()))?
            .filter_map(Result::ok)
            .collect();
        names.sort_by_key(std::fs::DirEntry::file_name);
        for entry in names {
            let path = entry.path();
            let inner = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            let shown = if wheel {
                inner
            } else {
                format!("package/{inner}")
            };
            let kind = entry
                .file_type()
                .doing(format!("look at {}", path.display()))?;
            if kind.is_dir() {
                waiting.push(path);
                continue;
            }
            if tree.entries.len() >= limits.entries {
                tree.unread.push(Unread {
                    path: String::new(),
                    because: "it has more files than the bound".to_owned(),
                });
                return Ok(tree);
            }
            if !kind.is_file() {
                let target = std::fs::read_link(&path)
                    .map(|target| target.to_string_lossy().into_owned())
                    .unwrap_or_default();
                tree.entries.push(Entry {
                    path: shown,
                    content: Content::Link(target),
                    length: 0,
                    kind: kind_of(b"\0"),
                    executable: false,
                });
                continue;
            }
            let length = entry
                .metadata()
                .doing(format!("look at {}", path.display()))?
                .len();
            if length > limits.entry || kept + length > limits.kept {
                tree.unread.push(Unread {
                    path: shown,
                    because: "it, or the folder as a whole, is larger than what is kept in memory"
                        .to_owned(),
                });
                continue;
            }
            let bytes = std::fs::read(&path).doing(format!("read {}", path.display()))?;
            kept += length;
            tree.entries.push(Entry {
                path: shown,
                kind: kind_of(&bytes),
                length,
                content: Content::Whole(bytes.into()),
                executable: false,
            });
        }
    }
    Ok(tree)
}

fn has_dist_info(root: &Path) -> bool {
    std::fs::read_dir(root).is_ok_and(|names| {
        names
            .filter_map(Result::ok)
            .any(|entry| entry.file_name().to_string_lossy().ends_with(".dist-info"))
    })
}
