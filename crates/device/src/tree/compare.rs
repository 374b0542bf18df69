use super::disk::{self, Found, FoundEntry, FoundKind, There};
use super::{Difference, DifferenceKind, Expected, ExpectedEntry, Proven, Standing};
use customs_model::{Digest, DigestAlgorithm, printable};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes that are hashed for one folder. What lies beyond is a difference whose digest is not
/// known, which nothing explains.
const BYTES: u64 = 64 << 30;

/// Says what explains a difference.
pub trait Explain {
    /// What explains it. `at` is where it lies; who reads there must compare what it read with
    /// [`Difference::found`], since it may have changed meanwhile.
    fn explain(&mut self, difference: &Difference, at: &Path) -> Standing;
}

/// Explains nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unexplained;

impl Explain for Unexplained {
    fn explain(&mut self, _: &Difference, _: &Path) -> Standing {
        Standing::Unexplained
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Files and links that were compared.
    pub files: u64,
    /// What differs, in the order of paths.
    pub differences: Vec<Difference>,
    /// What was not read, and why. Safe to print.
    pub notes: Vec<String>,
}

/// Compares a folder, as a walk found it, with what it should hold; `proven` are files that were
/// compared before. Nothing is followed and nothing written. Empty folders that nobody expects are
/// no difference: they hold nothing.
pub fn compare(
    expected: &Expected,
    proven: &Proven,
    folder: &Path,
    found: &Found,
    explain: &mut dyn Explain,
) -> Compared {
    let mut comparer = Comparer::new(folder);
    let mut differences = Vec::new();
    let mut parents = HashSet::new();
    for (path, entry) in &expected.entries {
        let mut rest = path.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if !parents.insert(parent) {
                break;
            }
            rest = parent;
        }
        match found.at(path) {
            // The folder that cannot be read is told instead.
            There::Unknown => {}
            there => differences.extend(comparer.expected(path, path, entry, there)),
        }
    }
    for (path, there) in &found.entries {
        if expected.entries.contains_key(path) {
            continue;
        }
        let proven = proven.get(path).filter(|_| there.kind == FoundKind::File);
        let is_parent = parents.contains(path.as_str());
        let difference = match (proven, there.kind) {
            (Some(executable), _) => comparer.proven(path, *executable, there),
            (None, FoundKind::Folder) => None,
            (None, _) => Some(comparer.extra(path, path, There::Entry(*there))),
        };
        differences.extend(difference.map(|difference| match is_parent {
            true => of_kind(difference, DifferenceKind::OtherType),
            false => difference,
        }));
    }
    differences.extend(missing_of(proven, found, expected));
    for difference in &mut differences {
        let there = found.entries.get(&difference.path);
        // What could not be read cannot be explained, and no manager lends its owner's rights.
        let runs_as_owner = there.is_some_and(FoundEntry::runs_as_owner);
        if difference.kind != DifferenceKind::Unreadable && !runs_as_owner {
            let at = folder.join(&difference.path);
            difference.standing = explain.explain(difference, &at);
        }
    }
    // A name that is no text cannot be what anything writes: nobody is asked to explain it.
    let strange = found.strange.iter();
    differences.extend(strange.map(|path| Difference::new(path, DifferenceKind::Extra)));
    let unread = found.unread.iter();
    differences.extend(unread.map(|(path, _)| Difference::new(path, DifferenceKind::Unreadable)));
    differences.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    Compared {
        files: comparer.files,
        differences,
        notes: comparer.notes,
    }
}

/// Files that were proven and that a walk nevertheless does not have.
fn missing_of<'a>(
    proven: &'a Proven,
    found: &'a Found,
    expected: &'a Expected,
) -> impl Iterator<Item = Difference> + 'a {
    let gone = |path: &&String| {
        !expected.entries.contains_key(*path)
            && !found
                .entries
                .get(*path)
                .is_some_and(|there| there.kind == FoundKind::File)
    };
    let gone = proven.keys().filter(gone);
    gone.map(|path| Difference::new(path, DifferenceKind::Unreadable))
}

/// A difference of another kind, unless it could not be read.
fn of_kind(difference: Difference, kind: DifferenceKind) -> Difference {
    match difference.kind {
        DifferenceKind::Unreadable => difference,
        _ => Difference { kind, ..difference },
    }
}

/// Compares one place after the other in one folder.
#[derive(Debug)]
pub struct Comparer<'a> {
    folder: &'a Path,
    at: PathBuf,
    buffer: Vec<u8>,
    left: u64,
    /// Files and links that were compared.
    pub files: u64,
    /// What was not read, and why. Safe to print.
    pub notes: Vec<String>,
}

impl<'a> Comparer<'a> {
    /// For a folder.
    pub fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            at: PathBuf::new(),
            buffer: Vec::new(),
            left: BYTES,
            files: 0,
            notes: Vec::new(),
        }
    }

    /// How what lies at `place` differs from what should; none where it does not. `spoken` is the
    /// path that the difference names. Unexplained as yet.
    pub fn expected(
        &mut self,
        spoken: &str,
        place: &str,
        entry: &ExpectedEntry,
        there: There,
    ) -> Option<Difference> {
        let (kind, found) = match (entry, there) {
            (_, There::Unknown) => (DifferenceKind::Unreadable, None),
            (_, There::Nothing) => (DifferenceKind::Missing, None),
            (entry, There::Entry(there)) => self.both(place, entry, &there)?,
        };
        Some(Difference {
            expected: entry.digest(),
            found,
            ..Difference::new(spoken, kind)
        })
    }

    /// Something that should not lie there. Unexplained as yet.
    pub fn extra(&mut self, spoken: &str, place: &str, there: There) -> Difference {
        let There::Entry(there) = there else {
            return Difference::new(spoken, DifferenceKind::Unreadable);
        };
        self.files += 1;
        let (kind, found) = match self.found(place, &there) {
            Ok(found) => (DifferenceKind::Extra, found),
            Err(why) if why.kind() == io::ErrorKind::FileTooLarge => (DifferenceKind::Extra, None),
            Err(_) => (DifferenceKind::Unreadable, None),
        };
        Difference {
            found,
            ..Difference::new(spoken, kind)
        }
    }

    /// The digest of a file, by any algorithm.
    ///
    /// # Errors
    /// It cannot be read, or bounds are hit.
    pub fn digest(
        &mut self,
        place: &str,
        there: &FoundEntry,
        algorithm: DigestAlgorithm,
    ) -> io::Result<Digest> {
        // Its memory is kept from file to file.
        self.at.clear();
        self.at.push(self.folder);
        self.at.push(place);
        let most = disk::limit::FILE.min(self.left);
        let stamp = &there.stamp;
        let found = disk::digest(&self.at, stamp, algorithm, most, &mut self.buffer);
        match &found {
            Ok(_) => self.left = self.left.saturating_sub(stamp.size),
            Err(why) if why.kind() == io::ErrorKind::FileTooLarge => {
                let size = stamp.size;
                self.notes.push(format!(
                    "{}: it has {size} bytes, and was not read",
                    printable(place, 200)
                ));
            }
            Err(_) => {}
        }
        found
    }

    fn both(
        &mut self,
        place: &str,
        entry: &ExpectedEntry,
        there: &FoundEntry,
    ) -> Option<(DifferenceKind, Option<Digest>)> {
        match (entry, there.kind) {
            (ExpectedEntry::Folder, FoundKind::Folder) => None,
            (ExpectedEntry::File { .. }, FoundKind::File)
            | (ExpectedEntry::Link { .. }, FoundKind::Link) => {
                self.files += 1;
                match self.found(place, there) {
                    Ok(found) if found == entry.digest() => {
                        let is_other = entry
                            .executable()
                            .is_some_and(|bit| bit != there.executable);
                        (cfg!(unix) && is_other || there.runs_as_owner())
                            .then_some((DifferenceKind::Mode, found))
                    }
                    Ok(found) => Some((DifferenceKind::Modified, found)),
                    // Longer than anything that is compared with.
                    Err(why) if why.kind() == io::ErrorKind::FileTooLarge => {
                        Some((DifferenceKind::Modified, None))
                    }
                    Err(_) => Some((DifferenceKind::Unreadable, None)),
                }
            }
            (
                ExpectedEntry::Folder | ExpectedEntry::File { .. } | ExpectedEntry::Link { .. },
                FoundKind::Folder | FoundKind::File | FoundKind::Link | FoundKind::Other,
            ) => {
                // Another thing lies there, whether or not it can be read.
                let found = self.found(place, there).ok().flatten();
                Some((DifferenceKind::OtherType, found))
            }
        }
    }

    /// A file that holds what it should, which was found out before.
    fn proven(
        &mut self,
        path: &str,
        executable: Option<bool>,
        there: &FoundEntry,
    ) -> Option<Difference> {
        self.files += 1;
        let is_other = executable.is_some_and(|bit| bit != there.executable);
        (cfg!(unix) && is_other || there.runs_as_owner())
            .then(|| Difference::new(path, DifferenceKind::Mode))
    }

    /// The digest of a file, or of where a link leads; folders, pipes and devices have none.
    fn found(&mut self, place: &str, there: &FoundEntry) -> io::Result<Option<Digest>> {
        match there.kind {
            FoundKind::File => self.digest(place, there, DigestAlgorithm::Sha256).map(Some),
            FoundKind::Link => {
                let target = std::fs::read_link(self.folder.join(place))?;
                let target = target.as_os_str().as_encoded_bytes();
                Ok(Some(Digest::sha256(target)))
            }
            FoundKind::Folder | FoundKind::Other => Ok(None),
        }
    }
}
