//! Unpacking, in memory only: no path of an archive ever touches a disk.
//!
//! Both readers are our own, because what a scanner needs is not what an unpacker needs:
//! every copy of a name, what stands behind the end, and each place where two honest
//! readers would see two different archives. Such a place is an [`Oddity`], never an
//! error that ends the reading.

mod disk;
mod kind;
mod path;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

pub use kind::{Kind, kind_of};
pub use path::{folded, plain};

use crate::limit::Unpacking;
use disk::Disk;
use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
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
    sink.archive(bytes, "", 0);
    sink.finish()
}

/// Unpacks an archive from its file. What can be read as a stream is never held as a whole.
///
/// # Errors
/// The file cannot be read; what is wrong with the archive stands in the tree.
pub fn unpack_file(file: fs::File, limits: &Unpacking) -> std::io::Result<Tree> {
    let mut sink = Sink::new(limits);
    let length = file.metadata()?.len();
    let mut packed = BufReader::with_capacity(256 << 10, Disk::new(file));
    let kind = kind_of(packed.fill_buf()?);
    match kind {
        Kind::Gzip => sink.gzip(&mut packed, "", 0),
        Kind::Tar => tar::read(&mut sink, &mut packed, "", 0),
        _ if kind != Kind::Zip && !ends_as_zip(packed.get_mut(), length)? => {
            sink.unread("", NO_ARCHIVE);
        }
        _ if length > limits.packed => {
            sink.unread("", "it is larger than what is held in memory");
        }
        _ => {
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            packed.seek(SeekFrom::Start(0))?;
            let mut whole = packed.by_ref().take(limits.packed);
            whole.read_to_end(&mut bytes)?;
            sink.archive(&bytes, "", 0);
        }
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

const NO_ARCHIVE: &str = "it is neither a gzip-compressed tar nor a zip archive";

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
        }
    }

    fn archive(&mut self, bytes: &[u8], prefix: &str, depth: usize) {
        match kind_of(bytes) {
            Kind::Gzip => self.gzip(bytes, prefix, depth),
            Kind::Zip => zip::read(self, bytes, prefix, depth),
            Kind::Tar => {
                tar::read(self, &mut &bytes[..], prefix, depth);
            }
            // A zip archive may have anything in front of it.
            _ if zip::has_end_record(bytes) => zip::read(self, bytes, prefix, depth),
            _ => self.unread(prefix, NO_ARCHIVE),
        }
    }

    fn gzip(&mut self, packed: impl BufRead, prefix: &str, depth: usize) {
        let mut members = Members {
            decoder: Some(GzDecoder::new(packed)),
            count: 1,
            trailing: 0,
            failed: None,
            left: self.limits.inflated.saturating_sub(self.inflated),
            read: 0,
        };
        tar::read(self, &mut members, prefix, depth);
        // What is behind the last entry counts as well.
        let mut rest = [0_u8; 8192];
        while matches!(members.read(&mut rest), Ok(n) if n > 0) {}
        self.inflated += members.read;
        if members.left == 0 {
            self.unread(prefix, "it unpacks to more than the bound");
        } else if let Some(why) = members.failed.take() {
            self.unread(prefix, &format!("its compression is broken ({why})"));
        }
        if members.count > 1 {
            self.odd(Trick::SeveralMembers, prefix);
        }
        if members.trailing > 0 {
            self.odd(Trick::TrailingData, prefix);
        }
    }

    pub(crate) fn odd(&mut self, trick: Trick, path: &str) {
        if self.tree.oddities.len() < self.limits.oddities {
            self.tree.oddities.push(Oddity {
                trick,
                path: path.to_owned(),
            });
        }
    }

    pub(crate) fn unread(&mut self, path: &str, because: &str) {
        if self.tree.unread.len() < self.limits.oddities {
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
        self.inflated += bytes;
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
            if whole || kind.is_text() {
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
        if whole && matches!(kind, Kind::Gzip | Kind::Zip | Kind::Tar) {
            self.nested(&file.bytes, &path, kind, depth);
        }
        index
    }

    fn nested(&mut self, bytes: &[u8], path: &str, kind: Kind, depth: usize) {
        // A compressed single file is data, not an archive.
        if kind == Kind::Gzip && !looks_like_tar_inside(bytes) {
            return;
        }
        if depth >= self.limits.depth {
            self.unread(path, "archives are nested too deeply in it");
            return;
        }
        self.archive(bytes, &format!("{path}!/"), depth + 1);
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
            let Some(&first) = seen.get(&folded(&entry.path)) else {
                seen.insert(folded(&entry.path), index);
                continue;
            };
            let earlier = &self.tree.entries[first];
            if !same_content(earlier, entry) {
                let trick = if earlier.path == entry.path {
                    Trick::DuplicateName
                } else {
                    Trick::CaseTwin
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

fn looks_like_tar_inside(bytes: &[u8]) -> bool {
    let mut head = [0_u8; 512];
    let mut decoder = GzDecoder::new(bytes);
    decoder.read_exact(&mut head).is_ok() && kind_of(&head) == Kind::Tar
}

/// The members of a gzip file, one behind the other, with what is odd about them.
struct Members<R: BufRead> {
    /// None once the last member is read.
    decoder: Option<GzDecoder<R>>,
    count: usize,
    trailing: usize,
    failed: Option<String>,
    left: u64,
    read: u64,
}

impl<R: BufRead> Members<R> {
    /// What stands behind a member: another one, padding, or something else.
    fn behind(&mut self) {
        let Some(mut packed) = self.decoder.take().map(GzDecoder::into_inner) else {
            return;
        };
        // Python's reader goes on behind padding of zeros, so what stands there counts.
        while let Ok(rest) = packed.fill_buf() {
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            packed.consume(zeros);
        }
        match packed.fill_buf() {
            // A buffer may end within the two bytes; what is no member fails as one.
            Ok([0x1f] | [0x1f, 0x8b, ..]) => {
                self.count += 1;
                self.decoder = Some(GzDecoder::new(packed));
            }
            // Tape padding is zeros.
            _ => self.trailing = not_zero(&mut packed),
        }
    }
}

fn not_zero(rest: &mut impl BufRead) -> usize {
    let mut count = 0;
    while let Ok(piece) = rest.fill_buf() {
        let length = piece.len();
        if length == 0 {
            break;
        }
        count += piece.iter().filter(|byte| **byte != 0).count();
        rest.consume(length);
    }
    count
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let wanted = buffer
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let Some(decoder) = self.decoder.as_mut().filter(|_| wanted > 0) else {
                return Ok(0);
            };
            match decoder.read(&mut buffer[..wanted]) {
                Ok(0) => self.behind(),
                Ok(count) => {
                    self.left -= count as u64;
                    self.read += count as u64;
                    return Ok(count);
                }
                Err(error) => {
                    self.failed = Some(error.to_string());
                    self.decoder = None;
                    return Ok(0);
                }
            }
        }
    }
}
