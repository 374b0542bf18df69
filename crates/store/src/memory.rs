//! What a gate remembers about registries between two looks.

use crate::StoreError;
use crate::chain::microseconds;
use customs_model::{
    Digest, Ecosystem, FirstSight, PackageName, SignedDuration, Timestamp, Version,
};
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

    /// Whether the last look was so short ago that it is not noted again.
    pub(crate) fn noted_lately(&self, at: Timestamp) -> bool {
        self.last_look
            .is_some_and(|last| last <= at && at.duration_since(last) < LOOK_AGAIN)
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

/// A look is noted again after this time.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 64 * 1024;

/// Refuses keys and values beyond the bounds.
pub(crate) fn check_meta(key: &str, value: &str) -> Result<(), StoreError> {
    for (what, text, limit) in [
        ("the key", key, LONGEST_KEY),
        ("the value", value, LONGEST_VALUE),
    ] {
        if text.len() > limit {
            let bytes = text.len();
            return Err(StoreError::TooLarge { what, bytes, limit });
        }
    }
    Ok(())
}

/// The longest text of a publishing identity.
pub(crate) const LONGEST_IDENTITY: usize = 256;
/// Bursts are counted within an hour, of releases younger than a month.
pub(crate) const PUBLICATIONS_DAYS: i64 = 60;

/// A row that a look adds or changes.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub version: Version,
    pub artifact: String,
    pub sight: Sight,
}

/// What a look adds to what is remembered.
pub(crate) fn compare(known: &Sights, seen: &[Seen], at: Timestamp) -> Vec<Changed> {
    // A clock that was once ahead leaves a look in the future; no release is to be
    // called a liar for being published before that.
    let not_before = known.last_look.map(|last| last.min(at));
    seen.iter()
        .filter_map(|seen| {
            let artifact = artifact_key(seen.artifact.as_deref());
            let published = seen.published.map(microseconds);
            let sight = match known
                .entries
                .get(&seen.version)
                .and_then(|v| v.get(&*artifact))
            {
                None => Sight {
                    first: FirstSight {
                        at,
                        baseline: not_before.is_none(),
                        not_before,
                    },
                    published,
                    published_before: None,
                },
                Some(sight) => moved(*sight, published)?,
            };
            Some(Changed {
                version: seen.version.clone(),
                artifact: artifact.into_owned(),
                sight,
            })
        })
        .collect()
}

/// The same sight with another publish time. None: it is the same time, or the document
/// has stopped to tell one, which takes back nothing.
fn moved(sight: Sight, published: Option<Timestamp>) -> Option<Sight> {
    let now = published?;
    match sight.published {
        Some(before) if before == now => None,
        before => Some(Sight {
            published: Some(now),
            published_before: before.or(sight.published_before),
            ..sight
        }),
    }
}

/// Two upstreams may hold different packages under one name.
pub(crate) fn package_key(upstream: &str, package: &PackageName) -> String {
    let ecosystem = package.ecosystem().purl_type();
    match upstream {
        "" => format!("{ecosystem}:{package}"),
        upstream => format!("{ecosystem}:{package} {upstream}"),
    }
}

pub(crate) fn package_of(key: &str) -> Option<PackageName> {
    let key = key.split_once(' ').map_or(key, |(package, _)| package);
    let (ecosystem, name) = key.split_once(':')?;
    let ecosystem: Ecosystem = ecosystem.parse().ok()?;
    PackageName::new(ecosystem, name).ok()
}

pub(crate) fn version(text: &str) -> Result<Version, StoreError> {
    Version::new(text).map_err(|e| StoreError::Unreadable {
        what: "a version".to_owned(),
        why: e.to_string(),
    })
}

pub(crate) fn parse_digest(text: &str) -> Result<Digest, StoreError> {
    text.parse()
        .map_err(|e: customs_model::ParseError| StoreError::Unreadable {
            what: "a pinned digest".to_owned(),
            why: e.to_string(),
        })
}

/// Identities beyond the bound go by their digest.
pub(crate) fn identity_key(identity: &str) -> std::borrow::Cow<'_, str> {
    if identity.len() <= LONGEST_IDENTITY {
        identity.into()
    } else {
        Digest::sha256(identity.as_bytes()).to_string().into()
    }
}
