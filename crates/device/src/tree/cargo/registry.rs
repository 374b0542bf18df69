use super::{Options, checksum, crate_file, file_stem, folder, of_cargo, wanted};
use crate::tree::plain::{Kind, Shelf, digest_of, unexplained};
use crate::tree::{Against, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Answer, Digest, printable};
use std::path::{Path, PathBuf};

/// Checks the sources that cargo unpacked below its home (`registry/src`), and the `.crate` files
/// that it keeps (`registry/cache`), of everything that a lockfile names. Paths are relative to the
/// home.
pub fn check_registry(home: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let entries = of_cargo(locked);
    let shelf = Shelf::read(&crate::tree::plain::places(options), &wanted(&entries));
    let mut check = Check {
        home,
        indexes: indexes(home),
        shelf,
        report: TreeReport::default(),
    };
    let mut absent = 0;
    for entry in entries {
        match entry.source {
            Source::Registry => absent += usize::from(!check.entry(entry)),
            Source::Git | Source::Url | Source::Path | Source::Bundled => {
                check.report.not_checked.push(format!(
                    "{}: it comes from a repository, of which cargo keeps no artifact",
                    entry.release.spoken()
                ));
            }
        }
    }
    let mut report = check.report;
    if absent > 0 {
        report
            .not_checked
            .push(format!("{absent} locked crates are not unpacked here"));
    }
    report.not_checked.extend(check.shelf.said);
    report.not_checked.sort();
    report.not_checked.dedup();
    report.packages.sort_by(|a, b| a.place.cmp(&b.place));
    report
}

/// The folders of all indexes, sorted.
fn indexes(home: &Path) -> Vec<String> {
    let mut found: Vec<String> = ["registry/src", "registry/cache"]
        .iter()
        .filter_map(|place| home.join(place).read_dir().ok())
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

struct Check<'a> {
    home: &'a Path,
    indexes: Vec<String>,
    shelf: Shelf,
    report: TreeReport,
}

/// A `.crate` with the right bytes, and whose copy it is.
struct AtHand {
    path: PathBuf,
    digest: Digest,
    from: String,
}

impl Check<'_> {
    /// Whether it is unpacked anywhere.
    fn entry(&mut self, entry: &Locked) -> bool {
        let stem = file_stem(entry);
        let mut found = false;
        for index in self.of_entry(entry) {
            let place = format!("registry/src/{index}/{stem}");
            let cached = self.cached(&index, &stem, entry);
            match Kind::of(&self.home.join(&place)) {
                None => continue,
                Some(Kind::Folder) => {
                    let package = self.package(&place, &stem, entry, cached);
                    self.report.packages.push(package);
                }
                Some(_) => self.report.loose.push(Difference {
                    path: place,
                    kind: DifferenceKind::OtherType,
                    expected: None,
                    found: None,
                    standing: Standing::Unexplained,
                }),
            }
            found = true;
        }
        found
    }

    /// The indexes that an entry can come from: those of its host. A registry that others stand in
    /// for, or whose host does not name its folder, may be any.
    fn of_entry(&self, entry: &Locked) -> Vec<String> {
        let host = entry
            .resolved
            .as_deref()
            .and_then(|address| address.split_once("://"))
            .and_then(|(_, rest)| rest.split(['/', ':', '?', '#']).next())
            .map(|host| format!("{host}-"));
        let own: Vec<String> = self
            .indexes
            .iter()
            .filter(|index| host.as_deref().is_some_and(|host| index.starts_with(host)))
            .cloned()
            .collect();
        match own.is_empty() {
            true => self.indexes.clone(),
            false => own,
        }
    }

    /// The `.crate` beside the sources, if its bytes are what Cargo.lock names. Other bytes are a
    /// difference by themselves: the next project gets them.
    fn cached(&mut self, index: &str, stem: &str, entry: &Locked) -> Option<AtHand> {
        let place = format!("registry/cache/{index}/{stem}.crate");
        let path = self.home.join(&place);
        let kind = Kind::of(&path)?;
        let promised = checksum(entry)?;
        let found = match kind {
            Kind::File { .. } => digest_of(&path).ok(),
            Kind::Link { .. } | Kind::Folder | Kind::Other | Kind::Unreadable => None,
        };
        if found.as_ref() == Some(promised) {
            return Some(AtHand {
                path,
                digest: promised.clone(),
                from: "cargo's cache".into(),
            });
        }
        let kind = match (&kind, &found) {
            (Kind::File { .. }, Some(_)) => DifferenceKind::Modified,
            (Kind::File { .. } | Kind::Unreadable, None) => DifferenceKind::Unreadable,
            _ => DifferenceKind::OtherType,
        };
        self.report.loose.push(Difference {
            path: place,
            kind,
            expected: Some(promised.clone()),
            found,
            standing: Standing::Unexplained,
        });
        None
    }

    fn package(
        &self,
        place: &str,
        stem: &str,
        entry: &Locked,
        cached: Option<AtHand>,
    ) -> PackageTree {
        let root = self.home.join(place);
        let mut tree = PackageTree {
            release: entry.release.clone(),
            place: place.to_owned(),
            answer: Answer::Yes,
            against: None,
            files: 0,
            differences: Vec::new(),
            decoy: folder::decoy(&root, &entry.release),
            open: Vec::new(),
        };
        let at_hand = cached.or_else(|| self.on_shelf(entry));
        let Some(at_hand) = at_hand else {
            tree.answer = match &tree.decoy {
                Some(_) => Answer::No,
                None => Answer::NotChecked(match checksum(entry) {
                    Some(_) => {
                        "its .crate is not on this computer: fetch it with cargo fetch".into()
                    }
                    None => "Cargo.lock promises no digest of it".into(),
                }),
            };
            return tree;
        };
        let expected = match crate_file::expected_of(&at_hand.path, stem) {
            Ok(expected) => expected,
            Err(why) => {
                tree.answer = Answer::NotChecked(why.to_string());
                return tree;
            }
        };
        let explain = |difference: &Difference| folder::is_unpacked_mark(&root, difference);
        let compared = folder::compare(&root, &expected, &explain);
        tree.answer = answer(&compared, tree.decoy.is_some());
        tree.files = compared.files;
        tree.differences = compared.differences;
        tree.against = Some(Against::Artifact {
            digest: at_hand.digest,
            from: at_hand.from,
        });
        tree
    }

    fn on_shelf(&self, entry: &Locked) -> Option<AtHand> {
        let copy = self.shelf.find(checksum(entry)?)?;
        Some(AtHand {
            path: copy.path.clone(),
            digest: copy.digest.clone(),
            from: copy.from.clone(),
        })
    }
}

/// The answer where the artifact itself was compared with.
pub(super) fn answer(compared: &folder::Compared, decoy: bool) -> Answer {
    if decoy || unexplained(&compared.differences) {
        return Answer::No;
    }
    let unreadable = compared
        .differences
        .iter()
        .any(|difference| difference.kind == DifferenceKind::Unreadable);
    if unreadable || !compared.unread.is_empty() {
        let why = compared.unread.join("; ");
        return Answer::NotChecked(match why.is_empty() {
            true => "some of its files cannot be read".into(),
            false => printable(&why, 500),
        });
    }
    Answer::Yes
}
