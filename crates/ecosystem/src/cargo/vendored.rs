//! What `cargo vendor` writes, and where a project says that it lies.

use customs_model::{Digest, DigestAlgorithm, printable};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Bounds on both files.
pub mod limit {
    /// Bytes of a `.cargo-checksum.json`.
    pub const CHECKSUM: usize = 32 << 20;
    /// Files that it may list.
    pub const FILES: usize = 200_000;
    /// Bytes of a `config.toml`.
    pub const CONFIG: usize = 1 << 20;
    /// Sources that a `config.toml` may name.
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
const CONFIG: &str = ".cargo/config.toml";

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

/// The folders that `.cargo/config.toml` puts in the place of a registry or repository
/// (`[source.NAME] directory = …`), as written: relative to the folder that holds `.cargo`.
///
/// # Errors
/// Beyond a bound, or not TOML.
pub fn vendor_folders(config: &[u8]) -> Result<Vec<String>, VendoredError> {
    if config.len() > limit::CONFIG {
        return Err(VendoredError::Limit(CONFIG, limit::CONFIG, "bytes"));
    }
    let format = |what: &str| VendoredError::Format(CONFIG, printable(what, 200));
    let text = std::str::from_utf8(config).map_err(|_| format("it is not UTF-8 text"))?;
    let table: Table = text
        .parse()
        .map_err(|e: toml::de::Error| format(e.message()))?;
    let Some(sources) = table.get("source").and_then(Value::as_table) else {
        return Ok(Vec::new());
    };
    if sources.len() > limit::SOURCES {
        return Err(VendoredError::Limit(CONFIG, limit::SOURCES, "sources"));
    }
    let mut folders: Vec<String> = sources
        .values()
        .filter_map(|source| source.get("directory")?.as_str().map(str::to_owned))
        .collect();
    folders.sort();
    folders.dedup();
    Ok(folders)
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

    #[test]
    fn folders_that_stand_in_for_a_registry_are_found() {
        let text = b"[source.main]\nreplace-with='v'\n[source.v]\ndirectory='third/party'\n\
            [source.g]\ngit='https://git.example/a'\n[source.w]\ndirectory='vendor'\n";
        assert_eq!(vendor_folders(text).unwrap(), ["third/party", "vendor"]);
        assert!(vendor_folders(b"[build]\n").unwrap().is_empty());
        assert!(vendor_folders(b"[source").is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Checksum::parse(&bytes);
            let _ = vendor_folders(&bytes);
        }
    }
}
