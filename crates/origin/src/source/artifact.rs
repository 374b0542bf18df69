//! An artifact as a list of files with the ids that git would give to them.
//!
//! Everything is read in memory and nothing is written. Of a path that occurs twice the last wins,
//! as in every installer that was measured; that it occurs twice is said.

use super::object::{ObjectFormat, ObjectId, ObjectKind};
use super::path;
use customs_model::{Digest, printable};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

/// Bounds on an archive that a stranger made.
pub mod limit {
    /// Bytes of the packed archive.
    pub const PACKED: usize = 512 << 20;
    /// Bytes of all files together, unpacked. tar's long names count too.
    pub const UNPACKED: u64 = 512 << 20;
    /// Bytes of one file.
    pub const FILE: u64 = 128 << 20;
    /// Entries.
    pub const ENTRIES: usize = 100_000;
    /// Bytes of one file whose content is kept after its ids are known.
    pub const KEPT: usize = 512 << 10;
    /// Bytes of one source map that is kept.
    pub const KEPT_MAP: usize = 16 << 20;
    /// Bytes of all that is kept.
    pub const KEPT_TOTAL: usize = 96 << 20;
    /// Bytes of a file that are kept in any case, to tell what it is.
    pub const HEAD: usize = 64;
    /// Things that are said about the archive.
    pub const REMARKS: usize = 50;
}

/// Why an artifact could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Damaged, or not of its kind. The reader of tar repeats the name of an entry.
    #[error("the artifact cannot be unpacked: {}", printable(&.0.to_string(), 300))]
    Damaged(#[from] io::Error),
    /// A zip that is none.
    #[error("the wheel cannot be unpacked: {}", printable(&.0.to_string(), 300))]
    Zip(#[from] zip::result::ZipError),
    /// A bound of `limit`.
    #[error("the artifact is larger than what is read: more than {0}")]
    Limit(&'static str),
    /// Nothing in it.
    #[error("the artifact holds no file")]
    Empty,
}

/// What an artifact is packed as, and what that says about its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// npm's `.tgz`: the first part of every path goes, whatever it is called.
    NpmTarball,
    /// cargo's `.crate`: below `name-version/`.
    Crate,
    /// A source distribution of Python, gzip tar, below `name-version/`.
    Sdist,
    /// A wheel: a zip whose paths are those of `site-packages`.
    Wheel,
}

/// One file of an artifact.
#[derive(Debug, Clone)]
pub struct ArtifactFile {
    /// The id that git gives to its bytes.
    pub id: ObjectId,
    /// The id of the same text with `\n` at the end of each line, where it has `\r\n`.
    pub unix_id: Option<ObjectId>,
    /// SHA-256 of its bytes, as LFS pointers have it.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
    /// Whether the archive marks it as a program. npm tarballs often mark everything.
    pub marked_executable: bool,
    head: Vec<u8>,
    content: Option<Vec<u8>>,
}

impl ArtifactFile {
    /// Of these bytes, all kept.
    pub fn of(format: ObjectFormat, content: &[u8], marked_executable: bool) -> Self {
        let unix_id = unix_lines(content).map(|text| ObjectId::of(format, ObjectKind::Blob, &text));
        Self {
            id: ObjectId::of(format, ObjectKind::Blob, content),
            unix_id,
            sha256: Digest::sha256(content),
            size: content.len() as u64,
            marked_executable,
            head: content.iter().take(limit::HEAD).copied().collect(),
            content: Some(content.to_vec()),
        }
    }

    /// The first `limit::HEAD` bytes.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// All bytes, where they were kept.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// All of it as text, where it was kept and is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.content()?).ok()
    }
}

/// The text with `\n` for `\r\n`; none where it has no `\r\n` or is no text by git's measure.
pub(super) fn unix_lines(content: &[u8]) -> Option<Vec<u8>> {
    if content.contains(&0) || !content.windows(2).any(|pair| pair == b"\r\n") {
        return None;
    }
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content.iter().peekable();
    while let Some(byte) = rest.next() {
        if *byte != b'\r' || rest.peek() != Some(&&b'\n') {
            out.push(*byte);
        }
    }
    Some(out)
}

/// The files of an artifact by path, without the folder that archives put around them.
#[derive(Debug, Clone, Default)]
pub struct Artifact {
    /// By path.
    pub files: BTreeMap<String, ArtifactFile>,
    /// What was odd or not read. One sentence each, safe to print.
    pub remarks: Vec<String>,
    kept: usize,
    entries: usize,
    unpacked: u64,
}

impl Artifact {
    /// Reads an artifact. `format` is that of the repository it will be compared with.
    ///
    /// # Errors
    /// Damaged, empty, or larger than `limit` allows.
    pub fn read(
        bytes: &[u8],
        kind: ArtifactKind,
        format: ObjectFormat,
    ) -> Result<Self, ArtifactError> {
        if bytes.len() > limit::PACKED {
            return Err(ArtifactError::Limit("512 MiB packed"));
        }
        let mut artifact = Self::default();
        match kind {
            ArtifactKind::NpmTarball | ArtifactKind::Crate | ArtifactKind::Sdist => {
                artifact.read_tar(bytes, format)?;
            }
            ArtifactKind::Wheel => artifact.read_zip(bytes, format)?,
        }
        if artifact.files.is_empty() {
            return Err(ArtifactError::Empty);
        }
        Ok(artifact)
    }

    fn read_tar(&mut self, bytes: &[u8], format: ObjectFormat) -> Result<(), ArtifactError> {
        // One byte more than is allowed tells a stream that is cut from one that ends there.
        let unpacked = flate2::read::MultiGzDecoder::new(bytes).take(limit::UNPACKED + 1);
        let mut archive = tar::Archive::new(unpacked);
        for entry in archive.entries()? {
            let mut entry = entry?;
            self.count_entry()?;
            let kind = entry.header().entry_type();
            let written = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if !(kind.is_file() || kind.is_contiguous()) {
                self.remark(
                    &written,
                    "is no file (a link or a device); it is not compared",
                );
                continue;
            }
            // An entry without a mode that can be read is no program.
            let marked = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            let size = entry.header().entry_size()?;
            let content = self.content(&mut entry, size)?;
            match plain_below_first(&written) {
                Some(path) => self.add(path, &content, marked, format),
                None => self.remark(
                    &written,
                    "leads nowhere that is unpacked; it is not compared",
                ),
            }
        }
        Ok(())
    }

    fn read_zip(&mut self, bytes: &[u8], format: ObjectFormat) -> Result<(), ArtifactError> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
        for index in 0..archive.len() {
            self.count_entry()?;
            let mut entry = archive.by_index(index)?;
            if entry.is_dir() {
                continue;
            }
            let written = entry.name()?.into_owned();
            let marked = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
            let size = entry.size();
            let content = self.content(&mut entry, size)?;
            match path::plain(&written) {
                Some(path) => self.add(path, &content, marked, format),
                None => self.remark(
                    &written,
                    "leads nowhere that is unpacked; it is not compared",
                ),
            }
        }
        Ok(())
    }

    fn count_entry(&mut self) -> Result<(), ArtifactError> {
        self.entries += 1;
        if self.entries > limit::ENTRIES {
            return Err(ArtifactError::Limit("100000 entries"));
        }
        Ok(())
    }

    /// Reads one file. What the archive says about its size is not believed, only refused early.
    fn content(&mut self, source: &mut impl Read, said: u64) -> Result<Vec<u8>, ArtifactError> {
        if said > limit::FILE {
            return Err(ArtifactError::Limit("128 MiB in one file"));
        }
        let mut content = Vec::new();
        source.take(limit::FILE + 1).read_to_end(&mut content)?;
        let size = content.len() as u64;
        self.unpacked += size;
        if size > limit::FILE {
            return Err(ArtifactError::Limit("128 MiB in one file"));
        }
        if self.unpacked > limit::UNPACKED {
            return Err(ArtifactError::Limit("512 MiB unpacked"));
        }
        Ok(content)
    }

    fn add(&mut self, path: String, content: &[u8], marked: bool, format: ObjectFormat) {
        let mut file = ArtifactFile::of(format, content, marked);
        let allowed = if path.ends_with(".map") {
            limit::KEPT_MAP
        } else {
            limit::KEPT
        };
        if content.len() > allowed || self.kept + content.len() > limit::KEPT_TOTAL {
            file.content = None;
        } else {
            self.kept += content.len();
        }
        if self.files.contains_key(&path) {
            self.remark(
                &path,
                "stands in the archive twice; the last is what is installed",
            );
        }
        self.files.insert(path, file);
    }

    fn remark(&mut self, path: &str, what: &str) {
        match self.remarks.len() {
            ..limit::REMARKS => self
                .remarks
                .push(format!("{} {what}.", printable(path, 200))),
            limit::REMARKS => self
                .remarks
                .push("More such entries are not listed.".to_owned()),
            _ => {}
        }
    }
}

/// Without its first part, as npm and pip unpack.
fn plain_below_first(written: &str) -> Option<String> {
    let path = path::plain(written)?;
    path.split_once('/').map(|(_, rest)| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{tarball, tarball_of, wheel};
    use super::*;
    use proptest::prelude::*;

    const SHA1: ObjectFormat = ObjectFormat::Sha1;

    #[test]
    fn the_first_part_of_a_path_goes_whatever_it_is_called() {
        let bytes = tarball("node", &[("index.js", "a\r\nb\n"), ("lib/x.js", "x")]);
        let artifact = Artifact::read(&bytes, ArtifactKind::NpmTarball, SHA1).unwrap();
        assert_eq!(
            artifact.files.keys().collect::<Vec<_>>(),
            ["index.js", "lib/x.js"]
        );
        let index = &artifact.files["index.js"];
        assert_eq!(
            index.unix_id,
            Some(ObjectId::of(SHA1, ObjectKind::Blob, b"a\nb\n"))
        );
        assert_eq!(artifact.files["lib/x.js"].unix_id, None);
    }

    #[test]
    fn the_last_of_two_wins_and_both_are_said() {
        let bytes = tarball("package", &[("a.js", "first"), ("a.js", "last")]);
        let artifact = Artifact::read(&bytes, ArtifactKind::NpmTarball, SHA1).unwrap();
        assert_eq!(artifact.files["a.js"].text(), Some("last"));
        insta::assert_debug_snapshot!(artifact.remarks, @r#"
        [
            "a.js stands in the archive twice; the last is what is installed.",
        ]
        "#);
    }

    #[test]
    fn links_and_paths_that_climb_are_named_and_never_compared() {
        let bytes = tarball_of(|builder| {
            let mut link = tar::Header::new_gnu();
            link.set_entry_type(tar::EntryType::Symlink);
            link.set_size(0);
            builder
                .append_link(&mut link, "package/key", "/etc/passwd")
                .unwrap();
            let mut header = tar::Header::new_gnu();
            // `set_path` refuses to write it; a stranger does not.
            header.as_old_mut().name[..11].copy_from_slice(b"package/../");
            header.as_old_mut().name[11] = b'x';
            header.set_size(1);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, &b"x"[..]).unwrap();
        });
        let mut artifact = Artifact::default();
        artifact.read_tar(&bytes, SHA1).unwrap();
        assert!(artifact.files.is_empty());
        assert_eq!(artifact.remarks.len(), 2);
        assert!(matches!(
            Artifact::read(&bytes, ArtifactKind::Crate, SHA1),
            Err(ArtifactError::Empty)
        ));
    }

    #[test]
    fn a_wheel_keeps_its_first_folder() {
        let bytes = wheel(&[("pkg/__init__.py", ""), ("pkg-1.0.dist-info/RECORD", "")]);
        let artifact = Artifact::read(&bytes, ArtifactKind::Wheel, SHA1).unwrap();
        assert!(artifact.files.contains_key("pkg/__init__.py"));
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        for kind in [ArtifactKind::NpmTarball, ArtifactKind::Wheel] {
            assert!(Artifact::read(b"<html>", kind, SHA1).is_err());
        }
    }

    proptest! {
        #[test]
        fn lines_are_made_those_of_unix_once(content in prop::collection::vec(prop::sample::select(vec![b'\r', b'\n', b'a', 0]), 0..40)) {
            if let Some(unix) = unix_lines(&content) {
                prop_assert!(unix.len() < content.len());
                prop_assert!(!content.contains(&0));
            }
        }
    }
}
