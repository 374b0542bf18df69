//! Archives of the package that a command line unpacks, and what it runs of them then.

use super::Text;
use super::started::key_of;
use crate::flow::Analysis;
use crate::flow::command::{At, Piped};
use crate::package::folder;
use crate::pure::{FileId, HOLE_START};

/// Archives that are remembered.
const MOST: usize = 32;

/// An archive that was unpacked.
#[derive(Debug)]
pub(super) struct Unpacked {
    archive: FileId,
    /// How the paths of what is in it begin.
    inside: String,
    /// Where to.
    folder: String,
    /// So many folders of each path were left out.
    strip: usize,
    /// Something of it is read.
    opened: bool,
}

impl Analysis<'_> {
    /// `tar xf a.tgz`, `unzip a.zip -d b`.
    pub(super) fn own_archive_unpacked(
        &mut self,
        base: &str,
        args: &[Text],
        input: &Piped,
        at: &At,
    ) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let is_short = |text: &&str| !text.starts_with("--");
        let unpacks = match base {
            "tar" | "bsdtar" | "gtar" => {
                let first = texts
                    .iter()
                    .take(1)
                    .any(|text| !text.starts_with('-') && text.contains('x'));
                let mut short = texts.iter().copied().filter(is_short);
                first
                    || short.any(|text| text.starts_with('-') && text.contains('x'))
                    || texts
                        .iter()
                        .any(|text| matches!(*text, "--extract" | "--get"))
            }
            "unzip" => true,
            "7z" | "7za" | "7zr" | "7zz" | "unrar" | "unar" => {
                base == "unar" || matches!(texts.first(), Some(&("x" | "e")))
            }
            _ => false,
        };
        if !unpacks || self.left_behind.unpacked.len() >= MOST {
            return;
        }
        let named = texts.iter().find_map(|text| {
            let value = text.split_once('=').map_or(*text, |(_, value)| value);
            self.own_path(value, at)
        });
        let given = input.file.as_deref();
        let Some(archive) = named.or_else(|| given.and_then(|path| self.own_path(path, at))) else {
            return;
        };
        let value = |names: &[&str]| {
            let mut rest = texts.iter();
            while let Some(text) = rest.next() {
                if names.contains(text) {
                    return rest.next().map(|next| (*next).to_owned());
                }
                let joined = names.iter().find_map(|name| text.strip_prefix(name));
                if let Some(joined) = joined.filter(|joined| !joined.is_empty()) {
                    return Some(joined.trim_start_matches('=').to_owned());
                }
            }
            None
        };
        let to = match base {
            "unzip" => value(&["-d"]),
            "tar" | "bsdtar" | "gtar" => value(&["-C", "--directory"]),
            _ => value(&["-o"]),
        };
        let strip = value(&["--strip-components", "--strip"]);
        let inside = format!("{}!/", self.package.file(archive).path);
        let opened = self.has_folder(inside.trim_end_matches('/'));
        self.left_behind.unpacked.push(Unpacked {
            archive,
            opened,
            inside,
            folder: key_of(&to.unwrap_or_default(), at),
            strip: strip.and_then(|text| text.parse().ok()).unwrap_or(0),
        });
    }

    /// The file that lies at a place once the archives were unpacked that were until now.
    pub(in crate::flow::command) fn unpacked_file(&self, path: &str) -> Option<FileId> {
        self.left_behind.unpacked.iter().rev().find_map(|unpacked| {
            let rest = unpacked.below(path)?;
            if unpacked.strip == 0 {
                let path = format!("{}{rest}", unpacked.inside);
                return self.package.find(&path).or_else(|| {
                    let found = self.package.node_file(&path);
                    found.filter(|id| self.package.language(*id).is_some())
                });
            }
            self.scanned().find(|id| {
                let path = self.package.file(*id).path.strip_prefix(&unpacked.inside);
                let parts = || path.map(|path| path.splitn(unpacked.strip + 1, '/'));
                parts().is_some_and(|mut parts| parts.nth(unpacked.strip) == Some(rest))
            })
        })
    }

    /// Whether a folder lies in an archive that was unpacked.
    pub(in crate::flow::command) fn is_unpacked_folder(&self, path: &str) -> bool {
        self.left_behind.unpacked.iter().any(|unpacked| {
            unpacked.folder == path
                || unpacked.below(path).is_some_and(|rest| {
                    unpacked.strip > 0 || self.has_folder(&format!("{}{rest}", unpacked.inside))
                })
        })
    }

    /// The archive that was unpacked to where a path lies, and of which nothing is read.
    pub(super) fn left_unopened(&self, key: &str, at: &At) -> Option<FileId> {
        if !self.runs_in_package(at) || key.contains(HOLE_START) {
            return None;
        }
        let mut all = self.left_behind.unpacked.iter();
        all.find(|unpacked| !unpacked.opened && unpacked.below(key).is_some())
            .map(|unpacked| unpacked.archive)
    }

    /// The folder of the package that an archive in the package holds: the one with a file of
    /// a name.
    pub(super) fn folder_in_archive(&self, archive: FileId, name: &str) -> Option<String> {
        let inside = format!("{}!/", self.package.file(archive).path);
        let found = self.scanned().find(|id| {
            let path = self.package.file(*id).path.strip_prefix(&inside);
            path.and_then(|path| path.strip_suffix(name))
                .is_some_and(|top| top.ends_with('/') && top.matches('/').count() == 1)
        })?;
        Some(folder(&self.package.file(found).path).to_owned())
    }
}

impl Unpacked {
    /// A path below where it was unpacked to.
    fn below<'t>(&self, path: &'t str) -> Option<&'t str> {
        match self.folder.as_str() {
            "" => (!path.starts_with('/')).then_some(path),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        }
    }
}
