//! The one file whose path ends with a name: looked up, not gone through.

use super::File;
use crate::pure::FileId;
use std::cmp::Ordering;

/// Files in the order of their paths read from behind: those that end alike stand together.
#[derive(Debug)]
pub(super) struct Endings(Vec<FileId>);

impl Endings {
    pub(super) fn of(files: &[File]) -> Self {
        let mut ids: Vec<FileId> = (0..files.len() as FileId).collect();
        ids.sort_by(|a, b| {
            let (a, b) = (&files[*a as usize], &files[*b as usize]);
            backwards(&a.path, &b.path)
        });
        Self(ids)
    }

    /// The file in some folder that has a name there; none where there are several.
    pub(super) fn only<'f>(&self, files: &'f [File], name: &str) -> Option<&'f File> {
        let ending = format!("/{name}");
        let from = self
            .0
            .partition_point(|id| backwards(&files[*id as usize].path, &ending).is_lt());
        let mut found = self
            .0
            .get(from..)?
            .iter()
            .map(|id| &files[*id as usize])
            .take_while(|file| file.path.ends_with(&ending));
        let only = found.next()?;
        found.next().is_none().then_some(only)
    }
}

/// The order of two texts that are read from behind.
fn backwards(a: &str, b: &str) -> Ordering {
    a.bytes().rev().cmp(b.bytes().rev())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Package;
    use crate::unpack::{Content, Entry, Kind, Tree};
    use proptest::prelude::*;

    fn package(paths: &[String]) -> Package {
        let entries = paths.iter().map(|path| Entry {
            path: format!("t/{path}"),
            content: Content::Whole(path.as_bytes().into()),
            length: path.len() as u64,
            kind: Kind::Text,
            executable: false,
        });
        Package::new(&Tree {
            entries: entries.collect(),
            ..Tree::default()
        })
    }

    /// The same by going through all files.
    fn gone_through<'f>(files: &'f [File], name: &str) -> Option<&'f File> {
        let ending = format!("/{name}");
        let mut found = files.iter().filter(|file| file.path.ends_with(&ending));
        let only = found.next()?;
        found.next().is_none().then_some(only)
    }

    #[test]
    fn of_two_files_with_a_name_none_is_meant() {
        let paths = ["a/b.bin", "c/b.bin", "c/d.bin", "d.bin", "xd.bin"].map(str::to_owned);
        let package = package(&paths);
        let endings = Endings::of(&package.files);
        let found = |name: &str| {
            endings
                .only(&package.files, name)
                .map(|file| file.path.as_str())
        };
        assert_eq!(found("b.bin"), None);
        assert_eq!(found("c/b.bin"), None, "nothing stands around its folder");
        assert_eq!(found("d.bin"), Some("c/d.bin"));
        assert_eq!(found("e.bin"), None);
    }

    proptest! {
        #[test]
        fn a_file_is_found_by_its_ending_as_by_going_through_all(
            paths in prop::collection::vec("[ab]{1,2}(/[ab]{1,2}){0,3}", 0..12),
            name in "[ab]{1,2}(/[ab]{1,2}){0,2}",
        ) {
            let package = package(&paths);
            let found = Endings::of(&package.files)
                .only(&package.files, &name)
                .map(|file| &file.path);
            let wanted = gone_through(&package.files, &name).map(|file| &file.path);
            prop_assert_eq!(found, wanted);
        }
    }
}
