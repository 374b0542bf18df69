use customs_model::{Digest, DigestAlgorithm};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Bytes of a `direct_url.json` that are read.
const LONGEST: usize = 64 << 10;

/// Why a `direct_url.json` says nothing.
#[derive(Debug, thiserror::Error)]
pub enum DirectUrlError {
    /// Too long.
    #[error("direct_url.json has {0} bytes; more than {LONGEST} are not read")]
    TooLong(usize),
    /// Not what installers write.
    #[error("direct_url.json cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// Where an installer took a distribution from, when not from an index (PEP 610).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectUrl {
    /// A wheel or a source archive.
    Archive {
        /// As written. Not safe to print.
        url: String,
        /// What the installer says its digests were.
        digests: Vec<Digest>,
    },
    /// A repository.
    Vcs {
        /// As written. Not safe to print.
        url: String,
        /// The commit.
        commit: String,
    },
    /// A folder of this machine.
    Folder {
        /// As written. Not safe to print.
        url: String,
        /// Its own files are imported, nothing was copied.
        editable: bool,
    },
}

#[derive(Deserialize)]
struct Written {
    url: String,
    #[serde(default)]
    archive_info: Option<ArchiveInfo>,
    #[serde(default)]
    vcs_info: Option<VcsInfo>,
    #[serde(default)]
    dir_info: Option<DirInfo>,
}

#[derive(Deserialize, Default)]
struct ArchiveInfo {
    #[serde(default)]
    hash: Option<String>,
    #[serde(default)]
    hashes: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct VcsInfo {
    #[serde(default)]
    commit_id: String,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

impl DirectUrl {
    /// Reads it.
    ///
    /// # Errors
    /// Too long, or not the JSON of the specification.
    pub fn parse(bytes: &[u8]) -> Result<Self, DirectUrlError> {
        if bytes.len() > LONGEST {
            return Err(DirectUrlError::TooLong(bytes.len()));
        }
        let written: Written = serde_json::from_slice(bytes)?;
        let url = written.url;
        Ok(match (written.vcs_info, written.dir_info) {
            (Some(vcs), _) => Self::Vcs {
                url,
                commit: vcs.commit_id,
            },
            (None, Some(folder)) => Self::Folder {
                url,
                editable: folder.editable,
            },
            (None, None) => Self::Archive {
                url,
                digests: digests(written.archive_info.unwrap_or_default()),
            },
        })
    }

    /// Whether it was built here from a source archive, by the ending of its address.
    pub fn is_source_archive(&self) -> bool {
        match self {
            Self::Archive { url, .. } => {
                let path = url.split(['?', '#']).next().unwrap_or_default();
                super::super::FileKind::of(path) == super::super::FileKind::Sdist
            }
            Self::Vcs { .. } | Self::Folder { .. } => false,
        }
    }
}

/// `hash` is the older form of `hashes`; algorithms that are not known say nothing.
fn digests(info: ArchiveInfo) -> Vec<Digest> {
    let old = info.hash.into_iter().filter_map(|hash| {
        let (name, hex) = hash.split_once('=')?;
        Some((name.to_owned(), hex.to_owned()))
    });
    let mut found: Vec<Digest> = info
        .hashes
        .unwrap_or_default()
        .into_iter()
        .chain(old)
        .filter_map(|(name, hex)| {
            let algorithm = match name.as_str() {
                "sha256" => DigestAlgorithm::Sha256,
                "sha384" => DigestAlgorithm::Sha384,
                "sha512" => DigestAlgorithm::Sha512,
                _ => return None,
            };
            Digest::from_hex(algorithm, &hex).ok()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_origin_is_told_apart() {
        let hex = Digest::sha256(b"").to_hex();
        let archive = format!(
            r#"{{"url":"https://files.example/a-1.tar.gz?x","archive_info":{{"hash":"sha256={hex}"}}}}"#
        );
        let archive = DirectUrl::parse(archive.as_bytes()).unwrap();
        assert!(archive.is_source_archive());
        let DirectUrl::Archive { digests, .. } = archive else {
            panic!("{archive:?}")
        };
        assert_eq!(digests, [Digest::sha256(b"")]);
        let vcs = br#"{"url":"https://git.example/a","vcs_info":{"vcs":"git","commit_id":"ab"}}"#;
        assert!(
            matches!(DirectUrl::parse(vcs), Ok(DirectUrl::Vcs { commit, .. }) if commit == "ab")
        );
        let folder = br#"{"url":"file:///a","dir_info":{"editable":true}}"#;
        let folder = DirectUrl::parse(folder).unwrap();
        assert!(matches!(folder, DirectUrl::Folder { editable: true, .. }));
        assert!(DirectUrl::parse(b"[]").is_err());
        assert!(DirectUrl::parse(&vec![b' '; LONGEST + 1]).is_err());
    }
}
