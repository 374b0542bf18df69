//! What `cargo vendor` writes.

use customs_model::{Digest, DigestAlgorithm, printable};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Bounds on what cargo and people write.
pub mod limit {
    /// Bytes of a `.cargo-checksum.json`.
    pub const CHECKSUM: usize = 32 << 20;
    /// Files that it may list.
    pub const FILES: usize = 200_000;
    /// Bytes of a `config.toml`.
    pub const CONFIG: usize = 1 << 20;
    /// Sources, folders and further files, each, that a `config.toml` may name.
    pub const SOURCES: usize = 200;
}

/// Why one of them says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendoredError {
    /// Beyond a bound.
    #[error("{0} has more than {1} {2}, which are not read; let cargo write it again")]
    Limit(&'static str, usize, &'static str),
    /// Not what cargo writes.
    #[error("{0} cannot be read: {1}; let cargo write it again")]
    Format(&'static str, String),
}

const CHECKSUM: &str = ".cargo-checksum.json";

/// `.cargo-checksum.json`: the digest of each file of a vendored crate. `files` is not bound to
/// `package`: who edits a file can edit its digest too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The SHA-256 of the `.crate`. None for what comes from a repository.
    pub package: Option<Digest>,
    /// The SHA-256 of each file, by its path.
    pub files: BTreeMap<String, Digest>,
}

#[derive(Deserialize)]
struct Written {
    package: Option<String>,
    files: BTreeMap<String, String>,
}

impl Checksum {
    /// Reads it.
    ///
    /// # Errors
    /// Beyond a bound, or not what cargo writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, VendoredError> {
        if bytes.len() > limit::CHECKSUM {
            return Err(VendoredError::Limit(CHECKSUM, limit::CHECKSUM, "bytes"));
        }
        let format = |what: String| VendoredError::Format(CHECKSUM, printable(&what, 200));
        let written: Written = serde_json::from_slice(bytes).map_err(|e| format(e.to_string()))?;
        if written.files.len() > limit::FILES {
            return Err(VendoredError::Limit(CHECKSUM, limit::FILES, "files"));
        }
        let digest = |hex: &str| {
            Digest::from_hex(DigestAlgorithm::Sha256, hex).map_err(|e| format(e.to_string()))
        };
        Ok(Self {
            package: written.package.as_deref().map(digest).transpose()?,
            files: written
                .files
                .into_iter()
                .map(|(path, hex)| Ok((path, digest(&hex)?)))
                .collect::<Result<_, VendoredError>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_list_of_a_vendored_crate_is_read() {
        let hex = Digest::sha256(b"").to_hex();
        let text = format!(r#"{{"files":{{"src/lib.rs":"{hex}"}},"package":"{hex}"}}"#);
        let found = Checksum::parse(text.as_bytes()).unwrap();
        assert_eq!(found.package, Some(Digest::sha256(b"")));
        assert_eq!(found.files["src/lib.rs"], Digest::sha256(b""));
        let git = Checksum::parse(br#"{"files":{},"package":null}"#).unwrap();
        assert_eq!(git.package, None);
        let error = Checksum::parse(br#"{"files":{"a":"00"}}"#).unwrap_err();
        insta::assert_snapshot!(error, @r#".cargo-checksum.json cannot be read: "00" is not a digest: wrong length or alphabet; let cargo write it again"#);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Checksum::parse(&bytes);
        }
    }
}
