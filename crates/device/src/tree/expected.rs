use customs_model::Digest;
use std::collections::BTreeMap;

/// What a folder should hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// By path relative to the folder, with `/`, compared as bytes. Folders that hold something
    /// need no entry of their own.
    pub entries: BTreeMap<String, ExpectedEntry>,
}

/// Files that were compared with what should lie there already, byte by byte, and are the same:
/// whether each should be executable, by path.
pub type Proven = BTreeMap<String, Option<bool>>;

/// One thing that should lie there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedEntry {
    /// A file.
    File {
        /// Bytes.
        size: u64,
        /// Of its content.
        sha256: [u8; 32],
        /// Whether it can be executed; none where nobody says it.
        executable: Option<bool>,
    },
    /// A symbolic link.
    Link {
        /// Where it leads, as written.
        target: String,
    },
    /// A folder, also where it is empty.
    Folder,
}

impl ExpectedEntry {
    /// The digest of a file, or of where a link leads.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::File { sha256, .. } => Some(Digest::from_sha256(*sha256)),
            Self::Link { target } => Some(Digest::sha256(target.as_bytes())),
            Self::Folder => None,
        }
    }

    /// Whether a file should be one that can be executed.
    pub fn executable(&self) -> Option<bool> {
        match self {
            Self::File { executable, .. } => *executable,
            Self::Link { .. } | Self::Folder => None,
        }
    }
}
