//! Tarballs and trees for tests.

use customs_model::{Digest, DigestAlgorithm, Hasher};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use std::io::Write as _;

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

/// Puts bytes into a folder of artifacts, under the SHA-256 of what should lie there.
pub(crate) fn keep(folder: &std::path::Path, named: &[u8], bytes: &[u8]) -> Digest {
    let digest = Digest::sha256(named);
    let hex = digest.to_hex();
    let folder = folder.join("sha256").join(&hex[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&hex[2..]), bytes).unwrap();
    digest
}

/// A tarball in the making.
pub(crate) struct Tarball {
    top: String,
    builder: tar::Builder<Vec<u8>>,
}

impl Tarball {
    pub(crate) fn new() -> Self {
        Self::under("package")
    }

    pub(crate) fn under(top: &str) -> Self {
        Self {
            top: top.to_owned(),
            builder: tar::Builder::new(Vec::new()),
        }
    }

    fn append(
        mut self,
        path: &str,
        kind: tar::EntryType,
        mode: u32,
        target: &str,
        content: &[u8],
    ) -> Self {
        let mut header = tar::Header::new_ustar();
        // Written by hand: the crate refuses paths that leave the folder, and they are tested.
        let bytes = path.as_bytes();
        header.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        let bytes = target.as_bytes();
        header.as_mut_bytes()[157..157 + bytes.len()].copy_from_slice(bytes);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.builder.append(&header, content).unwrap();
        self
    }

    pub(crate) fn raw(self, path: &str, content: &[u8]) -> Self {
        self.append(path, tar::EntryType::Regular, 0o644, "", content)
    }

    pub(crate) fn file(self, path: &str, content: &[u8]) -> Self {
        let path = format!("{}/{path}", self.top);
        self.append(&path, tar::EntryType::Regular, 0o644, "", content)
    }

    pub(crate) fn long_name(self, name: &[u8]) -> Self {
        self.append(
            "././@LongLink",
            tar::EntryType::GNULongName,
            0o644,
            "",
            name,
        )
    }

    pub(crate) fn other(self, path: &str, content: &[u8]) -> Self {
        let path = format!("{}/{path}", self.top);
        self.append(&path, tar::EntryType::Fifo, 0o644, "", content)
    }

    pub(crate) fn program(self, path: &str, content: &[u8]) -> Self {
        let path = format!("{}/{path}", self.top);
        self.append(&path, tar::EntryType::Regular, 0o755, "", content)
    }

    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        let path = format!("{}/{path}", self.top);
        self.append(&path, tar::EntryType::Symlink, 0o777, target, b"")
    }

    pub(crate) fn hard_link(self, path: &str, target: &str) -> Self {
        let (path, target) = (
            format!("{}/{path}", self.top),
            format!("{}/{target}", self.top),
        );
        self.append(&path, tar::EntryType::Link, 0o644, &target, b"")
    }

    pub(crate) fn folder(self, path: &str) -> Self {
        let path = format!("{}/{path}/", self.top);
        self.append(&path, tar::EntryType::Directory, 0o755, "", b"")
    }

    pub(crate) fn plain(self) -> Vec<u8> {
        self.builder.into_inner().unwrap()
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        let plain = self.plain();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&plain).unwrap();
        gzip.finish().unwrap()
    }
}
