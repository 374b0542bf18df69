//! The branches and tags of a clone, read as text.
//!
//! Refs of pull requests (`refs/pull/…`, `refs/merge-requests/…`) are left out: anybody can make
//! one. Of remotes, `origin` and `upstream` count where they exist; others may be forks.

use super::layout::Layout;
use super::{CloneError, limit, read_file, read_line};
use customs_origin::source::{ObjectFormat, ObjectId};
use std::collections::BTreeMap;
use std::path::Path;

/// Branches and tags by full name.
#[derive(Debug, Default)]
pub struct Refs {
    /// Each with the object that it names.
    pub all: BTreeMap<String, ObjectId>,
    /// The default branch, where the clone has it.
    pub default: Option<String>,
    /// Where the history ends, though it goes on elsewhere.
    pub shallow: Vec<ObjectId>,
    /// Why they are not all here.
    pub cut: Option<String>,
}

impl Refs {
    /// Reads them. Those of another hash function are none of this repository's.
    pub fn read(layout: &Layout, format: ObjectFormat) -> Result<Self, CloneError> {
        let mut refs = Self::default();
        if layout.common.join("reftable").is_dir() {
            refs.cut = Some(
                "its refs are in tables, which are not read (git refs migrate --ref-format=files)"
                    .to_owned(),
            );
            return Ok(refs);
        }
        if let Some(bytes) = read_file(&layout.common.join("packed-refs"), limit::REFS)? {
            for line in String::from_utf8_lossy(&bytes).lines() {
                if let Some((id, name)) = line.split_once(' ') {
                    refs.add(name, id, format);
                }
            }
        }
        // A loose ref is newer than a packed one.
        refs.walk(&layout.common, "refs", 0, format)?;
        refs.leave_out_forks();
        refs.default = refs.find_default(layout)?;
        if let Some(bytes) = read_file(&layout.common.join("shallow"), limit::REFS)? {
            let text = String::from_utf8_lossy(&bytes);
            // A line that is no id says nothing about any commit.
            refs.shallow = text
                .lines()
                .filter_map(|line| ObjectId::parse(line.trim()).ok())
                .collect();
        }
        Ok(refs)
    }

    fn add(&mut self, name: &str, id: &str, format: ObjectFormat) {
        // Symbolic refs (`ref: …`) name another that is read too.
        let Some(id) = ObjectId::parse(id).ok().filter(|id| id.format() == format) else {
            return;
        };
        if !is_branch_or_tag(name) {
            return;
        }
        if self.all.len() >= limit::REF_COUNT {
            self.cut = Some(format!(
                "it has more than {} branches and tags",
                limit::REF_COUNT
            ));
            return;
        }
        self.all.insert(name.to_owned(), id);
    }

    fn walk(
        &mut self,
        root: &Path,
        name: &str,
        depth: usize,
        format: ObjectFormat,
    ) -> Result<(), CloneError> {
        let folder = root.join(name);
        if depth > limit::REF_DEPTH {
            self.cut = Some("its refs lie too deep".to_owned());
            return Ok(());
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(CloneError::io(&folder)(error)),
        };
        for entry in entries.take(limit::REF_COUNT) {
            let entry = entry.map_err(CloneError::io(&folder))?;
            let kind = entry.file_type().map_err(CloneError::io(&folder))?;
            // A name that is not UTF-8 is named for no version.
            let Ok(part) = entry.file_name().into_string() else {
                continue;
            };
            let name = format!("{name}/{part}");
            if kind.is_dir() {
                self.walk(root, &name, depth + 1, format)?;
            } else if kind.is_file()
                && let Some(line) = read_line(&entry.path())?
            {
                self.add(&name, &line, format);
            }
        }
        Ok(())
    }

    fn leave_out_forks(&mut self) {
        let of = |name: &str, remote: &str| name.starts_with(&format!("refs/remotes/{remote}/"));
        let own = |name: &str| of(name, "origin") || of(name, "upstream");
        if self.all.keys().any(|name| own(name)) {
            self.all
                .retain(|name, _| !name.starts_with("refs/remotes/") || own(name));
        }
    }

    fn find_default(&self, layout: &Layout) -> Result<Option<String>, CloneError> {
        let symbolic = |path: &Path| -> Result<Option<String>, CloneError> {
            let line = read_line(path)?;
            Ok(line.and_then(|line| line.strip_prefix("ref:").map(|name| name.trim().to_owned())))
        };
        let head = symbolic(&layout.own.join("HEAD"))?;
        let of_origin = symbolic(&layout.common.join("refs/remotes/origin/HEAD"))?;
        let usual = [
            "refs/remotes/origin/main",
            "refs/remotes/origin/master",
            "refs/heads/main",
            "refs/heads/master",
        ];
        let usual = usual.map(|name| Some(name.to_owned()));
        let bare = head.clone().filter(|_| layout.bare);
        Ok([of_origin, bare]
            .into_iter()
            .chain(usual)
            .chain([head])
            .flatten()
            .find(|name| self.all.contains_key(name)))
    }
}

fn is_branch_or_tag(name: &str) -> bool {
    let of_request = |part: &str| matches!(part, "pull" | "pr" | "pulls" | "merge-requests");
    let counted = ["refs/heads/", "refs/tags/", "refs/remotes/"]
        .iter()
        .any(|start| name.starts_with(start));
    let remote_request = name.starts_with("refs/remotes/") && name.split('/').any(of_request);
    counted && !remote_request && name.len() <= 1024
}
