use super::disk::{Kind, digest_of};
use crate::tree::{Difference, DifferenceKind, Standing};
use customs_model::{Digest, DigestAlgorithm};
use std::collections::BTreeMap;
use std::path::Path;

/// What should lie in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Expected {
    /// By the path from the folder, with `/`.
    pub entries: BTreeMap<String, ExpectedEntry>,
}

/// One entry of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectedEntry {
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// Of its bytes.
        sha256: [u8; 32],
        /// Whether its owner may execute it. None where that says nothing.
        executable: Option<bool>,
    },
    /// A symbolic link.
    Link {
        /// As written in it.
        target: String,
    },
    /// A folder.
    Folder,
}

impl ExpectedEntry {
    /// The digest of a file.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::File { sha256, .. } => {
                let hex: String = sha256.iter().map(|b| format!("{b:02x}")).collect();
                // 32 bytes are always a SHA-256.
                Digest::from_hex(DigestAlgorithm::Sha256, &hex).ok()
            }
            Self::Link { .. } | Self::Folder => None,
        }
    }
}

/// How one entry differs from what should be there; none where it does not. Unexplained as yet.
pub(crate) fn difference(
    path: &str,
    expected: &ExpectedEntry,
    found: Option<&Kind>,
    file: &Path,
) -> Option<Difference> {
    let difference = |kind, found| Difference {
        path: path.to_owned(),
        kind,
        expected: expected.digest(),
        found,
        standing: Standing::Unexplained,
    };
    let Some(found) = found else {
        return match expected {
            // Managers drop empty folders.
            ExpectedEntry::Folder => None,
            _ => Some(difference(DifferenceKind::Missing, None)),
        };
    };
    match (expected, found) {
        (_, Kind::Unreadable) => Some(difference(DifferenceKind::Unreadable, None)),
        (ExpectedEntry::Folder, Kind::Folder) => None,
        (ExpectedEntry::Link { target }, Kind::Link { target: found }) => {
            (target != found).then(|| difference(DifferenceKind::Modified, None))
        }
        (
            ExpectedEntry::File {
                executable: wanted, ..
            },
            Kind::File {
                executable: found, ..
            },
        ) => match digest_of(file) {
            Err(_) => Some(difference(DifferenceKind::Unreadable, None)),
            Ok(digest) if Some(&digest) != expected.digest().as_ref() => {
                Some(difference(DifferenceKind::Modified, Some(digest)))
            }
            Ok(digest) => {
                let is_other = matches!((wanted, found), (Some(a), Some(b)) if a != b);
                is_other.then(|| difference(DifferenceKind::Mode, Some(digest)))
            }
        },
        (ExpectedEntry::Folder | ExpectedEntry::Link { .. } | ExpectedEntry::File { .. }, _) => {
            Some(difference(DifferenceKind::OtherType, None))
        }
    }
}

/// Something that should not be there. Unexplained as yet.
pub(crate) fn extra(path: &str, found: &Kind, file: &Path) -> Difference {
    let (kind, found) = match found {
        Kind::File { .. } => match digest_of(file) {
            Ok(digest) => (DifferenceKind::Extra, Some(digest)),
            Err(_) => (DifferenceKind::Unreadable, None),
        },
        Kind::Unreadable => (DifferenceKind::Unreadable, None),
        Kind::Link { .. } | Kind::Folder | Kind::Other => (DifferenceKind::Extra, None),
    };
    Difference {
        path: path.to_owned(),
        kind,
        expected: None,
        found,
        standing: Standing::Unexplained,
    }
}

/// Whether anything here is neither explained nor merely unreadable.
pub(crate) fn unexplained(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| {
        difference.standing == Standing::Unexplained
            && difference.kind != DifferenceKind::Unreadable
    })
}
