//! What a gate remembers about registries between two looks.

use customs_model::{Digest, FirstSight, PackageName, Timestamp, Version};
use std::collections::BTreeMap;

/// One entry of a document, as it stood there at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The version.
    pub version: Version,
    /// The file, where files of one release have ages of their own (PyPI).
    pub artifact: Option<String>,
    /// When the document says that it was published.
    pub published: Option<Timestamp>,
}

/// What is remembered about one entry of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// When it was first seen.
    pub first: FirstSight,
    /// The publish time that the registry told last.
    pub published: Option<Timestamp>,
    /// The publish time that it told before, if that was another one.
    pub published_before: Option<Timestamp>,
}

/// What is remembered about a package's document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sights {
    /// The first look at the document. None: never looked.
    pub first_look: Option<Timestamp>,
    /// The last one, to the minute.
    pub last_look: Option<Timestamp>,
    pub(crate) entries: BTreeMap<Version, BTreeMap<String, Sight>>,
}

impl Sights {
    /// What is remembered about one entry.
    pub fn get(&self, version: &Version, artifact: Option<&str>) -> Option<&Sight> {
        self.entries.get(version)?.get(&*artifact_key(artifact))
    }

    /// Every entry: its version, its file where files age on their own, what is remembered.
    pub fn iter(&self) -> impl Iterator<Item = (&Version, Option<&str>, &Sight)> {
        self.entries.iter().flat_map(|(version, files)| {
            files.iter().map(move |(file, sight)| {
                let file = (!file.is_empty()).then_some(file.as_str());
                (version, file, sight)
            })
        })
    }

    /// How many entries are remembered.
    pub fn len(&self) -> usize {
        self.entries.values().map(BTreeMap::len).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// One publication by an identity, for counting bursts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Who published: an account, an e-mail domain, a pipeline.
    pub identity: String,
    /// What.
    pub package: PackageName,
    /// Which version.
    pub version: Version,
    /// When, by the registry.
    pub at: Timestamp,
}

/// What pinning a digest found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// The first digest of this artifact: remembered from now on.
    New,
    /// The one that was remembered.
    Same,
    /// Another one was remembered, and stays.
    Changed {
        /// That one.
        before: Digest,
    },
}

/// The longest file name that is remembered as it is.
const LONGEST_ARTIFACT: usize = 300;

/// How an artifact is named in the database: empty for the only one of a release;
/// names beyond any file system's limit by their digest.
pub(crate) fn artifact_key(artifact: Option<&str>) -> std::borrow::Cow<'_, str> {
    match artifact {
        None => "".into(),
        Some(name) if name.len() <= LONGEST_ARTIFACT => name.into(),
        Some(name) => Digest::sha256(name.as_bytes()).to_string().into(),
    }
}
