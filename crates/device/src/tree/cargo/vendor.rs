use super::folder::{self, Compared};
use super::registry::answer;
use super::{Options, checksum, crate_file, file_stem, of_cargo, wanted};
use crate::tree::plain::{Expected, ExpectedEntry, Kind, Shelf, digest_of, join, read_bounded};
use crate::tree::{Against, Cause, Difference, DifferenceKind, PackageTree, Standing, TreeReport};
use customs_ecosystem::cargo::{Checksum, vendor_folders};
use customs_ecosystem::lockfile::{Locked, Source};
use customs_model::{Answer, Digest, Ecosystem, PackageName, ReleaseId, Version, printable};
use std::collections::BTreeSet;
use std::path::Path;

const LIST: &str = ".cargo-checksum.json";

/// Crates of one vendor folder that are looked at.
const CRATES: usize = 50_000;

/// Checks the vendored crates of a project: the folders that `.cargo/config.toml` puts in the place
/// of a registry, and `vendor`. Paths are relative to the project.
pub fn check_vendor(project: &Path, locked: &[Locked], options: &Options) -> TreeReport {
    let entries = of_cargo(locked);
    let mut check = Check {
        project,
        shelf: Shelf::read(&crate::tree::plain::places(options), &wanted(&entries)),
        entries,
        seen: BTreeSet::new(),
        report: TreeReport::default(),
    };
    let folders = check.folders();
    for folder in &folders {
        check.folder(folder);
    }
    if !folders.is_empty() {
        check.absent();
    }
    let mut report = check.report;
    report.not_checked.extend(check.shelf.said);
    report.not_checked.sort();
    report.not_checked.dedup();
    report
}

struct Check<'a> {
    project: &'a Path,
    entries: Vec<&'a Locked>,
    shelf: Shelf,
    /// What was found in a folder.
    seen: BTreeSet<ReleaseId>,
    report: TreeReport,
}

impl<'a> Check<'a> {
    /// The vendor folders, sorted.
    fn folders(&mut self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for name in [".cargo/config.toml", ".cargo/config"] {
            let path = self.project.join(name);
            if Kind::of(&path).is_none() {
                continue;
            }
            let folders = read_bounded(&path, 1 << 20)
                .map_err(|e| e.to_string())
                .and_then(|bytes| vendor_folders(&bytes).map_err(|e| e.to_string()));
            match folders {
                Ok(folders) => found.extend(folders),
                Err(why) => self.report.not_checked.push(format!("{name}: {why}")),
            }
        }
        if self.project.join("vendor").is_dir() {
            found.insert("vendor".to_owned());
        }
        let named: BTreeSet<String> = found
            .iter()
            .map(|folder| {
                folder
                    .trim_start_matches("./")
                    .trim_end_matches('/')
                    .to_owned()
            })
            .collect();
        named.into_iter().collect()
    }

    fn folder(&mut self, folder: &str) {
        let root = self.project.join(folder);
        let Ok(children) = root.read_dir() else {
            self.report.not_checked.push(format!(
                "{}: it cannot be read, or is not there",
                printable(folder, 200)
            ));
            return;
        };
        let mut names: Vec<String> = children
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        if names.len() > CRATES {
            names.truncate(CRATES);
            self.report.not_checked.push(format!(
                "{}: more than {CRATES} crates are not looked at",
                printable(folder, 200)
            ));
        }
        for name in names {
            let place = join(folder, &name);
            match Kind::of(&self.project.join(&place)) {
                Some(Kind::Folder) => self.crate_at(&place, &name),
                Some(Kind::File { .. }) | None => {
                    // cargo reads folders only.
                }
                // cargo follows a link, to what nobody compares.
                Some(Kind::Link { .. } | Kind::Other | Kind::Unreadable) => {
                    self.report.loose.push(Difference {
                        path: place,
                        kind: DifferenceKind::OtherType,
                        expected: None,
                        found: None,
                        standing: Standing::Unexplained,
                    });
                }
            }
        }
    }

    fn crate_at(&mut self, place: &str, name: &str) {
        let root = self.project.join(place);
        // cargo passes over folders that start with a dot and those without a manifest, which
        // version control leaves behind.
        if name.starts_with('.') || Kind::of(&root.join("Cargo.toml")).is_none() {
            return;
        }
        let named = folder::named(&root);
        let Some(entry) = self.entry_of(&root, name, named.as_ref()) else {
            self.unlocked(place, named);
            return;
        };
        self.seen.insert(entry.release.clone());
        let tree = self.package(place, entry);
        self.report.packages.push(tree);
    }

    /// The locked release of a folder: by its manifest, or, where that names another one, by the
    /// folder's own name.
    fn entry_of(
        &self,
        root: &Path,
        folder: &str,
        named: Option<&(String, String)>,
    ) -> Option<&'a Locked> {
        let mut by_manifest = self
            .entries
            .iter()
            .filter(|entry| {
                let release = &entry.release;
                named.is_some_and(|(name, version)| {
                    release.package.as_str() == name && release.version.as_str() == version
                })
            })
            .peekable();
        let Some(first) = by_manifest.peek().copied().copied() else {
            let by_folder = self.entries.iter().find(|entry| {
                file_stem(entry) == folder || entry.release.package.as_str() == folder
            });
            return by_folder.copied();
        };
        // Two registries may have the same release: the list says which of them it claims to be.
        let claimed = list(root).ok().and_then(|list| list.package);
        let bound = by_manifest.find(|entry| checksum(entry) == claimed.as_ref());
        Some(bound.copied().unwrap_or(first))
    }

    /// A crate that Cargo.lock does not name: cargo does not compile it today.
    fn unlocked(&mut self, place: &str, named: Option<(String, String)>) {
        let release = named.and_then(|(name, version)| {
            let name = PackageName::new(Ecosystem::Cargo, &name).ok()?;
            Some(ReleaseId::new(name, Version::new(&version).ok()?))
        });
        let Some(release) = release else {
            self.report.not_checked.push(format!(
                "{}: its Cargo.toml names no release",
                printable(place, 200)
            ));
            return;
        };
        let root = self.project.join(place);
        let mut tree = empty(release, place);
        match list(&root) {
            Ok(list) => own_list(&mut tree, &root, &list, "Cargo.lock does not name it"),
            Err(why) => tree.answer = Answer::NotChecked(why),
        }
        self.report.packages.push(tree);
    }

    fn package(&self, place: &str, entry: &Locked) -> PackageTree {
        let root = self.project.join(place);
        let mut tree = empty(entry.release.clone(), place);
        tree.decoy = folder::decoy(&root, &entry.release);
        let list = match list(&root) {
            Ok(list) => list,
            Err(_) => {
                // cargo refuses such a folder; what is compiled from it is not known.
                tree.differences = vec![wrong_list(&root, None)];
                tree.answer = Answer::No;
                return tree;
            }
        };
        let promised = checksum(entry);
        let bound = match (entry.source, promised) {
            (Source::Git | Source::Url, _) => {
                let why = "it comes from a repository, of which there is no artifact";
                own_list(&mut tree, &root, &list, why);
                return tree;
            }
            (_, None) => {
                own_list(
                    &mut tree,
                    &root,
                    &list,
                    "Cargo.lock promises no digest of it",
                );
                return tree;
            }
            (_, Some(promised)) => promised,
        };
        match self.artifact(entry, bound) {
            Ok((expected, against)) => {
                let compared = against_crate(&root, &expected, &list, bound);
                tree.answer = answer(&compared, tree.decoy.is_some());
                tree.files = compared.files;
                tree.differences = compared.differences;
                tree.against = Some(against);
            }
            Err(why) => {
                own_list(&mut tree, &root, &list, &why);
                if list.package.as_ref() != Some(bound) {
                    tree.differences.push(wrong_list(&root, Some(bound)));
                    tree.differences.sort_by(|a, b| a.path.cmp(&b.path));
                    tree.answer = Answer::No;
                }
            }
        }
        tree
    }

    fn artifact(&self, entry: &Locked, digest: &Digest) -> Result<(Expected, Against), String> {
        let copy = self
            .shelf
            .find(digest)
            .ok_or("its .crate is not on this computer: fetch it, or name cargo's home")?;
        let expected = crate_file::expected_of(&copy.path, &file_stem(entry))
            .map_err(|why| why.to_string())?;
        Ok((
            expected,
            Against::Artifact {
                digest: copy.digest.clone(),
                from: copy.from.clone(),
            },
        ))
    }

    fn absent(&mut self) {
        let absent = self
            .entries
            .iter()
            .filter(|entry| !self.seen.contains(&entry.release))
            .count();
        if absent > 0 {
            self.report
                .not_checked
                .push(format!("{absent} locked crates are not vendored here"));
        }
    }
}

fn empty(release: ReleaseId, place: &str) -> PackageTree {
    PackageTree {
        release,
        place: place.to_owned(),
        answer: Answer::Yes,
        against: None,
        files: 0,
        differences: Vec::new(),
        decoy: None,
        open: Vec::new(),
    }
}

fn list(root: &Path) -> Result<Checksum, String> {
    let bytes = read_bounded(&root.join(LIST), 32 << 20).map_err(|e| format!("{LIST}: {e}"))?;
    Checksum::parse(&bytes).map_err(|e| e.to_string())
}

/// The list itself is not what cargo writes for this crate.
fn wrong_list(root: &Path, promised: Option<&Digest>) -> Difference {
    let path = root.join(LIST);
    let (kind, found) = match Kind::of(&path) {
        None => (DifferenceKind::Missing, None),
        Some(Kind::File { .. }) => match digest_of(&path) {
            Ok(digest) => (DifferenceKind::Modified, Some(digest)),
            Err(_) => (DifferenceKind::Unreadable, None),
        },
        Some(Kind::Unreadable) => (DifferenceKind::Unreadable, None),
        Some(Kind::Folder | Kind::Link { .. } | Kind::Other) => (DifferenceKind::OtherType, None),
    };
    Difference {
        path: LIST.to_owned(),
        kind,
        // It cannot be told what the whole list should be; the digest that it must name can.
        expected: promised.cloned(),
        found,
        standing: Standing::Unexplained,
    }
}

/// Holds a vendored crate against its `.crate`, less what `cargo vendor` leaves out.
fn against_crate(root: &Path, expected: &Expected, list: &Checksum, promised: &Digest) -> Compared {
    let agrees = list.package.as_ref() == Some(promised)
        && list.files.iter().all(|(path, digest)| {
            expected
                .entries
                .get(path)
                .and_then(ExpectedEntry::digest)
                .as_ref()
                == Some(digest)
        });
    let explain = |difference: &Difference| {
        let what = match (difference.kind, difference.path.as_str()) {
            (DifferenceKind::Missing, path) if is_left_out(path) => "cargo vendor leaves it out",
            (DifferenceKind::Extra, LIST) if agrees => {
                "cargo vendor's list, which agrees with the crate"
            }
            _ => return folder::is_unpacked_mark(root, difference),
        };
        Some(Cause::Manager { what: what.into() })
    };
    folder::compare(root, expected, &explain)
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
fn own_list(tree: &mut PackageTree, root: &Path, list: &Checksum, why: &str) {
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
    let explain = |difference: &Difference| match difference.path.as_str() {
        LIST => Some(Cause::Manager {
            what: "cargo vendor's list".into(),
        }),
        _ => folder::is_unpacked_mark(root, difference),
    };
    let compared = folder::compare(root, &expected, &explain);
    tree.answer = match answer(&compared, tree.decoy.is_some()) {
        Answer::No => Answer::No,
        Answer::Yes | Answer::NotChecked(_) => Answer::NotChecked(format!(
            "{why}; it was compared with {LIST}, which whoever changes a file can change too"
        )),
    };
    tree.files = compared.files;
    tree.differences = compared.differences;
    tree.against = Some(Against::OwnList { list: LIST.into() });
}
