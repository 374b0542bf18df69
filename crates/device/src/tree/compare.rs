use super::disk::{self, Found, FoundEntry, FoundKind};
use super::{Difference, DifferenceKind, Expected, ExpectedEntry, Proven, Standing};
use customs_model::Digest;
use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::Path;

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
}

/// Compares a folder with what it should hold. Nothing is followed and nothing written. Empty
/// folders that nobody expects are no difference: they hold nothing.
///
/// # Errors
/// The folder cannot be read, or exceeds a bound of [`disk::limit`].
pub fn compare(
    expected: &Expected,
    folder: &Path,
    outside: &BTreeSet<String>,
    explain: &mut dyn Explain,
) -> io::Result<Compared> {
    let found = disk::walk(folder, outside)?;
    Ok(compare_found(
        expected,
        &Proven::new(),
        folder,
        &found,
        explain,
    ))
}

/// The same with a walk that was made before, and with files that are proven already.
pub fn compare_found(
    expected: &Expected,
    proven: &Proven,
    folder: &Path,
    found: &Found,
    explain: &mut dyn Explain,
) -> Compared {
    let mut run = Run {
        folder,
        explain,
        buffer: Vec::new(),
        out: Compared::default(),
    };
    let unread: HashSet<&str> = found.unread.iter().map(|(path, _)| path.as_str()).collect();
    let mut parents = HashSet::new();
    for (path, entry) in &expected.entries {
        let mut rest = path.as_str();
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if !parents.insert(parent) {
                break;
            }
            rest = parent;
        }
        match found.entries.get(path) {
            Some(there) => run.both(path, entry, there),
            // Nobody knows what is in a folder that cannot be read.
            None if is_below(path, &unread) => {}
            None => run.differs(path, DifferenceKind::Missing, digest_of(entry), None),
        }
    }
    for (path, there) in &found.entries {
        if expected.entries.contains_key(path) {
            continue;
        }
        if there.kind == FoundKind::File
            && let Some(executable) = proven.get(path)
        {
            run.proven(path, *executable, there);
            continue;
        }
        if parents.contains(path.as_str()) {
            if there.kind != FoundKind::Folder {
                run.extra(path, there, DifferenceKind::OtherType);
            }
            continue;
        }
        if there.kind != FoundKind::Folder {
            run.extra(path, there, DifferenceKind::Extra);
        }
    }
    for path in &found.strange {
        run.differs(path, DifferenceKind::Extra, None, None);
    }
    for (path, _) in &found.unread {
        run.differs(path, DifferenceKind::Unreadable, None, None);
    }
    run.out
        .differences
        .sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    run.out
}

fn is_below(path: &str, folders: &HashSet<&str>) -> bool {
    let mut rest = path;
    loop {
        if folders.contains(rest) {
            return true;
        }
        match rest.rsplit_once('/') {
            Some((parent, _)) => rest = parent,
            None => return false,
        }
    }
}

fn digest_of(entry: &ExpectedEntry) -> Option<Digest> {
    match entry {
        ExpectedEntry::File { sha256, .. } => Some(Digest::from_sha256(*sha256)),
        ExpectedEntry::Link { target } => Some(Digest::sha256(target.as_bytes())),
        ExpectedEntry::Folder => None,
    }
}

struct Run<'a> {
    folder: &'a Path,
    explain: &'a mut dyn Explain,
    buffer: Vec<u8>,
    out: Compared,
}

impl Run<'_> {
    fn differs(
        &mut self,
        path: &str,
        kind: DifferenceKind,
        expected: Option<Digest>,
        found: Option<Digest>,
    ) {
        let mut difference = Difference {
            path: path.to_owned(),
            kind,
            expected,
            found,
            standing: Standing::Unexplained,
        };
        // What could not be read cannot be explained.
        if kind != DifferenceKind::Unreadable {
            difference.standing = self.explain.explain(&difference, &self.folder.join(path));
        }
        self.out.differences.push(difference);
    }

    /// Something that lies where something is expected.
    fn both(&mut self, path: &str, entry: &ExpectedEntry, there: &FoundEntry) {
        match (entry, there.kind) {
            (ExpectedEntry::Folder, FoundKind::Folder) => {}
            (ExpectedEntry::File { .. }, FoundKind::File) => self.files(path, entry, there),
            (ExpectedEntry::Link { target }, FoundKind::Link) => {
                self.out.files += 1;
                let wanted = Digest::sha256(target.as_bytes());
                match self.link(path) {
                    Ok(found) if found == wanted => {}
                    Ok(found) => {
                        self.differs(path, DifferenceKind::Modified, Some(wanted), Some(found));
                    }
                    Err(_) => self.differs(path, DifferenceKind::Unreadable, Some(wanted), None),
                }
            }
            _ => self.extra_instead(path, entry, there),
        }
    }

    fn proven(&mut self, path: &str, executable: Option<bool>, there: &FoundEntry) {
        self.out.files += 1;
        if cfg!(unix) && executable.is_some_and(|bit| bit != there.executable) {
            self.differs(path, DifferenceKind::Mode, None, None);
        }
    }

    fn files(&mut self, path: &str, entry: &ExpectedEntry, there: &FoundEntry) {
        let ExpectedEntry::File {
            sha256, executable, ..
        } = entry
        else {
            return;
        };
        self.out.files += 1;
        let wanted = Some(Digest::from_sha256(*sha256));
        match disk::sha256(&self.folder.join(path), &mut self.buffer) {
            Err(_) => self.differs(path, DifferenceKind::Unreadable, wanted, None),
            Ok(found) if found != *sha256 => {
                let found = Some(Digest::from_sha256(found));
                self.differs(path, DifferenceKind::Modified, wanted, found);
            }
            Ok(_) if cfg!(unix) && executable.is_some_and(|bit| bit != there.executable) => {
                self.differs(path, DifferenceKind::Mode, wanted.clone(), wanted);
            }
            Ok(_) => {}
        }
    }

    fn extra_instead(&mut self, path: &str, entry: &ExpectedEntry, there: &FoundEntry) {
        let found = self.found(path, there);
        self.differs(path, DifferenceKind::OtherType, digest_of(entry), found);
    }

    fn extra(&mut self, path: &str, there: &FoundEntry, kind: DifferenceKind) {
        self.out.files += 1;
        let found = self.found(path, there);
        let readable = found.is_some() || there.kind == FoundKind::Other;
        match readable {
            true => self.differs(path, kind, None, found),
            false => self.differs(path, DifferenceKind::Unreadable, None, None),
        }
    }

    fn found(&mut self, path: &str, there: &FoundEntry) -> Option<Digest> {
        match there.kind {
            // An error leaves no digest, and the difference stands all the same.
            FoundKind::File => disk::sha256(&self.folder.join(path), &mut self.buffer)
                .ok()
                .map(Digest::from_sha256),
            FoundKind::Link => self.link(path).ok(),
            FoundKind::Folder | FoundKind::Other => None,
        }
    }

    /// A link is known by where it leads.
    fn link(&self, path: &str) -> io::Result<Digest> {
        let target = std::fs::read_link(self.folder.join(path))?;
        Ok(Digest::sha256(target.as_os_str().as_encoded_bytes()))
    }
}
