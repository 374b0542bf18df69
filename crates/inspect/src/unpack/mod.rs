//! Unpacking, in memory only: no path of an archive ever touches a disk.
//!
//! Both readers are our own, because what a scanner needs is not what an unpacker needs:
//! every copy of a name, what stands behind the end, and each place where two honest
//! readers would see two different archives. Such a place is an [`Oddity`], never an
//! error that ends the reading.

mod asar;
mod both;
mod disk;
mod gather;
mod held;
mod kind;
mod pack;
mod path;
mod tar;
#[cfg(test)]
mod tests;
mod zip;
mod zstd;

pub use both::Opener;
pub use gather::Gather;
pub use kind::{Kind, kind_of};
pub(crate) use pack::{Codec, unpacked};
pub use path::{folded, plain};

use crate::limit::Unpacking;
use both::Place;
use disk::Disk;
use held::{Held, OnDisk};
use pack::Members;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

/// One entry of an archive.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its path, as an unpacker resolves it: `/` between parts, no `.`, no empty part.
    /// Entries of a nested archive stand below the path of that archive, after `!/`.
    pub path: String,
    /// Its content, as far as it was kept.
    pub content: Content,
    /// The length of the whole content in bytes.
    pub length: u64,
    /// What its first bytes are.
    pub kind: Kind,
    /// It has an execution bit.
    pub executable: bool,
}

/// The content of an entry.
#[derive(Debug, Clone)]
pub enum Content {
    /// All of it.
    Whole(Arc<[u8]>),
    /// Only the beginning was kept, because the rest is over a bound and of no language
    /// that is read.
    Head(Arc<[u8]>),
    /// A link, with its target.
    Link(String),
}

/// A file of text, for tests.
#[cfg(test)]
pub(crate) fn text_file(path: &str, text: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        content: Content::Whole(text.as_bytes().into()),
        length: text.len() as u64,
        kind: Kind::Text,
        executable: false,
    }
}

impl Entry {
    /// The whole content, where it was kept.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Whole(bytes) => Some(bytes),
            Content::Head(_) | Content::Link(_) => None,
        }
    }
}

/// A place where an archive is not what an honest packer makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oddity {
    /// The trick.
    pub trick: Trick,
    /// The entry, as data (not safe to print).
    pub path: String,
}

/// The tricks of the trade. Source: the differences between archive readers behind
/// GuardDog's CVE-2022-23530 and CVE-2026-22870, and PyPI's wheel checks of August 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trick {
    /// A path that leaves the folder it is unpacked in.
    Traversal,
    /// An absolute path or one with a drive letter.
    AbsolutePath,
    /// A back-slash or NUL in a path.
    StrangePath,
    /// A link whose target leaves the tree.
    LinkOutside,
    /// The same path twice, with other content.
    DuplicateName,
    /// Two paths that are one on a disk that folds case, with other content.
    CaseTwin,
    /// Two paths that are one on another disk: their accents are written in two ways, or names in
    /// them end with dots or blanks.
    DiskTwin,
    /// Entries behind the end of the archive.
    HiddenEntries,
    /// Bytes behind the end of the archive that are no padding.
    TrailingData,
    /// More than one gzip member.
    SeveralMembers,
    /// A header whose checksum is wrong.
    BadChecksum,
    /// Two headers of one entry that name it differently.
    TwoNames,
    /// Two headers of one entry that disagree on its length.
    TwoLengths,
    /// An entry that a local header shows and the directory does not.
    NotInDirectory,
    /// Two entries over the same bytes.
    Overlap,
    /// Data in front of the archive.
    Prepended,
    /// A device, socket or other entry that no package needs.
    SpecialFile,
    /// A sparse file, which readers understand differently.
    Sparse,
    /// An extension of data (`.png`) over text or code, or the other way round.
    ContentDiffers,
    /// A path that is not UTF-8.
    NotUtf8,
    /// A name that is none, or that a reader in JavaScript takes for something else.
    StrangeName,
    /// Content whose digest is not the one that the archive says.
    OtherDigest,
    /// A file that the archive's own list of files leaves out.
    NotInRecord,
    /// A file that the archive's own list of files names, and that is not there.
    OnlyInRecord,
    /// A second list of the archive's files, in a folder of another name or version.
    SecondRecord,
    /// One archive by its beginning and another one by its end.
    Polyglot,
    /// A file whose length is not the one that the archive's own list says.
    OtherLength,
    /// A file to which the archive's own list gives a digest that is none.
    NoDigest,
    /// An entry that unpacks to far more than it takes.
    Bomb,
}

impl Trick {
    /// For people, as a part of a sentence about the entry.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Traversal => "its path leaves the folder it is unpacked in",
            Self::AbsolutePath => "its path is absolute",
            Self::StrangePath => {
                "its path holds a back-slash or NUL, which systems read differently"
            }
            Self::LinkOutside => "it is a link that leaves the package",
            Self::DuplicateName => "it is there twice, with different content",
            Self::CaseTwin => "another entry differs from it in upper and lower case only",
            Self::DiskTwin => {
                "another entry's path is the same one on some systems, by its accents or by dots and blanks at its end"
            }
            Self::HiddenEntries => "it stands behind the end of the archive",
            Self::TrailingData => "there is data behind the end of the archive",
            Self::SeveralMembers => {
                "the archive is compressed in several parts, which readers handle differently"
            }
            Self::BadChecksum => "its header's checksum is wrong",
            Self::TwoNames => "two headers give it different names",
            Self::TwoLengths => "two headers give it different lengths",
            Self::NotInDirectory => "the archive's directory does not list it",
            Self::Overlap => "it shares its bytes with another entry",
            Self::Prepended => "there is data in front of the archive",
            Self::SpecialFile => "it is a device or another special file",
            Self::Sparse => "it is a sparse file, which readers understand differently",
            Self::ContentDiffers => "its content is not what its extension says",
            Self::NotUtf8 => "its path is not UTF-8",
            Self::StrangeName => {
                "its name is none that a file can have, or one that readers in JavaScript mistake"
            }
            Self::OtherDigest => "its content is not the one whose digest the archive says",
            Self::NotInRecord => "RECORD, the archive's own list of its files, does not name it",
            Self::OnlyInRecord => {
                "RECORD, the archive's own list of its files, names it, and it is not there"
            }
            Self::SecondRecord => {
                "it is a second list of the archive's files, and installers differ in which they take"
            }
            Self::OtherLength => "its length is not the one that RECORD says",
            Self::NoDigest => "RECORD gives it a digest that is none",
            Self::Bomb => "it unpacks to more than two hundred times of what it takes",
            Self::Polyglot => "the archive is two in one, and clients differ in which they open",
        }
    }
}

/// What of an archive was not read, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unread {
    /// The entry, or empty for the archive as a whole (not safe to print).
    pub path: String,
    /// The reason, a part of a sentence, safe to print.
    pub because: String,
}

/// An archive, unpacked.
#[derive(Debug, Default)]
pub struct Tree {
    /// Every entry, in the order of the archive; duplicates included.
    pub entries: Vec<Entry>,
    /// Where it is not what an honest packer makes.
    pub oddities: Vec<Oddity>,
    /// What was not read.
    pub unread: Vec<Unread>,
}

/// Unpacks an archive and the archives in it.
///
/// Whatever the bytes are, the answer comes: an unreadable archive is an empty tree that
/// says why.
pub fn unpack(bytes: &[u8], limits: &Unpacking) -> Tree {
    let mut sink = Sink::new(limits);
    sink.archive(bytes, "", 0, Opener::Either);
    sink.finish()
}

/// Unpacks an archive from its file. What can be read as a stream is never held as a whole.
///
/// # Errors
/// The file cannot be read; what is wrong with the archive stands in the tree.
pub fn unpack_file(file: fs::File, limits: &Unpacking) -> std::io::Result<Tree> {
    unpack_file_for(file, Opener::Either, limits)
}

/// The same, where it is known what opens the archive.
///
/// # Errors
/// The file cannot be read; what is wrong with the archive stands in the tree.
pub fn unpack_file_for(
    file: fs::File,
    opener: Opener,
    limits: &Unpacking,
) -> std::io::Result<Tree> {
    let length = file.metadata()?.len();
    unpack_from(file, length, opener, limits)
}

fn unpack_from(
    file: impl Read + Seek,
    length: u64,
    opener: Opener,
    limits: &Unpacking,
) -> std::io::Result<Tree> {
    let mut sink = Sink::new(limits);
    let mut packed = BufReader::with_capacity(256 << 10, Disk::new(file));
    let head = packed.fill_buf()?;
    let (kind, is_tar) = (kind_of(head), tar::begins(head));
    let place = sink.place("", 0, opener);
    if let Some(codec) = Codec::of(kind) {
        sink.packed(codec, &mut packed, "", 0);
        sink.by_end(&OnDisk::new(packed.get_mut(), length), place);
    } else if kind == Kind::Tar {
        tar::read(&mut sink, &mut packed, "", 0);
        sink.by_end(&OnDisk::new(packed.get_mut(), length), place);
    } else if !matches!(kind, Kind::Zip | Kind::Asar) && !ends_as_zip(packed.get_mut(), length)? {
        sink.unread("", NO_ARCHIVE);
    } else if kind == Kind::Asar && length > limits.packed {
        sink.unread("", "it is larger than what is held in memory");
        sink.by_end(&OnDisk::new(packed.get_mut(), length), place);
    } else if length > limits.packed {
        zip::read(&mut sink, &OnDisk::new(packed.get_mut(), length), "", 0);
        if is_tar && opener != Opener::Zip {
            packed.seek(SeekFrom::Start(0))?;
            sink.by_beginning(&mut packed, place);
        }
    } else {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        packed.seek(SeekFrom::Start(0))?;
        let mut whole = packed.by_ref().take(limits.packed);
        whole.read_to_end(&mut bytes)?;
        sink.archive(&bytes, "", 0, opener);
    }
    // What a reader of archives took for a broken one may be a whole one on a broken disk.
    match packed.into_inner().failed() {
        Some(error) => Err(error),
        None => Ok(sink.finish()),
    }
}

/// Whether the end of a file is the end of a zip archive, whatever stands in front of it.
fn ends_as_zip(file: &mut (impl Read + Seek), length: u64) -> std::io::Result<bool> {
    let tail = length.min(zip::TAIL);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    Ok(zip::has_end_record(&bytes))
}

/// Bytes of a beginning that is kept of an entry; fewer when there are very many of them.
const LONG_HEAD: usize = 4096;
const SHORT_HEAD: usize = 64;

const NO_ARCHIVE: &str = "it is neither a tar archive, compressed or not, nor a zip archive";

/// Collects entries under the bounds.
pub(crate) struct Sink<'l> {
    limits: &'l Unpacking,
    tree: Tree,
    /// Bytes that came out of decompressors so far, over all levels.
    inflated: u64,
    /// Bytes kept in memory.
    kept: u64,
    /// Bytes of beginnings that are kept of what is not.
    heads: u64,
    /// Bytes of paths and of what links lead to.
    names: u64,
    /// Bytes that may still be unpacked to see what a compressed file holds.
    glances: u64,
    /// Something stands behind the archive that is being read.
    trails: bool,
}

impl<'l> Sink<'l> {
    fn new(limits: &'l Unpacking) -> Self {
        Self {
            limits,
            tree: Tree::default(),
            inflated: 0,
            kept: 0,
            heads: 0,
            names: 0,
            glances: limits.glances,
            trails: false,
        }
    }

    /// An archive that is read from here on.
    fn place<'p>(&mut self, prefix: &'p str, depth: usize, opener: Opener) -> Place<'p> {
        self.trails = false;
        Place {
            prefix,
            depth,
            opener,
            first: self.tree.entries.len(),
        }
    }

    fn archive(&mut self, bytes: &[u8], prefix: &str, depth: usize, opener: Opener) {
        let place = self.place(prefix, depth, opener);
        let kind = kind_of(bytes);
        if let Some(codec) = Codec::of(kind) {
            self.packed(codec, bytes, prefix, depth);
            self.by_end(&Held(bytes), place);
            return;
        }
        match kind {
            Kind::Zip => {
                zip::read(self, &Held(bytes), prefix, depth);
                if tar::begins(bytes) && opener != Opener::Zip {
                    self.by_beginning(bytes, place);
                }
            }
            Kind::Tar => {
                tar::read(self, &mut &bytes[..], prefix, depth);
                self.by_end(&Held(bytes), place);
            }
            Kind::Asar => {
                asar::read(self, bytes, prefix, depth);
                self.by_end(&Held(bytes), place);
            }
            // A zip archive may have anything in front of it.
            _ if zip::has_end_record(bytes) => zip::read(self, &Held(bytes), prefix, depth),
            _ => self.unread(prefix, NO_ARCHIVE),
        }
    }

    /// A tar archive in a compressed stream.
    fn packed(&mut self, codec: Codec, packed: impl BufRead, prefix: &str, depth: usize) {
        let told = self.tree.unread.len();
        let mut members = Members::new(codec, packed, self.inflatable() / codec.cost());
        tar::read(self, &mut members, prefix, depth);
        // What is behind the last entry counts as well.
        let mut rest = [0_u8; 8192];
        while matches!(members.read(&mut rest), Ok(n) if n > 0) {}
        self.inflated(members.read.saturating_mul(codec.cost()));
        let why = if members.left == 0 {
            Some("it unpacks to more than the bound".to_owned())
        } else {
            members.failed.take()
        };
        if let Some(why) = why {
            self.unread(prefix, &why);
            // The cause stands in front of what the reader of tar made of it.
            if let Some(here) = self.tree.unread.get_mut(told..) {
                here.rotate_right(1.min(here.len()));
            }
        }
        if members.count > 1 {
            self.odd(Trick::SeveralMembers, prefix);
        }
        if members.trailing > 0 {
            self.odd(Trick::TrailingData, prefix);
        }
        if members.archive_behind {
            self.odd(Trick::Polyglot, prefix);
        }
    }

    pub(crate) fn odd(&mut self, trick: Trick, path: &str) {
        self.trails |= matches!(trick, Trick::TrailingData | Trick::BadChecksum);
        // Many of one kind must not crowd out the first one of another.
        let is_new = || self.tree.oddities.iter().all(|known| known.trick != trick);
        if self.tree.oddities.len() < self.limits.oddities || is_new() {
            self.tree.oddities.push(Oddity {
                trick,
                path: path.to_owned(),
            });
        }
    }

    pub(crate) fn unread(&mut self, path: &str, because: &str) {
        // What is missing of the archive as a whole is said however much else is missing.
        let is_new = || {
            let same = |known: &Unread| known.path.is_empty() && known.because == because;
            path.is_empty() && !self.tree.unread.iter().any(same)
        };
        if self.tree.unread.len() < self.limits.oddities || is_new() {
            self.tree.unread.push(Unread {
                path: path.to_owned(),
                because: because.to_owned(),
            });
        }
    }

    /// Whether one more entry may come.
    pub(crate) fn room(&mut self, prefix: &str) -> bool {
        let room = self.tree.entries.len() < self.limits.entries && self.names < self.limits.names;
        if !room {
            self.unread(
                prefix,
                "it has more entries, or longer paths, than the bound; the rest was not read",
            );
        }
        room
    }

    /// Bytes that may still be inflated.
    pub(crate) fn inflatable(&self) -> u64 {
        self.limits.inflated.saturating_sub(self.inflated)
    }

    pub(crate) fn inflated(&mut self, bytes: u64) {
        self.inflated = self.inflated.saturating_add(bytes);
    }

    /// The bound on one entry that is kept whole.
    pub(crate) const fn entry_bound(&self) -> u64 {
        self.limits.entry
    }

    /// Takes an entry in: its path as it stands in the archive, its bytes, its length.
    pub(crate) fn take(&mut self, raw: &[u8], prefix: &str, file: File<'_>, depth: usize) -> usize {
        let path = self.path_of(raw, prefix);
        self.names += path.len() as u64;
        let kind = kind_of(&file.bytes);
        if kind.differs_from(&path) {
            self.odd(Trick::ContentDiffers, &path);
        }
        let whole = file.bytes.len() as u64 == file.length;
        // Data must not crowd out what runs: the last quarter is for code.
        let room = if runs(&path, &file.bytes) {
            self.limits.kept
        } else {
            self.limits.kept / 4 * 3
        };
        let keep = whole && self.kept + file.length <= room;
        let content = if keep {
            self.kept += file.length;
            Content::Whole(file.bytes.as_ref().into())
        } else {
            if whole || kind.is_text() || kind.is_archive() {
                self.unread(
                    &path,
                    "it, or the package as a whole, is larger than what is kept in memory",
                );
            }
            let most = if self.heads < self.limits.heads {
                LONG_HEAD
            } else {
                SHORT_HEAD
            };
            let head = &file.bytes[..file.bytes.len().min(most)];
            self.heads += head.len() as u64;
            Content::Head(head.into())
        };
        let index = self.tree.entries.len();
        self.tree.entries.push(Entry {
            path: path.clone(),
            content,
            length: file.length,
            kind,
            executable: file.executable,
        });
        if whole && kind.is_archive() {
            self.nested(&file.bytes, &path, kind, depth);
        }
        index
    }

    fn nested(&mut self, bytes: &[u8], path: &str, kind: Kind, depth: usize) {
        if let Some(codec) = Codec::of(kind) {
            let Some(left) = self.glances.checked_sub(codec.first(bytes)) else {
                self.unread(path, "there are more compressed files than are looked into");
                return;
            };
            self.glances = left;
            // A compressed single file is data, not an archive.
            if !pack::holds_tar(codec, bytes) && !zip::opens(&Held(bytes)) {
                return;
            }
        }
        if depth >= self.limits.depth {
            self.unread(path, "archives are nested too deeply in it");
            return;
        }
        let trails = self.trails;
        let opener = Opener::of_inner(path);
        self.archive(bytes, &format!("{path}!/"), depth + 1, opener);
        self.trails = trails;
    }

    pub(crate) fn link(&mut self, raw: &[u8], target: &[u8], prefix: &str, symbolic: bool) {
        let path = self.path_of(raw, prefix);
        let target = String::from_utf8_lossy(target).into_owned();
        self.names += (path.len() + target.len()) as u64;
        if path::leaves(&path, &target, symbolic) {
            self.odd(Trick::LinkOutside, &path);
        }
        self.tree.entries.push(Entry {
            path,
            content: Content::Link(target),
            length: 0,
            kind: Kind::Other,
            executable: false,
        });
    }

    fn path_of(&mut self, raw: &[u8], prefix: &str) -> String {
        let text = match std::str::from_utf8(raw) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let text = String::from_utf8_lossy(raw).into_owned();
                self.odd(Trick::NotUtf8, &text);
                text
            }
        };
        let read = path::Reading::of(&text);
        for trick in read.tricks {
            self.odd(trick, &format!("{prefix}{text}"));
        }
        format!("{prefix}{}", read.path)
    }

    fn finish(mut self) -> Tree {
        self.twins();
        self.tree.oddities.sort();
        self.tree.oddities.dedup();
        self.tree
    }

    /// Paths that are one on some disk.
    fn twins(&mut self) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut found = Vec::new();
        for (index, entry) in self.tree.entries.iter().enumerate() {
            let first = match seen.entry(path::on_some_disk(&entry.path)) {
                Slot::Occupied(known) => *known.get(),
                Slot::Vacant(free) => {
                    free.insert(index);
                    continue;
                }
            };
            let earlier = &self.tree.entries[first];
            if !same_content(earlier, entry) {
                let trick = if earlier.path == entry.path {
                    Trick::DuplicateName
                } else if folded(&earlier.path) == folded(&entry.path) {
                    Trick::CaseTwin
                } else {
                    Trick::DiskTwin
                };
                found.push(Oddity {
                    trick,
                    path: entry.path.clone(),
                });
            }
        }
        found.truncate(self.limits.oddities);
        self.tree.oddities.append(&mut found);
    }
}

/// Whether a file may be code or say what runs, by its name and its first bytes.
fn runs(path: &str, bytes: &[u8]) -> bool {
    const CODE: [&str; 16] = [
        "js", "cjs", "mjs", "jsx", "ts", "cts", "mts", "tsx", "py", "pyw", "pth", "rs", "sh",
        "gyp", "toml", "ps1",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| CODE.contains(&extension))
        || name == "package.json"
        || path.contains(".data/scripts/")
        || bytes.starts_with(b"#!")
}

fn same_content(a: &Entry, b: &Entry) -> bool {
    a.length == b.length
        && match (&a.content, &b.content) {
            (Content::Whole(a), Content::Whole(b)) | (Content::Head(a), Content::Head(b)) => a == b,
            (Content::Link(a), Content::Link(b)) => a == b,
            _ => false,
        }
}

/// One file of an archive.
pub(crate) struct File<'a> {
    /// Its bytes; fewer than `length` when it is over the bound.
    pub bytes: std::borrow::Cow<'a, [u8]>,
    /// Its length.
    pub length: u64,
    /// It may be executed.
    pub executable: bool,
}
